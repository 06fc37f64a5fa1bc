"""HDF5 files of Keras 2: those that Keras 3 still writes in that manner, and files in the dialect of Keras 2 itself."""

import json

import h5py
import keras
import numpy as np
import pytest

import konv
from konv.errors import FileError, UnsupportedError
from tests.saving import models
from tests.saving.test_saving import assert_same_predictions, classifier, optimizer_state, randomise, train

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file:UserWarning")]


def assert_equal(mine, theirs):
    for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("build", models.ALL, ids=lambda build: build.__name__)
def test_keras_3_writes_in_the_old_manner(build, tmp_path):
    theirs = randomise(build(keras))
    theirs.save(tmp_path / "m.h5")
    mine = konv.load_model(tmp_path / "m.h5")
    assert [layer.name for layer in mine.layers] == [layer.name for layer in theirs.layers]
    assert_equal(mine, theirs)
    fresh = build(konv)
    fresh.load_weights(tmp_path / "m.h5")
    assert_equal(fresh, theirs)
    if build in (models.shared, models.nested):
        assert_same_predictions(mine, theirs)


@pytest.mark.parametrize("case", ["names", "options", "schedule"])
def test_training_goes_on(case, tmp_path):
    theirs = classifier(keras, case, 3)
    theirs.save(tmp_path / "m.h5")
    mine = konv.load_model(tmp_path / "m.h5")
    for one, other in zip(optimizer_state(mine), optimizer_state(theirs), strict=True):
        np.testing.assert_array_equal(one, other)
    train(mine, 7)
    train(theirs, 7)
    for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)
    assert not konv.load_model(tmp_path / "m.h5", compile=False).compiled


# --- the dialect of Keras 2, written by hand ------------------------------------------------------------


