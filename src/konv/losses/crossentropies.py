"""Losses for classes and for distributions: crossentropies, their focal and generalized forms, divergence.

The three plain crossentropies are what most classifiers train with: each has, beside the formula, one fused function of value
and gradient (docs/performance.md, "Losses: fused and traced").
"""

import warnings
from typing import Any

import numpy as np

from konv import ops
from konv.config import epsilon
from konv.errors import KonvError
from konv.losses.base import Array, Parts, Reduction, Shape
from konv.losses.targets import class_labels, same_shape
from konv.losses.wrapper import LossFunctionWrapper, loss_function


def _smooth(t: Any, label_smoothing: float, mean: float) -> Any:
    """Targets, drawn towards their mean over the classes."""
    return t * (1.0 - label_smoothing) + label_smoothing * mean if label_smoothing else t


def _fraction(value: Any, owner: str) -> float:
    """A label_smoothing, checked."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)) or not 0 <= value <= 1:
        raise KonvError(f"{owner}: label_smoothing must be a number from 0 to 1, got {value!r}")
    return float(value)


def _inside(p: Any) -> Any:
    """Probabilities kept away from 0 and 1 so that their logarithms exist."""
    return ops.clip(p, epsilon(), 1.0 - epsilon())


def _shares(p: Any, axis: int) -> Any:
    """Predictions divided by their sum over the classes."""
    return p / ops.sum(p, axis=axis, keepdims=True)


# --- fused ----------------------------------------------------------------------------------------------


def _clipped(p: Array) -> tuple[Array, Array]:
    """`_inside`, and where it changed nothing."""
    tiny = np.float32(epsilon())
    kept = np.minimum(np.maximum(p, tiny), np.float32(1.0) - tiny)
    return p == kept, kept


def _fused_binary(t: Array, p: Array, gradient: bool, from_logits: bool = False, label_smoothing: float = 0.0,
                  axis: int = -1) -> Parts:
    t = _smooth(t, label_smoothing, 0.5)
    count = p.shape[axis]
    if from_logits:
        decay = np.exp(-np.abs(p))
        values = np.mean(np.maximum(p, 0) - p * t + np.log1p(decay), axis=axis)
        return Parts(values, (np.where(p >= 0, 1.0, decay) / (1.0 + decay) - t) / count if gradient else None)
    inside, kept = _clipped(p)
    values = -np.mean(t * np.log(kept) + (1.0 - t) * np.log(1.0 - kept), axis=axis)
    return Parts(values, inside * ((1.0 - t) / (1.0 - kept) - t / kept) / count if gradient else None)


def _fused_categorical(t: Array, p: Array, gradient: bool, from_logits: bool = False, label_smoothing: float = 0.0,
                       axis: int = -1) -> Parts:
    t = _smooth(t, label_smoothing, 1 / t.shape[-1])
    if from_logits:
        shifted = p - p.max(axis=axis, keepdims=True)
        powers = np.exp(shifted)
        total = powers.sum(axis=axis, keepdims=True)
        mass = t.sum(axis=axis, keepdims=True)
        values = (mass * np.log(total)).squeeze(axis) - (t * shifted).sum(axis=axis)
        return Parts(values, powers * (mass / total) - t if gradient else None)
    total = p.sum(axis=axis, keepdims=True)
    inside, kept = _clipped(p / total)
    values = -(t * np.log(kept)).sum(axis=axis)
    if not gradient:
        return Parts(values)
    live = t * inside
    return Parts(values, (live.sum(axis=axis, keepdims=True) - live / kept) / total)


def _fused_sparse(t: Array, p: Array, gradient: bool, from_logits: bool = False, ignore_class: int | None = None,
                  axis: int = -1) -> Parts:
    if ignore_class is not None:  # of what is ignored there is neither loss nor gradient, and it does not count in a mean
        mask = t >= 0
        values, slopes, *_ = _fused_sparse(np.maximum(t, 0), p, gradient, from_logits, None, axis)
        slopes = slopes if slopes is None else np.where(np.expand_dims(mask, axis), slopes, 0)
        return Parts(np.where(mask, values, 0), slopes, mask)
    if axis not in (-1, p.ndim - 1):
        values, slopes, *_ = _fused_sparse(t, np.moveaxis(p, axis, -1), gradient, from_logits)
        return Parts(values, None if slopes is None else np.moveaxis(slopes, -1, axis))
    labels, rows = t.reshape(-1), np.arange(t.size)
    p = p.reshape(labels.size, p.shape[-1])
    if from_logits:
        p = p - p.max(axis=1, keepdims=True)
        powers = np.exp(p)
        total = powers.sum(axis=1)
        values = (np.log(total) - p[rows, labels]).reshape(t.shape)
        if gradient:
            powers /= total[:, None]
            powers[rows, labels] -= 1.0
        return Parts(values, powers.reshape(*t.shape, -1) if gradient else None)
    total = p.sum(axis=1)
    inside, kept = _clipped(p[rows, labels] / total)
    values = -np.log(kept).reshape(t.shape)
    if not gradient:
        return Parts(values)
    # -log(p[label] / total): 1 / total everywhere, less 1 / p[label] at the label; nothing where the share was clipped
    pull = inside / total
    found = np.repeat(pull, p.shape[1]).reshape(p.shape)
    found[rows, labels] -= pull / kept
    return Parts(values, found.reshape(*t.shape, -1))


# --- the losses -----------------------------------------------------------------------------------------


def _class_rows(y_true: Any, shape: Shape, owner: str, *, axis: int = -1, **options: Any) -> Array:
    """Targets of the predictions' shape; one class alone is warned of, whose share is always 1."""
    targets = same_shape(y_true, shape, owner)
    if shape[axis] == 1:
        warnings.warn("categorical_crossentropy: the predictions are of one class, so the loss is always 0; for two classes "
                      "use binary_crossentropy", SyntaxWarning, stacklevel=3)
    return targets


