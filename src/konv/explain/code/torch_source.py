"""Each operation as PyTorch, by the functions of torch.nn.functional; compare code_numpy.

PyTorch has the channels of images second and kernels as (filters, channels, rows, columns). Values are reordered where an
operation asks for it, so that images stay as PyTorch wants them from one convolution to the next.
"""

from collections.abc import Callable
from math import inf
from typing import Any

from konv.explain.code.numpy_source import (
    ALIKE,
    HELPER,
    METHODS,
    SIGNS,
    behind,
    every,
    first,
    joined,
    layer_norm_axes,
    nearest,
    numbers,
    order,
    reduced,
    resize_factor,
    resize_window,
    sides,
    told,
)
from konv.ir import array_ops as general
from konv.ir import augment_ops as augment
from konv.ir import ops

IMPORTS = (("", "import torch"), ("F.", "import torch.nn.functional as F"))
ELEMENTWISE = (ops.Activation, ops.Add, ops.Dropout, augment.Noise, general.Binary, ops.Softmax)
NORMS = (ops.BatchNorm, ops.GroupNorm)
WINDOWS = (ops.Conv, ops.ConvTranspose, ops.DepthwiseConv, ops.Pool)


class Layouts:
    """Which values have been reordered: their last axis, the channels, stands second."""

    def apply(self: Any, rule: Callable[..., None], node: Any) -> None:
        self.moved = self.__dict__.get("moved", set())
        self.now = self._wants(node)
        for source in node.inputs:
            self._bring(source, self.now)
        rule(self, node.op, *(self.names[source] for source in node.inputs))
        if self.now and len(node.shape) > 1:
            self.moved.add(self.index)

    def result(self: Any, index: int) -> str:
        self._bring(index, False)
        return self.names[index]

    def _wants(self: Any, node: Any) -> bool:
        """Whether this operation is to read its inputs with the channels second, which they do not have there."""
        op, shapes = node.op, self.step.inputs
        if isinstance(op, NORMS):
            return len(shapes[0]) > 1 and op.axis % len(shapes[0]) == len(shapes[0]) - 1
        if isinstance(op, (*ELEMENTWISE, ops.GlobalPool)):
            return len(set(shapes)) == 1 and all(source in self.moved for source in node.inputs)
        return isinstance(op, WINDOWS) and not first(op)

    def _bring(self: Any, index: int, moved: bool) -> None:
        rank = len(self.graph.nodes[index].shape)
        if rank < 2 or index in self.fixed or (index in self.__dict__.get("moved", ())) == moved:
            return
        axes = (0, rank, *range(1, rank)) if moved else (0, *range(2, rank + 1), 1)
        name = self.names[index]
        why = self.say("code_channels_second" if moved else "code_channels_last")
        self.line(f"{name} = {name}.permute{axes}  # {why}")
        (self.moved.add if moved else self.moved.discard)(index)


# --- windows ------------------------------------------------------------------------------------------


def _arguments(op: Any, **more: Any) -> str:
    """Keyword arguments that are not 1, or nothing."""
    given = {"stride": op.window.strides, **more}
    shown = {name: value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value for name, value in given.items()}
    return "".join(f", {name}={value}" for name, value in shown.items() if value != (0 if name == "padding" else 1))


def _turned(pads: list[tuple[int, int]]) -> tuple[int, ...]:
    """As F.pad takes them: the last axis first."""
    return tuple(count for pair in reversed(pads) for count in pair)


def _padded(b: Any, x: str, fill: str = "") -> tuple[str, dict[str, Any]]:
    """The argument padding=, where both sides have as much; else F.pad with the exact numbers."""
    pads = sides(b)
    if all(before == after for before, after in pads):
        return x, {"padding": tuple(before for before, _ in pads)}
    b.comment("code_uneven", sides=told(b, pads))
    b.put(f"F.pad({x}, {_turned(pads)}{fill})")
    return b.out, {}


def _kernel(b: Any, op: Any, name: str, turned: tuple[int, ...]) -> str:
    """The kernel as PyTorch has it; the comment says which axis is which."""
    places = ["rows", "columns"] if op.window.rank == 2 else ["time"]
    last = {ops.Conv: ["channels", "filters"], ops.DepthwiseConv: ["channels", "multiplier"],
            ops.ConvTranspose: ["filters", "channels"]}[type(op)]
    words = [b.say(f"code_axis_{word}") for word in (*places, *last)]
    b.comment("code_kernel", ours=", ".join(words), theirs=", ".join(words[axis] for axis in turned))
    return f"{b.weight(name)}.permute{turned}"


