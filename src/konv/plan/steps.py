"""What a plan is made of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

from konv.plan.contracts import Args, Halo, Layout

# special arguments that the engine fills in for each call
SAMPLES = "$samples"  # int64 indices of the samples in the block
SEED = "$seed"  # uint32 (2,): decides the dropout masks of a step
COUNT = "$count"  # uint32 (2,): how many steps were run; decides the masks of a Dropout with a seed of its own
FIRST = "$first"  # 1 for the first block of a part, when partial sums start anew
ROWS = "$rows"  # int64 (2,): the range of a unit in the domain "rows"

# what a buffer has one of along its first axis
PER_SAMPLE, PER_PART, WHOLE = "sample", "part", "whole"
PER_THREAD = "thread"  # room for a step to work in; it means nothing to the next one
# over what a step may be split among threads
SAMPLE_DOMAIN, ROW_DOMAIN, ONCE = "samples", "rows", "once"

# Samples are summed in this many parts, whatever the number of threads, so that the bits never depend on it.
PARTS = 16

NO_HALO = Halo(0, 0, 0, 0)


@dataclass(frozen=True)
class Buffer:
    """An array of the engine. Images have the shape (height, width, channels), halo included."""

    name: str
    shape: tuple[int, ...]
    leading: str = PER_SAMPLE
    dtype: str = "real"  # float32, or whatever the engine computes in
    halo: Halo = NO_HALO
    alias: str = ""  # another name for the memory of this buffer, under another shape
    external: bool = False  # an array of the caller's, another one in each run

    @property
    def bytes(self) -> int:
        """Per sample, per part, per thread or in all, by `leading`."""
        return prod(self.shape) * (1 if self.dtype == "uint8" else 4)

    @property
    def inside(self) -> tuple[int, int, int]:
        """Height, width and channels without the halo."""
        top, bottom, left, right = self.halo
        height, width, channels = self.shape
        return height - top - bottom, width - left - right, channels

    @property
    def row(self) -> int:
        """Elements from one pixel to the one below it."""
        return self.shape[1] * self.shape[2]

    @property
    def start(self) -> int:
        """Elements from the beginning of a sample to its first pixel."""
        return self.halo.top * self.row + self.halo.left * self.shape[2]

    @property
    def layout(self) -> Layout:
        """Where its pixels lie."""
        return Layout(self.start, self.row, self.shape[2], self.shape[0] * self.row)


@dataclass(frozen=True)
class Pack:
    """How a kernel (kh, kw, channels, filters) lies in memory for the tile: (group, panel, k, lane).

    k runs over `taps` (row, column of the kernel) and, within each, over the channels; `transposed` swaps channels and
    filters, which is what the input gradient reads. Lanes beyond the last filter are zero.
    """

    kernel: tuple[int, int, int, int]
    taps: tuple[tuple[int, int], ...]
    groups: int
    panels: int
    lanes: int  # of a panel: vectors x lanes of a register
    transposed: bool = False
    # 0, or the length of the runs of k that lie along the lanes, filters along k: a weight gradient with transposed operands
    run: int = 0

    @property
    def channels(self) -> tuple[int, int]:
        """Per group: channels summed over, channels produced."""
        _, _, channels, filters = self.kernel
        return (filters // self.groups, channels) if self.transposed else (channels, filters // self.groups)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        if self.run:
            return self.groups, len(self.taps) * self.channels[0] // self.run * self.panels, self.channels[1], self.lanes
        return self.groups, self.panels, len(self.taps) * self.channels[0], self.lanes


@dataclass(frozen=True)
class Fill:
    """A constant array in which each of the values fills an equal share."""

    values: tuple[float, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One call of a kernel, with the arguments that its contract names."""

    args: Args
    domain: str = SAMPLE_DOMAIN
    rows: int = 0  # in the domain "rows": how many there are to split
    layer: str = ""  # for whom it is done
    macs: int = 0  # multiply-adds on one sample, where there are many

    @property
    def kernel(self) -> str:
        """The name of the kernel."""
        return self.args.kernel

    @property
    def variant(self) -> tuple[int | str, ...]:
        """The static arguments, which choose a compiled variant of the kernel."""
        return self.args.variant

    @property
    def names(self) -> tuple[str, ...]:
        """Of the arrays that it reads and writes."""
        return tuple(value for value in self.args.values if isinstance(value, str) and not value.startswith("$"))


@dataclass(frozen=True)
class Segment:
    """Steps that a thread runs one after the other on its share of the work, without waiting for the others."""

    domain: str
    steps: tuple[Step, ...]
    block: int = 1  # samples at a time, so that what the steps hand on stays in cache
    rows: int = 0


@dataclass(frozen=True)
class Plan:
    batch: int
    buffers: dict[str, Buffer]
    constants: dict[str, Fill | Pack]
    prologue: tuple[Segment, ...]  # packs the weights; in inference only when they have changed
    forward: tuple[Segment, ...]
    backward: tuple[Segment, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    output_gradients: tuple[str, ...]
    input_gradients: tuple[str, ...]
    local: frozenset[str]  # buffers of which every thread has a block's worth of its own
    offsets: dict[str, int] = field(default_factory=dict[str, int])  # bytes, in the arena or in the thread's own one
    arena_bytes: int = 0
    local_bytes: int = 0

    def __str__(self) -> str:
        """Steps, bytes and offsets."""
        lines = [f"plan for {self.batch} samples: arena {self.arena_bytes:,} bytes, per thread {self.local_bytes:,} bytes"]
        for title, part in (("prologue", self.prologue), ("forward", self.forward), ("backward", self.backward)):
            lines += [line for segment in part for line in (f"{title}: {_head(segment)}", *_steps(segment))]
        return "\n".join([*lines, "buffers:", *(_buffer(self, buffer) for buffer in self.buffers.values())])


def root(name: str, buffers: dict[str, Buffer]) -> str:
    """The buffer whose memory this one is; any other name stands for itself."""
    return (buffers[name].alias or name) if name in buffers else name


def _head(segment: Segment) -> str:
    return f"over {segment.domain}" + (f", {segment.block} at a time" if segment.domain == "samples" else "")


def _steps(segment: Segment) -> Iterator[str]:
    for step in segment.steps:
        names = " ".join(name for name in step.names if not name.startswith(("fill:", "index:")))
        variant = f" {'x'.join(map(str, step.variant))}" if step.variant else ""
        yield f"  {step.kernel + variant:28} {names}"


def _buffer(plan: Plan, buffer: Buffer) -> str:
    name = root(buffer.name, plan.buffers)
    where = "local" if name in plan.local else "arena"
    position = f"{where} at {plan.offsets[name]:,}" if name in plan.offsets else "unused"
    shape = "x".join(map(str, buffer.shape))
    return f"  {buffer.name:16} {buffer.dtype:6} {shape:>16} {buffer.bytes:>10,} bytes per {buffer.leading:6} {position}"
