"""Models as estimators: scikit-learn's own checks, pipelines, searches, pickles."""

import copy
import pickle
import sys
from importlib import reload

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

import konv
from konv.errors import KonvError, MissingExtraError
from konv.sklearn import EXPECTED_FAILED_CHECKS

DRAW = np.random.default_rng(0)
X = DRAW.uniform(-1, 1, (60, 4)).astype("f4")
NAMES = np.where(X.sum(1) > 0, "yes", "no")


def network(x, y, units=8, loss="sparse_categorical_crossentropy", outputs=2, activation="softmax"):
    layers = konv.layers
    model = konv.Sequential([konv.Input(x.shape[1:]), layers.Flatten(), layers.Dense(units, activation="tanh"),
                             layers.Dense(outputs, activation=activation)])
    model.compile(konv.optimizers.Adam(0.05), loss)
    return model


@pytest.mark.filterwarnings("ignore")  # scikit-learn warns of the checks that it skips, and of labels that it made itself
@pytest.mark.parametrize("kind", ["KonvClassifier", "KonvRegressor"])
def test_the_checks_of_scikit_learn(kind):
    found = check_estimator(getattr(konv, kind)(), expected_failed_checks=EXPECTED_FAILED_CHECKS, on_skip=None, on_fail=None)
    wrong = {one["check_name"]: one["exception"] for one in found if one["status"] not in ("passed", "skipped", "xfail")}
    assert not wrong


@pytest.mark.parametrize("arguments", [
    {}, {"loss": "categorical_crossentropy"}, {"loss": "binary_crossentropy", "outputs": 1, "activation": "sigmoid"},
    {"loss": konv.losses.SparseCategoricalCrossentropy(from_logits=True), "activation": None},
    {"loss": konv.losses.BinaryCrossentropy(from_logits=True), "outputs": 1, "activation": None}])
def test_outputs_and_losses_of_every_kind(arguments):
    model = konv.KonvClassifier(network, epochs=30, random_state=1, **arguments).fit(X, NAMES)
    chances = model.predict_proba(X)
    assert list(model.classes_) == ["no", "yes"]
    assert chances.shape == (60, 2)
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    assert model.score(X, NAMES) > 0.9
    assert len(model.history_["loss"]) == 30


def test_the_given_model_stays_as_it_was():
    given = network(X, None, outputs=1, activation=None, loss="mse")
    before = given.get_weights()
    regressor = konv.KonvRegressor(given, epochs=3, shuffle=False).fit(X, X[:, 0])
    for one, other in zip(before, given.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert regressor.predict(X).shape == (60,)
    assert clone(regressor).get_params()["shuffle"] is False
    two = konv.KonvRegressor(random_state=0, epochs=1).fit(X, X[:, :2])
    assert two.predict(X).shape == (60, 2)


def test_grid_search_over_arguments_of_all_kinds():
    search = GridSearchCV(konv.KonvClassifier(network, units=2, validation_split=0.1, random_state=0),
                          {"units": [2, 6], "epochs": [1, 20], "batch_size": [16]}, cv=2)
    frame = pd.DataFrame(X, columns=list("abcd"))
    search.fit(frame, pd.Series(NAMES))
    assert search.best_params_["epochs"] == 20
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict_proba(frame), search.predict_proba(frame))


def test_images_and_seeds():
    images = DRAW.uniform(0, 1, (20, 5, 5, 1)).astype("f4")
    labels = DRAW.integers(0, 3, 20)
    konv.utils.set_random_seed(5)
    expected = konv.random.next_seed()
    konv.utils.set_random_seed(5)
    one, two = (konv.KonvClassifier(epochs=2, random_state=3).fit(images, labels) for _ in range(2))
    assert konv.random.next_seed() == expected  # what is drawn elsewhere does not change
    np.testing.assert_array_equal(one.predict_proba(images), two.predict_proba(images))


def test_what_is_wrong_is_said():
    with pytest.raises(KonvError, match="unitz is not an argument of fit"):
        konv.KonvClassifier(unitz=3).fit(X, NAMES)
    with pytest.raises(KonvError, match="function .* that makes one"):
        konv.KonvRegressor(lambda x, y: 3).fit(X, X[:, 0])


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"konv\[sklearn\]"):
        reload(sys.modules["konv.sklearn"])


class Doubled(konv.layers.Dense):
    """A class of the user."""


def far(y_true, y_pred):
    return konv.losses.mean_squared_error(y_true, y_pred)


@pytest.mark.parametrize("through", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_are_copied_with_their_optimizer(through):
    x = konv.Input((4,))
    model = konv.Model(x, Doubled(2, name="own")(x))
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, X[:, :2], epochs=1, verbose=0)
    again = through(model)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert type(again.get_layer("own")) is Doubled
    for one in (again, model):
        one.fit(X, X[:, :2], epochs=1, verbose=0, shuffle=False)
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not through(konv.Sequential([konv.layers.Dense(1)])).built


@pytest.mark.parametrize("weights", [{"b": 3.0, "a": 1.5}, {"a": 1.5, "b": 3.0}, "balanced"])
def test_weights_of_labels(weights):
    x, y = np.random.default_rng(0).normal(size=(12, 3)), np.array(["a"] * 8 + ["b"] * 4)
    by_label = konv.KonvClassifier(random_state=0, epochs=2, class_weight=weights).fit(x, y)
    factor = 2 if weights == "balanced" else 1
    of_samples = np.where(y == "a", 1.5, 3.0) / factor
    by_sample = konv.KonvClassifier(random_state=0, epochs=2).fit(x, y, sample_weight=of_samples)
    np.testing.assert_allclose(by_label.predict_proba(x), by_sample.predict_proba(x), rtol=1e-5)
    with pytest.raises(KonvError, match="class_weight must be"):
        konv.KonvClassifier(epochs=1, class_weight={0: 1.0}).fit(x, y)
