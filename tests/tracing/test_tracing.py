"""konv.ops on arrays and on tensors, forward and backward, beside keras.ops and JAX; the same expression for all."""

import keras
import numpy as np
import pytest

import konv
from konv.runtime.graph_function import Function
from tests.random_models.both import QUICKLY

EXPRESSIONS = {
    "exp": lambda o, x: o.exp(x),
    "log": lambda o, x: o.log(o.abs(x) + 0.1),
    "log1p": lambda o, x: o.log1p(o.abs(x)),
    "sqrt": lambda o, x: o.sqrt(o.abs(x)),
    "rsqrt": lambda o, x: o.rsqrt(o.abs(x) + 1),
    "sq": lambda o, x: o.square(x),
    "sign": lambda o, x: o.sign(x),
    "clip": lambda o, x: o.clip(x, -0.5, 0.5),
    "max2": lambda o, x: o.maximum(x, 0.3),
    "min2": lambda o, x: o.minimum(x, x * x),
    "sum": lambda o, x: o.sum(x, axis=-1),
    "sumk": lambda o, x: o.sum(x, axis=(1, 3), keepdims=True),
    "mean": lambda o, x: o.mean(x, axis=[1, 2]),
    "max": lambda o, x: o.max(x, axis=2),
    "min": lambda o, x: o.min(x, axis=-1, keepdims=True),
    "var": lambda o, x: o.var(x, axis=(1, 2)),
    "std": lambda o, x: o.std(x, axis=-1, keepdims=True),
    "lse": lambda o, x: o.logsumexp(x, axis=-1),
    "lsek": lambda o, x: o.logsumexp(x, axis=(1, 2), keepdims=True),
    "resh": lambda o, x: o.reshape(x, (-1, 20, 6)),
    "tr": lambda o, x: o.transpose(x, (0, 3, 1, 2)),
    "ed": lambda o, x: o.expand_dims(x[:, :, 0], 1),
    "sqz": lambda o, x: o.squeeze(x[:, 1:2], 1),
    "cat": lambda o, x: o.concatenate([x, x * 2], axis=1),
    "stack": lambda o, x: o.stack([x, x * 2], axis=-1),
    "mm": lambda o, x: o.matmul(x, o.transpose(x, (0, 1, 3, 2))),
    "relu": lambda o, x: o.relu(x),
    "relu6": lambda o, x: o.relu6(x * 5),
    "sig": lambda o, x: o.sigmoid(x),
    "sm": lambda o, x: o.softmax(x),
    "sm1": lambda o, x: o.softmax(x, axis=1),
    "lsm": lambda o, x: o.log_softmax(x),
    "tanh": lambda o, x: o.tanh(x),
    "gelu": lambda o, x: o.gelu(x),
    "gelu0": lambda o, x: o.gelu(x, approximate=False),
    "silu": lambda o, x: o.silu(x),
    "elu": lambda o, x: o.elu(x),
    "lrelu": lambda o, x: o.leaky_relu(x, negative_slope=0.1),
    "softplus": lambda o, x: o.softplus(x),
    "selu": lambda o, x: o.selu(x),
    "mp": lambda o, x: o.max_pool(x, 2, 2),
    "ap": lambda o, x: o.average_pool(x, 2, 1, padding="same"),
    "pow": lambda o, x: o.abs(x) ** 1.7,
    "rpow": lambda o, x: 2.0 ** x,
    "where": lambda o, x: o.where(x > 0, x, x * 0.1),
    "rdiv": lambda o, x: 2 / (o.abs(x) + 1),
    "pad": lambda o, x: o.pad(x, ((0, 0), (1, 2), (0, 0), (1, 0))),
    "rep": lambda o, x: o.repeat(x, 2, axis=2),
    "flip": lambda o, x: x[:, ::-1],
    "idx": lambda o, x: x[:, 1, ..., None, 2:],
    "neg": lambda o, x: -x + abs(x) - 3,
    "const": lambda o, x: x * np.arange(6, dtype="f") + np.ones((1, 1, 1, 6), "f"),
    "swap": lambda o, x: o.swapaxes(x, 1, 3),
    "ol": lambda o, x: o.ones_like(x) * x,
    "norm": lambda o, x: o.normalize(x, axis=-1),
    "hs": lambda o, x: o.hard_sigmoid(x),
    "sin": lambda o, x: o.sin(x) + o.cos(x),
    "land": lambda o, x: o.cast(o.logical_and(x > 0, x < 1), "float32") * x,
    "amax": lambda o, x: o.amax(x, axis=1),
    "arith": lambda o, x: (x - 1) / (3 - x * 0.01) * x @ o.transpose(x, (0, 1, 3, 2)),
}


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_numbers_and_gradients_are_those_of_keras():
    """All in one network, whose outputs are looked at one by one, and so are their gradients."""
    import jax

    x = np.random.default_rng(0).normal(size=(3, 4, 5, 6)).astype(np.float32)

    def every(x):
        return {name: function(keras.ops, x) for name, function in EXPRESSIONS.items()}

    def back(x, slopes):
        return jax.vjp(every, x)[1](slopes)[0]

    expected = jax.tree.map(np.asarray, jax.jit(every, compiler_options=QUICKLY)(x))
    source = konv.Input((4, 5, 6))
    results = [function(konv.ops, source) for function in EXPRESSIONS.values()]
    engine = Function(konv.Model(source, results).graph())
    random = np.random.default_rng(1)
    slopes = {name: random.normal(size=expected[name].shape).astype(np.float32) for name in EXPRESSIONS}
    alone = {name: {other: slope * (other == name) for other, slope in slopes.items()} for name in slopes}
    gradients = jax.jit(jax.vmap(back, (None, 0)), compiler_options=QUICKLY)(
        x, jax.tree.map(lambda *every: np.stack(every), *alone.values()))
    for name, result, values, gradient in zip(EXPRESSIONS, results, engine.values([x]), gradients, strict=True):
        assert result.shape[1:] == expected[name].shape[1:], name
        close(values, expected[name], name)
        close(EXPRESSIONS[name](konv.ops, x), expected[name], f"{name} of an array")
        close(engine.gradients([x], list(alone[name].values()))[0], np.asarray(gradient), f"the gradient of {name}")


