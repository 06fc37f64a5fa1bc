"""Which array of a weights file belongs to which weight of a model.

Keras numbers by kind, not by name: `layers/conv2d`, `layers/conv2d_1`, ... in the order of `model.layers`, and in each
group `vars/0`, `vars/1`, ..., the trainable weights first.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from konv.errors import FileError, KonvError, UnsupportedError
from konv.layers.base import Layer
from konv.models import Model
from konv.registry import snake_case
from konv.saving.hdf5 import check_array, read_array, walk
from konv.tracing.attributes import UNTRACKED, own_weights
from konv.variables import Variable

VARS, OPTIMIZER = "vars", "optimizer"
UNBUILT_OPTIMIZER = 2  # iterations and learning rate: what an optimizer has before it has seen a model

# Kind of number in memory: the type in the file. Keras on JAX counts iterations in int32.
FILE_TYPES = {"f": np.float32, "i": np.int32, "u": np.uint32}


class WeightFile:
    """The arrays of a file by the path of the object that owns them: `groups["layers/conv2d"]["0"]`."""

    def __init__(self, groups: dict[str, dict[str, Any]]) -> None:
        self.groups = groups

    def __contains__(self, path: str) -> bool:
        return path in self.groups

    def group(self, path: str) -> dict[str, Any]:
        """The arrays of one owner by their number; none if the file does not know it."""
        return self.groups.get(path, {})

    @property
    def elements(self) -> int:
        """How many elements the file really holds: an upper bound for what a model in it may allocate."""
        return sum(math.prod(array.shape) for arrays in self.groups.values() for array in arrays.values())

    def read(self, path: str, key: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """One array as `dtype`; FileError unless it has exactly this shape and holds elements of that kind."""
        dataset = self.group(path).get(key)
        if dataset is None:
            raise FileError(f"{path}/{VARS} has no array {key!r}")
        return read_array(dataset, shape, dtype, f"{path}/{VARS}/{key}")


def groups_of(h5py: Any, file: Any, size: int) -> dict[str, dict[str, Any]]:
    """All groups of weights with their arrays, checked."""
    groups: dict[str, dict[str, Any]] = {}
    for inner, item in walk(h5py, file):
        path, _, name = inner.rpartition("/")
        if isinstance(item, h5py.Group):
            if name == VARS:
                groups[path] = {}
            continue
        owner, _, parent = path.rpartition("/")
        if parent != VARS:
            raise FileError(f"{inner}: an array outside of a group {VARS!r}; this is not a weights file of Keras 3")
        check_array(h5py, item, inner, size)
        groups[owner][name] = item
    return groups


@dataclass(frozen=True)
class Group:
    """One owner of weights, the path of its group, and its weights in the order of the file."""

    path: str
    kind: str
    name: str
    title: str
    variables: tuple[Variable, ...]
    layer: Layer | None = None  # if its class writes and reads arrays in its own manner

    def arrays(self) -> dict[str, np.ndarray]:
        """What a file holds of it, by number."""
        if self.layer is None:
            return {str(number): variable.array.astype(FILE_TYPES[variable.array.dtype.kind], copy=False)
                    for number, variable in enumerate(self.variables)}
        store: dict[str, Any] = {}
        self.layer.save_own_variables(store)
        made = {str(key): np.asarray(array) for key, array in store.items()}
        for key, array in made.items():
            if array.dtype.kind not in FILE_TYPES:
                raise KonvError(f"{self.title}: save_own_variables must give arrays of numbers, {key!r} holds {array.dtype}")
        return made


class Own:
    """A layer whose class reads its arrays itself."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def assign(self, store: Any) -> None:
        self.layer.load_own_variables(store)


def class_name(layer: Layer) -> str:
    """The name of the layer's class in Keras."""
    return "Functional" if type(layer) is Model else type(layer).__name__


def layer_groups(model: Model) -> list[Group]:
    """The groups of a model and of all layers in it, each layer once."""
    return list(_walk(model, "", {}))


