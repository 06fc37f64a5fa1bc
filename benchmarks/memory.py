"""Memory of a training step, konv beside PyTorch: the most that a process holds, and by how much the step made it grow.

    python benchmarks/memory.py [--peers PYTHON] [--json FILE]

Each figure is of a fresh process: what it holds before the first step (interpreter, library, network, images), and the most
it held after three steps. For konv, `arena` is what the plan asks for.
"""

import json
import os
import resource
import sys

from networks import NETWORKS
from timer import in_process, machine, parser, save

BATCHES = {"seed": 128, "vgg": 64, "resnet": 64, "mobile": 64}


def held():
    """Megabytes that the process holds, and the most that it has held."""
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return now / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def one(library, network, batch):
    """Three steps of one library; prints its figures as JSON."""
    import contender

    step, found = getattr(contender, library)(network, "train", batch), {}
    before, _ = held()
    for _ in range(3):
        step()
    _, most = held()
    if library == "konv":
        found["arena"] = arena(network, int(batch))
    print(json.dumps({"before": before, "most": most, "step": most - before, **found}))


def arena(network, batch):
    from networks import keras_network

    import konv
    from konv.kernels import compiled
    from konv.plan import build_plan

    plan = build_plan(keras_network(konv, network).graph(), batch, True, compiled.machine())
    return (plan.arena_bytes + plan.local_bytes * (os.cpu_count() or 1)) / 1e6


def main():
    options = parser(__doc__)
    options.add_argument("--peers", default=sys.executable, help="a python that has PyTorch")
    options.add_argument("--one", nargs=3, metavar=("LIBRARY", "NETWORK", "BATCH"), help="only this, as JSON")
    options.add_argument("--networks", nargs="+", default=list(NETWORKS))
    arguments = options.parse_args()
    if arguments.one:
        return one(*arguments.one)
    print(machine(), f"{'megabytes':14}{'library':14}{'before':>9}{'most':>9}{'step':>9}{'arena':>9}", sep="\n")
    figures = {}
    for network in arguments.networks:
        for library, python in (("konv", sys.executable), ("torch", arguments.peers)):
            row = in_process(python, __file__, "--one", library, network, BATCHES[network])
            if row:
                figures[f"{network}/{library}"] = row
                print(f"{network:14}{library:14}" + "".join(f"{megabytes:9.0f}" for megabytes in row.values()), flush=True)
        ours, theirs = (figures.get(f"{network}/{library}") for library in ("konv", "torch"))
        if ours and theirs:
            print(f"{network:14}{'konv / torch':14}" + "".join(f"{ours[name] / theirs[name]:9.2f}" for name in theirs))
    save(figures, arguments.json)


if __name__ == "__main__":
    main()
