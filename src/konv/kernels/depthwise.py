"""Depthwise convolution: each channel has a window of its own, so lanes are channels; twins in reference.py.

A row of the output takes its taps at fixed distances, with a weight each, which stay in registers for the whole row.
Over the output gradient, with the weights in reverse, the same is the input gradient.
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
    splat_ir,
)

I64 = ir.IntType(64)


def _literal(rows, columns):
    if not all(isinstance(t, types.IntegerLiteral) for t in (rows, columns)):
        raise RequireLiteralValue("rows and columns are compile-time constants")
    return [(r, s) for r in range(rows.literal_value) for s in range(columns.literal_value)]


def _distance(builder, tap, row, column):
    """Numbers from the first tap to this one."""
    return builder.add(builder.mul(row, ir.Constant(I64, tap[0])), builder.mul(column, ir.Constant(I64, tap[1])))


@intrinsic
def window_row(typing, rows, columns, a, w, bias, c, floor, accumulate, width, a_step, a_row, a_column, w_row, w_column,
               c_step, left):
    """c[j] = max(floor, bias + (c[j] if accumulate) + sum over r < rows, s < columns of
    a[j * a_step + r * a_row + s * a_column] * w[r * w_row + s * w_column])    for j < width, in `left` lanes"""
    taps = _literal(rows, columns)

    def emit(context, builder, signature, args):
        a, w, bias, c, floor, accumulate, width, a_step, a_row, a_column, w_row, w_column, c_step, left = args[2:]
        mask, lowest = first_ir(builder, left), splat_ir(builder, floor)
        zero = ir.Constant(I64, 0)
        held = [place_ir(builder, w, _distance(builder, tap, w_row, w_column)) for tap in taps]
        weights = [masked_load_ir(builder, place, mask) for place in held]
        first = masked_load_ir(builder, place_ir(builder, bias, zero), mask)
        adding = builder.icmp_signed("!=", accumulate, zero)
        nothing = ir.Constant(FLOATS_IR, [0.0] * LANES)
        distances = [_distance(builder, tap, a_row, a_column) for tap in taps]
        with cgutils.for_range(builder, width) as pixel:
            source = builder.gep(a, [builder.mul(pixel.index, a_step)])
            target = place_ir(builder, c, builder.mul(pixel.index, c_step))
            total = first
            for weight, distance in zip(weights, distances, strict=True):
                total = fma_ir(builder, weight, builder.load(place_ir(builder, source, distance), align=4), total)
            before = masked_load_ir(builder, target, mask)
            total = builder.fadd(total, builder.select(adding, before, nothing))
            masked_store_ir(builder, at_least_ir(builder, total, lowest), target, mask)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(rows, columns, a, w, bias, c, types.float32, *[integer] * 9), emit


@intrinsic
def window_sums(typing, rows, columns, a, d, dw, width, a_step, a_row, a_column, d_step, w_row, w_column, left):
    """dw[r * w_row + s * w_column] += sum over j < width of a[j * a_step + r * a_row + s * a_column] * d[j * d_step]"""
    taps = _literal(rows, columns)

    def emit(context, builder, signature, args):
        a, d, dw, width, a_step, a_row, a_column, d_step, w_row, w_column, left = args[2:]
        mask = first_ir(builder, left)
        places = [place_ir(builder, dw, _distance(builder, tap, w_row, w_column)) for tap in taps]
        distances = [_distance(builder, tap, a_row, a_column) for tap in taps]
        sums = [cgutils.alloca_once(builder, FLOATS_IR) for _ in taps]  # promoted to registers by LLVM
        for total, place in zip(sums, places, strict=True):
            builder.store(masked_load_ir(builder, place, mask), total)
        with cgutils.for_range(builder, width) as pixel:
            source = builder.gep(a, [builder.mul(pixel.index, a_step)])
            error = builder.load(place_ir(builder, d, builder.mul(pixel.index, d_step)), align=4)
            for total, distance in zip(sums, distances, strict=True):
                value = builder.load(place_ir(builder, source, distance), align=4)
                builder.store(fma_ir(builder, value, error, builder.load(total)), total)
        for total, place in zip(sums, places, strict=True):
            masked_store_ir(builder, builder.load(total), place, mask)
        return context.get_dummy_value()

    return types.void(rows, columns, a, d, dw, *[types.int64] * 8), emit


def make_depthwise(rows, columns):
    @kernel
    def depthwise(a, w, bias, c, geometry, floor, accumulate):
        # a (N, H, W, C)  w (..., C)  bias (C,)  c (N, OH, OW, C); geometry: see konv.plan.depthwise
        height, width, a_start, a_line, a_step, a_row, a_column = (geometry[0], geometry[1], geometry[2], geometry[3],
                                                                   geometry[4], geometry[5], geometry[6])
        w_start, w_row, w_column, c_start, c_line, c_step = (geometry[7], geometry[8], geometry[9], geometry[10],
                                                             geometry[11], geometry[12])
        channels, lowest = c.shape[3], np.float32(floor)
        a_image, c_image = a.shape[1] * a.shape[2] * channels, c.shape[1] * c.shape[2] * channels
        for n in range(a.shape[0]):
            for h in range(height):
                source, target = n * a_image + a_start + h * a_line, n * c_image + c_start + h * c_line
                for k in range(0, channels, LANES):
                    window_row(rows, columns, address(a, source + k), address(w, w_start + k), address(bias, k),
                               address(c, target + k), lowest, accumulate, width, a_step, a_row, a_column, w_row, w_column,
                               c_step, channels - k)

    return depthwise


def make_depthwise_kernel(rows, columns, step):
    """`step` rows of the kernel at a time, so that their sums fit into the registers."""
    rest = rows % step
    last = max(rest, 1)

    @kernel
    def depthwise_kernel(a, d, dw, geometry, first):
        # a (N, H, W, C)  d (N, OH, OW, C)  dw (1, rows * columns * C)
        height, width, a_start, a_line, a_step, a_row, a_column = (geometry[0], geometry[1], geometry[2], geometry[3],
                                                                   geometry[4], geometry[5], geometry[6])
        d_start, d_line, d_step = geometry[10], geometry[11], geometry[12]
        channels = d.shape[3]
        a_image, d_image = a.shape[1] * a.shape[2] * channels, d.shape[1] * d.shape[2] * channels
        if first:
            dw[0, :] = np.float32(0)
        for n in range(a.shape[0]):
            for h in range(height):
                source, error = n * a_image + a_start + h * a_line, n * d_image + d_start + h * d_line
                for k in range(0, channels, LANES):
                    left = channels - k
                    for r in range(0, rows - rest, step):
                        window_sums(step, columns, address(a, source + r * a_row + k), address(d, error + k),
                                    address(dw, r * columns * channels + k), width, a_step, a_row, a_column, d_step,
                                    columns * channels, channels, left)
                    if rest > 0:
                        r = rows - rest
                        window_sums(last, columns, address(a, source + r * a_row + k), address(d, error + k),
                                    address(dw, r * columns * channels + k), width, a_step, a_row, a_column, d_step,
                                    columns * channels, channels, left)

    return depthwise_kernel
