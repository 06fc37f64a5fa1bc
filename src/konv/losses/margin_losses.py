"""Losses that ask for a margin between right and wrong: hinges, and circles of embeddings."""

from typing import Any

import numpy as np

from konv import ops
from konv.errors import ShapeError
from konv.losses.base import Array, Parts, Reduction, Shape
from konv.losses.targets import same_shape
from konv.losses.wrapper import LossFunctionWrapper, loss_function


def _signs(y_true: Any, shape: Shape, owner: str, **options: Any) -> Array:
    """Targets -1 and 1; where all are 0 and 1, they are taken for classes."""
    targets = same_shape(y_true, shape, owner)
    return 2 * targets - 1 if ((targets == 0) | (targets == 1)).all() else targets


@loss_function(_signs, symbolic=False)
def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true * y_pred, 0)) over the last axis, for targets -1 and 1; 0 and 1 are taken for these.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> hinge([[-1.0, 1.0]], [[0.5, 0.5]])
    array([1.], dtype=float32)
    """
    return ops.mean(ops.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)


class Hinge(LossFunctionWrapper):
    """mean(max(1 - y_true * y_pred, 0)), for targets -1 and 1, or 0 and 1.

    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.

    >>> float(Hinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.0
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, reduction, name, dtype)


@loss_function(_signs, symbolic=False)
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true * y_pred, 0)^2) over the last axis, for targets -1 and 1; 0 and 1 are taken for these.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> squared_hinge([[-1.0, 1.0]], [[0.5, 0.5]])
    array([1.25], dtype=float32)
    """
    return ops.mean(ops.square(ops.maximum(1.0 - y_true * y_pred, 0.0)), axis=-1)


class SquaredHinge(LossFunctionWrapper):
    """mean(max(1 - y_true * y_pred, 0)^2), for targets -1 and 1, or 0 and 1.

    Shape:
        y_true and y_pred (N, ..., D); the mean runs over D.

    >>> float(SquaredHinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.25
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "squared_hinge",
                 dtype: Any = None) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


@loss_function()
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(largest wrong prediction - right prediction + 1, 0) for one-hot rows.

    Shape:
        y_true and y_pred (N, ..., classes) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.75]])
    array([0.75], dtype=float32)
    """
    wrong, right = ops.max((1.0 - y_true) * y_pred, axis=-1), ops.sum(y_true * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class CategoricalHinge(LossFunctionWrapper):
    """max(largest wrong prediction - right prediction + 1, 0), for one-hot rows.

    Shape:
        y_true and y_pred (N, ..., classes).

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.75]]))
    0.75
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "categorical_hinge",
                 dtype: Any = None) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)


# --- circle ---------------------------------------------------------------------------------------------


def _sample_labels(y_true: Any, shape: Shape, owner: str, **options: Any) -> Array:
    labels = np.asarray(y_true)
    if len(shape) != 2 or labels.size != shape[0]:
        raise ShapeError(f"{owner}: needs one integer label per sample and embeddings (N, D), got y of shape {labels.shape} "
                         f"and predictions of shape {shape}")
    return labels.reshape(-1).astype(np.int64)


def _circle(t: Array, p: Array, gradient: bool, ref_labels: Any = None, ref_embeddings: Any = None,
            remove_diagonal: bool = True, gamma: float = 80.0, margin: float = 0.4) -> Parts:
    """By hand, since the loss of each sample depends on all embeddings, which a graph of single samples cannot say."""
    # t (N,), p (N, D), references (M,) and (M, D)
    others = p if ref_embeddings is None else np.asarray(ref_embeddings, np.float32)
    labels = t if ref_labels is None else np.asarray(ref_labels).reshape(-1)
    raw = 1 - p @ others.T
    far = np.maximum(raw, 0)
    same = t[:, None] == labels[None, :]
    positive, negative = same & ~np.eye(*far.shape, dtype=bool) if remove_diagonal else same, ~same
    pull = -gamma * np.maximum(margin + far, 0) * (margin - far)
    push = gamma * np.maximum(1 + margin - far, 0) * (1 - margin - far)
    # log(1 + exp(a + b)) of two sums of exponentials; a sum over nothing makes the loss zero
    x = _log_sum(pull, positive) + _log_sum(push, negative)
    values = np.logaddexp(np.float32(0), x).astype(np.float32)

    def vjp(weight: Array) -> Array:
        d_far = (_softmax(pull, positive) * (gamma * 2 * far)
                 + _softmax(push, negative) * (gamma * ((2 * far - 2) * (far < 1 + margin))))
        d_far *= (raw > 0) * (weight * np.exp(x - values))[:, None]  # exp(x - log(1 + exp(x))) is sigmoid(x)
        return -(d_far @ others + (d_far.T @ p if ref_embeddings is None else 0))

    return Parts(values, None, values > 0, vjp if gradient else None)


def _log_sum(x: Array, mask: Array) -> Array:
    """log(sum(exp(x))) over what a mask holds of the last axis; -inf where that is nothing."""
    x = np.where(mask, x, -np.inf)
    top = np.maximum(x.max(axis=1, keepdims=True), np.finfo(np.float32).min)
    with np.errstate(divide="ignore"):
        return (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))[:, 0]


def _softmax(x: Array, mask: Array) -> Array:
    """softmax(x) over what a mask holds of the last axis; zeros where that is nothing."""
    total = _log_sum(x, mask)[:, None]
    return np.where(mask & np.isfinite(total), np.exp(np.where(mask, x, 0) - np.where(np.isfinite(total), total, 0)), 0)


@loss_function(_sample_labels, _circle, traced=False)
def circle(y_true: Any, y_pred: Any, ref_labels: Any = None, ref_embeddings: Any = None, remove_diagonal: bool = True,
           gamma: float = 80, margin: float = 0.4) -> Any:
    """Pulls embeddings of length one together where labels are equal, and others apart.

    Args:
        y_true: integer labels.
        y_pred: embeddings of length one.
        ref_labels: the labels to compare with; y_true if None.
        ref_embeddings: the embeddings to compare with; y_pred if None.
        remove_diagonal: whether sample i is not compared with reference i.
        gamma: how steep the loss is.
        margin: how far from 0 and 1 similarities may stay.
    Shape:
        y_true (N,) and y_pred (N, D), references (M,) and (M, D) -> (N,).
    Raises:
        ShapeError: there is not one label per sample, or embeddings have other axes.
    Reference:
        Sun et al., "Circle loss: a unified perspective of pair similarity optimization", 2020.

    >>> circle([0, 0], [[1.0, 0.0], [1.0, 0.0]])
    array([0., 0.], dtype=float32)
    """


class Circle(LossFunctionWrapper):
    """Pulls embeddings (N, D) of length one together where labels (N,) are equal, and others apart.

    Args:
        gamma: how steep the loss is.
        margin: how far from 0 and 1 similarities may stay.
        remove_diagonal: whether a sample is not compared with itself.
    Shape:
        y_true (N,) and y_pred (N, D).
    Reference:
        Sun et al., "Circle loss: a unified perspective of pair similarity optimization", 2020.

    >>> float(Circle()([0, 0], [[1.0, 0.0], [1.0, 0.0]]))
    0.0
    """

    def __init__(self, gamma: float = 80.0, margin: float = 0.4, remove_diagonal: bool = True,
                 reduction: Reduction = "sum_over_batch_size", name: str | None = "circle", dtype: Any = None) -> None:
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
