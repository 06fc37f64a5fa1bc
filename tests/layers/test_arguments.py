"""Wrong arguments and inputs: the error names the layer, the argument, what came and what would do."""

import inspect

import keras
import numpy as np
import pytest

import konv
from konv import layers
from konv.errors import KonvError, ShapeError, UnsupportedError

# constructor call, fragments of the message
ARGUMENTS = [
    (lambda: layers.Conv2D(0, 3), ['Conv2D "conv2d"', "filters", "positive integer", "0"]),
    (lambda: layers.Conv2D(-4, 3), ["filters", "-4"]),
    (lambda: layers.Conv2D(2.5, 3), ["filters", "2.5"]),
    (lambda: layers.Conv2D(True, 3), ["filters", "True"]),
    (lambda: layers.Conv2D("8", 3), ["filters", "'8'"]),
    (lambda: layers.Conv2D(8, 0), ["kernel_size", "positive integer or two", "0"]),
    (lambda: layers.Conv2D(8, (3, -1)), ["kernel_size", "(3, -1)"]),
    (lambda: layers.Conv2D(8, 3.0), ["kernel_size", "3.0"]),
    (lambda: layers.Conv2D(8, True), ["kernel_size", "True"]),
    (lambda: layers.Conv2D(8, (3, 3, 3)), ["kernel_size", "two", "(3, 3, 3)"]),
    (lambda: layers.Conv2D(8, None), ["kernel_size", "None"]),
    (lambda: layers.Conv2D(8, "33"), ["kernel_size", "'33'"]),
    (lambda: layers.Conv2D(8, 3, strides=0), ["strides", "0"]),
    (lambda: layers.Conv2D(8, 3, strides=(1, 2.0)), ["strides", "(1, 2.0)"]),
    (lambda: layers.Conv2D(8, 3, dilation_rate=0), ["dilation_rate", "0"]),
    (lambda: layers.Conv2D(8, 3, strides=2, dilation_rate=2), ["strides=(2, 2)", "dilation_rate=(2, 2)", "leave one"]),
    (lambda: layers.Conv2D(8, 3, padding="full"), ["padding", '"valid" or "same"', "'full'"]),
    (lambda: layers.Conv2D(8, 3, padding=1), ["padding", "1"]),
    (lambda: layers.Conv2D(8, 3, padding=None), ["padding", "None"]),
    (lambda: layers.Conv2D(8, 3, data_format="NHWC"), ["data_format", '"channels_last"', "'NHWC'"]),
    (lambda: layers.Conv2D(50, 3, groups=4), ["filters=50 must be divisible by groups=4"]),
    (lambda: layers.Conv2D(8, 3, groups=0), ["groups", "0"]),
    (lambda: layers.Conv2D(8, 3, activation="rellu"), ['activation="rellu"', "did you mean 'relu'"]),
    (lambda: layers.Conv2D(8, 3, use_bias="no"), ["use_bias", "'no'"]),
    (lambda: layers.Conv2D(8, 3, kernel_initializer="he"), ["kernel_initializer", '"he"', "initializer"]),
    (lambda: layers.Conv2D(8, 3, kernel_regularizer=0.1), ["kernel_regularizer", "0.1"]),
    (lambda: layers.Conv2D(8, 3, bias_constraint="positive"), ["bias_constraint", '"positive"']),
    (lambda: layers.Conv2D(8, 3, activation="Relu"), ['activation="Relu"', "did you mean 'relu'"]),
    (lambda: layers.Conv2D(8, 3, kernel_sise=3), ["unknown argument kernel_sise=3", 'did you mean "kernel_size"']),
    (lambda: layers.Conv2D(8, 3, activatoin="relu"), ["unknown argument activatoin", 'did you mean "activation"']),
    (lambda: layers.Conv2D(8, 3, inptu_shape=(3,)), ["unknown argument inptu_shape", 'did you mean "input_shape"']),
    (lambda: layers.Conv2D(8, 3, kernel_initializer="henormal"), ['did you mean "HeNormal"']),
    (lambda: layers.Conv2D(3, 3)(layers.Conv2D(3, 3)), ["got a layer, Conv2D", "call it on a tensor"]),
    (lambda: layers.Add()([layers.Flatten(), layers.Flatten()]), ["got a layer, Flatten", "call it on a tensor"]),
    (lambda: layers.Flatten()(np.ones((2, 2)), np.ones(2)), ["training must be True or False", "ndarray", "fit(x, y)"]),
    (lambda: layers.Dense(10**5).build((None, 10**5)), ["Dense", "kernel", "10,000,000,000 numbers", "37 GiB"]),
    (lambda: konv.Input(28, 28, 1), ["write Input((28, 28, 1))"]),
    (lambda: layers.Conv2D(3, 3)(layers.Flatten()(konv.Input((8, 8, 1)))), ["Conv2D", "(None, 64)", "Flatten", "before it"]),
    (lambda: layers.Conv2D(8, 3, name=3), ["Conv2D", "name", "3"]),
    (lambda: layers.Conv2D(8, 3, name="a/b"), ["Conv2D", "name", '"/"', "'a/b'"]),
    (lambda: layers.Conv2D(8, 3, trainable="yes"), ["trainable", "'yes'"]),
    (lambda: layers.Conv2D(8, 3, input_shape=(28, 28, 0)), ["input_shape", "(28, 28, 0)", "positive"]),
    (lambda: layers.Dense(0), ['Dense "dense"', "units", "0"]),
    (lambda: layers.Dense(2.0), ["units", "2.0"]),
    (lambda: layers.MaxPooling2D(0), ['MaxPooling2D "max_pooling2d"', "pool_size", "0"]),
    (lambda: layers.MaxPooling2D(2, strides=-1), ["strides", "-1"]),
    (lambda: layers.AveragePooling2D(2, padding="SAMEE"), ["padding", "'SAMEE'"]),
    (lambda: layers.GlobalAveragePooling2D(keepdims=3), ["keepdims", "3"]),
    (lambda: layers.BatchNormalization(axis=1.5), ["axis", "1.5"]),
    (lambda: layers.BatchNormalization(momentum=1.5), ["momentum", "between 0 and 1", "1.5"]),
    (lambda: layers.BatchNormalization(epsilon=-1), ["epsilon", "-1"]),
    (lambda: layers.Dropout(1.5), ['Dropout "dropout"', "rate", "between 0 and 1", "1.5"]),
    (lambda: layers.Dropout("half"), ["rate", "'half'"]),
    (lambda: layers.Dropout(0.5, noise_shape=(None, 0)), ["noise_shape", "(None, 0)"]),
    (lambda: layers.Dropout(0.5, seed=1.5), ["seed", "1.5"]),
    (lambda: layers.ReLU(max_value=-1), ["max_value", "at least 0", "-1"]),
    (lambda: layers.ReLU(threshold=None), ["threshold", "None"]),
    (lambda: layers.LeakyReLU(-0.1), ["negative_slope", "-0.1"]),
    (lambda: layers.Softmax(axis="channels"), ["axis", "'channels'"]),
    (lambda: layers.Rescaling("255"), ["scale", "'255'"]),
    (lambda: layers.Rescaling([[1.0]], 0), ["scale", "[[1.0]]"]),
    (lambda: layers.Activation("steep"), ["Activation", "steep"]),
    (lambda: layers.InputLayer(), ["InputLayer", "shape", "(28, 28, 1)"]),
    (lambda: konv.Input((28, 28, -1)), ["shape", "-1"]),
    (lambda: konv.Input((28, 28.0, 1)), ["shape", "28.0"]),
    (lambda: konv.Input("28"), ["shape", "'28'"]),
    (lambda: konv.Input((3,), batch_size=0), ["batch_size", "0"]),
    (lambda: konv.Input((3,), dtype="colour"), ["dtype", "colour"]),
    (lambda: layers.Dense(3).build(), ["Dense", "build", "batch axis first"]),
    (lambda: layers.Add()(konv.Input((3,))), ["Add", "list"]),
    (lambda: layers.Add()([konv.Input((3,)), konv.Input((4,))]), ["Add", "(None, 3)", "(None, 4)", "equal"]),
    (lambda: layers.Dense(3)([konv.Input((3,)), konv.Input((3,))]), ["Dense", "one input", "2"]),
]

