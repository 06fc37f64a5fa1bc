"""What weights and symbolic tensors have in common: while a `call` is traced neither has elements, and what Python's operators
do with them is done by konv.ops.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from konv.late import late

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


class Operators:
    """Python's operators, by way of konv.ops."""

    __add__, __radd__ = operator("add"), operator("add", swapped=True)
    __sub__, __rsub__ = operator("subtract"), operator("subtract", swapped=True)
    __mul__, __rmul__ = operator("multiply"), operator("multiply", swapped=True)
    __truediv__, __rtruediv__ = operator("true_divide"), operator("true_divide", swapped=True)
    __pow__, __rpow__ = operator("power"), operator("power", swapped=True)
    __matmul__, __rmatmul__ = operator("matmul"), operator("matmul", swapped=True)
    __neg__, __abs__, __getitem__ = operator("negative"), operator("absolute"), operator("get_item")
    __gt__, __ge__, __lt__, __le__ = operator("greater"), operator("greater_equal"), operator("less"), operator("less_equal")
    __and__, __or__, __invert__ = operator("logical_and"), operator("logical_or"), operator("logical_not")
