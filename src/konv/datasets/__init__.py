"""Data sets to learn with: `konv.datasets.mnist_5k()`, and those of Keras from files that are there."""

from konv.datasets import boston_housing, california_housing, cifar10, cifar100, fashion_mnist, mnist, mnist_5k
from konv.hints import module_attributes

__all__ = ["boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "mnist", "mnist_5k"]

__getattr__, __dir__ = module_attributes(__name__, __all__)
