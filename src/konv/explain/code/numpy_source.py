"""Each operation as NumPy: one rule (body, operation, names of its inputs), which writes lines."""

from collections.abc import Callable
from math import inf
from typing import Any

from konv.ir import array_ops as general
from konv.ir import augment_ops as augment
from konv.ir import ops
from konv.ir.resampling import CUBIC

# what must stand at the top where the code has this in it
IMPORTS = (("", "import numpy as np"), ("sliding_window_view", "from numpy.lib.stride_tricks import sliding_window_view"),
           ("(erf)", "from math import erf"))


def first(op: Any) -> bool:
    return op.data_format == "channels_first"


def sides(b: Any) -> list[tuple[int, int]]:
    """Padding before and after, of each axis of the window."""
    return [(axis.before, axis.after) for axis in b.step.axes]


def told(b: Any, pads: list[tuple[int, int]]) -> str:
    """The padding in words."""
    if len(pads) == 1:
        return b.say("padding_sides_steps", left=pads[0][0], right=pads[0][1])
    return b.say("padding_sides", top=pads[0][0], bottom=pads[0][1], left=pads[1][0], right=pads[1][1])


def behind(count: int) -> str:
    """What gives an array of one axis so many more behind it."""
    return f"[:, {', '.join(['None'] * count)}]" if count else ""


def every(parts: list[str]) -> str:
    """Slices of the axes behind the batch; those that take everything are left out at the end."""
    while parts and parts[-1] == ":":
        parts.pop()
    return f"[:, {', '.join(parts)}]" if parts else ""


def _step(stride: int) -> str:
    return f"::{stride}" if stride > 1 else ":"


# --- windows ------------------------------------------------------------------------------------------


def _windows(b: Any, op: Any, x: str, fill: str = "") -> None:
    """`windows`: the numbers under the window, in axes of their own at the end."""
    window, pads = op.window, sides(b)
    if any(map(any, pads)):
        around = ["(0, 0)", *map(str, pads)]
        around.insert(1 if first(op) else len(around), "(0, 0)")
        b.put(f"np.pad({x}, ({', '.join(around)}){fill})", told(b, pads))
        x = b.out
    axes = tuple(range(2, window.rank + 2) if first(op) else range(1, window.rank + 1))
    extents = tuple(axis.extent for axis in b.step.axes)
    steps = [_step(stride) for stride in window.strides]
    steps.insert(0 if first(op) else len(steps), ":")
    b.line(f"windows = sliding_window_view({x}, {extents}, axis={axes})"
           f"{every([*steps, *map(_step, window.dilation)])}")


def _letters(op: Any) -> tuple[str, str]:
    return ("hw", "ij") if op.window.rank == 2 else ("t", "i")


def _plus_bias(b: Any, op: Any) -> str:
    return f" + {b.weight('bias')}{behind(op.window.rank if first(op) else 0)}" if op.use_bias else ""


def _conv(b: Any, op: ops.Conv, x: str) -> None:
    _windows(b, op, x)
    (places, taps), kernel = _letters(op), b.weight(op.kernel_name)
    read, made = (f"nc{places}{taps}", f"nf{places}") if first(op) else (f"n{places}c{taps}", f"n{places}f")
    sums = f'"{read},{taps}cf->{made}"'
    bias = _plus_bias(b, op)
    if op.groups == 1:
        b.put(f"np.einsum({sums}, windows, {kernel}){bias}")
        return
    axis = 1 if first(op) else op.window.rank + 1
    b.line(f"groups = zip(np.split(windows, {op.groups}, axis={axis}), np.split({kernel}, {op.groups}, axis=-1))")
    b.put(f"np.concatenate([np.einsum({sums}, *group) for group in groups], axis={axis if first(op) else -1}){bias}",
          b.say("code_groups"))


def _depthwise(b: Any, op: ops.DepthwiseConv, x: str) -> None:
    _windows(b, op, x)
    places, taps = _letters(op)
    read, made = (f"nc{places}{taps}", f"ncm{places}") if first(op) else (f"n{places}c{taps}", f"n{places}cm")
    shape = ", ".join(map(str, b.step.output))
    b.put(f'np.einsum("{read},{taps}cm->{made}", windows, {b.weight(op.kernel_name)}).reshape(-1, {shape})'
          f"{_plus_bias(b, op)}", b.say("code_depthwise"))


