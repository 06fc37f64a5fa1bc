"""Activations that are not one operation of the engine: composed ones, functions of the user's, layers."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError, UnsupportedError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

NAMES = ("celu", "hard_shrink", "hard_tanh", "log_sigmoid", "soft_shrink", "sparse_plus", "sparse_sigmoid", "squareplus",
         "tanh_shrink")


def wavy(library):
    def wavy(x):
        return x * library.ops.sigmoid(x) + 0.1 * library.ops.square(x)

    return wavy


def branches(library):
    """A model with a layer for each of these activations, and one for a function, a layer and a call each."""
    x = library.Input((5, 5, 2))
    given = [*NAMES, wavy(library), library.layers.LeakyReLU(0.2)]
    parts = [library.layers.Conv2D(4, 2, activation=activation)(x) for activation in given]
    parts += [library.layers.Activation("celu")(x)[:, :4, :4], library.activations.threshold(x, 0.2, 0.5)[:, 1:, 1:],
              library.activations.glu(x)[:, 1:, 1:]]
    return library.Model(x, library.layers.Dense(3)(library.layers.Flatten()(library.layers.Concatenate()(parts))))


@pytest.fixture(scope="module")
def both():
    keras.utils.clear_session()
    ours, theirs = branches(konv), branches(keras)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def test_like_keras(both):
    ours, theirs = both
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(6, 5, 5, 2)).astype(np.float32), draw.normal(size=(6, 3)).astype(np.float32)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-5)
    for model, library in ((ours, konv), (theirs, keras)):
        model.compile(library.optimizers.SGD(0.01), "mse")
        model.train_on_batch(x, y)
    for mine, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("writer", "reader"), [(0, konv), (0, keras), (1, konv)])
def test_files(both, tmp_path, writer, reader):
    both[writer].save(tmp_path / "model.keras")
    again = reader.models.load_model(tmp_path / "model.keras", custom_objects={"wavy": wavy(reader)})
    x = np.random.default_rng(1).normal(size=(2, 5, 5, 2)).astype(np.float32)
    np.testing.assert_allclose(again(x), both[0](x), rtol=1e-4, atol=1e-5)


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    """By its definition: Keras 3.15 has another threshold where more than one number stays above zero."""
    x = np.random.default_rng(2).normal(size=(40, 7)).astype(np.float32)
    ordered = -np.sort(-x, axis=-1)
    sums, count = np.cumsum(ordered, -1) - 1, np.arange(1, 8)
    kept = np.sum(ordered > sums / count, -1, keepdims=True)
    wanted = np.maximum(x - np.take_along_axis(sums, kept - 1, -1) / kept, 0)
    np.testing.assert_allclose(konv.activations.sparsemax(x), wanted, atol=1e-6)
    model = konv.Sequential([konv.Input((7,)), konv.layers.Activation("sparsemax")])
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, atol=1e-6)


def test_rescaling_of_each_channel_with_the_channels_first():
    x = np.random.default_rng(3).uniform(0, 255, (2, 3, 4, 5)).astype(np.float32)
    konv.config.set_image_data_format("channels_first")
    try:
        layer = konv.layers.Rescaling([1.0, 2.0, 3.0], offset=[0.0, 1.0, -1.0])
        wanted = x * np.reshape([1.0, 2.0, 3.0], (3, 1, 1)) + np.reshape([0.0, 1.0, -1.0], (3, 1, 1))
        np.testing.assert_allclose(layer(x), wanted, rtol=1e-6)
        with pytest.raises(KonvError, match="axis of the channels"):
            layer.compute_output_shape((None, 4, 5, 3))
    finally:
        konv.config.set_image_data_format("channels_last")


def test_explanation():
    layer = konv.layers.Dense(3, activation="celu")
    layer.build((None, 2))
    assert "expm1" in layer.explain()  # which it is made of


@pytest.mark.parametrize(("activation", "error", "fragment"), [
    (lambda x: 3, KonvError, "must return a tensor"),
    (lambda x: np.tanh(x), UnsupportedError, "konv.ops.tanh"),
    (konv.layers.PReLU(), UnsupportedError, "PReLU"),
    ("glu", KonvError, "even size"),
])
def test_refused(activation, error, fragment):
    with pytest.raises(error, match=fragment):
        konv.layers.Dense(3, activation=activation).build((None, 2))


def test_a_nameless_function_is_not_written():
    with pytest.raises(KonvError, match="define it with def"):
        konv.layers.Dense(3, activation=lambda x: x * 2).get_config()
