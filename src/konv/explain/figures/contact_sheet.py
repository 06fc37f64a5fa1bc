"""A contact sheet: small pictures of one layer side by side, as PNG, SVG and HTML, with what was done to the numbers.

PNG is captioned in English, whatever the language: Pillow's own font has no other letters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.explain.figures.base import Figure
from konv.explain.figures.pixels import as_bytes, place_image
from konv.explain.figures.svg import Sheet
from konv.explain.languages.messages import check_language

MARGIN = 12
THUMBNAIL = 72
PAPER, INK, QUIET, LINE, DEAD = (255, 255, 255), (20, 24, 32), (96, 104, 118), (70, 130, 220), (150, 62, 62)


class Tiles(Figure):
    """A subclass says what is on the sheet."""

    name: str
    class_name: str
    picture: np.ndarray | None = None  # the image that the layer's maps are of
    cell = 72  # a tile is enlarged until its longer side has about this many pixels
    gap, line = 1, LINE  # pixels between tiles, and their colour

    @property
    def title(self) -> str:
        return f"{self.name} ({self.class_name})"

    @property
    def columns(self) -> int:
        """Tiles in a row."""
        raise NotImplementedError

    def pictures(self) -> np.ndarray:
        """What is drawn: (tiles, height, width, 3) of bytes, row by row."""
        raise NotImplementedError

    def labels(self) -> list[str]:
        """What stands before each row."""
        raise NotImplementedError

    def crossed(self) -> set[int]:
        """Tiles that are crossed out."""
        return set()

    def caption(self, lang: str) -> list[str]:
        """What is drawn, and what was done to the numbers."""
        raise NotImplementedError

    def details(self, lang: str) -> Iterable[str]:
        """Further lines for those who read and do not look."""
        return ()

    def text(self, lang: str | None = None) -> str:
        language = check_language(lang or self.lang)
        return "\n".join([self.title, *self.caption(language), *self.details(language)])

    def svg(self, lang: str | None = None) -> str:
        language = check_language(lang or self.lang)
        sheet = Sheet(self.title, self.text(language))
        x, y = 0.0, 0.0
        if self.picture is not None:
            pixels = colours(self.picture)
            scale = THUMBNAIL / max(pixels.shape[:2])
            place_image(sheet, 0, -8, pixels, scale)
            x, y = pixels.shape[1] * scale + MARGIN, pixels.shape[0] * scale
        sheet.text(x, 0, self.title, 14, bold=True)
        for place, line in enumerate(self.caption(language), 1):
            sheet.text(x, 4 + 18 * place, line, 12, "quiet")
        self._draw_tiles(sheet, max(y, 18 * len(self.caption(language)) + 24) + MARGIN)
        return sheet.render()

    def _draw_tiles(self, sheet: Sheet, top: float) -> None:
        pictures, crossed = self.pictures(), self.crossed()
        _, height, width, _ = pictures.shape
        scale = self.cell / max(height, width)
        across, down = width * scale, height * scale
        indent = 10 + 7 * max(map(len, self.labels()))
        for place, pixels in enumerate(pictures):
            row, column = divmod(place, self.columns)
            x, y = indent + column * (across + 3), top + row * (down + 3)
            place_image(sheet, x, y, pixels, scale)
            if place in crossed:
                sheet.line([(x, y), (x + across, y + down)], "window-line")
                sheet.line([(x, y + down), (x + across, y)], "window-line")
        for row, label in enumerate(self.labels()):
            sheet.text(indent - 8, top + row * (down + 3) + down / 2, label, 11, "quiet", "end")

    def image(self) -> Any:
        """The sheet as a Pillow image."""
        return contact_sheet(self, self.picture)

    def save(self, path: str | Path, lang: str | None = None) -> Path:
        """Write the sheet to a file; its ending says as what: .png, .svg, .html or .txt."""
        target = Path(path)
        if target.suffix.lower() == ".png":
            self.image().save(target)
            return target
        if target.suffix.lower() not in (".svg", ".html", ".txt"):
            raise KonvError(f"a contact sheet is saved as .png, .svg, .html, .txt, got {target.name!r}")
        return super().save(target, lang)


def contact_sheet(tiles: Tiles, picture: np.ndarray | None = None):
    """A Pillow image: caption, the input image, and all tiles in rows, numbered at the left."""
    from PIL import Image, ImageDraw, ImageFont

    pictures, crossed, labels = tiles.pictures(), tiles.crossed(), tiles.labels()
    count, height, width, _ = pictures.shape
    gap, factor = tiles.gap, max(1, ceil(tiles.cell / max(height, width)))
    cell_width, cell_height = width * factor + gap, height * factor + gap
    fonts = ImageFont.load_default(16), ImageFont.load_default(12)
    head = _Head([tiles.title, *tiles.caption("en")], fonts, _thumbnail(picture))
    index_width = ceil(max(fonts[1].getlength(label) for label in labels)) + 8
    left, top = MARGIN + index_width, 2 * MARGIN + head.height
    right = max(left + min(tiles.columns, count) * cell_width + gap, MARGIN + head.width) + MARGIN
    sheet = Image.new("RGB", (right, top + ceil(count / tiles.columns) * cell_height + gap + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    head.draw(sheet, draw)
    for index, pixels in enumerate(pictures):
        row, column = divmod(index, tiles.columns)
        x, y = left + column * cell_width, top + row * cell_height
        if column == 0:
            draw.text((left - 8, y + cell_height // 2), labels[row], font=fonts[1], fill=QUIET, anchor="rm")
        tile = Image.fromarray(pixels).resize((width * factor, height * factor), Image.Resampling.NEAREST)
        if index in crossed:
            _cross_out(ImageDraw.Draw(tile), *tile.size)
        draw.rectangle((x, y, x + cell_width + gap - 1, y + cell_height + gap - 1), fill=tiles.line)
        sheet.paste(tile, (x + gap, y + gap))
    return sheet


@dataclass(frozen=True)
class _Head:
    """The input image at the left, the caption beside it."""

    lines: Sequence[str]
    fonts: Sequence[Any]
    thumbnail: Any

    @property
    def indent(self) -> int:
        return 0 if self.thumbnail is None else self.thumbnail.width + MARGIN

    @property
    def width(self) -> int:
        first, *rest = self.lines
        widths = [self.fonts[0].getlength(first), *(self.fonts[1].getlength(line) for line in rest)]
        return self.indent + ceil(max(widths))

    @property
    def height(self) -> int:
        text = 24 + 18 * (len(self.lines) - 1)
        return max(text, 0 if self.thumbnail is None else self.thumbnail.height)

    def draw(self, sheet: Any, draw: Any) -> None:
        if self.thumbnail is not None:
            sheet.paste(self.thumbnail, (MARGIN, MARGIN))
        x, y = MARGIN + self.indent, MARGIN
        draw.text((x, y), self.lines[0], font=self.fonts[0], fill=INK)
        for place, line in enumerate(self.lines[1:]):
            draw.text((x, y + 26 + 18 * place), line, font=self.fonts[1], fill=QUIET)


def colours(picture: np.ndarray) -> np.ndarray:
    """The input as the model sees it, from its minimum to its maximum over all channels: (height, width, 3) of bytes."""
    if picture.shape[-1] not in (1, 3) and picture.shape[0] in (1, 3):
        picture = picture.transpose(1, 2, 0)
    picture = picture[..., :3] if picture.shape[-1] >= 3 else picture[..., :1].repeat(3, axis=-1)
    return as_bytes(picture)


def _thumbnail(picture: np.ndarray | None):
    from PIL import Image

    if picture is None:
        return None
    image = Image.fromarray(colours(picture))
    factor = THUMBNAIL / max(image.size)
    whole = max(1, round(factor)) if factor >= 1 else factor
    return image.resize((max(1, round(image.width * whole)), max(1, round(image.height * whole))),
                        Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX)


def _cross_out(draw: Any, width: int, height: int) -> None:
    draw.line((0, 0, width - 1, height - 1), fill=DEAD)
    draw.line((0, height - 1, width - 1, 0), fill=DEAD)


__all__ = ["Tiles", "contact_sheet"]
