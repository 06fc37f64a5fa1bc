"""Convolutions of each channel by itself, alone and followed by one over the channels."""

from typing import Any

from konv import activations
from konv.errors import naming
from konv.ir.ops import Conv, DepthwiseConv, Op, Shape
from konv.ir.window import Window
from konv.layers import parse
from konv.layers.convolution import Windowed


class _DepthwiseConv(Windowed):
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


class DepthwiseConv2D(_DepthwiseConv, builtin=True):
    """`depth_multiplier` filters for each channel by itself; channels are not added together.

    (batch, height, width, channels) -> (batch, new height, new width, channels * depth_multiplier), float32;
    kernel (rows, columns, channels, depth_multiplier), bias (channels * depth_multiplier,).

    >>> import konv
    >>> layer = konv.layers.DepthwiseConv2D(3, depth_multiplier=2)
    >>> layer.compute_output_shape((None, 8, 8, 3))
    (None, 6, 6, 6)
    """

    rank = 2


class DepthwiseConv1D(_DepthwiseConv, builtin=True):
    """The same for sequences: (batch, steps, channels) -> (batch, new steps, channels * depth_multiplier), float32.

    >>> import konv
    >>> konv.layers.DepthwiseConv1D(3, depth_multiplier=2).compute_output_shape((None, 8, 3))
    (None, 6, 6)
    """

    rank = 1

    def __init__(self, kernel_size, strides=1, padding="valid", depth_multiplier=1, data_format=None, dilation_rate=1,
                 *args, **kwargs):
        super().__init__(kernel_size, strides, padding, depth_multiplier, data_format, dilation_rate, *args, **kwargs)


class _SeparableConv(Windowed):
    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 depth_multiplier=1, activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 pointwise_initializer="glorot_uniform", bias_initializer="zeros", depthwise_regularizer=None,
                 pointwise_regularizer=None, bias_regularizer=None, activity_regularizer=None, depthwise_constraint=None,
                 pointwise_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            self.filters = parse.positive_int(filters, "filters")
            self.depth_multiplier = parse.positive_int(depth_multiplier, "depth_multiplier")
            self._parse(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias)
            parse.weight_arguments(
                self, depthwise_initializer=depthwise_initializer, pointwise_initializer=pointwise_initializer,
                bias_initializer=bias_initializer, depthwise_regularizer=depthwise_regularizer,
                pointwise_regularizer=pointwise_regularizer, bias_regularizer=bias_regularizer,
                depthwise_constraint=depthwise_constraint, pointwise_constraint=pointwise_constraint,
                bias_constraint=bias_constraint)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        point = Window((1,) * self.rank, (1,) * self.rank, dilation=(1,) * self.rank)
        return (DepthwiseConv(self.depth_multiplier, self._window, False, self.data_format, "depthwise_kernel"),
                Conv(self.filters, point, 1, self.use_bias, self.data_format, "pointwise_kernel"),
                *activations.activation_ops(self.activation))

    def weight_settings(self, name: str) -> dict[str, Any]:
        """The arguments call the kernels "depthwise" and "pointwise"."""
        return super().weight_settings(name.removesuffix("_kernel"))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"filters": self.filters, "depth_multiplier": self.depth_multiplier}


class SeparableConv2D(_SeparableConv, builtin=True):
    """A convolution of each channel by itself, then one of 1 x 1 over all channels, plus bias and activation.

    (batch, height, width, channels) -> (batch, new height, new width, filters), float32; depthwise_kernel (rows, columns,
    channels, depth_multiplier), pointwise_kernel (1, 1, channels * depth_multiplier, filters), bias (filters,).

    >>> import konv
    >>> layer = konv.layers.SeparableConv2D(16, 3)
    >>> layer.build((None, 8, 8, 3))
    >>> [weight.shape for weight in layer.weights]
    [(3, 3, 3, 1), (1, 1, 3, 16), (16,)]
    """

    rank = 2


class SeparableConv1D(_SeparableConv, builtin=True):
    """The same for sequences: (batch, steps, channels) -> (batch, new steps, filters), float32.

    >>> import konv
    >>> konv.layers.SeparableConv1D(16, 3).compute_output_shape((None, 8, 3))
    (None, 6, 16)
    """

    rank = 1

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1, *args, **kwargs):
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, *args, **kwargs)


SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
