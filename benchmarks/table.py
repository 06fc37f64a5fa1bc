"""Milliseconds of training steps, predictions and single convolutions: konv beside PyTorch, OpenVINO and ONNX Runtime.

    python benchmarks/table.py [--peers PYTHON] [--only TEXT ...] [--rounds 3] [--json FILE]

The libraries run in turn, each in a process of its own, so that their threads do not meet; a figure is the median over the
rounds of each process's own median. `best / konv` is the best peer's time over konv's, so above 1 konv is faster. Only
figures of one run compare: machines are shared, warm up and slow down. A library that is missing is left out; PYTHON, by
default the one that runs this, has the peers (torch, openvino, onnxruntime and onnx).
"""

import math
import os
import statistics
import sys

from contender import LIBRARIES, TASKS
from timer import in_process, machine, parser, save

SCRIPT = os.path.join(os.path.dirname(__file__), "contender.py")


def measure(tasks, rounds, peers):
    """{library: {task: seconds}} of those that are installed."""
    found = {name: {} for name in LIBRARIES}
    for _ in range(rounds):
        for name in LIBRARIES:
            for task, seconds in (in_process(sys.executable if name == "konv" else peers, SCRIPT, name, *tasks) or {}).items():
                found[name].setdefault(task, []).append(seconds)
    return {name: {task: statistics.median(times) for task, times in figures.items()} for name, figures in found.items()
            if figures}


def lines(table, tasks):
    """The table as text, with geometric means of the ratios for each kind of task."""
    yield f"{'milliseconds':38}" + "".join(f"{name:>13}" for name in table) + f"{'best / konv':>13}"
    groups = {}
    for task in tasks:
        row = [figures.get(task) for figures in table.values()]
        rivals = [figures[task] for name, figures in table.items() if name != "konv" and task in figures]
        ratio = min(rivals) / table["konv"][task] if rivals else None
        if ratio:
            network, _, detail = task.split("/")
            groups.setdefault(f"conv/{detail}" if network == "conv" else task, []).append(ratio)
        cells = "".join(f"{seconds * 1e3:13.3f}" if seconds else f"{'-':>13}" for seconds in row)
        yield f"{task:38}{cells}" + (f"{ratio:13.2f}" if ratio else f"{'-':>13}")
    for group, ratios in groups.items():
        if len(ratios) > 1:
            mean = math.exp(statistics.fmean(map(math.log, ratios)))
            yield f"{group}: geometric mean {mean:.2f}, least {min(ratios):.2f}"


def main():
    options = parser(__doc__)
    options.add_argument("--peers", default=sys.executable, help="a python that has the peers")
    options.add_argument("--only", nargs="+", default=[""], help="tasks whose names contain one of these")
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    tasks = [task for task in TASKS if any(text in task for text in arguments.only)]
    table = measure(tasks, arguments.rounds, arguments.peers)
    print(machine(), *lines(table, tasks), sep="\n")
    save(table, arguments.json)


if __name__ == "__main__":
    main()
