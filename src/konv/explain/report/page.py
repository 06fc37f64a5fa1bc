"""A model as one page: its drawing, its arithmetic, its kernels and feature maps, and every window to be walked through.

Both languages stand in the page, one of them is shown; every name is escaped here.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from html import escape
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.explain.facts.findings import Findings, findings
from konv.explain.facts.model_facts import LayerFacts, ModelFacts, model_facts, readable_bytes, require_built
from konv.explain.facts.statements import shown
from konv.explain.figures.contact_sheet import colours
from konv.explain.figures.drawing import drawing
from konv.explain.figures.learning_curves import LearningCurves, learning_curves
from konv.explain.figures.pixels import png
from konv.explain.languages.messages import LANGUAGES, MESSAGES, check_language, say
from konv.explain.report.history import read_history
from konv.explain.report.numbers import Numbers, collect, samples
from konv.explain.text.formats import explain
from konv.explain.text.plain import layer_lines
from konv.ir.ops import describe
from konv.models import Model

SCRIPTS = ("numbers.js", "step.js", "layers.js")  # one after the other
THUMBNAIL = 96  # pixels of the longer side of an image in the bar
# what the page itself says; the sentences of windows are those of WindowFigure
WORDS = (
    "rep_image", "rep_result_how", "rep_source", "rep_source_colours", "rep_source_vector", "rep_result", "rep_result_vector",
    "rep_range", "rep_strongest", "rep_large_window", "rep_from", "rep_play", "rep_pause", "rep_return", "rep_old_browser",
    "rep_more_maps", "rep_dead", "rep_saturated", "rep_alike", "fig_channel", "fig_filter", "fig_map", "win_pixels",
    "win_kernel", "win_products", "win_sum", "win_max", "win_mean", "win_norm", "win_total", "win_total_bias", "win_after",
    "win_value", "rep_padding", "rep_language", "sheet_kernels_elided",
)


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
    """A page about a model that needs nothing but a browser: drawing, arithmetic, kernels, feature maps, window by window.

    A page holds at most 6 million values, as float32 up to 2 million and as float16 beyond; it says what it leaves out.

    Args:
        model: a built model.
        images: a batch or a list of inputs as the model takes them, for feature maps and windows on real values.
        history: what `fit` returned, or the file of a CSVLogger (.csv) or .json.
        names: what the images are called.
        classes: the names of the outputs.
        lang: "en" or "ko", the language that the page opens with; None is the language that is set.
    Raises:
        KonvError: there are not as many names as images, or as classes as outputs.
        ShapeError: the images do not fit.

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


def page(report: Report, lang: str) -> str:
    """The whole file."""
    script, style = "".join(map(_file, SCRIPTS)), _file("page.css")
    packed, places = report.numbers.packed()
    sections = [_head(report), _stepper(report), _model(report), _layers(report), _curves(report)]
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (f"default-src 'none'; script-src 'sha256-{allowed}'; style-src 'unsafe-inline'; img-src data:; "
              f"base-uri 'none'; form-action 'none'")
    return (f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            f'<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            f'<meta name="color-scheme" content="light dark">\n'
            f'<title>{escape(say("rep_title", lang, title=report.model.title))}</title>\n<link rel="icon" href="data:,">\n'
            f"<style>{style}</style>\n</head>\n<body>\n{_bar(report)}\n"
            f"<main>\n{chr(10).join(filter(None, sections))}\n</main>\n"
            f"{_foot(report)}\n"
            f'<script type="application/json" id="data">{_json(_data(report, places))}</script>\n'
            f'<script type="application/octet-stream" id="numbers">{packed}</script>\n'
            f"<script>{script}</script>\n</body>\n</html>\n")


def both(key: str, **fields: Any) -> str:
    """A sentence in every language; the style shows the one of the page."""
    return "".join(f'<span lang="{lang}">{escape(say(key, lang, **fields))}</span>' for lang in LANGUAGES)


@cache
def _file(name: str) -> str:
    return resources.files("konv.explain.report").joinpath(name).read_text(encoding="utf-8")


