"""Which library the examples run with, and at which size: konv, or with KERAS=keras the real one.

    python examples/mnist_convnet.py
    KERAS=keras KERAS_BACKEND=jax python examples/mnist_convnet.py

SIZE=tiny runs each program for a moment, to see that it runs; SEED=1 begins with other weights.
"""

import importlib
import os
import sys

import numpy as np

NAME = os.environ.get("KERAS", "konv")
SEED = int(os.environ.get("SEED", "0"))
TINY = os.environ.get("SIZE") == "tiny"
if NAME not in ("konv", "keras"):
    sys.exit(f"KERAS must be konv or keras, got {NAME!r}")

keras = importlib.import_module(NAME)


def some(*arrays):
    """All of each array, or its first 64 samples when the size is tiny."""
    return tuple(array[:64] if TINY else array for array in arrays)


def epochs(number):
    return 1 if TINY else number


def digits():
    """5,000 digits of MNIST, (n, 28, 28, 1) from 0 to 1, and labels: 4,000 to train with and 1,000 to test with."""
    from konv.datasets import mnist_5k

    (x_train, y_train), (x_test, y_test) = mnist_5k()
    scaled = lambda images: images[..., None].astype("float32") / 255  # noqa: E731
    return some(scaled(x_train), y_train), some(scaled(x_test), y_test)


def shapes(count, size=32, seed=0):
    """Colour images of four kinds of shapes on a noisy ground, (count, size, size, 3) from 0 to 1, and which kind each is.

    Discs, squares, rings and crosses of random place, size and colours: what CIFAR is to a network, without a download.
    """
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    radius = draw.uniform(size / 6, size / 3, (count, 1, 1))
    centre = draw.uniform(size / 3, size * 2 / 3, (2, count, 1, 1))
    rows, columns = np.abs(np.mgrid[:size, :size][:, None] - centre)
    distance = np.hypot(rows, columns)
    inside = np.stack([distance < radius, np.maximum(rows, columns) < radius * 0.9,
                       (distance < radius) & (distance > radius * 0.6),
                       (np.minimum(rows, columns) < radius * 0.3) & (np.maximum(rows, columns) < radius)])
    chosen = inside[labels, np.arange(count)][..., None]
    ground = draw.uniform(0, 1, (count, 1, 1, 3))
    colour = (ground + draw.uniform(0.3, 0.7, ground.shape)) % 1
    images = np.where(chosen, colour, ground) + draw.normal(0, 0.1, (count, size, size, 3))
    return some(np.clip(images, 0, 1).astype("float32"), labels)


def report(**figures):
    """The last line of each example, which compare.py reads."""
    print("result:", *(f"{name}={value:.4f}" for name, value in figures.items()))
