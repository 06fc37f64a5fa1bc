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
    """The nearest integers, or decimals; halves go to the even one.

    Args:
        decimals: how many digits behind the point stay.
    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> round([0.5, 1.7]).tolist()
    [0.0, 2.0]
    """
    return np.round(numbers(x, "round"), decimals)


@_arrays_only(NO_SLOPE)
def floor(x: Any) -> np.ndarray:
    """The largest integers that are not above x.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> floor([1.7]).tolist()
    [1.0]
    """
    return np.floor(numbers(x, "floor"))


@_arrays_only(NO_SLOPE)
def ceil(x: Any) -> np.ndarray:
    """The smallest integers that are not below x.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> ceil([1.2]).tolist()
    [2.0]
    """
    return np.ceil(numbers(x, "ceil"))


@_arrays_only(NO_SLOPE)
def floor_divide(x1: Any, x2: Any) -> np.ndarray:
    """The quotient of x1 and x2, rounded down.

    Shape:
        x1, x2 of shapes that broadcast -> their common shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> floor_divide([7.0], 2.0).tolist()
    [3.0]
    """
    return _narrow(np.floor_divide(x1, x2))


@_arrays_only(NO_SLOPE)
def mod(x1: Any, x2: Any) -> np.ndarray:
    """The remainder of x1 divided by x2, with the sign of x2.

    Shape:
        x1, x2 of shapes that broadcast -> their common shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> mod([7.0], 2.0).tolist()
    [1.0]
    """
    return _narrow(np.mod(x1, x2))


