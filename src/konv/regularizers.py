"""Penalties on weights: each gives the penalty of an array and the gradient of the penalty."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.hints import module_attributes
from konv.registry import Registry


class Regularizer:
    """Base of all regularizers; one of your own needs `__call__(array)` and `gradient(array)`.

    >>> class Mean(Regularizer):
    ...     def __call__(self, x):
    ...         return float(np.mean(x))
    ...     def gradient(self, x):
    ...         return np.full_like(x, 1 / np.size(x))
    >>> Mean()(np.array([1.0, 3.0]))
    2.0
    """

    _written: tuple[str, ...] | None = None  # the attributes that get_config notes

    def __call__(self, x: Any) -> float:
        """The penalty of an array."""
        raise NotImplementedError

    def gradient(self, x: Any) -> np.ndarray:
        """The derivative of the penalty with respect to each element of the array."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        if self._written is None:
            raise NotImplementedError(f"{type(self).__name__} does not say how to write its arguments: add get_config()")
        return {name: getattr(self, name) for name in self._written}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Regularizer":
        """The regularizer of a dict that `get_config` gave."""
        return cls(**config)


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x**2).

    Args:
        l1: the factor of the absolute values.
        l2: the factor of the squares.
    Shape:
        an array of any shape -> one number.
    Raises:
        KonvError: a factor is not a finite number >= 0.

    >>> L1L2(l1=0.1, l2=0.5)(np.array([1.0, -2.0]))
    2.8
    """

    _written = ("l1", "l2")

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1, self.l2 = _factor(self, "l1", l1, 0.0), _factor(self, "l2", l2, 0.0)

    def __call__(self, x: Any) -> float:
        """The penalty of an array."""
        x = np.asarray(x)
        # summed in float64: a kernel of millions of small squares loses digits in float32
        return (self.l1 and self.l1 * float(np.abs(x).sum(dtype=np.float64))) + (
            self.l2 and self.l2 * float(np.square(x).sum(dtype=np.float64)))

    def gradient(self, x: Any) -> np.ndarray:
        """The derivative of the penalty with respect to each element of the array."""
        x = np.asarray(x)
        derivative = (2 * self.l2) * x
        # |x| has no derivative at 0, where constraints leave weights; Keras on JAX takes that from above
        return derivative + np.where(x >= 0, self.l1, -self.l1).astype(derivative.dtype) if self.l1 else derivative


class L1(L1L2):
    """l1 * sum(|x|).

    Args:
        l1: the factor.
    Shape:
        an array of any shape -> one number.
    Raises:
        KonvError: a factor is not a finite number >= 0.

    >>> L1(0.1)(np.array([1.0, -2.0])).__round__(6)
    0.3
    """

    _written = ("l1",)

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(l1=_single(_factor(self, "l1", l1, 0.01)))


class L2(L1L2):
    """l2 * sum(x**2).

    Args:
        l2: the factor.
    Shape:
        an array of any shape -> one number.
    Raises:
        KonvError: a factor is not a finite number >= 0.

    >>> L2(0.5)(np.array([1.0, -2.0]))
    2.5
    """

    _written = ("l2",)

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(l2=_factor(self, "l2", l2, 0.01))


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean |cosine| between different rows (or columns) of a matrix.

    Args:
        factor: what the mean is multiplied by.
        mode: "rows" or "columns".
    Shape:
        a matrix (n, m) -> one number.
    Raises:
        KonvError: mode is neither, or factor is not a finite number >= 0.
        ShapeError: the array is no matrix.

    >>> OrthogonalRegularizer(1.0)(np.eye(3))
    0.0
    """

    _written = ("factor", "mode")

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise KonvError(f'OrthogonalRegularizer: mode must be "rows" or "columns", got {mode!r}')
        self.factor, self.mode = _single(_factor(self, "factor", factor, 0.01)), mode

    def __call__(self, x: Any) -> float:
        """The penalty of an array."""
        _, _, products, weight = self._cosines(x)
        return float(weight * np.abs(products).sum())

    def gradient(self, x: Any) -> np.ndarray:
        """The derivative of the penalty with respect to each element of the array."""
        unit, length, products, weight = self._cosines(x)
        # each pair stands in `products` twice, hence the 2; a unit vector only turns, it does not grow
        turn = 2 * weight * np.sign(products) @ unit
        derivative = (turn - unit * (turn * unit).sum(1, keepdims=True)) / length
        return derivative if self.mode == "rows" else derivative.T

    def _cosines(self, x: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """Unit rows (n, m), their former lengths (n, 1), the cosines of different rows (n, n), the weight of each."""
        x = np.asarray(x)
        if x.ndim != 2:
            raise ShapeError(f"OrthogonalRegularizer: needs an array of 2 axes, got shape {x.shape}")
        rows = x if self.mode == "rows" else x.T
        length = np.maximum(np.sqrt(np.square(rows).sum(1, keepdims=True)), config.epsilon())
        unit = rows / length
        products = unit @ unit.T
        np.fill_diagonal(products, 0)
        return unit, length, products, self.factor / max(len(rows) * (len(rows) - 1), 1)


def _factor(owner: Any, argument: str, value: float | None, default: float) -> float:
    return default if value is None else validate_float_arg(value, f"{type(owner).__name__}: {argument}")


def validate_float_arg(value: Any, name: str) -> float:
    """The factor of a penalty as a float; KonvError unless it is finite and not negative. Keras has it under this name.

    >>> validate_float_arg(1, "l2")
    1.0
    """
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    if not good:
        raise KonvError(f"{name} must be a finite number >= 0, got {value!r}")
    return float(value)


def _single(value: float) -> float:
    """As Keras keeps and writes it: 0.1 becomes 0.10000000149011612."""
    return float(np.float32(value))


_REGISTRY = Registry("regularizer", "keras.regularizers", (L1, L2, L1L2, OrthogonalRegularizer), {"l1_l2": L1L2})


def get(identifier: Any) -> Any:
    """A regularizer from a name, a class, a config or the object itself; None stays None.

    >>> get("l2").l2
    0.01
    """
    found = _REGISTRY.get(identifier)
    if found is not None and not hasattr(found, "gradient"):
        raise UnsupportedError(f"regularizer {found!r}: a function alone is not supported yet; give an object "
                               f"with __call__(array) and gradient(array), such as a subclass of Regularizer")
    return found


def serialize(regularizer: Any) -> dict[str, Any] | None:
    """The dict that Keras writes for a regularizer.

    >>> serialize(L2())["config"]
    {'l2': 0.01}
    """
    return _REGISTRY.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regularizer of a dict that `serialize` or Keras wrote.

    >>> deserialize({"class_name": "L1", "config": {"l1": 0.5}}).l1
    0.5
    """
    return _REGISTRY.deserialize(config, custom_objects)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer


__all__ = [
    "L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2",
    "orthogonal_regularizer", "serialize",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
