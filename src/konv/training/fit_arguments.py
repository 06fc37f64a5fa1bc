"""The arguments of compile, fit, evaluate and predict, checked at the door."""

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from konv.errors import ArgumentError, KonvError, naming


def named(method: Callable) -> Callable:
    """Errors of the method begin with the name of the model; an argument that it does not take is one of them."""
    known = list(signature(method).parameters)[1:]

    @wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        with naming(self.title):
            for name in kwargs.keys() - known:
                raise ArgumentError(f"{method.__name__}() has no argument {name!r}; there are: {', '.join(known)}")
            return method(self, *args, **kwargs)

    return wrapper


def count(value: Any, argument: str, low: int = 1) -> int:
    """An integer of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
        raise KonvError(f"{argument} must be an integer of at least {low}, got {value!r}")
    return int(value)


def optional_count(value: Any, argument: str) -> int | None:
    """A positive integer or None."""
    return None if value is None else count(value, argument)


def fraction(value: Any, argument: str) -> float:
    """A number from 0 up to, but not including, 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < 1:
        raise KonvError(f"{argument} must be a number from 0 to below 1, got {value!r}")
    return float(value)


def verbosity(value: Any) -> int:
    """0 for silence, 1 for a progress bar, 2 for a line per epoch."""
    if value == "auto":
        return 1
    if not isinstance(value, (int, np.integer)) or value not in (0, 1, 2):
        raise KonvError(f'verbose must be "auto", 0, 1 or 2, got {value!r}')
    return int(value)


def flag(value: Any, argument: str) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise KonvError(f"{argument} must be True or False, got {value!r}")
    return bool(value)


def frequency(value: Any) -> int | Sequence[int]:
    """Every how many epochs to validate, or the epochs (counted from 1) after which to do it."""
    return value if isinstance(value, (list, tuple)) else count(value, "validation_freq")


def validates(epoch: int, frequency: int | Sequence[int]) -> bool:
    """Whether the epoch (counted from 0) is followed by a validation."""
    return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency


def shuffling(value: Any) -> bool | str:
    """Whether to deal the samples anew in every epoch; "batch" only within each batch."""
    if value == "batch":
        return "batch"
    if not isinstance(value, (bool, np.bool_)) and not (isinstance(value, int) and value in (0, 1)):
        raise KonvError(f'shuffle must be True, False or "batch", got {value!r}')
    return bool(value)
