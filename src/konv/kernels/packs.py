"""Packing weights for the tile and summing the parts of their gradients; twins in reference.py."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import FLOATS_IR, INTS_IR, address, load, place_ir, store

I64 = ir.IntType(64)


def transposed(builder, square):
    """The vectors of a square matrix, its columns: halves are swapped, then quarters, and so on."""
    square, distance = list(square), 1
    while distance < LANES:
        for i in range(LANES):
            if not i & distance:
                a, b = square[i], square[i + distance]
                low = [j if not j & distance else LANES + j - distance for j in range(LANES)]
                high = [j + distance if not j & distance else LANES + j for j in range(LANES)]
                square[i], square[i + distance] = (
                    builder.shuffle_vector(a, b, ir.Constant(INTS_IR, lanes)) for lanes in (low, high))
        distance *= 2
    return square


@intrinsic
def transpose(typing, source, indices, count, part, target, step, accumulate):
    """target[k * step + i] (+)= the sum over so many parts, `part` apart, of source[indices[i] + k]    for i, k < LANES"""

    def emit(context, builder, signature, args):
        source, indices, count, part, target, step, accumulate = args
        const = lambda value: ir.Constant(I64, value)  # noqa: E731
        starts = [builder.sext(builder.load(builder.gep(indices, [const(i)])), I64) for i in range(LANES)]
        sums = [cgutils.alloca_once(builder, FLOATS_IR) for _ in range(LANES)]  # promoted to registers by LLVM
        for total, start in zip(sums, starts, strict=True):
            builder.store(builder.load(place_ir(builder, source, start), align=4), total)
        with cgutils.for_range(builder, builder.sub(count, const(1))) as loop:
            further = builder.gep(source, [builder.mul(builder.add(loop.index, const(1)), part)])
            for total, start in zip(sums, starts, strict=True):
                more = builder.load(place_ir(builder, further, start), align=4)
                builder.store(builder.fadd(builder.load(total), more), total)
        for k, row in enumerate(transposed(builder, [builder.load(total) for total in sums])):
            row_start = place_ir(builder, target, builder.mul(step, const(k)))
            builder.store(row, sums[k])
            with builder.if_then(builder.icmp_signed("!=", accumulate, const(0))):
                builder.store(builder.fadd(row, builder.load(row_start, align=4)), sums[k])
            builder.store(builder.load(sums[k]), row_start, align=4)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(source, indices, integer, integer, target, integer, integer), emit


@kernel
def gather(source, index, target, blocks, first):
    # source (parts, n)  index (.., length)  target (index.size,)  blocks (2,): a range of blocks of 16 rows
    # target = the elements of source at these indices, summed over its parts; -1 is a zero
    # a table is mostly runs of indices, along a row or down the rows, which are done in vectors
    (count, part), (rows, length) = source.shape, index.shape
    elements, indices = source.reshape(-1), index.reshape(-1)
    for row in range(blocks[0] * 16, min(blocks[1] * 16, rows), LANES):
        high = min(LANES, rows - row)
        for column in range(0, length, LANES):
            wide, start = min(LANES, length - column), row * length + column
            down = high == LANES and wide == LANES
            for at in range(start, start + wide if down else start):
                down = down and indices[at] >= 0 and indices[at + (LANES - 1) * length] - indices[at] == LANES - 1
            if down:
                transpose(address(source, 0), address(indices, start), count, part, address(target, start), length,
                          0 if first else 1)
                continue
            for at in range(start, start + high * length, length):
                at_source = indices[at]
                if at_source >= 0 and indices[at + wide - 1] - at_source == wide - 1:
                    total = load(source, at_source, wide)
                    for other in range(1, count):
                        total = total + load(source, at_source + other * part, wide)
                    store(target, at, total if first else total + load(target, at, wide), wide)
                else:
                    for i in range(at, at + wide):
                        value = np.float32(0)
                        for other in range(count if indices[i] >= 0 else 0):
                            value += elements[indices[i] + other * part]
                        target[i] = value if first else value + target[i]


@kernel
def fold(weight, bias, coefficients, folded, shifted):
    # weight (any)  folded (n, F)  bias, shifted (F,)  coefficients (4, F): scale and shift are its last rows
    source = weight.reshape(-1)
    for i in range(folded.shape[0]):
        for f in range(folded.shape[1]):
            folded[i, f] = source[i * folded.shape[1] + f] * coefficients[2, f]
    for f in range(folded.shape[1]):
        shifted[f] = bias[f] * coefficients[2, f] + coefficients[3, f]


@kernel
def reduce_parts(parts, gradient, first):
    # parts (parts, n)  gradient (of n elements)
    target = gradient.reshape(-1)
    for c in range(target.size):
        total = np.float32(0)
        for part in range(parts.shape[0]):
            total += parts[part, c]
        target[c] = total + (np.float32(0) if first else target[c])
