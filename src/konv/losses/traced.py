"""Losses of the user's own: a function of (y_true, y_pred) is traced into a graph, whose gradient the engine finds.

What single samples give is one graph. Where the function takes a sum or mean over the batch, as a dice loss does, what is
made of that is a second graph, of one sample, between whose inputs and the first graph stands the reduction.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from konv.errors import KonvError, naming
from konv.runtime.graph_function import Function
from konv.traceable import tracing
from konv.tracing import lowering
from konv.tracing.batch_reduction import BatchReduction, graph_between, reductions_in
from konv.tracing.tensors import Source, Tensor

Array = np.ndarray


class Traced:
    """A loss function for targets and predictions of one shape."""

    def __init__(self, call: Callable[..., Any], owner: str, target: tuple[int, ...], output: tuple[int, ...]) -> None:
        self.sources = [Tensor(target, Source("y_true")), Tensor(output, Source("y_pred"))]
        with naming(owner), tracing("loss"):
            result = call(*self.sources)
            if not isinstance(result, Tensor):
                raise KonvError(f"must return a tensor that was computed from y_pred, got {result!r:.80}")
            self.result: Tensor = result
            order = lowering.topological(self.sources, [result], owner)
        self.reductions = reductions_in(order)
        read = [result, *(source for tensor in order for source in tensor.inputs)]
        if not any(self.sources[1] is tensor for tensor in read):
            raise KonvError(f"{owner}: the result does not depend on y_pred, so there is nothing to train")
        first = [tensor.inputs[0] for tensor in self.reductions] if result.reduced else [result]
        self.used = [source for source in self.sources if any(source is tensor for tensor in read)]
        self.single = Function(graph_between(self.used, first, owner))
        self.reduction = BatchReduction(self.reductions, result, owner) if result.reduced else None

    def values_and_vjp(self, y_true: Array, y_pred: Array) -> tuple[Array, Callable[[Array], Array]]:
        """The values, and from weights of them the derivative of their weighted sum with respect to y_pred."""
        arrays = [np.asarray(array, np.float32) for array in (y_true, y_pred)][-len(self.used):]
        outputs = self.single.values(arrays)
        if self.reduction is None:
            values = outputs[0].reshape(-1) if self.result.merged else outputs[0]
            return values, lambda weights: self.single.gradients(
                arrays, [np.ascontiguousarray(weights, np.float32).reshape(outputs[0].shape)])[-1]
        reduction = self.reduction
        return (reduction.value(outputs),
                lambda weights: self.single.gradients(arrays, reduction.gradients(outputs, weights))[-1])