def _conv(b: Any, op: ops.Conv, x: str) -> None:
    rank = op.window.rank
    x, padding = _padded(b, x)
    kernel = _kernel(b, op, op.kernel_name, (rank + 1, rank, *range(rank)))
    bias = f", {b.weight('bias')}" if op.use_bias else ""
    more = _arguments(op, **padding, dilation=op.window.dilation, groups=op.groups)
    b.put(f"F.conv{rank}d({x}, {kernel}{bias}{more})")


def _depthwise(b: Any, op: ops.DepthwiseConv, x: str) -> None:
    rank = op.window.rank
    x, padding = _padded(b, x)
    kernel = _kernel(b, op, op.kernel_name, (rank, rank + 1, *range(rank)))
    *sizes, channels, multiplier = op.kernel_shape(b.step.inputs[0])
    bias = f", {b.weight('bias')}" if op.use_bias else ""
    more = _arguments(op, **padding, dilation=op.window.dilation, groups=channels)
    shape = ", ".join(map(str, (channels * multiplier, 1, *sizes)))
    why = b.say("code_depthwise_groups")
    b.line(f"kernels = {kernel}.reshape({shape})  # {why}")
    b.put(f"F.conv{rank}d({x}, kernels{bias}{more})")


def _transposed(b: Any, op: ops.ConvTranspose, x: str) -> None:
    rank = op.window.rank
    kernel = _kernel(b, op, "kernel", (rank + 1, rank, *range(rank)))
    cut = [(-axis.before, -axis.after) for axis in b.step.axes]
    bias = b.weight("bias") if op.use_bias else ""
    inside = f", {bias}" if bias and not any(map(any, cut)) else ""
    b.put(f"F.conv_transpose{rank}d({x}, {kernel}{inside}{_arguments(op, dilation=op.window.dilation)})")
    if any(map(any, cut)):
        b.put(f"F.pad({b.out}, {_turned(cut)})", b.say("code_cut"))
        if bias:
            b.put(f"{b.out} + {bias}{behind(rank)}")



def _pool(b: Any, op: ops.Pool, x: str) -> None:
    rank, size = op.window.rank, op.window.kernel if len(set(op.window.kernel)) > 1 else op.window.kernel[0]
    strides = f", {op.window.strides if len(set(op.window.strides)) > 1 else op.window.strides[0]}"
    strides = "" if op.window.strides == op.window.kernel else strides
    if op.kind == "max":
        x, padding = _padded(b, x, ", value=-torch.inf")
        padding = _arguments(op, **padding).partition("padding=")[2]
        b.put(f"F.max_pool{rank}d({x}, {size}{strides}{f', padding={padding}' if padding else ''})")
        return
    pads = sides(b)
    if not any(map(any, pads)):
        b.put(f"F.avg_pool{rank}d({x}, {size}{strides})")
        return
    b.comment("code_uneven", sides=told(b, pads))
    b.comment("code_pool_share")
    b.line(f"inside = F.avg_pool{rank}d(F.pad(torch.ones_like({x}), {_turned(pads)}), {size}{strides or f', {size}'})")
    b.put(f"F.avg_pool{rank}d(F.pad({x}, {_turned(pads)}), {size}{strides}) / inside")


def _global_pool(b: Any, op: ops.GlobalPool, x: str) -> None:
    second = b.now or first(op)
    axes = tuple(range(2, op.rank + 2) if second else range(1, op.rank + 1))
    b.put(f"{x}.{'amax' if op.kind == 'max' else 'mean'}({axes}{', keepdim=True' if op.keepdims else ''})")


# --- normalisation ------------------------------------------------------------------------------------


def _norm_axis(b: Any, op: Any) -> int:
    """Where the channels are."""
    return 1 if b.now else op.axis % len(b.step.inputs[0]) + 1


def _gamma_beta(b: Any, op: Any) -> str:
    return ", ".join(b.weight(name) if wanted else "None" for name, wanted in (("gamma", op.scale), ("beta", op.center)))


def _batch_norm(b: Any, op: ops.BatchNorm, x: str) -> None:
    axis = _norm_axis(b, op)
    mean, variance = (b.weight(f"moving_{what}") for what in ("mean", "variance"))
    whole = f"F.batch_norm({{}}, {mean}, {variance}, {_gamma_beta(b, op)}, eps={op.epsilon:g})"
    b.put(_at_second(whole, x, axis), b.say("code_moving"))


