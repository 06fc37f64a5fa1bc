"""The steps of operations that change images, forward and backward; compare konv.ir.augment_ops.

Sums of rows and columns are tables of places and weights, made here. What is random is drawn by one step into a few numbers
for each sample, which the next one reads, and the way back too.
"""

from collections.abc import Sequence
from math import inf
from typing import Any
from zlib import crc32

from konv.ir.augment_ops import FILL_MODES, MAPS, Affine, BrightnessContrast, Noise, RandomCrop, Resize
from konv.ir.ops import Op
from konv.ir.resampling import Taps, taps
from konv.plan.backward_state import Backward
from konv.plan.blocks import Block
from konv.plan.contracts import (
    AffineArgs,
    AffineBackwardArgs,
    BrightnessArgs,
    ClipBackwardArgs,
    ContrastArgs,
    DrawArgs,
    GlobalPoolArgs,
    NoiseArgs,
    Region,
    ResampleArgs,
)
from konv.plan.emitter import Emitter, inside
from konv.plan.steps import COUNT, PER_THREAD, SAMPLES, SEED, Buffer, Fill

SHARE = ((0.0, 1.0),)
STREAMS = {"Affine": "Warp", "BrightnessContrast": "Light"}  # what these were called, so that a seed gives what it always gave


def draw_key(op: Any, node: int) -> tuple[str, int]:
    """What decides the numbers of an operation: the step's seed and the node, or the layer's own seed and the step's count.

    The same seed given to a flip and to a rotation must not turn all the mirrored images one way: so its kind counts too.
    """
    if op.seed is None:
        return SEED, node
    own = type(op).__name__
    kind = f"{STREAMS.get(own, own)} {getattr(op, 'kind', '')}"
    return COUNT, (op.seed ^ crc32(kind.encode())) & 0xFFFFFFFF


# --- another size -------------------------------------------------------------------------------------


def resize(e: Emitter, block: Block, y: Buffer) -> None:
    op, x = e.graph.nodes[block.output].op, e.value(block.inputs[0])
    _resample(e, f"{block.output}", x, y, sums(op, x.inside, y.inside), getattr(op, "fill_value", 0.0))


def resize_backward(s: Backward, block: Block, d: Buffer) -> None:
    x = s.e.value(block.inputs[0])
    axes = sums(s.e.graph.nodes[block.output].op, x.inside, d.inside)
    turned = [_turned(axis, size) for axis, size in zip(axes, x.inside, strict=False)]
    s.contribute(block.inputs[0], lambda dx: _resample(s.e, f"{block.output}.back", d, dx, turned, 0.0))


def sums(op: Any, size: Sequence[int], target: Sequence[int]) -> list[list[Taps]]:
    """Of the rows and of the columns of the result; those outside of the image are there too."""
    height, width = size[:2]
    top, left, rows, columns = op.window(height, width) if isinstance(op, Resize) else (0, 0, height, width)
    antialias = isinstance(op, Resize) and op.antialias
    found: list[list[Taps]] = []
    for start, count, wanted in ((top, rows, target[0]), (left, columns, target[1])):
        terms = taps(count, wanted, op.interpolation, antialias)
        found.append([tuple((start + place, weight) for place, weight in one) for one in terms])
    return found


def _turned(sums: list[Taps], size: int) -> list[Taps]:
    """Where each pixel of the input went."""
    found: list[list[tuple[int, float]]] = [[] for _ in range(size)]
    for place, terms in enumerate(sums):
        for pixel, weight in terms:
            if 0 <= pixel < size:
                found[pixel].append((place, weight))
    return list(map(tuple, found))


