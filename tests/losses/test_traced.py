"""Losses and metrics of one's own beside Keras: the same source text with both."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def focal(k):
    o = k.ops

    def function(y_true, y_pred, gamma=2.0, alpha=0.25):
        p = o.clip(y_pred, 1e-7, 1 - 1e-7)
        pt = o.where(o.equal(y_true, 1.0), p, 1 - p)
        return o.mean(-alpha * o.power(1 - pt, gamma) * o.log(pt), axis=-1)
    return function


def dice_of_the_batch(k):
    o = k.ops

    def function(y_true, y_pred, smooth=1.0):
        truth, predicted = o.reshape(y_true, [-1]), o.reshape(y_pred, [-1])
        both = o.sum(truth * predicted)
        return 1 - (2 * both + smooth) / (o.sum(truth) + o.sum(predicted) + smooth)
    return function


def dice_of_each(k):
    def function(y_true, y_pred):
        both = k.ops.sum(y_true * y_pred, axis=(1, 2, 3))
        return 1 - 2 * both / (k.ops.sum(y_true + y_pred, axis=[1, 2, 3]) + 1e-3)
    return function


def one_number(k):
    return lambda y_true, y_pred: k.ops.mean(k.ops.square(y_true - y_pred))


def images(k):
    return lambda y_true, y_pred: k.ops.abs(y_true - y_pred) ** 1.5


def over_axis_0(k):
    return lambda y_true, y_pred: k.ops.sqrt(k.ops.mean(k.ops.square(y_true - y_pred), axis=0) + 1e-6)


def largest(k):
    return lambda y_true, y_pred: k.ops.max(k.ops.abs(y_true - y_pred))


def logistic(k):
    class Logistic(k.losses.Loss):
        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * k.ops.mean(k.ops.log(1 + k.ops.exp(-y_true * y_pred)), axis=-1)
    return Logistic(reduction="sum")


def mixed(k):
    def function(y_true, y_pred):
        return k.losses.binary_crossentropy(y_true, y_pred) + 0.3 * k.losses.mean_squared_error(y_true, y_pred)
    return function


def linear(k):
    return lambda y_true, y_pred: k.ops.mean(y_pred - y_true, axis=-1)


def of_the_predictions_alone(k):
    return lambda y_true, y_pred: y_pred


LOSSES = [linear, of_the_predictions_alone, focal, dice_of_the_batch, dice_of_each, one_number, images, over_axis_0, largest,
          logistic, mixed]


def network(k, loss, metrics=()):
    model = k.Sequential([k.Input((6, 6, 2)), k.layers.Conv2D(3, 3, padding="same", activation="sigmoid")])
    shapes = [tuple(weight.shape) for weight in model.weights]
    model.set_weights([np.random.default_rng(i).normal(0, 0.3, shape).astype(np.float32) for i, shape in enumerate(shapes)])
    model.compile(k.optimizers.Adam(0.01), loss, metrics=list(metrics))
    return model


def data():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(5, 6, 6, 2)).astype(np.float32), (rng.random((5, 6, 6, 3)) > 0.5).astype(np.float32),
            rng.random(5).astype(np.float32))


def weights_of(model):
    return [np.asarray(weight.value) for weight in model.weights]


@pytest.mark.parametrize(("make", "weighted"), [(make, False) for make in LOSSES] + [(dice_of_each, True)])
def test_three_steps_are_those_of_keras(make, weighted):
    x, y, weight = data()
    logs, models = [], []
    for k in (konv, keras):
        model = network(k, make(k))
        steps = [model.train_on_batch(x, y, sample_weight=weight if weighted else None) for _ in range(3)]
        logs.append([*steps, model.test_on_batch(x, y)])
        models.append(weights_of(model))
    np.testing.assert_allclose(*logs, rtol=1e-5)
    for ours, theirs in zip(*models, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(7,), (7, 1)])
def test_labels_and_a_metric(shape):
    def crossentropy(k):
        def function(y_true, y_pred):
            target = k.ops.one_hot(k.ops.cast(k.ops.reshape(y_true, (-1,)), "int32"), 4) * 0.9 + 0.025
            return -k.ops.sum(target * k.ops.log_softmax(y_pred, axis=-1), axis=-1)
        return function

    def accuracy(k):
        def hits(y_true, y_pred):
            found = k.ops.argmax(y_pred, axis=-1)
            return k.ops.cast(k.ops.equal(found, k.ops.cast(k.ops.reshape(y_true, (-1,)), "int32")), "float32")
        return hits

    rng, logs = np.random.default_rng(0), []
    x, y = rng.normal(size=(7, 3)).astype(np.float32), rng.integers(0, 4, shape)
    for k in (konv, keras):
        model = k.Sequential([k.Input((3,)), k.layers.Dense(4)])
        model.set_weights([np.linspace(-1, 1, 12).reshape(3, 4).astype(np.float32), np.zeros(4, np.float32)])
        model.compile("sgd", crossentropy(k), metrics=[accuracy(k)])
        logs.append(model.fit(x, y, epochs=3, verbose=0, batch_size=7, shuffle=False).history)
    assert logs[0].keys() == logs[1].keys()
    for name in logs[0]:
        assert logs[0][name] == pytest.approx(logs[1][name], rel=1e-5)


def test_a_metric_class():
    def brier(k):
        class Brier(k.metrics.Metric):
            def __init__(self, name="brier", **kwargs):
                super().__init__(name=name, **kwargs)
                self.total = self.add_weight(name="total", initializer="zeros")
                self.count = self.add_weight(name="count", initializer="zeros")

            def update_state(self, y_true, y_pred, sample_weight=None):
                self.total.assign_add(k.ops.sum(k.ops.square(y_true - y_pred)))
                self.count.assign(self.count + k.ops.cast(k.ops.size(y_true), "float32"))

            def result(self):
                return self.total / (self.count + 1e-7)
        return Brier()

    x, y, _ = data()
    found = []
    for k in (konv, keras):
        found.append(network(k, "mse", [brier(k)]).evaluate(x, y, verbose=0, return_dict=True)["brier"])
    assert float(found[0]) == pytest.approx(float(found[1]), rel=1e-5)


def branches(y_true, y_pred):
    return y_pred if y_pred > 0 else y_true


@pytest.mark.parametrize(("loss", "words"), [
    (branches, ["branches", "truth", "konv.ops.where"]),
    (lambda t, p: np.exp(p), ["np.exp", "konv.ops.exp"]),
    (lambda t, p: konv.ops.mean(t), ["does not depend on y_pred"]),
    (lambda t, p: p - konv.ops.mean(p), ["over all", "last"]),
    (lambda t, p: 3.0, ["must return a tensor", "3.0"]),
    (lambda t, p: p[0], ["batch", "x[:"]),
])
def test_errors(loss, words):
    x, y, _ = data()
    with pytest.raises(KonvError) as error:
        network(konv, loss).fit(x, y, verbose=0)
    assert all(word in str(error.value) for word in words), str(error.value)
