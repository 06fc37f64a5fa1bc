"""The picture of a convolution: the three figures that the project starts from, as golden files; what they say and elide."""

from xml.etree import ElementTree as ET

import pytest

import konv
from konv.errors import UnsupportedError
from konv.explain import convolution
from tests.explain.text.test_plain import golden

FIGURES = {  # one filter; three filters, not added together; one kernel per channel, summed into one map per filter
    "one-filter": (1, (3, 3, 1)), "three-filters": (3, (3, 3, 1)), "three-channels": (2, (3, 3, 3))}


def built(filters, shape, **options):
    layer = konv.layers.Conv2D(filters, **{"kernel_size": (2, 2), "padding": "same", "name": "conv2d"} | options)
    layer.build((None, *shape))
    return layer


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("name", FIGURES)
def test_golden_figures(name, lang):
    filters, shape = FIGURES[name]
    golden(f"figure-{name}.{lang}.svg", convolution(built(filters, shape)).svg(lang))


@pytest.mark.parametrize(("filters", "shape", "options", "said"), [
    (1, (3, 3, 1), {}, ["one filter"]),
    (3, (3, 3, 1), {}, ["3 filters: 3 feature maps, which are not added together", "feature map 2"]),
    (2, (3, 3, 3), {}, ["each filter has one kernel for each of its 3 channels", "right 1"]),
    (64, (28, 28, 75), {"kernel_size": 3}, ["61 more filters like these", "72 more channels", "+ … 72 more"]),
    (4, (9, 8, 4), {"groups": 2, "use_bias": False}, ["2 groups: a filter reads the 2 channels of its own group alone"]),
    (2, (8, 8, 1), {"dilation_rate": 2, "padding": "valid", "name": "<&>"}, ['Conv2D "<&>"']),
])
def test_what_is_said(filters, shape, options, said):
    root = ET.fromstring(convolution(built(filters, shape, **options)).svg())
    words = " ".join(root.itertext())
    for text in said:
        assert text in words
    assert root.find("{*}title") is not None
    assert root.find("{*}desc") is not None


def test_depthwise_filters_have_one_kernel():
    layer = konv.layers.DepthwiseConv2D(3, depth_multiplier=2)
    layer.build((None, 6, 6, 2))
    assert "4 filters" in convolution(layer).svg()


def test_other_layers_are_refused():
    for layer, shape in ((konv.layers.Dense(3), (None, 4)), (konv.layers.Conv1D(3, 2), (None, 8, 2))):
        layer.build(shape)
        with pytest.raises(UnsupportedError, match="picture is of convolutions"):
            convolution(layer)
    with pytest.raises(konv.errors.KonvError, match=r"\.svg, \.html, \.txt"):
        convolution(built(1, (3, 3, 1))).save("figure.png")


def test_saved(tmp_path):
    figure = convolution(built(1, (3, 3, 1)), lang="ko")
    assert figure.save(tmp_path / "a.svg").read_text().startswith("<svg")
    assert "특성 맵 0" in figure.save(tmp_path / "a.html").read_text()
    assert figure.save(tmp_path / "a.txt", "en").read_text() == figure.text("en")
    assert figure._repr_html_() == figure.html()
