"""Learning curves: what is drawn, in both languages, and what cannot be."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

import konv
from konv.callbacks import History
from konv.errors import KonvError
from konv.explain import learning_curves
from konv.explain.figures.learning_curves import ticks
from tests.explain.text.test_plain import golden


@pytest.fixture(scope="module")
def trained():
    model = konv.Sequential([konv.Input((4,)), konv.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.eye(4, dtype=np.float32), np.array([0, 1, 0, 1])
    return model.fit(x, y, epochs=6, initial_epoch=2, validation_data=(x, y), validation_freq=2, verbose=0)


def test_of_a_training(trained):
    figure = trained.plot()
    assert {curve.name: curve.rises for curve in figure.curves} == {"loss": False, "accuracy": True}
    loss = next(curve for curve in figure.curves if curve.name == "loss")
    assert loss.training == tuple(zip([3, 4, 5, 6], trained.history["loss"], strict=True))
    assert loss.validation == tuple(zip([4, 6], trained.history["val_loss"], strict=True))  # every second epoch
    assert loss.best == loss.validation[1]
    words = list(ET.fromstring(figure.svg()).itertext())
    for word in ("loss", "accuracy", "training", "validation", "best"):
        assert word in words
    assert trained._repr_html_() == figure.html()


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_golden(lang):
    figure = learning_curves({"loss": [2.0, 0.5, float("nan"), 0.25], "<mae>": [1e-5] * 3, "val_loss": [2.5, 1.0, 1.25, 1.5],
                              "matrix": [np.eye(2)] * 4}, lang)
    golden(f"curves.{lang}.svg", figure.svg())
    golden(f"curves.{lang}.txt", figure.text())


@pytest.mark.parametrize("numbers", [[1.0], [float("nan")], [float("inf"), 1.0], [-3.0] * 500, [0.0, 1e-30], [1e30, -1e30],
                                     [np.float32(2), np.array(1.5), 1]])
def test_any_numbers(numbers):
    figure = learning_curves({"loss": numbers})
    root = ET.fromstring(figure.svg())
    words = " ".join(word for child in root if child.tag.endswith("text") for word in child.itertext())
    assert "nan" not in words
    assert "inf" not in words


def test_two_trainings_in_one_history():
    history = History()
    history.history, history.epochs_of = {"loss": [3.0, 2.0, 1.0]}, {"loss": [0, 1, 0]}
    assert history.plot().curves[0].training == ((1, 3.0), (2, 2.0), (3, 1.0))


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0.3, 0.7), (-5, 1000), (1e-9, 2e-9), (7, 7), (0.1, 0.1000001)])
def test_ticks_enclose(low, high):
    found = ticks(low, high)
    assert found[0] <= low
    assert high <= found[-1]
    assert found[0] < found[-1]
    assert len(found) <= 8


@pytest.mark.parametrize("history", [History(), {}, {"loss": []}, {"matrix": [np.eye(2)]}])
def test_nothing_to_draw(history):
    with pytest.raises(KonvError, match="nothing to draw"):
        learning_curves(history)
    assert History()._repr_html_() == "<p>History()</p>"
    with pytest.raises(KonvError, match="expected what fit returned, got list"):
        learning_curves([1.0])
