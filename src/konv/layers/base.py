"""What every layer is: a signature, a spec (`ops`) and its weights. No arithmetic here."""

import inspect
import reprlib
import warnings
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from math import prod
from typing import Any, ClassVar

import numpy as np

from konv import initializers, regularizers
from konv.arrays import to_array
from konv.errors import ArgumentError, KonvError, ShapeError, UnsupportedError, naming
from konv.ir import ops as ir
from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Op, Shape, describe
from konv.late import late
from konv.layers import parse
from konv.layers.custom import Custom, Slot
from konv.layers.modes import lower_in_mode
from konv.layers.penalties import Activity
from konv.registry import auto_name, snake_case
from konv.registry import clear_session as clear_session
from konv.registry import reset_names as reset_names
from konv.traceable import is_tracing
from konv.tracing import tree as nests
from konv.tracing.tensors import Call, Tensor
from konv.variables import KERNEL, Variable, assign_all

LARGEST = 2**31  # numbers in one weight, 8 GiB: more is a mistake, such as a Flatten of whole photographs


class Layer(Custom, builtin=True):
    """Base class of all layers, with the arguments of keras.layers.Layer.

    A subclass gives `ops(*input_shapes)`: the chain of operations it stands for. Its weights are those that the
    operations ask for; `weight_settings` says how each is initialised, regularised and constrained.
    """

    # rank of the input without batch, or None for any; checked before anything else
    input_rank: ClassVar[int | None] = None
    many_inputs: ClassVar[bool] = False
    rules: ClassVar[dict[str, parse.Rule]] = {}  # how arguments of this layer alone are read, see parse.keep
    unwritten: ClassVar[tuple[str, ...]] = ()  # arguments that a config leaves out

    def __init__(self, *, activity_regularizer=None, trainable: bool = True, dtype=None, autocast: bool = True,
                 name: str | None = None, **kwargs):
        if name is not None and (not isinstance(name, str) or "/" in name):  # a file would take "/" for a folder
            raise KonvError(f'{type(self).__name__}: name must be a string without "/", got {name!r}')
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.built = False
        self._calls = 0  # on arrays: what a layer draws with a seed of its own differs from call to call
        self.dtype = "float32"
        self.input_shapes: tuple[Shape, ...] = ()  # unbatched, once built
        self.variables_by_name: dict[str, Variable] = {}
        with naming(self.title):
            if not isinstance(trainable, (bool, np.bool_)):
                raise KonvError(f"trainable must be True or False, got {trainable!r}")
            self._trainable = bool(trainable)
            self.declared_shape = parse.declared_shape(kwargs)
            self.activity_regularizer = regularizers.get(activity_regularizer)
            parse.refuse(kwargs, type(self))
            if parse.policy_name(dtype) != "float32":
                raise UnsupportedError(f'dtype={dtype!r} is not supported yet; konv computes in "float32"')

    # --- what a subclass says ---------------------------------------------------------------------

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        """The operations of this layer for inputs of these (unbatched) shapes, the first one reading the inputs."""
        raise UnsupportedError("gives no operations; a layer of your own needs a method call(self, inputs), made of "
                               "other layers and konv.ops")

    def weight_settings(self, name: str) -> dict[str, Any]:
        """initializer, regularizer and constraint of the weight of that name: by default this layer's
        `kernel_initializer` and so on; without an initializer Keras takes glorot_uniform."""
        whats = ("initializer", "regularizer", "constraint")
        settings = {what: getattr(self, f"{name}_{what}", None) for what in whats}
        return settings | {"initializer": settings["initializer"] or "glorot_uniform"}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        own = self.base_config()  # to which a get_config of the user's adds its own arguments
        own |= {argument: parse.written(argument, getattr(self, argument)) for argument in _written(self.builtin)}
        return own | self.given_config() if self.is_composed and not self.has_own_config else own

    def base_config(self) -> dict[str, Any]:
        """The arguments of every layer."""
        policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": self.dtype},
                  "registered_name": None}
        own = {"name": self.name, "trainable": self.trainable, "dtype": policy}
        if self.activity_regularizer is not None:
            own["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return own

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Layer":
        if not isinstance(config, Mapping):
            raise ArgumentError(f"{cls.__name__}.from_config: takes the dict of get_config(), got {reprlib.repr(config)}")
        try:
            return cls(**config)
        except KonvError:
            raise
        except TypeError as error:  # an argument that is missing or unknown
            raise ArgumentError(f"{cls.__name__}.from_config: {error}") from error

    # --- building ---------------------------------------------------------------------------------

    def check_input(self, *shapes: Shape) -> None:
        """Raise ShapeError if these inputs cannot be fed to this layer."""
        if len(shapes) != 1 and not self.many_inputs:
            raise ShapeError(f"takes one input, got {len(shapes)}")
        for shape in shapes:
            if self.input_rank is not None and len(shape) != self.input_rank:
                raise ShapeError(f"expected an input of {self.input_rank + 1} axes (batch first), "
                                 f"got {describe(shape)}")
        if self.built and self.variables_by_name:
            made = {name: variable.shape for name, variable in self.variables_by_name.items()}
            for weight in self._weights(*shapes):
                if made[weight.name] != weight.shape:
                    raise ShapeError(
                        f"was built for an input of {describe(self.input_shapes[0])}, got {describe(shapes[0])}: "
                        f"the {weight.name} is {made[weight.name]} and would have to be {weight.shape}")

    def lower(self, builder: GraphBuilder, inputs: tuple[int, ...]) -> int:
        """Append this layer's operations to a graph; return the index of its output."""
        shapes = tuple(builder.nodes[source].shape for source in inputs)
        with naming(self.title):
            self.check_input(*shapes)
            for op in self.ops(*shapes):
                inputs = (lower_in_mode(builder, op, inputs, self.path, self.trainable),)
        return inputs[0]

    def lower_call(self, builder: GraphBuilder, inputs: tuple[int, ...], call: Call | None = None) -> Sequence[int]:
        """The same for one call of the layer, which may have several outputs."""
        outputs = self.lower_trace(builder, inputs, call) if self.is_composed else (self.lower(builder, inputs),)
        if self.activity_regularizer is not None:
            builder.penalised += [(self, (output,), Activity(self.activity_regularizer)) for output in outputs]
        return outputs

    def graph(self, *shapes: Shape, training: bool = False) -> Graph:
        """This layer alone as a graph."""
        builder = GraphBuilder(training=training)
        inputs = tuple(builder.add(ir.Input(shape), layer="input") for shape in shapes)
        return builder.graph(*self.lower_call(builder, inputs))

    def _weights(self, *shapes: Shape):
        graph = Layer._bare_graph(self, *shapes)
        return [weight for index in range(len(graph.nodes)) for weight in graph.weights(index)]

    def _bare_graph(self, *shapes: Shape) -> Graph:
        builder = GraphBuilder()
        inputs = tuple(builder.add(ir.Input(shape), layer="input") for shape in shapes)
        for op in self.ops(*shapes):
            inputs = (builder.add(op, inputs, self.path, self.trainable),)
        return builder.graph(inputs[0])

    def build(self, *shapes, input_shape=None) -> None:
        """Make the weights for inputs of these shapes (batch axis first, as in Keras)."""
        shapes = _listed(shapes or (input_shape,))
        if None in shapes:
            raise KonvError(f"{self.title}: build needs the shape of the input, batch axis first")
        with naming(self.title):
            unbatched = [parse.sizes(tuple(shape)[1:], "input_shape") for shape in shapes]
        if self.has_own_build:  # which has called this one
            self.make_weights(*unbatched)
        else:
            self.build_for(*unbatched)

    def build_for(self, *shapes: Shape) -> None:
        """Make the weights for inputs of these unbatched shapes; a second call only checks."""
        if self.is_composed or (self.has_own_build and not self.built):
            args = [Slot() for _ in shapes]
            self._build_composed(shapes, *self.__dict__.get("_called", ((args[0] if len(args) == 1 else args,), {})))
            return
        with naming(self.title):
            self.check_input(*shapes)
        if not self.built:
            self._take_path()
            self.make_weights(*shapes)

    def make_weights(self, *shapes: Shape) -> None:
        """The weights that the operations of a layer of konv ask for; none of a layer with a `call` alone."""
        if type(self).ops is Layer.ops:
            return
        with naming(self.title):
            self._warn_of_softmax(*shapes)
            weights = self._weights(*shapes)
            made = {}
            for weight in weights:
                if prod(weight.shape) > LARGEST:
                    raise KonvError(f"the {weight.name} of shape {weight.shape} would be {prod(weight.shape):,} numbers, "
                                    f"{prod(weight.shape) * 4 / 2**30:,.0f} GiB; make the input smaller, by pooling for "
                                    f"example, or the layer")
                settings = self.weight_settings(weight.name)
                initializer = initializers.get(settings["initializer"])
                made[weight.name] = Variable(initializer(weight.shape), weight.name, trainable=weight.trainable,
                                             regularizer=settings["regularizer"], constraint=settings["constraint"])
        self.variables_by_name |= made
        for name, variable in made.items():
            self.own(variable, name)
        self.input_shapes, self.built = shapes, True

    def _warn_of_softmax(self, *shapes: Shape) -> None:
        for node in self._bare_graph(*shapes).nodes:
            if isinstance(node.op, ir.Softmax) and not node.op.log and node.shape[node.op.axis] == 1:
                warnings.warn(f"{self.title}: softmax over an axis of size 1 gives 1 whatever comes in; for one output use "
                              f"sigmoid, for two classes two outputs", stacklevel=4)

    def compute_output_shape(self, *shapes) -> tuple[int | None, ...]:
        """Output shape, batch axis first, for inputs of these shapes.

        >>> import konv
        >>> konv.layers.Conv2D(8, 3, padding="same").compute_output_shape((None, 28, 28, 1))
        (None, 28, 28, 8)
        """
        shapes = _listed(shapes)
        if None in shapes:
            raise UnsupportedError(f"{self.title}: compute_output_shape needs the shape of the input, batch axis first")
        if self.is_composed:
            self.build_for(*(tuple(shape)[1:] for shape in shapes))
        graph = self.graph(*(tuple(shape)[1:] for shape in shapes))
        return (shapes[0][0], *graph.nodes[graph.outputs[0]].shape)

    # --- weights ----------------------------------------------------------------------------------

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; a frozen BatchNormalization also runs in inference mode."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self.sublayers:
            layer.trainable = value

    @property
    def weights(self) -> list[Variable]:
        """All weights: those of the layer itself, the trainable ones first, then those of the layers in it."""
        own = self.own_weights()
        layers = self.sublayers
        if not layers:
            return own
        return list({id(v): v for v in (*own, *(v for layer in layers for v in layer.weights))}.values())

    @property
    def variables(self) -> list[Variable]:
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        if not self.trainable:
            return []
        own = [variable for variable in self.own_weights() if variable.trainable]
        inner = [variable for layer in self.sublayers for variable in layer.trainable_weights]
        return list({id(variable): variable for variable in (*own, *inner)}.values())

    @property
    def non_trainable_weights(self) -> list[Variable]:
        trainable = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.weights if id(variable) not in trainable]

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def losses(self) -> list[Any]:
        """What the last call on arrays added, and the penalty of each weight that has a regularizer, as numbers."""
        weights = [weight.regularizer(weight.value) for weight in self.trainable_weights if weight.regularizer is not None]
        return [*self.__dict__.get("_added", ()), *map(float, weights)]

    def __getattr__(self, name: str) -> Any:
        """layer.kernel, layer.bias, layer.gamma, ...: the weight of that name, None if the layer goes without it."""
        known = self.__dict__
        if name in known.get("variables_by_name", {}):
            return known["variables_by_name"][name]
        if f"{name}_initializer" in known:
            if known.get("built"):
                return None
            raise AttributeError(f"{self.title}: has no {name} yet; build it, or call it on an input, first")
        if name in ("input", "output"):
            raise AttributeError(f"{self.title}: has not been called yet, so it has no {name}")
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in the order of Keras (trainable first)."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Overwrite all weights; nothing changes when a shape does not fit."""
        assign_all(self.title, self.weights, weights)

    def save_own_variables(self, store) -> None:
        """Put the layer's own weights into a dict for a file; a subclass may put in arrays of its own choice."""
        store.update((str(number), variable.numpy()) for number, variable in enumerate(self.own_weights()))

    def load_own_variables(self, store) -> None:
        """Take the layer's own weights out of what `save_own_variables` has put into a dict."""
        assign_all(self.title, self.own_weights(), [store[str(number)] for number in range(len(store))])

    def count_params(self) -> int:
        if not self.built:
            raise KonvError(f"{self.title}: has no weights yet; build it, or call it on an input, first")
        if self.is_composed or self.sublayers:
            return sum(variable.size for variable in self.weights)
        graph = self._bare_graph(*self.input_shapes)
        return sum(node.op.parameters(*graph.input_shapes(index)) for index, node in enumerate(graph.nodes))

    def explain(self, lang: str | None = None, style: str = "full", format: str = "text") -> str:
        """The arithmetic of this layer with its numbers filled in, in English ("en") or Korean ("ko"): all of it or one line
        (style="terse"), as text, "markdown" or "latex".

        >>> import konv
        >>> layer = konv.layers.Flatten()
        >>> layer.build((None, 4, 4, 25))
        >>> print(layer.explain().splitlines()[-2].strip())
        values: 4*4*25 = 400
        """
        return late("explain")(self, lang, style, format)

    # --- calling ----------------------------------------------------------------------------------

    def __call__(self, inputs, *args, training: bool | None = None, **kwargs):
        """A symbolic tensor gives a symbolic tensor; an array is computed at once and gives an array.

        Without `training` that is inference, but layers that augment images, alone or in a model of their own, are active.
        """
        if self.is_composed:
            self._check_call(nests.flatten((inputs, args)), training)
            return self.call_composed((inputs, *args), kwargs, training)
        if kwargs.pop("mask", None) is not None:
            raise UnsupportedError(f"{self.title}: mask= is not supported")
        if args or kwargs:
            training = args[0] if len(args) == 1 and not kwargs else object()  # type: ignore[assignment]
        sources = as_inputs(inputs)
        self._check_call(sources, training)
        if all(isinstance(source, Tensor) for source in sources):
            shapes = tuple(source.sample for source in sources)
            with _naming_origin(sources):
                self.build_for(*shapes)
                graph = self.graph(*shapes)
            output = Tensor(graph.nodes[graph.outputs[0]].shape, self, sources,
                            call=Call(self, sources, (inputs,), training=training))
            if "output" not in self.__dict__ and not is_tracing():
                self.__dict__.update(input=inputs, output=output)
            return output
        arrays = [to_array(source, self.title, "the input") for source in sources]
        for array in arrays:
            if array.ndim == 0:
                raise ShapeError(f"{self.title}: expected a batch of samples, got the single number {array}")
        shapes = tuple(array.shape[1:] for array in arrays)
        with showing_shapes(arrays):
            self.build_for(*shapes)
            graph = self.graph(*shapes)
        if len(arrays[0]) == 0:
            return np.zeros((0, *graph.nodes[graph.outputs[0]].shape), np.float32)  # type: ignore[arg-type]
        return self.computed(graph, arrays, training)[0]

    def _check_call(self, sources: Sequence[Any], training: Any) -> None:
        for source in sources:
            if isinstance(source, Layer):
                raise KonvError(f"{self.title}: got a layer, {source.title}; call it on a tensor, such as "
                                f"konv.Input((28, 28, 1)), and this one on what that returns")
        if training is not None and not isinstance(training, (bool, int, np.bool_)):
            raise KonvError(f"{self.title}: training must be True or False, got a {type(training).__name__}; a layer or model "
                            f"is called on its inputs alone, fit(x, y) trains it")

    def weight_map(self) -> dict[str, Variable]:
        """Every weight by its path, as the engine asks for it: {"conv2d/kernel": ...}."""
        found = {f"{self.path}/{name}": variable for name, variable in self.variables_by_name.items()}
        if self.is_composed:  # a weight may be the kernel of a convolution or of a matrix product
            found |= {f"{path}/{KERNEL}": variable for path, variable in found.items()}
        for layer in self.sublayers:
            found |= layer.weight_map()
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def _repr_html_(self) -> str:
        return late("notebook_html")(self)


