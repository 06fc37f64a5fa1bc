"""In a prediction a convolution adds its result to a shortcut in place, where nobody else wants what is there."""

import numpy as np
import pytest

import konv
from konv.plan import blocks, build_plan

L = konv.layers


def identity(x):
    return L.ReLU()(L.Add()([L.BatchNormalization()(L.Conv2D(6, 3, padding="same")(x)), x])), 0


def chain(x):
    for _ in range(3):
        x, _ = identity(L.Activation("tanh")(x))
        x = L.Add()([L.Conv2D(6, 5, padding="same")(L.Conv2D(6, 1)(x)), x])
    return x, 3  # x + conv(conv(x)) in place, relu(x + norm(conv(x))) not: the convolution reads what it would change


def projected(x):
    y = L.Conv2D(40, 3, padding="same")(L.Conv2D(40, 3, padding="same", activation="relu")(x))
    return L.Add()([y, L.Conv2D(40, 1)(x)]), 1


def depthwise(x):
    y = L.Activation("tanh")(x)
    return L.Add()([L.Activation("sigmoid")(y), L.DepthwiseConv2D(3, padding="same")(L.Conv2D(6, 1)(y))]), 1


def read_later(x):
    y = L.Activation("tanh")(x)
    z = L.Add()([y, L.Conv2D(6, 1)(L.Conv2D(6, 1)(y))])
    return L.Add()([z, L.Activation("relu")(y)]), 0


def flattened(x):
    y = L.Activation("tanh")(x)
    flat = L.Flatten()(y)
    z = L.Add()([y, L.Conv2D(6, 1)(L.Conv2D(6, 1)(y))])
    return L.Add()([L.Dense(4)(flat), L.Dense(4)(L.Flatten()(z))]), 1  # the dense layers' sum


def three(x):
    return L.Add()([L.Conv2D(6, 1)(x), L.Conv2D(6, 3, padding="same")(x), x]), 0


MODELS = [identity, chain, projected, depthwise, read_later, flattened, three]


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_same_bits(make, monkeypatch):
    source = konv.Input((7, 6, 6))
    x, expected = make(L.Conv2D(6, 1)(source))
    model = konv.Model(source, L.Activation("tanh")(x))
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.uniform(0.1, 0.5, weight.shape))
    images = random.normal(size=(5, 7, 6, 6)).astype(np.float32)
    steps = [step for segment in build_plan(model.graph(), 5, False).forward for step in segment.steps]
    results = [model.predict_on_batch(images)]
    monkeypatch.setattr(blocks, "add_in_place", lambda graph, blocks: blocks)
    plain = [step for segment in build_plan(model.graph(), 5, False).forward for step in segment.steps]
    other = konv.Model(source, model.outputs[0])
    results.append(other.predict_on_batch(images))
    assert [step.kernel for step in plain].count("add") - [step.kernel for step in steps].count("add") == expected
    assert np.array_equal(*results)
