"""A class to inherit from for data that is made batch by batch, by index."""

import itertools
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def _option(name: str) -> Any:
    """An argument of a PyDataset; a subclass that forgets to call its constructor is told so, once."""

    def get(self: "PyDataset") -> Any:
        if not self._constructed:
            warnings.warn(f"{type(self).__name__}: a PyDataset should call super().__init__(**kwargs) in its constructor, "
                          f"where kwargs may be workers, use_multiprocessing and max_queue_size", stacklevel=2)
            self._constructed = True
        return getattr(self, name)

    return property(get, lambda self, value: setattr(self, name, value))


class PyDataset:
    """Batches by index: a subclass gives `__getitem__(index)` and `__len__` (or `num_batches`, None for no end).

    With `workers` above 1 that many threads make batches, at most `max_queue_size` in front of the one in use. Processes
    are not used: with use_multiprocessing=True there is a warning, and threads do the work.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return index**2
    >>> list(Squares())
    [0, 1, 4]
    """

    _constructed = False
    _workers, _use_multiprocessing, _max_queue_size = 1, False, 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self._workers, self._use_multiprocessing, self._max_queue_size = workers, use_multiprocessing, max_queue_size
        self._constructed = True

    workers, use_multiprocessing, max_queue_size = map(_option, ("_workers", "_use_multiprocessing", "_max_queue_size"))

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say its batches: add __getitem__(index)")

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        return (self[index] for index in (itertools.count() if count is None else range(count)))

    @property
    def num_batches(self) -> int | None:
        """Batches in an epoch."""
        if hasattr(self, "__len__"):
            return len(self)  # type: ignore[arg-type]  # a subclass has it
        raise NotImplementedError(f"{type(self).__name__} does not say how many batches there are: add __len__")

    def on_epoch_begin(self) -> None:
        """Before the first batch of an epoch."""

    def on_epoch_end(self) -> None:
        """After the last batch of an epoch."""


def in_order(make: Callable[[int], Any], indices: Iterable[int], workers: int, ahead: int) -> Iterator[Any]:
    """make(index) for each index, in their order, made by several threads.

    >>> list(in_order(lambda index: index**2, range(4), workers=2, ahead=3))
    [0, 1, 4, 9]
    """
    with ThreadPoolExecutor(workers, thread_name_prefix="konv-batches") as pool:
        waiting: deque[Any] = deque()
        try:
            for index in indices:
                waiting.append(pool.submit(make, index))
                if len(waiting) > max(ahead, 1):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:  # left early
                future.cancel()
