"""Losses of the user's own: a function of (y_true, y_pred) is traced into a graph, whose gradient the engine finds.

What single samples give is one graph. Where the function takes a sum or mean over the batch, as a dice loss does, what is
made of that is a second graph, of one sample, between whose inputs and the first graph stands the reduction.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from konv.errors import KonvError, naming
from konv.ir.graph import GraphBuilder
from konv.ir.ops import Input
from konv.losses.base import Array, Parts
from konv.runtime.graph_function import Function
from konv.traceable import tracing
from konv.tracing import lowering as wiring
from konv.tracing.symbolic import Gathering
from konv.tracing.tensors import Tensor

REDUCE = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}


class Source:
    """y_true or y_pred in a trace."""

    def __init__(self, name: str):
        self.name = self.title = name


class Traced:
    """A loss function for targets and predictions of one shape."""

    def __init__(self, call: Callable[..., Any], owner: str, target: tuple[int, ...], output: tuple[int, ...]):
        self.sources = [Tensor(target, Source("y_true")), Tensor(output, Source("y_pred"))]
        with naming(owner), tracing("loss"):
            result = call(*self.sources)
            if not isinstance(result, Tensor):
                raise KonvError(f"must return a tensor that was computed from y_pred, got {result!r:.80}")
            self.result: Tensor = result
            order = wiring.topological(self.sources, [result], owner)
        self.gathered = [tensor for tensor in order if isinstance(tensor.layer, Gathering)]
        read = [result, *(source for tensor in order for source in tensor.inputs)]
        if not any(self.sources[1] is tensor for tensor in read):
            raise KonvError(f"{owner}: the result does not depend on y_pred, so there is nothing to train")
        first = [tensor.inputs[0] for tensor in self.gathered] if result.after else [result]
        self.used = [source for source in self.sources if any(source is tensor for tensor in read)]
        self.single = Function(_graph(self.used, first, owner))
        self.reduction = BatchReduction(self.gathered, result, owner) if result.after else None

    def parts(self, y_true: Array, y_pred: Array) -> Parts:
        """The values, and how they follow from the predictions."""
        arrays = [np.asarray(array, np.float32) for array in (y_true, y_pred)][-len(self.used):]
        outputs = self.single.values(arrays)
        if self.reduction is None:
            values = outputs[0].reshape(-1) if self.result.merged else outputs[0]
            return Parts(values, vjp=lambda weights: self.single.gradients(
                arrays, [np.ascontiguousarray(weights, np.float32).reshape(outputs[0].shape)])[-1])
        reduction = self.reduction
        return Parts(reduction.value(outputs),
                     vjp=lambda weights: self.single.gradients(arrays, reduction.gradients(outputs, weights))[-1])


class BatchReduction:
    """What is made of sums, means and extremes over the batch: `gathered` are these, `result` is a tensor made of them."""

    def __init__(self, gathered: Sequence[Tensor], result: Tensor, owner: str):
        self.kinds, self.shape = [tensor.layer.kind for tensor in gathered], result.sample
        self._function = Function(_graph(gathered, [result], owner))

    def value(self, outputs: Sequence[Array]) -> Array:
        """The result, from the values of all samples."""
        return self._function.values(self._reduced(outputs))[0][0]

    def gradients(self, outputs: Sequence[Array], weights: Array) -> list[Array]:
        """The gradient of each sample's values from that of the result."""
        reduced = self._reduced(outputs)
        derivatives = self._function.gradients(reduced, [np.ascontiguousarray(weights, np.float32)[None]])
        return [_spread(kind, gradient, whole[0], output)
                for kind, gradient, whole, output in zip(self.kinds, derivatives, reduced, outputs, strict=True)]

    def _reduced(self, outputs: Sequence[Array]) -> list[Array]:
        return [np.asarray(REDUCE[kind](output, axis=0), np.float32)[None]
                for kind, output in zip(self.kinds, outputs, strict=True)]


def _graph(inputs: Sequence[Tensor], outputs: Sequence[Tensor], owner: str) -> Any:
    """What leads from the one to the other."""
    builder = GraphBuilder()
    nodes = [builder.add(Input(tensor.sample), (), f"input {number}") for number, tensor in enumerate(inputs)]
    order = wiring.topological(inputs, outputs, owner)
    return builder.graph(*wiring.lower(order, inputs, outputs, builder, nodes))


def _spread(kind: str, gradient: Array, whole: Array, output: Array) -> Array:
    """The gradient of each sample's value from that of what was made of all of them."""
    if kind == "sum":
        return np.ascontiguousarray(np.broadcast_to(gradient, output.shape))
    if kind == "mean":
        return np.ascontiguousarray(np.broadcast_to(gradient / np.float32(len(output)), output.shape))
    extreme = (output == whole).astype(np.float32)
    return extreme / extreme.sum(axis=0) * gradient
