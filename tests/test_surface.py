"""Names that a program for Keras uses and konv does not have: each is answered with what there is."""

import keras
import pytest

import konv
from konv.errors import KonvError, UnsupportedError, nearest
from konv.surface import KERAS

MODULES = ["layers", "optimizers", "optimizers.schedules", "losses", "metrics", "callbacks", "utils", "datasets", "models",
           "saving", "activations", "initializers", "config", "random"]


def _module(library, path):
    for part in path.split("."):
        library = getattr(library, part)
    return library


@pytest.mark.parametrize("path", MODULES)
def test_each_public_name_of_keras_is_there_or_known_to_be_missing(path):
    ours = _module(konv, path)
    unknown = [name for name in dir(_module(keras, path)) if not name.startswith("_") and not hasattr(ours, name)]
    assert set(unknown) <= KERAS[f"konv.{path}"]


@pytest.mark.parametrize(("code", "kind", "fragments"), [
    ("konv.layers.ZeroPadding3D", AttributeError, ["konv.layers.ZeroPadding3D is not supported yet", "Conv2D"]),
    ("from konv.layers import ZeroPadding3D", ImportError, ["konv.layers.ZeroPadding3D is not supported yet", "Conv2D"]),
    ("konv.layers.Conv2d", AttributeError, ["konv.layers has no 'Conv2d'", "did you mean 'Conv2D'"]),
    ("from konv.layers import Conv2D, MaxPool2d", ImportError, ["did you mean 'MaxPool2D'"]),
    ("konv.layers.Qwertz", AttributeError, ["has no 'Qwertz'", "there are", "Dense"]),
    ("konv.optimizers.Muon", AttributeError, ["Muon", "not supported yet", "Adam"]),
    ("konv.losses.CTC", AttributeError, ["not supported yet", "MeanSquaredError"]),
    ("konv.callbacks.RemoteMonitor", AttributeError, ["not supported yet", "CSVLogger"]),
    ("konv.utils.plot_model", AttributeError, ["not supported yet", "to_categorical"]),
    ("konv.models.clone_modl", AttributeError, ["clone_model"]),
    ("konv.saving.KerasFileEditor", AttributeError, ["not supported yet", "save_model"]),
    ("konv.activations.celu", AttributeError, ["not supported yet", "relu"]),
    ("konv.applications", AttributeError, ["not supported yet", "layers"]),
    ("from konv import preprocessing", ImportError, ["not supported yet", "utils"]),
    ("konv.sequential", AttributeError, ["did you mean 'Sequential'"]),
    ("konv.datasets.mnist.load_data()", AttributeError, ["downloads nothing", "mnist_5k()", "fashion_mnist(path)"]),
    ("from konv.datasets import cifar10", ImportError, ["downloads nothing", "mnist_5k()", "fashion_mnist(path)"]),
])
def test_a_missing_name_says_what_there_is(code, kind, fragments):
    with pytest.raises(kind) as error:
        exec(code, {"konv": konv})
    assert isinstance(error.value, KonvError)
    assert isinstance(error.value, UnsupportedError) == any("support" in f or "download" in f for f in fragments)
    assert all(fragment in str(error.value) for fragment in fragments), str(error.value)


@pytest.mark.parametrize("path", MODULES)
def test_a_missing_name_is_no_attribute(path):
    assert not hasattr(_module(konv, path), "Qwertz")
    assert getattr(_module(konv, path), "__wrapped__", None) is None


LISTED = [*MODULES, "backend", "constraints", "explain", "regularizers"]


@pytest.mark.parametrize("path", LISTED)
def test_only_what_is_meant_for_users_is_listed(path):
    module = _module(konv, path)
    helpers = {"Any", "Callable", "Mapping", "Sequence", "KonvError", "UnsupportedError", "Registry", "np", "surface"}
    assert dir(module)
    assert not (helpers - ({"Sequence"} if path == "utils" else set())) & set(dir(module))  # keras.utils.Sequence is one
    assert all(hasattr(module, name) for name in dir(module))


@pytest.mark.parametrize(("name", "near"), [("Conv2d", "Conv2D"), ("RELU", "relu"), ("rellu", "relu"), ("xyz", None)])
def test_nearest(name, near):
    assert nearest(name, ["Conv2D", "Dense", "relu", "selu"]) == near
