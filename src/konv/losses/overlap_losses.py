"""Losses that measure how far predicted regions overlap the true ones."""

from typing import Any

from konv import ops
from konv.config import epsilon
from konv.losses.base import Axis, Reduction
from konv.losses.wrapper import LossFunctionWrapper, loss_function


@loss_function(axis=None)
def dice(y_true: Any, y_pred: Any, axis: Axis = None) -> Any:
    """1 - 2 * overlap / (sum of y_true + sum of y_pred), over the whole batch or over the axes given.

    Shape:
        y_true and y_pred (N, ...) -> one value for all, or an array without the axes given.
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.
    Reference:
        Milletari et al., "V-Net: fully convolutional neural networks for volumetric medical image segmentation", 2016.

    >>> float(dice([[1.0, 0.0]], [[1.0, 0.0]])) < 1e-6
    True
    """
    overlap = ops.sum(y_true * y_pred, axis=axis)
    return 1.0 - 2.0 * overlap / (ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) + epsilon())


class Dice(LossFunctionWrapper):
    """1 - 2 * overlap / (sum of y_true + sum of y_pred), over the whole batch or over the axes given.

    Args:
        axis: what is summed over; all axes, that of the batch too, if None.
    Shape:
        y_true and y_pred (N, ...).
    Reference:
        Milletari et al., "V-Net: fully convolutional neural networks for volumetric medical image segmentation", 2016.

    >>> round(float(Dice()([[1.0, 0.0]], [[0.5, 0.5]])), 4)
    0.5
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "dice", axis: Axis | list[int] = None,
                 dtype: Any = None) -> None:
        super().__init__(dice, reduction, name, dtype, axis=_axes(axis))


@loss_function(axis=None)
def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Any:
    """1 - overlap / (overlap + alpha * missed + beta * wrong), over the whole batch or over the axes given.

    Shape:
        y_true and y_pred (N, ...) -> one value for all, or an array without the axes given.
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.
    Reference:
        Salehi et al., "Tversky loss function for image segmentation using 3D fully convolutional deep networks", 2017.

    >>> float(tversky([[1.0, 0.0]], [[1.0, 0.0]])) < 1e-6
    True
    """
    overlap = ops.sum(y_true * y_pred, axis=axis)
    missed, wrong = ops.sum((1.0 - y_pred) * y_true, axis=axis), ops.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - overlap / (overlap + missed * alpha + wrong * beta + epsilon())


class Tversky(LossFunctionWrapper):
    """1 - overlap / (overlap + alpha * missed + beta * wrong), over the whole batch or over the axes given.

    Args:
        alpha: what counts for what is true and not predicted.
        beta: what counts for what is predicted and not true.
        axis: what is summed over; all axes, that of the batch too, if None.
    Shape:
        y_true and y_pred (N, ...).
    Reference:
        Salehi et al., "Tversky loss function for image segmentation using 3D fully convolutional deep networks", 2017.

    >>> round(float(Tversky()([[1.0, 0.0]], [[0.5, 0.5]])), 4)
    0.5
    """

    def __init__(self, alpha: float = 0.5, beta: float = 0.5, reduction: Reduction = "sum_over_batch_size",
                 name: str | None = "tversky", axis: Axis | list[int] = None, dtype: Any = None) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=_axes(axis))


def _axes(axis: Axis | list[int]) -> Axis:
    """None, one axis or a tuple of them; lists come from files."""
    return tuple(axis) if isinstance(axis, (list, tuple)) else axis
