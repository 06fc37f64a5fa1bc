"""The batches of CIFAR: pickles of Python 2, read without ever running what they say."""

import pickletools
import tarfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from konv import config
from konv.data.keras_home import Split, kept, missing
from konv.errors import FileError

CIFAR = "https://www.cs.toronto.edu/~kriz/"


def cifar(owner: str, folder: str, archive: str, files: Sequence[str], labels: bytes) -> list[Split]:
    """The batches of a CIFAR data set, out of the folder that Keras unpacks or the archive as it is."""
    found = [path for path in (kept(f"{folder}-target") / folder, kept(folder)) if path.is_dir()]
    packed = [path for path in (kept(archive), kept(f"{folder}-target_archive")) if path.is_file()]
    if not found and not packed:
        raise missing(owner, kept(archive), CIFAR + archive)
    try:
        if found:
            return [_batch((found[0] / name).open("rb"), labels) for name in files]
        with tarfile.open(packed[0]) as content:
            return [_batch(content.extractfile(f"{folder}/{name}"), labels) for name in files]
    except (OSError, EOFError, KeyError, ValueError, IndexError, tarfile.TarError) as error:
        raise FileError(f"{owner}: {(found or packed)[0]}: {error}") from None


def _batch(file: Any, labels: bytes) -> Split:
    with file:
        content = unpickled(file.read())
    x, y = np.asarray(content[b"data"], np.uint8), np.asarray(content[labels], np.uint8)
    x = x.reshape(len(y), 3, 32, 32)
    return (x if config.image_data_format() == "channels_first" else x.transpose(0, 2, 3, 1)), y[:, None]


def unpickled(content: bytes) -> Any:
    """The dicts, lists, numbers, strings and arrays of bytes in a pickle as Python 2 wrote it; nothing in it is ever called.

    >>> unpickled(b"\\x80\\x02}(U\\x06labels](K\\x01K\\x02eu.")
    {b'labels': [1, 2]}
    """
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    for opcode, value, _ in pickletools.genops(content):
        name = opcode.name
        if name in ("BINPUT", "LONG_BINPUT"):
            memo[value] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[value])
        elif name in _NEW:
            stack.append(_NEW[name](value))
        elif name in _LAST:
            count = _LAST[name] or len(stack) - max(index for index, item in enumerate(stack) if item is _MARK)
            taken = stack[-count:]
            del stack[-count:]
            _combine(name, stack, taken[0 if _LAST[name] else 1:])
        elif name not in ("PROTO", "STOP"):
            raise ValueError(f"{name} does not belong into a file of arrays")
    return stack.pop()


_MARK = object()
# what an operation of a pickle puts on the stack
_NEW: dict[str, Callable[[Any], Any]] = {
    "MARK": lambda _: _MARK, "NONE": lambda _: None, "NEWTRUE": lambda _: True, "NEWFALSE": lambda _: False,
    "EMPTY_DICT": lambda _: {}, "EMPTY_LIST": lambda _: [], "EMPTY_TUPLE": lambda _: (), "GLOBAL": lambda name: name,
} | dict.fromkeys(("BININT", "BININT1", "BININT2"), lambda number: number) | dict.fromkeys(
    ("BINSTRING", "SHORT_BINSTRING"), lambda text: text.encode("latin-1"))
# how many it takes from there; 0 for all down to the last mark
_LAST = {"TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "APPEND": 1, "APPENDS": 0, "SETITEM": 2, "SETITEMS": 0,
         "REDUCE": 2, "BUILD": 1}
_BYTES = "bytes"  # stands for the dtype of unsigned bytes


def _combine(name: str, stack: list[Any], taken: list[Any]) -> None:
    """Do what an operation does with the values that it took."""
    if name.startswith("TUPLE"):
        stack.append(tuple(taken))
    elif name.startswith("APPEND"):
        stack[-1].extend(taken)
    elif name.startswith("SETITEM"):
        stack[-1].update(zip(taken[::2], taken[1::2], strict=True))
    elif name == "REDUCE":
        made, arguments = taken
        if made == "numpy dtype" and arguments[0] == b"u1":
            stack.append(_BYTES)
        elif made in ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"):
            stack.append(None)  # an array, which BUILD fills
        else:
            raise ValueError(f"{made} does not belong into a file of arrays of bytes")
    elif stack[-1] is None:
        _, shape, dtype, by_columns, content = taken[0]
        if dtype != _BYTES:
            raise ValueError(f"{dtype} is no array of bytes")
        stack[-1] = np.frombuffer(content, np.uint8).reshape(shape, order="F" if by_columns else "C")
