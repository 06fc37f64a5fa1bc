"""The steps of operations on arrays of any shape, forward and backward; compare konv.ir.array_ops.

Concatenation, slices, padding, repetition and reordering, and sums along axes, are one kernel, `strided_copy`: what differs
are the strides of what is read and of what is written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from konv.errors import UnsupportedError
from konv.ir.array_ops import COMPARISONS, Binary, Concatenate, Constant, Matmul, Pad, Parameter, Reduce, Repeat, Slice
from konv.ir.ops import Permute, Shape
from konv.plan.backward_state import Backward
from konv.plan.blocks import Block
from konv.plan.contracts import (
    BinaryArgs,
    BinaryBackwardArgs,
    ClearArgs,
    ClearHaloArgs,
    Extents,
    MatmulArgs,
    MatmulSizes,
    MatrixLayout,
    ReluBackwardArgs,
    StridedCopyArgs,
    StridedLayout,
)
from konv.plan.emitter import Emitter, copy, image, inside
from konv.plan.steps import FIRST, NO_HALO, PER_PART, Buffer

AXES = 6  # of a `StridedLayout`
GENERAL = (Binary, Concatenate, Matmul, Pad, Permute, Reduce, Repeat, Slice)  # they read parameters where these are
REDUCTIONS = {"sum": "sum", "mean": "sum", "max": "max", "min": "min"}


@dataclass(frozen=True)
class Operand:
    """Where the elements of a value lie: in an array of that name, `sample` from one sample to the next."""

    name: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    sample: int
    start: int = 0

    def spread(self, shape: Shape) -> tuple[int, ...]:
        """Strides along the axes of a larger shape: 0 where this one is repeated."""
        missing = len(shape) - len(self.shape)
        return (0,) * missing + tuple(
            0 if mine == 1 else stride for mine, stride in zip(self.shape, self.strides, strict=True))

    def layout(self, strides: Sequence[int]) -> StridedLayout:
        """With these strides along the six axes of an operation."""
        return StridedLayout(self.sample, self.start, *strides)


def of(buffer: Buffer, shape: Shape) -> Operand:
    """A value or a gradient in a buffer of the engine."""
    sizes = known(shape)
    strides = contiguous(sizes)
    if len(sizes) >= 2 and buffer.halo != NO_HALO:
        strides = (buffer.row, buffer.shape[2], 1)[-len(sizes):]
    return Operand(buffer.name, sizes, strides, prod(buffer.shape), buffer.start)


def operand(e: Emitter, index: int) -> Operand:
    """The output of a node; parameters and constants are read where they are."""
    node = e.graph.nodes[index]
    if isinstance(node.op, (Parameter, Constant)):
        shape = known(node.shape)
        name = f"{node.layer}/{node.op.name}" if isinstance(node.op, Parameter) else e.fill(node.op.values, prod(shape))
        return Operand(name, shape, contiguous(shape), 0)
    return of(e.value(index), node.shape)


def known(shape: Shape) -> tuple[int, ...]:
    return tuple(size or 0 for size in shape)


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[axis + 1:]) for axis in range(len(shape)))


def laid_out(extents: Sequence[int], *strides: Sequence[int]) -> tuple[Extents, list[tuple[int, ...]]]:
    """Extents and strides on AXES axes; those that follow each other everywhere are one."""
    axes: list[tuple[int, tuple[int, ...]]] = []
    for size, steps in zip(extents, zip(*strides, strict=True), strict=True):
        if size == 1:
            continue
        if axes and all(outer == inner * size for outer, inner in zip(axes[-1][1], steps, strict=True)):
            axes[-1] = (axes[-1][0] * size, steps)
        else:
            axes.append((size, steps))
    if len(axes) > AXES:
        raise UnsupportedError(f"an operation over {len(axes)} axes is not supported, {AXES} is the most: {tuple(extents)}")
    axes = [(1, (0,) * len(strides))] * (AXES - len(axes)) + axes
    return Extents(*(size for size, _ in axes)), [tuple(steps[i] for _, steps in axes) for i in range(len(strides))]


def strided_copy(e: Emitter, x: Operand, y: Operand, extents: Sequence[int], x_strides: Sequence[int],
                 y_strides: Sequence[int], factor: float = 1.0, join: str = "", fresh: int | str = 1) -> None:
    """y = x * factor, or with `join` the sum, max or min of elements that meet; `fresh` begins with nothing in y."""
    axes, (x_steps, y_steps) = laid_out(extents, x_strides, y_strides)
    e.step(StridedCopyArgs(x=x.name, y=y.name, extents=axes, x_layout=x.layout(x_steps), y_layout=y.layout(y_steps),
                           factor=factor, join=int(bool(join)), fresh=fresh if join else 0, reduction=join or "sum"))


def sum_to(e: Emitter, x: Operand, y: Operand, factor: float = 1.0) -> None:
    """y = the sum of x over the axes along which y was repeated."""
    steps = y.spread(x.shape)
    repeated = any(step == 0 and size > 1 for step, size in zip(steps, x.shape, strict=True))
    strided_copy(e, x, y, x.shape, x.strides, steps, factor, "sum" if repeated else "")


def combine(e: Emitter, name: str, x: Operand, w: Operand, y: Operand) -> None:
    """y = x (operation) w, element by element; operands are repeated to the shape of y."""
    axes, strides = laid_out(y.shape, *(o.spread(y.shape) for o in (x, w, y)))
    x_layout, w_layout, y_layout = (o.layout(steps) for o, steps in zip((x, w, y), strides, strict=True))
    e.step(BinaryArgs(x=x.name, w=w.name, y=y.name, extents=axes, x_layout=x_layout, w_layout=w_layout, y_layout=y_layout,
                      name=name))


def spare(e: Emitter, name: str, shape: Shape) -> Operand:
    """Room for numbers on the way."""
    return of(e.buffer(name, image(shape)), shape)


# --- parameters and constants ---------------------------------------------------------------------------


def _whole(e: Emitter, block: Block, y: Buffer) -> None:
    """One copy for each sample, for readers that know nothing of values without samples."""
    users = e.graph.users[block.output]
    if block.output not in e.graph.outputs and all(isinstance(e.graph.nodes[user].op, GENERAL) for user in users):
        return
    x, copy = operand(e, block.output), of(y, e.graph.nodes[block.output].shape)
    strided_copy(e, x, copy, x.shape, x.strides, copy.strides)


def _parameter_backward(s: Backward, block: Block, d: Buffer) -> None:
    node = s.e.graph.nodes[block.output]
    error = of(d, node.shape)
    parts = _parts(s, block.output, f"parts{block.output}", prod(error.shape))
    strided_copy(s.e, error, parts, error.shape, error.strides, contiguous(error.shape), 1.0, "sum", FIRST)


def _parts(s: Backward, index: int, name: str, size: int) -> Operand:
    """Where the gradient of a parameter is summed over the samples of a part."""
    node = s.e.graph.nodes[index]
    path = f"{node.layer}/{s.e.op(index, Parameter).name}"
    s.e.buffer(name, (size,), PER_PART)
    s.sum_later(name, path)
    return Operand(name, (size,), (1,), 0)


# --- element by element -----------------------------------------------------------------------------------


def _binary(e: Emitter, block: Block, y: Buffer) -> None:
    op = e.op(block.output, Binary)
    first, second = (operand(e, index) for index in block.inputs)
    combine(e, op.name, first, second, of(y, e.graph.nodes[block.output].shape))


def _binary_backward(s: Backward, block: Block, d: Buffer) -> None:
    e, node = s.e, s.e.graph.nodes[block.output]
    error, name = of(d, node.shape), e.op(block.output, Binary).name
    for side, index in enumerate(block.inputs):
        shape = e.graph.nodes[index].shape

        def emit(dx: Buffer, side: int = side, shape: Shape = shape) -> None:
            target = of(dx, shape)
            if name in COMPARISONS:  # steps: no gradient
                e.step(ClearArgs(x=dx.name))
            elif name in ("add", "subtract"):
                sum_to(e, error, target, -1.0 if name == "subtract" and side else 1.0)
            elif known(shape) == error.shape:
                differentiate(target, side)
            else:
                whole = spare(e, f"partial{block.output}.{side}", node.shape)
                differentiate(whole, side)
                sum_to(e, whole, target)

        def differentiate(target: Operand, side: int) -> None:
            d, (x, w), g = error, (operand(e, index) for index in block.inputs), target
            axes, strides = laid_out(d.shape, *(o.spread(d.shape) for o in (d, x, w, g)))
            d_layout, x_layout, w_layout, g_layout = (o.layout(steps) for o, steps in zip((d, x, w, g), strides, strict=True))
            e.step(BinaryBackwardArgs(d=d.name, x=x.name, w=w.name, g=g.name, extents=axes, d_layout=d_layout,
                                      x_layout=x_layout, w_layout=w_layout, g_layout=g_layout, name=name, side=side))

        s.contribute(index, emit)


def _detach(e: Emitter, block: Block, y: Buffer) -> None:
    copy(e, e.value(block.inputs[0]), y)


def _detach_backward(s: Backward, block: Block, d: Buffer) -> None:
    s.contribute(block.inputs[0], lambda dx: s.e.step(ClearArgs(x=dx.name)))


def _mask(e: Emitter, block: Block, y: Buffer) -> None:
    x, holds = (e.value(index) for index in block.inputs)
    e.step(ReluBackwardArgs(d=x.name, y=holds.name, dx=y.name, d_region=inside(x), y_region=inside(holds),
                            dx_region=inside(y)))


def _mask_backward(s: Backward, block: Block, d: Buffer) -> None:
    holds = s.e.value(block.inputs[1])
    s.contribute(block.inputs[0], lambda dx: s.e.step(ReluBackwardArgs(
        d=d.name, y=holds.name, dx=dx.name, d_region=inside(d), y_region=inside(holds), dx_region=inside(dx))))
    s.contribute(block.inputs[1], lambda dx: s.e.step(ClearArgs(x=dx.name)))


# --- along axes -----------------------------------------------------------------------------------------


def _kept(op: Reduce, shape: Shape) -> tuple[int, ...]:
    """The result's shape with an axis of size 1 for each that is gone."""
    axes = op.reduced(shape)
    return tuple(1 if axis in axes else size for axis, size in enumerate(known(shape)))


