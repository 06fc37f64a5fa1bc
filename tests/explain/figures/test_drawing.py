"""Drawings of models: every layer is there, boxes do not overlap, names are escaped."""

import re
from xml.etree import ElementTree as ET

import pytest

import konv
from konv.errors import KonvError
from konv.explain import drawing
from tests.explain.models import nested, residual, seed_network, two_outputs
from tests.explain.text.test_plain import golden


@pytest.mark.parametrize("view", ["graph", "layers"])
@pytest.mark.parametrize("make", [seed_network, residual, nested, two_outputs])
def test_every_layer_is_there(make, view):
    model = make(konv)
    figure = drawing(model, view)
    root = ET.fromstring(figure.svg())
    words = " ".join(root.itertext())
    assert len(figure.boxes) == len(model._order)
    for layer in model.layers:
        assert layer.name in words
    for box in figure.boxes:
        assert f"(None, {', '.join(map(str, box.shape))}" in words


@pytest.mark.parametrize("make", [residual, two_outputs])
def test_boxes_do_not_overlap(make):
    rectangle = r'<rect x="([-\d.]+)" y="([-\d.]+)" width="([-\d.]+)" height="([-\d.]+)" class="paper"/>'
    boxes = [tuple(map(float, found)) for found in re.findall(rectangle, drawing(make(konv)).svg())][1:]
    assert len(boxes) > 3
    for place, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, *_ in boxes[place + 1:]:
            assert abs(x - other_x) >= width or abs(y - other_y) >= height


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_golden(lang):
    x = source = konv.Input((8, 8, 3), name="image")
    y = konv.layers.Conv2D(3, 3, padding="same", name="<branch>")(x)
    x = konv.layers.Add(name="sum")([x, y])
    model = konv.Model(source, konv.layers.Dense(2, name="dense")(konv.layers.Flatten(name="flat")(x)), name="small")
    golden(f"drawing-small.{lang}.svg", drawing(model).svg(lang))


def test_refused():
    with pytest.raises(KonvError, match="view must be one of 'graph', 'layers', got 'tree'"):
        drawing(residual(konv), "tree")
    with pytest.raises(KonvError, match="is not built yet"):
        drawing(konv.Sequential([konv.layers.Dense(2)]))
    with pytest.raises(KonvError, match="type object; konv.explain.read makes a model"):
        drawing(object())


def test_plot_model(tmp_path):
    """The door of Keras: what it cannot draw is said."""
    model = konv.Sequential([konv.Input((8, 8, 1)), konv.layers.Conv2D(2, 3, name="first"), konv.layers.Flatten()])
    figure = konv.utils.plot_model(model, tmp_path / "m.svg", show_shapes=True, show_layer_names=True)
    text = (tmp_path / "m.svg").read_text("utf-8")
    assert "first" in text
    assert "(6, 6, 2)" in text.replace("None, ", "")
    assert figure.svg() == text
    for wrong, word in (({}, "model.svg"), ({"to_file": "m.svg", "dpi": 60}, "dpi=60"), ({"to_file": "a.svg", "rankdir": "LR"},
                        "LR"), ({"to_file": "a.svg", "shapes": True}, "shapes")):
        with pytest.raises(KonvError, match=word):
            konv.utils.plot_model(model, **wrong)
