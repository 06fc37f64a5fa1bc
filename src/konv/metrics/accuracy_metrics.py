"""Accuracies: functions of (y_true, y_pred), 1.0 where the prediction of a sample is right, else 0.0, and their means."""

from typing import Any

import numpy as np

from konv.errors import ShapeError
from konv.metrics.base import Array, HigherIsBetter, metric_function, same_rank


@metric_function
def accuracy(y_true: Any, y_pred: Any) -> Array:
    """Where y_pred equals y_true.

    Shape:
        y_true and y_pred of one shape, which is that of the result.
    Raises:
        ShapeError: the shapes differ.

    >>> accuracy([1, 2], [1, 3])
    array([1., 0.], dtype=float32)
    """
    return _as_float(np.equal(*_fitting(*same_rank(np.asarray(y_true), np.asarray(y_pred)), "accuracy")))


class Accuracy(HigherIsBetter):
    """How often predictions equal labels.

    >>> float(Accuracy()([1, 2, 3], [1, 2, 0])) == float(np.float32(2 / 3))
    True
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


@metric_function
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Array:
    """Where "y_pred is above the threshold" equals y_true.

    Shape:
        y_true and y_pred of one shape, which is that of the result.
    Raises:
        ShapeError: the shapes differ.

    >>> binary_accuracy([[1], [0]], [[0.9], [0.8]])
    array([[1.],
           [0.]], dtype=float32)
    """
    y_true, y_pred = _fitting(*same_rank(np.asarray(y_true), np.asarray(y_pred)), "binary_accuracy")
    return _as_float(y_true == (y_pred > threshold))


class BinaryAccuracy(HigherIsBetter):
    """How often predictions on one side of the threshold match labels 0 and 1.

    Args:
        threshold: predictions above it say 1.

    >>> float(BinaryAccuracy()([[1], [0]], [[0.9], [0.8]]))
    0.5
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


@metric_function
def categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Where the largest prediction is at the largest value of the one-hot row.

    Shape:
        y_true and y_pred (N, ..., classes) -> (N, ...).
    Raises:
        ShapeError: the shapes differ.

    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]])
    array([1., 0.], dtype=float32)
    """
    y_true, y_pred = _fitting(np.asarray(y_true), np.asarray(y_pred), "categorical_accuracy")
    return _as_float(y_true.argmax(axis=-1) == y_pred.argmax(axis=-1))


class CategoricalAccuracy(HigherIsBetter):
    """How often the largest prediction is that of the one-hot row.

    Shape:
        y_true and y_pred (N, ..., classes).

    >>> float(CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]]))
    0.5
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


@metric_function
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Where the largest prediction is at the label.

    Shape:
        y_true (N, ...) or (N, ..., 1) and y_pred (N, ..., classes) -> (N, ...).
    Raises:
        ShapeError: there is not one label per sample.

    >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.3, 0.7]])
    array([1., 0.], dtype=float32)
    """
    labels, y_pred = _labels(y_true, y_pred, "sparse_categorical_accuracy")
    return _as_float(labels == y_pred.argmax(axis=-1))


class SparseCategoricalAccuracy(HigherIsBetter):
    """How often the largest prediction is that of the integer label.

    Shape:
        y_true (N, ...) or (N, ..., 1), y_pred (N, ..., classes).

    >>> float(SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.3, 0.7]]))
    0.5
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


@metric_function
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    """Where fewer than k predictions are larger than that at the largest value of the one-hot row.

    Shape:
        y_true and y_pred (N, ..., classes) -> (N, ...).
    Raises:
        ShapeError: the shapes differ.

    >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.1, 0.4]], k=2)
    array([1.], dtype=float32)
    """
    y_true, y_pred = _fitting(np.asarray(y_true), np.asarray(y_pred), "top_k_categorical_accuracy")
    return _in_top_k(y_true.argmax(axis=-1), y_pred, k)


class TopKCategoricalAccuracy(HigherIsBetter):
    """How often the one-hot class is among the k largest predictions.

    Args:
        k: how many predictions count.
    Shape:
        y_true and y_pred (N, ..., classes).

    >>> float(TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.5, 0.1, 0.4]]))
    1.0
    """

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


@metric_function
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Array:
    """Where fewer than k predictions are larger than that at the label; or where y_pred[:k] are ids that hold it.

    Shape:
        y_true (N, ...) or (N, ..., 1) and y_pred (N, ..., classes) -> (N, ...).
    Raises:
        ShapeError: there is not one label per sample.

    >>> sparse_top_k_categorical_accuracy([2], [[0.5, 0.1, 0.4]], k=2)
    array([1.], dtype=float32)
    """
    labels, y_pred = _labels(y_true, y_pred, "sparse_top_k_categorical_accuracy")
    if from_sorted_ids:
        return _as_float((labels[..., None] == y_pred[..., :k]).any(axis=-1))
    return _in_top_k(labels.astype(np.intp), y_pred, k)


class SparseTopKCategoricalAccuracy(HigherIsBetter):
    """How often the integer label is among the k largest predictions.

    Args:
        k: how many predictions count.
        from_sorted_ids: whether y_pred holds ids of classes, the best first, instead of scores.
    Shape:
        y_true (N, ...) or (N, ..., 1), y_pred (N, ..., classes).

    >>> float(SparseTopKCategoricalAccuracy(k=2)([2], [[0.5, 0.1, 0.4]]))
    1.0
    """

    def __init__(self, k: int = 5, name: str | None = "sparse_top_k_categorical_accuracy", dtype: Any = None,
                 from_sorted_ids: bool = False) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        config = super().get_config()
        if not config["from_sorted_ids"]:
            del config["from_sorted_ids"]  # Keras writes it only when it is set
        return config


def _as_float(right: Array) -> Array:
    return right.astype(np.float32)


def _in_top_k(labels: Array, y_pred: Array, k: int) -> Array:
    at_label = np.take_along_axis(y_pred, labels[..., None], axis=-1)
    at_label = np.where(np.isnan(at_label), -np.inf, at_label)
    return _as_float((y_pred > at_label).sum(axis=-1) < k)


def _labels(y_true: Any, y_pred: Any, owner: str) -> tuple[Array, Array]:
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
