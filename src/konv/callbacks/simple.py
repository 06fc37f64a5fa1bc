"""Callbacks of a few lines each: a log file, a stop at nan, a learning rate per epoch."""

import csv
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from konv.callbacks.base import Callback, Logs, say
from konv.errors import KonvError, StoppedError


class CSVLogger(Callback):
    """Writes the logs of every epoch as a line of a file, flushed at once.

    Args:
        filename: path of the file.
        separator: between the values.
        append: whether to go on with a file that is there.

    >>> CSVLogger("log.csv", separator=";", append=True).sep
    ';'
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.keys: list[str] | None = None
        self.append_header = True
        self.csv_file: TextIO | None = None
        self.writer: csv.DictWriter | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        path = Path(self.filename)
        if self.append and path.exists():
            self.append_header = path.stat().st_size == 0
        self.on_train_end()
        self.csv_file = path.open("a" if self.append else "w", newline="", encoding="utf-8")
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self.csv_file is None:
            raise KonvError("CSVLogger: on_epoch_end was called before on_train_begin")
        if self.keys is None or self.writer is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                # validation may come in a later epoch (validation_freq), and the header is written only once
                self.keys += [f"val_{key}" for key in self.keys]
            self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], delimiter=self.sep)
            if self.append_header:
                self.writer.writeheader()
        self.writer.writerow({"epoch": epoch} | {key: _cell(logs.get(key, "NA")) for key in self.keys})
        self.csv_file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = self.writer = None


class TerminateOnNaN(Callback):
    """Stops training when the loss of a batch is nan or infinite.

    Args:
        raise_error: whether to raise instead.
    Raises:
        StoppedError: in training, with raise_error=True.

    >>> TerminateOnNaN().raise_error
    False
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or np.isfinite(loss):
            return
        if self.raise_error:
            raise StoppedError(f"TerminateOnNaN: the loss of batch {batch} is {loss}")
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of every epoch to schedule(epoch, rate).

    Args:
        schedule: a function of the epoch, from 0 on, and the current rate that returns a float.
        verbose: 1 prints each rate.
    Raises:
        KonvError: a schedule that is not a function; in training, one that returns something else.

    >>> LearningRateScheduler(lambda epoch, rate: rate * 0.9).verbose
    0
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise KonvError(f"LearningRateScheduler: schedule must be a function of (epoch, rate), got {schedule!r}")
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        try:
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        except TypeError:
            rate = self.schedule(epoch)  # an older form
        if not isinstance(rate, (float, np.floating)):
            raise KonvError(f"LearningRateScheduler: schedule must return a float, got {rate!r}")
        optimizer.learning_rate = rate
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _cell(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value
    return f'"[{", ".join(map(str, value))}]"'
