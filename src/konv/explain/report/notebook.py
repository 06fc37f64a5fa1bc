"""What a notebook shows of a layer and of a model: the arithmetic of the one, the table and the drawing of the other."""

from collections.abc import Iterator
from html import escape

from konv.errors import KonvError
from konv.explain.facts.model_facts import layer_facts, readable_bytes
from konv.explain.facts.statements import Statement
from konv.explain.figures.drawing import drawing
from konv.explain.languages.messages import check_language, say
from konv.explain.text.formats import told
from konv.explain.text.plain import sentences
from konv.explain.text.summary import Row, counts, is_chain, rows_of
from konv.layers.base import Layer
from konv.models import Model

MOST = 60  # boxes of a drawing that is unfolded from the beginning
TOTALS = {"Total": "parameters_count", "Trainable": "total_trainable", "Non-trainable": "total_frozen",
          "Optimizer": "total_optimizer"}
# The colours are those of the page, whose paper may be light or dark.
STYLE = ("<style>.konv-page table{border-collapse:collapse;margin:.5em 0;font:inherit;color:inherit}"
         ".konv-page th,.konv-page td{text-align:left;padding:.25em .9em .25em 0;border-bottom:1px solid #8886}"
         ".konv-page .number{text-align:right;font-variant-numeric:tabular-nums}.konv-page .quiet{opacity:.7}"
         ".konv-page code{background:none;color:inherit}.konv-page ul{margin:.4em 0;padding-left:1.3em}</style>")


def html(what: Layer, lang: str | None = None) -> str:
    """A layer or model as HTML; one that is not built yet says so.

    >>> import konv
    >>> layer = konv.layers.Dense(2, name="<a>")
    >>> layer.build((None, 3))
    >>> "<code>(3 + 1) * 2 = 8</code>" in html(layer), "&lt;a&gt;" in html(layer)
    (True, True)
    """
    language = check_language(lang)
    parts = _model(what, language) if isinstance(what, Model) else _layer(what, language)
    return f'<div class="konv-page" lang="{language}">{STYLE}<b>{escape(what.title)}</b>{"".join(parts)}</div>'


def _layer(layer: Layer, lang: str) -> Iterator[str]:
    try:
        facts = layer_facts(layer)
    except KonvError:
        yield f'<div class="quiet">{say("not_built", lang)}</div>'
        return
    yield "<ul>"
    for statement, legend in sentences(facts, set()):
        more = f'<br><span class="quiet">{escape(say(legend, lang))}</span>' if legend else ""
        yield f"<li>{_told(statement, lang)}{more}</li>"
    yield "</ul>"


def _told(statement: Statement, lang: str) -> str:
    return told(statement, lang, lambda equation: f"<code>{escape(str(equation))}</code>", escape)


def _model(model: Model, lang: str) -> Iterator[str]:
    """The rows of the summary, the totals below them, and the drawing beside them if all shapes are known."""
    chain = is_chain(model)
    keys = ["column_layer", "column_output", "column_parameters", *([] if chain else ["column_reads"])]
    yield '<div style="display:flex;flex-wrap:wrap;gap:0 2em;align-items:flex-start"><div><table><thead><tr>'
    yield "".join(f'<th{_numeric(key)}>{escape(say(key, lang))}</th>' for key in keys) + "</tr></thead><tbody>"
    for row in rows_of(model, False, None):
        cells = _cells(row, chain)
        yield "<tr>" + "".join(f"<td{_numeric(key)}>{cell}</td>" for key, cell in zip(keys, cells, strict=True)) + "</tr>"
    yield "</tbody></table>"
    for label, count, size in counts(model):
        yield f'<div>{escape(say(TOTALS[label], lang, count=count))} <span class="quiet">({readable_bytes(size)})</span></div>'
    if not model.built:
        yield f'<div class="quiet">{say("not_built", lang)}</div>'
    yield f"</div>{_drawn(model, lang)}</div>"


def _cells(row: Row, chain: bool) -> list[str]:
    kind = "" if row.name == row.class_name else f' <span class="quiet">{escape(row.class_name)}</span>'
    cells = [f"{escape(row.name)}{kind}", "?" if row.shape is None else escape(str(row.shape)),
             "?" if row.parameters is None else f"{row.parameters:,}"]
    return cells if chain else [*cells, escape(", ".join(name.removesuffix("[0][0]") for name in row.connections))]


def _numeric(key: str) -> str:
    return ' class="number"' if key == "column_parameters" else ""


def _drawn(model: Model, lang: str) -> str:
    if not model.built or not model._order:  # its layers have not met an input yet
        return ""
    figure = drawing(model, lang=lang)
    unfolded = " open" if len(figure.boxes) <= MOST else ""
    name = say("drawing", lang)
    return f'<details{unfolded} style="max-width:100%;overflow-x:auto"><summary>{name}</summary>{figure.svg()}</details>'


__all__ = ["html"]
