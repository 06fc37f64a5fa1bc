"""The functions of konv.ops that put parts elsewhere, and what is for arrays alone, beside Keras on JAX."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError

X = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")

ON_BOTH = [
    lambda ops, x: ops.split(x, 3, axis=-1)[1],
    lambda ops, x: ops.split(x, [1, 4], axis=2)[1],
    lambda ops, x: ops.unstack(x, axis=1)[2],
    lambda ops, x: ops.flip(x, axis=1),
    lambda ops, x: ops.flip(x, axis=(1, -1)),
    lambda ops, x: ops.roll(x, 2, axis=-1),
    lambda ops, x: ops.roll(x, -1, axis=1),
    lambda ops, x: ops.tile(x, (1, 2, 1)),
    lambda ops, x: ops.take(x, [3, 0, 0], axis=1),
    lambda ops, x: ops.take(x, -1, axis=2),
    lambda ops, x: ops.moveaxis(x, -1, 1),
    lambda ops, x: ops.concatenate(ops.moments(x, axes=[1]), axis=-1),
    lambda ops, x: ops.moments(x, axes=[1, 2], keepdims=True)[1],
    lambda ops, x: ops.full_like(x, 3.0) * x,
    lambda ops, x: ops.tan(x) + ops.sinh(x) - ops.cosh(x),
    lambda ops, x: ops.nn.relu(x) + ops.numpy.square(x),
    lambda ops, x: ops.max(x, axis=-1, initial=0.5),
    lambda ops, x: ops.image.resize(ops.expand_dims(x, -1), (8, 9)),
    lambda ops, x: ops.image.rgb_to_grayscale(ops.stack([x, x, 2 * x], axis=-1)),
    lambda ops, x: ops.stop_gradient(x) * x,
    lambda ops, x: ops.where(x > 0, ops.log(x), 0.5),
    lambda ops, x: ops.where(x[:, :, :1] > 0, x, ops.sqrt(x[:, :1])),
]


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_on_arrays_and_on_tensors():
    results = []
    for library in (konv, keras):
        x = library.Input((4, 6))
        model = library.Model(x, [function(library.ops, x) for function in ON_BOTH])
        results.append([*map(np.asarray, model(X)), *(np.asarray(function(library.ops, X)) for function in ON_BOTH)])
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_broadcast_to():
    x = konv.Input((1, 6))
    model = konv.Model(x, konv.ops.broadcast_to(x, (None, 3, 6)))
    np.testing.assert_array_equal(model(X[:, :1]), np.broadcast_to(X[:, :1], (2, 3, 6)))


ON_ARRAYS = {
    "round": (X * 3,), "floor": (X,), "ceil": (X,), "sort": (X, 1), "argsort": (X,), "argmin": (X, 1), "cumsum": (X, 1),
    "mod": (X, 2.0), "floor_divide": (X, 0.5), "median": (X, 1), "einsum": ("nab,ncb->nac", X, X), "erf": (X,),
    "isnan": (X,), "isinf": (X,),
    "isfinite": (X,), "all": (X > 0, 1), "any": (X > 0, 1), "linspace": (0, 1, 5), "eye": (3,), "zeros": ((2, 3),),
    "ones": ((2,),), "full": ((2,), 3.0), "array": ([1.0, 2.0],), "where": (X > 0,), "top_k": (X, 2),
    "outer": (X[0, 0], X[0, 1]),
    "take_along_axis": (X, np.argsort(X, -1), -1), "concatenate": ([X, X],), "arange": (1, 7, 2), "allclose": (X, X),
}


@pytest.mark.parametrize("name", ON_ARRAYS)
def test_on_arrays(name):
    mine, theirs = (getattr(library.ops, name)(*ON_ARRAYS[name]) for library in (konv, keras))
    for one, wanted in zip(*([made] if not isinstance(made, (list, tuple)) else made for made in (mine, theirs)), strict=True):
        wanted = np.asarray(wanted)
        np.testing.assert_allclose(one, wanted, rtol=1e-5, atol=1e-6)
        if name != "arange":
            assert np.asarray(one).dtype == wanted.dtype


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_no_gradient_goes_back():
    """A straight-through estimator: what is rounded in one direction is the identity in the other."""
    weights = []
    for library in (konv, keras):
        x = library.Input((6,))
        y = library.layers.Dense(3, kernel_initializer="ones")(x)
        step = library.ops.where(y > 0, 1.0, -1.0)
        model = library.Model(x, y + library.ops.stop_gradient(step - y))
        model.compile(library.optimizers.SGD(0.1), "mse")
        model.fit(X[0], X[0, :, :3], verbose=0)
        weights.append(model.get_weights())
        assert set(np.unique(np.asarray(model(X[0])).round(5))) <= {-1, 1}
    for mine, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("call", "words"), [
    (lambda ops, x: ops.concatenate([x, x]), ["axis=0", "batch", "axis=-1"]),
    (lambda ops, x: ops.split(x, 4, axis=-1), ["6", "4 equal parts"]),
    (lambda ops, x: ops.split(x, 2), ["axis=0", "not known"]),
    (lambda ops, x: ops.round(x), ["round", "arrays"]),
    (lambda ops, x: ops.take(x, [0], None), ["take", "axis"]),
    (lambda ops, x: ops.unstack(x, axis=3), ["axis=3", "(None, 4, 6)"]),
    (lambda ops, x: ops.zeros(ops.shape(x)), ["open", "zeros_like"]),
    (lambda ops, x: ops.where(x > 0), ["where", "x1="]),
    (lambda ops, x: ops.image.resize(x, 4), ["resize"]),
    (lambda ops, x: ops.convert_to_tensor(x, sparse=True), ["sparse=True", "dense"]),
])
def test_errors(call, words):
    with pytest.raises((KonvError, TypeError)) as error:
        call(konv.ops, konv.Input((4, 6)))
    assert all(word in str(error.value) for word in words) or words == ["resize"], str(error.value)


@pytest.mark.parametrize("call", [lambda ops, kind: ops.zeros_like(X, kind), lambda ops, kind: ops.ones_like(X, kind),
                                  lambda ops, kind: ops.full_like(X, 2, kind),
                                  lambda ops, kind: ops.one_hot([1, 0], 3, dtype=kind)])
@pytest.mark.parametrize("kind", ["int32", "bool", None])
def test_types_that_are_asked_for(call, kind):
    ours, theirs = call(konv.ops, kind), np.asarray(call(keras.ops, kind))
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
