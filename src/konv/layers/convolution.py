"""Convolutions over images and over sequences, and transposed ones."""

from typing import Any, ClassVar

from konv import activations, regularizers
from konv.errors import KonvError, naming
from konv.ir.ops import Conv, ConvTranspose, Op, Shape
from konv.ir.window import SpreadWindow, Window
from konv.layers import parse
from konv.layers.base import Layer


class Windowed(Layer, builtin=True):
    """What convolutions share: a window over images (rank 2) or sequences (rank 1), and an activation behind it."""

    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = parse.PADDINGS

    def _parse(self, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias) -> None:
        self.kernel_size = parse.several(kernel_size, self.rank, "kernel_size")
        self.strides = parse.several(strides, self.rank, "strides")
        self.padding = parse.padding(padding, self.paddings)
        self.data_format = parse.data_format(data_format)
        self.dilation_rate = parse.several(dilation_rate, self.rank, "dilation_rate")
        self.activation = activations.get(activation)
        self.use_bias = parse.flag(use_bias, "use_bias")

    def _refuse_both(self) -> None:
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
            "activity_regularizer": regularizers.serialize(self.activity_regularizer), **parse.weight_config(self)}


class _Conv(Windowed):
    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 groups=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            self.filters = parse.positive_int(filters, "filters")
            self.groups = parse.positive_int(groups, "groups")
            self._parse(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias)
            self._refuse_both()
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


class Conv2D(_Conv, builtin=True):
    """Cross-correlation of images with a kernel, plus bias and activation.

    (batch, height, width, channels) -> (batch, new height, new width, filters), float32;
    kernel (rows, columns, channels / groups, filters), bias (filters,). With data_format="channels_first" the channels
    come second. `padding="same"` adds zeros, the odd one at the bottom and right, for ceil(size / stride) windows.

    >>> import konv
    >>> layer = konv.layers.Conv2D(75, 3, padding="same", activation="relu")
    >>> layer.compute_output_shape((None, 28, 28, 1))
    (None, 28, 28, 75)
    """

    rank = 2


class Conv1D(_Conv, builtin=True):
    """Cross-correlation of sequences with a kernel, plus bias and activation.

    (batch, steps, channels) -> (batch, new steps, filters), float32; kernel (steps, channels / groups, filters), bias
    (filters,). `padding="causal"` adds all zeros before the first step, so that no result depends on later steps.

    >>> import konv
    >>> konv.layers.Conv1D(8, 3, padding="causal", dilation_rate=2).compute_output_shape((None, 100, 4))
    (None, 100, 8)
    """

    rank = 1
    paddings = (*parse.PADDINGS, parse.CAUSAL)

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1, *args, **kwargs):
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, *args, **kwargs)


class _ConvTranspose(Windowed):
    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", output_padding=None, data_format=None,
                 dilation_rate=(1, 1), activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            self.filters = parse.positive_int(filters, "filters")
            self._parse(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias)
            self._refuse_both()
            self.output_padding = None if output_padding is None else parse.several(
                output_padding, self.rank, "output_padding", least=0)
            if self.output_padding is not None and any(
                    extra >= stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
                raise KonvError(f"output_padding={self.output_padding} must be smaller than strides={self.strides}")
            parse.weight_arguments(
                self, kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                kernel_constraint=kernel_constraint, bias_constraint=bias_constraint)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        window = SpreadWindow(self.kernel_size, self.strides, self.padding, self.dilation_rate, self.output_padding)
        convolution = ConvTranspose(self.filters, window, self.use_bias, self.data_format)
        return (convolution, *activations.activation_ops(self.activation))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"filters": self.filters, "output_padding": self.output_padding}


class Conv2DTranspose(_ConvTranspose, builtin=True):
    """Each pixel is spread over a window: the way back of a convolution of the same arguments, which enlarges images.

    (batch, height, width, channels) -> (batch, new height, new width, filters), float32;
    kernel (rows, columns, filters, channels), bias (filters,). With `padding="same"` the new size is size * stride, with
    "valid" (size - 1) * stride + max(kernel, stride).

    >>> import konv
    >>> konv.layers.Conv2DTranspose(32, 3, strides=2, padding="same").compute_output_shape((None, 14, 14, 64))
    (None, 28, 28, 32)
    """

    rank = 2


class Conv1DTranspose(_ConvTranspose, builtin=True):
    """Each step is spread over a window, which lengthens sequences: (batch, steps, channels) -> (batch, new steps, filters).

    kernel (steps, filters, channels), bias (filters,), float32; sizes as for Conv2DTranspose.

    >>> import konv
    >>> konv.layers.Conv1DTranspose(8, 4, strides=2).compute_output_shape((None, 50, 4))
    (None, 102, 8)
    """

    rank = 1

    def __init__(self, filters, kernel_size, strides=1, padding="valid", output_padding=None, data_format=None,
                 dilation_rate=1, *args, **kwargs):
        super().__init__(filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate, *args, **kwargs)


Convolution1D, Convolution2D = Conv1D, Conv2D
Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
