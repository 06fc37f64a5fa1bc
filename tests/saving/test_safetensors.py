"""Weights in .safetensors files: by the names of layers and weights, all or nothing."""

import json
import struct
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import konv
from konv.errors import FileError, MissingExtraError
from konv.saving.safetensors import matched
from tests.saving import models


def its_own(lib):
    class Scale(lib.layers.Layer):
        def build(self, shape):
            self.gain = self.add_weight(shape=shape[-1:], name="gain")
            self.inner = lib.layers.Dense(3)

        def call(self, x):
            return self.inner(x * self.gain)

    return lib.Sequential([lib.Input((4,)), Scale(), Scale()])


@pytest.mark.parametrize("build", [models.seed_like, models.nested, models.shared, its_own], ids=lambda build: build.__name__)
def test_there_and_back(build, tmp_path):
    """The second model of a session too, whose layers have other numbers."""
    mine, other = build(konv), build(konv)
    mine.set_weights([weight + np.float32(0.5) for weight in mine.get_weights()])
    mine.save_weights(tmp_path / "m.safetensors")
    assert set(load_file(tmp_path / "m.safetensors")) == {weight.key for weight in mine.weights}
    other.load_weights(tmp_path / "m.safetensors")
    for one, two in zip(mine.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_numbers_of_layers():
    names = lambda first, kind="conv2d": [f"net/{kind}_{number}/{weight}" for number in range(first, first + 3)  # noqa: E731
                                          for weight in ("kernel", "bias")]
    for start in (0, 10):
        assert matched(names(9), sorted(names(start)), {"conv2d"}) == dict(zip(names(9), names(start), strict=True))
    for found in (names(0, "block"), names(0)[1:]):  # numbers of one's own; too few
        assert matched(names(9), found, {"conv2d"}) == {name: name for name in names(9)}


def network():
    return konv.Sequential([konv.Input((3,)), konv.layers.Dense(2, name="a"), konv.layers.Dense(2, name="b")])


def arrays(**changes):
    made = {f"{layer}/{name}": np.ones(shape, "f4") for layer, size in (("a", 3), ("b", 2))
            for name, shape in (("kernel", (size, 2)), ("bias", (2,)))} | changes
    return {name: array for name, array in made.items() if array is not None}


MISFITS = {
    "missing": (arrays(**{"b/bias": None}), "has no array 'b/bias'"),
    "too many": (arrays(c=np.zeros(1)), "1 array that .* has not: c; by_name=True"),
    "shape": (arrays(**{"a/kernel": np.ones((2, 3), "f4")}), r"'a/kernel' has shape \(2, 3\), the model needs \(3, 2\)"),
    "integers": (arrays(**{"a/bias": np.ones(2, "i4")}), "holds I32"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_nothing_changes_when_it_does_not_fit(case, tmp_path):
    tensors, message = MISFITS[case]
    save_file(tensors, tmp_path / "m.safetensors")
    model = network()
    before = model.get_weights()
    with pytest.raises(FileError, match=message):
        model.load_weights(tmp_path / "m.safetensors")
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_some_of_them(tmp_path):
    save_file(arrays(**{"b/bias": None, "a/bias": np.full(2, 3.0)}), tmp_path / "m.safetensors")
    model = network()
    model.load_weights(tmp_path / "m.safetensors", by_name=True)
    np.testing.assert_array_equal(model.get_layer("a").get_weights()[1], [3, 3])
    with pytest.warns(UserWarning, match="skipped b/bias"):
        network().load_weights(tmp_path / "m.safetensors", skip_mismatch=True)


def raw(header, data=b"\0" * 8, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(**keys):
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | keys}


HOSTILE = {
    "empty": (b"", "is empty"),
    "short": (b"abc", "not a safetensors file"),
    "huge header": (raw(entry(), length=1 << 60), "header would have"),
    "header beyond the file": (raw(entry(), length=5000), "header would have"),
    "not json": (raw(b"{'a'}   "), "not JSON"),
    "deep": (raw(b'{"a":' * 200 + b"1" + b"}" * 200), "deeper than"),
    "list": (raw(b"[]"), "must hold a JSON object"),
    "same name twice": (raw(b'{"a": 1, "a": 2}'), "same key twice"),
    "no entry": (raw({"a": 3}), "described as 3"),
    "unknown type": (raw(entry(dtype="F4")), "described as"),
    "bomb": (raw(entry(shape=[1 << 40], data_offsets=[0, 1 << 42])), "are stored"),
    "overflow": (raw(entry(shape=[1 << 61, 8])), "does not fill"),
    "negative": (raw(entry(shape=[-2])), "described as"),
    "backwards": (raw(entry(data_offsets=[8, 0])), "does not fill"),
    "gap": (raw(entry(data_offsets=[8, 16]), b"\0" * 16), "gap at byte 0"),
    "overlap": (raw(entry() | {"b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, b"\0" * 12), "overlap"),
    "rest": (raw(entry(), b"\0" * 9), "9 are stored"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files(case, tmp_path):
    data, message = HOSTILE[case]
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with pytest.raises(FileError, match=message) as caught:
        network().load_weights(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_without_the_library(tmp_path, monkeypatch):
    for name in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"konv\[safetensors\]"):
        network().save_weights(tmp_path / "m.safetensors")
