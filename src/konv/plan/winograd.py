"""Convolutions of 3 x 3 windows, one pixel apart, by Winograd's method: when it is worth it, and with which arguments.

16 products for 2 x 2 pixels instead of 36, but every pixel is transformed on its way in and out: see kernels/winograd.py.
"""

from dataclasses import dataclass
from math import prod

from konv.plan.contracts import Positional
from konv.plan.emitter import Emitter
from konv.plan.linear import Linear
from konv.plan.steps import FIRST, ONCE, PARTS, PER_PART, PER_THREAD, ROW_DOMAIN, ROWS, SAMPLE_DOMAIN, WHOLE, Buffer, Step
from konv.plan.tiling import Machine, Tile, choose_tile, cycles, panels, product_cycles
from konv.plan.tiling import fits as fits_registers

GRID, CELLS = 2, 16  # output pixels in a row of a grid, cells of its transform
TRANSFORM = 60.0  # cycles to transform a vector of channels of a grid, in or out
GAIN = 0.8  # of the cycles of the direct way, at most, or it is not worth it
LEAST, MOST = 48, 96  # grids in a strip
BLOCK = (16, 64)  # channels at least and at most, where the gradient of a kernel is split over them
MEMORY = 4.0  # bytes of a part of such a gradient that are written and read again in a cycle
MANY = 64 * 64  # pairs of channel and filter whose transform is worth more than one thread


@dataclass(frozen=True)
class Winograd:
    """The arguments of the kernels `winograd` and `winograd_kernel`, but for their arrays."""

    shape: tuple[int, int, int, int]  # of the transformed kernel, or of its gradient
    geometry: tuple[int, ...]
    variant: tuple[int, ...]
    room: int  # numbers that a thread works in
    turned: bool  # the kernel's input channels lie along the lanes
    blocks: int = 0  # panels, or ranges of channels, that the work is split into; 0: it is split over the samples


def fits(sizes: Linear) -> bool:
    return (sizes.kernel[:2], sizes.strides, sizes.dilation, sizes.groups) == ((3, 3), (1, 1), (1, 1), 1)


def forward_winograd(sizes: Linear, x: Buffer, y: Buffer, samples: int, machine: Machine) -> Winograd | None:
    """For so many samples in a part of a batch; None where the direct product is faster."""
    return _spread(sizes, x, y, samples, machine) if sizes.transposed else _windows(sizes, x, y, samples, machine)


def backward_winograd(sizes: Linear, d: Buffer, dx: Buffer, samples: int, machine: Machine) -> Winograd | None:
    return _windows(sizes, d, dx, samples, machine) if sizes.transposed else _spread(sizes, d, dx, samples, machine)


def _windows(sizes: Linear, x: Buffer, y: Buffer, samples: int, machine: Machine) -> Winograd | None:
    """The convolution."""
    start = x.start - sizes.padding[0] * x.row - sizes.padding[1] * x.shape[2]
    return _winograd(sizes.output[:2], (x, start), y, False, samples, machine) if fits(sizes) else None


def _spread(sizes: Linear, d: Buffer, dx: Buffer, samples: int, machine: Machine) -> Winograd | None:
    """Its input gradient is the convolution of the output gradient with the kernel turned by 180 degrees."""
    start = d.start + (sizes.padding[0] - 2) * d.row + (sizes.padding[1] - 2) * d.shape[2]
    return _winograd(sizes.input[:2], (d, start), dx, True, samples, machine) if fits(sizes) else None


