"""The same small networks with the same weights, trained here and in Keras on JAX: the same numbers."""

from functools import cache

import keras
import numpy as np
import pytest

import konv

# Keras's own variables warn when NumPy asks them for a view
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

random = np.random.default_rng(0)
N = 32  # two batches of 16: Keras compiles anew for every batch size
X = random.standard_normal((N, 6, 6, 2)).astype(np.float32)
LABELS = random.integers(0, 3, N)
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
BINARY = random.integers(0, 2, (N, 1))
REAL = random.standard_normal((N, 3)).astype(np.float32)
WEIGHTS = random.random(N).astype(np.float32)


def network(library, units=3, activation="softmax", conv=True):
    """Every kind of layer that training treats in its own way, but dropout."""
    layers, l2 = library.layers, library.regularizers.L2(0.01)
    first = layers.Conv2D(3, 3, activation="relu", padding="same", kernel_regularizer=l2) if conv else layers.Dense(
        3, activation="relu", kernel_regularizer=l2)
    return library.Sequential([
        library.Input((6, 6, 2)), first, layers.BatchNormalization(), *([layers.MaxPooling2D(2)] if conv else []),
        layers.Flatten(), layers.Dense(units, activation=activation, bias_constraint=library.constraints.NonNeg())])


@cache
def start(units, activation, conv):
    return network(keras, units, activation, conv).get_weights()


def both(units=3, activation="softmax", conv=False):
    for library in (konv, keras):
        model = network(library, units, activation, conv)
        model.set_weights([array.copy() for array in start(units, activation, conv)])
        yield library, model


def assert_same(ours, theirs, rtol=1e-4):
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=2e-5)


