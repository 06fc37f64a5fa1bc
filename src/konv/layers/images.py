"""Layers that take images and give them another size."""

from copy import copy
from typing import Any, ClassVar

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, UnsupportedError, naming
from konv.ir import augment_ops as ir
from konv.ir.ops import Op, Shape
from konv.ir.resampling import INTERPOLATIONS
from konv.layers import parse
from konv.layers.base import Layer
from konv.layers.parse import Sizes
from konv.seeds import next_seed
from konv.tracing.tensors import Tensor


class ImageLayer(Layer, builtin=True):
    """What layers that prepare images share: they also take a single image, or a dict of "images", "labels" and
    "segmentation_masks", and on arrays they are active unless told not to be.

    `seed` makes the numbers of the n-th training step, or call, depend on it and n alone.
    """

    input_rank = 3
    moves_pixels: ClassVar[bool] = True  # so that masks must follow
    seed: int | None  # of those that draw
    interpolation: str  # of those that read between pixels

    def __init__(self, *, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            self.data_format = parse.data_format(data_format)

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        if isinstance(inputs, dict):
            return self._together(inputs, training)
        if isinstance(inputs, (Tensor, Layer)):
            return super().__call__(inputs, training)
        images = to_array(inputs, self.title, "the input")
        if images.ndim == 3:
            return super().__call__(images[None], training)[0]  # pyright: ignore[reportIndexIssue]
        return super().__call__(images, training)

    def _together(self, data: dict[str, Any], training: bool | None) -> dict[str, Any]:
        """Images and what belongs to them: the same is done to segmentation masks, without numbers in between."""
        left = [key for key in data if key not in ("images", "labels", "segmentation_masks")]
        if left or "images" not in data:
            raise UnsupportedError(f"{self.title}: a dict needs images and may hold labels and segmentation_masks, got "
                                   f"{', '.join(map(repr, data))}")
        drawn = copy(self)
        if getattr(self, "seed", 0) is None:
            drawn.seed = next_seed()
        made = data | {"images": drawn(data["images"], training)}
        if "segmentation_masks" in data and self.moves_pixels:
            masked = copy(drawn)
            masked.interpolation, masked._calls = "nearest", self._calls
            made["segmentation_masks"] = masked(data["segmentation_masks"], training)
        self._calls = drawn._calls
        return made

    def compute_output_shape(self, *shapes: Any) -> tuple[int | None, ...]:
        if len(shapes) == 1 and len(shapes[0]) == 3:  # one image, without a batch
            return super().compute_output_shape((None, *shapes[0]))[1:]
        return super().compute_output_shape(*shapes)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}  # also where the constructor takes it by keyword alone


class Resizing(ImageLayer, builtin=True):
    """Images at another size, by sums of neighbouring pixels with half-pixel centres.

    Args:
        height, width: the new size.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: take the largest part of the middle that has the shape of the target first.
        pad_to_aspect_ratio: add borders of fill_value first, so that nothing is cut off or stretched.
        fill_mode, fill_value: of these borders; "constant" alone.
        antialias: widen the sums where images shrink.
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, H, W, C) or (H, W, C) -> output (N, height, width, C); integer arrays stay integers, rounded.
    Raises:
        KonvError: both of crop_to_aspect_ratio and pad_to_aspect_ratio.
    Reference:
        Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981 (bicubic).

    >>> import konv
    >>> konv.layers.Resizing(2, 4, interpolation="nearest")([[[0.0], [10.0]]])[0, :, 0]
    array([ 0.,  0., 10., 10.], dtype=float32)
    """

    rules: ClassVar = {"interpolation": lambda value, argument, layer: parse.choice(value, argument, INTERPOLATIONS),
                       "fill_mode": lambda value, argument, layer: parse.choice(value, argument, ("constant",))}
    height: int
    width: int
    crop_to_aspect_ratio: bool
    pad_to_aspect_ratio: bool
    fill_value: float
    antialias: bool

    def __init__(self, height: int, width: int, interpolation: str = "bilinear", crop_to_aspect_ratio: bool = False,
                 pad_to_aspect_ratio: bool = False, fill_mode: str = "constant", fill_value: float = 0.0,
                 antialias: bool = False, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())
            if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
                raise KonvError("only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        aspect = "crop" if self.crop_to_aspect_ratio else "pad" if self.pad_to_aspect_ratio else "stretch"
        return (ir.Resize(self.height, self.width, self.interpolation, self.antialias, aspect, float(self.fill_value),
                          self.data_format),)

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        result = super().__call__(inputs, training)
        dtype = getattr(inputs, "dtype", None)
        if isinstance(result, np.ndarray) and isinstance(dtype, np.dtype) and dtype.kind in "iu":
            limits = np.iinfo(dtype)
            return np.clip(np.round(result), limits.min, limits.max).astype(dtype)
        return result


class CenterCrop(ImageLayer, builtin=True):
    """The middle of images; smaller images are resized first as far as it takes, their shape kept.

    Args:
        height, width: the size of the part.
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, H, W, C) or (H, W, C) -> output (N, height, width, C).
    Raises:
        KonvError: height or width is not a positive integer.

    >>> import konv
    >>> konv.layers.CenterCrop(1, 2)([[[0.0], [1.0], [2.0], [3.0]]])[0, :, 0]
    array([1., 2.], dtype=float32)
    """

    height: int
    width: int

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Resize(self.height, self.width, aspect="center", data_format=self.data_format),)


class UpSampling2D(Layer, builtin=True):
    """Images larger by whole factors.

    Args:
        size: factors of height and width; an int means both.
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
        interpolation: "nearest" repeats pixels; or "bilinear", "bicubic", "lanczos3", "lanczos5".
    Shape:
        input (N, H, W, C) float32 -> output (N, H * size[0], W * size[1], C).
    Raises:
        KonvError: interpolation is none of these.

    >>> import konv
    >>> konv.layers.UpSampling2D((1, 2))([[[[0.0], [1.0]]]])[0, 0, :, 0]
    array([0., 0., 1., 1.], dtype=float32)
    """

    input_rank = 3
    rules: ClassVar = {"size": lambda value, argument, layer: parse.pair(value, argument),
                       "interpolation": lambda value, argument, layer: parse.choice(
                           value.lower() if isinstance(value, str) else value, argument, INTERPOLATIONS)}
    size: tuple[int, int]
    data_format: str
    interpolation: str

    def __init__(self, size: Sizes = (2, 2), data_format: str | None = None, interpolation: str = "nearest",
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Upsample(self.size, self.interpolation, self.data_format),)
