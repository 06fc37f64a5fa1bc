"""Callbacks beside Keras: the same sequence of epochs is played to both, on a model that only counts."""

import keras
import numpy as np
import pytest

import konv
from konv.callbacks.progress import Progbar
from konv.errors import FileError, KonvError, UnsupportedError

# Keras's own variables warn when NumPy asks them for a view
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAN = float("nan")


class Metrics:
    """What a compiled model shows of its metrics."""

    def __init__(self, library):
        self.name = "compile_metrics"
        self.metrics = [library.metrics.SparseCategoricalAccuracy(name="accuracy"), library.metrics.MeanSquaredError()]


class Model:
    """Weights are the number of the epoch; every call is noted."""

    def __init__(self, library):
        self.optimizer = library.optimizers.SGD(1.0)
        if library is konv:
            self.metrics = [Metrics(konv)]
        else:
            known = keras.src.trainers.compile_utils.MetricsList(Metrics(keras).metrics)
            self.metrics = [known]
        self.stop_training, self.weights, self.notes = False, 0, []

    def get_weights(self):
        return [np.array(self.weights)]

    def set_weights(self, weights):
        self.notes.append(("set", int(weights[0])))

    def save(self, path, overwrite=True):
        self.notes.append(("save", path, self.weights))

    def save_weights(self, path, overwrite=True):
        self.notes.append(("save_weights", path, self.weights))


def play(library, make, logs, batches=0):
    """Train for len(logs) epochs, or until stopped; everything that could be seen of it."""
    model, callback = Model(library), make(library.callbacks)
    calls = library.callbacks.CallbackList([callback], model=model, verbose=0, epochs=len(logs), steps=batches)
    calls.on_train_begin()
    seen = []
    for epoch, numbers in enumerate(logs):
        numbers = dict(numbers)
        model.weights = epoch
        calls.on_epoch_begin(epoch)
        for batch in range(batches):
            calls.on_train_batch_begin(batch)
            calls.on_train_batch_end(batch, numbers)
        calls.on_epoch_end(epoch, numbers)
        seen.append((epoch, float(model.optimizer.learning_rate)))
        if model.stop_training:
            break
    calls.on_train_end()
    return seen, model.notes


def losses(*values, name="val_loss"):
    return [{name: value, "loss": value} for value in values]


FALLING = losses(5, 4, 3, 3.5, 3.2, 2, 2.1, 2.2, 2.3)
RISING = [{"accuracy": value, "loss": 1.0} for value in (0.1, 0.5, 0.4, 0.45, 0.6, 0.5, 0.5)]

CASES = {
    "stop": (lambda c: c.EarlyStopping(), FALLING),
    "patience": (lambda c: c.EarlyStopping(patience=2), FALLING),
    "min_delta": (lambda c: c.EarlyStopping(patience=1, min_delta=1.5), FALLING),
    "rising": (lambda c: c.EarlyStopping(monitor="accuracy", patience=1), RISING),
    "max": (lambda c: c.EarlyStopping(monitor="loss", mode="max", patience=3), FALLING),
    "baseline": (lambda c: c.EarlyStopping(baseline=1.0, patience=4), FALLING),
    "restore": (lambda c: c.EarlyStopping(patience=2, restore_best_weights=True), FALLING),
    "restore at the end": (lambda c: c.EarlyStopping(patience=9, restore_best_weights=True), FALLING),
    "restore nan": (lambda c: c.EarlyStopping(patience=1, restore_best_weights=True), losses(NAN, NAN, NAN)),
    "start": (lambda c: c.EarlyStopping(start_from_epoch=4, restore_best_weights=True), FALLING),
    "plateau": (lambda c: c.ReduceLROnPlateau(patience=2), FALLING),
    "plateau often": (lambda c: c.ReduceLROnPlateau(patience=1, factor=0.5, min_lr=0.2), FALLING),
    "cooldown": (lambda c: c.ReduceLROnPlateau(patience=1, factor=0.5, cooldown=2), losses(*[1.0] * 9)),
    "plateau delta": (lambda c: c.ReduceLROnPlateau(patience=1, min_delta=1.5, mode="min"), FALLING),
    "plateau rising": (lambda c: c.ReduceLROnPlateau(monitor="accuracy", patience=1), RISING),
    "schedule": (lambda c: c.LearningRateScheduler(lambda epoch, rate: rate * 0.5), FALLING),
    "schedule of epochs": (lambda c: c.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)), FALLING),
    "checkpoint": (lambda c: c.ModelCheckpoint("a_{epoch:02d}_{val_loss:.1f}.keras"), FALLING),
    "best": (lambda c: c.ModelCheckpoint("best.keras", save_best_only=True), FALLING),
    "best above": (lambda c: c.ModelCheckpoint("b.keras", save_best_only=True, initial_value_threshold=3.1), FALLING),
    "best accuracy": (lambda c: c.ModelCheckpoint("b.keras", monitor="accuracy", save_best_only=True), RISING),
    "h5": (lambda c: c.ModelCheckpoint("m_{epoch}.h5", save_freq=2, verbose=0), FALLING),
    "weights": (lambda c: c.ModelCheckpoint("w_{epoch}.weights.h5", save_weights_only=True, verbose=0), FALLING),
    "nan": (lambda c: c.TerminateOnNaN(), losses(1, NAN, 1)),
    "inf": (lambda c: c.TerminateOnNaN(), losses(1, float("inf"), 1)),
}


