"""Regularizers beside Keras: penalties, gradients (by JAX), configs."""

import jax
import keras
import numpy as np
import pytest

from konv import regularizers
from konv.errors import KonvError, ShapeError, UnsupportedError

CASES = [
    ("L1", {}), ("L1", {"l1": 0.3}), ("L2", {}), ("L2", {"l2": 0.3}), ("L1L2", {}), ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("L1L2", {"l1": 0.1}), ("L1L2", {"l2": 0.1}), ("L2", {"l2": None}),
]
ORTHOGONAL = [("OrthogonalRegularizer", {"factor": 0.2}), ("OrthogonalRegularizer", {"mode": "columns"})]


@pytest.mark.parametrize(("name", "arguments"), CASES + ORTHOGONAL)
def test_penalty_gradient_and_config(name, arguments):
    ours, theirs = (getattr(library, name)(**arguments) for library in (regularizers, keras.regularizers))
    x = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    np.testing.assert_allclose(ours(x), float(theirs(jax.numpy.asarray(x))), rtol=1e-5)
    assert isinstance(ours(x), float)
    np.testing.assert_allclose(ours.gradient(x), np.asarray(jax.grad(theirs)(x)), rtol=1e-4, atol=1e-7)
    assert ours.gradient(x).dtype == np.float32
    written = keras.regularizers.serialize(theirs)
    assert regularizers.serialize(ours) == written
    assert regularizers.serialize(regularizers.get(written)) == written


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_four_axes(name, arguments):
    ours, theirs = (getattr(library, name)(**arguments) for library in (regularizers, keras.regularizers))
    x = np.random.default_rng(0).standard_normal((3, 3, 5, 4)).astype(np.float32)
    np.testing.assert_allclose(ours(x), float(theirs(x)), rtol=1e-5)
    np.testing.assert_allclose(ours.gradient(x), np.asarray(jax.grad(theirs)(x)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["l1", "l2", "L1", "L2", "L1L2", "l1l2", "orthogonal_regularizer"])
def test_names(name):
    assert regularizers.serialize(regularizers.get(name)) == keras.regularizers.serialize(keras.regularizers.get(name))


def test_one_row_has_no_pairs():
    assert regularizers.OrthogonalRegularizer()(np.ones((1, 4))) == 0


def test_of_your_own():
    class Cube(regularizers.Regularizer):
        def __call__(self, x):
            return float((x**3).sum())

        def gradient(self, x):
            return 3 * x**2

    own = Cube()
    assert regularizers.get(own) is own
    assert regularizers.get(Cube)(np.array([2.0])) == 8


@pytest.mark.parametrize(("make", "error", "fragments"), [
    (lambda: regularizers.L2(-1), KonvError, ["L2", "l2", ">= 0", "-1"]),
    (lambda: regularizers.L1(float("nan")), KonvError, ["L1", "nan"]),
    (lambda: regularizers.L1L2(l1="much"), KonvError, ["L1L2", "l1", "'much'"]),
    (lambda: regularizers.OrthogonalRegularizer(mode="rowz"), KonvError, ["mode", "'rowz'"]),
    (lambda: regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2))), ShapeError, ["(2, 2, 2)"]),
    (lambda: regularizers.get("l3"), KonvError, ["l3", "regularizer"]),
    (lambda: regularizers.get(lambda x: 0.0), UnsupportedError, ["gradient"]),
])
def test_errors(make, error, fragments):
    with pytest.raises(error) as raised:
        make()
    assert all(fragment in str(raised.value) for fragment in fragments), str(raised.value)
