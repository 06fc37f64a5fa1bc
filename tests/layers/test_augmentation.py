"""Layers that prepare images: beside Keras where the numbers are given, by statistics where they are drawn."""

import weakref
from math import erf

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.ir.resampling import INTERPOLATIONS, taps
from konv.plan import build_plan

layers = konv.layers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")  # Keras's
FILLS, READINGS = ("constant", "nearest", "reflect", "wrap"), ("nearest", "bilinear")
FORMATS = ("channels_last", "channels_first")


def images(*shape, seed=0):
    return np.random.default_rng(seed).random(shape or (3, 9, 11, 4), np.float32)


def like_keras(name, x, *args, training=True, **kwargs):
    ours, theirs = (getattr(library.layers, name)(*args, **kwargs)(x, training=training) for library in (konv, keras))
    theirs = np.asarray(theirs)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-5 * max(1, np.abs(theirs).max()))


# --- the same numbers as Keras --------------------------------------------------------------------------


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("size", [(5, 30), (20, 4), (9, 11), (1, 1), (13, 12)])
@pytest.mark.parametrize("more", [{}, {"antialias": True}, {"crop_to_aspect_ratio": True}, {
    "pad_to_aspect_ratio": True, "fill_value": 0.7, "antialias": True}, {"data_format": "channels_first"}], ids=str)
def test_resizing(interpolation, size, more):
    x = images(2, 4, 9, 11) if "data_format" in more else images()
    like_keras("Resizing", x, *size, interpolation=interpolation, **more)


@pytest.mark.parametrize("size", range(1, 40, 3))
def test_nearest_picks_the_pixels_of_keras(size):
    for target in (1, 2, 3, 7, 10, 24, 37, 99):
        x = np.arange(size, dtype=np.float32).reshape(1, 1, size, 1)
        like_keras("Resizing", x, 1, target, interpolation="nearest")


def test_every_sum_has_weights_that_sum_to_one():
    for method in INTERPOLATIONS:
        for terms in taps(11, 4, method, True) + taps(3, 10, method):
            assert sum(weight for _, weight in terms) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
@pytest.mark.parametrize("interpolation", ["nearest", "bicubic"])
def test_resizing_of_integers(dtype, interpolation):
    like_keras("Resizing", np.random.default_rng(1).integers(0, 255, (2, 6, 7, 3)).astype(dtype), 11, 4,
               interpolation=interpolation)


@pytest.mark.parametrize("size", [(5, 7), (4, 9), (9, 11), (15, 10), (10, 17), (12, 3)])
@pytest.mark.parametrize("data_format", FORMATS)
def test_center_crop(size, data_format):
    like_keras("CenterCrop", images() if data_format == "channels_last" else images(2, 4, 9, 11), *size,
               data_format=data_format)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("data_format", FORMATS)
def test_up_sampling(interpolation, data_format):
    x, size = images(2, 5, 4, 3), (2, 3)
    ours, theirs = (library.layers.UpSampling2D(size, data_format, interpolation)(x) for library in (konv, keras))
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("fill_mode", FILLS)
@pytest.mark.parametrize("interpolation", READINGS)
@pytest.mark.parametrize("data_format", FORMATS)
def test_maps(fill_mode, interpolation, data_format):
    """Ranges of one number alone: then nothing is left to chance."""
    x = images() if data_format == "channels_last" else images(3, 4, 9, 11)
    more = {"fill_mode": fill_mode, "interpolation": interpolation, "data_format": data_format, "fill_value": 0.3}
    for turn in (0.13, -0.31, 0.5):
        like_keras("RandomRotation", x, (turn, turn), **more)
    for factors in [((0.47, 0.47), (-0.31, -0.31)), ((0.83, 0.83),), ((-0.6, -0.6), (0.9, 0.9))]:
        like_keras("RandomZoom", x, *factors, **more)
    for factors in [((0.21, 0.21), (-0.39, -0.39)), ((-1, -1), (0.77, 0.77)), ((0.0, 0.0), (0.5, 0.5))]:
        like_keras("RandomTranslation", x, *factors, **more)


@pytest.mark.parametrize("factor", [0.3, -0.2, 1.0])
def test_brightness(factor):
    like_keras("RandomBrightness", images() * 2, (factor, factor), (0.1, 1.5))
    like_keras("RandomBrightness", images(2, 3, 5, 5) * 255, (factor, factor), data_format="channels_first")


