"""Activation functions on arrays, whose type of float they keep, and on tensors; konv.activations gives them names.

The functions without arguments come from the records of konv.ir.scalar_functions.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, wraps
from math import inf
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import UnsupportedError
from konv.ir.ops import Activation, Op, Softmax
from konv.ir.scalar_functions import SCALAR_FUNCTIONS
from konv.kernels import numpy_math, reference
from konv.plan.contracts import Region
from konv.tracing.symbolic import is_symbolic, numbers, operand, sample_axis, symbolic


def apply(op: Op, x: Any, function: Callable[..., Any] | None = None, **config: Any) -> Any:
    """The operation on a whole array, batch axis included, by the formula that defines it; or on a tensor of a graph.

    `function` with the options `config` is what it was called by.
    """
    if function is not None and is_symbolic(x):
        return _on_tensor(op, x, function, config)
    x = to_array(x, "activations")
    x = x if x.dtype.kind == "f" else x.astype(np.float32)
    if isinstance(op, Softmax):
        rows = np.ascontiguousarray(np.moveaxis(x, op.axis, -1))
        image, result = (array.reshape(-1, 1, 1, rows.shape[-1]) for array in (rows, np.empty_like(rows)))
        whole = Region(0, 0, 1, 1)
        reference.softmax(image, result, whole, whole, op.log)
        return np.moveaxis(result.reshape(rows.shape), -1, op.axis)
    assert isinstance(op, Activation)
    values = numpy_math.value(op.name, x, *op.function.bind(op.constants))
    return np.asarray(values, x.dtype) + x.dtype.type(0)  # -0.0 becomes 0.0


def _on_tensor(op: Op, x: Any, function: Callable[..., Any], config: dict[str, Any]) -> Any:
    name = {"exponential": "Exp"}.get(function.__name__) or "".join(map(str.capitalize, function.__name__.split("_")))
    if isinstance(op, Softmax):
        x = operand(x, function.__name__)
        op = replace(op, axis=sample_axis(x, op.axis, function.__name__))  # type: ignore[arg-type]
    return symbolic(function, name, [x], lambda emit, place: emit(op, place), config,
                    "numpy" if name in ("Exp", "Tanh") else "nn")


def documented(function: Callable[..., Any], name: str, doc: str, example: str = "",
               shape: str = "x of any shape -> the same shape.") -> Callable[..., Any]:
    """The function, which has been made by another, with its name and docstring; `doc` may hold the example itself."""
    summary, _, held = doc.partition("\n\n")
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{summary}\n\n    Shape:\n        {shape}\n\n    {held.strip() or example}\n    "
    return function


@cache
def scalar_function(name: str) -> Callable[[Any], Any]:
    """The function without arguments of this name, on arrays and tensors."""

    def function(x: Any) -> Any:
        return apply(Activation(name), x, function)

    return documented(function, name, SCALAR_FUNCTIONS[name].doc)


def of_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as konv.ops has it: what is not a tensor becomes an array of float32."""

    @wraps(function)
    def wrapper(x: Any, *args: Any, **kwargs: Any) -> Any:
        return function(x if is_symbolic(x) else numbers(x, function.__name__), *args, **kwargs)

    return wrapper


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> np.ndarray:
    """max(x, 0); or capped at `max_value`, with a gradient of `negative_slope` below `threshold`.

    Args:
        negative_slope: gradient below the threshold.
        max_value: the largest result; None is no limit.
        threshold: where the function begins to rise; below it x counts from there.
    Shape:
        x of any shape -> the same shape.

    >>> relu([-1.0, 2.0])
    array([0., 2.])
    """
    return apply(relu_op(max_value, negative_slope, threshold), x, relu,
                 **_given(negative_slope=negative_slope, max_value=max_value, threshold=threshold))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> np.ndarray:
    """x above zero, negative_slope * x below.

    Shape:
        x of any shape -> the same shape.
    Reference:
        Maas et al., "Rectifier nonlinearities improve neural network acoustic models", 2013.

    >>> leaky_relu([-1.0, 2.0])
    array([-0.2, 2. ])
    """
    return apply(relu_op(None, negative_slope), x, leaky_relu, negative_slope=negative_slope)


def relu6(x: Any) -> np.ndarray:
    """min(max(x, 0), 6).

    Shape:
        x of any shape -> the same shape.
    Reference:
        Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.

    >>> relu6([-1.0, 8.0])
    array([0., 6.])
    """
    return apply(relu_op(6.0), x, relu6)


def elu(x: Any, alpha: float = 1.0) -> np.ndarray:
    """x above zero, alpha * (exp(x) - 1) below.

    Shape:
        x of any shape -> the same shape.
    Reference:
        Clevert et al., "Fast and accurate deep network learning by exponential linear units", 2016.

    >>> elu([-1.0, 2.0]).round(3)
    array([-0.632, 2. ])
    """
    return apply(Activation("elu", (float(alpha),)), x, elu, alpha=alpha)


def gelu(x: Any, approximate: bool = False) -> np.ndarray:
    """x times the probability that a standard normal value is below x.

    Args:
        approximate: whether to compute it by way of tanh.
    Shape:
        x of any shape -> the same shape.
    Reference:
        Hendrycks & Gimpel, "Gaussian error linear units", 2016.

    >>> gelu([-1.0, 2.0]).round(3)
    array([-0.159, 1.954])
    """
    return apply(Activation("gelu", (float(approximate),)), x, gelu, approximate=approximate)


def softmax(x: Any, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """exp(x) / sum(exp(x)) along an axis; of an array also along several.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: several axes of a tensor are given.

    >>> softmax([0.0, 0.0])
    array([0.5, 0.5])
    """
    if isinstance(axis, (tuple, list)):
        return _along(softmax, x, axis)
    return apply(Softmax(axis), x, softmax, axis=axis)


def log_softmax(x: Any, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """The logarithm of softmax(x), without overflow.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: several axes of a tensor are given.

    >>> log_softmax([0.0, 0.0]).round(3)
    array([-0.693, -0.693])
    """
    if isinstance(axis, (tuple, list)):
        return _along(log_softmax, x, axis)
    return apply(Softmax(axis, log=True), x, log_softmax, axis=axis)


def _along(function: Callable[..., Any], x: Any, axes: Sequence[int]) -> np.ndarray:
    """A function along one axis along several of an array, which become one."""
    if is_symbolic(x):
        raise UnsupportedError(f"{function.__name__}: axis={axes!r}: several axes of a tensor are not supported; reshape it")
    x = to_array(x, "activations")
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    made = function(moved.reshape(*moved.shape[:x.ndim - len(axes)], -1))
    return np.moveaxis(made.reshape(moved.shape), last, axes)


def _given(**options: Any) -> dict[str, Any]:
    """The options that are not left at nothing."""
    return {name: value for name, value in options.items() if value}


def relu_op(max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0) -> Activation:
    """The operation of a relu with these arguments; the plain one has no constants.

    >>> relu_op(6.0)
    Activation(name='relu', constants=(6.0, 0.0, 0.0))
    """
    constants = (inf if max_value is None else float(max_value), float(negative_slope), float(threshold))
    return Activation("relu", () if constants == (inf, 0.0, 0.0) else constants)
