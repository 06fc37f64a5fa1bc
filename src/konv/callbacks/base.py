"""What a callback is, the list that calls them, and the history that every `fit` keeps."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from konv.errors import KonvError
from konv.late import late

Logs = dict[str, Any]
Event = Callable[..., Any] | None


class Callback:
    """Called at the beginning and end of training, epochs and batches; override what you need.

    >>> class Shout(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, logs["loss"])
    >>> Shout().on_epoch_end(0, {"loss": 0.5})
    0 0.5
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take epochs, steps and verbose of the run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model of the run."""
        self._model = model

    @property
    def model(self) -> Any:
        return self._model

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """An older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """An older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before the first batch of an epoch; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of `evaluate`."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of `evaluate`."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of `predict`; logs has its "outputs"."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """At the beginning of `fit`."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """At the end of `fit`."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """At the beginning of `evaluate`, and of the validation in `fit`."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """At the end of `evaluate`."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """At the beginning of `predict`."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """At the end of `predict`."""


class History(Callback):
    """The logs of all epochs: `history["loss"]` is a list of one value per epoch, `epoch` says which epochs these are.

    >>> History().history
    {}
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []
        self.epochs_of: dict[str, list[int]] = {}  # of each name: in some epochs there may be no validation

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self.epochs_of.setdefault(name, []).append(epoch)
        self.model.history = self

    def plot(self, lang: str | None = None) -> Any:
        """The learning curves as a figure of konv.explain: a panel for each name, training and validation together.

        >>> history = History()
        >>> history.history = {"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]}
        >>> print(history.plot().text().splitlines()[2])
        val_loss    2.5   1.5  1.5 in epoch 2
        """
        return late("learning_curves")(self, lang)

    def _repr_html_(self) -> str:
        return self.plot().html() if self.history else "<p>History()</p>"


def _of_batch(event: str) -> Callable[..., None]:
    """The method of a list that hands an event of a batch on."""
    @wraps(getattr(Callback, event))
    def method(self: "CallbackList", batch: int, logs: Logs | None = None) -> None:
        logs = plain(logs)
        for callback in self.callbacks:
            getattr(callback, event)(batch, logs=logs)

    return method


def _of_epoch(event: str) -> Callable[..., None]:
    """The method of a list that hands the beginning or end of an epoch on."""
    @wraps(getattr(Callback, event))
    def method(self: "CallbackList", epoch: int, logs: Logs | None = None) -> None:
        logs = plain(logs)
        for callback in self.callbacks:
            getattr(callback, event)(epoch, logs)

    return method


def _of_run(event: str) -> Callable[..., None]:
    """The method of a list that hands the beginning or end of a run on."""
    @wraps(getattr(Callback, event))
    def method(self: "CallbackList", logs: Logs | None = None) -> None:
        logs = plain(logs)
        for callback in self.callbacks:
            getattr(callback, event)(logs)

    return method


class CallbackList(Callback):
    """Several callbacks called as one, in their order; logs reach them sorted by name and as Python floats.

    Args:
        callbacks: a callback, or lists of them within each other.
        add_history: whether to add a History, if there is none.
        add_progbar: whether to add a ProgbarLogger, if there is none.
        model: the model of the run.
        params: epochs, steps and verbose of the run.
    Raises:
        KonvError: something that is not a callback.

    >>> calls = CallbackList([LambdaCallback(on_epoch_begin=lambda epoch, logs: print("epoch", epoch))])
    >>> calls.on_epoch_begin(0)
    epoch 0
    """

    def __init__(self, callbacks: Callback | Iterable[Callback] | None = None, add_history: bool = False,
                 add_progbar: bool = False, model: Any = None, **params: Any) -> None:
        super().__init__()
        self.callbacks = _flatten(callbacks)
        self._history = next((callback for callback in self.callbacks if isinstance(callback, History)), None)
        if add_history and self._history is None:
            self._history = History()
            self.callbacks.append(self._history)
        if add_progbar and not any(type(callback).__name__ == "ProgbarLogger" for callback in self.callbacks):
            from konv.callbacks.progress import ProgbarLogger

            self.callbacks.append(ProgbarLogger())
        self.set_model(model)
        self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Add one more at the end."""
        self.callbacks.append(callback)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks if params else ():
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        if model is None:
            return
        self._model = model
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    on_batch_begin = _of_batch("on_batch_begin")
    on_batch_end = _of_batch("on_batch_end")
    on_epoch_begin = _of_epoch("on_epoch_begin")
    on_epoch_end = _of_epoch("on_epoch_end")
    on_train_batch_begin = _of_batch("on_train_batch_begin")
    on_train_batch_end = _of_batch("on_train_batch_end")
    on_test_batch_begin = _of_batch("on_test_batch_begin")
    on_test_batch_end = _of_batch("on_test_batch_end")
    on_predict_batch_begin = _of_batch("on_predict_batch_begin")
    on_predict_batch_end = _of_batch("on_predict_batch_end")
    on_train_begin = _of_run("on_train_begin")
    on_train_end = _of_run("on_train_end")
    on_test_begin = _of_run("on_test_begin")
    on_test_end = _of_run("on_test_end")
    on_predict_begin = _of_run("on_predict_begin")
    on_predict_end = _of_run("on_predict_end")


class LambdaCallback(Callback):
    """A callback from functions, such as on_epoch_end=lambda epoch, logs: print(logs).

    Args:
        on_epoch_begin, on_epoch_end: functions of (epoch, logs).
        on_train_begin, on_train_end: functions of (logs).
        on_train_batch_begin, on_train_batch_end: functions of (batch, logs).
        kwargs: further methods by name.

    >>> LambdaCallback(on_train_end=lambda logs: print("done")).on_train_end({})
    done
    """

    def __init__(self, on_epoch_begin: Event = None, on_epoch_end: Event = None, on_train_begin: Event = None,
                 on_train_end: Event = None, on_train_batch_begin: Event = None, on_train_batch_end: Event = None,
                 **kwargs: Any) -> None:
        super().__init__()
        given = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
                 "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
                 "on_train_batch_end": on_train_batch_end}
        for name, value in (*kwargs.items(), *given.items()):
            if name in kwargs or value is not None:
                setattr(self, name, value)


def plain(logs: Logs | None) -> Logs:
    """Logs sorted by name, their values as Python floats, nested dicts flattened."""
    result: Logs = {}
    for name, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            result |= plain(value)
            continue
        if isinstance(value, (list, tuple)) or getattr(value, "ndim", 0):
            result[name] = value
            continue
        try:
            result[name] = float(value)
        except (TypeError, ValueError):
            result[name] = value
    return result


def _flatten(callbacks: Any) -> list[Callback]:
    if callbacks is None:
        return []
    if isinstance(callbacks, (list, tuple)):
        return [callback for group in callbacks for callback in _flatten(group)]
    if isinstance(callbacks, type) or not hasattr(callbacks, "on_epoch_end"):
        raise KonvError(f"callbacks must be instances of konv.callbacks.Callback, got {callbacks!r}")
    return [callbacks]


def batches_between(value: Any, owner: str, argument: str, words: str = '"epoch"') -> int | str:
    """Every how many batches something is done, or "epoch" for after each epoch."""
    if value != "epoch" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise KonvError(f"{owner}: {argument} must be {words} or a number of batches, got {value!r}")
    return value


def say(message: str) -> None:
    """A line for the user, as Keras prints it."""
    print(message, flush=True)
