"""The kernels of a model's convolutions as contact sheets, and which of them are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from konv.errors import KonvError
from konv.explain.facts.model_facts import class_name, require_built
from konv.explain.facts.statements import shown
from konv.explain.facts.values import SIMILARITY, alike, all_layers, model_kernels
from konv.explain.figures.contact_sheet import Tiles, selected
from konv.explain.figures.pixels import heat
from konv.explain.languages.messages import check_language, say
from konv.models import Model

FILTERS, CHANNELS, ALONE = 64, 24, 100  # drawn at most: filters and channels, and filters of one channel each


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
        return alike(self.kernels, similarity)


def kernels(model: Model, layers: Sequence[str] | None = None, lang: str | None = None) -> list[Kernels]:
    """The kernels of convolutions as contact sheets; a separable one has two, its depthwise and its pointwise kernels.

    Args:
        model: a built model.
        layers: names of layers; None is every convolution.
        lang: "en" or "ko"; None is the language that is set.
    Raises:
        KonvError: a layer has no kernels, or there is none that has.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((8, 8, 3)), konv.layers.Conv2D(4, 3, name="first")])
    >>> sheet, = kernels(model)
    >>> sheet.kernels.shape, sheet.labels()
    ((4, 3, 3, 3), ['0', '1', '2', '3'])
    """
    language = check_language(lang)
    require_built(model)
    classes = {layer.path: class_name(layer) for layer in all_layers(model)}
    sheets: dict[str, list[Kernels]] = {}
    for found in model_kernels(model):
        sheets.setdefault(found.layer, []).append(Kernels(
            found.title, classes.get(found.layer, found.operation), found.kernels,
            float(np.abs(found.kernels).max(initial=0)), language))
    if layers is None and not sheets:
        raise KonvError(f"{model.title}: has no convolution, so there are no kernels to show")
    wanted = list(sheets.values()) if layers is None else selected(model, dict(sorted(sheets.items())), layers, "kernels")
    return [sheet for several in wanted for sheet in several]


__all__ = ["Kernels", "kernels"]