@pytest.mark.parametrize("data_format", FORMATS)
def test_contrast(data_format):
    """The factor is read off one pixel, the others follow."""
    x = images() if data_format == "channels_last" else images(3, 4, 9, 11)
    axes = (1, 2) if data_format == "channels_last" else (2, 3)
    mean = x.mean(axes, keepdims=True)
    y = layers.RandomContrast((0.5, 0.9), (0.05, 0.95), seed=1, data_format=data_format)(x)
    free = (y > 0.06) & (y < 0.94) & (np.abs(x - mean) > 0.2)
    factors = [float(np.median(((y - mean) / (x - mean))[sample][free[sample]])) for sample in range(3)]
    theirs = keras.layers.RandomContrast((0.5, 0.9), (0.05, 0.95), data_format=data_format)
    given = {"contrast_factor": np.array(factors, np.float32).reshape(3, 1, 1, 1)}
    np.testing.assert_allclose(y, np.asarray(theirs.transform_images(x, given)), rtol=1e-4, atol=1e-5)
    assert len(set(factors)) == 3
    assert all(0.5 <= factor <= 1.9 for factor in factors)


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
@pytest.mark.parametrize("data_format", FORMATS)
def test_flip(mode, data_format):
    x = images(40, 5, 6, 3) if data_format == "channels_last" else images(40, 3, 5, 6)
    first = 1 if data_format == "channels_last" else 2
    axes = [axis for word, axis in (("vertical", first), ("horizontal", first + 1)) if word in mode]
    y = layers.RandomFlip(mode, seed=2, data_format=data_format)(x)
    flipped = np.array([(a == b).all() for a, b in zip(y, np.flip(x, axes), strict=True)])
    assert all((a == b).all() for a, b in zip(y[~flipped], x[~flipped], strict=True))
    assert 10 < flipped.sum() < 30


@pytest.mark.parametrize("data_format", FORMATS)
def test_random_crop(data_format):
    """One place for a batch, as in Keras; each place is met."""
    x = images(2, 6, 8, 3) if data_format == "channels_last" else images(2, 3, 6, 8)
    layer, met = layers.RandomCrop(4, 5, seed=1, data_format=data_format), set()
    last = (lambda a: a) if data_format == "channels_last" else (lambda a: np.moveaxis(a, 1, 3))
    for _ in range(150):
        y = last(layer(x))
        met |= {(i, j) for i in range(3) for j in range(4) if (y == last(x)[:, i:i + 4, j:j + 5]).all()}
    assert len(met) == 12


@pytest.mark.parametrize("size", [(9, 5), (20, 5), (9, 11), (7, 17), (20, 30)])
def test_random_crop_of_images_that_are_not_larger(size):
    like_keras("RandomCrop", images(), *size)
    expected = layers.Resizing(*size, crop_to_aspect_ratio=True)(images())
    np.testing.assert_array_equal(layers.RandomCrop(*size)(images(), training=False), expected)


@pytest.mark.parametrize("layer", [
    layers.Resizing(9, 11, "lanczos3", crop_to_aspect_ratio=True), layers.CenterCrop(9, 11), layers.RandomCrop(9, 11),
    layers.UpSampling2D(1, interpolation="bilinear")])
def test_what_changes_nothing_is_not_done(layer):
    plan = build_plan(layer.graph((9, 11, 4)), 2, True)
    assert {step.kernel for segment in plan.forward for step in segment.steps} <= {"copy"}
    assert (layer(images()) == images()).all()


# --- what is drawn ----------------------------------------------------------------------------------------


def uniform(numbers, low, high):
    """Kolmogorov and Smirnov: the largest distance from the distribution, in terms of what chance allows (1.95: 0.1 %)."""
    share = np.sort((np.asarray(numbers) - low) / (high - low))
    place = np.arange(len(share)) / len(share)
    return np.abs(share - place).max() * len(share) ** 0.5 < 1.95 and share[0] >= -1e-5 and share[-1] <= 1 + 1e-5


def test_brightness_is_uniform():
    y = layers.RandomBrightness((-0.2, 0.5), (-1, 1), seed=3)(np.zeros((4000, 1, 1, 1)))[:, 0, 0, 0]
    assert uniform(y, -0.4, 1.0)


def test_translation_is_uniform_both_ways():
    ramp = np.stack(np.meshgrid(np.arange(41.0), np.arange(21.0), indexing="ij"), -1)[None].repeat(3000, 0)
    y = layers.RandomTranslation((-0.3, 0.1), (-0.2, 0.4), "nearest", seed=4)(ramp)
    down, right = 20 - y[:, 20, 10, 0], 10 - y[:, 20, 10, 1]
    assert uniform(down / 41, -0.3, 0.1)
    assert uniform(right / 21, -0.2, 0.4)
    assert abs(np.corrcoef(down, right)[0, 1]) < 0.06


