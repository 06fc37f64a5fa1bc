"""What layers add to the loss of a model besides that of its outputs: penalties on values of the graph."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from konv import ops
from konv.errors import KonvError, UnsupportedError
from konv.losses.traced import BatchReduction
from konv.tracing import lowering as wiring
from konv.tracing.symbolic import Gathering, Weight
from konv.tracing.tensors import Tensor, batch

Array = np.ndarray


class Penalty(Protocol):
    """A number made of some values of a graph, each an array with the batch in front, and its gradients."""

    def value(self, arrays: Sequence[Array]) -> float:
        """The number."""
        ...

    def gradients(self, arrays: Sequence[Array]) -> list[Array]:
        """Its derivative with respect to each array."""
        ...


class Activity:
    """An `activity_regularizer` of one value, divided by the number of samples."""

    def __init__(self, regularizer: Callable[[Array], float]):
        self.regularizer: Any = regularizer

    def value(self, arrays: Sequence[Array]) -> float:
        return float(self.regularizer(arrays[0])) / len(arrays[0])

    def gradients(self, arrays: Sequence[Array]) -> list[Array]:
        return [self.regularizer.gradient(arrays[0]) / np.float32(len(arrays[0]))]


class Added:
    """What `add_loss` was given in a `call`; the sum of it, where it is more than one number.

    `tensors` are the values of single samples, for the graph; what is made of their sums and means over the batch is a
    function of its own, as in a loss of the user's.
    """

    def __init__(self, loss: Any, inputs: Sequence[Tensor], owner: str):
        if not isinstance(loss, Tensor):
            raise KonvError(f"add_loss: needs a tensor that was computed in `call`, got {loss!r:.60}")
        if not (loss.batched or loss.after):  # made of weights alone
            zero = ops.less(batch(), batch())  # 0, whatever the numbers are
            loss = ops.mean(ops.add(ops.sum(zero, tuple(range(1, zero.ndim))), ops.sum(loss)))
        order = wiring.topological(inputs, [loss], owner)
        gathered = [tensor for tensor in order if isinstance(tensor.layer, Gathering)]
        self.joined = BatchReduction(gathered, loss, owner) if loss.after else None
        self.tensors = [tensor.inputs[0] for tensor in gathered] if loss.after else [loss]
        if loss.after and any(isinstance(tensor.layer, Weight) for tensor in wiring.topological(gathered, [loss], owner)):
            raise UnsupportedError("add_loss: combines a weight with a sum or mean over the batch, which is not supported; "
                                   "take the sum or mean last")

    def value(self, arrays: Sequence[Array]) -> float:
        return float(np.sum(arrays[0] if self.joined is None else self.joined.value(arrays)))

    def gradients(self, arrays: Sequence[Array]) -> list[Array]:
        if self.joined is None:
            return [np.ones_like(arrays[0])]
        return self.joined.gradients(arrays, np.ones(self.joined.shape, np.float32))  # type: ignore[arg-type]
