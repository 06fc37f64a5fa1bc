"""ONNX both ways, operation by operation: the nodes that are written for it, and what is made of such nodes when read.

Writing, the graph comes as the engine gets it (`konv.plan.rewrite`): channels last, in inference, without what then does
nothing. ONNX wants the channels of images first. So every rule says in which layout it reads and gives its values: FIRST, LAST
or, element by element, EITHER; `onnx_writer.py` reorders where one meets the other. A rule is (graph, operation, names of its
inputs) -> name of the output.

Reading, a rule has the signature of the node: (reader, inputs, attributes by keyword) -> a value or an array.
"""

from collections.abc import Callable, Collection, Sequence
from inspect import Parameter, signature
from math import inf, prod
from typing import Annotated, Any, NamedTuple

import numpy as np

from konv import ops as functions
from konv.errors import UnsupportedError
from konv.interop.importer import Value
from konv.interop.padded_windows import scaled
from konv.ir import array_ops as general
from konv.ir import augment_ops as images
from konv.ir import ops
from konv.ir.scalar_functions import SCALAR_FUNCTIONS, SELU_ALPHA, SELU_SCALE
from konv.ir.window import Axis
from konv.plan import augment

FIRST, LAST, EITHER = "channels first", "channels last", "either"
# ONNX's number for a type: that of NumPy, and the field of a tensor that holds its elements where not raw_data does
TYPES = {1: ("float32", "float_data"), 6: ("int32", "int32_data"), 7: ("int64", "int64_data"), 9: ("bool", "int32_data"),
         10: ("float16", "int32_data"), 11: ("float64", "double_data")}
BATCH = 0  # in a shape that is computed in the file: what Reshape takes for "as it is"
MOST_FILLED = 1 << 16  # elements of an array that a file only describes

# an input, or in older files the attribute of the same name: a list, or a number
Option = Annotated[Any, "option"]


class Sizes(np.ndarray):
    """The shape of a value as an array in the file; the batch stands in it as 0, so nothing may be computed with it."""


class Rule(NamedTuple):
    """How an operation is written."""

    layout: str
    write: Callable[..., str]


RULES: dict[type, Rule] = {}
READERS: dict[str, Callable[..., Any]] = {}