UNSUPPORTED = [
    (lambda: layers.Conv2D(8, 3, dtype="float16"), ["dtype", "'float16'", "float32"]),
    (lambda: layers.Conv2D(8, 3, padding=((1, 1), (2, 2))), ["padding", "explicit"]),
    (lambda: layers.Conv2D(8, 3, lora_rank=2), ["lora_rank"]),
    (lambda: layers.Conv2D(8, 3, activation=np.tanh), ["activation", "konv.activations"]),
    (lambda: layers.Conv2D(8, 3, kernel_regularizer=lambda w: 0.0), ["kernel_regularizer", "gradient"]),
    (lambda: layers.Dense(8, quantization_config=object()), ["quantization_config"]),
    (lambda: layers.BatchNormalization(renorm=True), ["renorm"]),
    (lambda: layers.BatchNormalization(synchronized=True), ["synchronized"]),
    (lambda: layers.Dropout(0.5, noise_shape=(32, 1)), ["noise_shape", "batch"]),
    (lambda: konv.Input((3,), sparse=True), ["sparse"]),
    (lambda: konv.Input((3,), ragged=True), ["ragged"]),
    (lambda: konv.Input((3,), optional=True), ["optional"]),
    (lambda: layers.Layer()(konv.Input((3,))), ["Layer", "call(self, inputs)"]),
    (lambda: konv.config.set_dtype_policy("mixed_float16"), ["mixed_float16", "float32"]),
    (lambda: konv.config.set_floatx("float64"), ["float64"]),
]

