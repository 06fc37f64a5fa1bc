"""The shape of the tile: how many rows and vectors of accumulators suit a matrix product on a machine.

A tile holds rows x vectors accumulators, one panel of `vectors` registers and one broadcast number.
"""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Machine:
    """What the plan must know of the processor."""

    lanes: int = 16  # float32 numbers in a vector register: 16 with AVX-512, 8 with AVX2, 4 with NEON
    registers: int = 32
    cache: int = 1 << 20  # bytes of the private (second-level) cache of a core
    shared_cache: int = 1 << 23  # bytes of the last cache that a program may hope to have for itself


@dataclass(frozen=True)
class Tile:
    rows: int
    vectors: int
    rest: int = 0  # rows of the smaller tile that finishes a line; 0 when the lines come out even


def cycles(rows: int, vectors: int) -> float:
    """Estimated cycles for one step of the inner loop: two multiply-adds and two loads start per cycle,
    an addition takes four cycles until its register can be used again, and the loop itself costs a little."""
    return max(rows * vectors / 2, (rows + vectors) / 2, 4.0) + 0.5


def fits(rows: int, vectors: int, registers: int) -> bool:
    """AVX2 machines can multiply straight from memory, but a broadcast needs its register; one stays free of 32."""
    return rows * vectors + vectors + 1 <= registers - (registers >= 32)


def line_cycles(width: int, rows: int, vectors: int) -> float:
    full, rest = divmod(width, rows)
    return full * cycles(rows, vectors) + (cycles(rest, vectors) if rest else 0)


def product_cycles(width: int, filters: int, tile: "Tile", machine: Machine) -> float:
    """Estimated cycles per step of the inner loop for a line of `width` pixels by `filters` channels."""
    return panels(filters, tile, machine) * line_cycles(width, tile.rows, tile.vectors)


@lru_cache
def choose_tile(width: int, filters: int, machine: Machine) -> Tile:
    """The tile that finishes lines of `width` pixels by `filters` channels in the fewest estimated cycles."""
    wanted = -(-filters // machine.lanes)
    best: tuple[float, int, int] | None = None
    for vectors in range(1, min(wanted, machine.registers) + 1):
        for rows in range(1, min(width, machine.registers) + 1):
            if not fits(rows, vectors, machine.registers):
                break
            cost = -(-wanted // vectors) * line_cycles(width, rows, vectors)
            # of equal tiles the one with more vectors reads its left operand less often
            if best is None or cost < best[0] - 1e-9 or (abs(cost - best[0]) < 1e-9 and vectors > best[2]):
                best = (cost, rows, vectors)
    assert best is not None
    return Tile(best[1], best[2], width % best[1])


def panels(filters: int, tile: Tile, machine: Machine) -> int:
    """Into how many panels of `tile.vectors` registers the channels are packed."""
    return -(-filters // (tile.vectors * machine.lanes))


def split_run(run: int, limit: int = 1024) -> int:
    """The length of the pieces into which a long inner loop is cut, so that a panel can be done in parts that stay in
    cache: the largest divisor of `run` up to `limit`, or `run` itself where the pieces would be too short to be worth it."""
    piece = next(size for size in range(min(run, limit), 0, -1) if run % size == 0)
    return piece if piece * 8 >= min(run, limit) else run
