"""Explanations as plain text: facts laid out line by line, nothing computed."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from konv.explain.facts.model_facts import LayerFacts, ModelFacts, activation_bytes, layer_facts, model_facts, readable_bytes
from konv.explain.facts.receptive_fields import reach_statements
from konv.explain.facts.statements import Equation, Statement, number
from konv.explain.languages.messages import check_language, say
from konv.explain.operations import statements
from konv.ir.ops import describe
from konv.layers.base import Layer
from konv.models import Model

_TERMS_IN_A_SUM = 12  # a longer sum would not be read; the layers above it have the terms


def explain_layer(layer: Layer, lang: str | None = None) -> str:
    """The arithmetic of one layer with its numbers filled in.

    >>> import konv
    >>> layer = konv.layers.Dense(512, name="dense")
    >>> layer.build((None, 400))
    >>> print(explain_layer(layer))
    Dense "dense"
      input: (None, 400)
      output: (None, 512)
      fully connected: each of 512 units weighs all 400 inputs and sums them
      parameters: (400 + 1) * 512 = 205,312
        (inputs + 1 bias) * units
      MACs: 400 * 512 = 204,800
        inputs * units
    """
    lang = check_language(lang)
    if isinstance(layer, Model):
        return explain_model(layer, lang)
    return "\n".join(layer_lines(layer_facts(layer), lang, set()))


def explain_model(model: Model, lang: str | None = None) -> str:
    """The arithmetic of every layer in turn, then the totals; a legend is given where it is first needed."""
    lang = check_language(lang)
    facts = model_facts(model)
    given: set[str] = set()
    count = sum(bool(layer.inputs) for layer in facts.layers)
    blocks = [[say("model", lang, class_name=facts.class_name, name=facts.name, count=count)]]
    numbers = iter(range(1, count + 1))
    for layer in facts.layers:
        head, *rest = layer_lines(layer, lang, given)
        blocks.append([f"{next(numbers)}. {head}" if layer.inputs else head, *rest])
    blocks.append(list(_totals(facts, lang)))
    return "\n\n".join("\n".join(block) for block in blocks)


def layer_lines(facts: LayerFacts, lang: str, given: set[str]) -> list[str]:
    """The lines of one layer; legends that were given before are left out, and those that are new are added to them."""
    lines = [f'{facts.class_name} "{facts.name}"']
    for statement, legend in sentences(facts, given):
        lines.append("  " + say(statement.key, lang, **statement.fields))
        if legend:
            lines.append("    " + say(legend, lang))
    return lines


def sentences(facts: LayerFacts, given: set[str]) -> Iterator[tuple[Statement, str | None]]:
    """What is to say about a layer, its shapes first; a legend comes once, behind the last of the sentences that share it."""
    key = "input" if len(facts.inputs) == 1 else "inputs"
    for index, shape in enumerate(facts.inputs, 1):
        yield Statement(key, {"number": index, "shape": describe(shape)}), None
    yield Statement("output", {"shape": describe(facts.output)}), None
    said = list(layer_statements(facts))
    for statement, following in zip_longest(said, said[1:]):
        legend = statement.legend
        if legend is None or legend in given or (following and following.legend == legend):
            yield statement, None
        else:
            given.add(legend)
            yield statement, legend


def layer_statements(facts: LayerFacts) -> Iterable[Statement]:
    """What is to say about a layer below its shapes."""
    for step in facts.steps:
        yield from statements(step)
    for before, after, window in facts.reach:
        yield from reach_statements(before, after, window)
    if not facts.steps:
        yield Statement("unchanged")
    if not facts.parameters:
        yield Statement("no_parameters")
    if facts.parameters and not facts.trainable:
        yield Statement("frozen")
    if facts.shared:
        yield Statement("shared")


def _totals(facts: ModelFacts, lang: str) -> Iterable[str]:
    yield say("total", lang)
    own = [layer for layer in facts.layers if not layer.shared]
    rows = [
        ("parameters_count", [layer.parameters for layer in own], facts.parameters),
        ("total_trainable", [], facts.trainable_parameters),
        ("total_frozen", [], facts.frozen_parameters),
    ]
    if facts.macs is not None:
        rows.append(("total_macs", [layer.macs or 0 for layer in facts.layers], facts.macs))
    for key, terms, value in rows:
        yield "  " + say(key, lang, count=_sum(terms, value))
    if facts.macs is None:
        yield "  " + say("macs_unknown", lang)
    size = facts.bytes // facts.parameters if facts.parameters else 4
    yield from _activations(facts, lang)
    memory = Equation(f"{facts.parameters} * {size}", facts.bytes)
    yield "  " + say("memory", lang, equation=memory, readable=readable_bytes(facts.bytes))


def _activations(facts: ModelFacts, lang: str) -> Iterable[str]:
    """Bytes of what the layers give for one sample."""
    keys = {"training": "activations_training", "prediction": "activations_prediction"}
    for mode, size in activation_bytes(facts).items():
        yield "  " + say(keys[mode], lang, equation=Equation(f"{size // 4} * 4", size), readable=readable_bytes(size))


def _sum(terms: list[int], value: int) -> str:
    """750 + 300 = 1,050, or the number alone where there is nothing to add up."""
    terms = [term for term in terms if term]
    if not 2 <= len(terms) <= _TERMS_IN_A_SUM or sum(terms) != value:
        return number(value)
    return str(Equation(" + ".join(map(str, terms)), value))
