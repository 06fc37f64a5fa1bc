"""Facts as dicts and lists that `json.dumps` takes, for programs that read the command line."""

from collections.abc import Iterator
from typing import Any

from konv.explain.facts.model_facts import LayerFacts, activation_bytes, layer_facts, model_facts
from konv.explain.facts.statements import Equation
from konv.explain.languages.messages import check_language, say
from konv.explain.text.plain import layer_statements
from konv.explain.text.summary import rows_of
from konv.ir.window import SpreadWindow
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
        "activation_bytes": activation_bytes(facts),
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
        "trainable_parameters": facts.trainable_parameters, "macs": facts.macs, "windows": list(_windows(facts)),
        "statements": statements,
    }


def _windows(facts: LayerFacts) -> Iterator[dict[str, Any]]:
    """Each window of the layer: padding on every side, pixels that are not read, and in a model what one value sees."""
    steps = [step for step in facts.steps if step.op.windowed]
    for index, step in enumerate(steps):
        window: Any = step.op.window  # type: ignore[attr-defined]
        entry: dict[str, Any] = {"kernel": window.kernel, "strides": window.strides, "dilation": window.dilation,
                                 "padding": window.padding}
        if step.axes is not None:
            entry["pads"] = [(axis.before, axis.after) for axis in step.axes]  # cut off, behind a transposed convolution
        if step.axes is not None and not isinstance(window, SpreadWindow):
            entry |= {"unread_at_the_end": [axis.unread for axis in step.axes],
                      "unread_in_between": [axis.skipped for axis in step.axes]}
        if index < len(facts.reach):
            _, after, _ = facts.reach[index]
            entry |= {"receptive_field": [float(size) for size in after.size][-window.rank:],
                      "effective_stride": [float(stride) for stride in after.stride][-window.rank:]}
        yield entry