def test_rotation_is_uniform():
    ramp = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0), indexing="ij"), -1)[None].repeat(3000, 0)
    y = layers.RandomRotation((-0.1, 0.2), seed=5)(ramp) - 4
    turns = np.arctan2(-y[:, 4, 6, 0], y[:, 4, 6, 1]) / (2 * np.pi)
    assert uniform(-turns, -0.1, 0.2)


def test_layers_with_one_seed_draw_numbers_of_their_own():
    ramp = np.arange(9.0).reshape(1, 1, 9, 1).repeat(400, 0)
    flipped = layers.RandomFlip("horizontal", seed=42)(ramp)[:, 0, 0, 0] > 4
    moved = layers.RandomTranslation(0, 0.1, "nearest", seed=42)(ramp)[:, 0, 4, 0]
    assert abs(np.corrcoef(flipped, moved)[0, 1]) < 0.15


@pytest.mark.parametrize("factors", [(0.3,), (0.3, (-0.5, 0.2))])
def test_zoom_is_uniform(factors):
    ramp = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0), indexing="ij"), -1)[None].repeat(3000, 0)
    y = layers.RandomZoom(*factors, seed=6)(ramp)[:, 5, 5] - 4
    assert uniform(y[:, 0], 0.7, 1.3)
    assert uniform(y[:, 1], *((0.5, 1.2) if len(factors) == 2 else (0.7, 1.3)))
    assert np.allclose(y[:, 0], y[:, 1], atol=1e-5) == (len(factors) == 1)


@pytest.mark.parametrize(("layer", "deviation"), [
    (layers.GaussianNoise(0.3, seed=1), 0.3), (layers.GaussianDropout(0.2, seed=1), 0.5)])
def test_noise_is_normally_distributed(layer, deviation):
    y = np.sort((layer(np.ones((200, 500)), training=True).reshape(-1) - 1) / deviation)
    place = np.arange(y.size) / y.size
    expected = np.array([(1 + erf(value / 2**0.5)) / 2 for value in y[::50]])
    assert np.abs(expected - place[::50]).max() * y.size**0.5 < 1.95
    assert abs(y.mean()) < 0.01
    assert abs((y**4).mean() - 3) < 0.1
    assert 3.9 < y[-1] < 5.4
    assert -5.4 < y[0] < -3.9


RANDOM = [lambda **k: layers.RandomFlip(**k), lambda **k: layers.RandomRotation(0.2, **k),
          lambda **k: layers.RandomZoom(0.2, **k), lambda **k: layers.RandomTranslation(0.2, 0.2, **k),
          lambda **k: layers.RandomContrast(0.8, (0, 1), **k), lambda **k: layers.RandomBrightness(0.5, (0, 1), **k),
          lambda **k: layers.RandomCrop(3, 4, **k), lambda **k: layers.GaussianNoise(0.2, **k),
          lambda **k: layers.GaussianDropout(0.2, **k)]


@pytest.mark.parametrize("make", RANDOM)
def test_seeds(make):
    x = images(16, 9, 11, 3)
    first, other = make(seed=7), make(seed=8)
    calls = [first(x, training=True) for _ in range(3)]
    again = make(seed=7)
    assert all((a == again(x, training=True)).all() for a in calls)
    assert not (calls[0] == calls[1]).all()
    assert not all((a == other(x, training=True)).all() for a in calls)
    free = []
    for _ in range(2):
        konv.utils.set_random_seed(3)
        layer = make()
        free.append([layer(x, training=True) for _ in range(4)])
    assert all((a == b).all() for a, b in zip(*free, strict=True))
    assert not all((a == free[0][0]).all() for a in free[0])


@pytest.mark.parametrize("make", RANDOM)
def test_nothing_happens_in_prediction(make):
    layer, x = make(), images(2, 9, 11, 3)
    if isinstance(layer, layers.RandomCrop):
        assert layer(x, training=False).shape == (2, 3, 4, 3)
        return
    assert (layer(x, training=False) == x).all()
    model = konv.Sequential([konv.Input((9, 11, 3)), layer])
    assert (model.predict(x, verbose=0) == x).all()