def _with_axes(value: Operand, shape: tuple[int, ...]) -> Operand:
    """The same numbers under a shape with more axes of size 1."""
    return Operand(value.name, shape, contiguous(shape) if shape != value.shape else value.strides, value.sample, value.start)


def _reduce(e: Emitter, block: Block, y: Buffer) -> None:
    node, x = e.graph.nodes[block.output], operand(e, block.inputs[0])
    op = e.op(block.output, Reduce)
    kept = _kept(op, x.shape)
    target = _with_axes(of(y, node.shape), kept)
    count = prod(x.shape) // max(prod(kept), 1)
    factor = 1 / count if op.kind == "mean" else 1.0
    strided_copy(e, x, target, x.shape, x.strides, target.spread(x.shape), factor, REDUCTIONS[op.kind])
    if y.halo != NO_HALO:
        e.step(ClearHaloArgs(x=y.name, halo=y.halo))


def _reduce_backward(s: Backward, block: Block, d: Buffer) -> None:
    e, node, index = s.e, s.e.graph.nodes[block.output], block.inputs[0]
    x, op = operand(e, index), e.op(block.output, Reduce)
    kept = _kept(op, x.shape)
    error = _with_axes(of(d, node.shape), kept)
    count = prod(x.shape) // max(prod(kept), 1)

    def emit(dx: Buffer) -> None:
        target = of(dx, x.shape)
        if op.kind in ("sum", "mean"):
            factor = 1 / count if op.kind == "mean" else 1.0
            strided_copy(e, error, target, x.shape, error.spread(x.shape), target.strides, factor)
            return
        # those that are as large as the largest share its gradient
        y = _with_axes(operand(e, block.output), kept)
        mask, times, share = (spare(e, f"{what}{block.output}", shape)
                              for what, shape in (("mask", x.shape), ("times", kept), ("share", kept)))
        combine(e, "equal", x, y, mask)
        sum_to(e, mask, times)
        combine(e, "divide", error, times, share)
        combine(e, "multiply", mask, share, target)

    s.contribute(index, emit)


