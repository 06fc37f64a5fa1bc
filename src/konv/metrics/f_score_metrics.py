"""F scores: precision and recall in one figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError
from konv.metrics.base import Metric

F = np.float32
AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """The harmonic mean of precision and recall, recall weighing beta^2 times as much; one value per class, or averaged.

    Predictions (N, classes) become labels by their largest value, or by `threshold`.

    Args:
        average: None (one score per class), "micro" (of all counts), "macro" (the mean) or "weighted" (by labels).
        beta: how much more recall weighs.
        threshold: predictions above it are labels; the largest one of a sample if None.
    Shape:
        y_true and y_pred (N, classes).
    Raises:
        KonvError: an argument is out of its range.
        ShapeError: labels or predictions have other axes.

    >>> FBetaScore(beta=2.0, threshold=0.5)([[1.0, 1.0]], [[0.6, 0.2]]).round(4)
    array([1., 0.], dtype=float32)
    """

    _direction = "up"
    _written = ("average", "beta", "threshold")

    def __init__(self, average: str | None = None, beta: float = 1.0, threshold: float | None = None,
                 name: str | None = "fbeta_score", dtype: Any = None) -> None:
        if average not in AVERAGES:
            raise KonvError(f"{type(self).__name__}: average must be one of {AVERAGES}, got {average!r}")
        if not isinstance(beta, float) or not beta > 0:
            raise KonvError(f"{type(self).__name__}: beta should be a Python float and > 0, got {beta!r}")
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise KonvError(f"{type(self).__name__}: threshold should be a Python float, 0 < threshold <= 1, got {threshold!r}")
        super().__init__(dtype, name)
        self.average, self.beta, self.threshold = average, beta, threshold
        self.axis = None if average == "micro" else 0

    def _build(self, y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None]) -> None:
        """Make the counters of all classes, if they are not there yet."""
        shape = tuple(y_pred_shape)
        classes = shape[-1] if shape else None
        if len(y_true_shape) != 2 or shape != tuple(y_true_shape) or classes is None:
            raise ShapeError(f"{self.name}: needs labels and predictions (N, classes), got shapes {y_true_shape} and {shape}")
        if not self._variables:
            for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
                setattr(self, name, self.add_variable(() if self.average == "micro" else (classes,), name=name))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one more batch into account."""
        y, p = np.asarray(y_true, F), np.asarray(y_pred, F)
        self._build(y.shape, p.shape)
        if self.threshold is None:
            chosen = (p >= p.max(axis=-1, keepdims=True)) & (np.abs(p) > 1e-9)
        else:
            chosen = p > self.threshold
        weight = 1.0 if sample_weight is None else np.asarray(sample_weight, F)[:, None]
        for variable, value in zip(self._variables, (chosen * y, chosen * (1 - y), ~chosen * y, y), strict=True):
            variable.array += np.sum(value * weight, axis=self.axis, dtype=np.float64)

    def result(self) -> Any:
        """The score, or one per class, over all batches since the last reset."""
        if not self._variables:
            return F(0)
        tp, fp, fn, weight = (variable.array for variable in self._variables)
        tiny = config.epsilon()
        precision, recall = tp / (tp + fp + tiny), tp / (tp + fn + tiny)
        score = (1 + self.beta**2) * precision * recall / (self.beta**2 * precision + recall + tiny)
        if self.average == "weighted":
            score = np.sum(score * weight / (weight.sum() + tiny))
        elif self.average is not None:
            score = np.mean(score)
        return F(score)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall; one value per class, or averaged.

    Args:
        average: None (one score per class), "micro" (of all counts), "macro" (the mean) or "weighted" (by labels).
        threshold: predictions above it are labels; the largest one of a sample if None.
    Shape:
        y_true and y_pred (N, classes).
    Raises:
        KonvError: an argument is out of its range.
        ShapeError: labels or predictions have other axes.

    >>> F1Score(threshold=0.5)([[1.0, 1.0]], [[0.6, 0.2]]).round(4)
    array([1., 0.], dtype=float32)
    """

    _written = ("average", "threshold")

    def __init__(self, average: str | None = None, threshold: float | None = None, name: str | None = "f1_score",
                 dtype: Any = None) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
