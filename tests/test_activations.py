"""Activations beside Keras: numbers, and what they become in a graph."""

import keras
import numpy as np
import pytest

from konv import activations
from konv.activations import activation_ops
from konv.errors import KonvError, UnsupportedError
from konv.ir.ops import Activation, Softmax

NAMES = ["linear", "relu", "sigmoid", "tanh", "softmax", "log_softmax", "softplus", "softsign", "elu", "selu", "gelu",
         "silu", "swish", "leaky_relu", "relu6", "exponential", "hard_sigmoid", "hard_silu", "hard_swish", "mish", "celu",
         "hard_shrink", "hard_tanh", "log_sigmoid", "soft_shrink", "sparse_plus", "sparse_sigmoid", "squareplus",
         "tanh_shrink"]

X = np.concatenate([np.linspace(-9, 9, 186), [0.0, -0.0, -50.0, 50.0]]).astype(np.float32).reshape(5, 38)


@pytest.mark.parametrize("name", NAMES)
def test_numbers(name):
    ours, theirs = activations.get(name)(X), keras.activations.get(name)(X)
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "arguments"), [
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 2.0}),
    ("relu", {"max_value": 6}),
    ("relu", {"threshold": 0.5}),
    ("relu", {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("elu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}),
    ("celu", {"alpha": 0.5}),
    ("glu", {"axis": -1}),
    ("hard_shrink", {"threshold": 0.3}),
    ("soft_shrink", {"threshold": 0.3}),
    ("squareplus", {"b": 1}),
    ("threshold", {"threshold": 0.3, "default_value": -2.0}),
])
def test_arguments(name, arguments):
    ours, theirs = getattr(activations, name)(X, **arguments), getattr(keras.activations, name)(X, **arguments)
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_large_numbers_stay_finite(name):
    if name != "exponential":
        assert np.isfinite(activations.get(name)(np.array([[-1e4, 1e4]], np.float32))).all()


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    ours, theirs = activations.get(name), keras.activations.get(name)
    assert activations.serialize(ours) == keras.activations.serialize(theirs)
    assert activations.deserialize(activations.serialize(ours)) is ours


@pytest.mark.parametrize(("identifier", "ops"), [
    (None, ()),
    ("linear", ()),
    ("relu", (Activation("relu"),)),
    (activations.relu, (Activation("relu"),)),
    ("leaky_relu", (Activation("relu", (np.inf, 0.2, 0.0)),)),
    ("relu6", (Activation("relu", (6.0, 0.0, 0.0)),)),
    ("elu", (Activation("elu", (1.0,)),)),
    ("gelu", (Activation("gelu", (0.0,)),)),
    ("swish", (Activation("silu"),)),
    ("hard_swish", (Activation("hard_silu"),)),
    ("softmax", (Softmax(),)),
    ("log_softmax", (Softmax(log=True),)),
    ({"class_name": "function", "config": "tanh", "module": "builtins"}, (Activation("tanh"),)),
])
def test_lowering(identifier, ops):
    assert activation_ops(identifier) == ops


@pytest.mark.parametrize(("identifier", "error", "fragment"), [
    ("sigmoyd", KonvError, "did you mean 'sigmoid'"),
    ("zzz", KonvError, "there are: linear, relu"),
    ("sparsmax", KonvError, "did you mean 'sparsemax'"),
    (np.tanh, UnsupportedError, "konv.activations"),
    (3, UnsupportedError, "activation=3"),
    ([], UnsupportedError, "activation=[]"),
])
def test_what_is_no_activation(identifier, error, fragment):
    with pytest.raises(error) as raised:
        activations.get(identifier)
    assert fragment in str(raised.value)
