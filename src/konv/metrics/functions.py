"""The accuracies as functions of (y_true, y_pred): 1.0 where the prediction of a sample is right, else 0.0."""

import numpy as np

from konv.errors import ShapeError
from konv.metrics.base import Array, same_rank


def accuracy(y_true, y_pred) -> Array:
    """Where y_pred equals y_true.

    >>> accuracy([1, 2], [1, 3])
    array([1., 0.], dtype=float32)
    """
    return _numbers(np.equal(*_fitting(*same_rank(np.asarray(y_true), np.asarray(y_pred)), "accuracy")))


def binary_accuracy(y_true, y_pred, threshold: float = 0.5) -> Array:
    """Where "y_pred is above the threshold" equals y_true.

    >>> binary_accuracy([[1], [0]], [[0.9], [0.8]])
    array([[1.],
           [0.]], dtype=float32)
    """
    y_true, y_pred = _fitting(*same_rank(np.asarray(y_true), np.asarray(y_pred)), "binary_accuracy")
    return _numbers(y_true == (y_pred > threshold))


def categorical_accuracy(y_true, y_pred) -> Array:
    """Where the largest prediction is at the largest number of the one-hot row.

    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]])
    array([1., 0.], dtype=float32)
    """
    y_true, y_pred = _fitting(np.asarray(y_true), np.asarray(y_pred), "categorical_accuracy")
    return _numbers(y_true.argmax(axis=-1) == y_pred.argmax(axis=-1))


def sparse_categorical_accuracy(y_true, y_pred) -> Array:
    """Where the largest prediction is at the label.

    >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.3, 0.7]])
    array([1., 0.], dtype=float32)
    """
    labels, y_pred = _labels(y_true, y_pred, "sparse_categorical_accuracy")
    return _numbers(labels == y_pred.argmax(axis=-1))


def top_k_categorical_accuracy(y_true, y_pred, k: int = 5) -> Array:
    """Where fewer than k predictions are larger than that at the largest number of the one-hot row.

    >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.1, 0.4]], k=2)
    array([1.], dtype=float32)
    """
    y_true, y_pred = _fitting(np.asarray(y_true), np.asarray(y_pred), "top_k_categorical_accuracy")
    return _in_top_k(y_true.argmax(axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true, y_pred, k: int = 5, from_sorted_ids: bool = False) -> Array:
    """Where fewer than k predictions are larger than that at the label; or where y_pred[:k] are ids that hold it.

    >>> sparse_top_k_categorical_accuracy([2], [[0.5, 0.1, 0.4]], k=2)
    array([1.], dtype=float32)
    """
    labels, y_pred = _labels(y_true, y_pred, "sparse_top_k_categorical_accuracy")
    if from_sorted_ids:
        return _numbers((labels[..., None] == y_pred[..., :k]).any(axis=-1))
    return _in_top_k(labels.astype(np.intp), y_pred, k)


def _numbers(right: Array) -> Array:
    return right.astype(np.float32)


def _in_top_k(labels: Array, y_pred: Array, k: int) -> Array:
    at_label = np.take_along_axis(y_pred, labels[..., None], axis=-1)
    at_label = np.where(np.isnan(at_label), -np.inf, at_label)
    return _numbers((y_pred > at_label).sum(axis=-1) < k)


def _labels(y_true, y_pred, owner: str) -> tuple[Array, Array]:
    labels, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != y_pred.shape[:-1]:
        raise ShapeError(f"{owner}: y has shape {np.shape(y_true)}, but predictions of shape {y_pred.shape} need one "
                         f"integer label per sample, shape {y_pred.shape[:-1]}")
    return labels, y_pred


def _fitting(y_true: Array, y_pred: Array, owner: str) -> tuple[Array, Array]:
    if y_true.shape != y_pred.shape:
        raise ShapeError(f"{owner}: y has shape {y_true.shape}, but the predictions have shape {y_pred.shape}; "
                         f"they must be equal")
    return y_true, y_pred