def assert_same_history(ours, theirs):
    assert list(ours.history) == list(theirs.history)
    for name, values in theirs.history.items():
        np.testing.assert_allclose(ours.history[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    assert ours.epoch == theirs.epoch


CASES = {
    "sparse": ({"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}, LABELS, {}),
    "column of labels": ({"loss": "sparse_categorical_crossentropy", "metrics": ["acc"]}, LABELS[:, None], {}),
    "one-hot": ({"loss": "categorical_crossentropy", "metrics": ["accuracy", "mse"]}, ONE_HOT, {}),
    "crossentropy": ({"loss": "crossentropy", "metrics": ["accuracy"]}, LABELS, {}),
    "ce": ({"loss": "ce"}, ONE_HOT, {}),
    "regression": ({"loss": "mse", "metrics": ["mae"], "units": 3, "activation": None}, REAL, {}),
    "binary": ({"loss": "binary_crossentropy", "metrics": ["accuracy"], "units": 1, "activation": "sigmoid"}, BINARY,
               {}),
    "logits": ({"loss": lambda k: k.losses.SparseCategoricalCrossentropy(from_logits=True), "metrics": ["accuracy"],
                "activation": None}, LABELS, {}),
    "sum": ({"loss": lambda k: k.losses.SparseCategoricalCrossentropy(reduction="sum")}, LABELS, {}),
    "loss_weights": ({"loss": "sparse_categorical_crossentropy", "loss_weights": 0.5}, LABELS, {}),
    "class_weight": ({"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"],
                      "weighted_metrics": ["accuracy"]}, LABELS, {"class_weight": {0: 2.0, 2: 0.5}}),
    "class_weight of one-hot": ({"loss": "categorical_crossentropy"}, ONE_HOT, {"class_weight": {0: 2.0, 1: 0.1}}),
    "sample_weight": ({"loss": "sparse_categorical_crossentropy", "weighted_metrics": ["accuracy"]}, LABELS,
                      {"sample_weight": WEIGHTS}),
    "validation_split": ({"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}, LABELS,
                         {"validation_split": 0.5}),
    "validation_split with weights": ({"loss": "sparse_categorical_crossentropy", "weighted_metrics": ["accuracy"]},
                                      LABELS, {"validation_split": 0.5, "sample_weight": WEIGHTS}),
    "validation_data": ({"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}, LABELS,
                        {"validation_data": (X[:9], LABELS[:9]), "validation_batch_size": 4, "epochs": 4,
                         "validation_freq": 2}),
    "validation_data with weights": ({"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}, LABELS,
                                     {"validation_data": (X[:16], LABELS[:16], WEIGHTS[:16]), "validation_freq": [1]}),
    "initial_epoch": ({"loss": "sparse_categorical_crossentropy"}, LABELS, {"initial_epoch": 1, "epochs": 3}),
    "steps": ({"loss": "sparse_categorical_crossentropy"}, LABELS, {"steps_per_epoch": 4, "batch_size": None}),
    "two steps of five": ({"loss": "sparse_categorical_crossentropy"}, LABELS,
                          {"steps_per_epoch": 2, "batch_size": 8, "epochs": 2}),
    "small batch": ({"loss": "sparse_categorical_crossentropy"}, LABELS, {"batch_size": 20}),
    "momentum": ({"loss": "sparse_categorical_crossentropy",
                  "optimizer": lambda k: k.optimizers.SGD(0.05, momentum=0.9, nesterov=True)}, LABELS, {}),
    "rmsprop": ({"loss": "sparse_categorical_crossentropy",
                 "optimizer": lambda k: k.optimizers.RMSprop(0.01, epsilon=1e-4)}, LABELS, {}),
    "ema": ({"loss": "sparse_categorical_crossentropy",
             "optimizer": lambda k: k.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5)}, LABELS, {}),
    "accumulation": ({"loss": "sparse_categorical_crossentropy",
                      "optimizer": lambda k: k.optimizers.SGD(0.05, gradient_accumulation_steps=2)}, LABELS, {}),
    "scaled": ({"loss": "sparse_categorical_crossentropy",
                "optimizer": lambda k: k.optimizers.SGD(0.05, loss_scale_factor=16.0, global_clipnorm=0.5)}, LABELS,
               {}),
    "decay": ({"loss": "sparse_categorical_crossentropy", "optimizer": lambda k: k.optimizers.SGD(
        k.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5))}, LABELS, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_fit(case):
    arguments, y, options = CASES[case]
    arguments = dict(arguments)
    units, activation = arguments.pop("units", 3), arguments.pop("activation", "softmax")
    models, histories = [], []
    for library, model in both(units, activation, conv=case in ("sparse", "class_weight", "small batch")):
        # a large epsilon: where a gradient is almost zero Adam's step is its sign, and that is noise
        given = {"optimizer": lambda k: k.optimizers.Adam(0.01, epsilon=1e-3)} | arguments
        model.compile(**{name: value(library) if callable(value) else value for name, value in given.items()})
        options = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0} | options
        histories.append(model.fit(X, y, **options))
        models.append(model)
    ours, theirs = models
    assert_same_history(*histories)
    assert_same(ours, theirs)
    results = [model.evaluate(X, y, batch_size=16, verbose=0) for model in models]
    assert type(results[0]) is type(results[1])
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-5)
    assert ours.metrics_names == theirs.metrics_names
    named = [model.evaluate(X, y, batch_size=16, verbose=0, return_dict=True) for model in models]
    assert list(named[0]) == list(named[1])


def test_metrics_that_are_arrays():
    results = []
    for library, model in both():
        kinds = library.metrics
        model.compile("sgd", "categorical_crossentropy", metrics=[kinds.F1Score()],
                      weighted_metrics=[kinds.Precision(thresholds=[0.2, 0.5], name="precision")])
        history = model.fit(X, ONE_HOT, batch_size=16, epochs=2, shuffle=False, verbose=0, sample_weight=WEIGHTS)
        results.append((history, model.evaluate(X, ONE_HOT, batch_size=16, verbose=0)))
    (ours, a), (theirs, b) = results
    assert_same_history(ours, theirs)
    for one, other in zip(a, b, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_three_batches_by_hand():
    results = []
    for library, model in both():
        adam = library.optimizers.Adam(0.01, epsilon=1e-3)
        model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
        seen = [model.train_on_batch(X[:16], LABELS[:16])]
        seen += [model.train_on_batch(X[16:], LABELS[16:], sample_weight=WEIGHTS[:16])]
        seen += [model.train_on_batch(X[16:], LABELS[16:], class_weight={1: 3.0})]
        seen += [model.test_on_batch(X, LABELS), model.test_on_batch(X, LABELS, sample_weight=WEIGHTS)]
        named = model.train_on_batch(X[:16], LABELS[:16], return_dict=True)
        results.append((seen, named, model.predict_on_batch(X), model))
    (a, named_a, outputs_a, ours), (b, named_b, outputs_b, theirs) = results
    np.testing.assert_allclose(a, b, rtol=1e-4)
    assert list(named_a) == list(named_b)
    np.testing.assert_allclose(outputs_a, outputs_b, rtol=1e-3, atol=1e-5)
    assert_same(ours, theirs)


def test_frozen_layers_stay():
    models = []
    for library, model in both(conv=True):
        model.layers[0].trainable = False
        model.compile(library.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        before = model.layers[0].get_weights()
        model.fit(X, LABELS, batch_size=16, epochs=2, shuffle=False, verbose=0)
        for array, copy in zip(model.layers[0].get_weights(), before, strict=True):
            np.testing.assert_array_equal(array, copy)
        model.layers[1].trainable = False  # a frozen BatchNormalization normalises with its moving statistics
        model.compile(library.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        model.fit(X, LABELS, batch_size=16, epochs=2, shuffle=False, verbose=0)
        models.append(model)
    assert_same(*models)


def test_a_change_of_trainable_is_a_warning():
    model = network(konv)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, LABELS, verbose=0)
    model.layers[0].trainable = False
    before = model.layers[0].get_weights()
    with pytest.warns(UserWarning, match=r"`trainable` of conv2d\S* has changed.*before fit\(\)"):
        model.fit(X, LABELS, verbose=0)
    model.fit(X, LABELS, verbose=0)  # one warning is enough
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], before[0])
    model.layers[0].trainable = True
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, LABELS, verbose=0)
    assert np.abs(model.layers[0].get_weights()[0] - before[0]).max() > 0
    with pytest.warns(UserWarning, match="run_eagerly"):
        model.compile("sgd", "mse", run_eagerly=True, jit_compile=True)


def test_generators_and_iterables():
    def batches():
        for begin in range(0, 32, 8):
            yield X[begin:begin + 8], LABELS[begin:begin + 8], WEIGHTS[begin:begin + 8]

    class Reiterable:
        def __iter__(self):
            return batches()

        def __len__(self):
            return 4

    class Indexed(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return list(batches())[index]

    histories = []
    for source in (lambda: list(batches()), Reiterable, Indexed):
        model = network(konv, conv=False)
        model.set_weights(start(3, "softmax", False))
        model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        histories.append(model.fit(source(), epochs=2, verbose=0, shuffle=False, validation_data=source()))
    theirs = network(keras, conv=False)
    theirs.set_weights(start(3, "softmax", False))
    theirs.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    wanted = theirs.fit(Indexed(), epochs=2, verbose=0, shuffle=False, validation_data=Indexed())
    for history in histories:
        assert_same_history(history, wanted)


def two_outputs(library):
    a, b = library.Input((4,), name="a"), library.Input((4,), name="b")
    left = library.layers.Dense(2, name="p")(library.layers.Add()([a, b]))
    return library.Model([a, b], [left, library.layers.Dense(1, name="q")(a)])


@pytest.mark.parametrize("weights", [[WEIGHTS[:16], WEIGHTS[16:]], [WEIGHTS[:16], None]], ids=["both", "one"])
def test_weights_per_output(weights):
    results = []
    x = [random.standard_normal((16, 4)).astype(np.float32) for _ in range(2)]
    y = [random.standard_normal((16, 2)).astype(np.float32), random.standard_normal((16, 1)).astype(np.float32)]
    start = two_outputs(keras).get_weights()
    for library in (konv, keras):
        model = two_outputs(library)
        model.set_weights(start)
        model.compile("sgd", "mse", weighted_metrics=[["mae"], ["mae"]])
        results.append(model.fit(x, y, sample_weight=weights, batch_size=8, shuffle=False, verbose=0))
    assert_same_history(*results)


@pytest.mark.parametrize("given", [
    {"loss": "mse"},
    {"loss": [None, "mae"]},
    {"loss": ["mse", None], "metrics": [None, "mae"]},
    {"loss": ["poisson", "log_cosh"], "loss_weights": (0.5, 2)},
    {"optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.02}}, "loss": ("mse", "mae")},
    {"loss": ["mse", "mae"], "loss_weights": [1.0, 0.5], "metrics": [["mae"], ["mse"]]},
    {"loss": {"p": "mse", "q": "mae"}, "metrics": {"p": "mae", "q": ["mse"]}, "weighted_metrics": {"q": ["mae"]}},
], ids=str)
def test_several_inputs_and_outputs(given):
    x = [random.standard_normal((16, 4)).astype(np.float32) for _ in range(2)]
    y = [random.standard_normal((16, 2)).astype(np.float32), random.standard_normal((16, 1)).astype(np.float32)]
    weights = two_outputs(keras).get_weights()
    results = []
    for library in (konv, keras):
        model = two_outputs(library)
        model.set_weights(weights)
        model.compile(**({"optimizer": "sgd"} | given))
        first = model.fit(x, y, batch_size=8, shuffle=False, verbose=0, sample_weight=WEIGHTS[:16])
        second = model.fit({"a": x[0], "b": x[1]}, {"p": y[0], "q": y[1]}, batch_size=8, shuffle=False, verbose=0)
        numbers, outputs = model.evaluate(x, y, batch_size=8, verbose=0), model.predict(x, verbose=0)
        results.append((first, second, numbers, outputs, model))
    ours, theirs = results
    assert_same_history(ours[0], theirs[0])
    assert_same_history(ours[1], theirs[1])
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-4)
    for a, b in zip(ours[3], theirs[3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert ours[4].metrics_names == theirs[4].metrics_names
    assert ours[4].output_names == theirs[4].output_names
