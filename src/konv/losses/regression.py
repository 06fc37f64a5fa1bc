"""Losses for measured targets, for counts, for distributions and for signs: formulas with their gradients.

A formula is written as in functions.py: targets `t`, predictions `p`, one number per sample, its gradient beside it.
"""

import numpy as np

from konv.config import epsilon
from konv.losses.base import Array, Parts, Shape
from konv.losses.functions import FORMULAS, Formula, evaluate, same_shape, targets_like

# --- formulas -----------------------------------------------------------------------------------------


def _percentage(t: Array, p: Array, gradient: bool) -> Parts:
    p = p.reshape(t.shape)
    scale = np.float32(100.0) / np.maximum(np.abs(t), np.float32(epsilon()))
    d = (p - t) * scale
    return Parts(np.mean(np.abs(d), axis=-1), np.sign(d) * scale / d.shape[-1] if gradient else None)


def _logarithmic(t: Array, p: Array, gradient: bool) -> Parts:
    p, tiny = p.reshape(t.shape), np.float32(epsilon())
    above = np.maximum(p, tiny) + 1
    d = np.log(above) - np.log(np.maximum(t, tiny) + 1)
    values = np.mean(d * d, axis=-1)
    return Parts(values, (p > tiny) * d * np.float32(2.0 / d.shape[-1]) / above if gradient else None)


def _log_cosh(t: Array, p: Array, gradient: bool) -> Parts:
    d = p.reshape(t.shape) - t
    values = np.mean(d + np.logaddexp(np.float32(0), -2 * d) - np.float32(np.log(2.0)), axis=-1)
    return Parts(values, np.tanh(d) / d.shape[-1] if gradient else None)


def _poisson(t: Array, p: Array, gradient: bool) -> Parts:
    p = p.reshape(t.shape)
    above = p + np.float32(epsilon())
    with np.errstate(invalid="ignore"):  # a negative prediction gives nan, as in Keras
        values = np.mean(p - t * np.log(above), axis=-1)
    return Parts(values, (1 - t / above) / p.shape[-1] if gradient else None)


def _cosine(t: Array, p: Array, gradient: bool, axis: int = -1) -> Parts:
    p = p.reshape(t.shape)
    unit, scale = _unit(p, axis)
    wanted, _ = _unit(t, axis)
    products = (wanted * unit).sum(axis=axis, keepdims=True)
    if not gradient:
        return Parts(-products.squeeze(axis))
    # a unit vector only turns; one too short to be scaled to a length of one moves freely
    turning = scale < np.float32(1.0 / epsilon())
    return Parts(-products.squeeze(axis), scale * (turning * products * unit - wanted))


def _unit(x: Array, axis: int) -> tuple[Array, Array]:
    """Vectors of length one, and what they were multiplied by."""
    with np.errstate(divide="ignore"):
        scale = np.minimum(1 / np.sqrt(np.square(x).sum(axis=axis, keepdims=True)), np.float32(1.0 / epsilon()))
    return x * scale, scale


def _divergence(t: Array, p: Array, gradient: bool) -> Parts:
    p, tiny = p.reshape(t.shape), np.float32(epsilon())
    kept = np.clip(p, tiny, 1)
    t = np.clip(t, tiny, 1)
    return Parts((t * np.log(t / kept)).sum(axis=-1), (p == kept) * -t / kept if gradient else None)


def _hinge(t: Array, p: Array, gradient: bool) -> Parts:
    missing = np.maximum(1 - t * p.reshape(t.shape), 0)
    return Parts(np.mean(missing, axis=-1), (missing > 0) * -t / t.shape[-1] if gradient else None)


def _squared_hinge(t: Array, p: Array, gradient: bool) -> Parts:
    missing = np.maximum(1 - t * p.reshape(t.shape), 0)
    return Parts(np.mean(missing * missing, axis=-1), missing * t * np.float32(-2.0 / t.shape[-1]) if gradient else None)


def _categorical_hinge(t: Array, p: Array, gradient: bool) -> Parts:
    p = p.reshape(t.shape)
    others = (1 - t) * p
    values = np.maximum(others.max(axis=-1) - (t * p).sum(axis=-1) + 1, 0)
    if not gradient:
        return Parts(values)
    slope = -t
    best = others.argmax(axis=-1)[..., None]
    np.put_along_axis(slope, best, np.take_along_axis(1 - 2 * t, best, -1), -1)  # -t, and 1 - t where the best other is
    return Parts(values, slope * (values > 0)[..., None])


