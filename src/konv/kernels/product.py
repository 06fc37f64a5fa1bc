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

from konv.kernels.jit import kernel

I32, I64 = ir.IntType(32), ir.IntType(64)


@intrinsic
def address(typing, array, offset):
    """The address of array.ravel()[offset]."""

    def emit(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.gep(data, [args[1]])

    return types.CPointer(array.dtype)(array, types.intp), emit


class _Vectors:
    """Vectors of float32 in LLVM's words."""

    def __init__(self, builder, lanes: int):
        self.builder, self.lanes = builder, lanes
        self.type = ir.VectorType(ir.FloatType(), lanes)
        self.mask_type = ir.VectorType(ir.IntType(1), lanes)
        self.zero = ir.Constant(self.type, [0.0] * lanes)

    def _declare(self, name, result, arguments):
        return cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(result, arguments), name)

    def at(self, base, offset):
        return self.builder.bitcast(self.builder.gep(base, [offset]), self.type.as_pointer())

    def load(self, place):
        return self.builder.load(place, align=4)

    def splat(self, scalar, element=None):
        kind = ir.VectorType(element, self.lanes) if element else self.type
        undefined = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
        return self.builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes))

    def multiply_add(self, a, b, c):
        function = self._declare(f"llvm.fma.v{self.lanes}f32", self.type, [self.type] * 3)
        return self.builder.call(function, [a, b, c])

    def at_least(self, value, floor):
        """The larger of the two; what is not a number stays so."""
        return self.builder.select(self.builder.fcmp_ordered("<", value, floor), floor, value)

    def first(self, count):
        """A mask of the first `count` lanes; none when it is negative."""
        numbers = ir.Constant(ir.VectorType(I32, self.lanes), list(range(self.lanes)))
        return self.builder.icmp_signed("<", numbers, self.splat(self.builder.trunc(count, I32), I32))

    def masked_load(self, place, mask):
        function = self._declare(f"llvm.masked.load.v{self.lanes}f32.p0", self.type,
                                 [self.type.as_pointer(), I32, self.mask_type, self.type])
        return self.builder.call(function, [place, ir.Constant(I32, 4), mask, self.zero])

    def masked_store(self, value, place, mask):
        function = self._declare(f"llvm.masked.store.v{self.lanes}f32.p0", ir.VoidType(),
                                 [self.type, self.type.as_pointer(), I32, self.mask_type])
        self.builder.call(function, [value, place, ir.Constant(I32, 4), mask])


@intrinsic
def tile(typing, rows, vectors, lanes, a, b, c, bias, biased, accumulate, floor, taps, tap_step, count, inner, a_tap, a_row,
         a_inner, b_tap, b_inner, c_row, left):
    """c[m, :left] = max(floor, (bias if biased) + (c[m, :] if accumulate) + sum over t < count, i < inner of
    a[taps[t * tap_step] + t * a_tap + m * a_row + i * a_inner] * b[t * b_tap + i * b_inner, :])    for m < rows

    `rows`, `vectors` and `lanes` are literal: the sums are rows x vectors registers. b may be read up to the end of its
    last vector; c is written for `left` numbers a row and no further.
    """
    literals = (rows, vectors, lanes)
    if not all(isinstance(t, types.IntegerLiteral) for t in literals):
        raise RequireLiteralValue("rows, vectors and lanes are compile-time constants")
    row_count, vector_count, lane_count = (t.literal_value for t in literals)

    def emit(context, builder, signature, args):
        a, b, c, bias, biased, accumulate, floor, taps, tap_step, count, inner, *strides, left = args[3:]
        a_tap, a_row, a_inner, b_tap, b_inner, c_row = strides
        v = _Vectors(builder, lane_count)
        const = lambda value: ir.Constant(I64, value)  # noqa: E731
        cells = [(m, p) for m in range(row_count) for p in range(vector_count)]
        columns = [const(p * lane_count) for p in range(vector_count)]
        sums = {cell: cgutils.alloca_once(builder, v.type) for cell in cells}  # promoted to registers by LLVM

        with builder.if_else(builder.icmp_signed("!=", biased, const(0))) as (then, otherwise):
            with then:
                first = [v.load(v.at(bias, column)) for column in columns]
                for m, p in cells:
                    builder.store(first[p], sums[m, p])
            with otherwise:
                for cell in cells:
                    builder.store(v.zero, sums[cell])

        with cgutils.for_range(builder, count) as tap:
            start = builder.add(builder.load(builder.gep(taps, [builder.mul(tap.index, tap_step)])), builder.mul(tap.index, a_tap))
            a_start = builder.gep(a, [start])
            b_start = builder.gep(b, [builder.mul(tap.index, b_tap)])
            with cgutils.for_range(builder, inner) as step:
                a_now = builder.gep(a_start, [builder.mul(step.index, a_inner)])
                b_now = builder.gep(b_start, [builder.mul(step.index, b_inner)])
                panel = [v.load(v.at(b_now, column)) for column in columns]
                for m in range(row_count):
                    number = v.splat(builder.load(builder.gep(a_now, [builder.mul(a_row, const(m))])))
                    for p in range(vector_count):
                        total = v.multiply_add(number, panel[p], builder.load(sums[m, p]))
                        builder.store(total, sums[m, p])

        places = {(m, p): v.at(c, builder.add(builder.mul(c_row, const(m)), columns[p])) for m, p in cells}
        adding = builder.icmp_signed("!=", accumulate, const(0))
        lowest = v.splat(floor)

        def finish(load, store):
            with builder.if_then(adding):
                for cell in cells:
                    builder.store(builder.fadd(builder.load(sums[cell]), load(cell)), sums[cell])
            for cell in cells:
                store(v.at_least(builder.load(sums[cell]), lowest), cell)

        whole = builder.icmp_signed(">=", left, const(vector_count * lane_count))
        with builder.if_else(whole, likely=True) as (then, otherwise):
            with then:
                finish(lambda cell: v.load(places[cell]), lambda value, cell: builder.store(value, places[cell], align=4))
            with otherwise:
                masks = [v.first(builder.sub(left, column)) for column in columns]
                finish(lambda cell: v.masked_load(places[cell], masks[cell[1]]),
                       lambda value, cell: v.masked_store(value, places[cell], masks[cell[1]]))
        return context.get_dummy_value()

    integer = types.int64
    return types.void(rows, vectors, lanes, a, b, c, bias, integer, integer, types.float32, taps, *[integer] * 10), emit


