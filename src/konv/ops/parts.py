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
    """A list of equal parts along an axis, or of those that begin at the given places.

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
    """A list of the parts along an axis, which is gone.

    >>> [part.tolist() for part in unstack([[1.0, 2.0]], axis=1)]
    [[1.0], [2.0]]
    """
    at = _axis(x, axis, "unstack")
    count = shape(x)[at] if num is None else int(num)
    if count is None:
        raise UnsupportedError(f"unstack: the size of axis={axis} is not known; samples are computed one by one")
    return [_along(x, at, place) for place in range(count)]


def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """The other way round along axes; None is all of them, which an array can have.

    >>> flip([1.0, 2.0]).tolist()
    [2.0, 1.0]
    """
    axes: Any = range(len(shape(x))) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    for one in axes:
        x = _along(x, _axis(x, one, "flip"), slice(None, None, -1))
    return x


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Moved on along an axis; what leaves at the end comes in at the beginning.

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
    """Side by side so many times along each axis.

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
    """The parts at given places along an axis; places of a tensor must be fixed numbers.

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
    """An axis, or several, at another place.

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
    """Repeated along axes of size 1 until it has a shape; the batch, and what is None or -1, stays.

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
    """One number in the shape of x.

    >>> full_like([1.0, 2.0], 3.0).tolist()
    [3.0, 3.0]
    """
    made = add(zeros_like(x), fill_value)
    return made if dtype is None else cast(made, dtype)


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and variance along axes.

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
    """The product of each number of one array with each of another.

    >>> outer([1.0, 2.0], [3.0]).tolist()
    [[3.0], [6.0]]
    """
    if is_symbolic(x1, x2):
        raise UnsupportedError("outer: of tensors use konv.ops.expand_dims and a product: x[:, :, None] * y[:, None, :]")
    return multiply(numbers(x1, "outer").reshape(-1, 1), numbers(x2, "outer").reshape(1, -1))
