"""A model as one page: its drawing, its arithmetic, its kernels and feature maps, and every window to be walked through."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.explain.facts.findings import Findings, findings
from konv.explain.facts.model_facts import ModelFacts, model_facts, require_built
from konv.explain.figures.learning_curves import LearningCurves, learning_curves
from konv.explain.languages.messages import check_language
from konv.explain.report.history import read_history
from konv.explain.report.numbers import Numbers, collect, samples
from konv.explain.text.formats import explain
from konv.models import Model


@dataclass(frozen=True)
class Report:
    """What a report tells; `html()` is the page, `save` writes it."""

    model: Model
    facts: ModelFacts
    batch: np.ndarray | None  # the images that are in the page
    numbers: Numbers
    names: tuple[str, ...]
    classes: tuple[str, ...]
    findings: Findings | None
    curves: LearningCurves | None
    lang: str = "en"

    def html(self, lang: str | None = None) -> str:
        """The page, which is in both languages; `lang` is the one that it opens with."""
        from konv.explain.report.page import page

        return page(self, check_language(lang or self.lang))

    def text(self, lang: str | None = None) -> str:
        return explain(self.model, check_language(lang or self.lang), "terse")

    def save(self, path: str | Path, lang: str | None = None) -> Path:
        """Write the page to a file, which must end in .html."""
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise KonvError(f"a report is saved as .html, got {target.name!r}")
        target.write_text(self.html(lang), encoding="utf-8")
        return target

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html(), quote=True)}" style="width:100%;height:85vh;border:0"></iframe>'


def report(model: Model, images: Any = None, history: Any = None, names: Sequence[str] | None = None,
           classes: Sequence[str] | None = None, lang: str | None = None) -> Report:
    """A page about a model that needs nothing but a browser: drawing, arithmetic, kernels, and with `images` feature maps and
    every window step by step on the real numbers.

    `images` are a batch or a list of inputs as the model takes them, `names` what they are called, `history` what `fit`
    returned or the file of a CSVLogger (.csv) or .json, `classes` the names of the outputs. A page holds at most 6 million
    numbers, as float32 up to 2 million and as float16 beyond; it says what it leaves out. ShapeError for images that do not
    fit.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((8, 8, 1)), konv.layers.Conv2D(2, 3, activation="relu")])
    >>> page = report(model, np.ones((1, 8, 8, 1))).html()
    >>> page.startswith("<!doctype html>"), "Content-Security-Policy" in page
    (True, True)
    """
    language = check_language(lang)
    require_built(model)
    batch = None if images is None or len(images) == 0 else samples(model, images)
    found = collect(model, batch)
    named = tuple(map(str, range(found.given) if names is None else names))
    if len(named) != found.given:
        raise KonvError(f"report: {found.given} images, but {len(named)} names")
    units = model.outputs[0].shape[-1] if classes is not None else 0
    if classes is not None and len(classes) != units:
        raise KonvError(f"report: the model has {units} outputs, but classes names {len(classes)}")
    trained = read_history(history) if isinstance(history, (str, Path)) else history
    conspicuous = findings(model, batch, lang=language) if batch is not None and batch.ndim == 4 else None
    return Report(model, model_facts(model), None if batch is None else batch[:found.images], found, named[:found.images],
                  tuple(map(str, classes or ())), conspicuous, None if trained is None else learning_curves(trained, language),
                  language)


__all__ = ["Report", "report"]
