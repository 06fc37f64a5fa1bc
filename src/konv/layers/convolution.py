"""Convolutions."""

from typing import Any

from konv import activations
from konv.errors import KonvError, naming
from konv.layers import parse
from konv.layers.base import Layer
from konv.spec.ops import Conv, DepthwiseConv, Op, Shape
from konv.spec.window import Window


class _Windowed(Layer):
    """What convolutions share: a window over images, and an activation behind it."""

    def _parse(self, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias) -> None:
        self.kernel_size = parse.pair(kernel_size, "kernel_size")
        self.strides = parse.pair(strides, "strides")
        self.padding = parse.padding(padding)
        self.data_format = parse.data_format(data_format)
        self.dilation_rate = parse.pair(dilation_rate, "dilation_rate")
        self.activation = activations.get(activation)
        self.use_bias = parse.flag(use_bias, "use_bias")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise KonvError(f"strides={self.strides} and dilation_rate={self.dilation_rate} cannot both be above 1; "
                            f"leave one of them at 1")

    @property
    def _window(self) -> Window:
        return Window(self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "kernel_size": self.kernel_size, "strides": self.strides, "padding": self.padding,
            "data_format": self.data_format, "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation), "use_bias": self.use_bias,
            "activity_regularizer": None, **parse.weight_config(self)}


class Conv2D(_Windowed):
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
            self.groups = parse.positive_int(groups, "groups")
            self._parse(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias)
            parse.weight_arguments(
                self, kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                kernel_constraint=kernel_constraint, bias_constraint=bias_constraint)
            if self.filters % self.groups:
                raise KonvError(f"filters={self.filters} must be divisible by groups={self.groups}")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        convolution = Conv(self.filters, self._window, self.groups, self.use_bias, self.data_format)
        return (convolution, *activations.activation_ops(self.activation))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"filters": self.filters, "groups": self.groups}


class DepthwiseConv2D(_Windowed):
    """`depth_multiplier` filters for each channel by itself; channels are not added together.

    (batch, height, width, channels) -> (batch, new height, new width, channels * depth_multiplier), float32;
    kernel (rows, columns, channels, depth_multiplier), bias (channels * depth_multiplier,).

    >>> import konv
    >>> layer = konv.layers.DepthwiseConv2D(3, depth_multiplier=2)
    >>> layer.compute_output_shape((None, 8, 8, 3))
    (None, 6, 6, 6)
    """

    def __init__(self, kernel_size, strides=(1, 1), padding="valid", depth_multiplier=1, data_format=None,
                 dilation_rate=(1, 1), activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 bias_initializer="zeros", depthwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            self.depth_multiplier = parse.positive_int(depth_multiplier, "depth_multiplier")
            self._parse(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias)
            parse.weight_arguments(
                self, depthwise_initializer=depthwise_initializer, bias_initializer=bias_initializer,
                depthwise_regularizer=depthwise_regularizer, bias_regularizer=bias_regularizer,
                depthwise_constraint=depthwise_constraint, bias_constraint=bias_constraint)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        convolution = DepthwiseConv(self.depth_multiplier, self._window, self.use_bias, self.data_format)
        return (convolution, *activations.activation_ops(self.activation))

    def weight_settings(self, name: str) -> dict[str, Any]:
        """The arguments call the kernel "depthwise"."""
        return super().weight_settings("depthwise" if name == "kernel" else name)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"depth_multiplier": self.depth_multiplier}


Convolution2D = Conv2D
