"""What fit, evaluate and predict do, apart from numbers: seeds, callbacks, forms of data, errors that harm nothing."""

import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError, UnsupportedError

random = np.random.default_rng(0)
N = 40
X = random.standard_normal((N, 6)).astype(np.float32)
LABELS = random.integers(0, 3, N)


def network(dropout=0.0, name=None):
    return konv.Sequential([konv.Input((6,), name="features"), konv.layers.Dense(8, activation="relu"),
                            konv.layers.Dropout(dropout), konv.layers.BatchNormalization(),
                            konv.layers.Dense(3, activation="softmax")], name=name)


@pytest.fixture
def model():
    model = network(name="net")
    model.compile(konv.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model, *args, **kwargs):
    return model.fit(*args, **({"verbose": 0, "batch_size": 16} | kwargs))


# --- randomness ---------------------------------------------------------------------------------------


def trained(seed, by_batch=False):
    konv.utils.set_random_seed(seed)
    model = network(dropout=0.5)
    model.compile("adam", "sparse_categorical_crossentropy")
    if by_batch:
        for _ in range(3):
            model.train_on_batch(X, LABELS)
    else:
        fit(model, X, LABELS, epochs=2)
    return np.concatenate([array.ravel() for array in model.get_weights()])


@pytest.mark.parametrize("by_batch", [False, True])
def test_the_same_seed_gives_the_same_bits(by_batch):
    first = trained(1, by_batch)
    np.testing.assert_array_equal(first, trained(1, by_batch))
    assert np.abs(first - trained(2, by_batch)).max() > 1e-3


def test_dropout_masks_differ_between_steps_and_fits():
    model = konv.Sequential([konv.layers.Dropout(0.5, input_shape=(500,)), konv.layers.Dense(1)])
    model.compile(konv.optimizers.SGD(0.0), "mse")
    x, y = np.ones((1, 500), np.float32), np.zeros((1, 1))
    losses = [model.train_on_batch(x, y) for _ in range(3)]
    losses += [fit(model, x, y).history["loss"][0] for _ in range(3)]
    assert len(set(losses)) == 6


