"""The functions of keras.random: they draw at once, by NumPy; in the `call` of a layer two of them are operations."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.hints import module_attributes
from konv.ops import draws
from konv.seeds import SeedGenerator, generator, next_seed, set_random_seed
from konv.traceable import is_tracing
from konv.tracing.tensors import Tensor


def _drawing(seed: Any) -> np.random.Generator:
    return np.random.default_rng(seed.next().tolist()) if isinstance(seed, SeedGenerator) else generator(seed)


def normal(shape: Sequence[int | None], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Values from a normal distribution, float32; in the `call` of a layer the first size of the shape is the batch.

    Shape:
        () -> shape.

    >>> normal((2, 3), seed=0).shape
    (2, 3)
    """
    if is_tracing():
        return draws.normal(shape, mean, stddev, seed)
    return _drawing(seed).normal(mean, stddev, tuple(shape)).astype(_dtype(dtype))  # type: ignore[arg-type]


def truncated_normal(shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None,
                     seed: Any = None) -> np.ndarray:
    """Values from a normal distribution, those beyond two standard deviations drawn again; float32.

    Shape:
        () -> shape.

    >>> bool(abs(truncated_normal((100,), seed=0)).max() <= 2)
    True
    """
    _only_arrays("truncated_normal")
    draw = _drawing(seed)
    found = draw.normal(size=tuple(shape))
    while (beyond := np.abs(found) > 2).any():
        found[beyond] = draw.normal(size=int(beyond.sum()))
    return (mean + stddev * found).astype(_dtype(dtype))


def uniform(shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> np.ndarray:
    """Values from minval up to, but not including, maxval; integers if dtype is an integer type.

    Shape:
        () -> shape.

    >>> uniform((2, 3), seed=0).shape
    (2, 3)
    """
    _only_arrays("uniform")
    if np.issubdtype(_dtype(dtype), np.integer):
        return randint(shape, int(minval), int(maxval), dtype, seed)
    return _drawing(seed).uniform(minval, maxval, tuple(shape)).astype(_dtype(dtype))


def randint(shape: Sequence[int], minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> np.ndarray:
    """Integers from minval up to, but not including, maxval.

    Shape:
        () -> shape.

    >>> randint((3,), 0, 1).tolist()
    [0, 0, 0]
    """
    _only_arrays("randint")
    return _drawing(seed).integers(minval, maxval, tuple(shape)).astype(_dtype(dtype))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> np.ndarray:
    """The slices of an array along an axis in a random order.

    Shape:
        x of any shape -> the same shape.

    >>> sorted(shuffle([1, 2, 3]).tolist())
    [1, 2, 3]
    """
    _only_arrays("shuffle")
    return _drawing(seed).permutation(np.asarray(x), axis=axis)


def dropout(inputs: Any, rate: float, noise_shape: Sequence[int] | None = None, seed: Any = None) -> Any:
    """Each element is 0 with probability `rate`, else divided by 1 - rate; in the `call` of a layer, in training alone.

    Shape:
        inputs of any shape -> the same shape.

    >>> dropout([1.0, 2.0], 0.0).tolist()
    [1.0, 2.0]
    """
    if isinstance(inputs, Tensor):
        return draws.dropout(inputs, rate, noise_shape, seed)
    x = np.asarray(inputs, np.float32)
    kept = _drawing(seed).uniform(size=noise_shape or x.shape) >= rate
    return np.where(kept, x / np.float32(1 - rate), np.float32(0))


def _only_arrays(function: str) -> None:
    if is_tracing():
        raise KonvError(f"random.{function}: in the `call` of a layer there are konv.random.normal and konv.random.dropout; "
                        f"draw anything else before, and feed it through an input")


def _dtype(dtype: Any) -> Any:
    return np.dtype("float32" if dtype in (None, "float16", "bfloat16") else dtype)


__all__ = [
    "SeedGenerator", "dropout", "generator", "next_seed", "normal", "randint", "set_random_seed", "shuffle",
    "truncated_normal", "uniform",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