def _transposed(b: Any, op: ops.ConvTranspose, x: str) -> None:
    axes, rank = b.step.axes, op.window.rank
    x = f"np.moveaxis({x}, 1, -1)" if first(op) else x
    if first(op):
        b.put(x)
        x = b.out
    whole = [max((axis.size - 1) * axis.stride + axis.extent, axis.before + axis.output) for axis in axes]
    b.line(f"full = np.zeros((len({x}), {', '.join(map(str, whole))}, {op.filters}))")
    taps = "ij"[:rank]
    parts = [f"{begin}:{begin} + {(axis.size - 1) * axis.stride + 1}{f':{axis.stride}' if axis.stride > 1 else ''}"
             for axis, begin in zip(axes, (f"{axis.dilation} * {tap}" if axis.dilation > 1 else tap
                                           for axis, tap in zip(axes, taps, strict=True)), strict=True)]
    spread = b.say("code_spread")
    b.line(f"for {', '.join(taps)}{',' if rank == 1 else ''} in np.ndindex{op.window.kernel}:  # {spread}")
    b.line(f"    full[:, {', '.join(parts)}] += {x} @ {b.weight('kernel')}[{', '.join(taps)}].T")
    cut = every([f"{axis.before}:{axis.before + axis.output}" if (axis.before, axis.output) != (0, size) else ":"
                 for axis, size in zip(axes, whole, strict=True)])
    b.put(f"full{cut}" + (f" + {b.weight('bias')}" if op.use_bias else ""))
    if first(op):
        b.put(f"np.moveaxis({b.out}, -1, 1)")


def _pool(b: Any, op: ops.Pool, x: str) -> None:
    padded = any(map(any, sides(b)))
    fill = "-np.inf" if op.kind == "max" else "np.nan"
    if padded and op.kind != "max":
        b.comment("code_pool_mean")
    _windows(b, op, x, f", constant_values={fill}")
    function = "np.max" if op.kind == "max" else "np.nanmean" if padded else "np.mean"
    b.put(f"{function}(windows, axis={tuple(range(-op.window.rank, 0))})")


def _global_pool(b: Any, op: ops.GlobalPool, x: str) -> None:
    axes = tuple(range(2, op.rank + 2) if first(op) else range(1, op.rank + 1))
    b.put(f"{x}.{'max' if op.kind == 'max' else 'mean'}({axes if op.rank > 1 else axes[0]}"
          f"{', keepdims=True' if op.keepdims else ''})")


# --- normalisation ------------------------------------------------------------------------------------


def _batch_norm(b: Any, op: ops.BatchNorm, x: str) -> None:
    rank = len(b.step.inputs[0])
    tail = behind(rank - 1 - op.axis % rank)
    scale = f"{b.weight('gamma')}{tail} * " if op.scale else ""
    offset = f" + {b.weight('beta')}{tail}" if op.center else ""
    mean, variance = (f"{b.weight(f'moving_{what}')}{tail}" for what in ("mean", "variance"))
    b.put(f"{scale}({x} - {mean}) / np.sqrt({variance} + {op.epsilon:g}){offset}", b.say("code_moving"))


def _group_norm(b: Any, op: ops.GroupNorm, x: str) -> None:
    shape = b.step.inputs[0]
    axis = op.axis % len(shape)
    last = axis == len(shape) - 1
    channels = shape[axis] or 0
    moved = x if last else f"np.moveaxis({x}, {axis + 1}, -1)"
    b.line(f"groups = {moved}.reshape(len({x}), -1, {op.groups}, {channels // op.groups})")
    b.line("mean, variance = groups.mean((1, 3), keepdims=True), groups.var((1, 3), keepdims=True)")
    sizes = [size for place, size in enumerate(shape) if place != axis]
    b.put(f"((groups - mean) / np.sqrt(variance + {op.epsilon:g})).reshape(-1, {', '.join(map(str, [*sizes, channels]))})")
    if op.scale or op.center:
        b.put(b.out + (f" * {b.weight('gamma')}" if op.scale else "") + (f" + {b.weight('beta')}" if op.center else ""))
    if not last:
        b.put(f"np.moveaxis({b.out}, -1, {axis + 1})")


def layer_norm_axes(b: Any, op: ops.LayerNorm) -> tuple[tuple[int, ...], str]:
    """The axes, batch first, and what gives gamma and beta their places among them."""
    shape = b.step.inputs[0]
    axes = tuple(sorted(axis % len(shape) for axis in op.axes))
    last = axes == tuple(range(len(shape) - len(axes), len(shape)))
    sizes = ", ".join(str(size) if axis in axes else "1" for axis, size in enumerate(shape))
    return tuple(axis + 1 for axis in axes), "" if last else f".reshape({sizes})"


