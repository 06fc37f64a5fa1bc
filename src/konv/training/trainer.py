"""compile, fit, evaluate, predict and their forms for one batch: the upper half of every model."""

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from konv import optimizers
from konv.callbacks import CallbackList, History
from konv.callbacks.base import plain
from konv.data.unpack import unpack_x_y_sample_weight
from konv.errors import ArgumentError, KonvError, naming
from konv.metrics.base import Mean
from konv.seeds import generator, next_seed
from konv.training import parse
from konv.training.batches import Batch, Batches, as_input, is_stream, split
from konv.training.compiled import CompiledLoss, CompiledMetrics
from konv.training.steps import NO_LOSS, Stepper


def named(method: Callable) -> Callable:
    """Errors of the method begin with the name of the model; an argument that it does not take is one of them."""
    known = list(signature(method).parameters)[1:]

    @wraps(method)
    def wrapper(self, *args, **kwargs):
        with naming(self.title):
            for name in kwargs.keys() - known:
                raise ArgumentError(f"{method.__name__}() has no argument {name!r}; there are: {', '.join(known)}")
            return method(self, *args, **kwargs)

    return wrapper


class Trainer(Stepper):
    """What `Model` can do with data; without constructor arguments of its own."""

    compiled = False
    stop_training = stop_evaluating = stop_predicting = False
    loss: Any = None
    history: History | None = None
    compile_arguments: Mapping[str, Any] | None = None
    steps_per_execution = 1
    _trainable_then: Mapping[int, tuple[str, bool]]  # when it was compiled
    _validated: bool | None = False  # in this fit; None once the data for it has run out
    _initial_epoch: int | None = None  # where a restored training goes on, set by a callback

    # --- compile ----------------------------------------------------------------------------------

    @named
    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, weighted_metrics=None,
                run_eagerly=False, steps_per_execution=1, jit_compile="auto", auto_scale_loss=True) -> None:
        """Choose optimizer, loss and metrics; the arguments are those of keras.Model.compile.

        run_eagerly, jit_compile and auto_scale_loss have nothing to decide here; with steps_per_execution=n callbacks
        see every n-th batch. Layers that are frozen are so from here on.

        >>> import konv
        >>> model = konv.Sequential([konv.layers.Dense(3, activation="softmax", input_shape=(4,))])
        >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> model.metrics_names
        ['loss', 'compile_metrics']
        """
        parse.flag(run_eagerly, "run_eagerly")
        parse.flag(auto_scale_loss, "auto_scale_loss")
        if jit_compile != "auto":
            parse.flag(jit_compile, "jit_compile")
        if run_eagerly and jit_compile is True:
            warnings.warn("run_eagerly=True and jit_compile=True exclude each other in Keras, where run_eagerly wins; konv "
                          "runs its compiled kernels in any case", stacklevel=3)
        steps = parse.count(steps_per_execution, "steps_per_execution")
        given = {"optimizer": optimizers.get(optimizer), "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
                 "weighted_metrics": weighted_metrics, "run_eagerly": bool(run_eagerly), "steps_per_execution": steps,
                 "jit_compile": jit_compile == "auto" or bool(jit_compile)}
        # nothing is kept until everything has been accepted
        losses = None if loss is None else CompiledLoss(loss, loss_weights, self.output_names)
        watched = CompiledMetrics(metrics, weighted_metrics, self.output_names) if metrics or weighted_metrics else None
        self.optimizer, self.loss, self.compile_arguments = given["optimizer"], loss, given
        self._losses, self._metrics, self._loss_tracker = losses, watched, Mean("loss")
        self.steps_per_execution, self.compiled, self.stop_training = steps, True, False
        self._trainable_then = self._trainable_now()
        self._learning = self._inferring = self._seed = None

    @property
    def metrics(self) -> list[Any]:
        """The running loss, the compiled metrics, and the losses of single outputs."""
        if not self.compiled:
            return []
        trackers = self._losses.metrics if self._losses is not None else []
        return [self._loss_tracker, *([self._metrics] if self._metrics is not None else []), *trackers]

    @property
    def metrics_names(self) -> list[str]:
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Let all metrics begin anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The current loss and metrics by name."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            results |= value if isinstance(value, dict) else {metric.name: value}
        return results

    def _may_add_losses(self) -> bool:
        """Whether a layer may give something to train without a loss of compile()."""
        waiting: list[Any] = [self]
        while waiting:
            layer = waiting.pop()
            if layer.is_composed or layer.activity_regularizer is not None:
                return True
            waiting += layer.sublayers
        return any(weight.regularizer is not None for weight in self.trainable_weights)

    def _trainable_now(self) -> dict[int, tuple[str, bool]]:
        """Name and `trainable` of every layer, by identity."""
        found, waiting = {}, list(self.layers)
        while waiting:
            layer = waiting.pop(0)
            found[id(layer)] = layer.name, layer.trainable
            waiting += getattr(layer, "layers", [])
        return found

    def _require_compiled(self, method: str, training: bool = False) -> None:
        if not self.compiled:
            raise KonvError(f"{method}() needs a compiled model; call compile() first, such as "
                            f'model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])')
        now, then = self._trainable_now(), self._trainable_then
        changed = [name for key, (name, trainable) in now.items() if then.get(key, (name, trainable))[1] != trainable]
        if changed:
            self._trainable_then = now  # one warning is enough
            warnings.warn(f"{self.title}: `trainable` of {', '.join(changed)} has changed since compile(); call compile() "
                          f"again before {method}(), so that the optimizer keeps the state of the right weights",
                          stacklevel=4)
        if training and self._losses is None and not self._may_add_losses():
            raise KonvError(f"{method}() {NO_LOSS}")
        if training and self.optimizer is None:
            raise KonvError(f'{method}() needs an optimizer; give compile() one, such as optimizer="adam"')

    # --- fit --------------------------------------------------------------------------------------

    @named
    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, validation_split=0.0,
            validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0,
            steps_per_epoch=None, validation_steps=None, validation_batch_size=None, validation_freq=1) -> History:
        """Train for a number of epochs; the arguments are those of keras.Model.fit.

        x and y are arrays (N, ...), lists or dicts of them for models of several inputs or outputs, or x is an iterable
        of batches (x, y) or (x, y, sample_weight). The History has the loss and metrics of every epoch.

        >>> import konv
        >>> konv.utils.set_random_seed(0)
        >>> model = konv.Sequential([konv.layers.Dense(1, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> x = np.eye(2, dtype="float32")
        >>> sorted(model.fit(x, x[:, :1], epochs=2, verbose=0).history)
        ['loss']
        """
        self._require_compiled("fit", training=True)
        epochs, initial_epoch = parse.count(epochs, "epochs", 0), parse.count(initial_epoch, "initial_epoch", 0)
        if parse.fraction(validation_split, "validation_split") and validation_data is None:
            (x, y, sample_weight), validation_data = split(x, y, sample_weight, validation_split)
        shuffle, validation_freq = parse.shuffling(shuffle), parse.frequency(validation_freq)
        order = generator() if shuffle else None
        steps_per_epoch = parse.optional_count(steps_per_epoch, "steps_per_epoch")
        data = self._batches(x, y, sample_weight, batch_size, steps_per_epoch, order, shuffle, class_weight)
        checks: Batches | None = None
        if validation_data is not None:
            parts = self._validation_parts(validation_data)
            size = batch_size if validation_batch_size is None else validation_batch_size
            with naming("validation_data"):
                checks = self._batches(*parts, size, validation_steps, names="validation_")
        self._prepare_losses(data)
        with naming("validation_data"):
            self._prepare_losses(checks)
        self._seed = next_seed() << 32
        self._learning = None
        calls = self._callbacks(callbacks, verbose, epochs, data.total, add_history=True)
        self.stop_training, self._validated, self._initial_epoch, logs = False, False, None, {}
        calls.on_train_begin()
        try:
            for epoch in range(self._initial_epoch or initial_epoch, epochs):
                logs = self._epoch(epoch, data, checks, validation_freq, calls)
                if self.stop_training or logs is None:
                    break
        finally:
            data.rewind()
            self.optimizer.finalize_variable_values(self.trainable_weights)
        calls.on_train_end(logs)
        return self.history  # type: ignore[return-value]  # made by the callbacks

    def _validation_parts(self, data: Any) -> tuple[Any, Any, Any]:
        """x, y and weights; x alone where it is an iterable of batches."""
        batches = isinstance(data, list) and is_stream(data, None) and len(self.input_names) == 1
        return unpack_x_y_sample_weight((data,) if batches or not isinstance(data, (list, tuple)) else data)

    def _epoch(self, epoch: int, data: Batches, checks: Batches | None, frequency, calls: CallbackList) -> Any:
        """One pass over the data and its validation; None if there was no data left."""
        self.reset_metrics()
        calls.on_epoch_begin(epoch)
        if not self._run(data, self._train, calls, "train"):
            if not epoch:
                raise KonvError("x gave no batches")
            warnings.warn(f"x has no more batches: training ended before epoch {epoch + 1}; give steps_per_epoch, or "
                          f"an iterable that can begin anew", stacklevel=4)
            return None
        logs = self.get_metrics_result()
        if checks is not None and self._validated is not None and parse.validates(epoch, frequency):
            found = self._evaluate(checks, calls, f"validation_data gave no batches for epoch {epoch + 1}; give "
                                   f"validation_steps, or an iterable that can begin anew", required=not self._validated)
            self._validated = bool(found) or None
            logs |= {f"val_{name}": value for name, value in found.items()}
        calls.on_epoch_end(epoch, logs)
        return logs

    def _run(self, data: Batches, step: Callable[[Batch], Any], calls: CallbackList, kind: str) -> bool:
        """Do `step` with every batch of an epoch, telling the callbacks; whether there was any batch."""
        begin, end = getattr(calls, f"on_{kind}_batch_begin"), getattr(calls, f"on_{kind}_batch_end")
        stopped = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}[kind]
        every, index, open_, logs = self.steps_per_execution, -1, False, {}
        batches = data.epoch()
        for index, batch in enumerate(batches):
            if not open_:
                begin(index)
                open_ = True
            logs = step(batch)
            if (index + 1) % every == 0:
                end(index, self.get_metrics_result() if logs is None else logs)
                open_ = False
                if getattr(self, stopped):
                    break
        if open_:
            end(index, self.get_metrics_result() if logs is None else logs)
        batches.close()  # a dataset that reads ahead in a thread stops here
        return index >= 0

    def _callbacks(self, callbacks: Any, verbose: Any, epochs: int, steps: int | None, add_history: bool = False):
        if isinstance(callbacks, CallbackList):
            return callbacks
        level = parse.verbosity(verbose)
        return CallbackList(callbacks, add_history=add_history, add_progbar=level != 0, model=self, verbose=level,
                            epochs=epochs, steps=steps)

    # --- evaluate and predict ---------------------------------------------------------------------

    @named
    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None,
                 return_dict=False) -> Any:
        """Loss and metrics on data, in inference mode: a number, a list, or a dict with return_dict=True."""
        self._require_compiled("evaluate")
        data = self._batches(x, y, sample_weight, batch_size, steps)
        self._prepare_losses(data)
        calls = self._callbacks(callbacks, verbose, 1, data.total)
        try:
            logs = self._evaluate(data, calls)
        finally:
            data.rewind()
        return logs if return_dict else self._listed(logs)

    def _evaluate(self, data: Batches, calls: CallbackList, nothing: str = "x gave no batches",
                  required: bool = True) -> dict[str, float]:
        """Loss and metrics; where there was no batch `nothing` is raised, or else a warning."""
        self.stop_evaluating = False
        data.rewind()
        calls.on_test_begin()
        self.reset_metrics()
        any_batch = self._run(data, self._test, calls, "test")
        if not any_batch and required:
            raise KonvError(nothing)
        if not any_batch:  # hours of training are not given up for it
            warnings.warn(nothing, stacklevel=6)
        logs = plain(self.get_metrics_result()) if any_batch else {}
        calls.on_test_end(logs)
        return logs

    @named
    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None) -> Any:
        """The outputs for all samples, in inference mode: an array, or a list of arrays for several outputs.

        >>> import konv
        >>> model = konv.Sequential([konv.layers.Flatten(input_shape=(2, 2))])
        >>> model.predict(np.zeros((3, 2, 2)), verbose=0).shape
        (3, 4)
        """
        data = self._batches(x, None, None, batch_size, steps)
        calls = self._callbacks(callbacks, verbose, 1, data.total)
        parts: list[list[np.ndarray]] = []

        def step(batch: Batch) -> dict[str, Any]:
            parts.append(self._predicted(batch.inputs))
            return {"outputs": self.packed(parts[-1])}

        self.stop_predicting = False
        calls.on_predict_begin()
        try:
            if not self._run(data, step, calls, "predict"):
                raise KonvError("x gave no batches")
        finally:
            data.rewind()
        calls.on_predict_end()
        if len(parts) == 1:
            return self.packed(parts[0])
        return self.packed([np.concatenate(part) for part in zip(*parts, strict=True)])

    # --- one batch --------------------------------------------------------------------------------

    @named
    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False) -> Any:
        """One step on one batch; loss and metrics of this batch: a number, a list, or a dict."""
        self._require_compiled("train_on_batch", training=True)
        batch = self._parsed(x, y, sample_weight, class_weight)
        if self._seed is None:
            self._seed = next_seed() << 32
        self.reset_metrics()
        self._train(batch)
        return self._results(return_dict)

    @named
    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False) -> Any:
        """Loss and metrics of one batch, in inference mode: a number, a list, or a dict."""
        self._require_compiled("test_on_batch")
        batch = self._parsed(x, y, sample_weight)
        self.reset_metrics()
        self._test(batch)
        return self._results(return_dict)

    def predict_on_batch(self, x) -> Any:
        """The outputs for one batch of samples, in inference mode."""
        wiring = self._inferring
        if wiring is not None and type(x) is np.ndarray and wiring.graphs is self._graphs and len(x) and (
                wiring.shapes == (x.shape[1:],)):
            return self.packed(wiring.infer([as_input(x)]))
        with naming(self.title):
            inputs = self._parsed(x).inputs
            return self.packed(self._predicted(inputs))

    def _results(self, return_dict: bool) -> Any:
        logs = plain(self.get_metrics_result())
        return logs if return_dict else self._listed(logs)

    def _listed(self, logs: Mapping[str, float]) -> Any:
        """Logs in the order of `metrics`, single metrics in place of the compiled ones; one number alone is bare."""
        names = [inner.name for metric in self.metrics for inner in getattr(metric, "metrics", [metric])]
        numbers = [logs[name] for name in names if name in logs]
        numbers += [logs[name] for name in sorted(logs) if name not in names]
        return numbers[0] if len(numbers) == 1 else numbers

