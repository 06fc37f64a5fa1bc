"""Models with a `call` of their own are explained as others are, alone and inside of another."""

import numpy as np
import pytest

import konv
from konv import explain
from tests.explain.text.test_plain import check_equations

IMAGE = np.random.default_rng(0).normal(size=(8, 8, 1)).astype(np.float32)


class Own(konv.Model):
    def __init__(self):
        super().__init__(name="own")
        self.conv = konv.layers.Conv2D(3, 3, name="conv")
        self.pool = konv.layers.MaxPooling2D(2, name="pool")

    def call(self, x):
        return self.pool(konv.ops.relu(self.conv(x)))


def alone():
    model = Own()
    model(IMAGE[None])
    return model


def inside():
    return konv.Sequential([konv.Input((8, 8, 1)), Own(), konv.layers.Flatten(name="flat"), konv.layers.Dense(2, name="dense")])


@pytest.mark.parametrize("make", [alone, inside])
def test_every_explanation(make):
    model = make()
    text = model.explain()
    check_equations(text)
    assert "parameters: 3 * (1*3*3 + 1) = 30" in text
    assert "(None, 8, 8, 1) -> (None, 6, 6, 3)  parameters: 30" in model.explain(style="terse")
    assert explain.drawing(model).boxes[0].class_name == "InputLayer"
    assert "conv" in model._repr_html_()
    maps, = explain.feature_maps(model, IMAGE)
    kernels, = explain.kernels(model)
    assert (maps.name, maps.maps.shape, kernels.class_name) == ("conv", (6, 6, 3), "Conv2D")
    own = model if make is alone else model.get_layer("own")
    np.testing.assert_allclose(maps.maps, own.conv(IMAGE[None])[0], rtol=1e-5, atol=1e-6)
    for name in ("pool", "own/pool"):
        found = explain.trace(model, IMAGE, name, at=(1, 1), channel=2)
        assert [step.box[:2] for step in found.steps][:2] == [((2, 6), (2, 6)), ((2, 4), (2, 4))]
