"""Runs a plan on the processor: owns the arena and the threads, binds each step to a kernel and its arrays.

Everything that can be known before the run is done once per batch size: a run is a list of calls with arguments
that are ready, claimed by the threads unit by unit. What a unit computes never depends on which thread runs it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from konv.engines.calls import Call, Calls, InterpretedCalls, Place, Segments, Unit
from konv.engines.threads import Threads
from konv.kernels.packing import pack_index, unpack_index
from konv.plan.bands import bands, is_worth_cutting
from konv.plan.memory import root
from konv.plan.steps import (
    COUNT,
    FIRST,
    ONCE,
    PARTS,
    PER_PART,
    PER_SAMPLE,
    PER_THREAD,
    ROW_DOMAIN,
    ROWS,
    SAMPLE_DOMAIN,
    SAMPLES,
    SEED,
    WHOLE,
    Fill,
    Plan,
    Segment,
    Step,
)
from konv.variables import Variable

# resolve(step, args) -> the function to call with these arguments, or others of the same types
Resolve = Callable[[Step, tuple], Callable]


SIZES = 8  # of how many numbers of samples the calls are kept


@dataclass
class Bound:
    """The calls for one number of samples."""

    prologue: Calls
    forward: Calls
    backward: Calls

    def place(self, given: Mapping[str, np.ndarray]) -> None:
        for calls in (self.prologue, self.forward, self.backward):
            calls.place(given)

    def forget(self) -> None:
        for calls in (self.prologue, self.forward, self.backward):
            calls.forget()


class Program:
    """A plan with its memory. Not for concurrent use: the runner holds a lock."""

    def __init__(self, plan: Plan, weights: Mapping[str, Variable], resolve: Resolve, threads: Threads, dtype=np.float32,
                 calls: Callable[[Segments, list[Place], Threads], Calls] = InterpretedCalls):
        self.plan, self.weights, self.resolve, self.threads = plan, weights, resolve, threads
        self.dtype, self._calls = np.dtype(dtype), calls
        self.seed, self.count = np.zeros(2, np.uint32), np.zeros(2, np.uint32)
        self.samples = np.arange(plan.batch, dtype=np.int64)
        # float64 takes twice the room that the plan counts with
        wide = self.dtype.itemsize // 4
        self._wide = wide
        self._arena = aligned(plan.arena_bytes * wide)
        self._locals = [aligned(plan.local_bytes * wide) for _ in range(threads.count)]
        self._constants = {name: self._constant(name) for name in plan.constants}
        self._tuples: dict[tuple, np.ndarray] = {}
        self._functions: dict[int, Callable] = {}
        self._bound: dict[int, Bound] = {}
        self._packed: tuple[int, ...] | None = None
        segments = (*plan.prologue, *plan.forward, *plan.backward)
        used = {name for segment in segments for step in segment.steps for name in step.names}
        self._used = [variable for path, variable in weights.items() if path in used]
        written = {arg for s in plan.forward for step in s.steps if step.kernel == "norm_update" for arg in step.names}
        self._moving = [variable for path, variable in weights.items() if path in written and not variable.trainable]
        self.gradients = self._gradients()
        self._whole = {name: self._array(name, 0, plan.batch) for name in plan.outputs if not plan.buffers[name].external}
        self._given: dict[str, np.ndarray] = {}  # the caller's arrays of this run

    # --- running ----------------------------------------------------------------------------------

    def forward(self, inputs: Sequence[np.ndarray], seed: int | None, count: int = 0) -> None:
        """Run forward; in training `seed` decides the dropout masks, `count` those of layers with their own seed."""
        n = len(inputs[0])
        bound = self._bound.get(n) or self._bind(n)
        for name, array in zip(self.plan.inputs, inputs, strict=True):
            self._given[name] = self._as_image(name, array)
        for name in self.plan.outputs:
            if self.plan.buffers[name].external and name not in self.plan.inputs:
                self._given[name] = np.empty((n, *self.plan.buffers[name].shape), self.dtype)
        bound.place(self._given)
        versions = tuple([variable.version for variable in self._used])
        if versions != self._packed:
            bound.prologue.run()
            self._packed = versions
        if seed is not None:
            self.seed[0], self.seed[1] = seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF
            self.count[0] = count & 0xFFFFFFFF
        bound.forward.run()
        if seed is not None:
            for variable in self._moving:
                variable.touch()

    def outputs(self, n: int, own: bool = False) -> list[np.ndarray]:
        """The outputs as images (n, height, width, channels): the caller's own, or views that the next run overwrites."""
        made = []
        for name in self.plan.outputs:
            if self.plan.buffers[name].external:
                made.append(self._given[name].copy() if name in self.plan.inputs else self._given[name])
            else:
                made.append(self._interior(name)[:n].copy() if own else self._interior(name)[:n])
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
        bound = self._bound[len(gradients[0])]
        for name, array in zip(self.plan.output_gradients, gradients, strict=True):
            self._given[name] = self._as_image(name, np.asarray(array))
        bound.place(self._given)
        bound.backward.run()
        return self.gradients

    def _as_image(self, name: str, array: np.ndarray) -> np.ndarray:
        """The caller's array as kernels read it; copied only where it is of another type or order."""
        return np.require(array, self.dtype, ("C", "A")).reshape(-1, *self.plan.buffers[name].shape)

    def release(self, n: int) -> None:
        """Let go of the caller's arrays."""
        self._given.clear()
        self._bound[n].forget()

    # --- binding ----------------------------------------------------------------------------------

    def _bind(self, n: int) -> Bound:
        self._places: list[Place] = []
        parts = [self._segments(part, n) for part in (self.plan.prologue, self.plan.forward, self.plan.backward)]
        while len(self._bound) >= SIZES:
            self._bound.pop(next(iter(self._bound)))  # the one made first
        self._bound[n] = bound = Bound(*(self._calls(part, self._places, self.threads) for part in parts))
        return bound

    def _segments(self, segments: Sequence[Segment], n: int) -> Segments:
        """For each segment, for each thread, the units of work."""
        made = []
        for segment in segments:
            if n == 1 and self.threads.count > 1 and segment.domain == SAMPLE_DOMAIN:
                made += self._one_sample(segment)
            else:
                made.append(self._segment(segment, n))
        return made

    def _segment(self, segment: Segment, n: int) -> list[list[Unit]]:
        every = (0, min(PARTS, n))
        if segment.domain == ONCE:
            units = [[self._call(step, 0, n, every, 1, 0) for step in steps] for steps in independent(segment.steps, self.plan)]
            return [units] * self.threads.count
        if segment.domain == ROW_DOMAIN:
            ranges = [np.array(span, np.int64) for span in spans(segment.rows, min(PARTS, segment.rows))]
            return [[[self._call(segment.steps[0], 0, n, every, 1, thread, rows)] for rows in ranges]
                    for thread in range(self.threads.count)]
        return self._sample_segment(segment, n)

    def _one_sample(self, segment: Segment) -> Segments:
        """A segment over one sample: heavy steps are cut into bands of rows, and the threads meet after each."""
        made: Segments = []
        for heavy, group in groupby(segment.steps, key=is_worth_cutting):
            steps = tuple(group)
            if not heavy:
                # one unit, in the first thread's memory whoever runs it, where the bands find what it leaves
                made.append([self._sample_segment(replace(segment, steps=steps), 1)[0]] * self.threads.count)
                continue
            for step in steps:
                made.append([[[self._call(band, 0, 1, (0, 1), 1, thread, origin=step)]
                              for band in bands(step, 2 * self.threads.count)] for thread in range(self.threads.count)])
        return made

    def _sample_segment(self, segment: Segment, n: int) -> list[list[Unit]]:
        per_thread = []
        for thread in range(self.threads.count):
            units = []
            for part, (start, stop) in enumerate(spans(n, min(PARTS, n))):
                blocks = range(start, stop, segment.block)
                units.append([self._call(step, low, min(low + segment.block, stop), (part, 1), int(low == start), thread)
                              for low in blocks for step in segment.steps])
            per_thread.append(units)
        return per_thread

    def _call(self, step: Step, low: int, high: int, parts: tuple[int, int], first: int, thread: int,
              rows=None, origin: Step | None = None) -> Call:
        special = {SAMPLES: self.samples[low:high], SEED: self.seed, COUNT: self.count, FIRST: first, ROWS: rows}
        # bands of one sample share what lies in the first thread's memory, but each works in its own
        home = 0 if origin else thread
        args: list = [self._argument(arg, special, low, high, parts, home, thread) for arg in step.args]
        for position, arg in enumerate(step.args):
            if isinstance(arg, str) and arg in self.plan.buffers and self._is_given(arg):
                shape = self.plan.buffers[arg].shape
                self._places.append(Place(args, position, root(arg, self.plan.buffers), low, high, shape))
        key = id(origin or step)
        function = self._functions.get(key)
        if function is None:
            function = self._functions[key] = self.resolve(step, tuple(args))
        return function, args

    def _is_given(self, name: str) -> bool:
        return self.plan.buffers[root(name, self.plan.buffers)].external

    def _argument(self, arg, special, low: int, high: int, parts: tuple[int, int], home: int, thread: int):
        if isinstance(arg, tuple):
            return self._tuples.setdefault(arg, np.array(arg, np.int64))
        if not isinstance(arg, str):
            return arg
        if arg in special:
            return special[arg]
        if arg in self.plan.buffers:
            if self._is_given(arg):  # put there before each run; until then something of the same type
                return np.empty((0, *self.plan.buffers[arg].shape), self.dtype)
            return self._array(arg, low, high, parts, home, thread)
        if arg in self._constants:
            return self._constants[arg]
        if arg.startswith("gradient:"):
            return self.gradients[arg.removeprefix("gradient:")]
        return self._weight(arg)

    def _weight(self, path: str) -> np.ndarray:
        array = self.weights[path].array
        return array if array.dtype == self.dtype else array.astype(self.dtype)

    def _array(self, name: str, low: int, high: int, parts: tuple[int, int] = (0, 1), home: int = 0,
               thread: int = 0) -> np.ndarray:
        """What a call sees of a buffer: its samples, its parts (first, count), or all."""
        buffer, place = self.plan.buffers[name], root(name, self.plan.buffers)
        dtype = {"real": self.dtype, "uint8": np.dtype(np.uint8), "int32": np.dtype(np.int32)}[buffer.dtype]
        offset = self.plan.offsets[place] * self._wide
        size = int(np.prod(buffer.shape, dtype=np.int64)) * dtype.itemsize
        if buffer.leading == PER_THREAD:
            memory, first, number = self._locals[thread], 0, 1
        elif place in self.plan.local:
            memory, first, number = self._locals[home], 0, high - low
        else:
            memory = self._arena
            first, number = {PER_SAMPLE: (low, high - low), PER_PART: parts}.get(buffer.leading, (0, 1))
        start = offset + first * size
        array = memory[start:start + number * size].view(dtype)
        return array.reshape(buffer.shape if buffer.leading in (WHOLE, PER_THREAD) else (number, *buffer.shape))

    def _interior(self, name: str) -> np.ndarray:
        top, _, left, _ = self.plan.buffers[name].halo
        height, width, _ = self.plan.buffers[name].inside
        return self._whole[name][:, top:top + height, left:left + width]

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


def aligned(size: int) -> np.ndarray:
    """`size` zero bytes that begin at a cache line."""
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start:start + size]
