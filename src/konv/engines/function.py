"""Runs a graph without weights, and from the gradients of its outputs finds those of its inputs."""

from collections.abc import Sequence

import numpy as np

from konv.engines.cpu import Program
from konv.engines.kernels import default_kernels
from konv.engines.threads import Guarded, shared
from konv.plan import build_plan
from konv.spec.graph import Graph


class Function(Guarded):
    """A graph of konv.spec as a differentiable function of arrays, for any number of samples."""

    def __init__(self, graph: Graph):
        super().__init__()
        self.graph = graph
        self._programs: dict[bool, Program] = {}  # for values, and for gradients

    def values(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs; new arrays."""
        n = len(inputs[0])
        with self.lock:
            program = self._for(n, gradients=False)
            program.forward(inputs, None)
            outputs = program.outputs(n, own=True)
            program.release()
        shapes = [self.graph.nodes[index].shape for index in self.graph.outputs]
        return [output.reshape(n, *shape) for output, shape in zip(outputs, shapes, strict=True)]  # type: ignore[arg-type]

    def gradients(self, inputs: Sequence[np.ndarray], slopes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The gradients of the inputs from those of the outputs; new arrays."""
        with self.lock:
            program = self._for(len(inputs[0]), gradients=True)
            found = program.inputs_backward(inputs, slopes)
            program.release()
        return [gradient.reshape(array.shape) for gradient, array in zip(found, inputs, strict=True)]

    def _for(self, n: int, gradients: bool) -> Program:
        program = self._programs.get(gradients)
        if program is None or program.plan.batch < n:
            kernels = default_kernels()
            plan = build_plan(self.graph, n, gradients, kernels.machine, input_gradients=gradients)
            program = self._programs[gradients] = Program(plan, {}, kernels, shared())
        return program
