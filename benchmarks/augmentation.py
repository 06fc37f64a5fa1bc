"""Milliseconds of layers that prepare images, in training, of konv beside Keras on JAX (compiled with jax.jit).

    python benchmarks/augmentation.py --peers PYTHON

Each library in a process of its own, the images in its own arrays.
"""

import json
import os
import sys

import numpy as np
from timer import in_process, machine, median_time, parser, save

CASES = {
    "RandomFlip": lambda k: [k.RandomFlip("horizontal")],
    "RandomRotation": lambda k: [k.RandomRotation(0.1)],
    "RandomZoom": lambda k: [k.RandomZoom(0.2)],
    "RandomTranslation": lambda k: [k.RandomTranslation(0.1, 0.1)],
    "flip, rotation, zoom": lambda k: [k.RandomFlip("horizontal"), k.RandomRotation(0.1), k.RandomZoom(0.2)],
    "RandomContrast": lambda k: [k.RandomContrast(0.5)],
    "RandomBrightness": lambda k: [k.RandomBrightness(0.2)],
    "GaussianNoise": lambda k: [k.GaussianNoise(0.1)],
    "Resizing, 1.5 times": lambda k: [k.Resizing(96, 96)],
    "UpSampling2D": lambda k: [k.UpSampling2D(2)],
}


def konv(layers, x):
    import konv
    from konv.runtime import Runner

    runner = Runner(konv.Sequential([konv.Input(x.shape[1:]), *layers(konv.layers)]).graph(), {})
    return lambda: runner.forward([x], 1)


def keras(layers, x):
    os.environ["KERAS_BACKEND"] = "jax"
    import jax
    import keras

    model, images = keras.Sequential([keras.Input(x.shape[1:]), *layers(keras.layers)]), jax.numpy.asarray(x)
    seeds = [variable.value for variable in model.non_trainable_variables]
    run = jax.jit(lambda seeds, images: model.stateless_call([], seeds, images, training=True)[0])
    return lambda: run(seeds, images).block_until_ready()


def measure(library, batch, size):
    """{case: milliseconds}."""
    x = np.random.default_rng(0).random((batch, size, size, 3), np.float32)
    return {name: 1e3 * median_time(globals()[library](layers, x)) for name, layers in CASES.items()}


def main():
    options = parser(__doc__)
    options.add_argument("--one", choices=("konv", "keras"), help="this library alone, in this process, as JSON")
    options.add_argument("--peers", metavar="PYTHON", default=sys.executable, help="the interpreter that has Keras and JAX")
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--size", type=int, default=64)
    given = options.parse_args()
    if given.one:
        print(json.dumps(measure(given.one, given.batch, given.size)))
        return
    sizes = ("--batch", given.batch, "--size", given.size)
    found = {library: in_process(python, __file__, "--one", library, *sizes) or {}
             for library, python in (("konv", sys.executable), ("keras", given.peers))}
    print(machine())
    print("\n".join(lines(found)))
    save(found, given.json)


def lines(found):
    """The table: how often konv does it while Keras does it once."""
    yield f"{'layer':24}{'konv':>10}{'Keras':>10}{'ratio':>8}"
    for name, ours in found["konv"].items():
        theirs = found["keras"].get(name)
        yield f"{name:24}{ours:10.3f}" + (f"{theirs:10.3f}{theirs / ours:8.1f}" if theirs else "")


if __name__ == "__main__":
    main()
