"""Callbacks that watch one of the logs and act when it improves or stops improving."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from konv.callbacks.base import Callback, Logs, batches_between, say
from konv.errors import FileError, KonvError, meant, warn
from konv.ops import greater, less


def rises(model: Any, name: str) -> bool | None:
    """Whether a loss or metric of a model should rise in training; None if that is not known."""
    if name == "loss":
        return False
    for group in getattr(model, "metrics", ()):
        for metric in getattr(group, "metrics", ()):
            if metric.name == name and getattr(metric, "_direction", None):
                return metric._direction == "up"
    return None


class MonitorCallback(Callback):
    """Base of the callbacks that watch one of the logs.

    Args:
        monitor: the name of the loss or metric, such as "val_loss".
        mode: "max" if larger is better, "min" if smaller; "auto" asks the metric of that name, and a loss should fall.
        baseline: what the first value has to be better than.
        min_delta: by how much it has to be better.
    Raises:
        KonvError: an argument that is not what it should be; in training, a name whose direction is not known.
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None,
                 min_delta: float = 0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warn(f'{type(self).__name__}: mode={mode!r} is unknown, "auto" is used')
            mode = "auto"
        if not isinstance(monitor, str):
            raise KonvError(f'{type(self).__name__}: monitor must be a name such as "val_loss", got {monitor!r}')
        self.monitor, self.mode, self.best = monitor, mode, None if baseline is None else self._number("baseline", baseline)
        self.min_delta = abs(self._number("min_delta", min_delta))
        self.monitor_op: Callable[[Any, Any], bool] | None = None

    def _number(self, argument: str, value: Any) -> Any:
        """The value, if it is a number."""
        if not isinstance(value, (int, float, np.number)):
            raise KonvError(f"{type(self).__name__}: {argument} must be a number, got {value!r}")
        return value

    def _set_monitor_op(self) -> None:
        """Decide which direction is better, when the model's metrics are known."""
        if self.monitor_op is not None:
            return
        self.monitor_op = {"min": less, "max": greater}.get(self.mode) or self._automatic_op()
        if self.monitor_op is less:
            self.min_delta = -self.min_delta

    def _automatic_op(self) -> Callable[[Any, Any], bool]:
        upwards = rises(self.model, self.monitor.removeprefix("val_"))
        if upwards is None:
            raise KonvError(f'{type(self).__name__}: monitor="{self.monitor}": whether it should rise or fall is not '
                            f'known; give mode="max" or mode="min"')
        return greater if upwards else less

    def _is_improvement(self, value: Any, reference: Any) -> bool:
        if reference is None:
            return True
        assert self.monitor_op is not None
        return bool(self.monitor_op(value - self.min_delta, reference))

    def get_monitor_value(self, logs: Logs | None, hint: str = "") -> Any:
        """The value of this epoch, or None with a warning."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warn(f'{type(self).__name__}: monitor="{self.monitor}" is not among the numbers of the epoch: '
                 f"{', '.join(logs or {})}{hint}")
        return value


class EarlyStopping(MonitorCallback):
    """Stops training when the watched value has not improved for `patience` epochs.

    Args:
        monitor, min_delta, mode: as in MonitorCallback.
        patience: how many epochs without improvement are let pass.
        verbose: 1 prints why training stops.
        baseline: only values better than this one count as an improvement.
        restore_best_weights: whether to put back the weights of the best epoch.
        start_from_epoch: epochs before this one do not count.

    >>> EarlyStopping(monitor="val_accuracy", patience=3, restore_best_weights=True).patience
    3
    """

    def __init__(self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0, verbose: int = 0,
                 mode: str = "auto", baseline: float | None = None, restore_best_weights: bool = False,
                 start_from_epoch: int = 0) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose = self._number("patience", patience), self._number("verbose", verbose)
        self.baseline = None if baseline is None else self._number("baseline", baseline)
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = self._number("start_from_epoch", start_from_epoch)
        self._forget()

    def _forget(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = None
        self.best_weights: list[np.ndarray] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._set_monitor_op()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            # even if no epoch ever improves (all nan), there is something to go back to
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after epochs or batches.

    Args:
        filepath: path of a ".keras", ".h5" or ".weights.h5" file; may hold {epoch:02d}, {val_loss:.2f} and so on.
        monitor, mode: as in MonitorCallback.
        verbose: 1 prints what is done.
        save_best_only: whether to save only when the watched value has improved.
        save_weights_only: whether to save the weights alone.
        save_freq: "epoch", or every how many batches to save.
        initial_value_threshold: what the first value has to be better than.
    Raises:
        KonvError: an argument that is not what it should be; in training, a name in filepath that the logs have not.
        FileError: filepath is a folder.

    >>> ModelCheckpoint("best.keras", monitor="val_accuracy", save_best_only=True).save_freq
    'epoch'
    """

    def __init__(self, filepath: str | os.PathLike[str], monitor: str = "val_loss", verbose: int = 0,
                 save_best_only: bool = False, save_weights_only: bool = False, mode: str = "auto",
                 save_freq: int | str = "epoch", initial_value_threshold: float | None = None) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = self._number("verbose", verbose)
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.save_freq = batches_between(save_freq, "ModelCheckpoint", "save_freq")
        self._since, self._epoch = 0, 0
        self._last_batch: int | None = None
        if save_weights_only and not self.filepath.endswith(".weights.h5"):
            raise KonvError(f'ModelCheckpoint: with save_weights_only=True filepath must end in ".weights.h5", got '
                            f'"{self.filepath}"')
        if not save_weights_only and not self.filepath.endswith((".keras", ".h5")):
            raise KonvError(f'ModelCheckpoint: filepath must end in ".keras" or ".h5", got "{self.filepath}"')

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self._due(batch):
            self._save(self._epoch, batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def _due(self, batch: int) -> bool:
        if isinstance(self.save_freq, str):
            return False
        last = self._last_batch
        self._since += batch + 1 if last is None or batch <= last else batch - last
        self._last_batch = batch
        if self._since < self.save_freq:
            return False
        self._since = 0
        return True

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        path = self._path(epoch, batch, logs or {})
        if not self._wanted(epoch, logs or {}, path):
            return
        if Path(path).is_dir():
            raise FileError(f'ModelCheckpoint: "{path}" is a folder; give the path of a file')
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def _wanted(self, epoch: int, logs: Logs, path: str) -> bool:
        if not self.save_best_only:
            if self.verbose > 0:
                say(f"\nEpoch {epoch + 1}: saving model to {path}")
            return True
        current = self.get_monitor_value(logs, "; the model is saved all the same")
        if current is None:
            return True
        self._set_monitor_op()
        before = "None" if self.best is None else f"{self.best:.5f}"
        better = self._is_improvement(current, self.best)
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: {self.monitor} improved from {before} to {current:.5f}, saving model to {path}"
                if better else f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {before}")
        if better:
            self.best = current
        return better

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        known = {"epoch": epoch + 1} | ({} if batch is None else {"batch": batch + 1}) | logs
        try:
            return self.filepath.format(**known)
        except KeyError as error:
            raise KonvError(f'ModelCheckpoint: filepath="{self.filepath}" asks for {error}; there are: '
                            f"{', '.join(known)}") from None


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when the watched value has not improved for `patience` epochs.

    Args:
        monitor, mode, min_delta: as in MonitorCallback.
        factor: below 1.
        patience: how many epochs without improvement are let pass.
        verbose: 1 prints each change.
        cooldown: how many epochs after a change do not count.
        min_lr: the learning rate that it does not go below.
    Raises:
        KonvError: an argument that is unknown or not what it should be.

    >>> ReduceLROnPlateau(factor=0.2, patience=5, min_lr=1e-5).factor
    0.2
    """

    def __init__(self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0,
                 mode: str = "auto", min_delta: float = 1e-4, cooldown: int = 0, min_lr: float = 0.0, **kwargs: Any) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if kwargs:
            unknown = ", ".join(f"{argument}{meant(type(self), argument)}" for argument in kwargs)
            raise KonvError(f"ReduceLROnPlateau: unknown argument{'s' if len(kwargs) > 1 else ''} {unknown}")
        if self._number("factor", factor) >= 1.0:
            raise KonvError(f"ReduceLROnPlateau: factor must be below 1, got {factor!r}")
        self.factor, self.patience = factor, self._number("patience", patience)
        self.verbose, self.cooldown = self._number("verbose", verbose), self._number("cooldown", cooldown)
        self.min_lr = self._number("min_lr", min_lr)
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.cooldown_counter = self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._set_monitor_op()
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = self.get_monitor_value(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        old = float(self.model.optimizer.learning_rate)
        if old <= np.float32(self.min_lr):
            return
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter, self.wait = self.cooldown, 0

    def in_cooldown(self) -> bool:
        """Whether epochs pass without being counted, after a reduction."""
        return self.cooldown_counter > 0
