"""Losses beside Keras on JAX: values, gradients, configs, errors."""

from dataclasses import replace

import jax
import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError, UnsupportedError

random = np.random.default_rng(0)
N, C = 12, 5


def softmax(x):
    powers = np.exp(x - x.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)


LOGITS = random.standard_normal((N, C)).astype(np.float32) * 3
PROBABILITIES = softmax(LOGITS)
UNNORMALISED = np.abs(LOGITS) + 0.1
EXTREME = PROBABILITIES.copy()
EXTREME[:3] = np.eye(C, dtype=np.float32)[:3]  # zeros and ones: clipped
LABELS = random.integers(0, C, N)
ONE_HOT = np.eye(C, dtype=np.float32)[LABELS]
SOFT = softmax(random.standard_normal((N, C)))
BINARY = random.integers(0, 2, (N, 1))
SIGMOID = random.random((N, 1)).astype(np.float32)
IMAGES = random.random((4, 3, 2, C)).astype(np.float32)
REAL = random.standard_normal((N, C)).astype(np.float32)
WEIGHTS = random.random(N).astype(np.float32)
UNIT = LOGITS / np.linalg.norm(LOGITS, axis=1, keepdims=True)

CASES = [
    ("MeanSquaredError", {}, REAL, LOGITS),
    ("MeanSquaredError", {}, REAL[:, 0], LOGITS[:, :1]),
    ("MeanSquaredError", {}, random.random((4, 3, 2)), IMAGES[..., :1]),
    ("MeanSquaredError", {}, IMAGES + 1, IMAGES),
    ("MeanAbsoluteError", {}, REAL, LOGITS),
    ("Huber", {}, REAL, LOGITS),
    ("Huber", {"delta": 0.3}, REAL, LOGITS),
    ("BinaryCrossentropy", {}, BINARY, SIGMOID),
    ("BinaryCrossentropy", {}, BINARY[:, 0], SIGMOID),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, ONE_HOT, PROBABILITIES),
    ("BinaryCrossentropy", {"from_logits": True}, ONE_HOT, LOGITS),
    ("BinaryCrossentropy", {"from_logits": True}, BINARY, LOGITS[:, :1] * 30),
    ("BinaryCrossentropy", {}, ONE_HOT, EXTREME),
    ("CategoricalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    ("CategoricalCrossentropy", {}, SOFT, UNNORMALISED),
    ("CategoricalCrossentropy", {}, ONE_HOT, EXTREME),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, PROBABILITIES),
    ("CategoricalCrossentropy", {"from_logits": True}, SOFT * 2, LOGITS),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ONE_HOT, LOGITS * 40),
    ("CategoricalCrossentropy", {"axis": 1}, softmax(IMAGES), IMAGES),
    ("SparseCategoricalCrossentropy", {}, LABELS, PROBABILITIES),
    ("SparseCategoricalCrossentropy", {}, LABELS[:, None], PROBABILITIES),
    ("SparseCategoricalCrossentropy", {}, LABELS.astype(np.uint8), UNNORMALISED),
    ("SparseCategoricalCrossentropy", {}, LABELS.astype(np.float64), PROBABILITIES),
    ("SparseCategoricalCrossentropy", {}, LABELS, EXTREME),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, LABELS, LOGITS * 40),
    ("SparseCategoricalCrossentropy", {}, random.integers(0, C, (4, 3, 2)), softmax(IMAGES)),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, random.integers(0, C, (4, 3, 2)), IMAGES),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 2}, LABELS, LOGITS),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": -1}, np.where(LABELS == 3, -1, LABELS), LOGITS),
    ("MeanAbsolutePercentageError", {}, REAL, LOGITS),
    ("MeanAbsolutePercentageError", {}, REAL[:, 0], LOGITS[:, :1]),
    ("MeanSquaredLogarithmicError", {}, np.abs(REAL), LOGITS),
    ("LogCosh", {}, REAL, LOGITS * 10),
    ("Poisson", {}, LABELS[:, None], UNNORMALISED[:, :1]),
    ("CosineSimilarity", {}, REAL, LOGITS),
    ("CosineSimilarity", {"axis": 1}, IMAGES - 0.5, IMAGES),
    ("KLDivergence", {}, SOFT, PROBABILITIES),
    ("KLDivergence", {}, ONE_HOT, UNNORMALISED),
    ("Hinge", {}, BINARY, LOGITS[:, :1]),
    ("Hinge", {}, np.sign(REAL), LOGITS),
    ("SquaredHinge", {}, BINARY, LOGITS[:, :1]),
    ("SquaredHinge", {}, np.sign(REAL), LOGITS),
    ("CategoricalHinge", {}, ONE_HOT, LOGITS),
    ("BinaryFocalCrossentropy", {}, BINARY, SIGMOID),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "gamma": 1.5, "label_smoothing": 0.1}, ONE_HOT, PROBABILITIES),
    ("BinaryFocalCrossentropy", {"from_logits": True, "apply_class_balancing": True}, ONE_HOT, LOGITS),
    ("BinaryFocalCrossentropy", {"gamma": 0.0}, ONE_HOT, PROBABILITIES),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    ("CategoricalFocalCrossentropy", {"gamma": 1.5, "alpha": 0.5, "label_smoothing": 0.1}, SOFT, UNNORMALISED),
    ("CategoricalFocalCrossentropy", {"from_logits": True}, ONE_HOT, LOGITS),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, LABELS, PROBABILITIES),
    ("Dice", {}, ONE_HOT, PROBABILITIES),
    ("Dice", {"axis": (1, 2, 3)}, IMAGES > 0.5, IMAGES),
    ("Tversky", {"alpha": 0.3, "beta": 0.8}, ONE_HOT, PROBABILITIES),
    ("Tversky", {"axis": [1, 2, 3]}, IMAGES > 0.5, IMAGES),
]


