"""The folder where Keras keeps its data sets, and the forms they have there.

Nothing is downloaded: where a file is missing, the error says how to fetch it.
"""

import os
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from konv.errors import FileError, KonvError

NPZ = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

Split = tuple[np.ndarray, np.ndarray]


class DatasetModule(ModuleType):
    """A module of one data set, which may be called too: `konv.datasets.mnist()` is `konv.datasets.mnist.load_data()`."""

    def __call__(self, *arguments: Any, **options: Any) -> tuple[Split, Split]:
        return self.load_data(*arguments, **options)


def kept(name: str) -> Path:
    """Where Keras keeps a file or folder of its data sets."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras", "datasets", name)


def missing(owner: str, path: Path, url: str) -> FileError:
    """The error for a file that is not there, which says how to get it."""
    return FileError(f"{owner}: there is no {path}, and konv downloads nothing. Keras puts it there, and so does: "
                     f"curl -L --create-dirs -o {path} {url}")


def npz_arrays(owner: str, path: str, url: str, *names: str) -> list[np.ndarray]:
    """Arrays of an .npz file; no pickle in it is read."""
    file = kept(path)
    if not file.is_file():
        raise missing(owner, file, url)
    try:
        with np.load(file, allow_pickle=False) as content:
            return [content[name] for name in names]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise FileError(f"{owner}: {file}: {error}") from None


def dealt(owner: str, path: str, test_split: float, seed: int, first: int | None) -> tuple[Split, Split]:
    """x and y of an .npz file, the `first` of them, dealt into training and test as Keras does."""
    if not 0 <= test_split < 1:
        raise KonvError(f"{owner}: test_split must be a number from 0 to below 1, got {test_split!r}")
    x, y = (array[:first] for array in npz_arrays(owner, path, f"{NPZ}{owner}.npz", "x", "y"))
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)  # Keras's generator, so that the same houses are held out
    at = int(len(x) * (1 - test_split))
    return (x[order[:at]], y[order[:at]]), (x[order[at:]], y[order[at:]])
