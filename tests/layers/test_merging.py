"""Layers that bring inputs together, beside Keras: outputs, weights after three steps, files, errors."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import ShapeError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # jax

NAMES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")


def model(k, name, first):
    """Branches of one shape, and one that is repeated over the image."""
    layers, form = k.layers, "channels_first" if first else "channels_last"
    source = k.Input((3, 7, 6) if first else (7, 6, 3))
    kinds = {"data_format": form, "padding": "same"}
    x, y, z = (layers.Conv2D(4, 3, activation=activation, **kinds)(source) for activation in ("relu", "tanh", None))
    merge = getattr(layers, name)
    merge = merge(axis=1 if first else -1) if name == "Concatenate" else merge()
    x = merge([x, y] if name == "Subtract" else [x, y, z, y])
    if name not in ("Concatenate", "Subtract"):
        share = layers.GlobalAveragePooling2D(data_format=form, keepdims=True)(y)
        x = getattr(layers, name)()([x, share])
    x = layers.ZeroPadding2D(((1, 0), (0, 2)), data_format=form)(x)
    x = layers.PReLU(shared_axes=[1, 2], alpha_initializer="ones")(layers.Cropping2D(1, data_format=form)(x))
    return k.Model(source, layers.Dense(2)(layers.Reshape((-1,))(layers.Permute((2, 1, 3))(x))))


@pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
@pytest.mark.parametrize("name", NAMES)
def test_three_steps(name, first):
    random = np.random.default_rng(0)
    theirs, ours = model(keras, name, first), model(konv, name, first)
    ours.set_weights(theirs.get_weights())
    x = random.standard_normal((6, *ours.input_shape[1:])).astype(np.float32)
    y = random.standard_normal((6, 2)).astype(np.float32)
    np.testing.assert_allclose(ours.predict(x, verbose=0), np.asarray(theirs(x)), rtol=1e-4, atol=1e-5)
    for k, net in ((keras, theirs), (konv, ours)):
        net.compile(k.optimizers.SGD(0.05), "mse")
        for _ in range(3):
            net.train_on_batch(x, y)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_files(name, tmp_path):
    ours, theirs = model(konv, name, False), model(keras, name, False)
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    x = np.random.default_rng(0).standard_normal((3, 7, 6, 3)).astype(np.float32)
    expected = keras.models.load_model(tmp_path / "ours.keras").predict(x, verbose=0)
    np.testing.assert_allclose(ours.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
    found = konv.models.load_model(tmp_path / "theirs.keras").predict(x, verbose=0)
    np.testing.assert_allclose(found, theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_functions(name):
    x = np.random.default_rng(0).standard_normal((2, 2, 3)).astype(np.float32)
    theirs = getattr(keras.layers, name.lower())([x[:1], x[1:]])
    np.testing.assert_allclose(getattr(konv.layers, name.lower())([x[:1], x[1:]]), theirs, rtol=1e-6)


@pytest.mark.parametrize(("call", "message"), [
    (lambda k: k.Add()([np.ones((1, 3)), np.ones((1, 4))]), "Add .*must be equal or 1"),
    (lambda k: k.Subtract()([np.ones((1, 3))] * 3), "exactly two inputs, got 3"),
    (lambda k: k.Multiply()([np.ones((1, 3))]), "at least 2 inputs, got 1"),
    (lambda k: k.Multiply()(np.ones((1, 3))), "takes a list of inputs"),
    (lambda k: k.Concatenate(axis=0)([np.ones((1, 3))] * 2), "axis=0 is the batch axis"),
    (lambda k: k.Concatenate()([np.ones((1, 3, 3)), np.ones((1, 4, 3))]), "equal shapes but for axis -1"),
    (lambda k: k.Concatenate()([np.ones((1, 3, 3)), np.ones((1, 3))]), "equally many axes"),
    (lambda k: k.Reshape((5, -1))(np.ones((1, 3, 4))), "do not fit target_shape"),
    (lambda k: k.Reshape((-1, -1)), "one of which may be -1"),
    (lambda k: k.Permute((1, 3)), "dims must be the numbers from 1 on"),
    (lambda k: k.Permute((2, 1))(np.ones((1, 3, 4, 5))), "those of an input of 3 axes"),
    (lambda k: k.ZeroPadding2D((1, 2, 3)), "padding must be an integer from 0 on"),
    (lambda k: k.Cropping2D(3)(np.ones((1, 5, 5, 1))), "leaves nothing of an input"),
    (lambda k: k.PReLU(shared_axes="all"), "shared_axes must be integers"),
])
def test_refused(call, message):
    with pytest.raises((ShapeError, konv.errors.KonvError), match=message):
        call(konv.layers)
