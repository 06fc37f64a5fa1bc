"""Layers that show the network each image a little different in every step of training; in prediction they do nothing."""

from typing import Any, ClassVar

from konv.errors import KonvError, naming
from konv.ir import augment_ops as ir
from konv.ir.ops import Op, Shape
from konv.layers import parse
from konv.layers.images import ImageLayer

Factor = float | tuple[float, float]  # one limit both ways, or (lower, upper)


class RandomFlip(ImageLayer, builtin=True):
    """Mirrors one image in two in training.

    Args:
        mode: "horizontal" (left and right), "vertical" (top and bottom) or "horizontal_and_vertical", drawn each by itself.
        seed: makes the draws of the n-th step depend on it and n alone.
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, H, W, C) or (H, W, C) -> output of the same shape.
    Raises:
        KonvError: mode is none of these.

    >>> import konv
    >>> konv.layers.RandomFlip("horizontal")([[[0.0], [1.0]]], training=False)[0, :, 0]
    array([0., 1.], dtype=float32)
    """

    rules: ClassVar = {"mode": lambda value, argument, layer: parse.choice(value, argument, ir.MAPS[:3])}
    mode: str

    def __init__(self, mode: str = "horizontal_and_vertical", seed: Any = None, data_format: str | None = None,
                 **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Affine(self.mode, seed=self.seed, data_format=self.data_format),)


class AffineLayer(ImageLayer, builtin=True):
    """What the layers share that see images through an affine map: how they read between pixels and outside of the image."""

    rules: ClassVar = {"fill_mode": lambda value, argument, layer: parse.choice(value, argument, ir.FILL_MODES),
                       "interpolation": lambda value, argument, layer: parse.choice(value, argument, ("nearest", "bilinear"))}
    fill_mode: str
    fill_value: float

    def affine(self, kind: str, *ranges: ir.Range) -> tuple[Op, ...]:
        fill = float(self.fill_value)
        return (ir.Affine(kind, ranges, self.interpolation, self.fill_mode, fill, self.seed, self.data_format),)


class RandomRotation(AffineLayer, builtin=True):
    """Turns images about their middle by a random angle in training.

    Args:
        factor: the limits of the angle as shares of a full turn, counter-clockwise; one number is both ways that far.
        fill_mode: what is outside of an image: "constant" (fill_value), "nearest", "reflect" or "wrap".
        interpolation: "nearest" or "bilinear" between pixels.
        seed: makes the draws of the n-th step depend on it and n alone.
        fill_value: of fill_mode="constant".
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, H, W, C) or (H, W, C) -> output of the same shape.
    Raises:
        KonvError: factor is not between -1 and 1.

    >>> import konv
    >>> konv.layers.RandomRotation((0.5, 0.5))([[[0.0], [1.0], [2.0]]]).round()[0, :, 0]
    array([2., 1., 0.], dtype=float32)
    """

    def __init__(self, factor: Factor, fill_mode: str = "reflect", interpolation: str = "bilinear", seed: Any = None,
                 fill_value: float = 0.0, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())
            self.factor = factor_range(factor or 0.0, "factor")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return self.affine("rotation", self.factor)


