"""Arrays in: NumPy, anything with `__array__` (pandas, torch, Pillow) or DLPack. Arrays out: NumPy."""

from typing import Any

import numpy as np

from konv.errors import KonvError

SMALL = ("bfloat16", "float8_e4m3fn", "float8_e5m2")  # types that NumPy does not have; float32 holds all their numbers
NUMBERS = (int, float, np.number, np.bool_)


def to_array(value: Any, owner: str, argument: str = "x") -> np.ndarray:
    """The value as a NumPy array of numbers, without a copy where possible.

    >>> to_array([[1, 2]], "Model").shape
    (1, 2)
    """
    if not isinstance(value, np.ndarray):
        try:
            value = _read(value)
        except (ValueError, TypeError, RuntimeError, BufferError) as error:  # what libraries raise
            raise KonvError(f"{owner}: {argument} is not an array: {error}") from None
    if value.dtype.kind == "O" and all(isinstance(item, NUMBERS) for item in value.flat):
        value = value.astype(np.float64)  # columns of a table that have different types
    elif value.dtype.name in SMALL:
        value = value.astype(np.float32)
    if value.dtype.kind not in "fiub":
        hint = "; for labels that are text: classes, y = np.unique(y, return_inverse=True)" if (
            argument == "y" and value.dtype.kind in "USO") else ""
        raise KonvError(f"{owner}: {argument} must hold numbers, got an array of dtype {value.dtype}{hint}")
    return value


def _read(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a tensor of PyTorch, which may be on its way through a gradient, and on another device
        wide = value.float() if str(value.dtype).removeprefix("torch.") in SMALL else value
        return wide.numpy(force=True)
    if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
        return np.from_dlpack(value)
    if isinstance(value, (list, tuple)) and value and any(hasattr(value[0], name) for name in ("detach", "__dlpack__")):
        value = [item if isinstance(item, np.ndarray) else _read(item) for item in value]
    return np.asarray(value)


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot vectors, float64, of class numbers; a last axis of size 1 becomes the axis of the classes.

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = to_array(x, "to_categorical").astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.size == 0 and not num_classes:
        raise KonvError("to_categorical: x is empty, so num_classes must be given")
    classes = int(num_classes or labels.max() + 1)
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise KonvError(f"to_categorical: labels must be 0 to {classes - 1} for num_classes={classes}, got {wrong}")
    return np.eye(classes)[labels]


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """x divided by its length along one axis; all zeros stay zeros.

    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    x = to_array(x, "normalize")
    length = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(length == 0, 1, length)
