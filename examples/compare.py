"""All examples with konv and with the real Keras, each in a process of its own, and a table of results and seconds.

    python examples/compare.py [--peer PYTHON] [--only NAME ...] [--backend jax] [--seeds 4]

Both libraries begin with other weights and draw other numbers, so each figure is the mean over a few seeds, with the standard
error of that mean. The seconds are those of the whole program: import, compiling, training. konv compiles its kernels once per
machine, so that a second run shows what it takes from then on.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from math import hypot
from pathlib import Path
from statistics import fmean, median, stdev

FOLDER = Path(__file__).parent
EXAMPLES = ["mnist_convnet", "augmentation", "fine_tuning", "small_resnet", "denoising_autoencoder"]


def run(name, library, python=sys.executable, backend="jax", size="full", seed=0):
    """({figure: value}, seconds) of one example."""
    settings = {"KERAS": library, "KERAS_BACKEND": backend, "SIZE": size, "SEED": str(seed),
                "PYTHONPATH": os.pathsep.join([str(FOLDER.parent / "src"), os.environ.get("PYTHONPATH", "")])}
    start = time.perf_counter()
    done = subprocess.run([python, FOLDER / f"{name}.py"], env={**os.environ, **settings}, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{name} with {library} failed:\n{done.stderr}")
    line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("result:"))
    return {key: float(value) for key, value in re.findall(r"(\w+)=(\S+)", line)}, seconds


def several(name, library, python=sys.executable, backend="jax", seeds=4):
    """({figure: values}, seconds) of one example, run with a few seeds; the median of the seconds."""
    runs = [run(name, library, python, backend, seed=seed) for seed in range(seeds)]
    return {figure: [found[figure] for found, _ in runs] for figure in runs[0][0]}, median(seconds for _, seconds in runs)


def error(values):
    """The standard error of their mean; 0 of one value, of which nothing is known."""
    return stdev(values) / len(values)**0.5 if len(values) > 1 else 0.0


def apart(ours, theirs):
    """How many standard errors of their difference the means lie apart: Student's t of two samples of one size."""
    return abs(fmean(ours) - fmean(theirs)) / max(hypot(error(ours), error(theirs)), 1e-9)


def shown(values):
    return f"{fmean(values):.4f}" + (f" ± {error(values):.4f}" if len(values) > 1 else "")


def rows(names, peer=sys.executable, backend="jax", seeds=4):
    """The table in Markdown, line by line."""
    yield f"| example | figure | konv | Keras on {backend} | konv, seconds | Keras, seconds |"
    yield "|---|---|---|---|---|---|"
    for name in names:
        (ours, seconds), (theirs, others) = several(name, "konv", seeds=seeds), several(name, "keras", peer, backend, seeds)
        for place, figure in enumerate(ours):
            times = f"{seconds:.1f} | {others:.1f}" if place == 0 else " | "
            yield f"| {name if place == 0 else ''} | {figure} | {shown(ours[figure])} | {shown(theirs[figure])} | {times} |"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--peer", default=sys.executable, help="a python that has Keras")
    options.add_argument("--backend", default="jax", help="what Keras runs on")
    options.add_argument("--only", nargs="+", choices=EXAMPLES, default=EXAMPLES)
    options.add_argument("--seeds", type=int, default=4, help="how often each program is run")
    arguments = options.parse_args()
    for line in rows(arguments.only, arguments.peer, arguments.backend, arguments.seeds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
