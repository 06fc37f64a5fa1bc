"""The edges of fit: no epochs, streams that end, a batch size beside batches, paths as they were given."""

import numpy as np
import pytest

import konv
from konv.errors import KonvError

random = np.random.default_rng(0)
X, LABELS = random.standard_normal((20, 6)).astype(np.float32), random.integers(0, 3, 20)


@pytest.fixture
def model():
    model = konv.Sequential([konv.Input((6,)), konv.layers.Dense(3, activation="softmax")], name="net")
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def batches(count):
    return ((X[4 * i:4 * i + 4], LABELS[4 * i:4 * i + 4]) for i in range(count))


def test_no_epochs_are_an_empty_history(model):
    assert model.fit(X, LABELS, epochs=0, verbose=0).history == {}


def test_a_batch_size_beside_batches_is_a_warning(model):
    with pytest.warns(UserWarning, match="batch_size=2 decides nothing beside an iterable of batches"):
        assert len(model.fit(batches(5), batch_size=2, verbose=0).epoch) == 1


def test_a_validation_that_runs_dry_does_not_end_training(model):
    with pytest.warns(UserWarning, match="validation_data gave no batches for epoch 2; give validation_steps"):
        history = model.fit(X, LABELS, epochs=3, validation_data=batches(2), verbose=0).history
    assert [len(history[name]) for name in ("loss", "val_loss")] == [3, 1]


def test_a_validation_without_any_batch_is_an_error(model):
    with pytest.raises(KonvError, match="validation_data gave no batches for epoch 1"):
        model.fit(X, LABELS, validation_data=batches(0), verbose=0)


def test_a_checkpoint_prints_the_path_that_was_given(model, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model.fit(X, LABELS, verbose=0, callbacks=[konv.callbacks.ModelCheckpoint("./m-{epoch}.keras", verbose=1)])
    assert "Epoch 1: saving model to ./m-1.keras\n" in capsys.readouterr().out
