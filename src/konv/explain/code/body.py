"""The lines of a function that computes a graph, operation by operation, in NumPy or in PyTorch."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from konv.errors import UnsupportedError
from konv.explain.code.keras_source import identifier, source_of
from konv.explain.facts.model_facts import step_facts
from konv.explain.languages.messages import say
from konv.explain.operations import rule_for
from konv.explain.operations.base import Channels, Template, behind, channels_first
from konv.ir.graph import Graph, Node
from konv.ir.ops import Input
from konv.ir.window import Axis
from konv.layers.base import Layer

LONGEST = 128  # of a line


@dataclass
class Body:
    """Lines of NumPy. The rules of operations call its methods.

    Args:
        graph: what is written down.
        owner: the layer or model that it belongs to.
        whole: whether that is a model, which takes its weights in one dict.
        lang: of the comments.
    """

    library: ClassVar[str] = "np"
    torch: ClassVar[bool] = False
    array: ClassVar[str] = "np.array"
    keepdims: ClassVar[str] = "keepdims=True"
    # what must stand at the top where the code has this in it
    imports: ClassVar[tuple[tuple[str, str], ...]] = (
        ("", "import numpy as np"), ("sliding_window_view", "from numpy.lib.stride_tricks import sliding_window_view"),
        ("(erf)", "from math import erf"))

    graph: Graph
    owner: Layer
    whole: bool
    lang: str
    lines: list[str] = field(default_factory=list)
    helpers: dict[str, str] = field(default_factory=dict)  # functions that stand before this one
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)  # of the weights in the model
    names: list[str] = field(default_factory=list)  # of the nodes' values
    arguments: list[str] = field(default_factory=list)
    fixed: set[int] = field(default_factory=set)  # values that are the same for all samples
    channels_second: bool = False  # whether this operation reads images with their channels second, which konv has last

    def __post_init__(self) -> None:
        self._variables = self.owner.weight_map()
        self._write()

    def _write(self) -> None:
        count = len(self.graph.inputs)
        chain = count == 1 and all(node.inputs == (index - 1,) for index, node in enumerate(self.graph.nodes) if index)
        for index, node in enumerate(self.graph.nodes):
            if type(node.op) is Input:
                self.arguments.append("x" if count == 1 else f"x{len(self.arguments) + 1}")
                self.names.append(self.arguments[-1])
                continue
            self.index, self.step = index, step_facts(self.graph, index)
            if all(source in self.fixed for source in node.inputs):
                self.fixed.add(index)
            self.out = "x" if chain else self._free_name(identifier(node.layer) if self.whole else "x", index)
            self.names.append(self.out)
            self.write_node(node, self._template(node))
        returned = ", ".join(self.result(index) for index in self.graph.outputs)
        self.lines.append(f"return {returned}")

    def _template(self, node: Node) -> Template:
        rule = rule_for(node.op)
        template = (rule.torch if self.torch else None) or rule.numpy
        if template is None or node.op.always_random:
            raise UnsupportedError(f'{self.owner.title}: there is no code for {type(node.op).__name__} of layer '
                                   f'"{node.layer}"; explain() says in words what it does')
        return template

    def write_node(self, node: Node, template: Template) -> None:
        """Write one operation."""
        template(self, node.op, *(self.names[source] for source in node.inputs))

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

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The window over rows and columns, or steps."""
        if self.step.axes is None:
            raise UnsupportedError(f"{self.owner.title}: the code has the sizes of its inputs in it, and they are not known; "
                                   f"explain() says what depends on them")
        return self.step.axes

    def line(self, text: str) -> None:
        """A line that does not give the value of the node."""
        self.lines.append(text)

    def put(self, numpy: str, torch: str = "", why: str = "") -> None:
        """The value of the node, or what it is so far; `why` becomes a comment. In PyTorch it may be another expression."""
        expression = (torch if self.torch else "") or numpy
        if expression == self.out and not why:
            return
        expression = re.sub(r"(?<![\w.])inf\b", f"{self.library}.inf", expression)
        first, *more = wrapped(f"{self.out} = ", expression, LONGEST - 4)
        tail = f"  # {why}" if why else ""
        if tail and (more or len(first) + len(tail) + 4 > LONGEST):
            self.lines.append(tail.strip())
            tail = ""
        self.lines += [first + tail, *more]

    def comment(self, key: str, **fields: Any) -> None:
        """A line that says why."""
        text = f"# {self.say(key, **fields)}"
        if key != "code_kernel" or text not in self.lines:  # which is the same for every convolution of a model
            self.lines.append(text)

    def say(self, key: str, **fields: Any) -> str:
        """A message in the language of the comments."""
        return say(key, self.lang, **fields)

    def weight(self, name: str) -> str:
        """What the weight of that name is called in the code."""
        path = f"{self.graph.nodes[self.index].layer}/{name}"
        key = path if self.whole else identifier(name)
        if not self.whole and self.paths.get(key, path) != path:  # of two layers inside of this one
            key = identifier(path)
        self.paths[key], self.weights[key] = path, self._variables[path].numpy()
        return f"weights[{source_of(key)}]" if self.whole else key

    def lead(self, which: int = 0) -> int:
        """How many axes stand before those of a sample, of one of the inputs."""
        return 0 if self.graph.nodes[self.index].inputs[which] in self.fixed else 1

    def aligned(self, names: Sequence[str]) -> list[str]:
        """Inputs of fewer axes with axes of size 1 behind that of the batch."""
        rank = max(map(len, self.step.inputs))
        return [name + behind((rank - len(shape)) * self.lead(which))
                for which, (name, shape) in enumerate(zip(names, self.step.inputs, strict=True))]


