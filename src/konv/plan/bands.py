"""Cutting the work on one sample into bands of rows, for when there are fewer samples than threads."""

from dataclasses import replace

from konv.plan.contracts import Positional
from konv.plan.steps import Step

# kernel: where its geometry is among the arguments, and in that the places of: number of lines, start and distance of
# lines of what is read, the same of what is written
PLACES = {"product": (5, 1, 4, 5, 9, 10), "depthwise": (4, 0, 2, 3, 10, 11), "winograd": (5, 0, 5, 6, 9, 10)}
FLAT = (5, 2, 4, 6, 9, 11)  # a product whose lines follow each other is one line: it is cut between pixels
WORTH = 300_000  # multiply-adds of a step on one sample that are worth a meeting of the threads, a microsecond or two


def is_worth_cutting(step: Step) -> bool:
    return step.kernel in PLACES and step.macs >= WORTH


def bands(step: Step, count: int) -> list[Step]:
    """The step as up to `count` steps on one sample; together they compute the same bits."""
    flat = step.kernel == "product" and step.variant[3]
    position, *places = FLAT if flat else PLACES[step.kernel]
    geometry = step.args.values[position]
    assert isinstance(geometry, tuple)
    lines, *starts = places
    total = geometry[lines]
    grain = 2 if step.kernel == "winograd" else 1  # its grids are two lines high
    count = min(count, -(-total // grain))
    cut = []
    for band in range(count):
        low, high = (min(-(-total // grain) * edge // count * grain, total) for edge in (band, band + 1))
        changed = list(geometry)
        changed[lines] = high - low
        for start, distance in zip(starts[::2], starts[1::2], strict=True):
            changed[start] += low * geometry[distance]
        values = (*step.args.values[:position], tuple(changed), *step.args.values[position + 1:])
        cut.append(replace(step, args=Positional(step.kernel, values, step.variant)))
    return cut
