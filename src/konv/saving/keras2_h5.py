"""HDF5 files as Keras 2 wrote them, whole models or weights alone: checked as a whole when opened.

The text in them (the config, names) stands in attributes, whose sizes are limited before they are read.
"""

import math
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any

from konv.errors import FileError
from konv.saving.hdf5 import check_array, walk

MAX_TEXT = 16 << 20  # bytes in one attribute
WEIGHTS, OPTIMIZER = "model_weights", "optimizer_weights"


@dataclass(frozen=True)
class LegacyLayer:
    """The arrays of one layer in their order, a nested model being one layer."""

    name: str
    arrays: tuple[Any, ...]


@dataclass(frozen=True)
class LegacyFile:
    """Layers with weights in the order of the model; `config` and `training` are text, and None of weights alone."""

    layers: tuple[LegacyLayer, ...]
    optimizer: tuple[Any, ...]
    config: str | None
    training: str | None

    @property
    def elements(self) -> int:
        """How many elements the file really holds."""
        return sum(math.prod(array.shape) for layer in self.layers for array in layer.arrays)


def is_legacy(file: Any) -> bool:
    """Whether an open file was written by Keras 2, or by Keras 3 in that manner."""
    return WEIGHTS in file or "layer_names" in file.attrs or "layer_names0" in file.attrs or "model_config" in file.attrs


def read_legacy(h5py: Any, file: Any, size: int) -> LegacyFile:
    """Everything in the file but the elements of its arrays; FileError unless all of it is sound."""
    groups, arrays = {"": file}, {}
    for path, item in walk(h5py, file):
        if isinstance(item, h5py.Group):
            groups[path] = item
        else:
            check_array(h5py, item, path, size)
            arrays[path] = item
    config, training = (_text(h5py, file, name) for name in ("model_config", "training_config"))
    if config is not None and WEIGHTS not in groups:
        raise FileError(f"holds a model_config of Keras 2, but no group {WEIGHTS}")
    root = WEIGHTS if WEIGHTS in groups else ""
    layers = [LegacyLayer(name, _listed(h5py, groups, arrays, f"{root}/{name}" if root else name))
              for name in _names(h5py, groups[root], "layer_names", size)]
    optimizer = _listed(h5py, groups, arrays, OPTIMIZER) if OPTIMIZER in groups else ()
    return LegacyFile(tuple(layer for layer in layers if layer.arrays), optimizer, config, training)


def _listed(h5py: Any, groups: dict[str, Any], arrays: dict[str, Any], path: str) -> tuple[Any, ...]:
    """The arrays that a group names, each once."""
    if path not in groups:
        raise FileError(f"names a group {path!r:.80} of Keras 2, which does not exist")
    found = []
    for name in _names(h5py, groups[path], "weight_names", MAX_TEXT):
        if f"{path}/{name}" not in arrays:
            raise FileError(f"{path} names an array {name!r:.80}, which does not exist")
        found.append(arrays.pop(f"{path}/{name}"))
    return tuple(found)


def _names(h5py: Any, group: Any, attribute: str, size: int) -> list[str]:
    """A list of names; a long one is cut into attributes name0, name1, ..."""
    pieces = [attribute] if attribute in group.attrs else list(takewhile(
        lambda piece: piece in group.attrs, (f"{attribute}{number}" for number in count())))
    if not pieces:
        raise FileError(f"{group.name}: has no attribute {attribute}, as groups of Keras 2 have")
    made: list[str] = []
    for piece in pieces:
        kind = group.attrs.get_id(piece)
        if len(kind.shape) != 1 or _bytes(kind) > min(size, MAX_TEXT):
            raise FileError(f"{group.name}: its attribute {piece} of Keras 2 is not a list of names")
        if kind.shape[0]:  # an empty list is written as an empty array of floats
            made += map(_decoded, _checked_text(h5py, kind, group, piece))
    return made


def _text(h5py: Any, file: Any, attribute: str) -> str | None:
    if attribute not in file.attrs:
        return None
    kind = file.attrs.get_id(attribute)
    if kind.shape != () or _bytes(kind) > MAX_TEXT:
        raise FileError(f"its attribute {attribute} is not a text of at most {MAX_TEXT} bytes")
    return _decoded(_checked_text(h5py, kind, file, attribute))


def _bytes(kind: Any) -> int:
    return math.prod(kind.shape) * kind.dtype.itemsize


def _checked_text(h5py: Any, kind: Any, group: Any, attribute: str) -> Any:
    """The attribute, read once its type is known to be text."""
    if h5py.check_string_dtype(kind.dtype) is None:
        raise FileError(f"{group.name}: its attribute {attribute} holds {kind.dtype}, not text")
    return group.attrs[attribute]


def _decoded(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
