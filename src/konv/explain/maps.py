"""What each convolution of a model sees in one image, as contact sheets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.engines import compute
from konv.errors import KonvError, ShapeError
from konv.explain.facts import class_name, require_built
from konv.layers.base import Layer
from konv.models import Model
from konv.spec.graph import Graph
from konv.spec.ops import Conv, describe

CELL = 72  # a map is enlarged until its longer side has about this many pixels
COLUMNS = 10
GAP = 1
MARGIN = 12
PAPER, INK, QUIET, LINE, DEAD = (255, 255, 255), (20, 24, 32), (96, 104, 118), (70, 130, 220), (150, 62, 62)


@dataclass(frozen=True)
class FeatureMaps:
    """The output of one layer for one image: `maps` is (height, width, channels)."""

    name: str
    class_name: str
    maps: np.ndarray

    @property
    def dead(self) -> np.ndarray:
        """For each map whether it is zero everywhere."""
        return np.all(self.maps == 0, axis=(0, 1))


def feature_maps(model: Model, image: Any) -> list[FeatureMaps]:
    """The feature maps of every convolution of the model, in order, for one image as the model takes it.

    `image` is (height, width, channels), with or without a batch axis of 1; a grayscale one may leave out the channel.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((8, 8, 1)), konv.layers.Conv2D(4, 3, name="first")])
    >>> maps, = feature_maps(model, np.ones((8, 8)))
    >>> maps.name, maps.maps.shape
    ('first', (6, 6, 4))
    """
    require_built(model)
    batch = one_image(model, image)
    graph = model.graph(batch.shape[1:])
    found = [(layer, index) for layer, index in _last_nodes(model, graph) if _is_conv(graph, layer)]
    if not found:
        raise KonvError(f"{model.title}: has no convolution, so there are no feature maps to show")
    outputs = compute(Graph(graph.nodes, tuple(index for _, index in found)), model.weight_map(), [batch], False)
    return [FeatureMaps(layer.name, class_name(layer), _channels_last(layer, output[0]))
            for (layer, _), output in zip(found, outputs, strict=True)]


def save_feature_maps(model: Model, image: Any, directory: str | Path) -> list[Path]:
    """Write a contact sheet for every convolution into `directory`; return the files."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    picture = one_image(model, image)[0]
    files = []
    for place, maps in enumerate(feature_maps(model, image), 1):
        files.append(folder / f"{place:02d}-{re.sub(r'[^A-Za-z0-9_.-]', '_', maps.name)}.png")
        contact_sheet(maps, picture).save(files[-1])
    return files


def one_image(model: Model, image: Any) -> np.ndarray:
    """The image as a batch of one that fits the model's input; ShapeError says what would do."""
    array = to_array(image, model.title, "image").astype("float32")
    wanted = model.input_shapes[0]
    if len(model.input_shapes) != 1 or len(wanted) != 3:
        raise ShapeError(f"{model.title}: feature maps need a model with one input of images, "
                         f"this one takes {', '.join(map(describe, model.input_shapes))}")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim == 3:
        array = array[None]
    fits = len(array.shape) == 4 and len(array) == 1 and all(
        size in (None, given) for size, given in zip(wanted, array.shape[1:], strict=True))
    if not fits:
        raise ShapeError(f"{model.title}: image must be one image of shape {wanted}, "
                         f"got an array of shape {np.shape(image)}")
    return array


