"""Runs a graph without weights, and from the gradients of its outputs finds those of its inputs."""

from collections.abc import Sequence

import numpy as np

from konv.ir.graph import Graph
from konv.plan import build_plan
from konv.runtime.cpu import Program
from konv.runtime.runner import Runner
from konv.runtime.threads import Guarded


class Function(Guarded):
    """A graph of konv.ir as a differentiable function of arrays, for any number of samples."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._runner = Runner(graph, {})
        self._program: Program | None = None  # for gradients

    def values(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs; new arrays."""
        return self._runner.infer(inputs)

    def gradients(self, inputs: Sequence[np.ndarray], slopes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The gradients of the inputs from those of the outputs; new arrays."""
        with self.lock:
            program = self._for(len(inputs[0]))
            found = program.inputs_backward(inputs, slopes)
            program.release()
        return [gradient.reshape(array.shape) for gradient, array in zip(found, inputs, strict=True)]

    def _for(self, n: int) -> Program:
        if self._program is None or self._program.plan.batch < n:
            runner = self._runner
            plan = build_plan(runner.graph, n, True, runner.kernels.machine, input_gradients=True)
            self._program = Program(plan, {}, runner.kernels, runner.threads)
        return self._program
