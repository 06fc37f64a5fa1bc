"""Layers that show the network each image a little different in every step of training; in prediction they do nothing."""

from typing import Any

from konv.errors import KonvError, naming
from konv.ir import augment_ops as ir
from konv.ir.ops import Op, Shape
from konv.layers import parse
from konv.layers.images import ImageLayer


class RandomFlip(ImageLayer, builtin=True):
    """Mirrors one image in two, left and right ("horizontal"), top and bottom ("vertical") or both at once.

    >>> import konv
    >>> konv.layers.RandomFlip("horizontal")([[[0.0], [1.0]]], training=False)[0, :, 0]
    array([0., 1.], dtype=float32)
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        with naming(self.title):
            self.mode, self.seed = parse.choice(mode, "mode", ir.MAPS[:3]), parse.seed(seed)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Warp(self.mode, seed=self.seed, data_format=self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"mode": self.mode, "seed": self.seed}


class WarpLayer(ImageLayer, builtin=True):
    """What the layers share that see images through a map: how they read between pixels and outside of the image."""

    def __init__(self, *, fill_mode, interpolation, seed, fill_value, data_format, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        with naming(self.title):
            self.fill_mode = parse.choice(fill_mode, "fill_mode", ir.FILL_MODES)
            self.interpolation = parse.choice(interpolation, "interpolation", ("nearest", "bilinear"))
            self.fill_value, self.seed = parse.number(fill_value, "fill_value"), parse.seed(seed)

    def warp(self, kind: str, *ranges: ir.Range) -> tuple[Op, ...]:
        return (ir.Warp(kind, ranges, self.interpolation, self.fill_mode, float(self.fill_value), self.seed,
                          self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"fill_mode": self.fill_mode, "interpolation": self.interpolation, "seed": self.seed,
                                       "fill_value": self.fill_value}


class RandomRotation(WarpLayer, builtin=True):
    """Turns images about their middle by an angle between two shares of a full turn; one number is both ways that far.

    `fill_mode` says what is outside of an image: "constant" (`fill_value`), "nearest", "reflect" or "wrap".

    >>> import konv
    >>> konv.layers.RandomRotation((0.5, 0.5))([[[0.0], [1.0], [2.0]]]).round()[0, :, 0]
    array([2., 1., 0.], dtype=float32)
    """

    def __init__(self, factor, fill_mode="reflect", interpolation="bilinear", seed=None, fill_value=0.0, data_format=None,
                 **kwargs):
        super().__init__(fill_mode=fill_mode, interpolation=interpolation, seed=seed, fill_value=fill_value,
                         data_format=data_format, **kwargs)
        with naming(self.title):
            self.factor = factor_range(factor or 0.0, "factor")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return self.warp("rotation", self.factor)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"factor": self.factor}


class RandomTranslation(WarpLayer, builtin=True):
    """Moves images down and to the right by shares of their height and width between two limits; one number is both ways.

    >>> import konv
    >>> konv.layers.RandomTranslation(0, (0.5, 0.5), fill_mode="constant")([[[1.0], [2.0]]])[0, :, 0]
    array([0., 1.], dtype=float32)
    """

    def __init__(self, height_factor, width_factor, fill_mode="reflect", interpolation="bilinear", seed=None,
                 fill_value=0.0, data_format=None, **kwargs):
        super().__init__(fill_mode=fill_mode, interpolation=interpolation, seed=seed, fill_value=fill_value,
                         data_format=data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        with naming(self.title):
            self._ranges = factor_range(height_factor, "height_factor"), factor_range(width_factor, "width_factor")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return self.warp("translation", *self._ranges)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"height_factor": self.height_factor, "width_factor": self.width_factor}


class RandomZoom(WarpLayer, builtin=True):
    """Shows images smaller by a share of their size between two limits, or larger where it is below zero.

    Height and width are drawn by themselves; without `width_factor` they are the same.

    >>> import konv
    >>> konv.layers.RandomZoom((-0.5, -0.5))([[[0.0], [1.0], [2.0]]])[0, :, 0]
    array([0.5, 1. , 1.5], dtype=float32)
    """

    def __init__(self, height_factor, width_factor=None, fill_mode="reflect", interpolation="bilinear", seed=None,
                 fill_value=0.0, data_format=None, **kwargs):
        super().__init__(fill_mode=fill_mode, interpolation=interpolation, seed=seed, fill_value=fill_value,
                         data_format=data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        with naming(self.title):
            given = {"height_factor": height_factor} | ({} if width_factor is None else {"width_factor": width_factor})
            self._ranges = [factor_range(factor, argument) for argument, factor in given.items()]
            for argument, (low, _) in zip(given, self._ranges, strict=True):
                if low <= -1 and given[argument] != 1:
                    raise KonvError(f"{argument} must be above -1, where an image would be a point, got {given[argument]!r}")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return self.warp("zoom", *((1 + low, 1 + high) for low, high in self._ranges))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"height_factor": self.height_factor, "width_factor": self.width_factor}


class RandomCrop(ImageLayer, builtin=True):
    """A window of height x width at a place that all images of a batch share; in prediction, and of images that are not
    larger than it both ways, the largest window of that shape from the middle, resized.

    >>> import konv
    >>> konv.layers.RandomCrop(24, 24).compute_output_shape((None, 32, 32, 3))
    (None, 24, 24, 3)
    """

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        super().__init__(data_format=data_format, name=name, **kwargs)
        with naming(self.title):
            self.height, self.width = parse.positive_int(height, "height"), parse.positive_int(width, "width")
            self.seed = parse.seed(seed)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.RandomCrop(self.height, self.width, self.seed, self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"height": self.height, "width": self.width, "seed": self.seed}


class RandomBrightness(ImageLayer, builtin=True):
    """Adds to each image a share of `value_range` between two limits, and cuts off what leaves the range.

    >>> import konv
    >>> konv.layers.RandomBrightness((0.2, 0.2), value_range=(0, 1))([[[0.5], [0.9]]])[0, :, 0]
    array([0.7, 1. ], dtype=float32)
    """

    moves_pixels = False

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.factor, self.seed = factor_range(factor or 0.0, "factor"), parse.seed(seed)
            self.value_range = sorted(_value_range(value_range))

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        low, high = self.value_range
        added = self.factor[0] * (high - low), self.factor[1] * (high - low)
        return (ir.Light("brightness", added, (low, high), self.seed, self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"factor": self.factor, "value_range": self.value_range, "seed": self.seed}


class RandomContrast(ImageLayer, builtin=True):
    """(x - mean) * number + mean for each channel of an image, cut off at the ends of `value_range`.

    The number lies between 1 - lower and 1 + upper; one number f as `factor` is (0, f), as in Keras.

    >>> import konv
    >>> konv.layers.RandomContrast((0.5, 0.5), value_range=(0, 1))([[[0.5], [0.7]]], training=False)[0, :, 0]
    array([0.5, 0.7], dtype=float32)
    """

    moves_pixels = False

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.factor, self.seed = factor_range(factor or 0.0, "factor", 0), parse.seed(seed)
            self.value_range = value_range
            self._ends = _value_range(value_range)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        numbers = 1 - self.factor[0], 1 + self.factor[1]
        return (ir.Light("contrast", numbers, self._ends, self.seed, self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"factor": self.factor, "value_range": self.value_range, "seed": self.seed}


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
