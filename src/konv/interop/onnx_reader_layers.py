"""One handler for each kind of node of ONNX: (reader, its inputs) -> a value or an array."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import numpy as np

from konv import ops
from konv.errors import UnsupportedError
from konv.interop.importer import Value
from konv.interop.onnx_reader import Sizes
from konv.interop.onnx_reader_arrays import SHAPES

# --- windows ------------------------------------------------------------------------------------------


def _window(r: Any, x: Value, kernel: Sequence[int]) -> dict[str, Any]:
    """strides, dilation, pads."""
    rank = len(kernel)
    strides, dilation = r.attribute("strides", [1] * rank), r.attribute("dilations", [1] * rank)
    pads = r.attribute("pads", [0] * 2 * rank)
    if len(strides) != rank or len(dilation) != rank or len(pads) != 2 * rank or min([*kernel, *strides, *dilation]) < 1:
        raise UnsupportedError(f"kernel {list(kernel)}, strides {strides}, dilations {dilation} and pads {pads} do not fit")
    auto = r.attribute("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pads = _same(x, kernel, strides, dilation, auto == "SAME_LOWER")
    return {"strides": strides, "dilation": dilation, "pads": list(zip(pads[:rank], pads[rank:], strict=True))}


def _same(x: Value, kernel, strides, dilation, lower: bool) -> list[int]:
    """The pads of SAME; SAME_LOWER puts the odd one in front."""
    sizes = x.shape[2:]
    if None in sizes or len(sizes) != len(kernel):
        raise UnsupportedError("auto_pad needs images of a known size; give input_shape=")
    begin, end = [], []
    for size, taps, stride, apart in zip(sizes, kernel, strides, dilation, strict=True):
        total = max((-(-size // stride) - 1) * stride + apart * (taps - 1) + 1 - size, 0)  # type: ignore[operator]
        begin.append(total - total // 2 if lower else total // 2)
        end.append(total - begin[-1])
    return begin + end


def _conv(r: Any, x: Any, kernel: Any, bias: Any = None) -> Value:
    x, kernel = r.value(x), r.fixed(kernel, "kernel")
    if kernel.ndim < 3 or 0 in kernel.shape:
        raise UnsupportedError(f"a kernel of shape {kernel.shape}")
    bias = None if bias is None else r.fixed(bias, "bias")
    return r.importer.conv(r.hint, x, kernel, bias, groups=r.attribute("group", 1), **_window(r, x, kernel.shape[2:]))


def _conv_transpose(r: Any, x: Any, kernel: Any, bias: Any = None) -> Value:
    x, kernel = r.value(x), r.fixed(kernel, "kernel")
    if kernel.ndim < 3 or 0 in kernel.shape:
        raise UnsupportedError(f"a kernel of shape {kernel.shape}")
    if r.attribute("output_shape") or r.attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise UnsupportedError("output_shape and auto_pad are not supported; pads and output_padding are")
    bias = None if bias is None else r.fixed(bias, "bias")
    rank = kernel.ndim - 2
    return r.importer.conv_transpose(r.hint, x, kernel, bias, groups=r.attribute("group", 1),
                                    extra=r.attribute("output_padding", [0] * rank), **_window(r, x, kernel.shape[2:]))


def _pool(r: Any, x: Any) -> Value:
    x, kernel = r.value(x), r.attribute("kernel_shape", [])
    window = _window(r, x, kernel)
    if any(apart != 1 for apart in window.pop("dilation")):
        raise UnsupportedError("a pool with dilations")
    ceil = bool(r.attribute("ceil_mode", 0))
    if r.node.op_type == "MaxPool":
        return r.importer.max_pool(r.hint, x, kernel, ceil=ceil, **window)
    counts = bool(r.attribute("count_include_pad", 0))
    return r.importer.average_pool(r.hint, x, kernel, ceil=ceil, counts_padding=counts, **window)


def _global_pool(r: Any, x: Any) -> Value:
    x = r.value(x)
    kind = "Max" if "Max" in r.node.op_type else "Average"
    reader = r.only_reader()
    if reader is not None and _only_drops_ones(r, reader, x.rank):
        made = r.importer.global_pool(r.hint, x, kind, keepdims=False)
        r.skip(reader, made)
        return made
    return r.importer.global_pool(r.hint, x, kind, keepdims=True)


def _only_drops_ones(r: Any, node: Any, rank: int) -> bool:
    """Whether a node behind a global pool does no more than take the axes of size 1 away."""
    if node.op_type == "Flatten":
        return all(one.i == 1 for one in node.attribute if one.name == "axis")
    axes = next((list(one.ints) for one in node.attribute if one.name == "axes"), None)
    given = r.values.get(node.input[1]) if len(node.input) > 1 else None
    axes = given.tolist() if isinstance(given, np.ndarray) and node.op_type == "Squeeze" else axes
    return node.op_type == "Squeeze" and axes is not None and sorted(axis % rank for axis in axes) == list(range(2, rank))


# --- normalisation ------------------------------------------------------------------------------------


def _batch_norm(r: Any, x: Any, *weights: Any) -> Value:
    if r.attribute("training_mode", 0):
        raise UnsupportedError("is in training mode; export the model in inference mode, model.eval()")
    gamma, beta, mean, variance = (r.fixed(one, "weights") for one in weights)
    return r.importer.batch_norm(r.hint, r.value(x), gamma, beta, mean, variance, r.attribute("epsilon", 1e-5))


def _instance_norm(r: Any, x: Any, gamma: Any, beta: Any) -> Value:
    gamma, beta = r.fixed(gamma, "scale"), r.fixed(beta, "bias")
    return r.importer.group_norm(r.hint, r.value(x), len(gamma), gamma, beta, r.attribute("epsilon", 1e-5))


def _group_norm(r: Any, x: Any, gamma: Any, beta: Any) -> Value:
    if r.opset < 21:
        raise UnsupportedError("of opset 18 to 20 has one scale for each group; export with opset 21")
    groups = r.attribute("num_groups", 1)
    return r.importer.group_norm(r.hint, r.value(x), groups, r.fixed(gamma, "scale"), r.fixed(beta, "bias"),
                                r.attribute("epsilon", 1e-5))


def _layer_norm(r: Any, x: Any, gamma: Any, beta: Any = None) -> Value:
    x, axis = r.value(x), r.attribute("axis", -1)
    beta = None if beta is None else r.fixed(beta, "bias")
    return r.importer.layer_norm(r.hint, x, x.rank - axis % x.rank, r.fixed(gamma, "scale"), beta, r.attribute("epsilon", 1e-5))


# --- number by number ---------------------------------------------------------------------------------

ACTIVATIONS = {"Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign", "Exp": "exponential",
               "HardSwish": "hard_silu", "Mish": "mish"}
FUNCTIONS = {"Abs": "abs", "Cos": "cos", "Log": "log", "Neg": "negative", "Reciprocal": "reciprocal", "Sign": "sign",
             "Sin": "sin", "Sqrt": "sqrt", "Not": "logical_not"}
BINARY = {"Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "divide", "Max": "maximum", "Min": "minimum",
          "Pow": "power", "Equal": "equal", "Greater": "greater", "GreaterOrEqual": "greater_equal", "Less": "less",
          "LessOrEqual": "less_equal"}


def _activation(r: Any, x: Any) -> Value:
    return r.importer.activation(r.hint, r.value(x), ACTIVATIONS[r.node.op_type])


def _function(r: Any, x: Any) -> Value:
    x = r.value(x)
    return Value(getattr(ops, FUNCTIONS[r.node.op_type])(x.tensor), x.order)


def _relu(r: Any, x: Any) -> Value:
    return r.importer.relu(r.hint, r.value(x))


def _leaky_relu(r: Any, x: Any) -> Value:
    return r.importer.relu(r.hint, r.value(x), slope=r.attribute("alpha", 0.01))


def _elu(r: Any, x: Any) -> Value:
    return r.importer.elu(r.hint, r.value(x), r.attribute("alpha", 1.0))


def _selu(r: Any, x: Any) -> Value:
    alpha, scale = r.attribute("alpha", 1.67326), r.attribute("gamma", 1.0507)
    if abs(alpha - 1.67326) > 1e-4 or abs(scale - 1.0507) > 1e-4:
        raise UnsupportedError(f"alpha={alpha:g} and gamma={scale:g}; konv has selu with its own constants")
    return r.importer.activation(r.hint, r.value(x), "selu")


def _gelu(r: Any, x: Any) -> Value:
    x = r.value(x)
    if r.attribute("approximate", "none") == "none":
        return r.importer.activation(r.hint, x, "gelu")
    return Value(ops.gelu(x.tensor, approximate=True), x.order)


def _hard_sigmoid(r: Any, x: Any) -> Value:
    x, alpha, beta = r.value(x), r.attribute("alpha", 0.2), r.attribute("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return r.importer.activation(r.hint, x, "hard_sigmoid")
    scaled = r.importer.combine_constant(f"{r.hint}_scale", "multiply", x, np.array(alpha))
    moved = r.importer.combine_constant(f"{r.hint}_offset", "add", scaled, np.array(beta))
    return Value(ops.clip(moved.tensor, 0.0, 1.0), x.order)


def _clip(r: Any, x: Any, low: Any = None, high: Any = None) -> Value:
    x = r.value(x)
    least, most = (float(r.option(name, given, default)) for name, given, default in (
        ("min", low, -inf), ("max", high, inf)))
    if least == 0:
        return r.importer.relu(r.hint, x, None if most == inf else most)
    if (least, most) == (-inf, inf):
        return x
    return Value(ops.clip(x.tensor, max(least, -3.4e38), min(most, 3.4e38)), x.order)


def _prelu(r: Any, x: Any, slope: Any) -> Value:
    x, slope = r.value(x), r.fixed(slope, "slope")
    if slope.size not in (1, x.shape[1]):
        raise UnsupportedError(f"slopes of shape {slope.shape}; one, or one for each channel is supported")
    if slope.size > 1 and (slope.ndim != x.rank - 1 or slope.shape[0] != slope.size):
        raise UnsupportedError(f"slopes of shape {slope.shape} for an input of shape {x.shape}, not one for each channel")
    return r.importer.prelu(r.hint, x, slope.reshape(-1))


def _softmax(r: Any, x: Any) -> Value:
    x = r.value(x)
    axis = r.attribute("axis", 1 if r.opset < 13 else -1) % x.rank
    if r.opset < 13 and axis != x.rank - 1:
        raise UnsupportedError("softmax over several axes at once, as before opset 13; export with opset 13 or later")
    return r.importer.softmax(r.hint, x, axis, log=r.node.op_type == "LogSoftmax")


def _binary(r: Any, *inputs: Any) -> Any:
    kind = BINARY[r.node.op_type]
    if any(isinstance(one, Sizes) for one in inputs):
        raise UnsupportedError("computes with the sizes of a value; export the model with fixed sizes, or simplify the file")
    result = inputs[0]
    for other in inputs[1:]:
        if isinstance(result, np.ndarray) and isinstance(other, np.ndarray):
            r.bounded(*np.broadcast_shapes(result.shape, other.shape))
            whole = kind == "divide" and np.result_type(result, other).kind in "iu"
            made = getattr(np, kind)(result, other)
            result = np.trunc(made).astype(result.dtype) if whole else np.asarray(made)
        elif isinstance(other, np.ndarray):
            result = r.importer.combine_constant(r.hint, kind, result, other)
        elif isinstance(result, np.ndarray):
            result = r.importer.combine_constant(r.hint, kind, other, result, swapped=True)
        else:
            result = r.importer.combine(r.hint, kind, [result, other])
    return result


def _sum(r: Any, *inputs: Any) -> Value:
    return r.importer.combine(r.hint, "add", [r.value(one) for one in inputs])


def _where(r: Any, condition: Any, first: Any, second: Any) -> Value:
    values = [one for one in (condition, first, second) if isinstance(one, Value)]
    if not values or any(value.order != values[0].order for value in values):
        raise UnsupportedError("a choice between values that do not fit")
    given = [one.tensor if isinstance(one, Value) else one.astype(np.float32) for one in (condition, first, second)]
    if any(isinstance(one, np.ndarray) and one.size > 1 for one in given):
        raise UnsupportedError("a choice between fixed arrays")
    given = [float(one.item()) if isinstance(one, np.ndarray) else one for one in given]
    return Value(ops.where(*given), values[0].order)


HANDLERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(ACTIVATIONS, _activation), **dict.fromkeys(BINARY, _binary), **dict.fromkeys(FUNCTIONS, _function),
    **dict.fromkeys(("AveragePool", "MaxPool"), _pool), **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), _global_pool),
    **dict.fromkeys(("LogSoftmax", "Softmax"), _softmax),
    "BatchNormalization": _batch_norm, "Clip": _clip, "Conv": _conv, "ConvTranspose": _conv_transpose, "Elu": _elu,
    "Gelu": _gelu, "GroupNormalization": _group_norm, "HardSigmoid": _hard_sigmoid,
    "InstanceNormalization": _instance_norm, "LayerNormalization": _layer_norm, "LeakyRelu": _leaky_relu, "PRelu": _prelu,
    "Relu": _relu, "Selu": _selu, "Sum": _sum, "Where": _where, **SHAPES,
}
