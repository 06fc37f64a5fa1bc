"""Every layer beside the same layer of Keras: config, weights, shapes, numbers."""

import keras
import numpy as np
import pytest

import konv

IMAGE, WIDE, FIRST, STEPS = (9, 11, 3), (8, 8, 6), (6, 9, 11), (13, 3)

# class, its arguments (a function of the library where they are objects), shape of one sample
CASES = [
    ("Conv2D", {"filters": 4, "kernel_size": 3}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": (2, 3), "padding": "same", "activation": "relu"}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 1, "use_bias": False}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": (2, 3)}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 5, "strides": 4, "padding": "same", "activation": "tanh"}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 2, "strides": 3, "padding": "same"}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": (3, 2), "padding": "SAME"}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2, "activation": "sigmoid"}, WIDE),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 6, "padding": "same"}, WIDE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first"}, FIRST),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first", "groups": 2, "strides": 2,
                "padding": "same", "activation": "elu"}, FIRST),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "activation": "softmax"}, IMAGE),
    ("Conv2D", {"filters": 33, "kernel_size": 3, "padding": "same", "activation": "swish"}, (5, 7, 17)),
    ("Conv2D", lambda k: {
        "filters": 4, "kernel_size": 3, "kernel_initializer": k.initializers.HeNormal(seed=3),
        "bias_initializer": "ones", "kernel_regularizer": k.regularizers.L1L2(0.1, 0.2), "bias_regularizer": "l2",
        "kernel_constraint": k.constraints.MaxNorm(3, axis=(0, 1, 2)), "bias_constraint": "non_neg"}, IMAGE),
    ("Convolution2D", {"filters": 4, "kernel_size": 3, "kernel_initializer": None, "trainable": False}, IMAGE),
    ("Reshape", {"target_shape": (11, -1)}, IMAGE),
    ("Reshape", {"target_shape": (3, 9, 11)}, IMAGE),
    ("Permute", {"dims": (3, 1, 2)}, IMAGE),
    ("Permute", {"dims": (2, 1)}, STEPS),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}, IMAGE),
    ("ZeroPadding2D", {"padding": 2, "data_format": "channels_first"}, FIRST),
    ("Cropping2D", {"cropping": ((1, 0), (2, 3))}, IMAGE),
    ("Cropping2D", {"cropping": (1, 2), "data_format": "channels_first"}, FIRST),
    ("PReLU", {"alpha_initializer": "ones"}, IMAGE),
    ("PReLU", {"shared_axes": [1, 2], "alpha_initializer": "he_normal", "alpha_regularizer": "l2",
               "alpha_constraint": "non_neg"}, IMAGE),
    ("Identity", {}, IMAGE),
    ("DepthwiseConv2D", {"kernel_size": 3}, IMAGE),
    ("DepthwiseConv2D", {"kernel_size": (3, 2), "padding": "same", "depth_multiplier": 3, "activation": "relu"}, IMAGE),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False}, WIDE),
    ("DepthwiseConv2D", {"kernel_size": 3, "dilation_rate": 2, "data_format": "channels_first"}, FIRST),
    ("DepthwiseConv2D", lambda k: {
        "kernel_size": 5, "padding": "same", "depthwise_initializer": "he_normal",
        "depthwise_regularizer": k.regularizers.L2(0.01), "depthwise_constraint": "non_neg"}, IMAGE),
    ("Conv1D", {"filters": 4, "kernel_size": 3}, STEPS),
    ("Conv1D", {"filters": 4, "kernel_size": 4, "padding": "causal", "strides": 2, "activation": "relu"}, STEPS),
    ("Convolution1D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2, "padding": "causal", "use_bias": False}, STEPS),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first", "groups": 2, "padding": "same"}, (4, 9)),
    ("DepthwiseConv1D", {"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2}, STEPS),
    ("DepthwiseConv1D", {"kernel_size": 3, "data_format": "channels_first"}, (4, 9)),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3, "strides": 2}, STEPS),
    ("SeparableConvolution1D", {"filters": 4, "kernel_size": 3, "padding": "same", "dilation_rate": 3}, STEPS),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "activation": "relu"}, IMAGE),
    ("SeparableConv2D", {"filters": 4, "kernel_size": (2, 3), "depth_multiplier": 3, "data_format": "channels_first",
                         "padding": "same", "use_bias": False}, FIRST),
    ("SeparableConvolution2D", lambda k: {
        "filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "depthwise_initializer": "he_normal",
        "pointwise_initializer": k.initializers.RandomNormal(seed=2), "depthwise_regularizer": "l1",
        "pointwise_regularizer": "l2", "pointwise_constraint": "non_neg", "bias_initializer": "ones"}, IMAGE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3}, IMAGE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"}, IMAGE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": (2, 5), "strides": (3, 2), "padding": "SAME",
                         "output_padding": (2, 1)}, IMAGE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": (1, 2), "strides": 3, "output_padding": (1, 0), "use_bias": False},
     IMAGE),
    ("Convolution2DTranspose", {"filters": 4, "kernel_size": 1, "strides": 2, "activation": "relu"}, IMAGE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "dilation_rate": (2, 3), "padding": "same"}, IMAGE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "dilation_rate": 2, "data_format": "channels_first",
                         "activation": "tanh"}, FIRST),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 4, "strides": 2, "padding": "same", "kernel_regularizer": "l2",
                         "bias_constraint": "non_neg", "kernel_initializer": "he_uniform"}, IMAGE),
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2}, STEPS),
    ("Convolution1DTranspose", {"filters": 4, "kernel_size": 2, "strides": 3, "padding": "same", "output_padding": 2}, STEPS),
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "data_format": "channels_first"}, (4, 9)),
    ("Dense", {"units": 5}, (7,)),
    ("Dense", {"units": 5, "activation": "softmax", "use_bias": False}, (7,)),
    ("Dense", {"units": 5, "activation": "gelu"}, (3, 4, 7)),
    ("Dense", lambda k: {"units": 5, "kernel_regularizer": k.regularizers.L1(0.1), "kernel_initializer": "orthogonal",
                         "kernel_constraint": "unit_norm"}, (7,)),
    ("MaxPooling2D", {}, IMAGE),
    ("MaxPooling2D", {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"}, IMAGE),
    ("MaxPool2D", {"pool_size": 3, "strides": 2, "data_format": "channels_first"}, FIRST),
    ("MaxPooling2D", {"pool_size": 2, "strides": 3, "padding": "same"}, IMAGE),
    ("AveragePooling2D", {"pool_size": 2}, IMAGE),
    ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ("AvgPool2D", {"pool_size": (3, 2), "strides": 1, "data_format": "channels_first"}, FIRST),
    ("GlobalAveragePooling2D", {}, IMAGE),
    ("GlobalAvgPool2D", {"keepdims": True, "data_format": "channels_first"}, FIRST),
    ("GlobalMaxPooling2D", {"keepdims": True}, IMAGE),
    ("GlobalMaxPool2D", {"data_format": "channels_first"}, FIRST),
    ("MaxPooling1D", {}, STEPS),
    ("MaxPool1D", {"pool_size": 3, "strides": 2, "padding": "same", "data_format": "channels_first"}, (4, 9)),
    ("AveragePooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, STEPS),
    ("AvgPool1D", {"pool_size": 2, "data_format": "channels_first"}, (4, 9)),
    ("GlobalAveragePooling1D", {}, STEPS),
    ("GlobalAvgPool1D", {"keepdims": True, "data_format": "channels_first"}, (4, 9)),
    ("GlobalMaxPooling1D", {"keepdims": True}, STEPS),
    ("GlobalMaxPool1D", {"data_format": "channels_first"}, (4, 9)),
    ("BatchNormalization", {}, IMAGE),
    ("BatchNormalization", {"axis": 1, "momentum": 0.9, "epsilon": 1e-5}, FIRST),
    ("BatchNormalization", {"axis": 3, "center": False}, IMAGE),
    ("BatchNormalization", {"scale": False, "gamma_initializer": "random_normal", "trainable": False}, (7,)),
    ("BatchNormalization", {"gamma_regularizer": "l1", "beta_constraint": "non_neg", "moving_mean_initializer": "ones"},
     (4, 7)),
    ("GroupNormalization", {"groups": 3}, IMAGE),
    ("GroupNormalization", {"groups": -1, "scale": False, "epsilon": 1e-5}, STEPS),
    ("GroupNormalization", {"groups": 2, "axis": 1, "center": False, "gamma_regularizer": "l1"}, FIRST),
    ("GroupNormalization", {"groups": 3, "axis": 2, "beta_constraint": "non_neg"}, (4, 9, 5)),
    ("LayerNormalization", {}, IMAGE),
    ("LayerNormalization", {"axis": (2, 1), "epsilon": 1e-5}, IMAGE),
    ("LayerNormalization", {"axis": [-1, 1, 2], "center": False}, IMAGE),
    ("LayerNormalization", {"axis": 1, "scale": False, "gamma_initializer": "random_normal"}, STEPS),
    ("LayerNormalization", {"gamma_regularizer": "l2", "beta_constraint": "non_neg"}, (37,)),
    ("Dropout", {"rate": 0.25}, IMAGE),
    ("Dropout", {"rate": 0.5, "noise_shape": (None, 1, 1, 3), "seed": 7}, IMAGE),
    ("SpatialDropout1D", {"rate": 0.25}, STEPS),
    ("SpatialDropout2D", {"rate": 0.25, "seed": 3}, IMAGE),
    ("SpatialDropout2D", {"rate": 0.25, "data_format": "channels_first"}, FIRST),
    ("Flatten", {}, IMAGE),
    ("Flatten", {"data_format": "channels_first"}, FIRST),
    ("Flatten", {}, (4,)),
    ("Activation", {"activation": "relu6"}, IMAGE),
    ("Activation", {"activation": "linear"}, (7,)),
    ("Activation", {"activation": "log_softmax"}, IMAGE),
    ("ReLU", {}, IMAGE),
    ("ReLU", {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.5}, IMAGE),
    ("LeakyReLU", {"negative_slope": 0.4}, IMAGE),
    ("ELU", {"alpha": 0.5}, IMAGE),
    ("Softmax", {}, IMAGE),
    ("Softmax", {"axis": 1}, IMAGE),
    ("Softmax", {"axis": (-2,)}, IMAGE),
    ("Softmax", {"axis": (1, -1)}, IMAGE),
    ("Rescaling", {"scale": 1 / 255, "offset": -0.5}, IMAGE),
    ("Rescaling", {"scale": [1.0, 2.0, 3.0], "offset": [0.0, 1.0, -1.0]}, IMAGE),
    ("Rescaling", {"scale": [2.0]}, IMAGE),
    ("Add", {}, IMAGE),
    ("Resizing", {"height": 5, "width": 20}, IMAGE),
    ("Resizing", {"height": 13, "width": 4, "interpolation": "lanczos5", "crop_to_aspect_ratio": True, "antialias": True,
                  "data_format": "channels_first"}, FIRST),
    ("Resizing", {"height": 8, "width": 8, "pad_to_aspect_ratio": True, "fill_value": 2}, IMAGE),
    ("CenterCrop", {"height": 4, "width": 5}, IMAGE),
    ("CenterCrop", {"height": 20, "width": 5, "data_format": "channels_first"}, FIRST),
    ("UpSampling2D", {}, IMAGE),
    ("UpSampling2D", {"size": (1, 3), "interpolation": "Bilinear", "data_format": "channels_first"}, FIRST),
    ("RandomRotation", {"factor": (0.2, 0.2), "fill_mode": "wrap", "seed": 3}, IMAGE),
    ("RandomZoom", {"height_factor": (0.3, 0.3), "width_factor": [-0.2, -0.2], "fill_mode": "nearest"}, IMAGE),
    ("RandomTranslation", {"height_factor": (0.3, 0.3), "width_factor": (-0.1, -0.1), "fill_value": 0.5,
                           "fill_mode": "constant", "interpolation": "nearest", "data_format": "channels_first"}, FIRST),
    ("RandomBrightness", {"factor": (0.2, 0.2), "value_range": (-1, 1)}, IMAGE),
    ("RandomCrop", {"height": 12, "width": 5, "seed": 2}, IMAGE),
    ("GaussianNoise", {"stddev": 0.3, "seed": 1}, IMAGE),
    ("GaussianDropout", {"rate": 0.3}, (7,)),
    ("ActivityRegularization", {"l1": 0.5, "l2": 0.25}, (7,)),
    ("Dense", {"units": 3, "activity_regularizer": "l2"}, (7,)),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "activity_regularizer": "l1"}, IMAGE),
    ("ZeroPadding1D", {"padding": (2, 1)}, STEPS),
    ("ZeroPadding1D", {"padding": 3, "data_format": "channels_first"}, STEPS),
    ("Cropping1D", {"cropping": (2, 0)}, STEPS),
    ("UpSampling1D", {"size": 3}, STEPS),
    ("RepeatVector", {"n": 3}, (7,)),
]
# layers whose output is drawn, whatever their arguments
DRAWN = [
    ("RandomFlip", {}, IMAGE),
    ("RandomFlip", {"mode": "vertical", "seed": 4, "data_format": "channels_first"}, FIRST),
    ("RandomRotation", {"factor": 0.2}, IMAGE),
    ("RandomZoom", {"height_factor": 1}, IMAGE),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": (-0.3, 0.1)}, IMAGE),
    ("RandomContrast", {"factor": 0.4}, IMAGE),
    ("RandomContrast", {"factor": (0.2, 0.8), "value_range": [0, 1], "seed": 5, "data_format": "channels_first"}, FIRST),
    ("RandomBrightness", {"factor": 0.4}, IMAGE),
]


