"""The layers Lambda and Dot beside Keras."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError, UnsupportedError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def scaled(x, by=2.0):
    return x * by - 1.0


def distance(pair):
    first, second = pair
    return (first - second) ** 2


def model(library):
    x = library.Input((6,))
    y = library.layers.Lambda(scaled, arguments={"by": 3.0}, name="scaled")(x)
    y = library.layers.Lambda(distance, output_shape=(6,), name="distance")([x, y])
    return library.Model(x, library.layers.Dense(2, name="head")(y))


@pytest.mark.parametrize(("writer", "reader"), [(konv, konv), (konv, keras), (keras, konv)])
def test_files(tmp_path, writer, reader):
    made = model(writer)
    made.save(tmp_path / "m.keras")
    again = reader.models.load_model(tmp_path / "m.keras", custom_objects={"scaled": scaled, "distance": distance})
    x = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    np.testing.assert_allclose(again(x), made(x), rtol=1e-5, atol=1e-6)


def test_config():
    assert model(konv).get_layer("scaled").get_config() == model(keras).get_layer("scaled").get_config()


def test_a_function_that_is_not_given_back(tmp_path):
    model(konv).save(tmp_path / "m.keras")
    with pytest.raises(UnsupportedError, match="custom_objects={'scaled'"):
        konv.models.load_model(tmp_path / "m.keras")


def test_training():
    layer = konv.layers.Lambda(lambda x, training=False: x * 2 if training else x)
    assert layer(np.ones((1, 2)), training=True).tolist() == [[2, 2]]
    assert layer(np.ones((1, 2))).tolist() == [[1, 1]]


@pytest.mark.parametrize(("make", "error", "fragment"), [
    (lambda: konv.layers.Lambda(3), KonvError, "got 3"),
    (lambda: konv.layers.Lambda(lambda x: x).get_config(), KonvError, "define it with def"),
    (lambda: konv.layers.Lambda(scaled, output_shape=(3,))(np.ones((1, 2))), ShapeError, "output_shape"),
    (lambda: konv.layers.Lambda(scaled, output_shape=lambda s: (s[0], 3))(np.ones((1, 2))), ShapeError, "output_shape"),
    (lambda: konv.layers.Lambda(scaled, output_shape=2), KonvError, "output_shape must be a tuple"),
    (lambda: konv.layers.Lambda(np.tanh)(konv.Input((2,))), UnsupportedError, "konv.ops.tanh"),
    (lambda: konv.layers.Lambda(scaled, mask=1), UnsupportedError, "mask=1"),
])
def test_refused(make, error, fragment):
    with pytest.raises(error, match=fragment):
        make()


@pytest.mark.parametrize(("axes", "normalize", "shapes"), [
    (1, False, ((5,), (5,))),
    (-1, True, ((5,), (5,))),
    ((1, 2), False, ((3, 5), (4, 3))),
    ((2, 1), True, ((3, 5), (5,))),
    ((-1, 1), False, ((2, 3, 5), (5, 2, 4))),
])
def test_dot(axes, normalize, shapes):
    x = [np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32) for shape in shapes]
    ours, theirs = (library.layers.Dot(axes, normalize, name="it") for library in (konv, keras))
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5, atol=1e-6)
    assert ours.get_config() == theirs.get_config()


@pytest.mark.parametrize(("axes", "shapes", "fragment"), [
    (0, ((5,), (5,)), "axes=0"), (1, ((5,), (4,)), "5 and 4"), (2, ((5,), (5,)), "do not exist"), ("a", (), "got 'a'"),
    (1, ((5,),), "list of two"),
])
def test_dot_refused(axes, shapes, fragment):
    with pytest.raises(KonvError, match=fragment):
        konv.layers.Dot(axes)([np.ones((2, *shape), np.float32) for shape in shapes])