@pytest.mark.parametrize("case", CASES)
def test_like_keras(case):
    make, logs = CASES[case]
    batches = 2 if case in ("nan", "inf") else 0
    assert play(konv, make, logs, batches) == play(keras, make, logs, batches)


def test_checkpoint_after_batches():
    def make(c):
        return c.ModelCheckpoint("e{epoch}_b{batch}.keras", save_freq=3)

    assert play(konv, make, FALLING[:3], batches=4) == play(keras, make, FALLING[:3], batches=4)


def test_csv(tmp_path):
    texts = []
    for library in (konv, keras):
        path = tmp_path / f"{library.__name__}.csv"
        play(library, lambda c: c.CSVLogger(path), FALLING)  # noqa: B023
        play(library, lambda c: c.CSVLogger(str(path), append=True), RISING[:2])  # noqa: B023
        play(library, lambda c: c.CSVLogger(f"{path}2", separator=";"), RISING[:2])  # noqa: B023
        texts.append((path.read_bytes(), path.with_suffix(".csv2").read_bytes()))
    assert texts[0] == texts[1]
    assert texts[0][0].count(b"epoch") == 1


def test_lambda_and_list():
    seen = []
    call = konv.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(("begin", epoch)), on_train_end=lambda logs: seen.append("end"),
        on_train_batch_end=lambda batch, logs: seen.append((batch, logs)))
    group = konv.callbacks.CallbackList([[call]], add_history=True, model=Model(konv), epochs=1)
    group.on_train_begin()
    group.on_epoch_begin(0)
    group.on_train_batch_end(0, {"b": np.float32(2.0), "a": {"z": np.array(1), "y": 3}})
    group.on_epoch_end(0, {"loss": np.float32(0.5)})
    group.on_train_end()
    assert seen == [("begin", 0), (0, {"y": 3.0, "z": 1.0, "b": 2.0}), "end"]
    assert list(seen[1][1]) == ["y", "z", "b"]
    assert group.model.history.history == {"loss": [0.5]}
    assert group.model.history.epoch == [0]


def test_rate_reaches_the_history():
    """Callbacks may add to the logs; the history comes last."""
    model = Model(konv)
    scheduler = konv.callbacks.LearningRateScheduler(lambda epoch, rate: 0.25)
    group = konv.callbacks.CallbackList(scheduler, add_history=True, model=model)
    group.on_train_begin()
    group.on_epoch_begin(0)
    group.on_epoch_end(0, {"loss": 1.0})
    assert model.history.history == {"loss": [1.0], "learning_rate": [0.25]}


