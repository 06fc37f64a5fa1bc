"""CTC, the loss of labels whose positions in a sequence are not known."""

from typing import Any

import numpy as np

from konv.errors import ShapeError
from konv.losses.base import Array, Parts, Reduction, Shape
from konv.losses.wrapper import LossFunctionWrapper, loss_function
from konv.ops.alignment import gradient as gradient_of
from konv.ops.alignment import labels_of, walk


def _labels(y_true: Any, shape: Shape, owner: str, **options: Any) -> Array:
    if len(shape) != 3:
        raise ShapeError(f"{owner}: predictions must be logits of shape (N, steps, classes), got {shape}; a Reshape or a "
                         f"pooling over one axis makes a sequence of an image")
    return labels_of(y_true, shape, owner, "y")


def _ctc(t: Array, p: Array, gradient: bool) -> Parts:
    """By hand, since it goes through the steps one after the other, in float64."""
    walked = walk(t, p, (t != 0).sum(axis=1), np.full(len(p), p.shape[1]))
    return Parts(walked.loss, gradient_of(walked) if gradient else None)


@loss_function(_labels, _ctc, axis=(1, 2), traced=False)
def ctc(y_true: Any, y_pred: Any) -> Any:
    """-log of the probability that steps with logits (N, T, classes) say the labels (N, L).

    Args:
        y_true: labels from 1 on; 0 is the blank, and fills up shorter rows.
        y_pred: logits.
    Shape:
        y_true (N, L) and y_pred (N, T, classes) -> (N,).
    Raises:
        ShapeError: predictions or labels have other axes.
        KonvError: a label is not the index of a class.
    Reference:
        Graves et al., "Connectionist temporal classification", 2006.

    >>> ctc([[1, 0]], [[[0.0, 0.0], [0.0, 0.0]]])
    array([0.2876821], dtype=float32)
    """


class CTC(LossFunctionWrapper):
    """Connectionist temporal classification of labels (N, L), 0 being the blank, by logits (N, steps, classes).

    Shape:
        y_true (N, L) and y_pred (N, T, classes).
    Reference:
        Graves et al., "Connectionist temporal classification", 2006.

    >>> round(float(CTC()([[1, 0]], [[[0.0, 0.0], [0.0, 0.0]]])), 4)
    0.2877
    """

    def __init__(self, reduction: Reduction = "sum_over_batch_size", name: str | None = "ctc", dtype: Any = None) -> None:
        super().__init__(ctc, reduction, name, dtype)
