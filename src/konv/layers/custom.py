"""What lets a user write layers and models of their own: attributes are searched for layers and weights, and `call` is
traced, once for each shape and mode, into the operations that it consists of.
"""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ClassVar

import numpy as np

from konv import constraints, initializers, regularizers
from konv.arrays import to_array
from konv.errors import KonvError, ShapeError, UnsupportedError, naming
from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Input, Shape
from konv.layers.arguments import explaining
from konv.layers.penalties import Added
from konv.layers.standing import Standing
from konv.layers.tracked import Tracked
from konv.runtime import compute
from konv.traceable import is_tracing, tracing
from konv.tracing import lowering as wiring
from konv.tracing import tree as nests
from konv.tracing.tensors import Call, Tensor
from konv.variables import Variable

_scopes: ContextVar[tuple["Custom", ...]] = ContextVar("scopes", default=())
_places: ContextVar[str] = ContextVar("places", default="")  # of the layer around, as Keras says it
_adding: ContextVar[list[Any] | None] = ContextVar("adding", default=None)  # the losses of the `call` that is traced


class Trace:
    """A `call` written down: symbolic inputs, outputs, and the order of what is between them; `added` are its losses."""

    def __init__(self, inputs: Sequence[Tensor], result: Any, owner: str, added: Sequence[Added] = ()):
        self.inputs, self.result, self.added = list(inputs), result, added
        self.outputs = nests.flatten(result)
        for output in self.outputs:
            if not isinstance(output, Tensor):
                raise KonvError(f"call must return tensors that were computed from its inputs, got {output!r} "
                                f"of type {type(output).__name__}")
            if output.after:
                raise UnsupportedError(getattr(output.layer, "refusal", None) or "call gives a sum or mean over the batch, but "
                                       "samples are computed one by one; add_loss and a loss can have it")
        self.read = [*self.outputs, *(tensor for one in added for tensor in one.tensors)]
        self.order = wiring.topological(self.inputs, self.outputs, owner)
        self.whole = wiring.topological(self.inputs, self.read, owner)

    def lower(self, builder: GraphBuilder, places: Sequence[int], layer: Any) -> list[int]:
        """Append all calls of the layer, and note what it adds to the loss."""
        found = wiring.lower(self.whole, self.inputs, self.read, builder, places)
        left = iter(found[len(self.outputs):])
        builder.penalised += [(layer, tuple(next(left) for _ in one.tensors), one) for one in self.added]
        return found[:len(self.outputs)]


class Source:
    """Where a value enters a trace."""

    def __init__(self, name: str):
        self.name = self.title = name


