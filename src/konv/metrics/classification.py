"""F scores, and the overlap of regions: intersection over union."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError
from konv.metrics.base import Array, Metric
from konv.metrics.confusion import F, divide

AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """The harmonic mean of precision and recall, recall weighing beta^2 times as much; one number per class, or averaged.

    Predictions (N, classes) become labels by their largest number, or by `threshold`.

    >>> FBetaScore(beta=2.0, threshold=0.5)([[1.0, 1.0]], [[0.6, 0.2]]).round(4)
    array([1., 0.], dtype=float32)
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
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
        if len(y_true_shape) != 2 or shape != tuple(y_true_shape) or shape[1] is None:
            raise ShapeError(f"{self.name}: needs labels and predictions (N, classes), got shapes {y_true_shape} and {shape}")
        if not self._variables:
            for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
                setattr(self, name, self.add_variable(() if self.average == "micro" else shape[1:], name=name))

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
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

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall; one number per class, or averaged.

    >>> F1Score(threshold=0.5)([[1.0, 1.0]], [[0.6, 0.2]]).round(4)
    array([1., 0.], dtype=float32)
    """

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config


class _Overlap(Metric):
    """A confusion matrix, and intersection over union of some of its classes."""

    _direction = "up"

    def __init__(self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None, sparse_y_true=True,
                 sparse_y_pred=True, axis=-1):
        super().__init__(None if dtype in ("int", "int32") else dtype, name)
        self.dtype = "int32" if dtype in (None, "int", "int32") else "float32"  # of the counts, as Keras writes it
        if max(target_class_ids) >= num_classes:
            raise KonvError(f"{type(self).__name__}: target_class_ids: the class {max(target_class_ids)} is out of range; "
                            f"there are {num_classes} classes, from 0")
        self.num_classes, self.target_class_ids = num_classes, list(target_class_ids)
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        labels = self._classes(y_true, self.sparse_y_true)
        predicted = self._classes(y_pred, self.sparse_y_pred)
        if labels.shape != predicted.shape:
            raise ShapeError(f"{self.name}: y has shape {np.shape(y_true)} and the predictions {np.shape(y_pred)}: "
                             f"{labels.size} labels for {predicted.size} predictions; for predictions that are "
                             f"probabilities of classes give sparse_y_pred=False")
        weight = np.asarray(1 if sample_weight is None else sample_weight)
        if weight.dtype.kind == "f" and self.dtype == "int32" and isinstance(sample_weight, np.ndarray):
            warnings.warn(f"{self.name}: weights are cut to integers; give dtype='float32' to count with fractions",
                          stacklevel=2)
        weight = np.broadcast_to(weight.astype(self.dtype).reshape(-1), labels.shape)
        known = (labels >= 0) & (labels < self.num_classes) & (predicted >= 0) & (predicted < self.num_classes)
        if self.ignore_class is not None:
            known &= labels != self.ignore_class
        places = labels[known] * self.num_classes + predicted[known]
        self.total_cm.array += np.bincount(places, weight[known], self.num_classes**2).reshape(self.total_cm.shape)

    def _classes(self, y: Any, sparse: bool) -> Array:
        y = np.asarray(y)
        return (y if sparse else y.argmax(axis=self.axis)).astype(np.int64).reshape(-1)

    def result(self) -> Any:
        matrix = self.total_cm.array
        common = np.diag(matrix)[self.target_class_ids]
        whole = (matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix))[self.target_class_ids]
        met = whole > 1e-9
        return F((divide(common, whole + config.epsilon()) * met).sum() / (met.sum() + config.epsilon()))

    def _config(self, *names: str) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype} | {name: getattr(self, name) for name in names}


class IoU(_Overlap):
    """The mean over target classes of intersection / union, for maps of class numbers (or one-hot and probabilities).

    >>> round(float(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def get_config(self) -> dict[str, Any]:
        return self._config("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class BinaryIoU(_Overlap):
    """IoU of two classes, told apart by a threshold.

    >>> round(float(BinaryIoU()([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.5833
    """

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        super().update_state(y_true, np.asarray(y_pred, F) >= self.threshold, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return self._config("target_class_ids", "threshold")


class MeanIoU(_Overlap):
    """IoU, the mean over all classes.

    >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class OneHotIoU(_Overlap):
    """IoU for one-hot labels, and predictions that are probabilities (or numbers, with sparse_y_pred).

    >>> float(OneHotIoU(2, [0, 1])([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])).__round__(4)
    1.0
    """

    def __init__(self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")


class OneHotMeanIoU(_Overlap):
    """OneHotIoU, the mean over all classes.

    >>> float(OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])).__round__(4)
    1.0
    """

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config("num_classes", "ignore_class", "sparse_y_pred", "axis")
