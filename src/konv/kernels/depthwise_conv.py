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
    """Elements from the first tap to this one."""
    return builder.add(builder.mul(row, ir.Constant(I64, tap[0])), builder.mul(column, ir.Constant(I64, tap[1])))


@intrinsic
def window_row(typing, rows, columns, a, w, bias, c, floor, accumulate, width, a_step, a_row, a_column, w_row, w_column,
               c_step, lanes):
    """c[j] = max(floor, bias + (c[j] if accumulate) + sum over r < rows, s < columns of
    a[j * a_step + r * a_row + s * a_column] * w[r * w_row + s * w_column])    for j < width, in so many lanes"""
    taps = _literal(rows, columns)

    def emit(context, builder, signature, args):
        a, w, bias, c, floor, accumulate, width, a_step, a_row, a_column, w_row, w_column, c_step, lanes = args[2:]
        mask, lowest = first_ir(builder, lanes), splat_ir(builder, floor)
        zero = ir.Constant(I64, 0)
        held = [place_ir(builder, w, _distance(builder, tap, w_row, w_column)) for tap in taps]
        weights = [masked_load_ir(builder, pointer, mask) for pointer in held]
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
def window_sums(typing, rows, columns, a, d, dw, width, a_step, a_row, a_column, d_step, w_row, w_column, lanes):
    """dw[r * w_row + s * w_column] += sum over j < width of a[j * a_step + r * a_row + s * a_column] * d[j * d_step]"""
    taps = _literal(rows, columns)

    def emit(context, builder, signature, args):
        a, d, dw, width, a_step, a_row, a_column, d_step, w_row, w_column, lanes = args[2:]
        mask = first_ir(builder, lanes)
        pointers = [place_ir(builder, dw, _distance(builder, tap, w_row, w_column)) for tap in taps]
        distances = [_distance(builder, tap, a_row, a_column) for tap in taps]
        sums = [cgutils.alloca_once(builder, FLOATS_IR) for _ in taps]  # promoted to registers by LLVM
        for total, pointer in zip(sums, pointers, strict=True):
            builder.store(masked_load_ir(builder, pointer, mask), total)
        with cgutils.for_range(builder, width) as pixel:
            source = builder.gep(a, [builder.mul(pixel.index, a_step)])
            error = builder.load(place_ir(builder, d, builder.mul(pixel.index, d_step)), align=4)
            for total, distance in zip(sums, distances, strict=True):
                value = builder.load(place_ir(builder, source, distance), align=4)
                builder.store(fma_ir(builder, value, error, builder.load(total)), total)
        for total, pointer in zip(sums, pointers, strict=True):
            masked_store_ir(builder, builder.load(total), pointer, mask)
        return context.get_dummy_value()

    return types.void(rows, columns, a, d, dw, *[types.int64] * 8), emit


def make_depthwise(rows, columns):
    @kernel
    def depthwise(x, w, bias, y, x_layout, y_layout, height, width, tap_row, tap_column, w_start, w_row, w_column, floor,
                  accumulate):
        # x (N, H, W, C)  w (..., C)  bias (C,)  y (N, OH, OW, C)
        channels, lowest = y.shape[3], np.float32(floor)
        for n in range(x.shape[0]):
            for h in range(height):
                source = x_layout.start + n * x_layout.image + h * x_layout.row
                target = y_layout.start + n * y_layout.image + h * y_layout.row
                for c in range(0, channels, LANES):
                    window_row(rows, columns, address(x, source + c), address(w, w_start + c), address(bias, c),
                               address(y, target + c), lowest, accumulate, width, x_layout.column, tap_row, tap_column, w_row,
                               w_column, y_layout.column, channels - c)

    return depthwise


def make_depthwise_weight_gradient(rows, columns, step):
    """`step` rows of the kernel at a time, so that their sums fit into the registers."""
    rest = rows % step
    last = max(rest, 1)

    @kernel
    def depthwise_weight_gradient(x, d, dw, x_layout, d_layout, height, width, tap_row, tap_column, first):
        # x (N, H, W, C)  d (N, OH, OW, C)  dw (1, rows * columns * C)
        channels = d.shape[3]
        if first:
            dw[0, :] = np.float32(0)
        for n in range(x.shape[0]):
            for h in range(height):
                source = x_layout.start + n * x_layout.image + h * x_layout.row
                error = d_layout.start + n * d_layout.image + h * d_layout.row
                for c in range(0, channels, LANES):
                    for r in range(0, rows - rest, step):
                        window_sums(step, columns, address(x, source + r * tap_row + c), address(d, error + c),
                                    address(dw, r * columns * channels + c), width, x_layout.column, tap_row, tap_column,
                                    d_layout.column, columns * channels, channels, channels - c)
                    if rest > 0:
                        r = rows - rest
                        window_sums(last, columns, address(x, source + r * tap_row + c), address(d, error + c),
                                    address(dw, r * columns * channels + c), width, x_layout.column, tap_row, tap_column,
                                    d_layout.column, columns * channels, channels, channels - c)

    return depthwise_weight_gradient
