"""The data sets of Keras, read from the folder where Keras keeps them: `konv.datasets.mnist.load_data()` and the like.

Nothing is downloaded: where a file is missing, the error says how to fetch it.
"""

import pickletools
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from konv import config
from konv.data.datasets import Split, as_in_keras, kept
from konv.errors import FileError, KonvError

NPZ = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
CIFAR = "https://www.cs.toronto.edu/~kriz/"


def _missing(owner: str, path: Path, url: str) -> FileError:
    return FileError(f"{owner}: there is no {path}, and konv downloads nothing. Keras puts it there, and so does: "
                     f"curl -L --create-dirs -o {path} {url}")


def _arrays(owner: str, path: str, url: str, *names: str) -> list[np.ndarray]:
    """Arrays of an .npz file; no pickle in it is read."""
    file = kept(path)
    if not file.is_file():
        raise _missing(owner, file, url)
    try:
        with np.load(file, allow_pickle=False) as content:
            return [content[name] for name in names]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise FileError(f"{owner}: {file}: {error}") from None


@as_in_keras
def mnist(path="mnist.npz") -> tuple[Split, Split]:
    """MNIST from `path` in Keras's folder: ((x_train, y_train), (x_test, y_test)), 60,000 and 10,000, all uint8.

    Images are (n, 28, 28) from 0 to 255. For a start without any file there is `mnist_5k`.

    >>> mnist("nowhere.npz")
    Traceback (most recent call last):
    konv.errors.FileError: mnist: there is no ...nowhere.npz, and konv downloads nothing. ...
    """
    x_train, y_train, x_test, y_test = _arrays("mnist", path, NPZ + "mnist.npz", "x_train", "y_train", "x_test", "y_test")
    return (x_train, y_train), (x_test, y_test)


@as_in_keras
def cifar10() -> tuple[Split, Split]:
    """CIFAR-10 from Keras's folder: ((x_train, y_train), (x_test, y_test)), 50,000 and 10,000, all uint8.

    Images are (n, 32, 32, 3) from 0 to 255 (n, 3, 32, 32 if that is the image data format), labels (n, 1).
    """
    files = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
    *train, test = _cifar("cifar10", "cifar-10-batches-py", "cifar-10-python.tar.gz", files, b"labels")
    return (np.concatenate([x for x, _ in train]), np.concatenate([y for _, y in train])), test


@as_in_keras
def cifar100(label_mode="fine") -> tuple[Split, Split]:
    """CIFAR-100 from Keras's folder, like `cifar10`, with labels of 100 classes ("fine") or 20 ("coarse")."""
    if label_mode not in ("fine", "coarse"):
        raise KonvError(f'cifar100: label_mode must be "fine" or "coarse", got {label_mode!r}')
    key = f"{label_mode}_labels".encode()
    train, test = _cifar("cifar100", "cifar-100-python", "cifar-100-python.tar.gz", ["train", "test"], key)
    return train, test


@as_in_keras
def california_housing(version="large", path="california_housing.npz", test_split=0.2, seed=113) -> tuple[Split, Split]:
    """Prices of Californian houses from Keras's folder: x (n, 8) and y (n,), dealt as Keras does; "small" has 600."""
    if version not in ("large", "small"):
        raise KonvError(f'california_housing: version must be "large" or "small", got {version!r}')
    return _dealt("california_housing", path, test_split, seed, 600 if version == "small" else None)


@as_in_keras
def boston_housing(path="boston_housing.npz", test_split=0.2, seed=113) -> tuple[Split, Split]:
    """Prices of houses in Boston from Keras's folder: x (n, 13) and y (n,), dealt as Keras does."""
    return _dealt("boston_housing", path, test_split, seed, None)


def _dealt(owner: str, path: str, test_split: float, seed: int, first: int | None) -> tuple[Split, Split]:
    if not 0 <= test_split < 1:
        raise KonvError(f"{owner}: test_split must be a number from 0 to below 1, got {test_split!r}")
    x, y = (array[:first] for array in _arrays(owner, path, f"{NPZ}{owner}.npz", "x", "y"))
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)  # Keras's generator, so that the same houses are held out
    at = int(len(x) * (1 - test_split))
    return (x[order[:at]], y[order[:at]]), (x[order[at:]], y[order[at:]])


# --- CIFAR --------------------------------------------------------------------------------------------


def _cifar(owner: str, folder: str, archive: str, files: Sequence[str], labels: bytes) -> list[Split]:
    """The batches of a CIFAR data set, out of the folder that Keras unpacks or the archive as it is."""
    found = [place for place in (kept(f"{folder}-target") / folder, kept(folder)) if place.is_dir()]
    packed = [path for path in (kept(archive), kept(f"{folder}-target_archive")) if path.is_file()]
    if not found and not packed:
        raise _missing(owner, kept(archive), CIFAR + archive)
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
            count = _LAST[name] or len(stack) - max(place for place, item in enumerate(stack) if item is _MARK)
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
        _, shape, dtype, by_columns, numbers = taken[0]
        if dtype != _BYTES:
            raise ValueError(f"{dtype} is no array of bytes")
        stack[-1] = np.frombuffer(numbers, np.uint8).reshape(shape, order="F" if by_columns else "C")
