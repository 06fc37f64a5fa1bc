"""Convolutions and dense layers as matrix products whose left operand overlaps itself.

In an image with its halo the elements under one row of a window are contiguous. So a window is a few `Taps`, runs of `inner`
contiguous elements, at fixed distances from the pixel where the window stands. The same holds for the input gradient, which
is a window over the output gradient; where the stride is s, each of the s * s phases of the input has a window of its own.
A dense layer is a window of one pixel. A transposed convolution goes forward as a convolution's input gradient, and
backward as that convolution.
"""

from dataclasses import replace
from itertools import product
from math import prod
from typing import NamedTuple

from konv.plan.contracts import Layout, Name, ProductArgs, Taps, WeightGradientArgs
from konv.plan.conv_geometry import ConvGeometry, Phase
from konv.plan.emitter import Emitter
from konv.plan.steps import FIRST, PARTS, PER_PART, ROW_DOMAIN, ROWS, WHOLE, Buffer, Pack, Step
from konv.plan.tiling import Machine, Tile, choose_tile, panels, product_cycles, split_run

SHORT = 64  # pixels: sums over fewer are not worth loading and storing the tile
# a weight gradient larger than this (for all parts together) is split over its rows rather than over the samples, and so is
# that of few samples: over its rows and over bands of lines
PARTS_LIMIT = 4 << 20
FEW = 4


class Footprint(NamedTuple):
    """What a product reads at each pixel."""

    kernel: tuple[tuple[int, int], ...]  # row and column of the kernel, tap by tap
    first: int  # distance of the first tap from the pixel
    taps: Taps
    inner: int


