"""Matrix products on one SIMD tile: convolution, its input gradient, its weight gradient, and the dense layer.

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
def tile(typing, rows, vectors, ahead, a, b, c, bias, biased, accumulate, floor, count, columns, column, inner, a_tap, a_wrap,
         a_row, a_inner, b_tap, b_inner, c_row, lanes):
    """c[m, :lanes] = max(floor, (bias if biased) + (c[m, :] if accumulate) + sum over t < count, i < inner of
    a[tap(t) + m * a_row + i * a_inner] * b[t * b_tap + i * b_inner, :])    for m < rows

    The taps stand in rows of `columns`, the first one in this `column`: one is `a_tap` from the next, and `a_wrap` more at the
    end of a row. `rows`, `vectors` and `ahead` are literal: the sums are rows x vectors registers. b may be read up to the end
    of its last vector; c is written for `lanes` elements a row and no further. Unless `ahead` is 0, the element so many rows
    below the first one that is read is fetched into the cache.
    """
    if not all(isinstance(t, types.IntegerLiteral) for t in (rows, vectors, ahead)):
        raise RequireLiteralValue("rows, vectors and ahead are compile-time constants")
    row_count, vector_count, fetched = (kind.literal_value for kind in (rows, vectors, ahead))

    def emit(context, builder, signature, args):
        a, b, c, bias, biased, accumulate, floor, count, columns, column, inner, *strides, lanes = args[3:]
        a_tap, a_wrap, a_row, a_inner, b_tap, b_inner, c_row = strides
        const = lambda value: ir.Constant(I64, value)  # noqa: E731
        load = lambda pointer: builder.load(pointer, align=4)  # noqa: E731
        cells = [(m, p) for m in range(row_count) for p in range(vector_count)]
        starts = [const(p * LANES) for p in range(vector_count)]
        sums = {cell: cgutils.alloca_once(builder, FLOATS_IR) for cell in cells}  # promoted to registers by LLVM

        with builder.if_else(builder.icmp_signed("!=", biased, const(0))) as (then, otherwise):
            with then:
                first = [load(place_ir(builder, bias, start)) for start in starts]
                for m, p in cells:
                    builder.store(first[p], sums[m, p])
            with otherwise:
                for cell in cells:
                    builder.store(ir.Constant(FLOATS_IR, [0.0] * LANES), sums[cell])

        distance, now = cgutils.alloca_once_value(builder, const(0)), cgutils.alloca_once_value(builder, column)
        with cgutils.for_range(builder, count) as tap:
            a_start = builder.gep(a, [builder.load(distance)])
            further, following = builder.add(builder.load(distance), a_tap), builder.add(builder.load(now), const(1))
            ends = builder.icmp_signed("==", following, columns)
            builder.store(builder.select(ends, builder.add(further, a_wrap), further), distance)
            builder.store(builder.select(ends, const(0), following), now)
            b_start = builder.gep(b, [builder.mul(tap.index, b_tap)])
            with cgutils.for_range(builder, inner) as step:
                a_now = builder.gep(a_start, [builder.mul(step.index, a_inner)])
                b_now = builder.gep(b_start, [builder.mul(step.index, b_inner)])
                panel = [load(place_ir(builder, b_now, start)) for start in starts]
                if fetched:
                    prefetch_ir(builder, builder.gep(a_now, [builder.mul(a_row, const(fetched))]))
                for m in range(row_count):
                    element = splat_ir(builder, builder.load(builder.gep(a_now, [builder.mul(a_row, const(m))])))
                    for p in range(vector_count):
                        total = fma_ir(builder, element, panel[p], builder.load(sums[m, p]))
                        builder.store(total, sums[m, p])

        pointers = {(m, p): place_ir(builder, c, builder.add(builder.mul(c_row, const(m)), starts[p])) for m, p in cells}
        adding = builder.icmp_signed("!=", accumulate, const(0))
        lowest = splat_ir(builder, floor)

        def finish(load, store):
            with builder.if_then(adding):
                for cell in cells:
                    builder.store(builder.fadd(builder.load(sums[cell]), load(cell)), sums[cell])
            for cell in cells:
                store(at_least_ir(builder, builder.load(sums[cell]), lowest), cell)

        whole = builder.icmp_signed(">=", lanes, const(vector_count * LANES))
        with builder.if_else(whole, likely=True) as (then, otherwise):
            with then:
                finish(lambda cell: load(pointers[cell]), lambda value, cell: builder.store(value, pointers[cell], align=4))
            with otherwise:
                masks = [first_ir(builder, builder.sub(lanes, start)) for start in starts]
                finish(lambda cell: masked_load_ir(builder, pointers[cell], masks[cell[1]]),
                       lambda value, cell: masked_store_ir(builder, value, pointers[cell], masks[cell[1]]))
        return context.get_dummy_value()

    integer = types.int64
    return types.void(rows, vectors, ahead, a, b, c, bias, integer, integer, types.float32, *[integer] * 12), emit


def make_product(rows, vectors, rest, flat):
    """See konv.kernels.reference.product. `rest` rows finish a line; a flat line may need single ones after that."""
    panel = vectors * LANES
    small = max(rest, 1)

    @kernel
    def product(x, w, bias, y, x_layout, y_layout, taps, height, width, inner, filters, chunk, floor, accumulate):
        # x (N, H, W, C)  w (groups, panels, K, lanes)  bias (groups * panels * lanes,)  y (N, OH, OW, F)
        images, groups, panels = x.shape[0], w.shape[0], w.shape[1]
        if flat:
            width, images = width * images, 1
        lowest, none = np.float32(floor), np.float32(-np.inf)
        total, columns, tap = taps.rows * taps.columns, taps.columns, taps.column
        wrap, step, out = taps.row - columns * tap, x_layout.column, y_layout.column
        for group in range(groups):
            for p in range(panels):
                lanes = filters - p * panel
                weights = (group * panels + p) * w.shape[2] * panel
                offset = address(bias, (group * panels + p) * panel)
                for t in range(0, total, chunk):
                    count, column = min(chunk, total - t), t % columns
                    add = 1 if t > 0 else accumulate
                    biased = 1 if t == 0 else 0
                    low = lowest if t + count == total else none
                    b, first = address(w, weights + t * inner * panel), t // columns * taps.row + column * tap
                    for n in range(images):
                        for h in range(height):
                            line = first + x_layout.start + group * x_layout.group + n * x_layout.image + h * x_layout.row
                            target = y_layout.start + group * y_layout.group + p * panel + n * y_layout.image + h * y_layout.row
                            i = 0
                            while i < width:
                                a, c = address(x, line + i * step), address(y, target + i * out)
                                if i + rows <= width:
                                    tile(rows, vectors, 0, a, b, c, offset, biased, add, low, count, columns, column, inner,
                                         tap, wrap, step, 1, inner * panel, panel, out, lanes)
                                    i += rows
                                elif not flat or i + small <= width:
                                    tile(small, vectors, 0, a, b, c, offset, biased, add, low, count, columns, column, inner,
                                         tap, wrap, step, 1, inner * panel, panel, out, lanes)
                                    i += small
                                else:
                                    tile(1, vectors, 0, a, b, c, offset, biased, add, low, count, columns, column, inner,
                                         tap, wrap, step, 1, inner * panel, panel, out, lanes)
                                    i += 1

    return product


def make_weight_gradient(rows, vectors, rest, transposed):
    """See konv.kernels.reference.weight_gradient: the inner loop runs over pixels. Rows of the tile are rows of the weights
    and lanes are filters; `transposed`, rows are filters and lanes are rows of the weights."""
    panel = vectors * LANES
    small = max(rest, 1)
    ahead = 3 * rows - 1  # rows are channels of a pixel: what the tile after next reads, which no other prefetcher guesses

    @kernel
    def weight_gradient(x, d, dw, x_layout, d_layout, taps, flat, height, width, inner, filters, span, bands, tiles, first):
        # x (N, H, W, C)  d (N, OH, OW, F)
        # dw (bands, groups, panels, K, lanes), or transposed (bands, groups, runs x panels, F, lanes)
        # each band of lines is summed by itself; `span` lines at a time, which stay in cache while all tiles read them
        images, groups, panels, depth = x.shape[0], dw.shape[1], dw.shape[2], dw.shape[3]
        lines, line_step, back_step = height, x_layout.row, d_layout.row
        if flat:  # all pixels are one line: it is cut between pixels
            lines, line_step, back_step, height, images = width * images, x_layout.column, d_layout.column, 1, 1
        long, runs = filters if transposed else inner, taps.rows * taps.columns
        across = panels // runs if transposed else panels
        per_run = (long + rows - 1) // rows * (across if transposed else 1)
        total = per_run * runs * groups
        none = np.float32(-np.inf)
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
                    for outer in range(1 if transposed else panels):
                        for index in range(low, high):
                            group, run = index // (per_run * runs), index // per_run % runs
                            tap = run // taps.columns * taps.row + run % taps.columns * taps.column
                            x_now = x_layout.start + group * x_layout.group + n * x_layout.image + at * line_step + tap
                            d_now = d_layout.start + group * d_layout.group + n * d_layout.image + at * back_step
                            if transposed:
                                p, k = index % per_run % across, index % per_run // across * rows
                                c = address(dw, ((part + group * panels + run * across + p) * depth + k) * panel)
                                a, b = address(d, d_now + k), address(x, x_now + p * panel)
                                a_layout, b_layout = d_layout, x_layout
                            else:
                                k = index % per_run * rows
                                c = address(dw, ((part + group * panels + outer) * depth + run * inner + k) * panel)
                                a, b = address(x, x_now + k), address(d, d_now + outer * panel)
                                a_layout, b_layout = x_layout, d_layout
                            if k + rows <= long:
                                tile(rows, vectors, ahead, a, b, c, b, 0, add, none, height, height, 0, width, a_layout.row, 0,
                                     1, a_layout.column, b_layout.row, b_layout.column, panel, panel)
                            else:
                                tile(small, vectors, ahead, a, b, c, b, 0, add, none, height, height, 0, width, a_layout.row, 0,
                                     1, a_layout.column, b_layout.row, b_layout.column, panel, panel)

    return weight_gradient
