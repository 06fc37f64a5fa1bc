"""Walks over symbolic tensors, from the outputs of a model or a traced `call` back to its inputs."""

from collections.abc import Sequence
from typing import Any

from konv.errors import KonvError, UnsupportedError
from konv.ir.augment_ops import RandomCrop
from konv.ir.graph import GraphBuilder
from konv.ir.ops import BatchNorm, Op, describe
from konv.tracing import tree
from konv.tracing.tensors import Tensor


def tensors(value: Any, owner: str) -> list[Tensor]:
    """The inputs or outputs of a model as a list."""
    found = tree.flatten(value)
    for tensor in found:
        if not isinstance(tensor, Tensor):
            raise KonvError(f"{owner}: inputs and outputs must come from konv.Input and from layers called on it, "
                            f"got {tensor!r}")
    return found


def lower(order: Sequence[Tensor], inputs: Sequence[Tensor], outputs: Sequence[Tensor], builder: GraphBuilder,
          places: Sequence[int]) -> list[int]:
    """Append all calls to a graph in which the inputs stand at `places`; the places of the outputs."""
    made = dict(zip(map(id, inputs), places, strict=True))
    for tensor in order:
        if id(tensor) not in made:
            found = tensor.call.lower(builder, tuple(made[id(source)] for source in tensor.inputs))
            made |= dict(zip(map(id, tensor.call.outputs), found, strict=True))
    return [made[id(tensor)] for tensor in outputs]


def topological(inputs: Sequence[Tensor], outputs: Sequence[Tensor], owner: str) -> list[Tensor]:
    """All tensors between inputs and outputs, each after those that it reads. Iterative: deep models are deep."""
    order, done = list(inputs), {id(tensor) for tensor in inputs}
    stack = [(tensor, False) for tensor in reversed(outputs)]
    while stack:
        tensor, expanded = stack.pop()
        if id(tensor) in done:
            continue
        if expanded:
            order.append(tensor)
            done.add(id(tensor))
            continue
        if not tensor.inputs and tensor.batched:
            raise KonvError(f'{owner}: the output depends on input "{tensor.name}" {describe(tensor.shape[1:])}, '
                            f"which is not among the inputs")
        stack.append((tensor, True))
        stack.extend((source, False) for source in reversed(tensor.inputs))
    return order


def by_depth(order: Sequence[Tensor], inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Any]:
    """The layers in the order of Keras: farthest from the outputs first, then as a walk from the outputs meets them.

    Summaries list, and files number, the layers in this order.
    """
    met: dict[Any, int] = {}
    seen, stack = {id(tensor) for tensor in inputs}, list(reversed(outputs))
    while stack:
        tensor = stack.pop()
        met.setdefault(tensor.layer, len(met))
        if id(tensor) not in seen:
            seen.add(id(tensor))
            stack.extend(reversed(tensor.inputs))
    depths: dict[Any, int] = {}
    reached: dict[int, int] = {}
    for tensor in reversed(order):
        depth = depths[tensor.layer] = max(reached.get(id(tensor), 0), depths.get(tensor.layer, 0))
        for source in tensor.inputs:
            reached[id(source)] = max(reached.get(id(source), 0), depth + 1)
    unread = {tensor.layer: place - len(inputs) for place, tensor in enumerate(inputs)}
    return sorted(depths, key=lambda layer: (-depths[layer], met.get(layer, unread.get(layer, 0))))


def lower_in_mode(builder: GraphBuilder, op: Op, inputs: tuple[int, ...], layer: str, trainable: bool) -> int:
    """Append an operation as its caller wants it: the same as in the rest of the graph, or as in inference."""
    if builder.mode == builder.training or not op.modal:
        return builder.add(op, inputs, layer, trainable)
    if builder.mode:
        raise UnsupportedError("is called with training=True, which is not supported where the model itself runs in inference; "
                               "call the whole model with training=True, or pass `training` on")
    if isinstance(op, BatchNorm):
        if trainable:
            raise UnsupportedError("is called with training=False in training, which is supported for layers with "
                                   "trainable=False alone")
        return builder.add(op, inputs, layer, False)
    if isinstance(op, RandomCrop):
        return builder.add(op.resize(), inputs, layer, trainable)
    return inputs[0]
