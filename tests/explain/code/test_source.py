"""The code of a layer is run and computes what the engine computes: NumPy, Keras, and PyTorch where it is installed."""

import numpy as np
import pytest

import konv
from konv.errors import KonvError, UnsupportedError
from konv.explain import code
from tests import networks
from tests.oracle import random_weights

layers = konv.layers
first = {"data_format": "channels_first"}
SAME = {"padding": "same"}
IMAGE, FIRST, STEPS, VECTOR = (7, 8, 4), (4, 7, 8), (9, 4), (5,)

LAYERS = [  # (layer, shapes of its inputs)
    *[(layers.Conv2D(6, *arguments, **options), shape) for arguments, options, shape in [
        ((3,), {}, IMAGE), (((2, 3),), {**SAME, "strides": 2, "activation": "relu"}, IMAGE), ((3,), SAME, IMAGE),
        ((3,), {"dilation_rate": 2, "groups": 2, "use_bias": False}, IMAGE),
        ((2,), {**SAME, **first, "strides": (2, 1)}, FIRST), ((3,), {**first, "groups": 2, "activation": "softmax"}, FIRST)]],
    (layers.Conv1D(6, 3, padding="causal", dilation_rate=2), STEPS), (layers.Conv1D(6, 4, strides=2, groups=2, **SAME), STEPS),
    (layers.DepthwiseConv2D(3, depth_multiplier=2, **SAME), IMAGE), (layers.DepthwiseConv2D(2, strides=2, **first), FIRST),
    (layers.DepthwiseConv1D(2, depth_multiplier=3, **SAME), STEPS),
    (layers.SeparableConv2D(5, 3, depth_multiplier=2, activation="tanh"), IMAGE), (layers.SeparableConv1D(5, 2), STEPS),
    (layers.Conv2DTranspose(3, 3, strides=2, **SAME), IMAGE), (layers.Conv2DTranspose(3, 2, strides=3), IMAGE),
    (layers.Conv2DTranspose(3, (2, 3), dilation_rate=2, use_bias=False), IMAGE),
    (layers.Conv2DTranspose(3, 2, strides=3, output_padding=(2, 1), **SAME, **first), FIRST),
    (layers.Conv1DTranspose(3, 3, strides=2), STEPS),
    (layers.Dense(3, activation="sigmoid"), VECTOR), (layers.Dense(3, use_bias=False), IMAGE),
    *[(pool, shape) for pool, shape in [
        (layers.MaxPooling2D(2), IMAGE), (layers.MaxPooling2D(3, strides=2, **SAME), IMAGE),
        (layers.MaxPooling2D((2, 3), **SAME, **first), FIRST), (layers.AveragePooling2D(2, strides=1, **SAME), IMAGE),
        (layers.AveragePooling2D((3, 2), **first), FIRST), (layers.MaxPooling1D(2, **SAME), STEPS),
        (layers.AveragePooling1D(3, strides=2, **SAME), STEPS), (layers.GlobalMaxPooling2D(), IMAGE),
        (layers.GlobalAveragePooling2D(keepdims=True, **first), FIRST), (layers.GlobalMaxPooling1D(keepdims=True), STEPS),
        (layers.GlobalAveragePooling1D(), STEPS)]],
    (layers.BatchNormalization(), IMAGE), (layers.BatchNormalization(axis=1, scale=False), FIRST),
    (layers.BatchNormalization(axis=2, center=False), IMAGE), (layers.BatchNormalization(), VECTOR),
    (layers.LayerNormalization(), IMAGE), (layers.LayerNormalization(axis=(1, 2)), IMAGE),
    (layers.LayerNormalization(axis=(1, 2, 3), scale=False), IMAGE), (layers.GroupNormalization(2), IMAGE),
    (layers.GroupNormalization(2, axis=1, center=False), FIRST), (layers.GroupNormalization(4, axis=2), IMAGE),
    *[(layers.Activation(name), VECTOR) for name in (
        "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear", "log_softmax", "mish", "relu6",
        "selu", "silu", "softmax", "softplus", "softsign")],
    (layers.ReLU(1.5, 0.1, 0.2), IMAGE), (layers.LeakyReLU(0.2), VECTOR), (layers.ELU(0.5), VECTOR),
    (layers.PReLU(shared_axes=[1, 2]), IMAGE), (layers.Softmax(axis=1), IMAGE), (layers.Rescaling(0.5, 0.1), IMAGE),
    (layers.Rescaling(2.0), IMAGE), (layers.Flatten(), IMAGE), (layers.Flatten(**first), FIRST),
    (layers.Reshape((8, -1)), IMAGE), (layers.Permute((3, 1, 2)), IMAGE), (layers.ZeroPadding2D(((1, 0), (2, 3))), IMAGE),
    (layers.Cropping2D(((1, 0), (2, 3)), **first), FIRST), (layers.Identity(), VECTOR),
    *[(kind(), IMAGE, IMAGE) for kind in (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply,
                                          layers.Subtract)],
    (layers.Concatenate(), IMAGE, (7, 8, 2)), (layers.Concatenate(axis=1), FIRST, (2, 7, 8), FIRST),
    (layers.Multiply(), IMAGE, (1, 1, 4)), (layers.Dot((1, 2), normalize=True), (3, 5), (4, 3)),
    (layers.Dot(1), VECTOR, VECTOR),
    (layers.UpSampling2D((2, 3)), IMAGE), (layers.UpSampling2D(2, interpolation="bilinear", **first), FIRST),
    *[(layers.Resizing(9, 5, **options), IMAGE) for options in (
        {}, {"interpolation": "nearest"}, {"interpolation": "bicubic", "antialias": True}, {"interpolation": "lanczos3"},
        {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 0.5, "interpolation": "lanczos5"})],
    (layers.CenterCrop(4, 5), IMAGE), (layers.CenterCrop(9, 4), IMAGE), (layers.RandomCrop(5, 5), IMAGE),
    *[(layer, IMAGE) for layer in (
        layers.Dropout(0.3), layers.SpatialDropout2D(0.3), layers.GaussianNoise(0.3), layers.GaussianDropout(0.3),
        layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomZoom(0.1), layers.RandomTranslation(0.1, 0.1),
        layers.RandomContrast(0.1), layers.RandomBrightness(0.1))],
    (layers.SpatialDropout1D(0.3), STEPS), (layers.ActivityRegularization(0.1), VECTOR),
    (layers.Dense(3, activation="celu"), VECTOR),
    (layers.ZeroPadding1D((2, 1)), STEPS), (layers.Cropping1D(1), STEPS), (layers.UpSampling1D(2), STEPS),
    (layers.RepeatVector(3), VECTOR),
]


