"""Facts as dicts and lists that `json.dumps` takes, for programs that read the command line."""

from typing import Any

from konv.explain.arithmetic import Equation
from konv.explain.facts import LayerFacts, layer_facts, model_facts
from konv.explain.messages import check_language, say
from konv.explain.summary import rows_of
from konv.explain.text import layer_statements
from konv.layers.base import Layer
from konv.models import Model


def layer_data(layer: Layer, lang: str | None = None) -> dict[str, Any]:
    """One layer: shapes (batch axis first), counts, and every statement with its equation.

    >>> import konv
    >>> layer = konv.layers.Flatten()
    >>> layer.build((None, 4, 4, 25))
    >>> layer_data(layer)["statements"][1]
    {'key': 'values', 'text': 'values: 4*4*25 = 400', 'left': '4*4*25', 'value': 400}
    """
    return _layer(layer_facts(layer), check_language(lang))


def model_data(model: Model, lang: str | None = None) -> dict[str, Any]:
    """A whole model: its layers as `layer_data` and the totals."""
    lang = check_language(lang)
    facts = model_facts(model)
    return {
        "name": facts.name, "class_name": facts.class_name, "layers": [_layer(layer, lang) for layer in facts.layers],
        "parameters": facts.parameters, "trainable_parameters": facts.trainable_parameters,
        "non_trainable_parameters": facts.frozen_parameters, "macs": facts.macs, "weight_bytes": facts.bytes,
    }


def summary_data(model: Model) -> dict[str, Any]:
    """The table of `model.summary()`: one entry per layer, and the counts below it."""
    facts = model_facts(model)
    rows = [
        {"name": row.name, "class_name": row.class_name, "output_shape": row.shape, "parameters": row.parameters,
         "connected_to": list(row.connections)}
        for row in rows_of(model, False, None)
    ]
    return {"name": facts.name, "layers": rows, "parameters": facts.parameters,
            "trainable_parameters": facts.trainable_parameters, "non_trainable_parameters": facts.frozen_parameters}


def _layer(facts: LayerFacts, lang: str) -> dict[str, Any]:
    statements = []
    for statement in layer_statements(facts):
        equation = statement.fields.get("equation")
        entry: dict[str, Any] = {"key": statement.key, "text": say(statement.key, lang, **statement.fields)}
        if isinstance(equation, Equation):
            entry |= {"left": equation.left, "value": equation.value}
        statements.append(entry)
    return {
        "name": facts.name, "class_name": facts.class_name, "input_shapes": [(None, *shape) for shape in facts.inputs],
        "output_shape": (None, *facts.output), "parameters": facts.parameters,
        "trainable_parameters": facts.trainable_parameters, "macs": facts.macs, "statements": statements,
    }
