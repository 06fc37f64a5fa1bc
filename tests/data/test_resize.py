"""Resizing beside keras.ops.image.resize on JAX."""

import keras
import numpy as np
import pytest

from konv.data.resize import METHODS, fit, resize, taps
from konv.errors import KonvError

SIZES = [((100, 100), (64, 64)), ((7, 5), (13, 9)), ((5, 9), (5, 4)), ((1, 1), (3, 2)), ((17, 3), (2, 11)),
         ((6, 6), (6, 6))]


def _image(size, channels=3):
    return np.random.default_rng(0).integers(0, 256, (*size, channels)).astype(np.uint8)


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize(("source", "target"), SIZES)
def test_like_keras(source, target, method):
    image = _image(source)
    expected = keras.ops.image.resize(image.astype("float32"), target, interpolation=method, antialias=False)
    np.testing.assert_allclose(resize(image, target, method), np.asarray(expected), atol=2e-3)


@pytest.mark.parametrize("aspect", ["crop", "pad"])
@pytest.mark.parametrize(("source", "target"), SIZES)
def test_aspect_ratio_like_keras(source, target, aspect):
    image = _image(source)
    option = {f"{aspect}_to_aspect_ratio": True}
    expected = keras.ops.image.resize(image.astype("float32"), target, antialias=False, **option)
    np.testing.assert_allclose(resize(fit(image, target, aspect), target), np.asarray(expected), atol=2e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("size", "target"), [(100, 64), (5, 13), (1, 4), (9, 1), (300, 7)])
def test_weights_are_a_mean(size, target, method):
    pixels, weights = taps(size, target, method)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    assert pixels.min() >= 0
    assert pixels.max() < size


def test_area_is_the_mean_of_blocks():
    image = _image((6, 9))
    blocks = image.reshape(2, 3, 3, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(resize(image, (2, 3), "area"), blocks, rtol=1e-5)


@pytest.mark.parametrize(("x", "weight"), [(0, 8 / 9), (1, 1 / 18), (2, 0)])
def test_mitchell_at_the_pixels(x, weight):
    from konv.ir.resampling import KERNELS

    np.testing.assert_allclose(KERNELS["mitchellcubic"][1](float(x)), weight, atol=1e-12)


def test_unknown_method():
    with pytest.raises(KonvError, match="interpolation='cubic' is not one of bilinear, nearest"):
        resize(_image((2, 2)), (3, 3), "cubic")
