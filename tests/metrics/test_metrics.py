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
LEANING = (SIGMOID * 0.7 + BINARY * 0.3).astype(np.float32)  # more often right than wrong
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
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 2}, LABELS.astype(np.int32), SCORES),
    ("MeanAbsolutePercentageError", {}, SCORES[:, ::-1], SCORES),
    ("MeanSquaredLogarithmicError", {}, SCORES[:, ::-1], SCORES),
    ("LogCoshError", {}, ONE_HOT, SCORES),
    ("CosineSimilarity", {}, ONE_HOT, SCORES),
    ("Hinge", {}, BINARY, SIGMOID),
    ("SquaredHinge", {}, ONE_HOT, SCORES),
    ("CategoricalHinge", {}, ONE_HOT, SCORES),
    ("KLDivergence", {}, PROBABILITIES[:, ::-1], PROBABILITIES),
    ("Poisson", {}, LABELS[..., None], SIGMOID),
    ("PearsonCorrelation", {}, SCORES**2, SCORES),
    ("ConcordanceCorrelation", {}, SCORES**2, SCORES),
    ("R2Score", {}, ONE_HOT, SCORES),
    ("R2Score", {"class_aggregation": None}, ONE_HOT, SCORES),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, ONE_HOT, SCORES),
    *((name, options, BINARY, SIGMOID) for name in (
        "TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall")
      for options in ({}, {"thresholds": 0.3}, {"thresholds": [0.8, 0.2]}, {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]})),
    ("Precision", {}, ONE_HOT, SCORES),
    ("Precision", {"top_k": 2}, ONE_HOT, SCORES),
    ("Recall", {"top_k": 2, "class_id": 1}, ONE_HOT, SCORES),
    ("Recall", {"class_id": 2, "thresholds": [0.2, 0.6]}, ONE_HOT, SCORES),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, BINARY, SIGMOID),
    ("SpecificityAtSensitivity", {"sensitivity": 0.4, "num_thresholds": 7}, BINARY, SIGMOID),
    ("PrecisionAtRecall", {"recall": 0.7}, BINARY[..., 0], SIGMOID[..., 0]),
    ("RecallAtPrecision", {"precision": 0.7, "class_id": 1}, ONE_HOT, SCORES),
    ("RecallAtPrecision", {"precision": 0.5, "num_thresholds": 1}, BINARY, SIGMOID),
    *(("AUC", {"curve": curve, "summation_method": method}, BINARY, LEANING)
      for curve in ("ROC", "PR", "PRGAIN") for method in ("interpolation", "majoring", "minoring")),
    ("AUC", {"num_thresholds": 5}, BINARY, np.round(SIGMOID * 4) / 4),
    ("AUC", {"thresholds": [0.7, 0.1, 0.4]}, BINARY, LEANING),
    ("AUC", {"thresholds": [0.25, 0.5, 0.75], "from_logits": True}, BINARY, SIGMOID * 6 - 3),
    ("AUC", {"multi_label": True}, ONE_HOT, SCORES),
    ("AUC", {"multi_label": True, "num_labels": C, "curve": "PR", "label_weights": [0.1, 0.2, 0.3, 0.4]}, ONE_HOT, SCORES),
    ("AUC", {"label_weights": [0.1, 0.2, 0.3, 0.4]}, ONE_HOT, SCORES),
    ("F1Score", {}, ONE_HOT, SCORES),
    ("F1Score", {"average": "macro", "threshold": 0.5}, ONE_HOT, SCORES),
    ("FBetaScore", {"average": "micro", "beta": 2.0}, ONE_HOT, SCORES),
    ("FBetaScore", {"average": "weighted", "beta": 0.5, "threshold": 0.3}, ONE_HOT, SCORES),
]


