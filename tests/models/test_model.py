"""Functional models beside Keras: shared layers, several inputs and outputs, dicts, nesting, cutting, cloning."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError
from tests.oracle import random_weights

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def shared(k):
    left, right = k.Input((6, 6, 3), name="left"), k.Input((6, 6, 3), name="right")
    conv, norm = k.layers.Conv2D(4, 3, padding="same", activation="relu"), k.layers.BatchNormalization()
    joined = k.layers.Add()([norm(conv(left)), norm(conv(right))])
    return k.Model([left, right], k.layers.Dense(2)(k.layers.Flatten()(joined)))


def two_outputs(k):
    x = k.Input((6, 6, 3))
    y = k.layers.Conv2D(4, 3, activation="relu")(x)
    return k.Model(x, [k.layers.Dense(3, name="a")(k.layers.Flatten()(y)), k.layers.Conv2D(1, 1, name="b")(y)])


def dicts(k):
    first, second = k.Input((4,), name="b"), k.Input((5,), name="a")
    sum_ = k.layers.Add()([k.layers.Dense(6)(first), k.layers.Dense(6)(second)])
    outputs = {"q": k.layers.Dense(2, name="other")(sum_), "p": k.layers.Dense(1, name="p")(sum_)}
    return k.Model({"b": first, "a": second}, outputs)


def residual(k):
    x = k.Input((8, 8, 4))
    y = k.layers.Conv2D(4, 3, padding="same")(x)
    for _ in range(2):
        z = k.layers.BatchNormalization()(k.layers.Conv2D(4, 3, padding="same", use_bias=False)(y))
        y = k.layers.ReLU()(k.layers.Add()([y, z]))
    return k.Model(x, k.layers.Dense(3)(k.layers.GlobalAveragePooling2D()(y)))


def nested(k):
    inner = two_outputs(k)
    x = k.Input((6, 6, 3))
    vector, image = inner(x)
    y = k.layers.Add()([k.layers.Dense(3)(k.layers.Flatten()(image)), vector])
    return k.Model(x, y)


def nested_dicts(k):
    inner = dicts(k)
    x = k.Input((4,))
    y = inner({"a": k.layers.Dense(5)(x), "b": x})
    return k.Model(x, k.layers.Add()([y["p"], k.layers.Dense(1)(y["q"])]))


def cut(k):
    model = residual(k)
    return k.Model(model.input, [model.layers[3].output, model.get_layer(index=-1).output])


def called_again(k):
    model = residual(k)
    x = k.Input((8, 8, 4))
    return k.Model(x, model(k.layers.Conv2D(4, 1)(x)))


def frozen(k):
    model = residual(k)
    model.trainable = False
    x = k.Input((8, 8, 4))
    return k.Model(x, k.layers.Dropout(0.0)(model(x, training=False), training=False))


MODELS = [shared, two_outputs, dicts, residual, nested, nested_dicts, cut, called_again, frozen]


def both(make):
    konv.utils.clear_session()
    keras.utils.clear_session()
    ours, theirs = make(konv), make(keras)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    weights = random_weights(theirs)
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


def close(ours, theirs, rtol=1e-4):
    ours, theirs = (konv.tracing.tree.flatten(nest) for nest in (ours, theirs))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, np.asarray(other), rtol=rtol, atol=rtol * (1e-3 + np.abs(other).max()))


def data(model):
    rng = np.random.default_rng(0)
    make = lambda tensor: rng.normal(size=(5, *tensor.shape[1:])).astype(np.float32)  # noqa: E731
    return konv.tracing.tree.transform(make, model.input), konv.tracing.tree.transform(make, model.output)


@pytest.mark.parametrize("make", MODELS)
def test_outputs_training_and_summary_are_those_of_keras(make):
    ours, theirs = both(make)
    x, y = data(ours)
    predicted = theirs.predict(x, verbose=0)
    found = ours.predict(x, verbose=0)
    assert type(found) is type(predicted)
    close(found, predicted)
    close(ours(x), theirs(x))
    texts = []
    for model in (ours, theirs):
        model.summary(print_fn=lambda text, **_: texts.append(text))
    assert texts[0] == texts[1]
    for model, k in ((ours, konv), (theirs, keras)):
        model.compile(k.optimizers.Adam(0.01), "mse")
        for _ in range(3):
            model.train_on_batch(x, y)
    close(ours.get_weights(), [weight.value for weight in theirs.weights], 3e-4)


@pytest.mark.parametrize("make", [shared, dicts, residual, nested])
def test_files_both_ways(make, tmp_path):
    ours, theirs = both(make)
    x, _ = data(ours)
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    close(konv.models.load_model(tmp_path / "theirs.keras").predict(x, verbose=0), theirs.predict(x, verbose=0))
    close(keras.models.load_model(tmp_path / "ours.keras").predict(x, verbose=0), ours.predict(x, verbose=0))


def test_input_and_output_of_layers():
    model = residual(konv)
    layer = model.layers[1]
    assert layer.input is model.input
    assert layer.output.shape == (None, 8, 8, 4)
    assert model.output.layer is model.layers[-1]
    features = konv.Model(model.inputs, [layer.output for layer in model.layers[1:3]])
    assert [part.shape for part in features(np.zeros((2, 8, 8, 4)))] == [(2, 8, 8, 4)] * 2


@pytest.mark.parametrize("make", [residual, nested, shared, lambda k: k.Sequential([k.Input((4,)), k.layers.Dense(3)])])
def test_clone_model(make):
    model, theirs = make(konv), make(keras)
    clone = konv.models.clone_model(model)
    reference = keras.models.clone_model(theirs)
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert clone.name == model.name
    assert [weight.shape for weight in clone.weights] == [tuple(weight.shape) for weight in reference.weights]
    assert not {id(weight) for weight in clone.weights} & {id(weight) for weight in model.weights}
    clone.set_weights(model.get_weights())
    x, _ = data(model)
    close(clone.predict(x, verbose=0), model.predict(x, verbose=0))


def test_clone_with_functions_and_inputs():
    def wider(k):
        def clone(layer):
            config = layer.get_config()
            return type(layer).from_config(config | ({"units": 7} if "units" in config else {}))
        return clone

    def doubled(k):
        return lambda layer, *args, **kwargs: k.layers.Dropout(0.0)(layer(*args, **kwargs))

    shapes = []
    for k in (konv, keras):
        model = residual(k)
        x = k.Input((16, 16, 4), name="wide")
        made = k.models.clone_model(model, x, wider(k), doubled(k))
        shapes.append(([tuple(w.shape) for w in made.weights], made.output.shape, made.input.shape, len(made.layers)))
    assert shapes[0] == shapes[1]


def test_loss_per_output_by_key():
    x = {"a": np.ones((4, 5), np.float32), "b": np.ones((4, 4), np.float32)}
    y = {"p": np.zeros((4, 1), np.float32), "q": np.zeros((4, 2), np.float32)}
    ours, theirs = both(dicts)
    logs = []
    for model in (ours, theirs):
        model.compile("sgd", loss={"p": "mse", "q": "mae"}, metrics={"q": ["mae"]}, loss_weights={"p": 0.5, "q": 2.0})
        logs.append({name: float(value[0]) for name, value in model.fit(x, y, verbose=0, epochs=1).history.items()})
    assert logs[0] == pytest.approx(logs[1], rel=1e-4)


@pytest.mark.parametrize(("call", "words"), [
    (lambda: dicts(konv)({"a": np.ones((1, 5))}), ["the inputs are a, b", "no b"]),
    (lambda: konv.Model(), ["inputs=", "call(self, inputs)"]),
    (lambda: konv.Input((3,)) and bool(konv.layers.Dense(1)(konv.Input((3,)))), ["truth", "konv.ops.where"]),
    (lambda: np.asarray(konv.Input((3,))), ["array", "konv.ops"]),
    (lambda: list(konv.Input((3,))), ["sequence"]),
    (lambda: float(konv.Input((3,))), ["number"]),
    (lambda: konv.models.clone_model(3), ["clone_model", "3"]),
])
def test_errors(call, words):
    with pytest.raises(KonvError) as error:
        call()
    assert all(word in str(error.value) for word in words)


def test_a_model_is_trained_when_a_model_around_it_has_moved_its_layers():
    """Two inner models may have layers of one name; the graph that the inner one was trained by is not the latest then."""
    def inner(name):
        x = konv.Input((3,))
        return konv.Model(x, konv.layers.Dense(3, name="same")(x), name=name)

    one, two = inner("one"), inner("two")
    x, y = np.ones((4, 3), np.float32), np.zeros((4, 3), np.float32)
    two.compile("sgd", "mse")
    two.train_on_batch(x, y)
    konv.Model(one.input, two(one.output))
    before = two.get_weights()
    two.train_on_batch(x, y)
    assert all((new != old).any() for new, old in zip(two.get_weights(), before, strict=True))
