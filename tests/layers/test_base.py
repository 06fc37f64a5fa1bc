"""What every layer can do."""

import numpy as np
import pytest

import konv
from konv import layers
from konv.errors import KonvError


def test_weights_by_name():
    layer = layers.Conv2D(4, 3, use_bias=False)
    with pytest.raises(AttributeError, match="build it"):
        layer.kernel  # noqa: B018
    layer.build((None, 8, 8, 2))
    assert layer.kernel.shape == (3, 3, 2, 4)
    assert layer.bias is None
    with pytest.raises(AttributeError, match="gamma"):
        layer.gamma  # noqa: B018


def test_input_and_output_are_those_of_the_first_call():
    layer = layers.Dense(3)
    assert not hasattr(layer, "input")
    first = konv.Input((5,))
    made = layer(first)
    layer(konv.Input((5,)))
    assert layer.input is first
    assert layer.output is made


def test_frozen_layer():
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    layer.trainable = False
    assert layer.trainable_weights == []
    assert [w.name for w in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [w.name for w in layer.non_trainable_weights] == ["gamma", "beta", "moving_mean", "moving_variance"]


def test_regularizer_and_constraint_are_on_the_variable():
    layer = layers.Dense(3, kernel_regularizer="l2", bias_constraint="non_neg")
    layer.build((None, 5))
    assert layer.kernel.regularizer.l2 == 0.01
    assert layer.bias.constraint([-1.0]) == [0.0]
    assert layer.kernel.constraint is None


def test_one_initializer_object_gives_two_layers_the_same_numbers():
    shared = konv.initializers.GlorotUniform()
    first, second = layers.Dense(3, kernel_initializer=shared), layers.Dense(3, kernel_initializer=shared)
    first.build((None, 5))
    second.build((None, 5))
    assert (first.kernel.numpy() == second.kernel.numpy()).all()


def test_the_same_seed_gives_the_same_weights():
    def weights():
        konv.utils.set_random_seed(7)
        model = konv.Sequential([layers.Conv2D(3, 3, input_shape=(8, 8, 1)), layers.Flatten(), layers.Dense(2)])
        return model.get_weights()

    first, second = weights(), weights()
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert not (first[0].ravel()[:6] == first[2].ravel()[:6]).any()


@pytest.mark.parametrize("dtype", [None, "float32", np.float32, np.dtype("float32"), {
    "module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}])
def test_dtypes(dtype):
    assert layers.Dense(3, dtype=dtype).get_config()["dtype"]["config"]["name"] == "float32"


@pytest.mark.parametrize("given", [{"input_shape": (5,)}, {"input_dim": 5}, {"batch_input_shape": (None, 5)}])
def test_ways_to_say_the_input_shape(given):
    assert layers.Dense(3, **given).declared_shape == (5,)


@pytest.mark.parametrize("given", [{"shape": (5, 3)}, {"batch_shape": (None, 5, 3)}, {"input_shape": (5, 3)},
                                   {"shape": (5, 3), "batch_size": 7}, {"batch_shape": (7, 5, 3), "dtype": "uint8"}])
def test_input_layer(given):
    import keras

    with pytest.warns(UserWarning, match="input_shape") if "input_shape" in given else _nothing():
        theirs = keras.layers.InputLayer(**given, name="it")
    ours = layers.InputLayer(**given, name="it")
    assert ours.get_config() == theirs.get_config()
    assert ours.batch_shape == theirs.batch_shape
    assert layers.InputLayer.from_config(theirs.get_config()).get_config() == theirs.get_config()


def test_a_batch_size_is_shown_and_asks_for_nothing():
    model = konv.Sequential([konv.Input((4, 4, 1), batch_size=3), layers.Conv2D(2, 3), layers.Flatten()])
    assert (model.input_shape, model.layers[0].output.shape, model.output_shape) == ((3, 4, 4, 1), (3, 2, 2, 2), (3, 8))
    assert model.predict(np.zeros((5, 4, 4, 1)), verbose=0).shape == (5, 8)


@pytest.mark.parametrize("model", [layers.Conv2D(2, 3), konv.Sequential([layers.Conv2D(2, 3)])])
def test_no_samples(model):
    assert model(np.zeros((0, 4, 4, 1))).shape == (0, 2, 2, 2)


def test_channels_first_by_default():
    konv.config.set_image_data_format("channels_first")
    try:
        assert layers.Conv2D(4, 3).compute_output_shape((None, 2, 8, 8)) == (None, 4, 6, 6)
    finally:
        konv.config.set_image_data_format("channels_last")
    with pytest.raises(KonvError, match="channels_middle"):
        konv.config.set_image_data_format("channels_middle")


def test_a_list_of_numbers_is_one_input():
    assert layers.Flatten()([[1.0, 2.0], [3.0, 4.0]]).shape == (2, 2)


def test_old_name_of_the_slope():
    with pytest.warns(DeprecationWarning, match="negative_slope"):
        assert layers.LeakyReLU(alpha=0.2).negative_slope == 0.2


def _nothing():
    from contextlib import nullcontext

    return nullcontext()


@pytest.mark.parametrize("cls", [cls for name in layers.__all__ if isinstance(cls := getattr(layers, name), type)
                                 and issubclass(cls, layers.Layer)] + [konv.Model, konv.Sequential])
def test_a_class_of_konv_says_so_and_one_of_a_user_does_not(cls):
    assert cls.builtin is cls
    assert type("Mine", (cls,), {}).builtin is cls