MATRIX = [
    ("IoU", {"num_classes": C, "target_class_ids": [0, 2]}, LABELS, LABELS[:, ::-1]),
    ("IoU", {"num_classes": C, "target_class_ids": [1], "ignore_class": 2, "dtype": "float32"}, PLACES, PLACES[:, ::-1]),
    ("IoU", {"num_classes": C, "target_class_ids": [1], "sparse_y_pred": False}, LABELS, SCORES),
    ("BinaryIoU", {}, BINARY, SIGMOID),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3}, BINARY, SIGMOID),
    ("MeanIoU", {"num_classes": C}, PLACES, PLACES[:, ::-1]),
    ("MeanIoU", {"num_classes": 3, "ignore_class": -1}, LABELS - 1, LABELS[:, ::-1]),
    ("OneHotIoU", {"num_classes": C, "target_class_ids": [0, 1]}, ONE_HOT, SCORES),
    ("OneHotMeanIoU", {"num_classes": C}, np.eye(C)[PLACES], PLACE_SCORES),
]


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")  # by Keras, of JAX
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "options", "y", "p"), MATRIX)
def test_overlap(name, options, y, p, weighted):
    ours, theirs = (getattr(library.metrics, name)(name="m", **options) for library in (konv, keras))
    weights = random.integers(0, 4, (2, N, *PLACES.shape[2 : y.ndim - (y.shape[-1] in (1, C))]))
    for metric in (ours, theirs):
        for batch in range(2):
            metric.update_state(y[batch], p[batch], sample_weight=weights[batch] if weighted else None)
    np.testing.assert_allclose(ours.result(), theirs.result(), rtol=2e-6)
    assert konv.metrics.serialize(ours) == keras.metrics.serialize(theirs)
    assert konv.metrics.deserialize(keras.metrics.serialize(theirs)).get_config() == ours.get_config()


def test_warnings():
    ours, theirs = (library.metrics.R2Score(num_regressors=2)(ONE_HOT[0], SCORES[0]) for library in (konv, keras))
    np.testing.assert_allclose(ours, theirs, rtol=2e-6)
    with pytest.warns(UserWarning, match="more independent predictors"):
        konv.metrics.R2Score(num_regressors=2)([[1.0], [2.0]], [[1.0], [3.0]])
    with pytest.warns(UserWarning, match="integers"):
        konv.metrics.MeanIoU(2)([0, 1], [0, 1], np.array([0.5, 1.5]))


WITH_NAME = {name for name in dir(konv.metrics) if name[0].isupper() and name not in ("AUC", "Precision", "Recall")
             and not name.endswith(("Positives", "Negatives")) and "At" not in name}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "options", "y", "p"), CASES)
def test_two_batches(name, options, y, p, weighted):
    options = options if name in WITH_NAME else options | {"name": "m"}  # the others are numbered
    ours, theirs = getattr(konv.metrics, name)(**options), getattr(keras.metrics, name)(**options)
    for metric in (ours, theirs):
        for batch in range(2):
            metric.update_state(y[batch], p[batch], sample_weight=WEIGHTS[batch] if weighted else None)
    np.testing.assert_allclose(ours.result(), theirs.result(), rtol=2e-6)
    assert ours.name == theirs.name
    assert ours._direction == getattr(theirs, "_direction", None)
    written = keras.metrics.serialize(theirs)
    written["config"] |= {"axis": -1} if name == "CosineSimilarity" else {}  # Keras forgets it
    if options.get("label_weights"):
        written["config"]["label_weights"] = ours.get_config()["label_weights"]  # Keras writes a tensor
    assert konv.metrics.serialize(ours) == written
    assert konv.metrics.deserialize(written).get_config() == ours.get_config()
    ours.reset_state()
    theirs.reset_state()
    np.testing.assert_allclose(ours.result(), theirs.result())
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


