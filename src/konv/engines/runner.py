"""The door to the engine."""

from collections.abc import Mapping, Sequence

import numpy as np

from konv.spec.graph import Graph
from konv.variables import Variable


class Runner:
    """Runs one graph on any number of samples; `weights` are its variables by path, `layer/weight`."""

    def __init__(self, graph: Graph, weights: Mapping[str, Variable]):
        self.graph, self.weights = graph, weights

    def infer(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Outputs in inference mode; new arrays, the caller's own."""
        raise NotImplementedError

    def forward(self, inputs: Sequence[np.ndarray], seed: int = 0) -> list[np.ndarray]:
        """Outputs in training mode (moving statistics are updated). `seed` decides the dropout masks."""
        raise NotImplementedError

    def backward(self, gradients: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """After `forward`: from the gradient of each output, the gradient of each trainable weight by path.

        The arrays belong to the engine and are overwritten by the next backward.
        """
        raise NotImplementedError


def compute(graph: Graph, weights: Mapping[str, Variable], inputs: Sequence[np.ndarray], training: bool) -> list[np.ndarray]:
    """Run a graph once."""
    runner = Runner(graph, weights)
    if training:
        from konv.random import next_seed

        return [output.copy() for output in runner.forward(inputs, next_seed())]
    return runner.infer(inputs)
