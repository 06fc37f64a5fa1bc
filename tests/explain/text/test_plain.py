"""Explanations as text: golden files in both languages, the lines that were promised, every equation evaluated."""

import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import konv
from konv import layers
from konv.errors import KonvError
from konv.explain import explain_layer, explain_model
from tests.explain.models import SEED_NAMES, any_size, deferred, nested, residual, seed_network, two_outputs

GOLDEN = Path(__file__).parents[2] / "golden"


def golden(name, text):
    """Compare with a file; KONV_WRITE_GOLDEN=1 writes it, to be read by a person before it is committed."""
    path = GOLDEN / name
    if os.environ.get("KONV_WRITE_GOLDEN"):
        path.write_text(text + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text + "\n"


def built(layer, *shapes):
    layer.build(*((None, *shape) for shape in shapes))
    return layer


def equations(text):
    """(left, right) of every line that has an equals sign."""
    found = []
    for line in text.splitlines():
        if "=" in line:
            match = re.fullmatch(r"[^:]+: ([^=]+) = ([-\d.,e+]+)( \([^=]*\))?", line.strip())
            assert match, line
            found.append((match[1], match[2]))
    return found


def check_equations(text):
    found = equations(text)
    for left, right in found:
        value = eval(left, {"__builtins__": {}, "floor": math.floor, "max": max})
        if float(value).is_integer():
            assert f"{int(value):,}" == right or f"{value:.6g}" == right, (left, right)
        else:
            printed = right.replace(",", "")  # with six digits; the last one may be half a unit off
            assert f"{value:.6g}" == printed or math.isclose(value, float(printed), rel_tol=2e-6), (left, right)
    return found


# --- what was promised ----------------------------------------------------------------------------------

PROMISED = [
    (layers.Conv2D(75, 3, padding="same"), (28, 28, 1), [
        "width: (28 - 3 + 2*1)/1 + 1 = 28", "height: (28 - 3 + 2*1)/1 + 1 = 28", "parameters: 75 * (1*3*3 + 1) = 750",
        "MACs: 28*28*75 * (3*3*1) = 529,200", "padding: top 1, bottom 1, left 1, right 1"]),
    (layers.Conv2D(1, 2, padding="same"), (28, 28, 1), [
        "padding: top 0, bottom 1, left 0, right 1", "width: (28 - 2 + 0 + 1)/1 + 1 = 28"]),
    (layers.Conv2D(4, 3), (28, 30, 3), [
        "height: (28 - 3 + 2*0)/1 + 1 = 26", "width: (30 - 3 + 2*0)/1 + 1 = 28", "parameters: 4 * (3*3*3 + 1) = 112"]),
    (layers.Conv2D(4, 3, strides=2, padding="same"), (28, 28, 3), [
        "rows to add: max((14 - 1)*2 + 3 - 28, 0) = 1", "height: floor((28 - 3 + 0 + 1)/2) + 1 = 14"]),
    (layers.Conv2D(4, 3, dilation_rate=2), (28, 28, 3), [
        "width of the dilated kernel: 2*(3-1)+1 = 5", "width: (28 - 5 + 2*0)/1 + 1 = 24"]),
    (layers.Conv2D(6, (1, 3), groups=2, use_bias=False), (8, 8, 4), [
        "channels per group: 4/2 = 2", "filters per group: 6/2 = 3", "parameters: 6 * (2*1*3) = 36",
        "MACs: 8*6*6 * (1*3*2) = 1,728"]),
    (layers.Conv2D(4, 2, strides=2), (5, 4, 1), [
        "never read at the end of the input: rows 1, columns 0 (no window reaches them)"]),
    (layers.Conv2D(4, 1, strides=2), (6, 7, 1), [
        "never read at the end of the input: rows 1, columns 0 (no window reaches them)",
        "never read in between: rows 2, columns 3 (the window jumps over them)"]),
    (layers.Conv2D(4, 3, activation="leaky_relu"), (8, 8, 1), [
        "activation relu, for each value x: max(x, 0) + 0.2*min(x, 0)"]),
    (layers.Conv1D(4, 3, padding="causal", dilation_rate=2), (20, 5), [
        "length of the dilated kernel: 2*(3-1)+1 = 5", "steps to add: 5 - 1 = 4", "padding: before 4, after 0",
        "length: (20 - 5 + 4 + 0)/1 + 1 = 20", "parameters: 4 * (5*3 + 1) = 64", "MACs: 20*4 * (3*5) = 1,200"]),
    (layers.Conv1D(4, 2, strides=3), (9, 5), ["never read at the end of the input: steps 1 (no window reaches them)"]),
    (layers.DepthwiseConv2D(3, depth_multiplier=2), (8, 8, 5), [
        "parameters: 5*2 * (3*3 + 1) = 100", "MACs: 6*6*10 * (3*3) = 3,240"]),
    (layers.SeparableConv2D(4, 3, use_bias=False), (8, 8, 5), [
        "parameters: 5*1 * (3*3) = 45", "parameters: 4 * (5*1*1) = 20", "MACs: 6*6*4 * (1*1*5) = 720"]),
    (layers.Conv2DTranspose(4, 3, strides=2, padding="same"), (7, 8, 5), [
        "height: 7*2 = 14", "width: 8*2 = 16", "cut off of what was spread: top 0, bottom 1, left 0, right 1",
        "parameters: 4 * (5*3*3 + 1) = 184", "MACs: 7*8*5 * (3*3*4) = 10,080"]),
    (layers.Conv2DTranspose(4, (2, 5), strides=3), (7, 8, 5), [
        "height: (7 - 1)*3 + max(2, 3) = 21", "width: (8 - 1)*3 + max(5, 3) = 26"]),
    (layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=(0, 1)), (7, 8, 5), [
        "height: (7 - 1)*2 + 1 + 0 = 13", "width: (8 - 1)*2 + 1 + 1 = 16"]),
    (layers.Conv1DTranspose(4, 3, strides=2, output_padding=1), (7, 5), ["length: (7 - 1)*2 + 3 + 1 = 16"]),
    (layers.MaxPooling1D(2), (7, 5), ["length: floor((7 - 2 + 2*0)/2) + 1 = 3", "values per window: 2 = 2"]),
    (layers.GlobalMaxPooling1D(), (7, 5), ["values per feature map: 7 = 7"]),
    (layers.BatchNormalization(), (28, 28, 75), [
        "parameters: 4 * 75 = 300", "trainable: 2 * 75 = 150 (gamma, beta)",
        "not trainable, measured: 2 * 75 = 150 (moving_mean, moving_variance)"]),
    (layers.BatchNormalization(scale=False), (7,), [
        "parameters: 3 * 7 = 21", "batch normalization, per channel: (x - mean)/sqrt(variance + 0.001) + beta"]),
    (layers.GroupNormalization(4), (8, 8, 12), ["channels per group: 12/4 = 3", "parameters: 2 * 12 = 24"]),
    (layers.LayerNormalization(axis=(1, 2), center=False), (8, 9, 3), [
        "values that share a mean: 8*9 = 72", "parameters: 1 * 8*9 = 72",
        "layer normalization, mean and variance of each sample over axis 1, 2: gamma * (x - mean)/sqrt(variance + 0.001)"]),
    (layers.Dense(512), (400,), ["parameters: (400 + 1) * 512 = 205,312", "MACs: 400 * 512 = 204,800"]),
    (layers.Dense(5, use_bias=False), (7, 6, 4), ["parameters: 4 * 5 = 20", "MACs: 7*6 * 4 * 5 = 840"]),
    (layers.Flatten(), (4, 4, 25), ["values: 4*4*25 = 400", "parameters: 0"]),
    (layers.Dropout(0.2), (10,), ["share that is kept: 1 - 0.2 = 0.8"]),
    (layers.MaxPooling2D(2), (7, 7, 5), ["height: floor((7 - 2 + 2*0)/2) + 1 = 3", "values per window: 2*2 = 4"]),
    (layers.GlobalAveragePooling2D(), (7, 6, 5), ["values per feature map: 7*6 = 42"]),
    (layers.Rescaling(1 / 255), (8, 8, 1), ["a pixel of 255 becomes: 255 * 0.00392157 + 0 = 1"]),
    (layers.Rescaling(1 / 127.5, -1), (8, 8, 1), ["rescaling, for each value x: x * 0.00784314 - 1"]),
    (layers.Rescaling(-0.0, -0.0), (8,), ["a pixel of 255 becomes: 255 * 0 + 0 = 0"]),
    (layers.Softmax(), (10,), [
        "softmax: exp(x)/(sum of exp over the 10 values), so that they are positive and sum to 1"]),
    (layers.Resizing(5, 20), (9, 11, 3), [
        "resizing to 5x20 (bilinear): each pixel is a weighted sum of those near its place",
        "rows of the input for one of the output: 9/5 = 1.8", "columns of the input for one of the output: 11/20 = 0.55",
        "pixels in the sum for one pixel, at most: 2*2 = 4"]),
    (layers.Resizing(7, 7, "lanczos3", antialias=True, crop_to_aspect_ratio=True), (30, 50, 1), [
        "of the 30x30 window that begins 0 pixels from the top and 10 from the left",
        "rows of the input for one of the output: 30/7 = 4.28571"]),
    (layers.Resizing(6, 6, pad_to_aspect_ratio=True), (9, 11, 1), [
        "of the image with a border, 11x11 in all: 1 pixels above and below, 0 at both sides"]),
    (layers.CenterCrop(4, 5), (9, 11, 1), ["of the 4x5 window that begins 2 pixels from the top and 3 from the left"]),
    (layers.UpSampling2D((2, 3)), (4, 5, 1), [
        "upsampling: 2 rows for each and 3 columns for each (nearest)", "height: 4 * 2 = 8", "width: 5 * 3 = 15",
        "pixels in the sum for one pixel, at most: 1*1 = 1"]),
    (layers.RandomFlip("vertical"), (4, 4, 1), ["one image in two is mirrored, top and bottom"]),
    (layers.RandomRotation(0.1, "constant", fill_value=2), (4, 4, 1), [
        "each image is turned about its middle by a share of a full turn from [-0.1, 0.1] (bilinear)",
        "outside of the image: 2", "drawn anew in every step of training; in prediction nothing happens"]),
    (layers.RandomZoom(0.1, (0, 0.5), "wrap"), (4, 4, 1), [
        "each image is zoomed: distances from the middle in the input are those in the output times [0.9, 1.1], [1, 1.5] "
        "(bilinear)", "outside of the image: the image again"]),
    (layers.RandomTranslation(0.2, 0), (4, 4, 1), [
        "each image is moved by shares of its height and width from [-0.2, 0.2], [0, 0] (bilinear)",
        "outside of the image: its mirror image"]),
    (layers.RandomCrop(8, 9), (10, 12, 3), [
        "places for it: (10 - 8 + 1) * (12 - 9 + 1) = 12", "in prediction: the 10x11 window from the middle, resized"]),
    (layers.RandomContrast(0.3), (4, 4, 1), [
        "contrast: (x - mean of the channel) * a number from [1, 1.3] drawn for each image + mean, cut off below 0 and "
        "above 255"]),
    (layers.RandomBrightness(0.1), (4, 4, 1), [
        "brightness: x + a number from [-25.5, 25.5] drawn for each image, cut off below 0 and above 255"]),
    (layers.GaussianNoise(0.1), (4,), [
        "in training each value plus a normally distributed number, standard deviation 0.1; in prediction nothing happens"]),
    (layers.GaussianDropout(0.2), (4,), [
        "in training each value times a normally distributed number, mean 1, standard deviation 0.5; in prediction nothing "
        "happens"]),
    (layers.InputLayer((28, 28, 1)), (28, 28, 1), ["values: 28*28*1 = 784", "output: (None, 28, 28, 1)"]),
]