def _resample(e: Emitter, name: str, x: Buffer, y: Buffer, axes: list[list[Taps]], fill: float) -> None:
    height, width, channels = x.inside
    (rows, row_weights), (columns, column_weights) = (
        _table(axis, size, fill) for axis, size in zip(axes, (height, width), strict=True))
    for axis, weights, target in (("rows", row_weights, y.inside[0]), ("columns", column_weights, y.inside[1])):
        e.constants[f"{axis}{name}"] = Fill(weights, (target, len(weights) // target))
    first, count = min(columns), max(columns) - min(columns) + 1  # of the columns that are read
    room = e.buffer(f"room{name}", (count * channels,), PER_THREAD).name
    plain = int(all(weights == (1.0, 0.0) * (len(weights) // 2) for weights in (row_weights, column_weights)))
    plain += plain and columns == tuple(range(first, first + count))
    e.step(ResampleArgs(
        x=x.name, y=y.name, rows=rows, row_weights=f"rows{name}", columns=columns, column_weights=f"columns{name}", room=room,
        x_region=inside(x), y_region=inside(y), first_column=first, columns_read=count, plain=plain))


def _table(sums: list[Taps], size: int, fill: float) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Equally many places for each sum, and their weights with what lies outside of the image as a constant behind them."""
    most = max(len(terms) for terms in sums)
    places: list[int] = []
    weights: list[float] = []
    for terms in sums:
        there = [(place, weight) for place, weight in terms if 0 <= place < size]
        outside = sum(weight for place, weight in terms if not 0 <= place < size)
        there += [(there[-1][0] if there else 0, 0.0)] * (most - len(there))
        places += [place for place, _ in there]
        weights += [*(weight for _, weight in there), fill * outside]
    return tuple(places), tuple(weights)


# --- another place ------------------------------------------------------------------------------------


def _drawn(e: Emitter, index: int, ranges: Sequence[tuple[float, float]], each: int = 1) -> str:
    """The step that draws a value from each range for every sample; the name of the buffer that holds them."""
    op = e.graph.nodes[index].op
    limits = e.fill((*(float(low) for low, _ in ranges), *(float(high) for _, high in ranges)), 2, len(ranges))
    name = e.buffer(f"drawn{index}", (len(ranges),)).name
    seed, layer = draw_key(op, index)
    e.step(DrawArgs(drawn=name, limits=limits, samples=SAMPLES, seed=seed, layer=layer, each=each))
    return name


def affine(e: Emitter, block: Block, y: Buffer) -> None:
    x, op = e.value(block.inputs[0]), e.graph.nodes[block.output].op
    crop = isinstance(op, RandomCrop)
    drawn = _drawn(e, block.output, SHARE * 2 if crop else op.ranges or SHARE, int(not crop))  # type: ignore[attr-defined]
    indices, fractions = _room(e, block, y)
    e.step(AffineArgs(x=x.name, y=y.name, drawn=drawn, indices=indices, fractions=fractions, x_region=inside(x),
                      y_region=inside(y), fill=float(getattr(op, "fill_value", 0.0)), **_map(op)))


def affine_backward(s: Backward, block: Block, d: Buffer) -> None:
    op, (indices, fractions) = s.e.graph.nodes[block.output].op, _room(s.e, block, d)
    s.contribute(block.inputs[0], lambda dx: s.e.step(AffineBackwardArgs(
        d=d.name, dx=dx.name, drawn=f"drawn{block.output}", indices=indices, fractions=fractions, d_region=inside(d),
        dx_region=inside(dx), **_map(op))))


def _room(e: Emitter, block: Block, y: Buffer) -> tuple[str, str]:
    """For the source of each pixel of a row, by whole vectors."""
    shape = (2, -(-y.inside[1] // 16) * 16)
    return (e.buffer(f"indices{block.output}", shape, PER_THREAD, "int32").name,
            e.buffer(f"fractions{block.output}", shape, PER_THREAD).name)


def _map(op: Op) -> dict[str, int]:
    """Which map it is, whether it is bilinear, and what lies outside of the image."""
    if isinstance(op, RandomCrop):
        return {"kind": MAPS.index("crop"), "linear": 0, "fill_mode": 0}
    assert isinstance(op, Affine)
    return {"kind": MAPS.index(op.kind), "linear": int(op.interpolation == "bilinear"),
            "fill_mode": FILL_MODES.index(op.fill_mode)}


# --- brightness and contrast ------------------------------------------------------------------------------------


def brightness_and_contrast(e: Emitter, block: Block, y: Buffer) -> None:
    x, op = e.value(block.inputs[0]), e.op(block.output, BrightnessContrast)
    drawn, (low, high) = _drawn(e, block.output, (op.range,)), map(float, op.value_range)
    if op.kind == "brightness":
        e.step(BrightnessArgs(x=x.name, y=y.name, drawn=drawn, x_region=inside(x), y_region=inside(y), low=low, high=high))
    else:
        e.step(ContrastArgs(x=x.name, y=y.name, drawn=drawn, means=_means(e, block, x, "means"), x_region=inside(x),
                            y_region=inside(y), low=low, high=high))


def brightness_and_contrast_backward(s: Backward, block: Block, d: Buffer) -> None:
    e, op, y = s.e, s.e.op(block.output, BrightnessContrast), s.e.value(block.output)
    low, high = map(float, op.value_range)

    def emit(dx: Buffer) -> None:
        region = inside(dx)
        e.step(ClipBackwardArgs(d=d.name, y=y.name, dx=dx.name, d_region=inside(d), y_region=inside(y), dx_region=region,
                                low=low, high=high))
        if op.kind == "contrast":  # a symmetric map: its transpose is itself
            e.step(ContrastArgs(x=dx.name, y=dx.name, drawn=f"drawn{block.output}", means=_means(e, block, dx, "back"),
                                x_region=region, y_region=region, low=-inf, high=inf))

    s.contribute(block.inputs[0], emit)


def _means(e: Emitter, block: Block, x: Buffer, name: str) -> str:
    """The step that takes the mean of each channel."""
    channels = x.shape[2]
    means = e.buffer(f"{name}{block.output}", (1, 1, channels)).name
    argmax = e.buffer(f"{name}-argmax{block.output}", (-(-channels // 16) * 16,), dtype="int32").name
    e.step(GlobalPoolArgs(x=x.name, y=means, argmax=argmax, x_region=inside(x), y_region=Region(0, 0, 1, 1), average=1))
    return means


# --- noise --------------------------------------------------------------------------------------------


def noise(e: Emitter, block: Block, y: Buffer) -> None:
    noise_step(e, block.output, e.value(block.inputs[0]), y)


def noise_step(e: Emitter, node: int, x: Buffer, y: Buffer) -> None:
    """Forward, and of a factor backward too."""
    op = e.op(node, Noise)
    seed, layer = draw_key(op, node)
    e.step(NoiseArgs(x=x.name, y=y.name, x_region=inside(x), y_region=inside(y), samples=SAMPLES, seed=seed, layer=layer,
                     deviation=op.deviation, factor=int(op.factor)))


FORWARD = {"resize": resize, "upsample": resize, "affine": affine, "randomcrop": affine,
           "brightnesscontrast": brightness_and_contrast, "noise": noise}
BACKWARD = {"resize": resize_backward, "upsample": resize_backward, "affine": affine_backward, "randomcrop": affine_backward,
            "brightnesscontrast": brightness_and_contrast_backward}
