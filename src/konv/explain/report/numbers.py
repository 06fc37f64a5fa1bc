"""The numbers that a page computes with: weights, feature maps, and which of them each output pixel reads.

They go into the page once, as float32, or as float16 where they are many; what is too much is left out, and said to be.
"""

import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError
from konv.explain.facts.model_facts import channels_first
from konv.explain.facts.values import by_filter, fits, group_sizes, images_last, kernel_name
from konv.ir.graph import Graph
from konv.ir.ops import (
    BatchNorm,
    Dense,
    GlobalPool,
    Op,
    Shape,
    Softmax,
    spatial,
)
from konv.models import Model
from konv.runtime import compute

EXACT = 2_000_000  # as many numbers are kept as float32; of more, float16 has four digits
MOST = 6_000_000  # numbers in a page
FLOAT16_MAX = 65504.0
Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Stage:
    """One operation that the page can go through, and the operations of its layer behind it, which look at its numbers.

    `source` and `result` are places of arrays (images, rows, columns, channels); `kernel` is (filters, channels, rows,
    columns). `rows` and `columns` say for each of the output which taps read which pixels.
    """

    layer: str
    operation: str  # empty where the layer has one only
    kind: str  # "sum", "max", "average" or "norm"
    source: int
    result: int
    rows: list[Any]
    columns: list[Any]
    groups: int = 1
    kernel: int | None = None
    bias: int | None = None
    norm: list[int | None] = field(default_factory=list)  # mean, variance, gamma, beta
    epsilon: float = 0.0
    after: list[str] = field(default_factory=list)

    def needs(self) -> list[int]:
        return [place for place in (self.source, self.result, self.kernel, self.bias, *self.norm) if place is not None]


@dataclass
class Numbers:
    """All arrays of a page; `maps` and `kernels` say which belong to a layer, `omitted` which are left out."""

    images: int
    given: int  # images that were asked for
    arrays: list[np.ndarray] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    maps: dict[str, int] = field(default_factory=dict)
    kernels: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    omitted: set[int] = field(default_factory=set)
    exact: bool = True
    _known: dict[Any, list[int]] = field(default_factory=dict)

    def add(self, array: np.ndarray, per_image: bool) -> int:
        """The place of an array; one that is there already, as behind a Dropout, is not kept twice."""
        found = np.ascontiguousarray(array, np.float32)
        alike = self._known.setdefault((found.shape, per_image, zlib.crc32(found.data)), [])
        for place in alike:
            if np.array_equal(self.arrays[place], found):
                return place
        alike.append(len(self.arrays))
        self.arrays.append(found)
        return alike[-1]

    def whole_stages(self) -> list[Stage]:
        """Those whose arrays are all in the page."""
        return [stage for stage in self.stages if self.omitted.isdisjoint(stage.needs())]

    def packed(self) -> tuple[str, list[dict[str, Any] | None]]:
        """All numbers as one compressed text, and where each array lies in it (None: left out)."""
        parts, places, at = [], [], 0
        for place, array in enumerate(self.arrays):
            if place in self.omitted:
                places.append(None)
                continue
            small = not self.exact and float(np.abs(array).max(initial=0)) < FLOAT16_MAX
            data = array.astype("<f2" if small else "<f4").tobytes()
            places.append({"at": at, "bits": 16 if small else 32, "shape": array.shape})
            parts.append(data + b"\0" * (-len(data) % 4))
            at += len(parts[-1])
        return b64encode(zlib.compress(b"".join(parts), 1)).decode(), places


