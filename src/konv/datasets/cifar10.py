"""Photographs of ten kinds of things: 60,000 images of 32 x 32 pixels, as in keras.datasets.cifar10."""

import sys

import numpy as np

from konv.data.keras_home import DatasetModule, Split
from konv.data.pickled_arrays import cifar


def load_data() -> tuple[Split, Split]:
    """CIFAR-10 from Keras's folder: ((x_train, y_train), (x_test, y_test)), 50,000 and 10,000, all uint8.

    Images are (n, 32, 32, 3) from 0 to 255 (n, 3, 32, 32 if that is the image data format), labels (n, 1).
    """
    files = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
    *train, test = cifar("cifar10", "cifar-10-batches-py", "cifar-10-python.tar.gz", files, b"labels")
    return (np.concatenate([x for x, _ in train]), np.concatenate([y for _, y in train])), test


sys.modules[__name__].__class__ = DatasetModule
