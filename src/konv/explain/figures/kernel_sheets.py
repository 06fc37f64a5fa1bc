"""The kernels of a model's convolutions as contact sheets, and which of them are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.explain.facts.model_facts import CONVOLUTIONS, class_name, require_built
from konv.explain.facts.statements import shown
from konv.explain.figures.contact_sheet import Tiles
from konv.explain.figures.feature_maps import all_layers
from konv.explain.figures.pixels import heat
from konv.explain.languages.messages import check_language, say
from konv.ir.ops import ConvTranspose, Dense, DepthwiseConv, Op
from konv.models import Model

FILTERS, CHANNELS, ALONE = 64, 24, 100  # drawn at most: filters and channels, and filters of one channel each
SIMILARITY = 0.99  # the cosine of two kernels from which on they are alike


@dataclass(frozen=True)
class Kernels(Tiles):
    """The kernels of one layer: `kernels` is (filters, channels, rows, columns), those of sequences have one row.

    All are drawn on one scale: red above zero, blue below, full colour at the strongest weight of the layer.
    """

    name: str
    class_name: str
    kernels: np.ndarray
    strongest: float
    lang: str = "en"
    gap, line = 3, (70, 76, 88)  # what is between kernels must not look like one of their colours

    @property
    def cell(self) -> int:  # type: ignore[override]
        return 60 if self.kernels.shape[1] == 1 else 36

    @property
    def _drawn(self) -> np.ndarray:
        return self.kernels[:ALONE] if self.kernels.shape[1] == 1 else self.kernels[:FILTERS, :CHANNELS]

    @property
    def columns(self) -> int:
        filters, channels = self._drawn.shape[:2]
        return min(10, filters) if channels == 1 else channels

    def pictures(self) -> np.ndarray:
        return heat(self._drawn.reshape(-1, *self.kernels.shape[2:]), self.strongest)

    def labels(self) -> list[str]:
        filters, channels = self._drawn.shape[:2]
        step = self.columns if channels == 1 else 1
        return [str(row * step) for row in range(ceil(filters / step))]

    def caption(self, lang: str) -> list[str]:
        filters, channels, *size = self.kernels.shape
        key = "sheet_kernels_one" if channels == 1 else "sheet_kernels"
        lines = [say(key, lang, filters=filters, channels=channels, size="x".join(map(str, size))),
                 say("sheet_weights", lang, value=shown(self.strongest))]
        drawn = self._drawn.shape[:2]
        if drawn != (filters, channels):
            lines.append(say("sheet_kernels_elided", lang, filters=drawn[0], channels=drawn[1]))
        return [*lines, *(say("sheet_alike", lang, first=first, second=second, similarity=f"{cosine:.4f}")
                          for first, second, cosine in self.alike()[:8])]

    def alike(self, similarity: float = SIMILARITY) -> list[tuple[int, int, float]]:
        """Pairs of filters whose kernels have a cosine of at least `similarity`, and that cosine.

        >>> twice = np.ones((2, 1, 2, 2))
        >>> Kernels("conv", "Conv2D", twice, 1.0).alike()
        [(0, 1, 1.0)]
        """
        flat = self.kernels.reshape(len(self.kernels), -1).astype(np.float64)
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        unit = flat / np.where(length > 0, length, 1)
        cosines = np.triu(unit @ unit.T, 1)
        pairs = zip(*np.nonzero(cosines >= similarity), strict=True)
        return [(int(first), int(second), min(float(cosines[first, second]), 1.0)) for first, second in pairs]


def kernels(model: Model, layers: Sequence[str] | None = None, lang: str | None = None) -> list[Kernels]:
    """The kernels of every convolution of the model, or of the named `layers`, as contact sheets.

    A separable convolution has two: its depthwise and its pointwise kernels. KonvError for a layer without kernels.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((8, 8, 3)), konv.layers.Conv2D(4, 3, name="first")])
    >>> sheet, = kernels(model)
    >>> sheet.kernels.shape, sheet.labels()
    ((4, 3, 3, 3), ['0', '1', '2', '3'])
    """
    language = check_language(lang)
    require_built(model)
    classes = {layer.path: class_name(layer) for layer in all_layers(model)}
    weights, found = model.weight_map(), {}
    for node in model.graph().nodes:
        if isinstance(node.op, CONVOLUTIONS):
            name = getattr(node.op, "kernel_name", "kernel")
            array = by_filter(node.op, weights[f"{node.layer}/{name}"].numpy())
            title = node.layer if name == "kernel" else f"{node.layer}/{name}"
            found[node.layer, name] = Kernels(title, classes.get(node.layer, type(node.op).__name__), array,
                                              float(np.abs(array).max(initial=0)), language)
    if layers is None:
        if not found:
            raise KonvError(f"{model.title}: has no convolution, so there are no kernels to show")
        return list(found.values())
    wanted = [layers] if isinstance(layers, str) else list(layers)
    names = {layer for layer, _ in found}
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise KonvError(f"{model.title}: layers={unknown!r} have no kernels; those that have: {', '.join(sorted(names))}")
    return [sheet for name in wanted for (layer, _), sheet in found.items() if layer == name]


def by_filter(op: Op, kernel: Any) -> np.ndarray:
    """A kernel as its layer stores it -> (filters, channels that a filter reads, rows, columns).

    >>> by_filter(Dense(2), np.ones((5, 2))).shape
    (2, 5, 1, 1)
    """
    kernel = np.asarray(kernel)
    if isinstance(op, Dense):
        return kernel.T[..., None, None]
    planar = kernel if kernel.ndim == 4 else kernel[None]
    if isinstance(op, ConvTranspose):
        return planar.transpose(2, 3, 0, 1)
    if isinstance(op, DepthwiseConv):
        rows, columns, channels, multiplier = planar.shape
        return planar.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, rows, columns)
    return planar.transpose(3, 2, 0, 1)


__all__ = ["Kernels", "kernels"]
