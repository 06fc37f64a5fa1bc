"""Several callbacks called as one."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from konv.callbacks.base import Callback, History, Logs
from konv.callbacks.progress import ProgbarLogger
from konv.errors import KonvError


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

    >>> from konv.callbacks import LambdaCallback
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
        if add_progbar and not any(isinstance(callback, ProgbarLogger) for callback in self.callbacks):
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
