"""Where a weight is put back to after each step of the optimizer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import config
from konv.hints import module_attributes
from konv.registry import Registry


class Constraint:
    """Base of all constraints: called with a weight, gives the nearest allowed one. This one allows all."""

    def __call__(self, w: Any) -> np.ndarray:
        return np.asarray(w)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Constraint":
        return cls(**config)


class NonNeg(Constraint):
    """No number below zero.

    >>> NonNeg()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __call__(self, w: Any) -> np.ndarray:
        return np.maximum(w, 0)


class MinMaxNorm(Constraint):
    """Length between two bounds along `axis`: (0, 1, 2) for each filter of a Conv2D, 0 for each unit of a Dense.

    With `rate` below 1 a weight goes only that part of the way at each step.

    >>> MinMaxNorm(max_value=1.0)(np.array([3.0, 4.0])).round(6)
    array([0.6, 0.8])
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0,
                 axis: int | Sequence[int] = 0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> np.ndarray:
        w = np.asarray(w)
        length = norm(w, self.axis)
        wanted = self.rate * np.clip(length, self.min_value, self.max_value) + (1 - self.rate) * length
        return w * (wanted / (config.epsilon() + length))

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


class MaxNorm(Constraint):
    """Length of at most `max_value` along `axis`: (0, 1, 2) for each filter of a Conv2D, 0 for each unit of a Dense.

    >>> MaxNorm(1.0)(np.array([3.0, 4.0])).round(6)
    array([0.6, 0.8])
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> np.ndarray:
        return MinMaxNorm(0.0, self.max_value, 1.0, self.axis)(w)

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class UnitNorm(Constraint):
    """Length 1 along `axis`: (0, 1, 2) for each filter of a Conv2D, 0 for each unit of a Dense.

    >>> UnitNorm()(np.array([3.0, 4.0])).round(6)
    array([0.6, 0.8])
    """

    def __init__(self, axis: int | Sequence[int] = 0):
        self.axis = axis

    def __call__(self, w: Any) -> np.ndarray:
        return np.asarray(w) / (config.epsilon() + norm(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


def norm(w: Any, axis: int | Sequence[int]) -> np.ndarray:
    """Euclidean length along one axis or several, which stay as axes of size 1.

    >>> norm(np.array([3.0, 4.0]), 0)
    array([5.])
    """
    axes = axis if isinstance(axis, int) else tuple(axis)
    return np.sqrt(np.square(np.asarray(w)).sum(axis=axes, keepdims=True))


_REGISTRY = Registry("constraint", "keras.constraints", (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm))


def get(identifier: Any) -> Any:
    """A constraint from a name, a class, a config or the object itself; None stays None.

    >>> get("max_norm").max_value
    2
    """
    return _REGISTRY.get(identifier)


def serialize(constraint: Any) -> dict[str, Any] | None:
    """The dict that Keras writes for a constraint.

    >>> serialize(NonNeg())["class_name"]
    'NonNeg'
    """
    return _REGISTRY.serialize(constraint)


def deserialize(config: Any, custom_objects=None) -> Any:
    """The constraint of a dict that `serialize` or Keras wrote.

    >>> deserialize({"class_name": "UnitNorm", "config": {"axis": 1}}).axis
    1
    """
    return _REGISTRY.deserialize(config, custom_objects)


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm


__all__ = [
    "Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm", "min_max_norm",
    "non_neg", "serialize", "unit_norm",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
