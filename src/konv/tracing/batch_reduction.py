"""Sums, means and extremes over the batch, in losses: what is made of them is a graph of its own, of one sample."""

from collections.abc import Sequence

import numpy as np

from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Input
from konv.runtime.graph_function import Function
from konv.tracing import lowering
from konv.tracing.symbolic import OverBatch
from konv.tracing.tensors import Tensor

Array = np.ndarray
REDUCE = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}


class BatchReduction:
    """What is made of sums, means and extremes over the batch: `reductions` are these, `result` is a tensor made of them."""

    def __init__(self, reductions: Sequence[Tensor], result: Tensor, owner: str) -> None:
        self.kinds, self.shape = [tensor.layer.kind for tensor in reductions], result.sample
        self._function = Function(graph_between(reductions, [result], owner))

    def value(self, outputs: Sequence[Array]) -> Array:
        """The result, from the values of all samples."""
        return self._function.values(self._reduced(outputs))[0][0]

    def gradients(self, outputs: Sequence[Array], weights: Array) -> list[Array]:
        """The gradient of each sample's values from that of the result."""
        reduced = self._reduced(outputs)
        gradients = self._function.gradients(reduced, [np.ascontiguousarray(weights, np.float32)[None]])
        return [_spread(kind, gradient, whole[0], output)
                for kind, gradient, whole, output in zip(self.kinds, gradients, reduced, outputs, strict=True)]

    def _reduced(self, outputs: Sequence[Array]) -> list[Array]:
        return [np.asarray(REDUCE[kind](output, axis=0), np.float32)[None]
                for kind, output in zip(self.kinds, outputs, strict=True)]


def reductions_in(order: Sequence[Tensor]) -> list[Tensor]:
    """The tensors that are sums, means or extremes over the batch."""
    return [tensor for tensor in order if isinstance(tensor.layer, OverBatch)]


def graph_between(inputs: Sequence[Tensor], outputs: Sequence[Tensor], owner: str) -> Graph:
    """What leads from the one to the other."""
    builder = GraphBuilder()
    indices = [builder.add(Input(tensor.sample), (), f"input {number}") for number, tensor in enumerate(inputs)]
    order = lowering.topological(inputs, outputs, owner)
    return builder.graph(*lowering.lower(order, inputs, outputs, builder, indices))


def _spread(kind: str, gradient: Array, whole: Array, output: Array) -> Array:
    """The gradient of each sample's value from that of what was made of all of them."""
    if kind == "sum":
        return np.ascontiguousarray(np.broadcast_to(gradient, output.shape))
    if kind == "mean":
        return np.ascontiguousarray(np.broadcast_to(gradient / np.float32(len(output)), output.shape))
    extreme = (output == whole).astype(np.float32)
    return extreme / extreme.sum(axis=0) * gradient