def _json(value: Any) -> str:
    """JSON that no HTML parser reads anything into."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _data(report: Report, places: list[Any]) -> dict[str, Any]:
    """What the script reads."""
    marks: dict[str, dict[str, list[int]]] = {}
    if report.findings is not None:
        for layer, number in report.findings.dead:
            marks.setdefault(layer, {}).setdefault("dead", []).append(number)
        for one in report.findings.saturated:
            marks.setdefault(one.layer, {}).setdefault("saturated", []).append(one.filter)
        for pair in report.findings.alike:
            marks.setdefault(pair.layer, {}).setdefault("alike", []).extend((pair.first, pair.second))
    return {"exact": report.numbers.exact, "images": list(report.names), "classes": list(report.classes), "arrays": places,
            "marks": marks,
            "stages": [asdict(stage) for stage in report.numbers.whole_stages()],
            "words": {key: MESSAGES[key] for key in WORDS}}


# --- the bar, the head and the foot ---------------------------------------------------------------------


def _bar(report: Report) -> str:
    images = "".join(
        f'<button type="button" class="image" data-image="{place}" aria-pressed="{str(place == 0).lower()}" '
        f'title="{escape(name, quote=True)}">{_thumbnail(report.batch[place], name)}</button>'
        for place, name in enumerate(report.names) if report.batch is not None)
    languages = "".join(f'<button type="button" data-lang="{lang}" lang="{lang}" class="language">{name}</button>'
                        for lang, name in (("en", "English"), ("ko", "한국어")))
    links = [("step", "rep_step"), ("model", "rep_drawing"), ("layers", "rep_layer_by_layer")]
    links += [("curves", "rep_curves")] if report.curves else []
    nav = "".join(f'<a href="#{place}">{both(key)}</a>' for place, key in links)
    chosen = f'<div class="images" role="group" data-label="rep_image">{images}</div>' if images else ""
    return (f'<header class="bar"><nav>{nav}</nav>{chosen}'
            f'<div class="languages" role="group" data-label="rep_language">{languages}</div></header>')


def _thumbnail(image: np.ndarray, name: str) -> str:
    if image.ndim != 3:
        return escape(name)
    from PIL import Image

    pixels = colours(image)
    small = Image.fromarray(pixels)
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return f'<img alt="{escape(name, quote=True)}" src="data:image/png;base64,{png(np.asarray(small))}">'


def _head(report: Report) -> str:
    facts = report.facts
    count = sum(bool(layer.inputs) for layer in facts.layers)
    tiles = [("rep_layers_count", f"{count:,}"), ("column_parameters", f"{facts.parameters:,}"),
             ("rep_trainable", f"{facts.trainable_parameters:,}"), ("rep_bytes", readable_bytes(facts.bytes))]
    if facts.macs is not None:
        tiles.insert(3, ("rep_macs", f"{facts.macs:,}"))
    told = "".join(f"<div><dt>{both(key)}</dt><dd>{value}</dd></div>" for key, value in tiles)
    return f'<h1>{both("rep_title", title=report.model.title)}</h1>\n<dl class="tiles">{told}</dl>'


def _foot(report: Report) -> str:
    try:
        found = version("konv")
    except PackageNotFoundError:  # run from a checkout
        found = ""
    lines = [both("rep_exact" if report.numbers.exact else "rep_half") + " " + both("rep_rounded")]
    if report.numbers.images < report.numbers.given:
        lines.append(both("rep_fewer_images", shown=report.numbers.images, count=report.numbers.given))
    lines.append(both("rep_made", version=found))
    return "<footer>" + "".join(f"<p>{line}</p>" for line in lines) + "</footer>"


# --- window by window -----------------------------------------------------------------------------------


def _stepper(report: Report) -> str:
    head = f'<section id="step"><h2>{both("rep_step")}</h2>'
    stages = report.numbers.whole_stages()
    large = dict.fromkeys(stage.layer for stage in report.numbers.stages if stage not in stages)
    left_out = both("rep_not_stepped", layers=", ".join(large)) if large else ""
    if not stages:
        reason = left_out or both("rep_no_stage" if report.numbers.given else "rep_step_none")
        return f"{head}<p>{reason}</p></section>"
    names = [f"{stage.layer} · {stage.operation}" if stage.operation else stage.layer for stage in stages]
    options = "".join(f'<option value="{place}">{escape(name)}</option>' for place, name in enumerate(names))
    fields = "".join(f'<label>{both(key)}<input id="{key.removeprefix("rep_")}" type="number" min="0" value="0"></label>'
                     for key in ("rep_filter", "rep_row", "rep_column"))
    return f"""{head}
