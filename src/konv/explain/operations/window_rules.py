"""Operations with a window: convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Statement, equation
from konv.explain.operations.base import (
    Channels,
    Rule,
    Statements,
    behind,
    channels_first,
    flat_pads,
    image_axes,
    kept_axes,
    macs,
    product,
    sliced,
    times,
    with_channels,
)
from konv.ir import ops as ir
from konv.ir.ops import Shape, spatial
from konv.ir.window import CAUSAL, WORDS, Axis, Window

if TYPE_CHECKING:
    from konv.explain.code.body import Body

Pads = Sequence[tuple[int, int]]  # (before, after) of each axis

# --- sizes and padding in words -----------------------------------------------------------------------


def _ranked(key: str, axes: Sequence[Any]) -> str:
    """The message for images, or that for sequences."""
    return key if len(axes) == 2 else f"{key}_steps"


def _words(window: Window) -> dict[str, str]:
    return {"kernel": "x".join(map(str, window.kernel)), "strides": "x".join(map(str, window.strides)),
            "padding": window.padding}


def _sizes(step: StepFacts, op: Any) -> Statements:
    """Padding, output height and width, and the pixels that are never read."""
    if step.axes is None:
        yield Statement("sizes_unknown")
        return
    yield from _extents(step.axes)
    if op.window.padding != "valid":
        yield from _padding(step.axes)
    for word, axis in zip(WORDS[op.window.rank], step.axes, strict=True):
        yield equation(word, output_size(axis), axis.output, "legend_floor" if axis.stride > 1 else "legend_size")
    names = ("rows", "columns")[2 - len(step.axes):]
    for key in ("unread", "skipped"):
        counts = {name: getattr(axis, key) for name, axis in zip(names, step.axes, strict=True)}
        if any(counts.values()):
            yield Statement(_ranked(key, step.axes), counts)


def _extents(axes: Sequence[Axis]) -> Statements:
    for word, axis in zip(WORDS[len(axes)], axes, strict=True):
        if axis.dilation > 1:
            yield equation(f"extent_{word}", f"{axis.dilation}*({axis.kernel}-1)+1", axis.extent, "legend_extent")


def output_size(axis: Axis) -> str:
    """The output size as an equation's left side: the padding as 2*1 when both sides have it, else as 0 + 1.

    >>> output_size(Axis(28, 3, padding="same"))
    '(28 - 3 + 2*1)/1 + 1'
    """
    padding = f"2*{axis.before}" if axis.before == axis.after else f"{axis.before} + {axis.after}"
    quotient = f"({axis.size} - {axis.extent} + {padding})/{axis.stride}"
    return f"{quotient if axis.stride == 1 else f'floor({quotient})'} + 1"


def _padding(axes: Sequence[Axis]) -> Statements:
    for word, axis in zip(WORDS[len(axes)], axes, strict=True):
        left = f"({axis.output} - 1)*{axis.stride} + {axis.extent} - {axis.size}"
        left = left if axis.stride == 1 else f"max({left}, 0)"
        causal = axis.padding == CAUSAL
        yield equation(f"padding_{word}", f"{axis.extent} - 1" if causal else left, axis.total_padding,
                       "legend_causal" if causal else "legend_padding")
    yield Statement(_ranked("padding_sides", axes), _sides(_pads(axes)))


def _pads(axes: Sequence[Axis]) -> Pads:
    return [(axis.before, axis.after) for axis in axes]


def _sides(pads: Pads) -> dict[str, int]:
    """How many pixels are added, or cut off, on each side."""
    names = ("top", "bottom", "left", "right")[4 - 2 * len(pads):]
    return dict(zip(names, (max(count, 0) for pair in pads for count in pair), strict=True))


# --- the sentences of each operation ------------------------------------------------------------------


def _say_conv(step: StepFacts, op: ir.Conv) -> Statements:
    *kernel, channels, filters = step.weights[0].shape
    yield Statement("conv" if op.use_bias else "conv_no_bias",
                    {"filters": filters, "channels": channels, **_words(op.window)})
    if op.groups > 1:
        for key, count in (("group_channels", channels * op.groups), ("group_filters", filters)):
            yield equation(key, f"{count}/{op.groups}", count // op.groups, f"legend_{key}")
    yield from _sizes(step, op)
    yield from _parameters(step, op, str(filters), [channels, *kernel], "conv")
    yield from _macs(step, op, step.output, filters, [*kernel, channels], "legend_conv_macs")


def _parameters(step: StepFacts, op: Any, filters: str, terms: Sequence[int], name: str) -> Statements:
    bias, legend = (" + 1", "") if op.use_bias else ("", "_no_bias")
    yield equation("parameters", f"{filters} * ({times(terms)}{bias})", step.parameters,
                   _ranked(f"legend_{name}_parameters{legend}", op.window.kernel))


def _macs(step: StepFacts, op: Any, image: Shape, channels: int, terms: Sequence[int], legend: str) -> Statements:
    """For each pixel of that image and each of so many channels, these terms."""
    *sizes, _ = spatial(image, op.data_format, op.window.rank)
    yield from macs(step, f"{times([*sizes, channels])} * ({times(terms)})", _ranked(legend, sizes))


def _say_depthwise(step: StepFacts, op: ir.DepthwiseConv) -> Statements:
    *kernel, channels, multiplier = step.weights[0].shape
    yield Statement("depthwise", {"channels": channels, "multiplier": multiplier, **_words(op.window)})
    yield from _sizes(step, op)
    yield from _parameters(step, op, f"{channels}*{multiplier}", kernel, "depthwise")
    yield from _macs(step, op, step.output, channels * multiplier, kernel, "legend_depthwise_macs")


def _say_transposed(step: StepFacts, op: ir.ConvTranspose) -> Statements:
    *kernel, filters, channels = step.weights[0].shape
    yield Statement("conv_transpose", {"filters": filters, "channels": channels, **_words(op.window)})
    if step.axes is None:
        yield Statement("sizes_unknown")
    else:
        yield from _extents(step.axes)
        for word, axis in zip(WORDS[op.window.rank], step.axes, strict=True):
            yield equation(word, *_transposed_size(axis))
        sides = _sides(_pads(step.axes))
        if any(sides.values()):
            yield Statement(_ranked("cut_sides", step.axes), sides)
    yield from _parameters(step, op, str(filters), [channels, *kernel], "conv")
    yield from _macs(step, op, step.inputs[0], channels, [*kernel, filters], "legend_transpose_macs")


def _transposed_size(axis: Any) -> tuple[str, int, str]:
    """The size behind a transposed convolution: what it is made of, the number, and the key of the same in words."""
    before = f"({axis.size} - 1)*{axis.stride}"
    same, given = axis.padding == "same", axis.extra is not None
    left = {(True, False): f"{axis.size}*{axis.stride}",
            (False, False): f"{before} + max({axis.extent}, {axis.stride})",
            (True, True): f"{before} + {axis.extent % 2} + {axis.extra}",
            (False, True): f"{before} + {axis.extent} + {axis.extra}"}[same, given]
    return left, axis.output, f"legend_spread{'_same' * same}{'_extra' * given}"


def _say_pool(step: StepFacts, op: ir.Pool) -> Statements:
    words = _words(op.window)
    yield Statement(f"pool_{op.kind}", {"window": words.pop("kernel"), **words})
    yield from product("window_values", op.window.kernel)
    yield from _sizes(step, op)


def _say_global_pool(step: StepFacts, op: ir.GlobalPool) -> Statements:
    *sizes, channels = spatial(step.inputs[0], op.data_format, op.rank)
    yield Statement(f"global_{op.kind}", {"channels": channels})
    yield from product("map_values", sizes)


# --- in NumPy: sums and maxima over `windows` -----------------------------------------------------------


def _step(stride: int) -> str:
    return f"::{stride}" if stride > 1 else ":"


def _told(b: Body, pads: Pads) -> str:
    """The padding in words."""
    return b.say(_ranked("padding_sides", pads), **_sides(pads))


def _numpy_windows(b: Body, op: Any, x: str, fill: str = "") -> None:
    """Write `windows`: the values under the window, in axes of their own at the end."""
    pads = _pads(b.axes)
    if any(map(any, pads)):
        b.put(f"np.pad({x}, {((0, 0), *with_channels(op, pads, (0, 0)))}{fill})", why=_told(b, pads))
        x = b.out
    steps = [*with_channels(op, map(_step, op.window.strides), ":"), *map(_step, op.window.dilation)]
    b.line(f"windows = sliding_window_view({x}, {tuple(axis.extent for axis in b.axes)}, "
           f"axis={image_axes(channels_first(op), op.window.rank)}){sliced(steps)}")


def _letters(op: Any, channels: str) -> str:
    """The axes of an image, or of a sequence, for einsum."""
    return "".join(["n", *with_channels(op, "hw" if op.window.rank == 2 else "t", channels)])


def _numpy_sums(b: Body, op: Any, channels: str, filters: str, made: str) -> tuple[str, str]:
    """The first argument of einsum, and the kernel."""
    taps = "ij"[:op.window.rank]
    return f'"{_letters(op, channels)}{taps},{taps}{filters}->{_letters(op, made)}"', b.weight(op.kernel_name)


def _plus_bias(b: Body, op: Any) -> str:
    return f" + {b.weight('bias')}{behind(op.window.rank if channels_first(op) else 0)}" if op.use_bias else ""


def _numpy_conv(b: Body, op: ir.Conv, x: str) -> None:
    _numpy_windows(b, op, x)
    sums, kernel = _numpy_sums(b, op, "c", "cf", "f")
    bias = _plus_bias(b, op)
    if op.groups == 1:
        b.put(f"np.einsum({sums}, windows, {kernel}){bias}")
        return
    read, made = (1, 1) if channels_first(op) else (op.window.rank + 1, -1)
    b.line(f"groups = zip(np.split(windows, {op.groups}, axis={read}), np.split({kernel}, {op.groups}, axis=-1))")
    b.put(f"np.concatenate([np.einsum({sums}, *group) for group in groups], axis={made}){bias}", why=b.say("code_groups"))


def _numpy_depthwise(b: Body, op: ir.DepthwiseConv, x: str) -> None:
    _numpy_windows(b, op, x)
    sums, kernel = _numpy_sums(b, op, "c", "cm", "cm")
    shape = ", ".join(map(str, b.step.output))
    b.put(f"np.einsum({sums}, windows, {kernel}).reshape(-1, {shape}){_plus_bias(b, op)}", why=b.say("code_depthwise"))


def _numpy_transposed(b: Body, op: ir.ConvTranspose, x: str) -> None:
    if channels_first(op):
        b.put(f"np.moveaxis({x}, 1, -1)")
        x = b.out
    taps = "ij"[:op.window.rank]
    spans = [(axis.size - 1) * axis.stride for axis in b.axes]
    whole = [max(span + axis.extent, axis.before + axis.output) for axis, span in zip(b.axes, spans, strict=True)]
    b.line(f"full = np.zeros((len({x}), {', '.join(map(str, whole))}, {op.filters}))")
    parts = []
    for axis, span, tap in zip(b.axes, spans, taps, strict=True):
        begin = f"{axis.dilation} * {tap}" if axis.dilation > 1 else tap
        parts.append(f"{begin}:{begin} + {span + 1}{f':{axis.stride}' if axis.stride > 1 else ''}")
    indices, why = ", ".join(taps), b.say("code_spread")
    b.line(f"for {indices}{',' if len(taps) == 1 else ''} in np.ndindex{op.window.kernel}:  # {why}")
    b.line(f"    full[:, {', '.join(parts)}] += {x} @ {b.weight('kernel')}[{indices}].T")
    cut = sliced([f"{axis.before}:{axis.before + axis.output}" if (axis.before, axis.output) != (0, size) else ":"
                  for axis, size in zip(b.axes, whole, strict=True)])
    b.put(f"full{cut}" + (f" + {b.weight('bias')}" if op.use_bias else ""))
    if channels_first(op):
        b.put(f"np.moveaxis({b.out}, -1, 1)")


def _numpy_pool(b: Body, op: ir.Pool, x: str) -> None:
    padded, most = any(map(any, _pads(b.axes))), op.kind == "max"
    if padded and not most:
        b.comment("code_pool_mean")
    _numpy_windows(b, op, x, f", constant_values={'-np.inf' if most else 'np.nan'}")
    b.put(f"np.{'max' if most else 'nanmean' if padded else 'mean'}(windows, axis={tuple(range(-op.window.rank, 0))})")


# --- in PyTorch: its own functions, with kernels as (filters, channels, rows, columns) ------------------


def _torch_arguments(op: Any, **more: Any) -> str:
    """Keyword arguments that are not 1, or nothing."""
    given = {"stride": op.window.strides, **more}
    shown = {name: _short(value) for name, value in given.items()}
    return "".join(f", {name}={value}" for name, value in shown.items() if value != (0 if name == "padding" else 1))


def _short(value: Any) -> Any:
    """One number for all axes, if it is the same."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _torch_padded(b: Body, x: str, fill: str = "") -> tuple[str, dict[str, Any]]:
    """The argument padding=, where both sides have as much; else F.pad with the exact numbers."""
    pads = _pads(b.axes)
    if all(before == after for before, after in pads):
        return x, {"padding": tuple(before for before, _ in pads)}
    b.comment("code_uneven", sides=_told(b, pads))
    b.put(f"F.pad({x}, {flat_pads(pads)}{fill})")
    return b.out, {}