def computed(source, inputs, wrap=lambda array: array, library="keras"):
    """What the code gives, run as it stands."""
    names = {}
    exec(compile(source.replace("import keras", f"import {library} as keras"), source.function, "exec"), names)
    weights = {name: wrap(array) for name, array in source.weights.items()}
    whole = "weights" in source.splitlines()[next(
        place for place, line in enumerate(source.splitlines()) if line.startswith(f"def {source.function}("))]
    found = names[source.function](*map(wrap, inputs), **({"weights": weights} if whole else weights))
    return [np.asarray(one) for one in (found if isinstance(found, (list, tuple)) else [found])]


def agree(what, target, wrap=lambda array: array, library="keras", **options):
    draw = np.random.default_rng(0)
    inputs = [draw.standard_normal((2, *shape)).astype("f4") for shape in what.input_shapes]
    wanted = what(inputs if len(inputs) > 1 else inputs[0], training=False)
    found = computed(code(what, target, **options), inputs, wrap, library)
    for one, other in zip(found, wanted if isinstance(wanted, (list, tuple)) else [wanted], strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5 * max(1, np.abs(other).max()))


def built(layer, *shapes):
    layer.build_for(*shapes)
    layer.set_weights(random_weights(layer))
    return layer


def named(case):
    return f"{type(case[0]).__name__}-{case[0].name}"


@pytest.mark.parametrize("case", LAYERS, ids=named)
def test_numpy(case):
    agree(built(*case), "numpy", lang="ko")


FEW = (layers.Conv2D, layers.Dense, layers.BatchNormalization, layers.MaxPooling2D, layers.Concatenate, layers.RandomCrop,
       layers.Resizing, layers.Dropout)


def in_keras():
    """A few layers in every run, each once; all of them at night, since Keras compiles every one."""
    seen = set()
    for case in LAYERS:
        often = type(case[0]) in FEW and type(case[0]) not in seen
        yield pytest.param(case, id=named(case), marks=[] if often else [pytest.mark.nightly])
        seen.add(type(case[0]))


@pytest.mark.parametrize("case", list(in_keras()))
def test_keras(case):
    agree(built(*case), "keras")


@pytest.mark.parametrize("case", LAYERS, ids=named)
def test_keras_by_konv(case):
    """The same source with konv in the place of Keras: every argument, in every run."""
    agree(built(*case), "keras", library="konv")


@pytest.mark.parametrize("case", LAYERS, ids=named)
def test_torch(case):
    torch = pytest.importorskip("torch")
    agree(built(*case), "torch", torch.from_numpy)


def test_every_layer_is_met():
    from konv.layers.base import Layer
    from konv.layers.input import InputLayer

    kinds = {value for name in layers.__all__ if isinstance(value := getattr(layers, name), type)}
    assert kinds - {type(case[0]) for case in LAYERS} == {Layer, InputLayer, layers.InputSpec, layers.Lambda}


