"""CTC, the loss of labels whose places in a sequence are not known."""

import numpy as np

from konv.errors import ShapeError
from konv.losses.base import Array, Parts, Shape
from konv.losses.classes import LossFunctionWrapper
from konv.losses.functions import FORMULAS, Formula, evaluate
from konv.ops.alignment import gradient as slope_of
from konv.ops.alignment import labels_of, walk


def _targets(y_true, shape: Shape) -> Array:
    if len(shape) != 3:
        raise ShapeError(f"ctc: predictions must be logits of shape (N, steps, classes), got {shape}; a Reshape or a "
                         f"pooling over one axis makes a sequence of an image")
    return labels_of(y_true, shape, "ctc", "y")


def _ctc(t: Array, p: Array, gradient: bool) -> Parts:
    walked = walk(t, p, (t != 0).sum(axis=1), np.full(len(p), p.shape[1]))
    return Parts(walked.loss, slope_of(walked) if gradient else None)


def ctc(y_true, y_pred) -> Array:
    """-log of the probability that steps with logits (N, T, classes) say the labels (N, L); 0 is the blank, and fills rows up.

    >>> ctc([[1, 0]], [[[0.0, 0.0], [0.0, 0.0]]])
    array([0.2876821], dtype=float32)
    """
    return evaluate(ctc, y_true, y_pred)


FORMULAS[ctc] = Formula(_targets, _ctc, axis=(1, 2))


class CTC(LossFunctionWrapper):
    """Connectionist temporal classification of labels (N, L), 0 being the blank, by logits (N, steps, classes).

    >>> round(float(CTC()([[1, 0]], [[[0.0, 0.0], [0.0, 0.0]]])), 4)
    0.2877
    """

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(ctc, reduction, name, dtype)