@pytest.mark.parametrize(("layer", "shape", "lines"), PROMISED, ids=lambda value: getattr(value, "name", None))
def test_promised_lines(layer, shape, lines):
    text = built(layer, shape).explain()
    said = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line not in said] == [], text
    check_equations(text)


def test_add_counts_its_inputs():
    x = konv.Input((4, 4, 2))
    layer = layers.Add()
    layer([x, x, x])
    assert "additions: 2 * 4*4*2 = 64" in explain_layer(layer)
    assert "input 3: (None, 4, 4, 2)" in explain_layer(layer)


@pytest.mark.parametrize("layer", [
    *(layers.Activation(name) for name in (
        "relu", "relu6", "leaky_relu", "elu", "gelu", "selu", "sigmoid", "tanh", "softplus", "softsign", "exponential",
        "silu", "hard_sigmoid", "hard_silu", "mish")),
    layers.ReLU(6.0, 0.1, 0.5), layers.ELU(0.7),
], ids=lambda layer: getattr(layer, "activation", layer.name))
def test_formulas_of_activations_are_the_activations(layer):
    line, = (line for line in built(layer, (1,)).explain().splitlines() if "for each value x" in line)
    formula = line.split("x: ")[1]
    known = {name: getattr(math, name) for name in ("exp", "log", "tanh", "erf", "sqrt")}
    op, = layer.ops((1,))
    for x in (-9.0, -3.5, -0.6, 0.0, 0.3, 0.5, 2.0, 7.5):
        value = eval(formula, {"__builtins__": {}, "max": max, "min": min, "abs": abs, **known, "x": x})
        assert value == pytest.approx(float(konv.activations.apply(op, np.float64(x))), rel=1e-4)


