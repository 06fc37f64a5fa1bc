"""save_model, load_model, save_weights, load_weights: the doors to all files."""

import io
import json
import warnings
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from konv.errors import FileError, KonvError, UnsupportedError, plural
from konv.layers.base import Layer
from konv.models import Model
from konv.registry import snake_case
from konv.saving import keras2, keras3_weights, safetensors, shards
from konv.saving.deserialization import Loader
from konv.saving.keras2_h5 import LegacyFile
from konv.saving.keras2_writer import write_legacy
from konv.saving.keras3_weights import collected
from konv.saving.reader import CONFIG, METADATA, WEIGHTS, open_keras, open_weights, parse_json
from konv.saving.serialization import Writer
from konv.saving.shards import INDEX, SHARD
from konv.saving.writer import write_atomically
from konv.variables import Variable

KERAS_VERSION = "3.15.1"  # whose format is written

# Endings of files that are not read or written yet, and what they are.
TENSORS = ".safetensors"
HDF5 = (".h5", ".hdf5")  # in the manner of Keras 2
LATER = {".h5": "an HDF5 file of Keras 2", ".hdf5": "an HDF5 file of Keras 2", ".onnx": "an ONNX file",
         ".safetensors": "a safetensors file", ".weights.json": "weights in several files", ".tflite": "a TFLite file",
         ".pb": "a TensorFlow file", ".pt": "a PyTorch file", ".pth": "a PyTorch file"}
ELSEWHERE = {".onnx": "; model.export writes and konv.explain.read reads ONNX files",
             **dict.fromkeys((".pt", ".pth"), "; konv.explain.read takes a torch.nn.Module and the shape of its input")}


def save_model(model: Model, filepath: Any, overwrite: bool = True, zipped: bool | None = None,
               include_optimizer: bool = True, **kwargs: Any) -> None:
    """Write architecture, weights, compile arguments and optimizer state to a file, atomically.

    Args:
        filepath: ending in `.keras`; `.h5` or `.hdf5` gives a file in the manner of Keras 2.
        overwrite: whether to replace an existing file; it is an error otherwise.
        include_optimizer: without it the state of the optimizer stays out, and of an `.h5` file all arguments of compile.
    Raises:
        KonvError: the path has another ending, or the model holds what no file can hold.
        FileError: the file cannot be written; one that was there is as it was.

    >>> import konv, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.keras")
    >>> save_model(konv.Sequential([konv.Input((3,)), konv.layers.Dense(2)]), path)
    >>> load_model(path).output_shape
    (None, 2)
    """
    path = file_path(filepath, (".keras", *HDF5))
    if path.name.endswith(SHARD):
        raise KonvError(f"{path}: save writes whole models; save_weights writes {SHARD} files")
    if zipped is False:
        raise UnsupportedError("save_model: zipped=False is not supported; konv writes one .keras file")
    if kwargs.pop("save_format", None) not in ("h5" if path.name.endswith(HDF5) else "keras", None, False):
        raise UnsupportedError("save_model: save_format is what the ending of the file says, .keras or .h5; leave it out")
    if kwargs:
        raise KonvError(f"save_model: unknown argument{'s' if len(kwargs) > 1 else ''} {', '.join(kwargs)}")
    _require_model(model, "save_model")
    if path.name.endswith(HDF5):
        require_built(model, "save_model")
        return write_atomically(path, lambda stream: write_legacy(stream, model, KERAS_VERSION, include_optimizer), overwrite)
    if not model.built:
        warnings.warn(f"{model.title} has no weights yet and is saved without; build it or fit it first", stacklevel=3)
    config = json.dumps(Writer().serialize(model))
    version = {"keras_version": KERAS_VERSION, "date_saved": datetime.now().strftime("%Y-%m-%d@%H:%M:%S")}

    def write(stream: BinaryIO) -> None:
        weights = io.BytesIO()
        keras3_weights.write_groups(weights, _groups(model, include_optimizer))
        with zipfile.ZipFile(stream, "w") as archive:  # stored, not compressed, as Keras does
            for name, data in ((METADATA, json.dumps(version)), (CONFIG, config), (WEIGHTS, weights.getbuffer())):
                archive.writestr(name, data)  # type: ignore[arg-type]

    write_atomically(path, write, overwrite)


