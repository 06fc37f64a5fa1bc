"""Convolutions and dense layers as matrix products whose left operand overlaps itself.

In an image with its halo the numbers under one row of a window are contiguous. So a window is a list of `taps`,
runs of `inner` contiguous numbers, at fixed distances from the pixel where the window stands. The same holds for the
input gradient, which is a window over the output gradient; where the stride is s, each of the s * s phases of the
input has a window of its own. A dense layer is a window of one pixel. A transposed convolution goes forward as a
convolution's input gradient, and backward as that convolution.
"""

from dataclasses import dataclass
from itertools import product
from math import prod

from konv.ir.ops import Conv, ConvTranspose, Dense, Op
from konv.plan.steps import PARTS, Buffer, Halo, Pack
from konv.plan.tiling import Machine, Tile, choose_tile, panels, product_cycles, split_run

Image = tuple[int, int, int]
SHORT = 64  # pixels: sums over fewer are not worth loading and storing the tile


@dataclass(frozen=True)
class Linear:
    """The sizes of one convolution; a dense layer is one of 1 x 1. Of a transposed one they are those of the convolution
    from its output back to its input."""

    input: Image
    output: Image
    kernel: tuple[int, int, int, int]  # rows, columns, channels per group, filters
    strides: tuple[int, ...] = (1, 1)
    dilation: tuple[int, ...] = (1, 1)
    padding: tuple[int, int] = (0, 0)  # before: top, left
    groups: int = 1
    transposed: bool = False

    @property
    def input_halo(self) -> Halo:
        """The zeros that are read around what goes in."""
        return self._spread_halo if self.transposed else self._window_halo

    @property
    def gradient_halo(self) -> Halo:
        """The zeros that are read around the gradient of what comes out."""
        return self._window_halo if self.transposed else self._spread_halo

    @property
    def terms(self) -> int:
        """Of the sum that each result is."""
        height, width, channels, filters = self.kernel
        return height * width * filters // prod(self.strides) if self.transposed else height * width * channels

    @property
    def _window_halo(self) -> Halo:
        """What the windows of the convolution read around its input."""
        sides = []
        for axis in (0, 1):
            last = (self.output[axis] - 1) * self.strides[axis] + self.dilation[axis] * (self.kernel[axis] - 1)
            sides += [self.padding[axis], max(last - self.padding[axis] - self.input[axis] + 1, 0)]
        return Halo(*sides)

    @property
    def _spread_halo(self) -> Halo:
        """What its input gradient reads around the output gradient."""
        sides = []
        for axis in (0, 1):
            reach = [shift for phase in self.phases(axis) for _, shift in phase.taps]
            ends = [shift + phase.count - 1 for phase in self.phases(axis) for _, shift in phase.taps]
            sides += [max(0, -min(reach)), max(0, max(ends) - self.output[axis] + 1)]
        return Halo(*sides)

    def phases(self, axis: int) -> list["Phase"]:
        """Input pixels start, start + stride, ... see the taps t at output pixel i + shift, i counting from 0."""
        size, stride, pad = self.input[axis], self.strides[axis], self.padding[axis]
        found = []
        for start in range(min(stride, size)):
            taps = tuple((t, (start + pad - t * self.dilation[axis]) // stride) for t in reversed(range(self.kernel[axis]))
                         if (start + pad - t * self.dilation[axis]) % stride == 0)
            found.append(Phase(start, -(-(size - start) // stride), taps))
        return found


@dataclass(frozen=True)
class Phase:
    start: int
    count: int
    taps: tuple[tuple[int, int], ...]


def linear_of(op: Op, source: Image, result: Image) -> Linear:
    """The sizes of a node between images of these sizes; those of a sequence have one row."""
    if isinstance(op, Dense):
        return Linear(source, result, (1, 1, source[2], op.units))
    assert isinstance(op, (Conv, ConvTranspose))
    window, missing = op.window.planar, 2 - op.window.rank
    rows, columns = window.axes(*source[:2])
    height, width, *depths = (*(1,) * missing, *op.kernel_shape(source[missing:]))
    shape = (height, width, depths[0], depths[1])
    if isinstance(op, ConvTranspose):
        return Linear(result, source, shape, window.strides, window.dilation, (rows.before, columns.before), transposed=True)
    return Linear(source, result, shape, window.strides, window.dilation, (rows.before, columns.before), op.groups)


@dataclass(frozen=True)
class Product:
    """The arguments of the kernel `product`, or of `kernel_product`, but for its arrays."""

    pack: Pack
    taps: tuple[int, ...]
    geometry: tuple[int, ...]
    variant: tuple[int, ...]
    rows: int = 0


def forward_products(sizes: Linear, x: Buffer, y: Buffer, machine: Machine) -> list[Product]:
    return _spread_products(sizes, x, y, machine) if sizes.transposed else [_window_product(sizes, x, y, machine)]


def backward_products(sizes: Linear, d: Buffer, dx: Buffer, machine: Machine) -> list[Product]:
    """The gradient of what goes in."""
    return [_window_product(sizes, d, dx, machine)] if sizes.transposed else _spread_products(sizes, d, dx, machine)


def _window_product(sizes: Linear, x: Buffer, y: Buffer, machine: Machine) -> Product:
    """The convolution."""
    runs = _forward_runs(sizes, x)
    height, width, _ = sizes.output
    start = x.start - sizes.padding[0] * x.row - sizes.padding[1] * x.shape[2]
    steps = (start, sizes.strides[0] * x.row, sizes.strides[1] * x.shape[2], x.shape[0] * x.row, sizes.kernel[2])
    filters = sizes.kernel[3] // sizes.groups
    target = (y.start, y.row, y.shape[2], y.shape[0] * y.row, filters)
    return _product(sizes, runs, (height, width), steps, target, filters, False, machine)


def _spread_products(sizes: Linear, d: Buffer, dx: Buffer, machine: Machine) -> list[Product]:
    """Its input gradient: one product per phase of the stride that any window reaches."""
    found = []
    for rows, columns in product(sizes.phases(0), sizes.phases(1)):
        if not rows.taps or not columns.taps:
            continue
        runs = _backward_runs(sizes, rows, columns, d)
        steps = (d.start, d.row, d.shape[2], d.shape[0] * d.row, sizes.kernel[3] // sizes.groups)
        target = (dx.start + rows.start * dx.row + columns.start * dx.shape[2], sizes.strides[0] * dx.row,
                  sizes.strides[1] * dx.shape[2], dx.shape[0] * dx.row, sizes.kernel[2])
        found.append(_product(sizes, runs, (rows.count, columns.count), steps, target, sizes.kernel[2], True, machine))
    return found


def is_covered(sizes: Linear) -> bool:
    """Whether every pixel of the convolution's input is written by some phase of the input gradient."""
    return all(phase.taps for axis in (0, 1) for phase in sizes.phases(axis))


def kernel_product(sizes: Linear, x: Buffer, d: Buffer, machine: Machine, bands: int = 1) -> Product:
    """The kernel gradient of the convolution: the inner loop runs over pixels; rows of the tile run over the kernel and
    lanes over the filters, or the other way round where that leaves fewer lanes idle. Each of the bands of lines is summed
    by itself."""
    taps, offsets, inner = _forward_runs(sizes, x)
    filters = sizes.kernel[3] // sizes.groups
    depth = sizes.output[0] * sizes.output[1]
    plain, turned = choose_tile(inner, filters, depth, machine), choose_tile(filters, inner, depth, machine)
    turn = product_cycles(filters, inner, depth, turned, machine) < product_cycles(inner, filters, depth, plain, machine)
    tile, across = (turned, inner) if turn else (plain, filters)
    pack = Pack(sizes.kernel, taps, sizes.groups, panels(across, tile, machine), tile.vectors * machine.lanes,
                run=inner if turn else 0)
    height, width, _ = sizes.output
    start = x.start - sizes.padding[0] * x.row - sizes.padding[1] * x.shape[2]
    source = (start, sizes.strides[0] * x.row, sizes.strides[1] * x.shape[2], x.shape[0] * x.row)
    error = (d.start, d.row, d.shape[2], d.shape[0] * d.row)
    flat = _is_flat(source, error, height, width)
    # so many lines, or pixels of a flat line, at a time that they stay in the second-level cache
    if flat:
        height, width = 1, height * width
        span = max(machine.cache // 2 // (4 * (x.shape[2] + d.shape[2])), SHORT)
    else:
        span = max(machine.cache // 2 // (4 * (sizes.strides[0] * x.row + d.row)), -(-SHORT // width))
        span = -(-height // -(-height // span))
    geometry = (flat, height, width, inner, *source, sizes.kernel[2], *error, filters, filters, 0, span, bands)
    tiles = pack.groups * len(offsets) * (pack.panels * -(-filters // tile.rows) if turn else -(-inner // tile.rows))
    return Product(pack, offsets, geometry, (tile.rows, tile.vectors, tile.rest, int(turn)), bands * tiles)


def bands_of_lines(sizes: Linear, x: Buffer, d: Buffer, samples: int, machine: Machine) -> int:
    """Into how many bands the lines of few samples are cut, so that a band stays in the second-level cache."""
    size = samples * (x.bytes + d.bytes)
    return max(1, min(-(-size // (machine.cache // 2)), PARTS, sizes.output[0]))


Runs = tuple[tuple[tuple[int, int], ...], tuple[int, ...], int]  # kernel taps in order, offsets of the runs, their length


def _forward_runs(sizes: Linear, x: Buffer) -> Runs:
    height, width, channels, _ = sizes.kernel
    taps = tuple(product(range(height), range(width)))
    if sizes.dilation[1] == 1 and sizes.groups == 1:
        return taps, tuple(r * sizes.dilation[0] * x.row for r in range(height)), width * channels
    offsets = tuple(r * sizes.dilation[0] * x.row + s * sizes.dilation[1] * x.shape[2] for r, s in taps)
    return taps, offsets, channels


def _backward_runs(sizes: Linear, rows: Phase, columns: Phase, d: Buffer) -> Runs:
    filters = sizes.kernel[3] // sizes.groups
    taps = tuple((r, s) for (r, _), (s, _) in product(rows.taps, columns.taps))
    if sizes.dilation[1] == 1 and sizes.groups == 1:  # neighbouring taps of a phase read neighbouring pixels
        first = columns.taps[0][1] * d.shape[2]
        return taps, tuple(shift * d.row + first for _, shift in rows.taps), len(columns.taps) * filters
    offsets = tuple(e * d.row + f * d.shape[2] for (_, e), (_, f) in product(rows.taps, columns.taps))
    return taps, offsets, filters


def _is_flat(source, target, height: int, width: int) -> bool:
    """Whether all pixels of all samples follow each other at one distance on both sides."""
    return all(row == width * column and image == height * row for _, row, column, image in (source, target))


def _product(sizes: Linear, runs: Runs, size, steps, target, filters: int, transposed: bool, machine: Machine) -> Product:
    taps, offsets, inner = runs
    height, width = size
    flat = _is_flat(steps[:4], target[:4], height, width)
    if flat:
        height, width = 1, height * width
    # the length of a flat line depends on the number of samples: any rest is done with tiles of half the rows, then one
    tile = choose_tile(1 << 16 if flat else width, filters, len(offsets) * inner, machine)
    if flat:
        tile = Tile(tile.rows, tile.vectors, max(tile.rows // 2, 1))
    piece = split_run(inner)
    offsets = tuple(offset + start for offset in offsets for start in range(0, inner, piece))
    pack = Pack(sizes.kernel, taps, sizes.groups, panels(filters, tile, machine), tile.vectors * machine.lanes, transposed)
    # so many taps at a time that their share of a panel stays in the second-level cache
    chunk = max(1, machine.cache // 2 // (piece * pack.lanes * 4))
    geometry = (int(flat), height, width, piece, *steps, *target, filters, min(chunk, len(offsets)))
    return Product(pack, offsets, geometry, (tile.rows, tile.vectors, tile.rest, int(flat)))