# --- golden files -----------------------------------------------------------------------------------------


def odd_layers():
    """Layers whose arithmetic is out of the ordinary."""
    some = [
        (layers.Conv2D(3, 2, padding="same"), (3, 3, 3)),
        (layers.Conv2D(8, (2, 5), strides=(3, 2), use_bias=False, activation="gelu"), (11, 12, 3)),
        (layers.Conv2D(6, 3, dilation_rate=(2, 3), padding="same", groups=3), (16, 17, 6)),
        (layers.Conv2D(2, 1, strides=2), (7, 8, 4)),
        (layers.Conv2D(4, 3), (None, None, 3)),
        (layers.AveragePooling2D((3, 2), padding="same"), (10, 9, 2)),
        (layers.MaxPooling2D(3, strides=1), (5, 6, 2)),
        (layers.GlobalMaxPooling2D(keepdims=True), (5, 6, 2)),
        (layers.BatchNormalization(axis=1, center=False, momentum=0.9), (4, 5, 6)),
        (layers.Dense(3), (7, 6, 4)),
        (layers.Dropout(0.25, noise_shape=(None, 1, 1, 2)), (4, 5, 2)),
        (layers.Rescaling([1.0, 2.0], [0.0, -0.5]), (4, 4, 2)),
        (layers.ReLU(max_value=6.0, negative_slope=0.1), (5,)),
        (layers.Activation("log_softmax"), (5,)),
        (layers.Activation("linear"), (5,)),
    ]
    frozen = layers.Conv2D(2, 3, trainable=False)
    return [built(layer, shape) for layer, shape in [*some, (frozen, (5, 5, 1))]]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_golden_seed_network(lang):
    golden(f"explain-seed.{lang}.txt", seed_network(konv, names=SEED_NAMES).explain(lang))


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_golden_odd_layers(lang):
    golden(f"explain-odd-layers.{lang}.txt", "\n\n".join(explain_layer(layer, lang) for layer in odd_layers()))


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_golden_residual(lang):
    golden(f"explain-residual.{lang}.txt", explain_model(residual(konv), lang))