class Custom(Tracked, Standing):
    """The part of every layer that serves subclasses with a `call` of their own."""

    is_composed: ClassVar[bool] = False  # whether the class has a `call` of its own
    has_own_build: ClassVar[bool] = False
    has_own_config: ClassVar[bool] = False  # whether a class of the user's has a get_config
    builtin: ClassVar[type]  # the class of konv that the class is, or that it comes from
    build: Any
    lower_call: Any
    name: str
    built: bool
    input_shapes: tuple[Shape, ...]
    variables_by_name: dict[str, Variable]
    _calls: int

    def __init_subclass__(cls, builtin: bool = False, **kwargs: Any):
        """A class of konv says builtin=True; any other is the user's."""
        super().__init_subclass__(**kwargs)
        cls.is_composed = cls.call is not Custom.call
        if builtin:
            cls.builtin, cls.has_own_config, cls.__init__ = cls, False, explaining(cls)
            return
        if "build" in vars(cls):
            cls.has_own_build, cls.build = True, _building(cls.build)
        cls.has_own_config = cls.has_own_config or "get_config" in vars(cls)

    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        if cls.is_composed:
            made.__dict__["_given"] = args, kwargs
        return made

    def given_config(self) -> dict[str, Any]:
        """The arguments of the constructor, for a class without a get_config of its own."""
        args, kwargs = self.__dict__["_given"]
        signature = inspect.signature(type(self).__init__)
        bound = signature.bind(self, *args, **kwargs).arguments
        config = {}
        for name, value in list(bound.items())[1:]:
            config |= value if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD else {name: value}
        for name, value in config.items():
            if not all(isinstance(leaf, (str, int, float, bool, type(None))) for leaf in nests.flatten(value)):
                raise KonvError(f"{self.title}: needs a method get_config, since the argument {name}={value!r:.60} is not a "
                                f"plain number or text")
        return config

    def call(self, inputs, *args, **kwargs) -> Any:
        """What the layer does, from other layers and konv.ops; a subclass gives it. By default that of a layer of konv."""
        if not isinstance(inputs, Tensor) and not nests.is_nest(inputs):
            raise UnsupportedError(f"{self.title}: `call` takes symbolic tensors; call the layer itself on arrays")
        sources = tuple(nests.flatten(inputs))
        builder, own = GraphBuilder(), self.builtin
        places = tuple(builder.add(_input(source.sample)) for source in sources)
        return Tensor(builder.nodes[own.lower(self, builder, places)].shape, Primitive(self, own), sources)

    @property
    def is_modal(self) -> bool:
        """Whether training and inference may be graphs of their own: a `call` may do something else in training."""
        return self.is_composed

    # --- paths ------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The name, with those of the layers around it in front: how its weights are found."""
        return self.__dict__.get("_path") or self.name

    def move(self, path: str) -> None:
        """Be found by another path."""
        if path != self.path:
            self.__dict__["_path"] = path
            for key, variable in self.variables_by_name.items():
                variable.key = f"{path}/{key}"

    @property
    def place(self) -> str:
        """The same as Keras says it: a Sequential is one of the layers around, and a name may come twice."""
        return self.__dict__.get("_stands") or self.name

    def _take_path(self) -> None:
        """Where the layer is built for the first time says where it belongs."""
        around, place = _scopes.get(), _places.get()
        self.__dict__.setdefault("_stands", f"{place}/{self.name}" if place else self.name)
        if around and "_path" not in self.__dict__ and around[-1] is not self:
            taken = around[-1].__dict__.setdefault("_paths", set())
            path, number = f"{around[-1].path}/{self.name}", 0
            while path in taken:
                number += 1
                path = f"{around[-1].path}/{self.name}_{number}"
            taken.add(path)
            self.__dict__["_path"] = path

    @contextmanager
    def _scope(self) -> Iterator[None]:
        token = _scopes.set((*_scopes.get(), self))
        try:
            with self._around():
                yield
        finally:
            _scopes.reset(token)

    @contextmanager
    def _around(self) -> Iterator[None]:
        """What is built inside is in this layer, as Keras says it."""
        token = _places.set(self.place)
        try:
            yield
        finally:
            _places.reset(token)

    # --- weights ----------------------------------------------------------------------------------

    def add_weight(self, shape=None, initializer=None, dtype=None, trainable=True, autocast=True, regularizer=None,
                   constraint=None, aggregation="none", overwrite_with_gradient=False, name=None) -> Variable:
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
        if "variables_by_name" not in self.__dict__:
            raise KonvError(f"{type(self).__name__}: call super().__init__() before add_weight")
        with naming(self.title):
            if dtype not in (None, "float32", np.float32):
                raise UnsupportedError(f"add_weight: dtype={dtype!r} is not supported; weights are float32")
            sizes = tuple(shape) if isinstance(shape, (tuple, list)) else () if shape is None else (shape,)
            if not all(isinstance(size, (int, np.integer)) and size > 0 for size in sizes):
                raise ShapeError(f"add_weight: shape={shape!r} must be positive integers")
            default = "glorot_uniform" if np.dtype(dtype or "float32").kind == "f" else "zeros"
            variable = Variable(
                initializers.get(initializer or default)(sizes), name or "variable", trainable=bool(trainable),
                regularizer=regularizers.get(regularizer), constraint=constraints.get(constraint))
        self._own(variable)
        return variable

    add_variable = add_weight

    def _own(self, variable: Variable) -> None:
        """Take a weight of the user's among those of this layer."""
        if any(variable is other for other in self.variables_by_name.values()):
            return
        self._take_path()
        key, number = variable.name, 0
        while key in self.variables_by_name:
            number += 1
            key = f"{variable.name}_{number}"
        self.variables_by_name[key] = variable
        self.own(variable, key)

    def own(self, variable: Variable, key: str) -> None:
        """Tell a weight where it is."""
        variable.key, variable.path, variable.owner = f"{self.path}/{key}", f"{self.place}/{key}", self

    def own_weights(self) -> list[Variable]:
        """The weights of this layer itself, the trainable first."""
        return sorted(self.variables_by_name.values(), key=lambda variable: not variable.trainable)

    def add_loss(self, loss) -> None:
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
        added = _adding.get()
        if added is None:
            raise UnsupportedError(f"{self.title}: add_loss is for the `call` of a layer or model; for the weights of a layer "
                                   f"there is regularizer=, for an output of a model loss=")
        added.extend(loss if isinstance(loss, (list, tuple)) else [loss])

    # --- tracing ----------------------------------------------------------------------------------

    def trace(self, shapes: Sequence[Shape], training: bool, call: Call | None = None) -> Trace:
        """`call` for inputs of these unbatched shapes, written down."""
        default = (Slot() if len(shapes) == 1 else [Slot() for _ in shapes],), {}
        args, kwargs = (call.args, call.kwargs) if call is not None else self.__dict__.get("_called", default)
        takes = self._takes_training()
        traces = self.__dict__.setdefault("_traces", {})
        key = (tuple(shapes), training if takes else None, repr(nests.transform(_opened, (args, kwargs))))
        if key not in traces:
            traces[key] = self._traced(shapes, training if takes else None, args, kwargs)
        return traces[key]

    def _traced(self, shapes: Sequence[Shape], training: bool | None, args: tuple, kwargs: dict[str, Any]) -> Trace:
        inputs = [Tensor(shape, Source(f"input {number}")) for number, shape in enumerate(shapes)]
        left = iter(inputs)
        args, kwargs = nests.transform(lambda leaf: next(left) if _is_value(leaf) else leaf, (args, kwargs))
        given = {} if training is None else {"training": training}
        losses: list[Any] = []
        token = _adding.set(losses)
        try:
            with tracing("call", inputs), self._scope():
                result = self.call(*args, **kwargs, **given)
                return Trace(inputs, result, self.title, [Added(loss, inputs, self.title) for loss in losses])
        finally:
            _adding.reset(token)

    def _takes_training(self) -> bool:
        parameters = inspect.signature(self.call).parameters
        return "training" in parameters

    def lower_trace(self, builder: GraphBuilder, inputs: tuple[int, ...], call: Call | None) -> list[int]:
        shapes = tuple(builder.nodes[source].shape for source in inputs)
        with naming(self.title):
            return self.trace(shapes, builder.mode, call).lower(builder, inputs, self)

    # --- calling ----------------------------------------------------------------------------------

    def call_composed(self, args: tuple, kwargs: dict[str, Any], training: bool | None) -> Any:
        """A layer of the user's on symbolic tensors or on arrays."""
        args, kwargs = _as_values((args, kwargs), self.title)
        values = [leaf for leaf in nests.flatten((args, kwargs)) if _is_value(leaf)]
        if not values:
            raise KonvError(f"{self.title}: called without a tensor or an array")
        symbolic = [isinstance(value, Tensor) for value in values]
        if any(symbolic) and not all(symbolic):
            raise UnsupportedError(f"{self.title}: called on symbolic tensors and arrays at the same time; give an array to "
                                   f"the constructor, or feed it through an Input")
        shapes = tuple(value.sample if isinstance(value, Tensor) else value.shape[1:] for value in values)
        if self.input_spec is not None:
            with naming(self.title):
                self.check_specs(shapes)
        self._build_composed(shapes, args, kwargs)
        call = Call(self, tuple(values) if all(symbolic) else (), args, kwargs, training)
        with naming(self.title):
            trace = self.trace(shapes, bool(training), call)
        if all(symbolic):
            builder = GraphBuilder()
            places = tuple(builder.add(_input(shape)) for shape in shapes)
            with naming(self.title):
                found = trace.lower(builder, places, self)
            made = [Tensor(builder.nodes[index].shape, self, call.inputs, call=call) for index in found]
            result = nests.pack(trace.result, made)
            if "output" not in self.__dict__ and not is_tracing():
                self.__dict__.update(input=args[0] if len(args) == 1 else args, output=result)
            return result
        graph = self.composed_graph(shapes, bool(training), call)
        return nests.pack(trace.result, self.computed(graph, values, training))

    def computed(self, graph: Graph, arrays: Sequence[np.ndarray], training: bool | None) -> list[np.ndarray]:
        """The outputs of a graph of this layer; what is added to the loss is kept for `losses`."""
        if not len(arrays[0]):
            self.__dict__["_added"] = [0.0] * len(graph.penalised)
            return [np.zeros((0, *graph.nodes[index].shape), np.float32) for index in graph.outputs]  # type: ignore[arg-type]
        self._calls += 1
        whole = graph.with_penalised
        found = compute(whole, self.weight_map(), arrays, training, self._calls)
        given = dict(zip(whole.outputs, found, strict=True))
        self.__dict__["_added"] = [penalty.value([given[place] for place in places]) for places, penalty in graph.penalised]
        return found[:len(graph.outputs)]

    def composed_graph(self, shapes: Sequence[Shape], training: bool, call: Call | None = None):
        builder = GraphBuilder(training=training)
        places = tuple(builder.add(_input(shape), layer="input") for shape in shapes)
        return builder.graph(*self.lower_call(builder, places, call))

    def _build_composed(self, shapes: Sequence[Shape], args: tuple, kwargs: dict[str, Any]) -> None:
        """`build` of the subclass, then a trace of `call`, in which inner layers are built."""
        if self.built:
            return
        self._take_path()
        self.__dict__.setdefault("_called", nests.transform(_opened, (args, kwargs)))
        left = iter(shapes)
        whole = nests.transform(lambda leaf: (None, *next(left)) if _is_value(leaf) else leaf, args)
        with naming(self.title):
            if self.has_own_build:
                parameters = inspect.signature(self.build).parameters.values()
                count = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
                self.build(*whole[:max(1, count)])
            else:
                self.make_weights(*shapes)
            if self.is_composed:
                self.trace(shapes, False, Call(self, (), args, kwargs))
        self.built, self.input_shapes = True, tuple(shapes)

    def built_by_hand(self) -> None:
        """After a `build` of the user's that was called alone."""

    @property
    def title(self) -> str:
        """How errors name this layer: Conv2D "conv2d_1"."""
        return f'{type(self).__name__} "{self.name}"'

    def weight_map(self) -> dict[str, Variable]:
        """Every weight by its path, as the engine asks for it."""
        raise NotImplementedError

    def make_weights(self, *shapes: Shape) -> None:
        """The weights that the operations of a layer of konv ask for."""
        raise NotImplementedError


