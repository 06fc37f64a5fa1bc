"""One table from operation to the nodes of ONNX that compute it.

The graph comes as the engine gets it (`konv.plan.rewrite`): channels last, in inference, without what then does nothing.
ONNX wants the channels of images first. So every entry says in which layout it reads and gives its values: FIRST, LAST or,
number by number, EITHER; `konv.interop.onnx_writer` reorders where one meets the other.
"""

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

import numpy as np

from konv.errors import UnsupportedError
from konv.ir import array_ops as general
from konv.ir import augment_ops as images
from konv.ir import ops
from konv.plan import augment

FIRST, LAST, EITHER = "channels first", "channels last", "either"


class Rule(NamedTuple):
    """The layout, and the function (graph, index of the node, its operation, names of its inputs) -> name of the output."""

    layout: str
    write: Callable[..., str]


# --- convolutions and windows -------------------------------------------------------------------------


def _sizes(g: Any, index: int) -> tuple:
    """Height and width, or steps, of what a node reads."""
    return g.graph.input_shapes(index)[0][:-1]


def _window(op: Any, sizes: tuple) -> dict[str, Any]:
    axes = op.window.axes(*sizes)
    return {"kernel_shape": op.window.kernel, "strides": op.window.strides,
            "pads": (*(axis.before for axis in axes), *(axis.after for axis in axes))}


def _conv(g: Any, index: int, op: ops.Conv, x: str) -> str:
    kernel = g.weight(index, 0).reshape(op.kernel_shape(g.graph.input_shapes(index)[0]))  # of a depthwise one too
    rank = op.window.rank
    weights = [g.constant(kernel.transpose(rank + 1, rank, *range(rank)), "kernel")]
    weights += [g.constant(g.weight(index, 1), "bias")] if op.use_bias else []
    return g.add("Conv", x, *weights, **_window(op, _sizes(g, index)), dilations=op.window.dilation, group=op.groups)


def _conv_transpose(g: Any, index: int, op: ops.ConvTranspose, x: str) -> str:
    rank = op.window.rank
    weights = [g.constant(g.weight(index, 0).transpose(rank + 1, rank, *range(rank)), "kernel")]
    weights += [g.constant(g.weight(index, 1), "bias")] if op.use_bias else []
    axes = op.window.axes(*_sizes(g, index))
    # pads cut off, and output_padding adds at the end; what is added has no other part than the bias
    pads = (*(axis.before for axis in axes), *(max(axis.after, 0) for axis in axes))
    return g.add("ConvTranspose", x, *weights, kernel_shape=op.window.kernel, strides=op.window.strides, pads=pads,
                 dilations=op.window.dilation, output_padding=[max(-axis.after, 0) for axis in axes])


def _pool(g: Any, index: int, op: ops.Pool, x: str) -> str:
    window = _window(op, _sizes(g, index))
    return g.add("MaxPool", x, **window) if op.kind == "max" else g.add("AveragePool", x, count_include_pad=0, **window)


def _global_pool(g: Any, index: int, op: ops.GlobalPool, x: str) -> str:
    pooled = g.add("GlobalMaxPool" if op.kind == "max" else "GlobalAveragePool", x)
    return pooled if op.keepdims else g.add("Squeeze", pooled, g.constant(np.arange(2, op.rank + 2), "axes"))


# --- normalization ------------------------------------------------------------------------------------