def test_a_step_of_training_with_everything():
    """The loss goes down although each step sees other images; prediction is the same every time."""
    konv.utils.set_random_seed(1)
    x = np.zeros((200, 12, 12, 1), np.float32)
    y = np.arange(200) % 2
    x[y == 0, :, 4:6], x[y == 1, 4:6, :] = 1, 1
    model = konv.Sequential([
        konv.Input((12, 12, 1)), layers.RandomFlip(), layers.RandomRotation(0.02), layers.RandomZoom(0.1),
        layers.RandomTranslation(0.1, 0.1), layers.RandomContrast(0.2, (0, 1)), layers.RandomBrightness(0.1, (0, 1)),
        layers.GaussianNoise(0.05), layers.RandomCrop(10, 10), layers.Conv2D(8, 3, activation="relu"),
        layers.GlobalMaxPooling2D(), layers.Dense(2)])
    model.compile("adam", konv.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    losses = model.fit(x, y, epochs=30, batch_size=20, verbose=0).history["loss"]
    assert losses[-1] < 0.3 < losses[0]
    assert (model.predict(x, verbose=0) == model.predict(x, verbose=0)).all()


@pytest.mark.parametrize(("name", "arguments"), [
    ("RandomRotation", {"factor": (0.13, 0.13), "fill_mode": "wrap"}), ("RandomZoom", {"height_factor": (0.3, 0.3)}),
    ("RandomBrightness", {"factor": (0.2, 0.2), "value_range": (0, 1)}), ("Resizing", {"height": 5, "width": 20}),
    ("CenterCrop", {"height": 5, "width": 6})])
def test_masks_like_keras(name, arguments):
    data = {"images": images(), "segmentation_masks": images(3, 9, 11, 1, seed=1).round(), "labels": np.arange(3)}
    ours, theirs = (getattr(library.layers, name)(**arguments)(dict(data)) for library in (konv, keras))
    assert ours.keys() == theirs.keys()
    for key, array in ours.items():
        np.testing.assert_allclose(array, np.asarray(theirs[key]), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("seed", [None, 3])
def test_masks_follow_their_images(seed):
    x = images(8, 9, 11, 1)
    for layer in (layers.RandomFlip(seed=seed), layers.RandomCrop(4, 5, seed=seed),
                  layers.RandomTranslation(0.4, 0.4, interpolation="nearest", seed=seed)):
        first, second = (layer({"images": x, "segmentation_masks": x}) for _ in range(2))
        assert (first["images"] == first["segmentation_masks"]).all()
        assert isinstance(layer, layers.RandomCrop) or not (first["images"] == second["images"]).all()


def test_a_model_of_such_layers_is_active_on_arrays():
    """As in Keras; one that does more is not, where Keras runs a part of it as in training."""
    x = images(6, 6, 6, 3)
    alone = konv.Sequential([layers.RandomRotation((0.5, 0.5)), layers.Rescaling(2.0)])
    np.testing.assert_allclose(alone(x), 2 * x[:, ::-1, ::-1], atol=1e-5)
    assert (alone(x, training=False) == 2 * x).all()
    assert (alone.predict(x, verbose=0) == 2 * x).all()
    more = konv.Sequential([alone, layers.Dropout(0.5)])
    assert (more(x) == 2 * x).all()
    assert (layers.GaussianNoise(0.5)(x) == x).all()


def test_the_images_are_let_go():
    x = images()
    seen = weakref.ref(x)
    layers.RandomFlip()(x)
    del x
    assert seen() is None


@pytest.mark.parametrize("make", [*RANDOM[:7], lambda: layers.Resizing(4, 5), lambda: layers.CenterCrop(4, 5)])
def test_a_single_image(make):
    layer, x = make(), images(9, 11, 3)
    assert layer(x, training=False).shape == layer(x[None], training=False).shape[1:]
    assert layer(x.astype(np.uint8)).shape == layer.compute_output_shape(x.shape)


# --- files and errors -------------------------------------------------------------------------------------


def everything(lib):
    k = lib.layers
    return lib.Sequential([
        lib.Input((20, 18, 3)), k.RandomFlip("horizontal"), k.RandomRotation(0.1, "wrap", seed=3),
        k.RandomZoom(0.1, (0.1, 0.2)),
        k.RandomTranslation(0.1, 0.2, "constant", fill_value=2.0), k.RandomContrast(0.3), k.RandomBrightness(0.3, [0, 2]),
        k.GaussianNoise(0.1), k.GaussianDropout(0.2, seed=9), k.RandomCrop(16, 16, seed=4), k.CenterCrop(14, 15),
        k.Resizing(8, 8, "bicubic", antialias=True), k.Conv2D(4, 3), k.UpSampling2D(2, interpolation="bilinear"),
        k.Flatten(), k.Dense(3)])


@pytest.mark.parametrize(("writer", "reader"), [(konv, keras), (keras, konv), (konv, konv)])
def test_files(writer, reader, tmp_path):
    model, path = everything(writer), tmp_path / "model.keras"
    model.save(path)
    back = reader.saving.load_model(path)
    assert [layer.name for layer in back.layers] == [layer.name for layer in model.layers]
    for ours, theirs in zip(back.layers, model.layers, strict=True):
        strip = [{key: list(value) if isinstance(value, tuple) else value for key, value in layer.get_config().items()
                  if key not in ("dtype", "kernel_initializer", "bias_initializer")} for layer in (ours, theirs)]
        assert strip[0] == strip[1]
    x = images(2, 16, 16, 3)  # where Keras's RandomCrop has nothing to do: in prediction it leaves larger images as they are
    parts = [library.Sequential([library.Input((16, 16, 3)), *made.layers[-7:]]) for library, made in (
        (reader, back), (writer, model))]
    np.testing.assert_allclose(*(np.asarray(part.predict(x, verbose=0)) for part in parts), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("make", "fragments"), [
    (lambda: layers.Resizing(0, 3), ["Resizing", "height", "0"]),
    (lambda: layers.Resizing(3, 3, "gaussian"), ["interpolation", "'gaussian'", "'bicubic'"]),
    (lambda: layers.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True), ["only one", "pad_to_aspect_ratio"]),
    (lambda: layers.Resizing(3, 3, fill_mode="wrap"), ["fill_mode", "'constant'", "'wrap'"]),
    (lambda: layers.UpSampling2D((2, 0)), ["UpSampling2D", "size", "(2, 0)"]),
    (lambda: layers.UpSampling2D(2, interpolation="area"), ["interpolation", "'area'"]),
    (lambda: layers.RandomFlip("left"), ["RandomFlip", "mode", "'horizontal'", "'left'"]),
    (lambda: layers.RandomRotation(1.5), ["RandomRotation", "factor", "between -1 and 1", "1.5"]),
    (lambda: layers.RandomRotation([0.1]), ["factor", "two of them", "[0.1]"]),
    (lambda: layers.RandomRotation(0.1, fill_mode="mirror"), ["fill_mode", "'mirror'"]),
    (lambda: layers.RandomRotation(0.1, interpolation="bicubic"), ["interpolation", "'bicubic'"]),
    (lambda: layers.RandomZoom(-1), ["RandomZoom", "height_factor", "above -1"]),
    (lambda: layers.RandomZoom(0.1, "a"), ["width_factor", "'a'"]),
    (lambda: layers.RandomTranslation(-1.1, 0), ["RandomTranslation", "height_factor", "-1.1"]),
    (lambda: layers.RandomContrast(-0.5), ["RandomContrast", "factor", "between 0 and 1"]),
    (lambda: layers.RandomBrightness(0.5, "ab"), ["RandomBrightness", "value_range", "'ab'"]),
    (lambda: layers.RandomBrightness(0.5, [10]), ["value_range", "[10]"]),
    (lambda: layers.RandomCrop(3, 2.5), ["RandomCrop", "width", "2.5"]),
    (lambda: layers.RandomFlip(seed=-1), ["seed", "-1"]),
    (lambda: layers.RandomFlip(data_format="last"), ["data_format", "'last'"]),
    (lambda: layers.GaussianNoise(1.5), ["GaussianNoise", "stddev", "between 0 and 1"]),
    (lambda: layers.GaussianDropout(1), ["GaussianDropout", "rate", "below 1"]),
])
def test_wrong_arguments(make, fragments):
    with pytest.raises(KonvError) as error:
        make()
    assert all(fragment in str(error.value) for fragment in fragments), str(error.value)


def test_wrong_inputs():
    with pytest.raises(ShapeError, match=r"RandomFlip.*got \(9, 11\)|4 axes"):
        layers.RandomFlip()(np.zeros((9, 11)))
    with pytest.raises(UnsupportedError, match="RandomFlip.*segmentation_masks, got 'images', 'bounding_boxes'"):
        layers.RandomFlip()({"images": images(), "bounding_boxes": {}})
    with pytest.raises(UnsupportedError, match="bounding_box_format"):
        layers.RandomFlip(bounding_box_format="xyxy")


def test_unknown_sizes():
    x = konv.Input((None, None, 3))
    assert layers.UpSampling2D((2, 3))(x).shape == (None, None, None, 3)
    assert layers.RandomZoom(0.1)(layers.Resizing(4, 5)(x)).shape == (None, 4, 5, 3)
