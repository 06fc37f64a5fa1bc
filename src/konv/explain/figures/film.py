"""A window that slides over all its positions, and the feature map that it fills: as moving SVG or as GIF."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.explain.figures.base import Figure
from konv.explain.figures.pixels import grey, place_image
from konv.explain.figures.svg import Sheet, number
from konv.explain.figures.window_figure import one_image, window
from konv.explain.languages.messages import check_language, say
from konv.ir.window import Axis
from konv.layers.base import Layer

SIDE = 220  # pixels of the longer side of either image
MOST = 900  # positions that are shown; of more, every second or third


@dataclass(frozen=True, repr=False)  # the arrays would fill pages
class Film(Figure):
    """All positions of one filter's window, in reading order, and the map that they make."""

    title: str
    filter: int
    image: np.ndarray  # height, width, channels
    result: np.ndarray  # rows, columns of the output
    axes: tuple[Axis, Axis]
    seconds: float  # for each position
    lang: str = "en"

    def positions(self) -> list[tuple[int, int]]:
        """(row, column) of the output, as many as are shown."""
        rows, columns = self.result.shape
        every = -(-rows * columns // MOST)
        return [divmod(place, columns) for place in range(0, rows * columns, every)]

    def text(self, lang: str | None = None) -> str:
        rows, columns = self.result.shape
        return say("film_text", check_language(lang or self.lang), title=self.title, number=self.filter, count=rows * columns,
                   rows=rows, columns=columns)

    def frame(self, place: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width of the window in pixels of the image; padding lies outside of it."""
        rows, columns = self.axes
        return (place[0] * rows.stride - rows.before, place[1] * columns.stride - columns.before, rows.extent, columns.extent)

    def svg(self, lang: str | None = None) -> str:
        places = self.positions()
        sheet = Sheet(self.title, self.text(lang))
        sheet.text(0, 0, self.text(lang), 13)
        scale = SIDE / max(self.image.shape[:2])
        place_image(sheet, 0, 24, grey(self.image), scale)
        tops, lefts = zip(*[self.frame(place)[:2] for place in places], strict=True)
        height, width = self.frame(places[0])[2:]
        sheet.reach((min(lefts) * scale, 24 + min(tops) * scale),
                    ((max(lefts) + width) * scale, 24 + (max(tops) + height) * scale))
        sheet.add(f'<rect x="0" y="0" width="{number(width * scale)}" height="{number(height * scale)}" class="window-line" '
                  f'stroke-width="2">{self._moving("x", [left * scale for left in lefts])}'
                  f'{self._moving("y", [24 + top * scale for top in tops])}</rect>')
        self._draw_result(sheet, max(SIDE, (max(lefts) + width) * scale) + 40, places)
        return sheet.render()

    def _moving(self, name: str, values: list[float]) -> str:
        steps = ";".join(map(number, values))
        return (f'<animate attributeName="{name}" values="{steps}" calcMode="discrete" repeatCount="indefinite" '
                f'dur="{number(len(values) * self.seconds)}s"/>')

    def _draw_result(self, sheet: Sheet, x: float, places: list[tuple[int, int]]) -> None:
        rows, columns = self.result.shape
        cell = SIDE / max(rows, columns)
        sheet.grid(x, 24, rows, columns, cell, "quiet")
        shades = grey(self.result[..., None])[..., 0]
        long = number(len(places) * self.seconds)
        for step, (row, column) in enumerate(places):
            sheet.add(f'<rect x="{number(x + column * cell)}" y="{number(24 + row * cell)}" width="{number(cell)}" '
                      f'height="{number(cell)}" fill="rgb({shades[row, column]},{shades[row, column]},{shades[row, column]})">'
                      f'<animate attributeName="opacity" values="0;1" keyTimes="0;{step / len(places):.5f}" '
                      f'calcMode="discrete" dur="{long}s" repeatCount="indefinite"/></rect>')

    def __repr__(self) -> str:
        return f"<Film of {len(self.positions())} positions of {self.title}>"

    def save(self, path: str | Path, lang: str | None = None) -> Path:
        """Write the film to a file; its ending says as what: .gif, .svg, .html or .txt."""
        return self.gif(path) if Path(path).suffix.lower() == ".gif" else super().save(path, lang)

    def gif(self, path: str | Path) -> Path:
        """Write the film as a GIF."""
        from PIL import Image, ImageDraw

        target, scale = Path(path), max(1, SIDE // max(self.image.shape[:2]))
        if target.suffix.lower() != ".gif":
            raise KonvError(f"a film is written as .gif, got {target.name!r}; save() writes .svg, .html and .txt too")
        cell = max(1, SIDE // max(self.result.shape))
        left = Image.fromarray(grey(self.image)).resize(
            (self.image.shape[1] * scale, self.image.shape[0] * scale), Image.Resampling.NEAREST)
        rows, columns = self.result.shape
        margin = 2 * scale
        size = left.width + 3 * margin + 20 + columns * cell, max(left.height, rows * cell) + 2 * margin
        shades = grey(self.result[..., None])
        sheet = Image.new("RGB", size, (255, 255, 255))
        sheet.paste(left, (margin, margin))
        frames = []
        for row, column in self.positions():
            corner = left.width + 2 * margin + 20 + column * cell, margin + row * cell
            sheet.paste(tuple(int(shade) for shade in shades[row, column]), (*corner, corner[0] + cell, corner[1] + cell))
            picture = sheet.copy()
            top, first, height, width = self.frame((row, column))
            ImageDraw.Draw(picture).rectangle(
                (margin + first * scale, margin + top * scale, margin + (first + width) * scale - 1,
                 margin + (top + height) * scale - 1), outline=(214, 51, 108), width=2)
            frames.append(picture)
        frames[0].save(target, save_all=True, append_images=frames[1:], duration=max(20, round(self.seconds * 1000)), loop=0)
        return target


def film(layer: Layer, x: Any, filter: int = 0, seconds: float = 0.05, lang: str | None = None) -> Film:
    """The window of a convolution or pool sliding over an image, `seconds` at each position.

    >>> import konv
    >>> layer = konv.layers.Conv2D(1, 3, padding="same")
    >>> moving = film(layer, np.eye(6)[..., None])
    >>> len(moving.positions()), moving.frame((0, 0))
    (36, (-1, -1, 3, 3))
    """
    language = check_language(lang)
    if not seconds > 0:
        raise KonvError(f"film: seconds must be above 0, got {seconds!r}")
    figure = window(layer, x, (0, 0), filter)
    image = one_image(layer, x)
    op: Any = layer.graph(image.shape[1:]).nodes[1].op
    if not hasattr(op, "window"):
        raise KonvError(f"{layer.title}: has no window that could slide")
    first = op.data_format == "channels_first"
    source = image[0].transpose(1, 2, 0) if first else image[0]
    result = np.asarray(layer(image))[0]
    return Film(figure.title, figure.filter, source, result[filter] if first else result[..., filter],
                op.window.axes(*source.shape[:2]), float(seconds), language)


__all__ = ["Film", "film"]
