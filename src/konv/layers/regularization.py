"""Layers that make training harder, so that the network learns what holds for other data too."""

from collections.abc import Iterable
from typing import Any, ClassVar

from konv.errors import KonvError, ShapeError, UnsupportedError, naming
from konv.ir import ops as ir
from konv.ir.augment_ops import Noise
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer
from konv.regularizers import L1L2


class Dropout(Layer, builtin=True):
    """In training each number is 0 with probability `rate`, else divided by 1 - rate; nothing in inference.

    `noise_shape`, batch axis first, shares one decision along the axes where it is 1; None is the size of the input.

    >>> import konv
    >>> konv.layers.Dropout(0.2)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.rate = parse.number(rate, "rate", 0, 1)
            self.noise_shape = _noise_shape(noise_shape)
            self.seed = parse.seed(seed)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        if self.noise_shape is not None:
            sizes = self.noise_shape[1:]
            fits = len(sizes) == len(shapes[0]) and all(
                size in (None, 1) or whole in (None, size) for size, whole in zip(sizes, shapes[0], strict=False))
            if not fits:
                raise ShapeError(f"noise_shape={self.noise_shape} does not fit an input of {describe(shapes[0])}; "
                                 f"give one number per axis, batch first, each 1, None or the size")
        return (ir.Dropout(float(self.rate), self.noise_shape, self.seed),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate, "seed": self.seed, "noise_shape": self.noise_shape}


class GaussianNoise(Layer, builtin=True):
    """In training each number plus one drawn around 0 with the standard deviation `stddev`; nothing in inference.

    >>> import konv
    >>> konv.layers.GaussianNoise(0.1)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.stddev, self.seed = parse.number(stddev, "stddev", 0, 1), parse.seed(seed)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Noise(float(self.stddev), False, self.seed),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"stddev": self.stddev, "seed": self.seed}


class GaussianDropout(Layer, builtin=True):
    """In training each number times one drawn around 1 with the standard deviation sqrt(rate / (1 - rate)).

    >>> import konv
    >>> konv.layers.GaussianDropout(0.1)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.rate, self.seed = parse.number(rate, "rate", 0, 1), parse.seed(seed)
            if self.rate == 1:
                raise KonvError("rate must be below 1, where the numbers have no bound, got 1")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Noise((self.rate / (1 - self.rate)) ** 0.5, True, self.seed),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate, "seed": self.seed}


class _SpatialDropout(Dropout):
    """One decision for each whole channel of a sample; the axes with a 1 share it."""

    shared: ClassVar[tuple[int | None, ...]]

    def __init__(self, rate, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, None, seed, name=name, dtype=dtype, **kwargs)
        self.data_format = "channels_last"

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Dropout(float(self.rate), (None, *ir.image(*self.shared, data_format=self.data_format)), self.seed),)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}


class SpatialDropout1D(_SpatialDropout, builtin=True):
    """Dropout of whole channels of a sequence: (batch, steps, channels).

    >>> import konv
    >>> konv.layers.SpatialDropout1D(0.2).compute_output_shape((None, 8, 3))
    (None, 8, 3)
    """

    input_rank, shared = 2, (1, None)


class SpatialDropout2D(_SpatialDropout, builtin=True):
    """Dropout of whole channels of an image: (batch, height, width, channels), or with the channels second.

    >>> import konv
    >>> konv.layers.SpatialDropout2D(0.2).compute_output_shape((None, 8, 8, 3))
    (None, 8, 8, 3)
    """

    input_rank, shared = 3, (1, 1, None)

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed, name, dtype, **kwargs)
        with naming(self.title):
            self.data_format = parse.data_format(data_format)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}


def _noise_shape(value: Any) -> tuple[int | None, ...] | None:
    if value is None:
        return None
    sizes = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else ()
    if not sizes or not all(size is None or (parse.is_integer(size) and size > 0) for size in sizes):
        raise KonvError(f"noise_shape must be a sequence of positive integers or None, batch axis first, got {value!r}")
    if sizes[0] not in (None, 1):
        raise UnsupportedError(f"noise_shape={value!r}: a fixed batch size is not supported; use None or 1 there")
    return tuple(None if size is None else int(size) for size in sizes)


class ActivityRegularization(Layer, builtin=True):
    """Gives what comes in, any shape, and adds l1 * sum(|x|) + l2 * sum(x^2), over the number of samples, to the loss.

    >>> import konv
    >>> konv.layers.ActivityRegularization(l2=0.01).compute_output_shape((None, 3))
    (None, 3)
    """

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=L1L2(l1, l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return ()

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {"l1": self.l1, "l2": self.l2}
        del config["activity_regularizer"]
        return config
