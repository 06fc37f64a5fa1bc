"""The losses as functions: one formula each, with the gradient beside the value.

A formula takes parsed targets `t` and predictions `p`, reduces over the last axis (or `axis`), and gives one number
per sample; its gradient is that of each number with respect to its own predictions.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.config import epsilon
from konv.errors import KonvError, ShapeError
from konv.losses.base import Array, Parts, Shape, as_float
from konv.tracing.symbolic import is_symbolic


@dataclass(frozen=True)
class Formula:
    """`parse(y_true, shape, **options)` checks and converts targets; `parts(t, p, gradient, **options)` computes.

    `axis` is what the formula reduces over, where no option of that name says it.
    """

    parse: Callable[..., Array]
    parts: Callable[..., Parts]
    axis: int | tuple[int, ...] = -1


def evaluate(function: Callable, y_true, y_pred, **options) -> Array:
    """One number per sample by the formula of `function`."""
    if is_symbolic(y_true, y_pred):
        from konv.losses import composed

        return composed.evaluate(function.__name__, y_true, y_pred, options)
    formula = FORMULAS[function]
    y_pred = as_float(y_pred)
    return formula.parts(formula.parse(y_true, y_pred.shape, **options), y_pred, False, **options).values


# --- targets ------------------------------------------------------------------------------------------


def same_shape(y_true, shape: Shape, owner: str) -> Array:
    """Float targets of the predictions' shape; a last axis of size one may be left out on either side, as in Keras."""
    targets, wanted = as_float(y_true), shape
    if targets.shape == shape:
        return targets
    if targets.ndim == len(shape) - 1 and shape[-1] == 1:
        if targets.ndim == 1:
            targets = targets[:, None]
        else:
            wanted = shape[:-1]
    elif targets.ndim == len(shape) + 1 and targets.shape[-1] == 1:
        if len(shape) == 1:
            wanted = (*shape, 1)
        else:
            targets = targets[..., 0]
    if targets.shape != wanted:
        raise ShapeError(f"{owner}: y has shape {np.shape(y_true)}, but the predictions have shape {shape}; "
                         f"they must be equal{_hint(owner, targets, shape)}")
    return targets


def _hint(owner: str, targets: Array, shape: Shape) -> str:
    """What would do, where labels meet a loss for one-hot rows, or targets meet images."""
    if targets.ndim <= 2 < len(shape):
        return _flat(shape)
    if ("categorical" in owner or "binary" in owner) and targets.size * shape[-1] == int(np.prod(shape)):
        return "; for integer labels use sparse_categorical_crossentropy"
    return ""


def _flat(shape: Shape) -> str:
    """For predictions that are images where the targets are not."""
    return (f"; the predictions still have {len(shape) - 2} more axes, such as height and width: put Flatten or "
            f"GlobalAveragePooling2D before the last Dense")


def targets_like(owner: str) -> Callable[..., Array]:
    return lambda y_true, shape, **options: same_shape(y_true, shape, owner)


def _binary_targets(y_true, shape: Shape, *, label_smoothing: float = 0.0, **options) -> Array:
    targets = same_shape(y_true, shape, "binary_crossentropy")
    return targets * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else targets


def _categorical_targets(y_true, shape: Shape, *, label_smoothing: float = 0.0, axis: int = -1, **options) -> Array:
    targets = same_shape(y_true, shape, "categorical_crossentropy")
    if shape[axis] == 1:  # whose share is always 1
        warnings.warn("categorical_crossentropy: the predictions are of one class, so the loss is always 0; for two classes "
                      "use binary_crossentropy", SyntaxWarning, stacklevel=3)
    if label_smoothing:
        targets = targets * (1.0 - label_smoothing) + label_smoothing / targets.shape[-1]
    return targets


