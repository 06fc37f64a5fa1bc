"""Runs one operation on arrays: what konv.ops and its gradients are made of."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Input, Op, Shape
from konv.plan import build_plan
from konv.plan.steps import Plan
from konv.runtime.cpu import Program
from konv.runtime.kernel_sets import default_kernels
from konv.runtime.threads import Guarded, shared
from konv.variables import Variable

Weights = Mapping[str, np.ndarray]
KEPT = 64  # programs kept for operations and shapes met before


class _Single(Guarded):
    """An operation bound to one input shape and number of samples."""

    def __init__(self, op: Op, shape: Shape, batch: int, gradients: bool) -> None:
        super().__init__()
        builder = GraphBuilder()
        self.graph: Graph = builder.graph(builder.add(op, (builder.add(Input(shape), layer="input"),), "op"))
        self.weights = {weight.name: Variable(np.zeros(weight.shape), weight.name) for weight in self.graph.weights(1)}
        kernels = default_kernels()
        plan = _with_prologue(build_plan(self.graph, batch, gradients, kernels.machine, input_gradients=gradients))
        paths = {f"op/{name}": variable for name, variable in self.weights.items()}
        self.program = Program(plan, paths, kernels, shared())

    def forward(self, x: np.ndarray, weights: Weights) -> np.ndarray:
        with self.lock:
            self._assign(weights)
            self.program.forward([x], None)
            result = self.program.outputs(len(x), own=True)[0]
            self.program.release()
        return result.reshape(len(x), *self.graph.nodes[1].shape)  # type: ignore[arg-type]

    def backward(self, dy: np.ndarray, x: np.ndarray, weights: Weights) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        with self.lock:
            self._assign(weights)
            dx = self.program.inputs_backward([x], [dy])[0]
            self.program.release()
            found = {path.removeprefix("op/"): gradient.copy() for path, gradient in self.program.gradients.items()}
        return dx.reshape(x.shape), found

    def _assign(self, weights: Weights) -> None:
        for name, array in weights.items():
            self.weights[name].assign(array)


def _with_prologue(plan: Plan) -> Plan:
    """Weights are new in each run, so what packs them is part of the pass: threads are woken once."""
    if plan.forward:
        return replace(plan, prologue=(), forward=(*plan.prologue, *plan.forward))
    return replace(plan, prologue=(), backward=(*plan.prologue, *plan.backward))


_single = lru_cache(KEPT)(_Single)


def run_op(op: Op, x: np.ndarray, weights: Weights) -> np.ndarray:
    """The operation's result, a new array.

    >>> from konv.ir.ops import Activation
    >>> run_op(Activation("relu"), np.array([[-1.0, 2.0]]), {})
    array([[0., 2.]], dtype=float32)
    """
    return _single(op, x.shape[1:], len(x), False).forward(x, weights)


def run_op_backward(op: Op, dy: np.ndarray, x: np.ndarray, weights: Weights) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The gradients of the input and of each weight, from that of the result; new arrays."""
    return _single(op, x.shape[1:], len(x), True).backward(dy, x, weights)