def writes(layout: str, *operations: type) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Register the rule by which these operations are written."""
    def register(rule: Callable[..., str]) -> Callable[..., str]:
        RULES.update(dict.fromkeys(operations, Rule(layout, rule)))
        return rule

    return register


def reads(*kinds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the rule by which nodes of these kinds are read.

    What its inputs are annotated with is what they must be: a Value, a fixed array, or an Option. Attributes are keywords.
    """
    def register(rule: Callable[..., Any]) -> Callable[..., Any]:
        parameters = list(signature(rule).parameters.values())[1:]
        inputs = [one for one in parameters if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
        rest = [one for one in parameters if one.kind is Parameter.VAR_POSITIONAL]
        attributes = {one.name: one.default for one in parameters if one.kind is Parameter.KEYWORD_ONLY}

        def read(r: Any, *given: Any) -> Any:
            described = [*inputs, *rest * (len(given) - len(inputs))]
            made = [_argument(r, one, value) for one, value in zip(described, given, strict=False)]
            made += [r.option(one.name, None, one.default) for one in inputs[len(given):] if one.annotation is Option]
            return rule(r, *made, *given[len(described):],  # too many and too few are a TypeError
                        **{name: r.attribute(name, default) for name, default in attributes.items()})

        READERS.update(dict.fromkeys(kinds, read))
        return rule

    return register


def _argument(r: Any, parameter: Parameter, given: Any) -> Any:
    """An input as the annotation wants it."""
    wanted = parameter.annotation
    if wanted is Value:
        return r.value(given)
    if wanted is Option:
        return r.option(parameter.name, given, parameter.default)
    if wanted is np.ndarray or (wanted == np.ndarray | None and given is not None):
        return r.fixed(given, parameter.name)
    return given


def _integers(option: Any) -> list[int]:
    return [int(one) for one in np.atleast_1d(option)]


# --- convolutions -------------------------------------------------------------------------------------


def _written_window(g: Any, op: Any) -> dict[str, Any]:
    axes = op.window.axes(*g.shapes[0][:-1])
    return {"kernel_shape": op.window.kernel, "strides": op.window.strides,
            "pads": (*(axis.before for axis in axes), *(axis.after for axis in axes))}


def _read_window(r: Any, x: Value, kernel: Sequence[int]) -> dict[str, Any]:
    """strides, dilation, pads."""
    rank = len(kernel)
    strides, dilation = r.attribute("strides", [1] * rank), r.attribute("dilations", [1] * rank)
    pads, auto = r.attribute("pads", [0] * 2 * rank), r.attribute("auto_pad", "NOTSET")
    if len(strides) != rank or len(dilation) != rank or len(pads) != 2 * rank or min([*kernel, *strides, *dilation]) < 1:
        raise UnsupportedError(f"kernel {list(kernel)}, strides {strides}, dilations {dilation} and pads {pads} do not fit")
    pairs = list(zip(pads[:rank], pads[rank:], strict=True))
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        sizes = x.shape[2:]
        if None in sizes or len(sizes) != rank:
            raise UnsupportedError("auto_pad needs images of a known size; give input_shape=")
        axes = [Axis(*each, "same") for each in zip(sizes, kernel, strides, dilation, strict=True)]
        pairs = [(axis.after, axis.before) if auto == "SAME_LOWER" else (axis.before, axis.after) for axis in axes]
    return {"strides": strides, "dilation": dilation, "pads": pairs}


@writes(FIRST, ops.Conv)
def _write_conv(g: Any, op: ops.Conv, x: str) -> str:
    kernel = g.weight(0).reshape(op.kernel_shape(g.shapes[0]))  # of a depthwise one too
    return g.add("Conv", x, *_written_weights(g, op, kernel), **_written_window(g, op), dilations=op.window.dilation,
                 group=op.groups)


def _written_weights(g: Any, op: Any, kernel: np.ndarray) -> list[str]:
    """The kernel with its two axes of channels first, and the bias."""
    rank = op.window.rank
    kernel = kernel.transpose(rank + 1, rank, *range(rank))
    return [g.constant(kernel, "kernel"), *([g.constant(g.weight(1), "bias")] if op.use_bias else [])]


@reads("Conv")
def _read_conv(r: Any, x: Value, kernel: np.ndarray, bias: np.ndarray | None = None, *, group: int = 1) -> Value:
    _check_kernel(kernel)
    return r.conv(x, kernel, bias, groups=group, **_read_window(r, x, kernel.shape[2:]))


def _check_kernel(kernel: np.ndarray) -> None:
    if kernel.ndim < 3 or 0 in kernel.shape:
        raise UnsupportedError(f"a kernel of shape {kernel.shape}")


@writes(FIRST, ops.ConvTranspose)
def _write_conv_transpose(g: Any, op: ops.ConvTranspose, x: str) -> str:
    axes = op.window.axes(*g.shapes[0][:-1])
    # pads cut off, and output_padding adds at the end; what is added has no other part than the bias
    pads = (*(axis.before for axis in axes), *(max(axis.after, 0) for axis in axes))
    return g.add("ConvTranspose", x, *_written_weights(g, op, g.weight(0)), kernel_shape=op.window.kernel,
                 strides=op.window.strides, pads=pads, dilations=op.window.dilation,
                 output_padding=[max(-axis.after, 0) for axis in axes])


@reads("ConvTranspose")
def _read_conv_transpose(r: Any, x: Value, kernel: np.ndarray, bias: np.ndarray | None = None, *, group: int = 1,
                         output_shape: Any = None, output_padding: Any = None, auto_pad: str = "NOTSET") -> Value:
    _check_kernel(kernel)
    if output_shape or auto_pad not in ("NOTSET", "VALID"):
        raise UnsupportedError("output_shape and auto_pad are not supported; pads and output_padding are")
    extra = [0] * (kernel.ndim - 2) if output_padding is None else output_padding
    return r.conv_transpose(x, kernel, bias, groups=group, extra=extra, **_read_window(r, x, kernel.shape[2:]))


# --- pools --------------------------------------------------------------------------------------------


@writes(FIRST, ops.Pool)
def _write_pool(g: Any, op: ops.Pool, x: str) -> str:
    window = _written_window(g, op)
    return g.add("MaxPool", x, **window) if op.kind == "max" else g.add("AveragePool", x, count_include_pad=0, **window)


@reads("AveragePool", "MaxPool")
def _read_pool(r: Any, x: Value, *, kernel_shape: Any = (), ceil_mode: int = 0, count_include_pad: int = 0) -> Value:
    window = _read_window(r, x, kernel_shape)
    if any(apart != 1 for apart in window.pop("dilation")):
        raise UnsupportedError("a pool with dilations")
    if r.node.op_type == "MaxPool":
        return r.max_pool(x, kernel_shape, ceil=bool(ceil_mode), **window)
    return r.average_pool(x, kernel_shape, ceil=bool(ceil_mode), counts_padding=bool(count_include_pad), **window)


@writes(FIRST, ops.GlobalPool)
def _write_global_pool(g: Any, op: ops.GlobalPool, x: str) -> str:
    pooled = g.add("GlobalMaxPool" if op.kind == "max" else "GlobalAveragePool", x)
    return pooled if op.keepdims else g.add("Squeeze", pooled, g.constant(np.arange(2, op.rank + 2), "axes"))


@reads("GlobalAveragePool", "GlobalMaxPool")
def _read_global_pool(r: Any, x: Value) -> Value:
    reader = r.only_reader()
    together = reader is not None and _only_drops_ones(r, reader, x.rank)
    made = r.global_pool(x, "Max" if "Max" in r.node.op_type else "Average", keepdims=not together)
    if together:
        r.skip(reader, made)
    return made


def _only_drops_ones(r: Any, node: Any, rank: int) -> bool:
    """Whether a node behind a global pool does no more than take the axes of size 1 away."""
    if node.op_type == "Flatten":
        return all(one.i == 1 for one in node.attribute if one.name == "axis")
    axes = next((list(one.ints) for one in node.attribute if one.name == "axes"), None)
    given = r.values.get(node.input[1]) if len(node.input) > 1 else None
    axes = given.tolist() if isinstance(given, np.ndarray) and node.op_type == "Squeeze" else axes
    return node.op_type == "Squeeze" and axes is not None and sorted(axis % rank for axis in axes) == list(range(2, rank))


# --- normalization ------------------------------------------------------------------------------------


def _gamma_beta(g: Any) -> tuple[np.ndarray, np.ndarray]:
    channels = g.shape[-1]
    return g.weight("gamma", np.ones(channels)), g.weight("beta", np.zeros(channels))


@writes(FIRST, ops.BatchNorm)
def _write_batch_norm(g: Any, op: ops.BatchNorm, x: str) -> str:
    arrays = dict(zip(("gamma", "beta"), _gamma_beta(g), strict=True))
    arrays |= {name: g.weight(name) for name in ("moving_mean", "moving_variance")}
    return g.add("BatchNormalization", x, *(g.constant(array, name) for name, array in arrays.items()), epsilon=op.epsilon)


@reads("BatchNormalization")
def _read_batch_norm(r: Any, x: Value, *weights: np.ndarray, training_mode: int = 0, epsilon: float = 1e-5) -> Value:
    if training_mode:
        raise UnsupportedError("is in training mode; export the model in inference mode, model.eval()")
    return r.batch_norm(x, *weights, epsilon)


@writes(FIRST, ops.GroupNorm)
def _write_group_norm(g: Any, op: ops.GroupNorm, x: str) -> str:
    """Each group is one long row, which is normalized; gamma and beta belong to the channels again."""
    *sizes, channels = g.shape
    rows = g.add("Reshape", x, g.constant([0, op.groups, -1], "groups"))
    distance = g.add("Sub", rows, g.add("ReduceMean", rows, g.constant([2], "axes"), keepdims=1))
    variance = g.add("ReduceMean", g.add("Mul", distance, distance), g.constant([2], "axes"), keepdims=1)
    rows = g.add("Div", distance, g.add("Sqrt", g.add("Add", variance, g.number(op.epsilon))))
    gamma, beta = (g.constant(array.reshape(-1, *(1,) * len(sizes)), name) for name, array in zip(
        ("gamma", "beta"), _gamma_beta(g), strict=True))
    whole = g.add("Reshape", rows, g.constant([0, channels, *sizes], "shape"))
    return g.add("Add", g.add("Mul", whole, gamma), beta)


@reads("GroupNormalization")
def _read_group_norm(r: Any, x: Value, scale: np.ndarray, bias: np.ndarray, *, num_groups: int = 1,
                     epsilon: float = 1e-5) -> Value:
    if r.opset < 21:
        raise UnsupportedError("of opset 18 to 20 has one scale for each group; export with opset 21")
    return r.group_norm(x, num_groups, scale, bias, epsilon)


@reads("InstanceNormalization")
def _read_instance_norm(r: Any, x: Value, scale: np.ndarray, bias: np.ndarray, *, epsilon: float = 1e-5) -> Value:
    return r.group_norm(x, len(scale), scale, bias, epsilon)


@writes(LAST, ops.LayerNorm)
def _write_layer_norm(g: Any, op: ops.LayerNorm, x: str) -> str:
    # the axes that are normalized have become one, and so have the weights that belong to them
    gamma, beta = (g.constant(array.reshape(-1), name) for name, array in zip(("gamma", "beta"), _gamma_beta(g), strict=True))
    return g.add("LayerNormalization", x, gamma, beta, axis=-1, epsilon=op.epsilon)


@reads("LayerNormalization")
def _read_layer_norm(r: Any, x: Value, scale: np.ndarray, bias: np.ndarray | None = None, *, axis: int = -1,
                     epsilon: float = 1e-5) -> Value:
    return r.layer_norm(x, x.rank - axis % x.rank, scale, bias, epsilon)


# --- activations --------------------------------------------------------------------------------------

# which konv's graph has by other operations
READ_ONLY = {"negative": "Neg", "logical_not": "Not"}
# by operator: functions of one value that are one node without attributes
PLAIN = {record.onnx: name for name, record in SCALAR_FUNCTIONS.items() if isinstance(record.onnx, str)} | {
    kind: name for name, kind in READ_ONLY.items()}


@writes(EITHER, ops.Activation)
def _write_activation(g: Any, op: ops.Activation, x: str) -> str:
    return op.function.to_onnx(g, x, op.constants)


@reads(*PLAIN)
def _read_activation(r: Any, x: Value) -> Value:
    name = PLAIN[r.node.op_type]
    return r.function(name, x) if name in READ_ONLY or not SCALAR_FUNCTIONS[name].activation else r.activation(x, name)


@reads("Relu")
def _read_relu(r: Any, x: Value) -> Value:
    return r.relu(x)


@reads("LeakyRelu")
def _read_leaky_relu(r: Any, x: Value, *, alpha: float = 0.01) -> Value:
    return r.relu(x, slope=alpha)


@reads("Elu")
def _read_elu(r: Any, x: Value, *, alpha: float = 1.0) -> Value:
    return r.elu(x, alpha)


@reads("Selu")
def _read_selu(r: Any, x: Value, *, alpha: float = SELU_ALPHA, gamma: float = SELU_SCALE) -> Value:
    if abs(alpha - SELU_ALPHA) > 1e-4 or abs(gamma - SELU_SCALE) > 1e-4:
        raise UnsupportedError(f"alpha={alpha:g} and gamma={gamma:g}; konv has selu with its own constants")
    return r.activation(x, "selu")


@reads("Gelu")
def _read_gelu(r: Any, x: Value, *, approximate: str = "none") -> Value:
    return r.activation(x, "gelu") if approximate == "none" else r.function("gelu", x, True)


@reads("HardSigmoid")
def _read_hard_sigmoid(r: Any, x: Value, *, alpha: float = 0.2, beta: float = 0.5) -> Value:
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return r.activation(x, "hard_sigmoid")
    line = r.combine_constant("multiply", x, np.array(alpha), suffix="_scale")
    return r.function("clip", r.combine_constant("add", line, np.array(beta), suffix="_offset"), 0.0, 1.0)


@reads("Clip")
def _read_clip(r: Any, x: Value, min: Option = -inf, max: Option = inf) -> Value:
    return r.clip(x, float(min), float(max))


@reads("PRelu")
def _read_prelu(r: Any, x: Value, slope: np.ndarray) -> Value:
    if slope.size not in (1, x.shape[1]):
        raise UnsupportedError(f"slopes of shape {slope.shape}; one, or one for each channel is supported")
    if slope.size > 1 and (slope.ndim != x.rank - 1 or slope.shape[0] != slope.size):
        raise UnsupportedError(f"slopes of shape {slope.shape} for an input of shape {x.shape}, not one for each channel")
    return r.prelu(x, slope.reshape(-1))


@writes(LAST, ops.Softmax)
def _write_softmax(g: Any, op: ops.Softmax, x: str) -> str:
    return g.add("LogSoftmax" if op.log else "Softmax", x, axis=-1)


@reads("LogSoftmax", "Softmax")
def _read_softmax(r: Any, x: Value, *, axis: int | None = None) -> Value:
    axis = (axis if axis is not None else 1 if r.opset < 13 else -1) % x.rank
    if r.opset < 13 and axis != x.rank - 1:
        raise UnsupportedError("softmax over several axes at once, as before opset 13; export with opset 13 or later")
    return r.softmax(x, axis, log=r.node.op_type == "LogSoftmax")


# --- element by element -------------------------------------------------------------------------------

BINARY = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max", "minimum": "Min",
          "power": "Pow", "equal": "Equal", "less": "Less", "less_equal": "LessOrEqual", "greater": "Greater",
          "greater_equal": "GreaterOrEqual"}


