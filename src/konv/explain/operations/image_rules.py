"""Images at another size, in another place, in another light."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import pack, unpack
from typing import TYPE_CHECKING, Any

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Statement, equation, number
from konv.explain.operations.base import Rule, Statements, channels_first, flat_pads, sliced, with_channels, write_input
from konv.ir import augment_ops as ir
from konv.ir.ops import spatial
from konv.ir.resampling import CUBIC, Taps, taps

if TYPE_CHECKING:
    from konv.explain.code.body import Body

# --- sentences ----------------------------------------------------------------------------------------


def _say_resize(step: StepFacts, op: ir.Resize) -> Statements:
    yield Statement("resize", {"height": op.height, "width": op.width, "interpolation": op.interpolation})
    height, width, _ = spatial(step.inputs[0], op.data_format)
    if height is None or width is None:
        yield Statement("sizes_unknown")
        return
    top, left, rows, columns = op.window(height, width)
    if (top, left, rows, columns) != (0, 0, height, width):
        padded = rows > height or columns > width
        yield Statement("resize_padded" if padded else "resize_window", {
            "rows": rows, "columns": columns, "top": abs(top), "left": abs(left)})
    for key, size, target in (("scale_height", rows, op.height), ("scale_width", columns, op.width)):
        yield equation(key, f"{size}/{target}", float(f"{size / target:.6g}"))
    yield _terms(taps(rows, op.height, op.interpolation, op.antialias), taps(columns, op.width, op.interpolation, op.antialias))


def _say_upsample(step: StepFacts, op: ir.Upsample) -> Statements:
    yield Statement("upsample", {"rows": op.factors[0], "columns": op.factors[1], "interpolation": op.interpolation})
    *sizes, _ = spatial(step.inputs[0], op.data_format)
    if None in sizes:
        yield Statement("sizes_unknown")
        return
    for key, size, factor in zip(("height", "width"), sizes, op.factors, strict=True):
        yield equation(key, f"{size} * {factor}", size * factor)
    yield _terms(*(taps(size, size * factor, op.interpolation) for size, factor in zip(sizes, op.factors, strict=True)))


def _terms(rows: Sequence[Taps], columns: Sequence[Taps]) -> Statement:
    """How many pixels a pixel is a sum of, at most."""
    most = max(map(len, rows)), max(map(len, columns))
    return equation("resize_terms", f"{most[0]}*{most[1]}", most[0] * most[1])


def _say_crop(step: StepFacts, op: ir.RandomCrop) -> Statements:
    yield Statement("random_crop", {"height": op.height, "width": op.width})
    height, width, _ = spatial(step.inputs[0], op.data_format)
    if height is None or width is None:
        yield Statement("sizes_unknown")
        return
    if op.moves(height, width):
        down, right = height - op.height + 1, width - op.width + 1
        yield equation("places", f"({height} - {op.height} + 1) * ({width} - {op.width} + 1)", down * right)
    _, _, rows, columns = op.resize().window(height, width)
    yield Statement("crop_predicts", {"rows": rows, "columns": columns})


def _say_affine(step: StepFacts, op: ir.Affine) -> Statements:
    if not op.ranges:
        yield Statement(f"flip_{op.kind}")
    else:
        yield Statement(op.kind, {"ranges": _ranges(op.ranges), "interpolation": op.interpolation})
        yield Statement(f"fill_{op.fill_mode}", {"value": number(op.fill_value)})
    yield Statement("only_training")


def _say_brightness_contrast(step: StepFacts, op: ir.BrightnessContrast) -> Statements:
    low, high = map(number, op.value_range)
    yield Statement(op.kind, {"ranges": _ranges((op.range,)), "low": low, "high": high})
    yield Statement("only_training")


def _ranges(ranges: Iterable[ir.Range]) -> str:
    return ", ".join(f"[{number(float(low))}, {number(float(high))}]" for low, high in ranges)


# --- code ---------------------------------------------------------------------------------------------

_NEAR, _FAR = ("(({!r} * x + {!r}) * x + {!r}) * x + {!r}".format(*cubic) for cubic in CUBIC)
# how far the weight of a pixel reaches, and what it is at distance x from the point where the image is sampled
_WEIGHTS = {"bilinear": (1, "1 - x"), "bicubic": (2, f"np.where(x < 1, {_NEAR}, {_FAR})"),
            "lanczos3": (3, "np.sinc(x) * np.sinc(x / 3)"), "lanczos5": (5, "np.sinc(x) * np.sinc(x / 5)")}
_HELPER = '''def sums(size, target, wide=1.0):
    # {comment}
    place = (np.arange(target) + 0.5) * (size / target) - 0.5
    x = abs(place[:, None] - np.arange(size)) / wide
    weight = np.where(x <= {radius}, {formula}, {zero})
    return weight / weight.sum(1, keepdims=True)'''


def _helper(b: Body, interpolation: str) -> str:
    radius, formula = _WEIGHTS[interpolation]
    zero = "torch.tensor(0.0)" if b.torch else 0
    text = _HELPER.format(comment=b.say("code_sums"), radius=radius, formula=formula, zero=zero)
    return text.replace("np.", "torch.").replace("keepdims", "keepdim") if b.torch else text


def _nearest(b: Body, size: int, target: int) -> str:
    """The pixels that are nearest, in float32 as the engine has it."""
    rounded = lambda value: unpack("f", pack("f", value))[0]  # noqa: E731
    step = rounded(size * rounded(1 / target))
    if b.torch:
        return f"((torch.arange({target}) + 0.5) * {step!r}).long().clamp(max={size - 1})"
    return f'((np.arange({target}, dtype="float32") + 0.5) * np.float32({step!r})).astype(int).clip(max={size - 1})'


def _write_crop(b: Body, op: ir.RandomCrop, x: str) -> None:
    _write_resize(b, op.resize(), x)


def _write_resize(b: Body, op: ir.Resize, x: str) -> None:
    height, width = ir.known(b.step.inputs[0], op.data_format)
    top, left, rows, columns = op.window(height, width)
    if top < 0 or left < 0:
        pads = with_channels(op, [(-top, rows - height + top), (-left, columns - width + left)], (0, 0))
        flat = flat_pads(pads[channels_first(op):])
        b.put(f"np.pad({x}, {((0, 0), *pads)}, constant_values={op.fill_value!r})",
              f"F.pad({x}, {flat}, value={op.fill_value!r})")
    elif (rows, columns) != (height, width):
        b.put(x + sliced(with_channels(op, [f"{top}:{top + rows}", f"{left}:{left + columns}"], ":")))
    else:
        b.put(x)
    _write_scaled(b, op, (rows, columns), op.antialias)


def _write_upsample(b: Body, op: ir.Upsample, x: str) -> None:
    b.put(x)
    _write_scaled(b, op, ir.known(b.step.inputs[0], op.data_format), False)


def _write_scaled(b: Body, op: Any, sizes: tuple[int, int], antialias: bool) -> None:
    """Rows and columns of what is there so far, each as sums of a few of them."""
    target = ir.known(b.step.output, op.data_format)
    if sizes == target:
        return
    if op.interpolation == "nearest":
        lead = ":, :, " if channels_first(op) else ":, "
        b.put(f"{b.out}[{lead}{_nearest(b, sizes[0], target[0])}]")
        b.put(f"{b.out}[{lead}:, {_nearest(b, sizes[1], target[1])}]")
        return
    b.helpers["sums"] = _helper(b, op.interpolation)
    axes = '"Hh,nchw,Ww->ncHW"' if channels_first(op) else '"Hh,nhwc,Ww->nHWc"'
    rows, columns = (f"sums({size}, {wanted}{f', {size / wanted!r}' if antialias and size > wanted else ''})"
                     for size, wanted in zip(sizes, target, strict=True))
    b.put(f"{b.library}.einsum({axes}, {rows}, {b.out}, {columns})")


RULES = {
    ir.Resize: Rule(_say_resize, _write_resize),
    ir.Upsample: Rule(_say_upsample, _write_upsample),
    ir.RandomCrop: Rule(_say_crop, _write_crop),
    ir.Affine: Rule(_say_affine, write_input),
    ir.BrightnessContrast: Rule(_say_brightness_contrast, write_input),
}