@dataclass
class TorchBody(Body):
    """Lines of PyTorch, by the functions of torch.nn.functional.

    PyTorch has the channels of images second and kernels as (filters, channels, rows, columns). Values are reordered where an
    operation asks for it, so that images stay as PyTorch wants them from one convolution to the next.
    """

    library: ClassVar[str] = "torch"
    torch: ClassVar[bool] = True
    array: ClassVar[str] = "torch.tensor"
    keepdims: ClassVar[str] = "keepdim=True"
    imports: ClassVar[tuple[tuple[str, str], ...]] = (("", "import torch"), ("F.", "import torch.nn.functional as F"))

    moved: set[int] = field(default_factory=set)  # values whose last axis, the channels, stands second

    def write_node(self, node: Node, template: Template) -> None:
        self.channels_second = self._wants(node)
        for source in node.inputs:
            self._bring(source, self.channels_second)
        super().write_node(node, template)
        if self.channels_second and len(node.shape) > 1:
            self.moved.add(self.index)

    def result(self, index: int) -> str:
        self._bring(index, False)
        return self.names[index]

    def _wants(self, node: Node) -> bool:
        """Whether this operation is to read its inputs with the channels second, which they do not have there."""
        op: Any = node.op
        shapes, channels = self.step.inputs, rule_for(op).channels
        if channels is Channels.SECOND_IF_NORMALIZED:
            return len(shapes[0]) > 1 and op.axis % len(shapes[0]) == len(shapes[0]) - 1
        if channels is Channels.AS_THEY_COME:
            return len(set(shapes)) == 1 and all(source in self.moved for source in node.inputs)
        return channels is Channels.SECOND and not channels_first(op)

    def _bring(self, index: int, second: bool) -> None:
        rank = len(self.graph.nodes[index].shape)
        if rank < 2 or index in self.fixed or (index in self.moved) == second:
            return
        axes = (0, rank, *range(1, rank)) if second else (0, *range(2, rank + 1), 1)
        name, why = self.names[index], self.say("code_channels_second" if second else "code_channels_last")
        self.line(f"{name} = {name}.permute{axes}  # {why}")
        self.moved ^= {index}


def wrapped(start: str, expression: str, longest: int) -> list[str]:
    """An assignment, over several lines where it is too long: at sums and quotients, else at the arguments of a call.

    >>> wrapped("x = ", "(a + b) * c / d + e", 14)
    ['x = ((a + b) * c', '     / d', '     + e)']
    >>> wrapped("x = ", "call(a, b(c, d))", 14)
    ['x = call(a,', '         b(c, d))']
    """
    if len(start) + len(expression) <= longest:
        return [start + expression]
    breaks = _breaks(expression, 0, (" + ", " / "))
    if breaks:
        first, *others = _parts(expression, breaks)
        return [f"{start}({first}", *(" " * (len(start) + 1) + part for part in others[:-1]),
                f"{' ' * (len(start) + 1)}{others[-1]})"]
    first, *others = _parts(expression, [index + 1 for index in _breaks(expression, 1, (", ",))])
    margin = " " * (len(start) + expression.find("(") + 1)
    return [start + first, *(margin + part for part in others)]


def _parts(expression: str, breaks: Sequence[int]) -> list[str]:
    return [expression[begin:end].strip() for begin, end in zip([0, *breaks], [*breaks, None], strict=True)]


def _breaks(expression: str, depth: int, marks: tuple[str, ...]) -> list[int]:
    """Where one of the marks stands inside of so many brackets; the names of weights have quotes around them."""
    found, open_brackets, quoted = [], 0, False
    for index, letter in enumerate(expression):
        quoted ^= letter == '"' and expression[index - 1] != "\\"
        if not quoted:
            open_brackets += (letter in "([{") - (letter in ")]}")
            if open_brackets == depth and expression.startswith(marks, index):
                found.append(index)
    return found
