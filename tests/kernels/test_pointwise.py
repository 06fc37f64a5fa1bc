"""Each scalar function and its derivative beside its expression in float64, far more closely than the networks compare them;
and whether what its record says of it in all notations is one function."""

import doctest
import math

import numpy as np
import pytest

from konv import activations, ops
from konv.ir.ops import Activation
from konv.ir.scalar_functions import SCALAR_FUNCTIONS
from konv.kernels import numpy_math
from konv.kernels.pointwise import make_activation, make_activation_backward
from konv.plan.contracts import Coefficients, Region

CONSTANTS = {"relu": (6.0, 0.1, 0.2), "elu": (0.7,), "clip": (-1.0, 2.0), "power": (2.5,)}
CASES = [(name, CONSTANTS.get(name, (0.0,) * len(record.constants))) for name, record in SCALAR_FUNCTIONS.items()]
CASES.append(("gelu", (1.0,)))  # the approximation
SATURATING = ["sigmoid", "tanh", "softplus", "elu", "selu", "silu", "exponential", "expm1", "mish", "gelu"]
POSITIVE = ("log", "log1p", "sqrt", "rsqrt", "reciprocal", "power")
INSIDE = Region(0, 0, 4, 501)
draw = np.random.default_rng(0)
NUMBERS = np.concatenate([[0.0], *(draw.normal(0, size, 600) for size in (1e-4, 1, 10)), draw.uniform(-80, 80, 203)])


def images(name):
    x = NUMBERS.astype("float32").reshape(1, 4, 501, 1)
    return np.abs(x) + np.float32(0.01) if name in POSITIVE else x


def scale(name, values, x):
    """What a rounding is relative to: the result, or the largest term of a sum that gives it."""
    terms = {"gelu": np.abs(x), "hard_silu": np.abs(x), "hard_sigmoid": 1, "mish": 1, "silu": 1, "relu": 1}.get(name, 0)
    return np.maximum(np.abs(values), np.maximum(terms, 1e-30))


@pytest.mark.parametrize(("name", "constants"), CASES)
def test_forward(name, constants):
    x = images(name)
    y = np.empty_like(x)
    make_activation(name)(x, y, INSIDE, INSIDE, Coefficients(*constants))
    expected = numpy_math.value(name, x.astype(float), *constants)
    assert (np.abs(y - expected) <= 5e-7 * scale(name, expected, x)).all()


@pytest.mark.parametrize(("name", "constants"), CASES)
def test_backward(name, constants):
    x = images(name)
    y = numpy_math.value(name, x.astype(float), *constants)
    d, dx = draw.normal(0, 1, x.shape).astype("float32"), np.empty_like(x)
    make_activation_backward(name)(d, x, y.astype("float32"), dx, *[INSIDE] * 4, Coefficients(*constants))
    expected = numpy_math.derivative(name, x.astype(float), y, *constants) * d
    often = 4 if constants == (1.0,) else 1  # the approximate gelu multiplies the rounding of 1 - tanh by the square of x
    assert (np.abs(dx - expected) <= often * 1e-6 * np.maximum(np.abs(expected), np.abs(d))).all()


@pytest.mark.parametrize("name", SATURATING)
def test_infinities_and_what_is_not_a_number(name):
    x = np.array([np.inf, -np.inf, np.nan, 100, -100, 0], np.float32).reshape(1, 1, 6, 1)
    y, constants, inside = np.empty_like(x), CONSTANTS.get(name, (0.0, 0.0, 0.0)), Region(0, 0, 1, 6)
    make_activation(name)(x, y, inside, inside, Coefficients(*constants))
    with np.errstate(all="ignore"):
        expected = numpy_math.value(name, x.astype(float), *constants).astype("float32")
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-37)


# --- one function in all notations ------------------------------------------------------------------------

POINTS = np.array([-4.3, -2.5, -0.7, 0.15, 0.4, 1.2, 2.7, 5.5])  # none where a derivative jumps


def points(name):
    return np.abs(POINTS) if name in POSITIVE else POINTS


@pytest.mark.parametrize(("name", "constants"), CASES)
def test_the_derivative_is_that_of_the_value(name, constants):
    x, step = points(name), 1e-6
    above, below = (numpy_math.value(name, x + shift, *constants) for shift in (step, -step))
    found = numpy_math.derivative(name, x, numpy_math.value(name, x, *constants), *constants) + 0 * x
    np.testing.assert_allclose(found, (above - below) / (2 * step), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("name", "constants"), CASES)
def test_formula_and_code_are_the_value(name, constants):
    record, x = SCALAR_FUNCTIONS[name], points(name)
    wanted = numpy_math.value(name, x, *constants)
    code = eval(record.in_numpy("x", constants), {"np": np, "erf": math.erf, "x": x})
    np.testing.assert_allclose(code, wanted, rtol=1e-12, atol=1e-12)
    assert bool(record.formula) == record.activation
    if record.formula:
        words = {word: getattr(np, word) for word in ("exp", "log", "tanh", "sqrt", "abs")}
        words |= {"max": np.maximum, "min": np.minimum, "erf": np.vectorize(math.erf)}
        np.testing.assert_allclose(eval(record.explained(constants), words | {"x": x}), wanted, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(("name", "constants"), CASES)
def test_code_for_torch_is_the_value(name, constants):
    torch = pytest.importorskip("torch")
    record, x = SCALAR_FUNCTIONS[name], points(name)
    code = eval(record.in_torch("x", constants), {"torch": torch, "F": torch.nn.functional, "x": torch.tensor(x)})
    np.testing.assert_allclose(code, numpy_math.value(name, x, *constants), rtol=1e-6)
    module = getattr(torch.nn, record.torch_module)() if record.torch_module else None
    assert module is None or torch.equal(module(torch.tensor(x)), code)


@pytest.mark.parametrize("name", [name for name, record in SCALAR_FUNCTIONS.items() if record.activation])
def test_every_activation_has_its_names(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    assert activations.serialize(function) == name
    assert all(activations.get(alias) is function is getattr(activations, alias) for alias in SCALAR_FUNCTIONS[name].aliases)
    if name in activations.__all__ and not SCALAR_FUNCTIONS[name].constants:
        assert activations.activation_ops(name) == (Activation(name),)
        example = doctest.DocTestParser().get_doctest(function.__doc__, {name: function}, name, None, None)
        assert example.examples
        assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize("name", [name for name, record in SCALAR_FUNCTIONS.items() if not record.activation])
def test_every_other_function_is_an_operation(name):
    arguments = {"clip": (-1.0, 2.0), "power": (2.5,)}.get(name, ())
    x = points(name).astype("float32")
    np.testing.assert_allclose(getattr(ops, name)(x, *arguments), numpy_math.value(name, x, *arguments), rtol=1e-6)


def test_saturated_activations_are_flat():
    for name, record in SCALAR_FUNCTIONS.items():
        if record.saturated:
            found = numpy_math.value(name, np.array([-30.0, 30.0]))
            assert found[0] <= record.saturated[0]
            assert found[1] >= record.saturated[1]