def test_shuffling_is_anew_in_every_epoch(model):
    seen = []

    class Watch(konv.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    model.compile(konv.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    fit(model, X, LABELS, epochs=2, callbacks=[Watch()])
    assert seen[0] != seen[3]
    seen.clear()
    fit(model, X, LABELS, epochs=2, callbacks=[Watch()], shuffle=False)
    np.testing.assert_allclose(seen[0], seen[3], rtol=1e-6)
    seen.clear()
    fit(model, X, LABELS, epochs=2, callbacks=[Watch()], shuffle="batch")
    np.testing.assert_allclose(seen[2], seen[5], rtol=1e-5)


# --- callbacks ----------------------------------------------------------------------------------------


class Notes(konv.callbacks.Callback):
    """Every event in its order."""

    def __init__(self, stop=None):
        super().__init__()
        self.events, self.stop = [], stop

    def __getattribute__(self, name):
        if name.startswith("on_"):
            events, stop = super().__getattribute__("events"), super().__getattribute__("stop")

            def note(*args, logs=None):
                events.append((name, *[arg for arg in args if isinstance(arg, int)]))
                if (name, *args) == stop:
                    self.model.stop_training = True

            return note
        return super().__getattribute__(name)


def test_order_of_events(model):
    notes = Notes()
    fit(model, X, LABELS, batch_size=20, validation_data=(X[:5], LABELS[:5]), callbacks=[notes])
    assert notes.events == [
        ("on_train_begin",), ("on_epoch_begin", 0), ("on_train_batch_begin", 0), ("on_train_batch_end", 0),
        ("on_train_batch_begin", 1), ("on_train_batch_end", 1), ("on_test_begin",), ("on_test_batch_begin", 0),
        ("on_test_batch_end", 0), ("on_test_end",), ("on_epoch_end", 0), ("on_train_end",)]
    assert notes.params == {"verbose": 0, "epochs": 1, "steps": 2}
    notes.events.clear()
    model.predict(X, verbose=0, callbacks=[notes])
    assert [event[0] for event in notes.events[:2]] == ["on_predict_begin", "on_predict_batch_begin"]


def test_stop_in_the_middle_of_an_epoch(model):
    notes = Notes(stop=("on_train_batch_end", 1))
    history = fit(model, X, LABELS, epochs=5, callbacks=[notes])
    assert history.epoch == [0]
    assert ("on_train_batch_end", 2) not in notes.events
    assert fit(model, X, LABELS, epochs=2).epoch == [0, 1]


def test_steps_per_execution(model):
    model.compile("sgd", "sparse_categorical_crossentropy", steps_per_execution=2)
    notes = Notes()
    fit(model, X, LABELS, callbacks=[notes])
    assert [event for event in notes.events if "batch" in event[0]] == [
        ("on_train_batch_begin", 0), ("on_train_batch_end", 1), ("on_train_batch_begin", 2), ("on_train_batch_end", 2)]


def test_early_stopping_restores_the_best_weights(model):
    class Spoil(konv.callbacks.Callback):
        """After the first epoch the last layer is ruined."""

        def on_epoch_begin(self, epoch, logs=None):
            if epoch:
                self.model.layers[-1].kernel.assign(self.model.layers[-1].kernel.numpy() * -100)

    stop = konv.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    history = fit(model, X, LABELS, epochs=9, callbacks=[Spoil(), stop], validation_data=(X, LABELS))
    assert history.epoch == [0, 1, 2]
    np.testing.assert_allclose(model.evaluate(X, LABELS, verbose=0)[0], history.history["val_loss"][0], rtol=1e-5)


def test_reduce_rate_and_csv(model, tmp_path):
    history = fit(model, X, LABELS, epochs=3, callbacks=[
        konv.callbacks.ReduceLROnPlateau(monitor="accuracy", min_delta=2.0, patience=1, factor=0.5),
        konv.callbacks.CSVLogger(tmp_path / "log.csv"), konv.callbacks.TerminateOnNaN()])
    np.testing.assert_allclose(history.history["learning_rate"], [0.01, 0.01, 0.005], rtol=1e-6)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == "epoch,accuracy,learning_rate,loss,val_accuracy,val_learning_rate,val_loss"
    assert len(lines) == 4


def test_nan_stops(model):
    model.layers[-1].bias.assign([np.nan] * 3)
    history = fit(model, X, LABELS, epochs=3, callbacks=[konv.callbacks.TerminateOnNaN()])
    assert history.epoch == [0]
    assert np.isnan(history.history["loss"][0])


def test_printed_lines(model, capsys):
    fit(model, X, LABELS, epochs=2, verbose=2, validation_split=0.25)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2"
    assert lines[1].startswith("2/2 - ")
    names = [part.split(":")[0] for part in lines[1].split(" - ")[3:]]
    assert names == ["accuracy", "loss", "val_accuracy", "val_loss"]
    model.evaluate(X, LABELS, verbose="auto")
    model.predict(X)
    out = capsys.readouterr().out
    assert "2/2 " in out
    assert "loss" in out
    fit(model, X, LABELS, verbose=0)
    assert capsys.readouterr().out == ""


# --- forms of data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [
    X.tolist(), X.astype(np.float64), [X], {"features": X}, X[:, ::-1][:, ::-1], np.asfortranarray(X)],
    ids=["nested lists", "float64", "list of one", "dict", "strided", "fortran"])
def test_forms_of_x(model, x):
    wanted = model.predict(X, verbose=0)
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(x), wanted, rtol=1e-6)
    fit(model, x, LABELS.tolist())
    model.evaluate(x, [LABELS], verbose=0)


def test_integers_and_array_likes(model):
    class Arraylike:
        def __init__(self, array):
            self.array = array

        def __array__(self, dtype=None, copy=None):
            return self.array

    x = random.integers(0, 255, (N, 6)).astype(np.uint8)
    np.testing.assert_allclose(model.predict(Arraylike(x), verbose=0), model.predict(x.astype(np.float32), verbose=0))
    fit(model, Arraylike(x), Arraylike(LABELS))


def test_an_input_shape_that_comes_with_the_data():
    head = konv.layers.Dense(3, activation="softmax")
    model = konv.Sequential([konv.layers.Conv2D(2, 3), konv.layers.Flatten(), head])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    images = random.random((8, 5, 5, 1))
    fit(model, images, LABELS[:8])
    assert model.input_shape == (None, 5, 5, 1)
    # a channel axis of size one may be missing, as in Keras
    np.testing.assert_array_equal(model.predict(images[..., 0], verbose=0), model.predict(images, verbose=0))


