"""Metrics beside Keras: two batches each, with and without weights; names and configs."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError, UnsupportedError

random = np.random.default_rng(0)
N, C = 10, 4
SCORES = random.random((2, N, C)).astype(np.float32)
PROBABILITIES = SCORES / SCORES.sum(-1, keepdims=True)
LABELS = random.integers(0, C, (2, N))
ONE_HOT = np.eye(C, dtype=np.float32)[LABELS]
BINARY = random.integers(0, 2, (2, N, 1))
SIGMOID = random.random((2, N, 1)).astype(np.float32)
PLACES, PLACE_SCORES = random.integers(0, C, (2, N, 3)), random.random((2, N, 3, C)).astype(np.float32)
WEIGHTS = random.random((2, N)).astype(np.float32)

CASES = [
    ("Accuracy", {}, LABELS, random.integers(0, C, (2, N))),
    ("Accuracy", {}, LABELS[..., None], LABELS[:, ::-1]),
    ("BinaryAccuracy", {}, BINARY, SIGMOID),
    ("BinaryAccuracy", {"threshold": 0.3}, BINARY[..., 0], SIGMOID),
    ("BinaryAccuracy", {}, ONE_HOT, SCORES),
    ("CategoricalAccuracy", {}, ONE_HOT, PROBABILITIES),
    ("CategoricalAccuracy", {}, np.eye(C)[PLACES], PLACE_SCORES),
    ("SparseCategoricalAccuracy", {}, LABELS, PROBABILITIES),
    ("SparseCategoricalAccuracy", {}, LABELS[..., None], PROBABILITIES),
    ("SparseCategoricalAccuracy", {}, LABELS.astype(np.float32), PROBABILITIES),
    ("SparseCategoricalAccuracy", {}, PLACES, PLACE_SCORES),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, PROBABILITIES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, LABELS, PROBABILITIES),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, LABELS,
     np.argsort(-PROBABILITIES, axis=-1).astype(np.float32)),
    ("MeanSquaredError", {}, ONE_HOT, SCORES),
    ("RootMeanSquaredError", {}, ONE_HOT, SCORES),
    ("MeanAbsoluteError", {}, ONE_HOT, SCORES),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, BINARY, SIGMOID),
    ("CategoricalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, LABELS, SCORES),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "options", "y", "p"), CASES)
def test_two_batches(name, options, y, p, weighted):
    ours, theirs = getattr(konv.metrics, name)(**options), getattr(keras.metrics, name)(**options)
    for metric in (ours, theirs):
        for batch in range(2):
            metric.update_state(y[batch], p[batch], sample_weight=WEIGHTS[batch] if weighted else None)
    np.testing.assert_allclose(ours.result(), theirs.result(), rtol=2e-6)
    assert ours.name == theirs.name
    assert ours._direction == theirs._direction
    assert konv.metrics.serialize(ours) == keras.metrics.serialize(theirs)
    assert konv.metrics.deserialize(keras.metrics.serialize(theirs)).get_config() == ours.get_config()
    ours.reset_state()
    assert float(ours.result()) == 0.0
    assert [variable.shape for variable in ours.variables] == [variable.shape for variable in theirs.variables]


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize(("values", "weights"), [
    (3.0, None), (3.0, 2.0), ([1.0, 3.0, 5.0], None), ([1.0, 3.0, 5.0], [1.0, 0.5, 0.0]), ([1.0, 3.0, 5.0], 0.5),
    (SCORES[0], None), (SCORES[0], WEIGHTS[0]), (SCORES[0], SCORES[1]), (SCORES[0], WEIGHTS[0][:, None]),
    (SCORES[0, :, :1], WEIGHTS[0]), (PLACE_SCORES[0], WEIGHTS[0]), (PLACE_SCORES[0], SCORES[0, :, :3])])
def test_reductions(name, values, weights):
    ours, theirs = getattr(konv.metrics, name)(), getattr(keras.metrics, name)()
    for metric in (ours, theirs):
        metric.update_state(values, sample_weight=weights)
        metric.update_state(values, sample_weight=weights)
    np.testing.assert_allclose(ours.result(), theirs.result(), rtol=2e-6)


def test_mean_keeps_small_numbers_of_long_epochs():
    metric = konv.metrics.Mean()
    metric.update_state(1.0, 10**9)
    for _ in range(1000):
        metric.update_state(2.0, 10**6)
    assert float(metric.result()) == 1.5


@pytest.mark.parametrize("identifier", [
    "accuracy", "mse", "MAE", "binary_accuracy", "sparse_categorical_accuracy", "SparseCategoricalAccuracy",
    "categorical_crossentropy", "root_mean_squared_error", "top_k_categorical_accuracy"])
def test_names(identifier):
    ours, theirs = konv.metrics.get(identifier), keras.metrics.get(identifier)
    assert (type(ours).__name__, ours.name) == (type(theirs).__name__, theirs.name)


def test_own_metric():
    class Positives(konv.metrics.Metric):
        def __init__(self):
            super().__init__(name="positives")
            self.total = self.add_weight(name="total", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign(float(self.total) + np.sum(y_pred > 0))

        def result(self):
            return float(self.total)

    metric = Positives()
    assert metric([0], np.ones(1)) == 1.0
    assert metric([0], np.ones(1)) == 2.0
    assert float(konv.metrics.MeanMetricWrapper(lambda t, p: np.abs(t - p))(np.ones(2), np.zeros(2))) == 1.0


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: konv.metrics.get("auc"), UnsupportedError, ["auc", "BinaryAccuracy"]),
    (lambda: konv.metrics.get("acuracy"), KonvError, ["acuracy", "accuracy"]),
    (lambda: konv.metrics.SparseCategoricalAccuracy()(ONE_HOT[0], SCORES[0]), ShapeError, ["(10, 4)", "(10,)"]),
    (lambda: konv.metrics.CategoricalAccuracy()(LABELS[0], SCORES[0]), ShapeError, ["(10,)", "(10, 4)"]),
    (lambda: konv.metrics.Mean()([1.0, 2.0], [1.0, 2.0, 3.0]), ShapeError, ["(3,)", "(2,)"]),
    (lambda: konv.metrics.Mean(dtype="float16"), UnsupportedError, ["float16"]),
])
def test_errors(call, error, words):
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
