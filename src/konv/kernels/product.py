"""Matrix products on one SIMD tile: convolution, its input gradient, its kernel gradient, and the dense layer.

This file depends on no other jitted function: Numba's disk cache would not notice a change there. What chooses a
variant is a plain int in a closure, which is part of the cache's key.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import (
    FLOATS_IR,
    address,
    at_least_ir,
    first_ir,
    fma_ir,
    masked_load_ir,
    masked_store_ir,
    place_ir,
    prefetch_ir,
    splat_ir,
)

I64 = ir.IntType(64)


@intrinsic
def tile(typing, rows, vectors, ahead, a, b, c, bias, biased, accumulate, floor, taps, tap_step, count, inner, a_tap, a_row,
         a_inner, b_tap, b_inner, c_row, left):
    """c[m, :left] = max(floor, (bias if biased) + (c[m, :] if accumulate) + sum over t < count, i < inner of
    a[taps[t * tap_step] + t * a_tap + m * a_row + i * a_inner] * b[t * b_tap + i * b_inner, :])    for m < rows

    `rows`, `vectors` and `ahead` are literal: the sums are rows x vectors registers. b may be read up to the end of its
    last vector; c is written for `left` numbers a row and no further. Unless `ahead` is 0, the number so many rows
    below the first one that is read is fetched into the cache.
    """
    if not all(isinstance(t, types.IntegerLiteral) for t in (rows, vectors, ahead)):
        raise RequireLiteralValue("rows, vectors and ahead are compile-time constants")
    row_count, vector_count, fetched = (kind.literal_value for kind in (rows, vectors, ahead))

    def emit(context, builder, signature, args):
        a, b, c, bias, biased, accumulate, floor, taps, tap_step, count, inner, *strides, left = args[3:]
        a_tap, a_row, a_inner, b_tap, b_inner, c_row = strides
        const = lambda value: ir.Constant(I64, value)  # noqa: E731
        load = lambda place: builder.load(place, align=4)  # noqa: E731
        cells = [(m, p) for m in range(row_count) for p in range(vector_count)]
        columns = [const(p * LANES) for p in range(vector_count)]
        sums = {cell: cgutils.alloca_once(builder, FLOATS_IR) for cell in cells}  # promoted to registers by LLVM

        with builder.if_else(builder.icmp_signed("!=", biased, const(0))) as (then, otherwise):
            with then:
                first = [load(place_ir(builder, bias, column)) for column in columns]
                for m, p in cells:
                    builder.store(first[p], sums[m, p])
            with otherwise:
                for cell in cells:
                    builder.store(ir.Constant(FLOATS_IR, [0.0] * LANES), sums[cell])

        with cgutils.for_range(builder, count) as tap:
            distance = builder.load(builder.gep(taps, [builder.mul(tap.index, tap_step)]))
            a_start = builder.gep(a, [builder.add(distance, builder.mul(tap.index, a_tap))])
            b_start = builder.gep(b, [builder.mul(tap.index, b_tap)])
            with cgutils.for_range(builder, inner) as step:
                a_now = builder.gep(a_start, [builder.mul(step.index, a_inner)])
                b_now = builder.gep(b_start, [builder.mul(step.index, b_inner)])
                panel = [load(place_ir(builder, b_now, column)) for column in columns]
                if fetched:
                    prefetch_ir(builder, builder.gep(a_now, [builder.mul(a_row, const(fetched))]))
                for m in range(row_count):
                    number = splat_ir(builder, builder.load(builder.gep(a_now, [builder.mul(a_row, const(m))])))
                    for p in range(vector_count):
                        total = fma_ir(builder, number, panel[p], builder.load(sums[m, p]))
                        builder.store(total, sums[m, p])

        places = {(m, p): place_ir(builder, c, builder.add(builder.mul(c_row, const(m)), columns[p])) for m, p in cells}
        adding = builder.icmp_signed("!=", accumulate, const(0))
        lowest = splat_ir(builder, floor)

        def finish(load, store):
            with builder.if_then(adding):
                for cell in cells:
                    builder.store(builder.fadd(builder.load(sums[cell]), load(cell)), sums[cell])
            for cell in cells:
                store(at_least_ir(builder, builder.load(sums[cell]), lowest), cell)

        whole = builder.icmp_signed(">=", left, const(vector_count * LANES))
        with builder.if_else(whole, likely=True) as (then, otherwise):
            with then:
                finish(lambda cell: load(places[cell]), lambda value, cell: builder.store(value, places[cell], align=4))
            with otherwise:
                masks = [first_ir(builder, builder.sub(left, column)) for column in columns]
                finish(lambda cell: masked_load_ir(builder, places[cell], masks[cell[1]]),
                       lambda value, cell: masked_store_ir(builder, value, places[cell], masks[cell[1]]))
        return context.get_dummy_value()

    integer = types.int64
    return types.void(rows, vectors, ahead, a, b, c, bias, integer, integer, types.float32, taps, *[integer] * 10), emit


def make_product(rows, vectors, rest, flat):
    """See konv.kernels.reference.product. `rest` rows finish a line; a flat line may need single ones after that."""
    panel = vectors * LANES
    small = max(rest, 1)

    @kernel
    def product(a, b, bias, c, taps, geometry, floor, accumulate):
        # a (N, H, W, C)  b (groups, panels, K, lanes)  bias (groups * panels * lanes,)  c (N, OH, OW, F)
        height, width, inner = geometry[1], geometry[2], geometry[3]
        a_start, a_row, a_column, a_image, a_group = geometry[4], geometry[5], geometry[6], geometry[7], geometry[8]
        c_start, c_row, c_column, c_image, c_group = geometry[9], geometry[10], geometry[11], geometry[12], geometry[13]
        filters, chunk = geometry[14], geometry[15]
        images, groups, panels = a.shape[0], b.shape[0], b.shape[1]
        if flat:
            width, images = width * images, 1
        lowest, none = np.float32(floor), np.float32(-np.inf)
        for group in range(groups):
            for p in range(panels):
                left = filters - p * panel
                b_panel = (group * panels + p) * b.shape[2] * panel
                offset = address(bias, (group * panels + p) * panel)
                for t in range(0, taps.size, chunk):
                    count = min(chunk, taps.size - t)
                    add = 1 if t > 0 else accumulate
                    biased = 1 if t == 0 else 0
                    low = lowest if t + count == taps.size else none
                    b_now, tap = address(b, b_panel + t * inner * panel), address(taps, t)
                    for n in range(images):
                        for h in range(height):
                            a_line = a_start + group * a_group + n * a_image + h * a_row
                            c_line = c_start + group * c_group + p * panel + n * c_image + h * c_row
                            w = 0
                            while w < width:
                                source = address(a, a_line + w * a_column)
                                target = address(c, c_line + w * c_column)
                                if w + rows <= width:
                                    tile(rows, vectors, 0, source, b_now, target, offset, biased, add, low, tap, 1, count,
                                         inner, 0, a_column, 1, inner * panel, panel, c_column, left)
                                    w += rows
                                elif not flat or w + small <= width:
                                    tile(small, vectors, 0, source, b_now, target, offset, biased, add, low, tap, 1, count,
                                         inner, 0, a_column, 1, inner * panel, panel, c_column, left)
                                    w += small
                                else:
                                    tile(1, vectors, 0, source, b_now, target, offset, biased, add, low, tap, 1, count,
                                         inner, 0, a_column, 1, inner * panel, panel, c_column, left)
                                    w += 1

    return product


def make_kernel_product(rows, vectors, rest, turned):
    """See konv.kernels.reference.kernel_product: the inner loop runs over pixels. Rows of the tile are rows of the kernel
    and lanes are filters; `turned`, rows are filters and lanes are rows of the kernel."""
    panel = vectors * LANES
    small = max(rest, 1)
    ahead = 3 * rows - 1  # rows are numbers of a pixel: what the tile after next reads, which no other prefetcher guesses

    @kernel
    def kernel_product(a, d, dw, taps, geometry, tiles, first):
        # a (N, H, W, C)  d (N, OH, OW, F)
        # dw (bands, groups, panels, K, lanes), or turned (bands, groups, runs x panels, F, lanes)
        # each band of lines is summed by itself; `span` lines at a time, which stay in cache while all tiles read them
        flat, height, width, inner, filters = geometry[0], geometry[1], geometry[2], geometry[3], geometry[14]
        a_start, a_row, a_column, a_image, a_group = geometry[4], geometry[5], geometry[6], geometry[7], geometry[8]
        d_start, d_row, d_column, d_image, d_group = geometry[9], geometry[10], geometry[11], geometry[12], geometry[13]
        span, bands = geometry[16], geometry[17]
        images, groups, panels, depth = a.shape[0], dw.shape[1], dw.shape[2], dw.shape[3]
        lines, line_step, back_step = height, a_row, d_row
        if flat:  # all pixels are one line: it is cut between pixels
            lines, line_step, back_step, height, images = width * images, a_column, d_column, 1, 1
        long = filters if turned else inner
        across = panels // taps.size if turned else panels
        per_run = (long + rows - 1) // rows * (across if turned else 1)
        total = per_run * taps.size * groups
        none, zero = np.float32(-np.inf), address(geometry, 15)  # no taps here: lines lie at one distance
        for band in range(tiles[0] // total, (tiles[1] + total - 1) // total):
            low, high = max(tiles[0] - band * total, 0), min(tiles[1] - band * total, total)
            part, start, stop = band * groups * panels, lines * band // bands, lines * (band + 1) // bands
            for n in range(images):
                for at in range(start, stop, span):
                    add = 0 if first and n == 0 and at == start else 1
                    if flat:
                        width = min(span, stop - at)
                    else:
                        height = min(span, stop - at)
                    for outer in range(1 if turned else panels):
                        for index in range(low, high):
                            group, run = index // (per_run * taps.size), index // per_run % taps.size
                            a_now = a_start + group * a_group + n * a_image + at * line_step
                            d_now = d_start + group * d_group + n * d_image + at * back_step
                            if turned:
                                p, k = index % per_run % across, index % per_run // across * rows
                                target = address(dw, ((part + group * panels + run * across + p) * depth + k) * panel)
                                left, right = address(d, d_now + k), address(a, a_now + taps[run] + p * panel)
                                line, column, right_line, right_column = d_row, d_column, a_row, a_column
                            else:
                                k = index % per_run * rows
                                target = address(dw, ((part + group * panels + outer) * depth + run * inner + k) * panel)
                                left, right = address(a, a_now + taps[run] + k), address(d, d_now + outer * panel)
                                line, column, right_line, right_column = a_row, a_column, d_row, d_column
                            if k + rows <= long:
                                tile(rows, vectors, ahead, left, right, target, right, 0, add, none, zero, 0, height, width,
                                     line, 1, column, right_line, right_column, panel, panel)
                            else:
                                tile(small, vectors, ahead, left, right, target, right, 0, add, none, zero, 0, height, width,
                                     line, 1, column, right_line, right_column, panel, panel)

    return kernel_product
