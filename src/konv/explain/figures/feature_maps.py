"""What each convolution of a model sees in one image, as contact sheets."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.explain.facts.model_facts import class_name, require_built
from konv.explain.facts.statements import shown
from konv.explain.facts.values import all_layers, feature_values, model_image
from konv.explain.figures.contact_sheet import Tiles, contact_sheet, selected
from konv.explain.languages.messages import check_language, say
from konv.ir.graph import Graph
from konv.layers.base import Layer
from konv.models import Model

COLUMNS = 10
MOST = 400  # maps on a sheet


@dataclass(frozen=True)
class FeatureMaps(Tiles):
    """The output of one layer for one image: `maps` is (height, width, channels).

    Each map is drawn on a scale of its own from its minimum (black) to its maximum (white); one that is zero everywhere
    is crossed out. `save("maps.png")`, or .svg, .html, .txt.
    """

    name: str
    class_name: str
    maps: np.ndarray
    picture: np.ndarray | None = None
    lang: str = "en"

    @property
    def dead(self) -> np.ndarray:
        """For each map whether it is zero everywhere."""
        return np.all(self.maps == 0, axis=(0, 1))

    @property
    def count(self) -> int:
        """How many are drawn."""
        return min(self.maps.shape[2], MOST)

    @property
    def columns(self) -> int:
        return min(COLUMNS, self.count)

    def pictures(self) -> np.ndarray:
        return _normalised(self.maps[..., :self.count])[..., None].repeat(3, axis=-1)

    def labels(self) -> list[str]:
        return [str(row * self.columns) for row in range(ceil(self.count / self.columns))]

    def crossed(self) -> set[int]:
        return set(np.flatnonzero(self.dead[:self.count]).tolist())

    def caption(self, lang: str) -> list[str]:
        height, width, count = self.maps.shape
        lines = [say("sheet_maps", lang, count=count, height=height, width=width), say("sheet_scaled", lang)]
        if count > MOST:
            lines.append(say("sheet_elided", lang, shown=MOST, count=count))
        return [*lines, say("sheet_dead", lang, count=int(self.dead.sum()))] if self.dead.any() else lines

    def details(self, lang: str) -> Iterable[str]:
        for number in range(self.count):
            one = self.maps[..., number]
            yield "  " + say("sheet_range", lang, number=number, low=shown(one.min()), high=shown(one.max()))


def feature_maps(model: Model, image: Any, layers: Sequence[str] | None = None, lang: str | None = None) -> list[FeatureMaps]:
    """The feature maps of layers for one image, in the order in which they run.

    Args:
        model: a built model whose one input is an image.
        image: as the model takes it, (height, width, channels), with or without a batch axis of 1; a grayscale one may
            leave out the channel.
        layers: names of layers; None is every convolution.
        lang: "en" or "ko"; None is the language that is set.
    Raises:
        KonvError: there is no such layer, or its output is no image.
        ShapeError: the image does not fit.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((8, 8, 1)), konv.layers.Conv2D(4, 3, name="first")])
    >>> maps, = feature_maps(model, np.ones((8, 8)))
    >>> maps.name, maps.maps.shape
    ('first', (6, 6, 4))
    """
    language = check_language(lang)
    require_built(model)
    batch = model_image(model, image)
    graph = model.graph(batch.shape[1:])
    found = _chosen(model, graph, layers)
    values = feature_values(model, graph, batch, [index for _, index in found])
    return [FeatureMaps(layer.name, class_name(layer), value[0], batch[0], language)
            for (layer, _), value in zip(found, values, strict=True)]


def save_feature_maps(model: Model, image: Any, directory: str | Path) -> list[Path]:
    """Write a contact sheet for every convolution of a model into a folder, and return the files.

    Args:
        model: a built model whose one input is an image.
        image: one image as the model takes it.
        directory: the folder, which is made if it is not there.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    named = [(maps, re.sub(r"[^\w.-]", "_", maps.name)) for maps in feature_maps(model, image)]
    return [maps.save(folder / f"{place:02d}-{name}.png") for place, (maps, name) in enumerate(named, 1)]


def _normalised(maps: np.ndarray) -> np.ndarray:
    """(channels, height, width) of bytes; a map of one value is mid-grey, a dead one black."""
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    spread = np.where(high > low, high - low, 1)
    scaled = np.where(high > low, (maps - low) / spread, np.where(high == 0, 0.0, 0.5))
    return np.ascontiguousarray(np.round(scaled * 255).astype("uint8").transpose(2, 0, 1))


def _chosen(model: Model, graph: Graph, names: Sequence[str] | None) -> list[tuple[Layer, int]]:
    """The layers to show, each with the node that is its output, in the order in which they run."""
    layers = {layer.path: layer for layer in all_layers(model)}
    last = {node.layer: index for index, node in enumerate(graph.nodes) if node.layer in layers}
    if names is not None:
        images = {layers[path].name: (layers[path], index) for path, index in last.items()
                  if len(graph.nodes[index].shape) == 3}
        return selected(model, images, names, "feature maps")
    convolutions = {node.layer for node in graph.nodes if node.op.convolution and len(node.shape) == 3}
    if not convolutions:
        raise KonvError(f"{model.title}: has no convolution, so there are no feature maps to show")
    return [(layers[path], index) for path, index in last.items() if path in convolutions]


__all__ = ["FeatureMaps", "contact_sheet", "feature_maps", "save_feature_maps"]
