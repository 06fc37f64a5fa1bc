"""Seconds until the first training step is done, with an empty and with a full cache of compiled kernels.

    python benchmarks/first_call.py [--network seed] [--batch 128] [--json FILE]

Each figure is of a fresh process. `numpy` is `import numpy`, `import` is `import konv` after it and `surface` the first use of
konv.Sequential and konv.layers.Conv2D; `build` makes and compiles the model; `first` is its first
step, in which Numba is imported and the kernels are compiled or read from the cache; `second` is the next one.
"""

import json
import tempfile
import time

from networks import NETWORKS
from timer import in_process, machine, parser, save


def one(network, batch):
    times, steps = {}, {"numpy": "import numpy", "import": "import konv", "surface": "konv.Sequential, konv.layers.Conv2D"}
    for name, code in steps.items():
        start = time.perf_counter()
        exec(code, globals())
        times[name] = time.perf_counter() - start
    import contender

    for name in ("build", "first", "second"):
        start = time.perf_counter()
        if name == "build":
            step = contender.konv(network, "train", batch)
        else:
            step()
        times[name] = time.perf_counter() - start
    print(json.dumps(times))


def measure(network, batch, python, repeats=3):
    with tempfile.TemporaryDirectory() as folder:
        runs = [in_process(python, __file__, "--one", "--network", network, "--batch", batch, NUMBA_CACHE_DIR=folder)
                for _ in range(1 + repeats)]
    return {"empty": runs[0], "full": min(runs[1:], key=lambda run: run["first"])}


def main():
    import sys

    options = parser(__doc__)
    options.add_argument("--network", choices=list(NETWORKS), default="seed")
    options.add_argument("--batch", type=int, default=128)
    options.add_argument("--one", action="store_true", help="only this process, as JSON")
    arguments = options.parse_args()
    if arguments.one:
        return one(arguments.network, arguments.batch)
    found = measure(arguments.network, arguments.batch, sys.executable)
    print(machine(), f"{'cache':8}" + "".join(f"{name:>10}" for name in found["empty"]), sep="\n")
    for cache, times in found.items():
        print(f"{cache:8}" + "".join(f"{seconds:9.3f}s" for seconds in times.values()))
    save(found, arguments.json)


if __name__ == "__main__":
    main()