def _matmul(e: Emitter, block: Block, y: Buffer) -> None:
    first, second = (operand(e, index) for index in block.inputs)
    _product(e, _matrix(first), second, _matrix(of(y, e.graph.nodes[block.output].shape), first))


def _matrix(value: Operand, like: Operand | None = None) -> Operand:
    """A vector as a matrix of one row; so is the result where the first factor is `like` that."""
    if len((like or value).shape) > 1:
        return value
    return Operand(value.name, (1, *value.shape), (0, *value.strides), value.sample, value.start)


def _transposed(value: Operand) -> Operand:
    """The transposed matrices."""
    *lead, rows, columns = value.shape
    *steps, row, column = value.strides
    return Operand(value.name, (*lead, columns, rows), (*steps, column, row), value.sample, value.start)


def _product(e: Emitter, x: Operand, w: Operand, y: Operand, fresh: int | str = 1) -> None:
    """y = x times w; where y has fewer axes in front than they, the sum over those."""
    lead = max((o.shape[:-2] for o in (x, w, y)), key=lambda shape: (len(shape), prod(shape)))
    if len(lead) > 3:
        raise UnsupportedError(f"matrices with more than three axes in front are not supported, got {lead}")
    a, b, c = (1,) * (3 - len(lead)) + lead
    sizes = MatmulSizes(a, b, c, x.shape[-2], x.shape[-1], w.shape[-1])

    def layout(o: Operand) -> MatrixLayout:
        front = Operand(o.name, o.shape[:-2], o.strides[:-2], 0).spread(lead)
        a, b, c = (0,) * (3 - len(lead)) + front
        return MatrixLayout(o.sample, o.start, a, b, c, o.strides[-2], o.strides[-1])

    e.step(MatmulArgs(x=x.name, w=w.name, y=y.name, sizes=sizes, x_layout=layout(x), w_layout=layout(w), y_layout=layout(y),
                      fresh=fresh), macs=prod(sizes))


