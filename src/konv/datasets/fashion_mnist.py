"""Clothes: 70,000 images of 28 x 28 pixels, as in keras.datasets.fashion_mnist."""

import os
import sys
from pathlib import Path

from konv.data.idx import read_idx
from konv.data.keras_home import DatasetModule, Split, kept
from konv.errors import FileError

# where Debian's package dataset-fashion-mnist puts its files
FASHION_MNIST = "/usr/share/datasets/fashion-mnist"
IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Fashion-MNIST from the four idx files in a folder: ((x_train, y_train), (x_test, y_test)), all uint8.

    Images are (n, 28, 28) from 0 to 255, 60,000 and 10,000. The files may be gzipped or not; the default folder is that
    of Debian's package dataset-fashion-mnist, or else Keras's. Any folder of idx files named like those of MNIST will do.

    >>> load_data("nowhere")
    Traceback (most recent call last):
    konv.errors.FileError: fashion_mnist: the folder 'nowhere' does not exist; ...
    """
    keras = kept("fashion-mnist")
    folder = Path(path or (keras if keras.is_dir() and not Path(FASHION_MNIST).is_dir() else FASHION_MNIST))
    if not folder.is_dir():
        raise FileError(f"fashion_mnist: the folder {str(folder)!r} does not exist; Debian's package "
                        f"dataset-fashion-mnist installs the files in {FASHION_MNIST}, Keras puts them into {keras}")
    return _idx_pair(folder, "train"), _idx_pair(folder, "t10k")


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


sys.modules[__name__].__class__ = DatasetModule
