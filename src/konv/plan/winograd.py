"""Convolutions of 3 x 3 windows, one pixel apart, by Winograd's method: when it is worth it, and with which arguments.

16 products for 2 x 2 pixels instead of 36, but every pixel is transformed on its way in and out: see kernels/winograd.py.
"""

from dataclasses import dataclass
from itertools import product
from math import prod

from konv.plan.emitter import Emitter
from konv.plan.linear import Linear
from konv.plan.steps import FIRST, PARTS, PER_PART, PER_THREAD, ROW_DOMAIN, ROWS, WHOLE, Buffer, Pack
from konv.plan.tiling import Machine, Tile, choose_tile, panels, product_cycles

GRID, CELLS = 2, 16  # output pixels in a row of a grid, cells of its transform
TRANSFORM = 45.0  # cycles to transform a vector of channels of a grid, in or out
GAIN = 0.9  # of the cycles of the direct way, at most, or it is not worth it
LEAST, MOST = 48, 96  # grids in a strip
BLOCK = 64  # channels at least, where the gradient of a kernel is split over them
PARTS_LIMIT = 8 << 20  # bytes of all parts of the gradient of a kernel, above which it is
FLIPPED = (3, 1, 2, 0)  # the cells of a kernel turned by 180 degrees


@dataclass(frozen=True)
class Winograd:
    """The arguments of the kernels `winograd` and `winograd_kernel`, but for their arrays."""

    pack: Pack
    geometry: tuple[int, ...]
    variant: tuple[int, ...]
    room: int  # numbers that a thread works in
    blocks: int = 0  # ranges of channels that the gradient of the kernel is split into; 0: it is split over the samples


def fits(sizes: Linear) -> bool:
    return (sizes.kernel[:2], sizes.strides, sizes.dilation, sizes.groups) == ((3, 3), (1, 1), (1, 1), 1)


def forward_winograd(sizes: Linear, x: Buffer, y: Buffer, machine: Machine) -> Winograd | None:
    """None where the direct product is faster."""
    start = x.start - sizes.padding[0] * x.row - sizes.padding[1] * x.shape[2]
    return _winograd(sizes, sizes.output[:2], (x, start), y, False, machine) if fits(sizes) else None


def backward_winograd(sizes: Linear, d: Buffer, dx: Buffer, machine: Machine) -> Winograd | None:
    """The input gradient is the convolution of the output gradient with the kernel turned by 180 degrees."""
    start = d.start + (sizes.padding[0] - 2) * d.row + (sizes.padding[1] - 2) * d.shape[2]
    return _winograd(sizes, sizes.input[:2], (d, start), dx, True, machine) if fits(sizes) else None


def _winograd(sizes: Linear, size: tuple[int, int], source: tuple[Buffer, int], target: Buffer, transposed: bool,
              machine: Machine) -> Winograd | None:
    (a, start), (height, width) = source, size
    channels, filters = a.shape[2], target.shape[2]
    tile = choose_tile(1 << 16, filters, channels, machine)
    other = choose_tile(width, filters, 9 * channels, machine)
    direct = height * product_cycles(width, filters, 9 * channels, other, machine)
    if _cycles(size, channels, filters, tile, machine) > GAIN * direct:
        return None
    lanes = tile.vectors * machine.lanes
    strip = _strip(_grids(size), whole(channels, machine) + lanes, tile.rows, machine)
    taps = tuple(product(FLIPPED if transposed else range(4), repeat=2))
    pack = Pack((4, 4, *sizes.kernel[2:]), taps, 1, panels(filters, tile, machine), lanes, transposed)
    geometry = (height, width, channels, filters, strip, start, *_distances(a), target.start, *_distances(target), 0)
    return Winograd(pack, geometry, (tile.rows, tile.vectors), _room(strip, whole(channels, machine), lanes, machine))