def _winograd(size: tuple[int, int], source: tuple[Buffer, int], target: Buffer, turned: bool, samples: int,
              machine: Machine) -> Winograd | None:
    (a, start), (height, width) = source, size
    channels, filters = a.shape[2], target.shape[2]
    # where few grids meet many weights, these are read once for all samples: each thread takes some panels of them. Whether
    # the method is worth it depends on neither, so that a sample's results are the same bits in a batch of any size
    split = CELLS * channels * filters * 4 > machine.cache // 2 and _grids(size) * samples < LEAST
    strip = LEAST if split else _strip(_grids(size), samples, whole(channels, machine), machine)
    if not _is_worth(size, channels, filters, machine):
        return None
    tile = _tile(strip, filters, channels, machine)
    lanes, count = tile.vectors * machine.lanes, panels(filters, tile, machine)
    geometry = (height, width, channels, filters, strip, start, *_distances(a), target.start, *_distances(target), 0)
    room = _room(-(-strip // tile.rows) * tile.rows, whole(channels, machine), lanes, machine)
    return Winograd((1, count, CELLS * channels, lanes), geometry, (tile.rows, tile.vectors), room, turned,
                    count if split else 0)


def _is_worth(size: tuple[int, int], channels: int, filters: int, machine: Machine) -> bool:
    """Whether it takes fewer cycles than the direct product."""
    tile = _tile(LEAST, filters, channels, machine)
    products = CELLS * _tile_cycles(LEAST, filters, channels, tile, machine) / LEAST
    transforms = TRANSFORM * (whole(channels, machine) + whole(filters, machine)) / machine.lanes
    other = choose_tile(size[1], filters, 9 * channels, machine)
    direct = size[0] * product_cycles(size[1], filters, 9 * channels, other, machine)
    return _grids(size) * (products + transforms) <= GAIN * direct


def _tile_cycles(strip: int, filters: int, channels: int, tile: Tile, machine: Machine) -> float:
    """Estimated cycles for one cell of so many grids; the last tile may do some for nothing."""
    return panels(filters, tile, machine) * -(-strip // tile.rows) * cycles(tile.rows, tile.vectors, channels, machine)


def _tile(strip: int, filters: int, channels: int, machine: Machine) -> Tile:
    """The tile that does so many grids in the fewest cycles."""
    tiles = (Tile(rows, vectors) for vectors in range(1, -(-filters // machine.lanes) + 1)
             for rows in range(1, strip + 1) if fits_registers(rows, vectors, machine.registers))
    return min(tiles, key=lambda tile: _tile_cycles(strip, filters, channels, tile, machine))


def kernel_winograd(sizes: Linear, x: Buffer, d: Buffer, samples: int, machine: Machine) -> Winograd | None:
    """The gradient of the kernel, where it is worth it."""
    if not fits(sizes):
        return None
    size, channels, filters = sizes.output[:2], sizes.kernel[2], sizes.kernel[3]
    strip = _strip(_grids(size), samples, whole(channels, machine) + whole(filters, machine), machine)
    plain, turned = choose_tile(channels, filters, strip, machine), choose_tile(filters, channels, strip, machine)
    costs = (product_cycles(channels, filters, strip, plain, machine),
             product_cycles(filters, channels, strip, turned, machine))
    pixels = size[0] * size[1]
    direct = min(product_cycles(*pair, pixels, choose_tile(*pair, pixels, machine), machine)
                 for pair in ((9 * channels, filters), (filters, 9 * channels)))
    transforms = TRANSFORM * _grids(size) * (whole(channels, machine) + whole(filters, machine)) / machine.lanes
    if CELLS * min(costs) * _grids(size) / strip + transforms > GAIN * direct:
        return None
    # split over samples, parts of the gradient are summed; over channels, the output gradient is transformed for each block
    block = min(max(channels // 4, BLOCK[0], -(-channels // PARTS)), max(BLOCK[1], -(-channels // PARTS)))
    again = (-(-channels // block) - 1) * TRANSFORM * whole(filters, machine) / machine.lanes * _grids(size) * samples * PARTS
    split = block < channels and again < PARTS * CELLS * channels * filters * 4 / MEMORY
    turn = costs[1] < costs[0] and not split
    tile, across = (turned, channels) if turn else (plain, filters)
    lanes, count = tile.vectors * machine.lanes, panels(across, tile, machine)
    shape = (1, CELLS * count, filters, lanes) if turn else (1, count, CELLS * channels, lanes)
    block = -(-block // tile.rows) * tile.rows if split else channels
    start = x.start - sizes.padding[0] * x.row - sizes.padding[1] * x.shape[2]
    geometry = (*size, channels, filters, strip, start, *_distances(x), d.start, *_distances(d), 0)
    deep = lanes * count if turn else whole(block, machine)
    wide = whole(filters, machine) if turn else lanes * count
    return Winograd(shape, geometry, (tile.rows, tile.vectors, tile.rest, int(turn), block), _room(strip, deep, wide, machine),
                    turn, -(-channels // block) if split else 0)


def emit_winograd(e: Emitter, node: int, sizes: Linear, way: Winograd, arrays: tuple[str, str, str, str], floor: float,
                  accumulate: int) -> None:
    """The step of a convolution, or of its input gradient, between arrays: read, kernel, bias, written."""
    source, kernel, bias, target = arrays
    packed = f"{'turned' if way.turned else 'packed'}{node}"
    if packed not in e.buffers:
        e.buffer(packed, way.shape, WHOLE)
        e.prologue.append(_over_rows(e, "winograd_weights", sizes, way, kernel, packed, sizes.kernel[2:], int(way.turned)))
    room = e.buffer(f"room{node}:{target}", (way.room,), PER_THREAD)
    args = (source, packed, bias, target, room.name, way.geometry, ROWS if way.blocks else (0, way.shape[1]), floor, accumulate)
    e.step("winograd", *args, variant=way.variant, macs=e.graph.macs(node), rows=way.blocks,
           domain=ROW_DOMAIN if way.blocks else SAMPLE_DOMAIN)


def emit_winograd_kernel(e: Emitter, node: int, sizes: Linear, way: Winograd, x: Buffer, d: Buffer, gradient: str,
                         first: int) -> Step:
    """The step of the gradient of a kernel; the one that sums its parts is returned."""
    du = e.buffer(f"parts{node}", (1, *way.shape), WHOLE) if way.blocks else e.buffer(f"parts{node}", way.shape, PER_PART)
    room = e.buffer(f"room{node}:{du.name}", (way.room,), PER_THREAD)
    args = (x.name, d.name, du.name, room.name, way.geometry)
    if way.blocks:
        e.step("winograd_kernel", *args, ROWS, 1, variant=way.variant, domain=ROW_DOMAIN, rows=way.blocks)
    else:
        e.step("winograd_kernel", *args, (0, 1), FIRST, variant=way.variant)
    return _over_rows(e, "winograd_gradient", sizes, way, du.name, gradient, sizes.kernel[2:], int(way.turned), first)


def _over_rows(e: Emitter, kernel: str, sizes: Linear, way: Winograd, source: str, target: str, *rest) -> Step:
    """A step over the rows of a kernel, by all threads where there are many: its channels, or 16 filters where it is turned."""
    channels, filters = sizes.kernel[2:]
    rows, few = -(-filters // 16) if way.turned else channels, channels * filters < MANY
    args = (source, target, *rest[:2], (0, rows) if few else ROWS, *rest[2:])
    return Step(Positional(kernel, args), ONCE if few else ROW_DOMAIN, rows=rows, layer=e.layer)


def _distances(buffer: Buffer) -> tuple[int, int, int]:
    """Between rows, columns and samples."""
    return buffer.row, buffer.shape[2], buffer.shape[0] * buffer.row


def _grids(size: tuple[int, int]) -> int:
    return prod(-(-pixels // GRID) for pixels in size)


def _strip(grids: int, samples: int, numbers: int, machine: Machine) -> int:
    """How many grids, of so many numbers in a cell, stay in half of the private cache: whole samples, or a share of one."""
    most = min(max(machine.cache // 2 // (CELLS * 4 * numbers), LEAST), MOST)
    return min(most // grids, samples) * grids if grids <= most else -(-grids // -(-grids // most))


def _room(strip: int, deep: int, wide: int, machine: Machine) -> int:
    return CELLS * (strip * (deep + wide) + 2 * machine.lanes)


def whole(channels: int, machine: Machine) -> int:
    """Rounded up to vectors."""
    return -(-channels // machine.lanes) * machine.lanes
