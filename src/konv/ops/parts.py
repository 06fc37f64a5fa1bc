"""Parts of arrays and tensors put elsewhere; each is made of the functions of `shapes`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.errors import ShapeError, UnsupportedError
from konv.ops.elementwise import add, multiply, square, subtract
from konv.ops.reductions import mean
from konv.ops.shapes import cast, concatenate, expand_dims, get_item, repeat, shape, squeeze, transpose, zeros_like
from konv.tracing.symbolic import is_symbolic, numbers
from konv.tracing.tensors import Tensor


def _axis(x: Any, axis: int, function: str) -> int:
    rank = len(shape(x))
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)) or not -rank <= axis < rank:
        raise ShapeError(f"{function}: axis={axis!r} does not exist in {shape(x)}")
    return int(axis) % rank


def _along(x: Any, axis: int, key: Any) -> Any:
    """x[:, ..., key]: a part along one axis."""
    return get_item(x, (*[slice(None)] * axis, key))


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """A list of parts along an axis.

    Args:
        indices_or_sections: into how many equal parts, or the indices where parts begin.
    Shape:
        x of any shape -> its shape with the size of each part along `axis`.
    Raises:
        ShapeError: x has no such axis, or cannot be divided equally.
        UnsupportedError: the size of the axis is not known.

    >>> [part.tolist() for part in split([1.0, 2.0, 3.0], [1])]
    [[1.0], [2.0, 3.0]]
    """
    at = _axis(x, axis, "split")
    size = shape(x)[at]
    if size is None:
        raise UnsupportedError(f"split: the size of axis={axis} is not known; samples are computed one by one")
    if isinstance(indices_or_sections, (int, np.integer)):
        if indices_or_sections < 1 or size % indices_or_sections:
            raise ShapeError(f"split: {size} numbers along axis={axis} cannot be divided into {indices_or_sections} equal "
                             f"parts")
        step = size // int(indices_or_sections)
        starts = list(range(0, size, step))
    else:
        starts = [0, *map(int, indices_or_sections)]
    return [_along(x, at, slice(start, end)) for start, end in zip(starts, [*starts[1:], size], strict=True)]


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """A list of the slices along an axis, which is removed.

    Args:
        num: how many; the size of the axis if None.
    Shape:
        x of any shape -> its shape without `axis`, once for each index.
    Raises:
        ShapeError: x has no such axis.
        UnsupportedError: the size of the axis is not known.

    >>> [part.tolist() for part in unstack([[1.0, 2.0]], axis=1)]
    [[1.0], [2.0]]
    """
    at = _axis(x, axis, "unstack")
    count = shape(x)[at] if num is None else int(num)
    if count is None:
        raise UnsupportedError(f"unstack: the size of axis={axis} is not known; samples are computed one by one")
    return [_along(x, at, place) for place in range(count)]


def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """The order of the elements reversed along the axes.

    Args:
        axis: one axis or several; None is all of them.
    Shape:
        x of any shape -> the same shape.
    Raises:
        ShapeError: x has no such axis.

    >>> flip([1.0, 2.0]).tolist()
    [2.0, 1.0]
    """
    axes: Any = range(len(shape(x))) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    for one in axes:
        x = _along(x, _axis(x, one, "flip"), slice(None, None, -1))
    return x


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """The elements shifted along an axis; what leaves at the end comes in at the beginning.

    Args:
        shift: by how many steps.
        axis: of an array also several; None shifts the flattened array.
    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: x is a tensor and shift or axis is not one integer.

    >>> roll([1.0, 2.0, 3.0], 1).tolist()
    [3.0, 1.0, 2.0]
    """
    if not is_symbolic(x):
        return np.roll(numbers(x, "roll"), shift, axis)
    if not isinstance(shift, (int, np.integer)) or axis is None:
        raise UnsupportedError("roll: of a tensor one shift and one axis must be given")
    at = _axis(x, axis, "roll")
    size = shape(x)[at]
    place = -int(shift) % size if size else 0
    return x if not place else concatenate([_along(x, at, slice(place, None)), _along(x, at, slice(0, place))], at)


def tile(x: Any, repeats: Any) -> Any:
    """x repeated as a whole along each axis.

    Args:
        repeats: how many times along each axis, the last ones if there are fewer.
    Shape:
        x (d0, ...) -> (repeats[0] * d0, ...).
    Raises:
        UnsupportedError: there are more than a tensor has axes.

    >>> tile([1.0, 2.0], 2).tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    if not is_symbolic(x):
        return np.tile(numbers(x, "tile"), repeats)
    counts = [int(one) for one in (repeats if isinstance(repeats, (tuple, list)) else [repeats])]
    rank = len(shape(x))
    if len(counts) > rank:
        raise UnsupportedError(f"tile: repeats={repeats!r} has more numbers than {shape(x)} has axes")
    for at, count in enumerate([1] * (rank - len(counts)) + counts):
        x = x if count == 1 else concatenate([x] * count, at)
    return x


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The slices at given indices along an axis.

    Args:
        indices: integers; of a tensor constant ones.
        axis: the axis that is indexed; None indexes the flattened array.
    Shape:
        x (..., n, ...), indices of any shape -> (..., *indices.shape, ...).
    Raises:
        UnsupportedError: indices of a tensor are not constant, or have several axes, or there is no axis.

    >>> take([1.0, 2.0, 3.0], [2, 0]).tolist()
    [3.0, 1.0]
    """
    if not is_symbolic(x, indices):
        return np.take(numbers(x, "take"), np.asarray(indices).astype(int), axis)
    places = None if isinstance(indices, Tensor) else np.asarray(indices)
    if places is None or axis is None or places.ndim > 1:
        raise UnsupportedError("take: of a tensor an axis, and one place or a list of places that are fixed numbers, must be "
                               "given")
    at = _axis(x, axis, "take")
    if not places.ndim:
        return _along(x, at, int(places))
    return concatenate([expand_dims(_along(x, at, int(place)), at) for place in places], at)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """One axis, or several, moved to other positions.

    Args:
        source, destination: an axis each, or as many.
    Shape:
        x of any shape -> its sizes in the new order.
    Raises:
        ShapeError: x has no such axis.

    >>> moveaxis(np.ones((1, 2, 3)), -1, 1).shape
    (1, 3, 2)
    """
    rank = len(shape(x))
    places = lambda axes: [_axis(x, one, "moveaxis") for one in (axes if isinstance(axes, (tuple, list)) else [axes])]  # noqa: E731
    order = [axis for axis in range(rank) if axis not in places(source)]
    for target, axis in sorted(zip(places(destination), places(source), strict=True)):
        order.insert(target, axis)
    return transpose(x, order)


def broadcast_to(x: Any, shape: Any) -> Any:
    """x repeated along axes of size 1 until it has a shape.

    Args:
        shape: the sizes; of a tensor None or -1 keeps what it has.
    Shape:
        x of a shape that broadcasts to `shape` -> shape.
    Raises:
        ShapeError: x does not broadcast to it.
        UnsupportedError: a tensor has another number of axes.

    >>> broadcast_to([1.0], (2,)).tolist()
    [1.0, 1.0]
    """
    if not is_symbolic(x):
        return np.broadcast_to(numbers(x, "broadcast_to"), shape)
    if len(shape) != x.ndim:
        raise UnsupportedError(f"broadcast_to: shape={tuple(shape)} must have as many axes as {x.shape}; use "
                               f"konv.ops.expand_dims")
    for at, (size, wanted) in enumerate(zip(x.shape, shape, strict=True)):
        if wanted in (None, -1, size) or (at == 0 and x.batched and size is None):  # type: ignore[union-attr]
            continue
        if size != 1:
            raise ShapeError(f"broadcast_to: {x.shape} cannot become {tuple(shape)}")
        x = repeat(x, int(wanted), at)
    return x


def full_like(x: Any, fill_value: float, dtype: Any = None) -> Any:
    """One value in the shape of x.

    Shape:
        x of any shape -> the same shape.

    >>> full_like([1.0, 2.0], 3.0).tolist()
    [3.0, 3.0]
    """
    made = add(zeros_like(x), fill_value)
    return made if dtype is None else cast(made, dtype)


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and variance along the axes.

    Args:
        synchronized: an argument of Keras that is not supported.
    Shape:
        x of any shape -> its shape without `axes`, or with 1 in their place if `keepdims`, twice.
    Raises:
        UnsupportedError: synchronized is true.

    >>> [float(one) for one in moments([1.0, 3.0], 0)]
    [2.0, 1.0]
    """
    if synchronized:
        raise UnsupportedError("moments: synchronized=True is for several machines; leave it out")
    center = mean(x, axes, True)
    variance = mean(square(subtract(x, center)), axes, True)
    if keepdims:
        return center, variance
    return mean(x, axes), squeeze(variance, axes)


def outer(x1: Any, x2: Any) -> Any:
    """The product of each element of x1 with each of x2.

    Shape:
        x1 of n elements, x2 of m elements -> (n, m).
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> outer([1.0, 2.0], [3.0]).tolist()
    [[3.0], [6.0]]
    """
    if is_symbolic(x1, x2):
        raise UnsupportedError("outer: of tensors use konv.ops.expand_dims and a product: x[:, :, None] * y[:, None, :]")
    return multiply(numbers(x1, "outer").reshape(-1, 1), numbers(x2, "outer").reshape(1, -1))
