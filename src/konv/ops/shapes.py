"""The same numbers in another order or shape; on arrays and on tensors."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.ir import array_ops as ir
from konv.ir.ops import Permute, Reshape
from konv.ops.elementwise import add, multiply
from konv.traceable import is_tracing
from konv.tracing.symbolic import Emit, is_symbolic, numbers, operand, require_plain, sample_axes, sample_axis, symbolic
from konv.tracing.tensors import Tensor


def _tensor(x: Any, function: str) -> Tensor:
    tensor = operand(x, function)
    assert isinstance(tensor, Tensor)
    require_plain(tensor, function)
    return tensor


def shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of all axes; None where a tensor's is open, as that of the batch is.

    Shape:
        x of any shape -> a tuple of its sizes.

    >>> shape([[1.0, 2.0]])
    (1, 2)
    """
    return x.shape if hasattr(x, "shape") else np.shape(x)


def size(x: Any) -> int | None:
    """How many elements there are; None where the shape of a tensor is open.

    Shape:
        x of any shape -> one int.

    >>> size([[1.0, 2.0]])
    2
    """
    return None if None in shape(x) else prod(shape(x))  # type: ignore[arg-type]


def reshape(x: Any, newshape: Any) -> Any:
    """The same elements in another shape; the batch of a tensor stays the first axis.

    Args:
        newshape: the sizes; one may be -1, which is computed.
    Shape:
        x of any shape -> newshape.
    Raises:
        ShapeError: newshape holds another number of elements.
        UnsupportedError: it would change the batch axis of a tensor.

    >>> reshape([[1.0, 2.0, 3.0, 4.0]], (2, 2))
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    sizes = tuple(newshape) if isinstance(newshape, (tuple, list)) else (newshape,)
    if not is_symbolic(x):
        return numbers(x, "reshape").reshape(sizes)
    x = _tensor(x, "reshape")
    if not x.batched:
        whole = _filled(sizes, x.sample)
        return symbolic(reshape, "Reshape", [x], lambda emit, place: emit(Reshape(whole), place), {"newshape": newshape})
    if is_tracing("loss") and sizes == (-1,) and _count(x.sample) == 1:
        return symbolic(reshape, "Reshape", [x], lambda emit, place: emit(Reshape(()), place))
    if is_tracing("loss") and sizes == (-1,):
        return symbolic(reshape, "Reshape", [x], lambda emit, place: emit(Reshape((_count(emit.shape(place)),)), place),
                        merged=True)
    if sizes[0] not in (-1, None, x.shape[0]):
        raise UnsupportedError(f"reshape: newshape={newshape!r} changes the batch axis, but samples are computed one by one; "
                               f"let it begin with -1, or with None")
    rest = tuple(-1 if size is None else size for size in sizes[1:])

    def lower(emit: Emit, place: int) -> int:
        found = emit.shape(place)
        return emit(Reshape(_filled(rest, found)), place)

    if None not in x.sample and rest.count(-1) == 0 and prod(rest) != prod(x.sample):  # type: ignore[arg-type]
        raise ShapeError(f"reshape: newshape={newshape!r} does not hold the {prod(x.sample)} numbers of a sample of {x.shape}; "  # type: ignore[arg-type]
                         f"the batch cannot change")
    return symbolic(reshape, "Reshape", [x], lower, {"newshape": newshape})


def _count(sizes: Any) -> int:
    if None in sizes:
        raise ShapeError(f"the sizes of a sample must be known, got {sizes}")
    return prod(sizes)


def _filled(wanted: tuple[int, ...], sizes: Any) -> tuple[int, ...]:
    """A shape with its -1 filled in, for as many numbers as another one has."""
    if -1 not in wanted:
        return wanted
    count, known = _count(sizes), prod(size for size in wanted if size != -1)
    if wanted.count(-1) > 1 or known == 0 or count % known:
        raise ShapeError(f"{count} numbers do not fit the shape {wanted}")
    return tuple(count // known if size == -1 else size for size in wanted)


def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in another order; the batch of a tensor stays the first.

    Args:
        axes: each axis once; reversed if None.
    Shape:
        x (d0, d1, ...) -> (d[axes[0]], d[axes[1]], ...).
    Raises:
        UnsupportedError: axes would move the batch of a tensor.

    >>> transpose([[1.0, 2.0]])
    array([[1.],
           [2.]], dtype=float32)
    """
    if not is_symbolic(x):
        return np.transpose(numbers(x, "transpose"), axes)
    x = _tensor(x, "transpose")
    order = [int(axis) % x.ndim for axis in (axes if axes is not None else range(x.ndim - 1, -1, -1))]
    if sorted(order) != list(range(x.ndim)) or (x.batched and order[0]):
        raise UnsupportedError(f"transpose: axes={axes!r} must be each axis of {x.shape} once, and begin with 0, the batch")
    inner = tuple(axis - 1 for axis in order[1:]) if x.batched else tuple(order)
    return symbolic(transpose, "Transpose", [x], lambda emit, place: emit(Permute(inner), place), {"axes": axes})


