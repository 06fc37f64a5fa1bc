"""Losses for classes beyond crossentropy: focal, generalized, overlaps of regions, circles of embeddings."""

from typing import Any

import numpy as np

from konv.config import epsilon
from konv.errors import ShapeError
from konv.losses.base import Array, Parts, Shape
from konv.losses.functions import FORMULAS, Formula, clipped, evaluate, labels_of, same_shape, share, targets_like

Axis = int | tuple[int, ...] | None


# --- formulas -----------------------------------------------------------------------------------------


def _power(x: Array, exponent: float) -> tuple[Array, Array]:
    """x^exponent and its derivative."""
    if exponent == 0:
        return np.ones_like(x), np.zeros_like(x)
    with np.errstate(divide="ignore"):
        return x**exponent, exponent * x ** (exponent - 1)


def _binary_focal(t: Array, p: Array, gradient: bool, apply_class_balancing: bool = False, alpha: float = 0.25,
                  gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Parts:
    p = p.reshape(t.shape)
    if from_logits:
        p = 1 / (1 + np.exp(-p))
    inside, kept = clipped(p)
    entropy = -(t * np.log(kept) + (1 - t) * np.log(1 - kept))
    focus, slope = _power(1 - t * p - (1 - t) * (1 - p), gamma)
    balance = t * alpha + (1 - t) * (1 - alpha) if apply_class_balancing else np.float32(1)
    values = np.mean(balance * focus * entropy, axis=axis)
    if not gradient:
        return Parts(values)
    slope = slope * (1 - 2 * t) * entropy + focus * inside * ((1 - t) / (1 - kept) - t / kept)
    return Parts(values, slope * balance * (p * (1 - p) if from_logits else 1) / p.shape[axis])


def _categorical_focal(t: Array, p: Array, gradient: bool, alpha: float = 0.25, gamma: float = 2.0,
                       from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Parts:
    p = p.reshape(t.shape)
    if from_logits:
        p = np.exp(p - p.max(axis=axis, keepdims=True))
        p /= p.sum(axis=axis, keepdims=True)
    total = p.sum(axis=axis, keepdims=True)
    part = share(p, total)
    inside, kept = clipped(part)
    focus, slope = _power(1 - kept, gamma)
    logs = np.log(kept)
    values = -(alpha * t * focus * logs).sum(axis=axis)
    if not gradient:
        return Parts(values)
    slope = alpha * t * inside * (slope * logs - focus / kept)
    slope = (slope - (slope * part).sum(axis=axis, keepdims=True)) / total
    if from_logits:  # through the softmax
        slope = p * (slope - (slope * p).sum(axis=axis, keepdims=True))
    return Parts(values, slope)


def _generalized(t: Array, p: Array, gradient: bool, q: float = 0.5) -> Parts:
    place = t[..., None]
    right = np.take_along_axis(p, place, -1)
    values = ((1 - right**q) / q)[..., 0]
    if not gradient:
        return Parts(values)
    slope = np.zeros_like(p)
    np.put_along_axis(slope, place, -(right ** (q - 1)), -1)
    return Parts(values, slope)


def _tversky(t: Array, p: Array, gradient: bool, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Parts:
    p = p.reshape(t.shape)
    common = (t * p).sum(axis=axis, keepdims=True)
    missed, wrong = ((1 - p) * t).sum(axis=axis, keepdims=True), (p * (1 - t)).sum(axis=axis, keepdims=True)
    whole = common + missed * np.float32(alpha) + wrong * np.float32(beta) + np.float32(epsilon())
    values = (1 - common / whole).squeeze(axis)
    slope = (common * (t - alpha * t + beta * (1 - t)) - t * whole) / (whole * whole) if gradient else None
    return Parts(values, slope)


def _dice(t: Array, p: Array, gradient: bool, axis: Axis = None) -> Parts:
    p = p.reshape(t.shape)
    common = 2 * (t * p).sum(axis=axis, keepdims=True)
    whole = t.sum(axis=axis, keepdims=True) + p.sum(axis=axis, keepdims=True) + np.float32(epsilon())
    values = (1 - common / whole).squeeze(axis)
    return Parts(values, (common - 2 * t * whole) / (whole * whole) if gradient else None)


def _circle(t: Array, p: Array, gradient: bool, gamma: float = 80.0, margin: float = 0.4, remove_diagonal: bool = True,
            ref_labels: Array | None = None, ref_embeddings: Array | None = None) -> Parts:
    # t (N,), p (N, D), references (M,) and (M, D); each sample's loss depends on all embeddings
    others = p if ref_embeddings is None else ref_embeddings
    labels = t if ref_labels is None else ref_labels
    raw = 1 - p @ others.T
    far = np.maximum(raw, 0)
    same = t[:, None] == labels[None, :]
    positive, negative = same & ~np.eye(*far.shape, dtype=bool) if remove_diagonal else same, ~same
    pull = -gamma * np.maximum(margin + far, 0) * (margin - far)
    push = gamma * np.maximum(1 + margin - far, 0) * (1 - margin - far)
    # log(1 + exp(a + b)) of two sums of exponentials; a sum over nothing makes the loss zero
    x = _log_sum(pull, positive) + _log_sum(push, negative)
    values = np.logaddexp(np.float32(0), x).astype(np.float32)
    if not gradient:
        return Parts(values, None, values > 0)

    def back(weight: Array) -> Array:
        slope = np.zeros_like(far)
        for score, mask, step in ((pull, positive, gamma * 2 * far),
                                  (push, negative, gamma * ((2 * far - 2) * (far < 1 + margin)))):
            slope += _shares(score, mask) * step
        slope *= (raw > 0) * (weight * np.exp(x - values))[:, None]  # exp(x - log(1 + exp(x))) is sigmoid(x)
        return -(slope @ others + (slope.T @ p if ref_embeddings is None else 0))

    return Parts(values, None, values > 0, back)


def _log_sum(x: Array, mask: Array) -> Array:
    """log(sum(exp(x))) over the places of a mask along the last axis; -inf where there are none."""
    x = np.where(mask, x, -np.inf)
    top = np.maximum(x.max(axis=1, keepdims=True), np.finfo(np.float32).min)
    with np.errstate(divide="ignore"):
        return (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))[:, 0]


def _shares(x: Array, mask: Array) -> Array:
    """softmax(x) over the places of a mask along the last axis; zeros where there are none."""
    total = _log_sum(x, mask)[:, None]
    return np.where(mask & np.isfinite(total), np.exp(np.where(mask, x, 0) - np.where(np.isfinite(total), total, 0)), 0)


# --- targets ------------------------------------------------------------------------------------------


def _smoothed(owner: str, to_half: bool):
    def parse(y_true, shape: Shape, *, label_smoothing: float = 0.0, **options) -> Array:
        targets = same_shape(y_true, shape, owner)
        rest = 0.5 if to_half else 1 / shape[-1]
        return targets * (1 - label_smoothing) + np.float32(rest * label_smoothing) if label_smoothing else targets

    return parse


def _circle_labels(y_true, shape: Shape, **options) -> Array:
    labels = np.asarray(y_true)
    if len(shape) != 2 or labels.size != shape[0]:
        raise ShapeError(f"circle: needs one integer label per sample and embeddings (N, D), got y of shape {labels.shape} "
                         f"and predictions of shape {shape}")
    return labels.reshape(-1).astype(np.int64)


# --- the functions of keras.losses ----------------------------------------------------------------------


def binary_focal_crossentropy(y_true, y_pred, apply_class_balancing: bool = False, alpha: float = 0.25,
                              gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
                              axis: int = -1) -> Array:
    """binary_crossentropy times (1 - p of the right class)^gamma: what is already right counts less (Lin et al. 2018).

    >>> binary_focal_crossentropy([[1.0]], [[0.5]])
    array([0.1732868], dtype=float32)
    """
    options: dict[str, Any] = {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma,
                               "from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
    return evaluate(binary_focal_crossentropy, y_true, y_pred, **options)


def categorical_focal_crossentropy(y_true, y_pred, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False,
                                   label_smoothing: float = 0.0, axis: int = -1) -> Array:
    """categorical_crossentropy times alpha * (1 - p)^gamma: what is already right counts less (Lin et al. 2018).

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    array([0.0433217], dtype=float32)
    """
    options: dict[str, Any] = {"alpha": alpha, "gamma": gamma, "from_logits": from_logits,
                               "label_smoothing": label_smoothing, "axis": axis}
    return evaluate(categorical_focal_crossentropy, y_true, y_pred, **options)


def categorical_generalized_cross_entropy(y_true, y_pred, q: float) -> Array:
    """(1 - p[y]^q) / q for integer labels: between crossentropy (q to 0) and absolute error (q = 1).

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5)
    array([1.], dtype=float32)
    """
    return evaluate(categorical_generalized_cross_entropy, y_true, y_pred, q=q)


def dice(y_true, y_pred, axis: Axis = None) -> Array:
    """1 - 2 * overlap / (sum of y_true + sum of y_pred), over the whole batch or over the axes given.

    >>> float(dice([[1.0, 0.0]], [[1.0, 0.0]])) < 1e-6
    True
    """
    return evaluate(dice, y_true, y_pred, axis=axis)


def tversky(y_true, y_pred, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Array:
    """1 - overlap / (overlap + alpha * missed + beta * wrong), over the whole batch or over the axes given.

    >>> float(tversky([[1.0, 0.0]], [[1.0, 0.0]])) < 1e-6
    True
    """
    return evaluate(tversky, y_true, y_pred, alpha=alpha, beta=beta, axis=axis)


def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal: bool = True, gamma: float = 80,
           margin: float = 0.4) -> Array:
    """Pulls embeddings (N, D) of length one together where labels (N,) are equal, and others apart (Sun et al. 2020).

    >>> circle([0, 0], [[1.0, 0.0], [1.0, 0.0]])
    array([0., 0.], dtype=float32)
    """
    options: dict[str, Any] = {"remove_diagonal": remove_diagonal, "gamma": gamma, "margin": margin}
    if ref_embeddings is not None:
        options["ref_embeddings"] = np.asarray(ref_embeddings, np.float32)
    if ref_labels is not None:
        options["ref_labels"] = np.asarray(ref_labels).reshape(-1)
    return evaluate(circle, y_true, y_pred, **options)


FORMULAS.update({
    binary_focal_crossentropy: Formula(_smoothed("binary_focal_crossentropy", True), _binary_focal),
    categorical_focal_crossentropy: Formula(_smoothed("categorical_focal_crossentropy", False), _categorical_focal),
    categorical_generalized_cross_entropy: Formula(
        lambda y_true, shape, **options: labels_of(y_true, shape, owner="categorical_generalized_cross_entropy"), _generalized),
    dice: Formula(targets_like("dice"), _dice),
    tversky: Formula(targets_like("tversky"), _tversky),
    circle: Formula(_circle_labels, _circle),
})