def load_model(filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True,
               safe_mode: bool = True) -> Any:
    """The model in a `.keras` file of Keras 3 or konv, or in an `.h5` file of Keras 2.

    Args:
        custom_objects: classes and functions by the names that the file has for them, where konv does not know them.
        compile: whether to compile the model as it was.
        safe_mode: heeded or not, nothing in a file is ever executed.
    Raises:
        FileError: the file is damaged or foreign.
        UnsupportedError: it holds a class that konv does not know.
    """
    path = file_path(filepath, (".keras", *HDF5))
    if path.name.endswith(HDF5):
        return _load_legacy(path, custom_objects, compile)
    with open_keras(path) as file:
        loader = Loader(custom_objects, file.weights.elements)
        model = loader.layer(file.config)
        if not isinstance(model, Model):
            raise FileError(f"{CONFIG} holds {type(model).__name__}, not a model")
        if compile:
            _compile(model, file.config.get("compile_config"), loader)
        pairs, notes = _read(model, file.weights, skip_mismatch=False)
        keras3_weights.assign(pairs)
    _warn(path, notes)
    return model


def save_weights(model: Model, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None,
                 objects_to_skip: Sequence[Layer] | None = None) -> None:
    """Write the weights, and the state of the optimizer, to a file, atomically.

    Args:
        filepath: ending in `.weights.h5`, or in `.safetensors`, which holds the weights alone.
        overwrite: whether to replace an existing file; it is an error otherwise.
        max_shard_size: in GB; writes several files beside a `.weights.json`, which says what lies where.
        objects_to_skip: layers that stay out.
    Raises:
        FileError: a file cannot be written.
    """
    _require_model(model, "save_weights")
    skipped = _layers(objects_to_skip, "save_weights")
    groups = _without(_groups(model), skipped) if model.built else []
    if max_shard_size is not None:
        path = file_path(filepath, (INDEX, SHARD))
        require_built(model, "save_weights")
        if path.name.endswith(SHARD):
            path = path.with_name(path.name.removesuffix(SHARD) + INDEX)
            warnings.warn(f"{filepath}: several files are written, beside {path.name}; give that name", stacklevel=3)
        return shards.write_shards(path, groups, max_shard_size, overwrite)
    path = file_path(filepath, (".weights.h5", TENSORS))
    require_built(model, "save_weights")
    if path.name.endswith(TENSORS):
        if skipped:
            raise UnsupportedError(f"save_weights: objects_to_skip is for {SHARD} and {INDEX} files")
        return safetensors.write_tensors(path, _by_path(model), overwrite)

    def write(stream: BinaryIO) -> None:
        keras3_weights.write_groups(stream, groups)

    write_atomically(path, write, overwrite)