def _layer_norm(b: Any, op: ops.LayerNorm, x: str) -> None:
    axes, placed = layer_norm_axes(b, op)
    b.line(f"mean, variance = {x}.mean({axes}, keepdims=True), {x}.var({axes}, keepdims=True)")
    scale = f"{b.weight('gamma')}{placed} * " if op.scale else ""
    offset = f" + {b.weight('beta')}{placed}" if op.center else ""
    b.put(f"{scale}({x} - mean) / np.sqrt(variance + {op.epsilon:g}){offset}")


# --- number by number ---------------------------------------------------------------------------------


def _relu(x: str, most: float = inf, slope: float = 0.0, threshold: float = 0.0) -> str:
    if (slope, threshold) == (0.0, 0.0):
        return f"np.maximum({x}, 0)" if most == inf else f"np.clip({x}, 0, {most:g})"
    above = x if most == inf else f"np.minimum({x}, {most!r})"
    below = f"{slope!r} * {f'({x} - {threshold!r})' if threshold else x}" if slope else "0"
    return f"np.where({x} > {threshold:g}, {above}, {below})"


def _gelu(x: str, tanh: float = 0.0) -> str:
    inner = f"np.tanh(np.sqrt(2 / np.pi) * ({x} + 0.044715 * {x}**3))" if tanh else f"np.vectorize(erf)({x} / np.sqrt(2))"
    return f"0.5 * {x} * (1 + {inner})"


ACTIVATIONS: dict[str, Callable[..., str]] = {
    "linear": lambda x: x,
    "relu": _relu,
    "sigmoid": lambda x: f"1 / (1 + np.exp(-{x}))",
    "tanh": lambda x: f"np.tanh({x})",
    "softplus": lambda x: f"np.logaddexp(0, {x})",
    "softsign": lambda x: f"{x} / (1 + np.abs({x}))",
    "elu": lambda x, a=1.0: f"np.where({x} > 0, {x}, {a!r} * np.expm1(np.minimum({x}, 0)))",
    "selu": lambda x: f"1.0507009873554805 * np.where({x} > 0, {x}, 1.6732632423543772 * np.expm1(np.minimum({x}, 0)))",
    "gelu": _gelu,
    "silu": lambda x: f"{x} / (1 + np.exp(-{x}))",
    "exponential": lambda x: f"np.exp({x})",
    "hard_sigmoid": lambda x: f"np.clip({x} / 6 + 0.5, 0, 1)",
    "hard_silu": lambda x: f"{x} * np.clip({x} / 6 + 0.5, 0, 1)",
    "mish": lambda x: f"{x} * np.tanh(np.logaddexp(0, {x}))",
    **{name: f"np.{name}({{}})".format for name in ("log", "log1p", "expm1", "sqrt", "square", "abs", "sign", "sin", "cos")},
    "rsqrt": lambda x: f"1 / np.sqrt({x})",
    "reciprocal": lambda x: f"1 / {x}",
    "clip": lambda x, low, high: f"np.clip({x}, {low!r}, {high!r})",
    "power": lambda x, exponent: f"np.power({x}, {exponent!r})",
}


def _activation(b: Any, op: ops.Activation, x: str) -> None:
    b.put(ACTIVATIONS[op.name](x, *op.constants))


def _softmax(b: Any, op: ops.Softmax, x: str) -> None:
    axis = op.axis % len(b.step.output) + 1
    b.put(f"{x} - {x}.max({axis}, keepdims=True)", b.say("code_softmax"))
    total = f"np.exp({b.out}).sum({axis}, keepdims=True)"
    b.put(f"{b.out} - np.log({total})" if op.log else f"np.exp({b.out}) / {total}")


def _scale(b: Any, op: ops.Scale, x: str) -> None:
    scale, offset = (f"np.array({list(value)})" if isinstance(value, tuple) else repr(value) for value in (op.scale, op.offset))
    b.put(f"{x} * {scale}{f' + {offset}' if op.offset else ''}")


def _prelu(b: Any, op: general.PRelu, x: str) -> None:
    b.put(f"np.where({x} > 0, {x}, {b.weight('alpha')} * {x})")


SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "equal": "==", "not_equal": "!=",
         "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">="}


def _binary(b: Any, op: general.Binary, *inputs: str) -> None:
    result, *others = b.aligned(inputs)
    for other in others:
        result = f"{result} {SIGNS[op.name]} {other}" if op.name in SIGNS else f"np.{op.name}({result}, {other})"
    b.put(f"({result}).astype(float)" if op.name in general.COMPARISONS else result)


