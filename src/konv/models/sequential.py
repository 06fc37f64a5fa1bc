"""Layers one after another."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from konv.errors import KonvError, ReservedNameError, ShapeError, naming
from konv.ir.graph import GraphBuilder
from konv.ir.ops import Input as InputOp
from konv.ir.ops import Shape, describe
from konv.late import late
from konv.layers import parse
from konv.layers.base import Layer, lower_ops
from konv.layers.input import InputLayer
from konv.models.model import Model, require_built, wire
from konv.registry import auto_name
from konv.tracing.state import keras_scope, settle
from konv.tracing.tensors import Tensor
from konv.training.batches import arrays_of, matches


class Sequential(Model, builtin=True):
    """Layers one after another.

    >>> import konv
    >>> m = konv.Sequential([konv.layers.Conv2D(8, 3, input_shape=(28, 28, 1)), konv.layers.Flatten()])
    >>> m.output_shape
    (None, 5408)
    """

    def __init__(self, layers: Iterable[Layer | Tensor] | None = None, trainable: bool = True,
                 name: str | None = None) -> None:
        if isinstance(layers, (Layer, Tensor)) or isinstance(trainable, (Layer, Tensor)):
            raise KonvError("Sequential: give the layers as a list: Sequential([layer, layer])")
        super(Model, self).__init__(name=name or auto_name("sequential"), trainable=trainable)
        self._chain: list[Layer] = []  # without the InputLayer
        self._tensors: list[Tensor] = []  # the input and the output of each layer, once the input is known
        self._found = False  # whether the shape of the input is that of the first data
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
    def _unharmed(self) -> Iterator[None]:
        """Put the chain back if what is done with it fails."""
        before = list(self._chain), list(self._tensors)
        try:
            yield
        except Exception:
            self._chain, self._tensors = before
            raise

    def _place(self, layer: Any) -> None:
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
            self._operations, self.built = list(self._chain), False
            self._tracing.sublayers = dict.fromkeys(self._chain)
            self.inputs, self.outputs, self._order, self._graphs, self.input_shapes = [], [], [], {}, ()
            return
        settle(self)
        for layer in self._chain[len(self._tensors) - 1:]:
            try:
                with keras_scope(self):
                    output = layer(self._tensors[-1])
            except ShapeError as error:
                raise late("explained_error")(error, self._chain, self._tensors[0].shape[1:]) from None
            assert isinstance(output, Tensor)
            self._tensors.append(output)
        wire(self, self._tensors[0], self._tensors[-1])
        self.input, self.output = self._tensors[0], self._tensors[-1]
        auto_name("functional")  # Keras makes a Functional model in here, and counts it

    @property
    def layers(self) -> list[Layer]:
        return list(self._chain)

    @layers.setter
    def layers(self, value: Any) -> None:
        raise ReservedNameError(f"{self.title}: layers cannot be set; use add() and pop()")

    @property
    def operations(self) -> list[Layer]:
        return self.layers

    def build_for(self, *shapes: Shape) -> None:
        """Take the input shape from the first data, if no layer has declared it."""
        if len(shapes) != 1:
            raise KonvError(f"{self.title}: takes 1 input, got {len(shapes)}")
        if self.built:
            return
        with self._unharmed():
            if not self._tensors:
                self._tensors, self._found = [InputLayer(shapes[0]).output], True
            self._wire_chain()
        require_built(self)

    def build_from_data(self, x: Any) -> None:
        super().build_from_data(x)
        if self._found:
            self._open(arrays_of(x, ["input"], "x")[0].shape[1:])

    def _open(self, shape: tuple[int, ...]) -> None:
        """Let sizes vary that were found in the first data and are others in these, as in Keras, if the layers allow that."""
        before = self.inputs[0].sample
        if len(shape) == len(before) and not matches(shape, before):
            sizes = tuple(size if size == other else None for size, other in zip(before, shape, strict=True))
            with suppress(KonvError), self._unharmed():
                self._tensors = [InputLayer(sizes).output]
                self._wire_chain()

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for `input_shape`, batch axis first."""
        if input_shape is None:
            return
        with naming(self.title):
            shape = parse.sizes(tuple(input_shape)[1:], "input_shape")
        if self._tensors and self._tensors[0].shape[1:] != shape:
            raise KonvError(f"{self.title}: takes an input of {describe(self._tensors[0].shape[1:])}, "
                            f"it cannot be built for {describe(shape)}")
        self.build_for(shape)
        self._found = False

    def compute_output_shape(self, *shapes: Any) -> Any:
        if self.built:
            return super().compute_output_shape(*shapes)
        builder = GraphBuilder()
        place = builder.add(InputOp(tuple(shapes[0])[1:]))
        for layer in self._chain:
            place = lower_ops(layer, builder, (place,))
        return (shapes[0][0], *builder.nodes[place].shape)
