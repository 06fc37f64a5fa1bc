"""Data sets to learn with: `konv.datasets.mnist_5k()`, `konv.datasets.fashion_mnist()`."""

from konv.data.datasets import fashion_mnist as fashion_mnist
from konv.data.datasets import mnist_5k as mnist_5k
from konv.surface import surface

__all__ = ["fashion_mnist", "mnist_5k"]

__getattr__, __dir__ = surface(__name__, __all__)
