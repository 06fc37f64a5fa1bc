"""Layers that only move values: other shapes, other orders, edges added and cut off, repetition; without weights."""

from collections.abc import Sequence
from math import prod
from typing import Any

from konv.errors import KonvError, ShapeError, naming
from konv.ir import ops as ir
from konv.ir.array_ops import Pad, Repeat, Slice
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer
from konv.layers.parse import Sizes

Sides = tuple[tuple[int, int], ...]  # (before, after) for each axis of an image or sequence


class Flatten(Layer, builtin=True):
    """All axes but the batch as one.

    Args:
        data_format: with "channels_first" the channels go last before the axes become one.
    Shape:
        input (N, ...) float32 -> output (N, product of the sizes).

    >>> import konv
    >>> konv.layers.Flatten().compute_output_shape((None, 4, 4, 25))
    (None, 400)
    """

    data_format: str

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Flatten(self.data_format),)


class Reshape(Layer, builtin=True):
    """The values of a sample under another shape, in the same order.

    Args:
        target_shape: the new shape without the batch; one size may be -1, which is what remains.
    Shape:
        input (N, ...) float32 -> output (N, *target_shape).
    Raises:
        ShapeError: the two shapes do not hold equally many values.

    >>> import konv
    >>> konv.layers.Reshape((7, -1)).compute_output_shape((None, 4, 7, 2))
    (None, 7, 8)
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            sizes = tuple(target_shape) if isinstance(target_shape, (tuple, list)) else (target_shape,)
            if not all(parse.is_integer(size) and (size > 0 or size == -1) for size in sizes) or sizes.count(-1) > 1:
                raise KonvError(f"target_shape must be positive integers, one of which may be -1, got {target_shape!r}")
            self.target_shape = tuple(int(size) for size in sizes)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        _require_known(shapes[0])
        count, known = prod(size or 0 for size in shapes[0]), prod(size for size in self.target_shape if size != -1)
        if count % known or (-1 not in self.target_shape and count != known):
            raise ShapeError(f"{count} numbers of an input {describe(shapes[0])} do not fit target_shape={self.target_shape}")
        return (ir.Reshape(tuple(count // known if size == -1 else size for size in self.target_shape)),)


class Permute(Layer, builtin=True):
    """The axes of a sample in another order.

    Args:
        dims: for each axis of the output the axis of the input, counted from 1, since the batch is 0.
    Shape:
        input (N, ...) float32 -> output (N, *(input.shape[axis] for axis in dims)).
    Raises:
        ShapeError: the input has not as many axes as dims.

    >>> import konv
    >>> konv.layers.Permute((3, 1, 2)).compute_output_shape((None, 4, 5, 6))
    (None, 6, 4, 5)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            if not isinstance(dims, (tuple, list)) or sorted(dims) != list(range(1, len(dims) + 1)):
                raise KonvError(f"dims must be the numbers from 1 on, each once, got {dims!r}")
            self.dims = tuple(int(axis) for axis in dims)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        if len(shapes[0]) != len(self.dims):
            raise ShapeError(f"dims={self.dims} are those of an input of {len(self.dims) + 1} axes (batch first), "
                             f"got {describe(shapes[0])}")
        return (ir.Permute(tuple(axis - 1 for axis in self.dims)),)


class _Edges(Layer):
    """What layers share that add or cut off rows, columns or steps."""

    data_format: str = "channels_last"

    def _whole(self, sides: Any) -> Sides:
        """(before, after) for each axis, the channels included."""
        sides = sides if isinstance(sides[0], tuple) else (sides,)
        return ((0, 0), *sides) if self.data_format == "channels_first" else (*sides, (0, 0))


class _Padding(_Edges):
    padding: Any

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Pad(self._whole(self.padding)),)


class _Cropping(_Edges):
    cropping: Any

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        _require_known(shapes[0])
        sides = self._whole(self.cropping)
        sizes = tuple((size or 0) - sum(side) for size, side in zip(shapes[0], sides, strict=True))
        if min(sizes) < 1:
            raise ShapeError(f"cropping={self.cropping} leaves nothing of an input {describe(shapes[0])}")
        return (Slice(tuple(before for before, _ in sides), sizes, (1,) * len(sizes)),)