def expand_dims(x: Any, axis: Any) -> Any:
    """A new axis of size 1.

    Args:
        axis: index of the new axis in the result; of an array also several.
    Shape:
        x (d0, ...) -> the same sizes with 1 at `axis`.
    Raises:
        UnsupportedError: the axis of a tensor is 0, that of the batch, or there are several.

    >>> expand_dims([1.0, 2.0], -1).shape
    (2, 1)
    """
    if not is_symbolic(x):
        return np.expand_dims(numbers(x, "expand_dims"), tuple(axis) if isinstance(axis, list) else axis)
    x = _tensor(x, "expand_dims")
    if isinstance(axis, (tuple, list)):
        raise UnsupportedError(f"expand_dims: axis={axis!r}: give one axis at a time")
    place_of = axis % (x.ndim + 1)
    if x.batched and place_of == 0:
        raise UnsupportedError("expand_dims: axis=0 is that of the batch, which stays the first; use another")
    at = place_of - x.batched

    def lower(emit: Emit, place: int) -> int:
        sizes = emit.shape(place)
        return emit(Reshape((*sizes[:at], 1, *sizes[at:])), place)  # type: ignore[arg-type]

    return symbolic(expand_dims, "ExpandDims", [x], lower, {"axis": axis})


def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Without axes of size 1.

    Args:
        axis: the axes to remove; None removes all of size 1.
    Shape:
        x of any shape -> its shape without those axes.
    Raises:
        ShapeError: an axis of a tensor is not of size 1.

    >>> squeeze([[1.0, 2.0]])
    array([1., 2.], dtype=float32)
    """
    if not is_symbolic(x):
        return np.squeeze(numbers(x, "squeeze"), tuple(axis) if isinstance(axis, list) else axis)
    x = _tensor(x, "squeeze")
    axes = tuple(i for i, size in enumerate(x.sample) if size == 1) if axis is None else sample_axes(x, axis, "squeeze")[0]
    if axis is not None and (sample_axes(x, axis, "squeeze")[1] or any(x.sample[i] != 1 for i in axes)):
        raise ShapeError(f"squeeze: axis={axis!r} is not of size 1 in {x.shape}")
    return symbolic(squeeze, "Squeeze", [x], lambda emit, place: emit(Reshape(tuple(
        size for i, size in enumerate(emit.shape(place)) if i not in axes)), place), {"axis": axis})


def concatenate(xs: Any, axis: int = 0) -> Any:
    """The arrays joined along an axis.

    Shape:
        xs, equal in all sizes but that of `axis` -> the sum of those along `axis`.
    Raises:
        UnsupportedError: the axis is the batch of tensors.
        KonvError: xs is not a list.

    >>> concatenate([[[1.0]], [[2.0]]], axis=1)
    array([[1., 2.]], dtype=float32)
    """
    if not is_symbolic(xs):
        return np.concatenate([numbers(x, "concatenate") for x in xs], axis)
    tensors = _together(xs, "concatenate")
    if axis == 0 and tensors[0].batched:
        raise UnsupportedError("concatenate: axis=0, which is the default, is that of the batch, but samples are computed one "
                               "by one; give another, such as axis=-1")
    at = sample_axis(tensors[0], axis, "concatenate")
    return symbolic(concatenate, "Concatenate", tensors, lambda emit, *places: emit(ir.Concatenate(at), *places),
                    {"axis": axis}, args=(list(xs),))


def stack(x: Any, axis: int = 0) -> Any:
    """The arrays joined along a new axis.

    Shape:
        n arrays of one shape -> that shape with n at `axis`.
    Raises:
        UnsupportedError: the new axis would come before the batch of tensors.
        KonvError: x is not a list.

    >>> stack([[1.0], [2.0]], axis=-1)
    array([[1., 2.]], dtype=float32)
    """
    if not is_symbolic(x):
        return np.stack([numbers(one, "stack") for one in x], axis)
    tensors = _together(x, "stack")
    at = axis % (tensors[0].ndim + 1) - tensors[0].batched
    if at < 0:
        raise UnsupportedError("stack: axis=0 is that of the batch, which stays the first; use another")

    def lower(emit: Emit, *places: int) -> int:
        sizes = emit.shape(places[0])
        wide = [emit(Reshape((*sizes[:at], 1, *sizes[at:])), place) for place in places]  # type: ignore[arg-type]
        return emit(ir.Concatenate(at), *wide)

    return symbolic(stack, "Stack", tensors, lower, {"axis": axis}, args=(list(x),))


def _together(xs: Any, function: str) -> list[Tensor]:
    if not isinstance(xs, (list, tuple)) or not xs:
        raise KonvError(f"{function}: takes a list of tensors, got {xs!r}")
    tensors = [operand(x, function) for x in xs]
    if len({isinstance(tensor, Tensor) and tensor.batched for tensor in tensors}) > 1:
        raise UnsupportedError(f"{function}: all of the list must be tensors that were computed from the inputs")
    return [_tensor(tensor, function) for tensor in tensors]


def get_item(x: Any, key: Any) -> Any:
    """Parts of x by Python's indexing; the batch of a tensor stays whole.

    Args:
        key: an integer, slice, ... or None, or a tuple of them.
    Shape:
        x of any shape -> the shape that NumPy's basic indexing gives.
    Raises:
        UnsupportedError: the key of a tensor holds anything else.
        ShapeError: an index lies outside, or there are too many.

    >>> get_item(np.ones((2, 3)), (slice(None), 0)).shape
    (2,)
    """
    if not is_symbolic(x):
        return numbers(x, "get_item")[tuple(key) if isinstance(key, list) else key]
    x = _tensor(x, "get_item")
    keys = list(key) if isinstance(key, (tuple, list)) else [key]
    for one in keys:
        if not (one is None or one is Ellipsis or isinstance(one, slice) or (
                isinstance(one, (int, np.integer)) and not isinstance(one, bool))):
            raise UnsupportedError(f"[{one!r}]: parts of a tensor are taken by integers, slices, ... and None")
    used = sum(one is not None and one is not Ellipsis for one in keys)
    if keys.count(Ellipsis) > 1 or used > x.ndim:
        raise ShapeError(f"[{key!r}] has too many places for {x.shape}")
    at = keys.index(Ellipsis) if Ellipsis in keys else len(keys)
    keys = [*keys[:at], *[slice(None)] * (x.ndim - used), *keys[at + 1:]]
    if x.batched:
        if keys[0] != slice(None) and keys[0] != slice(None, None, 1):
            raise UnsupportedError(f"[{key!r}] takes a part of the batch, but samples are computed one by one; begin with "
                                   f"a colon, such as x[:, {key!r}]")
        keys = keys[1:]
    return symbolic(get_item, "GetItem", [x], lambda emit, place: _taken(emit, place, keys), args=(x, key))


def _taken(emit: Emit, place: int, keys: list[Any]) -> int:
    sizes = emit.shape(place)
    starts, counts, steps, kept = [], [], [], []
    axis = 0
    for key in keys:
        if key is None:
            kept.append(1)
            continue
        size = sizes[axis]
        if size is None and key != slice(None):
            raise ShapeError(f"the size of axis {axis + 1} must be known to take parts of it, got {sizes}")
        if isinstance(key, slice):
            begin, end, step = key.indices(size or 1)
            count = len(range(begin, end, step))
            kept.append(count if size is not None else None)
        else:
            assert size is not None
            begin, count, step = (int(key) + size if key < 0 else int(key)), 1, 1
            if not 0 <= begin < size:
                raise ShapeError(f"index {key} lies outside of an axis of {size}")
        starts.append(begin)
        counts.append(count)
        steps.append(step)
        axis += 1
    if tuple(counts) != sizes or any(starts) or any(step != 1 for step in steps):
        if 0 in counts:
            raise ShapeError("nothing is left of the tensor")
        place = emit(ir.Slice(tuple(starts), tuple(counts), tuple(steps)), place)
    return place if tuple(kept) == emit.shape(place) else emit(Reshape(tuple(kept)), place)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element, or slice along an axis, repeated.

    Args:
        repeats: how many times; of an array also one number for each slice.
    Shape:
        x of any shape -> repeats times its size along `axis`; flat if axis is None.
    Raises:
        UnsupportedError: x is a tensor and there is no axis, or several numbers of repeats.

    >>> repeat([1.0, 2.0], 2)
    array([1., 1., 2., 2.], dtype=float32)
    """
    if not is_symbolic(x):
        return np.repeat(numbers(x, "repeat"), repeats, axis)
    x = _tensor(x, "repeat")
    if axis is None or not isinstance(repeats, (int, np.integer)):
        raise UnsupportedError("repeat: of a tensor an axis and one number of repeats must be given")
    at = sample_axis(x, axis, "repeat")
    factors = tuple(int(repeats) if i == at else 1 for i in range(len(x.sample)))
    return symbolic(repeat, "Repeat", [x], lambda emit, place: emit(ir.Repeat(factors), place),
                    {"repeats": repeats, "axis": axis})


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float | None = None) -> Any:
    """x with a border of zeros.

    Args:
        pad_width: (before, after) for each axis, or one for all.
        mode, constant_values: what np.pad takes; of tensors zeros alone.
    Shape:
        x (d0, ...) -> (before + d0 + after, ...).
    Raises:
        UnsupportedError: a tensor is to be padded with something else, or along the batch.

    >>> pad([1.0], 1)
    array([0., 1., 0.], dtype=float32)
    """
    if not is_symbolic(x):
        extra: dict[str, Any] = {} if constant_values is None else {"constant_values": constant_values}
        return np.pad(numbers(x, "pad"), pad_width, mode, **extra)  # type: ignore[call-overload]
    x = _tensor(x, "pad")
    if mode != "constant" or constant_values not in (None, 0, 0.0):
        raise UnsupportedError(f"pad: mode={mode!r}, constant_values={constant_values!r}: around a tensor there are zeros "
                               f"alone")
    pairs = [tuple(pair) for pair in np.broadcast_to(pad_width, (x.ndim, 2)).tolist()]
    if x.batched and pairs[0] != (0, 0):
        raise UnsupportedError("pad: the batch, axis 0, cannot be padded")
    widths = tuple(pairs[1:] if x.batched else pairs)
    return symbolic(pad, "Pad", [x], lambda emit, place: emit(ir.Pad(widths), place), {"pad_width": pad_width, "mode": mode})


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged.

    Shape:
        x of any shape -> its shape with the sizes of both axes exchanged.

    >>> swapaxes(np.ones((1, 2, 3)), 1, 2).shape
    (1, 3, 2)
    """
    order = list(range(len(shape(x))))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of x.

    Shape:
        x of any shape -> the same shape.

    >>> zeros_like([1.0])
    array([0.], dtype=float32)
    """
    return _like(x, 0.0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of x.

    Shape:
        x of any shape -> the same shape.

    >>> ones_like([3.0])
    array([1.], dtype=float32)
    """
    return _like(x, 1.0, dtype)


def _like(x: Any, value: float, dtype: Any) -> Any:
    made = np.full_like(numbers(x, "like"), value) if not is_symbolic(x) else add(multiply(x, 0.0), value)
    return made if dtype is None else cast(made, dtype)


def cast(x: Any, dtype: Any) -> Any:
    """The elements in another type; a tensor stays float32, and is not rounded to integers.

    Args:
        dtype: a type of NumPy or its name; other floating-point types than float32 become it.
    Shape:
        x of any shape -> the same shape.

    >>> cast([1, 0], "float32")
    array([1., 0.], dtype=float32)
    """
    name = np.dtype("float32" if dtype in ("float16", "bfloat16", "float64") else dtype).name
    if not is_symbolic(x):
        return np.asarray(x.value if hasattr(x, "value") else x).astype(name)
    return x if isinstance(x, Tensor) else _tensor(x, "cast")


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """An array, float32 if it was float64; a tensor stays what it is.

    Args:
        sparse, ragged: arguments of Keras that are not supported.
    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: sparse or ragged is true.

    >>> convert_to_tensor([1.0])
    array([1.], dtype=float32)
    """
    if sparse or ragged:
        raise UnsupportedError(f"convert_to_tensor: sparse={sparse!r}, ragged={ragged!r}: arrays are dense; leave them out")
    if is_symbolic(x):
        return x
    array = np.asarray(x.value if hasattr(x, "value") else x)
    return array.astype(dtype or ("float32" if array.dtype == np.float64 else array.dtype))


def convert_to_numpy(x: Any) -> np.ndarray:
    """x as an array of NumPy.

    Shape:
        x of any shape -> the same shape.

    >>> convert_to_numpy([1.0])
    array([1.])
    """
    return np.asarray(x)


def stop_gradient(variable: Any) -> Any:
    """The same elements, through which no gradient flows.

    Shape:
        variable of any shape -> the same shape.

    >>> stop_gradient(np.ones(1))
    array([1.])
    """
    if not is_symbolic(variable):
        return variable
    return symbolic(stop_gradient, "StopGradient", [_tensor(variable, "stop_gradient")],
                    lambda emit, place: emit(ir.Detach(), place), module="core")


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros, float32 unless dtype says otherwise.

    Shape:
        () -> shape.
    Raises:
        UnsupportedError: a size is None.

    >>> zeros((2,)).tolist()
    [0.0, 0.0]
    """
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones, float32 unless dtype says otherwise.

    Shape:
        () -> shape.
    Raises:
        UnsupportedError: a size is None.

    >>> ones((2,)).tolist()
    [1.0, 1.0]
    """
    return full(shape, 1, dtype)


def full(shape: Any, fill_value: float, dtype: Any = None) -> Any:
    """One value everywhere, float32 unless dtype says otherwise.

    Shape:
        () -> shape.
    Raises:
        UnsupportedError: a size is None.

    >>> full((2,), 3).tolist()
    [3.0, 3.0]
    """
    if None in (shape if isinstance(shape, (tuple, list)) else [shape]):
        raise UnsupportedError(f"the shape {shape} is open; use konv.ops.zeros_like, ones_like or full_like of a tensor of it")
    return np.full(shape, fill_value, dtype or "float32")


def arange(start: float, stop: float | None = None, step: float | None = None, dtype: Any = None) -> Any:
    """Evenly spaced values from start up to, but not including, stop.

    Args:
        start: the first value; with one argument that is stop, and start is 0.
    Shape:
        () -> (ceil((stop - start) / step),).

    >>> arange(3)
    array([0, 1, 2])
    """
    return np.arange(*((0, start) if stop is None else (start, stop)), 1 if step is None else step, dtype=dtype)
