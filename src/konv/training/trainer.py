"""compile, fit, evaluate, predict and their forms for one batch: what `Model` hands over to its trainer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from konv import optimizers
from konv.callbacks import CallbackList, History
from konv.callbacks.callback_list import plain
from konv.data.unpack import unpack_x_y_sample_weight
from konv.errors import KonvError, naming, warn
from konv.seeds import generator, next_seed
from konv.training import fit_arguments as parse
from konv.training.batches import ArrayBatches, Batch, Batches, StreamBatches, as_input, is_stream, parse_batch, split
from konv.training.compiled_step import NO_LOSS, CompiledStep, Runners
from konv.training.objective import Objective
from konv.training.trainable import Trainable

LARGE = 2**26  # bytes of targets: more are images, in which there is nothing to find, and a converted copy takes memory


class Trainer:
    """Trains, evaluates and runs one model; it holds the optimizer, the compiled losses and metrics, and the compiled steps."""

    def __init__(self, model: Trainable) -> None:
        self.model = model
        self.compiled = self.stop_training = self.stop_evaluating = self.stop_predicting = False
        self.optimizer: Any = None
        self.loss: Any = None
        self.compile_arguments: Mapping[str, Any] | None = None
        self.steps_per_execution = 1
        self.history: History | None = None
        self.initial_epoch: int | None = None  # where a restored training goes on, set by a callback
        self.runners = Runners()
        self._objective: Objective | None = None
        self._learning: CompiledStep | None = None
        self._inferring: CompiledStep | None = None
        self._seed: int | None = None
        self._trainable_then: dict[int, tuple[str, bool]] = {}  # when it was compiled
        self._validated: bool | None = False  # in this fit; None once the data for it has run out

    # --- compile ----------------------------------------------------------------------------------

    def compile(self, optimizer: Any, loss: Any, loss_weights: Any, metrics: Any, weighted_metrics: Any, run_eagerly: bool,
                steps_per_execution: int, jit_compile: bool | str, auto_scale_loss: bool) -> None:
        """Choose optimizer, loss and metrics; nothing is kept until everything has been accepted."""
        parse.flag(run_eagerly, "run_eagerly")
        parse.flag(auto_scale_loss, "auto_scale_loss")
        if jit_compile != "auto":
            parse.flag(jit_compile, "jit_compile")
        if run_eagerly and jit_compile is True:
            warn("run_eagerly=True and jit_compile=True exclude each other in Keras, where run_eagerly wins; konv runs its "
                 "compiled kernels in any case")
        steps = parse.count(steps_per_execution, "steps_per_execution")
        given = {"optimizer": optimizers.get(optimizer), "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
                 "weighted_metrics": weighted_metrics, "run_eagerly": bool(run_eagerly), "steps_per_execution": steps,
                 "jit_compile": jit_compile == "auto" or bool(jit_compile)}
        self._objective = Objective(loss, loss_weights, metrics, weighted_metrics, self.model.output_names)
        self.optimizer, self.loss, self.compile_arguments = given["optimizer"], loss, given
        self.steps_per_execution, self.compiled, self.stop_training = steps, True, False
        self._trainable_then = self._trainable_now()
        self._learning = self._inferring = self._seed = None

    @property
    def metrics(self) -> list[Any]:
        """The running loss, the compiled metrics, and the losses of single outputs; none before `compile`."""
        return self._objective.metrics if self.compiled and self._objective is not None else []

    def reset_metrics(self) -> None:
        """Let all metrics begin anew."""
        for metric in self.model.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The current loss and metrics by name."""
        results: dict[str, Any] = {}
        for metric in self.model.metrics:
            value = metric.result()
            results |= value if isinstance(value, dict) else {metric.name: value}
        return results

    def _may_add_losses(self) -> bool:
        """Whether a layer may give something to train without a loss of compile()."""
        remaining: list[Any] = [self.model]
        while remaining:
            layer = remaining.pop()
            if layer.is_composed or layer.activity_regularizer is not None:
                return True
            remaining += layer.sublayers
        return any(weight.regularizer is not None for weight in self.model.trainable_weights)

    def _trainable_now(self) -> dict[int, tuple[str, bool]]:
        """Name and `trainable` of every layer, by identity."""
        found, remaining = {}, list(self.model.layers)
        while remaining:
            layer = remaining.pop(0)
            found[id(layer)] = layer.name, layer.trainable
            remaining += getattr(layer, "layers", [])
        return found

    def _require_compiled(self, method: str, training: bool = False) -> Objective:
        if not self.compiled or self._objective is None:
            raise KonvError(f"{method}() needs a compiled model; call compile() first, such as "
                            f'model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])')
        now, then = self._trainable_now(), self._trainable_then
        changed = [name for key, (name, trainable) in now.items() if then.get(key, (name, trainable))[1] != trainable]
        if changed:
            self._trainable_then = now  # one warning is enough
            warn(f"{self.model.title}: `trainable` of {', '.join(changed)} has changed since compile(); call compile() again "
                 f"before {method}(), so that the optimizer keeps the state of the right weights")
        if training and self._objective.losses is None and not self._may_add_losses():
            raise KonvError(f"{method}() {NO_LOSS}")
        if training and self.optimizer is None:
            raise KonvError(f'{method}() needs an optimizer; give compile() one, such as optimizer="adam"')
        return self._objective

    # --- data -------------------------------------------------------------------------------------

    def _parsed(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None) -> Batch:
        """One batch as the engine takes it; a model without input shape takes that of the data."""
        self.model.build_from_data(x)
        batch = parse_batch(self.model, x, y, sample_weight, class_weight)
        return batch._replace(inputs=[as_input(array) for array in batch.inputs])

    def _batches(self, x: Any, y: Any, sample_weight: Any, batch_size: Any, steps: Any,
                 order: np.random.Generator | None = None, shuffle: Any = False, class_weight: Any = None,
                 names: str = "") -> Batches:
        """Data of any form as batches; `names` are put before the names of arguments in errors."""
        size = parse.optional_count(batch_size, f"{names}batch_size")
        steps = parse.optional_count(steps, f"{names}steps")
        if x is None:
            raise KonvError(f"{names or 'x'}: there is no data")
        if is_stream(x, y):
            for argument, value in (("y", y), ("sample_weight", sample_weight)):
                if value is not None and not names:
                    raise KonvError(f"{argument} cannot be given beside an iterable of batches; it belongs into them")
            if size is not None and not names:
                warn(f"batch_size={size} decides nothing beside an iterable of batches, which are as large as they come")
            return StreamBatches(x, lambda x, y, weight: self._parsed(x, y, weight, class_weight), steps, order)
        self.model.build_from_data(x)
        data = parse_batch(self.model, x, y, sample_weight, class_weight)
        return ArrayBatches(data, size, steps, order, within=shuffle == "batch")

    def _validation_parts(self, data: Any) -> tuple[Any, Any, Any]:
        """x, y and weights; x alone where it is an iterable of batches."""
        batches = isinstance(data, list) and is_stream(data, None) and len(self.model.input_names) == 1
        return unpack_x_y_sample_weight((data,) if batches or not isinstance(data, (list, tuple)) else data)

    def _check_targets(self, data: Batches | None, objective: Objective) -> None:
        """Find what is wrong with targets that are in memory before any work is done."""
        if not isinstance(data, ArrayBatches) or objective.losses is None:
            return
        if sum(target.nbytes for target in objective.targets(data.data)) < LARGE:
            graph = self.model.graph(*(array.shape[1:] for array in data.data.inputs))
            objective.parse(self.model, data.data, [graph.nodes[index].shape for index in graph.outputs])

    # --- steps ------------------------------------------------------------------------------------

    def _train(self, batch: Batch, objective: Objective) -> None:
        step = self._learning
        if step is None or not step.fits(batch.inputs):
            step = self._learning = self._compiled_step(batch.inputs, training=True)
            self.optimizer.expect(step.variables)
        assert self._seed is not None
        step.train(batch, objective, self.optimizer, self._seed)
        self._seed += 1

    def _inference(self, inputs: Sequence[np.ndarray]) -> CompiledStep:
        step = self._inferring
        if step is None or not step.fits(inputs):
            step = self._inferring = self._compiled_step(inputs, training=False)
        return step

    def _compiled_step(self, inputs: Sequence[np.ndarray], training: bool) -> CompiledStep:
        return CompiledStep(self.model, tuple(array.shape[1:] for array in inputs), training, self.runners)

    def _run(self, data: Batches, step: Callable[[Batch], Any], calls: CallbackList, kind: str) -> bool:
        """Do `step` with every batch of an epoch, telling the callbacks; whether there was any batch."""
        begin, end = getattr(calls, f"on_{kind}_batch_begin"), getattr(calls, f"on_{kind}_batch_end")
        stopped = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}[kind]
        every, index, is_open, logs = self.steps_per_execution, -1, False, {}
        batches = data.epoch()
        for index, batch in enumerate(batches):
            if not is_open:
                begin(index)
                is_open = True
            logs = step(batch)
            if (index + 1) % every == 0:
                end(index, self.get_metrics_result() if logs is None else logs)
                is_open = False
                if getattr(self, stopped):
                    break
        if is_open:
            end(index, self.get_metrics_result() if logs is None else logs)
        batches.close()  # a dataset that reads ahead in a thread stops here
        return index >= 0

    def _callbacks(self, callbacks: Any, verbose: Any, epochs: int, steps: int | None,
                   add_history: bool = False) -> CallbackList:
        if isinstance(callbacks, CallbackList):
            return callbacks
        level = parse.verbosity(verbose)
        return CallbackList(callbacks, add_history=add_history, add_progbar=level != 0, model=self.model, verbose=level,
                            epochs=epochs, steps=steps)

    # --- fit --------------------------------------------------------------------------------------

    def fit(self, x: Any, y: Any, batch_size: int | None, epochs: int, verbose: str | int, callbacks: Any,
            validation_split: float, validation_data: Any, shuffle: bool | str, class_weight: Mapping[int, float] | None,
            sample_weight: Any, initial_epoch: int, steps_per_epoch: int | None, validation_steps: int | None,
            validation_batch_size: int | None, validation_freq: int | Sequence[int]) -> History:
        """Train for a number of epochs."""
        objective = self._require_compiled("fit", training=True)
        epochs, initial_epoch = parse.count(epochs, "epochs", 0), parse.count(initial_epoch, "initial_epoch", 0)
        if parse.fraction(validation_split, "validation_split") and validation_data is None:
            (x, y, sample_weight), validation_data = split(x, y, sample_weight, validation_split)
        shuffle, validation_freq = parse.shuffling(shuffle), parse.frequency(validation_freq)
        order = generator() if shuffle else None
        steps_per_epoch = parse.optional_count(steps_per_epoch, "steps_per_epoch")
        data = self._batches(x, y, sample_weight, batch_size, steps_per_epoch, order, shuffle, class_weight)
        checks: Batches | None = None
        if validation_data is not None:
            size = batch_size if validation_batch_size is None else validation_batch_size
            parts = self._validation_parts(validation_data)
            with naming("validation_data"):
                checks = self._batches(*parts, size, validation_steps, names="validation_")
        self._check_targets(data, objective)
        with naming("validation_data"):
            self._check_targets(checks, objective)
        self._seed = next_seed() << 32
        self._learning = None
        calls = self._callbacks(callbacks, verbose, epochs, data.total, add_history=True)
        self.stop_training, self._validated, self.initial_epoch, logs = False, False, None, {}
        calls.on_train_begin()
        try:
            for epoch in range(self.initial_epoch or initial_epoch, epochs):
                logs = self._epoch(epoch, data, checks, validation_freq, calls, objective)
                if self.stop_training or logs is None:
                    break
        finally:
            data.rewind()
            self.optimizer.finalize_variable_values(self.model.trainable_weights)
        calls.on_train_end(logs)
        return self.history  # type: ignore[return-value]  # made by the callbacks

    def _epoch(self, epoch: int, data: Batches, checks: Batches | None, frequency: int | Sequence[int], calls: CallbackList,
               objective: Objective) -> dict[str, Any] | None:
        """One pass over the data and its validation; None if there was no data left."""
        self.reset_metrics()
        calls.on_epoch_begin(epoch)
        if not self._run(data, lambda batch: self._train(batch, objective), calls, "train"):
            if not epoch:
                raise KonvError("x gave no batches")
            warn(f"x has no more batches: training ended before epoch {epoch + 1}; give steps_per_epoch, or an iterable that "
                 f"can begin anew")
            return None
        logs = self.get_metrics_result()
        if checks is not None and self._validated is not None and parse.validates(epoch, frequency):
            found = self._evaluate(checks, calls, objective, f"validation_data gave no batches for epoch {epoch + 1}; give "
                                   f"validation_steps, or an iterable that can begin anew", required=not self._validated)
            self._validated = bool(found) or None
            logs |= {f"val_{name}": value for name, value in found.items()}
        calls.on_epoch_end(epoch, logs)
        return logs

    # --- evaluate and predict ---------------------------------------------------------------------

    def evaluate(self, x: Any, y: Any, batch_size: int | None, verbose: str | int, sample_weight: Any, steps: int | None,
                 callbacks: Any, return_dict: bool) -> Any:
        """Loss and metrics on data, in inference mode."""
        objective = self._require_compiled("evaluate")
        data = self._batches(x, y, sample_weight, batch_size, steps)
        self._check_targets(data, objective)
        calls = self._callbacks(callbacks, verbose, 1, data.total)
        try:
            logs = self._evaluate(data, calls, objective)
        finally:
            data.rewind()
        return logs if return_dict else self._listed(logs)

    def _evaluate(self, data: Batches, calls: CallbackList, objective: Objective, nothing: str = "x gave no batches",
                  required: bool = True) -> dict[str, float]:
        """Loss and metrics; where there was no batch `nothing` is raised, or else a warning."""
        self.stop_evaluating = False
        data.rewind()
        calls.on_test_begin()
        self.reset_metrics()
        any_batch = self._run(data, lambda batch: self._inference(batch.inputs).test(batch, objective), calls, "test")
        if not any_batch and required:
            raise KonvError(nothing)
        if not any_batch:  # hours of training are not given up for it
            warn(nothing)
        logs = plain(self.get_metrics_result()) if any_batch else {}
        calls.on_test_end(logs)
        return logs

    def predict(self, x: Any, batch_size: int | None, verbose: str | int, steps: int | None, callbacks: Any) -> Any:
        """The outputs for all samples, in inference mode."""
        data = self._batches(x, None, None, batch_size, steps)
        calls = self._callbacks(callbacks, verbose, 1, data.total)
        parts: list[list[np.ndarray]] = []

        def step(batch: Batch) -> dict[str, Any]:
            parts.append(self._inference(batch.inputs).predict(batch.inputs))
            return {"outputs": self.model.packed(parts[-1])}

        self.stop_predicting = False
        calls.on_predict_begin()
        try:
            if not self._run(data, step, calls, "predict"):
                raise KonvError("x gave no batches")
        finally:
            data.rewind()
        calls.on_predict_end()
        if len(parts) == 1:
            return self.model.packed(parts[0])
        return self.model.packed([np.concatenate(part) for part in zip(*parts, strict=True)])

    # --- one batch --------------------------------------------------------------------------------

    def train_on_batch(self, x: Any, y: Any, sample_weight: Any, class_weight: Mapping[int, float] | None,
                       return_dict: bool) -> Any:
        """One step on one batch; loss and metrics of this batch."""
        objective = self._require_compiled("train_on_batch", training=True)
        batch = self._parsed(x, y, sample_weight, class_weight)
        if self._seed is None:
            self._seed = next_seed() << 32
        self.reset_metrics()
        self._train(batch, objective)
        return self._results(return_dict)

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any, return_dict: bool) -> Any:
        """Loss and metrics of one batch, in inference mode."""
        objective = self._require_compiled("test_on_batch")
        batch = self._parsed(x, y, sample_weight)
        self.reset_metrics()
        self._inference(batch.inputs).test(batch, objective)
        return self._results(return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch of samples, in inference mode."""
        step, model = self._inferring, self.model
        if step is not None and type(x) is np.ndarray and step.graphs is model._graphs and len(x) and (
                step.shapes == (x.shape[1:],)):
            return model.packed(step.predict([as_input(x)]))
        with naming(model.title):
            inputs = self._parsed(x).inputs
            return model.packed(self._inference(inputs).predict(inputs))

    def _results(self, return_dict: bool) -> Any:
        logs = plain(self.get_metrics_result())
        return logs if return_dict else self._listed(logs)

    def _listed(self, logs: Mapping[str, float]) -> Any:
        """Logs in the order of `metrics`, single metrics in place of the compiled ones; one value alone is bare."""
        names = [inner.name for metric in self.model.metrics for inner in getattr(metric, "metrics", [metric])]
        values = [logs[name] for name in names if name in logs]
        values += [logs[name] for name in sorted(logs) if name not in names]
        return values[0] if len(values) == 1 else values