def _around_image(value: Any, argument: str, layer: Layer) -> Sides:
    """((top, bottom), (left, right)) from that, from (rows, columns) or from one integer."""
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    sides = [tuple(side) if isinstance(side, (tuple, list)) else (side, side) for side in pair]
    whole = all(len(side) == 2 and all(parse.is_integer(size) and size >= 0 for size in side) for side in sides)
    if len(sides) != 2 or not whole:
        raise KonvError(f"{argument} must be an integer from 0 on, two of them (rows, columns) or "
                        f"((top, bottom), (left, right)), got {value!r}")
    return tuple((int(before), int(after)) for before, after in sides)


def _around_sequence(value: Any, argument: str, layer: Layer) -> tuple[int, ...]:
    """(before, after) from that or from one integer."""
    return parse.several(value, 2, argument, least=0)


def _require_known(shape: Shape) -> None:
    if None in shape:
        raise ShapeError(f"the sizes of the input must be known, got {describe(shape)}")


class ZeroPadding2D(_Padding, builtin=True):
    """Rows and columns of zeros around images.

    Args:
        padding: an int for all sides, (rows, columns), or ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, H, W, C) float32 -> output (N, top + H + bottom, left + W + right, C).
    Raises:
        KonvError: padding is none of these.

    >>> import konv
    >>> konv.layers.ZeroPadding2D(((1, 0), (2, 2))).compute_output_shape((None, 4, 5, 6))
    (None, 5, 9, 6)
    """

    input_rank, rules = 3, {"padding": _around_image}

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())


class ZeroPadding1D(_Padding, builtin=True):
    """Steps of zeros before and after sequences.

    Args:
        padding: an int for both ends, or (before, after).
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, T, C) float32 -> output (N, before + T + after, C).
    Raises:
        KonvError: padding is none of these.

    >>> import konv
    >>> konv.layers.ZeroPadding1D((2, 1)).compute_output_shape((None, 4, 3))
    (None, 7, 3)
    """

    input_rank, rules = 2, {"padding": _around_sequence}

    def __init__(self, padding: Sizes = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())


class Cropping2D(_Cropping, builtin=True):
    """Images without some rows and columns at their edges.

    Args:
        cropping: an int for all sides, (rows, columns), or ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, H, W, C) float32 -> output (N, H - top - bottom, W - left - right, C).
    Raises:
        ShapeError: nothing of the input remains.

    >>> import konv
    >>> konv.layers.Cropping2D(((1, 0), (2, 1))).compute_output_shape((None, 4, 5, 6))
    (None, 3, 2, 6)
    """

    input_rank, rules = 3, {"cropping": _around_image}

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())


class Cropping1D(_Cropping, builtin=True):
    """Sequences without some steps at their ends.

    Args:
        cropping: an int for both ends, or (before, after).
    Shape:
        input (N, T, C) float32 -> output (N, T - before - after, C).
    Raises:
        ShapeError: nothing of the input remains.

    >>> import konv
    >>> konv.layers.Cropping1D((2, 1)).compute_output_shape((None, 8, 3))
    (None, 5, 3)
    """

    input_rank, rules = 2, {"cropping": _around_sequence}

    def __init__(self, cropping: Sizes = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())


class UpSampling1D(Layer, builtin=True):
    """Each step of sequences several times, one after the other.

    Args:
        size: how many times.
    Shape:
        input (N, T, C) float32 -> output (N, T * size, C).
    Raises:
        ShapeError: the input has not three axes.

    >>> import konv
    >>> konv.layers.UpSampling1D(2)([[[1.0], [2.0]]])[0, :, 0]
    array([1., 1., 2., 2.], dtype=float32)
    """

    input_rank = 2

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            self.size = parse.positive_int(size, "size")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Repeat((self.size, 1)),)


class RepeatVector(Layer, builtin=True):
    """A vector several times, as a sequence.

    Args:
        n: how many times.
    Shape:
        input (N, C) float32 -> output (N, n, C).
    Raises:
        ShapeError: the input has not two axes.

    >>> import konv
    >>> konv.layers.RepeatVector(3).compute_output_shape((None, 5))
    (None, 3, 5)
    """

    input_rank = 1
    n: int

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        if shapes[0][0] is None:
            raise ShapeError(f"the number of features must be known, got {describe(shapes[0])}")
        return (ir.Reshape((1, shapes[0][0])), Repeat((self.n, 1)))
