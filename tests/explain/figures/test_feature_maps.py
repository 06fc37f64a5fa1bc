"""Contact sheets: the right numbers, the right pixels, dead maps marked, errors that help."""

import numpy as np
import pytest
from PIL import Image

import konv
from konv.errors import KonvError, ShapeError
from konv.explain.figures.feature_maps import FeatureMaps, contact_sheet, feature_maps, save_feature_maps
from tests.explain.models import nested, two_outputs

layers = konv.layers


def two_convolutions():
    return konv.Sequential([
        konv.Input((9, 8, 1)), layers.Conv2D(3, 2, activation="relu", name="first"), layers.MaxPooling2D(2),
        layers.Conv2D(12, 3, name="second odd name"), layers.Flatten(), layers.Dense(2)])


def picture(*shape):
    return np.random.default_rng(0).random(shape, dtype="float32")


@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 1), (1, 9, 8, 1)])
def test_maps_are_the_outputs_of_the_layers(shape):
    model, image = two_convolutions(), picture(*shape)
    first, second = feature_maps(model, image)
    assert (first.name, first.class_name, first.maps.shape) == ("first", "Conv2D", (8, 7, 3))
    assert (second.name, second.maps.shape) == ("second odd name", (2, 1, 12))
    batch = image.reshape(1, 9, 8, 1)
    for maps in (first, second):
        part = konv.Model(model.inputs, model.get_layer(maps.name).output)
        np.testing.assert_allclose(maps.maps, part(batch)[0], rtol=1e-5, atol=1e-6)


def test_layers_of_nested_models_are_shown():
    assert [maps.name for maps in feature_maps(nested(konv), picture(8, 8, 3))] == ["conv2d"]


def test_channels_first_is_turned_round():
    model = konv.Sequential([konv.Input((3, 8, 9)), layers.Conv2D(5, 3, data_format="channels_first")])
    maps, = feature_maps(model, picture(3, 8, 9))
    assert maps.maps.shape == (6, 7, 5)


def test_files(tmp_path):
    files = save_feature_maps(two_convolutions(), picture(9, 8), tmp_path / "new" / "folder")
    assert [file.name for file in files] == ["01-first.png", "02-second_odd_name.png"]
    for file in files:
        with Image.open(file, formats=["PNG"]) as image:
            assert image.width > 400


def sheet_of(*maps):
    stacked = FeatureMaps("conv", "Conv2D", np.stack(maps, axis=-1).astype("float32"))
    return stacked, contact_sheet(stacked)


def tile(sheet, left, top, size, factor):
    """The pixels of one enlarged map, one per value."""
    box = (left, top, left + size * factor, top + size * factor)
    return np.asarray(sheet.convert("L").crop(box))[factor // 2 :: factor, factor // 2 :: factor]


def find_grid(sheet):
    """The first pixel inside the blue grid."""
    blue = np.all(np.asarray(sheet) == (70, 130, 220), axis=-1)
    rows, columns = np.nonzero(blue)
    return columns.min() + 1, rows.min() + 1


def test_each_map_is_scaled_from_its_minimum_to_its_maximum():
    ramp = np.arange(9.0).reshape(3, 3)
    _, sheet = sheet_of(ramp, 100 - ramp, np.full((3, 3), 7.0))
    left, top = find_grid(sheet)
    expected = np.round(ramp / 8 * 255)
    np.testing.assert_array_equal(tile(sheet, left, top, 3, 24), expected)
    np.testing.assert_array_equal(tile(sheet, left + 73, top, 3, 24), np.round((8 - ramp) / 8 * 255))
    assert set(tile(sheet, left + 146, top, 3, 24).ravel()) == {128}  # a constant map is grey


def test_enlarged_without_blur():
    _, sheet = sheet_of(np.eye(4))
    left, top = find_grid(sheet)
    values = set(np.asarray(sheet.convert("L").crop((left, top, left + 72, top + 72))).ravel())
    assert values == {0, 255}


def test_dead_maps_are_crossed_out():
    maps, sheet = sheet_of(np.zeros((4, 4)), np.eye(4))
    assert maps.dead.tolist() == [True, False]
    left, top = find_grid(sheet)
    pixels = np.asarray(sheet)
    assert tuple(pixels[top, left]) == tuple(pixels[top + 71, left + 71]) == (150, 62, 62)
    beside = pixels[top : top + 72, left + 73 : left + 145].reshape(-1, 3)
    assert (150, 62, 62) not in {tuple(pixel) for pixel in beside}


def test_ten_maps_a_row_and_nothing_overlaps():
    _, one = sheet_of(*[np.eye(80)] * 10)
    _, two = sheet_of(*[np.eye(80)] * 11)
    assert two.width - one.width < 12  # the numbers of the rows are wider
    assert two.height == one.height + 81


def test_the_caption_fits_beside_a_small_grid():
    maps = FeatureMaps("a_layer_with_quite_a_long_name_" * 3, "Conv2D", np.ones((2, 2, 1), "float32"))
    sheet = contact_sheet(maps, picture(28, 28, 3))
    right_edge = np.asarray(sheet)[:, -10:]
    assert (right_edge == 255).all()


@pytest.mark.parametrize(("model", "image", "error", "text"), [
    (two_convolutions, picture(28, 28), ShapeError, r"image must be one image of shape \(9, 8, 1\), got .*\(28, 28\)"),
    (two_convolutions, picture(2, 9, 8, 1), ShapeError, "one image"),
    (lambda: konv.Sequential([konv.Input((4, 4, 1)), layers.Flatten()]), picture(4, 4), KonvError, "no convolution"),
    (lambda: konv.Sequential([konv.Input((4,)), layers.Dense(2)]), picture(4), ShapeError, "one input of images"),
    (lambda: two_outputs(konv), picture(4, 4, 2), ShapeError, "one input of images"),
    (lambda: konv.Sequential([layers.Conv2D(2, 2)]), picture(4, 4), KonvError, "not built"),
])
def test_errors(model, image, error, text):
    with pytest.raises(error, match=text):
        feature_maps(model(), image)
