"""What every layer is: a signature, a spec (`ops`) and its weights. No arithmetic here."""

import inspect
import reprlib
import warnings
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from konv import constraints, initializers, regularizers
from konv.errors import ArgumentError, KonvError, ShapeError, UnsupportedError, naming
from konv.ir import ops as ir
from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Op, Shape, Weight, describe
from konv.late import late
from konv.layers import parse
from konv.layers.arguments import explaining
from konv.layers.input_spec import FLOAT32, check_specs
from konv.registry import auto_name, snake_case
from konv.registry import clear_session as clear_session
from konv.registry import reset_names as reset_names
from konv.runtime import compute
from konv.traceable import is_tracing
from konv.tracing import traced_layer as traced
from konv.tracing import tree
from konv.tracing.attributes import AttributeTracking, own, own_weights
from konv.tracing.auxiliary import ActivityLoss
from konv.tracing.lowering import lower_in_mode
from konv.tracing.state import Arguments, TracingState, settle
from konv.tracing.tensors import Call, Tensor
from konv.variables import KERNEL, Variable, assign_all

LARGEST = 2**31  # values in one weight, 8 GiB: more is a mistake, such as a Flatten of whole photographs


class Layer(AttributeTracking):
    """Base class of all layers, with the arguments of keras.layers.Layer.

    A layer of konv gives `ops(*input_shapes)`: the chain of operations it stands for. Its weights are those that the
    operations ask for; `weight_settings` says how each is initialised, regularised and constrained. A layer of the user's
    gives `call`, made of other layers and konv.ops, which konv.tracing turns into operations.
    """

    # rank of the input without batch, or None for any; checked before anything else
    input_rank: ClassVar[int | None] = None
    many_inputs: ClassVar[bool] = False
    rules: ClassVar[dict[str, parse.Rule]] = {}  # how arguments of this layer alone are read, see parse.keep
    unwritten: ClassVar[tuple[str, ...]] = ()  # arguments that a config leaves out

    builtin: "ClassVar[type[Layer]]"  # the class of konv that the class is, or that it comes from
    has_own_build: ClassVar[bool] = False
    has_own_config: ClassVar[bool] = False
    is_modal: bool = False  # whether training and inference may be graphs of their own

    # what programs ask every layer of Keras, where konv has one answer
    compute_dtype = variable_dtype = input_dtype = FLOAT32.name
    dtype_policy = FLOAT32
    supports_masking = False
    input_spec: Any = None
    metrics: Any = ()
    built: bool = False

    def __init_subclass__(cls, builtin: bool = False, **kwargs: Any) -> None:
        """A class of konv says builtin=True; any other is the user's."""
        super().__init_subclass__(**kwargs)
        cls.is_composed = cls.is_modal = cls.call is not Layer.call  # a `call` may do something else in training
        if builtin:
            cls.builtin, cls.has_own_config, cls.__init__ = cls, False, explaining(cls)
            return
        if "build" in vars(cls):
            cls.has_own_build, cls.build = True, traced.building(cls.build)
        cls.has_own_config = cls.has_own_config or "get_config" in vars(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        made._tracing = TracingState((args, kwargs) if cls.is_composed else None)
        return made

    def __init__(self, *, activity_regularizer: Any = None, trainable: bool = True, dtype: Any = None, autocast: bool = True,
                 name: str | None = None, **kwargs: Any) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):  # a file would take "/" for a folder
            raise KonvError(f'{type(self).__name__}: name must be a string without "/", got {name!r}')
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.built = False
        self._calls = 0  # on arrays: what a layer draws with a seed of its own differs from call to call
        self.dtype = "float32"
        self.input_shapes: tuple[Shape, ...] = ()  # unbatched, once built
        self._tracing.ready = True
        with naming(self.title):
            if not isinstance(trainable, (bool, np.bool_)):
                raise KonvError(f"trainable must be True or False, got {trainable!r}")
            self._trainable = bool(trainable)
            self.declared_shape = parse.declared_shape(kwargs)
            self.activity_regularizer = regularizers.get(activity_regularizer)
            parse.refuse(kwargs, type(self))
            if parse.policy_name(dtype) != "float32":
                raise UnsupportedError(f'dtype={dtype!r} is not supported yet; konv computes in "float32"')

    @property
    def title(self) -> str:
        """How errors name this layer: Conv2D "conv2d_1"."""
        return f'{type(self).__name__} "{self.name}"'

    @property
    def path(self) -> str:
        """The name, with those of the layers around it in front: how its weights are found."""
        return self._tracing.path or self.name

    # --- what a subclass says ---------------------------------------------------------------------

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        """The operations of this layer for inputs of these (unbatched) shapes, the first one reading the inputs."""
        raise UnsupportedError("gives no operations; a layer of your own needs a method call(self, inputs), made of "
                               "other layers and konv.ops")

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """What the layer does, from other layers and konv.ops; a subclass gives it. By default that of a layer of konv."""
        if not isinstance(inputs, Tensor) and not tree.is_nest(inputs):
            raise UnsupportedError(f"{self.title}: `call` takes symbolic tensors; call the layer itself on arrays")
        sources = tuple(tree.flatten(inputs))
        builder = GraphBuilder()
        index = lower_ops(self, builder, tuple(builder.add(ir.Input(source.sample)) for source in sources))
        return Tensor(builder.nodes[index].shape, SuperCall(self), sources)

    def weight_settings(self, name: str) -> dict[str, Any]:
        """initializer, regularizer and constraint of the weight of that name: by default this layer's
        `kernel_initializer` and so on; without an initializer Keras takes glorot_uniform."""
        whats = ("initializer", "regularizer", "constraint")
        settings = {what: getattr(self, f"{name}_{what}", None) for what in whats}
        return settings | {"initializer": settings["initializer"] or "glorot_uniform"}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        config = base_config(self)  # to which a get_config of the user's adds its own arguments
        config |= {argument: parse.written(argument, getattr(self, argument)) for argument in _written(self.builtin)}
        return config | traced.given_config(self) if self.is_composed and not self.has_own_config else config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Layer":
        """A layer made with the arguments that `get_config` gave."""
        if not isinstance(config, Mapping):
            raise ArgumentError(f"{cls.__name__}.from_config: takes the dict of get_config(), got {reprlib.repr(config)}")
        try:
            return cls(**config)
        except KonvError:
            raise
        except TypeError as error:  # an argument that is missing or unknown
            raise ArgumentError(f"{cls.__name__}.from_config: {error}") from error

    # --- graphs -----------------------------------------------------------------------------------

    def check_input(self, *shapes: Shape) -> None:
        """Raise ShapeError if these inputs cannot be fed to this layer."""
        if len(shapes) != 1 and not self.many_inputs:
            raise ShapeError(f"takes one input, got {len(shapes)}")
        for shape in shapes:
            if self.input_rank is not None and len(shape) != self.input_rank:
                raise ShapeError(f"expected an input of {self.input_rank + 1} axes (batch first), "
                                 f"got {describe(shape)}")
        if self.built and self._tracing.weights:
            made = {name: variable.shape for name, variable in self._tracing.weights.items()}
            for weight in _weights(_chain(self, *shapes)):
                if made[weight.name] != weight.shape:
                    raise ShapeError(
                        f"was built for an input of {describe(self.input_shapes[0])}, got {describe(shapes[0])}: "
                        f"the {weight.name} is {made[weight.name]} and would have to be {weight.shape}")

    def lower_call(self, builder: GraphBuilder, inputs: tuple[int, ...], call: Call | None = None) -> Sequence[int]:
        """Append the operations of one call of the layer to a graph; the indices of its outputs."""
        if self.is_composed:
            outputs = traced.lower_trace(self, builder, inputs, call and (call.args, call.kwargs))
        else:
            outputs = [lower_ops(self, builder, inputs)]
        if self.activity_regularizer is not None:
            builder.auxiliary += [(self, (output,), ActivityLoss(self.activity_regularizer)) for output in outputs]
        return outputs

    def graph(self, *shapes: Shape, training: bool = False) -> Graph:
        """This layer alone as a graph."""
        builder = GraphBuilder(training=training)
        inputs = tuple(builder.add(ir.Input(shape), layer="input") for shape in shapes)
        return builder.graph(*self.lower_call(builder, inputs))

    def compute_output_shape(self, *shapes: Any) -> tuple[int | None, ...]:
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

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """konv has no masks: what came is what goes."""
        return previous_mask

    # --- building ---------------------------------------------------------------------------------

    def build(self, *shapes: Any, input_shape: Any = None) -> None:
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
            traced.build(self, shapes, self._tracing.called or traced.placeholders(shapes))
            return
        with naming(self.title):
            self.check_input(*shapes)
        if not self.built:
            settle(self)
            self.make_weights(*shapes)

    def make_weights(self, *shapes: Shape) -> None:
        """The weights that the operations of a layer of konv ask for; none of a layer with a `call` alone."""
        if type(self).ops is Layer.ops:
            return
        with naming(self.title):
            chain = _chain(self, *shapes)
            _warn_of_softmax(self, chain)
            made = [_initialized(weight, self.weight_settings(weight.name)) for weight in _weights(chain)]
        for variable in made:
            own(self, variable)
        self.input_shapes, self.built = shapes, True

    def after_build(self) -> None:
        """Called when a layer with a `build` or `call` of its own has been built."""

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape, batch first, for which the layer was built."""
        if not self.built or not self.input_shapes:
            return None
        shapes = [(None, *shape) for shape in self.input_shapes]
        return {"input_shape": shapes[0] if len(shapes) == 1 else shapes}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Make the weights for what get_build_config said."""
        shape = config.get("input_shape")
        if shape is not None:
            self.build(shape)

    # --- weights ----------------------------------------------------------------------------------

    def add_weight(self, shape: Any = None, initializer: Any = None, dtype: Any = None, trainable: bool = True,
                   autocast: bool = True, regularizer: Any = None, constraint: Any = None, aggregation: str = "none",
                   overwrite_with_gradient: bool = False, name: str | None = None) -> Variable:
        """A weight of this layer, float32; the arguments are those of keras.layers.Layer.add_weight.

        >>> import konv
        >>> class Scale(konv.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> Scale()(np.ones((1, 2)))
        array([[1., 1.]], dtype=float32)
        """
        if not self._tracing.ready:
            raise KonvError(f"{type(self).__name__}: call super().__init__() before add_weight")
        with naming(self.title):
            if dtype not in (None, "float32", np.float32):
                raise UnsupportedError(f"add_weight: dtype={dtype!r} is not supported; weights are float32")
            sizes = tuple(shape) if isinstance(shape, (tuple, list)) else () if shape is None else (shape,)
            if not all(isinstance(size, (int, np.integer)) and size > 0 for size in sizes):
                raise ShapeError(f"add_weight: shape={shape!r} must be positive integers")
            variable = Variable(
                initializers.get(initializer or "glorot_uniform")(sizes), name or "variable", trainable=bool(trainable),
                regularizer=regularizers.get(regularizer), constraint=constraints.get(constraint))
        own(self, variable)
        return variable

    add_variable = add_weight

    def add_loss(self, loss: Any) -> None:
        """Add a number that was computed in `call` to the loss of the model; the sum, where it has more than one.

        >>> import konv
        >>> class Small(konv.layers.Layer):
        ...     def call(self, inputs):
        ...         self.add_loss(0.1 * konv.ops.mean(konv.ops.square(inputs)))
        ...         return inputs
        >>> layer = Small()
        >>> y = layer(np.full((2, 3), 2.0))
        >>> [round(loss, 6) for loss in layer.losses]
        [0.4]
        """
        traced.add_loss(self, loss)

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
        inner = [variable for layer in self.sublayers for variable in layer.weights]
        return _each_once([*own_weights(self), *inner])

    @property
    def variables(self) -> list[Variable]:
        """The same as `weights`."""
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """Those that training changes; none of a layer that is not trainable."""
        if not self.trainable:
            return []
        inner = [variable for layer in self.sublayers for variable in layer.trainable_weights]
        return _each_once([*(variable for variable in own_weights(self) if variable.trainable), *inner])

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """All others."""
        trainable = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.weights if id(variable) not in trainable]

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def losses(self) -> list[Any]:
        """What the last call on arrays added, and the penalty of each weight that has a regularizer, as numbers."""
        weights = [weight.regularizer(weight.value) for weight in self.trainable_weights if weight.regularizer is not None]
        return [*self._tracing.losses, *map(float, weights)]

    def __getattr__(self, name: str) -> Any:
        """layer.kernel, layer.bias, layer.gamma, ...: the weight of that name, None if the layer goes without it."""
        if name != "_tracing" and name in self._tracing.weights:
            return self._tracing.weights[name]
        if _has(self, f"{name}_initializer"):
            if self.built:
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

    def weight_map(self) -> dict[str, Variable]:
        """Every weight by its path, as the engine asks for it: {"conv2d/kernel": ...}."""
        found = {f"{self.path}/{name}": variable for name, variable in self._tracing.weights.items()}
        if self.is_composed:  # a weight may be the kernel of a convolution or of a matrix product
            found |= {f"{path}/{KERNEL}": variable for path, variable in found.items()}
        for layer in self.sublayers:
            found |= layer.weight_map()
        return found

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Put the layer's own weights into a dict for a file; a subclass may put in arrays of its own choice."""
        store.update((str(number), variable.numpy()) for number, variable in enumerate(own_weights(self)))

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take the layer's own weights out of what `save_own_variables` has put into a dict."""
        assign_all(self.title, own_weights(self), [store[str(number)] for number in range(len(store))])

    def count_params(self) -> int:
        """How many values all weights hold together."""
        if not self.built:
            raise KonvError(f"{self.title}: has no weights yet; build it, or call it on an input, first")
        if self.is_composed or self.sublayers:
            return sum(variable.size for variable in self.weights)
        graph = _chain(self, *self.input_shapes)
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

    def __call__(self, inputs: Any, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Symbolic tensors give symbolic tensors; arrays are computed at once and give arrays.

        Without `training` that is inference, but layers that augment images, alone or in a model of their own, are active.
        """
        values, arguments, training = self._enter(inputs, args, kwargs, training)
        symbolic = _are_symbolic(values, self.title)
        shapes = tuple(value.sample if symbolic else value.shape[1:] for value in values)
        with nullcontext() if self.is_composed else _explaining_shapes(values):
            graph, structure = self._graph_of_call(shapes, arguments, training, symbolic)
        if not symbolic:
            return tree.pack(structure, _computed(self, graph, values, training))
        call = Call(self, tuple(values), *arguments, training)
        outputs = [Tensor(graph.nodes[index].shape, self, call.inputs, call=call) for index in graph.outputs]
        result = tree.pack(structure, outputs)
        if not is_tracing() and not hasattr(self, "output"):
            self.input, self.output = call.args[0] if len(call.args) == 1 else call.args, result
        return result

    def _enter(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any], training: Any) -> "Entered":
        """What a call of the layer reads."""
        if not self.is_composed:
            training = only_training(self, args, kwargs, training)
            values = as_inputs(inputs)
            check_call(self, values, training)
            if not all(isinstance(value, Tensor) for value in values):
                values = [traced.as_batch(value, self.title) for value in values]
            return Entered(values, ((inputs,), {}), training)
        check_call(self, tree.flatten((inputs, args)), training)
        arguments = traced.as_values(((inputs, *args), kwargs), self.title)
        values = [leaf for leaf in tree.flatten(arguments) if traced.is_value(leaf)]
        if not values:
            raise KonvError(f"{self.title}: called without a tensor or an array")
        return Entered(values, arguments, training)

    def _graph_of_call(self, shapes: tuple[Shape, ...], arguments: Arguments, training: bool | None,
                       symbolic: bool) -> tuple[Graph, Any]:
        """The layer, built where that has not been done, as a graph for one call, and the structure of its outputs."""
        if not self.is_composed:
            self.build_for(*shapes)
            return self.graph(*shapes), None
        with naming(self.title):
            check_specs(self.input_spec, shapes)
        traced.build(self, shapes, arguments)
        with naming(self.title):
            trace = traced.trace(self, shapes, bool(training), arguments)
        builder = GraphBuilder(training=bool(training) and not symbolic)
        indices = tuple(builder.add(ir.Input(shape), layer="input") for shape in shapes)
        if symbolic:  # for the shapes alone
            with naming(self.title):
                return builder.graph(*trace.lower(builder, indices, self)), trace.result
        return builder.graph(*self.lower_call(builder, indices, Call(self, (), *arguments, training))), trace.result

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def _repr_html_(self) -> str:
        return late("notebook_html")(self)


Layer.builtin, Layer.__init__ = Layer, explaining(Layer)


class SuperCall:
    """What a layer of konv does by itself, called through super().call in a subclass of it."""

    def __init__(self, layer: Layer) -> None:
        self.layer, self.name, self.title = layer, layer.name, layer.name

    def lower_call(self, builder: GraphBuilder, inputs: tuple[int, ...], call: Call) -> tuple[int]:
        """Append the operations of the layer."""
        return (lower_ops(self.layer, builder, inputs),)


class Entered(NamedTuple):
    """What a call of a layer reads: tensors or arrays in their order, all arguments with these in them, and the mode."""

    values: Sequence[Any]
    arguments: Arguments
    training: bool | None


def base_config(layer: Layer) -> dict[str, Any]:
    """The arguments of every layer, as Keras writes them."""
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": layer.dtype}, "registered_name": None}
    config = {"name": layer.name, "trainable": layer.trainable, "dtype": policy}
    if layer.activity_regularizer is not None:
        config["activity_regularizer"] = regularizers.serialize(layer.activity_regularizer)
    return config


@cache
def _written(cls: type[Layer]) -> tuple[str, ...]:
    """The arguments of a constructor that a config has besides those of every layer."""
    parameters = inspect.signature(cls.__init__).parameters.values()
    left_out = {"self", "name", "dtype", *cls.unwritten}
    return tuple(one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD and one.name not in left_out)


def lower_ops(layer: Layer, builder: GraphBuilder, inputs: tuple[int, ...]) -> int:
    """Append the operations of a layer of konv to a graph; the index of its output."""
    shapes = tuple(builder.nodes[source].shape for source in inputs)
    with naming(layer.title):
        layer.check_input(*shapes)
        for op in layer.ops(*shapes):
            inputs = (lower_in_mode(builder, op, inputs, layer.path, layer.trainable),)
    return inputs[0]


def _chain(layer: Layer, *shapes: Shape) -> Graph:
    """The operations of a layer without a check of its inputs."""
    builder = GraphBuilder()
    inputs = tuple(builder.add(ir.Input(shape), layer="input") for shape in shapes)
    for op in layer.ops(*shapes):
        inputs = (builder.add(op, inputs, layer.path, layer.trainable),)
    return builder.graph(inputs[0])


def _weights(graph: Graph) -> list[Weight]:
    return [weight for index in range(len(graph.nodes)) for weight in graph.weights(index)]


def _warn_of_softmax(layer: Layer, graph: Graph) -> None:
    for node in graph.nodes:
        if isinstance(node.op, ir.Softmax) and not node.op.log and node.shape[node.op.axis] == 1:
            warnings.warn(f"{layer.title}: softmax over an axis of size 1 gives 1 whatever comes in; for one output use "
                          f"sigmoid, for two classes two outputs", stacklevel=4)


def _initialized(weight: Weight, settings: Mapping[str, Any]) -> Variable:
    """A variable for a weight that an operation asks for."""
    if prod(weight.shape) > LARGEST:
        raise KonvError(f"the {weight.name} of shape {weight.shape} would be {prod(weight.shape):,} numbers, "
                        f"{prod(weight.shape) * 4 / 2**30:,.0f} GiB; make the input smaller, by pooling for "
                        f"example, or the layer")
    return Variable(initializers.get(settings["initializer"])(weight.shape), weight.name, trainable=weight.trainable,
                    regularizer=settings["regularizer"], constraint=settings["constraint"])


def _each_once(variables: Sequence[Variable]) -> list[Variable]:
    return list({id(variable): variable for variable in variables}.values())


def _has(owner: Any, name: str) -> bool:
    """Whether there is an attribute, without asking __getattr__."""
    try:
        object.__getattribute__(owner, name)
    except AttributeError:
        return False
    return True


def _computed(layer: Layer, graph: Graph, arrays: Sequence[np.ndarray], training: bool | None) -> list[np.ndarray]:
    """The outputs of a graph of a layer; what is added to the loss is kept for `losses`."""
    if not len(arrays[0]):
        layer._tracing.losses = [0.0] * len(graph.auxiliary)
        return [np.zeros((0, *graph.nodes[index].shape), np.float32) for index in graph.outputs]  # type: ignore[arg-type]
    layer._calls += 1
    whole = graph.with_auxiliary
    found = compute(whole, layer.weight_map(), arrays, training, layer._calls)
    given = dict(zip(whole.outputs, found, strict=True))
    layer._tracing.losses = [loss.value([given[index] for index in indices]) for indices, loss in graph.auxiliary]
    return found[:len(graph.outputs)]


def only_training(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any], training: Any) -> Any:
    """`training`, which may come as the one argument besides the inputs; an object that is refused if there are others."""
    if kwargs.pop("mask", None) is not None:
        raise UnsupportedError(f"{layer.title}: mask= is not supported")
    if args or kwargs:
        return args[0] if len(args) == 1 and not kwargs else object()
    return training


def check_call(layer: Layer, values: Sequence[Any], training: Any) -> None:
    """KonvError for a layer among the inputs, or a `training` that is not True or False."""
    for value in values:
        if isinstance(value, Layer):
            raise KonvError(f"{layer.title}: got a layer, {value.title}; call it on a tensor, such as "
                            f"konv.Input((28, 28, 1)), and this one on what that returns")
    if training is not None and not isinstance(training, (bool, int, np.bool_)):
        raise KonvError(f"{layer.title}: training must be True or False, got a {type(training).__name__}; a layer or model "
                        f"is called on its inputs alone, fit(x, y) trains it")


def _are_symbolic(values: Sequence[Any], title: str) -> bool:
    """Whether the inputs of a call are symbolic tensors; an error if only some are."""
    symbolic = [isinstance(value, Tensor) for value in values]
    if any(symbolic) and not all(symbolic):
        raise UnsupportedError(f"{title}: called on symbolic tensors and arrays at the same time; give an array to "
                               f"the constructor, or feed it through an Input")
    return any(symbolic)


@contextmanager
def _explaining_shapes(values: Sequence[Any]) -> Iterator[None]:
    """Say in a ShapeError which layer a tensor comes from, since the mistake is often there; show the shapes of arrays as
    they were given, in place of (None, ...)."""
    try:
        yield
    except ShapeError as error:
        text = str(error)
        if not isinstance(values[0], Tensor):
            for array in values:
                text = text.replace(f"got {describe(array.shape[1:])}", f"got {array.shape}")
        elif len(values) == 1 and values[0].inputs:
            text += f"; the input comes from the {values[0].layer.title} before it"
        raise ShapeError(text) from None


def as_inputs(value: Any) -> Sequence[Any]:
    """A list of tensors or arrays is several inputs; a list of numbers is one."""
    several = isinstance(value, (list, tuple)) and any(
        isinstance(part, (Tensor, Layer)) or hasattr(part, "__array__") or hasattr(part, "__dlpack__") for part in value)
    return tuple(value) if several else (value,)


def _listed(shapes: Sequence[Any]) -> Any:
    """The shapes of several inputs, given one by one or, as in Keras, as a list."""
    return shapes[0] if len(shapes) == 1 and shapes[0] and isinstance(shapes[0][0], (list, tuple)) else shapes