<p class="note">{both("rep_step_how")}</p>
<p class="problem" id="problem" role="alert" hidden></p>
<div class="controls"><label>{both("column_layer")}<select id="stage">{options}</select></label>{fields}
<span class="buttons"><button type="button" id="previous">◀ {both("rep_previous")}</button>
<button type="button" id="next">{both("rep_next")} ▶</button><button type="button" id="play"></button>
<button type="button" id="return" hidden></button></span></div>
<div class="views">
<figure><figcaption id="source-caption"></figcaption><div class="map" id="source"><canvas></canvas><svg></svg></div>
<p class="range" id="source-range"></p></figure>
<figure><figcaption id="result-caption"></figcaption>
<div class="map" id="result" tabindex="0" role="application"><canvas></canvas><svg></svg></div>
<p class="range" id="result-range"></p></figure>
<div class="told"><output id="value" aria-live="polite"></output><ul id="chain"></ul></div>
</div>
<div id="shares"></div>
<p class="note">{both("rep_step_which")} {left_out}</p>
</section>"""


# --- the model and its layers ---------------------------------------------------------------------------


def _model(report: Report) -> str:
    rows, most = [], max((layer.parameters for layer in report.facts.layers), default=0) or 1
    for place, layer in enumerate(report.facts.layers):
        size = layer.reach[-1][1].size if layer.reach else None
        macs = "" if layer.macs is None else f"{layer.macs:,}"
        rows.append(f'<tr><th scope="row"><a href="#layer-{place}">{escape(layer.name)}</a></th>'
                    f"<td>{escape(layer.class_name)}</td><td>{describe(layer.output)}</td>"
                    f'<td class="number" style="--share:{100 * layer.parameters / most:.1f}%">{layer.parameters:,}</td>'
                    f'<td class="number">{macs}</td><td>{"" if size is None else "x".join(map(str, size))}</td></tr>')
    columns = [("column_layer", ""), ("column_class", ""), ("column_output", ""), ("column_parameters", ' class="number"'),
               ("column_macs", ' class="number"'), ("column_reach", "")]
    head = "".join(f'<th scope="col"{style}>{both(key)}</th>' for key, style in columns)
    figures = "".join(
        f'<details{" open" if view == "layers" else ""}><summary>{both(key)}</summary>{_in_both(drawing(report.model, view))}'
        f"</details>" for view, key in (("layers", "rep_blocks"), ("graph", "rep_graph")))
    return (f'<section id="model"><h2>{both("rep_drawing")}</h2>\n{figures}\n<div class="wide"><table class="summary">'
            f'<thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div></section>')


def _in_both(figure: Any) -> str:
    return "".join(f'<div lang="{lang}" class="wide">{figure.svg(lang)}</div>' for lang in LANGUAGES)


def _layers(report: Report) -> str:
    found = ""
    if report.findings is not None:
        lines = {lang: report.findings.lines(lang) for lang in LANGUAGES}
        told = "".join(f'<ul lang="{lang}">{"".join(f"<li>{escape(line)}</li>" for line in lines[lang][1:])}</ul>'
                       f'<p class="note" lang="{lang}">{escape(lines[lang][0])}</p>' for lang in LANGUAGES)
        found = f'<div class="findings"><h3>{both("rep_findings")}</h3>{told}</div>'
    cards = "\n".join(_card(report, place, layer) for place, layer in enumerate(report.facts.layers))
    return f'<section id="layers"><h2>{both("rep_layer_by_layer")}</h2>\n{found}\n{cards}</section>'


def _card(report: Report, place: int, layer: LayerFacts) -> str:
    shapes = " + ".join(map(describe, layer.inputs))
    shown_shapes = f"{shapes} → {describe(layer.output)}" if shapes else describe(layer.output)
    name = escape(layer.name, quote=True)
    lines = "".join(f'<pre lang="{lang}">{escape(chr(10).join(layer_lines(layer, lang, set())[1:]))}</pre>'
                    for lang in LANGUAGES)
    steps = any(stage.layer == layer.name for stage in report.numbers.whole_stages())
    go = f'<button type="button" class="go" data-layer="{name}">{both("rep_go")}</button>' if steps else ""
    head = f"<h3><code>{name}</code> <span>{escape(layer.class_name)}</span></h3>"
    return (f'<article id="layer-{place}"><header>{head}{go}</header>'
            f'<p class="note">{shown_shapes} · {both("parameters_count", count=layer.parameters)}</p>'
            f"{_maps(report, layer)}{_kernels(report, layer)}"
            f'<details><summary>{both("rep_arithmetic")}</summary>{lines}</details></article>')


def _maps(report: Report, layer: LayerFacts) -> str:
    place = report.numbers.maps.get(layer.name)
    if place is None:
        return ""
    first = next(name for name, other in report.numbers.maps.items() if other == place)
    if first != layer.name:
        return f'<p class="note">{both("rep_same", layer=first)}</p>'
    _, height, width, channels = report.numbers.arrays[place].shape
    vector = height == width == 1
    head = both("rep_values" if vector else "rep_maps")
    if place in report.numbers.omitted:
        return f'<h4>{head}</h4><p class="note">{both("rep_left_out")}</p>'
    told = "" if vector else both("sheet_maps", count=channels, height=height, width=width) + " · " + both("sheet_scaled")
    return (f'<h4>{head}</h4><p class="note">{told}</p>'
            f'<div class="maps" data-array="{place}" data-layer="{escape(layer.name, quote=True)}"></div>')


def _kernels(report: Report, layer: LayerFacts) -> str:
    parts = []
    for name, place in () if layer.shared else report.numbers.kernels.get(layer.name, ()):
        array = report.numbers.arrays[place]
        filters, channels, *size = array.shape
        title = both("rep_kernels") + ("" if name == "kernel" else f" · {escape(name)}")
        if place in report.numbers.omitted:
            parts.append(f'<h4>{title}</h4><p class="note">{both("rep_left_out")}</p>')
            continue
        told = both("sheet_kernels_one" if channels == 1 else "rep_kernels_how", filters=filters, channels=channels,
                    size="x".join(map(str, size)))
        scale = both("sheet_weights", value=shown(float(np.abs(array).max(initial=0))))
        parts.append(f'<h4>{title}</h4><p class="note">{told} · {scale}</p>'
                     f'<div class="kernels wide" data-array="{place}"></div>')
    return "".join(parts)


def _curves(report: Report) -> str:
    if report.curves is None:
        return ""
    return f'<section id="curves"><h2>{both("rep_curves")}</h2>{_in_both(report.curves)}</section>'


__all__ = ["Report", "page", "report"]
