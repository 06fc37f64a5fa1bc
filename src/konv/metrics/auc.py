"""The area under a curve of two shares that a threshold trades for each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError
from konv.metrics.confusion_metrics import FIGURES, Array, Confusion, F, divide, spread

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "majoring", "minoring")


class AUC(Confusion):
    """The area under the curve of recall over false positive rate (ROC), or of precision over recall (PR).

    Args:
        num_thresholds: how many points the curve has, evenly from 0 to 1.
        curve: "ROC", "PR", or "PRGAIN" (precision and recall as gains over always saying yes).
        summation_method: "interpolation", "majoring" (the larger end of each interval) or "minoring" (the smaller one).
        thresholds: those of the curve instead of evenly spaced ones.
        multi_label: whether each label has an area of its own, which are then averaged.
        num_labels: how many labels there are, if counters are to exist before the first batch.
        label_weights: what each label weighs.
        from_logits: whether predictions are logits, to which a sigmoid is applied.
    Shape:
        y_true and y_pred of one shape; with multi_label (N, labels).
    Raises:
        KonvError: an argument is out of its range.
        ShapeError: labels or their weights do not fit the predictions.
    Reference:
        Davis & Goadrich, "The relationship between precision-recall and ROC curves", 2006; Flach & Kull,
        "Precision-recall-gain curves", 2015.

    >>> float(AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.75
    """

    _direction = "up"
    _written = ("num_thresholds", "curve", "summation_method", "multi_label", "num_labels")

    def __init__(self, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation",
                 name: str | None = None, dtype: Any = None, thresholds: Sequence[float] | None = None,
                 multi_label: bool = False, num_labels: int | None = None, label_weights: Any = None,
                 from_logits: bool = False) -> None:
        self.curve, self.summation_method = _one_of("curve", curve, CURVES), _one_of("summation_method", summation_method,
                                                                                    SUMMATIONS)
        if thresholds is None and num_thresholds <= 1:
            raise KonvError(f"AUC: num_thresholds must be an integer > 1, got {num_thresholds!r}")
        if num_labels and not multi_label:
            raise KonvError(f"AUC: num_labels={num_labels} is needed only when multi_label is True")
        super().__init__(dtype, name)
        self._given = None if thresholds is None else sorted(thresholds)
        tiny = config.epsilon()
        cuts = spread(num_thresholds, tiny) if self._given is None else [0.0 - tiny, *self._given, 1.0 + tiny]
        self.num_thresholds, self.thresholds = len(cuts), cuts
        self.multi_label, self.num_labels, self._from_logits = bool(multi_label), num_labels, from_logits
        self.label_weights = None if label_weights is None else np.asarray(label_weights, F)
        if not multi_label or num_labels:
            self._count_at(cuts, (num_labels,) if num_labels else ())

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one more batch into account."""
        y_pred = np.asarray(y_pred, F)
        if self.multi_label and y_pred.ndim != 2:
            raise ShapeError(f"{self.name}: multi_label=True needs predictions (N, labels), got shape {y_pred.shape}")
        if not self._variables:
            self._count_at(self.thresholds, y_pred.shape[1:])
        for argument in ("num_labels", "label_weights") if self.multi_label else ():
            given = getattr(self, argument)
            count = given if argument == "num_labels" else np.size(given)
            if given is not None and count != y_pred.shape[1]:
                raise ShapeError(f"{self.name}: {argument} is for {count} labels, but the predictions have {y_pred.shape[1]}: "
                                 f"{y_pred.shape}")
        if self._from_logits:
            y_pred = 1 / (1 + np.exp(-y_pred))
        super().update_state(y_true, y_pred, sample_weight)

    def result(self) -> Any:
        """The area over all batches since the last reset, between 0 and 1."""
        if not self._variables:
            return F(0)
        tp, fp, tn, fn = (getattr(self, name).array for name in FIGURES)
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated(tp, fp, fn)
        else:
            x, y = self._curve(tp, fp, tn, fn)
            left, right = y[:-1], y[1:]
            heights = {"interpolation": (left + right) / 2, "majoring": np.maximum(left, right),
                       "minoring": np.minimum(left, right)}[self.summation_method]
            areas = ((x[:-1] - x[1:]) * heights).sum(axis=0)
        if not self.multi_label:
            return F(areas)
        weights = np.ones(1) if self.label_weights is None else self.label_weights
        return F(divide((areas * weights).sum(), np.broadcast_to(weights, areas.shape).sum()))

    def _curve(self, tp: Array, fp: Array, tn: Array, fn: Array) -> tuple[Array, Array]:
        recall = divide(tp, tp + fn)
        if self.curve == "ROC":
            return divide(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, divide(tp, tp + fp)
        odds = divide(tp + fn, tn + fp)  # gains: precision and recall measured from those of always saying yes (Flach 2015)
        none = tp == 0
        return (np.maximum(np.where(none, 0, 1 - odds * divide(fn, tp)), 0),
                np.where(none, 1, 1 - odds * divide(fp, tp)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        weights = self.label_weights
        own = {"label_weights": None if weights is None else weights.tolist(), "from_logits": self._from_logits}
        return super().get_config() | own | ({} if self._given is None else {"thresholds": self._given})


def _interpolated(tp: Array, fp: Array, fn: Array) -> Array:
    """The area under precision over recall, true positives running straight between points (Davis and Goadrich 2006)."""
    p = tp + fp
    slope = divide(tp[:-1] - tp[1:], np.maximum(p[:-1] - p[1:], 0))
    intercept = tp[1:] - slope * p[1:]
    both = (p[:-1] > 0) & (p[1:] > 0)
    logs = np.log(np.where(both, divide(p[:-1], p[1:]), 1))
    return divide(slope * (tp[:-1] - tp[1:] + intercept * logs), np.maximum(tp[1:] + fn[1:], 0)).sum(axis=0)


def _one_of(argument: str, value: Any, allowed: tuple[str, ...]) -> str:
    value = getattr(value, "value", value)  # Keras's own enumerations
    for name in allowed:
        if value in (name, name.lower(), name.capitalize()):
            return name
    raise KonvError(f"AUC: {argument} must be one of {', '.join(allowed)}, got {value!r}")
