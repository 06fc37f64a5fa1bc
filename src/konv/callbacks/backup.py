"""Callbacks about weights besides the current ones: a backup to go on from, and running averages."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from konv.callbacks.base import Callback, Logs, batches_between
from konv.errors import FileError, KonvError

MAX_METADATA = 10_000  # characters


class BackupAndRestore(Callback):
    """Saves weights, optimizer state and epoch while training, so that `fit` goes on there after an interruption.

    Args:
        backup_dir: the folder of the backup.
        save_freq: "epoch", or every how many batches to save.
        double_checkpoint: whether to keep the backup before, for the case that the machine stopped while writing the newest.
        delete_checkpoint: whether to remove the backup when training comes to its end.
    Raises:
        KonvError: no folder, or a save_freq that is neither; at the beginning of `fit`, a model that is not built.
        FileError: a backup that is damaged.

    >>> BackupAndRestore("backup", save_freq=100).save_freq
    100
    """

    def __init__(self, backup_dir: str | os.PathLike[str], save_freq: int | str = "epoch", double_checkpoint: bool = False,
                 delete_checkpoint: bool = True) -> None:
        super().__init__()
        if not backup_dir:
            raise KonvError(f"BackupAndRestore: backup_dir must be the path of a folder, got {backup_dir!r}")
        self.save_freq = batches_between(save_freq, "BackupAndRestore", "save_freq")
        self.backup_dir = os.fspath(backup_dir)
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._prev_weights_path = f"{self._weights_path}.bkp"
        self._prev_training_metadata_path = f"{self._training_metadata_path}.bkp"
        self._current_epoch = self._last_batch_seen = self._since = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.model.built:
            raise KonvError("BackupAndRestore: the model must be built before fit(); give it an Input, or call it on a batch")
        try:
            self._restore()
        except (OSError, ValueError):
            if not os.path.exists(self._prev_weights_path):
                raise
            shutil.copy(self._prev_weights_path, self._weights_path)
            shutil.copy(self._prev_training_metadata_path, self._training_metadata_path)
            self._restore()

    def _restore(self) -> None:
        if os.path.exists(self._weights_path):
            if not self.model.optimizer.built:
                self.model.optimizer.build(self.model.trainable_variables)
            self.model.load_weights(self._weights_path)
        if os.path.exists(self._training_metadata_path):
            self.model._trainer.initial_epoch = _epoch(Path(self._training_metadata_path))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch, self._last_batch_seen = epoch + 1, 0
        if self.save_freq == "epoch":
            self._save()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.save_freq, str):
            return
        last = self._last_batch_seen
        self._since += batch + 1 if batch <= last else batch - last
        self._last_batch_seen = batch
        if self._since >= self.save_freq:
            self._since = 0
            self._save()

    def _save(self) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and os.path.exists(self._weights_path):
            shutil.copy(self._weights_path, self._prev_weights_path)
            shutil.copy(self._training_metadata_path, self._prev_training_metadata_path)
        self.model.save_weights(self._weights_path, overwrite=True)
        where = {"epoch": self._current_epoch, "batch": self._last_batch_seen}
        fresh = Path(f"{self._training_metadata_path}.new")
        fresh.write_text(json.dumps(where))
        fresh.replace(self._training_metadata_path)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint and os.path.exists(self.backup_dir):
            shutil.rmtree(self.backup_dir)


def _epoch(path: Path) -> int:
    """The number of epochs that are done, out of a file that may be damaged."""
    with path.open(encoding="utf-8", errors="replace") as file:
        text = file.read(MAX_METADATA + 1)
    try:
        epoch = json.loads(text)["epoch"] if len(text) <= MAX_METADATA else None
    except (ValueError, LookupError, TypeError, RecursionError):
        epoch = None
    if isinstance(epoch, bool) or not isinstance(epoch, int) or not 0 <= epoch < 1 << 31:
        raise FileError(f'{path}: must hold the number of the epoch to go on with, as {{"epoch": 3, "batch": 0}}; delete '
                        f"{path.parent} to train from the beginning")
    return epoch


class SwapEMAWeights(Callback):
    """Validates and predicts with the running averages of the weights that an optimizer with use_ema=True keeps.

    Args:
        swap_on_epoch: whether the averages are in the model at the end of each epoch too, so that a ModelCheckpoint that
            comes after this callback saves them.
    Raises:
        KonvError: at the first use, an optimizer without use_ema=True.

    >>> SwapEMAWeights(swap_on_epoch=True).swap_on_epoch
    True
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._ema_weights_in_model = False

    def _pairs(self) -> list[tuple[Any, Any]]:
        optimizer = self.model.optimizer
        if not getattr(optimizer, "use_ema", False):
            raise KonvError(f"SwapEMAWeights must be used when `use_ema=True` is set on the optimizer, which is {optimizer!r}")
        return list(zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True))

    def _swap(self, averaged: bool) -> None:
        """Averages into the model, or back out of it."""
        if averaged == self._ema_weights_in_model:
            return
        for variable, average in self._pairs():
            held = variable.numpy()
            variable.assign(average.array)
            average.assign(held)
        self._ema_weights_in_model = averaged

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._swap(True)
            if self.params and epoch == self.params["epochs"] - 1:
                for variable, average in self._pairs():  # the end of training puts the averages in place once more
                    average.assign(variable.array)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._swap(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._swap(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._swap(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._swap(False)
