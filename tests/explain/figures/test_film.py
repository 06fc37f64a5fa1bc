"""A sliding window as moving SVG and as GIF: all positions, and the map that the engine computes."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

import konv
from konv.errors import KonvError
from konv.explain import film

layers = konv.layers


@pytest.mark.parametrize(("layer", "shape"), [
    (lambda: layers.Conv2D(2, 3, padding="same"), (6, 5, 1)),
    (lambda: layers.Conv2D(2, 3, strides=2, data_format="channels_first"), (3, 9, 7)),
    (lambda: layers.MaxPooling2D(2), (8, 6, 2))])
def test_all_positions(layer, shape, tmp_path):
    image = np.random.default_rng(0).random(shape)
    moving = film(layer(), image, filter=1)
    rows, columns = moving.result.shape
    assert len(moving.positions()) == rows * columns
    root = ET.fromstring(moving.svg())
    parts = root.iter("{http://www.w3.org/2000/svg}animate")
    steps = next(part for part in parts if part.get("attributeName") == "x").get("values").split(";")
    assert len(steps) == rows * columns
    with Image.open(moving.gif(tmp_path / "film.gif")) as picture:
        assert 1 < picture.n_frames <= rows * columns  # Pillow joins frames that are equal


def test_saved_by_its_ending_and_short_when_printed(tmp_path):
    moving = film(layers.Conv2D(1, 2, name="c"), np.eye(3)[..., None])
    assert moving.save(tmp_path / "film.gif").read_bytes().startswith(b"GIF8")
    assert moving.save(tmp_path / "film.svg").read_text().startswith("<svg")
    assert repr(moving) == '<Film of 4 positions of Conv2D "c">'


def test_many_positions_are_thinned_out():
    assert len(film(layers.Conv2D(1, 1), np.ones((64, 64, 1))).positions()) <= 900


@pytest.mark.parametrize(("call", "message"), [
    (lambda: film(layers.Conv2D(1, 3), np.ones((5, 5, 1)), seconds=0), "seconds must be above 0"),
    (lambda: film(layers.BatchNormalization(), np.ones((5, 5, 1))), "has no window"),
    (lambda: film(layers.Conv2D(1, 3), np.ones((5, 5, 1))).gif("film.png"), r"written as \.gif")])
def test_refused(call, message):
    with pytest.raises(KonvError, match=message):
        call()