def make_product(rows, vectors, rest, flat, lanes):
    """See konv.kernels.reference.product. `rest` rows finish a line; a flat line may need single ones after that."""
    panel = vectors * lanes
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
                            while w + rows <= width:
                                tile(rows, vectors, lanes, address(a, a_line + w * a_column), b_now, address(c, c_line + w * c_column),
                                     offset, biased, add, low, tap, 1, count, inner, 0, a_column, 1, inner * panel, panel, c_column, left)
                                w += rows
                            while rest > 0 and w + small <= width:
                                tile(small, vectors, lanes, address(a, a_line + w * a_column), b_now, address(c, c_line + w * c_column),
                                     offset, biased, add, low, tap, 1, count, inner, 0, a_column, 1, inner * panel, panel, c_column, left)
                                w += small
                            while flat and w < width:
                                tile(1, vectors, lanes, address(a, a_line + w * a_column), b_now, address(c, c_line + w * c_column),
                                     offset, biased, add, low, tap, 1, count, inner, 0, a_column, 1, inner * panel, panel, c_column, left)
                                w += 1

    return product


def make_kernel_product(rows, vectors, rest, lanes):
    """See konv.kernels.reference.kernel_product: rows of the tile are rows of the kernel, the inner loop runs over pixels."""
    panel = vectors * lanes
    small = max(rest, 1)

    @kernel
    def kernel_product(a, d, dw, taps, geometry, tiles, first):
        # a (N, H, W, C)  d (N, OH, OW, F)  dw (1, groups, panels, K, lanes)
        flat, height, width, inner = geometry[0], geometry[1], geometry[2], geometry[3]
        a_start, a_row, a_column, a_image, a_group = geometry[4], geometry[5], geometry[6], geometry[7], geometry[8]
        d_start, d_row, d_column, d_image, d_group = geometry[9], geometry[10], geometry[11], geometry[12], geometry[13]
        images, panels, depth = a.shape[0], dw.shape[2], dw.shape[3]
        if flat:
            width, images = width * images, 1
        per_tap = (inner + rows - 1) // rows
        none = np.float32(-np.inf)
        for n in range(images):
            add = 0 if first and n == 0 else 1
            for p in range(panels):
                for index in range(tiles[0], tiles[1]):
                    group, tap, k = index // (per_tap * taps.size), index // per_tap % taps.size, index % per_tap * rows
                    a_now = address(a, a_start + group * a_group + n * a_image + k)
                    d_now = address(d, d_start + group * d_group + n * d_image + p * panel)
                    w_now = address(dw, ((group * panels + p) * depth + tap * inner + k) * panel)
                    if k + rows <= inner:
                        tile(rows, vectors, lanes, a_now, d_now, w_now, d_now, 0, add, none, address(taps, tap), 0, height, width,
                             a_row, 1, a_column, d_row, d_column, panel, panel)
                    else:
                        tile(small, vectors, lanes, a_now, d_now, w_now, d_now, 0, add, none, address(taps, tap), 0, height, width,
                             a_row, 1, a_column, d_row, d_column, panel, panel)

    return kernel_product
