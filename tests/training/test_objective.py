"""Penalties on what layers give, beside Keras on JAX: losses and weights, step by step."""

import keras
import numpy as np
import pytest

import konv
from tests.oracle import check_fit


def chain(library):
    """A layer in the middle, one at the end, and one on a tensor that is an output too."""
    layers = library.layers
    return library.Sequential([
        library.Input((8, 8, 2)),
        layers.Conv2D(4, 3, activation="relu", activity_regularizer=library.regularizers.L1L2(0.1, 0.02)),
        layers.ActivityRegularization(l2=0.05), layers.Flatten(), layers.Dense(3, activity_regularizer="l2")])


def shared(library):
    """One layer on two inputs, in a branch, and a layer of the user's around another."""
    class Around(library.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(activity_regularizer=library.regularizers.L2(0.1), **kwargs)
            self.inner = library.layers.Dense(3)

        def call(self, x):
            return self.inner(x)

    x = library.Input((8, 8, 2))
    convolution = library.layers.Conv2D(2, 3, padding="same", activity_regularizer="l1")
    y = library.layers.Add()([convolution(convolution(x)), x])
    return library.Model(x, Around()(library.layers.GlobalAveragePooling2D()(y)))


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize("make", [chain, shared], ids=lambda make: make.__name__)
def test_like_keras(make):
    ours, theirs = make(konv), make(keras)
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(12, 8, 8, 2)).astype(np.float32), draw.normal(size=(12, 3)).astype(np.float32)
    check_fit(ours, theirs, x, y, 8)
    assert ours.predict(x, verbose=0).shape == ours.predict_on_batch(x).shape == ours(x).shape == (12, 3)