def labels_of(y_true, shape: Shape, *, ignore_class: int | None = None, axis: int = -1,
              owner: str = "sparse_categorical_crossentropy", **options) -> Array:
    """Class numbers, one per sample (or per sample and place), each checked to name one of the classes.

    Those to be ignored become -1.
    """
    labels = to_array(y_true, owner, "y")
    if labels.ndim == len(shape) and labels.shape[axis] == 1:
        labels = labels.squeeze(axis)
    rest = list(shape)
    classes = rest.pop(axis)
    shape = (*rest, classes)
    if labels.ndim == 1 < len(shape) - 1:
        raise ShapeError(f"{owner}: y has shape {np.shape(y_true)}, but the predictions have shape {shape}{_flat(shape)}")
    if labels.shape != shape[:-1]:
        raise ShapeError(f"{owner}: y has shape {np.shape(y_true)}, but predictions of shape {shape} need one integer "
                         f"label per sample, shape {shape[:-1]}; for one-hot rows use categorical_crossentropy")
    with np.errstate(invalid="ignore"):  # nan becomes a number that is out of range
        numbers = labels.astype(np.intp)
    ignored = np.zeros(labels.shape, bool) if ignore_class is None else labels == ignore_class
    if ignore_class is not None:
        labels = numbers = np.where(ignored, 0, numbers)
    # one pass finds labels on both sides of the range: negative ones are huge when read as unsigned
    if numbers.size and int(numbers.view(np.uintp).max()) >= shape[-1]:
        _refuse_label(labels, numbers, shape[-1])
    if labels.dtype.kind == "f" and (numbers != labels).any():  # Keras cuts fractions off, and learns the wrong thing
        place = tuple(map(int, np.argwhere(numbers != labels)[0]))
        raise KonvError(f"{owner}: label {labels[place]} at y[{', '.join(map(str, place))}] is not an integer; labels are "
                        f"the numbers of classes. For targets that are measured use mean_squared_error")
    return numbers if ignore_class is None else np.where(ignored, -1, numbers)


def _refuse_label(labels: Array, numbers: Array, classes: int) -> None:
    place = tuple(int(index) for index in np.argwhere((numbers < 0) | (numbers >= classes))[0])
    where = ", ".join(map(str, place))
    if classes == 1:
        raise KonvError(f"sparse_categorical_crossentropy: label {labels[place]} at y[{where}], but the model has 1 output; "
                        f"for two classes use binary_crossentropy with Dense(1, \"sigmoid\"), or Dense(2, \"softmax\")")
    raise KonvError(f"sparse_categorical_crossentropy: label {labels[place]} at y[{where}] is out of range: there are "
                    f"{classes} classes, so labels must be 0 to {classes - 1}")


# --- formulas -----------------------------------------------------------------------------------------


def _squared(t: Array, p: Array, gradient: bool) -> Parts:
    d = p.reshape(t.shape) - t
    values = np.mean(d * d, axis=-1)
    return Parts(values, np.multiply(d, 2.0 / d.shape[-1], out=d) if gradient else None)


def _absolute(t: Array, p: Array, gradient: bool) -> Parts:
    d = p.reshape(t.shape) - t
    return Parts(np.mean(np.abs(d), axis=-1), np.sign(d) / d.shape[-1] if gradient else None)


def _huber(t: Array, p: Array, gradient: bool, delta: float = 1.0) -> Parts:
    d = p.reshape(t.shape) - t
    size = np.abs(d)
    values = np.where(size <= delta, 0.5 * d * d, delta * size - 0.5 * delta * delta).mean(axis=-1)
    return Parts(values, np.clip(d, -delta, delta) / d.shape[-1] if gradient else None)


def _binary(t: Array, p: Array, gradient: bool, from_logits: bool = False, label_smoothing: float = 0.0,
            axis: int = -1) -> Parts:
    p = p.reshape(t.shape)
    count = p.shape[axis]
    if from_logits:
        # max(p, 0) - p t + log(1 + exp(-|p|)) is -log(sigmoid) without overflow
        decay = np.exp(-np.abs(p))
        values = np.mean(np.maximum(p, 0) - p * t + np.log1p(decay), axis=axis)
        return Parts(values, (np.where(p >= 0, 1.0, decay) / (1.0 + decay) - t) / count if gradient else None)
    inside, kept = clipped(p)
    values = -np.mean(t * np.log(kept) + (1.0 - t) * np.log(1.0 - kept), axis=axis)
    return Parts(values, inside * ((1.0 - t) / (1.0 - kept) - t / kept) / count if gradient else None)


def _categorical(t: Array, p: Array, gradient: bool, from_logits: bool = False, label_smoothing: float = 0.0,
                 axis: int = -1) -> Parts:
    p = p.reshape(t.shape)
    if from_logits:
        shifted = p - p.max(axis=axis, keepdims=True)
        powers = np.exp(shifted)
        total = powers.sum(axis=axis, keepdims=True)
        mass = t.sum(axis=axis, keepdims=True)
        values = (mass * np.log(total)).squeeze(axis) - (t * shifted).sum(axis=axis)
        return Parts(values, powers * (mass / total) - t if gradient else None)
    total = p.sum(axis=axis, keepdims=True)
    inside, kept = clipped(share(p, total))
    values = -(t * np.log(kept)).sum(axis=axis)
    if not gradient:
        return Parts(values)
    live = t * inside
    return Parts(values, (live.sum(axis=axis, keepdims=True) - live / kept) / total)