@loss_function(fused=_fused_binary)
def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                        axis: int = -1) -> Any:
    """-mean(y log(p) + (1 - y) log(1 - p)), p kept within 1e-7 of 0 and 1, or sigmoid(p) with `from_logits`.

    Args:
        y_true: labels 0 and 1, or probabilities.
        y_pred: probabilities, or logits.
        from_logits: whether predictions are logits.
        label_smoothing: how far labels are drawn towards 0.5, from 0 to 1.
        axis: over which the mean is taken.
    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> binary_crossentropy([[1.0]], [[0.5]])
    array([0.6931472], dtype=float32)
    """
    t, p = _smooth(y_true, label_smoothing, 0.5), y_pred
    if from_logits:  # -log(sigmoid(p)) without overflow
        return ops.mean(ops.relu(p) - p * t + ops.log1p(ops.exp(-ops.absolute(p))), axis=axis)
    p = _inside(p)
    return ops.mean(-(t * ops.log(p) + (1.0 - t) * ops.log(1.0 - p)), axis=axis)


class BinaryCrossentropy(LossFunctionWrapper):
    """Crossentropy of labels 0 and 1 (or probabilities) and predictions of the same shape.

    Args:
        from_logits: whether predictions are logits, to which a sigmoid is applied.
        label_smoothing: how far labels are drawn towards 0.5, from 0 to 1.
        axis: over which the mean is taken.
    Shape:
        y_true and y_pred (N, ..., D).
    Raises:
        KonvError: label_smoothing is not a number from 0 to 1.

    >>> round(float(BinaryCrossentropy()([[1.0]], [[0.5]])), 4)
    0.6931
    """

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction: Reduction = "sum_over_batch_size", name: str | None = "binary_crossentropy",
                 dtype: Any = None) -> None:
        super().__init__(binary_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         label_smoothing=_fraction(label_smoothing, "BinaryCrossentropy"), axis=axis)


@loss_function(_class_rows, _fused_categorical)
def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                             axis: int = -1) -> Any:
    """-sum(y log(p)) over the classes, for one-hot rows y; p is divided by its sum, or softmax(p) with `from_logits`.

    Args:
        y_true: one-hot rows, or probabilities.
        y_pred: probabilities, or logits.
        from_logits: whether predictions are logits.
        label_smoothing: how far rows are drawn towards 1 / classes, from 0 to 1.
        axis: of the classes.
    Shape:
        y_true and y_pred (N, ..., classes) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    array([0.6931472], dtype=float32)
    """
    t = _smooth(y_true, label_smoothing, 1 / y_pred.shape[-1])
    logs = ops.log_softmax(y_pred, axis=axis) if from_logits else ops.log(_inside(_shares(y_pred, axis)))
    return -ops.sum(t * logs, axis=axis)


class CategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of one-hot rows and predictions of the same shape.

    Args:
        from_logits: whether predictions are logits, to which a softmax is applied.
        label_smoothing: how far rows are drawn towards 1 / classes, from 0 to 1.
        axis: of the classes.
    Shape:
        y_true and y_pred (N, ..., classes).
    Raises:
        KonvError: label_smoothing is not a number from 0 to 1.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction: Reduction = "sum_over_batch_size", name: str | None = "categorical_crossentropy",
                 dtype: Any = None) -> None:
        super().__init__(categorical_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         label_smoothing=_fraction(label_smoothing, "CategoricalCrossentropy"), axis=axis)


