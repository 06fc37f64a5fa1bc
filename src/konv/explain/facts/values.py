"""The values behind pictures: feature maps of an image with their channels last, kernels filter by filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import ShapeError
from konv.explain.facts.model_facts import channels_first
from konv.ir.graph import Graph
from konv.ir.ops import Op, describe
from konv.layers.base import Layer
from konv.models import Model
from konv.runtime import compute

SIMILARITY = 0.99  # the cosine of two kernels from which on they are alike


def all_layers(model: Model) -> list[Layer]:
    """The layers of a model, those of nested models in their stead."""
    return [inner for layer in model.layers
            for inner in (all_layers(layer) if isinstance(layer, Model) else [layer])]


def model_image(model: Model, image: Any) -> np.ndarray:
    """The image as a batch of one that fits the model's input; a grayscale one may leave out the channel."""
    array = to_array(image, model.title, "image").astype("float32")
    wanted = model.input_shapes[0]
    if len(model.input_shapes) != 1 or len(wanted) != 3:
        raise ShapeError(f"{model.title}: feature maps need a model with one input of images, "
                         f"this one takes {', '.join(map(describe, model.input_shapes))}")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4 or len(array) != 1 or not fits(wanted, array.shape[1:]):
        raise ShapeError(f"{model.title}: image must be one image of shape {wanted}, "
                         f"got an array of shape {np.shape(image)}")
    return array


def fits(wanted: Sequence[int | None], given: Sequence[int]) -> bool:
    """Whether an array of shape `given` may go where `wanted` is expected, in which None stands for any size."""
    return len(wanted) == len(given) and all(size in (None, other) for size, other in zip(wanted, given, strict=True))


def images_last(array: np.ndarray, first: bool) -> np.ndarray:
    """A batch of images or sequences with their channels last, if they are first."""
    return np.moveaxis(array, 1, -1) if first and array.ndim > 2 else array


def feature_values(model: Model, graph: Graph, batch: np.ndarray, nodes: Sequence[int]) -> list[np.ndarray]:
    """What these nodes of the model's graph give in prediction, with the channels of images last."""
    outputs = compute(Graph(graph.nodes, tuple(nodes)), model.weight_map(), [batch], False) if nodes else []
    first = channels_first(graph)
    return [images_last(output, first[index]) for index, output in zip(nodes, outputs, strict=True)]


@dataclass(frozen=True)
class LayerKernels:
    """The kernels of one convolution: (filters, channels that a filter reads, rows, columns)."""

    layer: str
    operation: str
    name: str  # of the weight
    kernels: np.ndarray

    @property
    def title(self) -> str:
        return self.layer if self.name == "kernel" else f"{self.layer}/{self.name}"


def model_kernels(model: Model) -> list[LayerKernels]:
    """The kernels of all convolutions of a model, each once, in the order in which they run."""
    weights = model.weight_map()
    nodes = {(node.layer, kernel_name(node.op)): node.op for node in model.graph().nodes if node.op.convolution}
    return [LayerKernels(layer, type(op).__name__, name, by_filter(op, weights[f"{layer}/{name}"].numpy()))
            for (layer, name), op in nodes.items()]


def kernel_name(op: Op) -> str:
    """What the weight is called that an operation multiplies with."""
    return getattr(op, "kernel_name", "kernel")


def by_filter(op: Op, kernel: Any) -> np.ndarray:
    """A kernel as its layer stores it -> (filters, channels that a filter reads, rows, columns).

    >>> from konv.ir.ops import Dense
    >>> by_filter(Dense(2), np.ones((5, 2))).shape
    (2, 5, 1, 1)
    """
    kernel = np.asarray(kernel)
    if not op.convolution:
        return kernel.T[..., None, None]
    planar = kernel if kernel.ndim == 4 else kernel[None]
    if "filters" not in op.kernel_axes:  # each channel by itself
        rows, columns, channels, multiplier = planar.shape
        return planar.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, rows, columns)
    filters, channels = (2 + op.kernel_axes.index(name) for name in ("filters", "channels"))
    return planar.transpose(filters, channels, 0, 1)


def group_sizes(op: Any, channels: int) -> tuple[int, int]:
    """How many channels of the output read the same channels of the input, and how many those are.

    >>> from konv.ir.ops import Conv, DepthwiseConv, Window
    >>> group_sizes(Conv(6, Window((3, 3)), groups=2), 4), group_sizes(DepthwiseConv(3, Window((3, 3))), 4)
    ((3, 2), (3, 1))
    """
    if "filters" not in op.kernel_axes:  # each channel by itself
        return getattr(op, "multiplier", 1), 1
    groups = getattr(op, "groups", 1)
    return op.filters // groups, channels // groups


def alike(kernels: np.ndarray, similarity: float = SIMILARITY) -> list[tuple[int, int, float]]:
    """Pairs of filters whose kernels have a cosine of at least `similarity`, and that cosine.

    >>> alike(np.ones((2, 1, 2, 2)))
    [(0, 1, 1.0)]
    """
    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = flat / np.where(length > 0, length, 1)
    cosines = np.triu(unit @ unit.T, 1)
    pairs = zip(*np.nonzero(cosines >= similarity), strict=True)
    return [(int(first), int(second), min(float(cosines[first, second]), 1.0)) for first, second in pairs]


__all__ = ["SIMILARITY", "LayerKernels", "alike", "all_layers", "by_filter", "feature_values", "fits", "group_sizes",
           "images_last", "kernel_name", "model_image", "model_kernels"]
