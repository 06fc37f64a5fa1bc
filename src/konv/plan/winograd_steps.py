"""Convolutions of 3 x 3 windows, one pixel apart, by Winograd's method: when it is worth it, and with which arguments.

16 products for 2 x 2 pixels instead of 36, but every pixel is transformed on its way in and out: see kernels/winograd.py.
"""

from dataclasses import dataclass
from math import prod

from konv.plan.contracts import (
    Name,
    Units,
    WinogradArgs,
    WinogradGradientArgs,
    WinogradWeightGradientArgs,
    WinogradWeightsArgs,
)
from konv.plan.conv_geometry import ConvGeometry
from konv.plan.emitter import Emitter
from konv.plan.steps import FIRST, ONCE, PARTS, PER_PART, PER_THREAD, ROW_DOMAIN, ROWS, SAMPLE_DOMAIN, WHOLE, Buffer, Step
from konv.plan.tiling import Machine, Tile, choose_tile, cycles, panels, product_cycles
from konv.plan.tiling import fits as fits_registers

GRID, CELLS = 2, 16  # output pixels in a row of a grid, cells of its transform
TRANSFORM = 60.0  # cycles to transform a vector of channels of a grid, in or out
GAIN = 0.8  # of the cycles of the direct way, at most, or it is not worth it
LEAST, MOST = 48, 96  # grids in a strip
BLOCK = (16, 64)  # channels at least and at most, where the weight gradient is split over them
MEMORY = 4.0  # bytes of a part of such a gradient that are written and read again in a cycle
MANY = 64 * 64  # pairs of channel and filter whose transform is worth more than one thread


Shape = tuple[int, int, int, int]


@dataclass(frozen=True)
class Strip:
    """How the method is run: grids at a time, the tile, how the transformed weights (or their gradient) lie in memory."""

    grids: int
    tile: Tile
    shape: Shape
    room: int  # elements that a thread works in
    transposed: bool = False  # lanes are input channels instead of filters
    blocks: int = 0  # panels, or ranges of channels, that the work is split into; 0: it is split over the samples
    block: int = 0  # channels of such a range


def fits(sizes: ConvGeometry) -> bool:
    return (sizes.kernel[:2], sizes.strides, sizes.dilation, sizes.groups) == ((3, 3), (1, 1), (1, 1), 1)


def emit_winograd(e: Emitter, node: int, sizes: ConvGeometry, transposed: bool, x: Buffer, y: Buffer, weight: Name,
                  bias: Name | None, floor: float, accumulate: int) -> bool:
    """The convolution, or `transposed` its input gradient; False where the direct product is faster."""
    (height, width, _), source = sizes.input if transposed else sizes.output, sizes.windows(x)
    if transposed:  # that is the convolution of the output gradient with the kernel turned by 180 degrees
        source = x.layout._replace(start=x.start + (sizes.padding[0] - 2) * x.row + (sizes.padding[1] - 2) * x.shape[2])
    channels, filters = x.shape[2], y.shape[2]
    if not fits(sizes) or not _is_worth((height, width), channels, filters, e.machine):
        return False
    strip = _convolution_strip((height, width), channels, filters, e.samples, e.machine)
    packed = f"{'transposed' if transposed else 'packed'}{node}"
    if packed not in e.buffers:
        e.buffer(packed, strip.shape, WHOLE)
        rows, units, domain = _over_rows(sizes, transposed)
        args = WinogradWeightsArgs(weight=weight, packed=packed, channels=sizes.kernel[2], filters=sizes.kernel[3],
                                   transposed=int(transposed), rows=units)
        e.prologue.append(Step(args, domain, rows, e.layer))
    args = WinogradArgs(
        x=x.name, w=packed, bias=bias or e.fill((0.0,), filters), y=y.name,
        room=e.buffer(f"room{node}:{y.name}", (strip.room,), PER_THREAD).name, x_layout=source, y_layout=y.layout,
        height=height, width=width, channels=channels, filters=filters, strip=strip.grids,
        panels=ROWS if strip.blocks else (0, strip.shape[1]), floor=floor, accumulate=accumulate,
        rows=strip.tile.rows, vectors=strip.tile.vectors)
    e.step(args, macs=e.graph.macs(node), rows=strip.blocks, domain=ROW_DOMAIN if strip.blocks else SAMPLE_DOMAIN)
    return True