MODELS = (networks.residual, networks.channels_first, networks.normalised, networks.separable, networks.transposed)


@pytest.mark.parametrize(("make", "target"), [
    *[(make, "numpy") for make in MODELS], *[pytest.param(make, "keras", marks=pytest.mark.nightly) for make in MODELS]])
def test_models(make, target):
    model = make(konv)
    for layer in model.layers:
        layer.set_weights(random_weights(layer))
    agree(model, target)


def test_a_small_model_in_keras():
    x = konv.Input((3, 4))
    twice = layers.Dense(4, activation="relu")
    agree(konv.Model(x, layers.Add()([twice(x), twice(twice(x)), x])), "keras")


@pytest.mark.parametrize("make", MODELS)
def test_models_in_torch(make):
    torch = pytest.importorskip("torch")
    model = make(konv)
    for layer in model.layers:
        layer.set_weights(random_weights(layer))
    agree(model, "torch", torch.from_numpy)


class Own(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), name="scale", initializer="ones")
        super().build(shape)

    def call(self, x):
        return konv.ops.maximum(x * self.scale, 0.5) - konv.ops.mean(x, axis=1, keepdims=True)


def test_layers_of_ones_own():
    layer = Own(name="own")
    layer.build((None, 7, 3))
    agree(layer, "numpy")
    with pytest.raises(UnsupportedError, match='Own "own": is not a layer of Keras'):
        code(layer, "keras")
    torch = pytest.importorskip("torch")
    agree(layer, "torch", torch.from_numpy)


def test_lambda():
    layer = built(layers.Lambda(lambda x: konv.ops.relu(x) * 2.0, name="own"), (3, 4))
    agree(layer, "numpy")
    with pytest.raises(UnsupportedError, match='Lambda "own": is not a layer of Keras'):
        code(layer, "keras")


def test_uneven_padding_is_told():
    layer = built(layers.Conv2D(1, 2, padding="same", name="c"), (3, 3, 1))
    lines = code(layer, "torch").splitlines()
    assert ("    # padding: top 0, bottom 1, left 0, right 1; padding adds the same on both sides in PyTorch, so F.pad does it"
            in lines)
    assert "    x = F.pad(x, (0, 1, 0, 1))" in lines
    assert "    # kernel: konv has (rows, columns, channels, filters), PyTorch (filters, channels, rows, columns)" in lines
    assert "# 패딩: 위 0, 아래 1, 왼쪽 0, 오른쪽 1" in code(layer, "numpy", "ko")


@pytest.mark.parametrize("name", ["a\nimport os", 'x"""', "np", "1", "#"])
def test_names_cannot_add_lines(name):
    """A name may come out of a file; what it says is not run."""
    layer = built(layers.Conv2D(1, 2, name=name), (3, 3, 1))
    model = konv.Sequential([konv.Input((3, 3, 1)), layer], name=name + "_")
    for what in (layer, model):
        for target in ("numpy", "keras", "torch"):
            assert "import os" not in code(what, target).splitlines()
        agree(what, "numpy")


@pytest.mark.parametrize("target", ["numpy", "torch"])
def test_lines_are_not_too_long(target):
    assert max(map(len, code(networks.normalised(konv), target).splitlines())) <= 128
    assert max(map(len, code(networks.residual(konv), target, "ko").splitlines())) <= 128


def test_korean_names_stay_legible():
    model = konv.Sequential([konv.Input((3, 3, 1)), layers.Conv2D(1, 2, name="합성곱"), layers.Flatten()], name="모델 1")
    for target in ("numpy", "keras", "torch"):
        assert code(model, target).function == "모델_1"
    agree(model, "numpy")
    assert 'weights["합성곱/kernel"]' in code(model, "numpy")
    assert "합성곱 = keras.layers.Conv2D" in code(model, "keras")


def test_refused():
    with pytest.raises(KonvError, match="target must be one of 'numpy', 'keras', 'torch', got 'jax'"):
        code(built(layers.Flatten(), (3, 3)), "jax")
    with pytest.raises(KonvError, match="is not built yet"):
        code(layers.Conv2D(1, 2))
    with pytest.raises(UnsupportedError, match='Conv2D "open": the code has the sizes of its inputs in it'):
        code(built(layers.Conv2D(1, 2, name="open"), (None, None, 3)))
    inner = konv.Sequential([konv.Input((3,)), layers.Dense(2)], name="inner")
    outer = konv.Sequential([konv.Input((3,)), inner])
    agree(outer, "numpy")
    with pytest.raises(UnsupportedError, match='Sequential "inner" inside of it is not a layer of Keras'):
        code(outer, "keras")
