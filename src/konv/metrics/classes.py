"""The metrics as classes: the running mean of a function."""

from math import sqrt
from typing import Any

import numpy as np

from konv import losses
from konv.metrics import functions
from konv.metrics.base import Mean, MeanMetricWrapper, same_rank


class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels.

    >>> float(Accuracy()([1, 2, 3], [1, 2, 0])) == float(np.float32(2 / 3))
    True
    """

    _direction = "up"

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(functions.accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions on one side of the threshold match labels 0 and 1.

    >>> float(BinaryAccuracy()([[1], [0]], [[0.9], [0.8]]))
    0.5
    """

    _direction = "up"

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(functions.binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is that of the one-hot row.

    >>> float(CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]]))
    0.5
    """

    _direction = "up"

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(functions.categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is that of the integer label.

    >>> float(SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.3, 0.7]]))
    0.5
    """

    _direction = "up"

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(functions.sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the one-hot class is among the k largest predictions.

    >>> float(TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.5, 0.1, 0.4]]))
    1.0
    """

    _direction = "up"

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(functions.top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the integer label is among the k largest predictions.

    >>> float(SparseTopKCategoricalAccuracy(k=2)([2], [[0.5, 0.1, 0.4]]))
    1.0
    """

    _direction = "up"

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        super().__init__(functions.sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if not config["from_sorted_ids"]:
            del config["from_sorted_ids"]  # Keras writes it only when it is set
        return config


class MeanSquaredError(MeanMetricWrapper):
    """The mean of (y_true - y_pred)^2.

    >>> float(MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(losses.mean_squared_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The root of the mean of (y_true - y_pred)^2 over all samples.

    >>> float(RootMeanSquaredError()([[0.0, 2.0]], [[2.0, 0.0]]))
    2.0
    """

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        first, second = same_rank(np.asarray(y_true, np.float32), np.asarray(y_pred, np.float32))
        super().update_state(np.square(first - second), sample_weight)

    def result(self) -> Any:
        return np.float32(sqrt(super().result()))


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of |y_true - y_pred|.

    >>> float(MeanAbsoluteError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(losses.mean_absolute_error, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """The loss of that name as a metric.

    >>> round(float(BinaryCrossentropy()([[1.0]], [[0.5]])), 4)
    0.6931
    """

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        super().__init__(losses.binary_crossentropy, name, dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing)


class CategoricalCrossentropy(MeanMetricWrapper):
    """The loss of that name as a metric.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        super().__init__(losses.categorical_crossentropy, name, dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The loss of that name as a metric.

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, ignore_class=None,
                 axis=-1):
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, from_logits=from_logits,
                         ignore_class=ignore_class, axis=axis)

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        ignored = self._options["ignore_class"]
        if sample_weight is not None and ignored is not None:  # only beside weights it counts for nothing, as in Keras
            sample_weight = np.multiply(*same_rank(np.asarray(sample_weight, np.float32), np.asarray(y_true) != ignored))
        super().update_state(y_true, y_pred, sample_weight)