def emit_products(e: Emitter, node: int, sizes: ConvGeometry, transposed: bool, x: Buffer, y: Buffer, weight: Name,
                  bias: Name | None, floor: float, accumulate: int) -> None:
    """The convolution, or `transposed` its input gradient: one product for each phase of the stride that any window reaches."""
    found = _transposed_products if transposed else _window_products
    products = found(sizes, x, y, e.machine)
    for phase, (pack, args) in enumerate(products):
        packed = e.pack(weight, pack, f"{'transposed' if transposed else 'packed'}{node}.{phase}")
        if bias is None:
            offset = e.fill((0.0,), pack.groups * pack.panels * pack.lanes)
        else:  # a bias is packed as a kernel of one row
            layout = Pack((1, 1, 1, y.shape[2]), ((0, 0),), pack.groups, pack.panels, pack.lanes)
            offset = e.pack(bias, layout, f"bias{node}.{phase}")
        e.step(replace(args, w=packed, bias=offset, floor=floor, accumulate=accumulate),
               macs=e.graph.macs(node) // len(products))


def _window_products(sizes: ConvGeometry, x: Buffer, y: Buffer, machine: Machine) -> list[tuple[Pack, ProductArgs]]:
    """The convolution."""
    read, target = _footprint(sizes, x), y.layout._replace(group=sizes.filters)
    return [_product(sizes, read, sizes.output[:2], x, sizes.windows(x), y, target, sizes.filters, False, machine)]


def _transposed_products(sizes: ConvGeometry, d: Buffer, dx: Buffer, machine: Machine) -> list[tuple[Pack, ProductArgs]]:
    """Its input gradient."""
    found: list[tuple[Pack, ProductArgs]] = []
    for rows, columns in product(sizes.phases(0), sizes.phases(1)):
        if not rows.taps or not columns.taps:
            continue
        source = d.layout._replace(group=sizes.filters)
        target = Layout(dx.start + rows.start * dx.row + columns.start * dx.shape[2], sizes.strides[0] * dx.row,
                        sizes.strides[1] * dx.shape[2], dx.layout.image, sizes.kernel[2])
        found.append(_product(sizes, _transposed_footprint(sizes, rows, columns, d), (rows.count, columns.count), d, source, dx,
                              target, sizes.kernel[2], True, machine))
    return found


def _footprint(sizes: ConvGeometry, x: Buffer) -> Footprint:
    height, width, channels, _ = sizes.kernel
    kernel, row = tuple(product(range(height), range(width))), sizes.dilation[0] * x.row
    if sizes.dilation[1] == 1 and sizes.groups == 1:
        return Footprint(kernel, 0, Taps(height, 1, row, 0), width * channels)
    return Footprint(kernel, 0, Taps(height, width, row, sizes.dilation[1] * x.shape[2]), channels)


def _transposed_footprint(sizes: ConvGeometry, rows: Phase, columns: Phase, d: Buffer) -> Footprint:
    kernel = tuple((r, s) for (r, _), (s, _) in product(rows.taps, columns.taps))
    first, row = rows.taps[0][1] * d.row + columns.taps[0][1] * d.shape[2], rows.step[1] * d.row
    if sizes.dilation[1] == 1 and sizes.groups == 1:  # neighbouring taps of a phase read neighbouring pixels
        return Footprint(kernel, first, Taps(len(rows.taps), 1, row, 0), len(columns.taps) * sizes.filters)
    return Footprint(kernel, first, Taps(len(rows.taps), len(columns.taps), row, columns.step[1] * d.shape[2]), sizes.filters)


def _is_flat(x: Layout, y: Layout, height: int, width: int) -> bool:
    """Whether all pixels of all samples follow each other at one distance on both sides."""
    return all(one.row == width * one.column and one.image == height * one.row for one in (x, y))


def _product(sizes: ConvGeometry, read: Footprint, size: tuple[int, int], x: Buffer, source: Layout, y: Buffer, target: Layout,
             filters: int, transposed: bool, machine: Machine) -> tuple[Pack, ProductArgs]:
    """How the weights are packed, and the step but for these."""
    kernel, first, taps, inner = read
    (height, width), flat = size, _is_flat(source, target, *size)
    if flat:
        height, width = 1, height * width
    # the length of a flat line depends on the number of samples: any rest is done with tiles of half the rows, then one
    tile = choose_tile(1 << 16 if flat else width, filters, taps.rows * taps.columns * inner, machine)
    if flat:
        tile = Tile(tile.rows, tile.vectors, max(tile.rows // 2, 1))
    piece = split_run(inner)
    if taps.columns == 1:  # a long run is several taps
        taps, inner = Taps(taps.rows, inner // piece, taps.row, piece), piece
    pack = Pack(sizes.kernel, kernel, sizes.groups, panels(filters, tile, machine), tile.vectors * machine.lanes, transposed)
    # so many taps at a time that their share of a panel stays in the second-level cache
    chunk = min(max(1, machine.cache // 2 // (inner * pack.lanes * 4)), taps.rows * taps.columns)
    return pack, ProductArgs(
        x=x.name, w="", bias="", y=y.name, x_layout=source._replace(start=source.start + first), y_layout=target, taps=taps,
        height=height, width=width, inner=inner, filters=filters, chunk=chunk, floor=0.0, accumulate=0,
        rows=tile.rows, vectors=tile.vectors, rest=tile.rest, flat=int(flat))


# --- the weight gradient ------------------------------------------------------------------------------------


def emit_weight_gradient(e: Emitter, node: int, sizes: ConvGeometry, x: Buffer, d: Buffer, weight: Name, first: int) -> Step:
    """The step of the gradient of a weight; the one that sums its parts is returned."""
    size = prod(sizes.kernel) * 4
    bands = _bands_of_lines(sizes, x, d, e.batch, e.machine) if e.batch < FEW else 1
    bands = bands if size * bands <= PARTS_LIMIT else 1
    by_rows = e.batch < FEW or size * PARTS > PARTS_LIMIT
    pack, args, tiles = _weight_gradient(sizes, x, d, e.machine, bands)
    if by_rows:
        dw = e.buffer(f"parts{node}", (bands, *pack.shape), WHOLE).name
        e.step(replace(args, dw=dw, tiles=ROWS, first=1), domain=ROW_DOMAIN, rows=tiles)
    else:
        dw = e.buffer(f"parts{node}", pack.shape, PER_PART).name
        e.step(replace(args, dw=dw, tiles=(0, tiles), first=FIRST))
    e.constants[f"index:parts{node}"] = pack
    return e.gather(dw, f"index:parts{node}", f"gradient:{weight}", sizes.kernel, first)


def _weight_gradient(sizes: ConvGeometry, x: Buffer, d: Buffer, machine: Machine,
                     bands: int) -> tuple[Pack, WeightGradientArgs, int]:
    """How the gradient lies in memory, the step but for its arrays and range of tiles, and how many tiles there are.

    The inner loop runs over pixels; rows of the tile run over the kernel and lanes over the filters, or with transposed
    operands the other way round, where that leaves fewer lanes idle. Each of the bands of lines is summed by itself.
    """
    (kernel, _, taps, inner), filters = _footprint(sizes, x), sizes.filters
    (height, width, _), depth = sizes.output, sizes.output[0] * sizes.output[1]
    plain, transposed = choose_tile(inner, filters, depth, machine), choose_tile(filters, inner, depth, machine)
    swap = product_cycles(filters, inner, depth, transposed, machine) < product_cycles(inner, filters, depth, plain, machine)
    tile, across = (transposed, inner) if swap else (plain, filters)
    pack = Pack(sizes.kernel, kernel, sizes.groups, panels(across, tile, machine), tile.vectors * machine.lanes,
                run=inner if swap else 0)
    source, error = sizes.windows(x), d.layout._replace(group=filters)
    flat = _is_flat(source, error, height, width)
    # so many lines, or pixels of a flat line, at a time that they stay in the second-level cache
    if flat:
        height, width = 1, height * width
        span = max(machine.cache // 2 // (4 * (x.shape[2] + d.shape[2])), SHORT)
    else:
        span = max(machine.cache // 2 // (4 * (source.row + d.row)), -(-SHORT // width))
        span = -(-height // -(-height // span))
    tiles = pack.groups * taps.rows * taps.columns * (
        pack.panels * -(-filters // tile.rows) if swap else -(-inner // tile.rows))
    return pack, WeightGradientArgs(
        x=x.name, d=d.name, dw="", x_layout=source, d_layout=error, taps=taps, flat=int(flat), height=height, width=width,
        inner=inner, filters=filters, span=span, bands=bands, tiles=(0, 0), first=1,
        rows=tile.rows, vectors=tile.vectors, rest=tile.rest, transposed=int(swap)), bands * tiles


def _bands_of_lines(sizes: ConvGeometry, x: Buffer, d: Buffer, samples: int, machine: Machine) -> int:
    """Into how many bands the lines of few samples are cut, so that a band stays in the second-level cache."""
    size = samples * (x.bytes + d.bytes)
    return max(1, min(-(-size // (machine.cache // 2)), PARTS, sizes.output[0]))
