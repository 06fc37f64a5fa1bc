"""Connectionist temporal classification (Graves et al. 2006): the loss of labels whose positions in a sequence are not known.

A path says a label or nothing, the blank, at every step. What it says is left of it when labels that are said twice in a
row are said once and the blanks are dropped. The loss is -log of the sum of the probabilities of all paths that say the target.

`silent[t, :, n]` is log of what the paths of t steps weigh that have said n labels and end in a blank (or have not begun),
`said[t, :, n]` of those that end in label n, counted from 0. Both ways are those of Keras on JAX, which has them from Optax.
"""

from typing import Any, NamedTuple

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError

Array = np.ndarray

UNLIKELY = -1e5  # log of what cannot be, as in Keras: a target that does not fit has a loss of that size, not an infinite one


def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Array:
    """-log of the probability of labels (N, L) from logits (N, T, classes): one value per sample, float32.

    Args:
        target: labels.
        output: logits.
        target_length: how many labels of each sample count.
        output_length: how many steps of each sample count.
        mask_index: the class of the blank, which says nothing.
    Shape:
        target (N, L), output (N, T, classes), the lengths (N,) -> (N,).
    Raises:
        ShapeError: one of them has other axes, or a length is too large.
        KonvError: a label is not the index of a class.
    Reference:
        Graves et al., "Connectionist temporal classification", 2006.

    >>> logits = np.log([[[0.5, 0.5], [0.5, 0.5]]])
    >>> round(float(ctc_loss([[1]], logits, [1], [2])[0]), 4)  # three of the four paths say 1: -log(0.75)
    0.2877
    """
    logits = to_array(output, "ctc_loss", "output")
    if logits.ndim != 3:
        raise ShapeError(f"ctc_loss: output must be logits (N, steps, classes), got shape {logits.shape}")
    labels = labels_of(target, logits.shape, "ctc_loss", "target")
    counts = _lengths(target_length, "target_length", labels.shape[1], len(logits))
    steps = _lengths(output_length, "output_length", logits.shape[1], len(logits))
    return walk(labels, logits, counts, steps, mask_index).loss


def labels_of(value: Any, shape: tuple[int, ...], owner: str, argument: str) -> Array:
    """Class indices (N, L) for logits of a shape, checked."""
    labels = to_array(value, owner, argument)
    if labels.ndim != 2 or len(labels) != shape[0]:
        raise ShapeError(f"{owner}: {argument} has shape {labels.shape}, but predictions of shape {shape} need labels of shape "
                         f"({shape[0]}, most labels)")
    with np.errstate(invalid="ignore"):  # nan becomes an index that is out of range
        indices = labels.astype(np.intp)
    wrong = (indices < 0) | (indices >= shape[2]) | (indices != labels)
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise KonvError(f"{owner}: label {labels[index]} at {argument}[{index[0]}, {index[1]}] is not a class number from 0 to "
                        f"{shape[2] - 1}; fill up shorter rows with 0, which is the blank")
    return indices


def _lengths(value: Any, argument: str, most: int, count: int) -> Array:
    lengths = to_array(value, "ctc_loss", argument)
    if lengths.shape != (count,) or (lengths < 0).any() or (lengths > most).any():
        raise ShapeError(f"ctc_loss: {argument} must be {count} numbers from 0 to {most}, got {lengths.tolist()}")
    return lengths.astype(np.intp)


class Walk(NamedTuple):
    """The losses (N,), and what the way back needs."""

    loss: Array
    labels: Array  # (N, L)
    counts: Array  # (N,): how many of them are said
    steps: Array  # (N,): how many steps there are
    blank: int
    shares: Array  # (N, T, classes): softmax of the logits
    silent: Array  # (T + 1, N, L + 1)
    said: Array  # (T + 1, N, L)


def walk(labels: Array, logits: Array, counts: Array, steps: Array, blank: int = 0) -> Walk:
    """Forward through the steps, all samples at once."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    total = powers.sum(axis=-1, keepdims=True)
    log_p = shifted - np.log(total)
    to_say, to_be_silent = np.take_along_axis(log_p, labels[:, None, :], axis=2), log_p[:, :, blank, None]
    same, other = _repeats(labels)
    samples, length = labels.shape
    silent = np.full((logits.shape[1] + 1, samples, length + 1), UNLIKELY)
    said = np.full((logits.shape[1] + 1, samples, length), UNLIKELY)
    silent[0, :, 0] = 0.0
    for t in range(logits.shape[1]):
        ready = _join(silent[t], said[t] + same)  # to say the next label: at once if it is another one
        said[t + 1] = np.logaddexp(ready[:, :-1], said[t]) + to_say[:, t]
        silent[t + 1] = _join(ready, said[t] + other) + to_be_silent[:, t]
        over = t >= steps
        silent[t + 1, over], said[t + 1, over] = silent[t, over], said[t, over]
    last = _join(silent[-1], said[-1])
    loss = -last[np.arange(samples), counts].astype(np.float32)
    return Walk(loss, labels, counts, steps, blank, powers / total, silent, said)


def gradient(walked: Walk) -> Array:
    """The derivative of each loss with respect to its own logits (N, T, classes)."""
    _, labels, counts, steps, blank, shares, silent, said = walked
    same, other = _repeats(labels)
    rows = np.arange(len(labels))
    d_last = np.zeros(silent[-1].shape)
    d_last[rows, counts] = -1.0
    d_silent, d_said = _split(d_last, silent[-1], said[-1])
    d_log_p = np.zeros(shares.shape)
    for t in reversed(range(shares.shape[1])):
        going = (t < steps)[:, None]
        from_said, from_silent = d_said * going, d_silent * going
        for position, label in enumerate(labels.T):  # a label may come twice, so not all at once
            d_log_p[rows, t, label] += from_said[:, position]
        d_log_p[:, t, blank] += from_silent.sum(axis=1)
        ready = _join(silent[t], said[t] + same)
        d_ready, d_before = _split(from_silent, ready, said[t] + other)
        both = np.logaddexp(ready[:, :-1], said[t])
        d_ready[:, :-1] += from_said * np.exp(ready[:, :-1] - both)
        d_before += from_said * np.exp(said[t] - both)
        d_open, d_again = _split(d_ready, silent[t], said[t] + same)
        d_silent = np.where(going, d_open, d_silent)
        d_said = np.where(going, d_before + d_again, d_said)
    return (d_log_p - shares * d_log_p.sum(axis=-1, keepdims=True)).astype(np.float32)


def _repeats(labels: Array) -> tuple[Array, Array]:
    """UNLIKELY where the next label is the same, and where it is another one, else 0."""
    repeated = np.pad(labels[:, :-1] == labels[:, 1:], ((0, 0), (0, min(labels.shape[1], 1))))
    return UNLIKELY * repeated, UNLIKELY * ~repeated


def _join(silent: Array, said: Array) -> Array:
    """log of both together: what ends in label n - 1 has said n labels."""
    joined = silent.copy()
    np.logaddexp(silent[:, 1:], said, out=joined[:, 1:])
    return joined


def _split(d: Array, silent: Array, said: Array) -> tuple[Array, Array]:
    """The derivative of `_join` with respect to its two arguments, times d."""
    joined = _join(silent, said)
    return d * np.exp(silent - joined), d[:, 1:] * np.exp(said - joined[:, 1:])
