"""Photographs of 100 kinds of things: 60,000 images of 32 x 32 pixels, as in keras.datasets.cifar100."""

import sys

from konv.data.keras_home import DatasetModule, Split
from konv.data.pickled_arrays import cifar
from konv.errors import KonvError


def load_data(label_mode: str = "fine") -> tuple[Split, Split]:
    """CIFAR-100 from Keras's folder, like `cifar10`, with labels of 100 classes ("fine") or 20 ("coarse")."""
    if label_mode not in ("fine", "coarse"):
        raise KonvError(f'cifar100: label_mode must be "fine" or "coarse", got {label_mode!r}')
    key = f"{label_mode}_labels".encode()
    train, test = cifar("cifar100", "cifar-100-python", "cifar-100-python.tar.gz", ["train", "test"], key)
    return train, test


sys.modules[__name__].__class__ = DatasetModule
