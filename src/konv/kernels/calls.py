"""The calls of a run as data: which kernel, with which arrays, and how these depend on samples, parts and thread.

Nothing here depends on the number of samples: `Section`s are made once. `Plain` runs them in Python, for kernels that are
Python functions; konv.kernels.command_buffer runs them without Python.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from konv.plan.steps import PARTS, Step

# On what arguments depend, as slots in a table of integers that every thread has of its own. Behind the last one are the
# addresses of the caller's arrays.
NOTHING, ONE, LOW, COUNT, PART, SHARES, FIRST, OWN, HOME, GIVEN = range(10)


Given = Mapping[str, np.ndarray | float]  # arrays and floats of the caller's, by name


@dataclass(frozen=True)
class RowSlice:
    """Rows of an array, from row `first` on, `count` of them; without `count` one row alone, and no axis for it.

    `first` and `count` are slots in the table. `memory` is OWN or HOME where the rows lie in the memory of the thread at
    work or of the first one; then `rows` are those of the first thread.
    """

    rows: np.ndarray
    first: int = NOTHING
    count: int | None = None
    memory: int = ONE
    given: str = ""  # the caller's array of this name in place of `rows`, which only says what it is like

    def at(self, table: Sequence[int], given: Given) -> np.ndarray:
        """The argument of one call."""
        rows, first = self.rows, table[self.first]
        if self.given in given:
            array = given[self.given]
            assert isinstance(array, np.ndarray)
            rows = array.reshape(-1, *rows.shape[1:])
        return rows[first] if self.count is None else rows[first:first + table[self.count]]


@dataclass(frozen=True)
class TableEntry:
    """An entry of the table as an argument."""

    slot: int

    def at(self, table: Sequence[int], given: Given) -> int:
        """The argument of one call."""
        return table[self.slot]


@dataclass(frozen=True)
class GivenScalar:
    """A float of the caller's, another one in each run."""

    given: str

    def at(self, table: Sequence[int], given: Given) -> float:
        """The argument of one call."""
        value = given.get(self.given, 0.0)
        assert isinstance(value, float)
        return value


@dataclass(frozen=True)
class KernelCall:
    """One step with all its arguments: those that are none of the three above are the same in every call."""

    step: Step
    args: tuple[object, ...]

    def at(self, table: Sequence[int], given: Given) -> tuple[Any, ...]:
        """The arguments of one call."""
        return tuple(arg.at(table, given) if isinstance(arg, (RowSlice, TableEntry, GivenScalar)) else arg for arg in self.args)


@dataclass(frozen=True)
class Section:
    """Units of work in any order, all of which end before the next section begins.

    Without `block` each entry of `units` is one, over all samples; with `times` the only one is as many, told apart by PART.
    With `block` there is one for each part of the samples, which takes so many samples at a time.
    """

    units: tuple[tuple[KernelCall, ...], ...]
    block: int = 0
    times: int = 0

    @property
    def most(self) -> int:
        """The largest number of units."""
        return PARTS if self.block else self.times or len(self.units)

    def work(self, n: int) -> Iterator[tuple[KernelCall, dict[int, int]]]:
        """Each call with what it depends on."""
        shares = min(PARTS, n)
        for unit in range(shares if self.block else self.most):
            start, stop = (n * unit // shares, n * (unit + 1) // shares) if self.block else (0, n)
            for low in range(start, stop, self.block or n):
                count = min(self.block or n, stop - low)
                table = {NOTHING: 0, ONE: 1, LOW: low, COUNT: count, PART: unit, SHARES: shares, FIRST: int(low == start)}
                for call in self.units[unit if len(self.units) > 1 else 0]:
                    yield call, table


class Plain:
    """Runs sections on the calling thread. resolve(step, args) gives the function for arguments of these types."""

    def __init__(self, sections: Sequence[Section], resolve: Callable[[Step, tuple], Callable]):
        self.sections, self.resolve = sections, resolve
        self._functions: dict[int, Callable] = {}

    def run(self, n: int, given: Given) -> None:
        for section in self.sections:
            for call, table in section.work(n):
                args = call.at(table, given)
                function = self._functions.get(id(call))
                if function is None:
                    function = self._functions[id(call)] = self.resolve(call.step, args)
                function(*args)
