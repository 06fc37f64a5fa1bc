"""A network as a list of operations in the order in which they run.

The index of a node is the name of its output. A graph is immutable; `GraphBuilder` makes one and infers the shapes.
"""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from konv.ir.ops import Input, Op, Shape, Weight


@dataclass(frozen=True)
class Node:
    """One operation of one layer. `trainable` is the layer's; a frozen BatchNorm runs in inference mode."""

    op: Op
    inputs: tuple[int, ...]
    shape: Shape
    layer: str
    trainable: bool = True


@dataclass(frozen=True)
class Graph:
    """`auxiliary` are the auxiliary losses: the values that each is made of, and what it makes of them, an activity_regularizer
    or a loss that a layer adds."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    auxiliary: tuple[tuple[tuple[int, ...], Any], ...] = ()

    def input_shapes(self, index: int) -> tuple[Shape, ...]:
        return tuple(self.nodes[source].shape for source in self.nodes[index].inputs)

    def weights(self, index: int) -> tuple[Weight, ...]:
        return self.nodes[index].op.weights(*self.input_shapes(index))

    def macs(self, index: int) -> int:
        return self.nodes[index].op.macs(*self.input_shapes(index))

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        return tuple(index for index, node in enumerate(self.nodes) if isinstance(node.op, Input))

    @cached_property
    def with_auxiliary(self) -> "Graph":
        """The graph whose outputs end with the values that auxiliary losses are made of."""
        more = dict.fromkeys(index for indices, _ in self.auxiliary for index in indices if index not in self.outputs)
        return replace(self, outputs=(*self.outputs, *more)) if more else self

    @cached_property
    def users(self) -> tuple[tuple[int, ...], ...]:
        """For each node, the nodes that read it."""
        users: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for source in node.inputs:
                users[source].append(index)
        return tuple(map(tuple, users))


class Macro(Op):
    """Several operations under one name: a graph holds those that it stands for."""

    def expand(self, builder: "GraphBuilder", inputs: tuple[int, ...], layer: str) -> int:
        """Append them; the place of the last."""
        raise NotImplementedError


@dataclass
class GraphBuilder:
    """`training` says what the graph is for, where that makes a difference to a layer; `force` what its caller wants."""

    nodes: list[Node] = field(default_factory=list[Node])
    training: bool = False
    force: bool | None = None
    auxiliary: list[tuple[Any, tuple[int, ...], Any]] = field(default_factory=list[Any])  # layer, values, loss
    depth: int = 0  # of calls within calls

    @property
    def mode(self) -> bool:
        """Whether the layer that is being lowered is to do what it does in training."""
        return self.training if self.force is None else self.force

    @contextmanager
    def forced(self, training: bool | None) -> Generator[None]:
        """Lower what is called with an argument `training`; None is that of whoever called the caller."""
        before = self.force
        self.force = before if training is None else training
        try:
            yield
        finally:
            self.force = before

    @contextmanager
    def called(self, layers: Collection[Any]) -> Generator[None]:
        """Lower one call of a layer, with those in it. Of what they add to the loss, a model keeps that of the last call
        alone, as in Keras, where each call of its own begins anew; what calls they make themselves all count."""
        self.depth += 1
        if self.depth == 1:
            self.auxiliary = [entry for entry in self.auxiliary if entry[0] not in layers]
        try:
            yield
        finally:
            self.depth -= 1

    def add(self, op: Op, inputs: tuple[int, ...] = (), layer: str = "", trainable: bool = True) -> int:
        """Append an operation; ShapeError when its inputs do not fit."""
        if isinstance(op, Macro):
            return op.expand(self, inputs, layer)
        shape = op.output_shape(*(self.nodes[source].shape for source in inputs))
        self.nodes.append(Node(op, inputs, shape, layer, trainable))
        return len(self.nodes) - 1

    def graph(self, *outputs: int) -> Graph:
        return Graph(tuple(self.nodes), outputs, tuple((indices, loss) for _, indices, loss in self.auxiliary))