def kernel_winograd(sizes: Linear, x: Buffer, d: Buffer, machine: Machine) -> Winograd | None:
    """The gradient of the kernel, where it is worth it."""
    if not fits(sizes):
        return None
    size, channels, filters = sizes.output[:2], sizes.kernel[2], sizes.kernel[3]
    strip = _strip(_grids(size), whole(channels, machine) + whole(filters, machine), 1, machine)
    plain, turned = choose_tile(channels, filters, strip, machine), choose_tile(filters, channels, strip, machine)
    costs = (product_cycles(channels, filters, strip, plain, machine),
             product_cycles(filters, channels, strip, turned, machine))
    pixels = size[0] * size[1]
    direct = min(product_cycles(*pair, pixels, choose_tile(*pair, pixels, machine), machine)
                 for pair in ((9 * channels, filters), (filters, 9 * channels)))
    transforms = TRANSFORM * _grids(size) * (whole(channels, machine) + whole(filters, machine)) / machine.lanes
    if CELLS * min(costs) * _grids(size) / strip + transforms > GAIN * direct:
        return None
    split = CELLS * channels * filters * 4 * PARTS > PARTS_LIMIT and channels >= 2 * BLOCK
    turn = costs[1] < costs[0] and not split
    tile, across = (turned, channels) if turn else (plain, filters)
    lanes, count = tile.vectors * machine.lanes, panels(across, tile, machine)
    pack = Pack((4, 4, channels, filters), tuple(product(range(4), repeat=2)), 1, count, lanes, run=channels if turn else 0)
    block = -(-max(BLOCK, -(-channels // PARTS)) // tile.rows) * tile.rows if split else channels
    start = x.start - sizes.padding[0] * x.row - sizes.padding[1] * x.shape[2]
    geometry = (*size, channels, filters, strip, start, *_distances(x), d.start, *_distances(d), 0)
    deep = lanes * count if turn else whole(block, machine)
    wide = whole(filters, machine) if turn else lanes * count
    return Winograd(pack, geometry, (tile.rows, tile.vectors, tile.rest, int(turn), block), _room(strip, deep, wide, machine),
                    -(-channels // block) if split else 0)


def emit_winograd(e: Emitter, node: int, way: Winograd, arrays: tuple[str, str, str, str], floor: float,
                  accumulate: int) -> None:
    """The step of a convolution, or of its input gradient, between arrays: read, kernel, bias, written."""
    source, kernel, bias, target = arrays
    channels, filters = way.pack.kernel[2:]
    cells = f"cells:{kernel}"
    if cells not in e.buffers:
        e.buffer(cells, (CELLS, channels * filters), WHOLE)
        e.prologue_step("winograd_weights", kernel, cells)
    packed = e.pack(cells, way.pack, f"{'turned' if way.pack.transposed else 'packed'}{node}")
    room = e.buffer(f"room{node}:{target}", (way.room,), PER_THREAD)
    e.step("winograd", source, packed, bias, target, room.name, way.geometry, floor, accumulate, variant=way.variant,
           macs=e.graph.macs(node))


def emit_winograd_kernel(e: Emitter, node: int, way: Winograd, x: Buffer, d: Buffer, later: list, gradient: str,
                         first: int) -> None:
    """The step of the gradient of a kernel; `later` takes those that sum its parts."""
    shape, count = way.pack.shape, prod(way.pack.kernel[2:])
    du = e.buffer(f"parts{node}", (1, *shape), WHOLE) if way.blocks else e.buffer(f"parts{node}", shape, PER_PART)
    room = e.buffer(f"room{node}:{du.name}", (way.room,), PER_THREAD)
    args = (x.name, d.name, du.name, room.name, way.geometry)
    if way.blocks:
        e.step("winograd_kernel", *args, ROWS, 1, variant=way.variant, domain=ROW_DOMAIN, rows=way.blocks)
    else:
        e.step("winograd_kernel", *args, (0, 1), FIRST, variant=way.variant)
    e.constants[f"index:parts{node}"] = way.pack
    cells = e.buffer(f"gradientcells{node}", (CELLS, count), WHOLE)
    later.append(("unpack", du.name, f"index:parts{node}", cells.name, 1))
    later.append(("winograd_gradient", cells.name, gradient, first))


def _distances(buffer: Buffer) -> tuple[int, int, int]:
    """Between rows, columns and samples."""
    return buffer.row, buffer.shape[2], buffer.shape[0] * buffer.row


def _grids(size: tuple[int, int]) -> int:
    return prod(-(-pixels // GRID) for pixels in size)


def _cycles(size: tuple[int, int], channels: int, filters: int, tile: Tile, machine: Machine) -> float:
    """Estimated cycles for a sample."""
    products = CELLS * product_cycles(tile.rows, filters, channels, tile, machine) / tile.rows
    return _grids(size) * (products + TRANSFORM * (whole(channels, machine) + whole(filters, machine)) / machine.lanes)


def _strip(grids: int, numbers: int, rows: int, machine: Machine) -> int:
    """How many grids of so many numbers in a cell stay in half of the private cache; whole samples, or equal shares of one;
    in whole tiles."""
    most = min(max(machine.cache // 2 // (CELLS * 4 * numbers), LEAST), MOST)
    strip = most // grids * grids if grids <= most else -(-grids // -(-grids // most))
    return -(-strip // rows) * rows


def _room(strip: int, deep: int, wide: int, machine: Machine) -> int:
    return CELLS * (strip * (deep + wide) + 2 * machine.lanes)


def whole(channels: int, machine: Machine) -> int:
    """Rounded up to vectors."""
    return -(-channels // machine.lanes) * machine.lanes
