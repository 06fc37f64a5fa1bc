"""What a callback is, and the history that every `fit` keeps."""

from collections.abc import Callable
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


def batches_between(value: Any, owner: str, argument: str, words: str = '"epoch"') -> int | str:
    """Every how many batches something is done, or "epoch" for after each epoch."""
    if value != "epoch" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise KonvError(f"{owner}: {argument} must be {words} or a number of batches, got {value!r}")
    return value


def say(message: str) -> None:
    """A line for the user, as Keras prints it."""
    print(message, flush=True)
