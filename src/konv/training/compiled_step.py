"""One graph of a model with all that a step on a batch needs, made once."""

from collections.abc import Mapping, Sequence

import numpy as np

from konv.errors import KonvError
from konv.ir.graph import Graph
from konv.ir.ops import Shape
from konv.optimizers import Optimizer
from konv.runtime import Runner
from konv.training.batches import Batch
from konv.training.objective import Objective
from konv.training.trainable import Trainable
from konv.variables import KERNEL, Variable

Array = np.ndarray

NO_LOSS = 'needs a loss; give compile() one, such as loss="mse"'
RUNNERS = 4  # graphs of other image sizes that keep their memory


class Runners:
    """The runners of the graphs that were used last."""

    def __init__(self) -> None:
        self._kept: dict[int, Runner] = {}  # by id of the graph, the latest at the end

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, graph: Graph, weights: Mapping[str, Variable]) -> Runner:
        """The runner of this graph, a new one if it is not kept."""
        kept = self._kept
        runner = kept.pop(id(graph), None)
        if runner is None or runner.graph is not graph:
            runner = Runner(graph, weights)
        kept[id(graph)] = runner
        while len(kept) > RUNNERS:  # another thread may do the same at this moment
            kept.pop(list(kept)[0], None)  # noqa: RUF015 (an iterator would notice the other thread)
        return runner


class CompiledStep:
    """The step of one model on batches of one shape, in training or in inference mode; it asks no layer anything.

    `auxiliary` says which outputs of the runner an auxiliary loss (activity regularizer, `add_loss`) is computed from.
    """

    def __init__(self, model: Trainable, shapes: tuple[Shape, ...], training: bool, runners: Runners) -> None:
        self.model, self.shapes = model, shapes
        self.graphs = model._graphs
        plain = model.graph(*shapes, training=training)
        graph = plain.with_auxiliary
        self.runner = runners.get(graph, model.weight_map())
        self.output_shapes = [graph.nodes[index].shape for index in plain.outputs]
        self.variables = model.trainable_weights
        # what the graph calls them: a layer that joins another model may be called otherwise there
        self.keys = [variable.key for variable in self.variables]
        self.regularized = [variable for variable in self.variables if variable.regularizer is not None]
        self.auxiliary = [([graph.outputs.index(index) for index in indices], loss) for indices, loss in graph.auxiliary]

    def fits(self, inputs: Sequence[Array]) -> bool:
        """Whether these inputs have the shapes of the step, and the model is still put together in the same way."""
        return self.graphs is self.model._graphs and all(
            array.shape[1:] == shape for array, shape in zip(inputs, self.shapes, strict=True))

    def predict(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs in inference mode, without the values that only auxiliary losses need."""
        return self.runner.infer(inputs)[:len(self.output_shapes)]

    # a loss beyond all numbers says so itself, as inf or nan, which TerminateOnNaN and whoever reads the history look for
    @np.errstate(over="ignore", invalid="ignore")
    def test(self, batch: Batch, objective: Objective) -> None:
        """Forward in inference mode, loss, metrics."""
        targets = objective.parse(self.model, batch, self.output_shapes)
        every = self.runner.infer(batch.inputs)
        outputs = every[:len(self.output_shapes)]
        value, _ = objective.compute(targets, outputs, batch.weights, gradient=False)
        objective.update(value + self._auxiliary_loss(every), batch, outputs)

    @np.errstate(over="ignore", invalid="ignore")
    def train(self, batch: Batch, objective: Objective, optimizer: Optimizer, seed: int) -> None:
        """Forward, loss, metrics, backward, optimizer; `seed` decides the dropout masks."""
        if objective.losses is None and not self.auxiliary and not self.regularized:
            raise KonvError(f"training {NO_LOSS}")
        targets = objective.parse(self.model, batch, self.output_shapes)
        every = self.runner.forward(batch.inputs, seed)
        outputs = every[:len(self.output_shapes)]
        scale = optimizer.scale_loss(1.0)
        value, gradients = objective.compute(targets, outputs, batch.weights, gradient=True, scale=scale)
        # before backward, which may write where the outputs are
        objective.update(value + self._auxiliary_loss(every), batch, outputs)
        if self.auxiliary:
            self._add_auxiliary_gradients(every, gradients, scale)
        if self.variables:
            optimizer.apply(self._weight_gradients(self.runner.backward(gradients), scale), self.variables)

    def _auxiliary_loss(self, outputs: Sequence[Array]) -> float:
        """What regularized weights and the layers add to the loss."""
        return sum(float(variable.regularizer(variable.array)) for variable in self.regularized) + sum(
            loss.value([outputs[index] for index in indices]) for indices, loss in self.auxiliary)

    def _add_auxiliary_gradients(self, outputs: Sequence[Array], gradients: list[Array], scale: float) -> None:
        """Add the gradients of `scale` times the losses of the layers to those of the outputs."""
        gradients += [np.zeros_like(output) for output in outputs[len(gradients):]]
        for indices, loss in self.auxiliary:
            for index, gradient in zip(indices, loss.gradients([outputs[index] for index in indices]), strict=True):
                gradients[index] += gradient * np.float32(scale)

    def _weight_gradients(self, found: Mapping[str, Array], scale: float) -> list[Array]:
        """The gradient of each variable from those that the engine gives by path, its regularizer's included."""
        gradients = []
        for variable, key in zip(self.variables, self.keys, strict=True):
            # a weight may be read as a value and as a kernel, or not at all
            parts = [found[name] for name in (key, f"{key}/{KERNEL}") if name in found]
            gradient = sum(parts[1:], parts[0]) if parts else np.zeros(variable.shape, np.float32)
            if variable.regularizer is not None:
                gradient += scale * variable.regularizer.gradient(variable.array)
            gradients.append(gradient)
        return gradients
