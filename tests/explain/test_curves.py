"""Learning curves and confusion matrices: they are drawn, without warnings, and say what is missing."""

import sys

import numpy as np
import pytest
from PIL import Image

from konv.errors import KonvError, MissingExtraError
from konv.explain.curves import confusion_matrix, save_confusion, save_curves

HISTORY = {"accuracy": [0.5, 0.7, 0.9], "loss": [2.0, 1.0, 0.5],
           "val_accuracy": [0.4, 0.8, 0.7], "val_loss": [2.1, 1.2, 1.3]}


def png_size(path):
    with Image.open(path, formats=["PNG"]) as image:
        return image.size


@pytest.mark.parametrize("history", [
    HISTORY, {"loss": [1.0]}, {"loss": [1.0, 0.5], "learning_rate": [0.1, 0.01]},
    {"loss": [float("nan"), 1.0], "val_loss": [1.0, 2.0]},
], ids=lambda history: "+".join(history))
def test_curves(tmp_path, history):
    path = save_curves(history, tmp_path / "new" / "curves.png", title="three epochs")
    panels = len([name for name in history if not name.startswith("val_") and name != "learning_rate"])
    assert png_size(path) == (int(5.2 * 120 * panels), 480)


def test_curves_of_nothing(tmp_path):
    with pytest.raises(KonvError, match="history is empty"):
        save_curves({}, tmp_path / "curves.png")


@pytest.mark.parametrize("names", [["0", "1", "2"], ["cats", "dogs", "hippopotamuses"], ["가위", "바위", "보"]])
@pytest.mark.filterwarnings("ignore:no installed font")  # a machine without a Korean font
def test_confusion(tmp_path, names):
    path = save_confusion([0, 1, 2, 2], [0, 1, 1, 2], names, tmp_path / "confusion.png", "animals")
    assert min(png_size(path)) > 200


def test_class_names_that_no_font_can_write_become_numbers(tmp_path):
    with pytest.warns(UserWarning, match="no installed font can write class names such as \U00010480") as told:
        save_confusion([0, 1], [0, 1], ["a", "\U00010480"], tmp_path / "confusion.png")
    assert len(told) == 1


def test_confusion_of_many_classes(tmp_path):
    classes = np.arange(40)
    path = save_confusion(classes, classes, [f"class {i}" for i in classes], tmp_path / "confusion.png")
    assert png_size(path)[0] > 2000


@pytest.mark.parametrize(("actual", "predicted", "counts"), [
    ([0, 1, 1, 1], [0, 1, 0, 1], [[1, 0], [1, 2]]),
    ([[0], [1]], [[1], [1]], [[0, 1], [0, 1]]),
    (np.array([], int), np.array([], int), [[0, 0], [0, 0]]),
])
def test_confusion_matrix(actual, predicted, counts):
    assert confusion_matrix(actual, predicted, 2).tolist() == counts


@pytest.mark.parametrize(("actual", "predicted", "text"), [
    ([0, 1], [0], "2 actual classes but 1 predicted"),
    ([0, 2], [0, 1], "between 0 and 1"),
    ([0, 1], [0, -1], "between 0 and 1"),
])
def test_confusion_errors(actual, predicted, text):
    with pytest.raises(KonvError, match=text):
        confusion_matrix(actual, predicted, 2)


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"konv\[plot\]"):
        save_curves(HISTORY, tmp_path / "curves.png")
    with pytest.raises(MissingExtraError, match=r"konv\[plot\]"):
        save_confusion([0], [0], ["a"], tmp_path / "confusion.png")