def close(ours, theirs, name):
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * (1 + np.abs(theirs).max()), err_msg=name)


def net(k):
    o = k.ops
    x = k.Input((8, 8, 3))
    image = k.layers.Conv2D(4, 3, padding="same")(x)
    gates = o.sigmoid(o.mean(image * 2.0 + 1, axis=(1, 2), keepdims=True))
    joined = o.reshape(o.concatenate([image * gates, image], axis=-1), (-1, 512))
    clipped = o.clip(1.0 - o.relu(joined), -0.5, 1.0)
    turned = o.squeeze(o.max(o.transpose(image, (0, 3, 1, 2))[:, 1, ..., None], axis=1), -1)
    share = o.softmax(turned, axis=-1) / (1 + o.exp(-turned))
    return k.Model(x, [clipped, clipped[:, 3:10], -share**2, abs(share - turned)])


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_functional_models_of_operations(tmp_path):
    """Names, summary, numbers, three steps of training, files both ways, clones."""
    models, texts = [], []
    x = np.random.default_rng(0).normal(size=(5, 8, 8, 3)).astype(np.float32)
    for k in (konv, keras):
        k.utils.clear_session()
        model = net(k)
        model.set_weights([np.random.default_rng(0).normal(0, 0.3, (3, 3, 3, 4)).astype(np.float32), np.zeros(4, np.float32)])
        model.summary(print_fn=lambda text, **_: texts.append(text))
        models.append(model)
    ours, theirs = models
    assert texts[0] == texts[1]
    assert [operation.name for operation in ours.operations] == [operation.name for operation in theirs.operations]
    for model, k in zip(models, (konv, keras), strict=True):
        model.compile(k.optimizers.Adam(0.01), "mse")
        for _ in range(3):
            model.train_on_batch(x, [np.zeros((5, size), np.float32) for size in (512, 7, 8, 8)])
    expected = theirs.predict(x, verbose=0)
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    clone = konv.models.clone_model(ours)
    clone.set_weights(ours.get_weights())
    loaded = konv.models.load_model(tmp_path / "theirs.keras"), keras.models.load_model(tmp_path / "ours.keras")
    for model in (ours, clone, *loaded):
        for found, wanted in zip(model.predict(x, verbose=0), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
