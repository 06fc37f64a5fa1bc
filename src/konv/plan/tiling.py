"""The shape of the tile: how many rows and vectors of accumulators suit a matrix product on a machine.

A tile holds rows x vectors accumulators, one panel of `vectors` registers and one broadcast element.
"""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Machine:
    """What the plan must know of the processor."""

    lanes: int = 16  # float32 elements in a vector register: 16 with AVX-512, 8 with AVX2, 4 with NEON
    registers: int = 32
    cache: int = 1 << 20  # bytes of the private (second-level) cache of a core
    shared_cache: int = 1 << 23  # bytes of the last cache that a program may hope to have for itself


@dataclass(frozen=True)
class Tile:
    rows: int
    vectors: int
    rest: int = 0  # rows of the smaller tile that finishes a line; 0 when the lines come out even


NEAR = 24 << 10  # bytes of a panel that stays in the first-level cache beside everything else
STREAM = 40  # bytes that come from the second-level cache in a cycle


def cycles(rows: int, vectors: int, depth: int, machine: Machine) -> float:
    """Estimated cycles of a tile whose inner loop takes `depth` steps.

    Two multiply-adds and two loads start per cycle, and an addition takes four cycles until its register can be used again.
    A panel too large for the first-level cache comes from the second one for each tile anew. The loop itself costs a
    little, and so do the first load and the last store of each register.
    """
    step = max(rows * vectors / 2, (rows + vectors) / 2, 4.0)
    width = vectors * machine.lanes * 4
    if depth * width > NEAR:
        step = max(step, width / STREAM)
    return depth * (step + 0.5) + rows * vectors + 10


def fits(rows: int, vectors: int, registers: int) -> bool:
    """AVX2 machines can multiply straight from memory, but a broadcast needs its register; one stays free of 32."""
    return rows * vectors + vectors + 1 <= registers - (registers >= 32)


def line_cycles(width: int, rows: int, vectors: int, depth: int, machine: Machine) -> float:
    full, rest = divmod(width, rows)
    return full * cycles(rows, vectors, depth, machine) + (cycles(rest, vectors, depth, machine) if rest else 0)


def product_cycles(width: int, filters: int, depth: int, tile: Tile, machine: Machine) -> float:
    """Estimated cycles for a line of `width` pixels by `filters` channels."""
    return panels(filters, tile, machine) * line_cycles(width, tile.rows, tile.vectors, depth, machine)


@lru_cache
def choose_tile(width: int, filters: int, depth: int, machine: Machine) -> Tile:
    """The tile that finishes lines of `width` pixels by `filters` channels, sums of `depth` terms, in the fewest cycles."""
    wanted = -(-filters // machine.lanes)
    best: tuple[float, Tile] | None = None
    for vectors in range(1, min(wanted, machine.registers) + 1):
        for rows in range(1, min(width, machine.registers) + 1):
            if not fits(rows, vectors, machine.registers):
                break
            tile = Tile(rows, vectors, width % rows)
            cost = product_cycles(width, filters, depth, tile, machine)
            # of equal tiles the one with more vectors reads its left operand less often
            if best is None or cost < best[0] - 1e-6 or (cost < best[0] + 1e-6 and vectors > best[1].vectors):
                best = (cost, tile)
    assert best is not None
    return best[1]


def panels(filters: int, tile: Tile, machine: Machine) -> int:
    """Into how many panels of `tile.vectors` registers the channels are packed."""
    return -(-filters // (tile.vectors * machine.lanes))


def split_run(run: int, limit: int = 1024) -> int:
    """The length of the pieces into which a long inner loop is cut, so that a panel can be done in parts that stay in
    cache: the largest divisor of `run` up to `limit`, or `run` itself where the pieces would be too short to be worth it."""
    piece = next(size for size in range(min(run, limit), 0, -1) if run % size == 0)
    return piece if piece * 8 >= min(run, limit) else run
