"""Runs a plan on the processor: owns the arena, binds each step to a kernel and its arrays.

Everything that can be known before the run is done once: a pass is a list of sections of calls whose arguments are ready,
or say how they follow from the samples that a call is for. What a unit of work computes never depends on which thread
runs it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, cast

import numpy as np

from konv.kernels.calls import (
    COUNT,
    FIRST,
    HOME,
    LOW,
    NOTHING,
    ONE,
    OWN,
    PART,
    SHARES,
    KernelCall,
    RowSlice,
    Section,
    TableEntry,
)
from konv.kernels.packing import pack_index, unpack_index
from konv.plan import steps as special
from konv.plan.bands import bands, is_worth_cutting
from konv.plan.contracts import Flat, Matrix, NormUpdateArgs, Parts
from konv.plan.steps import (
    ONCE,
    PARTS,
    PER_PART,
    PER_SAMPLE,
    PER_THREAD,
    ROW_DOMAIN,
    WHOLE,
    Fill,
    Plan,
    Segment,
    Step,
    root,
)
from konv.runtime.kernel_sets import KernelSet, Run
from konv.runtime.threads import Threads
from konv.variables import Variable


class Program:
    """A plan with its memory. Not for concurrent use: the runner holds a lock."""

    def __init__(self, plan: Plan, weights: Mapping[str, Variable], kernels: KernelSet, threads: Threads) -> None:
        self.plan, self.weights, self.kernels, self.threads = plan, weights, kernels, threads
        self.dtype = np.dtype(kernels.dtype)
        self.seed, self.count = np.zeros(2, np.uint32), np.zeros(2, np.uint32)
        # float64 takes twice the room that the plan counts with
        self._wide = self.dtype.itemsize // 4
        self._arena = aligned(plan.arena_bytes * self._wide)
        self._locals = [aligned(plan.local_bytes * self._wide) for _ in range(threads.count)]
        self._constants = {name: self._constant(name) for name in plan.constants}
        self._tuples: dict[tuple[int, ...], np.ndarray] = {}
        self._runs: dict[tuple[str, bool], Run] = {}
        self._packed: tuple[int, ...] | None = None
        used = {name for segment in (*plan.prologue, *plan.forward, *plan.backward)
                for step in segment.steps for name in step.names}
        self._used = [variable for path, variable in weights.items() if path in used]
        written = {name for s in plan.forward for step in s.steps if isinstance(step.args, NormUpdateArgs)
                   for name in (step.args.moving_mean, step.args.moving_variance)}
        self._moving = [variable for path, variable in weights.items() if path in written and not variable.trainable]
        self.gradients = self._gradients()
        self._outputs = {name: self._interior(name) for name in plan.outputs if not plan.buffers[name].external}
        self._given: dict[str, np.ndarray] = {}  # the caller's arrays of this run

    # --- running ----------------------------------------------------------------------------------

    def forward(self, inputs: Sequence[np.ndarray], seed: int | None, count: int = 0) -> None:
        """Run forward; in training `seed` decides the dropout masks, `count` those of layers with their own seed."""
        n = len(inputs[0])
        for name, array in zip(self.plan.inputs, inputs, strict=True):
            self._given[name] = self._as_image(name, array)
        for name in self.plan.outputs:
            if self.plan.buffers[name].external and name not in self.plan.inputs:
                self._given[name] = np.empty((n, *self.plan.buffers[name].shape), self.dtype)
        versions = tuple([variable.version for variable in self._used])
        # in training, what comes later takes the memory of the packed weights, whether the step changes them or not
        if self.plan.output_gradients or versions != self._packed:
            self._run("prologue", n)
            self._packed = versions
        if seed is not None:
            self.seed[0], self.seed[1] = seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF
            self.count[0] = count & 0xFFFFFFFF
        self._run("forward", n)
        if seed is not None:
            for variable in self._moving:
                variable.touch()

    def outputs(self, n: int, own: bool = False) -> list[np.ndarray]:
        """The outputs as images (n, height, width, channels): the caller's own, or views that the next run overwrites."""
        made: list[np.ndarray] = []
        for name in self.plan.outputs:
            if name in self._outputs:
                made.append(self._outputs[name][:n].copy() if own else self._outputs[name][:n])
            else:
                made.append(self._given[name].copy() if name in self.plan.inputs else self._given[name])
        return made

    def inputs_backward(self, inputs: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The gradients of the inputs, new arrays; those of the weights are in `gradients`. Runs forward where it must."""
        n = len(inputs[0])
        self.forward(inputs, 0)
        for name in self.plan.input_gradients:
            self._given[name] = np.empty((n, *self.plan.buffers[name].shape), self.dtype)
        self.backward(gradients)
        return [self._given[name] for name in self.plan.input_gradients]

    def backward(self, gradients: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        for name, array in zip(self.plan.output_gradients, gradients, strict=True):
            self._given[name] = self._as_image(name, np.asarray(array))
        self._run("backward", len(gradients[0]))
        return self.gradients

    def release(self) -> None:
        """Forget the caller's arrays: they may be large, or views of something that is."""
        self._given.clear()

    def _as_image(self, name: str, array: np.ndarray) -> np.ndarray:
        """The caller's array as kernels read it; copied only where it is of another type or order."""
        if array.dtype != self.dtype or not (array.flags.c_contiguous and array.flags.aligned):
            array = np.require(array, self.dtype, ("C", "A"))
        return array.reshape(-1, *self.plan.buffers[name].shape)

    def _run(self, part: str, n: int) -> None:
        alone = n == 1 and self.threads.count > 1
        run = self._runs.get((part, alone))
        if run is None:
            sections = [section for segment in getattr(self.plan, part) for section in self._sections(segment, alone)]
            run = self._runs[part, alone] = self.kernels.bind(sections, self._locals, self.threads)
        run(n, self._given)

    # --- binding ----------------------------------------------------------------------------------

    def _sections(self, segment: Segment, alone: bool) -> list[Section]:
        if segment.domain == ONCE:
            groups = independent(segment.steps, self.plan)
            return [Section(tuple(tuple(self._call(step, False) for step in group) for group in groups))]
        if segment.domain == ROW_DOMAIN:
            (step,) = segment.steps
            return [Section(((self._call(step, False),),), times=min(PARTS, segment.rows))]
        return self._one_sample(segment) if alone else [self._blocks(segment, OWN)]

    def _blocks(self, segment: Segment, memory: int) -> Section:
        return Section((tuple(self._call(step, True, memory) for step in segment.steps),), segment.block)

    def _one_sample(self, segment: Segment) -> list[Section]:
        """A segment over one sample: heavy steps are cut into bands of rows, and the threads meet after each.

        What lies within the segment is in the first thread's memory, whoever works on it.
        """
        made: list[Section] = []
        for heavy, group in groupby(segment.steps, key=is_worth_cutting):
            if not heavy:
                made.append(self._blocks(replace(segment, steps=tuple(group)), HOME))
                continue
            made += [Section(tuple((self._call(band, True, HOME),) for band in bands(step, self.threads.count)))
                     for step in group]
        return made

    def _call(self, step: Step, over_samples: bool, memory: int = OWN) -> KernelCall:
        kinds = step.args.kinds
        args: list[Any] = []
        for name, value in zip(step.args.parameters, step.args.values, strict=True):
            arg, view = self._argument(value, step, over_samples, memory), VIEWS.get(kinds[name])
            args.append(view(arg) if view else arg)
        return KernelCall(step, tuple(args))

    def _argument(self, arg: Any, step: Step, over_samples: bool, memory: int) -> Any:
        if type(arg) is tuple:  # not a record, which is a tuple too
            return self._tuples.setdefault(cast("tuple[int, ...]", arg), np.array(arg, np.int64))
        if not isinstance(arg, str):
            return arg
        if arg in self.plan.buffers:
            return self._buffer(arg, over_samples, memory)
        if arg in self._constants:
            return self._constants[arg]
        if arg.startswith("gradient:"):
            return self.gradients[arg.removeprefix("gradient:")]
        if arg.startswith("$"):
            return self._special(arg, step)
        array = self.weights[arg].array
        return array if array.dtype == self.dtype else array.astype(self.dtype)

    def _special(self, arg: str, step: Step) -> np.ndarray | RowSlice | TableEntry:
        if arg == special.SAMPLES:
            return RowSlice(np.arange(self.plan.batch, dtype=np.int64), LOW, COUNT)
        if arg == special.ROWS:
            return RowSlice(np.array(spans(step.rows, min(PARTS, step.rows)), np.int64), PART)
        return {special.SEED: self.seed, special.COUNT: self.count, special.FIRST: TableEntry(FIRST)}[arg]

    def _buffer(self, name: str, over_samples: bool, memory: int) -> np.ndarray | RowSlice:
        """What calls see of a buffer: their samples, their part or all of them, or the whole."""
        buffer, owner = self.plan.buffers[name], root(name, self.plan.buffers)
        if self.plan.buffers[owner].external:
            return RowSlice(np.empty((1, *buffer.shape), self.dtype), LOW, COUNT, given=owner)
        if buffer.leading == PER_THREAD:
            return RowSlice(self._rows(name, self._locals[0]), memory=OWN)
        if owner in self.plan.local:
            return RowSlice(self._rows(name, self._locals[0]), count=COUNT, memory=memory)
        rows = self._rows(name, self._arena)
        if buffer.leading == PER_SAMPLE:
            return RowSlice(rows, LOW, COUNT)
        if buffer.leading == PER_PART:
            return RowSlice(rows, PART, ONE) if over_samples else RowSlice(rows, NOTHING, SHARES)
        return rows[0]

    def _rows(self, name: str, memory: np.ndarray) -> np.ndarray:
        """All that a buffer may have one of, along a first axis: as many as fit behind its beginning."""
        buffer = self.plan.buffers[name]
        dtype = {"real": self.dtype, "uint8": np.dtype(np.uint8), "int32": np.dtype(np.int32)}[buffer.dtype]
        size = int(np.prod(buffer.shape, dtype=np.int64)) * dtype.itemsize
        start = self.plan.offsets[root(name, self.plan.buffers)] * self._wide
        most = 1 if buffer.leading in (WHOLE, PER_THREAD) else max(self.plan.batch, PARTS)
        count = min(most, (len(memory) - start) // size) if size else most
        return memory[start:start + count * size].view(dtype).reshape(count, *buffer.shape)

    def _interior(self, name: str) -> np.ndarray:
        top, _, left, _ = self.plan.buffers[name].halo
        height, width, _ = self.plan.buffers[name].inside
        return self._rows(name, self._arena)[:, top:top + height, left:left + width]

    def _constant(self, name: str) -> np.ndarray:
        constant = self.plan.constants[name]
        if isinstance(constant, Fill):
            array = np.empty(constant.shape, self.dtype)
            array.reshape(len(constant.values), -1)[...] = np.array(constant.values)[:, None]
            return array
        return unpack_index(constant) if name.startswith("index:parts") else pack_index(constant)

    def _gradients(self) -> dict[str, np.ndarray]:
        names = {arg for s in self.plan.backward for step in s.steps for arg in step.names if arg.startswith("gradient:")}
        paths = [name.removeprefix("gradient:") for name in names]
        return {path: np.zeros(self.weights[path].shape, self.dtype) for path in paths}


def spans(total: int, parts: int) -> list[tuple[int, int]]:
    """Cut range(total) into `parts` of nearly equal size; which ones depends on nothing else."""
    return [(total * part // parts, total * (part + 1) // parts) for part in range(parts)]


def independent(steps: Sequence[Step], plan: Plan) -> list[list[Step]]:
    """Group steps that touch the same buffers; the groups may run at the same time."""
    groups: list[tuple[set[str], list[Step]]] = []
    for step in steps:
        names = {root(name, plan.buffers) for name in step.names if name in plan.buffers or name.startswith("gradient:")}
        joined = [group for group in groups if group[0] & names]
        rest = [group for group in groups if not group[0] & names]
        merged = (names.union(*(group[0] for group in joined)), [s for group in joined for s in group[1]] + [step])
        groups = [*rest, merged]
    return [group[1] for group in groups]


def parts(array: np.ndarray | RowSlice) -> np.ndarray | RowSlice:
    """With two axes: bands or parts of a gradient, or a weight, which is one part."""
    if isinstance(array, RowSlice):
        return replace(array, rows=array.rows.reshape(len(array.rows), -1))
    return array.reshape(len(array) if array.ndim == 5 else 1, -1)


def matrix(array: np.ndarray) -> np.ndarray:
    """With two axes, the last being its own."""
    return array.reshape(-1, array.shape[-1])


def flat(array: np.ndarray | RowSlice) -> np.ndarray | RowSlice:
    """With one axis where it is the same in every call: its layout is another argument."""
    return array.reshape(-1) if isinstance(array, np.ndarray) else array


# so that a kernel is compiled once for arrays of any shape
VIEWS: dict[Any, Callable[[Any], Any]] = {Flat: flat, Matrix: matrix, Parts: parts}


def aligned(size: int) -> np.ndarray:
    """`size` zero bytes that begin at a cache line."""
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start:start + size]
