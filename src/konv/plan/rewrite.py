"""The graph that the engine runs: channels last, nothing that does nothing.

A value is a node of the new graph together with a permutation of its axes that is still pending. Pointwise operations hand
it on; an operation that needs another order materializes it by one Permute. So `channels_first` networks cost one
reordering at the door and one at the exit, not two per layer.
"""

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

from konv.errors import UnsupportedError
from konv.ir.array_ops import Binary, Parameter, PRelu
from konv.ir.graph import Graph, GraphBuilder, Node
from konv.ir.ops import Activation, BatchNorm, Dropout, GroupNorm, LayerNorm, Op, Permute, Reshape, Scale, Shape, Softmax

Order = tuple[int, ...]  # axis i of the value is axis order[i] of the node
OVER_LAST_AXIS = (BatchNorm, GroupNorm, Softmax)  # they want their axis to be the last


class Value(NamedTuple):
    """A node of the new graph and the pending order of its axes."""

    node: int
    order: Order


def compose(outer: Order, inner: Order) -> Order:
    """The order of a value whose axes are taken by `outer` out of one whose order `inner` is pending."""
    return tuple(inner[axis] for axis in outer)


def channels_last(graph: Graph, training: bool) -> Graph:
    """Rewrite a graph of konv.ir for the engine; the order of the outputs stays."""
    rewriter = Rewriter(training)
    values: list[Value] = []
    for node in graph.nodes:
        values.append(rewriter.rewrite(node, [values[source] for source in node.inputs]))
    return rewriter.builder.graph(*(rewriter.materialize(values[index], graph.nodes[index].layer) for index in graph.outputs))


class Rewriter:
    """The new graph in the making."""

    def __init__(self, training: bool) -> None:
        self.training, self.builder = training, GraphBuilder()

    def add(self, op: Op, inputs: tuple[int, ...], node: Node) -> int:
        """An operation that stands for this node."""
        return self.builder.add(op, inputs, node.layer, node.trainable)

    def shape(self, value: Value) -> Shape:
        return tuple(self.builder.nodes[value.node].shape[axis] for axis in value.order)

    def plain(self, index: int) -> Value:
        """A value without a pending permutation."""
        return Value(index, tuple(range(len(self.builder.nodes[index].shape))))

    def materialize(self, value: Value, layer: str) -> int:
        """The node of a value in its own order."""
        index, order = value
        return index if value == self.plain(index) else self.builder.add(Permute(order), (index,), layer)

    def rewrite(self, node: Node, sources: list[Value]) -> Value:
        """The value of a node, from those of its inputs."""
        if not node.inputs and any(size is None for size in node.shape):
            raise UnsupportedError(f'input "{node.layer}": sizes must be known to run, got {node.shape}')
        if not sources:
            return self.plain(self.add(node.op, (), node))
        shapes = [self.shape(source) for source in sources]
        op = node.op.simplified(self.training, *shapes)
        if op.is_identity(self.training, *shapes):
            return sources[0]
        rule = RULES.get(type(op), _pointwise if op.pointwise else _in_order)
        return rule(self, op, node, sources)


def _pointwise(r: Rewriter, op: Op, node: Node, sources: list[Value]) -> Value:
    """Inputs that lie alike hand on their order."""
    if len({(source.order, r.builder.nodes[source.node].shape) for source in sources}) == 1:
        return Value(r.add(op, tuple(source.node for source in sources), node), sources[0].order)
    return _in_order(r, op, node, sources)


def _in_order(r: Rewriter, op: Op, node: Node, sources: list[Value]) -> Value:
    wanted, op, pending = _order(op, len(node.shape), len(sources[0].order))
    inputs = tuple(r.materialize(Value(index, compose(wanted, order) if wanted else order), node.layer)
                   for index, order in sources)
    made = r.plain(r.add(op, inputs, node))
    return Value(made.node, pending or made.order)


def _order(op: Any, rank: int, rank_in: int) -> tuple[Order | None, Op, Order | None]:
    """Which order the operation wants, the operation in that order, and which one of its result is then pending."""
    if getattr(op, "data_format", "") == "channels_first" and rank_in > 1:
        order = (rank - 1, *range(rank - 1)) if rank == rank_in else None  # else the pixels are gone
        return (*range(1, rank_in), 0), replace(op, data_format="channels_last"), order
    if isinstance(op, OVER_LAST_AXIS):
        axis = op.axis % rank
        wanted = (*(other for other in range(rank) if other != axis), axis)
        return wanted, replace(op, axis=-1), _inverse(wanted)
    return None, op, None


def _inverse(order: Order) -> Order:
    return tuple(order.index(axis) for axis in range(len(order)))


def _permute(r: Rewriter, op: Permute, node: Node, sources: list[Value]) -> Value:
    return Value(sources[0].node, compose(op.order, sources[0].order))


def _dropout(r: Rewriter, op: Dropout, node: Node, sources: list[Value]) -> Value:
    if op.noise_shape is not None:  # in the order of the node
        op = replace(op, noise_shape=(op.noise_shape[0], *compose(_inverse(sources[0].order), op.noise_shape[1:])))  # type: ignore[arg-type]
    return _pointwise(r, op, node, sources)


def _binary(r: Rewriter, op: Binary, node: Node, sources: list[Value]) -> Value:
    """An operation on many as operations on two."""
    if len(sources) <= 2:
        return _pointwise(r, op, node, sources)
    result, *others = (r.materialize(source, node.layer) for source in sources)
    for other in others:
        result = r.add(op, (result, other), node)
    return r.plain(result)


def _prelu(r: Rewriter, op: PRelu, node: Node, sources: list[Value]) -> Value:
    """relu(x) - alpha * relu(-x)."""
    x, add, layer = r.materialize(sources[0], node.layer), r.builder.add, node.layer
    alpha = r.add(Parameter("alpha", op.alpha_shape(r.builder.nodes[x].shape)), (), node)
    below = add(Activation("relu"), (add(Scale(-1.0), (x,), layer),), layer)
    above = add(Activation("relu"), (x,), layer)
    return r.plain(add(Binary("subtract"), (above, add(Binary("multiply"), (below, alpha), layer)), layer))


def _layer_norm(r: Rewriter, op: LayerNorm, node: Node, sources: list[Value]) -> Value:
    """The normalised axes go last, and are one."""
    (index, order), layer = sources[0], node.layer
    rank = len(order)
    axes = sorted(axis % rank for axis in op.axes)
    wanted = (*(axis for axis in range(rank) if axis not in axes), *axes)
    source = r.materialize(Value(index, compose(wanted, order)), layer)
    shape = r.builder.nodes[source].shape
    flat = (*shape[:rank - len(axes)], prod(size or 0 for size in shape[rank - len(axes):]))
    source = source if flat == shape else r.builder.add(Reshape(flat), (source,), layer)  # type: ignore[arg-type]
    result = r.add(replace(op, axes=(-1,)), (source,), node)
    result = result if flat == shape else r.builder.add(Reshape(shape), (result,), layer)  # type: ignore[arg-type]
    return Value(result, _inverse(wanted))


RULES: dict[type[Op], Callable[..., Value]] = {
    Permute: _permute,
    BatchNorm: _in_order,
    Scale: _in_order,  # it may have a value for each channel
    Dropout: _dropout,
    Binary: _binary,
    PRelu: _prelu,
    LayerNorm: _layer_norm,
}
