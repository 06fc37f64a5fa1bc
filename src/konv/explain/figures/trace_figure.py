"""From one number of a feature map back to the pixels that made it: which numbers each operation read, and all of them anew.

The chain is computed again from those pixels alone, in float64 and by the obvious formulas, so that it can be compared with
what the engine computed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from konv.errors import KonvError, ShapeError
from konv.explain.facts.model_facts import CONVOLUTIONS, require_built, step_facts
from konv.explain.facts.statements import shown
from konv.explain.figures.base import Figure
from konv.explain.figures.draw_trace import draw_trace
from konv.explain.figures.feature_maps import all_layers, one_image
from konv.explain.figures.window_figure import EXAMPLES
from konv.explain.languages.messages import check_language, say
from konv.ir.array_ops import Constant, Parameter
from konv.ir.graph import Graph, GraphBuilder, Node
from konv.ir.ops import Activation, Add, BatchNorm, Conv, ConvTranspose, DepthwiseConv, Input, Pool, spatial
from konv.models import Model
from konv.plan import build_plan
from konv.runtime import compute
from konv.runtime.cpu import Program
from konv.runtime.kernel_sets import default_kernels, reference_kernels
from konv.runtime.threads import Threads, shared

Box = tuple[tuple[int, int], ...]  # first and behind the last index along each axis
IDENTITY = Activation("linear")


@dataclass(frozen=True)
class TraceStep:
    """One operation on the way: the part of its result that counts, and the numbers there."""

    layer: str
    operation: str
    shape: tuple[int, ...]  # of the whole result, unbatched
    box: Box
    values: np.ndarray  # float64, of the box
    example: str  # how one of these numbers comes about
    place: tuple[int, ...]  # of that number

    @property
    def count(self) -> int:
        return self.values.size


@dataclass(frozen=True)
class TraceFigure(Figure):
    """`value` is the engine's, `recomputed` that of the chain; `weights` says how much the value changes with each pixel."""

    title: str
    layer: str
    place: tuple[int, ...]
    value: float
    steps: tuple[TraceStep, ...]  # from the image to the value
    image: np.ndarray  # height, width, channels
    field: Box  # rows and columns of the image that count
    weights: np.ndarray  # height, width, channels: the gradient of the value
    lang: str = "en"

    @property
    def recomputed(self) -> float:
        return float(self.steps[-1].values.reshape(-1)[0])

    def text(self, lang: str | None = None) -> str:
        return "\n".join(_lines(self, check_language(lang or self.lang)))

    def svg(self, lang: str | None = None) -> str:
        return draw_trace(self, check_language(lang or self.lang))