@_arrays_only("use konv.ops.min over konv.ops.cast of the condition")
def all(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:  # noqa: A001 (the name in keras.ops)
    """Whether all elements along the axes are true.

    Args:
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> bool(all([True, False]))
    False
    """
    return np.all(np.asarray(x), axis=axis, keepdims=keepdims)


@_arrays_only("use konv.ops.max over konv.ops.cast of the condition")
def any(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:  # noqa: A001 (the name in keras.ops)
    """Whether any element along the axes is true.

    Args:
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> bool(any([True, False]))
    True
    """
    return np.any(np.asarray(x), axis=axis, keepdims=keepdims)


@_arrays_only("use konv.ops.not_equal(x, x)")
def isnan(x: Any) -> np.ndarray:
    """Where x is not a number.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> isnan([float("nan"), 1.0]).tolist()
    [True, False]
    """
    return np.isnan(numbers(x, "isnan"))


@_arrays_only("use konv.ops.less(konv.ops.abs(x), 1e38)")
def isfinite(x: Any) -> np.ndarray:
    """Where x is neither infinite nor nan.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> isfinite([float("inf"), 1.0]).tolist()
    [False, True]
    """
    return np.isfinite(numbers(x, "isfinite"))


@_arrays_only("use konv.ops.greater(konv.ops.abs(x), 1e38)")
def isinf(x: Any) -> np.ndarray:
    """Where x is infinite.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> isinf([float("inf"), 1.0]).tolist()
    [True, False]
    """
    return np.isinf(numbers(x, "isinf"))


@_arrays_only(_FORMULA)
def sort(x: Any, axis: int = -1) -> np.ndarray:
    """The elements in ascending order along an axis.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> sort([2.0, 1.0]).tolist()
    [1.0, 2.0]
    """
    return _narrow(np.sort(np.asarray(x), axis))


@_arrays_only(_FORMULA)
def argsort(x: Any, axis: int = -1) -> np.ndarray:
    """The indices, int32, that sort x along an axis; equal elements keep their order.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> argsort([2.0, 1.0]).tolist()
    [1, 0]
    """
    return np.argsort(np.asarray(x), axis, kind="stable").astype(np.int32)


@_arrays_only("use konv.ops.equal(x, konv.ops.min(x, axis, keepdims=True))")
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> np.ndarray:
    """The index of the smallest element, int32.

    Args:
        axis: the axis to search; None searches the flattened array.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> int(argmin([3.0, 1.0, 2.0]))
    1
    """
    return np.asarray(np.argmin(np.asarray(x), axis=axis, keepdims=keepdims), np.int32)


@_arrays_only("use konv.ops.max, or a metric such as TopKCategoricalAccuracy")
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The k largest elements along the last axis, and their indices.

    Args:
        sorted: they come in descending order either way.
    Shape:
        x (..., n) -> values (..., k), indices (..., k) int32.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> [one.tolist() for one in top_k([1.0, 3.0, 2.0], 2)]
    [[3.0, 2.0], [1, 2]]
    """
    x = np.asarray(x)
    places = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return _narrow(np.take_along_axis(x, places, -1)), places.astype(np.int32)


@_arrays_only("use konv.ops.matmul with a triangle of ones")
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> np.ndarray:
    """The cumulative sum along an axis.

    Args:
        axis: the axis to sum along; None sums the flattened array.
    Shape:
        x of any shape -> the same shape, or one axis if `axis` is None.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> cumsum([1.0, 2.0]).tolist()
    [1.0, 3.0]
    """
    return _narrow(np.cumsum(np.asarray(x), axis, dtype))


@_arrays_only(_FORMULA)
def median(x: Any, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> np.ndarray:
    """The median along the axes.

    Args:
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> float(median([1.0, 5.0, 2.0]))
    2.0
    """
    return _narrow(np.median(numbers(x, "median"), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims))


@_arrays_only("use konv.ops.matmul, konv.ops.transpose and konv.ops.sum")
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> np.ndarray:
    """A sum of products in Einstein's notation.

    Args:
        subscripts: the axes of each operand and of the result, such as "ij,jk->ik".
        kwargs: what np.einsum takes.
    Shape:
        one array for each operand of `subscripts` -> the axes behind its arrow.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> float(einsum("i,i->", [1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    return _narrow(np.einsum(subscripts, *(numbers(one, "einsum") for one in operands), **kwargs))


@_arrays_only("it counts places, which a graph cannot work with")
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> np.ndarray:
    """The elements at an array of indices along an axis.

    Args:
        axis: the axis that is indexed; None indexes the flattened array.
    Shape:
        x and indices of the same rank, which broadcast beside `axis` -> the shape of indices.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> take_along_axis([[1.0, 2.0]], [[1]], 1).tolist()
    [[2.0]]
    """
    return _narrow(np.take_along_axis(np.asarray(x), np.asarray(indices), axis))


@_arrays_only('use gelu, or the layer Activation("gelu"), which have it inside')
def erf(x: Any) -> np.ndarray:
    """The error function.

    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: an argument is a tensor of a model.
    Reference:
        Abramowitz & Stegun, "Handbook of Mathematical Functions", 1964, 7.1.1.

    >>> erf([0.0]).tolist()
    [0.0]
    """
    return np.vectorize(_erf, otypes=[np.float32])(numbers(x, "erf"))


@_arrays_only(_FORMULA)
def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements of both arrays are nearly equal: |x1 - x2| <= atol + rtol * |x2|.

    Args:
        rtol, atol: the relative and the absolute tolerance.
        equal_nan: whether nan equals nan.
    Shape:
        x1, x2 of shapes that broadcast -> one bool.
    Raises:
        UnsupportedError: an argument is a tensor of a model.

    >>> bool(allclose([1.0], [1.0 + 1e-7]))
    True
    """
    return np.allclose(numbers(x1, "allclose"), numbers(x2, "allclose"), rtol, atol, equal_nan)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
             axis: int = 0) -> Any:
    """Evenly spaced values from start to stop.

    Args:
        endpoint: whether stop is the last value.
        retstep: whether to return the distance between values as well.
    Shape:
        () -> (num,); of arrays start and stop, num becomes a new axis at `axis`.

    >>> linspace(0, 1, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.linspace(start, stop, num, endpoint, retstep, dtype or np.float32, axis)  # type: ignore[call-overload]


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> np.ndarray:
    """Ones on a diagonal, zeros elsewhere.

    Args:
        N, M: rows and columns; as many columns as rows if M is None.
        k: which diagonal: above the main one if positive, below it if negative.
    Shape:
        () -> (N, M).

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return np.eye(N, M, k, dtype or np.float32)


def array(x: Any, dtype: Any = None) -> np.ndarray:
    """A new array; floating-point values are float32, integers int32, unless dtype says otherwise.

    Shape:
        x of any shape -> the same shape.

    >>> array([1.0]).dtype.name
    'float32'
    """
    return _narrow(np.array(x)) if dtype is None else np.array(x, dtype)
