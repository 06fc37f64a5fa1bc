"""The losses as classes: a formula, its options and a reduction."""

from collections.abc import Callable
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.losses import functions
from konv.losses.base import Array, Loss, Parts, Shape, same_rank
from konv.losses.functions import FORMULAS


class LossFunctionWrapper(Loss):
    """A loss from a function of (y_true, y_pred) that gives one number per sample.

    >>> import konv
    >>> loss = LossFunctionWrapper(konv.losses.huber, delta=2.0)
    >>> float(loss([[0.0]], [[1.0]]))
    0.5
    """

    def __init__(self, fn: Callable, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype=None,
                 **kwargs):
        if not callable(fn):
            raise KonvError(f"{type(self).__name__}: fn must be a function of (y_true, y_pred), got {fn!r}")
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.__dict__.update(kwargs)  # loss.from_logits and the like
        self.fn, self.options = fn, kwargs
        self.formula = FORMULAS.get(fn)
        self.axis = kwargs.get("axis", self.formula.axis if self.formula else -1)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if self.formula is None:  # a function of the user's
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self.options)

    def parse(self, y_true: Any, shape: Shape) -> Array:
        return self.formula.parse(y_true, shape, **self.options) if self.formula else super().parse(y_true, shape)

    def parts(self, y_true: Array, y_pred: Array, gradient: bool = False) -> Parts:
        if self.formula is None:
            return super().parts(y_true, y_pred, gradient)
        return self.formula.parts(y_true, y_pred, gradient, **self.options)

    @property
    def differentiable(self) -> bool:
        return self.formula is not None

    def get_config(self) -> dict[str, Any]:
        own = {"fn": self.fn} if type(self) is LossFunctionWrapper else {}
        return super().get_config() | own | self.options


class MeanSquaredError(LossFunctionWrapper):
    """mean((y_true - y_pred)^2).

    >>> float(MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(functions.mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """mean(|y_true - y_pred|).

    >>> float(MeanAbsoluteError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(functions.mean_absolute_error, reduction, name, dtype)


class Huber(LossFunctionWrapper):
    """Squared error / 2 up to a difference of `delta`, growing linearly beyond.

    >>> float(Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
    1.5
    """

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(functions.huber, reduction, name, dtype, delta=delta)


class BinaryCrossentropy(LossFunctionWrapper):
    """Crossentropy of labels 0 and 1 (or probabilities) and predictions of the same shape.

    >>> round(float(BinaryCrossentropy()([[1.0]], [[0.5]])), 4)
    0.6931
    """

    def __init__(self, from_logits=False, label_smoothing=0.0, axis=-1, reduction="sum_over_batch_size",
                 name="binary_crossentropy", dtype=None):
        super().__init__(functions.binary_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         label_smoothing=fraction(label_smoothing, "BinaryCrossentropy"), axis=axis)


class CategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of one-hot rows and predictions of the same shape.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(self, from_logits=False, label_smoothing=0.0, axis=-1, reduction="sum_over_batch_size",
                 name="categorical_crossentropy", dtype=None):
        super().__init__(functions.categorical_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         label_smoothing=fraction(label_smoothing, "CategoricalCrossentropy"), axis=axis)


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of integer labels (N,) and predictions (N, classes).

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(self, from_logits=False, ignore_class=None, reduction="sum_over_batch_size", axis=-1,
                 name="sparse_categorical_crossentropy", dtype=None):
        super().__init__(functions.sparse_categorical_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         ignore_class=ignore_class, axis=axis)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["axis"]  # Keras does not write it
        return config


def fraction(value, owner: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)) or not 0 <= value <= 1:
        raise KonvError(f"{owner}: label_smoothing must be a number from 0 to 1, got {value!r}")
    return float(value)
