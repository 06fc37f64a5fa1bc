"""Convolutions."""

from typing import Any

from konv import activations
from konv.errors import KonvError, naming
from konv.layers import parse
from konv.layers.base import Layer
from konv.spec.ops import Conv, Op, Shape
from konv.spec.window import Window


class Conv2D(Layer):
    """Cross-correlation of images with a kernel, plus bias and activation.

    (batch, height, width, channels) -> (batch, new height, new width, filters), float32;
    kernel (rows, columns, channels / groups, filters), bias (filters,). With data_format="channels_first" the channels
    come second. `padding="same"` adds zeros, the odd one at the bottom and right, for ceil(size / stride) windows.

    >>> import konv
    >>> layer = konv.layers.Conv2D(75, 3, padding="same", activation="relu")
    >>> layer.compute_output_shape((None, 28, 28, 1))
    (None, 28, 28, 75)
    """

    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 groups=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            self.filters = parse.positive_int(filters, "filters")
            self.kernel_size = parse.pair(kernel_size, "kernel_size")
            self.strides = parse.pair(strides, "strides")
            self.padding = parse.padding(padding)
            self.data_format = parse.data_format(data_format)
            self.dilation_rate = parse.pair(dilation_rate, "dilation_rate")
            self.groups = parse.positive_int(groups, "groups")
            self.activation = activations.get(activation)
            self.use_bias = parse.flag(use_bias, "use_bias")
            parse.weight_arguments(
                self, kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                kernel_constraint=kernel_constraint, bias_constraint=bias_constraint)
            self._check_arguments()

    def _check_arguments(self) -> None:
        if self.filters % self.groups:
            raise KonvError(f"filters={self.filters} must be divisible by groups={self.groups}")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise KonvError(f"strides={self.strides} and dilation_rate={self.dilation_rate} cannot both be above 1; "
                            f"leave one of them at 1")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        window = Window(self.kernel_size, self.strides, self.padding, self.dilation_rate)
        convolution = Conv(self.filters, window, self.groups, self.use_bias, self.data_format)
        return (convolution, *activations.activation_ops(self.activation))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides, "padding": self.padding,
            "data_format": self.data_format, "dilation_rate": self.dilation_rate, "groups": self.groups,
            "activation": activations.serialize(self.activation), "use_bias": self.use_bias,
            "activity_regularizer": None, **parse.weight_config(self)}


Convolution2D = Conv2D
