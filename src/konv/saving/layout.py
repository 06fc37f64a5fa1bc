"""Which array of a weights file belongs to which weight of a model.

Keras numbers by kind, not by name: `layers/conv2d`, `layers/conv2d_1`, ... in the order of `model.layers`, and in each
group `vars/0`, `vars/1`, ..., the trainable weights first.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from konv.errors import FileError
from konv.layers.base import Layer
from konv.models import Model
from konv.registry import snake_case
from konv.saving.h5 import VARS, WeightFile
from konv.variables import Variable

OPTIMIZER = "optimizer"
UNBUILT_OPTIMIZER = 2  # iterations and learning rate: what an optimizer has before it has seen a model

# Kind of number in memory: the type in the file. Keras on JAX counts iterations in int32.
FILE_TYPES = {"f": np.float32, "i": np.int32, "u": np.uint32}


@dataclass(frozen=True)
class Group:
    """One owner of weights, the path of its group, and its weights in the order of the file."""

    path: str
    name: str
    title: str
    variables: tuple[Variable, ...]


def class_name(layer: Layer) -> str:
    """The name of the layer's class in Keras."""
    return "Functional" if type(layer) is Model else type(layer).__name__


def layer_groups(model: Model) -> list[Group]:
    """The groups of a model and of all layers in it, each layer once."""
    return list(_walk(model, "", set()))


def _walk(layer: Layer, path: str, seen: set[int]) -> Iterator[Group]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    if not isinstance(layer, Model):
        own = sorted(layer.variables_by_name.values(), key=lambda variable: not variable.trainable)
        yield Group(path, layer.name, layer.title, tuple(own))
        return
    yield Group(path, layer.name, layer.title, ())
    counts: Counter[str] = Counter()
    for inner in layer.layers:
        kind = snake_case(class_name(inner))
        number = counts[kind]
        counts[kind] += 1
        place = f"layers/{kind}_{number}" if number else f"layers/{kind}"
        yield from _walk(inner, f"{path}/{place}" if path else place, seen)


def optimizer_group(model: Model) -> Group | None:
    """The state of the optimizer of a compiled model."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    return Group(OPTIMIZER, optimizer.name, f"optimizer {type(optimizer).__name__}", tuple(optimizer.variables))


def write_groups(stream: Any, groups: list[Group]) -> None:
    """An HDF5 file of these groups, as Keras writes it."""
    import h5py

    with h5py.File(stream, "w") as file:
        for group in groups:
            place = file.create_group(f"{group.path}/{VARS}" if group.path else VARS)
            place.attrs["name"] = group.name
            for number, variable in enumerate(group.variables):
                place[str(number)] = variable.array.astype(FILE_TYPES[variable.array.dtype.kind], copy=False)


def read_group(weights: WeightFile, group: Group) -> list[tuple[Variable, np.ndarray]]:
    """The weights of a group with the arrays that the file has for them; nothing is assigned yet."""
    found = weights.group(group.path)
    if len(found) != len(group.variables):
        known = "" if group.path in weights else f"; it knows no {group.path}"
        raise FileError(f"{group.title} has {len(group.variables)} weights, the file has {len(found)} for it{known}")
    try:
        return [(variable, weights.read(group.path, str(number), variable.shape, variable.dtype))
                for number, variable in enumerate(group.variables)]
    except FileError as error:
        raise FileError(f"{group.title}: {error}") from None


def assign(pairs: list[tuple[Variable, np.ndarray]]) -> None:
    """Everything has been read and fits: nothing can fail from here."""
    for variable, array in pairs:
        variable.assign(array)


