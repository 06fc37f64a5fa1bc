"""Every file is hostile: whatever is wrong with it is a FileError with its name, and the model stays as it was."""

import contextlib
import io
import json
import os
import shutil
import struct
import tempfile
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import konv
from konv.errors import FileError, KonvError, UnsupportedError
from konv.saving.deserialization import Loader
from konv.saving.reader import H5_SIGNATURE, MAX_JSON_BYTES

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def network():
    layers = konv.layers
    return konv.Sequential([
        konv.Input((4, 4, 1)), layers.Conv2D(2, 3, name="c"), layers.Flatten(), layers.Dense(3, name="d")])


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The members of a sound file."""
    path = tmp_path_factory.mktemp("sound") / "m.keras"
    konv.utils.set_random_seed(1)  # other weights than those of the tests
    network().save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- ways to spoil a .keras file: each takes its members and writes the file ---------------------------


def packed(path, members, **kwargs):
    with zipfile.ZipFile(path, "w", **kwargs) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of duplicate names
        for name, data in members:
            archive.writestr(name, data)


def with_member(name, data):
    return lambda path, parts: packed(path, [*parts.items(), (name, data)])


def without(name):
    return lambda path, parts: packed(path, [item for item in parts.items() if item[0] != name])


def replaced(name, data):
    return lambda path, parts: packed(path, (parts | {name: data}).items())


def edited(change):
    """The config as JSON, changed in place."""
    def spoil(path, parts):
        config = json.loads(parts[CONFIG])
        config = change(config) or config
        packed(path, (parts | {CONFIG: json.dumps(config)}).items())
    return spoil


def layer(number, **arguments):
    return edited(lambda config: config["config"]["layers"][number]["config"].update(arguments))


def kind(number, **keys):
    return edited(lambda config: config["config"]["layers"][number].update(keys))


def sound(path, parts):
    packed(path, parts.items())


def bytes_of(parts):
    stream = io.BytesIO()
    packed(stream, parts.items())
    return stream.getvalue()


def truncated(path, parts):
    path.write_bytes(bytes_of(parts)[:-300])


def damaged_inside(path, parts):
    data = bytearray(bytes_of(parts))
    data[data.index(b"Conv2D")] ^= 1
    path.write_bytes(data)


def size_lie(path, parts):
    """The directory says that config.json has 2 GB."""
    data = bytearray(bytes_of(parts))
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(CONFIG.encode()))
    data[entry + 24:entry + 28] = struct.pack("<I", 1 << 31)
    path.write_bytes(data)


def directory_lie(path, parts):
    """The end record says that the directory of the archive has 3 GB."""
    data = bytearray(bytes_of(parts))
    end = data.rindex(b"PK\x05\x06")
    data[end + 12:end + 16] = struct.pack("<I", 3 << 30)
    path.write_bytes(data)


def encrypted(path, parts):
    data = bytearray(bytes_of(parts))
    for start in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[start] |= 1
    path.write_bytes(data)


def zero_byte_name(path, parts):
    stream = io.BytesIO()
    packed(stream, [*parts.items(), ("config.json_../../x", b"")])
    path.write_bytes(stream.getvalue().replace(b"config.json_../../x", b"config.json\0../../x"))


def many_members(path, parts):
    packed(path, [*parts.items(), *((f"assets/{number}", b"") for number in range(100))])


def npz_weights(path, parts):
    packed(path, [(name.replace("h5", "npz"), data) for name, data in parts.items()])


def folder(path, parts):
    path.mkdir()


def pipe(path, parts):
    os.mkfifo(path)


def loop(config):
    """A functional model whose layer reads from itself."""
    return functional([node("a", "b"), node("b", "a")], "b")


def functional(nodes, output):
    layers = [{"module": "keras.layers", "class_name": "InputLayer", "registered_name": None, "name": "x",
               "config": {"batch_shape": [None, 4, 4, 1], "name": "x"}, "inbound_nodes": []}, *nodes]
    return {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional",
            "config": {"name": "f", "layers": layers, "input_layers": ["x", 0, 0], "output_layers": [output, 0, 0]}}


def node(name, source, output=0, inbound_nodes=None, **kwargs):
    """A layer that is called on the output of another one."""
    history = [source, 0, output]
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 4, 4, 1], "keras_history": history}}
    return {"module": "keras.layers", "class_name": "ReLU", "registered_name": None, "name": name,
            "config": {"name": name}, "inbound_nodes": inbound_nodes or [{"args": [tensor], "kwargs": kwargs}]}


DEEP = '{"a":' * 200 + "1" + "}" * 200
CODE = {"class_name": "__lambda__", "config": {"value": "4w=="}}
LAMBDA = {"class_name": "Lambda", "config": {"name": "l", "function": CODE}}
INSIDE = {"module": "keras.layers", "class_name": "ReLU", "config": {}}
for _ in range(20):  # each is traced for the one around it, and twice
    INSIDE = {"module": "keras.layers", "class_name": "Activation", "config": {"activation": INSIDE}}
EXEC = {"class_name": "exec", "config": {}, "module": "builtins"}
BOMB = b"\0" * 50_000_000

KERAS_CASES = {
    "empty": (lambda path, parts: path.write_bytes(b""), "is empty"),
    "text": (lambda path, parts: path.write_text("hello, I am a model"), "not a zip archive"),
    "hdf5": (lambda path, parts: path.write_bytes(parts[WEIGHTS]), "it is an HDF5 file"),
    "only a signature": (lambda path, parts: path.write_bytes(b"PK\x03\x04"), "damaged"),
    "truncated": (truncated, "damaged"),
    "damaged inside": (damaged_inside, "Bad CRC-32"),
    "folder": (folder, "is a folder"),
    "pipe": (pipe, "a device or a pipe"),
    "missing": (lambda path, parts: None, "no such file"),
    "size lie": (size_lie, "a zip bomb|claims"),
    "directory lie": (directory_lie, "claims|damaged"),
    "encrypted": (encrypted, "is encrypted"),
    "no config": (without(CONFIG), "holds no config.json"),
    "no metadata": (without(METADATA), "holds no metadata.json"),
    "no weights": (without(WEIGHTS), "holds no model.weights.h5"),
    "npz weights": (npz_weights, "npz form"),
    "foreign member": (with_member("evil.py", "import os"), "does not belong"),
    "duplicate": (with_member(CONFIG, "{}"), "holds config.json twice"),
    "traversal": (with_member("../config.json", "x"), "leaves the archive"),
    "traversal in assets": (with_member("assets/../../x", "x"), "leaves the archive"),
    "backslashes": (with_member("assets\\..\\..\\x", "x"), "leaves the archive"),
    "absolute": (with_member("/etc/passwd", "x"), "leaves the archive"),
    "zero byte": (zero_byte_name, "leaves the archive|damaged"),
    "too many members": (many_members, "more than 64"),
    "zip bomb": (lambda path, parts: packed(path, (parts | {CONFIG: BOMB}).items(), compression=zipfile.ZIP_DEFLATED),
                 "a zip bomb|more than"),
    "large json": (replaced(CONFIG, b"[" + b" " * (MAX_JSON_BYTES + 1) + b"]"), "more than"),
    "bzip2": (lambda path, parts: packed(path, parts.items(), compression=zipfile.ZIP_BZIP2), "method 12"),
    "not json": (replaced(CONFIG, "{'a': 1}"), "not JSON"),
    "not utf-8": (replaced(CONFIG, b'{"a": "\xff\xfe"}'), "not JSON"),
    "json list": (replaced(CONFIG, "[]"), "must hold a JSON object"),
    "deep json": (replaced(CONFIG, DEEP), "deeper than 100"),
    "deep json in an open string": (replaced(CONFIG, '{"' + '\\"' * 100_000), "not JSON"),
    "NaN": (replaced(CONFIG, '{"a": NaN}'), "NaN"),
    "infinity": (replaced(CONFIG, '{"a": 1e999}'), "out of range"),
    "long number": (replaced(CONFIG, '{"a": %s}' % ("9" * 10_000)), "not JSON"),
    "same key twice": (replaced(CONFIG, '{"a": 1, "a": 2}'), "same key twice"),
    "Keras 2": (replaced(METADATA, '{"keras_version": "2.15.0"}'), "written by Keras 2.15.0"),
    "Keras 9": (replaced(METADATA, '{"keras_version": "9.0.0"}'), "written by Keras 9.0.0"),
    "no version": (replaced(METADATA, "{}"), "keras_version"),
    "no model": (edited(lambda config: config["config"]["layers"][1]), "Conv2D, not a model"),
    "no layers": (edited(lambda config: config["config"].pop("layers") and None), "list of layers is missing"),
    "layers of text": (edited(lambda config: config["config"].update(layers=["a"])), "config of a layer"),
    "unknown class": (kind(1, class_name="Conv7D"), "'Conv7D'"),
    "foreign module": (kind(1, module="os", class_name="system"), "'system' from 'os'"),
    "registered name": (kind(1, module="mine", registered_name="mine>Conv2D"), "custom_objects={'mine>Conv2D'"),
    "program": (kind(1, **LAMBDA), "holds a program"),
    "activations of activations": (layer(1, activation=INSIDE), "more than 4 layers are the activations of each other"),
    "unknown argument": (layer(1, colour="red"), "colour"),
    "wrong type": (layer(1, kernel_size={"a": 1}), "kernel_size"),
    "negative filters": (layer(1, filters=-4), "filters"),
    "unknown initializer": (layer(1, kernel_initializer=EXEC), "exec"),
    "huge filters": (layer(1, filters=10**12), "the file holds"),
    "huge units": (layer(3, units=10**9), "the file holds"),
    "huge kernel": (layer(1, kernel_size=[10**6, 10**6], padding="same"), "the file holds"),
    "huge input": (layer(0, batch_shape=[None, 10**9, 10**9, 1]), "the file holds"),
    "negative input": (layer(0, batch_shape=[None, -4, 4, 1]), "-4"),
    "no batch shape": (layer(0, batch_shape="x" * 40), "positive integers"),
    "half precision": (layer(1, dtype="float16"), "float16"),
    "other weights": (layer(1, filters=1), r'Conv2D "c": layers/conv2d/vars/0 has shape \(3, 3, 1, 2\)'),
    "two equal names": (layer(3, name="c"), 'named "c"'),
    "loop": (edited(loop), "its own output"),
    "missing layer": (edited(lambda config: functional([node("a", "z")], "a")), "'z'"),
    "missing output": (edited(lambda config: functional([node("a", "x")], "z")), "'z'"),
    "second output": (edited(lambda config: functional([node("a", "x", output=1)], "a")), "which has 1"),
    "called with training": (edited(lambda config: functional([node("a", "x", training=3)], "a")), "training=3"),
    "Keras 2 nodes": (edited(lambda config: functional([node("a", "x", inbound_nodes=[[["x", 0, 0, {}]]])], "a")),
                      "as Keras 3 writes"),
}


@pytest.mark.parametrize("case", KERAS_CASES)
def test_hostile_keras_files(case, parts, tmp_path):
    spoil, message = KERAS_CASES[case]
    path = tmp_path / "m.keras"
    spoil(path, parts)
    with pytest.raises(FileError, match=message) as caught:
        konv.load_model(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_the_sound_file_loads(parts, tmp_path):
    sound(tmp_path / "m.keras", parts)
    assert konv.load_model(tmp_path / "m.keras").count_params() == network().count_params()


@pytest.mark.parametrize("case", ["unknown class", "foreign module", "program", "Keras 2", "half precision"])
@pytest.mark.parametrize("safe_mode", [True, False])
def test_what_is_not_supported_is_said_to_be(case, safe_mode, parts, tmp_path):
    KERAS_CASES[case][0](tmp_path / "m.keras", parts)
    with pytest.raises(UnsupportedError):
        konv.load_model(tmp_path / "m.keras", safe_mode=safe_mode)


# --- ways to spoil the weights: each changes the open HDF5 file -----------------------------------------

KERNEL = "layers/conv2d/vars/0"


def external_storage(file, folder):
    (folder / "secret").write_bytes(b"s" * 72)
    del file[KERNEL]
    file["layers/conv2d/vars"].create_dataset("0", (3, 3, 1, 2), "f4", external=[(folder / "secret", 0, 72)])


def external_link(file, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["x"] = np.zeros((3, 3, 1, 2), "f4")
    del file[KERNEL]
    file[KERNEL] = h5py.ExternalLink(str(folder / "other.h5"), "x")


def virtual(file, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["x"] = np.zeros((3, 3, 1, 2), "f4")
    layout = h5py.VirtualLayout((3, 3, 1, 2), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "x", (3, 3, 1, 2))
    del file[KERNEL]
    file["layers/conv2d/vars"].create_virtual_dataset("0", layout)


def soft_link(file, folder):
    del file[KERNEL]
    file[KERNEL] = h5py.SoftLink("/layers/dense/vars/0")


def second_name(file, folder):
    file["layers/conv2d/vars/2"] = file[KERNEL]


def group_loop(file, folder):
    file["layers/conv2d/again"] = file["layers"]


def deep_groups(file, folder):
    file.create_group("/".join(["layers"] * 60))


def kernel_as(data, **kwargs):
    def spoil(file, folder):
        del file[KERNEL]
        file["layers/conv2d/vars"].create_dataset("0", data=data, **kwargs)
    return spoil


def fill_value_bomb(file, folder):
    del file[KERNEL]
    file["layers/conv2d/vars"].create_dataset("0", (10**6, 10**6), "f4")


def chunked_bomb(file, folder):
    del file[KERNEL]
    file["layers/conv2d/vars"].create_dataset("0", (10**6, 10**6), "f4", chunks=(1000, 1000), compression="gzip")


def named_type(file, folder):
    file["layers/type"] = np.dtype("f4")


def keras_2(file, folder):
    file.attrs["layer_names"] = [b"conv2d"]
    file["conv2d/kernel:0"] = np.zeros(3)


def without_bias(file, folder):
    del file["layers/conv2d/vars/1"]


def without_layer(file, folder):
    del file["layers/dense"]


def other_number(file, folder):
    file["layers/conv2d/vars/7"] = file[KERNEL][()]
    del file[KERNEL]


ZEROS = np.zeros((3, 3, 1, 2), "f4")
H5_CASES = {
    "external storage": (external_storage, "stored in another file"),
    "external link": (external_link, "ExternalLink"),
    "virtual": (virtual, "virtual"),
    "soft link": (soft_link, "SoftLink"),
    "second name": (second_name, "seen already"),
    "group loop": (group_loop, "seen already"),
    "deep groups": (deep_groups, "deeper than 40"),
    "compressed": (kernel_as(ZEROS, compression="gzip"), "compressed"),
    "checksummed": (kernel_as(ZEROS, fletcher32=True, chunks=True), "compressed or stored in chunks"),
    "fill value bomb": (fill_value_bomb, "claims"),
    "chunked bomb": (chunked_bomb, "compressed"),
    "text": (kernel_as("hello"), "holds object"),
    "objects": (kernel_as(np.array(["a"], object), dtype=h5py.string_dtype()), "holds object"),
    "complex": (kernel_as(ZEROS.astype("c8")), "holds complex"),
    "records": (kernel_as(np.zeros(3, [("a", "f4")])), "weights are float"),
    "integers": (kernel_as(ZEROS.astype("i4")), "holds int32"),
    "empty": (kernel_as(h5py.Empty("f4")), "has no shape"),
    "other shape": (kernel_as(ZEROS[:2]), r"has shape \(2, 3, 1, 2\), the model needs \(3, 3, 1, 2\)"),
    "scalar": (kernel_as(np.float32(1)), r"has shape \(\)"),
    "named type": (named_type, "neither a group nor an array"),
    "Keras 2": (keras_2, "of Keras 2|not a weights file of Keras 3"),
    "without bias": (without_bias, 'Conv2D "c" has 2 weights, the file has 1'),
    "without layer": (without_layer, 'Dense "d" has 2 weights, the file has 0 for it; it knows no layers/dense'),
    "other number": (other_number, "no array '0'"),
}
# what is wrong with the arrays and not with the file
MISFITS = ("other shape", "scalar", "integers", "without bias", "without layer", "other number")


def spoiled_h5(case, parts, folder):
    stream = io.BytesIO(parts[WEIGHTS])
    with h5py.File(stream, "a") as file:
        H5_CASES[case][0](file, folder)
    return stream.getvalue()


@pytest.mark.parametrize("door", ["load_model", "load_weights .keras", "load_weights .h5"])
@pytest.mark.parametrize("case", H5_CASES)
def test_hostile_weights(case, door, parts, tmp_path):
    data, model = spoiled_h5(case, parts, tmp_path), network()
    path = tmp_path / ("m.weights.h5" if door.endswith("h5") else "m.keras")
    path.write_bytes(data) if door.endswith("h5") else packed(path, (parts | {WEIGHTS: data}).items())
    before = model.get_weights()
    with pytest.raises(FileError, match=H5_CASES[case][1]) as caught:
        konv.load_model(path) if door == "load_model" else model.load_weights(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize("case", MISFITS)
def test_skip_mismatch_keeps_whole_layers(case, parts, tmp_path):
    path, model = tmp_path / "m.weights.h5", network()
    path.write_bytes(spoiled_h5(case, parts, tmp_path))
    before = model.get_weights()
    with pytest.warns(UserWarning, match="skipped") as caught:
        model.load_weights(path, skip_mismatch=True)
    assert [warning.filename for warning in caught] == [__file__]
    kept = [np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    spoiled = (2, 3) if case == "without layer" else (0, 1)
    assert all(kept[index] for index in spoiled)
    assert not all(kept)


@pytest.mark.parametrize("case", sorted(set(H5_CASES) - set(MISFITS)))
def test_skip_mismatch_does_not_skip_hostile_files(case, parts, tmp_path):
    path = tmp_path / "m.weights.h5"
    path.write_bytes(spoiled_h5(case, parts, tmp_path))
    with pytest.raises(FileError, match=H5_CASES[case][1]):
        network().load_weights(path, skip_mismatch=True)


@pytest.mark.parametrize("data", [b"", H5_SIGNATURE, b"PK\x03\x04", b"not HDF5 at all", H5_SIGNATURE + b"\xff" * 500])
def test_what_is_not_hdf5(data, tmp_path):
    (tmp_path / "m.weights.h5").write_bytes(data)
    with pytest.raises(FileError, match=r"m\.weights\.h5: "):
        network().load_weights(tmp_path / "m.weights.h5")


# --- any damage -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def refused(path):
    """The FileErrors inside, which must name the file; any other error goes through."""
    found = []
    try:
        yield found
    except FileError as error:
        found.append(str(error))
    assert all(text.startswith(f"{path}: ") for text in found)


@pytest.fixture(scope="module")
def whole(parts):
    return {"m.keras": bytes_of(parts), "m.weights.h5": parts[WEIGHTS]}


damages = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 10**6), st.just(0)),
    st.tuples(st.just("set"), st.integers(0, 10**6), st.integers(0, 255)),
    st.tuples(st.just("flip"), st.integers(0, 10**6), st.integers(0, 7)),
    st.tuples(st.just("zero"), st.integers(0, 10**6), st.integers(1, 64)))


def damaged(data, changes):
    made = bytearray(data)
    for what, place, value in changes:
        place %= len(made) or 1
        if what == "cut":
            del made[place:]
        elif what == "zero":
            made[place:place + value] = bytes(len(made[place:place + value]))
        elif made:
            made[place] = value if what == "set" else made[place] ^ (1 << value)
    return bytes(made)


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
@given(changes=st.lists(damages, min_size=1, max_size=6))
def test_any_damage_is_a_file_error_or_harmless(name, whole, changes):
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / name).write_bytes(damaged(whole[name], changes))
        model = network()
        before = model.get_weights()
        doors = [model.load_weights] if name == "m.weights.h5" else [model.load_weights, konv.load_model]
        for load in doors:
            with refused(folder / name) as refusals:
                load(folder / name)
            if refusals and load == model.load_weights:
                assert all(map(np.array_equal, before, model.get_weights()))
    finally:
        shutil.rmtree(folder)


KEYS = ("class_name", "config", "module", "layers", "name", "args", "kwargs", "shared_object_id", "units", "filters")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner), max_leaves=8)


@given(values, st.integers(0, 400))
def test_any_value_in_a_config_is_refused_or_harmless(value, place):
    """Put any value in any place of the config of a model."""
    config = json.loads(network().to_json())
    places = []

    def collect(item):
        for key in item if isinstance(item, dict) else range(len(item)):
            places.append((item, key))
            if isinstance(item[key], (dict, list)):
                collect(item[key])

    collect(config)
    item, key = places[place % len(places)]
    item[key] = value
    with contextlib.suppress(KonvError):
        Loader(weights=1000).deserialize(config)