def _name(case):
    arguments = case[1] if isinstance(case[1], dict) else {"objects": ""}
    return "-".join([case[0], *(f"{key}={value}" for key, value in arguments.items())])


def pair(case):
    """The layer of konv and that of Keras."""
    name, arguments, _ = case
    layers = []
    for library in (konv, keras):
        given = arguments(library) if callable(arguments) else arguments
        layers.append(getattr(library.layers, name)(**given, name="it"))
    return layers


def built(case):
    ours, theirs = pair(case)
    shape = (None, *case[2])
    shapes = [shape, shape] if case[0] == "Add" else shape
    ours.build(shapes)
    theirs.build(shapes)
    return ours, theirs, shapes


each = pytest.mark.parametrize("case", CASES + DRAWN, ids=_name)


@each
def test_config(case):
    ours, theirs = pair(case)
    assert ours.get_config() == theirs.get_config()


@each
def test_from_the_config_of_keras(case):
    _, theirs = pair(case)
    config = theirs.get_config()
    assert getattr(konv.layers, case[0]).from_config(config).get_config() == config


@each
def test_keras_reads_our_config(case):
    ours, _ = pair(case)
    config = ours.get_config()
    assert getattr(keras.layers, case[0]).from_config(config).get_config() == config


@each
def test_weights(case):
    ours, theirs, _ = built(case)
    facts = [[(w.name, tuple(w.shape), str(w.dtype)) for w in layer.weights] for layer in (ours, theirs)]
    assert facts[0] == facts[1]
    for which in ("trainable_weights", "non_trainable_weights"):
        ours_, theirs_ = ([w.name for w in getattr(layer, which)] for layer in (ours, theirs))
        assert ours_ == theirs_


