"""The facts of an operation as equations with the numbers filled in, and as keys of sentences.

The right side of every equation is a number that `spec` gave; the left side spells out where it comes from.
Nothing here depends on a language.
"""

from collections.abc import Callable, Iterable, Sequence
from math import inf, prod
from typing import Any

from konv.explain.facts import arithmetic_arrays as arrays
from konv.explain.facts import arithmetic_augment as augment
from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Equation, Statement, equation, number
from konv.ir import array_ops as general
from konv.ir import ops as ir
from konv.ir.ops import Shape, spatial
from konv.ir.window import CAUSAL, WORDS, Axis


def statements(step: StepFacts) -> tuple[Statement, ...]:
    """What is to say about one operation, in reading order."""
    return tuple(_WRITERS.get(type(step.op), _unexplained)(step))


# --- windows ------------------------------------------------------------------------------------------

def window_statements(step: StepFacts) -> Iterable[Statement]:
    """Padding, output height and width, and the pixels that are never read."""
    window = step.op.window  # type: ignore[attr-defined]
    if step.axes is None:
        yield Statement("sizes_unknown")
        return
    yield from _extents(step.axes)
    if window.padding != "valid":
        yield from _padding(step.axes)
    for word, axis in zip(WORDS[window.rank], step.axes, strict=True):
        yield equation(word, output_size(axis), axis.output, "legend_floor" if axis.stride > 1 else "legend_size")
    yield from _unread(step.axes)


def _extents(axes: Sequence[Axis]) -> Iterable[Statement]:
    for word, axis in zip(WORDS[len(axes)], axes, strict=True):
        if axis.dilation > 1:
            yield equation(f"extent_{word}", f"{axis.dilation}*({axis.kernel}-1)+1", axis.extent, "legend_extent")


def output_size(axis: Axis) -> str:
    """(28 - 3 + 2*1)/1 + 1: the padding as 2*1 when both sides have it, else as 0 + 1."""
    padding = f"2*{axis.before}" if axis.before == axis.after else f"{axis.before} + {axis.after}"
    quotient = f"({axis.size} - {axis.extent} + {padding})/{axis.stride}"
    return f"{quotient if axis.stride == 1 else f'floor({quotient})'} + 1"


def _padding(axes: Sequence[Axis]) -> Iterable[Statement]:
    for word, axis in zip(WORDS[len(axes)], axes, strict=True):
        left = f"({axis.output} - 1)*{axis.stride} + {axis.extent} - {axis.size}"
        left = left if axis.stride == 1 else f"max({left}, 0)"
        causal = axis.padding == CAUSAL
        yield equation(f"padding_{word}", f"{axis.extent} - 1" if causal else left, axis.total_padding,
                       "legend_causal" if causal else "legend_padding")
    yield Statement(_ranked("padding_sides", axes), _sides(axes))


def _sides(axes: Sequence[Axis]) -> dict[str, int]:
    """How many pixels are added, or cut off, on each side."""
    names = (("top", "bottom"), ("left", "right"))[2 - len(axes):]
    return {name: count for pair, axis in zip(names, axes, strict=True)
            for name, count in zip(pair, (axis.before, max(axis.after, 0)), strict=True)}


def _unread(axes: Sequence[Axis]) -> Iterable[Statement]:
    names = ("rows", "columns")[2 - len(axes):]
    for key in ("unread", "skipped"):
        counts = {name: getattr(axis, key) for name, axis in zip(names, axes, strict=True)}
        if any(counts.values()):
            yield Statement(_ranked(key, axes), counts)


def _ranked(key: str, axes: Sequence[Any]) -> str:
    """The message for images, or that for sequences."""
    return key if len(axes) == 2 else f"{key}_steps"


# --- one writer for each operation --------------------------------------------------------------------


def _input(step: StepFacts) -> Iterable[Statement]:
    yield Statement("input_layer")
    if None not in step.output:
        yield equation("values", times(step.output), prod(size or 0 for size in step.output))


