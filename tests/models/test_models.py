"""Models beside Keras: names, order of layers and weights, building, adding, taking away; and what is refused."""

import sys

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError


def seed_layers(k, **first):
    L = k.layers
    return [
        L.Conv2D(75, 3, padding="same", activation="relu", **first), L.BatchNormalization(),
        L.MaxPooling2D(2, 2, "same"),
        L.Conv2D(50, 3, padding="same", activation="relu"), L.Dropout(0.2), L.BatchNormalization(),
        L.MaxPooling2D(2, 2, "same"), L.Conv2D(25, 3, padding="same", activation="relu"), L.BatchNormalization(),
        L.MaxPooling2D(2, 2, "same"), L.Flatten(), L.Dense(512, activation="relu"), L.Dropout(0.3),
        L.Dense(25, activation="softmax")]


def chain(k):
    return k.Sequential([k.Input((28, 28, 1)), *seed_layers(k)])


def deferred(k):
    model = k.Sequential(seed_layers(k))
    model.build((None, 28, 28, 1))
    return model


def added(k):
    model = k.Sequential(name="mine")
    model.add(k.layers.InputLayer((28, 28, 1)))
    for layer in seed_layers(k):
        model.add(layer)
    return model


def popped(k):
    model = chain(k)
    model.pop()
    model.pop()
    model.add(k.layers.Dense(3))
    return model


def functional(k):
    x = y = k.Input((28, 28, 1))
    for layer in seed_layers(k):
        y = layer(y)
    return k.Model(x, y)


def nested(k):
    inner = k.Sequential([k.Input((8, 8, 3)), k.layers.Conv2D(4, 3), k.layers.BatchNormalization()], name="inner")
    return k.Sequential([inner, k.layers.Flatten(), k.layers.Dense(2)])


def branched(k):
    x = k.Input((8, 8, 3))
    left = k.layers.Conv2D(4, 3, padding="same")(x)
    right = k.layers.Conv2D(4, 1)(x)
    right = k.layers.BatchNormalization()(right)
    y = k.layers.Add()([left, right])
    return k.Model(x, k.layers.Dense(2)(k.layers.GlobalAveragePooling2D()(y)))


def shared(k):
    dense = k.layers.Dense(4)
    return k.Sequential([k.Input((4,)), dense, k.layers.ReLU(), dense])


def middle(k):
    model = k.Sequential([k.Input((8, 8, 3)), k.layers.Conv2D(4, 3), k.layers.Flatten(), k.layers.Dense(2)])
    return k.Model(model.layers[0].output, model.outputs[0], name="head")


def features(k):
    model = chain(k)
    return k.Model(model.inputs[0], model.layers[5].output)


MODELS = [chain, deferred, added, popped, functional, nested, branched, shared, features]
each = pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)


def both(make):
    keras.backend.clear_session()
    return make(konv), make(keras)


@each
def test_names_shapes_and_parameters(make):
    ours, theirs = both(make)
    assert ours.name == theirs.name
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert ours.input_shape == tuple(theirs.input_shape)
    assert ours.output_shape == tuple(theirs.output_shape)
    assert ours.count_params() == theirs.count_params()


@each
def test_weights(make):
    ours, theirs = both(make)
    for which in ("weights", "trainable_weights", "non_trainable_weights"):
        pairs = [[(w.name, tuple(w.shape)) for w in getattr(model, which)] for model in (ours, theirs)]
        assert pairs[0] == pairs[1], which