def both(name, options, **more):
    return getattr(konv.losses, name)(**options, **more), getattr(keras.losses, name)(**options, **more)


@pytest.mark.parametrize(("name", "options", "y", "p"), CASES)
def test_value_and_gradient(name, options, y, p):
    ours, theirs = both(name, options)
    value, gradient = ours.value_and_gradient(y, p)
    wanted, slope = jax.value_and_grad(lambda p: theirs(y, p))(p)
    np.testing.assert_allclose(value, wanted, rtol=2e-6)
    np.testing.assert_allclose(gradient, slope, rtol=2e-5, atol=2e-7)
    assert gradient.dtype == np.float32
    assert gradient.shape == p.shape


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"])
@pytest.mark.parametrize("weights", [None, WEIGHTS, WEIGHTS[:, None], WEIGHTS * 0, np.arange(N)], ids=str)
@pytest.mark.parametrize(("name", "y", "p"), [
    ("MeanSquaredError", REAL, LOGITS), ("SparseCategoricalCrossentropy", LABELS, PROBABILITIES),
    ("Dice", ONE_HOT, PROBABILITIES)])
def test_weighted(name, y, p, weights, reduction):
    ours, theirs = both(name, {}, reduction=reduction)
    value, gradient = ours.value_and_gradient(y, p, weights)
    wanted, slope = jax.value_and_grad(lambda p: theirs(y, p, weights))(p)
    np.testing.assert_allclose(value, wanted, rtol=2e-6)
    np.testing.assert_allclose(gradient, slope, rtol=2e-5, atol=2e-7)


@pytest.mark.parametrize(("name", "y", "p", "weights"), [
    ("MeanSquaredError", REAL, LOGITS, WEIGHTS), ("MeanSquaredError", REAL, LOGITS, WEIGHTS[:, None]),
    ("CategoricalCrossentropy", softmax(IMAGES), IMAGES, IMAGES[..., :1]), ("Dice", ONE_HOT, PROBABILITIES, WEIGHTS)])
def test_weighted_and_not_reduced(name, y, p, weights):
    ours, theirs = both(name, {}, reduction="none")
    np.testing.assert_allclose(ours(y, p, weights), np.asarray(theirs(y, p, weights)), rtol=2e-6)


@pytest.mark.parametrize("weights", [None, WEIGHTS, np.arange(N)], ids=str)
@pytest.mark.parametrize("options", [{}, {"gamma": 20.0, "margin": 0.2, "remove_diagonal": False}, {"reduction": "sum"}])
def test_circle(options, weights):
    """The gradient is a sum over all pairs, which cancel: its error is that of the largest."""
    ours, theirs = both("Circle", options)
    value, gradient = ours.value_and_gradient(LABELS, UNIT, weights)
    wanted, slope = jax.value_and_grad(lambda p: theirs(LABELS, p, weights))(UNIT)
    np.testing.assert_allclose(value, wanted, rtol=2e-6)
    np.testing.assert_allclose(gradient, slope, rtol=2e-5, atol=1e-6 * np.abs(slope).max())
    references = {"ref_labels": LABELS[:5], "ref_embeddings": UNIT[:5], "remove_diagonal": False}
    np.testing.assert_allclose(*(library.losses.circle(LABELS, UNIT, **references) for library in (konv, keras)), rtol=2e-6)


@pytest.mark.parametrize(("name", "options", "y", "p"), [case for case in CASES if case[0] in {
    "MeanSquaredError", "MeanAbsoluteError", "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"}
    and "ignore_class" not in case[1]])