@writes(EITHER, general.Binary)
def _write_binary(g: Any, op: general.Binary, *inputs: str) -> str:
    negated = op.name == "not_equal"
    result = g.add(BINARY["equal" if negated else op.name], *g.aligned(inputs))
    if op.name not in general.COMPARISONS:
        return result
    return g.add("Cast", g.add("Not", result) if negated else result, to=1)  # to float


@reads(*BINARY.values())
def _read_binary(r: Any, *inputs: Any) -> Any:
    kind = next(name for name, kind in BINARY.items() if kind == r.node.op_type)
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
            result = r.combine_constant(kind, result, other)
        elif isinstance(result, np.ndarray):
            result = r.combine_constant(kind, other, result, swapped=True)
        else:
            result = r.combine(kind, [result, other])
    return result


@writes(EITHER, ops.Add)
def _write_add(g: Any, op: ops.Add, x: str, *others: str) -> str:
    for other in others:
        x = g.add("Add", x, other)
    return x


@reads("Sum")
def _read_sum(r: Any, *inputs: Value) -> Value:
    return r.combine("add", inputs)


@writes(FIRST, ops.Scale)
def _write_scale(g: Any, op: ops.Scale, x: str) -> str:
    ones = (1,) * (len(g.shape) - 1)
    scale, offset = (g.constant(np.asarray(value, np.float32).reshape(-1, *ones), name) for value, name in (
        (op.scale, "scale"), (op.offset, "offset")))
    return g.add("Add", g.add("Mul", x, scale), offset)


