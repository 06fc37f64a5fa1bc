"""From a number back to the image: the chain gives what the engine computes, at every layer of every kind."""

import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError
from konv.explain import trace

layers = konv.layers


def images():
    """Windows of all kinds, normalisation, two branches that meet."""
    source = konv.Input((13, 12, 3))
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="first")(source)
    x = layers.BatchNormalization(name="norm")(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=1, name="depthwise")(x)
    y = layers.Conv2D(6, (3, 2), dilation_rate=2, padding="same", groups=3, activation="elu", name="groups")(y)
    x = layers.Add(name="sum")([layers.Dropout(0.5, name="dropout")(x), y])
    x = layers.MaxPooling2D(2, padding="same", name="max")(x)
    x = layers.AveragePooling2D(3, strides=1, padding="same", name="mean")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="tanh", name="transposed")(x)
    x = layers.Conv2D(5, 3, strides=2, name="strided")(x)
    x = layers.GlobalAveragePooling2D(name="global")(x)
    return konv.Model(source, layers.Dense(4, activation="softmax", name="dense")(x))


def others():
    """Layers that read all of what comes in, or other pixels than one would think."""
    return konv.Sequential([
        konv.Input((8, 6, 4)), layers.Rescaling(0.5, 0.1, name="scale"), layers.Conv2D(6, 2, strides=2, name="conv"),
        layers.UpSampling2D(2, name="up"), layers.SeparableConv2D(5, 3, padding="same", name="separable"),
        layers.LeakyReLU(name="leaky"), layers.Flatten(name="flatten"), layers.Dense(3, name="dense")])


def channels_first():
    first = {"data_format": "channels_first"}
    return konv.Sequential([
        konv.Input((2, 9, 8)), layers.Conv2D(5, 3, padding="same", activation="relu", name="conv", **first),
        layers.BatchNormalization(axis=1, name="norm"), layers.MaxPooling2D(2, name="pool", **first),
        layers.Flatten(name="flatten", **first), layers.Dense(3, name="dense")])


MODELS = (images, others, channels_first)


def made(make):
    """A model with weights far from their beginnings, and an image."""
    model, random = make(), np.random.default_rng(0)
    for variable in model.weights:
        value = random.normal(0, 0.5, variable.shape)
        variable.assign(np.abs(value) + 0.1 if "variance" in variable.name else value)
    return model, random.standard_normal(model.input_shape[1:]).astype(np.float32)


@pytest.mark.parametrize(("make", "layer"), [
    (make, layer.name) for make in MODELS for layer in make().layers if not layer.name.startswith("input_layer")])
def test_the_chain_gives_what_the_engine_computes(make, layer):
    model, image = made(make)
    part = konv.Model(model.input, model.get_layer(layer).output)
    result = part.predict(image[None], verbose=0)[0]
    found = trace(model, image, layer, at=[0] * 2 if result.ndim == 1 else (result.shape[0] // 2, 1)[:2], channel=2
                  if result.shape[-1] > 2 and result.ndim != 1 and make is not channels_first else 1)
    assert found.value == result[found.place]
    assert found.recomputed == pytest.approx(found.value, rel=1e-5, abs=1e-5)


def test_pixels_outside_the_receptive_field_do_not_count():
    """Other pixels there change nothing, others inside do; the gradient is zero outside."""
    model, image = made(images)
    found = trace(model, image, "mean", at=(2, 3), channel=4)
    (top, bottom), (left, right) = found.field
    assert (bottom - top, right - left) != image.shape[:2]
    outside, inside = image + 1, image.copy()
    outside[top:bottom, left:right] = image[top:bottom, left:right]
    inside[top:bottom, left:right] += 1
    assert trace(model, outside, "mean", at=(2, 3), channel=4).value == found.value
    assert trace(model, inside, "mean", at=(2, 3), channel=4).value != found.value
    weights = found.weights.copy()
    weights[top:bottom, left:right] = 0
    assert np.all(weights == 0)
    assert np.any(found.weights != 0)


def test_the_gradient_is_that_of_finite_differences():
    model, image = made(channels_first)
    found, step = trace(model, image, "dense", channel=1), 1e-2
    for place in ((0, 0, 0), (1, 4, 3), (0, 8, 7)):
        values = []
        for sign in (1, -1):
            moved = image.copy()
            moved[place] += sign * step
            values.append(trace(model, moved, "dense", channel=1).recomputed)
        expected = (values[0] - values[1]) / (2 * step)
        assert found.weights[place[1], place[2], place[0]] == pytest.approx(expected, rel=2e-2, abs=2e-3)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_text_and_drawing(lang):
    model, image = made(images)
    found = trace(model, image, "max", at=(1, 1), lang=lang)
    assert "max(" in found.text()
    assert found.svg().count("data:image/png;base64,") == 2
    assert ("receptive field: " if lang == "en" else "수용 영역") in found.svg()


def test_normalization_of_channels_first_is_written_out():
    model, image = made(channels_first)
    found = trace(model, image, "pool", at=(1, 2), channel=4)
    example = next(step.example for step in found.steps if step.layer == "norm")
    left, right = example.split(" = ")
    assert eval(left, {"sqrt": np.sqrt}) == pytest.approx(float(right), rel=2e-3, abs=2e-3)


@pytest.mark.parametrize(("layer", "options", "error", "message"), [
    ("nowhere", {}, KonvError, "no layer named 'nowhere'; there are: input_layer"),
    ("max", {"at": (7, 0)}, ShapeError, 'layer "max" has an output of'),
    ("max", {"channel": 6}, ShapeError, "of channel 6"),
    ("dense", {"channel": 4}, ShapeError, "of channel 4"),
])
def test_refused(layer, options, error, message):
    model, image = made(images)
    with pytest.raises(error, match=message):
        trace(model, image, layer, **options)


def test_no_pixel_counts_where_relu_is_flat():
    layer = konv.layers.Conv2D(1, 3, activation="relu", kernel_initializer="ones", name="c")
    model = konv.Sequential([konv.Input((5, 5, 1)), layer])
    assert "zero everywhere" in trace(model, -np.ones((5, 5, 1)), "c", at=(1, 1)).svg()
    assert "zero everywhere" not in trace(model, np.ones((5, 5, 1)), "c", at=(1, 1)).svg()
