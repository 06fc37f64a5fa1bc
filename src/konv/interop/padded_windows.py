"""The arithmetic of windows as ONNX and PyTorch have them: what hangs over the edge, and what counts in a mean."""

from collections.abc import Sequence
from math import isfinite, prod
from typing import Any

import numpy as np

from konv import layers
from konv.errors import UnsupportedError
from konv.ir.window import Window

Pads = Sequence[tuple[int, int]]
LARGEST_SIDE = 1 << 16  # of an input, and of what is added at its edges
LARGEST_BORDER = 1 << 16  # elements that become part of a model as they are
LOWEST = -3.4e38  # next to the lowest number of float32: padding that is never the maximum


def check_pads(pads: Pads) -> None:
    """An error where a padding is larger than any image."""
    if any(abs(count) > LARGEST_SIDE for pair in pads for count in pair):
        raise UnsupportedError(f"padding by {[tuple(pair) for pair in pads]}; there may be {LARGEST_SIDE:,} at an edge")


def never_negative(image: Any) -> bool:
    """Whether zeros around do not change the largest number of a window."""
    return isinstance(image.layer, layers.ReLU) and not image.layer.negative_slope


def pool_window(image: Any, kernel: Sequence[int], strides: Sequence[int], pads: Pads,
                 ceil: bool) -> tuple[Window, list[tuple[int, int]], list[tuple[int, int]]]:
    """The window; the padding with what a last window hangs over (`ceil`), and without."""
    rank, sizes = len(kernel), image.shape[1:-1]
    if rank not in (1, 2) or image.ndim != rank + 2:
        raise UnsupportedError(f"a pool of {rank} axes over an input of {image.ndim}; pools of images and of sequences are "
                               f"supported")
    check_pads(pads)
    own = [(int(before), int(after)) for before, after in pads]
    if any(count < 0 for pair in own for count in pair):
        raise UnsupportedError(f"padding by {own}; negative widths are not supported")
    if (ceil or any(map(any, own))) and None in sizes:
        raise UnsupportedError("a pool that is padded needs images of a known size; give input_shape=")
    whole = []
    for size, extent, stride, (before, after) in zip(sizes, kernel, strides, own, strict=True):
        more = 0
        if ceil:
            count = -(-(size + before + after - extent) // stride) + 1
            count -= (count - 1) * stride >= size + before  # the last window begins inside of the image or before it
            more = max((count - 1) * stride + extent - size - before - after, 0)
        whole.append((before, after + more))
    return Window(tuple(kernel), tuple(strides), "valid", (1,) * rank), whole, own


def scaled(sizes: Sequence[Any], factors: Sequence[Any]) -> list[int]:
    """Sizes times factors; where that is no whole number, the positions of the pixels follow the factor, not the sizes."""
    exact = [size * float(factor) for size, factor in zip(sizes, factors, strict=True)]
    if any(not isfinite(size) or abs(size - int(size)) > 1e-3 for size in exact):
        raise UnsupportedError(f"from {tuple(sizes)} by the factors {tuple(factors)}, which do not give whole sizes")
    return list(map(int, exact))


def share_inside(window: Window, pads: Pads, counted: Pads, padded: Sequence[Any]) -> np.ndarray:
    """For each position of a window the share that counts in the mean: the image, and of the padding what `counted` says."""
    share = np.ones(())
    for axis, (pair, own, size) in enumerate(zip(pads, counted, padded, strict=True)):
        counts = np.ones(size)
        counts[:pair[0] - own[0]] = 0
        counts[size - pair[1] + own[1]:] = 0
        starts = range(0, size - window.kernel[axis] + 1, window.strides[axis])
        one = np.array([counts[start:start + window.kernel[axis]].mean() for start in starts])
        share = share[..., None] * one
    return share


def lowest_around(sizes: Sequence[Any], pads: Pads) -> np.ndarray:
    """What is added to an image that has zeros around it, so that these are never the largest number of a window."""
    if prod(size + before + after for size, (before, after) in zip(sizes, pads, strict=True)) > LARGEST_BORDER:
        raise UnsupportedError(f"a padded maximum of images of {'x'.join(map(str, sizes))} that may be negative; put a relu "
                               f"before it, or pad as Keras does")
    inside = np.zeros((1, *sizes, 1), np.float32)
    return np.pad(inside, [(0, 0), *pads, (0, 0)], constant_values=LOWEST)
