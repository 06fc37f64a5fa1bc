"""What weights and symbolic tensors have in common: while a `call` is traced neither has elements, and what Python's operators
do with them is done by konv.ops.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from konv.late import late

Class = TypeVar("Class", bound=type)
_tracing: ContextVar[str] = ContextVar("tracing", default="")
_inputs: ContextVar[Sequence[Any]] = ContextVar("inputs", default=())


def is_tracing(what: str = "") -> bool:
    """Whether the `call` of a layer, a model or a loss is being traced, not a functional model; or that of a "loss"."""
    return bool(_tracing.get()) and what in ("", _tracing.get())


def traced_inputs() -> Sequence[Any]:
    """The symbolic tensors that enter the `call` that is being traced."""
    return _inputs.get()


@contextmanager
def tracing(what: str = "call", inputs: Sequence[Any] = ()) -> Generator[None, None, None]:
    """While a `call` is traced: what is called in it is not part of a functional model."""
    token, before = _tracing.set(what), _inputs.set(inputs)
    try:
        yield
    finally:
        _tracing.reset(token)
        _inputs.reset(before)


def operator(name: str, swapped: bool = False) -> Callable[..., Any]:
    """A method that calls the function of konv.ops of that name."""

    def method(self: Any, *others: Any) -> Any:
        function = getattr(late("ops"), name)
        return function(*others, self) if swapped else function(self, *others)

    return method


_PAIRS = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "pow": "power", "matmul": "matmul"}
_OTHERS = {"neg": "negative", "abs": "absolute", "getitem": "get_item", "gt": "greater", "ge": "greater_equal", "lt": "less",
           "le": "less_equal", "and": "logical_and", "or": "logical_or", "invert": "logical_not"}


def with_operators(cls: Class) -> Class:
    """Give a class the operators of Python, by way of konv.ops."""
    for name, function in _PAIRS.items():
        setattr(cls, f"__{name}__", operator(function))
        setattr(cls, f"__r{name}__", operator(function, swapped=True))
    for name, function in _OTHERS.items():
        setattr(cls, f"__{name}__", operator(function))
    return cls
