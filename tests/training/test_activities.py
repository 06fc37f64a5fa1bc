"""Penalties on what layers give, beside Keras on JAX: losses and weights, step by step."""

import keras
import numpy as np
import pytest

import konv


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
    theirs.set_weights(ours.get_weights())
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(12, 8, 8, 2)).astype(np.float32), draw.normal(size=(12, 3)).astype(np.float32)
    histories = []
    for model, library in ((ours, konv), (theirs, keras)):
        model.compile(library.optimizers.SGD(0.01), "mse", metrics=["mae"])
        fitted = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
        histories.append([*fitted["loss"], *fitted["mae"], *model.evaluate(x[:5], y[:5], verbose=0)])
    np.testing.assert_allclose(*histories, rtol=1e-5)
    for mine, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-6)
    assert ours.predict(x, verbose=0).shape == ours.predict_on_batch(x).shape == ours(x).shape == (12, 3)
