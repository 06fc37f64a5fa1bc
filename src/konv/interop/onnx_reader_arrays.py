"""The handlers of nodes that multiply matrices, move numbers about or hold them; compare foreign_onnx_ops."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from konv import ops
from konv.errors import UnsupportedError
from konv.interop.importer import Value
from konv.interop.importer_windows import scaled
from konv.interop.onnx_reader import BATCH, TYPES, Sizes

MOST_FILLED = 1 << 16  # numbers in an array that a file only describes


# --- matrices -----------------------------------------------------------------------------------------


def _gemm(r: Any, x: Any, matrix: Any, bias: Any = None) -> Value:
    if r.attribute("transA", 0):
        raise UnsupportedError("transA: the batch would be summed")
    kernel = r.fixed(matrix, "matrix").astype(np.float32) * np.float32(r.attribute("alpha", 1.0))
    kernel = kernel.T if r.attribute("transB", 0) else kernel
    if kernel.ndim != 2:
        raise UnsupportedError(f"a matrix of shape {kernel.shape}")
    if bias is not None:
        bias = r.fixed(bias, "bias").astype(np.float32) * np.float32(r.attribute("beta", 1.0))
        if bias.size not in (1, kernel.shape[1]):
            raise UnsupportedError(f"a bias of shape {bias.shape}; one number for each of {kernel.shape[1]} units is supported")
        bias = np.broadcast_to(bias.reshape(-1), kernel.shape[1:])
    return r.importer.dense(r.hint, r.value(x), kernel, bias)


def _matmul(r: Any, first: Any, second: Any) -> Value:
    if isinstance(first, Value) and isinstance(second, np.ndarray) and second.ndim == 2:
        bias, reader = None, r.only_reader()
        if reader is not None and reader.op_type == "Add":  # the bias of a dense layer is a node of its own
            others = [r.values.get(name) for name in reader.input if name != r.node.output[0]]
            if len(others) == 1 and isinstance(others[0], np.ndarray) and others[0].shape == second.shape[1:]:
                bias = others[0]
        made = r.importer.dense(r.hint, first, second, bias)
        if bias is not None:
            r.skip(reader, made)
        return made
    given = [r.importer.plain(one, r.hint) if isinstance(one, Value) else one.astype(np.float32) for one in (first, second)]
    return r.importer.as_is(ops.matmul(*given))


# --- shapes -------------------------------------------------------------------------------------------


def _flatten(r: Any, x: Any) -> Value:
    x = r.value(x)
    if r.attribute("axis", 1) not in (1, 1 - x.rank):
        raise UnsupportedError("flattens the batch too; axis=1 keeps it")
    return r.importer.reshape(r.hint, x, (-1,)) if x.rank != 2 else x


def _reshape(r: Any, x: Any, shape: Any = None) -> Any:
    sizes = [int(size) for size in np.atleast_1d(r.option("shape", shape, []))]
    if isinstance(x, np.ndarray):
        whole = [x.shape[place] if size == 0 else size for place, size in enumerate(sizes)]
        return x.reshape(whole)
    x = r.value(x)
    sample = [x.shape[place] if size == 0 and place < x.rank else size for place, size in enumerate(sizes)]
    keeps = bool(sizes) and (sizes[0] in {BATCH, 1, *r.batches} or (sizes[0] == -1 and _fills(x.shape[1:], sample[1:])))
    if not keeps or None in sample[1:]:
        raise UnsupportedError(f"from {x.shape} to {sizes}: the batch must stay the first axis")
    return r.importer.reshape(r.hint, x, sample[1:])


def _fills(before: Sequence[Any], after: Sequence[Any]) -> bool:
    return None not in (*before, *after) and prod(before) == prod(after)


def _squeeze(r: Any, x: Any, axes: Any = None) -> Any:
    given = r.option("axes", axes)
    given = None if given is None else [int(axis) for axis in np.atleast_1d(given)]
    if isinstance(x, np.ndarray):
        return np.squeeze(x, None if given is None else tuple(given)).view(type(x))
    x = r.value(x)
    places = [axis for axis, size in enumerate(x.shape) if size == 1] if given is None else [axis % x.rank for axis in given]
    if 0 in places or any(x.shape[axis] != 1 for axis in places):
        raise UnsupportedError(f"takes axes {given} of {x.shape} away, which are not of size 1")
    left = [axis for axis in range(x.rank) if axis not in places]
    return r.importer.reshape(r.hint, x, [x.shape[axis] for axis in left[1:]])


def _unsqueeze(r: Any, x: Any, axes: Any = None) -> Any:
    given = [int(axis) for axis in np.atleast_1d(r.option("axes", axes, []))]
    if isinstance(x, np.ndarray):
        return np.expand_dims(x, tuple(given)).view(type(x))
    x = r.value(x)
    rank = x.rank + len(given)
    places = {axis % rank for axis in given}
    if 0 in places or None in x.shape[1:]:
        raise UnsupportedError(f"an axis in front of the batch, or sizes that are open: {x.shape}")
    sizes = iter(x.shape[1:])
    return r.importer.reshape(r.hint, x, [1 if axis in places else next(sizes) for axis in range(1, rank)])


def _transpose(r: Any, x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return x.transpose(r.attribute("perm"))
    x = r.value(x)
    return r.importer.transpose(x, r.attribute("perm", list(range(x.rank))[::-1]))


def _concatenate(r: Any, *inputs: Any) -> Any:
    axis = r.attribute("axis", 0)
    if all(isinstance(one, np.ndarray) for one in inputs):
        r.bounded(sum(one.size for one in inputs))
        made = np.concatenate([np.atleast_1d(one) for one in inputs], axis)
        return made.view(Sizes) if any(isinstance(one, Sizes) for one in inputs) else made
    return r.importer.concatenate(r.hint, [r.value(one) for one in inputs], axis)


def _shape(r: Any, x: Any) -> np.ndarray:
    if isinstance(x, np.ndarray):
        return np.array(x.shape, np.int64)
    sizes = [BATCH, *r.value(x).shape[1:]]
    if None in sizes:
        raise UnsupportedError("the size of the images is open; give input_shape=")
    sizes = sizes[r.attribute("start", 0):r.attribute("end", len(sizes))]
    return np.array(sizes, np.int64).view(Sizes)


def _gather(r: Any, x: Any, indices: Any) -> Any:
    axis, indices = r.attribute("axis", 0), r.fixed(indices, "indices")
    if isinstance(x, np.ndarray):
        r.bounded(x.size, indices.size)
        return np.asarray(np.take(x, indices, axis)).view(type(x))
    x = r.value(x)
    axis %= x.rank
    if indices.ndim == 0:
        kept = r.importer.part(x, {axis: slice(int(indices), int(indices) + 1 or None)})
        return r.importer.reshape(r.hint, kept, [size for place, size in enumerate(kept.shape) if place not in (0, axis)])
    size = x.shape[axis]
    factor = indices.size // size if size else 0
    if indices.ndim != 1 or not factor or not np.array_equal(indices, np.repeat(np.arange(size), factor)):
        raise UnsupportedError("picks places out of an axis; parts in one piece, or each so many times are supported")
    return Value(ops.repeat(x.tensor, factor, axis=x.order[axis]), x.order)


def _slice(r: Any, x: Any, *given: Any) -> Any:
    names = ("starts", "ends", "axes", "steps")
    found = [r.option(name, one) for name, one in zip(names, [*given, *[None] * 4], strict=False)]
    starts, ends = ([int(one) for one in np.atleast_1d(part)] for part in found[:2])
    axes = list(range(len(starts))) if found[2] is None else [int(axis) for axis in np.atleast_1d(found[2])]
    steps = [1] * len(starts) if found[3] is None else [int(step) for step in np.atleast_1d(found[3])]
    keys = {}
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        backwards_to_the_start = step < 0 and end <= -(1 << 30)
        keys[axis] = slice(start, None if backwards_to_the_start else end, step)
    if isinstance(x, np.ndarray):
        return x[tuple(keys.get(axis, keys.get(axis - x.ndim, slice(None))) for axis in range(x.ndim))]
    x = r.value(x)
    return r.importer.part(x, {axis: key for axis, key in keys.items() if axis % x.rank or (  # not the whole batch
        (key.start, key.step) != (0, 1) or key.stop < 1 << 30)})


def _split(r: Any, x: Any, sizes: Any = None) -> list[Value]:
    x, axis = r.value(x), r.attribute("axis", 0)
    size, count = x.shape[axis % x.rank], len(r.node.output)
    parts = r.option("split", sizes)
    if parts is None:
        if size is None:
            raise UnsupportedError("splits an axis whose size is open")
        each = -(-size // count)
        parts = [min(each, size - each * place) for place in range(count)]
    if size is not None and (sum(parts) != size or min(parts) < 1 or len(parts) != count):
        raise UnsupportedError(f"splits {size} into {count} parts of {parts}")
    ends = np.cumsum(parts).tolist()
    return [r.importer.part(x, {axis: slice(end - part, end)}) for part, end in zip(parts, ends, strict=True)]


def _pad(r: Any, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Value:
    x = r.value(x)
    widths = [int(one) for one in np.atleast_1d(r.option("pads", pads, []))]
    number = r.option("value", value, 0.0)
    if r.attribute("mode", "constant") != "constant" or np.any(np.atleast_1d(number) != 0):
        raise UnsupportedError("padding with something else than zeros is not supported")
    places = list(range(x.rank)) if axes is None else [int(axis) % x.rank for axis in r.fixed(axes, "axes")]
    if len(widths) != 2 * len(places):
        raise UnsupportedError(f"pads {widths} do not fit an input of {x.rank} axes")
    pairs = dict(zip(places, zip(widths[:len(places)], widths[len(places):], strict=True), strict=True))
    return r.importer.pad(r.hint, x, [pairs.get(axis, (0, 0)) for axis in range(x.rank)])


def _reduce(r: Any, x: Any, axes: Any = None) -> Value:
    x, given = r.value(x), r.option("axes", axes)
    kind = {"ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max", "ReduceMin": "min"}[r.node.op_type]
    given = None if given is None else [int(axis) % x.rank for axis in np.atleast_1d(given)]
    keepdims = bool(r.attribute("keepdims", 1))
    if not given:
        if r.attribute("noop_with_empty_axes", 0):
            return x
        raise UnsupportedError("reduces the batch too; give it axes")
    if kind in ("mean", "max") and x.rank in (3, 4) and sorted(given) == list(range(2, x.rank)) and (
            x.order[1] == x.rank - 1):
        return r.importer.global_pool(r.hint, x, "Max" if kind == "max" else "Average", keepdims)
    return r.importer.reduce(kind, x, given, keepdims)


# --- images at another size ---------------------------------------------------------------------------


def _resize(r: Any, x: Any, roi: Any = None, scales: Any = None, sizes: Any = None) -> Value:
    oldest = r.node.op_type == "Upsample" or r.opset < 11
    if oldest:
        roi, scales = None, roi
    if r.attribute("axes") or r.attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnsupportedError("axes and keep_aspect_ratio_policy are not supported; sizes for all axes are")
    x = r.value(x)
    if x.rank != 4 or None in x.shape[1:]:
        raise UnsupportedError(f"an input of shape {x.shape}; images of a known size are supported")
    factors = None if scales is None or not np.size(r.fixed(scales, "scales")) else [float(one) for one in scales]
    factors = r.attribute("scales") if factors is None and sizes is None else factors
    before = x.shape[2:]
    target = [int(size) for size in r.fixed(sizes, "sizes")[2:]] if factors is None else scaled(before, factors[2:])
    if min(target, default=0) < 1 or max(target) > MOST_FILLED or (factors is not None and list(factors[:2]) != [1, 1]):
        raise UnsupportedError(f"from {x.shape} to {target}")
    mode = r.attribute("mode", "nearest")
    place = "asymmetric" if oldest else r.attribute("coordinate_transformation_mode", "half_pixel")
    whole = [size % old == 0 for size, old in zip(target, before, strict=True)]
    repeats = oldest or (place, r.attribute("nearest_mode", "round_prefer_floor")) in (
        ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"), ("half_pixel", "round_prefer_ceil"))
    if mode == "nearest" and all(whole) and repeats:
        return r.importer.upsample(r.hint, x, [size // old for size, old in zip(target, before, strict=True)], "nearest")
    if mode == "linear" and place in ("half_pixel", "pytorch_half_pixel") and min(target) > 1:
        return r.importer.resize(r.hint, x, target, "bilinear", bool(r.attribute("antialias", 0)))
    raise UnsupportedError(f'mode "{mode}" with coordinate_transformation_mode "{place}"; nearest by whole factors and linear '
                           f'with half_pixel are supported')


# --- what changes nothing, and arrays -----------------------------------------------------------------


def _same_value(r: Any, x: Any, *options: Any) -> Any:
    return x


def _constant(r: Any) -> np.ndarray:
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if name in r.attributes:
            return np.asarray(r.attribute(name))
    raise UnsupportedError("holds something else than numbers")


def _constant_of_shape(r: Any, shape: Any) -> np.ndarray:
    sizes = r.fixed(shape, "shape")
    if isinstance(sizes, Sizes) or sizes.ndim != 1 or (sizes < 0).any() or prod(sizes.tolist()) > MOST_FILLED:
        raise UnsupportedError(f"an array of shape {sizes.tolist()}; there may be {MOST_FILLED:,} numbers")
    value = r.attribute("value", np.zeros(1, np.float32))
    return np.full(sizes.tolist(), value.reshape(-1)[0])


def _cast(r: Any, x: Any) -> Any:
    if isinstance(x, np.ndarray):
        if r.attribute("to", 1) not in TYPES:
            raise UnsupportedError(f"turns numbers into type {r.attribute('to')}")
        return x.astype(TYPES[r.attribute("to", 1)][0])
    if r.attribute("to", 1) not in (1, 10, 11):
        raise UnsupportedError("turns a value into whole numbers")
    return x


SHAPES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("Identity", "Dropout"), _same_value),
    **dict.fromkeys(("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"), _reduce),
    **dict.fromkeys(("Resize", "Upsample"), _resize),
    "Cast": _cast, "Concat": _concatenate, "Constant": _constant, "ConstantOfShape": _constant_of_shape, "Flatten": _flatten,
    "Gather": _gather, "Gemm": _gemm, "MatMul": _matmul, "Pad": _pad, "Reshape": _reshape, "Shape": _shape, "Slice": _slice,
    "Split": _split, "Squeeze": _squeeze, "Transpose": _transpose, "Unsqueeze": _unsqueeze,
}