def trace(model: Model, image: Any, layer: str, at: Sequence[int] = (0, 0), channel: int = 0,
          lang: str | None = None) -> TraceFigure:
    """Where one number of a layer's output comes from, back to the pixels of an image.

    `at` is (row, column) of a feature map and `channel` its number; of a vector `channel` alone counts. ShapeError if the
    place does not exist, KonvError if the layer does not.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((6, 6, 1)), konv.layers.Conv2D(2, 3), konv.layers.MaxPooling2D(2, name="pool")])
    >>> found = trace(model, np.ones((6, 6)), "pool", at=(1, 1))
    >>> [step.box[:2] for step in found.steps]
    [((2, 6), (2, 6)), ((2, 4), (2, 4)), ((1, 2), (1, 2))]
    """
    language = check_language(lang)
    require_built(model)
    batch = one_image(model, image)
    graph = model.graph(batch.shape[1:])
    target = _target(model, graph, layer)
    place = _place(model, graph.nodes[target], layer, at, channel, getattr(_layer(model, layer), "data_format", None))
    needed = _boxes(graph, target, place)
    weights = {path: variable.numpy().astype(np.float64) for path, variable in model.weight_map().items()}
    steps, values = [], {}
    for index in sorted(needed):
        node, box = graph.nodes[index], needed[index]
        values[index] = _evaluate(graph, index, box, values, weights, batch[0])
        chosen = place if index == target else tuple((start + stop - 1) // 2 for start, stop in box)
        steps.append(TraceStep(node.layer, type(node.op).__name__, tuple(size or 0 for size in node.shape), box,
                               values[index][_slices(box)], _example(graph, index, chosen, values, weights), chosen))
    pixels = needed.get(graph.inputs[0])
    if pixels is None:
        raise KonvError(f'{model.title}: the output of layer "{layer}" does not depend on the image')
    result = compute(Graph(graph.nodes[:target + 1], (target,)), model.weight_map(), [batch], False)[0][0]
    first = _channels_first(graph, batch)
    field = pixels[1:] if first else pixels[:2]
    turned = (lambda x: x.transpose(1, 2, 0)) if first else (lambda x: x)
    slope = _gradient(graph, target, place, model.weight_map(), batch)
    return TraceFigure(model.title, layer, place, float(result[place]), tuple(steps), turned(batch[0]), field, turned(slope),
                       language)


# --- what is asked for ----------------------------------------------------------------------------------


def _layer(model: Model, name: str):
    return next((found for found in all_layers(model) if name in (found.name, found.path)), None)


def _target(model: Model, graph: Graph, layer: str) -> int:
    path = getattr(_layer(model, layer), "path", layer)  # in a model with a `call` of its own: name of the model/name
    found = [index for index, node in enumerate(graph.nodes) if node.layer == path]
    if not found:
        names = dict.fromkeys(node.layer for node in graph.nodes)
        raise KonvError(f"{model.title}: no layer named {layer!r}; there are: {', '.join(names)}")
    return found[-1]


def _place(model: Model, node: Node, layer: str, at: Sequence[int], channel: int, data_format: str | None) -> tuple[int, ...]:
    """The index of the number in the result of the layer."""
    rank = len(node.shape)
    place = (*at[:rank - 1], channel) if rank > 1 else (channel,)
    if data_format == "channels_first" and rank == 3:
        place = (channel, *at)
    place = tuple(int(index) for index in place)
    if len(place) != rank or not all(0 <= index < (size or 0) for index, size in zip(place, node.shape, strict=True)):
        raise ShapeError(f'{model.title}: layer "{layer}" has an output of {node.shape} without the batch, so there is nothing '
                         f"at row and column {tuple(at)} of channel {channel}")
    return place


def _channels_first(graph: Graph, batch: np.ndarray) -> bool:
    """Whether the first operation that tells rows from channels wants the channels first."""
    forms = (getattr(node.op, "data_format", None) for node in graph.nodes)
    return next((form for form in forms if form), "channels_last") == "channels_first" and batch.ndim == 4


# --- which numbers are read -----------------------------------------------------------------------------


def _boxes(graph: Graph, target: int, place: tuple[int, ...]) -> dict[int, Box]:
    """For each node on the way the part of its result that counts."""
    needed: dict[int, Box] = {target: tuple((index, index + 1) for index in place)}
    for index in range(target, -1, -1):
        if index not in needed:
            continue
        node = graph.nodes[index]
        for source in node.inputs:
            box = _read(node.op, needed[index], graph.nodes[source])
            needed[source] = _hull(needed[source], box) if source in needed else box
    return needed


def _hull(first: Box, second: Box) -> Box:
    return tuple((min(a, c), max(b, d)) for (a, b), (c, d) in zip(first, second, strict=True))


def _read(op: Any, box: Box, source: Node) -> Box:
    """What an operation reads of an input in order to compute a part of its result."""
    whole: Box = tuple((0, size or 0) for size in source.shape)
    if op.pointwise or op.training_only:
        return box
    if not isinstance(op, (*CONVOLUTIONS, Pool)) or len(source.shape) != 3:
        return whole
    first = op.data_format == "channels_first"
    *places, channels = (*box[1:], box[0]) if first else box
    sizes = spatial(source.shape, op.data_format)[:2]
    spans = [_span(axis, *span) for axis, span in zip(op.window.axes(*sizes), places, strict=True)]
    read = _channels(op, channels, spatial(source.shape, op.data_format)[2])
    return (read, *spans) if first else (*spans, read)


def _span(axis: Any, start: int, stop: int) -> tuple[int, int]:
    """From the first to behind the last pixel under the windows from `start` on; a window of padding alone reads none."""
    read = [pixel for place in range(start, stop) for _, pixel in axis.reads(place) if pixel is not None]
    return (min(read), max(read) + 1) if read else (0, 0)


def _channels(op: Any, span: tuple[int, int], count: int) -> tuple[int, int]:
    start, stop = span
    if isinstance(op, Pool):
        return span
    if isinstance(op, DepthwiseConv):
        return start // op.multiplier, (stop - 1) // op.multiplier + 1
    if isinstance(op, Conv) and op.groups > 1:
        filters, channels = op.filters // op.groups, count // op.groups
        return start // filters * channels, ((stop - 1) // filters + 1) * channels
    return 0, count


# --- the numbers anew -----------------------------------------------------------------------------------


def _slices(box: Box) -> tuple[slice, ...]:
    return tuple(slice(*span) for span in box)


def _evaluate(graph: Graph, index: int, box: Box, values: Mapping[int, np.ndarray], weights, image: np.ndarray) -> np.ndarray:
    """An array of the shape of the node's result, with the numbers of the box in it and NaN elsewhere."""
    node = graph.nodes[index]
    result = np.full([size or 0 for size in node.shape], np.nan)
    sources = [values[source] for source in node.inputs]
    if isinstance(node.op, Input):
        found = image[_slices(box)]
    elif isinstance(node.op, Constant):
        found = np.array(node.op.values).reshape(node.op.shape)[_slices(box)]
    elif isinstance(node.op, Parameter):
        found = _weights_of(node, weights)[node.op.name][_slices(box)]
    elif node.op.training_only or node.op == IDENTITY:
        found = sources[0][_slices(box)]
    elif type(node.op) in _FORMULAS and len(node.shape) == 3:
        found = _FORMULAS[type(node.op)](node, box, sources[0], weights)
    elif isinstance(node.op, BatchNorm):
        found = _normalised(node, box, sources[0], weights)
    elif isinstance(node.op, (Activation, Add)):
        found = _alone(node, [source[_slices(box)] for source in sources], weights)
    else:
        found = _alone(node, sources, weights)[_slices(box)]
    result[_slices(box)] = found
    return result


def _weights_of(node: Node, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {path.rpartition("/")[2]: value for path, value in weights.items() if path.rpartition("/")[0] == node.layer}


def _windows(node: Node, box: Box, source: np.ndarray):
    """Rows and columns of the box, each with its taps and the pixels under them; the image with its channels last."""
    op: Any = node.op
    first = op.data_format == "channels_first"
    rows, columns, channels = (*box[1:], box[0]) if first else box
    image = source.transpose(1, 2, 0) if first else source
    axes = op.window.axes(*image.shape[:2])
    reads = [[axis.reads(place) for place in range(*span)] for axis, span in zip(axes, (rows, columns), strict=True)]
    return image, *reads, channels, (lambda found: found.transpose(2, 0, 1) if first else found)


def _summed(node: Node, box: Box, source: np.ndarray, weights) -> np.ndarray:
    """Products of pixels and kernel, and the bias: for each number of the box by itself."""
    op: Any = node.op
    own = _weights_of(node, weights)
    kernel = own[getattr(op, "kernel_name", "kernel")]
    image, rows, columns, (start, stop), turned = _windows(node, box, source)
    found = np.zeros((len(rows), len(columns), stop - start))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            for a, r in row:
                for b, c in column:
                    if r is not None and c is not None:
                        found[i, j] += _products(op, image[r, c], kernel[a, b], start, stop)
    if "bias" in own and op.use_bias:
        found += own["bias"][start:stop]
    return turned(found)


def _products(op: Any, pixel: np.ndarray, tap: np.ndarray, start: int, stop: int) -> np.ndarray:
    """What one pixel gives to the filters from `start` on, through one tap of their kernels."""
    if isinstance(op, DepthwiseConv):
        return np.array([pixel[f // op.multiplier] * tap[f // op.multiplier, f % op.multiplier] for f in range(start, stop)])
    if isinstance(op, ConvTranspose):
        return tap[start:stop] @ pixel
    if op.groups == 1:
        return pixel @ tap[:, start:stop]
    filters, channels = tap.shape[1] // op.groups, tap.shape[0]
    return np.array([pixel[f // filters * channels:][:channels] @ tap[:, f] for f in range(start, stop)])


def _pooled(node: Node, box: Box, source: np.ndarray, weights) -> np.ndarray:
    image, rows, columns, (start, stop), turned = _windows(node, box, source)
    join = np.max if node.op.kind == "max" else np.mean  # type: ignore[attr-defined]
    found = [[join([image[r, c, start:stop] for _, r in row for _, c in column if r is not None and c is not None], axis=0)
              for column in columns] for row in rows]
    return turned(np.array(found))


def _normalised(node: Node, box: Box, source: np.ndarray, weights) -> np.ndarray:
    op: Any = node.op
    own, axis = _weights_of(node, weights), op.axis % len(node.shape)
    shape = [-1 if place == axis else 1 for place in range(len(node.shape))]
    mean, variance, gamma, beta = (own[name][slice(*box[axis])].reshape(shape) if name in own else other for name, other in (
        ("moving_mean", 0.0), ("moving_variance", 1.0), ("gamma", 1.0), ("beta", 0.0)))
    return gamma * (source[_slices(box)] - mean) / np.sqrt(variance + op.epsilon) + beta


def _alone(node: Node, sources: list[np.ndarray], weights) -> np.ndarray:
    """One operation by the NumPy forms of its kernels, in float64."""
    builder = GraphBuilder()
    inputs = tuple(builder.add(Input(source.shape), (), f"x{place}") for place, source in enumerate(sources))
    graph = builder.graph(builder.add(node.op, inputs, node.layer))
    kernels = reference_kernels(np.float64)
    own = {path: _Fixed(value) for path, value in weights.items() if path.rpartition("/")[0] == node.layer}
    program = Program(build_plan(graph, 1, False, kernels.machine), own, kernels, Threads(1))  # type: ignore[arg-type]
    program.forward([source[None] for source in sources], None)
    return program.outputs(1, own=True)[0].reshape([size or 0 for size in graph.nodes[-1].shape])


@dataclass(frozen=True)
class _Fixed:
    """What a program reads of a variable, in float64."""

    array: np.ndarray
    version: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape


_FORMULAS: dict[type, Callable[..., np.ndarray]] = {
    Conv: _summed, DepthwiseConv: _summed, ConvTranspose: _summed, Pool: _pooled}


def _gradient(graph: Graph, target: int, place: tuple[int, ...], variables, batch: np.ndarray) -> np.ndarray:
    """How much the number changes with each pixel, in prediction: normalisations are frozen, nothing is random."""
    nodes = tuple(replace(node, trainable=False, op=IDENTITY if node.op.training_only else node.op)
                  for node in graph.nodes[:target + 1])
    kernels = default_kernels()
    plan = build_plan(Graph(nodes, (target,)), 1, True, kernels.machine, input_gradients=True)
    error = np.zeros((1, *(size or 0 for size in nodes[target].shape)), np.float32)
    error[(0, *place)] = 1
    return Program(plan, variables, kernels, shared()).inputs_backward([batch], [error])[0].reshape(batch.shape)[0]


# --- as text --------------------------------------------------------------------------------------------


def _example(graph: Graph, index: int, place: tuple[int, ...], values, weights) -> str:
    """How the number at a place comes about, as a sum of a few terms or a formula; empty where that would be long."""
    node = graph.nodes[index]
    if not node.inputs or len(node.shape) != 3 or getattr(node.op, "data_format", "") == "channels_first":
        return ""
    value = shown(float(values[index][place]))
    if isinstance(node.op, Activation):
        return f"{node.op.name}({shown(float(values[node.inputs[0]][place]))}) = {value}"
    if isinstance(node.op, Add):
        return f"{' + '.join(shown(float(values[source][place])) for source in node.inputs)} = {value}"
    if type(node.op) not in EXAMPLES:
        return ""
    found = EXAMPLES[type(node.op)](step_facts(graph, index), values[node.inputs[0]], _weights_of(node, weights), place[:2],
                                    place[2])
    return f"{found} = {value}" if found else ""


def _ranges(step: TraceStep) -> str:
    return ", ".join(f"{start}" if stop - start == 1 else f"{start}..{stop - 1}" for start, stop in step.box)


def _lines(figure: TraceFigure, lang: str):
    yield say("trace_title", lang, title=figure.title, layer=figure.layer, place=", ".join(map(str, figure.place)))
    for step in figure.steps:
        yield ""
        yield f"{step.layer} ({step.operation})"
        yield "  " + say("trace_box", lang, ranges=_ranges(step), count=step.count, total=prod(step.shape))
        yield "  " + say("trace_values", lang, low=shown(step.values.min()), high=shown(step.values.max()))
        if step.example:
            yield "  " + say("trace_example", lang, place=", ".join(map(str, step.place)), equation=step.example)
    (top, bottom), (left, right) = figure.field
    yield ""
    yield say("trace_field", lang, rows=bottom - top, columns=right - left, top=top, left=left)
    yield say("trace_value", lang, value=f"{figure.value:.7g}", recomputed=f"{figure.recomputed:.7g}")


__all__ = ["TraceFigure", "TraceStep", "trace"]
