"""Auxiliary losses: what layers add to the loss of a model besides that of its outputs, made of values of its graph."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from konv.errors import KonvError, UnsupportedError
from konv.late import late
from konv.tracing import lowering
from konv.tracing.batch_reduction import BatchReduction, reductions_in
from konv.tracing.symbolic import WeightRead
from konv.tracing.tensors import Tensor, batch

Array = np.ndarray


class AuxiliaryLoss(Protocol):
    """A loss made of some values of a graph, each an array with the batch in front, and its gradients."""

    def value(self, arrays: Sequence[Array]) -> float:
        """The loss."""
        ...

    def gradients(self, arrays: Sequence[Array]) -> list[Array]:
        """Its derivative with respect to each array."""
        ...


class ActivityLoss:
    """An `activity_regularizer` of one value, divided by the number of samples."""

    def __init__(self, regularizer: Callable[[Array], float]) -> None:
        self.regularizer: Any = regularizer

    def value(self, arrays: Sequence[Array]) -> float:
        return float(self.regularizer(arrays[0])) / len(arrays[0])

    def gradients(self, arrays: Sequence[Array]) -> list[Array]:
        return [self.regularizer.gradient(arrays[0]) / np.float32(len(arrays[0]))]


class AddedLoss:
    """What `add_loss` was given in a `call`; the sum of it, where it has several elements.

    `tensors` are the values of single samples, for the graph; what is made of their sums and means over the batch is a
    function of its own, as in a loss of the user's.
    """

    def __init__(self, loss: Any, inputs: Sequence[Tensor], owner: str) -> None:
        if not isinstance(loss, Tensor):
            raise KonvError(f"add_loss: needs a tensor that was computed in `call`, got {loss!r:.60}")
        if not (loss.batched or loss.reduced):  # made of weights alone
            ops = late("ops")
            zero: Tensor = ops.less(batch(), batch())  # 0, whatever the values are
            loss = ops.mean(ops.add(ops.sum(zero, tuple(range(1, zero.ndim))), ops.sum(loss)))
        self.reduction, self.tensors = None, [loss]
        if loss.reduced:
            reductions = reductions_in(lowering.topological(inputs, [loss], owner))
            self.reduction = BatchReduction(reductions, loss, owner)
            self.tensors = [tensor.inputs[0] for tensor in reductions]
            between = lowering.topological(reductions, [loss], owner)
            if any(isinstance(tensor.layer, WeightRead) for tensor in between):
                raise UnsupportedError("add_loss: combines a weight with a sum or mean over the batch, which is not "
                                       "supported; take the sum or mean last")

    def value(self, arrays: Sequence[Array]) -> float:
        return float(np.sum(arrays[0] if self.reduction is None else self.reduction.value(arrays)))

    def gradients(self, arrays: Sequence[Array]) -> list[Array]:
        if self.reduction is None:
            return [np.ones_like(arrays[0])]
        return self.reduction.gradients(arrays, np.ones(self.reduction.shape, np.float32))  # type: ignore[arg-type]
