"""Sums, means, largest and smallest numbers along axes; on arrays and on tensors."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from konv import config
from konv.errors import UnsupportedError
from konv.ir.array_ops import Reduce
from konv.ir.ops import Reshape
from konv.ops.activation_functions import documented
from konv.ops.elementwise import add, exp, log, maximum, minimum, multiply, not_equal, rsqrt, sqrt, square, subtract
from konv.tracing.symbolic import is_symbolic, numbers, operand, over_batch, sample_axes, symbolic
from konv.tracing.tensors import Tensor

Axis = int | Sequence[int] | None


def _reduction(name: str, class_name: str, doc: str, compute: Callable[..., Any], result: str,
               kind: str = "", **noted: None) -> Callable[..., Any]:
    """`result`: what [[1.0, 3.0]] gives, for the docstring; `kind` if it is not the name.

    `noted`: options that Keras writes into files, and that are None here.
    """
    def function(x: Any, axis: Axis = None, keepdims: bool = False, **others: None) -> Any:
        if others.keys() - noted.keys():
            raise TypeError(f"{name}() has no argument {', '.join(others)}")
        if not is_symbolic(x):
            axis = tuple(axis) if isinstance(axis, list) else axis
            return np.asarray(compute(numbers(x, name), axis=axis, keepdims=keepdims), np.float32)
        x = operand(x, name)
        assert isinstance(x, Tensor)
        axes, batch = sample_axes(x, axis, name)
        if x.merged:
            axes = tuple(range(len(x.sample)))
        if axes == () and batch:
            made = x
        else:
            op = Reduce(kind or name, axes, bool(keepdims))
            made = symbolic(function, class_name, [x], lambda emit, place: emit(op, place),
                            {"axis": axis, "keepdims": keepdims} | noted) if axes else x
        if batch:
            made = over_batch(made, kind or name, name)
            if keepdims:
                made = symbolic(function, class_name, [made], lambda emit, place: emit(
                    Reshape((1, *(size or 1 for size in emit.shape(place)))), place))
        return made

    return documented(function, name, doc, f">>> {name}([[1.0, 3.0]], axis=1)\n    array([{result}], dtype=float32)",
                      "x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.")


sum = _reduction("sum", "Sum", "The sum along axes; None is all of them.", np.sum, "4.")  # noqa: A001
mean = _reduction("mean", "Mean", "The mean along axes; None is all of them.", np.mean, "2.")
amax = _reduction("amax", "Amax", "The largest element along axes; None is all of them.", np.max, "3.", "max")
amin = _reduction("amin", "Amin", "The smallest element along axes; None is all of them.", np.min, "1.", "min")
_max = _reduction("max", "Max", "", np.max, "3.", initial=None)
_min = _reduction("min", "Min", "", np.min, "1.", initial=None)


def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: float | None = None) -> Any:  # noqa: A001
    """The largest element along the axes, or `initial` if that is larger.

    Args:
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
        initial: the least result.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.

    >>> max([[1.0, 3.0]], axis=1, initial=4.0)
    array([4.], dtype=float32)
    """
    made = _max(x, axis, keepdims)
    return made if initial is None else maximum(made, initial)


def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: float | None = None) -> Any:  # noqa: A001
    """The smallest element along the axes, or `initial` if that is smaller.

    Args:
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
        initial: the greatest result.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.

    >>> min([[1.0, 3.0]], axis=1, initial=0.0)
    array([0.], dtype=float32)
    """
    made = _min(x, axis, keepdims)
    return made if initial is None else minimum(made, initial)


def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The variance along the axes: the mean squared distance from the mean.

    Args:
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.

    >>> var([1.0, 3.0])
    array(1., dtype=float32)
    """
    if not is_symbolic(x):
        return np.asarray(numbers(x, "var").var(axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims))
    return mean(square(subtract(x, mean(x, axis, True))), axis, keepdims)


def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The standard deviation along the axes: the square root of the variance.

    Args:
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.

    >>> std([1.0, 3.0])
    array(1., dtype=float32)
    """
    return sqrt(var(x, axis, keepdims))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) along the axes, without overflow.

    Args:
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.

    >>> logsumexp([0.0, 0.0]).round(4)
    np.float32(0.6931)
    """
    largest = max(x, axis, True)
    result = add(log(sum(exp(subtract(x, largest)), axis, True)), largest)
    return result if keepdims else sum(result, axis)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> np.ndarray:
    """The index of the largest element, int32; of arrays alone, since it has no gradient.

    Args:
        axis: the axis to search; None searches the flattened array.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.
    Raises:
        UnsupportedError: x is a tensor of a model.

    >>> int(argmax([1.0, 3.0, 2.0]))
    1
    """
    if is_symbolic(x):
        raise UnsupportedError("argmax: gives places, which a graph cannot work with; use "
                               "konv.ops.equal(x, konv.ops.max(x, axis, keepdims=True))")
    return np.asarray(np.argmax(numbers(x, "argmax"), axis=axis, keepdims=keepdims), np.int32)


def count_nonzero(x: Any, axis: Axis = None) -> Any:
    """How many elements along the axes are not 0.

    Args:
        axis: one axis or several; None is all of them.
    Shape:
        x of any shape -> its shape without the axes.

    >>> int(count_nonzero([0.0, 2.0]))
    1
    """
    return sum(not_equal(x, 0.0), axis)


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """The Euclidean norm along the axes: the square root of the sum of squares.

    Args:
        ord: None, 2, "euclidean" or "fro", which all mean this norm.
        axis: one axis or several; None is all of them.
        keepdims: whether the axes stay, with size 1.
    Shape:
        x of any shape -> its shape without the axes, or with 1 in their place if `keepdims`.
    Raises:
        UnsupportedError: another norm is asked for.

    >>> norm([3.0, 4.0])
    array(5., dtype=float32)
    """
    if ord not in (None, 2, "euclidean", "fro"):
        raise UnsupportedError(f"norm: ord={ord!r} is not supported; the one there is is 2")
    return sqrt(sum(square(x), axis, keepdims))


def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """x divided by its Euclidean norm along an axis, or by epsilon where that is larger.

    Args:
        order: 2, the one norm there is.
        epsilon: the least divisor; config.epsilon() if None.
    Shape:
        x of any shape -> the same shape.
    Raises:
        UnsupportedError: order is not 2.

    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]], dtype=float32)
    """
    if order != 2:
        raise UnsupportedError(f"normalize: order={order!r} is not supported; the one there is is 2")
    least = config.epsilon() if epsilon is None else epsilon
    # compared before the root is taken, whose slope at 0 is infinite
    return multiply(x, rsqrt(maximum(sum(square(x), axis, True), least * least)))
