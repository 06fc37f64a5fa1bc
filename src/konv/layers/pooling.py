"""Pooling: the largest or the mean of each window, or of each whole channel."""

from typing import Any, ClassVar

from konv.errors import naming
from konv.layers import parse
from konv.layers.base import Layer
from konv.spec.ops import GlobalPool, Op, Pool, Shape
from konv.spec.window import Window


class _Pooling2D(Layer):
    """A window that slides; `kind` says what is taken of it."""

    kind: ClassVar[str]

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        with naming(self.title):
            self.pool_size = parse.pair(pool_size, "pool_size")
            self.strides = self.pool_size if strides is None else parse.pair(strides, "strides")
            self.padding = parse.padding(padding)
            self.data_format = parse.data_format(data_format)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Pool(self.kind, Window(self.pool_size, self.strides, self.padding), self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"pool_size": self.pool_size, "padding": self.padding, "strides": self.strides,
                                       "data_format": self.data_format}


class MaxPooling2D(_Pooling2D):
    """The largest number of each window; (batch, height, width, channels), padding never counts.

    >>> import konv
    >>> konv.layers.MaxPooling2D(2).compute_output_shape((None, 7, 7, 50))
    (None, 3, 3, 50)
    """

    kind = "max"


class AveragePooling2D(_Pooling2D):
    """The mean of each window; (batch, height, width, channels), padding does not count in the divisor.

    >>> import konv
    >>> konv.layers.AveragePooling2D(2, padding="same").compute_output_shape((None, 7, 7, 50))
    (None, 4, 4, 50)
    """

    kind = "average"

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class _GlobalPooling2D(Layer):
    """One number per channel; `kind` says which."""

    kind: ClassVar[str]

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.data_format = parse.data_format(data_format)
            self.keepdims = parse.flag(keepdims, "keepdims")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (GlobalPool(self.kind, self.keepdims, self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling2D(_GlobalPooling2D):
    """The largest number of each channel: (batch, height, width, channels) -> (batch, channels).

    >>> import konv
    >>> konv.layers.GlobalMaxPooling2D().compute_output_shape((None, 7, 7, 50))
    (None, 50)
    """

    kind = "max"


class GlobalAveragePooling2D(_GlobalPooling2D):
    """The mean of each channel: (batch, height, width, channels) -> (batch, channels).

    >>> import konv
    >>> konv.layers.GlobalAveragePooling2D(keepdims=True).compute_output_shape((None, 7, 7, 50))
    (None, 1, 1, 50)
    """

    kind = "average"


MaxPool2D, AvgPool2D = MaxPooling2D, AveragePooling2D
GlobalMaxPool2D, GlobalAvgPool2D = GlobalMaxPooling2D, GlobalAveragePooling2D
