"""Files both ways with the real Keras: the same config, the same weights, the same predictions."""

import json
import zipfile

import keras
import numpy as np
import pytest
import konv
from tests.saving import models

# Keras 3.15 on JAX under NumPy 2.4
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(autouse=True)
def _fresh_keras_names():
    keras.utils.clear_session()
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
def test_config_and_json(build):
    mine, theirs = build(konv), build(keras)
    assert json.loads(json.dumps(type(mine).from_config(mine.get_config()).get_config())) == json.loads(
        json.dumps(mine.get_config()))
    again = konv.models.model_from_json(theirs.to_json())
    assert json.loads(again.to_json())["config"]["layers"] == json.loads(mine.to_json())["config"]["layers"]
    keras.models.model_from_json(mine.to_json())


def test_layers_of_h5_are_those_of_keras(tmp_path):
    import h5py

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
    with pytest.warns(UserWarning):
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
