"""The losses and metrics of all outputs of a model, as `compile` was given them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from konv import losses, metrics
from konv.errors import KonvError
from konv.losses.base import Loss, fit_weight
from konv.metrics.base import Mean, Metric
from konv.training.batches import Batch
from konv.training.trainable import Trainable

Array = np.ndarray
Shape = tuple[int, ...]

_ACCURACIES = {"binary": metrics.BinaryAccuracy, "sparse": metrics.SparseCategoricalAccuracy,
               "one-hot": metrics.CategoricalAccuracy}
_CROSSENTROPIES = {"binary": "binary_crossentropy", "sparse": "sparse_categorical_crossentropy",
                   "one-hot": "categorical_crossentropy"}


def kind_of_targets(target: Shape, output: Shape) -> str:
    """Which accuracy and crossentropy "accuracy" and "crossentropy" stand for, from the shapes as Keras decides."""
    if output[-1] == 1:
        return "binary"
    return "sparse" if len(target) < len(output) or target[-1] == 1 else "one-hot"


class Objective:
    """What training makes small and what it reports: compiled loss, compiled metrics and the running mean of the loss."""

    def __init__(self, loss: Any, loss_weights: Any, metrics: Any, weighted_metrics: Any, names: Sequence[str]) -> None:
        self.losses = None if loss is None else CompiledLoss(loss, loss_weights, names)
        self.watched = CompiledMetrics(metrics, weighted_metrics, names) if metrics or weighted_metrics else None
        self.tracker = Mean("loss")

    @property
    def metrics(self) -> list[Metric]:
        """The running loss, the compiled metrics, and the losses of single outputs."""
        return [self.tracker, *([self.watched] if self.watched else []), *(self.losses.metrics if self.losses else [])]

    def targets(self, batch: Batch) -> list[Array]:
        """The targets of a batch; a KonvError where there are none for a loss or a metric."""
        if batch.targets is not None:
            return batch.targets
        if self.losses or self.watched:
            raise KonvError("y is missing; give y beside x, or an iterable of (x, y)")
        return []

    def parse(self, model: Trainable, batch: Batch, shapes: Sequence[Sequence[int | None]]) -> list[Array]:
        """Targets as the losses take them, for outputs of these unbatched shapes; finds all that is wrong with them.

        The first targets that fit the outputs decide what "accuracy" and "crossentropy" stand for.
        """
        targets, losses, watched = self.targets(batch), self.losses, self.watched
        whole: list[Shape] = [(len(batch.inputs[0]), *shape) for shape in shapes]  # type: ignore[misc]
        if losses and not losses.built:
            losses.build(targets, whole, model.output_names, isinstance(model.output, Mapping))
        if watched and not watched.built:
            watched.build(targets, whole, model.output_names)
        return losses.parse(targets, whole, batch.weights) if losses else []

    def compute(self, parsed: Sequence[Array], outputs: Sequence[Array], weights: Sequence[Array] | None,
                gradient: bool, scale: float = 1.0) -> tuple[float, list[Array]]:
        """The loss, and the gradient of `scale` times it with respect to each output: zero without a loss."""
        if self.losses is None:
            return 0.0, [np.zeros_like(output) for output in outputs] if gradient else []
        return self.losses.compute(parsed, outputs, weights, gradient, scale)

    def update(self, value: float, batch: Batch, outputs: Sequence[Array]) -> None:
        """Let the metrics take a batch and its loss into account."""
        self.tracker.update_state(value, len(batch.inputs[0]))
        if self.watched:
            self.watched.update(self.targets(batch), outputs, batch.weights)


class CompiledLoss:
    """The losses of all outputs and their weighted sum."""

    def __init__(self, loss: Any, loss_weights: Any, names: Sequence[str]) -> None:
        self.names = names
        # a list of one loss for an output is that loss, as in Keras
        self._given: list[Any] = [given[0] if isinstance(given, (list, tuple)) and len(given) == 1 else given
                                  for given in per_output(loss, names, "loss")]
        if isinstance(loss_weights, Mapping):
            loss_weights = {name: loss_weights.get(name, 1.0) for name in names} | dict(loss_weights)
        weights = per_output(1.0 if loss_weights is None else loss_weights, names, "loss_weights")
        self.weights = [1.0 if weight is None else _number(weight) for weight in weights]
        # names are looked up now, so that a wrong one is found before any training
        self.losses: list[Loss | None] = [None if _by_shape(given) else losses.wrap(given) for given in self._given]
        self.built = False
        self.trackers: list[Mean | None] = [None] * len(names)
        self._keys, self._keyed = list(loss) if isinstance(loss, Mapping) else None, False

    def build(self, targets: Sequence[Array], shapes: Sequence[Shape], names: Sequence[str], keyed: bool = False) -> None:
        """Decide what "crossentropy" stands for, once shapes and names of the outputs are known; `keyed` if in a dict."""
        self.names, self._keyed = names, keyed
        for index, given in enumerate(self._given):
            if _by_shape(given):
                function = _CROSSENTROPIES[kind_of_targets(targets[index].shape, shapes[index])]
                self.losses[index] = losses.LossFunctionWrapper(losses.get(function), name=given)
        if sum(loss is not None for loss in self.losses) > 1:
            self.trackers = [Mean(f"{name}_loss") if loss else None
                             for name, loss in zip(self.names, self.losses, strict=True)]
        self.parse(targets, shapes)  # targets that do not fit decide nothing
        self.built = True

    @property
    def metrics(self) -> list[Mean]:
        """The losses of single outputs; where outputs and losses are dicts, in the order of the losses, as Keras lists them."""
        trackers = self.trackers
        if self._keyed and self._keys is not None:
            trackers = [trackers[list(self.names).index(key)] for key in self._keys]
        return [tracker for tracker in trackers if tracker is not None]

    def parse(self, targets: Sequence[Array], shapes: Sequence[Shape],
              weights: Sequence[Array] | None = None) -> list[Array]:
        """Targets checked and converted; everything that can be wrong with them, or with the weights, is found here."""
        for loss, weight, shape in zip(self.losses, weights or (), shapes, strict=False):
            if loss is not None and loss.differentiable and len(shape) > 1:  # what one's own loss gives per sample is not known
                fit_weight(weight, loss.values_shape(shape) or shape[:1])
        return [target if loss is None else loss.parse(target, shape)
                for loss, target, shape in zip(self.losses, targets, shapes, strict=True)]

    def compute(self, parsed: Sequence[Array], outputs: Sequence[Array], weights: Sequence[Array] | None,
                gradient: bool, scale: float = 1.0) -> tuple[float, list[Array]]:
        """The total loss, and the gradient of `scale` times it with respect to each output."""
        total, gradients = 0.0, []
        for index, (loss, output) in enumerate(zip(self.losses, outputs, strict=True)):
            if loss is None:
                gradients.append(np.zeros_like(output))
                continue
            value, found = loss.compute(parsed[index], output, weights[index] if weights else None, gradient)
            tracker, factor = self.trackers[index], self.weights[index]
            if tracker is not None:
                tracker.update_state(value, len(output))
            total += value * factor
            if found is not None:
                gradients.append(found if factor * scale == 1.0 else np.multiply(found, factor * scale, out=found))
        return total, gradients


def _number(weight: Any) -> float:
    try:
        return float(weight)
    except (TypeError, ValueError):
        raise KonvError(f"loss_weights must be numbers, got {weight!r}") from None


class CompiledMetrics(Metric):
    """The metrics of all outputs; their results under the names that Keras gives them."""

    def __init__(self, given: Any, weighted: Any, names: Sequence[str]) -> None:
        super().__init__(name="compile_metrics")
        for argument, value in (("metrics", given), ("weighted_metrics", weighted)):
            if value and not isinstance(value, (list, tuple, Mapping)):
                raise KonvError(f"{argument}={value!r} must be a list, a tuple or a dict of output names")
        self.names = names
        self._given = [metrics_per_output(value, names, argument)
                       for argument, value in (("metrics", given), ("weighted_metrics", weighted))]
        for group in (entry for groups in self._given for entry in groups):
            for identifier in group:
                if not _accuracy(identifier):
                    metrics.get(identifier)  # a wrong name is found before any training
        self._groups: list[list[list[Metric]]] = []
        self.built = False

    def build(self, targets: Sequence[Array], shapes: Sequence[Shape], names: Sequence[str]) -> None:
        """Make the metrics, now that it is known what "accuracy" stands for."""
        self.names = names
        self._groups = [
            [[_metric(identifier, target.shape, shape) for identifier in group]
             for group, target, shape in zip(groups, targets, shapes, strict=True)]
            for groups in self._given]
        self.built = True

    @property
    def metrics(self) -> list[Metric]:
        return [metric for groups in self._groups for group in groups for metric in group]

    @property
    def variables(self) -> list:
        return [variable for metric in self.metrics for variable in metric.variables]

    def update(self, targets: Sequence[Array], outputs: Sequence[Array], weights: Sequence[Array] | None) -> None:
        """Take one more batch into account."""
        plain, weighted = self._groups
        for index, (target, output) in enumerate(zip(targets, outputs, strict=True)):
            for metric in plain[index]:
                metric.update_state(target, output)
            for metric in weighted[index]:
                metric.update_state(target, output, weights[index] if weights else None)

    def reset_state(self) -> None:
        for metric in self.metrics:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        """Results by name; a name that is taken becomes weighted_name or name_1."""
        results: dict[str, Any] = {}
        for kind, groups in zip(("", "weighted_"), self._groups, strict=True):
            for name, group in zip(self.names, groups, strict=True):
                prefix = f"{name}_" if len(self.names) > 1 else ""
                for metric in group:
                    results[_free_name(results, prefix, kind, metric.name)] = metric.result()
        return results


def _free_name(taken: Mapping[str, Any], prefix: str, kind: str, name: str) -> str:
    free = f"{prefix}{name}"
    if free in taken and kind:
        free = f"{prefix}{kind}{name}"
    count = 1
    while free in taken:
        free = f"{prefix}{kind}{name}_{count}"
        count += 1
    return free


def _metric(identifier: Any, target: Shape, output: Shape) -> Metric:
    if _accuracy(identifier):
        return _ACCURACIES[kind_of_targets(target, output)](name=identifier)
    return metrics.wrap(identifier)


def _accuracy(identifier: Any) -> bool:
    return isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc")


def _by_shape(identifier: Any) -> bool:
    return isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce")


def per_output(value: Any, names: Sequence[str], argument: str) -> list[Any]:
    """One entry per output from a list, a dict by output name, or one entry for all."""
    # the config of one object is a dict too
    if isinstance(value, Mapping) and "class_name" not in value:
        unknown = [str(name) for name in value if name not in names]
        if unknown:
            raise KonvError(f"{argument} names {', '.join(unknown)}, but the outputs are: {', '.join(names)}")
        return [value.get(name) for name in names]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise KonvError(f"{argument} has {len(value)} entries, but the model has {len(names)} "
                            f"output{'s' if len(names) > 1 else ''}: {', '.join(names)}")
        return list(value)
    return [value] * len(names)


def metrics_per_output(value: Any, names: Sequence[str], argument: str) -> list[list[Any]]:
    """A list of metrics for each output; a list given for a model of one output is all for it."""
    if not value:
        return [[] for _ in names]
    if len(names) == 1 and isinstance(value, (list, tuple)):
        return [[metric for entry in value for metric in (entry if isinstance(entry, (list, tuple)) else [entry])]]
    entries = [[] if entry is None else entry for entry in per_output(value, names, argument)]
    return [list(entry) if isinstance(entry, (list, tuple)) else [entry] for entry in entries]
