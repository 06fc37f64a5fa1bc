"""How the functions of konv.ops work on tensors: each call is an operation that knows how it is lowered into a graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from inspect import signature
from typing import Any, cast

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError, UnsupportedError, naming
from konv.ir.array_ops import Binary, Constant, Parameter
from konv.ir.graph import GraphBuilder, Macro
from konv.ir.ops import Input, Op, Reshape, Shape
from konv.traceable import is_tracing, tracing
from konv.tracing import lowering, tree
from konv.tracing.tensors import Call, Operation, Tensor
from konv.variables import Variable

LARGEST_CONSTANT = 1 << 16  # numbers in an array that becomes part of a graph


class Emit:
    """Appends operations to a graph: `emit(op, place, ...)` is the place of the result."""

    def __init__(self, builder: GraphBuilder, label: str) -> None:
        self.builder, self.label = builder, label

    def __call__(self, op: Op, *places: int) -> int:
        return self.builder.add(op, places, self.label)

    def shape(self, place: int) -> Shape:
        return self.builder.nodes[place].shape

    def constant(self, values: Any) -> int:
        array = np.asarray(values, np.float32)
        return self(Constant(tuple(array.reshape(-1).tolist()), array.shape))

    def binary(self, name: str, first: int, second: int) -> int:
        return self(Binary(name), first, second)


class WeightRead:
    """Where a weight enters a trace."""

    def __init__(self, variable: Variable) -> None:
        self.variable, self.name, self.title = variable, variable.name, f'weight "{variable.path}"'

    def lower_call(self, builder: GraphBuilder, inputs: tuple[int, ...], call: Call) -> tuple[int]:
        layer, _, name = self.variable.key.rpartition("/")
        trainable = self.variable.trainable
        return (builder.add(Parameter(name, self.variable.shape, trainable), (), layer, is_trained(self.variable)),)


def is_trained(variable: Variable) -> bool:
    """Whether a weight and the layer that it belongs to are trainable."""
    return variable.trainable and (variable.owner is None or variable.owner.trainable)


def is_symbolic(*values: Any) -> bool:
    """Whether one of the values is not known yet; while a `call` is traced, neither are the weights."""
    kinds = (Tensor, Variable) if is_tracing() else Tensor
    return any(isinstance(leaf, kinds) for value in values for leaf in tree.flatten(value))


def operand(value: Any, function: str) -> Tensor | np.ndarray:
    """A tensor, or fixed numbers; a weight is a tensor."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Variable):
        if value.owner is None:
            raise UnsupportedError(f"{function}: {value!r} belongs to no layer; make it with add_weight, or keep it as an "
                                   f"attribute of the layer")
        return Tensor(value.shape, WeightRead(value), batched=False)
    array = numbers(value, function)
    if array.size > LARGEST_CONSTANT:
        raise UnsupportedError(f"{function}: a fixed array of {array.size:,} numbers is too large for a graph; make it a "
                               f"weight with trainable=False")
    return array


def numbers(value: Any, function: str) -> np.ndarray:
    """An array of float32."""
    value = value.value if isinstance(value, Variable) else value
    return np.asarray(to_array(value, function), np.float32)


def symbolic(function: Callable[..., Any], class_name: str, operands: Sequence[Any], lowering: Callable[..., int],
             config: dict[str, Any] | None = None, module: str = "numpy", args: tuple[Any, ...] | None = None,
             merged: bool = False) -> Tensor:
    """The tensor that a function of konv.ops gives: `lowering(emit, *places)` appends what it does to a graph.

    Operands that are fixed arrays reach `lowering` as they are. `config` are the options, which files note.
    """
    name = function.__name__
    values = [operand(value, name) for value in operands]
    inputs = tuple(value for value in values if isinstance(value, Tensor))
    batched, reduced = any(value.batched for value in inputs), any(value.reduced for value in inputs)
    if batched and reduced:
        whole = next(value for value in inputs if value.reduced)
        refusal = getattr(whole.layer, "refusal", None) if not is_tracing("loss") else None
        raise UnsupportedError(refusal or f"{name}: combines single samples with a sum or mean over all of them, which is not "
                                          f"supported; reduce over the batch last")

    def lower(builder: GraphBuilder, places: Sequence[int], label: str) -> int:
        left = iter(places)
        return lowering(Emit(builder, label), *[next(left) if isinstance(value, Tensor) else value for value in values])

    options = config or {}
    operation = Operation(class_name, module, options, lower, lambda *given: function(*given, **options))
    builder = GraphBuilder(training=True)  # for the shape; what is for training alone has one too
    with naming(name):
        place = lower(builder, [builder.add(Input(value.sample)) for value in inputs], name)
    call = Call(operation, inputs, tuple(operands) if args is None else args)
    made = Tensor(builder.nodes[place].shape, operation, inputs, call=call, batched=batched, reduced=reduced, merged=merged)
    operation.output = made
    return made