def _matmul_backward(s: Backward, block: Block, d: Buffer) -> None:
    e = s.e
    first, second = (operand(e, index) for index in block.inputs)
    x, error = _matrix(first), _matrix(of(d, e.graph.nodes[block.output].shape), first)

    def into(target: Operand, side: int, fresh: int | str = 1) -> None:
        if side == 0:
            _product(e, error, _transposed(second), _matrix(target, first), fresh)
        else:
            _product(e, _transposed(x), error, target, fresh)

    for side, index in enumerate(block.inputs):
        node = e.graph.nodes[index]
        if isinstance(node.op, Parameter):  # summed over samples at once: a gradient for each of them would be large
            if index in e.needs_gradient:
                shape = known(node.shape)
                parts = _parts(s, index, f"parts{block.output}.{side}", prod(shape))
                into(Operand(parts.name, shape, contiguous(shape), 0), side, FIRST)
            continue
        s.contribute(index, lambda dx, side=side, node=node: into(of(dx, node.shape), side))


# --- movements ------------------------------------------------------------------------------------------


def _places(e: Emitter, block: Block, whole: Operand) -> Iterator[tuple[int, Any, Any, Any, Any]]:
    """For each input of a movement: its index, and extents, its strides and those in the result as (first, strides)."""
    op = e.graph.nodes[block.output].op
    begun = 0
    for index in block.inputs:
        shape = known(e.graph.nodes[index].shape)
        mine = operand(e, index)
        if isinstance(op, Concatenate):
            axis = op.axis % len(shape)
            yield index, shape, mine.strides, begun * whole.strides[axis], whole.strides
            begun += shape[axis]
        elif isinstance(op, Pad):
            first = sum(before * step for (before, _), step in zip(op.widths, whole.strides, strict=True))
            yield index, shape, mine.strides, first, whole.strides
        elif isinstance(op, Permute):
            back = [op.order.index(axis) for axis in range(len(shape))]
            yield index, shape, mine.strides, 0, tuple(whole.strides[axis] for axis in back)
        else:
            assert isinstance(op, Repeat)
            larger = [stride * factor for stride, factor in zip(whole.strides, op.factors, strict=True)]
            yield (index, _in_turn(shape, op.factors), _in_turn(mine.strides, (0,) * len(shape)), 0,
                   _in_turn(larger, whole.strides))


