"""Intersection over union: the overlap of predicted and true regions."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError
from konv.metrics.base import Array, Metric
from konv.metrics.confusion_metrics import F, divide


class _Overlap(Metric):
    """A confusion matrix, and intersection over union of some of its classes."""

    _direction = "up"

    def __init__(self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: Any = None,
                 ignore_class: int | None = None, sparse_y_true: bool = True, sparse_y_pred: bool = True,
                 axis: int = -1) -> None:
        super().__init__(None if dtype in ("int", "int32") else dtype, name)
        self.dtype = "int32" if dtype in (None, "int", "int32") else "float32"  # of the counts, as Keras writes it
        if max(target_class_ids) >= num_classes:
            raise KonvError(f"{type(self).__name__}: target_class_ids: the class {max(target_class_ids)} is out of range; "
                            f"there are {num_classes} classes, from 0")
        self.num_classes, self.target_class_ids = num_classes, list(target_class_ids)
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one more batch into account."""
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
        pairs = labels[known] * self.num_classes + predicted[known]
        self.total_cm.array += np.bincount(pairs, weight[known], self.num_classes**2).reshape(self.total_cm.shape)

    def _classes(self, y: Any, sparse: bool) -> Array:
        y = np.asarray(y)
        return (y if sparse else y.argmax(axis=self.axis)).astype(np.int64).reshape(-1)

    def result(self) -> Any:
        """The mean over the target classes that were met, over all batches since the last reset."""
        matrix = self.total_cm.array
        common = np.diag(matrix)[self.target_class_ids]
        whole = (matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix))[self.target_class_ids]
        met = whole > 1e-9
        return F((divide(common, whole + config.epsilon()) * met).sum() / (met.sum() + config.epsilon()))


class IoU(_Overlap):
    """The mean over target classes of intersection / union, for maps of class indices (or one-hot and probabilities).

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes whose mean is taken.
        ignore_class: a label that does not count.
        sparse_y_true: whether labels are indices of classes; else they are one-hot along `axis`.
        sparse_y_pred: whether predictions are indices of classes; else they are probabilities along `axis`.
        axis: of the classes.
    Shape:
        y_true and y_pred of any shape; along `axis` of one-hot rows and probabilities lie the classes.

    >>> round(float(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    _written = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class BinaryIoU(_Overlap):
    """IoU of two classes, told apart by a threshold.

    Args:
        target_class_ids: the classes whose mean is taken.
        threshold: predictions from it on are of class 1.
    Shape:
        y_true and y_pred of one shape.

    >>> round(float(BinaryIoU()([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.5833
    """

    _written = ("target_class_ids", "threshold")

    def __init__(self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, name: str | None = None,
                 dtype: Any = None) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one more batch into account."""
        super().update_state(y_true, np.asarray(y_pred, F) >= self.threshold, sample_weight)


class MeanIoU(_Overlap):
    """IoU, the mean over all classes.

    Args:
        num_classes: how many classes there are.
        ignore_class: a label that does not count.
        sparse_y_true: whether labels are indices of classes; else they are one-hot along `axis`.
        sparse_y_pred: whether predictions are indices of classes; else they are probabilities along `axis`.
        axis: of the classes.
    Shape:
        y_true and y_pred of any shape; along `axis` of one-hot rows and probabilities lie the classes.

    >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    _written = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
                 sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(_Overlap):
    """IoU for one-hot labels, and predictions that are probabilities (or class indices, with sparse_y_pred).

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes whose mean is taken.
        ignore_class: a label that does not count.
        sparse_y_pred: whether predictions are indices of classes; else they are probabilities along `axis`.
        axis: of the classes.
    Shape:
        y_true and y_pred of any shape; along `axis` of one-hot rows and probabilities lie the classes.

    >>> float(OneHotIoU(2, [0, 1])([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])).__round__(4)
    1.0
    """

    _written = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")

    def __init__(self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: Any = None,
                 ignore_class: int | None = None, sparse_y_pred: bool = False, axis: int = -1) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(_Overlap):
    """OneHotIoU, the mean over all classes.

    Args:
        num_classes: how many classes there are.
        ignore_class: a label that does not count.
        sparse_y_pred: whether predictions are indices of classes; else they are probabilities along `axis`.
        axis: of the classes.
    Shape:
        y_true and y_pred of any shape; along `axis` of one-hot rows and probabilities lie the classes.

    >>> float(OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])).__round__(4)
    1.0
    """

    _written = ("num_classes", "ignore_class", "sparse_y_pred", "axis")

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
                 sparse_y_pred: bool = False, axis: int = -1) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, False, sparse_y_pred, axis)
