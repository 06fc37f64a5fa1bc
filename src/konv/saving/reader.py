"""The one reader of model files. Every file is hostile until it has passed here.

Nothing in a file is executed, imported or allocated on its word: sizes are limited before memory is taken, names and
links are checked before they are followed, and whatever goes wrong is a FileError with the file's name.
"""

import io
import json
import math
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import FileError, KonvError, UnsupportedError
from konv.saving.keras2_h5 import LegacyFile, is_legacy, read_legacy
from konv.saving.keras3_weights import WeightFile, groups_of

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
ASSETS = "assets/"  # vocabularies of text layers; konv has none, and never reads them
H5_SIGNATURE, ZIP_SIGNATURE = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
KERAS_MAJOR = 3

MAX_MEMBERS = 64
MAX_JSON_BYTES = 16 << 20  # the config of ResNet-152 has 0.6 MB
MAX_JSON_DEPTH = 100  # a model inside a model adds 6
MAX_RATIO = 100  # Keras stores without compression; a config that was packed again shrinks to a twentieth
MAX_WEIGHTS_RATIO = 10  # trained float32 weights shrink to nine tenths
MAX_READ = 1 << 20  # bytes in one read of an archive, so that no length in it decides how much memory is taken


class UnsupportedFileError(UnsupportedError, FileError):
    """A sound file that holds what konv does not support."""


@dataclass(frozen=True)
class KerasFile:
    """What is inside a `.keras` file: a parsed config, the version that wrote it, and its open weights."""

    config: dict[str, Any]
    version: str
    weights: WeightFile


