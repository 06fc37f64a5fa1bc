"""Learning curves: how the numbers of a training ran over its epochs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from numbers import Real
from typing import Any

import numpy as np

from konv.callbacks.base import History
from konv.callbacks.monitor import rises
from konv.errors import KonvError
from konv.explain.facts.statements import shown
from konv.explain.figures.base import Figure
from konv.explain.figures.svg import Sheet, text_width, wide_letters
from konv.explain.languages.messages import check_language, say

WIDTH, HEIGHT = 330, 190  # pixels: of what is between the axes of a panel
ACROSS, DOWN = WIDTH + 92, HEIGHT + 86  # from one panel to the next
IN_A_ROW = 2  # panels: as many as fit beside each other in a notebook
MARKS = 40  # up to so many epochs each is a dot

Points = tuple[tuple[int, float], ...]  # (epoch from 1 on, value)


@dataclass(frozen=True)
class Curve:
    """One number of a training, with what it was on the validation data; `rises` is None if neither way is better."""

    name: str
    training: Points
    validation: Points
    rises: bool | None

    @property
    def best(self) -> tuple[int, float] | None:
        """Where it was best: on the validation data, if there are any."""
        known = [point for point in self.validation or self.training if isfinite(point[1])]
        if self.rises is None or not known:
            return None
        return (max if self.rises else min)(known, key=lambda point: point[1])


@dataclass(frozen=True)
class LearningCurves(Figure):
    """Curves, one panel each; `undrawn` are the numbers that are none, such as arrays."""

    curves: tuple[Curve, ...]
    undrawn: tuple[str, ...] = ()
    lang: str = "en"

    def lines(self, lang: str) -> Iterator[str]:
        """A table: first, last and best value of every quantity."""
        rows = [["", *(say(key, lang) for key in ("curve_first", "curve_last", "curve_best"))]]
        for curve in self.curves:
            for name, points in ((curve.name, curve.training), (f"val_{curve.name}", curve.validation)):
                best = curve.best if points == (curve.validation or curve.training) else None
                told = say("curve_in_epoch", lang, value=shown(best[1]), epoch=best[0]) if best else ""
                rows += [[name, shown(points[0][1]), shown(points[-1][1]), told]] if points else []
        widths = [max(len(cell) + wide_letters(cell) for cell in column) for column in zip(*rows, strict=True)]
        for row in rows:
            room = [" " * (width - len(cell) - wide_letters(cell)) for cell, width in zip(row, widths, strict=True)]
            yield f"{row[0]}{room[0]}  {room[1]}{row[1]}  {room[2]}{row[2]}  {row[3]}".rstrip()
        if self.undrawn:
            yield say("curve_undrawn", lang, names=", ".join(self.undrawn))

    def sheet(self, lang: str) -> Sheet:
        """The panels, row by row."""
        sheet = Sheet(say("curve_title", lang), self.text(lang))
        for place, curve in enumerate(self.curves):
            row, column = divmod(place, IN_A_ROW)
            _panel(sheet, curve, column * ACROSS, row * DOWN, lang)
        return sheet


def learning_curves(history: History | Mapping[str, Sequence[float]], lang: str | None = None) -> LearningCurves:
    """The curves of a training.

    Args:
        history: what `fit` returned, or its `history`.
        lang: "en" or "ko"; None is the language that is set.
    Raises:
        KonvError: there is nothing to draw, or it is not what fit returned.

    >>> figure = learning_curves({"loss": [2.0, 1.0, 1.5], "accuracy": [0.1, 0.5, 0.4]})
    >>> [(curve.name, curve.best) for curve in figure.curves]
    [('loss', (2, 1.0)), ('accuracy', None)]
    """
    whole = history if isinstance(history, History) else None
    numbers: Mapping[str, Any] = whole.history if whole is not None else history  # type: ignore[assignment]
    if not isinstance(numbers, Mapping):
        raise KonvError(f"learning_curves: expected what fit returned, got {type(history).__name__}")
    epochs = whole.epochs_of if whole is not None else {}
    points = {name: _points(values, epochs.get(name)) for name, values in numbers.items()}
    names = list(dict.fromkeys(name.removeprefix("val_") for name, found in points.items() if found))
    if not names:
        raise KonvError("learning_curves: there is nothing to draw; fit the model first")
    ways = [rises(whole and whole.model, "loss" if name.endswith("_loss") else name) for name in names]
    curves = tuple(Curve(name, points.get(name, ()), points.get(f"val_{name}", ()), way)
                   for name, way in zip(names, ways, strict=True))
    return LearningCurves(curves, tuple(name for name, found in points.items() if not found), check_language(lang))


def _points(values: Sequence[Any], epochs: Sequence[int] | None) -> Points:
    """The values with their epochs, counted from 1; none if they are no single numbers."""
    values = [value.item() if isinstance(value, (np.ndarray, np.generic)) and value.size == 1 else value for value in values]
    if not all(isinstance(value, Real) for value in values):
        return ()
    places = [epoch + 1 for epoch in epochs or ()]
    if len(places) != len(values) or sorted(set(places)) != places:  # several trainings in one history
        places = list(range(1, len(values) + 1))
    return tuple((place, float(value)) for place, value in zip(places, values, strict=True))


# --- a panel --------------------------------------------------------------------------------------------


def _panel(sheet: Sheet, curve: Curve, x: float, y: float, lang: str) -> None:
    points = [*curve.training, *curve.validation]
    values = [value for _, value in points if isfinite(value)] or [0.0, 1.0]
    first, last = min(epoch for epoch, _ in points), max(epoch for epoch, _ in points)
    heights = ticks(min(values), max(values))
    left, right = (first - 0.5, last + 0.5) if first == last else (first, last)

    def place(epoch: float, value: float) -> tuple[float, float]:
        return (x + (epoch - left) / (right - left) * WIDTH,
                y + HEIGHT - (value - heights[0]) / (heights[-1] - heights[0]) * HEIGHT)

    sheet.rect(x, y, WIDTH, HEIGHT, "blank")
    for value in heights:
        _, height = place(left, value)
        sheet.line([(x, height), (x + WIDTH, height)], "line-line", stroke_width=0.7)
        sheet.text(x - 8, height, f"{value:.6g}", 11, "quiet", "end")
    for epoch in ticks(first, last, whole=True):
        if first <= epoch <= last:
            along, _ = place(epoch, heights[0])
            sheet.line([(along, y + HEIGHT), (along, y + HEIGHT + 4)], "line-line")
            sheet.text(along, y + HEIGHT + 14, f"{epoch:,.0f}", 11, "quiet", "middle")
    sheet.text(x + WIDTH / 2, y + HEIGHT + 31, say("curve_epoch", lang), 11, "quiet", "middle")
    sheet.text(x, y - 18, curve.name, 13, bold=True)
    _legend(sheet, curve, x + WIDTH, y - 18, lang)
    for style, series in (("c0", curve.training), ("c1", curve.validation)):
        _line(sheet, [(place(epoch, value) if isfinite(value) else None) for epoch, value in series], style)
    if curve.best:
        _ring(sheet, *place(*curve.best), "c1-line" if curve.validation else "c0-line", 6)


def _line(sheet: Sheet, points: list[tuple[float, float] | None], style: str) -> None:
    """Through the points; what is no number leaves a gap."""
    run: list[tuple[float, float]] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            sheet.line(run, f"{style}-line", stroke_width=2, stroke_linejoin="round")
            for x, y in run if len(points) <= MARKS or len(run) == 1 else ():
                sheet.circle(x, y, 2.5, style)
            run = []


def _ring(sheet: Sheet, x: float, y: float, style: str, radius: float) -> None:
    sheet.reach((x - radius, y - radius), (x + radius, y + radius))
    sheet.circle(x, y, radius, style, stroke_width=1.5)


def _legend(sheet: Sheet, curve: Curve, right: float, y: float, lang: str) -> None:
    """What the colours and the ring are, up to the right end of the panel."""
    marks = (("curve_training", "c0-line", curve.training), ("curve_validation", "c1-line", curve.validation),
             ("curve_best", "c1-line" if curve.validation else "c0-line", curve.best))
    known = [(key, style, say(key, lang)) for key, style, there in marks if there]
    x = right - sum(28 + text_width(label, 11) for *_, label in known)
    for key, style, label in known:
        if key == "curve_best":
            _ring(sheet, x + 15, y, style, 4.5)
        else:
            sheet.line([(x + 4, y), (x + 20, y)], style, stroke_width=2)
        sheet.text(x + 25, y, label, 11, "quiet")
        x += 28 + text_width(label, 11)


def ticks(low: float, high: float, whole: bool = False) -> list[float]:
    """Round numbers from below `low` to above `high`, about five.

    >>> ticks(0.03, 0.9), ticks(1, 30, whole=True), ticks(5, 5)
    ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 10.0, 20.0, 30.0], [4.0, 5.0, 6.0])
    """
    if low == high and not whole:
        reach = 10.0 ** floor(log10(abs(low))) if low else 1.0
        return [float(low) - reach, float(low), low + reach]
    rough = (high - low) / 4 or 1.0
    size = 10.0 ** floor(log10(rough))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= rough * 0.999)
    step = max(1.0, float(ceil(step))) if whole else step
    return [round(place * step, 12 - floor(log10(step))) + 0.0 for place in range(floor(low / step), ceil(high / step) + 1)]


__all__ = ["Curve", "LearningCurves", "learning_curves"]
