"""Filters that do nothing, that are stuck, or that do what another one does."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import inf
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.explain.facts.model_facts import require_built
from konv.explain.facts.statements import shown
from konv.explain.facts.values import SIMILARITY, alike, feature_values, model_image, model_kernels
from konv.explain.languages.messages import check_language, say
from konv.ir.graph import Graph, Node
from konv.ir.ops import Activation, Op
from konv.models import Model

LISTED = 24  # filters, or pairs of them, that are named in a sentence
STUCK = 0.95  # share of a filter's values from which on it is saturated


@dataclass(frozen=True)
class Saturated:
    """A filter most of whose values lie where its activation is flat, so that it hardly learns."""

    layer: str
    filter: int
    activation: str
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Alike:
    """Two filters of one layer whose kernels point the same way."""

    layer: str
    first: int
    second: int
    similarity: float


@dataclass(frozen=True)
class Findings:
    """What was found over `images` images: `dead` are (layer, filter)."""

    title: str
    images: int
    similarity: float
    dead: tuple[tuple[str, int], ...]
    saturated: tuple[Saturated, ...]
    alike: tuple[Alike, ...]
    lang: str = "en"

    def text(self, lang: str | None = None) -> str:
        return "\n".join([self.title, *("  " + line for line in self.lines(check_language(lang or self.lang)))])

    def lines(self, lang: str, layer: str | None = None) -> list[str]:
        """What was found, by layer, or for one layer alone; and before all of it the thresholds."""
        found: list[str] = []
        for name in dict.fromkeys([*(name for name, _ in self.dead), *(one.layer for one in self.saturated),
                                   *(pair.layer for pair in self.alike)]):
            if layer in (None, name):
                found += self._of_layer(name, lang)
        if layer is not None:
            return found
        return [say("find_how", lang, count=self.images, share=f"{STUCK:.0%}", similarity=f"{self.similarity:g}"),
                *(found or [say("find_nothing", lang)])]

    def _of_layer(self, name: str, lang: str) -> Iterator[str]:
        dead = [str(number) for layer, number in self.dead if layer == name]
        stuck = [one for one in self.saturated if one.layer == name]
        alike = [pair for pair in self.alike if pair.layer == name]
        if dead:
            yield say("find_dead", lang, layer=name, numbers=_listed(dead, lang))
        if stuck:
            key = "find_saturated_above" if stuck[0].low == -inf else "find_saturated"
            numbers = [f"{one.filter} ({one.share:.0%})" for one in stuck]
            yield say(key, lang, layer=name, numbers=_listed(numbers, lang), activation=stuck[0].activation,
                      low=shown(stuck[0].low), high=shown(stuck[0].high))
        if alike:
            numbers = [f"{pair.first} ≈ {pair.second} ({pair.similarity:.4f})" for pair in alike]
            yield say("find_alike", lang, layer=name, numbers=_listed(numbers, lang))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return f'<pre lang="{self.lang}">{escape(self.text())}</pre>'


def _listed(numbers: list[str], lang: str) -> str:
    """The first of them, and how many more there are."""
    rest = [say("more", lang, count=len(numbers) - LISTED)] if len(numbers) > LISTED else []
    return ", ".join([*numbers[:LISTED], *rest])


def findings(model: Model, images: Any, similarity: float = SIMILARITY, lang: str | None = None) -> Findings:
    """Dead, saturated and duplicate filters of a model, over a few images as it takes them, (n, height, width, channels).

    Dead: the map is zero everywhere in every image. Saturated: at least 95% of the values lie where a bounded activation
    is flat. Alike: the cosine of the kernels of two filters of a layer, biases left out, is at least `similarity`.

    >>> import konv
    >>> layer = konv.layers.Conv2D(2, 3, kernel_initializer="ones", activation="relu", name="conv")
    >>> found = findings(konv.Sequential([konv.Input((8, 8, 1)), layer]), -np.ones((1, 8, 8, 1)))
    >>> found.dead, [(pair.first, pair.second) for pair in found.alike]
    ((('conv', 0), ('conv', 1)), [(0, 1)])
    """
    language = check_language(lang)
    if not 0 < similarity <= 1:
        raise KonvError(f"findings: similarity must be above 0 and at most 1, got {similarity!r}")
    require_built(model)
    batch = np.concatenate([model_image(model, image) for image in images])
    graph = model.graph(batch.shape[1:])
    watched = [index for index in range(len(graph.nodes)) if _watched(graph, index)]
    values = feature_values(model, graph, batch, watched)
    maps = [(graph.nodes[index], value) for index, value in zip(watched, values, strict=True)]
    pairs = tuple(Alike(found.title, *pair) for found in model_kernels(model) for pair in alike(found.kernels, similarity))
    return Findings(model.title, len(batch), similarity, tuple(find for node, values in maps for find in _dead(node, values)),
                    tuple(find for node, values in maps for find in _saturated(node, values)), pairs, language)


def _watched(graph: Graph, index: int) -> bool:
    """The results of convolutions and of activations on maps; of a convolution with its activation the latter alone."""
    node, users = graph.nodes[index], graph.users[index]
    if len(node.shape) != 3 or not _has_maps(node.op):
        return False
    return not any(graph.nodes[user].layer == node.layer and _has_maps(graph.nodes[user].op) for user in users)


def _has_maps(op: Op) -> bool:
    return op.convolution or type(op) is Activation


def _dead(node: Node, values: np.ndarray) -> list[tuple[str, int]]:
    return [(node.layer, int(number)) for number in np.flatnonzero(np.all(values == 0, axis=(0, 1, 2)))]


def _saturated(node: Node, values: np.ndarray) -> list[Saturated]:
    op: Any = node.op
    bounds = None if op.convolution else op.saturated
    if bounds is None:
        return []
    shares = np.mean((values <= bounds[0]) | (values >= bounds[1]), axis=(0, 1, 2))
    return [Saturated(node.layer, int(number), op.name, float(shares[number]), *bounds)
            for number in np.flatnonzero(shares >= STUCK)]


__all__ = ["Alike", "Findings", "Saturated", "findings"]