@each
def test_output_shape_and_parameters(case):
    ours, theirs, shapes = built(case)
    assert ours.compute_output_shape(shapes) == tuple(theirs.compute_output_shape(shapes))
    assert ours.count_params() == theirs.count_params()


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_output(case):
    ours, theirs, _ = built(case)
    random = np.random.default_rng(0)
    weights = [random.uniform(0.2, 1, w.shape) * (1 if "variance" in w.name else random.choice([-1, 1], w.shape))
               for w in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    x = random.standard_normal((3, *case[2])).astype(np.float32)
    given = [x, x * x] if case[0] == "Add" else x
    np.testing.assert_allclose(ours(given), np.asarray(theirs(given)), rtol=2e-5, atol=2e-5)


@each
def test_arguments_and_their_defaults(case):
    import inspect

    def arguments(layer):
        found = {}
        for cls in (layer, *layer.__mro__):
            for parameter in inspect.signature(cls.__init__).parameters.values():
                if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                    found.setdefault(parameter.name, parameter.default)
        return found

    ours, theirs = arguments(getattr(konv.layers, case[0])), inspect.signature(getattr(keras.layers, case[0]).__init__)
    for position, parameter in enumerate(theirs.parameters.values()):
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.name != "self":
            assert ours[parameter.name] == parameter.default, parameter.name
            assert list(ours)[position] == parameter.name


@pytest.mark.parametrize("name", ["Conv2D", "MaxPooling2D", "BatchNormalization", "GlobalAveragePooling2D", "ReLU",
                                  "LeakyReLU", "ELU", "Dense", "InputLayer", "Dropout", "Rescaling", "RandomFlip",
                                  "UpSampling2D"])
def test_automatic_names(name):
    keras.backend.clear_session()
    arguments = {"Conv2D": (3, 3), "Dense": (3,), "InputLayer": ((3,),), "Dropout": (0.1,), "Rescaling": (2.0,)}
    for _ in range(3):
        ours, theirs = (getattr(library.layers, name)(*arguments.get(name, ())) for library in (konv, keras))
        assert ours.name == theirs.name


@pytest.mark.parametrize(("name", "arguments", "shape"), [
    ("Conv2D", {"filters": 4, "kernel_size": 3}, (None, None, None, 3)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}, (None, 7, None, 3)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first"}, (5, 3, None, 8)),
    ("MaxPooling2D", {}, (None, None, 7, 3)),
    ("AveragePooling2D", {"pool_size": 2, "padding": "same"}, (2, None, 7, 3)),
    ("GlobalMaxPooling2D", {}, (None, None, None, 3)),
    ("BatchNormalization", {}, (None, None, None, 3)),
    ("Flatten", {}, (None, None, 7, 3)),
    ("Dense", {"units": 3}, (None, None, 5)),
    ("Resizing", {"height": 3, "width": 4}, (None, None, None, 3)),
    ("Resizing", {"height": 3, "width": 4}, (None, None, 3)),
    ("UpSampling2D", {"size": (2, 3)}, (None, None, 7, 3)),
    ("RandomFlip", {}, (None, None, None, 3)),
])
def test_unknown_sizes(name, arguments, shape):
    ours, theirs = (getattr(library.layers, name)(**arguments) for library in (konv, keras))
    assert ours.compute_output_shape(shape) == tuple(theirs.compute_output_shape(shape))


@pytest.mark.parametrize("name", sorted(set(konv.layers.__all__) - {"add", "Layer"}))
def test_every_name_is_one_of_keras(name):
    assert hasattr(keras.layers, name)
    assert getattr(konv.layers, name).__doc__