def _signs(y_true, shape: Shape, owner: str) -> Array:
    """Targets -1 and 1; where all are 0 and 1, they are taken for classes."""
    targets = same_shape(y_true, shape, owner)
    return 2 * targets - 1 if ((targets == 0) | (targets == 1)).all() else targets


# --- the functions of keras.losses ----------------------------------------------------------------------


def mean_absolute_percentage_error(y_true, y_pred) -> Array:
    """100 * mean(|y_true - y_pred| / |y_true|) over the last axis, the divisor at least 1e-7.

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]])
    array([25.], dtype=float32)
    """
    return evaluate(mean_absolute_percentage_error, y_true, y_pred)


def mean_squared_logarithmic_error(y_true, y_pred) -> Array:
    """mean((log(y_true + 1) - log(y_pred + 1))^2) over the last axis, both at least 1e-7.

    >>> mean_squared_logarithmic_error([[0.0, 1.0]], [[0.0, 1.0]])
    array([0.], dtype=float32)
    """
    return evaluate(mean_squared_logarithmic_error, y_true, y_pred)


def log_cosh(y_true, y_pred) -> Array:
    """mean(log(cosh(y_pred - y_true))) over the last axis: half the square of small errors, the size of large ones.

    >>> log_cosh([[0.0]], [[1.0]]).round(4)
    array([0.4338], dtype=float32)
    """
    return evaluate(log_cosh, y_true, y_pred)


def poisson(y_true, y_pred) -> Array:
    """mean(y_pred - y_true * log(y_pred)) over the last axis, for counts and their predicted rates.

    >>> poisson([[1.0]], [[1.0]])
    array([0.9999999], dtype=float32)
    """
    return evaluate(poisson, y_true, y_pred)


def cosine_similarity(y_true, y_pred, axis: int = -1) -> Array:
    """-sum(y_true * y_pred) of vectors scaled to length one: -1 for one direction, 0 at a right angle.

    >>> cosine_similarity([[0.0, 1.0]], [[0.0, 3.0]])
    array([-1.], dtype=float32)
    """
    return evaluate(cosine_similarity, y_true, y_pred, axis=axis)


def kl_divergence(y_true, y_pred) -> Array:
    """sum(y_true * log(y_true / y_pred)) over the last axis, both kept between 1e-7 and 1.

    >>> kl_divergence([[0.5, 0.5]], [[0.5, 0.5]])
    array([0.], dtype=float32)
    """
    return evaluate(kl_divergence, y_true, y_pred)


def hinge(y_true, y_pred) -> Array:
    """mean(max(1 - y_true * y_pred, 0)) over the last axis, for targets -1 and 1; 0 and 1 are taken for these.

    >>> hinge([[-1.0, 1.0]], [[0.5, 0.5]])
    array([1.], dtype=float32)
    """
    return evaluate(hinge, y_true, y_pred)


def squared_hinge(y_true, y_pred) -> Array:
    """mean(max(1 - y_true * y_pred, 0)^2) over the last axis, for targets -1 and 1; 0 and 1 are taken for these.

    >>> squared_hinge([[-1.0, 1.0]], [[0.5, 0.5]])
    array([1.25], dtype=float32)
    """
    return evaluate(squared_hinge, y_true, y_pred)


def categorical_hinge(y_true, y_pred) -> Array:
    """max(largest wrong prediction - right prediction + 1, 0) for one-hot rows.

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.75]])
    array([0.75], dtype=float32)
    """
    return evaluate(categorical_hinge, y_true, y_pred)


FORMULAS.update({
    mean_absolute_percentage_error: Formula(targets_like("mean_absolute_percentage_error"), _percentage),
    mean_squared_logarithmic_error: Formula(targets_like("mean_squared_logarithmic_error"), _logarithmic),
    log_cosh: Formula(targets_like("log_cosh"), _log_cosh),
    poisson: Formula(targets_like("poisson"), _poisson),
    cosine_similarity: Formula(targets_like("cosine_similarity"), _cosine),
    kl_divergence: Formula(targets_like("kl_divergence"), _divergence),
    hinge: Formula(lambda y_true, shape: _signs(y_true, shape, "hinge"), _hinge),
    squared_hinge: Formula(lambda y_true, shape: _signs(y_true, shape, "squared_hinge"), _squared_hinge),
    categorical_hinge: Formula(targets_like("categorical_hinge"), _categorical_hinge),
})
