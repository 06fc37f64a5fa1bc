"""Metrics of measured targets: losses as means, correlations, the share of variance explained."""

import warnings
from typing import Any

import numpy as np

from konv import config, losses
from konv.errors import KonvError, ShapeError
from konv.metrics.base import Array, MeanMetricWrapper, Metric, same_rank

F = np.float32


def cosine_similarity(y_true, y_pred, axis: int = -1) -> Array:
    """The loss of that name without its sign: 1 for one direction.

    >>> cosine_similarity([[0.0, 1.0]], [[0.0, 3.0]])
    array([1.], dtype=float32)
    """
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


def pearson_correlation(y_true, y_pred, axis: int = -1) -> Array:
    """The linear correlation along one axis, from -1 to 1.

    >>> pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).round(5)
    array([1.], dtype=float32)
    """
    t, p = (array - array.mean(axis=axis, keepdims=True) for array in _pair(y_true, y_pred))
    with np.errstate(divide="ignore", invalid="ignore"):  # no variance, no correlation: nan as in Keras
        return np.mean(t / t.std(axis=axis, keepdims=True) * (p / p.std(axis=axis, keepdims=True)), axis=axis)


def concordance_correlation(y_true, y_pred, axis: int = -1) -> Array:
    """How near pairs are to the line y_pred = y_true along one axis, from -1 to 1.

    >>> concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]).round(5)
    array([1.], dtype=float32)
    """
    t, p = _pair(y_true, y_pred)
    mean, other = t.mean(axis=axis, keepdims=True), p.mean(axis=axis, keepdims=True)
    whole = t.var(axis=axis, keepdims=True) + p.var(axis=axis, keepdims=True) + np.square(mean - other)
    # as Keras has it: t less the mean of p, whose products with p less that mean sum to the covariance all the same
    return np.mean(2 * (t - other) * (p - other) / (whole + F(config.epsilon())), axis=axis)


def _pair(y_true, y_pred) -> tuple[Array, Array]:
    return same_rank(np.asarray(y_true, F), np.asarray(y_pred, F))


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of the loss mean_absolute_percentage_error over all samples.

    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
    25.0
    """

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of the loss mean_squared_logarithmic_error over all samples.

    >>> float(MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.0, 1.0]]))
    0.0
    """

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(MeanMetricWrapper):
    """The mean of the loss log_cosh over all samples.

    >>> float(LogCoshError()([[0.0]], [[0.0]]))
    0.0
    """

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(losses.log_cosh, name, dtype)


class Hinge(MeanMetricWrapper):
    """The mean of the loss hinge over all samples.

    >>> float(Hinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.0
    """

    def __init__(self, name="hinge", dtype=None):
        super().__init__(losses.hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean of the loss squared_hinge over all samples.

    >>> float(SquaredHinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.25
    """

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(losses.squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean of the loss categorical_hinge over all samples.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.75]]))
    0.75
    """

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(losses.categorical_hinge, name, dtype)


class KLDivergence(MeanMetricWrapper):
    """The mean of the loss kl_divergence over all samples.

    >>> float(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(losses.kl_divergence, name, dtype)


class Poisson(MeanMetricWrapper):
    """The mean of the loss poisson over all samples.

    >>> float(Poisson()([[0.0]], [[2.0]]))
    2.0
    """

    def __init__(self, name="poisson", dtype=None):
        super().__init__(losses.poisson, name, dtype)


class CosineSimilarity(MeanMetricWrapper):
    """The mean over samples: 1 for one direction, 0 at a right angle.

    >>> round(float(CosineSimilarity()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    _direction = "up"

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(cosine_similarity, name, dtype, axis=axis)


class PearsonCorrelation(MeanMetricWrapper):
    """The mean over samples: linear correlation along one axis of each sample.

    >>> round(float(PearsonCorrelation()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    _direction = "up"

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean over samples: nearness to y_pred = y_true along one axis of each sample.

    >>> round(float(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    _direction = "up"

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name, dtype, axis=axis)


class R2Score(Metric):
    """1 - squared errors / squared deviations from the mean, per output, averaged; adjusted for `num_regressors`.

    >>> round(float(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 4)
    0.5714
    """

    _direction = "up"

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        allowed = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in allowed:
            raise KonvError(f"R2Score: class_aggregation must be one of {allowed}, got {class_aggregation!r}")
        if num_regressors < 0:
            raise KonvError(f"R2Score: num_regressors must be >= 0, got {num_regressors!r}")
        super().__init__(dtype, name)
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable(name="num_samples")

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        t, p = _pair(y_true, y_pred)
        if t.ndim != 2 or t.shape != p.shape:
            raise ShapeError(f"{self.name}: needs targets and predictions (N, outputs), got shapes {t.shape} and {p.shape}")
        if len(self._variables) == 1:
            names = {"squared_sum": "squared_sum", "sum": "sum", "total_mse": "residual", "count": "count"}
            for attribute, name in names.items():
                setattr(self, attribute, self.add_variable(t.shape[1:], name=name))
        weight = np.asarray(1 if sample_weight is None else sample_weight, np.float64)
        weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, t.shape)
        values = (t * t * weight, t * weight, np.square(t - p) * weight, weight)
        for variable, value in zip(self._variables[1:], values, strict=True):
            variable.array += np.sum(value, axis=0, dtype=np.float64)
        self.num_samples.array += t.size

    def result(self) -> Any:
        if len(self._variables) == 1:
            return F(0)
        squares, sums, residual, count = (variable.array for variable in self._variables[1:])
        with np.errstate(divide="ignore", invalid="ignore"):
            total = squares - sums * (sums / count)
            scores = 1 - residual / total
        scores = np.where(np.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation is not None:
            scores = (total * scores).sum() / total.sum()
        n = float(self.num_samples.array)
        if self.num_regressors and self.num_regressors >= n - 1:
            reason = "division by zero" if self.num_regressors == n - 1 else "more independent predictors than datapoints"
            warnings.warn(f"{self.name}: {reason}; the score is not adjusted", stacklevel=2)
        elif self.num_regressors:
            scores = 1 - (1 - scores) * (n - 1) / (n - self.num_regressors - 1)
        return F(scores)

    def get_config(self) -> dict[str, Any]:
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return super().get_config() | own
