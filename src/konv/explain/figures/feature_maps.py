"""What each convolution of a model sees in one image, as contact sheets."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError
from konv.explain.facts.model_facts import CONVOLUTIONS, channels_first, class_name, require_built
from konv.explain.facts.statements import shown
from konv.explain.figures.contact_sheet import Tiles, contact_sheet
from konv.explain.languages.messages import check_language, say
from konv.ir.graph import Graph
from konv.ir.ops import describe
from konv.layers.base import Layer
from konv.models import Model
from konv.runtime import compute

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
    """The feature maps of every convolution of the model, or of the named `layers`, in order, for one image.

    `image` is as the model takes it, (height, width, channels), with or without a batch axis of 1; a grayscale one may
    leave out the channel. KonvError for a layer that does not exist or whose output is no image.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((8, 8, 1)), konv.layers.Conv2D(4, 3, name="first")])
    >>> maps, = feature_maps(model, np.ones((8, 8)))
    >>> maps.name, maps.maps.shape
    ('first', (6, 6, 4))
    """
    language = check_language(lang)
    require_built(model)
    batch = one_image(model, image)
    graph = model.graph(batch.shape[1:])
    found = _chosen(model, graph, layers)
    outputs = compute(Graph(graph.nodes, tuple(index for _, index in found)), model.weight_map(), [batch], False)
    first = channels_first(graph)
    return [FeatureMaps(layer.name, class_name(layer), np.moveaxis(output[0], 0, -1) if first[index] else output[0], batch[0],
                        language) for (layer, index), output in zip(found, outputs, strict=True)]


def save_feature_maps(model: Model, image: Any, directory: str | Path) -> list[Path]:
    """Write a contact sheet for every convolution into `directory`; return the files."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for place, maps in enumerate(feature_maps(model, image), 1):
        name = re.sub(r"[^\w.-]", "_", maps.name)
        files.append(folder / f"{place:02d}-{name}.png")
        maps.save(files[-1])
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


def _normalised(maps: np.ndarray) -> np.ndarray:
    """(channels, height, width) of bytes; a map of one value is mid-grey, a dead one black."""
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    spread = np.where(high > low, high - low, 1)
    scaled = np.where(high > low, (maps - low) / spread, np.where(high == 0, 0.0, 0.5))
    return np.ascontiguousarray(np.round(scaled * 255).astype("uint8").transpose(2, 0, 1))


def _chosen(model: Model, graph: Graph, names: Sequence[str] | None) -> list[tuple[Layer, int]]:
    """The layers to show, each with the node that is its output, in the order in which they run."""
    every = last_nodes(model, graph)
    if names is None:
        found = [(layer, index) for layer, index in every if _is_conv(graph, layer)]
        if not found:
            raise KonvError(f"{model.title}: has no convolution, so there are no feature maps to show")
        return found
    images = {layer.name: (layer, index) for layer, index in every if len(graph.nodes[index].shape) == 3}
    wanted = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in wanted if name not in images]
    if unknown:
        raise KonvError(f"{model.title}: layers={unknown!r} have no feature maps; those that have: {', '.join(images)}")
    return [images[name] for name in wanted]


def last_nodes(model: Model, graph: Graph) -> list[tuple[Layer, int]]:
    """Each layer with the node that is its output, in the order in which they run."""
    layers = {layer.path: layer for layer in all_layers(model)}
    last = {node.layer: index for index, node in enumerate(graph.nodes)}
    return [(layers[name], index) for name, index in last.items() if name in layers]


def all_layers(model: Model) -> list[Layer]:
    return [inner for layer in model.layers
            for inner in (all_layers(layer) if isinstance(layer, Model) else [layer])]


def _is_conv(graph: Graph, layer: Layer) -> bool:
    return any(isinstance(node.op, CONVOLUTIONS) and len(node.shape) == 3
               for node in graph.nodes if node.layer == layer.path)


__all__ = ["FeatureMaps", "contact_sheet", "feature_maps", "save_feature_maps"]
