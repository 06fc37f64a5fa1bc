"""Convolutions over images and over sequences, and transposed ones."""

from typing import Any, ClassVar

from konv import activations
from konv.errors import KonvError, naming
from konv.ir.ops import Conv, ConvTranspose, Op, Shape
from konv.ir.window import SpreadWindow, Window
from konv.layers import parse
from konv.layers.base import Layer
from konv.layers.parse import Identifier, Sizes


class Windowed(Layer, builtin=True):
    """What convolutions share: a window over images (rank 2) or sequences (rank 1), and an activation behind it."""

    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = parse.PADDINGS
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    data_format: str
    dilation_rate: tuple[int, ...]
    activation: Any
    use_bias: bool

    def _refuse_both(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise KonvError(f"strides={self.strides} and dilation_rate={self.dilation_rate} cannot both be above 1; "
                            f"leave one of them at 1")

    @property
    def _window(self) -> Window:
        return Window(self.kernel_size, self.strides, self.padding, self.dilation_rate)


class _Conv(Windowed):
    filters: int
    groups: int

    def __init__(self, filters: int, kernel_size: Sizes, strides: Sizes = (1, 1), padding: str = "valid",
                 data_format: str | None = None, dilation_rate: Sizes = (1, 1), groups: int = 1,
                 activation: Identifier = None, use_bias: bool = True, kernel_initializer: Identifier = "glorot_uniform",
                 bias_initializer: Identifier = "zeros", kernel_regularizer: Identifier = None,
                 bias_regularizer: Identifier = None, activity_regularizer: Identifier = None,
                 kernel_constraint: Identifier = None, bias_constraint: Identifier = None, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())
            self._refuse_both()
            if self.filters % self.groups:
                raise KonvError(f"filters={self.filters} must be divisible by groups={self.groups}")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        convolution = Conv(self.filters, self._window, self.groups, self.use_bias, self.data_format)
        return (convolution, *activations.activation_ops(self.activation))


class Conv2D(_Conv, builtin=True):
    """2-D convolution (cross-correlation) of images, with bias and activation.

    Each filter is a window of kernel_size over all channels (of its group). It slides over the image; at each position the
    products of its weights and the values under it are summed, the bias is added and the activation applied. One filter
    makes one feature map, so the output has as many channels as there are filters:

        y[i, j, f] = activation(bias[f] + sum over r, s, c of x[i * stride + r * dilation, j * stride + s * dilation, c] *
                     kernel[r, s, c, f])

    Args:
        filters: number of output channels, one feature map each.
        kernel_size: height and width of the window; an int means both.
        strides: step of the window in pixels, down and to the right; 2 halves the image.
        padding: "valid" (no padding: H' = floor((H - dilation * (KH - 1) - 1) / stride) + 1) or "same" (zeros around the
            image so that H' = ceil(H / stride); where their number is odd, the extra one is at the bottom or right).
        data_format: "channels_last" (N, H, W, C) or "channels_first" (N, C, H, W); None is konv.config.image_data_format().
        dilation_rate: distance between the pixels under neighbouring weights; 2 leaves every other pixel out, so that the
            window spans dilation * (kernel - 1) + 1 pixels. Not together with strides above 1.
        groups: the channels are cut into so many groups, and each group of filters sees one of them; divides channels and
            filters.
        activation: function of each output value, such as "relu"; None leaves it as it is.
        use_bias: whether each filter adds a bias of its own.
        kernel_initializer, bias_initializer: what the weights are before training.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties that are added to the loss.
        kernel_constraint, bias_constraint: functions that the weights go through after each step.
    Shape:
        input (N, H, W, C) float32 -> output (N, H', W', filters); kernel (KH, KW, C / groups, filters), bias (filters,):
        filters * (KH * KW * C / groups + 1) parameters.
    Raises:
        KonvError: an argument is not of its kind, or groups does not divide filters.
        ShapeError: the window does not fit into the input, or groups does not divide its channels.
    Reference:
        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, relationships 4, 6 and 15.

    >>> import konv
    >>> layer = konv.layers.Conv2D(75, 3, padding="same", activation="relu")
    >>> layer.compute_output_shape((None, 28, 28, 1))
    (None, 28, 28, 75)
    """

    rank = 2


class Conv1D(_Conv, builtin=True):
    """1-D convolution (cross-correlation) of sequences, with bias and activation.

    The arguments are those of Conv2D, with one size instead of two.

    Args:
        filters: number of output channels.
        kernel_size: length of the window, in steps.
        strides: step of the window.
        padding: "valid", "same", or "causal": all zeros stand before the first step, so that no result depends on later steps.
    Shape:
        input (N, T, C) float32 -> output (N, T', filters); kernel (K, C / groups, filters), bias (filters,).
    Raises:
        ShapeError: the window does not fit into the input.
    Reference:
        van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016 (causal convolutions).

    >>> import konv
    >>> konv.layers.Conv1D(8, 3, padding="causal", dilation_rate=2).compute_output_shape((None, 100, 4))
    (None, 100, 8)
    """

    rank = 1
    paddings = (*parse.PADDINGS, parse.CAUSAL)

    def __init__(self, filters: int, kernel_size: Sizes, strides: Sizes = 1, padding: str = "valid",
                 data_format: str | None = None, dilation_rate: Sizes = 1, *args: Any, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, *args, **kwargs)


class _ConvTranspose(Windowed):
    filters: int

    def __init__(self, filters: int, kernel_size: Sizes, strides: Sizes = (1, 1), padding: str = "valid",
                 output_padding: Sizes | None = None, data_format: str | None = None, dilation_rate: Sizes = (1, 1),
                 activation: Identifier = None, use_bias: bool = True, kernel_initializer: Identifier = "glorot_uniform",
                 bias_initializer: Identifier = "zeros", kernel_regularizer: Identifier = None,
                 bias_regularizer: Identifier = None, activity_regularizer: Identifier = None,
                 kernel_constraint: Identifier = None, bias_constraint: Identifier = None, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        with naming(self.title):
            parse.keep(self, locals())
            self._refuse_both()
            self.output_padding = None if output_padding is None else parse.several(
                output_padding, self.rank, "output_padding", least=0)
            if self.output_padding is not None and any(
                    extra >= stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
                raise KonvError(f"output_padding={self.output_padding} must be smaller than strides={self.strides}")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        window = SpreadWindow(self.kernel_size, self.strides, self.padding, self.dilation_rate, self.output_padding)
        convolution = ConvTranspose(self.filters, window, self.use_bias, self.data_format)
        return (convolution, *activations.activation_ops(self.activation))


class Conv2DTranspose(_ConvTranspose, builtin=True):
    """Transposed 2-D convolution: each pixel is spread over a window, which enlarges images.

    It maps what a Conv2D of the same arguments gives back to the size of what that took, as the gradient of that convolution
    does. The arguments are those of Conv2D (without groups), and:

    Args:
        filters: number of output channels.
        kernel_size: height and width of the window over which a pixel is spread.
        strides: distance of the windows of neighbouring pixels; 2 doubles the image.
        padding: "same" makes H' = H * stride, "valid" H' = (H - 1) * stride + max(KH, stride).
        output_padding: rows and columns that are added at the bottom and right; below strides.
    Shape:
        input (N, H, W, C) float32 -> output (N, H', W', filters); kernel (KH, KW, filters, C), bias (filters,).
    Raises:
        KonvError: output_padding is not below strides, or strides and dilation_rate are both above 1.
    Reference:
        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, relationship 14.

    >>> import konv
    >>> konv.layers.Conv2DTranspose(32, 3, strides=2, padding="same").compute_output_shape((None, 14, 14, 64))
    (None, 28, 28, 32)
    """

    rank = 2


class Conv1DTranspose(_ConvTranspose, builtin=True):
    """Transposed 1-D convolution: each step is spread over a window, which lengthens sequences.

    Args: those of Conv2DTranspose, with one size instead of two.
    Shape:
        input (N, T, C) float32 -> output (N, T', filters); kernel (K, filters, C), bias (filters,); sizes as for
        Conv2DTranspose.
    Raises:
        KonvError: output_padding is not below strides, or strides and dilation_rate are both above 1.
    Reference:
        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, relationship 14.

    >>> import konv
    >>> konv.layers.Conv1DTranspose(8, 4, strides=2).compute_output_shape((None, 50, 4))
    (None, 102, 8)
    """

    rank = 1

    def __init__(self, filters: int, kernel_size: Sizes, strides: Sizes = 1, padding: str = "valid",
                 output_padding: Sizes | None = None, data_format: str | None = None, dilation_rate: Sizes = 1,
                 *args: Any, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate, *args, **kwargs)


Convolution1D, Convolution2D = Conv1D, Conv2D
Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
