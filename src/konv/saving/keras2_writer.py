"""Whole models as HDF5 files in the manner of Keras 2, with the dicts of Keras 3 in them: Keras 3 reads and writes such too."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from konv import losses
from konv.errors import KonvError
from konv.models import Model
from konv.saving.keras2_h5 import OPTIMIZER, WEIGHTS
from konv.saving.keras3_weights import FILE_TYPES, class_name
from konv.saving.serialization import Writer
from konv.tracing.attributes import own_weights
from konv.variables import Variable

MAX_ATTRIBUTE = 64_512  # bytes: HDF5 takes no more, and Keras cuts longer lists
ENGINE = "jax"  # whose names Keras asks for: of its own backends the one that konv is compared with


def write_legacy(stream: BinaryIO, model: Model, version: str, include_optimizer: bool) -> None:
    """Architecture and weights; with `include_optimizer` also the arguments of compile and the state of the optimizer."""
    import h5py

    writer = Writer()
    config = {"class_name": class_name(model), "config": writer.config(model)}
    with h5py.File(stream, "w") as file:
        file.attrs.update(keras_version=version, backend=ENGINE)
        _text(file, "model_config", config)
        weights = file.create_group(WEIGHTS)
        weights.attrs.update(keras_version=version.encode(), backend=ENGINE.encode())
        layers = [layer for layer in model.layers if layer not in (tensor.layer for tensor in model.inputs)]
        _names(weights, "layer_names", [layer.name for layer in layers])
        for layer in sorted(layers, key=lambda layer: layer.name):
            _arrays(weights.create_group(layer.name), [*layer.trainable_weights, *layer.non_trainable_weights])
        _arrays(weights.create_group("top_level_model_weights"), own_weights(model))
        if include_optimizer and model.optimizer is not None:
            compiled = {key: _named(value) for key, value in writer.compile_config(model).items() if key != "optimizer"}
            optimizer = writer.serialize(model.optimizer)
            _text(file, "training_config", compiled | {
                "optimizer_config": {key: optimizer[key] for key in ("class_name", "config")}})
            _arrays(file.create_group(OPTIMIZER), model.optimizer.variables)


def _text(file: Any, name: str, value: Any) -> None:
    """A dict as text of variable length, which lies elsewhere in the file: an attribute holds 64 KB."""
    file.attrs[name] = json.dumps(value).encode()


def _named(value: Any) -> Any:
    """Functions by their names, and names in full: of short ones Keras reads no others than "acc" and "ce" here."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "function":
            return value["config"]
        return value if "class_name" in value else {key: _named(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(item) for item in value]
    full = losses.FUNCTIONS.get(value) if isinstance(value, str) else None
    return full.__name__ if full else value


def _arrays(group: Any, variables: Sequence[Variable]) -> None:
    paths = [variable.key for variable in variables]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise KonvError(f'two weights have the path "{twice}"; give their layers names of their own, or save to a .keras file')
    _names(group, "weight_names", paths)
    for variable in variables:
        group[variable.key] = variable.array.astype(FILE_TYPES[variable.array.dtype.kind], copy=False)


def _names(group: Any, attribute: str, names: Sequence[str]) -> None:
    """A list of names, in pieces if it is long."""
    whole = np.array([name.encode() for name in names])
    pieces, count = [whole], 1
    while any(piece.nbytes > MAX_ATTRIBUTE for piece in pieces):
        count += 1
        pieces = np.array_split(whole, count)
    for number, piece in enumerate(pieces):
        group.attrs[attribute if count == 1 else f"{attribute}{number}"] = piece
