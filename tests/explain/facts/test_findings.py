"""Kernels and maps on sheets, what is conspicuous about filters, and films over the epochs."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

import konv
from konv.errors import KonvError
from konv.explain import Alike, FilmOfKernels, FilmOfMaps, feature_maps, findings, kernels
from konv.explain.facts.values import by_filter
from konv.explain.figures.pixels import heat

layers = konv.layers


def planted():
    """A dead filter (2), a duplicate (4 is twice 1) among eight; a saturated one (3) among six behind them."""
    model = konv.Sequential([
        konv.Input((10, 9, 3)), layers.Conv2D(8, 3, activation="relu", name="first"),
        layers.Conv2D(6, 3, activation="sigmoid", name="second"), layers.Flatten(), layers.Dense(2)])
    kernel, bias = model.layers[0].get_weights()
    kernel[..., 4] = 2 * kernel[..., 1]
    kernel[..., 2] = -np.abs(kernel[..., 2])
    model.layers[0].set_weights([kernel, bias + (np.arange(8) != 2)])
    kernel, bias = model.layers[1].get_weights()
    model.layers[1].set_weights([kernel, bias + 20.0 * (np.arange(6) == 3)])
    return model


def images(count=3):
    return np.random.default_rng(0).random((count, 10, 9, 3), dtype="float32")


def test_exactly_what_was_planted_is_found():
    found = findings(planted(), images())
    assert found.dead == (("first", 2),)
    assert [(one.layer, one.filter, one.activation, one.share) for one in found.saturated] == [("second", 3, "sigmoid", 1.0)]
    assert found.alike == (Alike("first", 1, 4, found.alike[0].similarity),)
    assert found.alike[0].similarity == pytest.approx(1)
    assert found.text().splitlines()[2:] == [
        "  first: dead filters: 2", "  first: filters that are alike (cosine): 1 ≈ 4 (1.0000)",
        "  second: saturated filters, whose values are at or below 0.01 or at or above 0.99 (sigmoid): 3 (100%)"]
    assert "first: 죽은 필터: 2" in found.text("ko")
    assert len(found.lines("en", "first")) == 2


def test_activations_as_layers_and_what_is_cut_off():
    model = konv.Sequential([
        konv.Input((2, 6, 6)), layers.Conv2D(3, 1, data_format="channels_first", use_bias=True, name="conv"),
        layers.ReLU(6.0, name="relu"), layers.Flatten(), layers.Dense(1)])
    model.layers[0].set_weights([np.zeros((1, 1, 2, 3), "float32"), np.array([9, 1, -1], "float32")])
    found = findings(model, np.ones((1, 2, 6, 6)))
    assert found.dead == (("relu", 2),)
    assert [(one.layer, one.filter) for one in found.saturated] == [("relu", 0)]
    assert "cut off at 6 (relu): 0 (100%)" in found.text()
    assert found.alike == ()  # kernels of zeros point nowhere


def test_many_are_counted():
    model = konv.Sequential([konv.Input((4, 4, 1)), layers.Conv2D(30, 2, kernel_initializer="ones")])
    found = findings(model, np.zeros((1, 4, 4, 1)))
    assert len(found.alike) == 30 * 29 // 2
    assert found.text().count(" ≈ ") == 24
    assert "22, 23, 6 more" in found.text()
    assert "411 more" in found.text()


def test_nothing_to_find():
    model = konv.Sequential([konv.Input((4,)), layers.Reshape((2, 2, 1)), layers.Conv2D(2, 1)])
    with pytest.raises(konv.errors.ShapeError, match="one input of images"):
        findings(model, np.ones((1, 4)))
    with pytest.raises(KonvError, match="similarity must be above 0 and at most 1, got 1.5"):
        findings(planted(), images(), similarity=1.5)


@pytest.mark.parametrize(("layer", "shape", "filters", "channels"), [
    (lambda: layers.Conv2D(4, (2, 3)), (5, 5, 6), 4, 6),
    (lambda: layers.Conv2D(4, (2, 3), groups=2), (5, 5, 6), 4, 3),
    (lambda: layers.DepthwiseConv2D((2, 3), depth_multiplier=2), (5, 5, 6), 12, 1),
    (lambda: layers.Conv2DTranspose(4, (2, 3)), (5, 5, 6), 4, 6),
    (lambda: layers.Conv1D(4, 3), (8, 6), 4, 6)])
def test_kernels_filter_by_filter(layer, shape, filters, channels):
    model = konv.Sequential([konv.Input(shape), layer()])
    sheet, = kernels(model)
    rows = 1 if len(shape) == 2 else 2
    assert sheet.kernels.shape == (filters, channels, rows, 3)
    stored = model.layers[0].get_weights()[0]
    op = model.graph().nodes[1].op
    np.testing.assert_array_equal(by_filter(op, stored), sheet.kernels)
    if isinstance(model.layers[0], layers.DepthwiseConv2D):
        np.testing.assert_array_equal(sheet.kernels[5, 0], stored[:, :, 2, 1])
    if isinstance(model.layers[0], layers.Conv2DTranspose):
        np.testing.assert_array_equal(sheet.kernels[1, 5], stored[:, :, 1, 5])
    assert len(sheet.pictures()) == filters * channels


def test_separable_convolutions_have_two_sheets():
    model = konv.Sequential([konv.Input((5, 5, 3)), layers.SeparableConv2D(4, 3, name="both")])
    assert [(sheet.name, sheet.kernels.shape) for sheet in kernels(model)] == [
        ("both/depthwise_kernel", (3, 1, 3, 3)), ("both/pointwise_kernel", (4, 3, 1, 1))]


def test_one_scale_for_a_layer():
    colours = heat(np.array([[0.5, -1.0, 0.0]]), 1.0)
    assert colours.tolist() == [[[228, 142, 158], [30, 90, 200], [255, 255, 255]]]


def test_sheets_in_every_form(tmp_path):
    model = planted()
    for sheet in (*kernels(model), *feature_maps(model, images()[0])):
        root = ET.fromstring(sheet.svg("ko"))
        assert len(list(root.iter("{http://www.w3.org/2000/svg}image"))) >= len(sheet.pictures())
        for ending in ("png", "svg", "html", "txt"):
            assert sheet.save(tmp_path / f"sheet.{ending}").stat().st_size > 100
        with Image.open(tmp_path / "sheet.png") as picture:
            assert min(picture.size) > 100
        assert "scale" in sheet.text()
    with pytest.raises(KonvError, match=r"saved as \.png, \.svg, \.html, \.txt, got 'sheet.gif'"):
        kernels(model)[0].save(tmp_path / "sheet.gif")
    assert "필터 8개(행)" in kernels(model)[0].text("ko")
    assert "filters 1 and 4 are alike" in kernels(model)[0].text()


def test_many_filters_are_left_out_and_said_to_be():
    model = konv.Sequential([konv.Input((4, 4, 30)), layers.Conv2D(70, 2)])
    sheet, = kernels(model)
    assert len(sheet.pictures()) == 64 * 24
    assert "shown: the first 64 filters and 24 channels" in sheet.text()
    maps, = feature_maps(konv.Sequential([konv.Input((2, 2, 1)), layers.Conv2D(401, 2)]), np.ones((2, 2)))
    assert len(maps.pictures()) == 400
    assert "shown: the first 400 of 401" in maps.text()


@pytest.mark.parametrize(("call", "message"), [
    (lambda: kernels(planted(), ["dense"]), "have no kernels; those that have: first, second"),
    (lambda: kernels(konv.Sequential([konv.Input((4,)), layers.Dense(2)])), "has no convolution"),
    (lambda: feature_maps(planted(), images()[0], ["dense"]), "have no feature maps; those that have: .*first, second"),
    (lambda: FilmOfKernels("first", "film.png"), r"written as \.gif, got 'film.png'"),
    (lambda: FilmOfMaps("first", "film.gif", images()[0], seconds=0), "seconds must be above 0")])
def test_refused(call, message):
    with pytest.raises(KonvError, match=message):
        call()


def test_films_over_the_epochs(tmp_path):
    model = konv.Sequential([konv.Input((6, 6, 1)), layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).random((8, 6, 6, 1))
    before = model.layers[0].get_weights()[0]
    films = FilmOfKernels(model.layers[0], tmp_path / "kernels.gif"), FilmOfMaps("conv2d", tmp_path / "new" / "maps.gif", x[0])
    model.fit(x, x.sum(axis=(1, 2, 3)), epochs=3, verbose=0, callbacks=list(films))
    for film in films:
        with Image.open(film.path) as picture:
            assert picture.n_frames == 4
    np.testing.assert_array_equal(films[0].sheets[0].kernels, by_filter(model.graph().nodes[1].op, before))
    assert not np.array_equal(films[0].sheets[0].kernels, films[0].sheets[3].kernels)
    assert len({sheet.strongest for sheet in films[0]._finished(films[0].sheets)}) == 1