def _mask(b: Any, op: general.Mask, x: str, holds: str) -> None:
    b.put(f"np.where({holds} > 0, {x}, 0)")


def _add(b: Any, op: ops.Add, *inputs: str) -> None:
    b.put(" + ".join(inputs))


def _nothing(b: Any, op: Any, x: str) -> None:
    b.put(x, b.say("code_inference", name=type(op).__name__))


# --- matrices and shapes ------------------------------------------------------------------------------


def _dense(b: Any, op: ops.Dense, x: str) -> None:
    b.put(f"{x} @ {b.weight('kernel')}" + (f" + {b.weight('bias')}" if op.use_bias else ""))


def _flatten(b: Any, op: ops.Flatten, x: str) -> None:
    moved = first(op) and len(b.step.inputs[0]) > 1
    b.put(f"{f'np.moveaxis({x}, 1, -1)' if moved else x}.reshape(len({x}), -1)", b.say("code_flatten_last") if moved else "")


def _reshape(b: Any, op: ops.Reshape, x: str) -> None:
    b.put(f"{x}.reshape({', '.join(map(str, ([-1] if b.lead() else []) + list(op.shape)))})")


def order(b: Any, op: ops.Permute) -> list[int]:
    lead = b.lead()
    return [*range(lead), *(axis + lead for axis in op.order)]


def _permute(b: Any, op: ops.Permute, x: str) -> None:
    b.put(f"{x}.transpose({', '.join(map(str, order(b, op)))})")


def _matmul(b: Any, op: general.Matmul, *inputs: str) -> None:
    one, _ = b.step.inputs
    if len(one) == 1 and b.lead(0) and b.lead(1):
        b.put(f"({inputs[0]}[:, None] @ {inputs[1]})[:, 0]")
    else:
        b.put(" @ ".join(inputs if len(one) == 1 else b.aligned(inputs)))


def reduced(b: Any, op: general.Reduce) -> tuple[int, ...]:
    return tuple(axis + b.lead() for axis in op.reduced(b.step.inputs[0]))


def _reduce(b: Any, op: general.Reduce, x: str) -> None:
    axes = reduced(b, op)
    b.put(f"{x}.{op.kind}({axes}{', keepdims=True' if op.keepdims else ''})" if axes else x)


def joined(b: Any, op: general.Concatenate) -> int:
    return op.axis % len(b.step.output) + b.lead()


def _concatenate(b: Any, op: general.Concatenate, *inputs: str) -> None:
    b.put(f"np.concatenate([{', '.join(inputs)}], axis={joined(b, op)})")


def _slice(b: Any, op: general.Slice, x: str) -> None:
    parts = []
    for size, start, count, step in zip(b.step.inputs[0], op.starts, op.sizes, op.steps, strict=True):
        end = start + count * step
        whole = (start, count, step) == (0, size, 1)
        parts.append(":" if whole else f"{start}:{end if end >= 0 else ''}{f':{step}' if step != 1 else ''}")
    if b.lead():
        b.put(x + every(parts))
    else:
        b.put(f"{x}[{', '.join(parts)}]")


def _pad(b: Any, op: general.Pad, x: str) -> None:
    b.put(f"np.pad({x}, {((0, 0),) * b.lead() + tuple(op.widths)})")


def _repeat(b: Any, op: general.Repeat, x: str) -> None:
    for axis, factor in enumerate(op.factors, b.lead()):
        if factor > 1:
            b.put(f"{x}.repeat({factor}, axis={axis})")
            x = b.out
    b.put(x)


def _parameter(b: Any, op: general.Parameter) -> None:
    b.put(b.weight(op.name))


def numbers(op: general.Constant) -> str:
    return repr(list(op.values))


def _constant(b: Any, op: general.Constant) -> None:
    b.put(f"np.array({numbers(op)}).reshape{op.shape}" if op.shape else repr(op.values[0]))


# --- images at another size ---------------------------------------------------------------------------

_A, _B = ("(({!r} * x + {!r}) * x + {!r}) * x + {!r}".format(*cubic) for cubic in CUBIC)
# the weight of a pixel at distance x from the place, and how far that reaches; with np or torch
METHODS = {"bilinear": (1, "1 - x"), "bicubic": (2, f"np.where(x < 1, {_A}, {_B})"),
           "lanczos3": (3, "np.sinc(x) * np.sinc(x / 3)"), "lanczos5": (5, "np.sinc(x) * np.sinc(x / 5)")}
