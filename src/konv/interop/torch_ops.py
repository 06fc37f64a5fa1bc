"""What the modules and functions of PyTorch are in konv: (reader, module, value) and (reader, arguments) -> a value."""

import operator
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import numpy as np

from konv.errors import UnsupportedError
from konv.interop.importer import Value
from konv.interop.padded_windows import scaled
from konv.ir.scalar_functions import SCALAR_FUNCTIONS

BATCH = "the batch"  # what x.size(0) gives


def array(tensor: Any) -> np.ndarray:
    """The elements of a tensor of PyTorch."""
    return tensor.detach().cpu().numpy()


def _maybe(tensor: Any) -> np.ndarray | None:
    return None if tensor is None else array(tensor)


def _several(value: Any, count: int) -> list[int]:
    return [int(one) for one in value] if isinstance(value, (list, tuple)) else [int(value)] * count


def _pairs(value: Any, count: int) -> list[tuple[int, int]]:
    return [(one, one) for one in _several(value, count)]


# --- modules ------------------------------------------------------------------------------------------


def _conv(r: Any, m: Any, x: Value) -> Value:
    if m.padding_mode != "zeros":
        raise UnsupportedError(f'padding_mode="{m.padding_mode}"; zeros are supported')
    rank = m.weight.ndim - 2
    if m.padding == "same":  # the odd one at the end, as in Keras, but the same whatever the size
        totals = [d * (k - 1) for d, k in zip(m.dilation, m.kernel_size, strict=True)]
        pads = [(total // 2, total - total // 2) for total in totals]
    else:
        pads = [(0, 0)] * rank if m.padding == "valid" else _pairs(m.padding, rank)
    return r.conv(x, array(m.weight), _maybe(m.bias), m.stride, pads, m.dilation, m.groups)


def _conv_transpose(r: Any, m: Any, x: Value) -> Value:
    rank = m.weight.ndim - 2
    return r.conv_transpose(x, array(m.weight), _maybe(m.bias), m.stride, _pairs(m.padding, rank), m.dilation,
                            m.output_padding, m.groups)


def _batch_norm(r: Any, m: Any, x: Value) -> Value:
    if m.running_mean is None:
        raise UnsupportedError("track_running_stats=False: it always takes the statistics of the batch")
    mean, variance = array(m.running_mean), array(m.running_var)
    return r.batch_norm(x, _maybe(m.weight), _maybe(m.bias), mean, variance, m.eps)


def _group_norm(r: Any, m: Any, x: Value) -> Value:
    groups = m.num_groups if hasattr(m, "num_groups") else x.shape[1]
    if getattr(m, "track_running_stats", False):
        raise UnsupportedError("track_running_stats=True is not supported")
    return r.group_norm(x, groups, _maybe(m.weight), _maybe(m.bias), m.eps)


def _layer_norm(r: Any, m: Any, x: Value) -> Value:
    return r.layer_norm(x, len(m.normalized_shape), _maybe(m.weight), _maybe(m.bias), m.eps)


def _linear(r: Any, m: Any, x: Value) -> Value:
    return r.dense(x, array(m.weight).T, _maybe(m.bias))


def _rank(x: Value) -> int:
    if x.rank not in (3, 4):
        raise UnsupportedError(f"an input of shape {x.shape}; images and sequences are supported")
    return x.rank - 2


def _max_pool(r: Any, x: Value, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
              ceil_mode: bool = False, return_indices: bool = False) -> Value:
    rank = _rank(x)
    if return_indices or set(_several(dilation, rank)) != {1}:
        raise UnsupportedError("a pool with dilation or return_indices")
    kernel = _several(kernel_size, rank)
    return r.max_pool(x, kernel, _several(stride or kernel, rank), _pairs(padding, rank), ceil_mode)


def _avg_pool(r: Any, x: Value, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
              count_include_pad: bool = True, divisor_override: Any = None) -> Value:
    rank = _rank(x)
    if divisor_override is not None:
        raise UnsupportedError("divisor_override is not supported")
    kernel = _several(kernel_size, rank)
    return r.average_pool(x, kernel, _several(stride or kernel, rank), _pairs(padding, rank), ceil_mode, count_include_pad)


def _adaptive(r: Any, x: Value, output_size: Any, kind: str) -> Value:
    rank, sizes = _rank(x), x.shape[2:]
    wanted = [old if new is None else new for old, new in zip(sizes, output_size if isinstance(output_size, (
        list, tuple)) else [output_size] * _rank(x), strict=True)]
    if wanted == [1] * rank:
        flattening = r.next_flattens()
        made = r.global_pool(x, kind, keepdims=flattening is None)
        if flattening is not None:
            r.values[flattening] = made
        return made
    if None in sizes or any(old % new for old, new in zip(sizes, wanted, strict=True)):
        raise UnsupportedError(f"from {sizes} to {tuple(wanted)}: windows of different sizes; sizes that divide are supported")
    kernel = [old // new for old, new in zip(sizes, wanted, strict=True)]
    pool = r.max_pool if kind == "Max" else r.average_pool
    return pool(x, kernel, kernel, [(0, 0)] * rank)


def _interpolate(r: Any, x: Value, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None,
                 recompute_scale_factor: Any = None, antialias: bool = False) -> Value:
    rank, sizes = _rank(x), x.shape[2:]
    if rank != 2 or None in sizes or align_corners:
        raise UnsupportedError("images of a known size without align_corners are supported")
    factors = scale_factor if isinstance(scale_factor, (list, tuple)) else [scale_factor] * rank
    target = _several(size, rank) if scale_factor is None else scaled(sizes, factors)
    if mode == "nearest" and not any(new % old for new, old in zip(target, sizes, strict=True)):
        return r.upsample(x, [new // old for new, old in zip(target, sizes, strict=True)])
    if mode == "bilinear":
        return r.resize(x, target, bool(antialias))
    raise UnsupportedError(f'mode="{mode}" from {tuple(sizes)} to {tuple(target)}; nearest by whole factors and bilinear are '
                           f'supported')


def _pad(r: Any, x: Value, pad: Sequence[int], mode: str = "constant", value: Any = None) -> Value:
    if mode != "constant" or value:
        raise UnsupportedError(f"mode={mode!r}, value={value!r}: zeros are supported")
    widths = [(0, 0)] * x.rank
    for pair in range(len(pad) // 2):  # the last axis first
        widths[x.rank - 1 - pair] = (int(pad[2 * pair]), int(pad[2 * pair + 1]))
    return r.pad(x, widths)


def _flatten(r: Any, x: Value, start_dim: int = 0, end_dim: int = -1) -> Value:
    start, end = start_dim % x.rank, end_dim % x.rank
    if start == 0:
        raise UnsupportedError("flattens the batch too; start_dim=1 keeps it")
    if None in x.shape[start:end + 1]:
        raise UnsupportedError(f"sizes that are open: {x.shape}")
    return _view(r, x, [BATCH, *x.shape[1:start], int(np.prod(x.shape[start:end + 1])), *x.shape[end + 1:]])


def _view(r: Any, x: Value, *sizes: Any) -> Value:
    listed = list(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (list, tuple)) else list(sizes)
    if not listed or (listed[0] != BATCH and listed[0] != 1 and not (listed[0] == -1 and -1 not in listed[1:])):
        raise UnsupportedError(f"to {tuple(listed)}: the batch must stay the first axis, x.size(0)")
    if BATCH in listed[1:]:
        raise UnsupportedError("the batch as a size of a sample")
    return r.reshape(x, [int(size) for size in listed[1:]])


# --- functions ----------------------------------------------------------------------------------------


def _merge(kind: str) -> Callable[..., Any]:
    def merge(r: Any, first: Any, second: Any, *, alpha: float = 1) -> Any:
        if alpha != 1:
            raise UnsupportedError(f"alpha={alpha}")
        if any(isinstance(one, str) for one in (first, second)) or not any(
                isinstance(one, (Value, np.ndarray)) for one in (first, second)):
            return _of_sizes(kind, first, second)
        if isinstance(first, Value) and isinstance(second, Value):
            return r.combine(kind, [first, second])
        if not isinstance(first, Value) and not isinstance(second, Value):  # parameters
            return getattr(np, kind)(first, second)
        swapped = isinstance(second, Value)
        value, other = (second, first) if swapped else (first, second)
        return r.combine_constant(kind, value, np.asarray(other, np.float32), swapped)

    return merge


def _of_sizes(kind: str, first: Any, second: Any) -> Any:
    """Python's own arithmetic with the sizes of a value."""
    if not all(isinstance(one, (int, float)) for one in (first, second)):
        raise UnsupportedError("computes with the size of the batch")
    return {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
            "floordiv": operator.floordiv, "maximum": max, "minimum": min}[kind](first, second)


def _softmax(log: bool) -> Callable[..., Any]:
    def softmax(r: Any, x: Value, dim: Any = None, dtype: Any = None, **rest: Any) -> Value:
        if dim is None:
            raise UnsupportedError("dim is not given")
        return r.softmax(x, dim, log)

    return softmax


def _relu(r: Any, x: Value, inplace: bool = False) -> Value:
    return r.relu(x)


def _leaky(r: Any, x: Value, negative_slope: float = 0.01, inplace: bool = False) -> Value:
    return r.relu(x, slope=negative_slope)


def _elu(r: Any, x: Value, alpha: float = 1.0, inplace: bool = False) -> Value:
    return r.elu(x, alpha)


def _gelu(r: Any, x: Value, approximate: str = "none") -> Value:
    return r.activation(x, "gelu") if approximate == "none" else r.function("gelu", x, True)


def _hardtanh(r: Any, x: Value, min_val: Any = -1.0, max_val: Any = 1.0, inplace: bool = False) -> Value:
    return r.clip(x, min_val, max_val)


def _clamp(r: Any, x: Value, min: Any = None, max: Any = None) -> Value:
    return r.clip(x, -inf if min is None else min, inf if max is None else max)


def _softplus(r: Any, x: Value, beta: float = 1.0, threshold: float = 20.0) -> Value:
    if beta != 1 or threshold < 15:  # beyond 15 it is x itself in float32
        raise UnsupportedError(f"beta={beta}, threshold={threshold}; beta=1 and a threshold of 15 or more are supported")
    return r.activation(x, "softplus")


def _same(r: Any, x: Value, *rest: Any, **options: Any) -> Value:
    return x


def _mean(r: Any, x: Value, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Value:
    if dim is None:
        raise UnsupportedError("reduces the batch too; give it dim")
    return r.reduce("mean", x, dim if isinstance(dim, (list, tuple)) else [dim], keepdim)


def _size(r: Any, x: Value, dim: Any = None) -> Any:
    sizes = (BATCH, *x.shape[1:])
    return sizes if dim is None else sizes[dim]


def _getattr(r: Any, x: Any, name: str) -> Any:
    if name != "shape" or not isinstance(x, Value):
        raise UnsupportedError(f"the attribute {name}")
    return _size(r, x)


def _getitem(r: Any, x: Any, key: Any) -> Any:
    if not isinstance(x, Value):
        return x[key]
    keys = list(key) if isinstance(key, (tuple, list)) else [key]
    if Ellipsis in keys:
        dots = keys.index(Ellipsis)
        keys[dots:dots + 1] = [slice(None)] * (x.rank - len(keys) + 1)
    if not all(isinstance(one, (slice, int)) for one in keys):
        raise UnsupportedError(f"[{key!r}]: parts are taken by integers and slices")
    whole = {axis: one if isinstance(one, slice) else slice(one, one + 1 or None) for axis, one in enumerate(keys)
             if one != slice(None)}
    part = r.part(x, whole) if whole else x
    gone = [axis for axis, one in enumerate(keys) if isinstance(one, int)]
    return r.without(part, gone) if gone else part


def _split(r: Any, x: Value, split_size_or_sections: Any, dim: int = 0) -> list[Value]:
    size = x.shape[dim % x.rank]
    if size is None:
        raise UnsupportedError("splits an axis whose size is open")
    given = split_size_or_sections
    each = list(given) if isinstance(given, (list, tuple)) else [min(given, size - at) for at in range(0, size, given)]
    return r.split(x, each, dim)


def _chunk(r: Any, x: Value, chunks: int, dim: int = 0) -> list[Value]:
    return _split(r, x, -(-(x.shape[dim % x.rank] or 0) // chunks) or 1, dim)


def _transpose(r: Any, x: Value, first: int, second: int) -> Value:
    axes = list(range(x.rank))
    axes[first], axes[second] = axes[second], axes[first]
    return r.transpose(x, axes)


def _permute(r: Any, x: Value, *dims: Any) -> Value:
    given = dims[0] if len(dims) == 1 and isinstance(dims[0], (list, tuple)) else dims
    return r.transpose(x, [axis % x.rank for axis in given])


def _cat(r: Any, tensors: Sequence[Value], dim: int = 0) -> Value:
    return r.concatenate(tensors, dim)


def _squeeze(r: Any, x: Value, *dims: Any) -> Value:
    given = [axis % x.rank for axis in (dims[0] if dims and isinstance(dims[0], (list, tuple)) else dims)]
    return r.without(x, [axis for axis in given or range(x.rank) if x.shape[axis] == 1])


# activations that take no arguments, by the last part of their names in torch, and by the classes of torch.nn
NAMES = {record.torch.split(".")[1]: name for name, record in SCALAR_FUNCTIONS.items()
         if record.activation and isinstance(record.torch, str)}
NAMES |= {"logsigmoid": "log_sigmoid", "log_sigmoid": "log_sigmoid", "tanhshrink": "tanh_shrink"}
ACTIVATION_MODULES = {record.torch_module: name for name, record in SCALAR_FUNCTIONS.items() if record.torch_module}
ACTIVATION_MODULES |= {"LogSigmoid": "log_sigmoid", "Tanhshrink": "tanh_shrink"}

# by their names, whether they are functions of torch, of torch.nn.functional, of operator, or methods
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: lambda r, x, *rest, ours=ours, **options: r.activation(x, ours) for name, ours in NAMES.items()},
    **{name: _merge(kind) for kind, names in {
        "add": ("add", "iadd", "add_"), "subtract": ("sub", "isub", "sub_"), "multiply": ("mul", "imul", "mul_"),
        "divide": ("truediv", "div", "div_"), "maximum": ("maximum",), "minimum": ("minimum",)}.items() for name in names},
    **dict.fromkeys(("contiguous", "dropout", "dropout1d", "dropout2d", "feature_dropout", "alpha_dropout", "float", "clone",
                     "detach", "stochastic_depth"), lambda r, x, *rest, **options: x),
    **dict.fromkeys(("relu", "relu_"), _relu), "relu6": lambda r, x, inplace=False: r.relu(x, 6.0), "leaky_relu": _leaky,
    "elu": _elu, "gelu": _gelu, "softplus": _softplus, "hardtanh": _hardtanh, "clamp": _clamp,
    "softmax": _softmax(False), "log_softmax": _softmax(True),
    "floordiv": lambda r, first, second: _of_sizes("floordiv", first, second), "split": _split, "chunk": _chunk,
    "flatten": _flatten, **dict.fromkeys(("reshape", "view"), _view), **dict.fromkeys(("cat", "concat"), _cat),
    "mean": _mean, "size": _size, "getattr": _getattr, "getitem": _getitem, "transpose": _transpose, "permute": _permute,
    "squeeze": _squeeze, "unsqueeze": lambda r, x, dim: r.expand(x, [dim]), "pad": _pad, "interpolate": _interpolate,
    **dict.fromkeys(("max_pool2d", "max_pool1d"), _max_pool), **dict.fromkeys(("avg_pool2d", "avg_pool1d"), _avg_pool),
    **dict.fromkeys(("adaptive_avg_pool2d", "adaptive_avg_pool1d"), lambda r, x, output_size: _adaptive(
        r, x, output_size, "Average")),
}


def _with(rule: Callable[..., Value], *attributes: str) -> Callable[..., Value]:
    """A module that computes what a function does, given these attributes of the module."""
    return lambda r, m, x: rule(r, x, *(getattr(m, name, None) for name in attributes))


# by the names of their classes
MODULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("Conv1d", "Conv2d"), _conv), **dict.fromkeys(("ConvTranspose1d", "ConvTranspose2d"), _conv_transpose),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d"), _batch_norm), "LayerNorm": _layer_norm, "Linear": _linear,
    **dict.fromkeys(("GroupNorm", "InstanceNorm1d", "InstanceNorm2d"), _group_norm),
    **dict.fromkeys(("MaxPool1d", "MaxPool2d"), _with(
        _max_pool, "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")),
    **dict.fromkeys(("AvgPool1d", "AvgPool2d"), _with(
        _avg_pool, "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")),
    **{f"Adaptive{name}Pool{rank}d": lambda r, m, x, kind=kind: _adaptive(r, x, m.output_size, kind)
       for name, kind in (("Avg", "Average"), ("Max", "Max")) for rank in (1, 2)},
    **dict.fromkeys(("Identity", "Dropout", "Dropout1d", "Dropout2d", "AlphaDropout"), lambda r, m, x: x),
    **{name: lambda r, m, x, ours=ours: r.activation(x, ours) for name, ours in ACTIVATION_MODULES.items()},
    "ReLU": _with(_relu), "ReLU6": lambda r, m, x: r.relu(x, 6.0), "LeakyReLU": _with(_leaky, "negative_slope"),
    "ELU": _with(_elu, "alpha"), "GELU": _with(_gelu, "approximate"), "Softplus": _with(_softplus, "beta", "threshold"),
    "Hardtanh": _with(_hardtanh, "min_val", "max_val"), "PReLU": lambda r, m, x: r.prelu(x, array(m.weight)),
    "Softmax": _with(_softmax(False), "dim"), "LogSoftmax": _with(_softmax(True), "dim"),
    "Upsample": _with(_interpolate, "size", "scale_factor", "mode", "align_corners"),
    "ZeroPad2d": lambda r, m, x: _pad(r, x, _several(m.padding, 4)), "Flatten": _with(_flatten, "start_dim", "end_dim"),
    "Unflatten": lambda r, m, x: _view(r, x, BATCH, *x.shape[1:m.dim % x.rank], *m.unflattened_size,
                                       *x.shape[m.dim % x.rank + 1:]),
}
