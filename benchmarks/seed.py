"""Milliseconds of a training step and of a prediction: konv beside Keras on JAX, and PyTorch where it is installed.

    python benchmarks/seed.py [--rounds 3] [--peers PYTHON] [--json FILE]

The network is that of the demo with 25 outputs (264,562 parameters). The contenders run in turn, each in a process of
its own, so that one's threads do not stand in the way of another's; a figure is the median over the rounds of each
process's own median. Only figures of one run compare: machines are shared, warm up and slow down.

`--peers` names a python that has PyTorch or Keras; by default it is the one that runs this.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np
from network import seed_network

TASKS = [("train", 32), ("train", 128), ("predict", 1), ("predict", 32), ("predict", 128)]
SECONDS = 2.0  # for each task, after three calls to warm up


def keras_calls(keras):
    model = seed_network(keras)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    return {"train": model.train_on_batch, "predict": lambda x, y: model.predict_on_batch(x)}


def konv_calls():
    import konv

    return keras_calls(konv)


def keras_on_jax_calls():
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    return keras_calls(keras)


def torch_calls():
    import torch
    from torch import nn

    torch.set_num_threads(os.cpu_count() or 1)
    modules, channels = [], 1
    for filters, rate in ((75, 0.0), (50, 0.2), (25, 0.0)):
        modules += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.Dropout(rate),
                    nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01), nn.MaxPool2d(2, ceil_mode=True)]
        channels = filters
    model = nn.Sequential(*modules, nn.Flatten(), nn.Linear(400, 512), nn.ReLU(), nn.Dropout(0.3), nn.Linear(512, 25))
    model = model.to(memory_format=torch.channels_last)
    optimizer, loss = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7), nn.CrossEntropyLoss()

    def tensor(x):
        return torch.from_numpy(x).permute(0, 3, 1, 2)  # channels last in memory

    def train(x, y):
        model.train()
        optimizer.zero_grad()
        loss(model(tensor(x)), torch.from_numpy(y)).backward()
        optimizer.step()

    def predict(x, y):
        model.eval()
        with torch.inference_mode():
            return model(tensor(x)).numpy()

    return {"train": train, "predict": predict}


CONTENDERS = {"konv": konv_calls, "keras-jax": keras_on_jax_calls, "torch": torch_calls}


def median_time(call):
    for _ in range(3):
        call()
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def run_one(name):
    """Print the figures of one contender as JSON."""
    calls, random, figures = CONTENDERS[name](), np.random.default_rng(0), {}
    for task, batch in TASKS:
        x, y = random.random((batch, 28, 28, 1), np.float32), random.integers(0, 25, batch)
        figures[f"{task}/{batch}"] = median_time(lambda: calls[task](x, y))  # noqa: B023  (called at once)
    print(json.dumps(figures))


def run_all(rounds, peers):
    """{contender: {task: milliseconds}} of those that are installed."""
    found = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name in CONTENDERS:
            python = sys.executable if name == "konv" else peers
            done = subprocess.run([python, __file__, "--one", name], capture_output=True, text=True, check=False)
            if done.returncode == 0:
                found[name].append(json.loads(done.stdout.splitlines()[-1]))
            elif "ModuleNotFoundError" not in done.stderr or name == "konv":
                sys.exit(f"{name} failed:\n{done.stderr}")
    return {name: {task: statistics.median(figures[task] for figures in runs) for task in runs[0]}
            for name, runs in found.items() if runs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable, help="a python that has the peers")
    parser.add_argument("--json", help="write the figures to this file")
    arguments = parser.parse_args()
    if arguments.one:
        return run_one(arguments.one)
    table = run_all(arguments.rounds, arguments.peers)
    print(f"{'milliseconds':14}" + "".join(f"{name:>12}" for name in table))
    for task in table["konv"]:
        print(f"{task:14}" + "".join(f"{figures[task]:12.2f}" for figures in table.values()))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
