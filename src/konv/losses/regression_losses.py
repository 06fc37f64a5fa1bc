"""Losses for measured targets, for counts, and for directions."""

from math import log
from typing import Any

import numpy as np

from konv import ops
from konv.config import epsilon
from konv.losses.base import Array, Parts, Reduction
from konv.losses.wrapper import LossFunctionWrapper, loss_function


def _squared(t: Array, p: Array, gradient: bool) -> Parts:
    d = p - t
    values = np.mean(d * d, axis=-1)
    return Parts(values, np.multiply(d, 2.0 / d.shape[-1], out=d) if gradient else None)


def _absolute(t: Array, p: Array, gradient: bool) -> Parts:
    d = p - t
    return Parts(np.mean(np.abs(d), axis=-1), np.sign(d) / d.shape[-1] if gradient else None)


@loss_function(fused=_squared)
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((y_true - y_pred)^2) over the last axis.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> mean_squared_error([[0.0, 2.0]], [[1.0, 2.0]])
    array([0.5], dtype=float32)
    """
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


class MeanSquaredError(LossFunctionWrapper):
    """mean((y_true - y_pred)^2).

    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.

    >>> float(MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "mean_squared_error",
                 dtype: Any = None) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


@loss_function(fused=_absolute)
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|y_true - y_pred|) over the last axis.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> mean_absolute_error([[0.0, 2.0]], [[1.0, 2.0]])
    array([0.5], dtype=float32)
    """
    return ops.mean(ops.absolute(y_pred - y_true), axis=-1)


class MeanAbsoluteError(LossFunctionWrapper):
    """mean(|y_true - y_pred|).

    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.

    >>> float(MeanAbsoluteError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "mean_absolute_error",
                 dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


@loss_function()
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 * mean(|y_true - y_pred| / |y_true|) over the last axis, the divisor at least 1e-7.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]])
    array([25.], dtype=float32)
    """
    return 100.0 * ops.mean(ops.absolute((y_pred - y_true) / ops.maximum(ops.absolute(y_true), epsilon())), axis=-1)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """100 * mean(|y_true - y_pred| / |y_true|).

    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.

    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
    25.0
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "mean_absolute_percentage_error",
                 dtype: Any = None) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@loss_function()
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(y_true + 1) - log(y_pred + 1))^2) over the last axis, both at least 1e-7.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> mean_squared_logarithmic_error([[0.0, 1.0]], [[0.0, 1.0]])
    array([0.], dtype=float32)
    """
    wanted, found = (ops.log(ops.maximum(y, epsilon()) + 1.0) for y in (y_true, y_pred))
    return ops.mean(ops.square(found - wanted), axis=-1)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """mean((log(y_true + 1) - log(y_pred + 1))^2).

    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.

    >>> float(MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.0, 1.0]]))
    0.0
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "mean_squared_logarithmic_error",
                 dtype: Any = None) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


@loss_function()
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(y_pred - y_true))) over the last axis: half the square of small errors, the size of large ones.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> log_cosh([[0.0]], [[1.0]]).round(4)
    array([0.4338], dtype=float32)
    """
    d = y_pred - y_true
    return ops.mean(d + ops.softplus(-2.0 * d) - log(2.0), axis=-1)  # without the exponentials of cosh, which overflow


class LogCosh(LossFunctionWrapper):
    """mean(log(cosh(y_pred - y_true))).

    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.

    >>> float(LogCosh()([[0.0]], [[0.0]]))
    0.0
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


@loss_function()
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Squared error / 2 up to a difference of `delta`, growing linearly beyond; mean over the last axis.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.
    Reference:
        Huber, "Robust estimation of a location parameter", 1964.

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]])
    array([1.5], dtype=float32)
    """
    distance = ops.absolute(y_pred - y_true)
    near = ops.minimum(distance, delta)
    return ops.mean(0.5 * ops.square(near) + delta * (distance - near), axis=-1)


class Huber(LossFunctionWrapper):
    """Squared error / 2 up to a difference of `delta`, growing linearly beyond.

    Args:
        delta: the difference beyond which the loss is linear.
    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.
    Reference:
        Huber, "Robust estimation of a location parameter", 1964.

    >>> float(Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
    1.5
    """

    def __init__(self, delta: float = 1.0, reduction: Reduction = "sum_over_batch_size", name: str | None = "huber_loss",
                 dtype: Any = None) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


@loss_function()
def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(y_pred - y_true * log(y_pred + 1e-7)) over the last axis, for counts and their predicted rates.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...); nan where a rate is negative.
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> poisson([[1.0]], [[1.0]])
    array([0.9999999], dtype=float32)
    """
    return ops.mean(y_pred - y_true * ops.log(y_pred + epsilon()), axis=-1)


class Poisson(LossFunctionWrapper):
    """mean(y_pred - y_true * log(y_pred)), for counts and their predicted rates.

    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.

    >>> float(Poisson()([[0.0]], [[2.0]]))
    2.0
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, reduction, name, dtype)


@loss_function()
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """-sum(y_true * y_pred) of vectors scaled to length one: -1 for one direction, 0 at a right angle.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...), vectors lying along `axis`.
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> cosine_similarity([[0.0, 1.0]], [[0.0, 3.0]])
    array([-1.], dtype=float32)
    """
    return -ops.sum(ops.normalize(y_true, axis) * ops.normalize(y_pred, axis), axis=axis)


class CosineSimilarity(LossFunctionWrapper):
    """-sum(y_true * y_pred) of vectors scaled to length one.

    Args:
        axis: along which the vectors lie.
    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(CosineSimilarity()([[0.0, 1.0]], [[0.0, 3.0]]))
    -1.0
    """

    def __init__(self, axis: int = -1, reduction: Reduction = "sum_over_batch_size",
                 name: str | None = "cosine_similarity", dtype: Any = None) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
