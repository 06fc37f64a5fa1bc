"""The list of calls that a pass through a network consists of, and the two ways to run it.

segments[segment][thread][unit] is a list of (function, arguments). Threads claim the units of a segment one by one, and go
on to the next segment when all of its units are done. What a unit computes never depends on which thread runs it, but it
works in that thread's own memory, so that each thread has a list of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain, count
from math import prod
from typing import Any, NamedTuple, Protocol

import numpy as np

from konv.engines.threads import Threads

Call = tuple[Any, list]
Unit = list[Call]
Segments = list[list[list[Unit]]]


class Place(NamedTuple):
    """An argument that is a piece of an array of the caller's, another one in each run."""

    args: list
    position: int
    name: str  # of the array
    low: int  # which of its samples
    high: int
    shape: tuple[int, ...]  # of a sample


class Calls(Protocol):
    def place(self, given: Mapping[str, np.ndarray]) -> None:
        """Put the caller's arrays into the calls."""
        ...

    def run(self) -> None: ...

    def forget(self) -> None:
        """Let go of the caller's arrays: they may be large, or views of something that is."""
        ...


class InterpretedCalls:
    """Each call is made by the interpreter: for functions of any kind."""

    def __init__(self, segments: Segments, places: Sequence[Place], threads: Threads):
        self._segments, self._places, self._threads = segments, places, threads

    def place(self, given: Mapping[str, np.ndarray]) -> None:
        for place in self._places:
            if place.name in given:
                place.args[place.position] = given[place.name][place.low:place.high].reshape(-1, *place.shape)

    def forget(self) -> None:
        for place in self._places:
            place.args[place.position] = None

    def run(self) -> None:
        for segment in self._segments:
            claim = count()
            self._threads.share(lambda thread, segment=segment, claim=claim: _work(segment[thread], claim), len(segment[0]))


def _work(units: list[Unit], claim: count) -> None:
    total = len(units)
    while (mine := next(claim)) < total:
        for function, args in units[mine]:
            function(*args)


class NativeCalls:
    """All calls are made by konv.kernels.native, one call of the interpreter for each thread: for what Numba has compiled."""

    def __init__(self, segments: Segments, places: Sequence[Place], threads: Threads):
        from konv.kernels import native

        self._threads, self._kept = threads, segments  # the arrays must live
        starts: dict[int, tuple[int, list[int]]] = {}  # of each list of arguments: its first word, and where each begins
        words: list[int] = []
        for _, args in _each(chain.from_iterable(segments)):
            if id(args) not in starts:
                pieces = [native.words(arg) for arg in args]
                starts[id(args)] = len(words), list(accumulate(map(len, pieces), initial=0))
                words += chain.from_iterable(pieces)
        self._words = np.array(words, np.int64)
        self._places = self._found(places, starts, native.DATA)
        address = self._words.ctypes.data
        kernels = {id(function): function for function, _ in _each(chain.from_iterable(segments))}
        found = dict(zip(kernels, native.addresses(list(kernels.values())), strict=True))
        self._records = []
        for thread in range(threads.count):
            calls = _each(segment[thread] for segment in segments)
            rows = [(*found[id(function)], address + 8 * starts[id(args)][0]) for function, args in calls]
            self._records.append(np.array(rows, np.int64).reshape(-1, 3))
        first = [segment[0] for segment in segments]
        self._units = np.array([*accumulate(map(len, first), initial=0)], np.int64)
        self._calls = np.array([*accumulate(map(len, chain.from_iterable(first)), initial=0)], np.int64)
        self._claimed, self._done = np.zeros((2, len(segments)), np.int64)
        self._failed, self._most = np.zeros(1, np.int64), max(map(len, first), default=0)
        self._give_way = native.give_way()
        self._work: Callable = native.compiled_work(self._arguments(0))

    def _found(self, places: Sequence[Place], starts: Mapping, data: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """For each array of the caller's: the words that say where a piece of it is, and how far into it in bytes."""
        found: dict[str, tuple[list[int], list[int]]] = {}
        for place in places:
            if id(place.args) in starts:
                start, pieces = starts[id(place.args)]
                word = start + pieces[place.position]
                numbers = prod(place.shape)
                self._words[word + 2] = (place.high - place.low) * numbers  # all in all, and then of samples
                self._words[word + data + 1] = place.high - place.low
                where, offsets = found.setdefault(place.name, ([], []))
                where.append(word + data)
                offsets.append(place.low * numbers * int(self._words[word + 3]))
        return {name: (np.array(where), np.array(offsets, np.int64)) for name, (where, offsets) in found.items()}

    def place(self, given: Mapping[str, np.ndarray]) -> None:
        for name, (where, offsets) in self._places.items():
            if name in given:
                self._words[where] = given[name].__array_interface__["data"][0] + offsets

    def forget(self) -> None:
        pass  # only addresses are kept

    def run(self) -> None:
        self._claimed.fill(0)
        self._done.fill(0)
        self._threads.share(lambda thread: self._work(*self._arguments(thread)), self._most)
        if self._failed[0]:
            failed, self._failed[0] = int(self._failed[0]) - 1, 0
            raise RuntimeError(f"call {failed} of {len(self._records[0])} failed: NUMBA_BOUNDSCHECK=1 says more")

    def _arguments(self, thread: int) -> tuple:
        return (self._units, self._calls, self._records[thread], self._claimed, self._done, self._failed, self._give_way)


def _each(parts):
    for units in parts:
        for unit in units:
            yield from unit
