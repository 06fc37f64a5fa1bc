"""Arrays in: NumPy, anything with `__array__` (pandas, torch, Pillow) or DLPack. Arrays out: NumPy."""

from typing import Any

import numpy as np

from konv.errors import KonvError


def to_array(value: Any, owner: str, argument: str = "x") -> np.ndarray:
    """The value as a NumPy array of numbers, without a copy where possible.

    >>> to_array([[1, 2]], "Model").shape
    (1, 2)
    """
    if not isinstance(value, np.ndarray):
        if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
            value = np.from_dlpack(value)
        else:
            try:
                value = np.asarray(value)
            except ValueError as error:
                raise KonvError(f"{owner}: {argument} is not an array: {error}") from None
    if value.dtype.kind not in "fiub":
        raise KonvError(f"{owner}: {argument} must hold numbers, got an array of dtype {value.dtype}")
    return value
