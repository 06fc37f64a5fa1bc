"""What is done with one batch: parsed at the door, run forward and backward, counted by loss and metrics."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.ir.ops import Shape
from konv.layers.base import Layer
from konv.layers.penalties import Penalty
from konv.metrics.base import Mean
from konv.runtime import Runner
from konv.tracing.tensors import Tensor
from konv.training import parse
from konv.training.batches import ArrayBatches, Batch, Batches, Door, StreamBatches, arrays_of, as_input, is_stream
from konv.training.compiled import CompiledLoss, CompiledMetrics
from konv.variables import KERNEL, Variable

NO_LOSS = 'needs a loss; give compile() one, such as loss="mse"'
RUNNERS = 4  # graphs of other image sizes that keep their memory


@dataclass
class Wiring:
    """What a step needs to know of one graph; made once, so that a step asks no layer anything."""

    graphs: Any  # the model's own dict of graphs: another one means that the model was wired anew
    shapes: tuple[Shape, ...]
    runner: Runner
    outputs: list[Shape]
    variables: list[Variable]
    keys: list[str]  # what the graph calls them: a layer that joins another model may be called otherwise there
    penalised: list[Variable]
    activities: list[tuple[list[int], Penalty]]  # which outputs of the runner, and what is made of them

    def infer(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs of the model in inference mode, without the values that are penalised beside them."""
        return self.runner.infer(inputs)[:len(self.outputs)]

    def fits(self, model: Any, inputs: Sequence[np.ndarray]) -> bool:
        return self.graphs is model._graphs and all(
            array.shape[1:] == shape for array, shape in zip(inputs, self.shapes, strict=True))


def batched(shapes: Sequence[Shape], count: int) -> list[tuple[int, ...]]:
    """The shapes with the batch in front."""
    return [(count, *shape) for shape in shapes]  # type: ignore[misc]


def penalty(wiring: Wiring, outputs: Sequence[np.ndarray]) -> float:
    """The sum of the penalties of regularized weights, and of those on what layers give."""
    return sum(float(variable.regularizer(variable.array)) for variable in wiring.penalised) + sum(
        penalty.value([outputs[place] for place in places]) for places, penalty in wiring.activities)


def add_slopes(wiring: Wiring, outputs: Sequence[np.ndarray], slopes: list[np.ndarray], scale: float) -> None:
    """What `scale` times these penalties adds to the gradient of each output of the runner."""
    slopes += [np.zeros_like(output) for output in outputs[len(slopes):]]
    for places, penalty in wiring.activities:
        for place, slope in zip(places, penalty.gradients([outputs[place] for place in places]), strict=True):
            slopes[place] += slope * np.float32(scale)


def gradient_of(variable: Variable, key: str, found: Mapping[str, np.ndarray]) -> np.ndarray:
    """The gradient of a weight, which may be read as a value and as a kernel; zeros if nothing reads it."""
    gradient, other = found.get(key), found.get(f"{key}/{KERNEL}")
    if gradient is None:
        return np.zeros(variable.shape, np.float32) if other is None else other
    return gradient if other is None else gradient + other


