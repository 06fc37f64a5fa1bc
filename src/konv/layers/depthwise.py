"""Convolutions of each channel by itself, alone and followed by one over the channels."""

from typing import Any

from konv import activations
from konv.errors import naming
from konv.ir.ops import Conv, DepthwiseConv, Op, Shape
from konv.ir.window import Window
from konv.layers import parse
from konv.layers.convolution import Windowed
from konv.layers.parse import Identifier, Sizes


class _DepthwiseConv(Windowed):
    depth_multiplier: int

    def __init__(self, kernel_size: Sizes, strides: Sizes = (1, 1), padding: str = "valid", depth_multiplier: int = 1,
                 data_format: str | None = None, dilation_rate: Sizes = (1, 1), activation: Identifier = None,
                 use_bias: bool = True, depthwise_initializer: Identifier = "glorot_uniform",
                 bias_initializer: Identifier = "zeros", depthwise_regularizer: Identifier = None,
                 bias_regularizer: Identifier = None, activity_regularizer: Identifier = None,
                 depthwise_constraint: Identifier = None, bias_constraint: Identifier = None, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        convolution = DepthwiseConv(self.depth_multiplier, self._window, self.use_bias, self.data_format)
        return (convolution, *activations.activation_ops(self.activation))

    def weight_settings(self, name: str) -> dict[str, Any]:
        """The arguments call the kernel "depthwise"."""
        return super().weight_settings("depthwise" if name == "kernel" else name)


class DepthwiseConv2D(_DepthwiseConv, builtin=True):
    """2-D convolution of each channel by itself; channels are not added together.

    The arguments are those of Conv2D, but for filters and groups:

    Args:
        kernel_size: height and width of the window; an int means both.
        strides: step of the window, per axis.
        padding: "valid" or "same".
        depth_multiplier: number of filters for each channel.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: those of the kernel.
    Shape:
        input (N, H, W, C) float32 -> output (N, H', W', C * depth_multiplier); kernel (KH, KW, C, depth_multiplier), bias
        (C * depth_multiplier,).
    Raises:
        ShapeError: the window does not fit into the input.
    Reference:
        Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017, section 3.1.

    >>> import konv
    >>> layer = konv.layers.DepthwiseConv2D(3, depth_multiplier=2)
    >>> layer.compute_output_shape((None, 8, 8, 3))
    (None, 6, 6, 6)
    """

    rank = 2


class DepthwiseConv1D(_DepthwiseConv, builtin=True):
    """1-D convolution of each channel of sequences by itself; channels are not added together.

    Args: those of DepthwiseConv2D, with one size instead of two.
    Shape:
        input (N, T, C) float32 -> output (N, T', C * depth_multiplier); kernel (K, C, depth_multiplier).
    Raises:
        ShapeError: the window does not fit into the input.
    Reference:
        Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017, section 3.1.

    >>> import konv
    >>> konv.layers.DepthwiseConv1D(3, depth_multiplier=2).compute_output_shape((None, 8, 3))
    (None, 6, 6)
    """

    rank = 1

    def __init__(self, kernel_size: Sizes, strides: Sizes = 1, padding: str = "valid", depth_multiplier: int = 1,
                 data_format: str | None = None, dilation_rate: Sizes = 1, *args: Any, **kwargs: Any) -> None:
        super().__init__(kernel_size, strides, padding, depth_multiplier, data_format, dilation_rate, *args, **kwargs)


class _SeparableConv(Windowed):
    filters: int
    depth_multiplier: int

    def __init__(self, filters: int, kernel_size: Sizes, strides: Sizes = (1, 1), padding: str = "valid",
                 data_format: str | None = None, dilation_rate: Sizes = (1, 1), depth_multiplier: int = 1,
                 activation: Identifier = None, use_bias: bool = True, depthwise_initializer: Identifier = "glorot_uniform",
                 pointwise_initializer: Identifier = "glorot_uniform", bias_initializer: Identifier = "zeros",
                 depthwise_regularizer: Identifier = None, pointwise_regularizer: Identifier = None,
                 bias_regularizer: Identifier = None, activity_regularizer: Identifier = None,
                 depthwise_constraint: Identifier = None, pointwise_constraint: Identifier = None,
                 bias_constraint: Identifier = None, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        point = Window((1,) * self.rank, (1,) * self.rank, dilation=(1,) * self.rank)
        return (DepthwiseConv(self.depth_multiplier, self._window, False, self.data_format, "depthwise_kernel"),
                Conv(self.filters, point, 1, self.use_bias, self.data_format, "pointwise_kernel"),
                *activations.activation_ops(self.activation))

    def weight_settings(self, name: str) -> dict[str, Any]:
        """The arguments call the kernels "depthwise" and "pointwise"."""
        return super().weight_settings(name.removesuffix("_kernel"))


class SeparableConv2D(_SeparableConv, builtin=True):
    """2-D convolution of each channel by itself, then one of 1 x 1 over all channels, with bias and activation.

    It stands for a Conv2D with far fewer weights: KH * KW * C + C * filters instead of KH * KW * C * filters. The arguments
    are those of Conv2D, but for groups:

    Args:
        filters: number of output channels, those of the 1 x 1 convolution.
        kernel_size, strides, padding, dilation_rate: of the convolution of each channel by itself.
        depth_multiplier: channels that it makes of each channel.
        depthwise_initializer, pointwise_initializer, ...: those of the two kernels.
    Shape:
        input (N, H, W, C) float32 -> output (N, H', W', filters); depthwise_kernel (KH, KW, C, depth_multiplier),
        pointwise_kernel (1, 1, C * depth_multiplier, filters), bias (filters,).
    Raises:
        ShapeError: the window does not fit into the input.
    Reference:
        Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2017.

    >>> import konv
    >>> layer = konv.layers.SeparableConv2D(16, 3)
    >>> layer.build((None, 8, 8, 3))
    >>> [weight.shape for weight in layer.weights]
    [(3, 3, 3, 1), (1, 1, 3, 16), (16,)]
    """

    rank = 2


class SeparableConv1D(_SeparableConv, builtin=True):
    """1-D convolution of each channel of sequences by itself, then one of length 1 over all channels.

    Args: those of SeparableConv2D, with one size instead of two.
    Shape:
        input (N, T, C) float32 -> output (N, T', filters); depthwise_kernel (K, C, depth_multiplier), pointwise_kernel
        (1, C * depth_multiplier, filters), bias (filters,).
    Raises:
        ShapeError: the window does not fit into the input.
    Reference:
        Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2017.

    >>> import konv
    >>> konv.layers.SeparableConv1D(16, 3).compute_output_shape((None, 8, 3))
    (None, 6, 16)
    """

    rank = 1

    def __init__(self, filters: int, kernel_size: Sizes, strides: Sizes = 1, padding: str = "valid",
                 data_format: str | None = None, dilation_rate: Sizes = 1, *args: Any, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, *args, **kwargs)


SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