def _torch_kernel(b: Body, op: Any, swapped: bool = True) -> str:
    """The kernel as PyTorch has it; the comment says which axis is which."""
    rank = op.window.rank
    order = (rank + swapped, rank + (not swapped), *range(rank))
    words = [b.say(f"code_axis_{word}") for word in (*(("rows", "columns") if rank == 2 else ("time",)), *op.kernel_axes)]
    b.comment("code_kernel", ours=", ".join(words), theirs=", ".join(words[axis] for axis in order))
    return f"{b.weight(getattr(op, 'kernel_name', 'kernel'))}.permute{order}"


def _torch_bias(b: Body, op: Any) -> str:
    return f", {b.weight('bias')}" if op.use_bias else ""


def _torch_conv(b: Body, op: ir.Conv, x: str) -> None:
    x, padding = _torch_padded(b, x)
    kernel = _torch_kernel(b, op)
    more = _torch_arguments(op, **padding, dilation=op.window.dilation, groups=op.groups)
    b.put(f"F.conv{op.window.rank}d({x}, {kernel}{_torch_bias(b, op)}{more})")


def _torch_depthwise(b: Body, op: ir.DepthwiseConv, x: str) -> None:
    x, padding = _torch_padded(b, x)
    kernel = _torch_kernel(b, op, swapped=False)
    *sizes, channels, multiplier = op.kernel_shape(b.step.inputs[0])
    shape, why = ", ".join(map(str, (channels * multiplier, 1, *sizes))), b.say("code_depthwise_groups")
    b.line(f"kernels = {kernel}.reshape({shape})  # {why}")
    more = _torch_arguments(op, **padding, dilation=op.window.dilation, groups=channels)
    b.put(f"F.conv{op.window.rank}d({x}, kernels{_torch_bias(b, op)}{more})")


