"""Where weights are, as `variable.path` says, beside Keras; and layers of the same names in models side by side."""

import keras
import numpy as np
import pytest

import konv


def nested(library):
    dense = library.layers.Dense
    inner = library.Sequential([dense(2), dense(3)])
    model = library.Sequential([dense(4), inner, library.layers.BatchNormalization()])
    model.build((None, 3))
    return model


def tower(library, name):
    x = library.Input((4,))
    return library.Model(x, library.layers.Dense(2, name="out")(library.layers.Dense(3, name="fc")(x)), name=name)


def twins(library):
    x, y = library.Input((4,)), library.Input((4,))
    return library.Model([x, y], library.layers.Concatenate()([tower(library, "a")(x), tower(library, "b")(y)]))


def twin_chains(library):
    x = library.Input((4,))
    chain = lambda name: library.Sequential([library.Input((4,)), library.layers.Dense(3, name="fc")], name=name)  # noqa: E731
    return library.Model(x, library.layers.Add()([chain("a")(x), chain("b")(x)]))


def subclassed(library):
    class Block(library.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.chain, self.last = library.Sequential([library.layers.Dense(2)]), library.layers.Dense(3, name="fc")

        def call(self, x):
            return self.last(self.chain(x))
    return library.Sequential([library.Input((3,)), Block(), Block(name="second"), library.layers.Dense(1)])


@pytest.mark.parametrize("make", [nested, twins, twin_chains, subclassed])
def test_paths_are_those_of_keras(make):
    for library in (konv, keras):
        library.utils.clear_session()
    ours, theirs = make(konv), make(keras)
    assert [weight.path for weight in ours.weights] == [weight.path for weight in theirs.weights]
    keys = [weight.key for weight in ours.weights]
    assert len(set(keys)) == len(keys)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_twins_learn_like_keras():
    ours, theirs = twins(konv), twins(keras)
    theirs.set_weights(ours.get_weights())
    draw = np.random.default_rng(0)
    x, y = [draw.normal(size=(8, 4)).astype("float32") for _ in range(2)], draw.normal(size=(8, 4)).astype("float32")
    for model in (ours, theirs):
        model.compile("sgd", "mse")
        model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    for mine, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-6)


def test_a_model_goes_on_learning_when_another_takes_it_in():
    alone, x, y = tower(konv, "b"), np.ones((4, 4), "float32"), np.zeros((4, 2), "float32")
    alone.compile("sgd", "mse")
    losses = alone.fit(x, y, verbose=0).history["loss"]
    source = konv.Input((4,))
    konv.Model(source, konv.layers.Add()([tower(konv, "a")(source), alone(source)]))
    losses += alone.fit(x, y, epochs=2, verbose=0).history["loss"]
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == 3
