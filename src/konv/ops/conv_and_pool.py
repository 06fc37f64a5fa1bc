"""Convolutions and pools under the names and arguments of keras.ops, on arrays and on tensors; on arrays each has its gradient.

Arrays of float32 come in (others are converted) and new arrays of float32 go out. Images are (batch, height, width,
channels), or (batch, channels, height, width) with data_format="channels_first".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.config import image_data_format
from konv.errors import ShapeError, UnsupportedError, naming
from konv.ir.ops import Conv, DepthwiseConv, Op, Pool, describe
from konv.ir.window import PADDINGS, Window
from konv.runtime.single import run_op, run_op_backward
from konv.tracing.symbolic import is_symbolic, is_trained, operand, require_plain, symbolic
from konv.tracing.tensors import Tensor
from konv.variables import Variable

Size = int | Sequence[int]
Gradients = tuple[np.ndarray, np.ndarray, np.ndarray]


def conv(inputs: Any, kernel: Any, strides: Size = 1, padding: str = "valid", data_format: str | None = None,
         dilation_rate: Size = 1) -> Any:
    """2-D convolution (cross-correlation) of images with a kernel.

    Args:
        kernel: its spatial size is that of the window.
        strides: step of the window, in pixels, per axis.
        padding: "valid" (no padding) or "same" (zeros so that out = ceil(in / stride)).
        data_format: "channels_last" or "channels_first"; image_data_format() if None.
        dilation_rate: distance between the taps of the window.
    Shape:
        inputs (N, H, W, C), kernel (KH, KW, C / groups, filters) -> (N, H', W', filters); or channels first as data_format
            says.
    Raises:
        ShapeError: an array has another rank, or the kernel does not fit the channels.
        UnsupportedError: inputs are a tensor and the kernel is not a weight of a layer.
    Reference:
        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016.

    >>> x, kernel = np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 2))
    >>> conv(x, kernel).shape, conv(x, kernel, padding="same")[0, 0, 0]
    ((1, 2, 2, 2), array([4., 4.], dtype=float32))
    """
    if is_symbolic(inputs, kernel):
        return _on_tensors(conv, "Conv", _conv, inputs, kernel, (strides, padding, data_format, dilation_rate))
    with naming("conv"):
        x, weights = _images(inputs, "inputs"), _kernel(kernel)
        return run_op(_conv(x, weights, strides, padding, data_format, dilation_rate, False), x, {"kernel": weights})


def conv_backward(dy: Any, inputs: Any, kernel: Any, strides: Size = 1, padding: str = "valid",
                  data_format: str | None = None, dilation_rate: Size = 1) -> Gradients:
    """The gradients of conv with respect to its inputs, its kernel and a bias added to its result.

    Args:
        dy: the gradient of the result.
        strides, padding, data_format, dilation_rate: as in `conv`.
    Shape:
        dy (N, H', W', filters), inputs (N, H, W, C), kernel (KH, KW, C / groups, filters) -> three arrays: the shapes of inputs
            and kernel, and (filters,).
    Raises:
        ShapeError: an array has another rank, or the kernel does not fit the channels, or dy not the result.
    Reference:
        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016.

    >>> dx, dkernel, dbias = conv_backward(np.ones((1, 2, 2, 1)), np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1)))
    >>> dx[0, :, :, 0]
    array([[1., 2., 2., 1.],
           [2., 4., 4., 2.],
           [2., 4., 4., 2.],
           [1., 2., 2., 1.]], dtype=float32)
    >>> dkernel.shape, dbias
    ((3, 3, 1, 1), array([4.], dtype=float32))
    """
    with naming("conv_backward"):
        x, weights = _images(inputs, "inputs"), _kernel(kernel)
        op = _conv(x, weights, strides, padding, data_format, dilation_rate, True)
        return _weighted_backward(op, dy, x, weights)


def depthwise_conv(inputs: Any, kernel: Any, strides: Size = 1, padding: str = "valid",
                   data_format: str | None = None, dilation_rate: Size = 1) -> Any:
    """2-D convolution of each channel with filters of its own.

    Args:
        kernel: its spatial size is that of the window.
        strides: step of the window, in pixels, per axis.
        padding: "valid" (no padding) or "same" (zeros so that out = ceil(in / stride)).
        data_format: "channels_last" or "channels_first"; image_data_format() if None.
        dilation_rate: distance between the taps of the window.
    Shape:
        inputs (N, H, W, C), kernel (KH, KW, C, multiplier) -> (N, H', W', C * multiplier); or channels first as data_format
            says.
    Raises:
        ShapeError: an array has another rank, or the kernel does not fit the channels.
        UnsupportedError: inputs are a tensor and the kernel is not a weight of a layer.
    Reference:
        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016.

    >>> depthwise_conv(np.ones((1, 4, 4, 2)), np.ones((3, 3, 2, 1))).shape
    (1, 2, 2, 2)
    """
    if is_symbolic(inputs, kernel):
        options = strides, padding, data_format, dilation_rate
        return _on_tensors(depthwise_conv, "DepthwiseConv", _depthwise, inputs, kernel, options)
    with naming("depthwise_conv"):
        x, weights = _images(inputs, "inputs"), _kernel(kernel)
        op = _depthwise(x, weights, strides, padding, data_format, dilation_rate, False)
        return run_op(op, x, {"kernel": weights})


def depthwise_conv_backward(dy: Any, inputs: Any, kernel: Any, strides: Size = 1, padding: str = "valid",
                            data_format: str | None = None, dilation_rate: Size = 1) -> Gradients:
    """The gradients of depthwise_conv with respect to its inputs, its kernel and a bias added to its result.

    Args:
        dy: the gradient of the result.
        strides, padding, data_format, dilation_rate: as in `conv`.
    Shape:
        dy (N, H', W', C * multiplier), inputs (N, H, W, C), kernel (KH, KW, C, multiplier) -> three arrays: the shapes of
            inputs and kernel, and (C * multiplier,).
    Raises:
        ShapeError: an array has another rank, or the kernel does not fit the channels, or dy not the result.
    Reference:
        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016.

    >>> dx, dkernel, dbias = depthwise_conv_backward(np.ones((1, 2, 2, 2)), np.ones((1, 4, 4, 2)), np.ones((3, 3, 2, 1)))
    >>> dkernel[0, 0, :, 0], dbias
    (array([4., 4.], dtype=float32), array([4., 4.], dtype=float32))
    """
    with naming("depthwise_conv_backward"):
        x, weights = _images(inputs, "inputs"), _kernel(kernel)
        op = _depthwise(x, weights, strides, padding, data_format, dilation_rate, True)
        return _weighted_backward(op, dy, x, weights)


def max_pool(inputs: Any, pool_size: Size, strides: Size | None = None, padding: str = "valid",
             data_format: str | None = None) -> Any:
    """The largest element of each window; padding does not count.

    Args:
        pool_size: height and width of the window; an int means both.
        strides: step of the window; pool_size if None.
        padding: "valid" (no padding) or "same" (so much that out = ceil(in / stride)).
        data_format: "channels_last" or "channels_first"; image_data_format() if None.
    Shape:
        inputs (N, H, W, C) -> (N, H', W', C); or channels first as data_format says.
    Raises:
        ShapeError: inputs have another rank, or an option is not positive integers.

    >>> max_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)
    """
    if is_symbolic(inputs):
        return _pool_tensor(max_pool, "MaxPool", "max", inputs, pool_size, strides, padding, data_format)
    with naming("max_pool"):
        return run_op(_pool("max", pool_size, strides, padding, data_format), _images(inputs, "inputs"), {})


def max_pool_backward(dy: Any, inputs: Any, pool_size: Size, strides: Size | None = None,
                      padding: str = "valid", data_format: str | None = None) -> np.ndarray:
    """The gradient of max_pool's input: each window's goes to its largest element, the first of equals.

    Args:
        dy: the gradient of the result.
        pool_size, strides, padding, data_format: as in `max_pool`.
    Shape:
        dy (N, H', W', C), inputs (N, H, W, C) -> the shape of inputs.
    Raises:
        ShapeError: inputs have another rank, or an option is not positive integers, or dy does not fit.

    >>> max_pool_backward(np.ones((1, 1, 1, 1)), np.arange(4.0).reshape(1, 2, 2, 1), 2)[0, :, :, 0]
    array([[0., 0.],
           [0., 1.]], dtype=float32)
    """
    with naming("max_pool_backward"):
        return _plain_backward(_pool("max", pool_size, strides, padding, data_format), dy, _images(inputs, "inputs"))


def average_pool(inputs: Any, pool_size: Size, strides: Size | None = None,
                 padding: str = "valid", data_format: str | None = None) -> Any:
    """The mean of each window; padding is left out of the divisor.

    Args:
        pool_size: height and width of the window; an int means both.
        strides: step of the window; pool_size if None.
        padding: "valid" (no padding) or "same" (so much that out = ceil(in / stride)).
        data_format: "channels_last" or "channels_first"; image_data_format() if None.
    Shape:
        inputs (N, H, W, C) -> (N, H', W', C); or channels first as data_format says.
    Raises:
        ShapeError: inputs have another rank, or an option is not positive integers.

    >>> average_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """
    if is_symbolic(inputs):
        return _pool_tensor(average_pool, "AveragePool", "average", inputs, pool_size, strides, padding, data_format)
    with naming("average_pool"):
        return run_op(_pool("average", pool_size, strides, padding, data_format), _images(inputs, "inputs"), {})


def average_pool_backward(dy: Any, inputs: Any, pool_size: Size, strides: Size | None = None,
                          padding: str = "valid", data_format: str | None = None) -> np.ndarray:
    """The gradient of average_pool's input.

    Args:
        dy: the gradient of the result.
        pool_size, strides, padding, data_format: as in `max_pool`.
    Shape:
        dy (N, H', W', C), inputs (N, H, W, C) -> the shape of inputs.
    Raises:
        ShapeError: inputs have another rank, or an option is not positive integers, or dy does not fit.

    >>> average_pool_backward(np.ones((1, 1, 1, 1)), np.zeros((1, 2, 2, 1)), 2)[0, :, :, 0]
    array([[0.25, 0.25],
           [0.25, 0.25]], dtype=float32)
    """
    with naming("average_pool_backward"):
        return _plain_backward(_pool("average", pool_size, strides, padding, data_format), dy, _images(inputs, "inputs"))


# --- tensors ----------------------------------------------------------------------------------------------


def _on_tensors(function: Any, class_name: str, make: Any, inputs: Any, kernel: Any, options: tuple) -> Tensor:
    """A convolution with a weight: the same as in a layer."""
    name = function.__name__
    if not isinstance(kernel, Variable):
        raise UnsupportedError(f"{name}: the kernel must be a weight of a layer, made by add_weight, got {kernel!r:.60}")
    x = operand(inputs, name)
    if not isinstance(x, Tensor) or x.ndim != 4 or kernel.ndim != 4:
        raise ShapeError(f"{name}: takes images of 4 axes and a kernel of 4, got {x.shape} and {kernel.shape}")
    require_plain(x, name)
    operand(kernel, name)
    with naming(name):
        op = make(x, kernel, *options, False)
    config: dict[str, Any] = dict(zip(("strides", "padding", "data_format", "dilation_rate"), options, strict=True))
    return symbolic(function, class_name, [x], lambda emit, place: emit.builder.add(
        op, (place,), kernel.key, is_trained(kernel)), config, "nn", (x, kernel))


def _pool_tensor(function: Any, class_name: str, kind: str, inputs: Any, pool_size: Size, strides: Size | None,
                 padding: str, data_format: str | None) -> Tensor:
    x = operand(inputs, function.__name__)
    if not isinstance(x, Tensor) or x.ndim != 4:
        raise ShapeError(f"{function.__name__}: takes images of 4 axes, got {x.shape}")
    require_plain(x, function.__name__)
    with naming(function.__name__):
        op = _pool(kind, pool_size, strides, padding, data_format)
    config = {"pool_size": pool_size, "strides": strides, "padding": padding, "data_format": op.data_format}
    return symbolic(function, class_name, [x], lambda emit, place: emit(op, place), config, "nn")


# --- arguments ----------------------------------------------------------------------------------------


def _images(value: Any, argument: str) -> np.ndarray:
    array = to_array(value, "ops", argument)
    if array.ndim != 4:
        raise ShapeError(f"{argument} must be images of 4 axes (batch first), got shape {array.shape}")
    return array


def _kernel(value: Any) -> np.ndarray:
    array = np.asarray(to_array(value, "ops", "kernel"), np.float32)
    if array.ndim != 4:
        raise ShapeError(f"kernel must have 4 axes (rows, columns, channels, filters), got shape {array.shape}")
    return array


def _pair(value: Any, argument: str) -> tuple[int, int]:
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    good = len(sizes) == 2 and all(isinstance(s, (int, np.integer)) and not isinstance(s, bool) and s > 0 for s in sizes)
    if not good:
        raise ShapeError(f"{argument} must be a positive integer or two of them, got {value!r}")
    return int(sizes[0]), int(sizes[1])


def _window(kernel: tuple[int, int], strides: Any, padding: str, dilation: Any = 1) -> Window:
    if padding not in PADDINGS:
        raise ShapeError(f'padding must be "valid" or "same", got {padding!r}')
    window = Window(kernel, _pair(strides, "strides"), padding, _pair(dilation, "dilation_rate"))
    if max(window.strides) > 1 and max(window.dilation) > 1:
        raise ShapeError(f"strides={strides} and dilation_rate={dilation} cannot both be above 1")
    return window


def _conv(x: Any, kernel: Any, strides: Size, padding: str, data_format: str | None, dilation: Any,
          use_bias: bool) -> Conv:
    rows, columns, per_group, filters = kernel.shape
    data_format = data_format or image_data_format()
    channels = x.shape[3 if data_format == "channels_last" else 1]
    if channels % per_group or filters % (channels // per_group):
        raise ShapeError(f"kernel of shape {kernel.shape} does not fit inputs of {channels} channels: its third size must be "
                         f"{channels}, or a divisor of that such that the groups divide its {filters} filters")
    return Conv(filters, _window((rows, columns), strides, padding, dilation), channels // per_group, use_bias, data_format)


def _depthwise(x: Any, kernel: Any, strides: Size, padding: str, data_format: str | None, dilation: Any,
               use_bias: bool) -> DepthwiseConv:
    rows, columns, channels, multiplier = kernel.shape
    data_format = data_format or image_data_format()
    found = x.shape[3 if data_format == "channels_last" else 1]
    if channels != found:
        raise ShapeError(f"kernel of shape {kernel.shape} does not fit inputs of {found} channels")
    return DepthwiseConv(multiplier, _window((rows, columns), strides, padding, dilation), use_bias, data_format)


def _pool(kind: str, pool_size: Size, strides: Size | None, padding: str, data_format: str | None) -> Pool:
    size = _pair(pool_size, "pool_size")
    return Pool(kind, _window(size, strides if strides is not None else size, padding), data_format or image_data_format())


def _gradient(op: Op, dy: Any, x: np.ndarray) -> np.ndarray:
    error, expected = to_array(dy, "ops", "dy"), op.output_shape(x.shape[1:])
    if error.shape != (len(x), *expected):
        raise ShapeError(f"dy must have the shape of the result, {describe(expected)} for {len(x)} images, got {error.shape}")
    return error


def _weighted_backward(op: Op, dy: Any, x: Any, kernel: Any) -> Gradients:
    dx, found = run_op_backward(op, _gradient(op, dy, x), x, {"kernel": kernel})
    return dx, found["kernel"], found["bias"]


def _plain_backward(op: Op, dy: Any, x: Any) -> np.ndarray:
    return run_op_backward(op, _gradient(op, dy, x), x, {})[0]