@writes(EITHER, general.Mask)
def _write_mask(g: Any, op: general.Mask, x: str, holds: str) -> str:
    zero = g.constant(np.zeros((), np.float32), "zero")
    return g.add("Where", g.add("Greater", holds, zero), x, zero)


@reads("Where")
def _read_where(r: Any, condition: Any, first: Any, second: Any) -> Value:
    values = [one for one in (condition, first, second) if isinstance(one, Value)]
    if not values or any(value.order != values[0].order for value in values):
        raise UnsupportedError("a choice between values that do not fit")
    given = [one.tensor if isinstance(one, Value) else one.astype(np.float32) for one in (condition, first, second)]
    if any(isinstance(one, np.ndarray) and one.size > 1 for one in given):
        raise UnsupportedError("a choice between fixed arrays")
    return values[0].like(functions.where(*(float(one.item()) if isinstance(one, np.ndarray) else one for one in given)))


@reads("Cast")
def _read_cast(r: Any, x: Any, *, to: int = 1) -> Any:
    if isinstance(x, np.ndarray):
        if to not in TYPES:
            raise UnsupportedError(f"turns numbers into type {to}")
        return x.astype(TYPES[to][0])
    if to not in (1, 10, 11):
        raise UnsupportedError("turns a value into whole numbers")
    return x


