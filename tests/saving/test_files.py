"""The doors: paths, endings, and files that are there whole or as they were before."""

import errno
import io
import os
import stat
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import konv
from konv.errors import FileError, KonvError, UnsupportedError
from konv.saving import keras3_weights
from konv.saving.writer import write_atomically


def network(units=3):
    return konv.Sequential([konv.Input((4,)), konv.layers.Dense(units, name="d")])


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def umask():
    def set_umask(mask):
        before.append(os.umask(mask))
    before = []
    yield set_umask
    os.umask(before[0])


SAVE = {"m.keras": lambda path, **kwargs: network().save(path, **kwargs),
        "m.weights.h5": lambda path, **kwargs: network().save_weights(path, **kwargs)}
NAMES = pytest.mark.parametrize("name", SAVE)


@NAMES
@pytest.mark.parametrize("as_path", [str, lambda path: path], ids=["str", "Path"])
def test_paths_and_round_trip(name, as_path, tmp_path):
    mine = network()
    (mine.save if name == "m.keras" else mine.save_weights)(as_path(tmp_path / name))
    other = network()
    other.load_weights(as_path(tmp_path / name))
    for one, two in zip(mine.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert files_in(tmp_path) == [name]


@NAMES
def test_a_relative_path_and_a_home_without_a_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SAVE[name](name)
    assert files_in(tmp_path) == [name]


@NAMES
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000])
def test_permissions_are_those_of_a_new_file(name, mask, tmp_path, umask):
    umask(mask)
    SAVE[name](tmp_path / name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~mask


@NAMES
def test_permissions_of_an_old_file_are_kept(name, tmp_path):
    (tmp_path / name).write_bytes(b"old")
    (tmp_path / name).chmod(0o640)
    SAVE[name](tmp_path / name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640


@NAMES
def test_a_link_stays_a_link(name, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / name).symlink_to(tmp_path / "there" / name)
    SAVE[name](tmp_path / name)
    assert (tmp_path / name).is_symlink()
    assert files_in(tmp_path / "there") == [name]


@NAMES
def test_overwrite_false(name, tmp_path):
    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(FileError, match=r"exists already and overwrite=False"):
        SAVE[name](tmp_path / name, overwrite=False)
    assert (tmp_path / name).read_bytes() == b"old"
    SAVE[name](tmp_path / ("new" + name), overwrite=False)
    assert files_in(tmp_path) == [name, "new" + name]


@NAMES
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt(), RuntimeError()])
def test_a_failed_save_changes_nothing(name, error, tmp_path, monkeypatch):
    (tmp_path / name).write_bytes(b"old")

    def fail(stream, groups):
        stream.write(b"half a file")
        raise error

    monkeypatch.setattr(keras3_weights, "write_groups", fail)
    expected = FileError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        SAVE[name](tmp_path / name)
    assert files_in(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"old"


def test_a_rename_that_fails_leaves_no_litter(tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(FileError, match="cannot be written: Invalid cross-device link"):
        network().save(tmp_path / "m.keras")
    assert files_in(tmp_path) == []


def test_the_data_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    calls = []
    sync, replace = os.fsync, type(tmp_path).replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (calls.append("sync"), sync(descriptor)))
    monkeypatch.setattr(type(tmp_path), "replace", lambda *args: (calls.append("replace"), replace(*args))[1])
    write_atomically(tmp_path / "x", lambda stream: stream.write(b"x") and None)
    assert calls == ["sync", "replace", "sync"]


@NAMES
def test_a_missing_folder(name, tmp_path):
    with pytest.raises(FileError, match=r"the folder .*no does not exist"):
        SAVE[name](tmp_path / "no" / name)


@NAMES
def test_a_folder_in_the_place_of_the_file(name, tmp_path):
    (tmp_path / name).mkdir()
    with pytest.raises(FileError, match="is a folder"):
        SAVE[name](tmp_path / name)
    with pytest.raises(FileError, match="is a folder"):
        network().load_weights(tmp_path / name)


@pytest.fixture
def own_folder():
    """A folder of somebody who may not write everywhere; where root runs the tests, this one runs as nobody."""
    user, nobody = os.geteuid(), 65534
    with tempfile.TemporaryDirectory() as folder:
        if user == 0:
            os.chown(folder, nobody, -1)
            os.setresuid(nobody, nobody, user)
        yield Path(folder)
        os.chmod(folder, 0o755)
        if user == 0:
            os.setresuid(user, user, user)


@pytest.mark.skipif(os.name != "posix", reason="needs the permissions of POSIX")
@NAMES
def test_what_may_not_be_written(name, own_folder):
    SAVE[name](own_folder / name)
    (own_folder / name).chmod(0o444)
    with pytest.raises(FileError, match="write-protected"):
        SAVE[name](own_folder / name)
    (own_folder / name).unlink()
    own_folder.chmod(0o555)
    with pytest.raises(FileError, match="Permission denied"):
        SAVE[name](own_folder / name)


def call(function):
    model = network()
    return {"save": model.save, "save_weights": model.save_weights, "load_weights": model.load_weights,
            "load_model": konv.load_model, "read": konv.explain.read}[function]


@pytest.mark.parametrize(("function", "path", "error", "message"), [
    ("save", "m.onnx", UnsupportedError, "model.export writes"),
    ("save", "m", KonvError, "must end in .keras"),
    ("save", "m.weights.h5", KonvError, "save_weights writes .weights.h5"),
    ("save", "m.weights.json", UnsupportedError, "weights in several files"),
    ("save", 3, KonvError, "must be a path"),
    ("save", "hf://me/model.keras", UnsupportedError, "this machine only"),
    ("save_weights", "m.h5", UnsupportedError, "Keras 2"),
    ("save_weights", "m.keras", KonvError, "must end in .weights.h5"),
    ("save", "m.safetensors", UnsupportedError, "safetensors"),
    ("load_weights", "m.weights.json", FileError, "no such file"),
    ("load_weights", "m.npz", KonvError, "must end in .weights.h5 or .weights.json or .keras"),
    ("load_weights", "no.weights.h5", FileError, "no such file"),
    ("load_model", "m.onnx", UnsupportedError, "konv.explain.read reads ONNX files"),
    ("read", "m.jpg", KonvError, "must end in .keras, .h5, .hdf5 or .onnx"),
    ("read", {}, KonvError, "of type dict"),
    ("load_model", "m.zip", KonvError, "must end in .keras"),
    ("load_model", "no.keras", FileError, "no such file"),
    ("load_model", "no/m.keras", FileError, "no such file"),
    ("load_model", "a\0b.keras", KonvError, "zero byte"),
    ("load_model", None, KonvError, "must be a path"),
])
def test_paths_that_will_not_do(function, path, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        call(function)(path)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(("function", "kwargs", "error", "message"), [
    ("save", {"zipped": False}, UnsupportedError, "zipped=False"),
    ("save", {"save_format": "h5"}, UnsupportedError, "save_format"),
    ("save", {"colour": 1}, KonvError, "colour"),
    ("load_weights", {"by_name": True}, UnsupportedError, "by_name"),
    ("load_weights", {"objects_to_skip": [1]}, KonvError, "objects_to_skip must be a list of layers"),
    ("save_weights", {"max_shard_size": -1}, KonvError, "max_shard_size must be a number of GB"),
    ("save_weights", {"max_shard_size": 1e-9}, KonvError, "layers/dense/vars/0 has 48 bytes"),
    ("load_weights", {"colour": 1}, KonvError, "colour"),
])
def test_arguments_that_will_not_do(function, kwargs, error, message, tmp_path):
    name = "m.keras" if function == "save" else "m.weights.h5"
    network().save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(error, match=message):
        call(function)(tmp_path / name if "max_shard_size" not in kwargs else tmp_path / "m.weights.json", **kwargs)


def test_what_is_not_a_model_or_not_built(tmp_path):
    with pytest.raises(KonvError, match="expected a model"):
        konv.saving.save_model([1], tmp_path / "m.keras")
    unbuilt = konv.Sequential([konv.layers.Dense(3)])
    with pytest.raises(KonvError, match="no weights yet"):
        unbuilt.save_weights(tmp_path / "m.weights.h5")
    network().save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(KonvError, match="no weights yet"):
        unbuilt.load_weights(tmp_path / "m.weights.h5")


def test_a_file_that_does_not_fit_changes_nothing(tmp_path):
    network(5).save(tmp_path / "m.keras")
    model = network(3)
    before = model.get_weights()
    with pytest.raises(FileError, match=r'm\.keras: Dense "d": .* has shape \(4, 5\), the model needs \(4, 3\)'):
        model.load_weights(tmp_path / "m.keras")
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize(("stored", "fits"), [
    ("f2", True), ("f4", True), ("f8", True), (">f4", True), ("i4", False), ("u1", False)])
def test_types_of_numbers(stored, fits, tmp_path):
    model, stream = network(), io.BytesIO()
    keras3_weights.write_groups(stream, keras3_weights.layer_groups(model))
    values = np.arange(12).reshape(4, 3)
    with h5py.File(stream, "a") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = values.astype(stored)
    (tmp_path / "m.weights.h5").write_bytes(stream.getvalue())
    if not fits:
        with pytest.raises(FileError, match="the model needs float32"):
            model.load_weights(tmp_path / "m.weights.h5")
        return
    model.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), values)
    assert model.layers[0].kernel.dtype == "float32"


def test_weights_of_a_longer_model_fit_the_shorter(tmp_path):
    layers = konv.layers
    long = konv.Sequential([konv.Input((4,)), layers.Dense(3), layers.Dense(2)])
    long.save_weights(tmp_path / "m.weights.h5")
    short = konv.Sequential([konv.Input((4,)), layers.Dense(3)])
    short.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(short.get_weights()[0], long.get_weights()[0])
