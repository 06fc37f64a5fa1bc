"""Where a weight is put back to after each step of the optimizer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from konv import config
from konv.hints import module_attributes
from konv.registry import Registry


class Constraint:
    """Base of all constraints: called with a weight, gives the nearest allowed one. This one allows all.

    Shape:
        a weight of any shape -> an array of that shape.

    >>> Constraint()([1.0, -2.0])
    array([ 1., -2.])
    """

    _written: tuple[str, ...] = ()  # the attributes that get_config notes

    def __call__(self, w: Any) -> np.ndarray:
        """The nearest allowed weight."""
        return np.asarray(w)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        return {name: getattr(self, name) for name in self._written}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Constraint":
        """The constraint of a dict that `get_config` gave."""
        return cls(**config)


class NonNeg(Constraint):
    """No element below zero.

    >>> NonNeg()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __call__(self, w: Any) -> np.ndarray:
        """The nearest allowed weight."""
        return np.maximum(w, 0)


class MinMaxNorm(Constraint):
    """Euclidean length between two bounds along `axis`.

    Args:
        min_value: the smaller bound.
        max_value: the larger bound.
        rate: below 1 a weight goes only that part of the way at each step.
        axis: (0, 1, 2) for each filter of a Conv2D, 0 for each unit of a Dense.

    >>> MinMaxNorm(max_value=1.0)(np.array([3.0, 4.0])).round(6)
    array([0.6, 0.8])
    """

    _written = ("min_value", "max_value", "rate", "axis")

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0,
                 axis: int | Sequence[int] = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> np.ndarray:
        """The nearest allowed weight."""
        w = np.asarray(w)
        length = norm(w, self.axis)
        wanted = self.rate * np.clip(length, self.min_value, self.max_value) + (1 - self.rate) * length
        return w * (wanted / (config.epsilon() + length))


class MaxNorm(Constraint):
    """Euclidean length of at most `max_value` along `axis`.

    Args:
        max_value: the bound.
        axis: (0, 1, 2) for each filter of a Conv2D, 0 for each unit of a Dense.
    Reference:
        Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    >>> MaxNorm(1.0)(np.array([3.0, 4.0])).round(6)
    array([0.6, 0.8])
    """

    _written = ("max_value", "axis")

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> np.ndarray:
        """The nearest allowed weight."""
        return MinMaxNorm(0.0, self.max_value, 1.0, self.axis)(w)


class UnitNorm(Constraint):
    """Euclidean length 1 along `axis`.

    Args:
        axis: (0, 1, 2) for each filter of a Conv2D, 0 for each unit of a Dense.

    >>> UnitNorm()(np.array([3.0, 4.0])).round(6)
    array([0.6, 0.8])
    """

    _written = ("axis",)

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> np.ndarray:
        """The nearest allowed weight."""
        return np.asarray(w) / (config.epsilon() + norm(w, self.axis))


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


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
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
