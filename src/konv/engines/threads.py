"""The threads of the engine: one set for the whole process, as many as there are cores to use."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import ClassVar
from weakref import WeakSet


def available() -> int:
    """KONV_NUM_THREADS, or the number of cores that this process may use."""
    wanted = os.environ.get("KONV_NUM_THREADS", "")
    if wanted and not (wanted.isdigit() and int(wanted) > 0):
        raise ValueError(f"KONV_NUM_THREADS must be a positive integer, got {wanted!r}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(wanted) if wanted else cores


class Threads:
    """Runs one function per thread and waits for all; the calling thread takes the first."""

    def __init__(self, count: int | None = None):
        self.count = count or available()
        self._pool: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    def run(self, functions: Sequence[Callable[[], None]]) -> None:
        """An exception in any of them is raised here, after all have ended."""
        futures = [self._executor().submit(function) for function in functions[1:]]
        try:
            functions[0]()
        finally:
            for future in futures:
                future.exception()  # waits
        for future in futures:
            future.result()

    def share(self, work: Callable[[int], None], units: int) -> None:
        """Run work(0) here, and work(1) and so on in the other threads, as far as they come to it before all is done.

        work(0) must be able to do all of the `units` alone: a thread takes some 30 microseconds to wake up.
        """
        futures = [self._executor().submit(work, thread) for thread in range(1, min(self.count, units))]
        try:
            work(0)
        finally:
            late = [future for future in futures if not future.cancel()]
            for future in late:
                future.exception()  # waits
        for future in late:
            future.result()

    def _executor(self) -> ThreadPoolExecutor:
        if self._pool is None or self._process != os.getpid():  # a fork has no threads
            self._pool, self._process = ThreadPoolExecutor(max(self.count - 1, 1), "konv"), os.getpid()
        return self._pool


class Guarded:
    """What one thread at a time may use: `self.lock`. A child process gets a new lock, since the thread that held the old
    one does not live there."""

    _all: ClassVar["WeakSet[Guarded]"] = WeakSet()

    def __init__(self):
        self.lock = RLock()
        Guarded._all.add(self)

    @staticmethod
    def _renew() -> None:
        for guarded in Guarded._all:
            guarded.lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Guarded._renew)

_shared: list[Threads] = []


def shared() -> Threads:
    """The one set of threads."""
    if not _shared:
        _shared.append(Threads())
    return _shared[0]
