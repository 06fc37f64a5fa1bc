"""Cutting the work on one sample into bands of rows, for when there are fewer samples than threads."""

from dataclasses import replace
from itertools import pairwise

from konv.plan.contracts import DepthwiseArgs, ProductArgs, WinogradArgs
from konv.plan.steps import Step

Banded = DepthwiseArgs | ProductArgs | WinogradArgs
WORTH = 300_000  # multiply-adds of a step on one sample that are worth a meeting of the threads, a microsecond or two


def is_worth_cutting(step: Step) -> bool:
    return isinstance(step.args, Banded) and step.macs >= WORTH


def bands(step: Step, count: int) -> list[Step]:
    """The step as up to `count` steps on one sample; together they compute the same bits."""
    args = step.args
    assert isinstance(args, Banded)
    total = args.width if _is_line(args) else args.height
    grain = 2 if isinstance(args, WinogradArgs) else 1  # its grids are two lines high
    count = min(count, -(-total // grain))
    edges = [min(-(-total // grain) * edge // count * grain, total) for edge in range(count + 1)]
    return [replace(step, args=_band(args, low, high)) for low, high in pairwise(edges)]


def _is_line(args: Banded) -> bool:
    """A product whose lines follow each other is one line: it is cut between pixels."""
    return isinstance(args, ProductArgs) and bool(args.flat)


def _band(args: Banded, low: int, high: int) -> Banded:
    if _is_line(args):
        return replace(args, width=high - low, x_layout=args.x_layout.at(column=low), y_layout=args.y_layout.at(column=low))
    return replace(args, height=high - low, x_layout=args.x_layout.at(row=low), y_layout=args.y_layout.at(row=low))
