"""Names that a program for Keras uses and konv does not have: each is answered with what there is."""

import keras
import pytest

import konv
from konv.errors import KonvError, UnsupportedError, nearest
from konv.hints import KERAS, hint

MODULES = ["layers", "optimizers", "optimizers.schedules", "losses", "metrics", "callbacks", "utils", "datasets", "models",
           "saving", "activations", "initializers", "config", "ops", "preprocessing", "preprocessing.image",
           "preprocessing.sequence", "random", "backend", "ops.image"]


def _module(library, path):
    for part in path.split("."):
        library = getattr(library, part)
    return library


@pytest.mark.parametrize("path", MODULES)
def test_each_public_name_of_keras_is_there_or_known_to_be_missing(path):
    ours = _module(konv, path)
    unknown = [name for name in dir(_module(keras, path)) if not name.startswith("_") and not hasattr(ours, name)]
    assert set(unknown) <= KERAS.get(f"konv.{path}", set())
    assert [name for name in unknown if hint(f"konv.{path}", name) is None] == []


@pytest.mark.parametrize(("code", "kind", "fragments"), [
    ("konv.layers.ZeroPadding3D", AttributeError, ["konv.layers.ZeroPadding3D is not supported yet", "2D layer"]),
    ("from konv.layers import ZeroPadding3D", ImportError, ["cannot import name 'ZeroPadding3D' from 'konv.layers'"]),
    ("konv.layers.Conv2d", AttributeError, ["konv.layers has no 'Conv2d'", "did you mean 'Conv2D'"]),
    ("from konv.layers import Conv2D, MaxPool2d", ImportError, ["cannot import name 'MaxPool2d' from 'konv.layers'"]),
    ("konv.layers.Qwertz", AttributeError, ["has no 'Qwertz'", "there are", "Dense"]),
    ("konv.optimizers.ScheduleFreeAdamW", AttributeError, ["ScheduleFreeAdamW", "not supported yet", "Adam"]),
    ("konv.callbacks.RemoteMonitor", AttributeError, ["not supported yet", "CSVLogger"]),
    ("konv.utils.model_to_dot", AttributeError, ["not supported yet", "model.explain()"]),
    ("konv.models.clone_modl", AttributeError, ["clone_model"]),
    ("konv.saving.KerasFileEditor", AttributeError, ["not supported yet", "get_weights"]),
    ("from konv.applications import ResNet50", ImportError, ["No module named 'konv.applications'"]),
    ("from konv.preprocessing.image import ImageDataGenerator", ImportError, ["cannot import name 'ImageDataGenerator'"]),
    ("from konv.layer import Conv2D", ImportError, ["No module named 'konv.layer'"]),
    ("konv.applications", AttributeError, ["not supported yet", "load_model"]),
    ("import konv.distillation", ImportError, ["No module named 'konv.distillation'"]),
    ("konv.sequential", AttributeError, ["did you mean 'Sequential'"]),
    ("konv.datasets.imdb.load_data()", AttributeError, ["not supported yet", "images and numbers alone"]),
    ("from konv.datasets.imdb import load_data", ImportError, ["No module named 'konv.datasets.imdb'"]),
    ("import konv.ops.nn", ImportError, ["No module named 'konv.ops.nn'"]),
    ("from konv.ops.image import sobel_edges", ImportError, ["cannot import name 'sobel_edges'"]),
    ("from konv.optimizers.legacy import Adam", ImportError, ["No module named 'konv.optimizers.legacy'"]),
    ("konv.backend.result_type", AttributeError, ["float32", "support"]),
])
def test_a_missing_name_says_what_there_is(code, kind, fragments):
    with pytest.raises(kind) as error:
        exec(code, {"konv": konv})
    assert isinstance(error.value, KonvError) == (kind is AttributeError)  # an ImportError is Python's own
    assert isinstance(error.value, UnsupportedError) == any("support" in f for f in fragments)
    assert all(fragment in str(error.value) for fragment in fragments), str(error.value)


def test_data_sets_are_modules_too():
    exec("from konv.datasets.mnist import load_data; from konv.datasets import mnist; assert mnist.load_data is load_data\n"
         "import konv.datasets.fashion_mnist as f; assert f.load_data and f is d", {"d": konv.datasets.fashion_mnist})


MODEL = "m = konv.Sequential([konv.Input((4,)), konv.layers.Dense(2)]); m.compile('sgd', 'mse'); "