def _in_turn(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """One of the first, one of the second, and so on: an axis and the times that each of its indices is repeated."""
    return [number for pair in zip(first, second, strict=True) for number in pair]


def _movement(e: Emitter, block: Block, y: Buffer) -> None:
    whole = of(y, e.graph.nodes[block.output].shape)
    if block.kind == "pad":
        e.step(ClearArgs(x=y.name))
    for index, extents, steps, first, places in _places(e, block, whole):
        strided_copy(e, operand(e, index), _from(whole, first), extents, steps, places)


def _movement_backward(s: Backward, block: Block, d: Buffer) -> None:
    whole = of(d, s.e.graph.nodes[block.output].shape)
    repeats = block.kind == "repeat"
    for index, extents, _, first, places in _places(s.e, block, whole):
        def emit(dx: Buffer, index: int = index, extents: Sequence[int] = extents, first: int = first,
                 places: Sequence[int] = places) -> None:
            target = of(dx, s.e.graph.nodes[index].shape)
            own = _in_turn(target.strides, (0,) * len(target.strides)) if repeats else target.strides
            strided_copy(s.e, _from(whole, first), target, extents, places, own, 1.0, "sum" if repeats else "")

        s.contribute(index, emit)


def _from(value: Operand, first: int) -> Operand:
    """The same array from another place on."""
    return Operand(value.name, value.shape, value.strides, value.sample, value.start + first)


def _slice(e: Emitter, block: Block, y: Buffer) -> None:
    x, target = operand(e, block.inputs[0]), of(y, e.graph.nodes[block.output].shape)
    first, steps = _picked(e, block, x)
    strided_copy(e, _from(x, first), target, target.shape, steps, target.strides)


def _picked(e: Emitter, block: Block, x: Operand) -> tuple[int, tuple[int, ...]]:
    """The place of the first number of a slice, and its strides."""
    op = e.op(block.output, Slice)
    first = sum(start * step for start, step in zip(op.starts, x.strides, strict=True))
    return first, tuple(step * stride for step, stride in zip(op.steps, x.strides, strict=True))


def _slice_backward(s: Backward, block: Block, d: Buffer) -> None:
    e, index = s.e, block.inputs[0]
    error = of(d, e.graph.nodes[block.output].shape)

    def emit(dx: Buffer) -> None:
        target = of(dx, e.graph.nodes[index].shape)
        first, steps = _picked(e, block, target)
        e.step(ClearArgs(x=dx.name))
        strided_copy(e, error, _from(target, first), error.shape, error.strides, steps)

    s.contribute(index, emit)


FORWARD = {
    "parameter": _whole,
    "constant": _whole,
    "binary": _binary,
    "detach": _detach,
    "mask": _mask,
    "reduce": _reduce,
    "matmul": _matmul,
    "concatenate": _movement,
    "pad": _movement,
    "permute": _movement,
    "repeat": _movement,
    "slice": _slice,
}
BACKWARD = {
    "parameter": _parameter_backward,
    "binary": _binary_backward,
    "detach": _detach_backward,
    "mask": _mask_backward,
    "reduce": _reduce_backward,
    "matmul": _matmul_backward,
    "concatenate": _movement_backward,
    "pad": _movement_backward,
    "permute": _movement_backward,
    "repeat": _movement_backward,
    "slice": _slice_backward,
}