class Stepper(Layer):
    """A model as its steps see it; `Model` gives what is declared here."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    _graphs: dict[Any, Any]
    optimizer: Any = None
    _losses: CompiledLoss | None = None
    _metrics: CompiledMetrics | None = None
    _loss_tracker: Mean | None = None
    _learning: Wiring | None = None
    _inferring: Wiring | None = None
    _seed: int | None = None

    @property
    def layers(self) -> list[Layer]:
        raise NotImplementedError

    def fitted(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays with as many axes as the inputs."""
        raise NotImplementedError

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs."""
        raise NotImplementedError

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        raise NotImplementedError

    # --- data -------------------------------------------------------------------------------------

    def _door(self) -> Door:
        return Door(self.title, self.input_names, self.input_shapes, self.output_names)

    def _parsed(self, x, y=None, sample_weight=None, class_weight=None) -> Batch:
        """One batch as the engine takes it; a model without input shape takes that of the data."""
        self._build_from(x)
        batch = self._door().parse(x, y, sample_weight, class_weight, self.fitted)
        return batch._replace(inputs=[as_input(array) for array in batch.inputs])

    def _build_from(self, x) -> None:
        if not self.built:
            self.build_for(*(array.shape[1:] for array in arrays_of(x, self.named_inputs(x), "x")))

    def named_inputs(self, x: Any) -> list[str]:
        """Names for the inputs of a model that is not built yet."""
        return ["input"]

    def packed(self, outputs: Sequence[np.ndarray]) -> Any:
        """Outputs in the form in which the model gives them: one, a list, or a dict."""
        raise NotImplementedError

    def _batches(self, x, y, sample_weight, batch_size, steps, order=None, shuffle: Any = False, class_weight=None,
                 names: str = "") -> Batches:
        """Data of any form as batches."""
        size = parse.optional_count(batch_size, f"{names}batch_size")
        steps = parse.optional_count(steps, f"{names}steps")
        if x is None:
            raise KonvError(f"{names or 'x'}: there is no data")
        if is_stream(x, y):
            for argument, value in (("y", y), ("sample_weight", sample_weight)):
                if value is not None and not names:
                    raise KonvError(f"{argument} cannot be given beside an iterable of batches; it belongs into them")
            if size is not None and not names:
                warnings.warn(f"batch_size={size} decides nothing beside an iterable of batches, which are as large as "
                              f"they come", stacklevel=4)
            return StreamBatches(x, lambda x, y, w: self._parsed(x, y, w, class_weight), steps, order)
        self._build_from(x)
        data = self._door().parse(x, y, sample_weight, class_weight, self.fitted)
        return ArrayBatches(data, size, steps, order, within=shuffle == "batch")

    def _prepare_losses(self, source: Batches | None) -> None:
        """Find what is wrong with targets that are in memory before any work is done."""
        whole = source.whole() if source is not None else None
        if whole is None or self._losses is None:
            return
        targets, shapes = self._targets(whole), self._output_shapes(whole.inputs)
        # large targets are images: there is nothing in them to find, and a converted copy would take memory
        if sum(target.nbytes for target in targets) < 2**26:
            self._build_compiled(targets, shapes)
            self._losses.parse(targets, batched(shapes, len(whole.inputs[0])), whole.weights)

    def _targets(self, batch: Batch) -> list[np.ndarray]:
        if batch.targets is None:
            if self._losses is None and self._metrics is None:
                return []
            raise KonvError("y is missing; give y beside x, or an iterable of (x, y)")
        return batch.targets

    def _output_shapes(self, inputs: Sequence[np.ndarray]) -> list[Shape]:
        graph = self.graph(*(array.shape[1:] for array in inputs))
        return [graph.nodes[index].shape for index in graph.outputs]

    def _build_compiled(self, targets: Sequence[np.ndarray], shapes: Sequence[Shape]) -> None:
        """Decide what "accuracy" and "crossentropy" mean, at the first batch whose targets fit the outputs."""
        whole = batched(shapes, len(targets[0]))
        losses, watched = self._losses, self._metrics
        if losses is not None and not losses.built:
            losses.build(targets, whole, self.output_names, isinstance(self.output, Mapping))
            try:
                losses.parse(targets, whole)
            except KonvError:
                losses.built = False
                raise
        if watched is not None and not watched.built:
            watched.build(targets, whole, self.output_names)

    # --- steps ------------------------------------------------------------------------------------

    # a loss beyond all numbers says so itself, as inf or nan, which TerminateOnNaN and whoever reads the history look for
    @np.errstate(over="ignore", invalid="ignore")
    def _train(self, batch: Batch) -> None:
        """Forward, loss, backward, optimizer, metrics."""
        losses = self._losses
        wiring = self._wire_learning(batch.inputs)
        if losses is None and not wiring.activities and not wiring.penalised:
            raise KonvError(f"training {NO_LOSS}")
        targets = self._targets(batch)
        if (losses and not losses.built) or (self._metrics is not None and not self._metrics.built):
            self._build_compiled(targets, wiring.outputs)
        parsed = losses.parse(targets, batched(wiring.outputs, len(batch.inputs[0])), batch.weights) if losses else []
        assert self._seed is not None
        outputs = wiring.runner.forward(batch.inputs, self._seed)
        self._seed += 1
        scale = self.optimizer.scale_loss(1.0)
        given = outputs[:len(wiring.outputs)]
        value, slopes = losses.compute(parsed, given, batch.weights, True, scale) if losses else (
            0.0, [np.zeros_like(output) for output in given])
        value += penalty(wiring, outputs)
        if wiring.activities:
            add_slopes(wiring, outputs, slopes, scale)
        # before backward, which may write where the outputs are
        self._watch(value, batch, given)
        if wiring.variables:
            gradients = wiring.runner.backward(slopes)
            found = [gradient_of(variable, key, gradients) for variable, key in zip(wiring.variables, wiring.keys, strict=True)]
            for gradient, variable in zip(found, wiring.variables, strict=True):
                if variable.regularizer is not None:
                    gradient += scale * variable.regularizer.gradient(variable.array)
            self.optimizer.apply(found, wiring.variables)

    @np.errstate(over="ignore", invalid="ignore")
    def _test(self, batch: Batch) -> None:
        """Forward in inference mode, loss, metrics."""
        wiring = self._wire_inference(batch.inputs)
        targets = self._targets(batch)
        if (self._losses and not self._losses.built) or (self._metrics is not None and not self._metrics.built):
            self._build_compiled(targets, wiring.outputs)
        value, parsed = 0.0, []
        if self._losses is not None:
            parsed = self._losses.parse(targets, batched(wiring.outputs, len(batch.inputs[0])), batch.weights)
        outputs = wiring.runner.infer(batch.inputs)
        given = outputs[:len(wiring.outputs)]
        if self._losses is not None:
            value = self._losses.compute(parsed, given, batch.weights, False)[0]
        self._watch(value + penalty(wiring, outputs), batch, given)

    def _predicted(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        """The outputs for one batch in inference mode."""
        return self._wire_inference(inputs).infer(inputs)

    def _watch(self, value: float, batch: Batch, outputs: Sequence[np.ndarray]) -> None:
        assert self._loss_tracker is not None
        self._loss_tracker.update_state(value, len(batch.inputs[0]))
        if self._metrics is not None:
            self._metrics.update(self._targets(batch), outputs, batch.weights)

    # --- wiring -----------------------------------------------------------------------------------

    def _wire_learning(self, inputs: Sequence[np.ndarray]) -> Wiring:
        wiring = self._learning
        if wiring is None or not wiring.fits(self, inputs):
            wiring = self._learning = self._wiring(inputs, training=True)
            self.optimizer.expect(wiring.variables)
        return wiring

    def _wire_inference(self, inputs: Sequence[np.ndarray]) -> Wiring:
        wiring = self._inferring
        if wiring is None or not wiring.fits(self, inputs):
            wiring = self._inferring = self._wiring(inputs, training=False)
        return wiring

    def _wiring(self, inputs: Sequence[np.ndarray], training: bool) -> Wiring:
        shapes = tuple(array.shape[1:] for array in inputs)
        plain = self.graph(*shapes, training=training)
        graph = plain.with_penalised
        runners: dict[int, Runner] = self.__dict__.setdefault("_runners", {})
        runner = runners.pop(id(graph), None)
        if runner is None or runner.graph is not graph:
            runner = Runner(graph, self.weight_map())
        runners[id(graph)] = runner  # the latest at the end
        while len(runners) > RUNNERS:  # another thread may do the same at this moment
            runners.pop(list(runners)[0], None)  # noqa: RUF015 (an iterator would notice the other thread)
        variables = self.trainable_weights
        return Wiring(self._graphs, shapes, runner, [graph.nodes[index].shape for index in plain.outputs], variables,
                      [variable.key for variable in variables],
                      [variable for variable in variables if variable.regularizer is not None],
                      [([graph.outputs.index(place) for place in places], penalty) for places, penalty in graph.penalised])
