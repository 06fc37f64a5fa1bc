"""Windows beside their enumeration and beside what Keras reads."""

import keras
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from keras.src.ops.operation_utils import compute_conv_output_shape

from konv.errors import ShapeError
from konv.ir.window import PADDINGS, Axis, Window

sizes = st.integers(1, 60)
kernels = st.integers(1, 9)


@st.composite
def axes(draw):
    """Any window that Keras allows: strides or dilation, not both."""
    strided, dilated = st.tuples(st.integers(1, 9), st.just(1)), st.tuples(st.just(1), st.integers(1, 5))
    stride, dilation = draw(strided | dilated)
    axis = Axis(draw(sizes), draw(kernels), stride, dilation, draw(st.sampled_from(PADDINGS)))
    assume(axis.output >= 1)
    return axis


def starts(axis, padding):
    """All places, in steps of the stride, from which the window fits into the padded axis."""
    return [place for place in range(0, axis.size + padding, axis.stride)
            if place + (axis.kernel - 1) * axis.dilation < axis.size + padding]


def least_padding(axis):
    """The smallest padding that makes room for ceil(size / stride) windows: what SAME means."""
    if axis.padding == "valid":
        return 0
    wanted = len(range(0, axis.size, axis.stride))
    return next(padding for padding in range(1000) if len(starts(axis, padding)) >= wanted)


def read(axis):
    """For each window the pixels that it reads; negative or too large ones are padding."""
    padding = least_padding(axis)
    taps = range(0, axis.kernel * axis.dilation, axis.dilation)
    return [[place - padding // 2 + tap for tap in taps] for place in starts(axis, padding)]


@given(axes())
def test_windows_as_enumerated(axis):
    padding = least_padding(axis)
    assert (axis.before, axis.after) == (padding // 2, padding - padding // 2)
    assert axis.total_padding == padding
    assert axis.output == len(starts(axis, padding))


@given(axes())
def test_pixels_that_nothing_reads(axis):
    touched = {pixel for window in read(axis) for pixel in window if 0 <= pixel < axis.size}
    last = max(pixel for window in read(axis) for pixel in window)
    assert axis.unread == max(axis.size - 1 - last, 0)
    assert axis.skipped == axis.size - len(touched) - axis.unread


@given(axes(), axes())
def test_output_of_keras(rows, columns):
    assume((rows.stride, rows.dilation) == (1, 1) or columns.stride == columns.dilation == 1)
    padding = rows.padding
    strides, dilation = (rows.stride, columns.stride), (rows.dilation, columns.dilation)
    window = Window((rows.kernel, columns.kernel), strides, padding, dilation)
    height, width = rows.size, columns.size
    assume(all(axis.output >= 1 for axis in window.axes(height, width)))
    theirs = compute_conv_output_shape(
        (None, height, width, 1), 1, window.kernel, window.strides, padding, "channels_last", window.dilation)
    assert window.output(height, width) == tuple(theirs[1:3])


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("size", "kernel", "stride", "dilation"), [
    (7, 3, 1, 1), (7, 2, 1, 1), (8, 3, 2, 1), (7, 3, 2, 1), (9, 2, 3, 1), (10, 4, 3, 1), (6, 1, 4, 1), (5, 5, 5, 1),
    (9, 3, 1, 2), (12, 4, 1, 3), (11, 2, 1, 5), (28, 3, 2, 1)])
def test_the_pixels_that_keras_reads(size, kernel, stride, dilation, padding):
    """A picture for each pixel, in which it alone is lit: the windows that see it are those that read it."""
    axis = Axis(size, kernel, stride, dilation, padding)
    pictures = np.eye(size, dtype="float32")[:, :, None, None]
    ones = np.ones((kernel, 1, 1, 1), "float32")
    seen = keras.ops.conv(pictures, ones, (stride, 1), padding, dilation_rate=(dilation, 1))
    expected = np.zeros((size, axis.output))
    for window, pixels in enumerate(read(axis)):
        for pixel in pixels:
            if 0 <= pixel < size:
                expected[pixel, window] = 1
    np.testing.assert_array_equal(np.asarray(seen)[:, :, 0, 0], expected)


@pytest.mark.parametrize("padding", PADDINGS)
def test_unknown_sizes_stay_unknown(padding):
    window = Window((3, 3), (2, 1), padding)
    assert window.output(None, None) == (None, None)
    assert window.output(None, 9) == (None, window.output(9, 9)[1])
    assert window.output(9, None) == (window.output(9, 9)[0], None)


@pytest.mark.parametrize(("window", "height", "width", "message"), [
    (Window((5, 3)), 4, 9,
     r"window of 5 is larger than the input of height 4: output height would be \(4 - 5\)//1 \+ 1 = 0"),
    (Window((3, 3)), 9, 2, r"window of 3 is larger than the input of width 2"),
    (Window((3, 3), dilation=(1, 4)), 9, 8,
     r"window of 3 with dilation 4 \(spans 9\) is larger than the input of width 8"),
    (Window((7, 1), (3, 1)), 2, 9, r"\(2 - 7\)//3 \+ 1 = -1"),
])
def test_a_window_that_does_not_fit(window, height, width, message):
    with pytest.raises(ShapeError, match=message):
        window.output(height, width)


@given(axes())
def test_same_never_fails_and_valid_says_so(axis):
    window = Window((axis.kernel, 1), (axis.stride, 1), axis.padding, (axis.dilation, 1))
    assert window.output(axis.size, 1)[0] == axis.output
    if axis.padding == "valid":
        with pytest.raises(ShapeError):
            window.output(axis.extent - 1, 1)