@dataclass(frozen=True)
class Composed(Macro):
    """A function of one tensor, made of konv.ops or of layers without weights: an activation of the user's, for one."""

    function: Callable[[Tensor], Any]

    @property
    def name(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)

    def expand(self, builder: GraphBuilder, inputs: tuple[int, ...], layer: str) -> int:
        x = Tensor(builder.nodes[inputs[0]].shape, self)
        with tracing():
            y = self.function(x)
        if not isinstance(y, Tensor):
            raise KonvError(f"{self.name} must return a tensor that was computed from its argument by konv.ops, got {y!r:.60}")
        first = len(builder.nodes)
        (place,) = lowering.lower(lowering.topological([x], [y], self.name), [x], [y], builder, inputs)
        if any(node.op.weights(*(builder.nodes[source].shape for source in node.inputs)) for node in builder.nodes[first:]):
            raise UnsupportedError(f"{self.name} has weights; add it as a layer after this one")
        builder.nodes[first:] = [replace(node, layer=layer) for node in builder.nodes[first:]]
        return place


def composed(class_name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: a function made of konv.ops is one operation on tensors, as in Keras; on arrays it computes at once."""

    def decorator(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(x: Any, *args: Any, **kwargs: Any) -> Any:
            if not is_symbolic(x):
                return function(numbers(x, function.__name__), *args, **kwargs)
            bound = signature(function).bind(x, *args, **kwargs)
            bound.apply_defaults()
            config = dict(list(bound.arguments.items())[1:])
            op = Composed(wraps(function)(partial(function, **config)))

            def lowering(emit: Emit, index: int) -> int:
                return emit(op, index)

            return symbolic(call, class_name, [x], lowering, config, "nn")

        return call

    return decorator


def aligned(values: Sequence[Tensor | np.ndarray], function: str) -> list[Callable[[Emit, Any], Any]]:
    """For operands that are combined number by number: how each gets the axes of a sample.

    The batch of all tensors is one axis; a weight or an array has an axis for it only where its size is 1.
    """
    ranks = {value.ndim for value in values if isinstance(value, Tensor) and value.batched}
    if not ranks:
        return [lambda emit, value: emit.constant(value) if isinstance(value, np.ndarray) else value] * len(values)
    if len(ranks) > 1 or len({value.merged for value in values if isinstance(value, Tensor) and value.batched}) > 1:
        shapes = ", ".join(str(value.shape) for value in values)
        raise ShapeError(f"{function}: the shapes {shapes} do not fit each other; use konv.ops.expand_dims to give them the "
                         f"same number of axes")
    rank = ranks.pop()

    def fit(emit: Emit, value: Any) -> Any:
        return emit.constant(value) if isinstance(value, np.ndarray) else value

    def drop(emit: Emit, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return emit.constant(value[0])
        return emit(Reshape(tuple(size or 1 for size in emit.shape(value)[1:])), value)

    made: list[Callable[[Emit, Any], Any]] = []
    for value in values:
        whole = not (isinstance(value, Tensor) and value.batched) and value.ndim >= rank
        if whole and (value.ndim > rank or value.shape[0] != 1):
            raise ShapeError(f"{function}: the shape {tuple(value.shape)} has an axis for the batch, which must be of size 1 "
                             f"or left out")
        made.append(drop if whole else fit)
    return made


def sample_axes(x: Tensor, axis: Any, function: str) -> tuple[tuple[int, ...], bool]:
    """Axes as indices into a sample, and whether the batch is among them; None is all axes."""
    rank = x.ndim
    given = range(rank) if axis is None else cast("Sequence[Any]", axis if isinstance(axis, (tuple, list)) else (axis,))
    for one in given:
        if isinstance(one, bool) or not isinstance(one, (int, np.integer)) or not -rank <= one < rank:
            raise ShapeError(f"{function}: axis={axis!r} does not exist in {x.shape}")
    axes = sorted({int(one) % rank for one in given})
    if not x.batched:
        return tuple(axes), False
    return tuple(one - 1 for one in axes if one), 0 in axes


def sample_axis(x: Tensor, axis: Any, function: str) -> int:
    """One axis, not that of the batch."""
    axes, batch = sample_axes(x, axis, function)
    if batch or len(axes) != 1:
        raise UnsupportedError(f"{function}: axis={axis!r} is that of the batch, but samples are computed one by one; "
                               f"use another")
    return axes[0]


class OverBatch:
    """In a loss, or on the way to add_loss: the values of all samples become one."""

    def __init__(self, kind: str, refusal: str) -> None:
        self.kind, self.name, self.title = kind, f"{kind} over the batch", f"{kind} over the batch"
        self.refusal = refusal

    def lower_call(self, *args: Any) -> Any:
        """Only after all samples; here it is met on the way to an output of single samples."""
        raise UnsupportedError(self.refusal)


def over_batch(x: Tensor, kind: str, function: str) -> Tensor:
    """The sum, mean, largest or smallest over all samples; only a loss can have it, its own or one that a layer adds."""
    made = OverBatch(kind, f"{function}: reduces over the batch, but samples are computed one by one; give axis= without "
                           f"0, such as axis={tuple(range(1, x.ndim))}")
    if not is_tracing():
        raise UnsupportedError(made.refusal)
    return Tensor(x.sample, made, (x,), batched=False, reduced=True)


def require_plain(x: Tensor, function: str) -> None:
    """An error for a tensor whose samples were flattened together."""
    if x.merged:
        raise UnsupportedError(f"{function}: the samples have been flattened together by reshape(x, [-1]); only operations "
                               f"number by number and reductions are supported after it")
