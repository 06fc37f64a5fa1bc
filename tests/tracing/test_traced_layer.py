"""Layers and models of one's own beside Keras: the same source text with both."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError
from tests.random_models.both import compiled, ours_trained, theirs_trained

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def pieces(k):
    """Classes written against keras or konv, by name."""
    layers, o = k.layers, k.ops

    class Residual(layers.Layer):
        def __init__(self, filters, **kwargs):
            super().__init__(**kwargs)
            self.filters = filters
            self.convs = [layers.Conv2D(filters, 3, padding="same", name="c1"), layers.Conv2D(filters, 3, padding="same")]
            self.norm = layers.BatchNormalization()
            self.parts = {"a": layers.Dense(filters)}
            self.drop = layers.Dropout(0.0)

        def build(self, input_shape):
            self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")
            self.fixed = self.add_weight(shape=(input_shape[-1],), initializer="ones", trainable=False)

        def call(self, inputs, training=None):
            x = o.relu(self.convs[0](inputs))
            x = self.norm(self.convs[1](x), training=training)
            if training:
                x = self.drop(x, training=training)
            return o.relu(self.parts["a"](x) * self.gain + inputs * self.fixed)

        def get_config(self):
            return super().get_config() | {"filters": self.filters}

    class SqueezeExcite(layers.Layer):
        def __init__(self, ratio=2, **kwargs):
            super().__init__(**kwargs)
            self.ratio = ratio

        def build(self, input_shape):
            self.first = layers.Dense(input_shape[-1] // self.ratio, activation="relu")
            self.second = layers.Dense(input_shape[-1], activation="sigmoid")
            super().build(input_shape)

        def call(self, x):
            gates = self.second(self.first(o.mean(x, axis=[1, 2])))
            return x * o.reshape(gates, (-1, 1, 1, x.shape[-1]))

    class MyDense(layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], self.units), regularizer=k.regularizers.L2(0.01), name="w")
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")

        def call(self, x):
            return o.matmul(x, self.w) + self.b

        def get_config(self):
            return super().get_config() | {"units": self.units}

    class MyConv(layers.Layer):
        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(3, 3, input_shape[-1], 4), name="kernel")
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

        def call(self, x):
            norm = o.sqrt(o.sum(o.square(self.kernel), axis=(0, 1, 2)) + 1.0)
            return o.conv(x, self.kernel, padding="same") / norm * o.exp(self.scale)

    class Scaled(layers.Dense):
        def call(self, inputs):
            return 2.0 * super().call(inputs) - 1

    class Autoencoder(k.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.encoder = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")
            self.drop = layers.Dropout(0.0)
            self.decoder = [layers.UpSampling2D(2), layers.Conv2D(4, 3, padding="same")]

        def call(self, x, training=None):
            x = self.drop(self.encoder(x), training=training)
            for layer in self.decoder:
                x = layer(x)
            return x

    class TwoHeads(k.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.stem = k.Sequential([layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D()])
            self.heads = {"p": layers.Dense(2, name="p"), "q": layers.Dense(3, name="q")}

        def call(self, inputs):
            x = self.stem(inputs["image"]) + inputs["extra"]
            return {name: head(x) for name, head in self.heads.items()}

    return {cls.__name__: cls for cls in (Residual, SqueezeExcite, MyDense, MyConv, Scaled, Autoencoder, TwoHeads)}


def chain(*names):
    """A network whose middle is made of custom layers."""
    def make(k):
        made = pieces(k)
        arguments = {"Residual": (4,), "MyDense": (3,), "Scaled": (3,)}
        return k.Sequential([k.Input((8, 8, 4)), *(made[name](*arguments.get(name, ())) for name in names),
                             k.layers.Flatten(), k.layers.Dense(2)])
    return make


NETWORKS = [chain("Residual", "SqueezeExcite", "MyConv"), chain("Scaled", "MyDense"), lambda k: pieces(k)["Autoencoder"]()]


def both(make, x):
    models = []
    for k in (konv, keras):
        k.utils.clear_session()
        model = make(k)
        model(x)
        models.append(model)
    ours, theirs = models
    assert [weight.path.split("/")[-2:] for weight in ours.weights] == [w.path.split("/")[-2:] for w in theirs.weights]
    values = [np.random.default_rng(place).normal(0, 0.2, weight.shape).astype(np.float32) + ("variance" in weight.path)
              for place, weight in enumerate(theirs.weights)]
    ours.set_weights(values)
    theirs.set_weights(values)
    return ours, theirs


def close(ours, theirs, rtol=1e-4):
    for mine, other in zip(konv.tracing.tree.flatten(ours), konv.tracing.tree.flatten(theirs), strict=True):
        np.testing.assert_allclose(mine, np.asarray(other), rtol=rtol, atol=rtol * (1e-3 + np.abs(other).max()))


ADAM = {"class_name": "Adam", "config": {"learning_rate": 0.01, "epsilon": 1e-3}}


def random(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("make", NETWORKS)
def test_outputs_and_three_steps_are_those_of_keras(make, tmp_path):
    x = random(6, 8, 8, 4)
    ours, theirs = both(make, x)
    y = random(*ours(x).shape)
    for k, model in ((konv, ours), (keras, theirs)):
        compiled(k, model, {"task": {"compile": {"loss": "mse", "optimizer": ADAM}}})
    for mine, other in zip(ours_trained(ours, x, y), theirs_trained(theirs, (x, y, None)), strict=True):
        close([mine[0], mine[1]["loss"], mine[2]], [other[0], other[1]["loss"], other[2]], 3e-4)  # outputs, loss, weights
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    mine = konv.models.load_model(tmp_path / "theirs.keras", custom_objects=pieces(konv))
    other = keras.models.load_model(tmp_path / "ours.keras", custom_objects=pieces(keras))
    close(mine(x), theirs(x))
    close(ours(x), other(x))
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    close(ours(x), theirs(x))


def test_several_inputs_and_outputs_in_dicts():
    x, y = {"image": random(6, 8, 8, 4), "extra": random(6, 4)}, {"p": random(6, 2), "q": random(6, 3)}
    ours, theirs = both(lambda k: pieces(k)["TwoHeads"](), x)
    close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0))
    logs = []
    for model, k in ((ours, konv), (theirs, keras)):
        model.compile(k.optimizers.Adam(0.01), {"p": "mse", "q": "mae"})
        logs.append({name: value[0] for name, value in model.fit(x, y, batch_size=6, verbose=0).history.items()})
    assert logs[0] == pytest.approx(logs[1], rel=1e-4)


def test_a_layer_on_arrays_and_tensors():
    layer = pieces(konv)["MyDense"](3)
    x = random(2, 4)
    assert layer(x).shape == (2, 3)
    np.testing.assert_allclose(layer(x), x @ layer.w.numpy() + layer.b.numpy(), rtol=1e-5, atol=1e-6)
    assert layer(konv.Input((4,))).shape == (None, 3)
    assert layer.compute_output_shape((None, 4)) == (None, 3)
    assert [weight.path for weight in layer.weights] == ["my_dense/w", "my_dense/b"]
    assert layer.count_params() == 15
    layer.trainable = False
    assert layer.trainable_weights == []
    again = type(layer).from_config(layer.get_config())
    assert again.units == 3


def test_training_is_passed_on():
    class Mode(konv.layers.Layer):
        def call(self, x, training=None):
            return x * (2.0 if training else 3.0)

    model = konv.Sequential([konv.Input((1,)), Mode()])
    one = np.ones((1, 1), np.float32)
    assert float(model.predict(one, verbose=0)[0, 0]) == 3
    assert float(model(one, training=True)[0, 0]) == 2
    model.compile("sgd", "mae")
    assert float(model.train_on_batch(one, 2 * one)) == 0
    assert float(model.test_on_batch(one, 3 * one)) == 0


def test_registered_classes_are_found(tmp_path):
    @konv.saving.register_keras_serializable("mine")
    class Twice(konv.layers.Layer):
        def call(self, x):
            return x * 2

    model = konv.Sequential([konv.Input((3,)), Twice()])
    model.save(tmp_path / "m.keras")
    assert "mine>Twice" in model.to_json()
    assert konv.models.load_model(tmp_path / "m.keras").predict(np.ones((1, 3)), verbose=0).tolist() == [[2.0] * 3]


def layer_of(call):
    return type("Mine", (konv.layers.Layer,), {"call": call})()


@pytest.mark.parametrize(("call", "words"), [
    (lambda self, x: x if x > 0 else -x, ["Mine", "truth", "konv.ops.where"]),
    (lambda self, x: np.tanh(x), ["np.tanh", "konv.ops.tanh"]),
    (lambda self, x: float(x), ["number"]),
    (lambda self, x: list(x), ["sequence", "range"]),
    (lambda self, x: konv.ops.mean(x, axis=0), ["batch", "axis="]),
    (lambda self, x: konv.ops.reshape(x, (4, 2)), ["batch", "-1"]),
    (lambda self, x: 3.0, ["must return tensors", "3.0"]),
    (lambda self, x: x + np.ones((2, 5)), ["(2, 5)"]),
    (lambda self, x: self.add_loss(0.5) or x, ["add_loss", "tensor", "0.5"]),
    (lambda self, x: konv.random.uniform((2, 3)) + x, ["random.uniform", "konv.random.normal"]),
    (lambda self, x: konv.random.normal((3, 4)) + x, ["(3, 4)", "konv.ops.shape(x)[0]"]),
    (lambda self, x: konv.random.normal(x.shape, seed=3) + x, ["seed=3", "SeedGenerator(3)"]),
    (lambda self, x: konv.random.dropout(x, 0.5), ["random.dropout", "if training:"]),
])
def test_errors(call, words):
    with pytest.raises(KonvError) as error:
        layer_of(call)(konv.Input((4,)))
    assert all(word in str(error.value) for word in words), str(error.value)


def test_loops_of_ones_own_are_refused():
    with pytest.raises(KonvError, match="train_step"):
        type("Mine", (konv.Model,), {"train_step": lambda self, data: {}})


def test_variables_of_ones_own():
    def build(self, shape):
        self.a = konv.Variable(initializer="ones", shape=shape[-1:], name="a")
        self.b = konv.Variable(np.full(3, 2.0), trainable=False, name="b")
        self.b.assign(self.b + 1)
    layer = type("Mine", (konv.layers.Layer,), {"build": build, "call": lambda self, x: x * self.a + self.b})()
    outer = layer_of(lambda self, x: self.inner(x))
    outer.inner = layer
    np.testing.assert_array_equal(outer(np.ones((2, 3))), np.full((2, 3), 4))
    assert [weight.path for weight in layer.weights] == ["mine_1/mine/a", "mine_1/mine/b"]
    with pytest.raises(KonvError, match="shape="):
        konv.Variable("zeros")


@pytest.mark.parametrize("call", [lambda self, x: self.count.assign(x), lambda self, x: self.count.assign_add(1.0) or x])
def test_nothing_is_assigned_in_a_call(call):
    def build(self, shape):
        self.count = self.add_weight(shape=(), trainable=False, name="count")
    with pytest.raises(KonvError, match="count.*runs once"):
        type("Mine", (konv.layers.Layer,), {"build": build, "call": call})()(np.ones((2, 3)))