# --- every equation holds ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [seed_network, residual, nested, two_outputs, any_size])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_equations_of_models(make, lang):
    assert check_equations(make(konv).explain(lang))


hundreds = settings(max_examples=max(400, settings().max_examples))
sizes = st.integers(1, 40)
small = st.integers(1, 5)
paddings = st.sampled_from(["valid", "same"])
activations = st.sampled_from([None, "relu", "gelu", "relu6", "softmax", "tanh"])


@st.composite
def convolutions(draw):
    groups = draw(small)
    step = draw(st.sampled_from(["strides", "dilation_rate"]))
    layer = layers.Conv2D(groups * draw(small), draw(st.tuples(small, small)), padding=draw(paddings), groups=groups,
                          use_bias=draw(st.booleans()), activation=draw(activations),
                          **{step: draw(st.tuples(small, small))})
    return layer, (draw(sizes), draw(sizes), groups * draw(small))


@st.composite
def pools(draw):
    kind = draw(st.sampled_from([layers.MaxPooling2D, layers.AveragePooling2D]))
    strides = draw(st.none() | st.tuples(small, small))
    return kind(draw(st.tuples(small, small)), strides, draw(paddings)), (draw(sizes), draw(sizes), draw(small))


@st.composite
def others(draw):
    rate = draw(st.floats(0, 0.99))
    make = draw(st.sampled_from([
        lambda: layers.Dense(draw(sizes), draw(activations), draw(st.booleans())),
        lambda: layers.BatchNormalization(momentum=rate, center=draw(st.booleans()), scale=draw(st.booleans())),
        lambda: layers.Dropout(rate),
        lambda: layers.Rescaling(draw(st.floats(-3, 3)), draw(st.floats(-300, 300))),
        lambda: layers.Flatten(),
        lambda: layers.Activation(draw(st.sampled_from(["relu", "elu", "selu", "log_softmax", "silu"]))),
    ]))
    return make(), tuple(draw(st.lists(sizes, min_size=1, max_size=3)))


