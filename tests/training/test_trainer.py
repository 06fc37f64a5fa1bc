"""The edges of fit: no epochs, streams that end, a batch size beside batches, paths as they were given."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError

# of NumPy, about JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

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


def test_losses_of_a_dict_of_outputs_stand_in_the_order_in_which_they_were_given():
    y = {"late": random.random((20, 1)), "early": random.random((20, 1))}
    for library in (keras, konv):
        features = library.Input((6,))
        outputs = {name: library.layers.Dense(1, kernel_initializer=start)(features)
                   for name, start in (("early", "ones"), ("late", "zeros"))}
        model = library.Model(features, outputs)
        model.compile("sgd", {"late": "mse", "early": "mae"})
        numbers = model.evaluate(X, y, verbose=0)
        named = model.evaluate(X, y, verbose=0, return_dict=True)
        assert [metric.name for metric in model.metrics] == ["loss", "late_loss", "early_loss"]
        assert numbers == [named["loss"], named["late_loss"], named["early_loss"]]


def test_one_class_for_a_loss_of_several_is_a_warning():
    for library in (keras, konv):
        with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
            library.losses.CategoricalCrossentropy()(np.ones((4, 1)), np.ones((4, 1), np.float32))


@pytest.mark.parametrize("call", ["train_on_batch", "test_on_batch"])
def test_a_loss_beyond_all_numbers_is_infinite(call):
    model = konv.Sequential([konv.Input((2,)), konv.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=["mse"])
    assert np.isinf(getattr(model, call)(np.full((3, 2), 1e30), np.zeros((3, 1)))).all()
