"""A window that slides over all its positions, and the feature map that it fills: as moving SVG or as GIF."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.explain.facts.window_values import channel_axis, layer_image, window_values
from konv.explain.figures.base import Figure, save_gif
from konv.explain.figures.pixels import grey, place_image
from konv.explain.figures.svg import Sheet, box, number
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
    called = "a film"

    def positions(self) -> list[tuple[int, int]]:
        """(row, column) of the output, as many as are shown."""
        rows, columns = self.result.shape
        every = -(-rows * columns // MOST)
        return [divmod(place, columns) for place in range(0, rows * columns, every)]

    def frame(self, place: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width of the window in pixels of the image; padding lies outside of it."""
        rows, columns = self.axes
        return (place[0] * rows.stride - rows.before, place[1] * columns.stride - columns.before, rows.extent, columns.extent)

    def lines(self, lang: str) -> list[str]:
        """What is filmed."""
        rows, columns = self.result.shape
        return [say("film_text", lang, title=self.title, number=self.filter, count=rows * columns, rows=rows, columns=columns)]

    def sheet(self, lang: str) -> Sheet:
        """The image with the window, beside it the map that it fills."""
        places, text = self.positions(), self.text(lang)
        sheet = Sheet(self.title, text)
        sheet.text(0, 0, text, 13)
        scale = SIDE / max(self.image.shape[:2])
        place_image(sheet, 0, 24, grey(self.image), scale)
        tops, lefts, heights, widths = zip(*map(self.frame, places), strict=True)
        right, height, width = (max(lefts) + widths[0]) * scale, heights[0] * scale, widths[0] * scale
        sheet.reach((min(lefts) * scale, 24 + min(tops) * scale), (right, 24 + (max(tops) + heights[0]) * scale))
        sheet.add(f'<rect {box(0, 0, width, height)} class="window-line" '
                  f'stroke-width="2">{self._moving("x", [left * scale for left in lefts])}'
                  f'{self._moving("y", [24 + top * scale for top in tops])}</rect>')
        self._draw_result(sheet, max(SIDE, right) + 40, places)
        return sheet

    def _moving(self, name: str, values: list[float]) -> str:
        steps = ";".join(map(number, values))
        return (f'<animate attributeName="{name}" values="{steps}" calcMode="discrete" repeatCount="indefinite" '
                f'dur="{number(len(values) * self.seconds)}s"/>')

    def _draw_result(self, sheet: Sheet, x: float, places: list[tuple[int, int]]) -> None:
        rows, columns = self.result.shape
        cell = SIDE / max(rows, columns)
        sheet.grid(x, 24, rows, columns, cell, "quiet")
        long = number(len(places) * self.seconds)
        for step, ((row, column), shades) in enumerate(zip(places, self._shades(places), strict=True)):
            sheet.add(f'<rect {box(x + column * cell, 24 + row * cell, cell, cell)} fill="rgb({",".join(map(str, shades))})">'
                      f'<animate attributeName="opacity" values="0;1" keyTimes="0;{step / len(places):.5f}" '
                      f'calcMode="discrete" dur="{long}s" repeatCount="indefinite"/></rect>')

    def _shades(self, places: list[tuple[int, int]]) -> list[tuple[int, ...]]:
        """The colours of the map's pixels."""
        pixels = grey(self.result[..., None])
        return [tuple(map(int, pixels[place])) for place in places]

    def __repr__(self) -> str:
        return f"<Film of {len(self.positions())} positions of {self.title}>"

    def pixel_files(self) -> dict[str, Callable[[Path], Any]]:
        """A film is written as GIF too."""
        return {".gif": self.gif}

    def gif(self, path: str | Path) -> Path:
        """Write the film as a GIF."""
        from PIL import Image, ImageDraw

        target, scale = Path(path), max(1, SIDE // max(self.image.shape[:2]))
        if target.suffix.lower() != ".gif":
            raise KonvError(f"a film is written as .gif, got {target.name!r}; save() writes .svg, .html and .txt too")
        (rows, columns), places = self.result.shape, self.positions()
        cell, margin = max(1, SIDE // max(rows, columns)), 2 * scale
        image = Image.fromarray(grey(self.image)).resize(
            (self.image.shape[1] * scale, self.image.shape[0] * scale), Image.Resampling.NEAREST)
        left = image.width + 2 * margin + 20  # where the map begins
        sheet = Image.new("RGB", (left + columns * cell + margin, max(image.height, rows * cell) + 2 * margin), (255, 255, 255))
        sheet.paste(image, (margin, margin))
        frames = []
        for (row, column), shades in zip(places, self._shades(places), strict=True):
            x, y = left + column * cell, margin + row * cell
            sheet.paste(shades, (x, y, x + cell, y + cell))
            picture = sheet.copy()
            top, first, height, width = (scale * size for size in self.frame((row, column)))
            x, y = margin + first, margin + top
            ImageDraw.Draw(picture).rectangle((x, y, x + width - 1, y + height - 1), outline=(214, 51, 108), width=2)
            frames.append(picture)
        save_gif(frames, target, self.seconds)
        return target


def film(layer: Layer, x: Any, filter: int = 0, seconds: float = 0.05, lang: str | None = None) -> Film:
    """The window of a convolution or pool sliding over an image.

    Args:
        layer: a layer with a window, built or not.
        x: one image as the layer takes it, with or without a batch axis of 1.
        filter: number of the feature map.
        seconds: for how long the window stands at each position.
        lang: "en" or "ko"; None is the language that is set.
    Raises:
        KonvError: the layer has no window, or `seconds` is not above 0.
        ShapeError: `x` is not one image, or there is no such filter.

    >>> import konv
    >>> layer = konv.layers.Conv2D(1, 3, padding="same")
    >>> moving = film(layer, np.eye(6)[..., None])
    >>> len(moving.positions()), moving.frame((0, 0))
    (36, (-1, -1, 3, 3))
    """
    language = check_language(lang)
    if not seconds > 0:
        raise KonvError(f"film: seconds must be above 0, got {seconds!r}")
    values = window_values(layer, x, (0, 0), filter)
    image = layer_image(layer, x)
    op: Any = layer.graph(image.shape[1:]).nodes[1].op
    if not hasattr(op, "window"):
        raise KonvError(f"{layer.title}: has no window that could slide")
    source, result = (np.moveaxis(array[0], channel_axis(op), -1) for array in (image, np.asarray(layer(image))))
    return Film(values.title, values.filter, source, result[..., filter], op.window.axes(*source.shape[:2]), float(seconds),
                language)


__all__ = ["Film", "film"]
