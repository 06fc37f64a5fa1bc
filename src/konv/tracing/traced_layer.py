"""Layers and models with a `call` of the user's: it runs once for each shape and mode, on symbolic tensors, and the operations
that these went through are what the layer is.
"""

import inspect
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, cast

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError, UnsupportedError, naming
from konv.ir.graph import GraphBuilder
from konv.ir.ops import Shape
from konv.traceable import tracing
from konv.tracing import lowering, tree
from konv.tracing.auxiliary import AddedLoss
from konv.tracing.state import Arguments, TracingState, inside, settle
from konv.tracing.tensors import Source, Tensor
from konv.variables import Variable

_losses: ContextVar[list[Any] | None] = ContextVar("losses", default=None)  # that the `call` that is traced adds


class Placeholder:
    """Stands for a tensor in the arguments of a call that are kept."""

    def __repr__(self) -> str:
        return "tensor"


class Trace:
    """A traced `call`: symbolic inputs, outputs, and the order of what is between them; `losses` are those that it adds."""

    def __init__(self, inputs: Sequence[Tensor], result: Any, owner: str, losses: Sequence[AddedLoss] = ()) -> None:
        self.inputs, self.result, self.losses = list(inputs), result, losses
        self.outputs: list[Tensor] = tree.flatten(result)
        for output in self.outputs:
            if not isinstance(output, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise KonvError(f"call must return tensors that were computed from its inputs, got {output!r} "
                                f"of type {type(output).__name__}")
            if output.reduced:
                raise UnsupportedError(getattr(output.layer, "refusal", None) or "call gives a sum or mean over the batch, but "
                                       "samples are computed one by one; add_loss and a loss can have it")
        self.read = [*self.outputs, *(tensor for loss in losses for tensor in loss.tensors)]
        self.order = lowering.topological(self.inputs, self.outputs, owner)
        self.whole = lowering.topological(self.inputs, self.read, owner)

    def lower(self, builder: GraphBuilder, indices: Sequence[int], layer: Any) -> list[int]:
        """Append all calls of the layer, and note what it adds to the loss."""
        found = lowering.lower(self.whole, self.inputs, self.read, builder, indices)
        rest = iter(found[len(self.outputs):])
        builder.auxiliary += [(layer, tuple(next(rest) for _ in loss.tensors), loss) for loss in self.losses]
        return found[:len(self.outputs)]


def add_loss(layer: Any, loss: Any) -> None:
    """Note what the `call` of a layer adds to the loss."""
    losses = _losses.get()
    if losses is None:
        raise UnsupportedError(f"{layer.title}: add_loss is for the `call` of a layer or model; for the weights of a layer "
                               f"there is regularizer=, for an output of a model loss=")
    losses.extend(cast("list[Any]", loss) if isinstance(loss, (list, tuple)) else [loss])


@contextmanager
def _collected() -> Generator[list[Any], None, None]:
    losses: list[Any] = []
    token = _losses.set(losses)
    try:
        yield losses
    finally:
        _losses.reset(token)


def trace(layer: Any, shapes: Sequence[Shape], training: bool, arguments: Arguments | None = None) -> Trace:
    """The `call` of a layer for inputs of these unbatched shapes, by default with the arguments that it was built with."""
    state: TracingState = layer._tracing
    args, kwargs = arguments or state.called or placeholders(shapes)
    mode = training if "training" in inspect.signature(layer.call).parameters else None
    key = (tuple(shapes), mode, repr(tree.transform(without_value, (args, kwargs))))
    if key not in state.traces:
        inputs = [Tensor(shape, Source(f"input {number}")) for number, shape in enumerate(shapes)]
        waiting = iter(inputs)
        args, kwargs = tree.transform(lambda leaf: next(waiting) if is_value(leaf) else leaf, (args, kwargs))
        with _collected() as losses, tracing("call", inputs), inside(layer):
            result = layer.call(*args, **kwargs, **({} if mode is None else {"training": mode}))
            added = [AddedLoss(loss, inputs, layer.title) for loss in losses]
            state.traces[key] = Trace(inputs, result, layer.title, added)
    return state.traces[key]


def lower_trace(layer: Any, builder: GraphBuilder, inputs: Sequence[int], arguments: Arguments | None) -> list[int]:
    """Append what the `call` of a layer does to a graph."""
    shapes = [builder.nodes[source].shape for source in inputs]
    with naming(layer.title):
        return trace(layer, shapes, builder.mode, arguments).lower(builder, inputs, layer)


def build(layer: Any, shapes: Sequence[Shape], arguments: Arguments) -> None:
    """`build` of the user's class, then a trace of `call`, in which inner layers are built."""
    if layer.built:
        return
    state: TracingState = layer._tracing
    settle(layer)
    args, kwargs = arguments
    if state.called is None:
        state.called = tree.transform(without_value, (args, kwargs))
    waiting = iter(shapes)
    whole = tree.transform(lambda leaf: (None, *next(waiting)) if is_value(leaf) else leaf, args)
    with naming(layer.title):
        if layer.has_own_build:
            parameters = inspect.signature(layer.build).parameters.values()
            count = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
            layer.build(*whole[:max(1, count)])
        else:
            layer.make_weights(*shapes)
        if layer.is_composed:
            trace(layer, shapes, False, arguments)
    layer.built, layer.input_shapes = True, tuple(shapes)
    layer.after_build()


def building(method: Callable[..., None]) -> Callable[..., None]:
    """A `build` of the user's: its weights belong to the layer, and the layer is built after it."""

    @wraps(method)
    def build(self: Any, *args: Any, **kwargs: Any) -> None:
        settle(self)
        with inside(self), tracing(""):  # weights have values here, even where the call of a layer around is traced
            method(self, *args, **kwargs)
        self.built = True
        shape: Any = args[0] if args else next(iter(kwargs.values()), None)
        sizes = cast("tuple[Any, ...]", shape) if isinstance(shape, tuple) else None
        if not self.input_shapes and sizes is not None and all(isinstance(size, (int, type(None))) for size in sizes):
            self.input_shapes = (tuple(sizes[1:]),)
            self.after_build()

    return build


def given_config(layer: Any) -> dict[str, Any]:
    """The arguments of the constructor, for a class without a get_config of its own."""
    args, kwargs = layer._tracing.given
    signature = inspect.signature(type(layer).__init__)
    config: dict[str, Any] = {}
    for name, value in list(signature.bind(layer, *args, **kwargs).arguments.items())[1:]:
        config |= value if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD else {name: value}
    for name, value in config.items():
        if not all(isinstance(leaf, (str, int, float, bool, type(None))) for leaf in tree.flatten(value)):
            raise KonvError(f"{layer.title}: needs a method get_config, since the argument {name}={value!r:.60} is not a "
                            f"plain number or text")
    return config


def placeholders(shapes: Sequence[Shape]) -> Arguments:
    """The arguments of a call of which only the shapes are known: a tensor, or a list of them."""
    made = [Placeholder() for _ in shapes]
    return ((made[0] if len(made) == 1 else made,), {})


def is_value(leaf: Any) -> bool:
    """Whether an argument is a tensor, or an array that stands for one."""
    return isinstance(leaf, (Tensor, np.ndarray, Placeholder)) or (
        not isinstance(leaf, (Variable, np.generic)) and (hasattr(leaf, "__array__") or hasattr(leaf, "__dlpack__")))


def without_value(leaf: Any) -> Any:
    """A placeholder for a tensor or an array, anything else as it is."""
    return Placeholder() if is_value(leaf) else leaf


def as_values(arguments: Arguments, owner: str) -> Arguments:
    """The arguments with what stands for arrays as arrays; a list of numbers is one."""
    args, kwargs = arguments
    if args and not any(is_value(leaf) for leaf in tree.flatten(args[0])) and args[0] is not None:
        args = (to_array(args[0], owner, "the input"), *args[1:])

    def converted(leaf: Any) -> Any:
        return leaf if isinstance(leaf, Tensor) or not is_value(leaf) else as_batch(leaf, owner)

    return tree.transform(converted, args), tree.transform(converted, kwargs)


def as_batch(value: Any, owner: str) -> np.ndarray:
    """The input of a layer as an array; ShapeError for a single number."""
    array = to_array(value, owner, "the input")
    if array.ndim == 0:
        raise ShapeError(f"{owner}: expected a batch of samples, got the single number {array}")
    return array
