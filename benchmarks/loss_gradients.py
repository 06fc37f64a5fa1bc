"""A training step with the fused gradient of a loss and with that which the engine finds by tracing, in one run.

    python benchmarks/loss_gradients.py

prints milliseconds per step and the ratio; docs/performance.md says what follows from them.
"""

from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import perf_counter

import numpy as np

import konv
from konv.losses.wrapper import FORMULAS

CASES = {"mean_squared_error": "rows", "mean_absolute_error": "rows", "binary_crossentropy": "rows",
         "categorical_crossentropy": "rows", "sparse_categorical_crossentropy": "labels"}


def step(loss: str, targets: np.ndarray, features: int, classes: int, fused: bool) -> Callable[[], object]:
    """One training step of a small dense classifier, compiled with the loss."""
    function = konv.losses.get(loss)
    wrapped = konv.losses.LossFunctionWrapper(function)
    if not fused:
        wrapped.known = replace(FORMULAS[function], fused=None)
    model = konv.Sequential([konv.Input((features,)), konv.layers.Dense(classes, activation="softmax")])
    model.compile("sgd", wrapped)
    x = np.random.default_rng(0).standard_normal((len(targets), features)).astype(np.float32)
    return lambda: model.train_on_batch(x, targets)


def main() -> None:
    random = np.random.default_rng(0)
    for batch, features, classes in ((32, 64, 10), (128, 64, 10), (128, 256, 1000), (4096, 64, 10)):
        labels = random.integers(0, classes, batch)
        for loss, kind in CASES.items():
            targets = labels if kind == "labels" else np.eye(classes, dtype=np.float32)[labels]
            steps = [step(loss, targets, features, classes, fused) for fused in (True, False)]
            times: list[list[float]] = [[], []]
            for one in steps:
                one()
            for _ in range(200):
                for one, found in zip(steps, times, strict=True):
                    start = perf_counter()
                    one()
                    found.append(perf_counter() - start)
            fused, traced = (1e3 * median(found) for found in times)
            print(f"{batch:5} x {classes:4}  {loss:32} fused {fused:7.3f} ms  traced {traced:7.3f} ms  x {traced / fused:.2f}")


if __name__ == "__main__":
    main()