def _at_second(whole: str, x: str, axis: int) -> str:
    """A function of images whose channels are second, of those that have them elsewhere."""
    return whole.format(x) if axis == 1 else f"{whole.format(f'{x}.movedim({axis}, 1)')}.movedim(1, {axis})"


def _group_norm(b: Any, op: ops.GroupNorm, x: str) -> None:
    whole = f"F.group_norm({{}}, {op.groups}, {_gamma_beta(b, op)}, eps={op.epsilon:g})"
    b.put(_at_second(whole, x, _norm_axis(b, op)))


def _layer_norm(b: Any, op: ops.LayerNorm, x: str) -> None:
    axes, placed = layer_norm_axes(b, op)
    if not placed:
        sizes = tuple(b.step.inputs[0][axis - 1] for axis in axes)
        b.put(f"F.layer_norm({x}, {sizes}, {_gamma_beta(b, op)}, eps={op.epsilon:g})")
        return
    b.line(f"mean, variance = {x}.mean({axes}, keepdim=True), {x}.var({axes}, correction=0, keepdim=True)")
    scale = f"{b.weight('gamma')}{placed} * " if op.scale else ""
    offset = f" + {b.weight('beta')}{placed}" if op.center else ""
    b.put(f"{scale}({x} - mean) / torch.sqrt(variance + {op.epsilon:g}){offset}")


# --- number by number ---------------------------------------------------------------------------------


def _relu(x: str, most: float = inf, slope: float = 0.0, threshold: float = 0.0) -> str:
    if (slope, threshold) == (0.0, 0.0):
        return f"F.relu({x})" if most == inf else f"{x}.clamp(0, {most!r})"
    if (most, threshold) == (inf, 0.0):
        return f"F.leaky_relu({x}, {slope!r})"
    above = x if most == inf else f"{x}.clamp(max={most!r})"
    return f"torch.where({x} > {threshold:g}, {above}, {slope!r} * ({x} - {threshold!r}))"


ACTIVATIONS: dict[str, Callable[..., str]] = {
    "linear": lambda x: x,
    "relu": _relu,
    "elu": lambda x, a=1.0: f"F.elu({x}, {a!r})",
    "gelu": lambda x, tanh=0.0: f"F.gelu({x}{', approximate=' + repr('tanh') if tanh else ''})",
    "exponential": lambda x: f"torch.exp({x})",
    "hard_sigmoid": lambda x: f"F.hardsigmoid({x})",
    "hard_silu": lambda x: f"F.hardswish({x})",
    **{name: f"F.{name}({{}})".format for name in ("softplus", "softsign", "selu", "silu", "mish")},
    **{name: f"torch.{name}({{}})".format
       for name in ("sigmoid", "tanh", "log", "log1p", "expm1", "sqrt", "rsqrt", "square", "abs", "sign", "reciprocal", "sin",
                    "cos")},
    "clip": lambda x, low, high: f"{x}.clamp({low!r}, {high!r})",
    "power": lambda x, exponent: f"{x} ** {exponent!r}",
}


def _activation(b: Any, op: ops.Activation, x: str) -> None:
    b.put(ACTIVATIONS[op.name](x, *op.constants))


def _softmax(b: Any, op: ops.Softmax, x: str) -> None:
    rank = len(b.step.output)
    axis = op.axis % rank + 1
    axis = 1 if b.now and axis == rank else axis + b.now
    b.put(f"F.{'log_' if op.log else ''}softmax({x}, {axis})")


def _scale(b: Any, op: ops.Scale, x: str) -> None:
    scale, offset = (f"torch.tensor({list(value)})" if isinstance(value, tuple) else repr(value)
                     for value in (op.scale, op.offset))
    b.put(f"{x} * {scale}{f' + {offset}' if op.offset else ''}")


def _prelu(b: Any, op: general.PRelu, x: str) -> None:
    b.put(f"torch.where({x} > 0, {x}, {b.weight('alpha')} * {x})")


def _binary(b: Any, op: general.Binary, *inputs: str) -> None:
    result, *others = b.aligned(inputs)
    for other in others:
        result = f"{result} {SIGNS[op.name]} {other}" if op.name in SIGNS else f"torch.{op.name}({result}, {other})"
    b.put(f"({result}).float()" if op.name in general.COMPARISONS else result)


