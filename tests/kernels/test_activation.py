"""Each activation and its derivative beside its formula in float64, far more closely than the networks compare them."""

import numpy as np
import pytest

from konv.kernels.activation import LOG, LOG1P, POWER, RECIPROCAL, RSQRT, SQRT, make_activation, make_activation_backward
from konv.kernels.formulas import ACTIVATIONS

CONSTANTS = {"relu": (6.0, 0.1, 0.2), "elu": (0.7, 0.0, 0.0), "gelu": (0.0, 0.0, 0.0), "clip": (-1.0, 2.0, 0.0),
             "power": (2.5, 0.0, 0.0)}
CASES = [(code, name, CONSTANTS.get(name, (0.0, 0.0, 0.0))) for code, name in enumerate(ACTIVATIONS)]
CASES.append((7, "gelu", (1.0, 0.0, 0.0)))  # the approximation
SATURATING = ["sigmoid", "tanh", "softplus", "elu", "selu", "silu", "exponential", "expm1", "mish", "gelu"]
draw = np.random.default_rng(0)
NUMBERS = np.concatenate([[0.0], *(draw.normal(0, size, 600) for size in (1e-4, 1, 10)), draw.uniform(-80, 80, 203)])


def images(code):
    x = NUMBERS.astype("float32").reshape(1, 4, 501, 1)
    return np.abs(x) + np.float32(0.01) if code in (LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, POWER) else x


def scale(name, values, x):
    """What a rounding is relative to: the result, or the largest term of a sum that gives it."""
    terms = {"gelu": np.abs(x), "hard_silu": np.abs(x), "hard_sigmoid": 1, "mish": 1, "silu": 1, "relu": 1}.get(name, 0)
    return np.maximum(np.abs(values), np.maximum(terms, 1e-30))


@pytest.mark.parametrize(("code", "name", "constants"), CASES)
def test_forward(code, name, constants):
    x, inside = images(code), (0, 0, 4, 501)
    y = np.empty_like(x)
    make_activation(code)(x, y, inside, inside, *constants)
    expected = ACTIVATIONS[name][0](x.astype(float), *constants)
    assert (np.abs(y - expected) <= 5e-7 * scale(name, expected, x)).all()


@pytest.mark.parametrize(("code", "name", "constants"), CASES)
def test_backward(code, name, constants):
    x, inside = images(code), (0, 0, 4, 501)
    y = ACTIVATIONS[name][0](x.astype(float), *constants)
    d, dx = draw.normal(0, 1, x.shape).astype("float32"), np.empty_like(x)
    make_activation_backward(code)(d, x, y.astype("float32"), dx, *[inside] * 4, *constants)
    expected = ACTIVATIONS[name][1](x.astype(float), y, *constants) * d
    often = 4 if constants[0] == 1 else 1  # the approximate gelu multiplies the rounding of 1 - tanh by the square of x
    assert (np.abs(dx - expected) <= often * 1e-6 * np.maximum(np.abs(expected), np.abs(d))).all()


@pytest.mark.parametrize("name", SATURATING)
def test_infinities_and_what_is_not_a_number(name):
    x = np.array([np.inf, -np.inf, np.nan, 100, -100, 0], np.float32).reshape(1, 1, 6, 1)
    y = np.empty_like(x)
    make_activation(list(ACTIVATIONS).index(name))(x, y, (0, 0, 1, 6), (0, 0, 1, 6), *CONSTANTS.get(name, (0.0, 0.0, 0.0)))
    with np.errstate(all="ignore"):
        expected = ACTIVATIONS[name][0](x.astype(float), *CONSTANTS.get(name, (0.0, 0.0, 0.0))).astype("float32")
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-37)