# layer, shape of the input with batch, fragments of the message
INPUTS = [
    (layers.Conv2D(8, 3), (None, 28, 28),
     ["Conv2D", "(batch, height, width, channels)", "(None, 28, 28)", "x[..., None]"]),
    (layers.Conv2D(8, 3), (None, 28, 28, 1, 1), ["(None, 28, 28, 1, 1)"]),
    (layers.Conv2D(8, 3), (None, None, 28, 28, 1), ["one axis too many", "leave the batch axis out"]),
    (layers.Conv2D(8, 3), (None, 28, 1), ["a batch axis is missing", "x[None]"]),
    (layers.Conv2D(8, 3), (None, 1, 28, 28), ["height 1", 'data_format="channels_first"', "transpose"]),
    (layers.MaxPooling2D(4), (None, 3, 28, 28), ["height 3", 'data_format="channels_first"', "transpose"]),
    (layers.Conv2D(8, 3), (None, 28, 28, None), ["channels", "known"]),
    (layers.Conv2D(8, 5), (None, 28, 4, 1),
     ["window of 5", "input of width 4", "(4 - 5)//1 + 1 = 0", 'padding="same"']),
    (layers.Conv2D(8, 3, dilation_rate=4), (None, 8, 8, 1), ["dilation 4", "spans 9", "height 8"]),
    (layers.Conv2D(8, 3, groups=4), (None, 8, 8, 6), ["6 channels", "divisible by groups=4"]),
    (layers.Conv2D(8, 3, data_format="channels_first"), (None, 1, 28), ["(batch, channels, height, width)"]),
    (layers.MaxPooling2D(3), (None, 2, 2, 1), ["MaxPooling2D", "window of 3", "height 2"]),
    (layers.GlobalAveragePooling2D(), (None, 8), ["GlobalAveragePooling2D", "(None, 8)"]),
    (layers.Dense(3), (None,), ["Dense", "last axis"]),
    (layers.Dense(3), (None, None), ["Dense", "last axis", "(None, None)"]),
    (layers.BatchNormalization(axis=4), (None, 8, 8, 3), ["BatchNormalization", "axis=4", "4 axes"]),
    (layers.BatchNormalization(axis=0), (None, 8, 8, 3), ["axis=0", "batch"]),
    (layers.Softmax(axis=-2), (None, 8), ["axis=-2", "batch"]),
    (layers.Dropout(0.5, noise_shape=(None, 1)), (None, 8, 8, 3), ["noise_shape=(None, 1)", "(None, 8, 8, 3)"]),
    (layers.Cropping1D((5, 3)), (None, 8, 3), ["cropping=(5, 3)", "leaves nothing", "(None, 8, 3)"]),
    (layers.ZeroPadding1D(2), (None, 8), ["ZeroPadding1D", "3 axes", "(None, 8)"]),
    (layers.Rescaling([1, 2]), (None, 8, 8, 3), ["scale has 2 numbers", "(None, 8, 8, 3)"]),
]