@reads("Dropout", "Identity")
def _read_identity(r: Any, x: Any, *options: Any) -> Any:
    return x


# --- matrices -----------------------------------------------------------------------------------------


@writes(LAST, ops.Dense)
def _write_dense(g: Any, op: ops.Dense, x: str) -> str:
    product = g.add("MatMul", x, g.constant(g.weight(0), "kernel"))
    return g.add("Add", product, g.constant(g.weight(1), "bias")) if op.use_bias else product


@reads("Gemm")
def _read_gemm(r: Any, x: Value, matrix: np.ndarray, bias: np.ndarray | None = None, *, alpha: float = 1.0, beta: float = 1.0,
               transA: int = 0, transB: int = 0) -> Value:
    if transA:
        raise UnsupportedError("transA: the batch would be summed")
    kernel = matrix.astype(np.float32) * np.float32(alpha)
    kernel = kernel.T if transB else kernel
    if kernel.ndim != 2:
        raise UnsupportedError(f"a matrix of shape {kernel.shape}")
    if bias is not None:
        if bias.size not in (1, kernel.shape[1]):
            raise UnsupportedError(f"a bias of shape {bias.shape}; one number for each of {kernel.shape[1]} units is supported")
        bias = np.broadcast_to((bias.astype(np.float32) * np.float32(beta)).reshape(-1), kernel.shape[1:])
    return r.dense(x, kernel, bias)


@writes(LAST, general.Matmul)
def _write_matmul(g: Any, op: general.Matmul, *inputs: str) -> str:
    if len(g.shapes[0]) > 1 or g.inputs[1] in g.fixed:
        return g.add("MatMul", *(inputs if len(g.shapes[0]) == 1 else g.aligned(inputs)))
    row = g.add("Unsqueeze", inputs[0], g.constant([1], "axes"))
    return g.add("Squeeze", g.add("MatMul", row, inputs[1]), g.constant([1], "axes"))