HELPER = '''def sums(size, target, wide=1.0):
    # {comment}
    place = (np.arange(target) + 0.5) * (size / target) - 0.5
    x = abs(place[:, None] - np.arange(size)) / wide
    weight = np.where(x <= {radius}, {formula}, {zero})
    return weight / weight.sum(1, keepdims=True)'''


def resize_window(b: Any, op: Any) -> tuple[tuple[int, int, int, int], tuple[int, int], tuple[int, int], Any]:
    """What is resized: (top, left, rows, columns), the size before and after, and the operation as a Resize."""
    if isinstance(op, augment.RandomCrop):
        op = op.resize()
    height, width = augment.known(b.step.inputs[0], op.data_format)
    target = augment.known(b.step.output, op.data_format)
    window = op.window(height, width) if isinstance(op, augment.Resize) else (0, 0, height, width)
    return window, (height, width), target, op


def resize_factor(op: Any, count: int, target: int) -> str:
    """How much wider the sums of a row are that shrinks."""
    return f", {count / target!r}" if getattr(op, "antialias", False) and count > target else ""


def nearest(size: int, target: int, library: str) -> str:
    """The pixels that are nearest, in float32 as the engine has it."""
    from struct import pack, unpack

    rounded = lambda value: unpack("f", pack("f", value))[0]  # noqa: E731
    step = rounded(size * rounded(1 / target))
    if library == "torch":
        return f"((torch.arange({target}) + 0.5) * {step!r}).long().clamp(max={size - 1})"
    return f'((np.arange({target}, dtype="float32") + 0.5) * np.float32({step!r})).astype(int).clip(max={size - 1})'


def _resize(b: Any, op: Any, x: str) -> None:
    (top, left, rows, columns), (height, width), target, op = resize_window(b, op)
    places = [1, 2] if not first(op) else [2, 3]
    if top < 0 or left < 0:
        around = [(0, 0), (0, 0), (0, 0), (0, 0)]
        around[places[0]], around[places[1]] = (-top, rows - height + top), (-left, columns - width + left)
        b.put(f"np.pad({x}, {tuple(around)}, constant_values={op.fill_value!r})")
    else:
        parts = [":", ":", ":"]
        if (rows, columns) != (height, width):
            parts[places[0] - 1], parts[places[1] - 1] = f"{top}:{top + rows}", f"{left}:{left + columns}"
        b.put(x + every(parts))
    if (rows, columns) == target:
        return
    if op.interpolation == "nearest":
        lead = ":, :, " if first(op) else ":, "
        b.put(f"{b.out}[{lead}{nearest(rows, target[0], 'numpy')}]")
        b.put(f"{b.out}[{lead}:, {nearest(columns, target[1], 'numpy')}]")
        return
    radius, formula = METHODS[op.interpolation]
    b.helpers["sums"] = HELPER.format(comment=b.say("code_sums"), radius=radius, formula=formula, zero=0)
    image = '"Hh,nchw,Ww->ncHW"' if first(op) else '"Hh,nhwc,Ww->nHWc"'
    scales = [f"sums({count}, {wanted}{resize_factor(op, count, wanted)})"
              for count, wanted in zip((rows, columns), target, strict=True)]
    b.put(f"np.einsum({image}, {scales[0]}, {b.out}, {scales[1]})")


# what is written with the same words in PyTorch
ALIKE: dict[type, Callable[..., None]] = {
    augment.Light: _nothing, augment.Noise: _nothing, augment.Warp: _nothing, general.Detach: _nothing,
    general.Matmul: _matmul, general.Parameter: _parameter, ops.Add: _add, ops.Dropout: _nothing,
    ops.Reshape: _reshape,
}
RULES: dict[type, Callable[..., None]] = {
    **ALIKE,
    augment.RandomCrop: _resize, augment.Resize: _resize, augment.Upsample: _resize,
    general.Mask: _mask,
    general.Binary: _binary, general.Concatenate: _concatenate, general.Constant: _constant, general.PRelu: _prelu,
    general.Pad: _pad, general.Reduce: _reduce, general.Repeat: _repeat, general.Slice: _slice,
    ops.Activation: _activation, ops.BatchNorm: _batch_norm, ops.Conv: _conv, ops.ConvTranspose: _transposed,
    ops.Dense: _dense, ops.DepthwiseConv: _depthwise, ops.Flatten: _flatten, ops.GlobalPool: _global_pool,
    ops.GroupNorm: _group_norm, ops.LayerNorm: _layer_norm, ops.Permute: _permute, ops.Pool: _pool, ops.Scale: _scale,
    ops.Softmax: _softmax,
}