@loss_function(class_labels, _fused_sparse)
def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None,
                                    axis: int = -1) -> Any:
    """-log(p[y]) for integer labels y; p is divided by its sum, or softmax(p) with `from_logits`.

    Args:
        y_true: indices of classes.
        y_pred: probabilities, or logits.
        from_logits: whether predictions are logits.
        ignore_class: a label whose samples (or pixels) have a loss of zero.
        axis: of the classes.
    Shape:
        y_true (N, ...) or (N, ..., 1) and y_pred (N, ..., classes) -> (N, ...).
    Raises:
        ShapeError: there is not one label per sample (or pixel).
        KonvError: a label is not the index of a class.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]])
    array([0.6931472], dtype=float32)
    """
    if y_true.ndim == y_pred.ndim:
        y_true = ops.squeeze(y_true, -1)
    values = categorical_crossentropy(ops.one_hot(y_true, y_pred.shape[-1]), y_pred, from_logits, axis=axis)
    return values if ignore_class is None else values * ops.not_equal(y_true, float(ignore_class))


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of integer labels (N,) and predictions (N, classes).

    Args:
        from_logits: whether predictions are logits, to which a softmax is applied.
        ignore_class: a label whose samples (or pixels) have neither loss nor gradient and do not count in a mean.
        axis: of the classes.
    Shape:
        y_true (N, ...) or (N, ..., 1), y_pred (N, ..., classes).

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(self, from_logits: bool = False, ignore_class: int | None = None,
                 reduction: Reduction = "sum_over_batch_size", axis: int = -1,
                 name: str | None = "sparse_categorical_crossentropy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         ignore_class=ignore_class, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        config = super().get_config()
        del config["axis"]  # Keras does not write it
        return config


@loss_function()
def binary_focal_crossentropy(y_true: Any, y_pred: Any, apply_class_balancing: bool = False, alpha: float = 0.25,
                              gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
                              axis: int = -1) -> Any:
    """binary_crossentropy times (1 - p of the right class)^gamma: what is already right counts less.

    Args:
        y_true: labels 0 and 1, or probabilities.
        y_pred: probabilities, or logits.
        apply_class_balancing: whether labels 1 weigh `alpha` and labels 0 weigh 1 - alpha.
        alpha: see there.
        gamma: how much less; 0 is binary_crossentropy.
        from_logits: whether predictions are logits.
        label_smoothing: how far labels are drawn towards 0.5, from 0 to 1.
        axis: over which the mean is taken.
    Shape:
        y_true and y_pred (N, ..., D) -> (N, ...).
    Reference:
        Lin et al., "Focal loss for dense object detection", 2018.

    >>> binary_focal_crossentropy([[1.0]], [[0.5]])
    array([0.1732868], dtype=float32)
    """
    t, p = _smooth(y_true, label_smoothing, 0.5), ops.sigmoid(y_pred) if from_logits else y_pred
    kept = _inside(p)
    values = -(t * ops.log(kept) + (1.0 - t) * ops.log(1.0 - kept))
    if gamma:
        values = ops.power(1.0 - t * p - (1.0 - t) * (1.0 - p), gamma) * values
    if apply_class_balancing:
        values = (t * alpha + (1.0 - t) * (1.0 - alpha)) * values
    return ops.mean(values, axis=axis)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """BinaryCrossentropy times (1 - p of the right class)^gamma: what is already right counts less.

    Args:
        apply_class_balancing: whether labels 1 weigh `alpha` and labels 0 weigh 1 - alpha.
        alpha: see there.
        gamma: how much less; 0 is BinaryCrossentropy.
        from_logits: whether predictions are logits, to which a sigmoid is applied.
        label_smoothing: how far labels are drawn towards 0.5, from 0 to 1.
        axis: over which the mean is taken.
    Shape:
        y_true and y_pred (N, ..., D).
    Raises:
        KonvError: label_smoothing is not a number from 0 to 1.
    Reference:
        Lin et al., "Focal loss for dense object detection", 2018.

    >>> round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
    0.1733
    """

    def __init__(self, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0,
                 from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction: Reduction = "sum_over_batch_size", name: str | None = "binary_focal_crossentropy",
                 dtype: Any = None) -> None:
        super().__init__(binary_focal_crossentropy, reduction, name, dtype,
                         apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma, from_logits=from_logits,
                         label_smoothing=_fraction(label_smoothing, "BinaryFocalCrossentropy"), axis=axis)


@loss_function()
def categorical_focal_crossentropy(y_true: Any, y_pred: Any, alpha: float = 0.25, gamma: float = 2.0,
                                   from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    """categorical_crossentropy times alpha * (1 - p)^gamma: what is already right counts less.

    Args:
        y_true: one-hot rows, or probabilities.
        y_pred: probabilities, or logits.
        alpha: the weight of all classes.
        gamma: how much less.
        from_logits: whether predictions are logits.
        label_smoothing: how far rows are drawn towards 1 / classes, from 0 to 1.
        axis: of the classes.
    Shape:
        y_true and y_pred (N, ..., classes) -> (N, ...).
    Reference:
        Lin et al., "Focal loss for dense object detection", 2018.

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    array([0.0433217], dtype=float32)
    """
    t = _smooth(y_true, label_smoothing, 1 / y_pred.shape[-1])
    p = _inside(_shares(ops.softmax(y_pred, axis=axis) if from_logits else y_pred, axis))
    focus = alpha * ops.power(1.0 - p, gamma) if gamma else alpha
    return -ops.sum(focus * t * ops.log(p), axis=axis)


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """CategoricalCrossentropy times alpha * (1 - p)^gamma: what is already right counts less.

    Args:
        alpha: the weight of all classes.
        gamma: how much less.
        from_logits: whether predictions are logits, to which a softmax is applied.
        label_smoothing: how far rows are drawn towards 1 / classes, from 0 to 1.
        axis: of the classes.
    Shape:
        y_true and y_pred (N, ..., classes).
    Raises:
        KonvError: label_smoothing is not a number from 0 to 1.
    Reference:
        Lin et al., "Focal loss for dense object detection", 2018.

    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """

    def __init__(self, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
                 axis: int = -1, reduction: Reduction = "sum_over_batch_size",
                 name: str | None = "categorical_focal_crossentropy", dtype: Any = None) -> None:
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, alpha=alpha, gamma=gamma,
                         from_logits=from_logits,
                         label_smoothing=_fraction(label_smoothing, "CategoricalFocalCrossentropy"), axis=axis)


@loss_function(class_labels)
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """(1 - p[y]^q) / q for integer labels: between crossentropy (q to 0) and absolute error (q = 1).

    Args:
        y_true: indices of classes.
        y_pred: probabilities.
        q: from 0 to 1.
    Shape:
        y_true (N, ...) and y_pred (N, ..., classes) -> (N, ...).
    Reference:
        Zhang & Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels", 2018.

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5)
    array([1.], dtype=float32)
    """
    right = ops.sum(ops.one_hot(y_true, y_pred.shape[-1]) * y_pred, axis=-1)
    return (1.0 - ops.power(right, q)) / q


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """(1 - p[y]^q) / q for integer labels (N,) and predictions (N, classes): robust against wrong labels.

    Args:
        q: between crossentropy (0) and absolute error (1).
    Shape:
        y_true (N, ...) and y_pred (N, ..., classes).
    Raises:
        KonvError: q is not between 0 and 1.
    Reference:
        Zhang & Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels", 2018.

    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    def __init__(self, q: float = 0.5, reduction: Reduction = "sum_over_batch_size",
                 name: str | None = "categorical_generalized_cross_entropy", dtype: Any = None) -> None:
        if not 0 < q < 1:
            raise KonvError(f"CategoricalGeneralizedCrossEntropy: q must be in the interval (0, 1), got {q!r}")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


@loss_function()
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum(y_true * log(y_true / y_pred)) over the last axis, both kept between 1e-7 and 1.

    Shape:
        y_true and y_pred (N, ..., classes) -> (N, ...).
    Raises:
        ShapeError: the shapes differ by more than a last axis of size one.
    Reference:
        Kullback & Leibler, "On information and sufficiency", 1951.

    >>> kl_divergence([[0.5, 0.5]], [[0.5, 0.5]])
    array([0.], dtype=float32)
    """
    t, p = ops.clip(y_true, epsilon(), 1.0), ops.clip(y_pred, epsilon(), 1.0)
    return ops.sum(t * ops.log(t / p), axis=-1)


class KLDivergence(LossFunctionWrapper):
    """sum(y_true * log(y_true / y_pred)), for distributions.

    Shape:
        y_true and y_pred (N, ..., classes).
    Reference:
        Kullback & Leibler, "On information and sufficiency", 1951.

    >>> float(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "kl_divergence",
                 dtype: Any = None) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)
