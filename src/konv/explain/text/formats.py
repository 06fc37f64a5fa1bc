"""Explanations in other forms than plain text: one line a layer, Markdown, LaTeX."""

import ast
from collections.abc import Callable, Iterable
from typing import Any

from konv.errors import KonvError
from konv.explain.facts.model_facts import LayerFacts, ModelFacts, layer_facts, model_facts
from konv.explain.facts.statements import Equation, Statement, number
from konv.explain.languages.messages import check_language, say
from konv.explain.text.plain import explain_layer, explain_model, layer_statements
from konv.ir.ops import describe
from konv.layers.base import Layer
from konv.models import Model

STYLES, FORMATS = ("full", "terse"), ("text", "markdown", "latex")


def explain(what: Layer | Model, lang: str | None = None, style: str = "full", format: str = "text") -> str:
    """The arithmetic of a layer or model, with its numbers filled in.

    Args:
        what: a layer that is built, or a model whose input shape is known.
        lang: "en" or "ko"; None is the language that is set.
        style: "full" (every line) or "terse" (one line a layer).
        format: "text", "markdown" or "latex".
    Raises:
        KonvError: the layer is not built, or an argument is none of these.

    >>> import konv
    >>> layer = konv.layers.Dense(512, name="dense")
    >>> layer.build((None, 400))
    >>> print(explain(layer, style="terse"))
    Dense "dense"  (None, 400) -> (None, 512)  parameters: 205,312  MACs: 204,800
    """
    lang = check_language(lang)
    for argument, value, known in (("style", style, STYLES), ("format", format, FORMATS)):
        if value not in known:
            raise KonvError(f"explain: {argument} must be one of {', '.join(map(repr, known))}, got {value!r}")
    if format == "text" and style == "full":
        return explain_model(what, lang) if isinstance(what, Model) else explain_layer(what, lang)
    facts = model_facts(what) if isinstance(what, Model) else layer_facts(what)
    return "\n".join(_WRITERS[format, style](facts, lang))


def _layers(facts: LayerFacts | ModelFacts) -> tuple[LayerFacts, ...]:
    return facts.layers if isinstance(facts, ModelFacts) else (facts,)


# --- one line a layer -----------------------------------------------------------------------------------


def _cells(layer: LayerFacts, lang: str) -> list[str]:
    """Name, shapes, parameters, MACs, receptive field."""
    shapes = " + ".join(describe(shape) for shape in layer.inputs)
    arrow = f"{shapes} -> {describe(layer.output)}" if shapes else describe(layer.output)
    macs = say("macs_count", lang, count=number(layer.macs)) if layer.macs else ""
    size = layer.reach[-1][1].size if layer.reach else None
    field = "" if size is None else say("reach_size", lang, size="x".join(map(str, size)))
    return [f'{layer.class_name} "{layer.name}"', arrow, say("parameters_count", lang, count=number(layer.parameters)), macs,
            field]


