"""konv.ops beside keras.ops, their gradients beside those of JAX."""

import numpy as np
import pytest

import konv
from konv.errors import KonvError

CONVS = [  # function, input, kernel, arguments
    ("conv", (2, 9, 8, 3), (3, 3, 3, 5), {}),
    ("conv", (2, 9, 8, 3), (3, 2, 3, 17), {"padding": "same"}),
    ("conv", (7, 8, 8, 64), (3, 3, 64, 70), {"padding": "same"}),
    ("conv", (3, 11, 10, 4), (3, 3, 4, 6), {"strides": 2, "padding": "same"}),
    ("conv", (3, 11, 10, 4), (2, 1, 4, 6), {"strides": (3, 2)}),
    ("conv", (2, 12, 12, 4), (3, 3, 4, 6), {"dilation_rate": (2, 3), "padding": "same"}),
    ("conv", (2, 9, 9, 6), (3, 3, 2, 9), {"padding": "same"}),
    ("conv", (4, 7, 7, 40), (1, 1, 40, 33), {}),
    ("conv", (1, 30, 30, 3), (7, 7, 3, 20), {"strides": 2, "padding": "same"}),
    ("conv", (1, 97, 80, 13), (5, 5, 13, 40), {"padding": "same"}),  # a kernel gradient in bands of lines
    ("conv", (3, 70, 70, 48), (1, 1, 48, 64), {}),  # the same of lines that are one
    ("conv", (5, 120, 90, 20), (1, 1, 20, 33), {}),  # a few pixels at a time
    ("conv", (1, 6, 6, 160), (1, 1, 160, 144), {}),  # a kernel that all threads pack
    ("conv", (2, 3, 9, 8), (3, 3, 3, 5), {"data_format": "channels_first"}),
    ("depthwise_conv", (2, 9, 8, 5), (3, 3, 5, 1), {"padding": "same"}),
    ("depthwise_conv", (2, 9, 8, 21), (5, 3, 21, 2), {}),
    ("depthwise_conv", (2, 11, 10, 21), (3, 3, 21, 1), {"strides": 2, "padding": "same"}),
    ("depthwise_conv", (2, 11, 10, 8), (3, 3, 8, 1), {"dilation_rate": 2}),
]
POOLS = [
    ("max_pool", (2, 9, 8, 5), {"pool_size": 2}),
    ("max_pool", (2, 9, 8, 19), {"pool_size": (3, 2), "strides": (2, 1), "padding": "same"}),
    ("average_pool", (2, 9, 8, 5), {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("average_pool", (2, 9, 8, 5), {"pool_size": (2, 3)}),
    ("max_pool", (2, 5, 9, 8), {"pool_size": 2, "data_format": "channels_first"}),
]


def random(*shape, start=0):
    return np.random.default_rng(start).normal(size=shape).astype(np.float32)


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-5 * np.abs(theirs).max())


@pytest.mark.parametrize(("name", "shape", "kernel", "arguments"), CONVS)
def test_convolutions(name, shape, kernel, arguments):
    import jax
    import keras

    function = getattr(keras.ops, name)
    arrays = random(*shape), random(*kernel, start=1)
    theirs = lambda x, k, b: function(x, k, **arguments) + b  # noqa: E731
    first = arguments.get("data_format") == "channels_first"
    outputs = kernel[3] * (kernel[2] if name == "depthwise_conv" else 1)
    bias = np.zeros((outputs, 1, 1) if first else outputs, np.float32)
    expected, back = jax.vjp(theirs, *arrays, bias)
    close(getattr(konv.ops, name)(*arrays, **arguments), np.asarray(expected))
    dy = random(*expected.shape, start=2)
    for ours, gradient in zip(getattr(konv.ops, f"{name}_backward")(dy, *arrays, **arguments), back(dy), strict=True):
        close(ours, np.asarray(gradient).reshape(ours.shape))


@pytest.mark.parametrize(("name", "shape", "arguments"), POOLS)
def test_pools(name, shape, arguments):
    import jax
    import keras

    x, given = random(*shape), {"strides": arguments["pool_size"]} | arguments  # Keras on JAX fails without strides
    expected, back = jax.vjp(lambda x: getattr(keras.ops, name)(x, **given), x)
    close(getattr(konv.ops, name)(x, **arguments), np.asarray(expected))
    dy = random(*expected.shape, start=2)
    close(getattr(konv.ops, f"{name}_backward")(dy, x, **arguments), np.asarray(back(dy)[0]))


def test_arguments_are_left_alone_and_results_are_new():
    x, kernel, dy = random(2, 4, 4, 3), random(1, 1, 3, 3, start=1), random(2, 4, 4, 3, start=2)
    before = [array.copy() for array in (x, kernel, dy)]
    first = konv.ops.conv(x, kernel)
    konv.ops.conv_backward(dy, x, kernel)
    second = konv.ops.conv(x + 1, kernel)
    assert all(np.array_equal(a, b) for a, b in zip((x, kernel, dy), before, strict=True))
    assert not np.shares_memory(first, second)


@pytest.mark.parametrize(("call", "words"), [
    (lambda o: o.conv(random(4, 4, 3), random(3, 3, 3, 1)), ["conv: inputs", "4 axes", "(4, 4, 3)"]),
    (lambda o: o.conv(random(1, 4, 4, 3), random(3, 3, 2, 1)), ["conv: kernel", "(3, 3, 2, 1)", "3 channels"]),
    (lambda o: o.conv(random(1, 4, 4, 3), random(5, 5, 3, 1)), ["larger than the input", "(4 - 5)//1 + 1 = 0"]),
    (lambda o: o.conv(random(1, 4, 4, 3), random(3, 3, 3, 1), padding="full"), ["padding", "'full'"]),
    (lambda o: o.conv(random(1, 4, 4, 3), random(3, 3, 3, 1), strides=0), ["strides", "0"]),
    (lambda o: o.conv(random(1, 4, 4, 3), random(3, 3, 3, 1), 2, dilation_rate=2), ["strides=2", "dilation_rate=2"]),
    (lambda o: o.max_pool(random(1, 4, 4, 3), 2.0), ["pool_size", "2.0"]),
    (lambda o: o.depthwise_conv(random(1, 4, 4, 3), random(3, 3, 2, 1)), ["(3, 3, 2, 1)", "3 channels"]),
    (lambda o: o.conv_backward(random(1, 4, 4, 1), random(1, 4, 4, 3), random(3, 3, 3, 1)), ["dy", "(None, 2, 2, 1)"])])
def test_errors(call, words):
    with pytest.raises(KonvError) as error:
        call(konv.ops)
    assert all(word in str(error.value) for word in words)