@hundreds
@pytest.mark.filterwarnings("ignore:.*softmax over an axis of size 1")
@given(convolutions() | pools() | others(), st.sampled_from(["en", "ko"]))
def test_every_equation_of_random_layers(case, lang):
    layer, shape = case
    try:
        layer.build((None, *shape))
    except konv.errors.ShapeError:  # a kernel larger than the input
        return
    check_equations(layer.explain(lang))


@pytest.mark.filterwarnings("ignore:.*softmax over an axis of size 1")  # one filter with softmax is met by chance
@hundreds
@given(convolutions() | pools())
def test_sizes_and_counts_are_those_of_the_layer(case):
    """The right sides are what `spec` says; this holds them to the layer itself and to a count by hand."""
    layer, shape = case
    try:
        layer.build((None, *shape))
    except konv.errors.ShapeError:
        return
    said = {line.strip().split(": ")[0]: line.strip().split(" = ")[-1].replace(",", "")
            for line in layer.explain().splitlines() if " = " in line}
    output = layer.compute_output_shape((None, *shape))
    assert (int(said["height"]), int(said["width"])) == output[1:3]
    if isinstance(layer, layers.Conv2D):
        assert int(said["parameters"]) == sum(weight.size for weight in layer.weights)
        assert int(said["MACs"]) == layer.kernel.size * output[1] * output[2]


@pytest.mark.filterwarnings("ignore:.*softmax over an axis of size 1")  # one filter with softmax is met by chance
@hundreds
@given(convolutions() | pools())
def test_unread_pixels_by_walking(case):
    """Mark every pixel that a window reads; what is left is what the explanation calls unread or jumped over."""
    layer, shape = case
    try:
        layer.build((None, *shape))
    except konv.errors.ShapeError:
        return
    step = konv.explain.layer_facts(layer).steps[0]
    for axis in step.axes:
        left = set(range(axis.size))
        for start in range(-axis.before, axis.size + axis.after - axis.extent + 1, axis.stride):
            left -= {start + tap * axis.dilation for tap in range(axis.kernel)}
        assert axis.unread + axis.skipped == len(left)


# --- errors and models out of the ordinary ------------------------------------------------------------------


@pytest.mark.parametrize(("make", "text"), [
    (lambda: layers.Conv2D(3, 3, name="first").explain(), 'Conv2D "first": is not built yet.*call build'),
    (lambda: deferred(konv).explain(), 'Sequential "deferred": is not built yet.*input_shape='),
    (lambda: seed_network(konv).explain("fr"), "lang must be one of 'en', 'ko'"),
])
def test_errors(make, text):
    with pytest.raises(KonvError, match=text):
        make()


def test_open_sizes_are_said_to_be_open():
    text = any_size(konv).explain()
    assert "size: depends on the size of the input" in text
    assert text.count("MACs: depend on the size of the input") == 2  # the convolution's and the total


def test_a_shared_layer_is_counted_once():
    x = konv.Input((6, 6, 2))
    conv = layers.Conv2D(2, 3, padding="same")
    model = konv.Model(x, conv(conv(x)))
    text = model.explain()
    assert "  parameters: 38\n" in text
    assert "  MACs for one sample: 1296 + 1296 = 2,592" in text
    assert text.count("called again") == 1


def test_a_nested_model_is_entered():
    text = nested(konv).explain()
    assert '1. Conv2D "conv2d"' in text
    assert "frozen (trainable is False)" in text
    assert text.count("InputLayer") == 1


def test_explain_of_a_model_as_a_layer():
    model = seed_network(konv)
    assert explain_layer(model) == explain_model(model)