def test_messages(capsys):
    play(konv, lambda c: c.EarlyStopping(patience=1, verbose=1, restore_best_weights=True), FALLING)
    play(konv, lambda c: c.ModelCheckpoint("b.keras", save_best_only=True, verbose=1), FALLING[:4])
    play(konv, lambda c: c.ReduceLROnPlateau(patience=1, verbose=1), FALLING[:4])
    play(konv, lambda c: c.LearningRateScheduler(lambda epoch: 0.5, verbose=1), FALLING[:1])
    ours = capsys.readouterr().out
    play(keras, lambda c: c.EarlyStopping(patience=1, verbose=1, restore_best_weights=True), FALLING)
    play(keras, lambda c: c.ModelCheckpoint("b.keras", save_best_only=True, verbose=1), FALLING[:4])
    play(keras, lambda c: c.ReduceLROnPlateau(patience=1, verbose=1), FALLING[:4])
    play(keras, lambda c: c.LearningRateScheduler(lambda epoch: 0.5, verbose=1), FALLING[:1])
    assert ours == capsys.readouterr().out


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: konv.callbacks.ModelCheckpoint("model.bin"), KonvError, [".keras", "model.bin"]),
    (lambda: konv.callbacks.ModelCheckpoint("model.txt"), KonvError, [".keras", ".h5", "model.txt"]),
    (lambda: konv.callbacks.ModelCheckpoint("m.keras", save_weights_only=True), KonvError, [".weights.h5"]),
    (lambda: konv.callbacks.ModelCheckpoint("m.keras", save_freq=1.5), KonvError, ["save_freq", "1.5"]),
    (lambda: play(konv, lambda c: c.ModelCheckpoint("{accuracy}.keras"), FALLING), KonvError, ["accuracy", "val_loss"]),
    (lambda: play(konv, lambda c: c.EarlyStopping(monitor="val_speed"), FALLING), KonvError, ["val_speed", "mode"]),
    (lambda: konv.callbacks.EarlyStopping(patience="3"), KonvError, ["EarlyStopping", "patience", "'3'"]),
    (lambda: konv.callbacks.EarlyStopping(min_delta=None), KonvError, ["min_delta", "None"]),
    (lambda: konv.callbacks.EarlyStopping(monitor=3), KonvError, ["monitor", "val_loss", "3"]),
    (lambda: konv.callbacks.ReduceLROnPlateau(min_lr="0"), KonvError, ["ReduceLROnPlateau", "min_lr", "'0'"]),
    (lambda: konv.callbacks.ReduceLROnPlateau(patienec=3), KonvError, ["patienec", 'did you mean "patience"']),
    (lambda: konv.callbacks.LearningRateScheduler(0.1), KonvError, ["schedule", "0.1"]),
    (lambda: konv.callbacks.ReduceLROnPlateau(factor=1.0), KonvError, ["factor", "1.0"]),
    (lambda: konv.callbacks.ReduceLROnPlateau(epsilon=1), KonvError, ["epsilon"]),
    (lambda: play(konv, lambda c: c.LearningRateScheduler(lambda epoch: "fast"), FALLING), KonvError, ["fast"]),
    (lambda: play(konv, lambda c: c.TerminateOnNaN(True), losses(NAN), 1), RuntimeError, ["batch 0", "nan"]),
    (lambda: konv.callbacks.CallbackList([konv.callbacks.History]), KonvError, ["History"]),
    (lambda: konv.callbacks.RemoteMonitor, UnsupportedError, ["RemoteMonitor", "CSVLogger"]),
    (lambda: konv.callbacks.TensorBoard(profile_batch=2), UnsupportedError, ["profile_batch=2", "konv bench"]),
    (lambda: konv.callbacks.TensorBoard(embeddings_freq=1), UnsupportedError, ["Embedding"]),
    (lambda: konv.callbacks.TensorBoard(update_freq="step"), KonvError, ["update_freq", "'step'"]),
    (lambda: konv.callbacks.BackupAndRestore(""), KonvError, ["backup_dir", "''"]),
    (lambda: konv.callbacks.BackupAndRestore("b", save_freq="batch"), KonvError, ["save_freq", "'batch'"]),
    (lambda: play(konv, lambda c: c.SwapEMAWeights(True), FALLING), KonvError, ["use_ema=True", "SGD"]),
])
def test_errors(call, error, words):
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "m.keras").mkdir()
    with pytest.raises(FileError, match="folder"):
        play(konv, lambda c: c.ModelCheckpoint(tmp_path / "m.keras"), FALLING)


def test_a_missing_number_is_a_warning():
    with pytest.warns(UserWarning, match="val_loss.*accuracy"):
        play(konv, lambda c: c.EarlyStopping(), RISING)
    with pytest.warns(UserWarning, match="unknown"):
        konv.callbacks.EarlyStopping(mode="up")


@pytest.mark.parametrize(("target", "steps", "line"), [
    (3, 3, r"3/3 - 0s - \S+/step - accuracy: 0.5000 - loss: 1.0000e-04"),
    (12, 12, r"12/12 - 0s - \S+/step - accuracy: 0.5000 - loss: 1.0000e-04")])
def test_line_per_epoch(capsys, target, steps, line):
    import re

    Progbar(target, verbose=2).update(steps, [("accuracy", 0.5), ("loss", 1e-4)])
    assert re.fullmatch(line + "\n", capsys.readouterr().out)


def test_bar(capsys, monkeypatch):
    """On a terminal the line is written over; elsewhere only the last one is printed."""
    for dynamic in (False, True):
        monkeypatch.setattr("konv.callbacks.progress.is_interactive", lambda dynamic=dynamic: dynamic)
        bar = Progbar(4, interval=0.0, stateless_metrics=())
        for step in range(1, 4):
            bar.update(step, [("loss", step)])
        bar.update(4, [("loss", 0.25)], finalize=True)
        out = capsys.readouterr().out
        assert out.endswith(" - loss: 0.2500\n")
        assert out.count("\r") == (4 if dynamic else 0)
        assert out.count("loss") == (4 if dynamic else 1)
    monkeypatch.setattr("konv.callbacks.progress.is_interactive", lambda: True)
    bar = Progbar(None, interval=0.0)
    bar.add(5, [("loss", 1.0)])
    bar.add(5, [("loss", 3.0)])
    assert "10/Unknown" in capsys.readouterr().out
    assert bar._values["loss"] == (20.0, 10)