def test_fused_gradients_are_those_of_the_formulas(name, options, y, p):
    fused = getattr(konv.losses, name)(**options)
    traced = getattr(konv.losses, name)(**options)
    traced.known = replace(traced.known, fused=None)
    (value, gradient), (wanted, expected) = (loss.value_and_gradient(y, p) for loss in (fused, traced))
    np.testing.assert_allclose(value, wanted, rtol=2e-6)
    np.testing.assert_allclose(gradient, expected, rtol=2e-5, atol=2e-7)


def test_classes_on_another_axis():
    labels, moved = random.integers(0, 3, (4, 2, C)), np.moveaxis(IMAGES, 1, -1)
    first, last = (konv.losses.SparseCategoricalCrossentropy(from_logits=True, axis=axis) for axis in (1, -1))
    (value, gradient), (wanted, slope) = first.value_and_gradient(labels, IMAGES), last.value_and_gradient(labels, moved)
    assert value == wanted
    np.testing.assert_array_equal(gradient, np.moveaxis(slope, -1, 1))


def test_weights_per_place():
    y, p, weights = random.random((4, 3, C)), IMAGES[:, :, 0], random.random((4, 3)).astype(np.float32)
    ours, theirs = both("MeanSquaredError", {})
    np.testing.assert_allclose(ours.value_and_gradient(y, p, weights)[1],
                               jax.grad(lambda p: theirs(y, p, weights))(p), rtol=1e-5)
    per_sample = ours.value_and_gradient(y, p, weights[:, 0])[1]  # Keras cannot; every place gets the sample's weight
    np.testing.assert_allclose(per_sample, ours.value_and_gradient(y, p)[1] * weights[:, :1, None], rtol=1e-5)


@pytest.mark.parametrize(("name", "options", "y", "p"), CASES)
def test_without_reduction(name, options, y, p):
    ours, theirs = both(name, options, reduction=None)
    np.testing.assert_allclose(ours(y, p), theirs(y, p), rtol=2e-6, atol=1e-7)


def test_functions_and_lists():
    assert float(konv.losses.mean_squared_error([[1, 2]], [[2, 4]])[0]) == 2.5
    smoothed, wanted = (library.losses.categorical_crossentropy(ONE_HOT, PROBABILITIES, label_smoothing=0.3)
                        for library in (konv, keras))
    np.testing.assert_allclose(smoothed, wanted, rtol=1e-6)


