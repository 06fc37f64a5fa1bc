"""What there is to know about a layer or a model, as plain frozen data.

Every number is read from `ir` or from the weights; renderers lay facts out and compute nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from konv.errors import KonvError
from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Input, Op, Shape, Weight, spatial
from konv.ir.receptive_field import Reach, reaches
from konv.ir.window import Axis, Window
from konv.layers.base import Layer
from konv.layers.input import InputLayer
from konv.models import Model
from konv.tracing.tensors import Operation, Source
from konv.variables import Variable


@dataclass(frozen=True)
class StepFacts:
    """One operation of a layer.

    Attributes:
        op: its record in konv.ir.
        inputs, output: unbatched shapes.
        weights: what it learns, or measures.
        parameters: how many elements its weights have.
        macs: multiply-accumulates for one sample; None while a size is unknown.
        axes: the window over rows and columns, or steps; None without a window, or while a size is unknown.
    """

    op: Op
    inputs: tuple[Shape, ...]
    output: Shape
    weights: tuple[Weight, ...]
    parameters: int
    macs: int | None
    axes: tuple[Axis, ...] | None

    @property
    def values(self) -> int:
        """How many values the result has, while all its sizes are known."""
        return prod(size or 0 for size in self.output)


@dataclass(frozen=True)
class LayerFacts:
    """One call of a layer: what goes in (nothing into an InputLayer), what is done, what comes out.

    Attributes:
        inputs, output: unbatched shapes.
        steps: the operations that the layer is made of.
        trainable_parameters, frozen_parameters: how many elements its weights have.
        bytes: of its weights.
        shared: whether this is another call of a layer that was listed before; its weights are not new.
        reach: in a model, the receptive field before and behind each window, and that window.
    """

    name: str
    class_name: str
    inputs: tuple[Shape, ...]
    output: Shape
    steps: tuple[StepFacts, ...]
    trainable_parameters: int
    frozen_parameters: int
    bytes: int
    trainable: bool
    shared: bool = False
    reach: tuple[tuple[Reach, Reach, Window], ...] = ()

    @property
    def parameters(self) -> int:
        return self.trainable_parameters + self.frozen_parameters

    @property
    def macs(self) -> int | None:
        return total(step.macs for step in self.steps)


@dataclass(frozen=True)
class ModelFacts:
    """Every layer in the order in which it runs; layers inside a nested model stand where the model stands."""

    name: str
    class_name: str
    layers: tuple[LayerFacts, ...]
    trainable_parameters: int
    frozen_parameters: int
    bytes: int

    @property
    def parameters(self) -> int:
        return self.trainable_parameters + self.frozen_parameters

    @property
    def macs(self) -> int | None:
        return total(layer.macs for layer in self.layers)


def layer_facts(layer: Layer) -> LayerFacts:
    """The facts of one layer.

    Raises:
        KonvError: it is not built, so its sizes are not known; or it is a model.

    >>> import konv
    >>> layer = konv.layers.Conv2D(75, 3, padding="same")
    >>> layer.build((None, 28, 28, 1))
    >>> layer_facts(layer).parameters
    750
    """
    require_built(layer)
    return _call_facts(layer, layer.input_shapes, shared=False)


def model_facts(model: Model) -> ModelFacts:
    """The facts of a model.

    Raises:
        KonvError: the shape of its input is not known yet.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((4, 4, 25)), konv.layers.Flatten(), konv.layers.Dense(512)])
    >>> model_facts(model).parameters
    205312
    """
    require_built(model)
    seen: set[int] = set()
    layers, reach = [], _reach(model.graph())
    for layer, shapes in calls(model):
        facts = _call_facts(layer, shapes, shared=id(layer) in seen)
        layers.append(facts if facts.shared else replace(facts, reach=reach.get(layer.name, ())))
        seen.add(id(layer))
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    return ModelFacts(model.name, class_name(model), tuple(layers), _count(trainable), _count(frozen),
                      weight_bytes([*trainable, *frozen]))


def activation_bytes(facts: ModelFacts) -> dict[str, int]:
    """Of one sample: what all layers give, which training keeps, and what the largest layer reads and gives, which prediction
    does; nothing while a size is unknown."""
    shapes = [(layer.output, layer.inputs) for layer in facts.layers]
    if any(None in shape for output, inputs in shapes for shape in (output, *inputs)):
        return {}
    sizes = [[prod(size or 0 for size in shape) for shape in (output, *inputs)] for output, inputs in shapes]
    return {"training": 4 * sum(size[0] for size in sizes), "prediction": 4 * max(map(sum, sizes))}


def calls(model: Model) -> Iterator[tuple[Layer, tuple[Shape, ...]]]:
    """Every call of a layer, with the unbatched shapes of its inputs; nested models are entered."""
    for tensor in model._order:
        if isinstance(tensor.layer, Model):
            inner = calls(tensor.layer)
            yield from ((layer, shapes) for layer, shapes in inner if not isinstance(layer, InputLayer))
        elif isinstance(tensor.layer, Source):  # an input of a model with a `call` of its own
            yield InputLayer(tensor.sample, name=tensor.layer.name), (tensor.sample,)
        else:
            yield tensor.layer, tuple(source.shape[1:] for source in tensor.inputs) or tensor.layer.input_shapes


def require_built(layer: Layer) -> None:
    """Without an input shape there are no numbers to fill in."""
    if not isinstance(layer, Layer):
        raise KonvError(f"expected a layer or a model of konv, got an object of type {type(layer).__name__}; "
                        "konv.explain.read makes a model of a file or of a module of PyTorch")
    if layer.built and (layer.input_shapes or isinstance(layer, Model)):
        return
    what = "give its first layer input_shape=, or call" if isinstance(layer, Model) else "call"
    raise KonvError(
        f"{layer.title}: is not built yet, so its sizes are not known; "
        f"{what} build((None, 28, 28, 1)) with the shape of its input, or put it in a model that begins with konv.Input"
    )


def class_name(layer: Layer | Operation | Source) -> str:
    """The class as Keras names it: a model made of inputs and outputs is Functional, a function of ops has one too."""
    if isinstance(layer, Operation):
        return layer.class_name
    if isinstance(layer, Source):
        return InputLayer.__name__
    return "Functional" if type(layer) is Model else type(layer).__name__


def weight_bytes(variables: list[Variable]) -> int:
    return sum(variable.array.nbytes for variable in variables)


def readable_bytes(count: float) -> str:
    """1058248 -> '1.01 MB', with the units of Keras.

    >>> readable_bytes(1058248)
    '1.01 MB'
    """
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if count < 1024:
            return f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} PB"


def total(counts: Iterable[int | None]) -> int | None:
    """The sum; unknown when one of them is."""
    known = list(counts)
    return None if None in known else sum(count or 0 for count in known)


def _call_facts(layer: Layer, shapes: tuple[Shape, ...], shared: bool) -> LayerFacts:
    if isinstance(layer, Operation):
        return _operation_facts(layer, shapes)
    if isinstance(layer, Model):
        raise KonvError(f"{layer.title}: is a model, not a layer; take one of its layers, such as "
                        f"model.get_layer(name), or model.explain() for all of them")
    graph = layer.graph(*shapes)
    steps = tuple(step_facts(graph, index) for index in range(len(shapes), len(graph.nodes)))
    trainable, frozen = layer.trainable_weights, layer.non_trainable_weights
    output = graph.nodes[graph.outputs[0]].shape
    inputs = () if isinstance(layer, InputLayer) else shapes
    return LayerFacts(layer.name, class_name(layer), inputs, output, steps, _count(trainable), _count(frozen),
                      weight_bytes(layer.weights), layer.trainable, shared)


def _operation_facts(operation: Operation, shapes: tuple[Shape, ...]) -> LayerFacts:
    """A function of konv.ops that tensors went through: no weights, and only what it does to them."""
    builder = GraphBuilder()
    inputs = tuple(builder.add(Input(shape), layer="input") for shape in shapes)
    graph = builder.graph(*operation.lower_call(builder, inputs, operation.output.call))
    steps = tuple(step_facts(graph, index) for index in range(len(shapes), len(graph.nodes)))
    return LayerFacts(operation.name, operation.class_name, shapes, graph.nodes[graph.outputs[0]].shape, steps, 0, 0, 0, True)


def step_facts(graph: Graph, index: int) -> StepFacts:
    """The facts of one node of a graph."""
    node, inputs = graph.nodes[index], graph.input_shapes(index)
    known = None not in (*node.shape, *(size for shape in inputs for size in shape))
    return StepFacts(node.op, inputs, node.shape, graph.weights(index), node.op.parameters(*inputs),
                     graph.macs(index) if known else None, _axes(node.op, inputs))


def _reach(graph: Graph) -> dict[str, tuple[tuple[Reach, Reach, Window], ...]]:
    """By layer: the receptive fields around its windows."""
    found: dict[str, tuple[tuple[Reach, Reach, Window], ...]] = {}
    fields = reaches(graph)
    for node, after in zip(graph.nodes, fields, strict=True):
        before = fields[node.inputs[0]] if node.op.windowed else None
        if before is not None and after is not None:
            found[node.layer] = (*found.get(node.layer, ()), (before, after, node.op.window))  # type: ignore[attr-defined]
    return found


def _axes(op: Any, inputs: tuple[Shape, ...]) -> tuple[Axis, ...] | None:
    if not op.windowed:
        return None
    *sizes, _ = spatial(inputs[0], op.data_format, op.window.rank)
    return None if None in sizes else op.window.axes(*sizes)


def _count(variables: list[Variable]) -> int:
    return sum(variable.size for variable in variables)


__all__ = ["LayerFacts", "ModelFacts", "StepFacts", "activation_bytes", "calls", "layer_facts", "model_facts", "readable_bytes"]


def channels_first(graph: Graph) -> list[bool]:
    """For each operation whether its result has the channels first: as it says, or as what it reads."""
    found: list[bool] = []
    for index, node in enumerate(graph.nodes):
        form = getattr(node.op, "data_format", None)
        if form is None and index in graph.inputs:
            users = (getattr(graph.nodes[user].op, "data_format", None) for user in graph.users[index])
            form = next(filter(None, users), None)
        found.append(form == "channels_first" if form or not node.inputs else found[node.inputs[0]])
    return found