def test_predict_in_batches(model):
    wanted = model.predict(X, batch_size=N, verbose=0)
    np.testing.assert_allclose(model.predict(X, batch_size=7, verbose=0), wanted, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.predict(X, batch_size=7, steps=2, verbose=0), wanted[:14], rtol=1e-5, atol=1e-7)
    stream = ((X[i:i + 10], LABELS[i:i + 10]) for i in range(0, N, 10))
    np.testing.assert_allclose(model.predict(stream, verbose=0), wanted, rtol=1e-5, atol=1e-7)
    outputs = model.predict_on_batch(X[:3])
    again = model.predict_on_batch(X[3:6])
    np.testing.assert_allclose(outputs, wanted[:3], rtol=1e-5, atol=1e-7)  # not overwritten
    np.testing.assert_allclose(again, wanted[3:6], rtol=1e-5, atol=1e-7)


def endless():
    while True:
        yield X[:8], LABELS[:8]


def test_streams(model):
    assert len(fit(model, endless(), steps_per_epoch=3, epochs=2, batch_size=None).epoch) == 2
    assert fit(model, ((X[:8], LABELS[:8]) for _ in range(3)), batch_size=None, class_weight={1: 2.0}).epoch == [0]
    model.evaluate(endless(), steps=2, verbose=0)
    fit(model, X, LABELS, validation_data=endless(), validation_steps=2)


def test_a_stream_that_runs_dry(model):
    with pytest.warns(UserWarning, match="ran out after 2 of the 3 steps"):
        fit(model, ((X[:8], LABELS[:8]) for _ in range(5)), steps_per_epoch=3, epochs=2, batch_size=None)
    with pytest.warns(UserWarning, match="no more batches.*epoch 2"):
        history = fit(model, ((X[:8], LABELS[:8]) for _ in range(3)), epochs=2, batch_size=None)
    assert history.epoch == [0]


def test_image_sizes_of_a_fully_convolutional_model():
    model = konv.Sequential([konv.Input((None, None, 1)), konv.layers.Conv2D(2, 3, padding="same"),
                             konv.layers.GlobalAveragePooling2D()])
    model.compile("sgd", "mse")
    for size in (5, 6, 7, 8, 9, 10, 5):
        assert model.train_on_batch(np.ones((2, size, size, 1)), np.ones((2, 2))) >= 0
        assert model.predict_on_batch(np.ones((2, size, size, 1))).shape == (2, 2)
    assert len(model._trainer.runners) <= 4
    for size in range(3, 80):
        model.graph((size, size, 1))
    assert len(model._graphs) <= konv.models.model.GRAPHS


def test_what_compile_keeps(model):
    assert model.compile_arguments["loss"] == "sparse_categorical_crossentropy"
    assert model.metrics[0].name == "loss"
    assert [metric.name for metric in model.metrics[1].metrics] == []
    fit(model, X, LABELS)
    assert type(model.metrics[1].metrics[0]).__name__ == "SparseCategoricalAccuracy"
    assert isinstance(model.history, konv.callbacks.History)
    assert model.losses == []
    model.compile("sgd", "mse")
    assert model.metrics_names == ["loss"]


def test_layers_added_after_training(model):
    fit(model, X, LABELS)
    model.pop()
    model.add(konv.layers.Dense(5, activation="softmax"))
    assert model.predict(X, verbose=0).shape == (N, 5)
    with pytest.raises(KonvError, match="dense_2/kernel.*compile"):
        fit(model, X, LABELS)
    model.compile("sgd", "sparse_categorical_crossentropy")
    fit(model, X, LABELS)


# --- errors -------------------------------------------------------------------------------------------

