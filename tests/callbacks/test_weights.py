"""Callbacks that save, restore and swap weights, and write logs, on models that train."""

import struct

import keras
import numpy as np
import pytest

import konv
from konv.errors import FileError, KonvError, MissingExtraError

# Keras's own variables warn when NumPy asks them for a view
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

random = np.random.default_rng(0)
X, Y = random.random((12, 3)).astype(np.float32), random.random((12, 1)).astype(np.float32)


def compiled(library, optimizer="adam"):
    model = library.Sequential([library.Input((3,)), library.layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def fit(model, *callbacks, **options):
    return model.fit(X, Y, **{"batch_size": 4, "shuffle": False, "verbose": 0, "callbacks": list(callbacks)} | options)


class Interrupt(konv.callbacks.Callback):
    def __init__(self, batch=None, epoch=None):
        super().__init__()
        self.batch, self.epoch, self.seen = batch, epoch, 0

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1
        if self.seen == self.batch:
            raise RuntimeError("interrupted")

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise RuntimeError("interrupted")


@pytest.mark.parametrize("corrupted", [False, True])
def test_training_goes_on_with_the_same_numbers(tmp_path, corrupted):
    whole, folder = compiled(konv), tmp_path / "backup"
    wanted = fit(whole, epochs=5)
    broken = compiled(konv)
    backup = konv.callbacks.BackupAndRestore(folder, double_checkpoint=corrupted)
    with pytest.raises(RuntimeError):
        fit(broken, backup, Interrupt(epoch=1), epochs=5)
    assert folder.exists()
    if corrupted:
        (folder / "latest.weights.h5").write_bytes(b"0")
    again = compiled(konv)
    history = fit(again, konv.callbacks.BackupAndRestore(str(folder)), epochs=5)
    first = 1 if corrupted else 2
    assert history.epoch == list(range(first, 5))
    np.testing.assert_array_equal(history.history["loss"], wanted.history["loss"][first:])
    for a, b in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not folder.exists()
    assert fit(again, epochs=1).epoch == [0]


def test_backup_after_batches(tmp_path):
    seen = []
    for library in (konv, keras):
        folder = tmp_path / library.__name__
        backup, interrupt = library.callbacks.BackupAndRestore(folder, save_freq=2), Interrupt(batch=5)
        interrupt.__class__ = type("Interrupt", (Interrupt, library.callbacks.Callback), {})
        with pytest.raises(RuntimeError):
            fit(compiled(library), backup, interrupt, epochs=5)
        seen.append(((folder / "training_metadata.json").read_text(), backup._current_epoch, backup._last_batch_seen))
        history = fit(compiled(library), library.callbacks.BackupAndRestore(folder, delete_checkpoint=False), epochs=3)
        seen[-1] += (history.epoch, folder.exists())
    assert seen[0] == seen[1]


@pytest.mark.parametrize("text", ["", "[]", '{"epoch": "1"}', '{"epoch": -1}', '{"epoch": 1e9}', "[" * 9000, "x" * 20_000])
def test_a_damaged_note_of_the_epoch(text, tmp_path):
    (tmp_path / "training_metadata.json").write_text(text)
    with pytest.raises(FileError, match="must hold the number of the epoch"):
        fit(compiled(konv), konv.callbacks.BackupAndRestore(tmp_path), epochs=1)


def test_an_unbuilt_model(tmp_path):
    model = konv.Sequential([konv.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.build_for = lambda *shapes: None  # as if data did not tell
    backup = konv.callbacks.BackupAndRestore(tmp_path)
    backup.set_model(model)
    with pytest.raises(KonvError, match="built before fit"):
        backup.on_train_begin()


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_averages(swap_on_epoch):
    results = []
    for library in (konv, keras):
        model = compiled(library, library.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.7))
        swap = library.callbacks.SwapEMAWeights(swap_on_epoch)
        kept = []
        note = library.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs, m=model, k=kept: k.append(m.get_weights()[0]))
        history = fit(model, swap, note, epochs=3, validation_data=(X, Y))
        results.append((history.history["val_loss"], kept, model.get_weights()[0], model.evaluate(X, Y, verbose=0)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def records(folder):
    """The summaries of all event files in a folder."""
    from tensorboardX.proto.event_pb2 import Event

    for path in sorted(folder.glob("events*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            size = struct.unpack_from("<Q", data, at)[0]  # length, its checksum, the event, its checksum
            event = Event.FromString(data[at + 12 : at + 12 + size])
            at += 16 + size
            for value in event.summary.value:
                yield value, event.step


def test_tensorboard(tmp_path):
    model = compiled(konv, konv.optimizers.SGD(0.1))
    board = konv.callbacks.TensorBoard(tmp_path, histogram_freq=2, write_images=True, update_freq=2,
                                       write_steps_per_second=True)
    history = fit(model, board, epochs=3, validation_data=(X, Y))
    train, checks = list(records(tmp_path / "train")), list(records(tmp_path / "validation"))
    numbers, checked = ({(value.tag, step): value.simple_value for value, step in part if value.HasField("simple_value")}
                        for part in (train, checks))
    for epoch in range(3):
        np.testing.assert_allclose(numbers["epoch_mae", epoch], history.history["mae"][epoch], rtol=1e-6)
        assert ("epoch_learning_rate", epoch) in numbers
        for name in (("evaluation_loss_vs_iterations", 3 * epoch + 3), ("epoch_loss", epoch)):
            np.testing.assert_allclose(checked[name], history.history["val_loss"][epoch], rtol=1e-6)
    assert sorted(step for tag, step in numbers if tag == "batch_loss") == [2, 4, 6, 8]
    assert {"epoch_steps_per_second", "batch_steps_per_second"} <= {tag for tag, _ in numbers}
    drawn = {(value.tag, step) for value, step in train if value.HasField("histo") or value.HasField("image")}
    assert {(f"{w.path}/{kind}", step) for w in model.weights for kind in ("histogram", "image") for step in (0, 2)
            if kind == "histogram" or w.size > 1} == drawn
    graph = next(value for value, _ in train if value.tag == "keras")
    assert graph.metadata.plugin_data.plugin_name == "graph_keras_model"
    assert graph.tensor.string_val[0].decode() == model.to_json()


def test_tensorboard_without_its_library(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"konv\[tensorboard\]"):
        fit(compiled(konv), konv.callbacks.TensorBoard())