@pytest.mark.parametrize(("code", "thing", "way"), [
    ("konv.layers.LSTM(4)", "LSTM", "Conv1D"),
    ("konv.layers.GRU(4)", "GRU", "Conv1D"),
    ("konv.layers.Bidirectional", "Bidirectional", "Conv1D"),
    ("konv.layers.TimeDistributed", "TimeDistributed", "Conv1D"),
    ("konv.layers.ConvLSTM2D(3, 3)", "ConvLSTM2D", "Conv1D"),
    ("konv.layers.Conv3D(3, 3)", "Conv3D", "2D layer of the same name"),
    ("konv.layers.MaxPooling3D()", "MaxPooling3D", "2D layer of the same name"),
    ("konv.layers.Embedding(3, 4)", "Embedding", "use keras"),
    ("konv.layers.MultiHeadAttention(2, 2)", "MultiHeadAttention", "use keras"),
    ("konv.layers.TextVectorization()", "TextVectorization", "arrays"),
    ("konv.layers.StringLookup()", "StringLookup", "arrays"),
    ("konv.layers.Normalization()", "Normalization", "Rescaling"),
    ("konv.layers.RandomErasing(0.1)", "RandomErasing", "RandomFlip"),
    ("konv.layers.Conv2D(3, 3, dtype='float16')", "dtype='float16'", "float32"),
    ("konv.layers.Dense(3, dtype='mixed_float16')", "dtype='mixed_float16'", "float32"),
    ("konv.layers.Conv2D(3, 3, padding='causal')", "padding", '"valid" or "same"'),
    ("konv.layers.Conv2D(3, 3, activation='softermax')", "softermax", "softmax"),
    ("konv.layers.Conv2D(3, 3, kernel_initializer='mine')", "kernel_initializer", "GlorotUniform"),
    ("konv.layers.BatchNormalization(renorm=True)", "renorm", "leave it out"),
    ("konv.layers.BatchNormalization(synchronized=True)", "synchronized", "leave it out"),
    ("konv.distribution.DataParallel()", "distribution", "leave it out"),
    ("konv.device('gpu:0')", "device", "leave it out"),
    ("konv.mixed_precision.set_global_policy('mixed_float16')", "mixed_precision", "float32"),
    ("konv.config.set_dtype_policy('mixed_float16')", "mixed_float16", "float32"),
    ("konv.config.set_floatx('float16')", "float16", "float32"),
    ("konv.applications.ResNet50()", "applications", "small_resnet"),
    ("from konv.applications import MobileNetV2", "applications", ""),
    ("konv.preprocessing.image.ImageDataGenerator()", "ImageDataGenerator", "image_dataset_from_directory"),
    ("konv.quantizers", "quantizers", "float32"),
    ("konv.remat", "remat", "leave it out"),
    ("konv.optimizers.ScheduleFreeAdamW()", "ScheduleFreeAdamW", "AdamW"),
    ("konv.optimizers.LossScaleOptimizer('sgd')", "LossScaleOptimizer", "float32"),
    ("konv.callbacks.RemoteMonitor()", "RemoteMonitor", "CSVLogger"),
    ("konv.callbacks.OrbaxCheckpoint('d')", "OrbaxCheckpoint", "ModelCheckpoint"),
    ("konv.utils.model_to_dot(None)", "model_to_dot", "explain()"),
    ("konv.utils.get_file('a', 'b')", "get_file", "path"),
    ("konv.utils.timeseries_dataset_from_array()", "timeseries_dataset_from_array", "fit()"),
    ("konv.datasets.reuters.load_data()", "reuters", "NumPy"),
    ("konv.ops.fft(1)", "konv.ops.fft", "NumPy"),
    ("konv.ops.svd(1)", "konv.ops.svd", "NumPy"),
    ("konv.random.beta((2,), 1, 1)", "beta", "NumPy"),
    (f"{MODEL} m.compile('schedulefreeadamw', 'mse')", "schedulefreeadamw", "AdamW"),
    (f"{MODEL} m.compile('sgd', 'mse', metrics=['bleu'])", "bleu", "Accuracy"),
    (f"{MODEL} m.compile('sgd', 'mse', target_tensors=[])", "target_tensors", "loss_weights"),
    (f"{MODEL} m.fit([[0]], [[0]], workers=4)", "workers", "batch_size"),
    (f"{MODEL} m.evaluate([[0]], [[0]], max_queue_size=4)", "max_queue_size", "batch_size"),
    (f"{MODEL} m.save('a.pb')", "a.pb", ".keras"),
])
def test_what_konv_does_not_take_is_named_and_so_is_a_way_out(code, thing, way):
    with pytest.raises((KonvError, ImportError)) as error:
        exec(code, {"konv": konv})
    assert thing in str(error.value), str(error.value)
    assert way in str(error.value), str(error.value)


@pytest.mark.parametrize("module", KERAS)
def test_what_is_listed_as_missing_is_missing(module):
    there = _module(konv, module[5:]) if "." in module else konv
    assert [name for name in KERAS[module] if hasattr(there, name)] == []


@pytest.mark.parametrize("path", MODULES)
def test_a_missing_name_is_no_attribute(path):
    assert not hasattr(_module(konv, path), "Qwertz")
    assert getattr(_module(konv, path), "__wrapped__", None) is None


LISTED = [*MODULES, "backend", "constraints", "explain", "regularizers"]


@pytest.mark.parametrize("path", LISTED)
def test_only_what_is_meant_for_users_is_listed(path):
    module = _module(konv, path)
    helpers = {"Any", "Callable", "Mapping", "Sequence", "KonvError", "UnsupportedError", "Registry", "np", "module_attributes"}
    assert dir(module)
    assert not (helpers - ({"Sequence"} if path == "utils" else set())) & set(dir(module))  # keras.utils.Sequence is one
    assert all(hasattr(module, name) for name in dir(module))


@pytest.mark.parametrize(("name", "near"), [("Conv2d", "Conv2D"), ("RELU", "relu"), ("rellu", "relu"), ("xyz", None)])
def test_nearest(name, near):
    assert nearest(name, ["Conv2D", "Dense", "relu", "selu"]) == near