ERRORS = {
    "not compiled": (lambda m: network().fit(X, LABELS), KonvError, ["fit()", "compile()"]),
    "lengths": (lambda m: m.fit(X, LABELS[:5]), ShapeError, ["x: 40", "y: 5"]),
    "weights": (lambda m: m.fit(X, LABELS, sample_weight=[1.0]), ShapeError, ["sample_weight: 1"]),
    "no samples": (lambda m: m.fit(X[:0], LABELS[:0]), KonvError, ["no samples"]),
    "predict nothing": (lambda m: m.predict(X[:0]), KonvError, ["no samples"]),
    "no batches": (lambda m: m.fit(iter([])), KonvError, ["no batches"]),
    "no y": (lambda m: m.fit(X), KonvError, ["y is missing"]),
    "no x": (lambda m: m.fit(), KonvError, ["no data"]),
    "label": (lambda m: m.fit(X, np.where(np.arange(N) == 33, 3, LABELS)), KonvError,
              ["label 3", "y[33]", "3 classes", "0 to 2"]),
    "label of a batch": (lambda m: m.train_on_batch(X[:2], [0, -1]), KonvError, ["label -1", "y[1]"]),
    "label of a stream": (lambda m: m.fit(iter([(X[:2], [0, 9])])), KonvError, ["label 9"]),
    "label in validation": (lambda m: m.fit(X, LABELS, validation_data=(X, LABELS + 5)), KonvError,
                            ["validation_data", "label"]),
    "one-hot for sparse": (lambda m: m.fit(X, np.eye(3)[LABELS]), ShapeError, ["(40, 3)", "categorical_crossentropy"]),
    "features": (lambda m: m.fit(X[:, :5], LABELS), ShapeError, ['"features"', "(None, 6)", "(40, 5)"]),
    "rank": (lambda m: m.predict(X[:, :, None, None]), ShapeError, ["(None, 6)", "(40, 6, 1, 1)"]),
    "one sample": (lambda m: m.predict(X[0]), ShapeError, ["(6,)", "x[None]"]),
    "a number": (lambda m: m.predict(3.0), ShapeError, ["3.0"]),
    "text": (lambda m: m.fit(np.array(["a"] * N), LABELS), KonvError, ["numbers"]),
    "text labels": (lambda m: m.fit(X, ["a"] * N), KonvError, ["y", "numbers", "np.unique(y, return_inverse=True)"]),
    "fractions": (lambda m: m.fit(X, LABELS + 0.5), KonvError, ["label", "not an integer"]),
    "a pair": (lambda m: m.fit((X, LABELS)), KonvError, ["pass x and y separately"]),
    "two arrays": (lambda m: m.predict_on_batch([X, X]), ShapeError, ["(None, 6)"]),
    "dict": (lambda m: m.predict({"pixels": X}), KonvError, ["pixels", "features"]),
    "validation features": (lambda m: m.fit(X, LABELS, validation_data=(X[:, :2], LABELS)), ShapeError,
                            ["validation_data", "(40, 2)"]),
    "split": (lambda m: m.fit(X, LABELS, validation_split=1.5), KonvError, ["validation_split", "1.5"]),
    "split of one": (lambda m: m.fit(X[:1], LABELS[:1], validation_split=0.5), KonvError, ["validation_split=0.5"]),
    "split of a stream": (lambda m: m.fit(iter([(X, LABELS)]), validation_split=0.5), KonvError, ["validation_data"]),
    "y beside a stream": (lambda m: m.fit(iter([(X, LABELS)]), LABELS), KonvError, ["y cannot be given"]),
    "both weights": (lambda m: m.fit(X, LABELS, class_weight={0: 1.0}, sample_weight=np.ones(N)), KonvError,
                     ["class_weight and sample_weight"]),
    "class_weight": (lambda m: m.fit(X, LABELS, class_weight=[1.0, 2.0]), KonvError, ["class_weight", "dict"]),
    "class_weight text": (lambda m: m.fit(X, LABELS, class_weight={0: "a"}), KonvError, ["class_weight", "{0: 'a'}"]),
    "class_weight of names": (lambda m: m.fit(X, LABELS, class_weight={"cat": 2.0}), KonvError, ["class_weight", "'cat'"]),
    "weights per output": (lambda m: m.fit(X, LABELS, sample_weight=np.ones((N, 3))), ShapeError,
                           ["sample_weight has shape (40, 3)", "(40,)"]),
    "weights of a stream": (lambda m: m.fit(iter([(X, LABELS, np.ones((N, 3)))])), ShapeError, ["sample_weight", "(40, 3)"]),
    "shuffle": (lambda m: m.fit(X, LABELS, shuffle="no"), KonvError, ["shuffle", "'no'", '"batch"']),
    "validation_freq": (lambda m: m.fit(X, LABELS, validation_data=(X, LABELS), validation_freq=0), KonvError,
                        ["validation_freq", "0"]),
    "a word": (lambda m: m.fit("images", LABELS), KonvError, ["x must hold numbers"]),
    "batch_size": (lambda m: m.fit(X, LABELS, batch_size=0), KonvError, ["batch_size", "0"]),
    "steps_per_epoch": (lambda m: m.fit(X, LABELS, steps_per_epoch=0), KonvError, ["steps_per_epoch", "0"]),
    "validation_batch_size": (lambda m: m.fit(X, LABELS, validation_data=(X, LABELS), validation_batch_size=0), KonvError,
                              ["validation_batch_size", "0"]),
    "batch_size float": (lambda m: m.fit(X, LABELS, batch_size=2.0), KonvError, ["batch_size", "2.0"]),
    "epochs": (lambda m: m.fit(X, LABELS, epochs=True), KonvError, ["epochs", "True"]),
    "verbose": (lambda m: m.fit(X, LABELS, verbose=3), KonvError, ["verbose", "3"]),
    "callback": (lambda m: m.fit(X, LABELS, callbacks=[konv.callbacks.History]), KonvError, ["History"]),
    "batch of four": (lambda m: m.fit(iter([(X, LABELS, LABELS, X)])), KonvError, ["got 4 parts"]),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_leave_the_model_as_it_was(model, case):
    call, error, words = ERRORS[case]
    before = model.get_weights()
    with pytest.raises(error) as caught:
        call(model)
    assert str(caught.value).startswith('Sequential "')
    for word in words:
        assert word in str(caught.value)
    for array, copy in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, copy)
    fit(model, X, LABELS)
    assert model.predict(X, verbose=0).shape == (N, 3)


