"""The drawing of a window: where it lies in the image, its numbers, the kernel, the products, the sum."""

import re
from typing import TYPE_CHECKING, Any

from konv.explain.facts.statements import shown
from konv.explain.figures.svg import Sheet, colour
from konv.explain.languages.messages import say
from konv.ir.ops import describe

if TYPE_CHECKING:
    from konv.explain.figures.window_figure import Share, WindowFigure

CELL, LONGEST, MOST, SHOWN = 54, 120, 4, 3  # pixels of a cell and of an image; channels drawn whole, or so many of more
LETTERS, SIZE = 7, 11.5  # as many of this size fit in a cell


def draw_window(figure: "WindowFigure", lang: str) -> str:
    """The figure as SVG."""
    title = say("win_title", lang, title=figure.title, row=figure.at[0], column=figure.at[1], number=figure.filter)
    sheet = Sheet(title, figure.text(lang))
    sheet.text(0, 0, title, 14, bold=True)
    y = 34.0
    shares = figure.shares if len(figure.shares) <= MOST else figure.shares[:SHOWN]
    for share in shares:
        y = _draw_share(sheet, figure, share, y, lang)
    rest = figure.shares[len(shares):]
    if rest:
        together = shown(sum(share.sum for share in rest))
        sheet.text(0, y, "⋮ " + say("win_more", lang, count=len(rest), value=together), 12, "quiet")
        y += 28
    for line in _conclusion(figure, lang):
        sheet.text(0, y, line, 13)
        y += 22
    return sheet.render()


def _draw_share(sheet: Sheet, figure: "WindowFigure", share: "Share", y: float, lang: str) -> float:
    """One channel from left to right; returns where the next one may begin."""
    height, width, _ = figure.input_shape
    cell = min(18.0, LONGEST / max(height, width))
    style = colour(share.channel)
    sheet.text(0, y, say("fig_channel", lang, number=share.channel), 12, style, bold=True)
    top = y + 20
    sheet.grid(0, top, height, width, cell, style, style)
    for row, column in {place for line in share.places for place in line if place is not None}:
        sheet.rect(column * cell, top + row * cell, cell, cell, "window", 0.55)
    x = width * cell + 34
    parts = [("win_pixels", share.pixels, ""), ("win_kernel", share.kernel, "×"), ("win_products", share.products, "=")]
    bottom = top + height * cell
    for key, matrix, sign in parts:
        if matrix is None or not matrix or not matrix[0]:
            continue
        if sign:
            sheet.text(x - 17, top + 16 + len(matrix) * CELL / 2, sign, 16, "quiet", "middle")
        sheet.text(x, top, say(key, lang), 11, "quiet")
        sheet.grid(x, top + 12, len(matrix), len(matrix[0]), CELL, style, style, 0.1)
        _numbers(sheet, x, top + 12, matrix, share.places if key == "win_pixels" else None)
        bottom = max(bottom, top + 12 + len(matrix) * CELL)
        x += len(matrix[0]) * CELL + 34
    words = {"max": "win_max", "average": "win_mean"}.get(figure.kind, "win_sum")
    sheet.text(x - 20, top + 14 + len(share.pixels) * CELL / 2, "→ " + say(words, lang, value=shown(share.sum)), 13)
    return bottom + 28


def _numbers(sheet: Sheet, x: float, y: float, matrix: Any, places: Any) -> None:
    """Each number in the middle of its cell; padding is quiet."""
    for r, line in enumerate(matrix):
        for c, value in enumerate(line):
            padding = places is not None and places[r][c] is None
            sheet.text(x + (c + 0.5) * CELL, y + (r + 0.5) * CELL, short(value), SIZE, "quiet" if padding else "ink", "middle")


def short(value: float) -> str:
    """A number with as many of its four digits as fit in a cell, so that all are written in one size.

    >>> short(0.9922), short(-0.07848), short(-0.0008872), short(-123456.0)
    ('0.9922', '-0.0785', '-8.9e-4', '-1.2e+5')
    """
    texts = (shown(value), *(f"{value:.{digits}g}" for digits in (3, 2)), f"{value:.1e}")
    tidy = [re.sub(r"e([+-])0", r"e\1", text) for text in texts]
    return next((text for text in tidy if len(text) <= LETTERS), f"{value:.0e}")


def _conclusion(figure: "WindowFigure", lang: str) -> list[str]:
    lines = figure.text(lang).splitlines()
    if figure.kind == "norm":
        return lines[1:]
    blank = max(place for place, line in enumerate(lines) if not line)
    padding = [say("win_padding_drawn", lang)] if say("win_padding", lang) in lines else []
    told = lines[blank + 1:]
    if len(figure.shares) > MOST:  # so many terms are not legible in one line
        key = "win_total" if figure.bias is None else "win_total_bias"
        bias = "" if figure.bias is None else f" + {shown(figure.bias)}"
        together = shown(sum(share.sum for share in figure.shares))
        told[0] = say(key, lang, terms=together + bias, value=shown(figure.total))
    return [say("input", lang, shape=describe(figure.input_shape)), *padding, *told]
