"""Metrics made of how many predictions are above a threshold, for true and for false labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError
from konv.metrics.base import Array, Metric, same_rank

F = np.float32
LOWEST = -1e10  # a prediction that is not among the top k
# which labels are counted, and whether those predicted above the threshold
FIGURES = {"true_positives": (1, True), "false_positives": (0, True),
           "true_negatives": (0, False), "false_negatives": (1, False)}


def divide(a: Array, b: Array) -> Array:
    """a / b in float64, 0 where b is 0."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0)


class Confusion(Metric):
    """Base: counts of true and false positives and negatives, one for each threshold (and label)."""

    figures: Sequence[str] = tuple(FIGURES)
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

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one more batch into account."""
        y, p, weight = self._parse(y_true, y_pred, sample_weight)
        above = self._above(p)
        if not self.multi_label:
            y, above, weight = y.reshape(-1, 1), above.reshape(-1, 1), weight.reshape(-1, 1)
        histograms = [self._histogram(above, weight * labels) for labels in (~y, y)]
        for name in self.figures:
            label, positive = FIGURES[name]
            tail = self._tail(histograms[label])
            counter = getattr(self, name).array
            counter += (tail if positive else histograms[label].sum(axis=0) - tail).reshape(counter.shape)

    def _parse(self, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Array, Array, Array]:
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
        bins = (above * labels + np.arange(labels)).reshape(-1)
        return np.bincount(bins, weight.reshape(-1), size * labels).reshape(size, labels)

    def _tail(self, histogram: Array) -> Array:
        """For each threshold the sum over predictions above it, in the order in which thresholds were given."""
        sums = histogram[::-1].cumsum(axis=0)[::-1][1:]
        return sums if self.even else sums[np.argsort(np.argsort(self.cuts, kind="stable"), kind="stable")]


def parse_thresholds(owner: str, thresholds: Any, default: float) -> list[float]:
    """One threshold or several as a list, each from 0 to 1."""
    given: Any = default if thresholds is None else thresholds
    values: list[Any] = list(given) if isinstance(given, (list, tuple, np.ndarray)) else [given]
    wrong = [value for value in values if thresholds is not None and (value is None or not 0 <= value <= 1)]
    if wrong:
        raise KonvError(f"{owner}: thresholds must be from 0 to 1, got {wrong}")
    return values


class _AtThresholds(Confusion):
    """Figures at one threshold or several, given by the user."""

    def __init__(self, thresholds: Any, default: float, name: str | None, dtype: Any) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(type(self).__name__, thresholds, default)
        self._count_at(self.thresholds)

    def _values(self) -> Array:
        """One for each threshold."""
        return getattr(self, self.figures[0]).array

    def result(self) -> Any:
        """One value, or one for each of several thresholds, over all batches since the last reset."""
        values = self._values().astype(F)
        return values[0] if len(values) == 1 else values

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        return {"name": self.name, "dtype": self.dtype, "thresholds": self.init_thresholds} | super().get_config()


class _Count(_AtThresholds):
    """One of the four figures."""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, 0.5, name, dtype)


class TruePositives(_Count):
    """How many predictions above the threshold have label 1.

    Args:
        thresholds: one from 0 to 1, or a list of them; 0.5 if None.
    Shape:
        y_true and y_pred of one shape.
    Raises:
        KonvError: a threshold is not from 0 to 1.

    >>> float(TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
    2.0
    """

    figures = ("true_positives",)


class FalsePositives(_Count):
    """How many predictions above the threshold have label 0.

    Args:
        thresholds: one from 0 to 1, or a list of them; 0.5 if None.
    Shape:
        y_true and y_pred of one shape.
    Raises:
        KonvError: a threshold is not from 0 to 1.

    >>> float(FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
    2.0
    """

    figures = ("false_positives",)


class TrueNegatives(_Count):
    """How many predictions not above the threshold have label 0.

    Args:
        thresholds: one from 0 to 1, or a list of them; 0.5 if None.
    Shape:
        y_true and y_pred of one shape.
    Raises:
        KonvError: a threshold is not from 0 to 1.

    >>> float(TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
    2.0
    """

    figures = ("true_negatives",)


class FalseNegatives(_Count):
    """How many predictions not above the threshold have label 1.

    Args:
        thresholds: one from 0 to 1, or a list of them; 0.5 if None.
    Shape:
        y_true and y_pred of one shape.
    Raises:
        KonvError: a threshold is not from 0 to 1.

    >>> float(FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
    2.0
    """

    figures = ("false_negatives",)


class _Share(_AtThresholds):
    """True positives as a share of something."""

    _direction = "up"
    _written = ("top_k", "class_id")

    def __init__(self, thresholds: Any = None, top_k: int | None = None, class_id: int | None = None,
                 name: str | None = None, dtype: Any = None) -> None:
        self.top_k, self.class_id = top_k, class_id
        super().__init__(thresholds, 0.5 if top_k is None else LOWEST, name, dtype)

    def _values(self) -> Array:
        right, wrong = (getattr(self, name).array for name in self.figures)
        return divide(right, right + wrong)


class Precision(_Share):
    """How many of the predictions above the threshold are right: tp / (tp + fp).

    Args:
        thresholds: one from 0 to 1, or a list of them; 0.5 if None, none at all with top_k.
        top_k: if given, only so many of the largest predictions of a sample count.
        class_id: if given, only this class counts.
    Shape:
        y_true and y_pred of one shape; with class_id (N, ..., classes).
    Raises:
        KonvError: a threshold is not from 0 to 1.
        ShapeError: labels, predictions and weights do not fit each other.

    >>> float(Precision()([0, 1, 1, 1], [1, 0, 1, 1])) == float(np.float32(2 / 3))
    True
    """

    figures = ("true_positives", "false_positives")


class Recall(_Share):
    """How many of the labels 1 are found: tp / (tp + fn).

    Args:
        thresholds: one from 0 to 1, or a list of them; 0.5 if None, none at all with top_k.
        top_k: if given, only so many of the largest predictions of a sample count.
        class_id: if given, only this class counts.
    Shape:
        y_true and y_pred of one shape; with class_id (N, ..., classes).
    Raises:
        KonvError: a threshold is not from 0 to 1.
        ShapeError: labels, predictions and weights do not fit each other.

    >>> float(Recall()([0, 1, 1, 1], [1, 0, 1, 1])) == float(np.float32(2 / 3))
    True
    """

    figures = ("true_positives", "false_negatives")


def spread(count: int, margin: float) -> list[float]:
    """`count` thresholds from -margin to 1 + margin."""
    return [0.0 - margin, *((i + 1) * 1.0 / (count - 1) for i in range(count - 2)), 1.0 + margin]


class _Best(Confusion):
    """The best of one share among the thresholds at which another one is large enough."""

    _direction = "up"
    _written = ("num_thresholds", "class_id")
    wanted: str
    argument: str  # what the constructor calls the share that must be large enough

    def __init__(self, least: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        if not 0 <= least <= 1:
            raise KonvError(f"{type(self).__name__}: {self.argument} must be in the range [0, 1], got {least!r}")
        if num_thresholds <= 0:
            raise KonvError(f"{type(self).__name__}: num_thresholds must be an integer > 0, got {num_thresholds!r}")
        super().__init__(dtype, name)
        self.value, self.num_thresholds, self.class_id = least, num_thresholds, class_id
        setattr(self, self.argument, least)
        self.thresholds = [0.5] if num_thresholds == 1 else spread(num_thresholds, 0.0)
        self._count_at(self.thresholds)

    def result(self) -> Any:
        """The best share over all batches since the last reset, 0 if no threshold will do."""
        tp, fp, tn, fn = (getattr(self, name).array for name in self.figures)
        over = {"recall": tp + fn, "sensitivity": tp + fn, "precision": tp + fp, "specificity": tn + fp}
        wanted, given = (divide(tn if share == "specificity" else tp, over[share]).astype(F)
                         for share in (self.wanted, self.argument))
        return np.max(wanted, where=given >= F(self.value), initial=F(0))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        return super().get_config() | {self.argument: self.value}


class SensitivityAtSpecificity(_Best):
    """The best recall of labels 1 at a threshold with at least this recall of labels 0.

    Args:
        specificity: the least that will do, from 0 to 1.
        num_thresholds: how many thresholds are tried, evenly from 0 to 1.
        class_id: if given, only this class counts.
    Shape:
        y_true and y_pred of one shape; with class_id (N, ..., classes).
    Raises:
        KonvError: specificity is not from 0 to 1, or num_thresholds is not positive.

    >>> float(SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    wanted, argument = "sensitivity", "specificity"

    def __init__(self, specificity: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
                 dtype: Any = None) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_Best):
    """The best recall of labels 0 at a threshold with at least this recall of labels 1.

    Args:
        sensitivity: the least that will do, from 0 to 1.
        num_thresholds: how many thresholds are tried, evenly from 0 to 1.
        class_id: if given, only this class counts.
    Shape:
        y_true and y_pred of one shape; with class_id (N, ..., classes).
    Raises:
        KonvError: sensitivity is not from 0 to 1, or num_thresholds is not positive.

    >>> float(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])) == float(np.float32(2 / 3))
    True
    """

    wanted, argument = "specificity", "sensitivity"

    def __init__(self, sensitivity: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
                 dtype: Any = None) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_Best):
    """The best precision at a threshold with at least this recall.

    Args:
        recall: the least that will do, from 0 to 1.
        num_thresholds: how many thresholds are tried, evenly from 0 to 1.
        class_id: if given, only this class counts.
    Shape:
        y_true and y_pred of one shape; with class_id (N, ..., classes).
    Raises:
        KonvError: recall is not from 0 to 1, or num_thresholds is not positive.

    >>> float(PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    wanted, argument = "precision", "recall"

    def __init__(self, recall: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
                 dtype: Any = None) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_Best):
    """The best recall at a threshold with at least this precision.

    Args:
        precision: the least that will do, from 0 to 1.
        num_thresholds: how many thresholds are tried, evenly from 0 to 1.
        class_id: if given, only this class counts.
    Shape:
        y_true and y_pred of one shape; with class_id (N, ..., classes).
    Raises:
        KonvError: precision is not from 0 to 1, or num_thresholds is not positive.

    >>> float(RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.5
    """

    wanted, argument = "recall", "precision"

    def __init__(self, precision: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
                 dtype: Any = None) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