@contextmanager
def _naming_origin(sources: Sequence[Tensor]):
    """Say in a ShapeError which layer the input comes from, since the mistake is often there."""
    try:
        yield
    except ShapeError as error:
        origins = [source.layer for source in sources if source.inputs]
        origin = f"; the input comes from the {origins[0].title} before it" if len(origins) == len(sources) == 1 else ""
        raise ShapeError(f"{error}{origin}") from None


@contextmanager
def showing_shapes(arrays: Sequence[np.ndarray]):
    """Show in a ShapeError the shapes of the arrays as they were given, in place of (None, ...)."""
    try:
        yield
    except ShapeError as error:
        text = str(error)
        for array in arrays:
            text = text.replace(f"got {describe(array.shape[1:])}", f"got {array.shape}")
        raise ShapeError(text) from None


def as_inputs(value: Any) -> tuple[Any, ...]:
    """A list of tensors or arrays is several inputs; a list of numbers is one."""
    several = isinstance(value, (list, tuple)) and any(
        isinstance(part, (Tensor, Layer)) or hasattr(part, "__array__") or hasattr(part, "__dlpack__") for part in value)
    return tuple(value) if several else (value,)


def _listed(shapes: Sequence[Any]) -> Sequence[Any]:
    """The shapes of several inputs, given one by one or, as in Keras, as a list."""
    return shapes[0] if len(shapes) == 1 and shapes[0] and isinstance(shapes[0][0], (list, tuple)) else shapes


@cache
def _written(cls: type[Layer]) -> tuple[str, ...]:
    """The arguments of a constructor that a config has besides those of every layer."""
    parameters = inspect.signature(cls.__init__).parameters.values()
    left_out = {"self", "name", "dtype", *cls.unwritten}
    return tuple(one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD and one.name not in left_out)
