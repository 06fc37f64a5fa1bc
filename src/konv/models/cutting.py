"""Models that begin in the middle of another."""

from collections.abc import Sequence

from konv.layers.input import InputLayer
from konv.tracing import lowering, tree
from konv.tracing.tensors import Call, Tensor


def cut(sources: Sequence[Tensor], sinks: Sequence[Tensor], owner: str) -> tuple[list[Tensor], list[Tensor]]:
    """The same layers on new tensors that begin at inputs, for a model that begins in the middle of another."""
    made = {id(tensor): tensor if isinstance(tensor.layer, InputLayer) else InputLayer(
        tensor.sample, name=f"{tensor.layer.name}_input").output for tensor in sources}
    for tensor in lowering.topological(sources, sinks, owner):
        if id(tensor) not in made:
            before = tensor.call
            call = Call(before.layer, tuple(made[id(x)] for x in before.inputs), *tree.transform(
                lambda leaf: made[id(leaf)] if isinstance(leaf, Tensor) else leaf, (before.args, before.kwargs)),
                training=before.training)
            for output in before.outputs:
                made[id(output)] = Tensor(output.sample, call.layer, call.inputs, output.dtype, call=call,
                                          batched=output.batched)
    return [made[id(tensor)] for tensor in sources], [made[id(tensor)] for tensor in sinks]