def _convolution_strip(size: tuple[int, int], channels: int, filters: int, samples: int, machine: Machine) -> Strip:
    # where few grids meet many weights, these are read once for all samples: each thread takes some panels of them. Whether
    # the method is worth it depends on neither, so that a sample's results are the same bits in a batch of any size
    split = CELLS * channels * filters * 4 > machine.cache // 2 and _grids(size) * samples < LEAST
    strip = LEAST if split else _strip(_grids(size), samples, whole(channels, machine), machine)
    tile = _tile(strip, filters, channels, machine)
    lanes, count = tile.vectors * machine.lanes, panels(filters, tile, machine)
    room = _room(-(-strip // tile.rows) * tile.rows, whole(channels, machine), lanes, machine)
    return Strip(strip, tile, (1, count, CELLS * channels, lanes), room, blocks=count if split else 0)


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


def emit_winograd_weight_gradient(e: Emitter, node: int, sizes: ConvGeometry, x: Buffer, d: Buffer, weight: Name,
                                  first: int) -> Step | None:
    """The step of the weight gradient, where it is worth it; the one that sums its parts is returned."""
    strip = _gradient_strip(sizes, e.samples, e.machine)
    if strip is None:
        return None
    (height, width, _), (_, _, channels, filters), tile = sizes.output, sizes.kernel, strip.tile
    dw = e.buffer(f"parts{node}", (1, *strip.shape), WHOLE) if strip.blocks else e.buffer(f"parts{node}", strip.shape, PER_PART)
    args = WinogradWeightGradientArgs(
        x=x.name, d=d.name, dw=dw.name, room=e.buffer(f"room{node}:{dw.name}", (strip.room,), PER_THREAD).name,
        x_layout=sizes.windows(x), d_layout=d.layout, height=height, width=width, channels=channels, filters=filters,
        strip=strip.grids, blocks=ROWS if strip.blocks else (0, 1), first=1 if strip.blocks else FIRST,
        rows=tile.rows, vectors=tile.vectors, rest=tile.rest, transposed=int(strip.transposed), block=strip.block)
    e.step(args, domain=ROW_DOMAIN if strip.blocks else SAMPLE_DOMAIN, rows=strip.blocks)
    rows, units, domain = _over_rows(sizes, strip.transposed)
    back = WinogradGradientArgs(parts=dw.name, gradient=f"gradient:{weight}", channels=channels, filters=filters,
                                transposed=int(strip.transposed), rows=units, first=first)
    return Step(back, domain, rows, e.layer)


def _gradient_strip(sizes: ConvGeometry, samples: int, machine: Machine) -> Strip | None:
    """None where the direct product is faster."""
    if not fits(sizes):
        return None
    size, channels, filters = sizes.output[:2], sizes.kernel[2], sizes.kernel[3]
    strip = _strip(_grids(size), samples, whole(channels, machine) + whole(filters, machine), machine)
    plain, transposed = choose_tile(channels, filters, strip, machine), choose_tile(filters, channels, strip, machine)
    costs = (product_cycles(channels, filters, strip, plain, machine),
             product_cycles(filters, channels, strip, transposed, machine))
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
    swap = costs[1] < costs[0] and not split
    tile, across = (transposed, channels) if swap else (plain, filters)
    lanes, count = tile.vectors * machine.lanes, panels(across, tile, machine)
    shape = (1, CELLS * count, filters, lanes) if swap else (1, count, CELLS * channels, lanes)
    block = -(-block // tile.rows) * tile.rows if split else channels
    deep = lanes * count if swap else whole(block, machine)
    wide = whole(filters, machine) if swap else lanes * count
    return Strip(strip, tile, shape, _room(strip, deep, wide, machine), swap, -(-channels // block) if split else 0, block)


def _over_rows(sizes: ConvGeometry, transposed: bool) -> tuple[int, Units, str]:
    """How many rows a weight has (its channels, or 16 filters where it is transposed), the range of them that a step does, and
    its domain: all threads share them where there are many."""
    channels, filters = sizes.kernel[2:]
    rows = -(-filters // 16) if transposed else channels
    return (rows, (0, rows), ONCE) if channels * filters < MANY else (rows, ROWS, ROW_DOMAIN)


def _grids(size: tuple[int, int]) -> int:
    return prod(-(-pixels // GRID) for pixels in size)


def _strip(grids: int, samples: int, elements: int, machine: Machine) -> int:
    """How many grids, of so many elements in a cell, stay in half of the private cache: whole samples, or a share of one."""
    most = min(max(machine.cache // 2 // (CELLS * 4 * elements), LEAST), MOST)
    return min(most // grids, samples) * grids if grids <= most else -(-grids // -(-grids // most))


def _room(strip: int, deep: int, wide: int, machine: Machine) -> int:
    return CELLS * (strip * (deep + wide) + 2 * machine.lanes)


def whole(channels: int, machine: Machine) -> int:
    """Rounded up to vectors."""
    return -(-channels // machine.lanes) * machine.lanes
