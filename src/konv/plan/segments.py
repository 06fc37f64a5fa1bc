"""Which steps run without waiting: consecutive ones over samples form a segment, and a thread takes a few samples
through the whole segment before it takes the next, so that what one step writes the next one finds in its cache."""

from itertools import groupby
from math import prod

from konv.plan.contracts import ProductArgs
from konv.plan.steps import PARTS, PER_SAMPLE, ROW_DOMAIN, SAMPLE_DOMAIN, Buffer, Segment, Step
from konv.plan.tiling import Machine

REACH = 4  # times the private cache that a block of samples may fill


def segments(steps: list[Step], buffers: dict[str, Buffer], batch: int, machine: Machine) -> list[Segment]:
    found: list[Segment] = []
    for domain, group in groupby(steps, key=lambda step: step.domain):
        members = list(group)
        if domain == ROW_DOMAIN:
            found += [Segment(domain, (step,), rows=step.rows) for step in members]
        elif domain == SAMPLE_DOMAIN:
            found += [Segment(domain, tuple(part), _block(part, buffers, batch, machine))
                      for part in _split(members, buffers, machine)]
        else:
            found.append(Segment(domain, tuple(members)))
    return found


def _split(steps: list[Step], buffers: dict[str, Buffer], machine: Machine) -> list[list[Step]]:
    """A product whose weights alone fill the cache wants many samples at a time: it stands alone."""
    parts: list[list[Step]] = [[]]
    for step in steps:
        heavy = isinstance(step.args, ProductArgs) and step.args.flat and _whole_bytes(step, buffers) > machine.cache // 4
        if heavy and parts[-1]:
            parts.append([])
        parts[-1].append(step)
        if heavy:
            parts.append([])
    return [part for part in parts if part]


def _whole_bytes(step: Step, buffers: dict[str, Buffer]) -> int:
    return sum(prod(buffers[name].shape) * 4 for name in step.names if name in buffers and buffers[name].leading == "whole")


def _block(steps: list[Step], buffers: dict[str, Buffer], batch: int, machine: Machine) -> int:
    """How many samples to take at a time: what a segment touches is kept near, but not so near that kernels begin anew
    for a few rows. The next cache delivers fast enough: from half the private cache to four times it makes no difference."""
    names = {buffers[name].alias or name for step in steps for name in step.names if name in buffers}
    size = sum(buffers[name].bytes for name in names if buffers[name].leading == PER_SAMPLE)
    most = -(-batch // min(PARTS, batch))
    return max(1, min(most, machine.cache * REACH // max(size, 1)))
