"""A contact sheet: small pictures of one layer side by side, as PNG, SVG and HTML, with what was done to the numbers.

PNG is captioned in English, whatever the language: Pillow's own font has no other letters.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from konv.errors import KonvError
from konv.explain.figures.base import Figure
from konv.explain.figures.pixels import as_bytes, place_image
from konv.explain.figures.svg import Sheet
from konv.models import Model

T = TypeVar("T")
MARGIN = 12
THUMBNAIL = 72
PAPER, INK, QUIET, LINE, DEAD = (255, 255, 255), (20, 24, 32), (96, 104, 118), (70, 130, 220), (150, 62, 62)


class Tiles(Figure):
    """A subclass says what is on the sheet."""

    called = "a contact sheet"
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

    def lines(self, lang: str) -> list[str]:
        """Title, caption and details."""
        return [self.title, *self.caption(lang), *self.details(lang)]

    def sheet(self, lang: str) -> Sheet:
        """The image, title and caption beside it, the tiles below."""
        sheet, captions = Sheet(self.title, self.text(lang)), self.caption(lang)
        x = y = 0.0
        if self.picture is not None:
            pixels = colours(self.picture)
            scale = THUMBNAIL / max(pixels.shape[:2])
            place_image(sheet, 0, -8, pixels, scale)
            x, y = pixels.shape[1] * scale + MARGIN, pixels.shape[0] * scale
        sheet.text(x, 0, self.title, 14, bold=True)
        for place, line in enumerate(captions, 1):
            sheet.text(x, 4 + 18 * place, line, 12, "quiet")
        self._draw_tiles(sheet, max(y, 18 * len(captions) + 24) + MARGIN)
        return sheet

    def _draw_tiles(self, sheet: Sheet, top: float) -> None:
        pictures, crossed, labels = self.pictures(), self.crossed(), self.labels()
        _, height, width, _ = pictures.shape
        scale = self.cell / max(height, width)
        across, down = width * scale, height * scale
        indent = 10 + 7 * max(map(len, labels))
        for place, pixels in enumerate(pictures):
            row, column = divmod(place, self.columns)
            x, y = indent + column * (across + 3), top + row * (down + 3)
            place_image(sheet, x, y, pixels, scale)
            if place in crossed:
                sheet.line([(x, y), (x + across, y + down)], "window-line")
                sheet.line([(x, y + down), (x + across, y)], "window-line")
        for row, label in enumerate(labels):
            sheet.text(indent - 8, top + row * (down + 3) + down / 2, label, 11, "quiet", "end")

    def image(self) -> Any:
        """The sheet as a Pillow image."""
        return contact_sheet(self, self.picture)

    def pixel_files(self) -> dict[str, Callable[[Path], Any]]:
        """A contact sheet is written as PNG too."""
        return {".png": lambda path: self.image().save(path)}


def contact_sheet(tiles: Tiles, picture: np.ndarray | None = None) -> Any:
    """A Pillow image: the input image with the caption beside it, and all tiles in rows, numbered at the left.

    Args:
        tiles: `FeatureMaps` or `Kernels`.
        picture: the input image, (height, width, channels).
    """
    from PIL import Image, ImageDraw, ImageFont

    pictures, crossed, labels = tiles.pictures(), tiles.crossed(), tiles.labels()
    count, height, width, _ = pictures.shape
    gap, factor = tiles.gap, max(1, ceil(tiles.cell / max(height, width)))
    cell_width, cell_height = width * factor + gap, height * factor + gap
    large, small = ImageFont.load_default(16), ImageFont.load_default(12)
    thumbnail = None if picture is None else _thumbnail(picture)
    title, *captions = [tiles.title, *tiles.caption("en")]
    indent = MARGIN + (thumbnail.width + MARGIN if thumbnail else 0)
    head = max(24 + 18 * len(captions), thumbnail.height if thumbnail else 0)
    head_width = ceil(max(large.getlength(title), *map(small.getlength, captions)))
    left, top = MARGIN + ceil(max(map(small.getlength, labels))) + 8, 2 * MARGIN + head
    right = max(left + min(tiles.columns, count) * cell_width + gap, indent + head_width) + MARGIN
    sheet = Image.new("RGB", (right, top + ceil(count / tiles.columns) * cell_height + gap + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    if thumbnail:
        sheet.paste(thumbnail, (MARGIN, MARGIN))
    draw.text((indent, MARGIN), title, font=large, fill=INK)
    for place, line in enumerate(captions):
        draw.text((indent, MARGIN + 26 + 18 * place), line, font=small, fill=QUIET)
    for index, pixels in enumerate(pictures):
        row, column = divmod(index, tiles.columns)
        x, y = left + column * cell_width, top + row * cell_height
        if column == 0:
            draw.text((left - 8, y + cell_height // 2), labels[row], font=small, fill=QUIET, anchor="rm")
        tile = Image.fromarray(pixels).resize((width * factor, height * factor), Image.Resampling.NEAREST)
        if index in crossed:
            cross, (last_x, last_y) = ImageDraw.Draw(tile), (tile.width - 1, tile.height - 1)
            cross.line((0, 0, last_x, last_y), fill=DEAD)
            cross.line((0, last_y, last_x, 0), fill=DEAD)
        draw.rectangle((x, y, x + cell_width + gap - 1, y + cell_height + gap - 1), fill=tiles.line)
        sheet.paste(tile, (x + gap, y + gap))
    return sheet


def colours(picture: np.ndarray) -> np.ndarray:
    """The input as the model sees it, from its minimum to its maximum over all channels: (height, width, 3) of bytes."""
    if picture.shape[-1] not in (1, 3) and picture.shape[0] in (1, 3):
        picture = picture.transpose(1, 2, 0)
    picture = picture[..., :3] if picture.shape[-1] >= 3 else picture[..., :1].repeat(3, axis=-1)
    return as_bytes(picture)


def _thumbnail(picture: np.ndarray) -> Any:
    from PIL import Image

    image = Image.fromarray(colours(picture))
    factor = THUMBNAIL / max(image.size)
    whole = max(1, round(factor)) if factor >= 1 else factor
    return image.resize((max(1, round(image.width * whole)), max(1, round(image.height * whole))),
                        Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX)


def selected(model: Model, found: Mapping[str, T], names: str | Sequence[str], what: str) -> list[T]:
    """What was found for the layers of these names, or an error that lists the names of those that have some."""
    wanted = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise KonvError(f"{model.title}: layers={unknown!r} have no {what}; those that have: {', '.join(found)}")
    return [found[name] for name in wanted]


__all__ = ["Tiles", "contact_sheet", "selected"]
