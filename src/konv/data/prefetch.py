"""Work ahead in a thread: the next batches are made while the current one is used."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Thread, current_thread
from typing import Any


def prefetched(produce: Callable[[Callable[[], bool]], Iterable[Any]], ahead: int) -> Iterator[Any]:
    """Yield what `produce` yields, made in a thread that stays at most `ahead` items in front.

    `produce` is given a function that says whether it should stop early. What it raises is raised here, after the
    items before it. The thread ends with the iteration, also when that is left early.

    >>> list(prefetched(lambda stopped: range(3), ahead=2))
    [0, 1, 2]
    """
    box = _Box(ahead)
    # daemon: an iterator that somebody still holds must not keep the interpreter from ending
    thread = Thread(target=box.fill, args=(produce,), name="konv-prefetch", daemon=True)
    thread.start()
    try:
        yield from box.drain()
    finally:
        box.close()
        if thread is not current_thread():  # the garbage collector may run this anywhere
            thread.join()


class _Box:
    """A bounded queue whose both ends can be closed; queue.Queue cannot wake a producer that nobody waits for."""

    def __init__(self, room: int) -> None:
        self.items: deque[Any] = deque()
        self.changed, self.room = Condition(), room
        self.closed = self.finished = False
        self.error: BaseException | None = None

    def fill(self, produce: Callable[[Callable[[], bool]], Iterable[Any]]) -> None:
        try:
            for item in produce(lambda: self.closed):
                with self.changed:
                    self.changed.wait_for(lambda: len(self.items) < self.room or self.closed)
                    if self.closed:
                        return
                    self.items.append(item)
                    self.changed.notify_all()
        except BaseException as error:  # carried over, whatever it is: the consumer waits for it
            self.error = error
        finally:
            with self.changed:
                self.finished = True
                self.changed.notify_all()

    def drain(self) -> Iterator[Any]:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.items or self.finished)
                if not self.items:
                    break
                item = self.items.popleft()
                self.changed.notify_all()
            yield item
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.items.clear()
            self.changed.notify_all()
