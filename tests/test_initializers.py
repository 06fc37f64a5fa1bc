"""Initializers beside Keras: configs, distributions, seeds."""

import keras
import numpy as np
import pytest

from konv import initializers
from konv.errors import KonvError, UnsupportedError

RANDOM = ["random_normal", "random_uniform", "truncated_normal", "variance_scaling", "glorot_uniform", "glorot_normal",
          "he_uniform", "he_normal", "lecun_uniform", "lecun_normal"]
NAMES = [*RANDOM, "zeros", "ones", "orthogonal", "Zeros", "GlorotUniform", "zero", "one", "normal", "uniform"]

# class, arguments
CASES = [
    *((name, {}) for name in ("Zeros", "Ones", "Orthogonal", "GlorotUniform", "HeNormal", "LecunNormal")),
    ("Constant", {"value": 0.5}),
    ("RandomNormal", {"mean": 1.0, "stddev": 2.0, "seed": 3}),
    ("RandomUniform", {"minval": -3.0, "maxval": 1.0}),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 2.0}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_avg", "distribution": "untruncated_normal", "seed": 1}),
    ("VarianceScaling", {"distribution": "normal", "input_axes": [0], "output_axes": [1]}),
    ("GlorotNormal", {"seed": 5}),
    ("HeUniform", {"input_axes": [0], "output_axes": [1]}),
    ("LecunUniform", {"seed": 5}),
    ("Orthogonal", {"gain": 0.5, "seed": 2}),
]


def test_arrays_of_other_libraries():
    given = keras.ops.convert_to_tensor([[1.0, 2.0]])
    np.testing.assert_array_equal(initializers.get(given)((1, 2)), [[1.0, 2.0]])


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    assert initializers.serialize(initializers.get(name)) == keras.initializers.serialize(keras.initializers.get(name))


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_config(name, arguments):
    ours, theirs = (getattr(library, name)(**arguments) for library in (initializers, keras.initializers))
    written = keras.initializers.serialize(theirs)
    assert initializers.serialize(ours) == written
    assert initializers.serialize(initializers.get(written)) == written
    assert initializers.serialize(ours.clone()) == written


@pytest.mark.parametrize("shape", [(200, 300), (3, 3, 60, 80), (5, 5, 1, 2000), (60000,)])
@pytest.mark.parametrize(("name", "arguments"), [case for case in CASES if case[0] not in ("Constant", "Orthogonal")])
def test_distribution(name, arguments, shape):
    if "input_axes" in arguments:
        shape = (200, 300)
    libraries = (initializers, keras.initializers)
    ours, theirs = (np.asarray(getattr(library, name)(**arguments)(shape)) for library in libraries)
    assert ours.shape == shape
    assert ours.dtype == np.float32
    spread = float(theirs.std())
    error = spread / np.sqrt(ours.size)
    assert abs(ours.mean() - theirs.mean()) <= 8 * error
    assert abs(ours.std() - spread) <= 8 * error
    # the same shape of distribution: the deciles agree
    tenths = np.linspace(0, 1, 11)[1:-1]
    np.testing.assert_allclose(np.quantile(ours, tenths), np.quantile(theirs, tenths), atol=0.03 * spread + 1e-12)
    np.testing.assert_allclose([ours.min(), ours.max()], [theirs.min(), theirs.max()], atol=0.9 * spread + 1e-12)


def test_identity_keeps_its_gain():
    written = initializers.serialize(initializers.Identity(2.0))  # Keras forgets it when writing, but reads it
    for library in (initializers, keras.initializers):
        assert library.get(written).gain == 2.0


@pytest.mark.parametrize("shape", [(5, 5), (6, 3), (3, 6), (3, 3, 2, 4), (2, 2, 3, 40)])
def test_orthogonal(shape):
    matrix = initializers.Orthogonal(gain=2.0, seed=1)(shape).reshape(-1, shape[-1])
    product = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


@pytest.mark.parametrize(("initializer", "shape"), [
    (("Constant", {"value": 0.5}), (2, 3)), (("Constant", {"value": [1.0, 2.0]}), (3, 2)),
    (("Identity", {"gain": 2.0}), (2, 3)), (("Zeros", {}), ()), (("Ones", {}), (0, 3)),
])
def test_fixed_numbers(initializer, shape):
    name, arguments = initializer
    ours, theirs = (getattr(library, name)(**arguments)(shape) for library in (initializers, keras.initializers))
    np.testing.assert_array_equal(ours, np.asarray(theirs))


@pytest.mark.parametrize("name", [*RANDOM, "orthogonal"])
def test_seeds(name):
    cls = getattr(initializers, name)
    first, again, other, free = cls(seed=1), cls(seed=1), cls(seed=2), cls()
    assert (first((4, 5)) == first((4, 5))).all(), "one instance, the same numbers at every call, as in Keras"
    assert (first((4, 5)) == again((4, 5))).all()
    assert not (first((4, 5)) == other((4, 5))).any()
    assert (free((4, 5)) == free((4, 5))).all()
    assert not (free((4, 5)) == cls()((4, 5))).any()


def test_fans():
    from keras.src.initializers.random_initializers import compute_fans

    for shape in [(), (5,), (5, 6), (3, 3, 5, 6), (3, 3, 6, 1), (2, 3, 4, 5, 6)]:
        assert initializers.compute_fans(shape) == compute_fans(shape)


def test_an_array_and_a_function_are_initializers():
    values = np.arange(6.0).reshape(2, 3)
    assert (initializers.get(values)((2, 3)) == values).all()
    with pytest.raises(KonvError, match=r"\(2, 3\).*\(3, 2\)"):
        initializers.get(values)((3, 2))
    ones = initializers.get(lambda shape, dtype=None: np.ones(shape, dtype))
    assert ones((2,)).sum() == 2


@pytest.mark.parametrize(("make", "fragments"), [
    (lambda: initializers.get("glorot_unifrom"), ["glorot_unifrom", "did you mean", "glorot_uniform"]),
    (lambda: initializers.get(3), ["3", "initializer"]),
    (lambda: initializers.get({"config": {}}), ["class_name"]),
    (lambda: initializers.VarianceScaling(scale=0), ["VarianceScaling", "scale", "0"]),
    (lambda: initializers.VarianceScaling(mode="fan"), ["mode", "fan_in", "'fan'"]),
    (lambda: initializers.VarianceScaling(distribution="cauchy"), ["distribution", "'cauchy'"]),
    (lambda: initializers.HeNormal(seed=1.5), ["HeNormal", "seed", "1.5"]),
    (lambda: initializers.Identity()((2, 3, 4)), ["Identity", "(2, 3, 4)"]),
    (lambda: initializers.Orthogonal()((3,)), ["Orthogonal", "(3,)"]),
])
def test_errors(make, fragments):
    with pytest.raises(KonvError) as error:
        make()
    assert all(fragment in str(error.value) for fragment in fragments), str(error.value)


def test_seed_generators_are_not_supported_yet():
    with pytest.raises(UnsupportedError, match="SeedGenerator"):
        initializers.HeNormal(seed={"class_name": "SeedGenerator", "config": {}})
