"""Models: layers wired together, as one graph that the engine runs."""

from collections.abc import Sequence
from typing import Any

from konv.errors import KonvError, UnsupportedError, naming
from konv.layers.base import InputLayer, Layer, Tensor, auto_name, parse_shape, reset_names
from konv.spec.graph import Graph, GraphBuilder
from konv.spec.ops import Op, Shape, describe
from konv.training import Trainer
from konv.variables import Variable


class Model(Trainer, Layer):
    """Everything between symbolic inputs and outputs.

    >>> import konv
    >>> x = konv.Input((8, 8, 1))
    >>> m = konv.Model(x, konv.layers.Conv2D(4, 3)(x))
    >>> m.output_shape
    (None, 6, 6, 4)
    """

    def __init__(self, inputs=None, outputs=None, name: str | None = None, **kwargs):
        if inputs is None or outputs is None:
            raise UnsupportedError("Model: subclassing is not supported yet; give inputs= and outputs=, or use Sequential")
        super().__init__(name=name or auto_name("functional"), **kwargs)
        self._wire(inputs, outputs)

    def _wire(self, inputs, outputs) -> None:
        """Take over the part of the symbolic graph between inputs and outputs."""
        self.inputs, self.outputs = _tensors(inputs, self.title), _tensors(outputs, self.title)
        self.input, self.output = inputs, outputs
        self._order = _topological(self.inputs, self.outputs, self.title)
        self._set_layers(_by_depth(self._order, self.inputs, self.outputs))
        self._graphs: dict[tuple[Shape, ...], Graph] = {}
        self.built, self.input_shapes = True, tuple(tensor.shape[1:] for tensor in self.inputs)

    def _set_layers(self, layers: Sequence[Layer]) -> None:
        self._layers = list(dict.fromkeys(layers))
        by_name: dict[str, Layer] = {}
        for layer in self._layers:
            if by_name.setdefault(layer.name, layer) is not layer:
                raise KonvError(f'{self.title}: two layers are named "{layer.name}"; give one of them another name=')

    @property
    def layers(self) -> list[Layer]:
        return list(self._layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name or place.

        >>> import konv
        >>> konv.Sequential([konv.layers.Dense(3, name="head")]).get_layer("head").units
        3
        """
        if index is not None and name is None:
            if not -len(self.layers) <= index < len(self.layers):
                raise KonvError(f"{self.title}: has {len(self.layers)} layers, none at index {index}")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KonvError(f'{self.title}: no layer named {name!r}; there are: {", ".join(x.name for x in self.layers)}')

    # --- the graph --------------------------------------------------------------------------------

    def lower(self, builder: GraphBuilder, inputs: tuple[int, ...]) -> int:
        """Append all layers to a graph; a model inside a model is its layers."""
        self._require_built()
        made = dict(zip((id(tensor) for tensor in self.inputs), inputs, strict=True))
        for tensor in self._order:
            if id(tensor) not in made:
                sources = tuple(made[id(source)] for source in tensor.inputs)
                made[id(tensor)] = tensor.layer.lower(builder, sources)
        self._outputs = [made[id(tensor)] for tensor in self.outputs]
        return self._outputs[0]

    def graph(self, *shapes: Shape) -> Graph:
        """The whole network for inputs of these unbatched shapes (default: the declared ones)."""
        self._require_built()
        shapes = shapes or self.input_shapes
        key = (*shapes, *(layer.trainable for layer in self._layers))
        if key not in self._graphs:
            builder = GraphBuilder()
            places = tuple(
                builder.add(InputLayer.ops(tensor.layer)[0] if shape == tensor.shape[1:] else _input_op(shape), (), tensor.name)
                for tensor, shape in zip(self.inputs, shapes, strict=True))
            self.lower(builder, places)
            self._graphs[key] = builder.graph(*self._outputs)
        return self._graphs[key]

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        raise KonvError(f"{self.title}: a model is a graph of layers, not a chain of operations; see graph()")

    def _require_built(self) -> None:
        if not self.built:
            raise KonvError(f"{self.title}: the input shape is not known yet; give the first layer input_shape=, "
                            f"call build(), or fit the model on data")

    def build_for(self, *shapes: Shape) -> None:
        """A functional model is built when it is made; this checks that the inputs fit."""
        if len(shapes) != len(self.inputs):
            raise KonvError(f"{self.title}: takes {len(self.inputs)} inputs, got {len(shapes)}")

    # --- shapes and weights -----------------------------------------------------------------------

    @property
    def input_shape(self):
        self._require_built()
        return _one([tensor.shape for tensor in self.inputs])

    @property
    def output_shape(self):
        self._require_built()
        return _one([tensor.shape for tensor in self.outputs])

    def compute_output_shape(self, *shapes):
        graph = self.graph(*(tuple(shape)[1:] for shape in shapes))
        return _one([(shapes[0][0], *graph.nodes[index].shape) for index in graph.outputs])

    @property
    def weights(self) -> list[Variable]:
        return [variable for layer in self._layers for variable in layer.weights]

    @property
    def trainable_weights(self) -> list[Variable]:
        if not self.trainable:
            return []
        return [variable for layer in self._layers for variable in layer.trainable_weights]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        trainable = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.weights if id(variable) not in trainable]

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def weight_map(self) -> dict[str, Variable]:
        found: dict[str, Variable] = {}
        for layer in self._layers:
            found |= layer.weight_map()
        return found

    def count_params(self) -> int:
        self._require_built()
        return sum(layer.count_params() for layer in self._layers)

    # --- doors to the stages on the right ---------------------------------------------------------

    def save(self, filepath, overwrite: bool = True, **kwargs) -> None:
        """Write architecture, weights and optimizer state to a `.keras` file, atomically."""
        from konv.saving import save_model

        save_model(self, filepath, overwrite=overwrite, **kwargs)

    def save_weights(self, filepath, overwrite: bool = True) -> None:
        """Write the weights to a `.weights.h5` file, atomically."""
        from konv.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath, skip_mismatch: bool = False, **kwargs) -> None:
        """Read the weights from a `.weights.h5` or `.keras` file; nothing changes when they do not fit."""
        from konv.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def summary(self, line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False,
                layer_range=None, style: str = "keras3") -> None:
        """Print the table of layers, output shapes and parameters; style="classic" is that of Keras 2."""
        from konv.explain.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range, style)

    def explain(self, lang: str = "en") -> str:
        """The arithmetic of every layer with the numbers filled in, in English ("en") or Korean ("ko")."""
        from konv.explain.text import explain_model

        return explain_model(self, lang)


class Sequential(Model):
    """Layers one after another.

    >>> import konv
    >>> m = konv.Sequential([konv.layers.Conv2D(8, 3, input_shape=(28, 28, 1)), konv.layers.Flatten()])
    >>> m.output_shape
    (None, 5408)
    """

    def __init__(self, layers: Sequence[Layer | Tensor] | None = None, trainable: bool = True, name: str | None = None):
        Layer.__init__(self, name=name or auto_name("sequential"), trainable=trainable)
        self._chain: list[Layer] = []  # without the InputLayer
        self._source: Tensor | None = None
        self._layers, self._graphs, self.inputs, self.outputs, self._order = [], {}, [], [], []
        for layer in layers or ():
            self._append(layer)
        self._rebuild()

    def add(self, layer: "Layer | Tensor", rebuild: bool = True) -> None:
        """Append a layer; when it does not fit, the model stays as it was."""
        before = (list(self._chain), self._source)
        try:
            self._append(layer)
            self._rebuild()
        except Exception:
            self._chain, self._source = before
            self._rebuild()
            raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Remove the last layer and return it."""
        if not self._chain:
            raise KonvError(f"{self.title}: has no layers to pop")
        layer = self._chain.pop()
        if not self._chain and layer.declared_shape is not None:
            self._source = None
        self._rebuild()
        return layer

    def _append(self, layer) -> None:
        if isinstance(layer, Tensor) and isinstance(layer.layer, InputLayer):
            layer = layer.layer
        if not isinstance(layer, Layer):
            raise KonvError(f"{self.title}: expected a layer, got {layer!r} of type {type(layer).__name__}")
        if isinstance(layer, InputLayer):
            if self._chain or self._source is not None:
                raise KonvError(f"{self.title}: an Input must come first and once")
            self._source = layer.output
            return
        if any(layer.name == other.name for other in self._chain):
            raise KonvError(f'{self.title}: two layers are named "{layer.name}"; give one of them another name=')
        if not self._chain and self._source is None:
            shape = layer.declared_shape
            if shape is None and isinstance(layer, Model) and layer.built:
                shape = layer.input_shapes[0]
            if shape is not None:
                self._source = InputLayer(shape).output
        self._chain.append(layer)

    def _rebuild(self) -> None:
        """Wire the chain if the input shape is known."""
        self._graphs = {}
        if self._source is None:
            self.built, self._layers = False, list(self._chain)
            return
        tensor = self._source
        for layer in self._chain:
            layer.input = layer.output = None
            tensor = layer(tensor)
        self._wire(self._source, tensor)

    @property
    def layers(self) -> list[Layer]:
        return list(self._chain)

    def build_for(self, *shapes: Shape) -> None:
        """Take the input shape from the first data, if no layer has declared it."""
        if self.built:
            return
        with naming(self.title):
            source = InputLayer(shapes[0])
        self._source = source.output
        try:
            self._rebuild()
        except Exception:
            self._source = None
            self._rebuild()
            raise

    def build(self, input_shape=None) -> None:
        """Make the weights for `input_shape`, batch axis first."""
        if input_shape is not None:
            self.build_for(parse_shape(tuple(input_shape)[1:], self.title, "input_shape"))


def _input_op(shape: Shape) -> Op:
    from konv.spec.ops import Input

    return Input(shape)


def _tensors(value, owner: str) -> list[Tensor]:
    tensors = list(value) if isinstance(value, (list, tuple)) else [value]
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise KonvError(f"{owner}: inputs and outputs must come from konv.Input and from layers called on it, got {tensor!r}")
    return tensors


def _topological(inputs: Sequence[Tensor], outputs: Sequence[Tensor], owner: str) -> list[Tensor]:
    """All tensors between inputs and outputs, each after those that it reads. Iterative: deep models are deep."""
    order, done = list(inputs), {id(tensor) for tensor in inputs}
    stack = [(tensor, False) for tensor in reversed(outputs)]
    while stack:
        tensor, expanded = stack.pop()
        if id(tensor) in done:
            continue
        if expanded:
            order.append(tensor)
            done.add(id(tensor))
            continue
        if not tensor.inputs:
            raise KonvError(f'{owner}: the output depends on input "{tensor.name}" {describe(tensor.shape[1:])}, '
                            f"which is not among the inputs")
        stack.append((tensor, True))
        stack.extend((source, False) for source in reversed(tensor.inputs))
    return order


def _by_depth(order: Sequence[Tensor], inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Layer]:
    """The layers in the order of Keras: farthest from the outputs first, then as a walk from the outputs meets them.

    Summaries list, and files number, the layers in this order.
    """
    met: dict[Layer, int] = {}
    seen, stack = {id(tensor) for tensor in inputs}, list(reversed(outputs))
    while stack:
        tensor = stack.pop()
        met.setdefault(tensor.layer, len(met))
        if id(tensor) not in seen:
            seen.add(id(tensor))
            stack.extend(reversed(tensor.inputs))
    depths: dict[Layer, int] = {}
    reached: dict[int, int] = {}
    for tensor in reversed(order):
        depth = depths[tensor.layer] = max(reached.get(id(tensor), 0), depths.get(tensor.layer, 0))
        for source in tensor.inputs:
            reached[id(source)] = max(reached.get(id(source), 0), depth + 1)
    unread = {tensor.layer: place - len(inputs) for place, tensor in enumerate(inputs)}
    return sorted(depths, key=lambda layer: (-depths[layer], met.get(layer, unread.get(layer, 0))))


def _one(values: list) -> Any:
    return values[0] if len(values) == 1 else values


__all__ = ["InputLayer", "Model", "Sequential", "reset_names"]