def _says(error, fragments):
    assert all(fragment in str(error.value) for fragment in fragments), str(error.value)


@pytest.mark.parametrize(("make", "fragments"), ARGUMENTS)
def test_wrong_arguments(make, fragments):
    with pytest.raises(KonvError) as error:
        make()
    assert not isinstance(error.value, UnsupportedError)
    _says(error, fragments)


@pytest.mark.parametrize(("make", "fragments"), UNSUPPORTED)
def test_what_is_not_supported_says_so(make, fragments):
    with pytest.raises(UnsupportedError) as error:
        make()
    _says(error, fragments)


@pytest.mark.parametrize(("layer", "shape", "fragments"), INPUTS)
def test_wrong_inputs(layer, shape, fragments):
    with pytest.raises(ShapeError) as error:
        layer.build(shape)
    _says(error, [layer.title, *fragments])
    assert not layer.built


@pytest.mark.parametrize(("layer", "made_for", "shape", "fragments"), [
    (layers.Conv2D(8, 3), (None, 8, 8, 3), (None, 8, 8, 4), ["(None, 8, 8, 3)", "(None, 8, 8, 4)", "(3, 3, 4, 8)"]),
    (layers.Dense(3), (None, 5), (None, 6), ["Dense", "kernel", "(5, 3)", "(6, 3)"]),
    (layers.BatchNormalization(), (None, 8, 8, 3), (None, 8, 8, 4), ["gamma", "(3,)", "(4,)"]),
])
def test_another_input_than_it_was_built_for(layer, made_for, shape, fragments):
    layer.build(made_for)
    with pytest.raises(ShapeError) as error:
        layer(konv.Input(shape[1:]))
    _says(error, [layer.title, *fragments])


@pytest.mark.parametrize(("value", "fragments"), [
    (np.array(["a"]), ["Dense", "numbers"]),
    (object(), ["Dense"]),
    (3.0, ["Dense", "batch"]),
    (np.ones((2, 4)), ["Dense", "got (2, 4)"]),
])
def test_wrong_arrays(value, fragments):
    layer = layers.Dense(3, input_shape=(5,))
    layer.build((None, 5))
    with pytest.raises(KonvError) as error:
        layer(value)
    _says(error, fragments)


def test_weights_of_another_shape_change_nothing():
    layer = layers.Dense(3)
    layer.build((None, 5))
    before = layer.get_weights()
    for weights in ([np.ones((5, 3))], [np.ones((5, 3)), np.ones(4)]):
        with pytest.raises(ShapeError, match=r'Dense "dense"'):
            layer.set_weights(weights)
    assert all((a == b).all() for a, b in zip(before, layer.get_weights(), strict=True))


@pytest.mark.parametrize(("value", "fragments"), [
    (np.ones((28, 28, 1)), ["got (28, 28, 1): a batch axis is missing", "x[None]"]),
    (np.ones((5, 28, 28)), ["got (5, 28, 28): the channel axis is missing", "x[..., None]"]),
])
def test_arrays_are_shown_as_they_were_given(value, fragments):
    with pytest.raises(ShapeError) as error:
        layers.Conv2D(3, 3)(value)
    _says(error, fragments)


