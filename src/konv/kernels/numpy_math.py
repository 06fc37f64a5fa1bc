"""The words of konv.ir.scalar_functions on NumPy arrays, of float32 or float64."""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from konv.ir.scalar_functions import SCALAR_FUNCTIONS

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _normal_cdf_by_tanh(x):
    return 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


NUMPY = {
    "constant": float, "where": np.where, "minimum": np.minimum, "clip": np.clip, "abs": np.abs, "sign": np.sign,
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "power": np.power, "sqrt": np.sqrt, "sin": np.sin,
    "cos": np.cos, "tanh": np.tanh, "sigmoid": _sigmoid, "softplus": _softplus,
    "tanh_of_softplus": lambda x: np.tanh(_softplus(x)),
    "normal_cdf": lambda x: 0.5 * (1 + _erf(x / math.sqrt(2))), "normal_cdf_by_tanh": _normal_cdf_by_tanh,
}


def function_of(name: str, part: str, words: Mapping[str, Any]) -> Callable[..., Any]:
    """The "value" or "derivative" of a scalar function in these words: (x, y, and three constants, used or not)."""
    record = SCALAR_FUNCTIONS[name]
    constants = [*(constant for constant, _ in record.constants), "_1", "_2", "_3"][:3]
    *before, result = getattr(record, part).split("; ")
    scope = dict(words)
    exec(f"def {name}_{part}(x, y, {', '.join(constants)}): {'; '.join([*before, f'return {result}'])}", scope)
    return scope[f"{name}_{part}"]


@cache
def _in_numpy(name: str, part: str) -> Callable[..., Any]:
    return function_of(name, part, NUMPY)


def value(name: str, x: np.ndarray, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> np.ndarray:
    """A scalar function of each element; a result that is no number is one, without a warning."""
    with np.errstate(all="ignore"):
        return _in_numpy(name, "value")(x, None, a, b, c)


def derivative(name: str, x: np.ndarray, y: np.ndarray, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> np.ndarray:
    """The derivative of a scalar function at each x, where the result is y."""
    with np.errstate(all="ignore"):
        return _in_numpy(name, "derivative")(x, y, a, b, c)
