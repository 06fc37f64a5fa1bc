"""The few lines of NumPy, Keras or PyTorch that compute what a layer or a model computes.

A graph of `spec` is written down operation by operation; `code_numpy` and `code_torch` have a rule for each. For Keras the
layers themselves are written, with the arguments that are not the default ones.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from konv.errors import KonvError, UnsupportedError
from konv.explain.code.keras_source import identifier, keras_layer, keras_model, plain, source_of
from konv.explain.code.numpy_source import IMPORTS as NUMPY_IMPORTS
from konv.explain.code.numpy_source import RULES as NUMPY
from konv.explain.code.torch_source import IMPORTS as TORCH_IMPORTS
from konv.explain.code.torch_source import RULES as TORCH
from konv.explain.code.torch_source import Layouts
from konv.explain.facts.model_facts import StepFacts, require_built, step_facts
from konv.explain.languages.messages import check_language, say
from konv.ir.augment_ops import is_always_random
from konv.ir.graph import Graph
from konv.ir.ops import Input, describe
from konv.layers.base import Layer
from konv.models import Model

TARGETS = ("numpy", "keras", "torch")
LONGEST = 128  # of a line


class Code(str):
    """Python source, which is a string; `function` is what it defines, `weights` are the arrays that it takes by name."""

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

    Its arguments are the inputs, batch axis first and axes as konv has them, and the weights: those of a layer by their names,
    those of a model as one dict. `target` is "numpy", "keras" or "torch". UnsupportedError names what has no such code.

    >>> import konv
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
    rules, imports, body = (NUMPY, NUMPY_IMPORTS, Body) if target == "numpy" else (TORCH, TORCH_IMPORTS, TorchBody)
    writer = body(graph, what, whole, lang, rules)
    lines = writer.write()
    needed = [line for mark, line in imports if any(mark in text for text in lines)]
    head = f"def {function}({', '.join([*writer.arguments, *(['weights'] if whole else writer.weights)])}):"
    helpers = [f"{helper}\n\n" for helper in writer.helpers.values()]
    text = "\n".join([*needed, "", "", *helpers, head, f"    # {_heading(what)}", *(f"    {line}" for line in lines)]) + "\n"
    return Code(text, function, target, writer.weights)


def _heading(what: Layer | Model) -> str:
    shapes = what.input_shapes
    output = what.compute_output_shape(*((None, *shape) for shape in shapes)) if not isinstance(what, Model) else (
        what.output_shape)
    return f"{type(what).__name__} {plain(what.name)}: {', '.join(map(describe, shapes))} -> {_listed(output)}"


def _listed(shape: Any) -> str:
    many = isinstance(shape, (list, dict)) or (isinstance(shape, tuple) and any(isinstance(one, tuple) for one in shape))
    return plain(str(shape)) if many else describe(tuple(shape)[1:])


def wrapped(start: str, expression: str, longest: int) -> list[str]:
    """An assignment, over several lines where it is too long: at sums and quotients, else at the arguments of a call.

    >>> wrapped("x = ", "(a + b) * c / d + e", 14)
    ['x = ((a + b) * c', '     / d', '     + e)']
    >>> wrapped("x = ", "call(a, b(c, d))", 14)
    ['x = call(a,', '         b(c, d))']
    """
    if len(start) + len(expression) <= longest:
        return [start + expression]
    places = _places(expression, 0, (" + ", " / "))
    if places:
        parts = [expression[begin:end].strip() for begin, end in zip([0, *places], [*places, None], strict=True)]
        lines = [f"{start}({parts[0]}", *(" " * (len(start) + 1) + part for part in parts[1:])]
        return [*lines[:-1], f"{lines[-1]})"]
    places = [place + 1 for place in _places(expression, 1, (", ",))]
    parts = [expression[begin:end].strip() for begin, end in zip([0, *places], [*places, None], strict=True)]
    margin = " " * (len(start) + expression.find("(") + 1)
    return [start + parts[0], *(margin + part for part in parts[1:])]


def _places(expression: str, depth: int, marks: tuple[str, ...]) -> list[int]:
    """Where one of the marks stands inside of so many brackets; the names of weights have quotes around them."""
    found, open_brackets, quoted = [], 0, False
    for place, letter in enumerate(expression):
        quoted ^= letter == '"' and expression[place - 1] != "\\"
        if not quoted:
            open_brackets += (letter in "([{") - (letter in ")]}")
            if open_brackets == depth and expression.startswith(marks, place):
                found.append(place)
    return found


@dataclass
class Body:
    """The lines of a function: what each node's value is called, and which weights are asked for."""

    library: ClassVar[str] = "np"

    graph: Graph
    owner: Layer
    whole: bool  # a model, which takes its weights in one dict
    lang: str
    rules: Mapping[type, Callable[..., None]]
    lines: list[str] = field(default_factory=list)
    helpers: dict[str, str] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    fixed: set[int] = field(default_factory=set)  # values that are the same for all samples
    step: StepFacts = None  # type: ignore[assignment]

    def write(self) -> list[str]:
        """All lines, the return included."""
        self._variables = self.owner.weight_map()
        count = len(self.graph.inputs)
        chain = count == 1 and all(node.inputs == (index - 1,) for index, node in enumerate(self.graph.nodes) if index)
        for index, node in enumerate(self.graph.nodes):
            if isinstance(node.op, Input):
                self.arguments.append("x" if count == 1 else f"x{len(self.arguments) + 1}")
                self.names.append(self.arguments[-1])
                continue
            self.index, self.step = index, step_facts(self.graph, index)
            rule = self.rules.get(type(node.op))
            if rule is None or is_always_random(node.op):
                raise UnsupportedError(f'{self.owner.title}: there is no code for {type(node.op).__name__} of layer '
                                       f'"{node.layer}"; explain() says in words what it does')
            if all(source in self.fixed for source in node.inputs):
                self.fixed.add(index)
            self.out = "x" if chain else self._free_name(identifier(node.layer) if self.whole else "x", index)
            self.names.append(self.out)
            self.apply(rule, node)
        returned = ", ".join(self.result(index) for index in self.graph.outputs)
        return [*self.lines, f"return {returned}"]

    def apply(self, rule: Callable[..., None], node: Any) -> None:
        """Write one operation."""
        rule(self, node.op, *(self.names[source] for source in node.inputs))

    def result(self, index: int) -> str:
        """The value as the function returns it."""
        return self.names[index]

    def _free_name(self, wanted: str, index: int) -> str:
        """A name that no value has which is still needed behind this node."""
        alive = {self.names[source] for source in range(index) if source in self.graph.outputs
                 or any(user > index for user in self.graph.users[source])}
        name, number = wanted, 1
        while name in alive or (name in self.arguments and self.whole):
            name, number = f"{wanted}_{number}", number + 1
        return name

    # --- what the rules use -----------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines.append(text)

    def put(self, expression: str, comment: str = "") -> None:
        """The value of the node, or what it is so far."""
        if expression == self.out and not comment:
            return
        expression = re.sub(r"(?<![\w.])inf\b", f"{self.library}.inf", expression)
        first, *more = wrapped(f"{self.out} = ", expression, LONGEST - 4)
        tail = f"  # {comment}" if comment else ""
        if tail and (more or len(first) + len(tail) + 4 > LONGEST):
            self.lines.append(tail.strip())
            tail = ""
        self.lines += [first + tail, *more]

    def comment(self, key: str, **fields: Any) -> None:
        text = f"# {say(key, self.lang, **fields)}"
        if key != "code_kernel" or text not in self.lines:  # which is the same for every convolution of a model
            self.lines.append(text)

    def say(self, key: str, **fields: Any) -> str:
        return say(key, self.lang, **fields)

    def weight(self, name: str) -> str:
        """What the weight of that name is called in the code."""
        node = self.graph.nodes[self.index]
        path = f"{node.layer}/{name}"
        key = path if self.whole else identifier(name)
        if key in self.weights and not self.whole and self._paths[key] != path:  # of two layers inside of this one
            key = identifier(path)
        self._paths = self.__dict__.get("_paths", {}) | {key: path}
        self.weights[key] = self._variables[path].numpy()
        return f"weights[{source_of(key)}]" if self.whole else key

    def has(self, name: str) -> bool:
        return any(weight.name == name for weight in self.step.weights)

    def lead(self, place: int = 0) -> int:
        """How many axes stand before those of a sample, of one of the inputs."""
        return 0 if self.graph.nodes[self.index].inputs[place] in self.fixed else 1

    def aligned(self, names: tuple[str, ...]) -> list[str]:
        """Inputs of fewer axes with axes of size 1 behind that of the batch."""
        rank = max(map(len, self.step.inputs))
        made = []
        for place, (name, shape) in enumerate(zip(names, self.step.inputs, strict=True)):
            missing = (rank - len(shape)) * self.lead(place)
            made.append(f"{name}[:, {', '.join(['None'] * missing)}]" if missing else name)
        return made


class TorchBody(Layouts, Body):
    """Images have their channels second where PyTorch wants them there."""

    library = "torch"


__all__ = ["TARGETS", "Code", "code"]