@reads("MatMul")
def _read_matmul(r: Any, first: Any, second: Any) -> Value:
    if isinstance(first, Value) and isinstance(second, np.ndarray) and second.ndim == 2:
        bias, reader = None, r.only_reader()
        if reader is not None and reader.op_type == "Add":  # the bias of a dense layer is a node of its own
            others = [r.values.get(name) for name in reader.input if name != r.node.output[0]]
            if len(others) == 1 and isinstance(others[0], np.ndarray) and others[0].shape == second.shape[1:]:
                bias = others[0]
        made = r.dense(first, second, bias)
        if bias is not None:
            r.skip(reader, made)
        return made
    given = [r.plain(one) if isinstance(one, Value) else one.astype(np.float32) for one in (first, second)]
    return r.as_is(functions.matmul(*given))


# --- shapes -------------------------------------------------------------------------------------------


@writes(LAST, ops.Flatten, ops.Reshape)
def _write_reshape(g: Any, op: Any, x: str) -> str:
    return g.add("Reshape", x, g.constant([*[0] * g.lead, *g.shape], "shape"))


@reads("Flatten")
def _read_flatten(r: Any, x: Value, *, axis: int = 1) -> Value:
    if axis not in (1, 1 - x.rank):
        raise UnsupportedError("flattens the batch too; axis=1 keeps it")
    return r.reshape(x, (-1,)) if x.rank != 2 else x


@reads("Reshape")
def _read_reshape(r: Any, x: Any, shape: Option = ()) -> Any:
    sizes = _integers(shape)
    if isinstance(x, np.ndarray):
        return x.reshape([x.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)])
    x = r.value(x)
    sample = [x.shape[axis] if size == 0 and axis < x.rank else size for axis, size in enumerate(sizes)]
    keeps = bool(sizes) and (sizes[0] in {BATCH, 1, *r.batches} or (sizes[0] == -1 and _fills(x.shape[1:], sample[1:])))
    if not keeps or None in sample[1:]:
        raise UnsupportedError(f"from {x.shape} to {sizes}: the batch must stay the first axis")
    return r.reshape(x, sample[1:])


def _fills(before: Collection[Any], after: Collection[Any]) -> bool:
    return None not in (*before, *after) and prod(before) == prod(after)


@reads("Squeeze")
def _read_squeeze(r: Any, x: Any, axes: Option = None) -> Any:
    given = None if axes is None else _integers(axes)
    if isinstance(x, np.ndarray):
        return np.squeeze(x, None if given is None else tuple(given)).view(type(x))
    x = r.value(x)
    gone = [axis for axis, size in enumerate(x.shape) if size == 1] if given is None else [axis % x.rank for axis in given]
    if 0 in gone or any(x.shape[axis] != 1 for axis in gone):
        raise UnsupportedError(f"takes axes {given} of {x.shape} away, which are not of size 1")
    return r.without(x, gone)


@reads("Unsqueeze")
def _read_unsqueeze(r: Any, x: Any, axes: Option = ()) -> Any:
    if isinstance(x, np.ndarray):
        return np.expand_dims(x, tuple(_integers(axes))).view(type(x))
    return r.expand(r.value(x), _integers(axes))


@writes(LAST, ops.Permute)
def _write_permute(g: Any, op: ops.Permute, x: str) -> str:
    return g.add("Transpose", x, perm=[*range(g.lead), *(axis + g.lead for axis in op.order)])


@reads("Transpose")
def _read_transpose(r: Any, x: Any, *, perm: Any = None) -> Any:
    if isinstance(x, np.ndarray):
        return x.transpose(perm)
    x = r.value(x)
    return r.transpose(x, list(range(x.rank))[::-1] if perm is None else perm)


@writes(LAST, general.Concatenate)
def _write_concatenate(g: Any, op: general.Concatenate, *inputs: str) -> str:
    return g.add("Concat", *inputs, axis=op.axis % len(g.shape) + g.lead)


@reads("Concat")
def _read_concatenate(r: Any, *inputs: Any, axis: int = 0) -> Any:
    if all(isinstance(one, np.ndarray) for one in inputs):
        r.bounded(sum(one.size for one in inputs))
        made = np.concatenate([np.atleast_1d(one) for one in inputs], axis)
        return made.view(Sizes) if any(isinstance(one, Sizes) for one in inputs) else made
    return r.concatenate([r.value(one) for one in inputs], axis)


@writes(LAST, general.Slice)
def _write_slice(g: Any, op: general.Slice, x: str) -> str:
    ends = [start + size * step for start, size, step in zip(op.starts, op.sizes, op.steps, strict=True)]
    ends = [end if end >= 0 else -(1 << 31) for end in ends]  # a negative end would count from the other side
    axes = [axis + g.lead for axis in range(len(ends))]
    return g.add("Slice", x, *(g.constant(list(values), name) for values, name in (
        (op.starts, "starts"), (ends, "ends"), (axes, "axes"), (op.steps, "steps"))))


