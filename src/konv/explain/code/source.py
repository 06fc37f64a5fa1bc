"""The few lines of NumPy, Keras or PyTorch that compute what a layer or a model computes.

For NumPy and PyTorch the graph is written down operation by operation, by the rules in konv.explain.operations. For Keras the
layers themselves are written, with the arguments that are not the default ones.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from konv.errors import KonvError
from konv.explain.code.body import Body, TorchBody
from konv.explain.code.keras_source import identifier, keras_layer, keras_model, plain
from konv.explain.facts.model_facts import require_built
from konv.explain.languages.messages import check_language
from konv.ir.ops import describe
from konv.layers.base import Layer
from konv.models import Model

TARGETS = ("numpy", "keras", "torch")


class Code(str):
    """Python source, a string.

    Attributes:
        function: the name of the function that it defines.
        target: "numpy", "keras" or "torch".
        weights: the arrays that the function takes, by name.
    """

    function: str
    target: str
    weights: dict[str, Any]

    def __new__(cls, text: str, function: str, target: str, weights: Mapping[str, Any]) -> "Code":
        made = super().__new__(cls, text)
        made.function, made.target, made.weights = function, target, dict(weights)
        return made

    def save(self, path: str | Path) -> Path:
        """Write the source to a file; the weights are not in it."""
        target = Path(path)
        target.write_text(self, encoding="utf-8")
        return target


def code(what: Layer | Model, target: str = "numpy", lang: str | None = None) -> Code:
    """The source of a function that computes what a built layer or model computes in inference.

    The arguments of that function are the inputs, batch axis first and axes as konv has them, and the weights: those of a layer
    by their names, those of a model as one dict.

    Args:
        what: a layer that is built, or a model whose input shape is known.
        target: "numpy", "keras" or "torch".
        lang: the language of the comments, "en" or "ko"; None is the one that is set.
    Raises:
        UnsupportedError: an operation, or a layer of one's own, that has no such code; a size that is not known.
        KonvError: the layer is not built, or there is no such target.

    >>> import konv, numpy as np
    >>> layer = konv.layers.Dense(2, activation="relu", name="dense")
    >>> layer.build((None, 3))
    >>> source = code(layer)
    >>> print(source)
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def dense(x, kernel, bias):
        # Dense dense: (None, 3) -> (None, 2)
        x = x @ kernel + bias
        x = np.maximum(x, 0)
        return x
    <BLANKLINE>
    >>> names = {}
    >>> exec(source, names)
    >>> names["dense"](np.ones((1, 3)), **source.weights).shape
    (1, 2)
    """
    lang = check_language(lang)
    if target not in TARGETS:
        raise KonvError(f"code: target must be one of {', '.join(map(repr, TARGETS))}, got {target!r}")
    require_built(what)
    whole = isinstance(what, Model)
    function = identifier(what.name)
    if target == "keras":
        text, weights = keras_model(what, function, _heading(what)) if whole else keras_layer(what, function, _heading(what))
        return Code(text, function, target, weights)
    graph = what.graph() if whole else what.graph(*what.input_shapes)
    body = (Body if target == "numpy" else TorchBody)(graph, what, whole, lang)
    needed = [line for mark, line in body.imports if any(mark in text for text in body.lines)]
    head = f"def {function}({', '.join([*body.arguments, *(['weights'] if whole else body.weights)])}):"
    helpers = [f"{helper}\n\n" for helper in body.helpers.values()]
    lines = [f"    {line}" for line in (f"# {_heading(what)}", *body.lines)]
    return Code("\n".join([*needed, "", "", *helpers, head, *lines]) + "\n", function, target, body.weights)


def _heading(what: Layer | Model) -> str:
    shapes = what.input_shapes
    output = what.compute_output_shape(*((None, *shape) for shape in shapes)) if not isinstance(what, Model) else (
        what.output_shape)
    return f"{type(what).__name__} {plain(what.name)}: {', '.join(map(describe, shapes))} -> {_listed(output)}"


def _listed(shape: Any) -> str:
    many = isinstance(shape, (list, dict)) or (isinstance(shape, tuple) and any(isinstance(one, tuple) for one in shape))
    return plain(str(shape)) if many else describe(tuple(shape)[1:])


__all__ = ["TARGETS", "Code", "code"]