def test_gradient_by_finite_differences():
    """Independent of Keras: the loss of single numbers, moved a little."""
    loss, step = konv.losses.SparseCategoricalCrossentropy(), 1e-2
    gradient = loss.value_and_gradient(LABELS, UNNORMALISED)[1]
    for place in np.ndindex(2, C):
        moved = np.zeros_like(UNNORMALISED)
        moved[place] = step
        rise = float(loss(LABELS, UNNORMALISED + moved)) - float(loss(LABELS, UNNORMALISED - moved))
        np.testing.assert_allclose(rise / (2 * step), gradient[place], rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("identifier", [
    "mse", "MSE", "mae", "bce", "kld", "KLD", "mape", "MSLE", "huber", "poisson", "log_cosh", "categorical_hinge", "tversky",
    "mean_squared_error", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy",
    "MeanSquaredError", "Huber", "SparseCategoricalCrossentropy", "Dice"])
def test_names(identifier):
    ours, theirs = konv.losses.get(identifier), keras.losses.get(identifier)
    if isinstance(theirs, keras.losses.Loss):
        assert (type(ours).__name__, ours.name) == (type(theirs).__name__, theirs.name)
    else:
        assert ours.__name__ == theirs.__name__


@pytest.mark.parametrize(("name", "options"), [
    ("MeanSquaredError", {}), ("Huber", {}), ("BinaryCrossentropy", {"label_smoothing": 0.1, "from_logits": True}),
    *((name, {}) for name in dir(konv.losses) if name[0].isupper() and name not in ("Loss", "LossFunctionWrapper")),
    ("Tversky", {"alpha": 0.1, "axis": (1, 2)}), ("CategoricalFocalCrossentropy", {"gamma": 3.0}),
    ("CategoricalCrossentropy", {"reduction": "sum"}), ("SparseCategoricalCrossentropy", {"name": "mine"})])
def test_config_is_that_of_keras(name, options):
    ours, theirs = both(name, options)
    written = keras.losses.serialize(theirs)
    forgotten = {"Huber": {"delta": 1.0}, "CosineSimilarity": {"axis": -1}}  # by Keras
    wanted = written["config"] | forgotten.get(name, {})
    assert konv.losses.serialize(ours) == written | {"config": wanted}
    again = konv.losses.deserialize(written)
    assert again.get_config() == wanted


def test_functions_serialize_as_in_keras():
    written = keras.losses.serialize(keras.losses.mean_squared_error)
    assert konv.losses.serialize(konv.losses.mean_squared_error) == written
    assert konv.losses.deserialize(written) is konv.losses.mean_squared_error


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: konv.losses.SparseCategoricalCrossentropy()([0, 7, 1], PROBABILITIES[:3]), KonvError,
     ["label 7", "y[1]", "5 classes", "0 to 4"]),
    (lambda: konv.losses.SparseCategoricalCrossentropy()([[0], [-1]], PROBABILITIES[:2]), KonvError,
     ["label -1", "y[1]"]),
    (lambda: konv.losses.SparseCategoricalCrossentropy()(ONE_HOT, PROBABILITIES), ShapeError,
     ["(12, 5)", "(12,)", "categorical_crossentropy"]),
    (lambda: konv.losses.SparseCategoricalCrossentropy()([0, 1], np.ones((2, 4, 4, 3))), ShapeError,
     ["(2, 4, 4, 3)", "put Flatten or GlobalAveragePooling2D before the last Dense"]),
    (lambda: konv.losses.CategoricalCrossentropy()(np.eye(2), np.ones((2, 4, 4, 2))), ShapeError, ["put Flatten"]),
    (lambda: konv.losses.SparseCategoricalCrossentropy()([0, 1], np.ones((2, 1))), KonvError,
     ["label 1", "1 output", "binary_crossentropy", "Dense(2"]),
    (lambda: konv.losses.SparseCategoricalCrossentropy()([0.0, 1.5], PROBABILITIES[:2]), KonvError,
     ["label 1.5 at y[1]", "not an integer"]),
    (lambda: konv.losses.SparseCategoricalCrossentropy()([0.0, np.nan], PROBABILITIES[:2]), KonvError, ["label nan"]),
    (lambda: konv.losses.get("MSe"), KonvError, ['did you mean "mse"']),
    (lambda: konv.losses.get("sparse_categorial_crossentropy"), KonvError, ["did you mean", "sparse_categorical"]),
    (lambda: konv.metrics.get("acuracy"), KonvError, ['did you mean "accuracy"']),
    (lambda: konv.losses.CategoricalCrossentropy()(LABELS, PROBABILITIES), ShapeError,
     ["(12,)", "(12, 5)", "sparse_categorical_crossentropy"]),
    (lambda: konv.losses.MeanSquaredError()(REAL[:, :3], LOGITS), ShapeError, ["(12, 3)", "(12, 5)"]),
    (lambda: konv.losses.BinaryCrossentropy()(BINARY, LOGITS), ShapeError, ["(12, 1)", "(12, 5)"]),
    (lambda: konv.losses.MeanSquaredError()(REAL, LOGITS, [1.0, 2.0]), ShapeError, ["sample_weight", "(2,)", "(12,)"]),
    (lambda: konv.losses.MeanSquaredError(reduction="average"), KonvError, ["average", "sum_over_batch_size"]),
    (lambda: konv.losses.MeanSquaredError(reduction=None).value_and_gradient(REAL, LOGITS), KonvError,
     ["reduction=None"]),
    (lambda: konv.losses.MeanSquaredError(dtype="float16"), UnsupportedError, ["float16"]),
    (lambda: konv.losses.CategoricalCrossentropy(label_smoothing=2), KonvError, ["label_smoothing", "2"]),
    (lambda: konv.losses.CategoricalGeneralizedCrossEntropy(1.5), KonvError, ["q", "1.5"]),
    (lambda: konv.losses.Circle()([0, 1], LOGITS), ShapeError, ["circle", "(2,)", "(12, 5)"]),
    (lambda: konv.losses.KLDivergence()(REAL[:, :3], LOGITS), ShapeError, ["kl_divergence", "(12, 3)"]),
    (lambda: konv.losses.get("mean_square"), KonvError, ["mean_square"]),
    (lambda: konv.losses.LossFunctionWrapper(lambda t, p: np.abs(p)).value_and_gradient(REAL, LOGITS), UnsupportedError,
     ["np.absolute", "konv.ops"]),
])
def test_errors(call, error, words):
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_own_loss():
    class Squared(konv.losses.Loss):
        def parts(self, y_true, y_pred, gradient=False):
            difference = y_pred - y_true
            return konv.losses.base.Parts((difference**2).mean(-1), 2 * difference / difference.shape[-1])

    np.testing.assert_allclose(Squared().value_and_gradient(REAL, LOGITS)[1],
                               konv.losses.MeanSquaredError().value_and_gradient(REAL, LOGITS)[1], rtol=1e-6)
    values = konv.losses.LossFunctionWrapper(lambda t, p: np.abs(t - p)[:, 0])(REAL, LOGITS)
    np.testing.assert_allclose(values, np.abs(REAL - LOGITS)[:, 0].mean(), rtol=1e-6)
