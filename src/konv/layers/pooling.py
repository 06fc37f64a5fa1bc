"""Pooling: the largest or the mean of each window, or of each whole channel; over images and over sequences."""

from typing import Any, ClassVar

from konv.errors import naming
from konv.ir.ops import GlobalPool, Op, Pool, Shape
from konv.ir.window import Window
from konv.layers import parse
from konv.layers.base import Layer


class _Pooling(Layer):
    """A window that slides; `kind` says what is taken of it."""

    kind: ClassVar[str]
    rank: ClassVar[int] = 2

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        with naming(self.title):
            self.pool_size = parse.several(pool_size, self.rank, "pool_size")
            self.strides = self.pool_size if strides is None else parse.several(strides, self.rank, "strides")
            self.padding = parse.padding(padding)
            self.data_format = parse.data_format(data_format)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        window = Window(self.pool_size, self.strides, self.padding, (1,) * self.rank)
        return (Pool(self.kind, window, self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"pool_size": self.pool_size, "padding": self.padding, "strides": self.strides,
                                       "data_format": self.data_format}


class MaxPooling2D(_Pooling, builtin=True):
    """The largest number of each window; (batch, height, width, channels), padding never counts.

    >>> import konv
    >>> konv.layers.MaxPooling2D(2).compute_output_shape((None, 7, 7, 50))
    (None, 3, 3, 50)
    """

    kind = "max"


class MaxPooling1D(_Pooling, builtin=True):
    """The largest number of each window of a sequence; (batch, steps, channels), padding never counts.

    >>> import konv
    >>> konv.layers.MaxPooling1D(2).compute_output_shape((None, 7, 50))
    (None, 3, 50)
    """

    kind, rank = "max", 1

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling2D(_Pooling, builtin=True):
    """The mean of each window; (batch, height, width, channels), padding does not count in the divisor.

    >>> import konv
    >>> konv.layers.AveragePooling2D(2, padding="same").compute_output_shape((None, 7, 7, 50))
    (None, 4, 4, 50)
    """

    kind = "average"

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling1D(_Pooling, builtin=True):
    """The mean of each window of a sequence; (batch, steps, channels), padding does not count in the divisor.

    >>> import konv
    >>> konv.layers.AveragePooling1D(2, padding="same").compute_output_shape((None, 7, 50))
    (None, 4, 50)
    """

    kind, rank = "average", 1

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class _GlobalPooling(Layer):
    """One number per channel; `kind` says which."""

    kind: ClassVar[str]
    rank: ClassVar[int] = 2

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.data_format = parse.data_format(data_format)
            self.keepdims = parse.flag(keepdims, "keepdims")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (GlobalPool(self.kind, self.keepdims, self.data_format, self.rank),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling2D(_GlobalPooling, builtin=True):
    """The largest number of each channel: (batch, height, width, channels) -> (batch, channels).

    >>> import konv
    >>> konv.layers.GlobalMaxPooling2D().compute_output_shape((None, 7, 7, 50))
    (None, 50)
    """

    kind = "max"


class GlobalMaxPooling1D(_GlobalPooling, builtin=True):
    """The largest number of each channel of a sequence: (batch, steps, channels) -> (batch, channels).

    >>> import konv
    >>> konv.layers.GlobalMaxPooling1D().compute_output_shape((None, 7, 50))
    (None, 50)
    """

    kind, rank = "max", 1


class GlobalAveragePooling2D(_GlobalPooling, builtin=True):
    """The mean of each channel: (batch, height, width, channels) -> (batch, channels).

    >>> import konv
    >>> konv.layers.GlobalAveragePooling2D(keepdims=True).compute_output_shape((None, 7, 7, 50))
    (None, 1, 1, 50)
    """

    kind = "average"


class GlobalAveragePooling1D(_GlobalPooling, builtin=True):
    """The mean of each channel of a sequence: (batch, steps, channels) -> (batch, channels).

    >>> import konv
    >>> konv.layers.GlobalAveragePooling1D(keepdims=True).compute_output_shape((None, 7, 50))
    (None, 1, 50)
    """

    kind, rank = "average", 1


MaxPool1D, MaxPool2D = MaxPooling1D, MaxPooling2D
AvgPool1D, AvgPool2D = AveragePooling1D, AveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