def _sparse(t: Array, p: Array, gradient: bool, from_logits: bool = False, ignore_class: int | None = None,
            axis: int = -1) -> Parts:
    if ignore_class is not None:  # of what is ignored there is neither loss nor gradient, and it does not count in a mean
        mask = t >= 0
        parts = _sparse(np.maximum(t, 0), p, gradient, from_logits, None, axis)
        slope = parts.gradient if parts.gradient is None else np.where(np.expand_dims(mask, axis), parts.gradient, 0)
        return Parts(np.where(mask, parts.values, 0), slope, mask)
    if axis not in (-1, p.ndim - 1):
        values, slope, *_ = _sparse(t, np.moveaxis(p, axis, -1), gradient, from_logits)
        return Parts(values, None if slope is None else np.moveaxis(slope, -1, axis))
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
    inside, kept = clipped(share(p[rows, labels], total))
    values = -np.log(kept).reshape(t.shape)
    if not gradient:
        return Parts(values)
    # -log(p[label] / total): 1 / total everywhere, less 1 / p[label] at the label; nothing where the share was clipped
    pull = inside / total
    slope = np.repeat(pull, p.shape[1]).reshape(p.shape)
    slope[rows, labels] -= pull / kept
    return Parts(values, slope.reshape(*t.shape, -1))


def clipped(p: Array) -> tuple[Array, Array]:
    """Probabilities kept away from 0 and 1 so that their logarithms exist, and where they were not touched."""
    tiny = np.float32(epsilon())
    kept = np.minimum(np.maximum(p, tiny), np.float32(1.0) - tiny)
    return p == kept, kept


def share(p: Array, total: Array) -> Array:
    """p / total; a row of zeros gives nan as in Keras, without a warning."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return p / total


# --- the functions of keras.losses ----------------------------------------------------------------------


def mean_squared_error(y_true, y_pred) -> Array:
    """mean((y_true - y_pred)^2) over the last axis.

    >>> mean_squared_error([[0.0, 2.0]], [[1.0, 2.0]])
    array([0.5], dtype=float32)
    """
    return evaluate(mean_squared_error, y_true, y_pred)


def mean_absolute_error(y_true, y_pred) -> Array:
    """mean(|y_true - y_pred|) over the last axis.

    >>> mean_absolute_error([[0.0, 2.0]], [[1.0, 2.0]])
    array([0.5], dtype=float32)
    """
    return evaluate(mean_absolute_error, y_true, y_pred)


def huber(y_true, y_pred, delta: float = 1.0) -> Array:
    """Squared error / 2 up to a difference of `delta`, growing linearly beyond; mean over the last axis.

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]])
    array([1.5], dtype=float32)
    """
    return evaluate(huber, y_true, y_pred, delta=delta)


def binary_crossentropy(y_true, y_pred, from_logits: bool = False, label_smoothing: float = 0.0,
                        axis: int = -1) -> Array:
    """-mean(y log(p) + (1 - y) log(1 - p)), p kept within 1e-7 of 0 and 1, or sigmoid(p) with `from_logits`.

    >>> binary_crossentropy([[1.0]], [[0.5]])
    array([0.6931472], dtype=float32)
    """
    options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
    return evaluate(binary_crossentropy, y_true, y_pred, **options)


def categorical_crossentropy(y_true, y_pred, from_logits: bool = False, label_smoothing: float = 0.0,
                             axis: int = -1) -> Array:
    """-sum(y log(p)) over the classes, for one-hot rows y; p is divided by its sum, or softmax(p) with `from_logits`.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    array([0.6931472], dtype=float32)
    """
    options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
    return evaluate(categorical_crossentropy, y_true, y_pred, **options)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits: bool = False, ignore_class: int | None = None,
                                    axis: int = -1) -> Array:
    """-log(p[y]) for integer labels y; p is divided by its sum, or softmax(p) with `from_logits`.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]])
    array([0.6931472], dtype=float32)
    """
    options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
    return evaluate(sparse_categorical_crossentropy, y_true, y_pred, **options)


FORMULAS: dict[Any, Formula] = {
    mean_squared_error: Formula(targets_like("mean_squared_error"), _squared),
    mean_absolute_error: Formula(targets_like("mean_absolute_error"), _absolute),
    huber: Formula(targets_like("huber"), _huber),
    binary_crossentropy: Formula(_binary_targets, _binary),
    categorical_crossentropy: Formula(_categorical_targets, _categorical),
    sparse_categorical_crossentropy: Formula(labels_of, _sparse),
}
