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

    def __init__(self, *, data_format=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.data_format = parse.data_format(data_format)

    def __call__(self, inputs, training: bool | None = None):
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

    def compute_output_shape(self, *shapes) -> tuple[int | None, ...]:
        if len(shapes) == 1 and len(shapes[0]) == 3:  # one image, without a batch
            return super().compute_output_shape((None, *shapes[0]))[1:]
        return super().compute_output_shape(*shapes)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}


class Resizing(ImageLayer, builtin=True):
    """Images (batch, H, W, C) at the size height x width; half-pixel centres.

    `crop_to_aspect_ratio` takes the largest part of the middle that has the shape of the target, `pad_to_aspect_ratio` adds
    borders of `fill_value`; `antialias` widens the sums where images shrink. Integer arrays stay integers.

    >>> import konv
    >>> konv.layers.Resizing(2, 4, interpolation="nearest")([[[0.0], [10.0]]])[0, :, 0]
    array([ 0.,  0., 10., 10.], dtype=float32)
    """

    def __init__(self, height, width, interpolation="bilinear", crop_to_aspect_ratio=False, pad_to_aspect_ratio=False,
                 fill_mode="constant", fill_value=0.0, antialias=False, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        with naming(self.title):
            self.height, self.width = parse.positive_int(height, "height"), parse.positive_int(width, "width")
            self.interpolation = parse.choice(interpolation, "interpolation", INTERPOLATIONS)
            self.crop_to_aspect_ratio = parse.flag(crop_to_aspect_ratio, "crop_to_aspect_ratio")
            self.pad_to_aspect_ratio = parse.flag(pad_to_aspect_ratio, "pad_to_aspect_ratio")
            if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
                raise KonvError("only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True")
            self.fill_mode = parse.choice(fill_mode, "fill_mode", ("constant",))
            self.fill_value = parse.number(fill_value, "fill_value")
            self.antialias = parse.flag(antialias, "antialias")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        aspect = "crop" if self.crop_to_aspect_ratio else "pad" if self.pad_to_aspect_ratio else "stretch"
        return (ir.Resize(self.height, self.width, self.interpolation, self.antialias, aspect, float(self.fill_value),
                            self.data_format),)

    def __call__(self, inputs, training: bool | None = None):
        result = super().__call__(inputs, training)
        dtype = getattr(inputs, "dtype", None)
        if isinstance(result, np.ndarray) and isinstance(dtype, np.dtype) and dtype.kind in "iu":
            limits = np.iinfo(dtype)
            return np.clip(np.round(result), limits.min, limits.max).astype(dtype)
        return result

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "height": self.height, "width": self.width, "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio, "pad_to_aspect_ratio": self.pad_to_aspect_ratio,
            "fill_mode": self.fill_mode, "fill_value": self.fill_value, "antialias": self.antialias}


class CenterCrop(ImageLayer, builtin=True):
    """The middle of images, height x width; smaller images are resized as far as it takes, their shape kept.

    >>> import konv
    >>> konv.layers.CenterCrop(1, 2)([[[0.0], [1.0], [2.0], [3.0]]])[0, :, 0]
    array([1., 2.], dtype=float32)
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        with naming(self.title):
            self.height, self.width = parse.positive_int(height, "height"), parse.positive_int(width, "width")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Resize(self.height, self.width, aspect="center", data_format=self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"height": self.height, "width": self.width}


class UpSampling2D(Layer, builtin=True):
    """Images (batch, H, W, C) larger by whole factors, one for both or (rows, columns); "nearest" repeats pixels.

    >>> import konv
    >>> konv.layers.UpSampling2D((1, 2))([[[[0.0], [1.0]]]])[0, 0, :, 0]
    array([0., 0., 1., 1.], dtype=float32)
    """

    input_rank = 3

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.size = parse.pair(size, "size")
            self.data_format = parse.data_format(data_format)
            lowered = interpolation.lower() if isinstance(interpolation, str) else interpolation
            self.interpolation = parse.choice(lowered, "interpolation", INTERPOLATIONS)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Upsample(self.size, self.interpolation, self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "size": self.size, "data_format": self.data_format, "interpolation": self.interpolation}
