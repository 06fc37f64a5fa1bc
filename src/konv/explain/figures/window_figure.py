"""One pixel of a layer's output, step by step: the values under the window, the kernel, products, sums, bias, activation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from konv.explain.facts.statements import shown
from konv.explain.facts.window_values import Matrix, Share, WindowValues, window_values
from konv.explain.figures.base import Figure, drawn
from konv.explain.figures.svg import Sheet, colour, wide_letters
from konv.explain.languages.messages import check_language, say
from konv.ir.ops import describe
from konv.layers.base import Layer

CELL, LONGEST, MOST = 54, 120, 4  # pixels of a cell and of an image; channels that are drawn
LETTERS, SIZE = 7, 11.5  # as many of this size fit in a cell
SUMS = {"max": "win_max", "average": "win_mean"}


@dataclass(frozen=True)
class WindowFigure(WindowValues, Figure):
    """How one value of a layer's output comes about; `value` is the engine's."""

    lang: str = "en"

    def lines(self, lang: str) -> Iterator[str]:
        """Channel by channel, and what is made of them."""
        yield self.title
        yield from self._given(lang)
        for share in self.shares:
            yield ""
            yield say("fig_channel", lang, number=share.channel)
            yield from _side_by_side(share, lang)
            yield "  " + self._sum(share, lang)
        if any(share.padded for share in self.shares):
            yield say("win_padding", lang)
        yield ""
        yield from self._result(lang, [share.sum for share in self.shares])

    def sheet(self, lang: str) -> Sheet:
        """The first channels from top to bottom, and below them the result."""
        title = say("win_title", lang, title=self.title, row=self.at[0], column=self.at[1], number=self.filter)
        sheet = Sheet(title, self.text(lang))
        sheet.text(0, 0, title, 14, bold=True)
        y, count = 34.0, len(drawn(len(self.shares), MOST))
        for share in self.shares[:count]:
            y = self._draw_share(sheet, share, y, lang)
        sums = [share.sum for share in self.shares]
        if rest := sums[count:]:
            sheet.text(0, y, "⋮ " + say("win_more", lang, count=len(rest), value=shown(sum(rest))), 12, "quiet")
            y += 28
            sums = [sum(sums)]  # so many terms are not legible in one line
        between = [say("win_padding_drawn", lang)] if any(share.padded for share in self.shares) else []
        between = between if self.shares else [""]
        for line in (*self._given(lang), *between, *self._result(lang, sums)):
            sheet.text(0, y, line, 13)
            y += 22
        return sheet

    def _given(self, lang: str) -> Iterator[str]:
        yield say("input", lang, shape=describe(self.input_shape))
        if self.formula:
            yield say("win_norm", lang, formula=self.formula, value=shown(self.total))

    def _sum(self, share: Share, lang: str) -> str:
        return say(SUMS.get(self.kind, "win_sum"), lang, value=shown(share.sum))

    def _result(self, lang: str, sums: Sequence[float]) -> Iterator[str]:
        """The sum over the channels, what activations make of it, the value."""
        if self.kind in ("conv", "transposed"):
            key, bias = ("win_total", []) if self.bias is None else ("win_total_bias", [self.bias])
            yield say(key, lang, terms=" + ".join(map(shown, [*sums, *bias])), value=shown(self.total))
        for name, value in self.after:
            yield say("win_after", lang, name=name, value=shown(value))
        yield say("win_value", lang, row=self.at[0], column=self.at[1], number=self.filter, value=shown(self.value))

    def _draw_share(self, sheet: Sheet, share: Share, y: float, lang: str) -> float:
        """One channel from left to right; returns where the next one may begin."""
        height, width, _ = self.input_shape
        cell = min(18.0, LONGEST / max(height, width))
        style = colour(share.channel)
        sheet.text(0, y, say("fig_channel", lang, number=share.channel), 12, style, bold=True)
        top = y + 20
        sheet.grid(0, top, height, width, cell, style, 0.14)
        for row, column in {place for line in share.places for place in line if place is not None}:
            sheet.rect(column * cell, top + row * cell, cell, cell, "window", 0.55)
        x, bottom = width * cell + 34, top + height * cell
        for sign, (key, matrix) in zip(("", "×", "="), _matrices(share), strict=False):
            if not matrix or not matrix[0]:
                continue
            if sign:
                sheet.text(x - 17, top + 16 + len(matrix) * CELL / 2, sign, 16, "quiet", "middle")
            sheet.text(x, top, say(key, lang), 11, "quiet")
            sheet.grid(x, top + 12, len(matrix), len(matrix[0]), CELL, style, 0.1)
            for r, line in enumerate(matrix):
                for c, value in enumerate(line):
                    padding = key == "win_pixels" and share.places[r][c] is None
                    sheet.text(x + (c + 0.5) * CELL, top + 12 + (r + 0.5) * CELL, short(value), SIZE,
                               "quiet" if padding else "ink", "middle")
            bottom = max(bottom, top + 12 + len(matrix) * CELL)
            x += len(matrix[0]) * CELL + 34
        sheet.text(x - 20, top + 14 + len(share.pixels) * CELL / 2, "→ " + self._sum(share, lang), 13)
        return bottom + 28


def window(layer: Layer, x: Any, at: Sequence[int] = (0, 0), filter: int = 0, lang: str | None = None) -> WindowFigure:
    """How one value of a feature map is computed from an image, with the real values.

    Args:
        layer: a convolution, a depthwise or transposed one, a pool or a BatchNormalization, built or not.
        x: one image as the layer takes it, with or without a batch axis of 1.
        at: row and column of the value.
        filter: number of its feature map.
        lang: "en" or "ko"; None is the language that is set.
    Raises:
        ShapeError: `x` is not one image, or `at` and `filter` lie outside the output.
        UnsupportedError: the layer has no window.

    >>> import konv, numpy as np
    >>> layer = konv.layers.Conv2D(1, 2, kernel_initializer="ones", bias_initializer="ones")
    >>> figure = window(layer, np.arange(9.0).reshape(3, 3, 1), at=(1, 1))
    >>> figure.value, figure.shares[0].products
    (25.0, ((4.0, 5.0), (7.0, 8.0)))
    >>> print(figure.text().splitlines()[-1])
    output pixel (1, 1) of feature map 0: 25
    """
    language = check_language(lang)
    return WindowFigure(**vars(window_values(layer, x, at, filter)), lang=language)


def _matrices(share: Share) -> list[tuple[str, Matrix]]:
    """What is shown of a channel side by side, by the keys of their headings."""
    parts = (("win_pixels", share.pixels), ("win_kernel", share.kernel), ("win_products", share.products))
    return [(key, matrix) for key, matrix in parts if matrix is not None]


def _side_by_side(share: Share, lang: str) -> Iterator[str]:
    """The window, the kernel and the products as text; padding is in brackets."""
    blocks = []
    for key, matrix in _matrices(share):
        head, cells = say(key, lang), [[shown(value) for value in line] for line in matrix]
        if key == "win_pixels":
            cells = [[f"({cell})" if place is None else cell for cell, place in zip(line, places, strict=True)]
                     for line, places in zip(cells, share.places, strict=True)]
        width = max((len(cell) for line in cells for cell in line), default=0)
        lines = ["  ".join(cell.rjust(width) for cell in line) for line in cells]
        wide = wide_letters(head)  # each fills two columns
        across = max([*map(len, lines), len(head) + wide])
        blocks.append([head.ljust(across - wide), *(line.ljust(across) for line in lines)])
    yield from ("  " + "    ".join(parts).rstrip() for parts in zip(*blocks, strict=True))


def short(value: float) -> str:
    """A number with as many of its four digits as fit in a cell, so that all are written in one size.

    >>> short(0.9922), short(-0.07848), short(-0.0008872), short(-123456.0)
    ('0.9922', '-0.0785', '-8.9e-4', '-1.2e+5')
    """
    texts = (shown(value), *(f"{value:.{digits}g}" for digits in (3, 2)), f"{value:.1e}")
    tidy = [re.sub(r"e([+-])0", r"e\1", text) for text in texts]
    return next((text for text in tidy if len(text) <= LETTERS), f"{value:.0e}")


__all__ = ["WindowFigure", "window"]
