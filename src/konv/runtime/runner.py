"""The door to the engine: one graph, one set of weights, any number of samples."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from konv.ir.augment_ops import only_augments
from konv.ir.graph import Graph
from konv.plan import build_plan
from konv.runtime.cpu import Program
from konv.runtime.kernel_sets import KernelSet, default_kernels
from konv.runtime.threads import Guarded, Threads, shared
from konv.seeds import next_seed
from konv.variables import Variable

KEPT = 16  # runners of graphs without weights, such as those of layers that prepare images


class Runner(Guarded):
    """Runs one graph on any number of samples; `weights` are its variables by path, `layer/weight`.

    A plan is made for the largest batch seen in each mode; smaller ones run in the same plan.
    """

    def __init__(self, graph: Graph, weights: Mapping[str, Variable], kernels: KernelSet | None = None,
                 threads: Threads | None = None) -> None:
        super().__init__()
        self.graph, self.weights = graph, weights
        self.kernels, self.threads = kernels or default_kernels(), threads or shared()
        self._programs: dict[bool, Program] = {}
        self.steps = 0  # in training mode, and of what draws always
        self._draws = any(node.op.always_random for node in graph.nodes)
        self._shapes = [graph.nodes[index].shape for index in graph.outputs]

    def infer(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Outputs in inference mode; new arrays, the caller's own."""
        n = len(inputs[0])
        with self.lock:
            program = self.program(n, training=False)
            program.forward(inputs, next_seed() if self._draws else None, self.steps)
            self.steps += self._draws
            outputs = program.outputs(n, own=True)
            program.release()
            return [output.reshape(n, *shape) for output, shape in zip(outputs, self._shapes, strict=True)]

    def forward(self, inputs: Sequence[np.ndarray], seed: int = 0) -> list[np.ndarray]:
        """Outputs in training mode (moving statistics are updated). `seed` decides the dropout masks."""
        n = len(inputs[0])
        with self.lock:
            program = self.program(n, training=True)
            program.forward(inputs, seed, self.steps)
            self.steps += 1
            return [output.reshape(n, *shape) for output, shape in zip(program.outputs(n), self._shapes, strict=True)]

    def backward(self, gradients: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """After `forward`: from the gradient of each output, the gradient of each trainable weight by path.

        The arrays belong to the engine and are overwritten by the next backward.
        """
        with self.lock:
            program = self._programs[True]
            found = program.backward(gradients)
            program.release()
            return found

    def program(self, n: int, training: bool) -> Program:
        """The program for at least n samples."""
        program = self._programs.get(training)
        if program is None or program.plan.batch < n:
            # a batch that grows may go on growing: then not by one at a time
            room = n if program is None else 1 << (n - 1).bit_length()
            plan = build_plan(self.graph, room, training, self.kernels.machine)
            program = Program(plan, self.weights, self.kernels, self.threads)
            self._programs[training] = program
        return program


@lru_cache(KEPT)
def _kept(graph: Graph) -> Runner:
    return Runner(graph, {})


def compute(graph: Graph, weights: Mapping[str, Variable], inputs: Sequence[np.ndarray], training: bool | None,
            count: int = 0) -> list[np.ndarray]:
    """Run a graph once, in training as step number `count`.

    None for `training` means that nothing but what augments images is active; and that not where anything else would be
    different in training.
    """
    runner = Runner(graph, weights) if weights else _kept(graph)
    if not (only_augments(graph) if training is None else training):
        return runner.infer(inputs)
    with runner.lock:
        runner.steps = count
        outputs = [output.copy() for output in runner.forward(inputs, next_seed())]
        runner.program(len(inputs[0]), training=True).release()
    return outputs