def _walk(layer: Layer, path: str, seen: dict[int, Any]) -> Iterator[Group]:
    if id(layer) in seen:
        return
    seen[id(layer)] = layer
    for method in ("save_assets", "load_assets"):
        if hasattr(type(layer), method):
            raise UnsupportedError(f"{layer.title}: {method} is not supported, as files hold arrays alone; put numbers into "
                                   f"the dict of save_own_variables(store)")
    own = any(getattr(type(layer), method) is not getattr(Layer, method)
              for method in ("save_own_variables", "load_own_variables"))
    yield Group(path, class_name(layer), layer.name, layer.title, tuple(own_weights(layer)), layer if own else None)
    if not layer.is_composed:
        layers = layer.layers if isinstance(layer, Model) else layer.sublayers
        yield from _walk_all(layers, f"{path}/layers" if path else "layers", seen)
        return
    attributes = {name: value for name, value in vars(layer).items() if name not in UNTRACKED}
    for name in sorted(attributes, key=lambda name: f"~{name}" if name.startswith("_") else name):
        inner, value = f"{path}/{name}" if path else name, attributes[name]
        if isinstance(value, Layer):
            yield from _walk(value, inner, seen)
        elif isinstance(value, (list, tuple, dict)):
            yield from _walk_all(value, inner, seen)


def _walk_all(items: Any, path: str, seen: dict[int, Any]) -> Iterator[Group]:
    """The layers in a list or dict: conv2d, conv2d_1, ... whatever their names."""
    if id(items) in seen:  # a list that is in itself
        return
    seen[id(items)] = items  # kept, so that no other list gets its id
    counts: Counter[str] = Counter()
    for item in items.values() if isinstance(items, dict) else items:
        if isinstance(item, Layer):
            kind, walk = snake_case(class_name(item)), _walk
        elif isinstance(item, (list, tuple, dict)):
            kind, walk = "container", _walk_all
        else:
            continue
        assert isinstance(item, (Layer, list, tuple, dict))
        number = counts[kind]
        counts[kind] += 1
        yield from walk(item, f"{path}/{kind}_{number}" if number else f"{path}/{kind}", seen)  # type: ignore[arg-type]


def optimizer_group(model: Model) -> Group | None:
    """The state of the optimizer of a compiled model."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    kind = type(optimizer).__name__
    return Group(OPTIMIZER, kind, optimizer.name, f"optimizer {kind}", tuple(optimizer.variables))


def write_groups(stream: Any, groups: list[Group]) -> None:
    """An HDF5 file of these groups, as Keras writes it."""
    write_arrays(stream, [(group, group.arrays()) for group in groups])


def write_arrays(stream: Any, pieces: Iterable[tuple[Group, Mapping[str, np.ndarray]]]) -> None:
    """An HDF5 file of groups with some of their arrays, by their numbers."""
    import h5py

    with h5py.File(stream, "w") as file:
        for group, arrays in pieces:
            made = file.create_group(f"{group.path}/{VARS}" if group.path else VARS)
            made.attrs["name"] = group.name
            for number, array in arrays.items():
                made[number] = array


def read_group(weights: WeightFile, group: Group) -> list[tuple[Any, Any]]:
    """The weights of a group with the arrays that the file has for them; nothing is assigned yet."""
    found = weights.group(group.path)
    if group.layer is not None:
        return [(Own(group.layer), {key: array[()] for key, array in found.items()})]
    if len(found) != len(group.variables):
        known = "" if group.path in weights else f"; it knows no {group.path}"
        raise FileError(f"{group.title} has {len(group.variables)} weights, the file has {len(found)} for it{known}")
    try:
        return [(variable, weights.read(group.path, str(number), variable.shape, variable.dtype))
                for number, variable in enumerate(group.variables)]
    except FileError as error:
        raise FileError(f"{group.title}: {error}") from None


def collected(readers: Iterable[tuple[str, Callable[[], list[Any]]]], skip_mismatch: bool) -> tuple[list[Any], list[str]]:
    """What all of them read, and what was skipped since it does not fit, where that is allowed: its name and why."""
    pairs: list[tuple[Any, Any]] = []
    notes = []
    for name, read in readers:
        try:
            pairs += read()
        except FileError as error:
            if not skip_mismatch:
                raise
            notes.append(f"skipped {name}{error}")
    return pairs, notes


def assign(pairs: list[tuple[Any, Any]]) -> None:
    """Everything has been read and fits: nothing can fail from here but what a class of the user's does, which comes first."""
    for variable, array in sorted(pairs, key=lambda pair: not isinstance(pair[0], Own)):
        variable.assign(array)
