"""Resizing as `keras.ops.image.resize` does it: half-pixel centres, no antialiasing.

Pillow's resize is not used because it widens its kernel when it shrinks (antialiasing), so a model trained in Keras
would see other pixels. Every method is a short weighted sum per axis; the taps are computed once per pair of sizes.
"""

from functools import lru_cache, reduce
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.ir import resampling
from konv.ir.augment_ops import Resize
from konv.ir.resampling import METHODS


def resize(image: np.ndarray, size: tuple[int, int], method: str = "bilinear") -> np.ndarray:
    """The image (H, W, C) at another size, as float32 in the range of the input.

    >>> resize(np.array([[[0], [10]]]), (1, 4))[0, :, 0]
    array([ 0. ,  2.5,  7.5, 10. ], dtype=float32)
    """
    if image.shape[:2] == tuple(size):
        return image.astype(np.float32)
    for axis in (0, 1):
        image = _along(image, axis, *taps(image.shape[axis], size[axis], method))
    return image


def smart_resize(x: Any, size: Any, interpolation: str = "bilinear", data_format: str | None = "channels_last",
                 backend_module: Any = None) -> np.ndarray:
    """An image (H, W, C), or a batch of images, at another size without distortion: what does not fit is cut off at the sides.

    >>> smart_resize(np.ones((4, 8, 3)), (2, 2)).shape
    (2, 2, 3)
    """
    if data_format not in ("channels_last", "channels_first"):
        raise KonvError(f'smart_resize: data_format must be "channels_last" or "channels_first", got {data_format!r}')
    if len(size) != 2:
        raise KonvError(f"smart_resize: size must be (height, width), got {size!r}")
    x = np.asarray(x)
    if x.ndim not in (3, 4):
        raise KonvError(f"smart_resize: x must be an image (height, width, channels) or a batch of images, got shape {x.shape}")
    if x.ndim == 4:
        return np.stack([smart_resize(image, size, interpolation, data_format) for image in x])
    image = np.moveaxis(x, 0, -1) if data_format == "channels_first" else x
    image = resize(fit(image, size, "crop"), size, interpolation)
    return np.moveaxis(image, -1, 0) if data_format == "channels_first" else image


def fit(image: np.ndarray, size: tuple[int, int], aspect: str | None = None) -> np.ndarray:
    """Give the image the aspect ratio of `size`: the central "crop", or a black border around it ("pad")."""
    if aspect is None:
        return image
    top, left, rows, columns = Resize(*size, aspect=aspect).window(*image.shape[:2])
    border = ((max(-top, 0),) * 2, (max(-left, 0),) * 2, (0, 0))
    top, left = max(top, 0), max(left, 0)
    return np.pad(image, border)[top : top + rows, left : left + columns]


@lru_cache(maxsize=256)
def taps(size: int, target: int, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Which input pixels make an output pixel, and their weights: two arrays of (target, taps)."""
    if method not in METHODS:
        raise KonvError(f"interpolation={method!r} is not one of {', '.join(METHODS)}")
    sums = resampling.taps(size, target, method, least=0.0)
    pixels = np.zeros((target, max(map(len, sums))), int)
    weights = np.zeros(pixels.shape, np.float32)
    for place, terms in enumerate(sums):
        pixels[place, :len(terms)], weights[place, :len(terms)] = zip(*terms, strict=True)
    return pixels, weights


def _along(image: np.ndarray, axis: int, pixels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    shape = [1] * image.ndim
    shape[axis] = -1
    parts = (np.multiply(image.take(index, axis), weight.reshape(shape), dtype=np.float32)
             for index, weight in zip(pixels.T, weights.T, strict=True))
    return reduce(np.add, parts)