def _gamma_beta(g: Any, index: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    return (g.weight(index, "gamma", np.ones(channels)), g.weight(index, "beta", np.zeros(channels)))


def _batch_norm(g: Any, index: int, op: ops.BatchNorm, x: str) -> str:
    channels = g.graph.nodes[index].shape[-1]
    arrays = {"gamma": None, "beta": None, "moving_mean": None, "moving_variance": None}
    arrays |= dict(zip(arrays, _gamma_beta(g, index, channels), strict=False))
    arrays |= {name: g.weight(index, name) for name in ("moving_mean", "moving_variance")}
    return g.add("BatchNormalization", x, *(g.constant(array, name) for name, array in arrays.items()), epsilon=op.epsilon)


def _group_norm(g: Any, index: int, op: ops.GroupNorm, x: str) -> str:
    """Each group is one long row, which is normalised; gamma and beta belong to the channels again."""
    *sizes, channels = g.graph.nodes[index].shape
    rows = g.add("Reshape", x, g.constant([0, op.groups, -1], "groups"))
    distance = g.add("Sub", rows, g.add("ReduceMean", rows, g.constant([2], "axes"), keepdims=1))
    variance = g.add("ReduceMean", g.add("Mul", distance, distance), g.constant([2], "axes"), keepdims=1)
    deviation = g.add("Sqrt", g.add("Add", variance, g.number(op.epsilon)))
    rows = g.add("Div", distance, deviation)
    gamma, beta = (g.constant(array.reshape(-1, *(1,) * len(sizes)), name) for name, array in zip(
        ("gamma", "beta"), _gamma_beta(g, index, channels), strict=True))
    whole = g.add("Reshape", rows, g.constant([0, channels, *sizes], "shape"))
    return g.add("Add", g.add("Mul", whole, gamma), beta)


def _layer_norm(g: Any, index: int, op: ops.LayerNorm, x: str) -> str:
    gamma, beta = _gamma_beta(g, index, g.graph.nodes[index].shape[-1])
    # the axes that are normalised have become one, and so have the numbers that belong to them
    return g.add("LayerNormalization", x, g.constant(gamma.reshape(-1), "gamma"), g.constant(beta.reshape(-1), "beta"),
                 axis=-1, epsilon=op.epsilon)


# --- number by number ---------------------------------------------------------------------------------


def _relu(g: Any, x: str, most: float = inf, slope: float = 0.0, threshold: float = 0.0) -> str:
    if (slope, threshold) == (0.0, 0.0):
        return g.add("Relu", x) if most == inf else g.add("Clip", x, g.number(0.0), g.number(most))
    if (most, threshold) == (inf, 0.0):
        return g.add("LeakyRelu", x, alpha=slope)
    above = x if most == inf else g.add("Min", x, g.number(most))
    below = g.add("Mul", g.add("Sub", x, g.number(threshold)), g.number(slope))
    return g.add("Where", g.add("Greater", x, g.number(threshold)), above, below)


# name of the activation: (graph, x, *constants) -> name of the output
ACTIVATIONS: dict[str, Callable[..., str]] = {
    "relu": _relu,
    "sigmoid": lambda g, x: g.add("Sigmoid", x),
    "tanh": lambda g, x: g.add("Tanh", x),
    "softplus": lambda g, x: g.add("Softplus", x),
    "softsign": lambda g, x: g.add("Softsign", x),
    "elu": lambda g, x, alpha: g.add("Elu", x, alpha=alpha),
    "selu": lambda g, x: g.add("Selu", x, alpha=1.6732632423543772, gamma=1.0507009873554805),
    "gelu": lambda g, x, tanh=0.0: g.add("Gelu", x, approximate="tanh" if tanh else "none"),
    "silu": lambda g, x: g.add("Mul", x, g.add("Sigmoid", x)),
    "exponential": lambda g, x: g.add("Exp", x),
    "hard_sigmoid": lambda g, x: g.add("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    "hard_silu": lambda g, x: g.add("HardSwish", x),
    "mish": lambda g, x: g.add("Mish", x),
    "log": lambda g, x: g.add("Log", x),
    "log1p": lambda g, x: g.add("Log", g.add("Add", x, g.number(1.0))),
    "expm1": lambda g, x: g.add("Sub", g.add("Exp", x), g.number(1.0)),
    "sqrt": lambda g, x: g.add("Sqrt", x),
    "rsqrt": lambda g, x: g.add("Reciprocal", g.add("Sqrt", x)),
    "square": lambda g, x: g.add("Mul", x, x),
    "abs": lambda g, x: g.add("Abs", x),
    "sign": lambda g, x: g.add("Sign", x),
    "reciprocal": lambda g, x: g.add("Reciprocal", x),
    "clip": lambda g, x, low, high: g.add("Clip", x, g.number(low), g.number(high)),
    "power": lambda g, x, exponent: g.add("Pow", x, g.number(exponent)),
    "sin": lambda g, x: g.add("Sin", x),
    "cos": lambda g, x: g.add("Cos", x),
}


def _activation(g: Any, index: int, op: ops.Activation, x: str) -> str:
    if op.name not in ACTIVATIONS:
        raise UnsupportedError(f"the activation {op.name!r} cannot be written to ONNX yet")
    return ACTIVATIONS[op.name](g, x, *op.constants)


def _scale(g: Any, index: int, op: ops.Scale, x: str) -> str:
    ones = (1,) * (len(g.graph.nodes[index].shape) - 1)
    scale, offset = (g.constant(np.asarray(value, np.float32).reshape(-1, *ones), name) for value, name in (
        (op.scale, "scale"), (op.offset, "offset")))
    return g.add("Add", g.add("Mul", x, scale), offset)


def _add(g: Any, index: int, op: ops.Add, x: str, *others: str) -> str:
    for other in others:
        x = g.add("Add", x, other)
    return x


BINARY = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max", "minimum": "Min",
          "power": "Pow", "equal": "Equal", "not_equal": "Equal", "less": "Less", "less_equal": "LessOrEqual",
          "greater": "Greater", "greater_equal": "GreaterOrEqual"}


def _binary(g: Any, index: int, op: general.Binary, *inputs: str) -> str:
    result = g.add(BINARY[op.name], *g.aligned(index, inputs))
    if op.name not in general.COMPARISONS:
        return result
    return g.add("Cast", g.add("Not", result) if op.name == "not_equal" else result, to=1)  # to float


def _mask(g: Any, index: int, op: general.Mask, x: str, holds: str) -> str:
    zero = g.constant(np.zeros((), np.float32), "zero")
    return g.add("Where", g.add("Greater", holds, zero), x, zero)


# --- matrices, shapes and places ----------------------------------------------------------------------


def _dense(g: Any, index: int, op: ops.Dense, x: str) -> str:
    product = g.add("MatMul", x, g.constant(g.weight(index, 0), "kernel"))
    return g.add("Add", product, g.constant(g.weight(index, 1), "bias")) if op.use_bias else product


def _matmul(g: Any, index: int, op: general.Matmul, *inputs: str) -> str:
    first, second = g.graph.nodes[index].inputs
    if len(g.graph.nodes[first].shape) > 1 or second in g.fixed:
        return g.add("MatMul", *(inputs if len(g.graph.nodes[first].shape) == 1 else g.aligned(index, inputs)))
    row = g.add("Unsqueeze", inputs[0], g.constant([1], "axes"))
    return g.add("Squeeze", g.add("MatMul", row, inputs[1]), g.constant([1], "axes"))


def _reshape(g: Any, index: int, op: Any, x: str) -> str:
    return g.add("Reshape", x, g.constant([*[0] * g.lead(index), *g.graph.nodes[index].shape], "shape"))


def _softmax(g: Any, index: int, op: ops.Softmax, x: str) -> str:
    return g.add("LogSoftmax" if op.log else "Softmax", x, axis=-1)


def _reduce(g: Any, index: int, op: general.Reduce, x: str) -> str:
    axes = [axis + g.lead(index) for axis in op.reduced(g.graph.input_shapes(index)[0])]
    kind = {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin"}[op.kind]
    # without axes ONNX reduces all of them, the batch included
    return g.add(kind, x, g.constant(axes, "axes"), keepdims=int(op.keepdims)) if axes else x


def _concatenate(g: Any, index: int, op: general.Concatenate, *inputs: str) -> str:
    return g.add("Concat", *inputs, axis=op.axis % len(g.graph.nodes[index].shape) + g.lead(index))


def _slice(g: Any, index: int, op: general.Slice, x: str) -> str:
    ends = [start + size * step for start, size, step in zip(op.starts, op.sizes, op.steps, strict=True)]
    ends = [end if end >= 0 else -(1 << 31) for end in ends]  # a negative end would count from the other side
    axes = [axis + g.lead(index) for axis in range(len(ends))]
    return g.add("Slice", x, *(g.constant(list(values), name) for values, name in (
        (op.starts, "starts"), (ends, "ends"), (axes, "axes"), (op.steps, "steps"))))


def _pad(g: Any, index: int, op: general.Pad, x: str) -> str:
    none = [0] * g.lead(index)
    pads = [*none, *(before for before, _ in op.widths), *none, *(after for _, after in op.widths)]
    return g.add("Pad", x, g.constant(pads, "pads"))


def _permute(g: Any, index: int, op: ops.Permute, x: str) -> str:
    lead = g.lead(index)
    return g.add("Transpose", x, perm=[*range(lead), *(axis + lead for axis in op.order)])


def _repeat(g: Any, index: int, op: general.Repeat, x: str) -> str:
    sizes = g.graph.input_shapes(index)[0]
    for axis, (size, factor) in enumerate(zip(sizes, op.factors, strict=True), g.lead(index)):
        if factor > 1:
            x = g.add("Gather", x, g.constant(np.repeat(np.arange(size), factor), "places"), axis=axis)
    return x


def _resize(g: Any, index: int, op: Any, x: str) -> str:
    """Rows times image times columns: the same sums as konv's, whatever the method."""
    size, target = g.graph.input_shapes(index)[0], g.graph.nodes[index].shape
    (rows, above), (columns, beside) = (
        _matrix(terms, pixels) for terms, pixels in zip(augment.sums(op, size, target), size[:2], strict=True))
    result = g.add("MatMul", g.add("MatMul", g.constant(rows, "rows"), x), g.constant(columns.T, "columns"))
    border = getattr(op, "fill_value", 0.0) * (np.outer(rows.sum(1), beside) + above[:, None])
    return g.add("Add", result, g.constant(border, "border")) if border.any() else result


def _matrix(terms: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights of the pixels in each sum, and what weight lies outside of the image."""
    matrix, outside = np.zeros((len(terms), size)), np.zeros(len(terms))
    for place, one in enumerate(terms):
        for pixel, weight in one:
            if 0 <= pixel < size:
                matrix[place, pixel] += weight
            else:
                outside[place] += weight
    return matrix, outside


def _parameter(g: Any, index: int, op: general.Parameter) -> str:
    return g.constant(g.weight(index, 0), op.name)


def _constant(g: Any, index: int, op: general.Constant) -> str:
    return g.constant(np.asarray(op.values, np.float32).reshape(op.shape), "constant")


RULES: dict[type, Rule] = {
    general.Binary: Rule(EITHER, _binary),
    general.Mask: Rule(EITHER, _mask),
    general.Concatenate: Rule(LAST, _concatenate),
    general.Constant: Rule(LAST, _constant),
    general.Matmul: Rule(LAST, _matmul),
    general.Pad: Rule(LAST, _pad),
    general.Parameter: Rule(LAST, _parameter),
    general.Reduce: Rule(LAST, _reduce),
    general.Repeat: Rule(LAST, _repeat),
    general.Slice: Rule(LAST, _slice),
    images.Resize: Rule(FIRST, _resize),
    images.Upsample: Rule(FIRST, _resize),
    ops.Activation: Rule(EITHER, _activation),
    ops.Add: Rule(EITHER, _add),
    ops.BatchNorm: Rule(FIRST, _batch_norm),
    ops.Conv: Rule(FIRST, _conv),
    ops.ConvTranspose: Rule(FIRST, _conv_transpose),
    ops.Dense: Rule(LAST, _dense),
    ops.Flatten: Rule(LAST, _reshape),
    ops.GlobalPool: Rule(FIRST, _global_pool),
    ops.GroupNorm: Rule(FIRST, _group_norm),
    ops.LayerNorm: Rule(LAST, _layer_norm),
    ops.Permute: Rule(LAST, _permute),
    ops.Pool: Rule(FIRST, _pool),
    ops.Reshape: Rule(LAST, _reshape),
    ops.Scale: Rule(FIRST, _scale),
    ops.Softmax: Rule(LAST, _softmax),
}