def old(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32"} | config}


def init(kind, **config):
    return {"class_name": kind, "config": config}


CONV = {"filters": 2, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "data_format": "channels_last",
        "dilation_rate": [1, 1], "groups": 1, "activation": "relu", "use_bias": True,
        "kernel_initializer": init("VarianceScaling", scale=1.0, mode="fan_avg", distribution="normal", seed=None,
                                   dtype="float32"),
        "bias_initializer": init("Zeros"), "kernel_regularizer": init("L2", l2=0.01), "bias_regularizer": None,
        "activity_regularizer": None, "kernel_constraint": None, "bias_constraint": None}
NORM = {"axis": [3], "momentum": 0.99, "epsilon": 0.001, "center": True, "scale": True, "fused": True, "renorm": False,
        "beta_initializer": init("Zeros"), "gamma_initializer": init("Ones")}
DEPTHWISE = CONV | {"depth_multiplier": 1, "depthwise_initializer": init("GlorotUniform", seed=None),
                    "depthwise_regularizer": None, "depthwise_constraint": None}
SEQUENTIAL = {"class_name": "Sequential", "config": {"name": "s", "layers": [
    old("Conv2D", "c", batch_input_shape=[None, 6, 6, 1], **CONV), old("BatchNormalization", "n", **NORM),
    old("DepthwiseConv2D", "w", **{key: value for key, value in DEPTHWISE.items() if key != "filters"}),
    old("LeakyReLU", "l", alpha=0.25), old("Dropout", "o", rate=0.5, noise_shape=None, seed=None),
    old("MaxPooling2D", "p", pool_size=[2, 2], padding="valid", strides=[2, 2], data_format="channels_last"),
    old("Flatten", "f", data_format="channels_last"),
    old("Dense", "d", units=3, activation="softmax", use_bias=True, kernel_initializer=init("GlorotUniform", seed=1))]}}
TRAINING = {"loss": {"class_name": "SparseCategoricalCrossentropy", "config": {
                "reduction": "auto", "name": "x", "from_logits": False, "fn": "sparse_categorical_crossentropy"}},
            "metrics": [[init("MeanMetricWrapper", name="accuracy", dtype="float32", fn="sparse_categorical_accuracy")]],
            "weighted_metrics": None, "loss_weights": None, "optimizer_config": init(
                "Adam", name="Adam", lr=0.02, decay=0.5, beta_1=0.8, beta_2=0.99, epsilon=1e-7, amsgrad=False)}


def written(path, config, layers, training=None, weights_only=False, pieces=False):
    """A file as Keras 2.x writes it; `layers` maps names to lists of (name, array)."""
    with h5py.File(path, "w") as file:
        if not weights_only:
            file.attrs["keras_version"], file.attrs["backend"] = b"2.15.0", b"tensorflow"
            file.attrs["model_config"] = json.dumps(config)
            if training:
                file.attrs["training_config"] = json.dumps(training).encode()
        group = file if weights_only else file.create_group("model_weights")
        names = [name.encode() for name in layers]
        if pieces:
            group.attrs["layer_names0"], group.attrs["layer_names1"] = names[:1], names[1:]
        else:
            group.attrs["layer_names"] = names
        for name, arrays in layers.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [f"{name}/{key}:0".encode() for key, _ in arrays]
            for key, array in arrays:
                inner.create_dataset(f"{name}/{key}:0", data=array)
    return path


def arrays_of(model):
    """The layers with their weights in the order of Keras 2."""
    return {layer.name: [(f"v{number}", weight.numpy()) for number, weight in enumerate(
        [*layer.trainable_weights, *layer.non_trainable_weights])] for layer in model.layers}


def twin():
    layers = konv.layers
    return randomise(konv.Sequential([
        konv.Input((6, 6, 1)), layers.Conv2D(2, 3, padding="same", activation="relu", name="c"),
        layers.BatchNormalization(name="n"), layers.DepthwiseConv2D(3, padding="same", activation="relu", name="w"),
        layers.LeakyReLU(0.25, name="l"), layers.Dropout(0.5, name="o"), layers.MaxPooling2D(name="p"),
        layers.Flatten(name="f"), layers.Dense(3, activation="softmax", name="d")]))


@pytest.mark.parametrize("pieces", [False, True])
def test_a_sequential_model(pieces, tmp_path):
    mine = twin()
    loaded = konv.load_model(written(tmp_path / "m.h5", SEQUENTIAL, arrays_of(mine), TRAINING, pieces=pieces))
    assert_equal(loaded, mine)
    assert_same_predictions(loaded, mine)
    assert loaded.get_layer("c").kernel_initializer.distribution == "truncated_normal"
    assert loaded.compiled
    rates = []
    for number in range(2):
        train_on = np.zeros((2, 6, 6, 1), "f4"), np.array([0, 1 + number])
        rates.append(float(np.asarray(loaded.optimizer.learning_rate)))
        loaded.train_on_batch(*train_on)
    np.testing.assert_allclose(rates, [0.02, 0.02 / 1.5], rtol=1e-5)
    listed = {"class_name": "Sequential", "config": SEQUENTIAL["config"]["layers"]}
    assert_equal(konv.load_model(written(tmp_path / "l.hdf5", listed, arrays_of(mine))), mine)


def test_weights_alone_in_order_and_by_name(tmp_path):
    mine, fresh = twin(), twin()
    path = written(tmp_path / "w.h5", None, arrays_of(mine), weights_only=True)
    fresh.set_weights([0 * weight for weight in fresh.get_weights()])
    fresh.load_weights(path)
    assert_equal(fresh, mine)
    layers = konv.layers
    other = konv.Sequential([konv.Input((6, 6, 1)), layers.Conv2D(2, 3, name="c"), layers.Conv2D(5, 1, name="new")])
    before = other.get_layer("new").get_weights()
    with pytest.raises(FileError, match=r"has 2 layers with weights, the file has 4; by_name=True"):
        other.load_weights(path)
    other.load_weights(path, by_name=True)
    np.testing.assert_array_equal(other.get_layer("c").get_weights()[0], mine.get_layer("c").get_weights()[0])
    np.testing.assert_array_equal(other.get_layer("new").get_weights()[0], before[0])
    wrong = konv.Sequential([konv.Input((6, 6, 1)), layers.Conv2D(9, 3, name="c")])
    before = wrong.get_weights()
    with pytest.raises(FileError, match=r'Conv2D "c": .*has shape \(3, 3, 1, 2\), the model needs \(3, 3, 1, 9\)'):
        wrong.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="skipped Conv2D"):
        wrong.load_weights(path, by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(wrong.get_weights()[0], before[0])
    with pytest.raises(FileError, match="weights alone"):
        konv.load_model(path)


def called(config, *nodes):
    return config | {"name": config["config"]["name"], "inbound_nodes": list(nodes)}


DENSE = {"units": 4, "activation": "linear", "use_bias": True}


@pytest.mark.parametrize("first", [0, 1])  # the number of a nested model's first call
def test_shared_and_nested_layers(first, tmp_path):
    start = called(old("InputLayer", "x", batch_input_shape=[None, 4], sparse=False, ragged=False))
    inner = {"class_name": "Functional", "config": {
        "name": "inner", "trainable": True, "layers": [
            called(old("InputLayer", "z", batch_input_shape=[None, 4], sparse=False)),
            called(old("Dense", "deep", **DENSE), [["z", 0, 0, {}]])],
        "input_layers": [["z", 0, 0]], "output_layers": [["deep", 0, 0]]}}
    config = {"class_name": "Model", "config": {
        "name": "whole", "layers": [
            start, called(old("Dense", "twice", **DENSE), [["x", 0, 0, {}]], [["twice", 0, 0, {}]]),
            called(inner, [["twice", 1, 0, {}]]), called(old("Add", "sum"), [["x", 0, 0, {}], ["inner", first, 0, {}]])],
        "input_layers": [["x", 0, 0]], "output_layers": [["sum", 0, 0], ["twice", 0, 0]]}}
    draw = np.random.default_rng(0)
    w, b, v, c = (draw.uniform(-1, 1, shape).astype("f4") for shape in ((4, 4), (4,), (4, 4), (4,)))
    model = konv.load_model(written(tmp_path / "m.h5", config, {
        "x": [], "twice": [("kernel", w), ("bias", b)], "inner": [("k", v), ("b", c)], "sum": []}))
    x = draw.uniform(-1, 1, (3, 4)).astype("f4")
    once = x @ w + b
    total, twice = model.predict(x, verbose=0)
    np.testing.assert_allclose(twice, once, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(total, x + (once @ w + b) @ v + c, rtol=1e-4, atol=1e-5)


# --- hostile files --------------------------------------------------------------------------------------


def spoiled(change):
    """The sound file, changed as an open HDF5 file or in its config."""
    def spoil(path):
        config = json.loads(json.dumps(SEQUENTIAL))
        written(path, config, arrays_of(twin()))
        with h5py.File(path, "a") as file:
            change(file, config)
            if "model_config" in file.attrs and config != SEQUENTIAL:
                file.attrs["model_config"] = json.dumps(config)
    return spoil


def attribute(name, value, group="/"):
    def change(file, config):
        del file[group].attrs[name]
        file[group].attrs[name] = value
    return spoiled(change)


def layer(number, **keys):
    return spoiled(lambda file, config: config["config"]["layers"][number].update(keys))


def argument(number, **keys):
    return spoiled(lambda file, config: config["config"]["layers"][number]["config"].update(keys))


KERNEL = "model_weights/c/c/v0:0"


def replaced(make):
    def change(file, config):
        del file[KERNEL]
        make(file)
    return spoiled(change)


HOSTILE = {
    "program": (layer(3, class_name="Lambda", config={"name": "x", "function": ["4w==", None, None], "module": "os"}),
                "holds a program"),
    "unknown class": (layer(3, class_name="system", config={"name": "x"}), "'system'"),
    "foreign module": (layer(3, module="os", class_name="system"), "'system' from 'os'"),
    "huge": (argument(0, filters=10**9), "the file holds"),
    "other filters": (argument(0, filters=1), r"has shape|needs|the model"),
    "renorm": (argument(1, renorm=True), "renorm=True"),
    "not json": (attribute("model_config", "{'a'}"), "model_config is not JSON"),
    "numbers": (attribute("model_config", np.zeros(3)), "is not a text"),
    "number": (attribute("model_config", 3), "holds int64, not text"),
    "no model": (attribute("model_config", json.dumps({"class_name": "Conv2D", "config": {}})), "'Conv2D'"),
    "layers of text": (attribute("model_config", json.dumps({"class_name": "Sequential", "config": {"layers": ["a"]}})),
                       "config of a layer"),
    "deep": (attribute("model_config", '{"a":' * 200 + "1" + "}" * 200), "deeper"),
    "no weights": (spoiled(lambda file, config: file.__delitem__("model_weights")), "no group model_weights"),
    "no names": (spoiled(lambda file, config: file["model_weights"].attrs.__delitem__("layer_names")), "no attribute"),
    "names of numbers": (attribute("layer_names", np.arange(3), "model_weights"), "not text"),
    "other name": (attribute("layer_names", [b"../c"], "model_weights"), "does not exist"),
    "other array": (attribute("weight_names", [b"c/../c/v0:0"], "model_weights/c"), "does not exist"),
    "same array twice": (attribute("weight_names", [b"c/v0:0", b"c/v0:0"], "model_weights/c"), "does not exist"),
    "soft link": (replaced(lambda file: file.__setitem__(KERNEL, h5py.SoftLink("/model_weights/d/d/v0:0"))), "SoftLink"),
    "external link": (replaced(lambda file: file.__setitem__(KERNEL, h5py.ExternalLink("/etc/passwd", "x"))), "ExternalLink"),
    "bomb": (replaced(lambda file: file.create_dataset(KERNEL, (10**6, 10**6), "f4")), "claims"),
    "compressed": (replaced(lambda file: file.create_dataset(KERNEL, data=np.zeros((3, 3, 1, 2)), compression="gzip")),
                   "compressed"),
    "objects": (replaced(lambda file: file.create_dataset(KERNEL, data=["a"], dtype=h5py.string_dtype())), "holds object"),
    "loop": (spoiled(lambda file, config: file.__setitem__("model_weights/c/again", file["model_weights"])), "seen already"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files(case, tmp_path):
    spoil, message = HOSTILE[case]
    spoil(tmp_path / "m.h5")
    with pytest.raises(FileError, match=message) as caught:
        konv.load_model(tmp_path / "m.h5")
    assert str(caught.value).startswith(f"{tmp_path / 'm.h5'}: ")


def test_what_is_not_of_keras_2(tmp_path):
    model = twin()
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(FileError, match="weights of Keras 3 and no model"):
        konv.load_model(tmp_path / "m.weights.h5")
    with pytest.raises(UnsupportedError, match="by_name is for .safetensors and files of Keras 2"):
        model.load_weights(tmp_path / "m.weights.h5", by_name=True)
