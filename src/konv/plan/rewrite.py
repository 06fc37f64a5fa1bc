"""The graph that the engine runs: channels last, nothing that does nothing.

A value is a node of the new graph together with a reordering of its axes that is still owed. Elementwise operations
hand the debt on; an operation that needs another order pays it with one Permute. So `channels_first` networks cost
one reordering at the door and one at the exit, not two per layer.
"""

from dataclasses import replace
from math import prod

from konv.errors import UnsupportedError
from konv.ir.array_ops import Binary, Detach, Mask, Parameter, PRelu
from konv.ir.augment_ops import Light, Noise, RandomCrop, Resize, Upsample, Warp, known
from konv.ir.graph import Graph, GraphBuilder, Node
from konv.ir.ops import (
    Activation,
    Add,
    BatchNorm,
    Conv,
    ConvTranspose,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalPool,
    GroupNorm,
    Input,
    LayerNorm,
    Op,
    Permute,
    Pool,
    Reshape,
    Scale,
    Softmax,
)

Order = tuple[int, ...]  # axis i of the value is axis order[i] of the node
ELEMENTWISE = (Activation, Add, Binary, Detach, Dropout, Mask, Noise)
IMAGES = (Resize, Upsample, Warp, RandomCrop, Light)  # one in, one out, height and width apart from the channels


def compose(outer: Order, inner: Order) -> Order:
    """The order of a value whose axes are taken by `outer` out of one that owes `inner`."""
    return tuple(inner[axis] for axis in outer)


def channels_last(graph: Graph, training: bool) -> Graph:
    """Rewrite a graph of konv.ir for the engine; outputs keep their places."""
    builder = GraphBuilder()
    values: list[tuple[int, Order]] = []

    def pay(index: int, order: Order, layer: str) -> int:
        """A node without debt."""
        return index if order == tuple(range(len(order))) else builder.add(Permute(order), (index,), layer)

    for node in graph.nodes:
        sources = [values[source] for source in node.inputs]
        values.append(_rewritten(builder, node, sources, pay, training))
    outputs = tuple(pay(*values[index], layer=graph.nodes[index].layer) for index in graph.outputs)
    return builder.graph(*outputs)


def _rewritten(builder, node: Node, sources, pay, training: bool) -> tuple[int, Order]:
    op, rank = node.op, len(node.shape)
    plain: Order = tuple(range(rank))
    if isinstance(op, Input):
        if any(size is None for size in node.shape):
            raise UnsupportedError(f'input "{node.layer}": sizes must be known to run, got {node.shape}')
        return builder.add(op, (), node.layer), plain
    if not sources:
        return builder.add(op, (), node.layer, node.trainable), plain
    index, order = sources[0]
    if isinstance(op, DepthwiseConv):  # the same numbers in the same order as a convolution in as many groups as channels
        channels = op.kernel_shape(builder.nodes[index].shape if order == plain else tuple(
            builder.nodes[index].shape[axis] for axis in order))[-2]
        op = Conv(channels * op.multiplier, op.window, channels, op.use_bias, op.data_format, op.kernel_name)
    if (isinstance(op, Dropout) and (not training or op.rate == 0)) or _is_identity(op) or (
            isinstance(op, Detach) and not training):
        return index, order
    if op.training_only and not training and not op.always_random:
        return index, order
    if isinstance(op, (RandomCrop, Resize, Upsample)):
        size = known(tuple(builder.nodes[index].shape[axis] for axis in order), op.data_format)
        if isinstance(op, RandomCrop):
            op = op if training and op.moves(*size) else op.resize(training)
        if not isinstance(op, RandomCrop) and op.keeps(*size):
            return index, order
    if isinstance(op, Permute):
        return index, compose(op.order, order)
    if isinstance(op, Dropout) and op.noise_shape is not None:
        op = replace(op, noise_shape=(op.noise_shape[0], *_reordered(op.noise_shape[1:], order)))
    if isinstance(op, Binary) and len(sources) > 2:
        return _pairs(builder, node, [pay(i, o, node.layer) for i, o in sources]), plain
    alike = all(other == order and builder.nodes[i].shape == builder.nodes[index].shape for i, other in sources)
    if isinstance(op, ELEMENTWISE) and alike:
        return builder.add(op, tuple(i for i, _ in sources), node.layer, node.trainable), order
    if isinstance(op, PRelu):
        return _prelu(builder, node, op, pay(index, order, node.layer)), plain
    if isinstance(op, LayerNorm):
        return _layer_norm(builder, node, op, pay, index, order)
    wanted, op, left = _last_axis(op, rank, len(order))
    paid = [pay(i, compose(wanted or tuple(range(len(o))), o), node.layer) for i, o in sources]
    return builder.add(op, tuple(paid), node.layer, node.trainable), left or plain


def _pairs(builder, node: Node, sources) -> int:
    """An operation on many as operations on two."""
    result, *others = sources
    for other in others:
        result = builder.add(node.op, (result, other), node.layer, node.trainable)
    return result


def _prelu(builder, node: Node, op: PRelu, x: int) -> int:
    """relu(x) - alpha * relu(-x)."""
    shape = op.alpha_shape(builder.nodes[x].shape)
    alpha = builder.add(Parameter("alpha", shape), (), node.layer, node.trainable)
    below = builder.add(Activation("relu"), (builder.add(Scale(-1.0), (x,), node.layer),), node.layer)
    above = builder.add(Activation("relu"), (x,), node.layer)
    return builder.add(Binary("subtract"), (above, builder.add(Binary("multiply"), (below, alpha), node.layer)), node.layer)


def _layer_norm(builder, node: Node, op: LayerNorm, pay, index: int, order: Order) -> tuple[int, Order]:
    """The normalised axes go last, and are one."""
    rank = len(order)
    axes = sorted(axis % rank for axis in op.axes)
    wanted = (*(axis for axis in range(rank) if axis not in axes), *axes)
    source = pay(index, compose(wanted, order), node.layer)
    shape = builder.nodes[source].shape
    flat = (*shape[:rank - len(axes)], prod(shape[rank - len(axes):]))
    source = source if flat == shape else builder.add(Reshape(flat), (source,), node.layer)
    result = builder.add(replace(op, axes=(-1,)), (source,), node.layer, node.trainable)
    result = result if flat == shape else builder.add(Reshape(shape), (result,), node.layer)
    return result, tuple(wanted.index(axis) for axis in range(rank))


def _reordered(shape: tuple, order: Order) -> tuple:
    """The shape of the node where that of the value is `shape`."""
    return tuple(shape[order.index(axis)] for axis in range(len(order)))


def _is_identity(op: Op) -> bool:
    return isinstance(op, Activation) and op.name == "linear"


def _last_axis(op: Op, rank: int, rank_in: int) -> tuple[Order | None, Op, Order | None]:
    """Which order the operation wants, the operation in that order, and what its result then owes."""
    images = (Conv, ConvTranspose, Pool, *IMAGES)
    if isinstance(op, (*images, GlobalPool, Flatten)) and op.data_format == "channels_first" and rank_in > 1:
        back = isinstance(op, images) or (isinstance(op, GlobalPool) and op.keepdims)
        order = (rank - 1, *range(rank - 1)) if back else None
        return (*range(1, rank_in), 0), replace(op, data_format="channels_last"), order
    if isinstance(op, (BatchNorm, GroupNorm, Softmax)):
        axis = op.axis % rank
        others = [a for a in range(rank) if a != axis]
        back = tuple((*others, axis).index(a) for a in range(rank))
        return (*others, axis), replace(op, axis=-1), back
    return None, op, None


__all__ = ["Reshape", "Scale", "channels_last"]
