"""Which convolutions run by Winograd's method, and that what they compute is as exact as it should be."""

import numpy as np
import pytest

import konv
from konv.plan import build_plan
from konv.plan.contracts import WinogradArgs, WinogradWeightGradientArgs
from tests import networks


def kernels(model, training=True, batch=8):
    plan = build_plan(model.graph(), batch, training)
    return [step for part in (plan.forward, plan.backward) for segment in part for step in segment.steps]


@pytest.mark.parametrize(("size", "channels", "arguments", "expected"), [
    (16, 64, {}, True),
    (7, 50, {"padding": "same"}, True),
    (16, 3, {}, False),  # too few terms
    (16, 64, {"strides": 2}, False),
    (16, 64, {"dilation_rate": 2}, False),
    (16, 64, {"groups": 2}, False),
    (16, 64, {"kernel_size": 5}, False),
    (16, 64, {"kernel_size": (3, 1)}, False),
])
def test_which(size, channels, arguments, expected):
    layer = konv.layers.Conv2D(64, **{"kernel_size": 3, **arguments})
    model = konv.Sequential([konv.Input((size, size, channels)), layer])
    assert ("winograd" in [step.kernel for step in kernels(model, training=False)]) == expected


def test_every_way_is_met():
    steps = kernels(networks.three_by_three(konv))
    gradients = [step for step in steps if isinstance(step.args, WinogradWeightGradientArgs)]
    assert {step.args.accumulate for step in steps if isinstance(step.args, WinogradArgs)} == {0, 1}  # set, and added to
    assert {step.domain for step in gradients} == {"samples", "rows"}
    assert {step.args.transposed for step in gradients} == {0, 1}


@pytest.mark.parametrize(("size", "channels", "filters"), [
    ((16, 16), 64, 64), ((7, 9), 130, 96), ((1, 5), 80, 64), ((4, 4), 512, 40)])
def test_errors_are_those_of_float32(size, channels, filters):
    """Within a few roundings of each term of the sum, as for the direct way."""
    random = np.random.default_rng(0)
    x = random.normal(size=(3, *size, channels)).astype(np.float32)
    kernel = random.normal(size=(3, 3, channels, filters)).astype(np.float32)
    dy = random.normal(size=(3, *size, filters)).astype(np.float32)
    ours = (konv.ops.conv(x, kernel, padding="same"), *konv.ops.conv_backward(dy, x, kernel, padding="same")[:2])
    exact, scale = [_float64(*(np.asarray(a, np.float64) for a in arrays))
                    for arrays in ((x, kernel, dy), (abs(x), abs(kernel), abs(dy)))]
    for result, wanted, most in zip(ours, exact, scale, strict=True):
        assert (np.abs(result - wanted) <= 8 * np.finfo(np.float32).eps * most).all()


def _float64(x, kernel, dy):
    """The convolution with zeros around it, and its two gradients."""
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    y, dx, dw = np.zeros(dy.shape), np.zeros(padded.shape), np.zeros(kernel.shape)
    for r in range(3):
        for s in range(3):
            window = padded[:, r:r + height, s:s + width]
            y += window @ kernel[r, s]
            dx[:, r:r + height, s:s + width] += dy @ kernel[r, s].T
            dw[r, s] = np.tensordot(window, dy, ((0, 1, 2), (0, 1, 2)))
    return y, dx[:, 1:-1, 1:-1], dw


def test_same_bits_in_a_batch_of_any_size():
    """Also where the threads share the panels of a large kernel because a batch has few grids."""
    layers = [konv.Input((6, 6, 96)), konv.layers.Conv2D(160, 3), konv.layers.Conv2D(64, 3, padding="same")]
    many, one = konv.Sequential(layers), konv.Sequential(layers)
    x = np.random.default_rng(0).normal(size=(70, 6, 6, 96)).astype(np.float32)
    whole = many.predict_on_batch(x)
    assert all(np.array_equal(many.predict_on_batch(x[:n]), whole[:n]) for n in (1, 3, 17))
    assert np.array_equal(one.predict_on_batch(x[:1]), whole[:1])
    domains = {step.domain for n in (1, 300) for step in kernels(many, False, n) if step.kernel == "winograd"}
    assert domains == {"rows", "samples"}
