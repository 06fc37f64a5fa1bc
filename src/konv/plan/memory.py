"""Where the buffers lie: one arena for all, in which buffers that are never alive together share memory.

A buffer that is written and read within one segment only is `local`: every thread has one block's worth of it. So is
the room that a step works in.
"""

from collections.abc import Iterable, Sequence

from konv.plan.steps import PER_PART, PER_SAMPLE, PER_THREAD, SAMPLE_DOMAIN, Buffer, Segment, root

LINE = 64  # bytes of a cache line
SPARE = 1024  # bytes behind each buffer, since the last vectors of a panel may reach over its end


def place_buffers(buffers: dict[str, Buffer], parts: Sequence[Sequence[Segment]], keep: set[str], batch: int, part_count: int,
          training: bool) -> tuple[frozenset[str], dict[str, int], int, int]:
    """(local buffers, offsets in bytes, bytes of the arena, bytes of a thread's own arena)."""
    order = [segment for part in parts for segment in part]
    lives = _lives(order, buffers)
    kept = {root(name, buffers) for name in keep if not buffers[root(name, buffers)].external}
    for name in sorted(kept - lives.keys()):  # no step touches it: the input of a network that does nothing
        lives[name] = (0, len(order))
    prologue = {root(n, buffers) for segment in parts[0] for step in segment.steps for n in step.names if n in buffers}
    if not training:
        kept |= prologue  # packed once, read in every run
    local = frozenset(name for name, (first, last) in lives.items()
                      if buffers[name].leading == PER_THREAD or (
                          name not in kept and first == last and order[first].domain == SAMPLE_DOMAIN
                          and buffers[name].leading == PER_SAMPLE))
    counts = {PER_SAMPLE: batch, PER_PART: part_count}
    sizes = {name: buffers[name].bytes * counts.get(buffers[name].leading, 1) for name in lives}
    whole = (0, len(order))
    shared = [name for name in lives if name not in local]
    offsets, arena = _first_fit((name, sizes[name], whole if name in kept else lives[name]) for name in shared)
    scratch = 0
    for segment in order:
        inner = _lives_within(segment, buffers, local)
        times = {PER_SAMPLE: segment.block, PER_THREAD: 1}
        placed, size = _first_fit((name, buffers[name].bytes * times[buffers[name].leading], life)
                                  for name, life in inner.items())
        offsets |= placed
        scratch = max(scratch, size)
    return local, offsets, arena, scratch


def _lives(order: Sequence[Segment], buffers: dict[str, Buffer]) -> dict[str, tuple[int, int]]:
    """First and last segment of each buffer. A step within a segment says nothing: threads run at their own pace."""
    lives: dict[str, tuple[int, int]] = {}
    for position, segment in enumerate(order):
        for step in segment.steps:
            for name in step.names:
                if name in buffers and not buffers[name := root(name, buffers)].external:
                    lives[name] = (lives.get(name, (position,))[0], position)
    return lives


def _lives_within(segment: Segment, buffers: dict[str, Buffer], local: frozenset[str]) -> dict[str, tuple[int, int]]:
    lives: dict[str, tuple[int, int]] = {}
    for position, step in enumerate(segment.steps):
        for name in step.names:
            if name in buffers and (name := root(name, buffers)) in local:
                lives[name] = (lives.get(name, (position,))[0], position)
    return lives


def _first_fit(wanted: Iterable[tuple[str, int, tuple[int, int]]]) -> tuple[dict[str, int], int]:
    """Largest first, each at the lowest offset that is free throughout its life."""
    placed: list[tuple[int, int, tuple[int, int]]] = []
    offsets: dict[str, int] = {}
    for name, size, life in sorted(wanted, key=lambda item: -item[1]):
        size = -(-(size + SPARE) // LINE) * LINE
        offset = 0
        for start, end, other in sorted(placed):
            if life[0] <= other[1] and other[0] <= life[1] and start < offset + size and offset < end:
                offset = end
        placed.append((offset, offset + size, life))
        offsets[name] = offset
    return offsets, max((end for _, end, _ in placed), default=0)
