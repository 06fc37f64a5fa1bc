"""Learning curves and confusion matrices as PNG files (extra `plot`)."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import KonvError, import_extra

TRAINING, VALIDATION = "#1f5fa8", "#d9541e"
# fonts that can write Korean, Chinese and Japanese
CJK_FONTS = ("NanumGothic", "NanumBarunGothic", "Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans KR",
             "Noto Sans JP", "Noto Sans SC", "Malgun Gothic", "AppleGothic", "Apple SD Gothic Neo", "UnDotum", "Baekmuk Gulim",
             "Hiragino Sans", "Yu Gothic", "MS Gothic", "Microsoft YaHei", "SimHei", "PingFang SC", "WenQuanYi Zen Hei",
             "Droid Sans Fallback", "Arial Unicode MS", "Unifont")


def save_curves(history: Mapping[str, Sequence[float]], path: str | Path, title: str = "",
                held_out: str = "held out") -> Path:
    """Draw every quantity of a `History.history` over the epochs, training and held-out data in one panel.

    The best epoch on the held-out data is marked.

    Args:
        history: by name the values of every epoch.
        path: the .png file.
        title: stands above the panels.
        held_out: what the held-out data is called.
    Raises:
        KonvError: the history is empty.
        MissingExtraError: matplotlib is not installed.
    """
    history = {name: [float(value) for value in values] for name, values in history.items()}
    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]
    if not names or not history[names[0]]:
        raise KonvError("save_curves: history is empty; fit the model first")
    with _drawing(path, width=5.2 * len(names), height=4.0) as figure:
        for panel, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            _curve(panel, name, history[name], history.get(f"val_{name}"), held_out)
        figure.suptitle(title)
    return Path(path)


def _curve(panel: Any, name: str, training: Sequence[float], validation: Sequence[float] | None, held_out: str) -> None:
    epochs = np.arange(1, len(training) + 1)
    panel.plot(epochs, training, color=TRAINING, marker="o", markersize=3, label="training")
    if validation is not None:
        panel.plot(epochs, validation, color=VALIDATION, marker="o", markersize=3, label=held_out)
        best = int(np.argmin(validation) if "loss" in name or "error" in name else np.argmax(validation))
        panel.plot(epochs[best], validation[best], color=VALIDATION, marker="o", markersize=10, fillstyle="none",
                   linestyle="none", label=f"best: {validation[best]:.4g} in epoch {best + 1}")
    panel.set_xlabel("epoch")
    panel.set_ylabel(name.replace("_", " "))
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.set_xlim(0.5, len(training) + 0.5)
    panel.grid(alpha=0.25)
    panel.legend(frameon=False)


def confusion_matrix(actual: Any, predicted: Any, classes: int) -> np.ndarray:
    """Counts, (actual class, predicted class).

    >>> confusion_matrix([0, 1, 1], [0, 1, 0], 2)
    array([[1, 0],
           [1, 1]])
    """
    actual, predicted = np.asarray(actual).ravel(), np.asarray(predicted).ravel()
    if actual.shape != predicted.shape:
        raise KonvError(f"confusion_matrix: {len(actual)} actual classes but {len(predicted)} predicted ones")
    if actual.size and not 0 <= min(actual.min(), predicted.min()) <= max(actual.max(), predicted.max()) < classes:
        raise KonvError(f"confusion_matrix: the classes must lie between 0 and {classes - 1}")
    return np.bincount(actual * classes + predicted, minlength=classes**2).reshape(classes, classes)


def save_confusion(actual: Any, predicted: Any, class_names: Sequence[str], path: str | Path, title: str = "") -> Path:
    """Draw how often each class was taken for which.

    Args:
        actual: class of each sample.
        predicted: what it was taken for.
        class_names: their names, in the order of their numbers.
        path: the .png file.
        title: stands above the table.
    Raises:
        KonvError: there are more classes than names, or not as many predictions as samples.
        MissingExtraError: matplotlib is not installed.
    """
    counts = confusion_matrix(actual, predicted, len(class_names))
    class_names = _writable(class_names)
    size = 2.2 + 0.42 * len(class_names)
    with _drawing(path, width=size + 0.6, height=size) as figure:
        _confusion(figure, counts, class_names, title)
    return Path(path)


def _confusion(figure: Any, counts: np.ndarray, class_names: Sequence[str], title: str) -> None:
    panel = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    picture = panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = np.arange(len(class_names))
    slanted = max(map(len, class_names)) > 3
    panel.set_xticks(places, class_names, rotation=45 if slanted else 0, ha="right" if slanted else "center",
                     rotation_mode="anchor" if slanted else "default")
    panel.set_yticks(places, class_names)
    panel.set_xlabel("predicted class")
    panel.set_ylabel("actual class")
    for row, column in zip(*np.nonzero(counts), strict=True):
        panel.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", fontsize=8,
                   color="white" if shares[row, column] > 0.5 else "black")
    figure.colorbar(picture, ax=panel, shrink=0.8, label="share of the actual class")
    correct, everything = int(np.trace(counts)), int(counts.sum())
    panel.set_title(f"{title + ': ' if title else ''}{correct:,} of {everything:,} right", fontsize=10)


@contextmanager
def _drawing(path: str | Path, width: float, height: float) -> Iterator[Any]:
    """A figure that is written to `path` at the end: drawn by Agg, without pyplot and its global state."""
    matplotlib = import_extra("matplotlib", "plot")
    canvas = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
    with matplotlib.rc_context({"font.family": _fonts()}):
        figure = import_module("matplotlib.figure").Figure(figsize=(width, height), dpi=120, layout="constrained")
        canvas(figure)
        yield figure
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png")


def _fonts() -> list[str]:
    """The usual font, then one that can write the names of classes in Korean and the like, if the machine has any."""
    installed = {font.name for font in import_module("matplotlib.font_manager").fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in CJK_FONTS if name in installed)]


def _writable(names: Sequence[str]) -> Sequence[str]:
    """The names, or numbers with a warning if no installed font can write them: rows of empty boxes tell nothing."""
    import_extra("matplotlib", "plot")
    find, read = import_module("matplotlib.font_manager").findfont, import_module("matplotlib.ft2font").FT2Font
    letters = {ord(letter) for name in names for letter in name}
    for family in _fonts():
        letters -= set(read(find(family)).get_charmap())
    if not letters:
        return names
    missing = next(name for name in names if letters & set(map(ord, name)))
    warnings.warn(f"no installed font can write class names such as {missing}: the picture shows the numbers of the classes; "
                  f"install one such as Noto Sans CJK or NanumGothic", stacklevel=3)
    return [str(place) for place in range(len(names))]


__all__ = ["confusion_matrix", "save_confusion", "save_curves"]
