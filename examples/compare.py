"""All examples with konv and with the real Keras, each in a process of its own, and a table of results and seconds.

    python examples/compare.py [--peer PYTHON] [--only NAME ...] [--backend jax]

The seconds are those of the whole program: import, compiling, training. konv compiles its kernels once per machine, so that
a second run shows what it takes from then on.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
EXAMPLES = ["mnist_convnet", "augmentation", "fine_tuning", "small_resnet", "denoising_autoencoder"]


def run(name, library, python=sys.executable, backend="jax", size="full"):
    """({figure: value}, seconds) of one example."""
    settings = {"KERAS": library, "KERAS_BACKEND": backend, "SIZE": size,
                "PYTHONPATH": os.pathsep.join([str(FOLDER.parent / "src"), os.environ.get("PYTHONPATH", "")])}
    start = time.perf_counter()
    done = subprocess.run([python, FOLDER / f"{name}.py"], env={**os.environ, **settings}, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{name} with {library} failed:\n{done.stderr}")
    line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("result:"))
    return {key: float(value) for key, value in re.findall(r"(\w+)=(\S+)", line)}, seconds


def rows(names, peer=sys.executable, backend="jax"):
    """The table in Markdown, line by line."""
    yield f"| example | figure | konv | Keras on {backend} | konv, seconds | Keras, seconds |"
    yield "|---|---|---|---|---|---|"
    for name in names:
        (ours, seconds), (theirs, others) = run(name, "konv"), run(name, "keras", peer, backend)
        for place, figure in enumerate(ours):
            times = f"{seconds:.1f} | {others:.1f}" if place == 0 else " | "
            yield f"| {name if place == 0 else ''} | {figure} | {ours[figure]:.4f} | {theirs[figure]:.4f} | {times} |"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--peer", default=sys.executable, help="a python that has Keras")
    options.add_argument("--backend", default="jax", help="what Keras runs on")
    options.add_argument("--only", nargs="+", choices=EXAMPLES, default=EXAMPLES)
    arguments = options.parse_args()
    for line in rows(arguments.only, arguments.peer, arguments.backend):
        print(line, flush=True)


if __name__ == "__main__":
    main()
