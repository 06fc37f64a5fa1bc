"""The front door: everything is there, and costs nothing until it is used."""


import pytest

import konv


@pytest.mark.parametrize("name", ["activations", "backend", "callbacks", "config", "constraints", "datasets",
                                  "initializers", "layers", "losses", "metrics", "models", "optimizers", "random",
                                  "regularizers", "saving", "utils", "Input", "Layer", "Model", "Sequential",
                                  "Variable"])
def test_names(name):
    import keras

    assert getattr(konv, name) is not None
    assert hasattr(keras, name)
    assert name in dir(konv)


def test_ways_to_import():
    from konv.layers import Conv2D
    from konv.models import Model, Sequential, load_model

    assert konv.layers.Conv2D is Conv2D
    assert konv.models.Sequential is Sequential is konv.Sequential
    assert konv.Model is Model
    assert konv.load_model is load_model is konv.models.load_model is konv.saving.load_model


def test_unknown_names():
    with pytest.raises(AttributeError, match="konv.*Conv4D"):
        konv.Conv4D  # noqa: B018
    with pytest.raises(AttributeError, match="has no 'load'"):
        konv.models.load  # noqa: B018


def test_version():
    assert isinstance(konv.__version__, str)