@reads("Slice")
def _read_slice(r: Any, x: Any, starts: Option = None, ends: Option = None, axes: Option = None, steps: Option = None) -> Any:
    starts, ends = _integers(starts), _integers(ends)
    axes = list(range(len(starts))) if axes is None else _integers(axes)
    steps = [1] * len(starts) if steps is None else _integers(steps)
    keys = {}
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        backwards_to_the_start = step < 0 and end <= -(1 << 30)
        keys[axis] = slice(start, None if backwards_to_the_start else end, step)
    if isinstance(x, np.ndarray):
        return x[tuple(keys.get(axis, keys.get(axis - x.ndim, slice(None))) for axis in range(x.ndim))]
    x = r.value(x)
    return r.part(x, {axis: key for axis, key in keys.items() if axis % x.rank or (  # not the whole batch
        (key.start, key.step) != (0, 1) or key.stop < 1 << 30)})


@reads("Split")
def _read_split(r: Any, x: Value, split: Option = None, *, axis: int = 0) -> list[Value]:
    size, count = x.shape[axis % x.rank], len(r.node.output)
    if split is None:
        if size is None:
            raise UnsupportedError("splits an axis whose size is open")
        each = -(-size // count)
        split = [min(each, size - each * part) for part in range(count)]
    if size is not None and (sum(split) != size or min(split) < 1 or len(split) != count):
        raise UnsupportedError(f"splits {size} into {count} parts of {split}")
    return r.split(x, split, axis)


@writes(LAST, general.Pad)
def _write_pad(g: Any, op: general.Pad, x: str) -> str:
    none = [0] * g.lead
    pads = [*none, *(before for before, _ in op.widths), *none, *(after for _, after in op.widths)]
    return g.add("Pad", x, g.constant(pads, "pads"))


@reads("Pad")
def _read_pad(r: Any, x: Value, pads: Option = (), value: Option = 0.0, axes: np.ndarray | None = None, *,
              mode: str = "constant") -> Value:
    widths = _integers(pads)
    if mode != "constant" or np.any(np.atleast_1d(value) != 0):
        raise UnsupportedError("padding with something else than zeros is not supported")
    along = list(range(x.rank)) if axes is None else [int(axis) % x.rank for axis in axes]
    if len(widths) != 2 * len(along):
        raise UnsupportedError(f"pads {widths} do not fit an input of {x.rank} axes")
    pairs = dict(zip(along, zip(widths[:len(along)], widths[len(along):], strict=True), strict=True))
    return r.pad(x, [pairs.get(axis, (0, 0)) for axis in range(x.rank)])


REDUCTIONS = {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin"}


@writes(LAST, general.Reduce)
def _write_reduce(g: Any, op: general.Reduce, x: str) -> str:
    axes = [axis + g.lead for axis in op.reduced(g.shapes[0])]
    # without axes ONNX reduces all of them, the batch included
    return g.add(REDUCTIONS[op.kind], x, g.constant(axes, "axes"), keepdims=int(op.keepdims)) if axes else x


@reads(*REDUCTIONS.values())
def _read_reduce(r: Any, x: Value, axes: Option = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Value:
    along = [] if axes is None else _integers(axes)
    if not along and not noop_with_empty_axes:
        raise UnsupportedError("reduces the batch too; give it axes")
    return r.reduce(r.node.op_type.removeprefix("Reduce").lower(), x, along, bool(keepdims))


@writes(LAST, general.Repeat)
def _write_repeat(g: Any, op: general.Repeat, x: str) -> str:
    for axis, (size, factor) in enumerate(zip(g.shapes[0], op.factors, strict=True), g.lead):
        if factor > 1:
            x = g.add("Gather", x, g.constant(np.repeat(np.arange(size), factor), "indices"), axis=axis)
    return x


@reads("Gather")
def _read_gather(r: Any, x: Any, indices: np.ndarray, *, axis: int = 0) -> Any:
    if isinstance(x, np.ndarray):
        r.bounded(x.size, indices.size)
        return np.asarray(np.take(x, indices, axis)).view(type(x))
    x = r.value(x)
    axis %= x.rank
    if indices.ndim == 0:
        kept = r.part(x, {axis: slice(int(indices), int(indices) + 1 or None)})
        return r.without(kept, [axis])
    size = x.shape[axis]
    factor = indices.size // size if size else 0
    if indices.ndim != 1 or not factor or not np.array_equal(indices, np.repeat(np.arange(size), factor)):
        raise UnsupportedError("picks places out of an axis; parts in one piece, or each so many times are supported")
    return r.function("repeat", x, factor, x.order[axis])


# --- images at another size ---------------------------------------------------------------------------


@writes(FIRST, images.Resize, images.Upsample)
def _write_resize(g: Any, op: Any, x: str) -> str:
    """Rows times image times columns: the same sums as konv's, whatever the method."""
    size = g.shapes[0]
    (rows, above), (columns, beside) = (
        _matrix(terms, pixels) for terms, pixels in zip(augment.sums(op, size, g.shape), size[:2], strict=True))
    result = g.add("MatMul", g.add("MatMul", g.constant(rows, "rows"), x), g.constant(columns.T, "columns"))
    border = getattr(op, "fill_value", 0.0) * (np.outer(rows.sum(1), beside) + above[:, None])
    return g.add("Add", result, g.constant(border, "border")) if border.any() else result


def _matrix(terms: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights of the pixels in each sum, and what weight lies outside of the image."""
    matrix, outside = np.zeros((len(terms), size)), np.zeros(len(terms))
    for row, one in enumerate(terms):
        for pixel, weight in one:
            if 0 <= pixel < size:
                matrix[row, pixel] += weight
            else:
                outside[row] += weight
    return matrix, outside


@reads("Resize", "Upsample")
def _read_resize(r: Any, x: Value, roi: Any = None, scales: Any = None, sizes: Any = None, *, axes: Any = None,
                 keep_aspect_ratio_policy: str = "stretch", mode: str = "nearest", antialias: int = 0,
                 coordinate_transformation_mode: str = "half_pixel", nearest_mode: str = "round_prefer_floor") -> Value:
    oldest = r.node.op_type == "Upsample" or r.opset < 11
    if oldest:
        scales = roi
    if axes or keep_aspect_ratio_policy != "stretch":
        raise UnsupportedError("axes and keep_aspect_ratio_policy are not supported; sizes for all axes are")
    if x.rank != 4 or None in x.shape[1:]:
        raise UnsupportedError(f"an input of shape {x.shape}; images of a known size are supported")
    factors = None if scales is None or not np.size(r.fixed(scales, "scales")) else [float(one) for one in scales]
    factors = r.attribute("scales") if factors is None and sizes is None else factors
    before = x.shape[2:]
    target = [int(size) for size in r.fixed(sizes, "sizes")[2:]] if factors is None else scaled(before, factors[2:])
    if min(target, default=0) < 1 or max(target) > MOST_FILLED or (factors is not None and list(factors[:2]) != [1, 1]):
        raise UnsupportedError(f"from {x.shape} to {target}")
    centres = "asymmetric" if oldest else coordinate_transformation_mode
    repeats = oldest or (centres, nearest_mode) in (
        ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"), ("half_pixel", "round_prefer_ceil"))
    if mode == "nearest" and repeats and not any(size % old for size, old in zip(target, before, strict=True)):
        return r.upsample(x, [size // old for size, old in zip(target, before, strict=True)])
    if mode == "linear" and centres in ("half_pixel", "pytorch_half_pixel") and min(target) > 1:
        return r.resize(x, target, bool(antialias))
    raise UnsupportedError(f'mode "{mode}" with coordinate_transformation_mode "{centres}"; nearest by whole factors and '
                           f'linear with half_pixel are supported')


# --- arrays -------------------------------------------------------------------------------------------


@writes(LAST, general.Parameter)
def _write_parameter(g: Any, op: general.Parameter) -> str:
    return g.constant(g.weight(0), op.name)


@writes(LAST, general.Constant)
def _write_constant(g: Any, op: general.Constant) -> str:
    return g.constant(np.asarray(op.values, np.float32).reshape(op.shape), "constant")


@reads("Constant")
def _read_constant(r: Any) -> np.ndarray:
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if name in r.attributes:
            return np.asarray(r.attribute(name))
    raise UnsupportedError("holds something else than numbers")


@reads("ConstantOfShape")
def _read_constant_of_shape(r: Any, shape: np.ndarray, *, value: Any = None) -> np.ndarray:
    if isinstance(shape, Sizes) or shape.ndim != 1 or (shape < 0).any() or prod(shape.tolist()) > MOST_FILLED:
        raise UnsupportedError(f"an array of shape {shape.tolist()}; there may be {MOST_FILLED:,} numbers")
    return np.full(shape.tolist(), np.float32(0) if value is None else value.reshape(-1)[0])


@reads("Shape")
def _read_shape(r: Any, x: Any, *, start: int = 0, end: int | None = None) -> np.ndarray:
    if isinstance(x, np.ndarray):
        return np.array(x.shape, np.int64)
    sizes = [BATCH, *r.value(x).shape[1:]]
    if None in sizes:
        raise UnsupportedError("the size of the images is open; give input_shape=")
    return np.array(sizes[start:end], np.int64).view(Sizes)
