"""Weights in several files: `m.weights.json` says which group lies in which of `m_00000.weights.h5`, `m_00001.weights.h5`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from konv.errors import FileError, KonvError
from konv.saving.keras3_weights import VARS, Group, WeightFile, groups_of, write_arrays
from konv.saving.reader import H5_SIGNATURE, MAX_JSON_BYTES, guarded, parse_json, require_file
from konv.saving.writer import write_atomically

INDEX, SHARD = ".weights.json", ".weights.h5"
MAX_SHARDS = 1000  # open at the same time
GB = 1024**3

Piece = tuple[Group, dict[str, np.ndarray]]


def write_shards(path: Path, groups: Sequence[Group], largest: float, overwrite: bool) -> None:
    """Write arrays of at most `largest` GB a file, then the index, each file atomically."""
    if isinstance(largest, bool) or not isinstance(largest, (int, float)) or not largest > 0:
        raise KonvError(f"save_weights: max_shard_size must be a number of GB, got {largest!r}")
    shards = _cut(groups, largest * GB)
    names = [f"{path.name.removesuffix(INDEX)}_{number:05}{SHARD}" for number in range(len(shards))]
    owners: dict[str, list[str]] = {}
    for name, pieces in zip(names, shards, strict=True):
        for group, _ in pieces:
            owners.setdefault(f"/{group.path}/{VARS}" if group.path else f"/{VARS}", []).append(name)
    total = sum(array.nbytes for pieces in shards for _, arrays in pieces for array in arrays.values())
    index = {"metadata": {"total_size": total},
             "weight_map": {owner: found[0] if len(found) == 1 else found for owner, found in owners.items()}}

    def write_index(stream: BinaryIO) -> None:
        stream.write(json.dumps(index, indent=4).encode())

    for name, pieces in zip(names, shards, strict=True):
        write_atomically(path.with_name(name), partial(write_arrays, pieces=pieces), overwrite)
    write_atomically(path, write_index, overwrite)


def _cut(groups: Sequence[Group], largest: float) -> list[list[Piece]]:
    """The arrays in their order, as many in a shard as it may hold; a group may go on in the next one."""
    shards: list[list[Piece]] = [[]]
    left = largest
    for group in groups:
        arrays: dict[str, np.ndarray] = {}
        for number, array in group.arrays().items():
            if array.nbytes > largest:
                raise KonvError(f"save_weights: {group.path}/{VARS}/{number} has {array.nbytes:,} bytes, more than "
                                f"max_shard_size={largest / GB:g} GB; give a larger max_shard_size")
            if array.nbytes > left:
                if arrays:
                    shards[-1].append((group, arrays))
                shards.append([])
                left, arrays = largest, {}
            left -= array.nbytes
            arrays[number] = array
        if arrays:
            shards[-1].append((group, arrays))
    return shards


@contextmanager
def open_shards(path: Path) -> Iterator[WeightFile]:
    """The weights in all files that an index names, checked, to be read until the block ends."""
    import h5py

    with ExitStack() as stack:
        groups: dict[str, dict[str, Any]] = {}
        with guarded(path):
            if require_file(path, b"") > MAX_JSON_BYTES:
                raise FileError(f"has more than {MAX_JSON_BYTES} bytes")
            names = _shards(parse_json(path.read_bytes(), "its index").get("weight_map"))
        for name in names:
            shard = path.with_name(name)
            with guarded(shard):
                size = require_file(shard, H5_SIGNATURE)
                file = stack.enter_context(h5py.File(stack.enter_context(shard.open("rb")), "r"))
                for owner, arrays in groups_of(h5py, file, size).items():
                    known = groups.setdefault(owner, {})
                    if twice := sorted(known.keys() & arrays.keys()):
                        raise FileError(f"{owner}/{VARS}/{twice[0]} is in another file of {path.name} too")
                    known.update(arrays)
        with guarded(path):
            yield WeightFile(groups)


def _shards(weight_map: Any) -> list[str]:
    """The files that an index names: their names alone, for they lie in the same folder."""
    if not isinstance(weight_map, dict):
        raise FileError("its weight_map is missing")
    found: dict[str, None] = {}
    for names in weight_map.values():
        for name in names if isinstance(names, list) else [names]:
            if not isinstance(name, str) or not name.endswith(SHARD) or set(name) & set("/\\:\0"):
                raise FileError(f"names the file {name!r:.80}, which is no name like m_00000{SHARD}")
            found[name] = None
    if len(found) > MAX_SHARDS:
        raise FileError(f"names more than {MAX_SHARDS} files")
    return list(found)