@each
def test_predictions(make):
    ours, theirs = both(make)
    random = np.random.default_rng(0)
    weights = [random.uniform(0.1, 0.3, w.shape) for w in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    x = random.standard_normal((3, *ours.input_shape[1:])).astype(np.float32)
    np.testing.assert_allclose(ours(x), np.asarray(theirs(x)), rtol=1e-4, atol=1e-4)


def test_a_model_may_begin_in_the_middle():
    ours, theirs = both(middle)
    assert [layer.name for layer in ours.layers][1:] == [layer.name for layer in theirs.layers][1:]
    assert ours.input_shape == theirs.input_shape
    ours.set_weights([np.ones(w.shape) for w in ours.weights])
    np.testing.assert_allclose(ours(np.ones((2, 6, 6, 4), np.float32)), np.full((2, 2), 145.0))


def test_input_shape_on_the_first_layer():
    model = konv.Sequential(seed_layers(konv, input_shape=(28, 28, 1)))
    assert model.input_shape == (None, 28, 28, 1)
    assert model.count_params() == 264_562
    assert [layer.name for layer in model.layers][:2] == ["conv2d", "batch_normalization"]


def test_names_count_the_models_inside_sequential_ones():
    def names(k):
        x = k.Input((3,))
        before = k.Model(x, k.layers.Dense(2)(x)).name
        model = k.Sequential([k.Input((3,)), k.layers.Dense(3)])
        model.add(k.layers.Dense(3))
        return before, model.name, k.Sequential().name, k.Model(x, k.layers.Dense(2)(x)).name

    ours, theirs = both(names)
    assert ours == theirs


def test_unbuilt():
    model = konv.Sequential([konv.layers.Conv2D(4, 3), konv.layers.Flatten()])
    assert not model.built
    assert model.weights == []
    assert model.compute_output_shape((None, 8, 8, 1)) == (None, 144)
    assert not model.built
    with pytest.raises(KonvError, match="input shape is not known"):
        model.output_shape  # noqa: B018
    assert model(np.zeros((2, 8, 8, 1), np.float32)).shape == (2, 144)
    assert model.input_shape == (None, 8, 8, 1)


def test_frozen_models_freeze_their_layers():
    def facts(k):
        model = nested(k)
        model.trainable = False
        frozen = [layer.trainable for layer in (*model.layers, *model.layers[0].layers)]
        none = len(model.trainable_weights)
        model.layers[-1].trainable = True
        still = len(model.trainable_weights)
        model.trainable = True
        model.layers[0].layers[1].trainable = False
        return frozen, none, still, len(model.trainable_weights), [w.name for w in model.non_trainable_weights]

    ours, theirs = both(facts)
    assert ours == theirs


def test_the_graph_knows_what_is_frozen():
    model = konv.Sequential([konv.Input((8, 8, 3)), konv.layers.BatchNormalization()])
    assert model.graph().nodes[-1].trainable
    model.trainable = False
    assert not model.graph().nodes[-1].trainable


def test_get_layer():
    model = chain(konv)
    assert model.get_layer("dense") is model.layers[11]
    assert model.get_layer(index=-1) is model.layers[-1]
    with pytest.raises(KonvError, match="no layer named 'dens'.*conv2d"):
        model.get_layer("dens")
    with pytest.raises(KonvError, match="14 layers, none at index 14"):
        model.get_layer(index=14)


def test_a_fully_convolutional_model_takes_any_size():
    model = konv.Sequential([konv.Input((None, None, 3)), konv.layers.Conv2D(4, 3), konv.layers.MaxPooling2D()])
    assert model.output_shape == (None, None, None, 4)
    assert model.compute_output_shape((None, 10, 12, 3)) == (None, 4, 5, 4)
    for size in (8, 11):
        assert model(np.zeros((1, size, size, 3), np.float32)).shape == (1, (size - 2) // 2, (size - 2) // 2, 4)


@pytest.mark.parametrize(("shape", "given"), [((8, 8, 1), (2, 8, 8)), ((8,), (2, 8, 1))])
def test_a_last_axis_of_one_may_be_missing_or_too_many(shape, given):
    model = konv.Sequential([konv.Input(shape), konv.layers.Flatten()])
    assert model(np.zeros(given, np.float32)).shape[0] == 2


def test_layers_may_stand_in_several_models():
    base = konv.Sequential([konv.Input((8, 8, 3)), konv.layers.Conv2D(4, 3), konv.layers.BatchNormalization()])
    output = base.layers[0].output
    head = konv.Sequential([konv.Input((8, 8, 3)), *base.layers, konv.layers.Flatten(), konv.layers.Dense(2)])
    assert base.layers[0].output is output
    assert head.weights[0] is base.weights[0]


WRONG = [
    (lambda: konv.Sequential([konv.layers.Dense(3), "relu"]), ["expected a layer", "'relu'", "str"]),
    (lambda: konv.Sequential([konv.layers.Dense]), ["expected a layer"]),
    (lambda: konv.Sequential([konv.layers.Dense(3, name="a"), konv.layers.Dense(3, name="a")]), ['named "a"', "name="]),
    (lambda: konv.Sequential([konv.Input((3,)), konv.Input((3,))]), ["Input must come first and once"]),
    (lambda: konv.Sequential([konv.layers.Dense(3), konv.Input((3,))]), ["Input must come first and once"]),
    (lambda: konv.Sequential().pop(), ["no layers to pop"]),
    (lambda: konv.Model(3, 4), ["konv.Input", "3"]),
    (lambda: konv.Model(konv.Input((3,)), konv.layers.Dense(2)(konv.Input((3,)))), ["input_layer_1", "not among"]),
    (lambda: chain(konv).build((None, 32, 32, 1)), ["(None, 28, 28, 1)", "(None, 32, 32, 1)"]),
    (lambda: konv.Sequential([konv.Input((5, 5, 1)), konv.layers.Conv2D(2, 3), konv.layers.Conv2D(2, 4)]),
     ['Conv2D "conv2d_1"', "window of 4", "height 3"]),
    (lambda: konv.Sequential([konv.Input((8,)), konv.layers.Dense(2), konv.layers.Conv2D(2, 3)]),
     ['Conv2D "conv2d"', "(None, 2)", "(batch, height, width, channels)"]),
    (lambda: chain(konv)(np.zeros((2, 40, 40, 1), np.float32)),
     ['Sequential "sequential"', "(None, 28, 28, 1)", "(2, 40, 40, 1)", "Dense"]),
    (lambda: chain(konv)(np.zeros((28, 28, 1))), ["got (28, 28, 1): a batch axis is missing; use x[None]"]),
    (lambda: chain(konv)(np.zeros((28, 28))), ["the batch and the channel axis are missing; use x[None, ..., None]"]),
    (lambda: chain(konv).predict(np.zeros((28, 28, 1))), ["got (28, 28, 1): a batch axis is missing; use x[None]"]),
    (lambda: chain(konv).predict(np.zeros((28, 28))), ["the batch and the channel axis are missing"]),
    (lambda: chain(konv)(np.zeros((2, 28, 28, 1)), np.zeros(2)), ["training must be True or False", "fit(x, y)"]),
    (lambda: konv.Sequential(konv.layers.Flatten(), konv.layers.Dense(2)), ["give the layers as a list"]),
    (lambda: konv.Sequential(konv.layers.Flatten()), ["give the layers as a list"]),
    (lambda: chain(konv)(np.zeros((2, 28, 28, 3), np.float32)),
     ['Sequential "sequential"', 'Conv2D "conv2d"', "(3, 3, 1, 75)", "(3, 3, 3, 75)"]),
    (lambda: chain(konv)(np.zeros((28,), np.float32)), ['Sequential "sequential"', "(None, 28, 28, 1)"]),
    (lambda: branched(konv)([np.zeros((2, 8, 8, 3))] * 2), ["takes 1 input, got 2"]),
]


@pytest.mark.parametrize(("make", "fragments"), WRONG)
def test_errors(make, fragments):
    with pytest.raises(KonvError) as error:
        make()
    assert all(fragment in str(error.value) for fragment in fragments), str(error.value)


def test_a_layer_that_does_not_fit_leaves_the_model_as_it_was():
    model = konv.Sequential([konv.Input((5, 5, 1)), konv.layers.Conv2D(2, 3)])
    before = model.get_weights()
    with pytest.raises(ShapeError, match="window of 4"):
        model.add(konv.layers.Conv2D(2, 4))
    with pytest.raises(KonvError, match="expected a layer"):
        model.add(None)
    assert [layer.name for layer in model.layers] == ["conv2d"]
    assert (model(np.zeros((1, 5, 5, 1), np.float32)) == 0).all()
    model.add(konv.layers.Flatten())
    assert model.output_shape == (None, 18)
    assert (model.get_weights()[0] == before[0]).all()


def test_data_that_does_not_fit_leaves_an_unbuilt_model_unbuilt():
    model = konv.Sequential([konv.layers.Conv2D(2, 3), konv.layers.Conv2D(2, 3)])
    with pytest.raises(ShapeError, match=r'Conv2D "conv2d_1"'):
        model(np.zeros((1, 4, 4, 1), np.float32))
    assert not model.built
    with pytest.raises(ShapeError, match=r'Conv2D "conv2d"'):
        model(np.zeros((1, 4, 4), np.float32))


def calls_to_make(length):
    """How many functions of Python are called to make a chain of so many layers."""
    calls = 0

    def count(frame, event, arg):
        nonlocal calls
        calls += event == "call"

    layers = [konv.Input((4,)), *(konv.layers.Dense(4) for _ in range(length))]
    sys.setprofile(count)
    try:
        konv.Sequential(layers)
    finally:
        sys.setprofile(None)
    return calls


def test_the_work_of_making_a_chain_grows_with_its_length_alone():
    calls_to_make(2)  # imports and caches
    assert calls_to_make(160) < 2.5 * calls_to_make(80)


def test_sizes_found_in_the_first_data_may_be_others_in_the_next():
    draw = np.random.default_rng(0).random
    model = konv.Sequential([konv.layers.Conv2D(2, 3), konv.layers.GlobalMaxPooling2D()])
    model.predict(draw((1, 5, 5, 1)), verbose=0)
    weights, x = model.get_weights(), draw((2, 7, 5, 1))
    declared = konv.Sequential([konv.Input((7, 5, 1)), konv.layers.Conv2D(2, 3), konv.layers.GlobalMaxPooling2D()])
    declared.set_weights(weights)
    np.testing.assert_array_equal(model.predict(x, verbose=0), declared.predict(x, verbose=0))
    fixed = konv.Sequential([konv.layers.Flatten(), konv.layers.Dense(1)])
    fixed.predict(draw((1, 5, 5, 1)), verbose=0)
    for one in (fixed, declared):
        with pytest.raises(ShapeError, match="takes arrays of shape"):
            one.predict(draw((2, 9, 5, 1)), verbose=0)