def samples(model: Model, images: Any) -> np.ndarray:
    """What was given, as a batch that fits the model's one input."""
    wanted = model.input_shapes[0]
    if len(model.input_shapes) != 1:
        raise ShapeError(f"{model.title}: maps are shown of models with one input, this one has {len(model.input_shapes)}; "
                         f"a report without images can be made")
    if any(isinstance(one, (str, Path)) for one in (images if isinstance(images, (list, tuple)) else [images])):
        raise KonvError(f"{model.title}: images are arrays, got the name of a file; konv.utils.load_img(path, target_size=...) "
                        f"and konv.utils.img_to_array read one, and so does the command konv report")
    found = list(images) if isinstance(images, (list, tuple)) else _batch(to_array(images, model.title, "images"), wanted)
    batch = [_fitting(model, to_array(image, model.title, "image").astype("float32"), wanted) for image in found]
    if len({image.shape for image in batch}) > 1:
        raise ShapeError(f"{model.title}: all images of a report must have one size, got "
                         f"{', '.join(sorted({str(image.shape) for image in batch}))}")
    return np.stack(batch)


def _batch(array: np.ndarray, wanted: Sequence[int | None]) -> list[np.ndarray]:
    """An array is a batch, unless it fits as one image."""
    return [array] if fits(wanted, array.shape) else list(array)


def _fitting(model: Model, image: np.ndarray, wanted: Sequence[int | None]) -> np.ndarray:
    if image.ndim == len(wanted) + 1 and len(image) == 1:
        image = image[0]
    if image.ndim == len(wanted) - 1 and wanted[-1] == 1:
        image = image[..., None]
    if not fits(wanted, image.shape):
        raise ShapeError(f"{model.title}: each image must have the shape {wanted}, got an array of shape {image.shape}")
    return image


def collect(model: Model, batch: np.ndarray | None) -> Numbers:
    """Everything that is known of the model, and of its feature maps for a batch of images."""
    graph = model.graph() if batch is None else model.graph(batch.shape[1:])
    weights = {path: variable.numpy() for path, variable in model.weight_map().items()}
    found = Numbers(0 if batch is None else len(batch), 0 if batch is None else len(batch))
    kernels = _add_kernels(found, graph, weights)
    if batch is not None:
        outputs = compute(Graph(graph.nodes, tuple(range(len(graph.nodes)))), model.weight_map(), [batch], False)
        _add_maps(found, graph, outputs, weights, kernels)
    _limit(found)
    return found


def _add_kernels(found: Numbers, graph: Graph, weights: Weights) -> dict[int, int]:
    """The place of the kernel of each node that has one; those of convolutions are shown with their layer."""
    places: dict[int, int] = {}
    for index, node in enumerate(graph.nodes):
        if node.op.convolution or isinstance(node.op, Dense):
            name = kernel_name(node.op)
            places[index] = found.add(by_filter(node.op, weights[f"{node.layer}/{name}"]), False)
            shown = (name, places[index])
            if node.op.convolution and shown not in found.kernels.setdefault(node.layer, []):
                found.kernels[node.layer].append(shown)
    return places


def _add_maps(found: Numbers, graph: Graph, outputs: Sequence[np.ndarray], weights: Weights, kernels: dict[int, int]) -> None:
    first = channels_first(graph)
    for index, node in enumerate(graph.nodes):
        shape, reads = graph.input_shapes(index), _reads(node.op)
        fields = reads(node.op, shape[0]) if reads and len(node.shape) <= 3 else None
        if fields is not None:
            own = [weights.get(f"{node.layer}/{name}") for name in fields.pop("weights", ())]
            fields["norm"] = [None if one is None else found.add(one, False) for one in own]
            bias = found.add(weights[f"{node.layer}/bias"], False) if getattr(node.op, "use_bias", False) else None
            last, after = _behind(graph, index)
            turned = first[index] if not isinstance(node.op, BatchNorm) else node.op.axis % len(node.shape) == 0
            found.stages.append(Stage(
                node.layer, type(node.op).__name__, source=found.add(_image(outputs[node.inputs[0]], turned), True),
                result=found.add(_image(outputs[last], turned), True), after=after, kernel=kernels.get(index), bias=bias,
                **fields))
    for index, node in enumerate(graph.nodes):
        if 1 <= len(node.shape) <= 3 and not any(graph.nodes[user].layer == node.layer for user in graph.users[index]):
            found.maps[node.layer] = found.add(_image(outputs[index], first[index]), True)
    several = [stage.layer for stage in found.stages]
    found.stages = [stage if several.count(stage.layer) > 1 else replace(stage, operation="") for stage in found.stages]


