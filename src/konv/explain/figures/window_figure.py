"""One pixel of a layer's output, step by step: the numbers under the window, the kernel, products, sums, bias, activation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.explain.facts.model_facts import CONVOLUTIONS, StepFacts, layer_facts
from konv.explain.facts.statements import shown
from konv.explain.figures.base import Figure
from konv.explain.figures.draw_window import draw_window
from konv.explain.figures.svg import wide_letters
from konv.explain.languages.messages import check_language, say
from konv.ir.graph import Graph
from konv.ir.ops import Activation, BatchNorm, Conv, ConvTranspose, DepthwiseConv, Pool, Scale, describe
from konv.layers.base import Layer
from konv.runtime import compute

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Share:
    """What one channel of the input gives: the numbers under the window (0 for padding), the kernel, their products."""

    channel: int
    places: tuple[tuple[tuple[int, int] | None, ...], ...]  # (row, column) of each number in the image; None is padding
    pixels: Matrix
    kernel: Matrix | None
    products: Matrix | None
    sum: float  # or the largest, or the mean


@dataclass(frozen=True)
class WindowFigure(Figure):
    """How one number of a layer's output comes about; `value` is the engine's."""

    title: str
    kind: str  # "conv", "transposed", "max", "average" or "norm"
    at: tuple[int, int]
    filter: int
    input_shape: tuple[int, ...]  # height, width, channels
    output_shape: tuple[int, ...]
    shares: tuple[Share, ...]
    bias: float | None
    total: float  # with the bias
    formula: str  # of a normalisation: its numbers in place
    after: tuple[tuple[str, float], ...]  # activations, and what each gives
    value: float
    lang: str = "en"

    def text(self, lang: str | None = None) -> str:
        return "\n".join(_lines(self, check_language(lang or self.lang)))

    def svg(self, lang: str | None = None) -> str:
        return draw_window(self, check_language(lang or self.lang))


def window(layer: Layer, x: Any, at: Sequence[int] = (0, 0), filter: int = 0, lang: str | None = None) -> WindowFigure:
    """How the number at (row, column) of one feature map is computed from an image, with the real numbers.

    `layer` is a convolution, a depthwise or transposed one, a pool or a BatchNormalization, built or not; `x` one image
    as the layer takes it, with or without a batch axis of 1. ShapeError if the place does not exist.

    >>> import konv
    >>> layer = konv.layers.Conv2D(1, 2, kernel_initializer="ones", bias_initializer="ones")
    >>> figure = window(layer, np.arange(9.0).reshape(3, 3, 1), at=(1, 1))
    >>> figure.value, figure.shares[0].products
    (25.0, ((4.0, 5.0), (7.0, 8.0)))
    >>> print(figure.text().splitlines()[-1])
    output pixel (1, 1) of feature map 0: 25
    """
    language = check_language(lang)
    image = one_image(layer, x)
    layer.build_for(image.shape[1:])
    facts = layer_facts(layer)
    steps = list(facts.steps)
    kinds = (*CONVOLUTIONS, Pool, BatchNorm)
    first = steps[0] if steps and isinstance(steps[0].op, kinds) else None
    if first is None or len(first.output) != 3 or not all(_goes_by_numbers(step) for step in steps[1:]):
        raise UnsupportedError(f"{layer.title}: a window is of convolutions, depthwise and transposed ones, pools and "
                               f"BatchNormalization over images; explain() says in words what this layer does")
    graph = layer.graph(image.shape[1:])
    values = compute(Graph(graph.nodes, tuple(range(1, len(graph.nodes)))), layer.weight_map(), [image], False)
    form = getattr(first.op, "data_format", "channels_last")
    source, *results = (_last(value[0], form) for value in (image, *values))
    height, width, channels = results[0].shape
    row, column = _place(layer, at, height, width)
    if not 0 <= int(filter) < channels:
        raise ShapeError(f"{layer.title}: filter must be from 0 to {channels - 1}, got {filter}")
    weights = {name: variable.numpy().astype(np.float64) for name, variable in layer.variables_by_name.items()}
    shares, bias, formula = _WAYS[type(first.op)](first, source, weights, (row, column), int(filter))
    after = tuple((getattr(step.op, "name", type(step.op).__name__.lower()),
                   float(result[row, column, int(filter)])) for step, result in zip(steps[1:], results[1:], strict=True))
    kind = _KINDS.get(type(first.op)) or first.op.kind  # type: ignore[attr-defined]
    return WindowFigure(layer.title, kind, (row, column), int(filter), source.shape, results[0].shape, shares, bias,
                        float(results[0][row, column, int(filter)]), formula, after,
                        float(results[-1][row, column, int(filter)]), language)


def one_image(layer: Layer, x: Any) -> np.ndarray:
    """A batch of one image of three axes."""
    array = to_array(x, layer.title, "the image").astype(np.float32)
    array = array[None] if array.ndim == 3 else array
    if array.ndim != 4 or len(array) != 1:
        raise ShapeError(f"{layer.title}: expected one image (height, width, channels), with or without a batch axis of 1, "
                         f"got an array of shape {np.shape(x)}")
    return array


def _goes_by_numbers(step: StepFacts) -> bool:
    """An activation or scaling, which looks at one number."""
    return isinstance(step.op, (Activation, Scale))


def _place(layer: Layer, at: Sequence[int], height: int, width: int) -> tuple[int, int]:
    if len(at) != 2:
        raise KonvError(f"{layer.title}: at must be (row, column), got {at!r}")
    row, column = (int(index) for index in at)
    if not (0 <= row < height and 0 <= column < width):
        raise ShapeError(f"{layer.title}: at={(row, column)} lies outside the output of {height} rows and {width} columns")
    return row, column


def _last(image: np.ndarray, data_format: str) -> np.ndarray:
    return image.transpose(1, 2, 0) if data_format == "channels_first" else image


# --- what is read, and with which weights ---------------------------------------------------------------


def _share(step: StepFacts, image: np.ndarray, at: tuple[int, int], channel: int, kernel: np.ndarray | None) -> Share:
    """The numbers that one output pixel reads in a channel; `kernel` (rows, columns) are all weights of that channel."""
    assert step.axes is not None
    rows, columns = (axis.reads(place) for axis, place in zip(step.axes, at, strict=True))
    places = tuple(tuple(None if r is None or c is None else (r, c) for _, c in columns) for _, r in rows)
    pixels = [[0.0 if place is None else float(image[(*place, channel)]) for place in line] for line in places]
    if kernel is None:
        return Share(channel, places, _matrix(pixels), None, None, 0.0)
    taps = [[float(kernel[a, b]) for b, _ in columns] for a, _ in rows]
    products = [[p * w for p, w in zip(line, other, strict=True)] for line, other in zip(pixels, taps, strict=True)]
    return Share(channel, places, _matrix(pixels), _matrix(taps), _matrix(products), float(sum(map(sum, products))))


def _matrix(lines: Sequence[Sequence[float]]) -> Matrix:
    return tuple(tuple(line) for line in lines)


def _conv(step: StepFacts, image, weights, at, filter):
    op: Any = step.op
    kernel = weights[op.kernel_name]
    per_filter = kernel.shape[2]
    first = filter // (kernel.shape[3] // op.groups) * per_filter  # the channel that the filter's group begins with
    shares = tuple(_share(step, image, at, first + channel, kernel[:, :, channel, filter]) for channel in range(per_filter))
    return shares, _bias(weights, filter), ""


def _depthwise(step: StepFacts, image, weights, at, filter):
    op: Any = step.op
    channel, which = divmod(filter, op.multiplier)
    return (_share(step, image, at, channel, weights[op.kernel_name][:, :, channel, which]),), _bias(weights, filter), ""


def _transposed(step: StepFacts, image, weights, at, filter):
    kernel = weights["kernel"]
    shares = tuple(_share(step, image, at, channel, kernel[:, :, filter, channel]) for channel in range(kernel.shape[3]))
    return shares, _bias(weights, filter), ""


def _bias(weights, filter) -> float | None:
    return float(weights["bias"][filter]) if "bias" in weights else None


def _pool(step: StepFacts, image, weights, at, filter):
    share = _share(step, image, at, filter, None)
    read = [pixel for line, other in zip(share.pixels, share.places, strict=True)
            for pixel, place in zip(line, other, strict=True) if place is not None]
    result = max(read) if step.op.kind == "max" else sum(read) / len(read)  # type: ignore[attr-defined]
    return (Share(filter, share.places, share.pixels, None, None, result),), None, ""


def _norm(step: StepFacts, image, weights, at, filter):
    op: Any = step.op
    x = float(image[(*at, filter)])
    mean, variance = (float(weights[f"moving_{what}"][filter]) for what in ("mean", "variance"))
    gamma = f"{shown(weights['gamma'][filter])} * " if op.scale else ""
    beta = f" + {shown(weights['beta'][filter])}" if op.center else ""
    formula = f"{gamma}({shown(x)} - {shown(mean)})/sqrt({shown(variance)} + {op.epsilon:g}){beta}"
    return (), None, formula


_WAYS = {Conv: _conv, DepthwiseConv: _depthwise, ConvTranspose: _transposed, Pool: _pool, BatchNorm: _norm}
_KINDS = {Conv: "conv", DepthwiseConv: "conv", ConvTranspose: "transposed", BatchNorm: "norm"}


def _sum_example(step, image, weights, at, filter) -> str:
    """The sums of the channels and the bias, or nothing where they are many."""
    shares, bias, _ = _WAYS[type(step.op)](step, image, weights, at, filter)
    if len(shares) > 8:
        return ""
    return " + ".join([*(shown(share.sum) for share in shares), *([] if bias is None else [shown(bias)])])


def _pool_example(step, image, weights, at, filter) -> str:
    (share,), _, _ = _pool(step, image, weights, at, filter)
    read = [shown(pixel) for line, places in zip(share.pixels, share.places, strict=True)
            for pixel, place in zip(line, places, strict=True) if place is not None]
    return f"{step.op.kind}({', '.join(read)})" if len(read) <= 9 else ""


# one number in one line: (facts, image with NaN where nothing counts, weights by name, place, channel) -> left side
EXAMPLES = {Conv: _sum_example, DepthwiseConv: _sum_example, ConvTranspose: _sum_example, Pool: _pool_example,
            BatchNorm: lambda *arguments: _norm(*arguments)[2]}


# --- as text --------------------------------------------------------------------------------------------


def _lines(figure: WindowFigure, lang: str):
    yield figure.title
    yield say("input", lang, shape=describe(figure.input_shape))
    if figure.kind == "norm":
        yield say("win_norm", lang, formula=figure.formula, value=shown(figure.total))
    for share in figure.shares:
        yield ""
        yield say("fig_channel", lang, number=share.channel)
        yield from _grids(share, lang)
        key = {"max": "win_max", "average": "win_mean"}.get(figure.kind, "win_sum")
        yield "  " + say(key, lang, value=shown(share.sum))
    if any(place is None for share in figure.shares for line in share.places for place in line):
        yield say("win_padding", lang)
    yield ""
    if figure.kind in ("conv", "transposed"):
        terms = " + ".join(shown(share.sum) for share in figure.shares)
        bias = "" if figure.bias is None else f" + {shown(figure.bias)}"
        yield say("win_total" if figure.bias is None else "win_total_bias", lang, terms=terms + bias,
                  value=shown(figure.total))
    for name, value in figure.after:
        yield say("win_after", lang, name=name, value=shown(value))
    yield say("win_value", lang, row=figure.at[0], column=figure.at[1], number=figure.filter, value=shown(figure.value))


def _grids(share: Share, lang: str):
    """The window, the kernel and the products side by side."""
    pixels = [[f"({shown(pixel)})" if place is None else shown(pixel) for pixel, place in zip(line, other, strict=True)]
              for line, other in zip(share.pixels, share.places, strict=True)]
    grids = [(say("win_pixels", lang), pixels)]
    for key, matrix in (("win_kernel", share.kernel), ("win_products", share.products)):
        if matrix is not None:
            grids.append((say(key, lang), [[shown(number) for number in line] for line in matrix]))
    blocks = []
    for head, cells in grids:
        width = max((len(cell) for line in cells for cell in line), default=0)
        lines = ["  ".join(cell.rjust(width) for cell in line) for line in cells]
        wide = wide_letters(head)  # each fills two columns
        across = max([*map(len, lines), len(head) + wide])
        blocks.append([head.ljust(across - wide), *(line.ljust(across) for line in lines)])
    yield from ("  " + "    ".join(parts).rstrip() for parts in zip(*blocks, strict=True))


__all__ = ["EXAMPLES", "Share", "WindowFigure", "window"]