def _mask(b: Any, op: general.Mask, x: str, holds: str) -> None:
    b.put(f"torch.where({holds} > 0, {x}, 0.0)")


# --- matrices and shapes ------------------------------------------------------------------------------


def _dense(b: Any, op: ops.Dense, x: str) -> None:
    b.put(f"{x} @ {b.weight('kernel')}" + (f" + {b.weight('bias')}" if op.use_bias else ""), b.say("code_dense"))


def _flatten(b: Any, op: ops.Flatten, x: str) -> None:
    moved = first(op) and len(b.step.inputs[0]) > 1
    b.put(f"{f'{x}.movedim(1, -1)' if moved else x}.flatten(1)", b.say("code_flatten_last"))


def _permute(b: Any, op: ops.Permute, x: str) -> None:
    b.put(f"{x}.permute({', '.join(map(str, order(b, op)))})")


def _reduce(b: Any, op: general.Reduce, x: str) -> None:
    axes = reduced(b, op)
    name = {"max": "amax", "min": "amin"}.get(op.kind, op.kind)
    b.put(f"{x}.{name}({axes}{', keepdim=True' if op.keepdims else ''})" if axes else x)


def _concatenate(b: Any, op: general.Concatenate, *inputs: str) -> None:
    b.put(f"torch.cat([{', '.join(inputs)}], {joined(b, op)})")


def _slice(b: Any, op: general.Slice, x: str) -> None:
    parts, turned = [], []
    for axis, (size, start, count, step) in enumerate(zip(b.step.inputs[0], op.starts, op.sizes, op.steps, strict=True)):
        if step < 0:  # torch has no steps backwards: the other way round from the last one on
            start, step = start + (count - 1) * step, -step
            turned.append(axis + b.lead())
        whole = (start, count, step) == (0, size, 1)
        parts.append(":" if whole else f"{start}:{start + (count - 1) * step + 1}{f':{step}' if step != 1 else ''}")
    sliced = x + every(parts) if b.lead() else f"{x}[{', '.join(parts)}]"
    b.put(f"{sliced}.flip({turned})" if turned else sliced)


def _pad(b: Any, op: general.Pad, x: str) -> None:
    b.put(f"F.pad({x}, {_turned(list(op.widths))})")


def _repeat(b: Any, op: general.Repeat, x: str) -> None:
    for axis, factor in enumerate(op.factors, b.lead()):
        if factor > 1:
            b.put(f"{x}.repeat_interleave({factor}, {axis})")
            x = b.out
    b.put(x)


def _constant(b: Any, op: general.Constant) -> None:
    b.put(f"torch.tensor({numbers(op)}).reshape({op.shape})" if op.shape else f"torch.tensor({op.values[0]!r})")


# --- images at another size ---------------------------------------------------------------------------


def _resize(b: Any, op: Any, x: str) -> None:
    (top, left, rows, columns), (height, width), target, op = resize_window(b, op)
    if top < 0 or left < 0:
        pads = [(-top, rows - height + top), (-left, columns - width + left)]
        pads = pads if first(op) else [*pads, (0, 0)]
        b.put(f"F.pad({x}, {_turned(pads)}, value={op.fill_value!r})")
    else:
        parts = [":", ":"] if (rows, columns) == (height, width) else [f"{top}:{top + rows}", f"{left}:{left + columns}"]
        parts.insert(0 if first(op) else 2, ":")
        b.put(x + every(parts))
    if (rows, columns) == target:
        return
    if op.interpolation == "nearest":
        lead = ":, :, " if first(op) else ":, "
        b.put(f"{b.out}[{lead}{nearest(rows, target[0], 'torch')}]")
        b.put(f"{b.out}[{lead}:, {nearest(columns, target[1], 'torch')}]")
        return
    radius, formula = METHODS[op.interpolation]
    helper = HELPER.format(comment=b.say("code_sums"), radius=radius, formula=formula, zero="torch.tensor(0.0)")
    b.helpers["sums"] = helper.replace("np.", "torch.").replace("keepdims", "keepdim")
    image = '"Hh,nchw,Ww->ncHW"' if first(op) else '"Hh,nhwc,Ww->nHWc"'
    scales = [f"sums({count}, {wanted}{resize_factor(op, count, wanted)})"
              for count, wanted in zip((rows, columns), target, strict=True)]
    b.put(f"torch.einsum({image}, {scales[0]}, {b.out}, {scales[1]})")


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
