"""Metrics made of how many predictions are above a threshold, for true and for false labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError
from konv.metrics.base import Array, Metric, same_rank

F = np.float32
LOWEST = -1e10  # a prediction that is not among the top k
FIGURES = ("true_positives", "false_positives", "true_negatives", "false_negatives")


def divide(a: Array, b: Array) -> Array:
    """a / b in float64, 0 where b is 0."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0)


class Confusion(Metric):
    """Base: counts of true and false positives and negatives, one for each threshold (and label)."""

    figures: Sequence[str] = FIGURES
    top_k: int | None = None
    class_id: int | None = None
    multi_label = False
    label_weights: Array | None = None

    def _count_at(self, thresholds: Sequence[float], labels: tuple[int, ...] = ()) -> None:
        """Make the counters."""
        self.cuts = np.asarray(thresholds, F)
        even = np.arange(len(self.cuts), dtype=F) / max(len(self.cuts) - 1, 1)
        self.even = len(self.cuts) >= 3 and np.allclose(np.clip(self.cuts, 0, 1), even, atol=config.epsilon())
        for name in self.figures:
            setattr(self, name, self.add_variable((len(self.cuts), *labels), name=name))

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        y, p, weight = self._parse(y_true, y_pred, sample_weight)
        above = self._above(p)
        if not self.multi_label:
            y, above, weight = y.reshape(-1, 1), above.reshape(-1, 1), weight.reshape(-1, 1)
        true, false = (self._histogram(above, weight * labels) for labels in (y, ~y))
        positives = {"true_positives": true, "false_positives": false}
        totals = {"false_negatives": ("true_positives", true), "true_negatives": ("false_positives", false)}
        for name in self.figures:
            counter = getattr(self, name).array
            if name in positives:
                counter += self._tail(positives[name]).reshape(counter.shape)
            else:
                histogram = totals[name][1]
                counter += (histogram.sum(axis=0) - self._tail(histogram)).reshape(counter.shape)

    def _parse(self, y_true, y_pred, sample_weight) -> tuple[Array, Array, Array]:
        """Labels as booleans, predictions and weights, all of one shape."""
        p, y = same_rank(np.asarray(y_pred, F), np.asarray(y_true, F))
        if y.shape != p.shape:
            raise ShapeError(f"{self.name}: y has shape {np.shape(y_true)}, but the predictions have shape {np.shape(y_pred)}; "
                             f"they must be equal. Integer labels become one-hot rows by konv.utils.to_categorical")
        if self.top_k is not None:
            order = np.argsort(-p, axis=-1, kind="stable")[..., : self.top_k]
            kept = np.full_like(p, LOWEST)
            np.put_along_axis(kept, order, np.take_along_axis(p, order, -1), -1)
            p = kept
        weight: Array = np.ones((), F) if sample_weight is None else np.asarray(sample_weight, F)[..., None]
        if self.class_id is not None:
            if p.ndim < 2:
                raise ShapeError(f"{self.name}: class_id={self.class_id} needs predictions (N, classes), got {p.shape}")
            if not -p.shape[-1] <= self.class_id < p.shape[-1]:
                raise ShapeError(f"{self.name}: class_id={self.class_id}, but the predictions have {p.shape[-1]} classes: "
                                 f"{p.shape}")
            y, p = y[..., self.class_id, None], p[..., self.class_id, None]
        if weight.ndim == p.ndim + 1 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        if self.label_weights is not None and not self.multi_label:
            weight = weight * self.label_weights
        try:
            return y != 0, p, np.broadcast_to(weight, p.shape)
        except ValueError:
            raise ShapeError(f"{self.name}: sample_weight of shape {weight.shape} does not fit predictions of "
                             f"shape {p.shape}") from None

    def _above(self, p: Array) -> Array:
        """How many thresholds lie below each prediction."""
        if not self.even:
            return np.searchsorted(np.sort(self.cuts), p, side="left")
        # in float32 as Keras has it: a prediction on a threshold falls on the same side
        above = np.ceil(np.clip(p, 0, 1) * F(len(self.cuts) - 1)).astype(np.intp)
        return np.maximum(above, 1) if self.cuts[0] < 0 else above

    def _histogram(self, above: Array, weight: Array) -> Array:
        """The sum of weights by label for each number of thresholds passed, (thresholds + 1, labels)."""
        size, labels = len(self.cuts) + 1, above.shape[1]
        places = (above * labels + np.arange(labels)).reshape(-1)
        return np.bincount(places, weight.reshape(-1), size * labels).reshape(size, labels)

    def _tail(self, histogram: Array) -> Array:
        """For each threshold the sum over predictions above it, in the order in which thresholds were given."""
        sums = histogram[::-1].cumsum(axis=0)[::-1][1:]
        return sums if self.even else sums[np.argsort(np.argsort(self.cuts, kind="stable"), kind="stable")]


