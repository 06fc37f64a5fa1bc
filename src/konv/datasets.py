"""Data sets to learn with: `konv.datasets.mnist_5k()`, and those of Keras from files that are there."""

from konv.data.datasets import fashion_mnist as fashion_mnist
from konv.data.datasets import mnist_5k as mnist_5k
from konv.data.keras_files import boston_housing as boston_housing
from konv.data.keras_files import california_housing as california_housing
from konv.data.keras_files import cifar10 as cifar10
from konv.data.keras_files import cifar100 as cifar100
from konv.data.keras_files import mnist as mnist
from konv.hints import module_attributes

__all__ = ["boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "mnist", "mnist_5k"]

__getattr__, __dir__ = module_attributes(__name__, __all__)
__path__ = []  # names below this module are looked for as those below konv are: some are modules of Keras
