"""What a `call` adds to the loss, beside Keras on JAX, and what it draws by konv.random."""

import keras
import numpy as np
import pytest

import konv
from tests.oracle import check_fit

draw = np.random.default_rng(0)
X, Y = draw.normal(size=(13, 6)).astype("float32"), draw.normal(size=(13, 3)).astype("float32")


def layer(library, call, **methods):
    return type("Mine", (library.layers.Layer,), {"call": call, **methods})()


ADDED = {
    "mean": lambda ops, x: 0.5 * ops.mean(ops.square(x)),
    "of each sample": lambda ops, x: ops.sum(ops.square(x), axis=-1),
    "of each number": lambda ops, x: x * x,
    "joined": lambda ops, x: ops.sqrt(ops.mean(x * x)) + 0.1 * ops.exp(-ops.mean(x)),
    "several": lambda ops, x: [ops.mean(x), ops.max(ops.abs(x))],
}


def adding(library, what):
    def call(self, x):
        self.add_loss(ADDED[what](library.ops, x))
        return 2 * x
    return layer(library, call)


def chain(what):
    return lambda library: library.Sequential([
        library.Input((6,)), library.layers.Dense(4, activation="tanh"), adding(library, what), library.layers.Dense(3)])


def weight(library):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        self.add_loss(0.1 * library.ops.sum(library.ops.square(self.w)))
        return x * self.w
    return library.Sequential([library.Input((6,)), library.layers.Dense(3), layer(library, call, build=build)])


def called_twice(library):
    """By a model, where the last call counts, and by a layer, where both do."""
    x, once = library.Input((6,)), adding(library, "mean")
    inner = adding(library, "joined")
    twice = layer(library, lambda self, x: self.inner(self.inner(x)))
    twice.inner = inner
    return library.Model(x, library.layers.Dense(3)(twice(once(library.layers.Dense(4)(once(x))))))


def subclass(library):
    """A model with a build of its own, which adds to what its layer adds."""
    class Mine(library.Model):
        def __init__(self):
            super().__init__()
            self.first, self.adding, self.last = library.layers.Dense(4), adding(library, "mean"), library.layers.Dense(3)

        def build(self, shape):
            self.first.build(shape)
            self.last.build((None, 4))
            self.built = True

        def call(self, x):
            h = self.adding(self.first(x))
            self.add_loss(library.ops.mean(library.ops.abs(h)))
            return self.last(h)
    model = Mine()
    model.build((None, 6))
    return model


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize("make", [*map(chain, ADDED), weight, called_twice, subclass])
def test_losses_like_keras(make):
    ours, theirs = make(konv), make(keras)
    check_fit(ours, theirs, X, Y, 5)


def test_training_without_another_loss():
    model = konv.Sequential([konv.Input((6,)), konv.layers.Dense(4), adding(konv, "mean")])
    model.compile(konv.optimizers.SGD(0.5))
    losses = model.fit(X, epochs=3, verbose=0).history["loss"]
    assert losses == sorted(losses, reverse=True)
    assert model.losses == []  # those of weights, and of the last call on arrays
    model(X)
    np.testing.assert_allclose(model.losses, [0.5 * np.mean(np.square(model(X) / 2))], rtol=1e-5)
    plain = konv.Sequential([konv.Input((6,)), layer(konv, lambda self, x: 2 * x), konv.layers.Dense(1)])
    plain.compile("sgd")
    with pytest.raises(konv.errors.KonvError, match="needs a loss"):
        plain.fit(X, verbose=0)


def sampling():
    """The sampling layer of a variational autoencoder."""

    def call(self, inputs):
        mean, variance = inputs
        batch, size = konv.ops.shape(mean)[0], konv.ops.shape(mean)[1]
        return mean + konv.ops.exp(0.5 * variance) * konv.random.normal(shape=(batch, size), seed=self.seeds)
    made = layer(konv, call)
    made.seeds = konv.random.SeedGenerator(1337)
    return made


def test_normal_numbers_in_a_call():
    x, made = konv.Input((300,)), sampling()
    model = konv.Model(x, made([x, konv.layers.Rescaling(0.0, 2 * np.log(3.0))(x)]))
    zeros = np.zeros((40, 300), "float32")
    for values in (model(zeros), model.predict(zeros, verbose=0), model(zeros, training=True)):
        assert abs(values.mean()) < 0.1
        assert abs(values.std() - 3) < 0.1
    assert (model(zeros) != model(zeros)).all()
    wide = layer(konv, lambda self, x: konv.ops.concatenate([x, konv.random.normal((konv.ops.shape(x)[0], 3), 5.0)], -1))(zeros)
    assert wide.shape == (40, 303)
    assert not wide[:, :300].any()
    assert abs(wide[:, 300:].mean() - 5) < 0.5


def test_dropout_in_a_call():
    def call(self, x, training=False):
        return konv.random.dropout(x, 0.25) if training else x
    ones, made = np.ones((40, 300), "float32"), layer(konv, call)
    dropped = made(ones, training=True)
    assert (made(ones) == 1).all()
    assert set(np.unique(dropped.round(4))) == {0, np.float32(1.3333)}
    assert abs((dropped == 0).mean() - 0.25) < 0.02


def test_numbers_drawn_at_once():
    random = konv.random
    assert random.uniform((2, 3), -1, 1, seed=0).dtype == np.float32
    assert (random.normal((3,), seed=5) == random.normal((3,), seed=5)).all()
    seeds = random.SeedGenerator(5)
    assert (random.normal((3,), seed=seeds) != random.normal((3,), seed=seeds)).all()
    assert np.abs(random.truncated_normal((1000,), seed=0)).max() <= 2
    assert set(random.randint((100,), 1, 4, seed=0).tolist()) == {1, 2, 3}
    assert sorted(random.shuffle(np.arange(9), seed=0)) == list(range(9))
    assert random.SeedGenerator.from_config(seeds.get_config()).seed == konv.layers.Dropout(0.1, seed=seeds).seed == 5
