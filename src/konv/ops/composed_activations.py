"""Activations that are made of other operations; konv.activations has them too."""

from typing import Any

from konv.errors import ShapeError
from konv.ops import elementwise as e
from konv.ops.reductions import sum as total
from konv.ops.shapes import expand_dims, get_item, swapaxes
from konv.tracing.symbolic import composed


@composed("Celu")
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x above zero, alpha * (exp(x / alpha) - 1) below.

    Shape:
        x of any shape -> the same shape.
    Reference:
        Barron, "Continuously differentiable exponential linear units", 2017.

    >>> celu([-1.0, 2.0], 2.0).round(3)
    array([-0.787,  2.   ], dtype=float32)
    """
    return e.maximum(x, 0.0) + alpha * e.expm1(e.minimum(x, 0.0) / alpha)


@composed("Glu")
def glu(x: Any, axis: int = -1) -> Any:
    """Gated linear unit: the first half along an axis times the sigmoid of the second.

    Shape:
        x (..., 2 n, ...) -> (..., n, ...).
    Raises:
        ShapeError: the axis does not exist, or its size is odd.
    Reference:
        Dauphin et al., "Language modeling with gated convolutional networks", 2017.

    >>> glu([[3.0, 0.0]])
    array([[1.5]], dtype=float32)
    """
    rank = len(x.shape)
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise ShapeError(f"glu: axis={axis!r} does not exist in {tuple(x.shape)}")
    size = x.shape[axis]
    if size is None or size % 2:
        raise ShapeError(f"glu: axis {axis} of {tuple(x.shape)} must have an even size, to be halved")
    before = (slice(None),) * (axis % rank)
    return get_item(x, (*before, slice(0, size // 2))) * e.sigmoid(get_item(x, (*before, slice(size // 2, size))))


@composed("HardShrink")
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x, but 0 between -threshold and threshold.

    Shape:
        x of any shape -> the same shape.

    >>> hard_shrink([-1.0, 0.2])
    array([-1., 0.], dtype=float32)
    """
    return e.where(e.greater(e.absolute(x), threshold), x, 0.0)


@composed("HardTanh")
def hard_tanh(x: Any) -> Any:
    """x, clipped to -1 to 1.

    Shape:
        x of any shape -> the same shape.

    >>> hard_tanh([-3.0, 0.5])
    array([-1. , 0.5], dtype=float32)
    """
    return e.clip(x, -1.0, 1.0)


@composed("LogSigmoid")
def log_sigmoid(x: Any) -> Any:
    """The logarithm of the sigmoid.

    Shape:
        x of any shape -> the same shape.

    >>> log_sigmoid([0.0]).round(3)
    array([-0.693], dtype=float32)
    """
    return -e.softplus(-x)


@composed("SoftShrink")
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x, moved towards 0 by the threshold and no further.

    Shape:
        x of any shape -> the same shape.

    >>> soft_shrink([-1.0, 0.2])
    array([-0.5, 0. ], dtype=float32)
    """
    return x - e.clip(x, -threshold, threshold)


@composed("SparsePlus")
def sparse_plus(x: Any) -> Any:
    """0 below -1, (x + 1)^2 / 4 between -1 and 1, x above.

    Shape:
        x of any shape -> the same shape.

    >>> sparse_plus([-2.0, 0.0, 3.0])
    array([0. , 0.25, 3. ], dtype=float32)
    """
    bent: Any = e.clip(x, -1.0, 1.0)
    return e.square(bent + 1.0) * 0.25 + e.maximum(x - 1.0, 0.0)


@composed("SparseSigmoid")
def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2, clipped to 0 to 1.

    Shape:
        x of any shape -> the same shape.

    >>> sparse_sigmoid([-2.0, 0.0])
    array([0. , 0.5], dtype=float32)
    """
    return e.clip(x * 0.5 + 0.5, 0.0, 1.0)


@composed("Sparsemax")
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point nearest to x whose elements along an axis are not negative and sum to 1.

    Keras 3.15 gives the same only where one element stays above 0: it adds up sums that the paper does not.

    Shape:
        x of any shape -> the same shape.
    Reference:
        Martins & Astudillo, "From softmax to sparsemax", 2016.

    >>> sparsemax([[1.0, 1.5, -3.0]])
    array([[0.25, 0.75, 0.  ]], dtype=float32)
    """
    if axis not in (-1, len(x.shape) - 1):
        return swapaxes(sparsemax(swapaxes(x, axis, -1)), axis, -1)
    # A number is above zero there if 1 + the sum of (it - all larger ones) is: pairs in place of the sorting of the paper.
    larger: Any = e.maximum(e.subtract(expand_dims(x, -2), expand_dims(x, -1)), 0.0)
    kept: Any = e.where(e.less(total(larger, -1), 1.0), 1.0, 0.0)
    surplus = (total(kept * x, -1, keepdims=True) - 1.0) / total(kept, -1, keepdims=True)
    return e.maximum(x - surplus, 0.0)


@composed("Squareplus")
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x^2 + b)) / 2, a smooth relu.

    Args:
        b: how round it is at 0.
    Shape:
        x of any shape -> the same shape.
    Reference:
        Barron, "Squareplus: a softplus-like algebraic rectifier", 2021.

    >>> squareplus([0.0])
    array([1.], dtype=float32)
    """
    return (x + e.sqrt(e.square(x) + float(b))) * 0.5


@composed("TanhShrink")
def tanh_shrink(x: Any) -> Any:
    """x - tanh(x).

    Shape:
        x of any shape -> the same shape.

    >>> tanh_shrink([0.0])
    array([0.], dtype=float32)
    """
    return x - e.tanh(x)


@composed("Threshold")
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x above the threshold, elsewhere the default value.

    Shape:
        x of any shape -> the same shape.

    >>> threshold([-1.0, 2.0], 0.0, 9.0)
    array([9., 2.], dtype=float32)
    """
    return e.where(e.greater(x, threshold), x, default_value)
