"""Weights in .safetensors files: a JSON header and plain arrays, by the paths of the variables (extra `safetensors`)."""

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

import numpy as np

from konv.errors import FileError, import_extra
from konv.saving.reader import MAX_JSON_BYTES, guarded, parse_json, require_file
from konv.saving.writer import write_atomically
from konv.variables import Variable

WIDTHS = {"F16": 2, "F32": 4, "F64": 8, "BF16": 2, "I8": 1, "U8": 1, "BOOL": 1, "I16": 2, "U16": 2, "I32": 4, "U32": 4,
          "I64": 8, "U64": 8}
READ = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
METADATA = "__metadata__"


def write_tensors(path: Path, weights: Mapping[str, Variable], overwrite: bool = True) -> None:
    """Write weights by their paths, atomically."""
    library = import_extra("safetensors.numpy", "safetensors")
    data = library.save({name: np.ascontiguousarray(variable.array) for name, variable in weights.items()}, {"format": "np"})

    def write(stream: BinaryIO) -> None:
        stream.write(data)

    write_atomically(path, write, overwrite)


@contextmanager
def open_tensors(path: Path) -> Iterator["TensorFile"]:
    """The arrays of a file, its header checked, to be read until the block ends."""
    import_extra("safetensors", "safetensors")
    with guarded(path):
        size = require_file(path, b"")
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= min(MAX_JSON_BYTES, size - 8):
                raise FileError(f"is not a safetensors file: its header would have {length} of {size} bytes")
            header = parse_json(stream.read(length), "its header")
            yield TensorFile(stream, _checked(header, size - 8 - length), 8 + length)


class TensorFile:
    """The arrays by name."""

    def __init__(self, stream: Any, entries: dict[str, tuple[str, tuple[int, ...], int]], start: int) -> None:
        self._stream, self.entries, self._start = stream, entries, start

    def read(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """One array as `dtype`; FileError unless it is there, has this shape and holds real numbers."""
        if name not in self.entries:
            raise FileError(f"has no array {name!r}; it has {', '.join(map(repr, list(self.entries)[:5])) or 'none'}, ...")
        kind, found, offset = self.entries[name]
        if found != shape:
            raise FileError(f"{name!r} has shape {found}, the model needs {shape}")
        if kind not in READ:
            raise FileError(f"{name!r} holds {kind}, the model needs one of {', '.join(READ)}")
        self._stream.seek(self._start + offset)
        data = self._stream.read(math.prod(shape) * WIDTHS[kind])
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, as in Keras
            return np.frombuffer(data, READ[kind]).reshape(shape).astype(dtype)

    def pairs(self, name: str, variable: Variable) -> list[tuple[Variable, np.ndarray]]:
        """A variable with the array that has this name."""
        return [(variable, self.read(name, variable.shape, variable.dtype))]


def matched(wanted: Iterable[str], found: Iterable[str], kinds: Collection[str]) -> dict[str, str]:
    """The name in a file of each weight of a model.

    Layers without a name get a number that counts all of the session, so where names differ by such numbers alone they
    are met in order: `kinds` are the names that are numbered.

    >>> matched(["conv2d/bias", "conv2d_1/bias"], ["conv2d_10/bias", "conv2d_9/bias"], {"conv2d"})
    {'conv2d/bias': 'conv2d_9/bias', 'conv2d_1/bias': 'conv2d_10/bias'}
    """
    wanted, found = list(wanted), list(found)
    ours, theirs = _renumbered(wanted, kinds), {new: old for old, new in _renumbered(found, kinds).items()}
    if set(wanted) <= set(found) or set(ours.values()) != set(theirs):
        return {name: name for name in wanted}
    return {old: theirs[new] for old, new in ours.items()}


def _renumbered(names: Sequence[str], kinds: Collection[str]) -> dict[str, str]:
    """Every name with its numbered layers counted from nothing."""
    split = {name: [_numbered(part, kinds) for part in name.split("/")] for name in names}
    counts: dict[tuple[Any, ...], list[int]] = {}
    for parts in split.values():
        for depth, (kind, number) in enumerate(parts):
            counts.setdefault((*parts[:depth], kind), []).append(number)
    ranks = {key: sorted(set(numbers)) for key, numbers in counts.items()}
    return {name: "/".join(f"{kind}_{ranks[*parts[:depth], kind].index(number)}" if number >= 0 else kind
                           for depth, (kind, number) in enumerate(parts)) for name, parts in split.items()}


def _numbered(part: str, kinds: Collection[str]) -> tuple[str, int]:
    """Kind and number of a layer that has a number, or the name and -1."""
    kind, _, number = part.rpartition("_")
    if part in kinds:
        return part, 0
    return (kind, int(number)) if kind in kinds and number.isdecimal() and len(number) < 10 else (part, -1)


def _checked(header: dict[str, Any], size: int) -> dict[str, tuple[str, tuple[int, ...], int]]:
    """All entries; together they must cover the bytes of the file, each once and without gaps."""
    entries, ranges = {}, []
    for name, entry in header.items():
        if name == METADATA:
            continue
        kind, shape, span = _described(name, entry)
        if span[1] - span[0] != math.prod(shape) * WIDTHS[kind]:
            raise FileError(f"the array {name!r:.80} of shape {tuple(shape)} does not fill its {span[1] - span[0]} bytes")
        entries[name] = (kind, tuple(shape), span[0])
        ranges.append((span[0], span[1]))
    end = 0
    for start, stop in sorted(ranges):
        if start != end:
            raise FileError(f"its arrays overlap or leave a gap at byte {end}")
        end = stop
    if end != size:
        raise FileError(f"its arrays have {end} bytes, and {size} are stored")
    return entries


def _described(name: str, entry: Any) -> tuple[str, list[int], list[int]]:
    """Type, shape, and the offsets of the first byte and behind the last one."""
    if isinstance(entry, dict):
        kind, shape, span = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
        if isinstance(kind, str) and kind in WIDTHS and _are_sizes(shape) and _are_sizes(span) and len(span) == 2:
            return kind, shape, span
    raise FileError(f"the array {name!r:.80} is described as {json.dumps(entry):.80}, not by dtype, shape and place")


def _are_sizes(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and len(value) <= 64 and all(
        isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 62 for size in value)
