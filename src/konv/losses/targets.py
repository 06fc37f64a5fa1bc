"""Targets of losses: checked against the predictions and converted; errors say what would do instead."""

from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError
from konv.losses.base import Array, Shape, as_float


def same_shape(y_true: Any, shape: Shape, owner: str, **options: Any) -> Array:
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


def class_labels(y_true: Any, shape: Shape, owner: str, *, ignore_class: int | None = None, axis: int = -1,
                 **options: Any) -> Array:
    """Class indices, one per sample (or per sample and pixel), each checked to name one of the classes.

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
    with np.errstate(invalid="ignore"):  # nan becomes an index that is out of range
        indices = labels.astype(np.intp)
    ignored = np.zeros(labels.shape, bool) if ignore_class is None else labels == ignore_class
    if ignore_class is not None:
        labels = indices = np.where(ignored, 0, indices)
    # one pass finds labels on both sides of the range: negative ones are huge when read as unsigned
    if indices.size and int(indices.view(np.uintp).max()) >= shape[-1]:
        _refuse_label(labels, indices, shape[-1])
    if labels.dtype.kind == "f" and (indices != labels).any():  # Keras cuts fractions off, and learns the wrong thing
        index = tuple(map(int, np.argwhere(indices != labels)[0]))
        raise KonvError(f"{owner}: label {labels[index]} at y[{', '.join(map(str, index))}] is not an integer; labels are "
                        f"the numbers of classes. For targets that are measured use mean_squared_error")
    return indices if ignore_class is None else np.where(ignored, -1, indices)


def _refuse_label(labels: Array, indices: Array, classes: int) -> None:
    index = tuple(int(position) for position in np.argwhere((indices < 0) | (indices >= classes))[0])
    where = ", ".join(map(str, index))
    if classes == 1:
        raise KonvError(f"sparse_categorical_crossentropy: label {labels[index]} at y[{where}], but the model has 1 output; "
                        f"for two classes use binary_crossentropy with Dense(1, \"sigmoid\"), or Dense(2, \"softmax\")")
    raise KonvError(f"sparse_categorical_crossentropy: label {labels[index]} at y[{where}] is out of range: there are "
                    f"{classes} classes, so labels must be 0 to {classes - 1}")