class RandomTranslation(AffineLayer, builtin=True):
    """Moves images by a random share of their size in training.

    Args:
        height_factor: the limits of the way down, as shares of the height; one number is both ways that far.
        width_factor: the limits of the way to the right, as shares of the width.
        fill_mode, interpolation, seed, fill_value, data_format: as for RandomRotation.
    Shape:
        input (N, H, W, C) or (H, W, C) -> output of the same shape.
    Raises:
        KonvError: a factor is not between -1 and 1.

    >>> import konv
    >>> konv.layers.RandomTranslation(0, (0.5, 0.5), fill_mode="constant")([[[1.0], [2.0]]])[0, :, 0]
    array([0., 1.], dtype=float32)
    """

    def __init__(self, height_factor: Factor, width_factor: Factor, fill_mode: str = "reflect",
                 interpolation: str = "bilinear", seed: Any = None, fill_value: float = 0.0, data_format: str | None = None,
                 **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        with naming(self.title):
            parse.keep(self, locals())
            self._ranges = factor_range(height_factor, "height_factor"), factor_range(width_factor, "width_factor")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return self.affine("translation", *self._ranges)


class RandomZoom(AffineLayer, builtin=True):
    """Shows images smaller or larger by a random share of their size in training.

    Args:
        height_factor: the limits of the share of the height by which images are made smaller, or larger below zero.
        width_factor: the same for the width, drawn by itself; None keeps the shape of images.
        fill_mode, interpolation, seed, fill_value, data_format: as for RandomRotation.
    Shape:
        input (N, H, W, C) or (H, W, C) -> output of the same shape.
    Raises:
        KonvError: a factor is not above -1, where an image would be a point, or above 1.

    >>> import konv
    >>> konv.layers.RandomZoom((-0.5, -0.5))([[[0.0], [1.0], [2.0]]])[0, :, 0]
    array([0.5, 1. , 1.5], dtype=float32)
    """

    def __init__(self, height_factor: Factor, width_factor: Factor | None = None, fill_mode: str = "reflect",
                 interpolation: str = "bilinear", seed: Any = None, fill_value: float = 0.0, data_format: str | None = None,
                 **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        with naming(self.title):
            parse.keep(self, locals())
            given = {"height_factor": height_factor} | ({} if width_factor is None else {"width_factor": width_factor})
            self._ranges = [factor_range(factor, argument) for argument, factor in given.items()]
            for argument, (low, _) in zip(given, self._ranges, strict=True):
                if low <= -1 and given[argument] != 1:
                    raise KonvError(f"{argument} must be above -1, where an image would be a point, got {given[argument]!r}")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return self.affine("zoom", *((1 + low, 1 + high) for low, high in self._ranges))


class RandomCrop(ImageLayer, builtin=True):
    """A window of images at a random position, which all images of a batch share, in training.

    In prediction, and of images that are not larger than the window both ways, it is the largest part of that shape from the
    middle, resized.

    Args:
        height, width: the size of the window.
        seed: makes the draws of the n-th step depend on it and n alone.
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, H, W, C) or (H, W, C) -> output (N, height, width, C).
    Raises:
        KonvError: height or width is not a positive integer.

    >>> import konv
    >>> konv.layers.RandomCrop(24, 24).compute_output_shape((None, 32, 32, 3))
    (None, 24, 24, 3)
    """

    height: int
    width: int

    def __init__(self, height: int, width: int, seed: Any = None, data_format: str | None = None, name: str | None = None,
                 **kwargs: Any) -> None:
        super().__init__(data_format=data_format, name=name, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.RandomCrop(self.height, self.width, self.seed, self.data_format),)


class RandomBrightness(ImageLayer, builtin=True):
    """Adds a random share of the range of values to each image in training, and cuts off what leaves the range.

    Args:
        factor: the limits of the share; one number is both ways that far.
        value_range: (lowest, highest) value of an image.
        seed: makes the draws of the n-th step depend on it and n alone.
    Shape:
        input (N, H, W, C) or (H, W, C) -> output of the same shape.
    Raises:
        KonvError: factor is not between -1 and 1, or value_range is not two numbers.

    >>> import konv
    >>> konv.layers.RandomBrightness((0.2, 0.2), value_range=(0, 1))([[[0.5], [0.9]]])[0, :, 0]
    array([0.7, 1. ], dtype=float32)
    """

    moves_pixels = False

    def __init__(self, factor: Factor, value_range: Any = (0, 255), seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())
            self.factor = factor_range(factor or 0.0, "factor")
            self.value_range = sorted(_value_range(value_range))

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        low, high = self.value_range
        added = self.factor[0] * (high - low), self.factor[1] * (high - low)
        return (ir.BrightnessContrast("brightness", added, (low, high), self.seed, self.data_format),)


class RandomContrast(ImageLayer, builtin=True):
    """(x - mean) * factor + mean for each channel of an image in training, cut off at the ends of the range of values.

    Args:
        factor: (lower, upper); the factor of an image lies between 1 - lower and 1 + upper. One number f is (0, f), as in
            Keras.
        value_range: (lowest, highest) value of an image.
        seed: makes the draws of the n-th step depend on it and n alone.
    Shape:
        input (N, H, W, C) or (H, W, C) -> output of the same shape.
    Raises:
        KonvError: factor is not between 0 and 1, or value_range is not two numbers.

    >>> import konv
    >>> konv.layers.RandomContrast((0.5, 0.5), value_range=(0, 1))([[[0.5], [0.7]]], training=False)[0, :, 0]
    array([0.5, 0.7], dtype=float32)
    """

    moves_pixels = False

    def __init__(self, factor: Factor, value_range: Any = (0, 255), seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())
            self.factor = factor_range(factor or 0.0, "factor", 0)
            self.value_range = value_range
            self._ends = _value_range(value_range)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        factors = 1 - self.factor[0], 1 + self.factor[1]
        return (ir.BrightnessContrast("contrast", factors, self._ends, self.seed, self.data_format),)


def factor_range(value: Any, argument: str, low: float = -1) -> tuple[float, float]:
    """(lower, upper) from two numbers between `low` and 1, or from one, which is as far both ways as `low` allows.

    >>> factor_range(0.2, "factor")
    (-0.2, 0.2)
    """
    message = f"{argument} must be a number between {low:g} and 1, or two of them, got {value!r}"
    try:
        if isinstance(value, (tuple, list)):
            lower, upper = sorted(parse.number(one, argument, low, 1) for one in value)
            return lower, upper
        one = abs(parse.number(value, argument, low, 1))
    except ValueError:
        raise KonvError(message) from None
    return max(-one, low), one


def _value_range(value: Any) -> tuple[float, float]:
    try:
        low, high = value
        return parse.number(low, "value_range"), parse.number(high, "value_range")
    except (TypeError, ValueError):
        raise KonvError(f"value_range must be two numbers, such as (0, 255), got {value!r}") from None
