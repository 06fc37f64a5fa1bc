"""`konv bench`: where the time of a network goes."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from konv.cli.group import json_option, main
from konv.cli.models import load


@main.command()
@click.argument("path", metavar="MODEL|seed")
@click.option("--batch", default=128, show_default=True, type=click.IntRange(1), help="Images at a time.")
@click.option("--training", is_flag=True, help="A training step (forward and backward) instead of a prediction.")
@json_option
def bench(path: str, batch: int, training: bool, as_json: bool) -> None:
    """Time every layer on one thread: milliseconds, GFLOP/s, share of the machine's peak, bytes moved.

    MODEL is a .keras file, or the word seed for the network that konv is measured by.

    \b
    Example:
      konv bench seed --batch 32 --training
    """
    from konv.runtime.profile import peak_gflops, profile

    model = _seed_network() if path == "seed" else load(path)
    if any(size is None for shape in model.input_shapes for size in shape):
        raise click.UsageError(f"{path}: takes images of any size; bench needs one whose input size is fixed")
    peak = peak_gflops()
    times = profile(model.graph(), model.weight_map(), batch, training)
    order = {layer.name: index for index, layer in enumerate(model.layers)}
    times.sort(key=lambda time: order.get(time.layer, len(order)))
    if as_json:
        rows = [asdict(time) | {"gflops": time.gflops, "peak_share": time.gflops / peak} for time in times]
        click.echo(json.dumps({"batch": batch, "training": training, "peak_gflops": peak, "layers": rows}, indent=2))
        return
    _print(times, peak, batch, training)


def _print(times: Sequence[Any], peak: float, batch: int, training: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    what = "training step" if training else "prediction"
    table = Table(title=f"{what}, {batch} images, one thread; peak {peak:.0f} GFLOP/s", title_justify="left")
    for name in ("layer", "ms", "share", "GFLOP/s", "of peak", "MB moved"):
        table.add_column(name, justify="left" if name == "layer" else "right")
    total = sum(time.seconds for time in times)
    for time in times:
        work = (f"{time.gflops:.0f}", f"{time.gflops / peak:.0%}") if time.flop else ("", "")
        table.add_row(time.layer or "(sums over parts)", f"{time.seconds * 1e3:.3f}", f"{time.seconds / total:.0%}", *work,
                      f"{time.bytes / 1e6:.1f}")
    flop = sum(time.flop for time in times)
    table.add_section()
    table.add_row("all", f"{total * 1e3:.3f}", "", f"{flop / total / 1e9:.0f}", f"{flop / total / 1e9 / peak:.0%}", "")
    Console().print(table)


def _seed_network() -> Any:
    """The network whose summary the project starts from: 264,562 parameters."""
    from konv import layers
    from konv.models import Sequential

    model = Sequential([layers.Input((28, 28, 1))])
    for filters in (75, 50, 25):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        if filters == 50:
            model.add(layers.Dropout(0.2))
        model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D(2, 2, padding="same"))
    for layer in (layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dropout(0.3),
                  layers.Dense(25, activation="softmax")):
        model.add(layer)
    return model
