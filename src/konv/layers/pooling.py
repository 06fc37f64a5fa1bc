"""Pooling: the maximum or the mean of each window, or of each whole channel; over images and over sequences."""

from typing import Any, ClassVar

from konv.errors import naming
from konv.ir.ops import GlobalPool, Op, Pool, Shape
from konv.ir.window import Window
from konv.layers import parse
from konv.layers.base import Layer
from konv.layers.parse import Sizes


class _Pooling(Layer):
    """A window that slides; `kind` says what is taken of it."""

    kind: ClassVar[str]
    rank: ClassVar[int] = 2
    paddings: ClassVar[tuple[str, ...]] = parse.PADDINGS
    pool_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    data_format: str

    def __init__(self, pool_size: Sizes = (2, 2), strides: Sizes | None = None, padding: str = "valid",
                 data_format: str | None = None, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        with naming(self.title):
            parse.keep(self, locals() | {"strides": pool_size if strides is None else strides})

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        window = Window(self.pool_size, self.strides, self.padding, (1,) * self.rank)
        return (Pool(self.kind, window, self.data_format),)


class MaxPooling2D(_Pooling, builtin=True):
    """Maximum of each window of each channel of images.

    Args:
        pool_size: height and width of the window; an int means both.
        strides: step of the window; None is pool_size, so that windows do not overlap.
        padding: "valid" leaves out windows that reach over the edge, "same" has ceil(H / stride) windows; padding never
            counts as a value.
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
    Shape:
        input (N, H, W, C) float32 -> output (N, H', W', C), with "valid" H' = floor((H - pool) / stride) + 1; no weights.
    Raises:
        ShapeError: the window does not fit into the input.
    Reference:
        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, relationship 7.

    >>> import konv
    >>> konv.layers.MaxPooling2D(2).compute_output_shape((None, 7, 7, 50))
    (None, 3, 3, 50)
    """

    kind = "max"


class MaxPooling1D(_Pooling, builtin=True):
    """Maximum of each window of each channel of sequences.

    Args: those of MaxPooling2D, with one size instead of two.
    Shape:
        input (N, T, C) float32 -> output (N, T', C); no weights.
    Raises:
        ShapeError: the window does not fit into the input.

    >>> import konv
    >>> konv.layers.MaxPooling1D(2).compute_output_shape((None, 7, 50))
    (None, 3, 50)
    """

    kind, rank = "max", 1

    def __init__(self, pool_size: Sizes = 2, strides: Sizes | None = None, padding: str = "valid",
                 data_format: str | None = None, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling2D(_Pooling, builtin=True):
    """Mean of each window of each channel of images.

    Args: those of MaxPooling2D; padding does not count in the divisor.
    Shape:
        input (N, H, W, C) float32 -> output (N, H', W', C); no weights.
    Raises:
        ShapeError: the window does not fit into the input.

    >>> import konv
    >>> konv.layers.AveragePooling2D(2, padding="same").compute_output_shape((None, 7, 7, 50))
    (None, 4, 4, 50)
    """

    kind = "average"

    def __init__(self, pool_size: Sizes, strides: Sizes | None = None, padding: str = "valid",
                 data_format: str | None = None, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling1D(_Pooling, builtin=True):
    """Mean of each window of each channel of sequences.

    Args: those of MaxPooling2D, with one size instead of two; padding does not count in the divisor.
    Shape:
        input (N, T, C) float32 -> output (N, T', C); no weights.
    Raises:
        ShapeError: the window does not fit into the input.

    >>> import konv
    >>> konv.layers.AveragePooling1D(2, padding="same").compute_output_shape((None, 7, 50))
    (None, 4, 50)
    """

    kind, rank = "average", 1

    def __init__(self, pool_size: Sizes, strides: Sizes | None = None, padding: str = "valid",
                 data_format: str | None = None, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class _GlobalPooling(Layer):
    """One value per channel; `kind` says which."""

    kind: ClassVar[str]
    rank: ClassVar[int] = 2
    data_format: str
    keepdims: bool

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (GlobalPool(self.kind, self.keepdims, self.data_format, self.rank),)


class GlobalMaxPooling2D(_GlobalPooling, builtin=True):
    """Maximum of each channel of images.

    Args:
        data_format: "channels_last" or "channels_first"; None is konv.config.image_data_format().
        keepdims: whether the axes of height and width stay, with size 1.
    Shape:
        input (N, H, W, C) float32 -> output (N, C), with keepdims (N, 1, 1, C).
    Raises:
        ShapeError: the input has not four axes.

    >>> import konv
    >>> konv.layers.GlobalMaxPooling2D().compute_output_shape((None, 7, 7, 50))
    (None, 50)
    """

    kind = "max"


class GlobalMaxPooling1D(_GlobalPooling, builtin=True):
    """Maximum of each channel of sequences.

    Args: those of GlobalMaxPooling2D.
    Shape:
        input (N, T, C) float32 -> output (N, C), with keepdims (N, 1, C).
    Raises:
        ShapeError: the input has not three axes.

    >>> import konv
    >>> konv.layers.GlobalMaxPooling1D().compute_output_shape((None, 7, 50))
    (None, 50)
    """

    kind, rank = "max", 1


class GlobalAveragePooling2D(_GlobalPooling, builtin=True):
    """Mean of each channel of images.

    Args: those of GlobalMaxPooling2D.
    Shape:
        input (N, H, W, C) float32 -> output (N, C), with keepdims (N, 1, 1, C).
    Raises:
        ShapeError: the input has not four axes.
    Reference:
        Lin et al., "Network In Network", 2014, section 3.2.

    >>> import konv
    >>> konv.layers.GlobalAveragePooling2D(keepdims=True).compute_output_shape((None, 7, 7, 50))
    (None, 1, 1, 50)
    """

    kind = "average"


class GlobalAveragePooling1D(_GlobalPooling, builtin=True):
    """Mean of each channel of sequences.

    Args: those of GlobalMaxPooling2D.
    Shape:
        input (N, T, C) float32 -> output (N, C), with keepdims (N, 1, C).
    Raises:
        ShapeError: the input has not three axes.

    >>> import konv
    >>> konv.layers.GlobalAveragePooling1D(keepdims=True).compute_output_shape((None, 7, 50))
    (None, 1, 50)
    """

    kind, rank = "average", 1


MaxPool1D, MaxPool2D = MaxPooling1D, MaxPooling2D
AvgPool1D, AvgPool2D = AveragePooling1D, AveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
