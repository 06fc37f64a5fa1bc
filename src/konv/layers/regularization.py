"""Layers that make training harder, so that the network learns what holds for other data too."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from konv.errors import KonvError, ShapeError, UnsupportedError, naming
from konv.ir import ops as ir
from konv.ir.augment_ops import Noise
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer
from konv.regularizers import L1L2


class Dropout(Layer, builtin=True):
    """Sets values to 0 at random in training and divides the others by 1 - rate; nothing in inference.

    Args:
        rate: probability with which a value becomes 0.
        noise_shape: shape of the decisions, batch axis first: those along an axis of size 1 are shared; None is the size of
            the input.
        seed: makes the decisions of the n-th step depend on it and n alone.
    Shape:
        input (N, ...) float32 -> output of the same shape.
    Raises:
        ShapeError: noise_shape does not fit the input.
    Reference:
        Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.

    >>> import konv
    >>> konv.layers.Dropout(0.2)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    rules: ClassVar = {"noise_shape": lambda value, argument, layer: _noise_shape(value)}
    rate: float
    noise_shape: tuple[int | None, ...] | None
    seed: int | None

    def __init__(self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        if self.noise_shape is not None:
            sizes = self.noise_shape[1:]
            fits = len(sizes) == len(shapes[0]) and all(
                size in (None, 1) or whole in (None, size) for size, whole in zip(sizes, shapes[0], strict=False))
            if not fits:
                raise ShapeError(f"noise_shape={self.noise_shape} does not fit an input of {describe(shapes[0])}; "
                                 f"give one number per axis, batch first, each 1, None or the size")
        return (ir.Dropout(float(self.rate), self.noise_shape, self.seed),)


class GaussianNoise(Layer, builtin=True):
    """Adds values drawn from a normal distribution around 0 in training; nothing in inference.

    Args:
        stddev: standard deviation of what is added, between 0 and 1.
        seed: makes the draws of the n-th step depend on it and n alone.
    Shape:
        input (N, ...) float32 -> output of the same shape.
    Raises:
        KonvError: stddev is not between 0 and 1.

    >>> import konv
    >>> konv.layers.GaussianNoise(0.1)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    rules: ClassVar = {"stddev": lambda value, argument, layer: parse.number(value, argument, 0, 1)}
    stddev: float
    seed: int | None

    def __init__(self, stddev: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Noise(float(self.stddev), False, self.seed),)


class GaussianDropout(Layer, builtin=True):
    """Multiplies with values drawn around 1 in training, of standard deviation sqrt(rate / (1 - rate)); nothing in inference.

    Args:
        rate: the probability of a Dropout whose products have the same variance; below 1.
        seed: makes the draws of the n-th step depend on it and n alone.
    Shape:
        input (N, ...) float32 -> output of the same shape.
    Raises:
        KonvError: rate is not in [0, 1).
    Reference:
        Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014, section 10.

    >>> import konv
    >>> konv.layers.GaussianDropout(0.1)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    rate: float
    seed: int | None

    def __init__(self, rate: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())
            if self.rate == 1:
                raise KonvError("rate must be below 1, where the numbers have no bound, got 1")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Noise((self.rate / (1 - self.rate)) ** 0.5, True, self.seed),)


class _SpatialDropout(Dropout):
    """One decision for each whole channel of a sample; the axes with a 1 share it."""

    shared: ClassVar[tuple[int | None, ...]]

    def __init__(self, rate: float, seed: Any = None, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, None, seed, name=name, dtype=dtype, **kwargs)
        self.data_format = "channels_last"

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Dropout(float(self.rate), (None, *ir.image(*self.shared, data_format=self.data_format)), self.seed),)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}


class SpatialDropout1D(_SpatialDropout, builtin=True):
    """Dropout of whole channels of sequences.

    Args:
        rate: probability with which a channel of a sample becomes 0 in training.
        seed: makes the decisions of the n-th step depend on it and n alone.
    Shape:
        input (N, T, C) float32 -> output of the same shape.
    Raises:
        ShapeError: the input has not three axes.
    Reference:
        Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    >>> import konv
    >>> konv.layers.SpatialDropout1D(0.2).compute_output_shape((None, 8, 3))
    (None, 8, 3)
    """

    input_rank, shared = 2, (1, None)


class SpatialDropout2D(_SpatialDropout, builtin=True):
    """Dropout of whole channels of images.

    Args:
        rate: probability with which a channel of a sample becomes 0 in training.
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
        seed: makes the decisions of the n-th step depend on it and n alone.
    Shape:
        input (N, H, W, C) float32 -> output of the same shape.
    Raises:
        ShapeError: the input has not four axes.
    Reference:
        Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    >>> import konv
    >>> konv.layers.SpatialDropout2D(0.2).compute_output_shape((None, 8, 8, 3))
    (None, 8, 8, 3)
    """

    input_rank, shared = 3, (1, 1, None)

    def __init__(self, rate: float, data_format: str | None = None, seed: Any = None, name: str | None = None,
                 dtype: Any = None, **kwargs: Any) -> None:
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
    """The input as it is, with l1 * sum(|x|) + l2 * sum(x^2), over the number of samples, added to the loss.

    Args:
        l1, l2: factors of the two sums, 0 or more.
    Shape:
        input (N, ...) float32 -> output of the same shape.

    >>> import konv
    >>> konv.layers.ActivityRegularization(l2=0.01).compute_output_shape((None, 3))
    (None, 3)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=L1L2(l1, l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return ()

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activity_regularizer"]
        return config
