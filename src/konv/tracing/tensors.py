"""Values that are not computed yet: what layers, models and konv.ops are called on to make a graph."""

from collections.abc import Callable, Sequence
from typing import Any

from konv.errors import UnsupportedError
from konv.ir.graph import GraphBuilder
from konv.ir.ops import Shape
from konv.late import late
from konv.registry import auto_name, snake_case
from konv.traceable import Operators, is_tracing, operator, traced_inputs
from konv.tracing.state import TracingState


def batch() -> "Tensor":
    """A tensor with one value per sample of whatever enters the `call` that is being written down."""
    for tensor in traced_inputs():
        if tensor.batched:
            return tensor
    raise UnsupportedError("there is no batch here: this is for the `call` of a layer or model, or konv.ops on arrays")


class Call:
    """One call of a layer or an operation: what it read and what it gave.

    `args` and `kwargs` are the arguments as they were given, symbolic tensors in them, which is what files note.
    `training` is what the caller said in a `call`, None if nothing; in a functional model it goes unheard, as in Keras, since
    the model tells its layers. `number` counts the calls of a layer on symbolic tensors as they are made, from 0; summaries
    and files name it, as those of Keras do.
    """

    def __init__(self, layer: Any, inputs: "tuple[Tensor, ...]" = (), args: tuple[Any, ...] | None = None,
                 kwargs: dict[str, Any] | None = None, training: bool | None = None) -> None:
        self.layer, self.inputs, self.training = layer, inputs, training if is_tracing() else None
        self.args: tuple[Any, ...] = inputs if args is None else args
        self.kwargs = kwargs or {}
        self.outputs: list[Tensor] = []
        self.number = 0
        if inputs and not is_tracing():
            state: TracingState = layer._tracing
            self.number = state.last_call.number + 1 if state.last_call else 0
            state.last_call = self

    def lower(self, builder: GraphBuilder, inputs: tuple[int, ...]) -> Sequence[int]:
        """Append the operations of the call to a graph; the places of its outputs."""
        with builder.forced(self.training), builder.called(_within(self.layer)):
            return self.layer.lower_call(builder, inputs, self)


def _within(layer: Any) -> list[Any]:
    """A layer and those in it."""
    return [layer, *(inner for one in getattr(layer, "sublayers", ()) for inner in _within(one))]


class Operation:
    """One call of a function of konv.ops on tensors, as Keras writes it: the name of its class, and its options.

    `lowering(builder, places)` appends its operations to a graph, `again` is the function with its options.
    """

    is_modal = False
    output: "Tensor"

    def __init__(self, class_name: str, module: str, config: dict[str, Any], lowering: Callable[..., int],
                 again: Callable[..., Any]) -> None:
        self.class_name, self.module, self.config = class_name, f"keras.src.ops.{module}", config
        self.name = snake_case(class_name) if is_tracing() else auto_name(snake_case(class_name))
        self.lowering, self.again = lowering, again
        self._tracing = TracingState()

    @property
    def title(self) -> str:
        return f'{self.class_name} "{self.name}"'

    def lower_call(self, builder: GraphBuilder, inputs: tuple[int, ...], call: Call) -> tuple[int]:
        return (self.lowering(builder, inputs, self.name),)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The same on other tensors."""
        return self.again(*args, **kwargs)


class Source:
    """Where a value enters a trace."""

    def __init__(self, name: str) -> None:
        self.name = self.title = name


class Tensor(Operators):
    """A value that is not computed yet: what `Input` returns and a layer called on it returns.

    `shape` has the batch axis first, unknown sizes are None. `layer` made it from `inputs`. A batch size that `Input`
    was given is for show, as in Keras: it is printed and written, and any number of samples can be fed.
    A weight is a tensor without a batch: then `batched` is False. In a loss, `reduced` says that it is made of sums or
    the like over the batch, and `merged` that the axes of all samples have become one.
    """

    sparse = ragged = False  # which konv does not have; programs for Keras ask
    __array_priority__ = 1000  # a NumPy array on the left leaves + and the like to this class

    def __init__(self, shape: Shape, layer: Any, inputs: "tuple[Tensor, ...]" = (), dtype: str = "float32", *,
                 call: Call | None = None, batched: bool = True, reduced: bool = False, merged: bool = False) -> None:
        batch: int | None = inputs[0].shape[0] if inputs and inputs[0].batched else getattr(layer, "batch_size", None)
        self.sample, self.batched, self.dtype = tuple(shape), batched, dtype
        self.shape: tuple[int | None, ...] = (None,) if merged else (batch, *shape) if batched else tuple(shape)
        self.reduced, self.merged = reduced, merged
        self.call = Call(layer, inputs) if call is None else call
        self.call.outputs.append(self)

    @property
    def layer(self) -> Any:
        return self.call.layer

    @property
    def inputs(self) -> "tuple[Tensor, ...]":
        return self.call.inputs

    @property
    def place(self) -> int:
        """Which output of its call it is."""
        return next(place for place, output in enumerate(self.call.outputs) if output is self)

    @property
    def name(self) -> str:
        return self.layer.name

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<Tensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __getattr__(self, name: str) -> Any:
        hint = "it has no numbers yet; call the model on an array, or use predict" if name == "numpy" else (
            f"use konv.ops.{name}(x)" if _is_function(name) else "")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint and f'; {hint}'}")

    # --- Python that would need the numbers -------------------------------------------------------

    def _refuse(self, what: str, instead: str) -> UnsupportedError:
        return UnsupportedError(
            f"{what} of {self!r} is not known yet: `call`, and a loss, run once without data to find the operations, so "
            f"Python cannot depend on the numbers; {instead}")

    def __bool__(self) -> bool:
        raise self._refuse("the truth", "in place of `if` use konv.ops.where, konv.ops.maximum or konv.ops.relu")

    def __float__(self) -> float:
        raise self._refuse("the number", "go on with konv.ops, which takes tensors")

    def __int__(self) -> int:
        raise self._refuse("the number", "go on with konv.ops, which takes tensors")

    __index__ = __int__

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise self._refuse("the array", "use the function of konv.ops in place of that of NumPy")

    def __len__(self) -> int:
        raise self._refuse("the length", "its sizes are in .shape, None where they are open")

    def __iter__(self) -> Any:
        raise self._refuse("the sequence", "take parts by [:, index] or konv.ops, a loop over range(x.shape[1])")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs and ufunc.__name__ in _UFUNCS and len(inputs) == 2:  # array + tensor
            return operator(_UFUNCS[ufunc.__name__])(*inputs)
        raise self._refuse(f"np.{ufunc.__name__}", f"use konv.ops.{ufunc.__name__}")

    # --- operators --------------------------------------------------------------------------------

    def __eq__(self, other: object) -> Any:
        return operator("equal")(self, other) if is_tracing() else self is other

    def __ne__(self, other: object) -> Any:
        return operator("not_equal")(self, other) if is_tracing() else self is not other

    __hash__ = object.__hash__


def is_keras_tensor(x: Any) -> bool:
    """Whether x is a symbolic tensor, as `Input` gives one, and no array.

    >>> import numpy
    >>> is_keras_tensor(numpy.zeros(3))
    False
    """
    return isinstance(x, Tensor)


def _is_function(name: str) -> bool:
    """Whether konv.ops has a function of that name."""
    return not name.startswith("_") and name in dir(late("ops"))


_UFUNCS = {name: name for name in ("add", "subtract", "multiply", "power", "matmul", "maximum", "minimum", "equal", "not_equal",
                                   "greater", "greater_equal", "less", "less_equal")} | {"divide": "true_divide"}