def _conv(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    *kernel, channels, filters = step.weights[0].shape
    yield Statement("conv" if op.use_bias else "conv_no_bias", {"filters": filters, "channels": channels, **_window_fields(op)})
    if op.groups > 1:
        total = spatial(step.inputs[0], op.data_format, op.window.rank)[-1]
        yield equation("group_channels", f"{total}/{op.groups}", channels, "legend_group_channels")
        yield equation("group_filters", f"{filters}/{op.groups}", filters // op.groups, "legend_group_filters")
    yield from window_statements(step)
    yield from _kernel_parameters(step, filters, channels, kernel)
    yield from _macs(step, step.output, filters, [*kernel, channels], "legend_conv_macs")


def _window_fields(op: Any) -> dict[str, str]:
    return {"kernel": "x".join(map(str, op.window.kernel)), "strides": "x".join(map(str, op.window.strides)),
            "padding": op.window.padding}


def _kernel_parameters(step: StepFacts, filters: int, channels: int, kernel: Sequence[int]) -> Iterable[Statement]:
    bias = step.op.use_bias  # type: ignore[attr-defined]
    yield equation("parameters", f"{filters} * ({times([channels, *kernel])}{' + 1' if bias else ''})", step.parameters,
                   _ranked("legend_conv_parameters" if bias else "legend_conv_parameters_no_bias", kernel))


def _macs(step: StepFacts, image: Shape, channels: int, terms: Sequence[int], legend: str) -> Iterable[Statement]:
    """For each pixel of that image and each of so many channels, these terms."""
    op: Any = step.op
    if step.macs is None:
        yield Statement("macs_unknown")
        return
    *sizes, _ = spatial(image, op.data_format, op.window.rank)
    yield equation("macs", f"{times([*sizes, channels])} * ({times(terms)})", step.macs, _ranked(legend, sizes))


def _depthwise(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    *kernel, channels, multiplier = step.weights[0].shape
    yield Statement("depthwise", {"channels": channels, "multiplier": multiplier, **_window_fields(op)})
    yield from window_statements(step)
    bias = " + 1" if op.use_bias else ""
    yield equation("parameters", f"{channels}*{multiplier} * ({times(kernel)}{bias})", step.parameters, _ranked(
        "legend_depthwise_parameters" if op.use_bias else "legend_depthwise_parameters_no_bias", kernel))
    yield from _macs(step, step.output, channels * multiplier, kernel, "legend_depthwise_macs")


def _conv_transpose(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    *kernel, filters, channels = step.weights[0].shape
    yield Statement("conv_transpose", {"filters": filters, "channels": channels, **_window_fields(op)})
    if step.axes is None:
        yield Statement("sizes_unknown")
    else:
        yield from _extents(step.axes)
        for word, axis in zip(WORDS[op.window.rank], step.axes, strict=True):
            yield equation(word, *_spread_size(axis))
        sides = _sides(step.axes)
        if any(sides.values()):
            yield Statement(_ranked("cut_sides", step.axes), sides)
    yield from _kernel_parameters(step, filters, channels, kernel)
    yield from _macs(step, step.inputs[0], channels, [*kernel, filters], "legend_transpose_macs")


def _spread_size(axis: Any) -> tuple[str, int, str]:
    """The size after a transposed convolution: what it is made of, the number, and the key of the same in words."""
    if axis.extra is None and axis.padding == "same":
        return f"{axis.size}*{axis.stride}", axis.output, "legend_spread_same"
    before = f"({axis.size} - 1)*{axis.stride}"
    if axis.extra is None:
        return f"{before} + max({axis.extent}, {axis.stride})", axis.output, "legend_spread"
    if axis.padding == "same":
        return f"{before} + {axis.extent % 2} + {axis.extra}", axis.output, "legend_spread_same_extra"
    return f"{before} + {axis.extent} + {axis.extra}", axis.output, "legend_spread_extra"


def _pool(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    fields = _window_fields(op)
    yield Statement(f"pool_{op.kind}", {"window": fields.pop("kernel"), **fields})
    yield equation("window_values", times(op.window.kernel), prod(op.window.kernel))
    yield from window_statements(step)


def _global_pool(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    *sizes, channels = spatial(step.inputs[0], op.data_format, op.rank)
    yield Statement(f"global_{op.kind}", {"channels": channels})
    if None not in sizes:
        yield equation("map_values", times(sizes), prod(sizes))


def _batch_norm(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    channels = step.weights[0].shape[0]
    learned = [weight.name for weight in step.weights if weight.trainable]
    measured = [weight.name for weight in step.weights if not weight.trainable]
    yield Statement("batch_norm", {"formula": _normalised(op)})
    yield Statement("batch_norm_statistics", {"momentum": number(float(op.momentum))})
    yield equation("kept_share", *_rest_of_one(op.momentum))
    yield equation("parameters", f"{len(step.weights)} * {channels}", step.parameters, "legend_batch_norm")
    for key, names in (("learned", learned), ("measured", measured)):
        if names:
            yield Statement(key, {"equation": Equation(f"{len(names)} * {channels}", len(names) * channels),
                                  "names": ", ".join(names)})


def _normalised(op: Any) -> str:
    scale, offset = ("gamma * " if op.scale else ""), (" + beta" if op.center else "")
    return f"{scale}(x - mean)/sqrt(variance + {op.epsilon:g}){offset}"


def _group_norm(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    channels = step.inputs[0][op.axis]
    yield Statement("group_norm", {"groups": op.groups, "formula": _normalised(op)})
    yield equation("group_channels", f"{channels}/{op.groups}", (channels or 0) // op.groups)
    yield from _gamma_beta(step)


def _layer_norm(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    sizes = [step.inputs[0][axis] or 0 for axis in op.axes]
    yield Statement("layer_norm", {"axes": ", ".join(str(axis % len(step.inputs[0]) + 1) for axis in op.axes),
                                   "formula": _normalised(op)})
    yield equation("mean_values", times(sizes), prod(sizes))
    yield from _gamma_beta(step)


def _gamma_beta(step: StepFacts) -> Iterable[Statement]:
    if step.weights:
        yield equation("parameters", f"{len(step.weights)} * {times(step.weights[0].shape)}", step.parameters,
                       "legend_gamma_beta")


def _dropout(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    yield Statement("dropout", {"rate": number(float(op.rate))})
    yield equation("kept", *_rest_of_one(op.rate))
    if op.noise_shape is not None:
        yield Statement("noise_shape", {"shape": str(op.noise_shape)})


def _flatten(step: StepFacts) -> Iterable[Statement]:
    yield Statement("flatten")
    if step.output[0] is None:
        yield Statement("sizes_unknown")
        return
    yield equation("values", times(step.inputs[0]), step.output[0])


def _dense(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    inputs, units = step.weights[0].shape
    yield Statement("dense", {"inputs": inputs, "units": units})
    left = f"({inputs} + 1) * {units}" if op.use_bias else f"{inputs} * {units}"
    yield equation("parameters", left, step.parameters,
                   "legend_dense_parameters" if op.use_bias else "legend_dense_parameters_no_bias")
    if step.macs is None:
        yield Statement("macs_unknown")
        return
    places = step.inputs[0][:-1]
    yield equation("macs", f"{times(places)} * " * bool(places) + f"{inputs} * {units}", step.macs,
                   "legend_dense_macs_places" if places else "legend_dense_macs")


def _relu(most: float = inf, slope: float = 0.0, threshold: float = 0.0) -> str:
    kept = f"x*(x > {number(threshold)})" if threshold else "max(x, 0)"
    capped = kept if most == inf else f"min({kept}, {number(most)})"
    below = f"min(x - {number(threshold)}, 0)" if threshold else "min(x, 0)"
    return f"{capped} + {number(slope)}*{below}" if slope else capped


def _elu(alpha: float = 1.0) -> str:
    return f"max(x, 0) + {number(alpha)}*(exp(min(x, 0)) - 1)"


def _gelu(approximate: float = 0.0) -> str:
    inner = "tanh(0.797885*(x + 0.044715*x**3))" if approximate else "erf(x/sqrt(2))"
    return f"x*(1 + {inner})/2"


# the function of one number x, called with the constants of the op
_FORMULAS: dict[str, Callable[..., str]] = {
    "relu": _relu,
    "elu": _elu,
    "gelu": _gelu,
    "selu": lambda: "1.0507*(max(x, 0) + 1.67326*(exp(min(x, 0)) - 1))",
    "sigmoid": lambda: "1/(1 + exp(-x))",
    "tanh": lambda: "(exp(x) - exp(-x))/(exp(x) + exp(-x))",
    "softplus": lambda: "log(1 + exp(x))",
    "softsign": lambda: "x/(1 + abs(x))",
    "exponential": lambda: "exp(x)",
    "silu": lambda: "x/(1 + exp(-x))",
    "hard_sigmoid": lambda: "min(max(x/6 + 0.5, 0), 1)",
    "hard_silu": lambda: "x*min(max(x/6 + 0.5, 0), 1)",
    "mish": lambda: "x*tanh(log(1 + exp(x)))",
}


def _activation(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    if op.name in _FORMULAS:
        yield Statement("activation_formula", {"name": op.name, "formula": _FORMULAS[op.name](*op.constants)})
    else:
        yield Statement("activation", {"name": op.name})


def _softmax(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    yield Statement("log_softmax" if op.log else "softmax", {"size": step.inputs[0][op.axis]})


def _scale(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    per_channel = [isinstance(value, tuple) for value in (op.scale, op.offset)]
    scales, offsets = (value if isinstance(value, tuple) else (value,) for value in (op.scale, op.offset))
    if any(per_channel):
        yield Statement("scale_channels", {"scales": _numbers(scales), "offsets": _numbers(offsets)})
        return
    scale, offset = (float(f"{values[0]:.6g}") for values in (scales, offsets))
    rest = f"{'-' if offset < 0 else '+'} {number(abs(offset))}"
    yield Statement("scale", {"formula": f"x * {number(scale)} {rest}"})
    yield equation("scale_example", f"255 * {number(scale)} {rest}", 255 * scale + offset)


def _add(step: StepFacts) -> Iterable[Statement]:
    yield Statement("add", {"count": len(step.inputs)})
    if None not in step.output:
        values = prod(size or 0 for size in step.output)
        count = len(step.inputs) - 1
        yield equation("additions", f"{count} * {times(step.output)}", count * values)


def _mask(step: StepFacts) -> Iterable[Statement]:
    yield Statement("mask")


def _detach(step: StepFacts) -> Iterable[Statement]:
    yield Statement("detach")


def _binary(step: StepFacts) -> Iterable[Statement]:
    name = step.op.name  # type: ignore[attr-defined]
    if name in general.COMPARISONS:
        yield Statement("comparison", {"name": name})
    else:
        yield Statement(f"binary_{name}", {"count": len(step.inputs)})
    if len(set(step.inputs)) > 1:
        yield Statement("broadcast")


def _concatenate(step: StepFacts) -> Iterable[Statement]:
    axis = step.op.axis % len(step.output)  # type: ignore[attr-defined]
    yield Statement("concatenate", {"axis": axis + 1})
    sizes = [shape[axis] for shape in step.inputs]
    if None not in sizes:
        yield equation("joined", " + ".join(map(str, sizes)), sum(size or 0 for size in sizes))


def _pad(step: StepFacts) -> Iterable[Statement]:
    yield Statement("zeros_around")
    for axis, (before, after) in enumerate(step.op.widths):  # type: ignore[attr-defined]
        size, result = step.inputs[0][axis], step.output[axis]
        if before + after and size is not None and result is not None:
            yield equation("edge", f"{before} + {size} + {after}", result)


def _slice(step: StepFacts) -> Iterable[Statement]:
    yield Statement("part_of")
    for size, start, result in zip(step.inputs[0], step.op.starts, step.output, strict=True):  # type: ignore[attr-defined]
        if size is not None and result is not None and size != result:
            yield equation("edge", f"{size} - {start} - {size - start - result}", result)


def _prelu(step: StepFacts) -> Iterable[Statement]:
    yield Statement("prelu")
    yield equation("parameters", times(step.weights[0].shape), step.parameters)


def _permute(step: StepFacts) -> Iterable[Statement]:
    yield Statement("permute", {"order": ", ".join(str(axis + 1) for axis in step.op.order)})  # type: ignore[attr-defined]


def _reshape(step: StepFacts) -> Iterable[Statement]:
    yield Statement("reshape", {"shape": ir.describe(step.output)})
    if None not in step.inputs[0]:
        yield equation("values", times(step.inputs[0]), prod(size or 0 for size in step.output))


def _unexplained(step: StepFacts) -> Iterable[Statement]:
    yield Statement("operation", {"op": type(step.op).__name__})
    if step.weights:
        left = " + ".join(times(weight.shape) for weight in step.weights)
        yield equation("parameters", left, step.parameters)


_WRITERS: dict[type[ir.Op], Callable[[StepFacts], Iterable[Statement]]] = {
    ir.Input: _input,
    ir.Conv: _conv,
    ir.ConvTranspose: _conv_transpose,
    ir.DepthwiseConv: _depthwise,
    ir.Pool: _pool,
    ir.GlobalPool: _global_pool,
    ir.BatchNorm: _batch_norm,
    ir.GroupNorm: _group_norm,
    ir.LayerNorm: _layer_norm,
    ir.Dropout: _dropout,
    ir.Flatten: _flatten,
    ir.Dense: _dense,
    ir.Activation: _activation,
    ir.Softmax: _softmax,
    ir.Scale: _scale,
    ir.Add: _add,
    ir.Permute: _permute,
    general.Binary: _binary,
    general.Detach: _detach,
    general.Mask: _mask,
    general.Concatenate: _concatenate,
    general.Pad: _pad,
    general.PRelu: _prelu,
    general.Slice: _slice,
    ir.Reshape: _reshape,
    **augment.WRITERS,
    **arrays.WRITERS,
}


def times(shape: Shape | Sequence[int]) -> str:
    """(4, 4, 25) -> '4*4*25'; a single number has no axes and is '1'."""
    return "*".join(map(str, shape)) or "1"


def _rest_of_one(share: float) -> tuple[str, float]:
    """1 - share as it is printed, and its value: that of the printed number, so that the line is right as it stands."""
    shown = number(float(share))
    return f"1 - {shown}", 1 - float(shown)


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(number(float(value)) for value in values)
