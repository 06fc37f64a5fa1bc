"""Three epochs of Fashion-MNIST: accuracy on the test set and seconds per epoch, konv beside Keras.

    python benchmarks/fashion.py [--library konv keras] [--epochs 3] [--path FOLDER]

Runs the libraries one after the other on the same data and network (264,562 parameters, Adam, batches of 128). Keras
takes the backend that KERAS_BACKEND names, JAX by default. The files are those of Debian's package
dataset-fashion-mnist.
"""

import argparse
import os
import subprocess
import sys
import time
from importlib import import_module

from networks import keras_network

from konv.datasets import fashion_mnist


def run(name, epochs, path, seed):
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = import_module(name)
    (x_train, y_train), (x_test, y_test) = fashion_mnist(path)
    x_train, x_test = (x[..., None].astype("float32") / 255 for x in (x_train, x_test))
    keras.utils.set_random_seed(seed)
    model = keras_network(keras, "seed", "softmax")
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        model.fit(x_train, y_train, batch_size=128, verbose=0)
        seconds = time.perf_counter() - start
        _, accuracy = model.evaluate(x_test, y_test, batch_size=128, verbose=0)
        print(f"{name}: epoch {epoch}: {seconds:.1f} s, test accuracy {accuracy:.2%}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", nargs="+", default=["konv", "keras"], choices=["konv", "keras"])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--path", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if len(arguments.library) == 1:
        run(arguments.library[0], arguments.epochs, arguments.path, arguments.seed)
        return
    options = ["--epochs", str(arguments.epochs), "--path", arguments.path, "--seed", str(arguments.seed)]
    for name in arguments.library:  # a process each: their threads must not meet
        subprocess.run([sys.executable, __file__, "--library", name, *options], check=True)


if __name__ == "__main__":
    main()
