"""Logs for TensorBoard, written by tensorboardX (extra `tensorboard`)."""

import os
import time
from typing import Any

import numpy as np

from konv.callbacks.base import Callback, Logs, batches_between
from konv.errors import UnsupportedError, import_extra


class TensorBoard(Callback):
    """Writes loss, metrics and learning rate of epochs (and batches), weights and the model for `tensorboard --logdir`.

    Args:
        log_dir: the folder of the logs.
        histogram_freq: every how many epochs to write histograms of all weights; 0 for never.
        write_graph: whether to write the model.
        write_images: whether to write pictures of the weights, with the histograms.
        write_steps_per_second: whether to write how fast training is.
        update_freq: "epoch", "batch" or every how many batches to write.
        profile_batch, embeddings_freq, embeddings_metadata: not supported.
    Raises:
        MissingExtraError: the extra `tensorboard` is not installed.
        UnsupportedError: an argument that is not supported.

    >>> TensorBoard("logs", update_freq="batch").update_freq
    1
    """

    def __init__(self, log_dir: str | os.PathLike[str] = "logs", histogram_freq: int = 0, write_graph: bool = True,
                 write_images: bool = False, write_steps_per_second: bool = False, update_freq: int | str = "epoch",
                 profile_batch: Any = 0, embeddings_freq: int = 0, embeddings_metadata: Any = None) -> None:
        super().__init__()
        if profile_batch:
            raise UnsupportedError(f"TensorBoard: profile_batch={profile_batch!r} is not supported; "
                                   f"`konv bench model.keras --training` shows where the time goes")
        if embeddings_freq or embeddings_metadata:
            raise UnsupportedError("TensorBoard: embeddings_freq and embeddings_metadata are not supported: konv has no "
                                   "Embedding layer")
        steps = batches_between(1 if update_freq == "batch" else update_freq, "TensorBoard", "update_freq", '"epoch", "batch"')
        self.log_dir, self.histogram_freq, self.write_graph = os.fspath(log_dir), histogram_freq, write_graph
        self.write_images, self.write_steps_per_second, self.update_freq = write_images, write_steps_per_second, steps
        self._writers: dict[str, Any] = {}
        self._batch = self._epoch_batch = 0
        self._batch_start = self._epoch_start = 0.0

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        import_extra("tensorboardX", "tensorboard")
        if self.write_graph and model.built:
            self._write_model(model)

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            tensorboard = import_extra("tensorboardX", "tensorboard")
            self._writers[part] = tensorboard.SummaryWriter(os.path.join(self.log_dir, part), write_to_disk=True)
        return self._writers[part]

    def _write_model(self, model: Any) -> None:
        """The architecture, as the plugin for graphs of Keras reads it."""
        summary: Any = import_extra("tensorboardX.proto.summary_pb2", "tensorboard").Summary
        value = summary.Value(tag="keras")
        value.metadata.plugin_data.plugin_name, value.metadata.plugin_data.content = "graph_keras_model", b"1"
        value.tensor.dtype = 7  # a string
        value.tensor.string_val.append(model.to_json().encode())
        self._writer("train").file_writer.add_summary(summary(value=[value]), 0)

    def _scalars(self, part: str, prefix: str, logs: Logs, step: int, suffix: str = "") -> None:
        for name, value in logs.items():
            if np.ndim(value) == 0:
                self._writer(part).add_scalar(f"{prefix}{name}{suffix}", float(value), step)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._batch = 0

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._batch += 1
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.update_freq, str) or self._batch % self.update_freq:
            return
        values = dict(logs or {})
        if self.write_steps_per_second:
            values["steps_per_second"] = 1.0 / max(time.perf_counter() - self._batch_start, 1e-9)
        self._scalars("train", "batch_", values, self._batch)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if self.model.optimizer is not None:
            self._scalars("validation", "evaluation_", logs or {}, int(self.model.optimizer.iterations), "_vs_iterations")
            self._flush()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch_start, self._epoch_batch = time.perf_counter(), self._batch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        values = logs or {}
        trained = {name: value for name, value in values.items() if not name.startswith("val_")}
        trained["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            trained["steps_per_second"] = (self._batch - self._epoch_batch) / (time.perf_counter() - self._epoch_start)
        checked = {name[4:]: value for name, value in values.items() if name.startswith("val_")}
        self._scalars("train", "epoch_", trained, epoch)
        self._scalars("validation", "epoch_", checked, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        self._flush()

    def _write_weights(self, epoch: int) -> None:
        for variable in self.model.weights:
            self._writer("train").add_histogram(f"{variable.path}/histogram", variable.array, epoch)
            if self.write_images and (image := _image(variable.array)) is not None:
                self._writer("train").add_images(f"{variable.path}/image", image, epoch, dataformats="NHWC")

    def _flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _image(weight: np.ndarray) -> np.ndarray | None:
    """A weight as images (N, H, W, 1 or 3 or 4) from 0 to 1, laid out as Keras does; None where it is none."""
    weight = weight.squeeze()
    if weight.ndim == 1:
        weight = weight[None, :, None, None]
    elif weight.ndim == 2:
        weight = (weight.T if weight.shape[0] > weight.shape[1] else weight)[None, :, :, None]
    elif weight.ndim == 3:
        weight = weight.transpose(2, 0, 1)[..., None]
    if weight.ndim != 4 or weight.shape[-1] not in (1, 3, 4):
        return None
    low, high = float(weight.min()), float(weight.max())
    return (weight - low) / (high - low or 1.0)
