"""SAME of Keras beside padding= of PyTorch: which pixels each reads, as text and as a picture."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

import konv
from konv.errors import KonvError
from konv.explain import padded_layers, paddings
from tests.explain.text.test_plain import golden


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_golden(lang):
    figure = paddings(6, 3, strides=2)
    golden(f"paddings.{lang}.txt", figure.text(lang))
    golden(f"paddings.{lang}.svg", figure.svg(lang))


@pytest.mark.parametrize(("arguments", "told"), [
    ((6, 3), "both read the same pixels"), ((6, 3, 2), "begin further down (rows: 1) and further right (columns: 1)"),
    ((7, 3, 2), "both read the same pixels"), ((7, 4, 3), "they read different pixels"),
    (((224, 225), 7, 2), "[· · 0 1 2 3 4] [0 1 2 3 4 5 6] … [220 221 222 223 · · ·]"),
    ((8, 3, 1, 2), "both read the same pixels"), ((6, 3, 2, 1, (1, 0)), "ZeroPadding2D((1, 0))")])
def test_told(arguments, told):
    figure = paddings(*arguments)
    assert told in figure.text()
    words = " ".join(ET.fromstring(figure.svg()).itertext())
    assert told in words
    assert ("the upper left corner" in words) == (max(axis.size for axis in figure.keras) > 9)


@pytest.mark.parametrize("arguments", [(6, 3, 2, 1, 1), ((9, 7), (3, 5), (2, 3), 1, (1, 2)), (9, 3, 1, 2, 1)])
def test_what_would_do_reads_what_pytorch_reads(arguments):
    """ZeroPadding2D and a valid window: the sums of the pixels that the figure lists."""
    _, kernel, strides, dilation, _ = arguments
    figure = paddings(*arguments)
    image = np.random.default_rng(0).standard_normal([axis.size for axis in figure.torch])
    pad = konv.layers.ZeroPadding2D(tuple(axis.before for axis in figure.torch))
    conv = konv.layers.Conv2D(1, kernel, strides, dilation_rate=dilation, kernel_initializer="ones")
    found = conv(pad(image[None, ..., None]))[0, ..., 0]
    rows, columns = ([[pixel for _, pixel in axis.reads(place) if pixel is not None] for place in range(axis.output)]
                     for axis in figure.torch)
    wanted = [[image[np.ix_(row, column)].sum() for column in columns] for row in rows]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_as_pytorch():
    torch = pytest.importorskip("torch")
    for size, kernel, stride, dilation, padding in [(6, 3, 2, 1, 1), (11, 5, 3, 2, 4), (8, 4, 1, 1, 0)]:
        axis = paddings(size, kernel, stride, dilation, padding).torch[0]
        x = torch.arange(1.0, size + 1)[None, None]
        found = torch.nn.functional.conv1d(x, torch.ones(1, 1, kernel), None, stride, padding, dilation)[0, 0]
        assert [sum(0 if pixel is None else pixel + 1 for _, pixel in axis.reads(place)) for place in range(axis.output)] == (
            found.tolist())


def test_layers_that_are_padded_as_in_pytorch():
    layers = konv.layers
    model = konv.Sequential([
        konv.Input((12, 12, 1)), layers.ZeroPadding2D(1), layers.Conv2D(2, 3, 2, name="a"),
        layers.Conv2D(2, 3, padding="same"), layers.ZeroPadding2D(1), layers.MaxPooling2D(3, 2, name="b"),
        layers.ZeroPadding2D(((0, 1), (0, 1))), layers.Conv2D(2, 3), layers.Flatten()])
    found = padded_layers(model, "ko")
    assert list(found) == ["a", "b"]
    assert found["a"].text() == paddings(12, 3, 2, 1, 1).text("ko")
    assert (found["b"].equal, padded_layers(konv.Sequential([konv.Input((3,)), layers.Dense(2)]))) == (False, {})


def test_refused():
    with pytest.raises(KonvError, match="a window of 5x5 does not fit into images of 2x2"):
        paddings(2, 5, padding=1)
    with pytest.raises(KonvError, match="padding"):
        paddings(6, 3, padding=-1)
