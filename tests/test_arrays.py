"""Arrays of other libraries, wherever konv takes arrays: the same numbers as from NumPy."""

import numpy as np
import pandas as pd
import pytest

import konv
from konv.arrays import to_array
from konv.errors import KonvError, ShapeError

X = np.arange(24, dtype=np.float32).reshape(6, 4) / 8
Y = np.array([0, 1, 1, 0, 1, 0])


class Capsule:
    """What has DLPack and nothing else."""

    def __init__(self, array):
        self.array = np.array(array)

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Lazy:
    """What has __array__ and nothing else."""

    def __init__(self, array):
        self.array = np.array(array)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype)


class Tensor:
    """Behaves as a tensor of PyTorch does that needs a gradient, or has a type that NumPy does not know."""

    def __init__(self, array, dtype="torch.float32"):
        self.array, self.dtype, self.shape, self.ndim = np.array(array), dtype, np.shape(array), np.ndim(array)

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")

    __dlpack__ = __array__

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        return Tensor(self.array[index], self.dtype)

    def __float__(self):
        return float(self.array)

    def detach(self):
        return self

    def float(self):
        return Tensor(self.array)

    def numpy(self, force=False):
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        assert force
        return self.array


def jax(array):
    return pytest.importorskip("jax").numpy.asarray(array)


def torch(array):
    return pytest.importorskip("torch").tensor(array)


def frame(array):
    """The first column is of another type."""
    if array.ndim == 1:
        return pd.Series(array, index=range(10, 16))
    return pd.DataFrame(array).astype({0: "Float32"})


KINDS = {
    "list": lambda array: array.tolist(), "tuple": lambda array: tuple(map(tuple, array)) if array.ndim > 1 else tuple(array),
    "dlpack": Capsule, "__array__": Lazy, "tensor": Tensor, "bfloat16": lambda array: Tensor(array, "torch.bfloat16"),
    "pandas": frame, "objects": lambda array: array.astype(object), "Fortran": np.asfortranarray,
    "float16": lambda array: array.astype(np.float16), "strided": lambda array: np.repeat(array, 2, axis=0)[::2], "jax": jax,
    "jax bfloat16": lambda array: jax(array).astype("bfloat16"), "torch": torch,
    "torch transposed": lambda array: torch(array.T.copy()).t(), "torch float16": lambda array: torch(array).half(),
    "torch bfloat16": lambda array: torch(array).bfloat16(),
    "torch with gradient": lambda array: torch(array.astype(np.float32)).requires_grad_(),
}


@pytest.fixture(scope="module")
def model():
    model = konv.Sequential([konv.Input((4,)), konv.layers.Dense(2, activation="softmax")])
    model.compile(konv.optimizers.SGD(0.0), "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    return model


def results(model, x, y, weight, class_weight):
    """What every door gives; the learning rate is 0, so that nothing changes."""
    layer = model.layers[-1]
    model.set_weights([X[:4, :2], np.zeros(2)])
    history = model.fit(x, y, sample_weight=weight, validation_split=0.5, batch_size=2, shuffle=False, verbose=0).history
    return [layer(x), model(x), model.predict(x, verbose=0), model.predict_on_batch(x),
            *(history[name] for name in sorted(history)), model.evaluate(x, y, sample_weight=weight, verbose=0),
            model.test_on_batch(x, y), model.train_on_batch(x, y, weight),
            model.train_on_batch(x, y, class_weight=class_weight),
            model.fit(x, y, class_weight=class_weight, validation_data=(x, y, weight), verbose=0).history["val_loss"]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_door(model, kind):
    make = KINDS[kind]
    weight = np.array([1.0, 2, 0.5, 1, 0.25, 4])
    expected = results(model, X, Y, weight, {0: 0.5, 1: 2.0})
    found = results(model, make(X), make(Y), make(weight), {0: np.float32(0.5), 1: np.array(2.0)})
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["tensor", "bfloat16", "dlpack", "pandas", "torch with gradient", "jax"])
def test_lists_of_one_and_dicts_and_weights(model, kind):
    make = KINDS[kind]
    expected = model.predict(X, verbose=0)
    name = model.input_names[0]
    for x in ([make(X)], {name: make(X)}):
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    model.set_weights([make(np.ones((4, 2), np.float32)), make(np.ones(2, np.float32))] if kind != "pandas" else [
        pd.DataFrame(np.ones((4, 2))), pd.Series(np.ones(2))])
    np.testing.assert_array_equal(model.get_weights()[0], np.ones((4, 2)))
    model.layers[-1].kernel.assign(make(X[:4, :2]) if kind != "pandas" else X[:4, :2])
    np.testing.assert_array_equal(model.get_weights()[0], X[:4, :2])


@pytest.mark.parametrize(("value", "dtype"), [
    (pd.DataFrame({"a": [True, False], "b": [1, 2], "c": [0.5, 1]}), "float64"), (pd.Series([1, 2], dtype="Int64"), "int64"),
    (np.array([1, 2.5, True], object), "float64"), ([Tensor(row) for row in X], "float32"),
    ([Capsule(row) for row in X], "float32"), (Tensor(np.arange(3, dtype=np.uint8), "torch.uint8"), "uint8"),
    ([[1, 2], [3, 4]], "int64"),
])
def test_types(value, dtype):
    array = to_array(value, "here")
    assert array.dtype == dtype
    rows = value if isinstance(value, list) else [value]
    expected = [np.asarray(getattr(row, "array", row)).astype(dtype) for row in rows]
    np.testing.assert_array_equal(array, expected if rows is value else expected[0])


def test_nothing_is_copied_without_need():
    for value in (X, Capsule(X)):
        assert np.shares_memory(to_array(value, "here"), getattr(value, "array", value))


@pytest.mark.parametrize(("value", "message"), [
    (pd.Series(["a", "b"]), "must hold numbers, got an array of dtype"), (np.array([1, "2"], object), "dtype object"),
    (np.ones(2, complex), "dtype complex128"), (None, "dtype object"),
    ([[1], [1, 2]], "here: x is not an array: .*inhomogeneous"),
    (pd.Series(pd.to_datetime(["2020-01-01"])), "datetime64"), ({"a": 1}, "dtype object"),
    (Capsule(np.array(["a"])), "here: x is not an array"),
])
def test_no_numbers(value, message):
    with pytest.raises(KonvError, match=message):
        to_array(value, "here")


def test_weights_that_do_not_fit(model):
    with pytest.raises(ShapeError, match=r"shape \(4, 2\), got \(2, 4\)"):
        model.set_weights([Tensor(np.ones((2, 4))), Tensor(np.ones(2))])
    with pytest.raises(KonvError, match="must hold numbers"):
        model.set_weights([np.full((4, 2), "a"), np.ones(2)])