@pytest.mark.parametrize(("arguments", "error", "words"), [
    ({"optimizer": "adan"}, KonvError, ["adan"]),
    ({"optimizer": "ScheduleFreeAdamW"}, UnsupportedError, ["ScheduleFreeAdamW"]),
    ({"loss": "crossentropi"}, KonvError, ["crossentropi"]),
    ({"loss": ["mse", "mse"]}, KonvError, ["loss has 2 entries", "1 output"]),
    ({"loss": {"head": "mse"}}, KonvError, ["head", "dense_1"]),
    ({"loss_weights": "half"}, KonvError, ["loss_weights", "'half'"]),
    ({"metrics": ["acuracy"]}, KonvError, ["acuracy"]),
    ({"metrics": "accuracy"}, KonvError, ["metrics", "list"]),
    ({"run_eagerly": 1}, KonvError, ["run_eagerly"]),
    ({"jit_compile": "yes"}, KonvError, ["jit_compile"]),
    ({"steps_per_execution": 0}, KonvError, ["steps_per_execution"]),
])
def test_errors_of_compile(model, arguments, error, words):
    with pytest.raises(error) as caught:
        model.compile(**({"optimizer": "sgd", "loss": "mse"} | arguments))
    for word in words:
        assert word in str(caught.value)
    assert model.compile_arguments["loss"] == "sparse_categorical_crossentropy"  # as it was
    fit(model, X, LABELS)


def test_losses_that_cannot_be_trained(model):
    model.compile("sgd", lambda t, p: np.abs(t - p).mean(-1))
    with pytest.raises(UnsupportedError, match="konv.ops"):
        fit(model, X, np.eye(3)[LABELS])
    assert model.evaluate(X, np.eye(3)[LABELS], verbose=0) > 0
    model.compile("sgd")
    with pytest.raises(KonvError, match="needs a loss"):
        fit(model, X, LABELS)
    assert model.evaluate(X, LABELS, verbose=0) == 0.0


def test_an_error_of_a_callback_is_its_own(model):
    class Broken(konv.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        fit(model, X, LABELS, callbacks=[Broken()])
    fit(model, X, LABELS)


def test_warnings_point_at_the_line_of_the_program(model):
    batches = [(X[:8], LABELS[:8])]
    for give, words in ((lambda: network().compile("sgd", "mse", run_eagerly=True, jit_compile=True), "run_eagerly"),
                        (lambda: model.fit(batches, batch_size=4, verbose=0), "batch_size=4"),
                        (lambda: model.fit(iter(batches), epochs=2, verbose=0), "no more batches"),
                        (lambda: konv.callbacks.EarlyStopping(mode="up"), "mode='up'")):
        with pytest.warns(UserWarning, match=words) as caught:
            give()
        assert {warning.filename for warning in caught} == {__file__}
