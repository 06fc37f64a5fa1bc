"""Handwritten digits: 70,000 images of 28 x 28 pixels, as in keras.datasets.mnist."""

import sys

from konv.data.keras_home import NPZ, DatasetModule, Split, npz_arrays


def load_data(path: str = "mnist.npz") -> tuple[Split, Split]:
    """MNIST from `path` in Keras's folder: ((x_train, y_train), (x_test, y_test)), 60,000 and 10,000, all uint8.

    Images are (n, 28, 28) from 0 to 255. For a start without any file there is `mnist_5k`.

    >>> load_data("nowhere.npz")
    Traceback (most recent call last):
    konv.errors.FileError: mnist: there is no ...nowhere.npz, and konv downloads nothing. ...
    """
    x_train, y_train, x_test, y_test = npz_arrays("mnist", path, NPZ + "mnist.npz", "x_train", "y_train", "x_test", "y_test")
    return (x_train, y_train), (x_test, y_test)


sys.modules[__name__].__class__ = DatasetModule
