"""From one value of a layer's output back to the pixels that made it: what each operation read, and all of it computed again.

The chain is computed from those pixels alone, in float64 and by the obvious formulas, so that it can be compared with
what the engine computed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from konv.errors import KonvError, ShapeError
from konv.explain.facts.model_facts import require_built, step_facts
from konv.explain.facts.statements import shown
from konv.explain.facts.values import all_layers, by_filter, group_sizes, kernel_name, model_image
from konv.explain.facts.window_values import channel_axis, example
from konv.ir.array_ops import Constant, Parameter
from konv.ir.graph import Graph, GraphBuilder, Node
from konv.ir.ops import Activation, Add, BatchNorm, Input, Op, spatial
from konv.ir.window import Axis
from konv.layers.base import Layer
from konv.models import Model
from konv.plan import build_plan
from konv.runtime import compute
from konv.runtime.cpu import Program
from konv.runtime.kernel_sets import default_kernels, reference_kernels
from konv.runtime.threads import Threads, shared
from konv.variables import Variable

Box = tuple[tuple[int, int], ...]  # first and behind the last index along each axis
Index = tuple[int, ...]
Weights = Mapping[str, np.ndarray]  # by path
IDENTITY = Activation("linear")


@dataclass(frozen=True)
class TraceStep:
    """One operation on the way: the part of its result that counts, and the values there."""

    layer: str
    operation: str
    shape: tuple[int, ...]  # of the whole result, unbatched
    box: Box
    values: np.ndarray  # float64, of the box
    example: str  # how one of these values comes about
    place: Index  # of that value

    @property
    def count(self) -> int:
        return self.values.size


@dataclass(frozen=True)
class ValueTrace:
    """`value` is the engine's, `recomputed` that of the chain; `weights` says how much the value changes with each pixel."""

    title: str
    layer: str
    place: Index
    value: float
    steps: tuple[TraceStep, ...]  # from the image to the value
    image: np.ndarray  # height, width, channels
    field: Box  # rows and columns of the image that count
    weights: np.ndarray  # height, width, channels: the gradient of the value

    @property
    def recomputed(self) -> float:
        return float(self.steps[-1].values.reshape(-1)[0])


