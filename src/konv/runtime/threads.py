"""The threads of the engine: one set for the whole process, as many as there are cores to use."""

import os
from threading import Lock, RLock, Thread
from typing import ClassVar
from weakref import WeakSet, finalize

import numpy as np

SPINS = 4000  # looks at the board, some 40 ns each, before a helping thread goes to sleep


def available() -> int:
    """KONV_NUM_THREADS, or the number of cores that this process may use."""
    wanted = os.environ.get("KONV_NUM_THREADS", "")
    if wanted and not (wanted.isdigit() and int(wanted) > 0):
        raise ValueError(f"KONV_NUM_THREADS must be a positive integer, got {wanted!r}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(wanted) if wanted else cores


class Threads:
    """The calling thread and those that help it with a command buffer (konv.kernels.command_buffer).

    A helping thread looks at a board for work; when none comes for a while it sleeps until its bell rings. Nobody waits for
    it to wake up: what it does not claim, the calling thread does. While one thread has the helpers, others work alone.
    """

    all: ClassVar["WeakSet[Threads]"] = WeakSet()

    def __init__(self, count: int | None = None) -> None:
        self.count = count or available()
        self.begin()
        Threads.all.add(self)

    def begin(self) -> None:
        """No helping threads yet."""
        self._turn, self._team = Lock(), None

    def lead(self, buffer: int, wide: bool) -> None:
        """Do the command buffer at this address; `wide` if there is something to share."""
        from konv.kernels.command_buffer import entries

        lead, _ = entries()
        if not wide or self.count == 1 or not self._turn.acquire(blocking=False):
            lead(0, buffer, True)
            return
        try:
            if self._team is None:
                self._team = Team(self.count - 1)
                finalize(self, self._team.dismiss)
            self._team.wake()
            lead(self._team.address, buffer, False)
        finally:
            self._turn.release()

    @staticmethod
    def renew() -> None:
        """In a child process, which has no threads but the one that forked."""
        for threads in Threads.all:
            threads.begin()
        for guarded in Guarded.all:
            guarded.lock = RLock()


class Team:
    """The helping threads, their board and their bells."""

    def __init__(self, count: int) -> None:
        from konv.kernels.command_buffer import AWAKE, BOARD, address

        self.board = np.zeros(BOARD, np.int64)
        self.address, self.awake = address(self.board), self.board[AWAKE:AWAKE + 1]
        self.bells = [Lock() for _ in range(count)]
        self.dismissed = False
        for number, bell in enumerate(self.bells, 1):
            bell.acquire()
            Thread(target=self._help, args=(number, bell), name=f"konv_{number}", daemon=True).start()

    def _help(self, number: int, bell: Lock) -> None:
        from konv.kernels.command_buffer import entries

        _, serve = entries()
        while bell.acquire() and not self.dismissed:
            serve(self.address, number, SPINS)

    def wake(self) -> None:
        """Ring for those who sleep; not for two callers at once."""
        if self.awake[0] < len(self.bells):
            self.ring()

    def ring(self) -> None:
        for bell in self.bells:
            if bell.locked():
                bell.release()

    def dismiss(self) -> None:
        """Let them end."""
        self.dismissed = True
        self.ring()


class Guarded:
    """What one thread at a time may use: `self.lock`. A child process gets a new lock, since the thread that held the old
    one does not live there."""

    all: ClassVar["WeakSet[Guarded]"] = WeakSet()

    def __init__(self) -> None:
        self.lock = RLock()
        Guarded.all.add(self)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Threads.renew)

_shared: list[Threads] = []


def shared() -> Threads:
    """The one set of threads."""
    if not _shared:
        _shared.append(Threads())
    return _shared[0]