def test_own_metric_as_keras_writes_it():
    """One class for both libraries: sums that are added to, a metric within a metric."""
    results = []
    for library in (konv, keras):
        class Error(library.metrics.Metric):
            def __init__(self):
                super().__init__(name="error")
                self.total = self.add_variable(shape=(), initializer="zeros", name="total")
                self.count = self.add_weight(name="count", initializer="zeros")
                self.inner = library.metrics.Mean(name="inner")  # noqa: B023

            def update_state(self, y_true, y_pred, sample_weight=None):
                self.total.assign_add(np.sum(np.abs(y_true - y_pred)))
                self.count.assign(self.count + y_true.shape[0])
                self.inner.update_state(y_true)

            def result(self):
                return self.total / (self.count + 1.0) + self.inner.result()

        metric = Error()
        metric.update_state(ONE_HOT[0], SCORES[0])
        metric.update_state(ONE_HOT[1], SCORES[1])
        results.append((float(metric.result()), len(metric.variables)))
        metric.reset_state()
        results[-1] += (float(metric.result()), float(metric.inner.result()))
    np.testing.assert_allclose(*results, rtol=1e-6)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: konv.metrics.Precision(thresholds=[0.5, 2]), KonvError, ["Precision", "thresholds", "[2]"]),
    (lambda: konv.metrics.Precision()(LABELS[0], SCORES[0]), ShapeError, ["(10,)", "(10, 4)", "to_categorical"]),
    (lambda: konv.metrics.Recall(class_id=1)([0, 1], [0.5, 0.5]), ShapeError, ["class_id=1", "(2,)"]),
    (lambda: konv.metrics.Recall(class_id=1)([[0], [1]], [[0.5], [0.5]]), ShapeError, ["class_id=1", "1 classes"]),
    (lambda: konv.metrics.AUC(multi_label=True, num_labels=3)([[1]], [[0.5]]), ShapeError, ["num_labels", "3 labels"]),
    (lambda: konv.metrics.AUC(multi_label=True, label_weights=[1, 2])([[1]], [[0.5]]), ShapeError, ["label_weights", "2"]),
    (lambda: konv.metrics.Recall()([0, 1], [0.5, 0.5], [1, 2, 3]), ShapeError, ["(3,)", "(2,)"]),
    (lambda: konv.metrics.PrecisionAtRecall(1.5), KonvError, ["PrecisionAtRecall", "recall", "[0, 1]", "1.5"]),
    (lambda: konv.metrics.SensitivityAtSpecificity(0.5, num_thresholds=0), KonvError, ["num_thresholds", "0"]),
    (lambda: konv.metrics.AUC(curve="roc curve"), KonvError, ["curve", "ROC, PR, PRGAIN"]),
    (lambda: konv.metrics.AUC(num_thresholds=1), KonvError, ["num_thresholds", "1"]),
    (lambda: konv.metrics.AUC(num_labels=3), KonvError, ["num_labels=3", "multi_label"]),
    (lambda: konv.metrics.AUC(multi_label=True)(PLACES[0], PLACES[0, :, :, None]), ShapeError, ["multi_label", "(10, 3, 1)"]),
    (lambda: konv.metrics.F1Score(average="mean"), KonvError, ["average", "'mean'", "macro"]),
    (lambda: konv.metrics.FBetaScore(beta=2), KonvError, ["beta", "float", "2"]),
    (lambda: konv.metrics.F1Score(threshold=2.0), KonvError, ["threshold", "2.0"]),
    (lambda: konv.metrics.F1Score()(LABELS[0], SCORES[0]), ShapeError, ["(10,)", "(10, 4)"]),
    (lambda: konv.metrics.IoU(2, [2]), KonvError, ["IoU", "class 2", "2 classes"]),
    (lambda: konv.metrics.MeanIoU(C)(LABELS[0], SCORES[0]), ShapeError, ["10 labels", "40 predictions", "sparse_y_pred"]),
    (lambda: konv.metrics.R2Score(class_aggregation="mean"), KonvError, ["class_aggregation", "'mean'"]),
    (lambda: konv.metrics.R2Score()(SCORES[0, :, 0], SCORES[0, :, 0]), ShapeError, ["(10,)"]),
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
