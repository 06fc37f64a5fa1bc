"""Metrics of how targets and predictions vary together: similarity, correlation, the share of variance explained."""

import warnings
from typing import Any

import numpy as np

from konv import config, losses
from konv.errors import KonvError, ShapeError
from konv.metrics.base import Array, HigherIsBetter, Metric, metric_function, same_rank

F = np.float32


@metric_function
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """The loss of that name without its sign: 1 for one direction.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...), vectors lying along `axis`.

    >>> cosine_similarity([[0.0, 1.0]], [[0.0, 3.0]])
    array([1.], dtype=float32)
    """
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(HigherIsBetter):
    """The mean over samples: 1 for one direction, 0 at a right angle.

    Args:
        axis: along which the vectors lie.
    Shape:
        y_true and y_pred (N, ..., D).

    >>> round(float(CosineSimilarity()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


@metric_function
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """The linear correlation along one axis, from -1 to 1.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...), vectors lying along `axis`.

    >>> pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).round(5)
    array([1.], dtype=float32)
    """
    t, p = (array - array.mean(axis=axis, keepdims=True) for array in _pair(y_true, y_pred))
    with np.errstate(divide="ignore", invalid="ignore"):  # no variance, no correlation: nan as in Keras
        return np.mean(t / t.std(axis=axis, keepdims=True) * (p / p.std(axis=axis, keepdims=True)), axis=axis)


class PearsonCorrelation(HigherIsBetter):
    """The mean over samples: linear correlation along one axis of each sample.

    Args:
        axis: along which the vectors lie.
    Shape:
        y_true and y_pred (N, ..., D).

    >>> round(float(PearsonCorrelation()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)


@metric_function
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """How near pairs are to the line y_pred = y_true along one axis, from -1 to 1.

    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...), vectors lying along `axis`.
    Reference:
        Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989.

    >>> concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]).round(5)
    array([1.], dtype=float32)
    """
    t, p = _pair(y_true, y_pred)
    mean, other = t.mean(axis=axis, keepdims=True), p.mean(axis=axis, keepdims=True)
    whole = t.var(axis=axis, keepdims=True) + p.var(axis=axis, keepdims=True) + np.square(mean - other)
    # as Keras has it: t less the mean of p, whose products with p less that mean sum to the covariance all the same
    return np.mean(2 * (t - other) * (p - other) / (whole + F(config.epsilon())), axis=axis)


class ConcordanceCorrelation(HigherIsBetter):
    """The mean over samples: nearness to y_pred = y_true along one axis of each sample.

    Args:
        axis: along which the vectors lie.
    Shape:
        y_true and y_pred (N, ..., D).
    Reference:
        Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989.

    >>> round(float(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)


def _pair(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    return same_rank(np.asarray(y_true, F), np.asarray(y_pred, F))


class R2Score(Metric):
    """1 - squared errors / squared deviations from the mean, per output, averaged; adjusted for `num_regressors`.

    Args:
        class_aggregation: "uniform_average", "variance_weighted_average", or None for one score per output.
        num_regressors: how many independent variables the score is adjusted for; 0 does not adjust it.
    Shape:
        y_true and y_pred (N, outputs).
    Raises:
        KonvError: class_aggregation is none of these, or num_regressors is negative.
        ShapeError: targets or predictions have other axes.

    >>> round(float(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 4)
    0.5714
    """

    _direction = "up"
    _written = ("class_aggregation", "num_regressors")

    def __init__(self, class_aggregation: str | None = "uniform_average", num_regressors: int = 0,
                 name: str | None = "r2_score", dtype: Any = None) -> None:
        allowed = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in allowed:
            raise KonvError(f"R2Score: class_aggregation must be one of {allowed}, got {class_aggregation!r}")
        if num_regressors < 0:
            raise KonvError(f"R2Score: num_regressors must be >= 0, got {num_regressors!r}")
        super().__init__(dtype, name)
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable(name="num_samples")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one more batch into account."""
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
        """The score over all batches since the last reset."""
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