def _terse_text(facts: LayerFacts | ModelFacts, lang: str) -> Iterable[str]:
    rows = [_cells(layer, lang) for layer in _layers(facts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width).rstrip()
    if isinstance(facts, ModelFacts):
        yield "  ".join([say("total", lang), say("parameters_count", lang, count=number(facts.parameters)), *(
            [say("macs_count", lang, count=number(facts.macs))] if facts.macs is not None else [])])


def _terse_markdown(facts: LayerFacts | ModelFacts, lang: str) -> Iterable[str]:
    yield "| " + " | ".join(say(key, lang) for key in (
        "column_layer", "column_output", "column_parameters", "column_macs", "column_reach")) + " |"
    yield "|---|---|---:|---:|---|"
    for layer in _layers(facts):
        size = layer.reach[-1][1].size if layer.reach else None
        yield (f"| {_plain(layer.class_name)} `{_code(layer.name)}` | {describe(layer.output)} | {layer.parameters:,} | "
               f"{'' if layer.macs is None else f'{layer.macs:,}'} | {'' if size is None else 'x'.join(map(str, size))} |")


def _terse_latex(facts: LayerFacts | ModelFacts, lang: str) -> Iterable[str]:
    yield r"\begin{tabular}{llrr}"
    yield " & ".join(_tex(say(key, lang)) for key in (
        "column_layer", "column_output", "column_parameters", "column_macs")) + r" \\ \hline"
    for layer in _layers(facts):
        macs = "" if layer.macs is None else f"{layer.macs:,}"
        yield f"{_tex(layer.name)} & {_tex(describe(layer.output))} & {layer.parameters:,} & {macs} " + r"\\"
    yield r"\end{tabular}"


# --- every line -----------------------------------------------------------------------------------------


def _full_markdown(facts: LayerFacts | ModelFacts, lang: str) -> Iterable[str]:
    for layer in _layers(facts):
        yield f"### {_plain(layer.class_name)} `{_code(layer.name)}`"
        yield ""
        key = "input" if len(layer.inputs) == 1 else "inputs"
        for index, shape in enumerate(layer.inputs, 1):
            yield "- " + say(key, lang, number=index, shape=f"`{describe(shape)}`")
        yield "- " + say("output", lang, shape=f"`{describe(layer.output)}`")
        for statement in layer_statements(layer):
            yield "- " + told(statement, lang, lambda equation: f"`{equation}`", _plain)
        yield ""


def _full_latex(facts: LayerFacts | ModelFacts, lang: str) -> Iterable[str]:
    for layer in _layers(facts):
        yield rf"\paragraph{{{_tex(layer.class_name)} \texttt{{{_tex(layer.name)}}}}}"
        yield r"\begin{itemize}"
        shapes = [("input", shape) for shape in layer.inputs] + [("output", layer.output)]
        yield from (r"\item " + _tex(say(key, lang, shape=describe(shape))) for key, shape in shapes)
        for statement in layer_statements(layer):
            yield r"\item " + told(statement, lang, lambda equation: f"${formula(equation)}$", _tex)
        yield r"\end{itemize}"


def told(statement: Statement, lang: str, shown: Callable[[Equation], str], escape: Callable[[str], str]) -> str:
    """The sentence, its equation in the form wanted and the rest escaped."""
    mark = "\0"
    fields = {name: mark if isinstance(value, Equation) else value for name, value in statement.fields.items()}
    found = [value for value in statement.fields.values() if isinstance(value, Equation)]
    text = escape(say(statement.key, lang, **fields))
    return text.replace(mark, shown(found[0])) if found else text


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in text)


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "\\|")


_TEX = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
        "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}"}


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in text)


# --- equations in LaTeX ---------------------------------------------------------------------------------


def formula(equation: Equation) -> str:
    r"""An equation as LaTeX draws it.

    >>> formula(Equation("floor((28 - 3 + 0 + 1)/2) + 1", 14))
    '\\left\\lfloor \\frac{28 - 3 + 0 + 1}{2} \\right\\rfloor + 1 = 14'
    """
    return f"{_latex(ast.parse(equation.left, mode='eval').body)} = {number(equation.value)}".replace(",", "{,}")


_SIGNS = {ast.Add: (" + ", 1), ast.Sub: (" - ", 1), ast.Mult: (r" \cdot ", 2), ast.Pow: ("^", 3)}


def _latex(node: Any, tighter: int = 0) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.UnaryOp):
        return f"-{_latex(node.operand, 2)}"
    if isinstance(node, ast.Call):
        name, inner = node.func.id, [_latex(argument) for argument in node.args]  # type: ignore[attr-defined]
        if name == "floor":
            return rf"\left\lfloor {inner[0]} \right\rfloor"
        return rf"\{name}({', '.join(inner)})" if name in ("max", "min", "exp", "log") else (
            rf"\sqrt{{{inner[0]}}}" if name == "sqrt" else rf"\mathrm{{{name}}}({', '.join(inner)})")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return rf"\frac{{{_latex(node.left)}}}{{{_latex(node.right)}}}"
    if isinstance(node, ast.BinOp):
        sign, strength = _SIGNS[type(node.op)]
        right = strength + (not isinstance(node.op, (ast.Add, ast.Mult)))
        text = f"{_latex(node.left, strength)}{sign}{_latex(node.right, right)}"
        return rf"\left({text}\right)" if strength < tighter else text
    return rf"\mathrm{{{ast.unparse(node)}}}"


_WRITERS: dict[tuple[str, str], Callable[[Any, str], Iterable[str]]] = {
    ("text", "terse"): _terse_text, ("markdown", "terse"): _terse_markdown, ("markdown", "full"): _full_markdown,
    ("latex", "terse"): _terse_latex, ("latex", "full"): _full_latex}
