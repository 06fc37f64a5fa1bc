"""What there is to say about the operations that change images; compare arithmetic.py."""

from collections.abc import Callable, Iterable
from typing import Any

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Statement, equation, number
from konv.ir import augment_ops as ir
from konv.ir.ops import Op, spatial
from konv.ir.resampling import taps


def _resize(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
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
    yield from _scales(((rows, op.height), (columns, op.width)), op.interpolation, op.antialias)


def _upsample(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    yield Statement("upsample", {"rows": op.factors[0], "columns": op.factors[1], "interpolation": op.interpolation})
    height, width, _ = spatial(step.inputs[0], op.data_format)
    if height is None or width is None:
        yield Statement("sizes_unknown")
        return
    for key, size, factor in (("height", height, op.factors[0]), ("width", width, op.factors[1])):
        yield equation(key, f"{size} * {factor}", size * factor)
    yield from _terms(taps(height, height * op.factors[0], op.interpolation), taps(
        width, width * op.factors[1], op.interpolation))


def _scales(pairs, interpolation: str, antialias: bool) -> Iterable[Statement]:
    for key, (size, target) in zip(("scale_height", "scale_width"), pairs, strict=True):
        yield equation(key, f"{size}/{target}", float(f"{size / target:.6g}"))
    yield from _terms(*(taps(size, target, interpolation, antialias) for size, target in pairs))


def _terms(rows, columns) -> Iterable[Statement]:
    """How many pixels a pixel is a sum of, at most."""
    most = max(map(len, rows)), max(map(len, columns))
    yield equation("resize_terms", f"{most[0]}*{most[1]}", most[0] * most[1])


def _warp(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    if not op.ranges:
        yield Statement(f"flip_{op.kind}")
    else:
        yield Statement(op.kind, {"ranges": _ranges(op.ranges), "interpolation": op.interpolation})
        yield Statement(f"fill_{op.fill_mode}", {"value": number(op.fill_value)})
    yield Statement("only_training")


def _crop(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
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


def _light(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    low, high = map(number, op.value_range)
    yield Statement(op.kind, {"ranges": _ranges((op.range,)), "low": low, "high": high})
    yield Statement("only_training")


def _noise(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    kind = "noise_always" if op.always else "noise_factor" if op.factor else "noise"
    yield Statement(kind, {"deviation": number(float(op.deviation))})


def _ranges(ranges) -> str:
    return ", ".join(f"[{number(float(low))}, {number(float(high))}]" for low, high in ranges)


WRITERS: dict[type[Op], Callable[[StepFacts], Iterable[Statement]]] = {
    ir.Resize: _resize,
    ir.Upsample: _upsample,
    ir.Warp: _warp,
    ir.RandomCrop: _crop,
    ir.Light: _light,
    ir.Noise: _noise,
}
