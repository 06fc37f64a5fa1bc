"""The parameters of a layer as a picture, and the equation below it."""

from xml.etree import ElementTree as ET

import pytest

import konv
from konv.errors import UnsupportedError
from konv.explain import parameters
from tests.explain.text.test_plain import golden

layers = konv.layers


def built(layer, shape):
    layer.build_for(shape)
    return layer


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_golden(lang):
    golden(f"parameters.{lang}.svg", parameters(built(layers.Conv2D(2, 2, name="conv2d"), (3, 3, 3))).svg(lang))


@pytest.mark.parametrize(("layer", "shape", "told", "grids"), [
    (layers.Conv2D(2, 2), (3, 3, 3), ["each filter: 3*2*2 + 1 = 13", "parameters: 2 * (3*2*2 + 1) = 26"], 8),
    (layers.Conv2D(64, 3), (9, 9, 75), ["each filter: 75*3*3 + 1 = 676", "59 more filters like these", "70 more"], 30),
    (layers.Conv1D(4, 5, use_bias=False), (20, 3), ["each filter: 3*5 = 15"], 12),
    (layers.DepthwiseConv2D(3, depth_multiplier=2), (8, 8, 3), ["each filter: 1*3*3 + 1 = 10"], 12),
    (layers.Conv2DTranspose(2, 3), (8, 8, 4), ["each filter: 4*3*3 + 1 = 37"], 10),
    (layers.SeparableConv2D(4, 3), (8, 8, 3), ["each filter: 1*3*3 = 9", "each filter: 3*1*1 + 1 = 4"], 3 + 16),
    (layers.Dense(10), (400,), ["each unit: 400 + 1 = 401", "parameters: (400 + 1) * 10 = 4,010", "5 more units"], 30),
    (layers.BatchNormalization(), (8, 8, 3), ["moving_variance", "trainable: 2 * 3 = 6 (gamma, beta)"], 12)])
def test_told(layer, shape, told, grids):
    figure = parameters(built(layer, shape))
    root = ET.fromstring(figure.svg())
    words = " ".join(root.itertext())
    for text in told:
        assert text in words
    outlines = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if one.get("class", "").endswith("-line")]
    assert len(outlines) == grids
    assert figure.text("ko").startswith(f"{layer.title}의 파라미터")


def test_refused():
    with pytest.raises(UnsupportedError, match="has no parameters"):
        parameters(built(layers.Flatten(), (3, 3)))
