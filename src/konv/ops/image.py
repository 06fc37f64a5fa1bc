"""keras.ops.image: the functions on images that konv has, on arrays and on tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.config import image_data_format
from konv.errors import KonvError, ShapeError, naming
from konv.hints import module_attributes
from konv.ir.augment_ops import Resize
from konv.ir.resampling import INTERPOLATIONS
from konv.ops.elementwise import multiply
from konv.ops.reductions import sum as total
from konv.runtime.single import run_op
from konv.tracing.symbolic import is_symbolic, numbers, symbolic


def resize(images: Any, size: Sequence[int], interpolation: str = "bilinear", antialias: bool = False,
           crop_to_aspect_ratio: bool = False, pad_to_aspect_ratio: bool = False, fill_mode: str = "constant",
           fill_value: float = 0.0, data_format: str | None = None) -> Any:
    """Images at another size (height, width), as the layer Resizing gives them.

    Args:
        size: (height, width).
        interpolation: how values between pixels are computed.
        antialias: whether to average over the pixels that a smaller image leaves out.
        crop_to_aspect_ratio, pad_to_aspect_ratio: cut, or add a border, instead of stretching.
        fill_mode: "constant".
        fill_value: value of the border.
        data_format: "channels_last" or "channels_first"; image_data_format() if None.
    Shape:
        images (N, H, W, C) or (H, W, C) -> (N, *size, C) or (*size, C); or channels first as data_format says.
    Raises:
        ShapeError: size is not two positive integers, or images have another rank.
        KonvError: an option is unknown, or two exclude each other.

    >>> resize(np.ones((1, 2, 2, 1)), (4, 4)).shape
    (1, 4, 4, 1)
    """
    with naming("resize"):
        if len(tuple(size)) != 2 or not all(isinstance(one, (int, np.integer)) and one > 0 for one in size):
            raise ShapeError(f"size={size!r} must be two positive integers, (height, width)")
        if interpolation not in INTERPOLATIONS:
            raise KonvError(f"interpolation={interpolation!r} must be one of {', '.join(map(repr, INTERPOLATIONS))}")
        if fill_mode != "constant" or (crop_to_aspect_ratio and pad_to_aspect_ratio):
            raise KonvError("only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True, and fill_mode is 'constant'")
        aspect = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch"
        op = Resize(int(size[0]), int(size[1]), interpolation, bool(antialias), aspect, float(fill_value),
                    data_format or image_data_format())
    if is_symbolic(images):
        config = {"size": list(size), "interpolation": interpolation, "antialias": antialias,
                  "crop_to_aspect_ratio": crop_to_aspect_ratio, "pad_to_aspect_ratio": pad_to_aspect_ratio,
                  "fill_mode": fill_mode, "fill_value": fill_value, "data_format": data_format}
        return symbolic(resize, "Resize", [images], lambda emit, place: emit(op, place), config, "image")
    array = numbers(images, "resize")
    if array.ndim not in (3, 4):
        raise ShapeError(f"resize: images have 4 axes, (batch, height, width, channels), or one of them 3, got {array.shape}")
    return run_op(op, array, {}) if array.ndim == 4 else run_op(op, array[None], {})[0]


def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """One channel of brightness from red, green and blue.

    Shape:
        images (..., 3) -> (..., 1); or channels first as data_format says.
    Reference:
        ITU-R recommendation BT.601, the weights of luma.

    >>> rgb_to_grayscale(np.ones((1, 1, 3))).round(3).tolist()
    [[[1.0]]]
    """
    axis = -3 if (data_format or image_data_format()) == "channels_first" else -1
    weights = np.array([0.2989, 0.5870, 0.1140], np.float32)
    return total(multiply(images, weights if axis == -1 else weights[:, None, None]), axis, keepdims=True)


__all__ = ["resize", "rgb_to_grayscale"]

__getattr__, __dir__ = module_attributes(__name__, __all__)