def parse_thresholds(owner: str, thresholds: Any, default: float) -> list[float]:
    """One threshold or several as a list, each from 0 to 1."""
    given: Any = default if thresholds is None else thresholds
    numbers: list[Any] = list(given) if isinstance(given, (list, tuple, np.ndarray)) else [given]
    wrong = [number for number in numbers if thresholds is not None and (number is None or not 0 <= number <= 1)]
    if wrong:
        raise KonvError(f"{owner}: thresholds must be from 0 to 1, got {wrong}")
    return numbers


class _Count(Confusion):
    """One of the four figures."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(type(self).__name__, thresholds, 0.5)
        self._count_at(self.thresholds)

    def result(self) -> Any:
        counts = getattr(self, self.figures[0]).array.astype(F)
        return counts[0] if len(counts) == 1 else counts

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"thresholds": self.init_thresholds}


class TruePositives(_Count):
    """How many predictions above the threshold have label 1.

    >>> float(TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
    2.0
    """

    figures = ("true_positives",)


class FalsePositives(_Count):
    """How many predictions above the threshold have label 0.

    >>> float(FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
    2.0
    """

    figures = ("false_positives",)


class TrueNegatives(_Count):
    """How many predictions not above the threshold have label 0.

    >>> float(TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
    2.0
    """

    figures = ("true_negatives",)


class FalseNegatives(_Count):
    """How many predictions not above the threshold have label 1.

    >>> float(FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
    2.0
    """

    figures = ("false_negatives",)


class _Share(Confusion):
    """True positives as a share of something."""

    _direction = "up"

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(dtype, name)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self.thresholds = parse_thresholds(type(self).__name__, thresholds, 0.5 if top_k is None else LOWEST)
        self._count_at(self.thresholds)

    def result(self) -> Any:
        right, wrong = (getattr(self, name).array for name in self.figures)
        shares = divide(right, right + wrong).astype(F)
        return shares[0] if len(shares) == 1 else shares

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}


class Precision(_Share):
    """How many of the predictions above the threshold are right: tp / (tp + fp).

    >>> float(Precision()([0, 1, 1, 1], [1, 0, 1, 1])) == float(np.float32(2 / 3))
    True
    """

    figures = ("true_positives", "false_positives")


class Recall(_Share):
    """How many of the labels 1 are found: tp / (tp + fn).

    >>> float(Recall()([0, 1, 1, 1], [1, 0, 1, 1])) == float(np.float32(2 / 3))
    True
    """

    figures = ("true_positives", "false_negatives")


class _At(Confusion):
    """The best of one share among the thresholds at which another one is large enough."""

    _direction = "up"
    argument: str  # what the constructor calls the share that must be large enough

    def __init__(self, value: float, num_thresholds=200, class_id=None, name=None, dtype=None):
        if not 0 <= value <= 1:
            raise KonvError(f"{type(self).__name__}: {self.argument} must be in the range [0, 1], got {value!r}")
        if num_thresholds <= 0:
            raise KonvError(f"{type(self).__name__}: num_thresholds must be an integer > 0, got {num_thresholds!r}")
        super().__init__(dtype, name)
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        setattr(self, self.argument, value)
        self.thresholds = [0.5] if num_thresholds == 1 else spread(num_thresholds, 0.0)
        self._count_at(self.thresholds)

    def _shares(self) -> dict[str, Array]:
        tp, fp, tn, fn = (getattr(self, name).array for name in self.figures)
        recall = divide(tp, tp + fn).astype(F)
        return {"recall": recall, "sensitivity": recall, "precision": divide(tp, tp + fp).astype(F),
                "specificity": divide(tn, tn + fp).astype(F)}

    def _best(self, wanted: str) -> Any:
        shares = self._shares()
        return np.max(shares[wanted], where=shares[self.argument] >= F(self.value), initial=F(0))

    def get_config(self) -> dict[str, Any]:
        own = {"num_thresholds": self.num_thresholds, "class_id": self.class_id, self.argument: self.value}
        return super().get_config() | own


def spread(count: int, margin: float) -> list[float]:
    """`count` thresholds from -margin to 1 + margin."""
    return [0.0 - margin, *((i + 1) * 1.0 / (count - 1) for i in range(count - 2)), 1.0 + margin]


class SensitivityAtSpecificity(_At):
    """The best recall of labels 1 at a threshold with at least this recall of labels 0.

    >>> float(SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    argument = "specificity"

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def result(self) -> Any:
        return self._best("sensitivity")


class SpecificityAtSensitivity(_At):
    """The best recall of labels 0 at a threshold with at least this recall of labels 1.

    >>> float(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])) == float(np.float32(2 / 3))
    True
    """

    argument = "sensitivity"

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def result(self) -> Any:
        return self._best("specificity")


class PrecisionAtRecall(_At):
    """The best precision at a threshold with at least this recall.

    >>> float(PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    argument = "recall"

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def result(self) -> Any:
        return self._best("precision")


class RecallAtPrecision(_At):
    """The best recall at a threshold with at least this precision.

    >>> float(RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.5
    """

    argument = "precision"

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def result(self) -> Any:
        return self._best("recall")