@contextmanager
def guarded(path: Path | str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a FileError that begins with the file's name."""
    try:
        yield
    except UnsupportedError as error:
        raise UnsupportedFileError(_named(path, error)) from error
    except FileError as error:
        raise FileError(_named(path, error)) from error.__cause__
    except KonvError as error:  # a layer that refuses what the file says about it
        raise FileError(_named(path, error)) from error
    except MemoryError as error:
        raise FileError(f"{path}: does not fit into memory") from error
    except ImportError:  # a library that konv needs is missing, which says nothing about the file
        raise
    except Exception as error:  # libraries raise anything on a damaged file; the cause stays visible in the traceback
        raise FileError(f"{path}: is damaged or was changed: {type(error).__name__}: {error}") from error


def _named(path: Path | str, error: Exception) -> str:
    text = str(error)
    return text if text.startswith(f"{path}: ") else f"{path}: {text}"


@contextmanager
def open_keras(path: Path) -> Iterator[KerasFile]:
    """A `.keras` file, checked; its weights can be read until the block ends."""
    import h5py

    with guarded(path):
        require_file(path, ZIP_SIGNATURE)
        with _BoundedFile(path) as raw, zipfile.ZipFile(raw) as archive:
            members = _checked_members(archive)
            metadata = parse_json(_read_member(archive, members[METADATA], MAX_JSON_BYTES), METADATA)
            config = parse_json(_read_member(archive, members[CONFIG], MAX_JSON_BYTES), CONFIG)
            version = _checked_version(metadata)
            stream = io.BytesIO(_read_member(archive, members[WEIGHTS], max(MAX_WEIGHTS_RATIO * raw.size, MAX_READ)))
        with h5py.File(stream, "r") as file:
            yield KerasFile(config, version, WeightFile(groups_of(h5py, file, len(stream.getbuffer()))))


@contextmanager
def open_weights(path: Path) -> Iterator[WeightFile | LegacyFile]:
    """The weights in an HDF5 or `.keras` file, checked, to be read until the block ends."""
    if path.name.endswith(".keras"):
        with open_keras(path) as file:
            yield file.weights
        return
    import h5py

    with guarded(path):
        size = require_file(path, H5_SIGNATURE)
        with path.open("rb") as stream, h5py.File(stream, "r") as file:
            legacy = is_legacy(file)
            yield read_legacy(h5py, file, size) if legacy else WeightFile(groups_of(h5py, file, size))


def parse_json(data: bytes | str, what: str) -> dict[str, Any]:
    """A JSON object from text that is neither too large nor too deep, without NaN and without two equal keys."""
    if len(data) > MAX_JSON_BYTES:
        raise FileError(f"{what} has {len(data)} bytes, more than {MAX_JSON_BYTES}")
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        if _depth(text) > MAX_JSON_DEPTH:
            raise FileError(f"{what} is nested deeper than {MAX_JSON_DEPTH} levels")
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique)
    except FileError as error:
        raise FileError(f"{what}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise FileError(f"{what} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise FileError(f"{what} must hold a JSON object, got {type(value).__name__}")
    return value


# A string, to its end or to the end of the text. Possessive: hostile text cannot make it backtrack.
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


def _depth(text: str) -> int:
    """How many brackets are open at most; found without recursion, before the parser recurses."""
    codes = np.frombuffer(_JSON_STRING.sub("", text).encode("ascii", "replace"), np.uint8)
    steps = np.isin(codes, np.frombuffer(b"[{", np.uint8)).astype(np.int32)
    steps -= np.isin(codes, np.frombuffer(b"]}", np.uint8))
    return int(np.cumsum(steps).max(initial=0))


def _no_constant(name: str) -> float:
    raise FileError(f"{name} is not a number that JSON allows")


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise FileError(f"{text[:20]} is out of range")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise FileError("an object has the same key twice")
    return made


class _BoundedFile(io.FileIO):
    """A file that refuses to be read in pieces of more than MAX_READ bytes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = self.size - self.tell()
        if size > MAX_READ:
            raise FileError(f"its table of contents claims {size} bytes")
        return super().read(size) or b""


def require_file(path: Path, signature: bytes) -> int:
    """The size of a regular file that begins with `signature`."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise FileError("no such file") from None
    except PermissionError:
        raise FileError("may not be read (permission denied)") from None
    if stat.S_ISDIR(status.st_mode):
        raise FileError("is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise FileError("is a device or a pipe, not a file")
    with path.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise FileError("is empty")
    if not start.startswith(signature):
        kinds = {ZIP_SIGNATURE: "a zip archive, as a .keras file is", H5_SIGNATURE: "an HDF5 file"}
        found = [f"; it is {kind}" for mark, kind in kinds.items() if start.startswith(mark)]
        raise FileError(f"is not {kinds[signature]}{''.join(found)}")
    return status.st_size


def _checked_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise FileError(f"holds {len(infos)} members, more than {MAX_MEMBERS}")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        _check_member(info)
        if info.filename in found:
            raise FileError(f"holds {info.filename} twice")
        found[info.filename] = info
    for name in (METADATA, CONFIG, WEIGHTS):
        if name not in found:
            npz = "; its weights are in npz form, which konv does not read" if "model.weights.npz" in found else ""
            raise FileError(f"holds no {name}{npz}; a .keras file holds {METADATA}, {CONFIG} and {WEIGHTS}")
    return found


def _check_member(info: zipfile.ZipInfo) -> None:
    name = info.filename
    # orig_filename is what stands in the archive; zipfile cuts filename at a zero byte and turns backslashes round.
    parts = info.orig_filename.replace("\\", "/").split("/")
    if name != info.orig_filename or name.startswith("/") or ".." in parts or ":" in parts[0]:
        raise FileError(f"the member name {info.orig_filename!r} leaves the archive")
    if name not in (METADATA, CONFIG, WEIGHTS, "model.weights.npz") and not name.startswith(ASSETS):
        raise FileError(f"holds {name!r}, which does not belong into a .keras file")
    if info.flag_bits & 1:
        raise FileError(f"{name} is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"{name} is compressed by method {info.compress_type}; Keras stores without compression")
    if info.file_size > MAX_RATIO * info.compress_size:
        raise FileError(f"{name} claims {info.file_size} bytes out of {info.compress_size} stored ones: a zip bomb")


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    """The whole member; zipfile compares its checksum at the end and never gives more than the claimed size."""
    if info.file_size > limit:
        raise FileError(f"{info.filename} claims {info.file_size} bytes, more than {limit}")
    made = bytearray()
    try:
        with archive.open(info) as stream:
            while piece := stream.read(MAX_READ):
                made += piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise FileError(f"{info.filename} is damaged: {error}") from error
    if len(made) != info.file_size:
        raise FileError(f"{info.filename} is truncated: {len(made)} of {info.file_size} bytes")
    return bytes(made)


def _checked_version(metadata: dict[str, Any]) -> str:
    version = metadata.get("keras_version")
    if not isinstance(version, str) or not (match := re.match(r"(\d{1,4})\.\d{1,4}", version)):
        raise FileError(f"{METADATA}: keras_version must be like '3.15.1', got {version!r}")
    if int(match[1]) != KERAS_MAJOR:
        raise UnsupportedFileError(f"was written by Keras {version}; konv reads files of Keras {KERAS_MAJOR}")
    return version
