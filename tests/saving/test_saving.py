"""Files both ways with the real Keras: the same config, the same weights, the same predictions."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.utils import naming

import konv
from konv.errors import UnsupportedError
from tests.saving import models

# Keras 3.15 on JAX under NumPy 2.4
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(autouse=True)
def _fresh_keras_names():
    # the part of clear_session() that counts names; the whole takes half a second
    naming.reset_uids()
    keras.utils.set_random_seed(0)


def config_of(path):
    """config.json without the numbers of objects that Keras shares, which are addresses in memory."""
    def plain(item):
        if isinstance(item, dict):
            return {key: plain(value) for key, value in item.items() if key != "shared_object_id"}
        return [plain(value) for value in item] if isinstance(item, list) else item

    with zipfile.ZipFile(path) as archive:
        return plain(json.loads(archive.read("config.json")))


def randomise(model):
    """Weights that are all different, so that no two can be exchanged without notice."""
    draw = np.random.default_rng(1)
    model.set_weights([draw.uniform(0.1, 1, weight.shape).astype("float32") for weight in model.get_weights()])
    return model


def assert_same_weights(one, other):
    assert [layer.name for layer in one.layers] == [layer.name for layer in other.layers]
    for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def images(model):
    draw = np.random.default_rng(2)
    made = [draw.uniform(0, 1, (3, *tensor.shape[1:])).astype("float32") for tensor in model.inputs]
    return made if len(made) > 1 else made[0]


def assert_same_predictions(one, other):
    mine, theirs = one.predict(images(one), verbose=0), other.predict(images(one), verbose=0)
    mine, theirs = (value if isinstance(value, list) else [value] for value in (mine, theirs))
    for first, second in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("build", models.ALL, ids=lambda build: build.__name__)
def test_keras_writes_konv_reads(build, tmp_path):
    theirs = randomise(build(keras))
    theirs.save(tmp_path / "keras.keras")
    mine = konv.load_model(tmp_path / "keras.keras")
    assert_same_weights(mine, theirs)
    mine.save(tmp_path / "konv.keras")
    assert config_of(tmp_path / "konv.keras") == config_of(tmp_path / "keras.keras")
    assert_same_predictions(mine, theirs)


@pytest.mark.parametrize("build", models.ALL, ids=lambda build: build.__name__)
def test_konv_writes_keras_reads(build, tmp_path):
    mine = randomise(build(konv))
    mine.save(tmp_path / "konv.keras")
    theirs = keras.saving.load_model(tmp_path / "konv.keras")
    assert_same_weights(mine, theirs)
    theirs.save(tmp_path / "keras.keras")
    assert config_of(tmp_path / "konv.keras") == config_of(tmp_path / "keras.keras")
    if build in (models.seed_like, models.nested):  # each costs Keras a compilation
        assert_same_predictions(mine, theirs)


@pytest.mark.parametrize("build", models.ALL, ids=lambda build: build.__name__)
def test_weights_files_both_ways(build, tmp_path):
    mine, theirs = build(konv), build(keras)
    randomise(theirs).save_weights(tmp_path / "keras.weights.h5")
    mine.load_weights(tmp_path / "keras.weights.h5")
    for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    mine.set_weights([weight + 1 for weight in mine.get_weights()])
    mine.save_weights(tmp_path / "konv.weights.h5")
    theirs.load_weights(tmp_path / "konv.weights.h5")
    for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("build", models.ALL, ids=lambda build: build.__name__)
def test_weights_in_several_files_both_ways(build, tmp_path):
    mine, theirs = build(konv), build(keras)
    limit = max([1, *(weight.nbytes for weight in mine.get_weights())]) / 2**30
    randomise(theirs).save_weights(tmp_path / "keras.weights.json", max_shard_size=limit)
    mine.load_weights(tmp_path / "keras.weights.json")
    assert_same_weights(mine, theirs)
    mine.set_weights([weight + 1 for weight in mine.get_weights()])
    mine.save_weights(tmp_path / "konv.weights.json", max_shard_size=limit)
    theirs.load_weights(tmp_path / "konv.weights.json")
    assert_same_weights(mine, theirs)
    written, wanted = (json.loads((tmp_path / f"{name}.weights.json").read_text().replace(name, ""))
                       for name in ("konv", "keras"))
    assert written["metadata"] == wanted["metadata"]
    assert written["weight_map"] == {  # Keras lists one file too where a group has two arrays
        place: files[0] if len(files) == 1 else files for place, files in wanted["weight_map"].items()}


@pytest.mark.parametrize("build", models.ALL, ids=lambda build: build.__name__)
def test_h5_of_konv_is_read_there_and_here(build, tmp_path):
    mine = randomise(build(konv))
    mine.save(tmp_path / "m.h5")
    for theirs in (keras.saving.load_model(tmp_path / "m.h5"), konv.load_model(tmp_path / "m.h5")):
        assert_same_weights(mine, theirs)


def test_h5_of_konv_with_what_compile_was_given(tmp_path):
    mine = classifier(konv, "names", 2)
    mine.save(tmp_path / "m.h5")
    assert_training_goes_on(konv.load_model(tmp_path / "m.h5"), mine)
    assert keras.saving.load_model(tmp_path / "m.h5").compiled
    mine.save(tmp_path / "m.h5", include_optimizer=False)
    assert not konv.load_model(tmp_path / "m.h5").compiled


def test_without_the_state_of_the_optimizer(tmp_path):
    classifier(konv, "names", 2).save(tmp_path / "m.keras", include_optimizer=False)
    assert int(konv.load_model(tmp_path / "m.keras").optimizer.iterations) == 0


def test_layers_that_stay_as_they_are(tmp_path):
    mine, theirs = classifier(konv, "names", 1), classifier(keras, "names", 1)
    theirs.save_weights(tmp_path / "m.weights.h5")
    mine.set_weights([weight * 0 for weight in mine.get_weights()])
    mine.load_weights(tmp_path / "m.weights.h5", objects_to_skip=[mine.layers[1]])
    assert [weight.any() for weight in mine.get_weights()] == [False, False, *[True] * (len(mine.weights) - 2)]


def test_metrics_as_classes_are_written():
    model = models.seed_like(konv)
    model.compile("sgd", "mse", metrics=[konv.metrics.MeanAbsoluteError])
    assert model.get_compile_config()["metrics"][0]["class_name"] == "MeanAbsoluteError"


def test_config_of_slices():
    x = konv.Input((6, 3))
    model = konv.Model(x, konv.ops.relu(x)[:, 1:3])
    assert konv.Model.from_config(model.get_config()).output_shape == (None, 2, 3)


@pytest.mark.parametrize("build", models.ALL, ids=lambda build: build.__name__)
def test_config_and_json(build):
    mine, theirs = build(konv), build(keras)
    assert json.loads(json.dumps(type(mine).from_config(mine.get_config()).get_config())) == json.loads(
        json.dumps(mine.get_config()))
    again = konv.models.model_from_json(theirs.to_json())
    assert json.loads(again.to_json())["config"]["layers"] == json.loads(mine.to_json())["config"]["layers"]
    keras.models.model_from_json(mine.to_json())


def test_layers_of_h5_are_those_of_keras(tmp_path):
    def tree(path):
        found = {}
        with h5py.File(path, "r") as file:
            file.visititems(lambda name, item: found.update(
                {name: (getattr(item, "shape", None), str(getattr(item, "dtype", "")), dict(item.attrs))}))
        return found

    models.nested(konv).save_weights(tmp_path / "konv.weights.h5")
    models.nested(keras).save_weights(tmp_path / "keras.weights.h5")
    assert tree(tmp_path / "konv.weights.h5") == tree(tmp_path / "keras.weights.h5")


def test_an_unbuilt_model(tmp_path):
    theirs = keras.Sequential([keras.layers.Dense(3, name="d")], name="s")
    with pytest.warns(UserWarning, match="not yet been built"):
        theirs.save(tmp_path / "keras.keras")
    mine = konv.load_model(tmp_path / "keras.keras")
    assert not mine.built
    with pytest.warns(UserWarning, match="no weights yet"):
        mine.save(tmp_path / "konv.keras")
    assert config_of(tmp_path / "konv.keras") == config_of(tmp_path / "keras.keras")


def test_archive_is_laid_out_as_by_keras(tmp_path):
    models.chain(konv).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert json.loads(archive.read("metadata.json"))["keras_version"] == keras.__version__


# --- compiled models ------------------------------------------------------------------------------------

COMPILED = {
    "names": lambda lib: {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    "objects": lambda lib: {
        "optimizer": lib.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        "loss": lib.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": [lib.metrics.SparseCategoricalAccuracy(name="acc")], "weighted_metrics": ["accuracy"]},
    "schedule": lambda lib: {
        "optimizer": lib.optimizers.RMSprop(
            lib.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5), momentum=0.1, centered=True),
        "loss": "sparse_categorical_crossentropy"},
    "options": lambda lib: {
        "optimizer": lib.optimizers.Adam(0.001, amsgrad=True, use_ema=True, weight_decay=0.01, clipnorm=1.0),
        "loss": lib.losses.SparseCategoricalCrossentropy(), "metrics": [["accuracy"]]},
    "functions": lambda lib: {
        "optimizer": "sgd", "loss": lib.losses.sparse_categorical_crossentropy,
        "metrics": [lib.metrics.sparse_categorical_accuracy]},
    "dicts": lambda lib: {
        "optimizer": "rmsprop", "loss": {"out": "sparse_categorical_crossentropy"}, "metrics": {"out": ["accuracy"]}},
}


def classifier(lib, case, steps):
    """A compiled model after a few steps, so that the optimizer has a state."""
    layers = lib.layers
    x = lib.Input((6, 6, 1))
    y = layers.Conv2D(3, 3, activation="relu")(x)
    y = layers.Flatten()(layers.BatchNormalization()(y))
    model = lib.Model(x, layers.Dense(4, activation="softmax", name="out")(y))
    randomise(model)
    model.compile(**COMPILED[case](lib))
    for number in range(steps):
        train(model, number)
    return model


def train(model, number):
    draw = np.random.default_rng(number)
    return model.train_on_batch(draw.uniform(0, 1, (8, 6, 6, 1)).astype("float32"), draw.integers(0, 4, 8))


def optimizer_state(model):
    return [np.asarray(variable.numpy()) for variable in model.optimizer.variables]


def assert_training_goes_on(mine, theirs):
    """After the same batches the weights and the optimizers are in the same state."""
    for one, other in zip(optimizer_state(mine), optimizer_state(theirs), strict=True):
        np.testing.assert_array_equal(one, other)
    for number in range(2):
        train(mine, 100 + number)
        train(theirs, 100 + number)
    for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("case", COMPILED)
def test_training_goes_on_here(case, tmp_path):
    theirs = classifier(keras, case, 3)
    theirs.save(tmp_path / "keras.keras")
    mine = konv.load_model(tmp_path / "keras.keras")
    mine.save(tmp_path / "konv.keras")
    assert config_of(tmp_path / "konv.keras") == config_of(tmp_path / "keras.keras")
    assert_training_goes_on(mine, theirs)


@pytest.mark.parametrize("case", COMPILED)
def test_training_goes_on_there(case, tmp_path):
    mine = classifier(konv, case, 3)
    mine.save(tmp_path / "konv.keras")
    theirs = keras.saving.load_model(tmp_path / "konv.keras")
    theirs.save(tmp_path / "keras.keras")
    assert config_of(tmp_path / "konv.keras") == config_of(tmp_path / "keras.keras")
    assert_training_goes_on(mine, theirs)


def test_compile_false_leaves_it_out(tmp_path):
    classifier(konv, "names", 1).save(tmp_path / "m.keras")
    model = konv.load_model(tmp_path / "m.keras", compile=False)
    assert not model.compiled
    assert model.optimizer is None
    assert konv.load_model(tmp_path / "m.keras").compiled


def test_the_optimizer_comes_with_the_weights_when_it_fits(tmp_path):
    saved = classifier(konv, "names", 2)
    saved.save_weights(tmp_path / "m.weights.h5")
    trained = classifier(konv, "names", 1)
    trained.load_weights(tmp_path / "m.weights.h5")
    for one, other in zip(optimizer_state(trained), optimizer_state(saved), strict=True):
        np.testing.assert_array_equal(one, other)
    other = classifier(konv, "objects", 1)
    with pytest.warns(UserWarning, match=r"m\.weights\.h5: .* optimizer was not loaded: optimizer SGD has 8"):
        other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(other.get_weights()[0], saved.get_weights()[0])
    uncompiled = models.chain(konv)
    uncompiled.save_weights(tmp_path / "plain.weights.h5")
    models.chain(konv).load_weights(tmp_path / "plain.weights.h5")


def test_an_optimizer_that_has_not_trained(tmp_path):
    """Keras writes two numbers for it; that is a fresh optimizer and no mismatch."""
    theirs = classifier(keras, "names", 0)
    theirs.save(tmp_path / "m.keras")
    mine = konv.load_model(tmp_path / "m.keras")
    assert int(mine.optimizer.iterations) == 0
    assert mine.optimizer.built


def test_what_older_versions_of_keras_3_add(tmp_path):
    """Dropout had a generator of seeds with a state of its own; konv has no use for it."""
    model = models.seed_like(konv)
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as file:
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, "uint32")
    model.load_weights(tmp_path / "m.weights.h5")


def test_unsupported_loss_says_how_to_load(tmp_path):
    theirs = classifier(keras, "names", 0)
    theirs.compile(keras.optimizers.ScheduleFreeAdamW(), "kl_divergence")
    theirs.save(tmp_path / "m.keras")
    with pytest.raises(UnsupportedError, match=r"m\.keras: .*ScheduleFreeAdamW.*compile=False"):
        konv.load_model(tmp_path / "m.keras")
    assert not konv.load_model(tmp_path / "m.keras", compile=False).compiled


def test_a_class_of_the_user(tmp_path):
    class MyConv(konv.layers.Conv2D):
        pass

    model = konv.Sequential([konv.Input((5, 5, 1)), MyConv(2, 3, name="mine"), konv.layers.Flatten()])
    model.save(tmp_path / "m.keras")
    with pytest.raises(UnsupportedError, match=r"'MyConv' from .*custom_objects"):
        konv.load_model(tmp_path / "m.keras")
    loaded = konv.load_model(tmp_path / "m.keras", custom_objects={"MyConv": MyConv})
    assert type(loaded.layers[0]) is MyConv
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


def test_models_side_by_side_again_and_again(tmp_path):
    """Each is met once, whatever was at its place in memory before."""
    for _ in range(10):
        a, b = konv.Input((4,)), konv.Input((4,))
        one, two = (konv.Model(x := konv.Input((4,)), konv.layers.Dense(units)(x), name=str(units)) for units in (2, 3))
        model = konv.Model([a, b], [one(a), two(b)])
        model.save(tmp_path / "m.keras")
        assert_same_weights(konv.load_model(tmp_path / "m.keras"), model)


class Table(konv.layers.Layer):
    """Writes and reads arrays of its own choice."""

    numbers = np.arange(3.0)

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1],), name="w")

    def call(self, x):
        return x * self.w

    def save_own_variables(self, store):
        store.update(w=self.w.numpy(), numbers=self.numbers)

    def load_own_variables(self, store):
        self.w.assign(store["w"])
        self.numbers = np.asarray(store["numbers"])


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5", "m.weights.json"])
def test_layers_that_write_arrays_of_their_own(name, tmp_path):
    model = konv.Sequential([konv.Input((2,)), Table(name="table")])
    model.layers[0].numbers = np.array([0.1, 5])
    if name == "m.keras":
        model.save(tmp_path / name)
        again = konv.load_model(tmp_path / name, custom_objects={"Table": Table})
    else:
        model.save_weights(tmp_path / name, max_shard_size=1 if name.endswith("json") else None)
        again = konv.Sequential([konv.Input((2,)), Table(name="table")])
        again.load_weights(tmp_path / name)
    assert again.layers[0].numbers.tolist() == [0.1, 5]
    assert_same_weights(again, model)


def test_a_list_in_itself_and_assets(tmp_path):
    class Cyclic(konv.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.blocks = [konv.layers.Dense(2)]
            self.blocks.append(self.blocks)

        def call(self, x):
            return self.blocks[0](x)

    class Assets(Cyclic):
        def save_assets(self, folder):
            raise AssertionError

    model = Cyclic()
    model(np.ones((1, 3), "float32"))
    model.save_weights(tmp_path / "m.weights.h5")
    model.load_weights(tmp_path / "m.weights.h5")
    assets = Assets()
    assets(np.ones((1, 3), "float32"))
    with pytest.raises(UnsupportedError, match="save_assets is not supported"):
        assets.save(tmp_path / "m.keras")


def halved(y_true, y_pred):
    return konv.ops.mean((y_true - y_pred) / 2, axis=-1)


def test_functions_are_written_as_they_are_registered(tmp_path):
    konv.saving.register_keras_serializable("files")(halved)
    model = models.seed_like(konv)
    model.compile("sgd", halved)
    assert model.get_compile_config()["loss"]["config"] == "files>halved"
    model.save(tmp_path / "m.keras")
    assert konv.load_model(tmp_path / "m.keras").compiled


@pytest.mark.parametrize("library", [konv, keras])
def test_a_lambda_of_a_function_of_ops(library, tmp_path):
    library.Sequential([library.Input((2,)), library.layers.Lambda(library.ops.square)]).save(tmp_path / "m.keras")
    for reader in (konv, keras) if library is konv else (konv,):
        again = reader.saving.load_model(tmp_path / "m.keras")
        assert again.predict(np.array([[2.0, 3.0]], "float32"), verbose=0).tolist() == [[4, 9]]


@pytest.mark.parametrize("item", [b"hello", slice(1, None, 2), ..., [slice(None, 3)]])
def test_plain_things(item):
    config = konv.saving.serialize_keras_object(item)
    assert json.dumps(config) == json.dumps(keras.saving.serialize_keras_object(item))
    assert konv.saving.deserialize_keras_object(config) == item


@pytest.mark.parametrize("config", [
    {"class_name": "Dense", "module": "keras.layers", "config": {"units": 1}, "registered_name": "mine>Dense"},
    {"class_name": "function", "module": "builtins", "config": "mse", "registered_name": "mine>f"},
    {"class_name": "Dense", "config": [1]}, {"class_name": "function", "config": [1]}])
def test_configs_that_contradict_themselves(config):
    for library in (konv, keras):
        with pytest.raises((ValueError, TypeError)):
            library.saving.deserialize_keras_object(config)
