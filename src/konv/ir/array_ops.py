"""Operations on arrays of any shape: what custom layers and losses are made of.

As in konv.ir.ops shapes leave out the batch. `Parameter` and `Constant` are the same for all samples, so their shapes
are whole, and they may have fewer axes than what they are combined with.
"""

from dataclasses import dataclass
from math import prod

from konv.errors import ShapeError
from konv.ir.ops import Op, Shape, Weight, describe

BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power")
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")  # 1 where it holds, else 0
REDUCTIONS = ("sum", "mean", "max", "min")


@dataclass(frozen=True)
class Parameter(Op):
    """A weight of the layer as a value of its own."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.shape

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return (Weight(self.name, self.shape, self.trainable),)


@dataclass(frozen=True)
class Constant(Op):
    """Fixed numbers, in the order of their axes, the last one varying fastest."""

    values: tuple[float, ...]
    shape: tuple[int, ...] = ()

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(self.values) != prod(self.shape):
            raise ShapeError(f"{len(self.values)} numbers do not fill the shape {self.shape}")
        return self.shape


@dataclass(frozen=True)
class Binary(Op):
    """Number by number; an axis of size 1, or one that is missing in front, is repeated."""

    name: str

    def output_shape(self, *inputs: Shape) -> Shape:
        return broadcast(*inputs)


def broadcast(*shapes: Shape) -> Shape:
    """The shape of what shapes give that are combined number by number.

    >>> broadcast((8, 8, 3), (3,)), broadcast((8, 1, 3), (1, None, 3))
    ((8, 8, 3), (8, None, 3))
    """
    rank = max(map(len, shapes))
    sizes: list[int | None] = []
    for axis in range(-rank, 0):
        found = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        known = found - {None}
        if len(known) > 1:
            given = ", ".join(map(describe, shapes))
            raise ShapeError(f"shapes that are combined must be equal or 1 along each axis, got {given}")
        sizes.append(known.pop() if known else None if found else 1)
    return tuple(sizes)


@dataclass(frozen=True)
class Detach(Op):
    """The same values; no gradient goes back through it."""

    pointwise = True

    def is_identity(self, training: bool, *inputs: Shape) -> bool:
        return not training


@dataclass(frozen=True)
class Mask(Op):
    """The first input where the second, of the same shape, is above 0; else 0, whatever stands there."""

    pointwise = True


@dataclass(frozen=True)
class PRelu(Op):
    """x above zero, alpha * x below; alpha is of the shape of a sample, but 1 along the axes that share it."""

    shared: tuple[int, ...] = ()  # indices of the unbatched shape

    def alpha_shape(self, shape: Shape) -> tuple[int, ...]:
        sizes = [1 if axis in self.shared else size for axis, size in enumerate(shape)]
        if None in sizes:
            raise ShapeError(f"the sizes of axes that do not share their alpha must be known, got {describe(shape)}")
        return tuple(size or 0 for size in sizes)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return (Weight("alpha", self.alpha_shape(inputs[0])),)


@dataclass(frozen=True)
class Reduce(Op):
    """Sum, mean, largest or smallest number along some axes (indices into the unbatched shape; None is all)."""

    kind: str
    axes: tuple[int, ...] | None = None
    keepdims: bool = False

    def reduced(self, shape: Shape) -> tuple[int, ...]:
        """The axes as numbers from 0 on."""
        axes = range(len(shape)) if self.axes is None else self.axes
        for axis in axes:
            if not -len(shape) <= axis < len(shape):
                raise ShapeError(f"axis {axis} does not exist in {describe(shape)}")
        return tuple(sorted({axis % len(shape) for axis in axes}))

    def output_shape(self, *inputs: Shape) -> Shape:
        axes = self.reduced(inputs[0])
        kept = [1 if axis in axes else size for axis, size in enumerate(inputs[0])]
        return tuple(size for axis, size in enumerate(kept) if self.keepdims or axis not in axes)


@dataclass(frozen=True)
class Matmul(Op):
    """(..., n, k) times (..., k, m); axes in front are combined as by `Binary`. The first factor may be a vector (k,)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        first, second = inputs
        if len(first) == 1 and len(second) == 2:
            return self.output_shape((1, *first), second)[1:]
        if len(first) < 2 or len(second) < 2:
            raise ShapeError(f"matrices have two axes beside the batch, got {describe(first)} and {describe(second)}")
        if None not in (first[-1], second[-2]) and first[-1] != second[-2]:
            raise ShapeError(f"the last axis of the first factor, {first[-1]}, must be the last but one of the second, "
                             f"{second[-2]}: got {describe(first)} and {describe(second)}")
        return (*broadcast(first[:-2], second[:-2]), first[-2], second[-1])

    def macs(self, *inputs: Shape) -> int:
        return prod(size or 0 for size in self.output_shape(*inputs)) * (inputs[0][-1] or 0)


@dataclass(frozen=True)
class Concatenate(Op):
    """One after the other along an axis (an index into the unbatched shape)."""

    axis: int = -1

    def output_shape(self, *inputs: Shape) -> Shape:
        rank = len(inputs[0])
        if not -rank <= self.axis < rank:
            raise ShapeError(f"axis {self.axis} does not exist in {describe(inputs[0])}")
        axis = self.axis % rank
        rests = {(*shape[:axis], *shape[axis + 1:]) for shape in inputs if len(shape) == rank}
        if len(rests) != 1 or any(len(shape) != rank for shape in inputs):
            raise ShapeError(f"the inputs must have equal shapes but for axis {self.axis}, got "
                             f"{', '.join(map(describe, inputs))}")
        sizes = [shape[axis] for shape in inputs]
        whole = None if None in sizes else sum(size or 0 for size in sizes)
        return (*inputs[0][:axis], whole, *inputs[0][axis + 1:])


@dataclass(frozen=True)
class Slice(Op):
    """From `starts` on, in `steps`, so many as `sizes` says, along each axis; a step may be negative."""

    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    steps: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        for size, start, count, step in zip(inputs[0], self.starts, self.sizes, self.steps, strict=True):
            last = start + (count - 1) * step
            if size is not None and count and not (0 <= start < size and 0 <= last < size):
                raise ShapeError(f"places {start} to {last} do not lie within {describe(inputs[0])}")
        return self.sizes


@dataclass(frozen=True)
class Pad(Op):
    """Zeros around: (before, after) for each axis."""

    widths: tuple[tuple[int, int], ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(self.widths) != len(inputs[0]):
            raise ShapeError(f"{len(self.widths)} pairs of widths do not fit {describe(inputs[0])}")
        return tuple(None if size is None else before + size + after
                     for size, (before, after) in zip(inputs[0], self.widths, strict=True))


@dataclass(frozen=True)
class Repeat(Op):
    """Each index along an axis so many times: an image made larger from its nearest pixels."""

    factors: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(self.factors) != len(inputs[0]):
            raise ShapeError(f"{len(self.factors)} factors do not fit {describe(inputs[0])}")
        return tuple(None if size is None else size * factor for size, factor in zip(inputs[0], self.factors, strict=True))
