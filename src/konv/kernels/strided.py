"""Kernels on arrays of any shape, forward and backward side by side; twins in reference_strided.py.

An operand is a flat array and a layout (`StridedLayout`): where its elements lie along six axes.
"""

import math

import numpy as np
from numba.extending import register_jitable

from konv.ir.array_ops import BINARY, COMPARISONS
from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import floats, larger, load, select, store, total

F = np.float32
BLOCK = 256 * LANES  # elements that are summed by themselves
SUM, MAX, MIN = range(3)
NAMES = (*BINARY, *COMPARISONS)
ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, POWER, EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL = map(
    NAMES.index, ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "equal", "not_equal", "less",
                  "less_equal", "greater", "greater_equal"))


@register_jitable
def _first(layout, n, a, b, c, d, e):
    """The index of the first element along the last axis."""
    return (n * layout.sample + layout.start + a * layout.a + b * layout.b + c * layout.c + d * layout.d + e * layout.e)


def make_strided_copy(reduction):
    """`reduction` is what becomes of elements that meet at one index: their sum, the largest or the smallest."""
    code, start = {"sum": (SUM, F(0)), "max": (MAX, F(-np.inf)), "min": (MIN, F(np.inf))}[reduction]

    @kernel
    def strided_copy(x, y, extents, x_layout, y_layout, factor, join, fresh):
        # y = x * factor, joined to what is there if `join`; if `fresh` all of y is set to where joining starts
        times = F(factor)
        source, target, vector = x.reshape(-1), y.reshape(-1), floats(times)
        if fresh:
            for e in range(0, y.size, LANES):
                store(y, e, floats(start), y.size - e)
        samples = y.shape[0] if y_layout.sample else x.shape[0]
        long, step_x, step_y = extents.f, x_layout.f, y_layout.f
        for n in range(samples):
            for a in range(extents.a):
                for b in range(extents.b):
                    for c in range(extents.c):
                        for d in range(extents.d):
                            for e in range(extents.e):
                                i = _first(x_layout, n, a, b, c, d, e)
                                j = _first(y_layout, n, a, b, c, d, e)
                                if step_y == 1 and step_x <= 1 and step_x >= 0:
                                    for k in range(0, long, LANES):
                                        left = long - k
                                        value = load(x, i + k, left) if step_x else floats(source[i])
                                        value = value * vector
                                        if join:
                                            here = load(y, j + k, left)
                                            if code == SUM:
                                                value = here + value
                                            elif code == MAX:
                                                value = larger(value, here)
                                            else:
                                                value = select(here > value, value, here)
                                        store(y, j + k, value, left)
                                elif step_y == 0 and step_x == 1 and join and code == SUM:
                                    # blocks of a few vectors each, so that the error does not grow with the length
                                    for block in range(0, long, BLOCK):
                                        sums = floats(F(0))
                                        for k in range(block, min(block + BLOCK, long), LANES):
                                            sums = sums + load(x, i + k, long - k)
                                        target[j] += total(sums) * times
                                elif step_y == 0 and join:
                                    best = start
                                    for k in range(long):
                                        value = source[i + k * step_x] * times
                                        if code == SUM:
                                            best += value
                                        elif code == MAX:
                                            best = max(best, value)
                                        else:
                                            best = min(best, value)
                                    if code == SUM:
                                        target[j] += best
                                    elif code == MAX:
                                        target[j] = max(target[j], best)
                                    else:
                                        target[j] = min(target[j], best)
                                else:
                                    for k in range(long):
                                        value = source[i + k * step_x] * times
                                        if not join:
                                            target[j + k * step_y] = value
                                        elif code == SUM:
                                            target[j + k * step_y] += value
                                        elif code == MAX:
                                            target[j + k * step_y] = max(target[j + k * step_y], value)
                                        else:
                                            target[j + k * step_y] = min(target[j + k * step_y], value)

    return strided_copy


def make_binary(name):
    code = NAMES.index(name)

    @kernel
    def binary(x, w, y, extents, x_layout, w_layout, y_layout):
        first, second, target = x.reshape(-1), w.reshape(-1), y.reshape(-1)
        long, step_x, step_w, step_y = extents.f, x_layout.f, w_layout.f, y_layout.f
        wide = step_y == 1 and 0 <= step_x <= 1 and 0 <= step_w <= 1 and code <= MINIMUM
        for n in range(y.shape[0]):
            for a in range(extents.a):
                for b in range(extents.b):
                    for c in range(extents.c):
                        for d in range(extents.d):
                            for e in range(extents.e):
                                i = _first(x_layout, n, a, b, c, d, e)
                                m = _first(w_layout, n, a, b, c, d, e)
                                j = _first(y_layout, n, a, b, c, d, e)
                                if wide:
                                    for k in range(0, long, LANES):
                                        left = long - k
                                        p = load(x, i + k, left) if step_x else floats(first[i])
                                        q = load(w, m + k, left) if step_w else floats(second[m])
                                        if code == ADD:
                                            r = p + q
                                        elif code == SUBTRACT:
                                            r = p - q
                                        elif code == MULTIPLY:
                                            r = p * q
                                        elif code == DIVIDE:
                                            r = p / q
                                        elif code == MAXIMUM:
                                            r = larger(p, q)
                                        else:
                                            r = select(q > p, p, q)
                                        store(y, j + k, r, left)
                                    continue
                                for k in range(long):
                                    u, v = first[i + k * step_x], second[m + k * step_w]
                                    if code == ADD:
                                        s = u + v
                                    elif code == SUBTRACT:
                                        s = u - v
                                    elif code == MULTIPLY:
                                        s = u * v
                                    elif code == DIVIDE:
                                        s = u / v
                                    elif code == MAXIMUM:
                                        s = max(u, v)
                                    elif code == MINIMUM:
                                        s = min(u, v)
                                    elif code == POWER:
                                        s = math.pow(u, v)
                                    elif code == EQUAL:
                                        s = F(u == v)
                                    elif code == NOT_EQUAL:
                                        s = F(u != v)
                                    elif code == LESS:
                                        s = F(u < v)
                                    elif code == LESS_EQUAL:
                                        s = F(u <= v)
                                    elif code == GREATER:
                                        s = F(u > v)
                                    else:
                                        s = F(u >= v)
                                    target[j + k * step_y] = s

    return binary


