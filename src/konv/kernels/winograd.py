"""Convolutions of 3 x 3 windows, one pixel apart, with fewer multiplications; twins in reference.py.

Winograd's minimal filtering: 2 x 2 output pixels come from 4 x 4 input pixels with 16 instead of 36 multiplications per
channel and filter; so does the gradient of the weights. The matrices stand in formulas.py. For each of the 16 cells of a
transformed grid, the sum over the channels (in the gradient: over the grids) is a matrix product on the tile of product.py.
Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015.

A strip of grids is transformed into `room`, so that what the products read and write stays in cache. Grids are counted
through all samples.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

from konv.kernels.jit import LANES, kernel
from konv.kernels.product import tile
from konv.kernels.vectors import (
    FLOATS_IR,
    I64,
    address,
    at_least_ir,
    first_ir,
    masked_load_ir,
    masked_store_ir,
    place_ir,
    splat_ir,
)
from konv.kernels.winograd_matrices import WINOGRAD_ERROR, WINOGRAD_GRADIENT, WINOGRAD_INPUT, WINOGRAD_KERNEL, WINOGRAD_OUTPUT

CELLS = 16
MATRICES = (WINOGRAD_INPUT, WINOGRAD_ERROR, WINOGRAD_KERNEL)
INPUT, ERROR, KERNEL = range(3)


def _integer(value):
    return ir.Constant(I64, value)


def _sum(builder, coefficients, values):
    """The sum of coefficient * value, most of which are 0, 1 or -1; one is positive."""
    total = None
    for factor, value in sorted(zip(coefficients, values, strict=True), key=lambda term: term[0] < 0):
        if factor == 0:
            continue
        if abs(factor) != 1:
            value = builder.fmul(value, ir.Constant(FLOATS_IR, [abs(factor)] * LANES))
        if total is None:
            total = value if factor > 0 else builder.fsub(ir.Constant(FLOATS_IR, [0.0] * LANES), value)
        else:
            total = builder.fadd(total, value) if factor > 0 else builder.fsub(total, value)
    return total


def _sandwich(builder, matrix, grid):
    """matrix @ grid @ matrix.T, where the grid holds vectors."""
    columns = [[_sum(builder, row, column) for row in matrix] for column in zip(*grid, strict=True)]
    return [[_sum(builder, row, line) for row in matrix] for line in zip(*columns, strict=True)]


def _pointers(builder, base, size, row, column):
    return [[place_ir(builder, base, builder.add(builder.mul(row, _integer(r)), builder.mul(column, _integer(c))))
             for c in range(size)] for r in range(size)]


def _within(builder, rows, columns, size, lanes, emit):
    """Call emit(masks of size x size pixels) twice: for a grid that lies inside, and for one at the edge."""
    whole = builder.and_(builder.icmp_signed(">=", rows, _integer(size)), builder.icmp_signed(">=", columns, _integer(size)))
    with builder.if_else(whole, likely=True) as (then, otherwise):
        with then:
            emit([[first_ir(builder, lanes)] * size] * size)
        with otherwise:
            row = [builder.icmp_signed(">", rows, _integer(r)) for r in range(size)]
            column = [builder.icmp_signed(">", columns, _integer(c)) for c in range(size)]
            emit([[first_ir(builder, builder.select(builder.and_(r, c), lanes, _integer(0))) for c in column] for r in row])


@intrinsic
def transform_input(typing, which, source, row, column, rows, columns, lanes, target, step):
    """target[k * step] = cell k of the transformed grid of pixels, so many lanes of it; whole vectors are written.

    `which` is literal and names the matrix. Pixels beyond `rows` and `columns` count as zero and are not read.
    """
    if not isinstance(which, types.IntegerLiteral):
        raise RequireLiteralValue("the matrix is a compile-time constant")
    matrix = MATRICES[which.literal_value]

    def emit(context, builder, signature, args):
        source, row, column, rows, columns, lanes, target, step = args[1:]
        size = len(matrix[0])
        pointers = _pointers(builder, source, size, row, column)

        def transform(masks):
            grid = [[masked_load_ir(builder, *pixel) for pixel in zip(*line, strict=True)]
                    for line in zip(pointers, masks, strict=True)]
            cells = [cell for line in _sandwich(builder, matrix, grid) for cell in line]
            for k, cell in enumerate(cells):
                builder.store(cell, place_ir(builder, target, builder.mul(step, _integer(k))), align=4)

        _within(builder, rows, columns, size, lanes, transform)
        return context.get_dummy_value()

    return types.void(which, source, *[types.int64] * 5, target, types.int64), emit


@intrinsic
def transform_output(typing, source, step, bias, target, row, column, rows, columns, lanes, floor, accumulate):
    """target[pixel] = max(floor, bias + pixel of the grid source[k * step] + (target[pixel] if accumulate)), where the pixel
    lies within `rows` and `columns`."""

    def emit(context, builder, signature, args):
        source, step, bias, target, row, column, rows, columns, lanes, floor, accumulate = args
        cells = [[builder.load(place_ir(builder, source, builder.mul(step, _integer(4 * r + c))), align=4) for c in range(4)]
                 for r in range(4)]
        offset = masked_load_ir(builder, place_ir(builder, bias, _integer(0)), first_ir(builder, lanes))
        results = [[builder.fadd(cell, offset) for cell in line] for line in _sandwich(builder, WINOGRAD_OUTPUT, cells)]
        pointers, lowest = _pointers(builder, target, 2, row, column), splat_ir(builder, floor)

        def finish(masks, before):
            for line in zip(results, pointers, masks, strict=True):
                for result, pointer, mask in zip(*line, strict=True):
                    total = builder.fadd(result, masked_load_ir(builder, pointer, mask)) if before else result
                    masked_store_ir(builder, at_least_ir(builder, total, lowest), pointer, mask)

        with builder.if_else(builder.icmp_signed("!=", accumulate, _integer(0))) as (then, otherwise):
            with then:
                _within(builder, rows, columns, 2, lanes, lambda masks: finish(masks, True))
            with otherwise:
                _within(builder, rows, columns, 2, lanes, lambda masks: finish(masks, False))
        return context.get_dummy_value()

    integer = types.int64
    return types.void(source, integer, bias, target, *[integer] * 5, types.float32, integer), emit


def make_winograd(rows, vectors):
    panel = vectors * LANES

    @kernel
    def winograd(x, w, bias, y, room, x_layout, y_layout, height, width, channels, filters, strip, panels, floor, accumulate):
        # x (N, H, W, C)  w (1, panels, CELLS * C, lanes)  bias (F,)  y (N, OH, OW, F); panels: the range of them to do
        down, across = (height + 1) // 2, (width + 1) // 2
        deep = (channels + LANES - 1) // LANES * LANES
        # one line more than needed between cells, or all of them would fall on the same lines of a cache
        tiled = (strip + rows - 1) // rows * rows
        step, back = tiled * deep + LANES, tiled * panel + LANES
        lowest, none, result = np.float32(floor), np.float32(-np.inf), CELLS * step
        for first in range(0, x.shape[0] * down * across, strip):
            count = min(strip, x.shape[0] * down * across - first)
            n, i, j = first // (down * across), first // across % down, first % across
            for t in range(count):
                source = n * x_layout.image + x_layout.start + 2 * (i * x_layout.row + j * x_layout.column)
                for c in range(0, channels, LANES):
                    transform_input(INPUT, address(x, source + c), x_layout.row, x_layout.column, height + 2 - 2 * i,
                                    width + 2 - 2 * j, channels - c, address(room, t * deep + c), step)
                j += 1
                if j == across:
                    i, j = i + 1, 0
                if i == down:
                    n, i = n + 1, 0
            for p in range(panels[0], panels[1]):
                for k in range(CELLS):
                    b = address(w, (p * CELLS + k) * channels * panel)
                    for t in range(0, count, rows):
                        tile(rows, vectors, 0, address(room, k * step + t * deep), b,
                             address(room, result + k * back + t * panel), b, 0, 0, none,
                             1, 1, 0, channels, 0, 0, deep, 1, 0, panel, panel, panel)
                n, i, j = first // (down * across), first // across % down, first % across
                for t in range(count):
                    target = n * y_layout.image + y_layout.start + 2 * (i * y_layout.row + j * y_layout.column) + p * panel
                    for v in range(0, min(panel, filters - p * panel), LANES):
                        transform_output(address(room, result + t * panel + v), back, address(bias, p * panel + v),
                                         address(y, target + v), y_layout.row, y_layout.column, height - 2 * i, width - 2 * j,
                                         filters - p * panel - v, lowest, accumulate)
                    j += 1
                    if j == across:
                        i, j = i + 1, 0
                    if i == down:
                        n, i = n + 1, 0

    return winograd


def make_winograd_weight_gradient(rows, vectors, rest, transposed, block):
    """Rows of the tile are channels and lanes are filters; `transposed`, the other way round."""
    panel = vectors * LANES
    small = max(rest, 1)

    @kernel
    def winograd_weight_gradient(x, d, dw, room, x_layout, d_layout, height, width, channels, filters, strip, blocks, first):
        # x (N, H, W, C)  d (N, OH, OW, F)  dw (1, 1, panels, CELLS * C, lanes), or transposed (1, 1, CELLS * panels, F, lanes)
        # blocks: the range of them to do, of `block` channels each; all of them where it is transposed
        down, across = (height + 1) // 2, (width + 1) // 2
        low, high = blocks[0] * block, min(blocks[1] * block, channels)
        panels = dw.shape[2] // CELLS if transposed else dw.shape[2]
        deep = panels * panel if transposed else (high - low + LANES - 1) // LANES * LANES
        wide = (filters + LANES - 1) // LANES * LANES if transposed else panels * panel
        step, back = strip * deep + LANES, strip * wide + LANES
        none, error = np.float32(-np.inf), CELLS * step
        start, stop = (0, filters) if transposed else (low, high)
        for grid in range(0, x.shape[0] * down * across, strip):
            count = min(strip, x.shape[0] * down * across - grid)
            n, i, j = grid // (down * across), grid // across % down, grid % across
            for t in range(count):
                source = n * x_layout.image + x_layout.start + 2 * (i * x_layout.row + j * x_layout.column)
                for c in range(low, high, LANES):
                    transform_input(INPUT, address(x, source + c), x_layout.row, x_layout.column, height + 2 - 2 * i,
                                    width + 2 - 2 * j, high - c, address(room, t * deep + c - low), step)
                target = n * d_layout.image + d_layout.start + 2 * (i * d_layout.row + j * d_layout.column)
                for f in range(0, filters, LANES):
                    transform_input(ERROR, address(d, target + f), d_layout.row, d_layout.column, height - 2 * i, width - 2 * j,
                                    filters - f, address(room, error + t * wide + f), back)
                j += 1
                if j == across:
                    i, j = i + 1, 0
                if i == down:
                    n, i = n + 1, 0
            add = 0 if first and grid == 0 else 1
            for p in range(panels):
                for k in range(CELLS):
                    b = address(room, (k * step if transposed else error + k * back) + p * panel)
                    for c in range(start, stop, rows):
                        if transposed:
                            a, target = address(room, error + k * back + c), ((k * panels + p) * filters + c) * panel
                        else:
                            a, target = address(room, k * step + c - low), ((p * CELLS + k) * channels + c) * panel
                        a_inner, b_inner = (wide, deep) if transposed else (deep, wide)
                        if c + rows <= stop:
                            tile(rows, vectors, 0, a, b, address(dw, target), b, 0, add, none, 1, 1, 0, count,
                                 0, 0, 1, a_inner, 0, b_inner, panel, panel)
                        else:
                            tile(small, vectors, 0, a, b, address(dw, target), b, 0, add, none, 1, 1, 0, count,
                                 0, 0, 1, a_inner, 0, b_inner, panel, panel)

    return winograd_weight_gradient


@intrinsic
def collect(typing, parts, count, part, step, lanes, target, tap, accumulate):
    """target[t * tap] = tap t of the gradient of a kernel, from the sum of so many parts, `part` apart, of its cells, `step`
    apart; added to what is there if `accumulate`. Further lanes are neither read nor written."""

    def emit(context, builder, signature, args):
        parts, count, part, step, lanes, target, tap, accumulate = args
        mask = first_ir(builder, lanes)
        sums = [cgutils.alloca_once(builder, FLOATS_IR) for _ in range(CELLS)]  # promoted to registers by LLVM
        for total in sums:
            builder.store(ir.Constant(FLOATS_IR, [0.0] * LANES), total)
        with cgutils.for_range(builder, count) as loop:
            source = builder.gep(parts, [builder.mul(loop.index, part)])
            for k, total in enumerate(sums):
                cell = masked_load_ir(builder, place_ir(builder, source, builder.mul(step, _integer(k))), mask)
                builder.store(builder.fadd(builder.load(total), cell), total)
        grid = [[builder.load(sums[4 * r + c]) for c in range(4)] for r in range(4)]
        before = first_ir(builder, builder.select(builder.icmp_signed("!=", accumulate, _integer(0)), lanes, _integer(0)))
        for t, value in enumerate(value for line in _sandwich(builder, WINOGRAD_GRADIENT, grid) for value in line):
            pointer = place_ir(builder, target, builder.mul(tap, _integer(t)))
            masked_store_ir(builder, builder.fadd(value, masked_load_ir(builder, pointer, before)), pointer, mask)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(parts, *[integer] * 4, target, *[integer] * 2), emit


@intrinsic
def stack(typing, count):
    """The address of so many float32 elements, a constant, that last as long as the call."""
    if not isinstance(count, types.IntegerLiteral):
        raise RequireLiteralValue("the size is a compile-time constant")

    def emit(context, builder, signature, args):
        return cgutils.alloca_once(builder, ir.FloatType(), size=count.literal_value)

    return types.CPointer(types.float32)(count), emit


@intrinsic
def further(typing, pointer, offset):
    """The address of so many elements further on."""
    return pointer(pointer, types.intp), lambda context, builder, signature, args: builder.gep(args[0], [args[1]])


SQUARE = LANES * LANES
SQUARES = 9 * SQUARE


@kernel
def winograd_weights(weight, packed, channels, filters, transposed, rows):
    # weight (3, 3, C, F)  packed (1, panels, CELLS * C, lanes) for the rows of channels; transposed, and turned by 180
    # degrees, (1, panels, CELLS * F, lanes) for the rows of 16 filters. Lanes beyond the last element are zero.
    panel, pairs = packed.shape[3], channels * filters
    if not transposed:
        for c in range(rows[0], rows[1]):
            for p in range(packed.shape[1]):
                for v in range(0, panel, LANES):
                    f = p * panel + v
                    transform_input(KERNEL, address(weight, c * filters + f), 3 * pairs, pairs, 3, 3, filters - f,
                                    address(packed, (p * CELLS * channels + c) * panel + v), channels * panel)
        return
    square = stack(SQUARES)  # of each tap, LANES filters by LANES channels
    for f in range(rows[0] * 16, min(rows[1] * 16, filters), LANES):
        for p in range(packed.shape[1]):
            for v in range(0, panel, LANES):
                c, last = p * panel + v, min(LANES, filters - f)
                for tap in range(9):
                    for j in range(min(LANES, channels - c)):
                        source = address(weight, tap * pairs + (c + j) * filters + f)
                        for i in range(last):
                            square[tap * SQUARE + i * LANES + j] = source[i]
                for i in range(last):
                    transform_input(KERNEL, further(square, 8 * SQUARE + i * LANES), -3 * SQUARE, -SQUARE, 3, 3, channels - c,
                                    address(packed, (p * CELLS * filters + f + i) * panel + v), filters * panel)


@kernel
def winograd_gradient(parts, gradient, channels, filters, transposed, rows, first):
    # the way back: parts (parts, 1, panels, CELLS * C, lanes), or transposed (parts, 1, CELLS * panels, F, lanes)
    # gradient (3, 3, C, F) for the rows of channels, or transposed of 16 filters
    panel, pairs = parts.shape[4], channels * filters
    count, part = parts.shape[0], parts.shape[2] * parts.shape[3] * panel
    if not transposed:
        for c in range(rows[0], rows[1]):
            for f in range(0, filters, LANES):
                source = address(parts, (f // panel * CELLS * channels + c) * panel + f % panel)
                collect(source, count, part, channels * panel, filters - f, address(gradient, c * filters + f), pairs,
                        0 if first else 1)
        return
    square, cell = stack(SQUARES), parts.shape[2] // CELLS * filters * panel
    for f in range(rows[0] * 16, min(rows[1] * 16, filters), LANES):
        for c in range(0, channels, LANES):
            last = min(LANES, filters - f)
            for i in range(last):
                source = address(parts, (c // panel * filters + f + i) * panel + c % panel)
                collect(source, count, part, cell, LANES, further(square, i * LANES), SQUARE, 0)
            for tap in range(9):
                for j in range(min(LANES, channels - c)):
                    target = address(gradient, tap * pairs + (c + j) * filters + f)
                    for i in range(last):
                        value = square[tap * SQUARE + i * LANES + j]
                        target[i] = value + (np.float32(0) if first else target[i])
