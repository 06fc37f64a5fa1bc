"""Models: layers wired together, as one graph that the engine runs."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError, UnsupportedError, naming, plural
from konv.layers import parse, wiring
from konv.layers.base import InputLayer, Layer, Tensor, as_inputs
from konv.layers.names import auto_name, reset_names
from konv.spec.graph import Graph, GraphBuilder
from konv.spec.ops import Input as InputOp
from konv.spec.ops import Op, Shape, describe
from konv.surface import absence, importing
from konv.training import Trainer
from konv.training.batches import matches, require_batch
from konv.variables import Variable

GRAPHS = 64  # of as many image sizes; those of earlier ones are made again when they come back


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
            raise UnsupportedError("Model: subclassing is not supported yet; give inputs= and outputs=, "
                                   "or use Sequential")
        super().__init__(name=name or auto_name("functional"), **kwargs)
        self._wire(inputs, outputs)

    def _wire(self, inputs, outputs) -> None:
        """Take over the part of the symbolic graph between inputs and outputs."""
        sources, sinks = wiring.tensors(inputs, self.title), wiring.tensors(outputs, self.title)
        if not all(isinstance(tensor.layer, InputLayer) for tensor in sources):
            sources, sinks = wiring.cut(sources, sinks, self.title)
            inputs, outputs = wiring.like(inputs, sources), wiring.like(outputs, sinks)
        order = wiring.topological(sources, sinks, self.title)
        self._set_layers(wiring.by_depth(order, sources, sinks))
        self.inputs, self.outputs, self._order = sources, sinks, order
        self.input, self.output = inputs, outputs
        self._graphs: dict[tuple, Graph] = {}
        self.built, self.input_shapes = True, tuple(tensor.shape[1:] for tensor in self.inputs)

    def _set_layers(self, layers: Sequence[Layer]) -> None:
        layers = list(dict.fromkeys(layers))
        by_name: dict[str, Layer] = {}
        for layer in _flattened(layers):
            if by_name.setdefault(layer.name, layer) is not layer:
                raise KonvError(f'{self.title}: two layers are named "{layer.name}"; give one of them another name=')
        self._layers = layers

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
                raise KonvError(f"{self.title}: has {plural(len(self.layers), 'layer')}, none at index {index}")
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
        key = (*shapes, *(layer.trainable for layer in _flattened(self._layers)))
        if key not in self._graphs:
            builder = GraphBuilder()
            places = tuple(builder.add(InputOp(shape), (), tensor.name)
                           for tensor, shape in zip(self.inputs, shapes, strict=True))
            try:
                self.lower(builder, places)
            except ShapeError as error:
                if shapes == self.input_shapes:
                    raise
                raise ShapeError(f"{self.title}: was made for an input of {_described(self.input_shapes)}, "
                                 f"got {_described(shapes)}: {error}") from None
            while len(self._graphs) >= GRAPHS:  # another thread may do the same at this moment
                self._graphs.pop(list(self._graphs)[0], None)  # noqa: RUF015 (an iterator would notice the other thread)
            self._graphs[key] = builder.graph(*self._outputs)
        return self._graphs[key]

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        raise KonvError(f"{self.title}: a model is a graph of layers, not a chain of operations; see graph()")

    def _require_built(self) -> None:
        if not self.built:
            raise KonvError(f"{self.title}: the input shape is not known yet; give the first layer input_shape=, "
                            f"call build(), or fit the model on data")

    def build_for(self, *shapes: Shape) -> None:
        """A functional model is built when it is made; this checks the number of inputs."""
        if len(shapes) != len(self.inputs):
            raise KonvError(f"{self.title}: takes {plural(len(self.inputs), 'input')}, got {len(shapes)}")

    def fitted(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays with as many axes as the inputs; as in Keras a last axis of size 1 may be missing or too many."""
        if len(arrays) != len(self.inputs):
            raise KonvError(f"{self.title}: takes {plural(len(self.inputs), 'input')}, got {len(arrays)}")
        return [_fitted(array, tensor.shape) for array, tensor in zip(arrays, self.inputs, strict=True)]

    def __call__(self, inputs, training: bool | None = None):
        """A symbolic tensor gives a symbolic tensor; an array is computed at once and gives an array."""
        sources = as_inputs(inputs)
        if self.built and not any(isinstance(source, Tensor) for source in sources):
            inputs = self.fitted([to_array(source, self.title) for source in sources])
            with naming(self.title):
                for array, tensor in zip(inputs, self.inputs, strict=True):
                    require_batch(array, tensor.name, tensor.shape[1:])
        return super().__call__(inputs, training)

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets it for every layer."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self._layers:
            layer.trainable = value

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

    def get_config(self) -> dict[str, Any]:
        """The architecture as Keras writes it: all layers with their arguments, and how they are wired."""
        from konv.saving.serialization import Writer

        return Writer().config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects=None) -> "Model":
        """A new, untrained model of the architecture that `get_config` gave."""
        from konv.saving.deserialization import Loader

        return Loader(custom_objects).model(cls, config)

    def to_json(self, **kwargs) -> str:
        """The architecture and the arguments of `compile` as text; `konv.models.model_from_json` reads it."""
        import json

        from konv.saving import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile` as Keras writes them; empty if the model has not been compiled."""
        from konv.saving.serialization import Writer

        return Writer().compile_config(self)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` gave."""
        from konv.saving.files import compile_from_config

        compile_from_config(self, config)

    def save(self, filepath, overwrite: bool = True, **kwargs) -> None:
        """Write architecture, weights and optimizer state to a `.keras` file, atomically."""
        from konv.saving import save_model

        save_model(self, filepath, overwrite=overwrite, **kwargs)

    def export(self, filepath, format: str | None = None, **kwargs) -> None:
        """Write the model for inference elsewhere: an `.onnx` file for any number of samples (extra `onnx`)."""
        from konv.saving.files import export_model

        export_model(self, filepath, format, **kwargs)

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

    def explain(self, lang: str = "en", style: str = "full", format: str = "text") -> str:
        """The arithmetic of every layer with the numbers filled in, in English ("en") or Korean ("ko"): all of it or one line a
        layer (style="terse"), as text, "markdown" or "latex"."""
        from konv.explain.formats import explain

        return explain(self, lang, style, format)


class Sequential(Model):
    """Layers one after another.

    >>> import konv
    >>> m = konv.Sequential([konv.layers.Conv2D(8, 3, input_shape=(28, 28, 1)), konv.layers.Flatten()])
    >>> m.output_shape
    (None, 5408)
    """

    def __init__(self, layers: Iterable[Layer | Tensor] | None = None, trainable: bool = True, name: str | None = None):
        if isinstance(layers, (Layer, Tensor)) or isinstance(trainable, (Layer, Tensor)):
            raise KonvError("Sequential: give the layers as a list: Sequential([layer, layer])")
        super(Model, self).__init__(name=name or auto_name("sequential"), trainable=trainable)
        self._chain: list[Layer] = []  # without the InputLayer
        self._tensors: list[Tensor] = []  # the input and the output of each layer, once the input is known
        for layer in layers or ():
            self._place(layer)
        self._wire_chain()

    def add(self, layer: "Layer | Tensor", rebuild: bool = True) -> None:
        """Append a layer; when it does not fit, the model stays as it was."""
        with self._unharmed():
            self._place(layer)
            self._wire_chain()

    def pop(self, rebuild: bool = True) -> Layer:
        """Remove the last layer and return it."""
        if not self._chain:
            raise KonvError(f"{self.title}: has no layers to pop")
        layer = self._chain.pop()
        del self._tensors[len(self._chain) + 1:]
        self._wire_chain()
        return layer

    @contextmanager
    def _unharmed(self):
        """Put the chain back if what is done with it fails."""
        before = list(self._chain), list(self._tensors)
        try:
            yield
        except Exception:
            self._chain, self._tensors = before
            raise

    def _place(self, layer) -> None:
        """Put a layer at the end of the chain, or an input at its beginning."""
        if isinstance(layer, Tensor) and isinstance(layer.layer, InputLayer):
            layer = layer.layer
        if not isinstance(layer, Layer):
            raise KonvError(f"{self.title}: expected a layer, got {layer!r} of type {type(layer).__name__}")
        if isinstance(layer, InputLayer):
            if self._chain or self._tensors:
                raise KonvError(f"{self.title}: an Input must come first and once")
            self._tensors = [layer.output]
            return
        if any(layer.name == other.name and layer is not other for other in self._chain):
            raise KonvError(f'{self.title}: two layers are named "{layer.name}"; give one of them another name=')
        if not self._chain and not self._tensors:
            shape = layer.input_shapes[0] if isinstance(layer, Model) and layer.built else layer.declared_shape
            if shape is not None:
                self._tensors = [InputLayer(shape).output]
        self._chain.append(layer)

    def _wire_chain(self) -> None:
        """Call the layers that have not been called yet, if the input is known."""
        if not self._chain or not self._tensors:
            self._layers, self.built = list(self._chain), False
            self.inputs, self.outputs, self._order, self._graphs, self.input_shapes = [], [], [], {}, ()
            return
        for layer in self._chain[len(self._tensors) - 1:]:
            try:
                output = layer(self._tensors[-1])
            except ShapeError as error:
                from konv.explain.doctor import explained

                raise explained(error, self._chain, self._tensors[0].shape[1:]) from None
            assert isinstance(output, Tensor)
            self._tensors.append(output)
        self._wire(self._tensors[0], self._tensors[-1])
        auto_name("functional")  # Keras makes a Functional model in here, and counts it

    @property
    def layers(self) -> list[Layer]:
        return list(self._chain)

    def build_for(self, *shapes: Shape) -> None:
        """Take the input shape from the first data, if no layer has declared it."""
        if len(shapes) != 1:
            raise KonvError(f"{self.title}: takes 1 input, got {len(shapes)}")
        if self.built:
            return
        with self._unharmed():
            if not self._tensors:
                self._tensors = [InputLayer(shapes[0]).output]
            self._wire_chain()
        self._require_built()

    def build(self, input_shape=None) -> None:
        """Make the weights for `input_shape`, batch axis first."""
        if input_shape is None:
            return
        with naming(self.title):
            shape = parse.sizes(tuple(input_shape)[1:], "input_shape")
        if self._tensors and self._tensors[0].shape[1:] != shape:
            raise KonvError(f"{self.title}: takes an input of {describe(self._tensors[0].shape[1:])}, "
                            f"it cannot be built for {describe(shape)}")
        self.build_for(shape)

    def compute_output_shape(self, *shapes):
        if self.built:
            return super().compute_output_shape(*shapes)
        builder = GraphBuilder()
        place = builder.add(InputOp(tuple(shapes[0])[1:]))
        for layer in self._chain:
            place = layer.lower(builder, (place,))
        return (shapes[0][0], *builder.nodes[place].shape)


def model_from_json(json_string: str, custom_objects=None) -> Model:
    """A new, untrained model from what `to_json` gave.

    >>> import konv
    >>> text = konv.Sequential([konv.Input((3,)), konv.layers.Dense(2)]).to_json()
    >>> model_from_json(text).output_shape
    (None, 2)
    """
    from konv.saving.files import model_from_json

    return model_from_json(json_string, custom_objects)


def _flattened(layers: Iterable[Layer]) -> list[Layer]:
    """The layers and those inside them, each once."""
    found: dict[Layer, None] = {}
    for layer in layers:
        found[layer] = None
        if isinstance(layer, Model):
            found |= dict.fromkeys(_flattened(layer._layers))
    return list(found)


def _described(shapes: Sequence[Shape]) -> str:
    return " and ".join(map(describe, shapes))


def _fitted(array: np.ndarray, shape: tuple[int | None, ...]) -> np.ndarray:
    if shape[-1] == 1 and matches(array.shape[1:], shape[1:-1]):
        return array[..., None]
    if array.shape[-1] == 1 and matches(array.shape[1:-1], shape[1:]):
        return array[..., 0]
    return array


def _one(values: list) -> Any:
    return values[0] if len(values) == 1 else values


def __getattr__(name: str) -> Any:
    """konv.models.load_model and save_model, which stand further right."""
    if name in ("load_model", "save_model"):
        from konv import saving

        return getattr(saving, name)
    raise absence(__name__, name, __dir__(), importing(sys._getframe(1)))


def __dir__() -> list[str]:
    return sorted([*__all__, "load_model", "save_model"])


__all__ = ["InputLayer", "Model", "Sequential", "model_from_json", "reset_names"]