def make_binary_backward(name, side):
    """The derivative of the result with respect to the first (0) or the second (1) operand, times the gradient."""
    code = NAMES.index(name)

    @kernel
    def binary_backward(d, x, w, g, extents, d_layout, x_layout, w_layout, g_layout):
        error, first, second, target = d.reshape(-1), x.reshape(-1), w.reshape(-1), g.reshape(-1)
        zero, one, half = F(0), F(1), F(0.5)
        step_d, step_x, step_w, step_g = d_layout.f, x_layout.f, w_layout.f, g_layout.f
        wide = step_d == 1 and step_g == 1 and 0 <= step_x <= 1 and 0 <= step_w <= 1 and code in (MULTIPLY, DIVIDE)
        for n in range(d.shape[0]):
            for a in range(extents.a):
                for b in range(extents.b):
                    for c in range(extents.c):
                        for h in range(extents.d):
                            for e in range(extents.e):
                                i = _first(x_layout, n, a, b, c, h, e)
                                m = _first(w_layout, n, a, b, c, h, e)
                                j = _first(d_layout, n, a, b, c, h, e)
                                o = _first(g_layout, n, a, b, c, h, e)
                                if wide:
                                    for k in range(0, extents.f, LANES):
                                        left = extents.f - k
                                        p = load(x, i + k, left) if step_x else floats(first[i])
                                        q = load(w, m + k, left) if step_w else floats(second[m])
                                        r = load(d, j + k, left)
                                        if code == MULTIPLY:
                                            r = r * p if side else r * q
                                        else:
                                            r = (floats(zero) - r) * p / (q * q) if side else r / q
                                        store(g, o + k, r, left)
                                    continue
                                for k in range(extents.f):
                                    u, v = first[i + k * x_layout.f], second[m + k * w_layout.f]
                                    if code == MULTIPLY:
                                        partial = u if side else v
                                    elif code == DIVIDE:
                                        partial = -u / (v * v) if side else one / v
                                    elif code in (MAXIMUM, MINIMUM):
                                        ahead = u > v if code == MAXIMUM else u < v
                                        partial = half if u == v else (zero if ahead == bool(side) else one)
                                    elif side:
                                        partial = math.pow(u, v) * math.log(u) if u > zero else zero
                                    else:
                                        partial = v * math.pow(u, v - one) if v != zero else zero
                                    target[o + k * g_layout.f] = error[j + k * d_layout.f] * partial

    return binary_backward


@register_jitable
def _matrix(layout, n, a, b, c):
    """The index of the first element of a matrix."""
    return n * layout.sample + layout.start + a * layout.a + b * layout.b + c * layout.c


@kernel
def matmul(x, w, y, sizes, x_layout, w_layout, y_layout, fresh):
    # y[.., i, j] += sum over k of x[.., i, k] * w[.., k, j]
    first, second, target = x.reshape(-1), w.reshape(-1), y.reshape(-1)
    if fresh:
        for e in range(0, y.size, LANES):
            store(y, e, floats(F(0)), y.size - e)
    samples = y.shape[0] if y_layout.sample else x.shape[0]
    wide = w_layout.column == 1 and y_layout.column == 1
    for n in range(samples):
        for a in range(sizes.a):
            for b in range(sizes.b):
                for c in range(sizes.c):
                    for i in range(sizes.rows):
                        p = _matrix(x_layout, n, a, b, c) + i * x_layout.row
                        q = _matrix(w_layout, n, a, b, c)
                        r = _matrix(y_layout, n, a, b, c) + i * y_layout.row
                        if wide:
                            for j in range(0, sizes.columns, LANES):
                                left = sizes.columns - j
                                total = load(y, r + j, left)
                                for k in range(sizes.depth):
                                    value = floats(first[p + k * x_layout.column])
                                    total = total + value * load(w, q + k * w_layout.row + j, left)
                                store(y, r + j, total, left)
                        else:
                            for j in range(sizes.columns):
                                value = F(0)
                                for k in range(sizes.depth):
                                    value += first[p + k * x_layout.column] * second[q + k * w_layout.row + j * w_layout.column]
                                target[r + j * y_layout.column] += value