class Slot:
    """Stands for a tensor in the arguments of a call that are kept."""

    def __repr__(self) -> str:
        return "tensor"


class Primitive:
    """What a layer of konv does by itself, called through super().call in a subclass of it."""

    def __init__(self, layer: Any, own: type):
        self.name = self.title = layer.name
        self.layer, self.own = layer, own

    def lower_call(self, builder: GraphBuilder, inputs: tuple[int, ...], call: Call) -> tuple[int, ...]:
        return (self.own.lower(self.layer, builder, inputs),)


def _input(shape: Shape) -> Input:
    return Input(tuple(shape))


def _is_value(leaf: Any) -> bool:
    """Whether an argument is a tensor, or an array that stands for one."""
    return isinstance(leaf, (Tensor, np.ndarray, Slot)) or (
        not isinstance(leaf, (Variable, np.generic)) and (hasattr(leaf, "__array__") or hasattr(leaf, "__dlpack__")))


def _opened(leaf: Any) -> Any:
    return Slot() if _is_value(leaf) else leaf


def _as_values(arguments: tuple[tuple, dict[str, Any]], owner: str) -> tuple[tuple, dict[str, Any]]:
    """The arguments with what stands for arrays as arrays; a list of numbers is one."""
    args, kwargs = arguments
    if args and not any(_is_value(leaf) for leaf in nests.flatten(args[0])) and args[0] is not None:
        args = (to_array(args[0], owner, "the input"), *args[1:])

    def converted(leaf: Any) -> Any:
        if isinstance(leaf, Tensor) or not _is_value(leaf):
            return leaf
        array = to_array(leaf, owner, "the input")
        if array.ndim == 0:
            raise ShapeError(f"{owner}: expected a batch of samples, got the single number {array}")
        return array

    return nests.transform(converted, args), nests.transform(converted, kwargs)


def _building(method: Any) -> Any:
    """A `build` of the user's: its weights belong to the layer, and the layer is built after it."""

    @wraps(method)
    def build(self, *args, **kwargs):
        self._take_path()
        with self._scope(), tracing(""):  # weights are numbers here, even where the call of a layer around is traced
            method(self, *args, **kwargs)
        self.built = True
        shape = args[0] if args else next(iter(kwargs.values()), None)
        if not self.input_shapes and isinstance(shape, tuple) and all(isinstance(n, (int, type(None))) for n in shape):
            self.input_shapes = (tuple(shape[1:]),)
            self.built_by_hand()

    return build