def _behind(graph: Graph, index: int) -> tuple[int, list[str]]:
    """The last operation of the same layer that still has the shape of this one, and what those in between are called."""
    last, after = index, []
    while len(graph.users[last]) == 1:
        user = graph.users[last][0]
        node = graph.nodes[user]
        if node.layer != graph.nodes[index].layer or len(node.inputs) != 1 or _reads(node.op) or (
                node.shape != graph.nodes[index].shape):
            break
        last = user
        after.append("softmax" if isinstance(node.op, Softmax) else getattr(node.op, "name", type(node.op).__name__.lower()))
    return last, after


# --- how an operation reads its input: the fields of a stage -------------------------------------------


def _slide(op: Any, shape: Shape) -> dict[str, Any]:
    """A window over rows and columns, or over the one row of a sequence."""
    *sizes, channels = spatial(shape, op.data_format, op.window.rank)
    tables = [[list(axis.positions(place)) for place in range(axis.output)] for axis in op.window.axes(*sizes)]
    rows, columns = tables if len(tables) == 2 else ([[(0, 0)]], *tables)
    groups = channels // group_sizes(op, channels)[1] if op.convolution else 1
    return {"kind": getattr(op, "kind", "sum"), "rows": rows, "columns": columns, "groups": groups}


def _read_all(op: Any, shape: Shape) -> dict[str, Any]:
    *sizes, _ = spatial(shape, op.data_format, op.rank)
    rows, columns = (1, *sizes) if op.rank == 1 else sizes
    return {"kind": op.kind, "rows": [[(place, place) for place in range(rows)]],
            "columns": [[(place, place) for place in range(columns)]]}


def _normalize(op: Any, shape: Shape) -> dict[str, Any] | None:
    axis = op.axis % len(shape)
    if axis not in (0, len(shape) - 1):
        return None  # along rows or columns
    names = ("moving_mean", "moving_variance", "gamma", "beta")
    return {"kind": "norm", "epsilon": op.epsilon, "weights": names, **_alone((*shape[1:], shape[0]) if axis == 0 else shape)}


def _alone(shape: Shape) -> dict[str, Any]:
    """Each value reads the one at its own index."""
    height, width = ((1, 1), (1, 1), (1, shape[0]), tuple(shape[:2]))[min(len(shape), 3)]
    return {"rows": [[(0, place)] for place in range(height or 0)], "columns": [[(0, place)] for place in range(width or 0)]}


Reads = Callable[[Any, Shape], dict[str, Any] | None]
_READS: dict[type[Op], Reads] = {
    GlobalPool: _read_all, BatchNorm: _normalize, Dense: lambda op, shape: {"kind": "sum", **_alone(shape)}}


def _reads(op: Op) -> Reads | None:
    return _slide if op.windowed else _READS.get(type(op))


def _image(output: np.ndarray, channels_first: bool) -> np.ndarray:
    """(images, rows, columns, channels), whatever it is: a sequence is one row, a vector one pixel."""
    output = images_last(output, channels_first)
    return output.reshape(len(output), *(1,) * (4 - output.ndim), *output.shape[1:])


def _limit(found: Numbers) -> None:
    """Fewer images, then without the largest arrays, until what remains is not too much."""
    per_image = {place for stage in found.stages for place in (stage.source, stage.result)} | set(found.maps.values())
    weights = sum(array.size for place, array in enumerate(found.arrays) if place not in per_image)
    maps = sum(found.arrays[place].size for place in per_image) // max(found.images, 1)
    if maps and found.images > 1:
        found.images = max(1, min(found.images, (MOST - weights) // maps))
        for place in per_image:
            found.arrays[place] = found.arrays[place][:found.images]
    total = sum(array.size for array in found.arrays)
    for place in sorted(range(len(found.arrays)), key=lambda place: -found.arrays[place].size):
        if total > MOST:
            found.omitted.add(place)
            total -= found.arrays[place].size
    found.exact = total <= EXACT


__all__ = ["Numbers", "Stage", "collect", "samples"]
