"""The most common losses as operations of a graph, for losses of the user's own that are made of them."""

from collections.abc import Callable
from typing import Any, cast

from konv import ops
from konv.config import epsilon
from konv.errors import UnsupportedError
from konv.losses.base import same_rank


def mean_squared_error(t, p) -> Any:
    return ops.mean(ops.square(p - t), axis=-1)


def mean_absolute_error(t, p) -> Any:
    return ops.mean(ops.absolute(p - t), axis=-1)


def huber(t, p, delta: float = 1.0) -> Any:
    distance = ops.absolute(p - t)
    near = ops.minimum(distance, delta)  # 0.5 * near^2 up to delta, and a slope of delta beyond it
    return ops.mean(0.5 * ops.square(near) + delta * (distance - near), axis=-1)


def binary_crossentropy(t: Any, p: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    if label_smoothing:
        t = t * (1 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        return ops.mean(ops.relu(p) - p * t + ops.log1p(ops.exp(-ops.absolute(p))), axis=axis)
    p = cast(Any, ops.clip(p, epsilon(), 1 - epsilon()))
    return ops.mean(-(t * ops.log(p) + (1 - t) * ops.log(1 - p)), axis=axis)


def categorical_crossentropy(t, p, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    if label_smoothing:
        t = t * (1 - label_smoothing) + label_smoothing / p.shape[axis]
    if from_logits:
        return -ops.sum(t * ops.log_softmax(p, axis=axis), axis=axis)
    p = ops.clip(p / ops.sum(p, axis=axis, keepdims=True), epsilon(), 1 - epsilon())
    return -ops.sum(t * ops.log(p), axis=axis)


def sparse_categorical_crossentropy(t, p, from_logits: bool = False, axis: int = -1) -> Any:
    if t.ndim == p.ndim:
        t = ops.squeeze(t, -1)
    return categorical_crossentropy(ops.one_hot(t, p.shape[-1]), p, from_logits, axis=axis)


FORMULAS: dict[str, Callable[..., Any]] = {function.__name__: function for function in (
    mean_squared_error, mean_absolute_error, huber, binary_crossentropy, categorical_crossentropy,
    sparse_categorical_crossentropy)}


def evaluate(name: str, y_true: Any, y_pred: Any, options: dict[str, Any]) -> Any:
    """One tensor of numbers per sample."""
    if name not in FORMULAS:
        raise UnsupportedError(f"{name}: is not supported inside a loss of one's own; there are {', '.join(FORMULAS)}; write "
                               f"it with konv.ops")
    if name != "sparse_categorical_crossentropy":
        y_true, y_pred = same_rank(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    defaults = {"ignore_class": None}
    given = {key: value for key, value in options.items() if key not in defaults or value != defaults[key]}
    return FORMULAS[name](y_true, y_pred, **given)
