"""How one value of a layer's output comes about: what lies under the window, the kernel, products, sums, bias, activation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.explain.facts.model_facts import StepFacts, layer_facts
from konv.explain.facts.statements import shown
from konv.explain.facts.values import by_filter, group_sizes, kernel_name
from konv.ir.graph import Graph
from konv.ir.ops import Activation, BatchNorm, Op, Scale
from konv.layers.base import Layer
from konv.runtime import compute

Matrix = tuple[tuple[float, ...], ...]
Weights = Mapping[str, np.ndarray]
At = tuple[int, int]


@dataclass(frozen=True)
class Share:
    """What one channel of the input gives: the values under the window (0 for padding), the kernel, their products."""

    channel: int
    places: tuple[tuple[At | None, ...], ...]  # (row, column) of each value in the image; None is padding
    pixels: Matrix
    kernel: Matrix | None
    products: Matrix | None
    sum: float  # or the largest, or the mean

    @property
    def read(self) -> list[float]:
        """The values that are not padding."""
        return [pixel for line, places in zip(self.pixels, self.places, strict=True)
                for pixel, place in zip(line, places, strict=True) if place is not None]

    @property
    def padded(self) -> bool:
        return any(place is None for line in self.places for place in line)


@dataclass(frozen=True)
class WindowValues:
    """How one value of a layer's output comes about; `value` is the engine's."""

    title: str
    kind: str  # "conv", "transposed", "max", "average" or "norm"
    at: At
    filter: int
    input_shape: tuple[int, ...]  # height, width, channels
    output_shape: tuple[int, ...]
    shares: tuple[Share, ...]
    bias: float | None
    total: float  # with the bias
    formula: str  # of a normalisation: its numbers in place
    after: tuple[tuple[str, float], ...]  # activations, and what each gives
    value: float


def window_values(layer: Layer, x: Any, at: Sequence[int], filter: int) -> WindowValues:
    """How the value at (row, column) of one feature map is computed from an image."""
    image = layer_image(layer, x)
    layer.build_for(image.shape[1:])
    first, *behind = layer_facts(layer).steps or (None,)
    rule = _rule(first.op) if first else None
    if first is None or rule is None or len(first.output) != 3 or channel_axis(first.op) == 1 or not all(
            isinstance(step.op, (Activation, Scale)) for step in behind):  # those look at one value alone
        raise UnsupportedError(f"{layer.title}: a window is of convolutions, depthwise and transposed ones, pools and "
                               f"BatchNormalization over images; explain() says in words what this layer does")
    graph = layer.graph(image.shape[1:])
    values = compute(Graph(graph.nodes, tuple(range(1, len(graph.nodes)))), layer.weight_map(), [image], False)
    source, *results = (np.moveaxis(value[0], channel_axis(first.op), -1) for value in (image, *values))
    height, width, channels = results[0].shape
    row, column = _row_and_column(layer, at, height, width)
    if not 0 <= int(filter) < channels:
        raise ShapeError(f"{layer.title}: filter must be from 0 to {channels - 1}, got {filter}")
    index = row, column, int(filter)
    weights = {name: variable.numpy().astype(np.float64) for name, variable in layer._tracing.weights.items()}
    shares, bias, formula = rule(first, source, weights, (row, column), int(filter))
    after = tuple((getattr(step.op, "name", type(step.op).__name__.lower()), float(result[index]))
                  for step, result in zip(behind, results[1:], strict=True))
    return WindowValues(layer.title, _kind(first.op), (row, column), int(filter), source.shape, results[0].shape, shares, bias,
                        float(results[0][index]), formula, after, float(results[-1][index]))


def layer_image(layer: Layer, x: Any) -> np.ndarray:
    """A batch of one image of three axes."""
    array = to_array(x, layer.title, "the image").astype(np.float32)
    array = array[None] if array.ndim == 3 else array
    if array.ndim != 4 or len(array) != 1:
        raise ShapeError(f"{layer.title}: expected one image (height, width, channels), with or without a batch axis of 1, "
                         f"got an array of shape {np.shape(x)}")
    return array


def channel_axis(op: Any) -> int:
    """Which of the three axes of an image are its channels, as the operation has them."""
    if isinstance(op, BatchNorm):
        return op.axis % 3
    return 0 if getattr(op, "data_format", "") == "channels_first" else 2


def _row_and_column(layer: Layer, at: Sequence[int], height: int, width: int) -> At:
    if len(at) != 2:
        raise KonvError(f"{layer.title}: at must be (row, column), got {at!r}")
    row, column = (int(index) for index in at)
    if not (0 <= row < height and 0 <= column < width):
        raise ShapeError(f"{layer.title}: at={(row, column)} lies outside the output of {height} rows and {width} columns")
    return row, column


def _kind(op: Op) -> str:
    if op.convolution:
        return "transposed" if op.kernel_axes[0] == "filters" else "conv"
    return getattr(op, "kind", "norm")


# --- what is read, and with which weights ---------------------------------------------------------------


def _share(step: StepFacts, image: np.ndarray, at: At, channel: int, kernel: np.ndarray | None) -> Share:
    """The values that one output pixel reads in a channel; `kernel` (rows, columns) are all weights of that channel."""
    assert step.axes is not None
    rows, columns = (axis.reads(place) for axis, place in zip(step.axes, at, strict=True))
    places = tuple(tuple(None if r is None or c is None else (r, c) for _, c in columns) for _, r in rows)
    pixels = _matrix([0.0 if place is None else float(image[(*place, channel)]) for place in line] for line in places)
    if kernel is None:
        return Share(channel, places, pixels, None, None, 0.0)
    taps = _matrix([float(kernel[a, b]) for b, _ in columns] for a, _ in rows)
    products = _matrix([p * w for p, w in zip(line, other, strict=True)] for line, other in zip(pixels, taps, strict=True))
    return Share(channel, places, pixels, taps, products, float(sum(map(sum, products))))


def _matrix(lines: Iterable[Iterable[float]]) -> Matrix:
    return tuple(tuple(line) for line in lines)


def _convolved(step: StepFacts, image: np.ndarray, weights: Weights, at: At, filter: int) -> Any:
    op: Any = step.op
    kernels = by_filter(op, weights[kernel_name(op)])
    outputs, channels = group_sizes(op, image.shape[2])
    first = filter // outputs * channels  # the channel that the filter's group begins with
    shares = tuple(_share(step, image, at, first + channel, kernels[filter, channel]) for channel in range(channels))
    return shares, float(weights["bias"][filter]) if "bias" in weights else None, ""


def _pooled(step: StepFacts, image: np.ndarray, weights: Weights, at: At, filter: int) -> Any:
    share = _share(step, image, at, filter, None)
    result = max(share.read) if step.op.kind == "max" else sum(share.read) / len(share.read)  # type: ignore[attr-defined]
    return (Share(filter, share.places, share.pixels, None, None, result),), None, ""


def _normalized(step: StepFacts, image: np.ndarray, weights: Weights, at: At, filter: int) -> Any:
    op: Any = step.op
    x = float(image[(*at, filter)])
    mean, variance = (float(weights[f"moving_{what}"][filter]) for what in ("mean", "variance"))
    gamma = f"{shown(weights['gamma'][filter])} * " if op.scale else ""
    beta = f" + {shown(weights['beta'][filter])}" if op.center else ""
    return (), None, f"{gamma}({shown(x)} - {shown(mean)})/sqrt({shown(variance)} + {op.epsilon:g}){beta}"


# (facts, image, weights by name, row and column, filter) -> what each channel gives, the bias, the formula
WindowRule = Callable[[StepFacts, np.ndarray, Weights, At, int], Any]


def _rule(op: Op) -> WindowRule | None:
    return _convolved if op.convolution else _pooled if op.windowed else _normalized if isinstance(op, BatchNorm) else None


def example(step: StepFacts, image: np.ndarray, weights: Weights, at: At, filter: int) -> str:
    """One value in one line: the sums of the channels and the bias, or the formula; empty where that would be long."""
    rule, op = _rule(step.op), step.op
    if rule is None:
        return ""
    shares, bias, formula = rule(step, image, weights, at, filter)
    if op.windowed and not op.convolution:
        read = [shown(pixel) for pixel in shares[0].read]
        return f"{op.kind}({', '.join(read)})" if len(read) <= 9 else ""  # type: ignore[attr-defined]
    if len(shares) > 8:
        return ""
    return formula or " + ".join([*(shown(share.sum) for share in shares), *([] if bias is None else [shown(bias)])])


__all__ = ["Share", "WindowValues", "channel_axis", "example", "layer_image", "window_values"]
