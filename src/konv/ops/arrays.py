"""Functions of keras.ops that a graph cannot have, on arrays: for metrics, data and results. Types are those of Keras."""

from collections.abc import Callable, Sequence
from functools import wraps
from math import erf as _erf
from typing import Any

import numpy as np

from konv.errors import UnsupportedError
from konv.tracing.symbolic import is_symbolic, numbers

NO_SLOPE = "it has no gradient"


def _arrays_only(instead: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: an error for tensors that says what to use instead; results in the types of Keras."""

    def decorator(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> np.ndarray:
            if is_symbolic(args, kwargs):
                raise UnsupportedError(f"{function.__name__}: is for arrays, not for the tensors of a model; {instead}")
            return function(*args, **kwargs)

        return call

    return decorator


def _narrow(array: Any) -> np.ndarray:
    """float32 and int32 in place of the wide types of NumPy."""
    array = np.asarray(array)
    return array.astype({"float64": "float32", "int64": "int32"}.get(array.dtype.name, array.dtype), copy=False)


_FORMULA = "build what you need from sums, products, konv.ops.maximum and comparisons"


@_arrays_only(NO_SLOPE)
def round(x: Any, decimals: int = 0) -> np.ndarray:  # noqa: A001 (the name in keras.ops)
    """The nearest whole numbers, halves to the even one.

    >>> round([0.5, 1.7]).tolist()
    [0.0, 2.0]
    """
    return np.round(numbers(x, "round"), decimals)


@_arrays_only(NO_SLOPE)
def floor(x: Any) -> np.ndarray:
    """The next whole numbers below.

    >>> floor([1.7]).tolist()
    [1.0]
    """
    return np.floor(numbers(x, "floor"))


@_arrays_only(NO_SLOPE)
def ceil(x: Any) -> np.ndarray:
    """The next whole numbers above.

    >>> ceil([1.2]).tolist()
    [2.0]
    """
    return np.ceil(numbers(x, "ceil"))


@_arrays_only(NO_SLOPE)
def floor_divide(x1: Any, x2: Any) -> np.ndarray:
    """How often x2 goes into x1.

    >>> floor_divide([7.0], 2.0).tolist()
    [3.0]
    """
    return _narrow(np.floor_divide(x1, x2))


@_arrays_only(NO_SLOPE)
def mod(x1: Any, x2: Any) -> np.ndarray:
    """What is left over when x1 is divided by x2.

    >>> mod([7.0], 2.0).tolist()
    [1.0]
    """
    return _narrow(np.mod(x1, x2))


@_arrays_only("use konv.ops.min over konv.ops.cast of the condition")
def all(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:  # noqa: A001 (the name in keras.ops)
    """Whether all are true along axes.

    >>> bool(all([True, False]))
    False
    """
    return np.all(np.asarray(x), axis=axis, keepdims=keepdims)


@_arrays_only("use konv.ops.max over konv.ops.cast of the condition")
def any(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:  # noqa: A001 (the name in keras.ops)
    """Whether any is true along axes.

    >>> bool(any([True, False]))
    True
    """
    return np.any(np.asarray(x), axis=axis, keepdims=keepdims)


@_arrays_only("use konv.ops.not_equal(x, x)")
def isnan(x: Any) -> np.ndarray:
    """Where x is not a number.

    >>> isnan([float("nan"), 1.0]).tolist()
    [True, False]
    """
    return np.isnan(numbers(x, "isnan"))


@_arrays_only("use konv.ops.less(konv.ops.abs(x), 1e38)")
def isfinite(x: Any) -> np.ndarray:
    """Where x is neither infinite nor not a number.

    >>> isfinite([float("inf"), 1.0]).tolist()
    [False, True]
    """
    return np.isfinite(numbers(x, "isfinite"))


@_arrays_only("use konv.ops.greater(konv.ops.abs(x), 1e38)")
def isinf(x: Any) -> np.ndarray:
    """Where x is infinite.

    >>> isinf([float("inf"), 1.0]).tolist()
    [True, False]
    """
    return np.isinf(numbers(x, "isinf"))


@_arrays_only(_FORMULA)
def sort(x: Any, axis: int = -1) -> np.ndarray:
    """In rising order along an axis.

    >>> sort([2.0, 1.0]).tolist()
    [1.0, 2.0]
    """
    return _narrow(np.sort(np.asarray(x), axis))


@_arrays_only(_FORMULA)
def argsort(x: Any, axis: int = -1) -> np.ndarray:
    """The places that the numbers of the sorted array have here, int32.

    >>> argsort([2.0, 1.0]).tolist()
    [1, 0]
    """
    return np.argsort(np.asarray(x), axis, kind="stable").astype(np.int32)


@_arrays_only("use konv.ops.equal(x, konv.ops.min(x, axis, keepdims=True))")
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> np.ndarray:
    """The place of the smallest number, int32.

    >>> int(argmin([3.0, 1.0, 2.0]))
    1
    """
    return np.asarray(np.argmin(np.asarray(x), axis=axis, keepdims=keepdims), np.int32)


@_arrays_only("use konv.ops.max, or a metric such as TopKCategoricalAccuracy")
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The k largest numbers along the last axis, and their places.

    >>> [one.tolist() for one in top_k([1.0, 3.0, 2.0], 2)]
    [[3.0, 2.0], [1, 2]]
    """
    x = np.asarray(x)
    places = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return _narrow(np.take_along_axis(x, places, -1)), places.astype(np.int32)


@_arrays_only("use konv.ops.matmul with a triangle of ones")
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> np.ndarray:
    """The sums of the first numbers along an axis.

    >>> cumsum([1.0, 2.0]).tolist()
    [1.0, 3.0]
    """
    return _narrow(np.cumsum(np.asarray(x), axis, dtype))


@_arrays_only(_FORMULA)
def median(x: Any, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> np.ndarray:
    """The number in the middle along axes.

    >>> float(median([1.0, 5.0, 2.0]))
    2.0
    """
    return _narrow(np.median(numbers(x, "median"), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims))


@_arrays_only("use konv.ops.matmul, konv.ops.transpose and konv.ops.sum")
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> np.ndarray:
    """Sums of products by Einstein's notation.

    >>> float(einsum("i,i->", [1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    return _narrow(np.einsum(subscripts, *(numbers(one, "einsum") for one in operands), **kwargs))


@_arrays_only("it counts places, which a graph cannot work with")
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> np.ndarray:
    """The number at the place that an array of places says, along an axis.

    >>> take_along_axis([[1.0, 2.0]], [[1]], 1).tolist()
    [[2.0]]
    """
    return _narrow(np.take_along_axis(np.asarray(x), np.asarray(indices), axis))


@_arrays_only('use gelu, or the layer Activation("gelu"), which have it inside')
def erf(x: Any) -> np.ndarray:
    """The error function.

    >>> erf([0.0]).tolist()
    [0.0]
    """
    return np.vectorize(_erf, otypes=[np.float32])(numbers(x, "erf"))


@_arrays_only(_FORMULA)
def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all numbers of both are nearly the same.

    >>> bool(allclose([1.0], [1.0 + 1e-7]))
    True
    """
    return np.allclose(numbers(x1, "allclose"), numbers(x2, "allclose"), rtol, atol, equal_nan)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
             axis: int = 0) -> Any:
    """So many numbers from start to stop, as far from each other.

    >>> linspace(0, 1, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.linspace(start, stop, num, endpoint, retstep, dtype or np.float32, axis)  # type: ignore[call-overload]


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> np.ndarray:
    """Ones on a diagonal, zeros beside it.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return np.eye(N, M, k, dtype or np.float32)


def array(x: Any, dtype: Any = None) -> np.ndarray:
    """An array; floating point numbers are float32.

    >>> array([1.0]).dtype.name
    'float32'
    """
    return _narrow(np.array(x)) if dtype is None else np.array(x, dtype)