def contact_sheet(maps: FeatureMaps, picture: np.ndarray | None = None):
    """A Pillow image: caption, the input image, and all maps in rows of ten, numbered at the left.

    Each map is scaled on its own from its minimum (black) to its maximum (white); one that is zero everywhere is
    crossed out.
    """
    from PIL import Image, ImageDraw, ImageFont

    height, width, count = maps.maps.shape
    factor = max(1, ceil(CELL / max(height, width)))
    columns = min(COLUMNS, count)
    cell_width, cell_height = width * factor + GAP, height * factor + GAP
    rows = ceil(count / columns)
    fonts = ImageFont.load_default(16), ImageFont.load_default(12)
    lines = _caption(maps)
    head = _Head(lines, fonts, _thumbnail(picture))
    index_width = ceil(fonts[1].getlength(str(count))) + 8
    left, top = MARGIN + index_width, 2 * MARGIN + head.height
    right = max(left + columns * cell_width + GAP, MARGIN + head.width) + MARGIN
    sheet = Image.new("RGB", (right, top + rows * cell_height + GAP + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    head.draw(sheet, draw)
    for index, (values, dead) in enumerate(zip(_normalised(maps.maps), maps.dead, strict=True)):
        row, column = divmod(index, columns)
        x, y = left + column * cell_width, top + row * cell_height
        if column == 0:
            draw.text((left - 8, y + cell_height // 2), str(index), font=fonts[1], fill=QUIET, anchor="rm")
        small = Image.fromarray(values).convert("RGB")
        tile = small.resize((width * factor, height * factor), Image.Resampling.NEAREST)
        if dead:
            _cross_out(ImageDraw.Draw(tile), *tile.size)
        draw.rectangle((x, y, x + cell_width, y + cell_height), fill=LINE)
        sheet.paste(tile, (x + GAP, y + GAP))
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


def _caption(maps: FeatureMaps) -> list[str]:
    height, width, count = maps.maps.shape
    dead = int(maps.dead.sum())
    lines = [
        f"{maps.name} ({maps.class_name})",
        f"{count} feature map{'s' * (count > 1)} of {height}x{width} (height x width), numbered from 0",
        "each map scaled on its own: black is its minimum, white its maximum",
    ]
    return [*lines, f"crossed out: {dead} dead for this image (zero everywhere)"] if dead else lines


def _normalised(maps: np.ndarray) -> np.ndarray:
    """(channels, height, width) of bytes; a map of one value is mid-grey, a dead one black."""
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    spread = np.where(high > low, high - low, 1)
    scaled = np.where(high > low, (maps - low) / spread, np.where(high == 0, 0.0, 0.5))
    return np.ascontiguousarray(np.round(scaled * 255).astype("uint8").transpose(2, 0, 1))


def as_bytes(picture: np.ndarray) -> np.ndarray:
    """From its least number (0) to its largest (255)."""
    return np.round((picture - picture.min()) / (float(np.ptp(picture)) or 1.0) * 255).astype("uint8")


def _thumbnail(picture: np.ndarray | None):
    """The input as the model sees it, from its minimum to its maximum over all channels."""
    from PIL import Image

    if picture is None:
        return None
    if picture.shape[-1] not in (1, 3) and picture.shape[0] in (1, 3):
        picture = picture.transpose(1, 2, 0)
    picture = picture[..., :3] if picture.shape[-1] >= 3 else picture[..., :1]
    values = as_bytes(picture)
    image = Image.fromarray(values[..., 0] if values.shape[-1] == 1 else values).convert("RGB")
    factor = CELL / max(image.size)
    whole = max(1, round(factor)) if factor >= 1 else factor
    return image.resize((max(1, round(image.width * whole)), max(1, round(image.height * whole))),
                        Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX)


def _cross_out(draw: Any, width: int, height: int) -> None:
    draw.line((0, 0, width - 1, height - 1), fill=DEAD)
    draw.line((0, height - 1, width - 1, 0), fill=DEAD)


def _last_nodes(model: Model, graph: Graph) -> list[tuple[Layer, int]]:
    """Each layer with the node that is its output, in the order in which they run."""
    layers = {layer.name: layer for layer in all_layers(model)}
    last = {node.layer: index for index, node in enumerate(graph.nodes)}
    return [(layers[name], index) for name, index in last.items() if name in layers]


def all_layers(model: Model) -> list[Layer]:
    return [inner for layer in model.layers
            for inner in (all_layers(layer) if isinstance(layer, Model) else [layer])]


def _is_conv(graph: Graph, layer: Layer) -> bool:
    return any(isinstance(node.op, Conv) for node in graph.nodes if node.layer == layer.name)


def _channels_last(layer: Layer, output: np.ndarray) -> np.ndarray:
    return output.transpose(1, 2, 0) if getattr(layer, "data_format", "") == "channels_first" else output


__all__ = ["FeatureMaps", "contact_sheet", "feature_maps", "save_feature_maps"]