def value_trace(model: Model, image: Any, layer: str, at: Sequence[int], channel: int) -> ValueTrace:
    """Where one value of a layer's output comes from, back to the pixels of an image."""
    require_built(model)
    batch = model_image(model, image)
    graph = model.graph(batch.shape[1:])
    found = next((one for one in all_layers(model) if layer in (one.name, one.path)), None)
    target = _target(model, graph, layer, getattr(found, "path", layer))
    index = _index(model, graph.nodes[target], layer, at, channel, found)
    boxes = _boxes(graph, target, index)
    weights = {path: variable.numpy().astype(np.float64) for path, variable in model.weight_map().items()}
    steps, values = [], {}
    for number in sorted(boxes):
        node, box = graph.nodes[number], boxes[number]
        values[number] = _evaluate(node, box, [values[source] for source in node.inputs], weights, batch[0])
        chosen = index if number == target else tuple((start + stop - 1) // 2 for start, stop in box)
        steps.append(TraceStep(node.layer, type(node.op).__name__, _sizes(node), box, values[number][_slices(box)],
                               _example(graph, number, chosen, values, weights), chosen))
    pixels = boxes.get(graph.inputs[0])
    if pixels is None:
        raise KonvError(f'{model.title}: the output of layer "{layer}" does not depend on the image')
    result = compute(Graph(graph.nodes[:target + 1], (target,)), model.weight_map(), [batch], False)[0][0]
    first = _takes_channels_first(graph)
    gradient = _gradient(graph, target, index, model.weight_map(), batch)
    image, gradient = (np.moveaxis(array, 0, -1) if first else array for array in (batch[0], gradient))
    return ValueTrace(model.title, layer, index, float(result[index]), tuple(steps), image, pixels[1:] if first else pixels[:2],
                      gradient)


# --- what is asked for ----------------------------------------------------------------------------------


def _target(model: Model, graph: Graph, layer: str, path: str) -> int:
    """The last node of the layer; in a model with a `call` of its own its path is the name of the model/name."""
    found = [index for index, node in enumerate(graph.nodes) if node.layer == path]
    if not found:
        names = dict.fromkeys(node.layer for node in graph.nodes)
        raise KonvError(f"{model.title}: no layer named {layer!r}; there are: {', '.join(names)}")
    return found[-1]


def _index(model: Model, node: Node, name: str, at: Sequence[int], channel: int, layer: Layer | None) -> Index:
    """Of the value in the result of the layer."""
    rank = len(node.shape)
    index = (*at[:rank - 1], channel) if rank > 1 else (channel,)
    if getattr(layer, "data_format", None) == "channels_first" and rank == 3:
        index = (channel, *at)
    index = tuple(int(one) for one in index)
    if len(index) != rank or not all(0 <= one < (size or 0) for one, size in zip(index, node.shape, strict=True)):
        raise ShapeError(f'{model.title}: layer "{name}" has an output of {node.shape} without the batch, so there is nothing '
                         f"at row and column {tuple(at)} of channel {channel}")
    return index


def _takes_channels_first(graph: Graph) -> bool:
    """Whether the first operation that tells rows from channels wants the channels first."""
    forms = (getattr(node.op, "data_format", None) for node in graph.nodes)
    return next((form for form in forms if form), None) == "channels_first"


# --- which values are read ------------------------------------------------------------------------------


def _boxes(graph: Graph, target: int, index: Index) -> dict[int, Box]:
    """For each node on the way the part of its result that counts."""
    boxes: dict[int, Box] = {target: tuple((one, one + 1) for one in index)}
    for number in range(target, -1, -1):
        for source in graph.nodes[number].inputs if number in boxes else ():
            box = _read(graph.nodes[number].op, boxes[number], graph.nodes[source])
            boxes[source] = _hull(boxes[source], box) if source in boxes else box
    return boxes


def _hull(first: Box, second: Box) -> Box:
    return tuple((min(a, c), max(b, d)) for (a, b), (c, d) in zip(first, second, strict=True))


def _read(op: Any, box: Box, source: Node) -> Box:
    """What an operation reads of an input in order to compute a part of its result."""
    if op.pointwise or op.training_only:
        return box
    if not op.windowed or len(source.shape) != 3:
        return tuple((0, size) for size in _sizes(source))
    axis = channel_axis(op)
    sizes = spatial(source.shape, op.data_format)
    *planes, (start, stop) = _moved(box, axis, 2)
    spans = [_span(along, *span) for along, span in zip(op.window.axes(*sizes[:2]), planes, strict=True)]
    outputs, inputs = group_sizes(op, sizes[2])
    channels = start // outputs * inputs, ((stop - 1) // outputs + 1) * inputs
    return _moved((*spans, channels), 2, axis)


def _moved(axes: tuple[Any, ...], source: int, target: int) -> tuple[Any, ...]:
    """With one axis at another position."""
    moved = list(axes)
    moved.insert(target, moved.pop(source))
    return tuple(moved)


def _span(axis: Axis, start: int, stop: int) -> tuple[int, int]:
    """From the first to behind the last pixel under the windows from `start` on; a window of padding alone reads none."""
    read = [pixel for place in range(start, stop) for _, pixel in axis.reads(place) if pixel is not None]
    return (min(read), max(read) + 1) if read else (0, 0)


# --- the values anew ------------------------------------------------------------------------------------


def _sizes(node: Node) -> tuple[int, ...]:
    return tuple(size or 0 for size in node.shape)


def _slices(box: Box) -> tuple[slice, ...]:
    return tuple(slice(*span) for span in box)


def _evaluate(node: Node, box: Box, sources: Sequence[np.ndarray], weights: Weights, image: np.ndarray) -> np.ndarray:
    """An array of the shape of the node's result, with the values of the box in it and NaN elsewhere."""
    result, where = np.full(_sizes(node), np.nan), _slices(box)
    if isinstance(node.op, Input):
        result[where] = image[where]
    elif node.op.training_only or node.op == IDENTITY:
        result[where] = sources[0][where]
    else:
        windowed = node.op.windowed and len(node.shape) == 3
        rule = _windowed if windowed else _RULES.get(type(node.op), _of_all)
        result[where] = rule(node, box, sources, _own(node, weights))
    return result


def _own(node: Node, weights: Weights) -> Weights:
    """The weights of the node's layer by name."""
    return {path.rpartition("/")[2]: value for path, value in weights.items() if path.rpartition("/")[0] == node.layer}


def _of_all(node: Node, box: Box, sources: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
    """By way of the whole result: what reads all of its input is computed as a whole."""
    return _alone(node, sources, weights)[_slices(box)]


def _of_box(node: Node, box: Box, sources: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
    """An elementwise operation without weights."""
    return _alone(node, [source[_slices(box)] for source in sources], {})


def _normalized(node: Node, box: Box, sources: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
    """With the weights of the box's channels."""
    channels = slice(*box[node.op.axis])  # type: ignore[attr-defined]
    return _alone(node, [sources[0][_slices(box)]], {name: value[channels] for name, value in weights.items()})


def _windowed(node: Node, box: Box, sources: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
    """A convolution or pool, only at the positions of the box."""
    op: Any = node.op
    axis = channel_axis(op)
    *planes, (start, stop) = _moved(box, axis, 2)
    image = np.moveaxis(sources[0], axis, -1)
    rows, columns = (_reads(along, *span) for along, span in zip(op.window.axes(*image.shape[:2]), planes, strict=True))
    # the last row and column stand for padding: -1 is their index
    padded = np.pad(image, ((0, 1), (0, 1), (0, 0)), constant_values=0.0 if op.convolution else np.nan)
    taps = [(a, b, padded[rows[:, a]][:, columns[:, b]]) for a in range(rows.shape[1]) for b in range(columns.shape[1])]
    if not op.convolution:
        join = np.nanmax if op.kind == "max" else np.nanmean
        return np.moveaxis(join([pixels[..., start:stop] for *_, pixels in taps], axis=0), -1, axis)
    kernels = by_filter(op, weights[kernel_name(op)])
    result = np.zeros((len(rows), len(columns), stop - start)) + (weights["bias"][start:stop] if op.use_bias else 0)
    outputs, inputs = group_sizes(op, image.shape[2])
    for first in range(start // outputs * outputs, stop, outputs):
        filters = slice(max(first, start), min(first + outputs, stop))
        channels = slice(first // outputs * inputs, first // outputs * inputs + inputs)
        for a, b, pixels in taps:
            result[..., filters.start - start:filters.stop - start] += pixels[..., channels] @ kernels[filters, :, a, b].T
    return np.moveaxis(result, -1, axis)


_RULES: dict[type[Op], Callable[[Node, Box, Sequence[np.ndarray], Weights], np.ndarray]] = {
    Constant: lambda node, box, *_: np.array(node.op.values).reshape(node.op.shape)[_slices(box)],  # type: ignore[attr-defined]
    Parameter: lambda node, box, _, weights: weights[node.op.name][_slices(box)],  # type: ignore[attr-defined]
    Activation: _of_box, Add: _of_box, BatchNorm: _normalized}


def _reads(axis: Axis, start: int, stop: int) -> np.ndarray:
    """For each position the pixel under each tap; -1 where it is padding, or where the tap reads none."""
    found = np.full((stop - start, axis.kernel), -1)
    for place in range(start, stop):
        for tap, pixel in axis.reads(place):
            found[place - start, tap] = -1 if pixel is None else pixel
    return found


def _alone(node: Node, sources: Sequence[np.ndarray], weights: Weights) -> np.ndarray:
    """One operation by the NumPy forms of its kernels, in float64."""
    builder = GraphBuilder()
    inputs = tuple(builder.add(Input(source.shape), (), f"x{place}") for place, source in enumerate(sources))
    graph = builder.graph(builder.add(node.op, inputs, node.layer))
    kernels = reference_kernels(np.float64)
    fixed = {f"{node.layer}/{name}": _Fixed(value) for name, value in weights.items()}
    program = Program(build_plan(graph, 1, False, kernels.machine), fixed, kernels, Threads(1))  # type: ignore[arg-type]
    program.forward([source[None] for source in sources], None)
    return program.outputs(1, own=True)[0].reshape(_sizes(graph.nodes[-1]))


@dataclass(frozen=True)
class _Fixed:
    """What a program reads of a variable, in float64."""

    array: np.ndarray
    version: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape


def _gradient(graph: Graph, target: int, index: Index, variables: Mapping[str, Variable], batch: np.ndarray) -> np.ndarray:
    """How much the value changes with each pixel, in prediction: normalisations are frozen, nothing is random."""
    nodes = tuple(replace(node, trainable=False, op=IDENTITY if node.op.training_only else node.op)
                  for node in graph.nodes[:target + 1])
    kernels = default_kernels()
    plan = build_plan(Graph(nodes, (target,)), 1, True, kernels.machine, input_gradients=True)
    error = np.zeros((1, *_sizes(nodes[target])), np.float32)
    error[(0, *index)] = 1
    return Program(plan, variables, kernels, shared()).inputs_backward([batch], [error])[0].reshape(batch.shape)[0]


def _example(graph: Graph, number: int, index: Index, values: Mapping[int, np.ndarray], weights: Weights) -> str:
    """How one value comes about, as a sum of a few terms or a formula; empty where that would be long."""
    node = graph.nodes[number]
    if not node.inputs or len(node.shape) != 3 or getattr(node.op, "data_format", "") == "channels_first":
        return ""
    read = [values[source] for source in node.inputs]
    if isinstance(node.op, Activation):
        left = f"{node.op.name}({shown(float(read[0][index]))})"
    elif isinstance(node.op, Add):
        left = " + ".join(shown(float(source[index])) for source in read)
    else:
        axis = channel_axis(node.op)
        row, column, channel = _moved(index, axis, 2)
        left = example(step_facts(graph, number), np.moveaxis(read[0], axis, -1), _own(node, weights), (row, column), channel)
    return left and f"{left} = {shown(float(values[number][index]))}"


__all__ = ["TraceStep", "ValueTrace", "value_trace"]
