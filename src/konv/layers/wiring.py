"""Walks over symbolic tensors, from the outputs of a model back to its inputs."""

from collections.abc import Sequence
from typing import Any

from konv.errors import KonvError
from konv.layers.base import InputLayer, Layer, Tensor
from konv.spec.ops import describe


def tensors(value: Any, owner: str) -> list[Tensor]:
    """The inputs or outputs of a model as a list."""
    found = list(value) if isinstance(value, (list, tuple)) else [value]
    for tensor in found:
        if not isinstance(tensor, Tensor):
            raise KonvError(f"{owner}: inputs and outputs must come from konv.Input and from layers called on it, "
                            f"got {tensor!r}")
    return found


def cut(sources: Sequence[Tensor], sinks: Sequence[Tensor], owner: str) -> tuple[list[Tensor], list[Tensor]]:
    """The same layers on new tensors that begin at inputs, for a model that begins in the middle of another."""
    made = {id(tensor): tensor if isinstance(tensor.layer, InputLayer) else InputLayer(
        tensor.shape[1:], name=f"{tensor.layer.name}_input").output for tensor in sources}
    for tensor in topological(sources, sinks, owner):
        if id(tensor) not in made:
            made[id(tensor)] = Tensor(tensor.shape[1:], tensor.layer, tuple(made[id(x)] for x in tensor.inputs))
    return [made[id(tensor)] for tensor in sources], [made[id(tensor)] for tensor in sinks]


def like(given: Any, made: list[Tensor]) -> Any:
    """The tensors as a list if a list was given, else the one."""
    return made if isinstance(given, (list, tuple)) else made[0]


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
        if not tensor.inputs:
            raise KonvError(f'{owner}: the output depends on input "{tensor.name}" {describe(tensor.shape[1:])}, '
                            f"which is not among the inputs")
        stack.append((tensor, True))
        stack.extend((source, False) for source in reversed(tensor.inputs))
    return order


def by_depth(order: Sequence[Tensor], inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Layer]:
    """The layers in the order of Keras: farthest from the outputs first, then as a walk from the outputs meets them.

    Summaries list, and files number, the layers in this order.
    """
    met: dict[Layer, int] = {}
    seen, stack = {id(tensor) for tensor in inputs}, list(reversed(outputs))
    while stack:
        tensor = stack.pop()
        met.setdefault(tensor.layer, len(met))
        if id(tensor) not in seen:
            seen.add(id(tensor))
            stack.extend(reversed(tensor.inputs))
    depths: dict[Layer, int] = {}
    reached: dict[int, int] = {}
    for tensor in reversed(order):
        depth = depths[tensor.layer] = max(reached.get(id(tensor), 0), depths.get(tensor.layer, 0))
        for source in tensor.inputs:
            reached[id(source)] = max(reached.get(id(source), 0), depth + 1)
    unread = {tensor.layer: place - len(inputs) for place, tensor in enumerate(inputs)}
    return sorted(depths, key=lambda layer: (-depths[layer], met.get(layer, unread.get(layer, 0))))
