"""One pixel step by step: what the steps add up to is what the engine computes, for every layer that has windows."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

import konv
from konv.errors import ShapeError, UnsupportedError
from konv.explain import window

layers = konv.layers
LAYERS = {
    "conv": lambda: layers.Conv2D(3, 3, padding="same", activation="tanh"),
    "strided": lambda: layers.Conv2D(3, (2, 3), strides=(2, 3), padding="same", use_bias=False),
    "dilated": lambda: layers.Conv2D(2, 3, dilation_rate=2, padding="same"),
    "groups": lambda: layers.Conv2D(4, 2, groups=2),
    "channels first": lambda: layers.Conv2D(2, 3, data_format="channels_first", padding="same"),
    "depthwise": lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
    "transposed": lambda: layers.Conv2DTranspose(2, 3, strides=2, padding="same"),
    "transposed valid": lambda: layers.Conv2DTranspose(3, (2, 3), strides=(3, 1)),
    "max pool": lambda: layers.MaxPooling2D(3, strides=2, padding="same"),
    "average pool": lambda: layers.AveragePooling2D(3, strides=1, padding="same"),
    "norm": layers.BatchNormalization,
    "norm, channels first": lambda: layers.BatchNormalization(axis=1),
    "norm bare": lambda: layers.BatchNormalization(center=False, scale=False),
}


def recomputed(figure):
    """The number that the steps give."""
    if figure.kind == "norm":
        return eval(figure.formula, {"sqrt": np.sqrt})
    if figure.kind in ("max", "average"):
        return figure.shares[0].sum
    products = sum(pixel * weight for share in figure.shares for line, other in zip(share.pixels, share.kernel, strict=True)
                   for pixel, weight in zip(line, other, strict=True))
    return products + (figure.bias or 0)


@pytest.mark.parametrize("name", LAYERS)
def test_the_steps_add_up(name):
    layer, random = LAYERS[name](), np.random.default_rng(0)
    image = random.standard_normal((4, 7, 6) if "channels first" in name else (7, 6, 4)).astype(np.float32)
    layer.build((None, *image.shape))
    for variable in layer.weights:
        variable.assign(np.abs(random.standard_normal(variable.shape)) if "variance" in variable.name else
                        random.standard_normal(variable.shape))
    expected = layer(image[None])[0]
    expected = expected.transpose(1, 2, 0) if "channels first" in name else expected
    height, width, channels = expected.shape
    for at, channel in (((0, 0), 0), ((height - 1, width - 1), channels - 1), ((height // 2, width // 2), channels // 2)):
        figure = window(layer, image, at, channel)
        assert figure.value == expected[(*at, channel)]
        tolerance = 2e-3 if figure.kind == "norm" else 1e-5  # the formula shows four digits
        assert recomputed(figure) == pytest.approx(figure.total, rel=tolerance, abs=tolerance)
        for share in figure.shares:
            for line, places in zip(share.pixels, share.places, strict=True):
                for pixel, place in zip(line, places, strict=True):
                    seen = image.transpose(1, 2, 0) if "channels first" in name else image
                    assert pixel == (0 if place is None else seen[(*place, share.channel)])


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_drawn(lang):
    layer = layers.Conv2D(2, 3, padding="same", name="<c>")
    figure = window(layer, np.ones((9, 9, 12)), at=(0, 0), lang=lang)
    root = ET.fromstring(figure.svg())
    words = list(root.itertext())
    assert any("<c>" in word for word in words)
    assert any("9" in word and word.startswith("⋮") for word in words)
    assert len(figure.shares) == 12


@pytest.mark.parametrize(("layer", "image", "options", "error", "message"), [
    (lambda: layers.Conv2D(2, 3), (5, 5, 1), {"at": (3, 0)}, ShapeError, r"at=\(3, 0\) lies outside the output of 3 rows"),
    (lambda: layers.Conv2D(2, 3), (5, 5, 1), {"filter": 2}, ShapeError, "filter must be from 0 to 1, got 2"),
    (lambda: layers.Conv2D(2, 3), (2, 5, 5, 1), {}, ShapeError, "expected one image"),
    (lambda: layers.Flatten(), (5, 5, 1), {}, UnsupportedError, "a window is of convolutions"),
    (lambda: layers.Conv2D(2, 3), (5, 5, 1), {"lang": "fr"}, konv.errors.KonvError, "lang must be one of"),
])
def test_refused(layer, image, options, error, message):
    with pytest.raises(error, match=message):
        window(layer(), np.ones(image), **options)