@pytest.mark.parametrize("make", [lambda: layers.Dense(1, activation="softmax"), layers.Softmax])
def test_a_softmax_over_one_number_is_pointed_out(make):
    with pytest.warns(UserWarning, match="softmax over an axis of size 1.*sigmoid"):
        make()(konv.Input((1,)))


def test_a_shape_that_really_is_small_gets_no_hint():
    with pytest.raises(ShapeError) as error:
        layers.Conv2D(8, 3).build((None, 1, 1, 64))
    assert "channels_first" not in str(error.value)


@pytest.mark.parametrize(("call", "words"), [
    (lambda layers: layers.Conv2D(3), ["Conv2D: ", "'kernel_size'", "Conv2D(filters, kernel_size, strides=(1, 1)"]),
    (lambda layers: layers.Conv1D(3), ["Conv1D: ", "'kernel_size'", "Conv1D(filters, kernel_size, strides=1"]),
    (lambda layers: layers.SeparableConv2D(), ["SeparableConv2D: ", "'filters'"]),
    (lambda layers: layers.Dropout(), ["Dropout: ", "'rate'", "Dropout(rate, noise_shape=None, seed=None)"]),
    (lambda layers: layers.MaxPooling2D(1, 2, "same", None, "pool", 5), ["MaxPooling2D: ", "too many positional"]),
    (lambda layers: layers.Conv2D((3, 3), 32), ["filters comes first", "Conv2D(32, (3, 3))"]),
    (lambda layers: layers.Conv2D(32, 3, "relu"), ["'relu' came as strides", "activation='relu'"]),
    (lambda layers: layers.Conv2D(32, 3, "same"), ["'same' came as strides", "padding='same'"]),
    (lambda layers: layers.LayerNormalization(rms_scaling=True), ["rms_scaling", "konv.ops.rsqrt"]),
])
def test_arguments_that_are_missing_or_misplaced(call, words):
    with pytest.raises(KonvError) as error:
        call(konv.layers)
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize("name", sorted(set(dir(konv.layers)) & set(dir(keras.layers))))
def test_signatures_are_those_of_keras(name):
    """Positions, names and defaults; keyword arguments that Keras takes through **kwargs may stand in konv's."""
    ours, theirs = (getattr(library.layers, name) for library in (konv, keras))
    positional = lambda made: [(one.name, one.default) for one in inspect.signature(made).parameters.values()  # noqa: E731
                               if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert positional(ours) == positional(theirs)


def test_what_every_layer_answers():
    layer, theirs = konv.layers.Dense(3), keras.layers.Dense(3)
    for name in ("compute_dtype", "variable_dtype", "input_dtype", "dtype", "supports_masking"):
        assert getattr(layer, name) is not None
    assert layer.compute_dtype == theirs.compute_dtype == layer.dtype_policy.name
    layer.build((None, 4))
    again = konv.layers.Dense(3)
    again.build_from_config(layer.get_build_config())
    assert [weight.shape for weight in again.weights] == [(4, 3), (3,)]
    with pytest.raises(AttributeError, match=r"konv.ops.mean\(x\)"):
        konv.Input((3,)).mean()


@pytest.mark.parametrize(("spec", "words"), [
    ({"ndim": 4}, "4 axes"), ({"min_ndim": 3}, "at least 3"), ({"max_ndim": 1}, "at most 1"),
    ({"axes": {-1: 5}}, "size 5 along axis -1"),
    ({"shape": (None, 7)}, "size 7 along axis 1"),
])
def test_input_spec(spec, words):
    class Mine(konv.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.input_spec = konv.layers.InputSpec(**spec)
            self.supports_masking = True

        def call(self, x):
            return konv.ops.cast(x, self.compute_dtype)
    with pytest.raises(KonvError, match=words):
        Mine()(konv.Input((4,)))
