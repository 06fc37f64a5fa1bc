"""Losses as metrics: the running mean over samples, and the root of one."""

from math import sqrt
from typing import Any

import numpy as np

from konv import losses
from konv.metrics.base import Mean, MeanMetricWrapper, same_rank


class MeanSquaredError(MeanMetricWrapper):
    """The mean of (y_true - y_pred)^2.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The root of the mean of (y_true - y_pred)^2 over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(RootMeanSquaredError()([[0.0, 2.0]], [[2.0, 0.0]]))
    2.0
    """

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one more batch into account."""
        first, second = same_rank(np.asarray(y_true, np.float32), np.asarray(y_pred, np.float32))
        super().update_state(np.square(first - second), sample_weight)

    def result(self) -> Any:
        """The root over all batches since the last reset."""
        return np.float32(sqrt(super().result()))


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of |y_true - y_pred|.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(MeanAbsoluteError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """The loss of that name as a metric.

    Args:
        from_logits: whether predictions are logits, to which a sigmoid is applied.
        label_smoothing: how far labels are drawn towards 0.5, from 0 to 1.
    Shape:
        y_true and y_pred (N, ..., D).

    >>> round(float(BinaryCrossentropy()([[1.0]], [[0.5]])), 4)
    0.6931
    """

    def __init__(self, name: str | None = "binary_crossentropy", dtype: Any = None,
                 from_logits: bool = False, label_smoothing: float = 0) -> None:
        super().__init__(losses.binary_crossentropy, name, dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing)


class CategoricalCrossentropy(MeanMetricWrapper):
    """The loss of that name as a metric.

    Args:
        from_logits: whether predictions are logits, to which a softmax is applied.
        label_smoothing: how far rows are drawn towards 1 / classes, from 0 to 1.
        axis: of the classes.
    Shape:
        y_true and y_pred (N, ..., D).

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(self, name: str | None = "categorical_crossentropy", dtype: Any = None,
                 from_logits: bool = False, label_smoothing: float = 0, axis: int = -1) -> None:
        super().__init__(losses.categorical_crossentropy, name, dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The loss of that name as a metric.

    Args:
        from_logits: whether predictions are logits, to which a softmax is applied.
        ignore_class: a label whose samples have a loss of zero, and no weight where there are weights.
        axis: of the classes.
    Shape:
        y_true (N, ...) or (N, ..., 1), y_pred (N, ..., classes).

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(self, name: str | None = "sparse_categorical_crossentropy", dtype: Any = None,
                 from_logits: bool = False, ignore_class: int | None = None, axis: int = -1) -> None:
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, from_logits=from_logits,
                         ignore_class=ignore_class, axis=axis)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one more batch into account."""
        ignored = self._options["ignore_class"]
        if sample_weight is not None and ignored is not None:  # only beside weights it counts for nothing, as in Keras
            sample_weight = np.multiply(*same_rank(np.asarray(sample_weight, np.float32), np.asarray(y_true) != ignored))
        super().update_state(y_true, y_pred, sample_weight)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of the loss mean_absolute_percentage_error over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
    25.0
    """

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of the loss mean_squared_logarithmic_error over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.0, 1.0]]))
    0.0
    """

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(MeanMetricWrapper):
    """The mean of the loss log_cosh over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(LogCoshError()([[0.0]], [[0.0]]))
    0.0
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


class Hinge(MeanMetricWrapper):
    """The mean of the loss hinge over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(Hinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.0
    """

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean of the loss squared_hinge over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(SquaredHinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.25
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean of the loss categorical_hinge over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.75]]))
    0.75
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.categorical_hinge, name, dtype)


class KLDivergence(MeanMetricWrapper):
    """The mean of the loss kl_divergence over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.kl_divergence, name, dtype)


class Poisson(MeanMetricWrapper):
    """The mean of the loss poisson over all samples.

    Shape:
        y_true and y_pred (N, ..., D).

    >>> float(Poisson()([[0.0]], [[2.0]]))
    2.0
    """

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.poisson, name, dtype)