def _torch_transposed(b: Body, op: ir.ConvTranspose, x: str) -> None:
    rank, cut = op.window.rank, [(-before, -after) for before, after in _pads(b.axes)]
    kernel = _torch_kernel(b, op)
    whole = not any(map(any, cut))
    b.put(f"F.conv_transpose{rank}d({x}, {kernel}{_torch_bias(b, op) if whole else ''}"
          f"{_torch_arguments(op, dilation=op.window.dilation)})")
    if not whole:
        b.put(f"F.pad({b.out}, {flat_pads(cut)})", why=b.say("code_cut"))
        if op.use_bias:
            b.put(f"{b.out} + {b.weight('bias')}{behind(rank)}")


def _torch_pool(b: Body, op: ir.Pool, x: str) -> None:
    rank, size, stride = op.window.rank, _short(op.window.kernel), _short(op.window.strides)
    strides = "" if op.window.strides == op.window.kernel else f", {stride}"
    if op.kind == "max":
        x, padding = _torch_padded(b, x, ", value=-torch.inf")
        most = _short(padding.get("padding", 0))
        b.put(f"F.max_pool{rank}d({x}, {size}{strides}{f', padding={most}' if most else ''})")
        return
    pads = _pads(b.axes)
    if not any(map(any, pads)):
        b.put(f"F.avg_pool{rank}d({x}, {size}{strides})")
        return
    b.comment("code_uneven", sides=_told(b, pads))
    b.comment("code_pool_share")
    b.line(f"inside = F.avg_pool{rank}d(F.pad(torch.ones_like({x}), {flat_pads(pads)}), {size}{strides or f', {size}'})")
    b.put(f"F.avg_pool{rank}d(F.pad({x}, {flat_pads(pads)}), {size}{strides}) / inside")


def _write_global_pool(b: Body, op: ir.GlobalPool, x: str) -> None:
    axes = image_axes(b.channels_second or channels_first(op), op.rank)
    numpy, torch = ("max", "amax") if op.kind == "max" else ("mean", "mean")
    kept = kept_axes(b, op)
    b.put(f"{x}.{numpy}({axes if op.rank > 1 else axes[0]}{kept})", f"{x}.{torch}({axes}{kept})")


RULES = {
    ir.Conv: Rule(_say_conv, _numpy_conv, _torch_conv, Channels.SECOND),
    ir.DepthwiseConv: Rule(_say_depthwise, _numpy_depthwise, _torch_depthwise, Channels.SECOND),
    ir.ConvTranspose: Rule(_say_transposed, _numpy_transposed, _torch_transposed, Channels.SECOND),
    ir.Pool: Rule(_say_pool, _numpy_pool, _torch_pool, Channels.SECOND),
    ir.GlobalPool: Rule(_say_global_pool, _write_global_pool, channels=Channels.AS_THEY_COME),
}