def load_weights(model: Model, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Read the weights of the same architecture: all of them or, when anything does not fit, none.

    Arrays of safetensors are met by their paths, those of layers that konv numbered by the order of the numbers. An optimizer
    that has the same state to restore gets it.

    Args:
        filepath: a `.weights.h5`, `.weights.json`, `.keras` or `.safetensors` file, or `.h5` of Keras 2.
        skip_mismatch: read the layers that fit, with a warning for the others.
        by_name: meet the layers of Keras 2 by their names and not in their order; the others stay as they are.
        objects_to_skip: layers that stay as they are, of `.weights.h5` and `.weights.json`.
    Raises:
        FileError: the file is damaged, or holds other weights.
    """
    by_name = bool(kwargs.pop("by_name", False))
    given = kwargs.pop("objects_to_skip", None)
    skipped = _layers(given, "load_weights")
    if kwargs:
        raise KonvError(f"load_weights: unknown argument{'s' if len(kwargs) > 1 else ''} {', '.join(kwargs)}")
    path = file_path(filepath, (SHARD, INDEX, ".keras", TENSORS, *HDF5))
    require_built(model, "load_weights")
    if given is not None and not path.name.endswith((SHARD, INDEX)):
        raise UnsupportedError(f"load_weights: objects_to_skip is for {SHARD} and {INDEX} files, as in Keras")
    if path.name.endswith(TENSORS):
        return _load_tensors(model, path, skip_mismatch, by_name)
    with shards.open_shards(path) if path.name.endswith(INDEX) else open_weights(path) as weights:
        if isinstance(weights, LegacyFile):
            pairs, notes = keras2.read_weights(model, weights, skip_mismatch, by_name)
        elif by_name:
            raise UnsupportedError("load_weights: by_name is for .safetensors and files of Keras 2; this one is of Keras 3")
        else:
            pairs, notes = _read(model, weights, skip_mismatch, skipped)
        keras3_weights.assign(pairs)
    _warn(path, notes)


def _load_tensors(model: Model, path: Path, skip_mismatch: bool, by_name: bool) -> None:
    """Weights by their names: all of the model, and unless by_name=True all of the file."""
    wanted = _by_path(model)
    kinds = {snake_case(group.kind) for group in keras3_weights.layer_groups(model)}
    with safetensors.open_tensors(path) as file:
        names = safetensors.matched(wanted, file.entries, () if by_name else kinds)
        if not by_name and not skip_mismatch and (unknown := set(file.entries) - set(names.values())):
            raise FileError(f"has {plural(len(unknown), 'array')} that {model.title} has not: "
                            f"{', '.join(sorted(unknown)[:5]):.200}; by_name=True leaves them out")
        pairs, notes = collected(((f"{name}: ", partial(file.pairs, names[name], variable))
                                  for name, variable in wanted.items() if not by_name or names[name] in file.entries),
                                 skip_mismatch)
        keras3_weights.assign(pairs)
    _warn(path, notes)


def _by_path(model: Model) -> dict[str, Variable]:
    """All weights by the names that they have in a safetensors file."""
    found = {variable.key: variable for variable in model.weights}
    if len(found) < len(model.weights):
        twice = next(path for path, count in Counter(variable.key for variable in model.weights).items() if count > 1)
        raise KonvError(f'{model.title}: two weights have the path "{twice}"; give their layers names of their own')
    return found


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """An untrained model from what `model.to_json()` gave; the door is konv.models.model_from_json."""
    loader = Loader(custom_objects)
    config = parse_json(json_string, "model_from_json: json_string")
    model = loader.layer(config)
    if not isinstance(model, Model):
        raise KonvError(f"model_from_json: json_string describes {type(model).__name__}, not a model")
    if config.get("compile_config"):
        loader.compile(model, config["compile_config"])
    return model


def compile_from_config(model: Model, config: Mapping[str, Any]) -> None:
    """Compile a model with what `get_compile_config` gave, and make the optimizer's state if the model is built."""
    Loader().compile(model, config)


# --- parts ----------------------------------------------------------------------------------------


def _layers(given: Any, function: str) -> list[Layer]:
    """The layers that an argument lists."""
    layers: list[Any] = list(given or ())
    if not all(isinstance(layer, Layer) for layer in layers):
        raise KonvError(f"{function}: objects_to_skip must be a list of layers, got {layers!r:.200}")
    return layers


def _without(groups: list[keras3_weights.Group], skipped: Sequence[Layer]) -> list[keras3_weights.Group]:
    """The groups but for those of the layers that are skipped, and of what is inside of them."""
    left = {id(variable) for layer in skipped for variable in layer.weights}
    return [group for group in groups if not left or not left.issuperset(map(id, group.variables)) or not group.variables]


def _groups(model: Model, include_optimizer: bool = True) -> list[keras3_weights.Group]:
    optimizer = keras3_weights.optimizer_group(model) if include_optimizer else None
    return [*keras3_weights.layer_groups(model), *([optimizer] if optimizer else [])]


def _load_legacy(path: Path, custom_objects: Mapping[str, Any] | None, compile: bool) -> Model:
    """A whole model of Keras 2."""
    with open_weights(path) as file:
        if not isinstance(file, LegacyFile):
            raise FileError("holds weights of Keras 3 and no model; make the model, then model.load_weights(path)")
        loader = Loader(custom_objects, file.elements)
        model = keras2.make_model(file, loader)
        if compile:
            _compile(model, keras2.compile_arguments(file), loader)
        pairs, notes = keras2.read_weights(model, file)
        more, complaints = keras2.read_optimizer(model, file)
        keras3_weights.assign(pairs + more)
    _warn(path, notes + complaints)
    return model


def _compile(model: Model, config: Mapping[str, Any] | None, loader: Loader) -> None:
    if not config:
        return
    try:
        loader.compile(model, config)
    except UnsupportedError as error:
        raise UnsupportedError(f"{error}; with compile=False the model loads without loss and optimizer") from error


def _read(model: Model, weights: Any, skip_mismatch: bool, skipped: Sequence[Layer] = ()) -> tuple[list[Any], list[str]]:
    """All weights of the model with the arrays for them, and what a user should know; the model is not touched."""
    groups = _without(keras3_weights.layer_groups(model), skipped)
    pairs, notes = collected((("", partial(keras3_weights.read_group, weights, group)) for group in groups), skip_mismatch)
    optimizer = keras3_weights.optimizer_group(model)
    found = len(weights.group(keras3_weights.OPTIMIZER))
    if optimizer is None or not found or found <= keras3_weights.UNBUILT_OPTIMIZER < len(optimizer.variables):
        return pairs, notes  # no optimizer here, or no state in the file but that of a fresh one
    try:
        pairs += keras3_weights.read_group(weights, optimizer)
    except FileError as error:
        notes.append(f"the state of the optimizer was not loaded: {error}")
    return pairs, notes


def _warn(path: Path, notes: list[str]) -> None:
    if notes:
        warnings.warn(f"{path}: {'; '.join(notes)}", stacklevel=4)


def file_path(filepath: Any, endings: tuple[str, ...]) -> Path:
    """The file's path, if its ending says that it can be read or written here."""
    if not isinstance(filepath, (str, Path)) and not hasattr(filepath, "__fspath__"):
        raise KonvError(f"filepath must be a path, got {filepath!r} of type {type(filepath).__name__}")
    text = str(filepath)
    if "://" in text:
        raise UnsupportedError(f"{text}: konv reads and writes files of this machine only")
    if not text.endswith(endings):
        wanted = " or ".join(endings)
        for ending, what in LATER.items():
            if text.endswith(ending) and not text.endswith(".weights.h5"):
                raise UnsupportedError(f"{text}: is {what} by its name, which is not supported here; use {wanted}"
                                       f"{ELSEWHERE.get(ending, '')}")
        raise KonvError(f"{text}: the file name must end in {wanted}")
    if "\0" in text:
        raise KonvError(f"filepath must not hold a zero byte, got {text!r}")
    return Path(filepath)


def _require_model(model: Any, function: str) -> None:
    if not isinstance(model, Model):
        raise KonvError(f"{function}: expected a model, got {model!r} of type {type(model).__name__}")


def require_built(model: Any, function: str) -> None:
    """An error where the argument is not a model with weights."""
    _require_model(model, function)
    if not model.built:
        raise KonvError(f"{function}: {model.title} has no weights yet; build it, or fit it on data, first")
