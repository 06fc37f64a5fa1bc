"""Kernels on arrays of any shape: an operand is its numbers and a layout; twins in reference_strided.py.

A layout is (numbers from one sample to the next, place of the first number, strides of six axes). What is the same for all
samples has 0 in front; along an axis that is repeated, or summed over, the stride is 0.
"""

import math

import numpy as np

from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import floats, larger, load, select, store, total

F = np.float32
SUM, MAX, MIN = range(3)
BLOCK = 256 * LANES  # numbers that are summed by themselves
ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, POWER, EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL = range(13)


def make_move(code):
    """`code` is what becomes of numbers that meet in one place: their sum, the largest or the smallest."""
    start = (F(0), F(-np.inf), F(np.inf))[code]

    @kernel
    def move(x, y, extents, x_layout, y_layout, factor, join, fresh):
        # y = x * factor, joined to what is there if `join`; if `fresh` all of y is set to where joining starts
        times = F(factor)
        source, target, vector = x.reshape(-1), y.reshape(-1), floats(times)
        if fresh:
            for e in range(0, y.size, LANES):
                store(y, e, floats(start), y.size - e)
        samples = y.shape[0] if y_layout[0] else x.shape[0]
        long, step_x, step_y = extents[5], x_layout[7], y_layout[7]
        for n in range(samples):
            x0, y0 = n * x_layout[0] + x_layout[1], n * y_layout[0] + y_layout[1]
            for a in range(extents[0]):
                for b in range(extents[1]):
                    for c in range(extents[2]):
                        for d in range(extents[3]):
                            for e in range(extents[4]):
                                i = (x0 + a * x_layout[2] + b * x_layout[3] + c * x_layout[4] + d * x_layout[5]
                                     + e * x_layout[6])
                                j = (y0 + a * y_layout[2] + b * y_layout[3] + c * y_layout[4] + d * y_layout[5]
                                     + e * y_layout[6])
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

    return move


def make_binary(code):
    @kernel
    def binary(x, w, y, extents, x_layout, w_layout, y_layout):
        first, second, target = x.reshape(-1), w.reshape(-1), y.reshape(-1)
        long, step_x, step_w, step_y = extents[5], x_layout[7], w_layout[7], y_layout[7]
        wide = step_y == 1 and 0 <= step_x <= 1 and 0 <= step_w <= 1 and code <= MINIMUM
        for n in range(y.shape[0]):
            x0, w0, y0 = n * x_layout[0] + x_layout[1], n * w_layout[0] + w_layout[1], n * y_layout[0] + y_layout[1]
            for a in range(extents[0]):
                for b in range(extents[1]):
                    for c in range(extents[2]):
                        for d in range(extents[3]):
                            for e in range(extents[4]):
                                i = (x0 + a * x_layout[2] + b * x_layout[3] + c * x_layout[4] + d * x_layout[5]
                                     + e * x_layout[6])
                                m = (w0 + a * w_layout[2] + b * w_layout[3] + c * w_layout[4] + d * w_layout[5]
                                     + e * w_layout[6])
                                j = (y0 + a * y_layout[2] + b * y_layout[3] + c * y_layout[4] + d * y_layout[5]
                                     + e * y_layout[6])
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


def make_binary_backward(code, side):
    """The slope of the result with respect to the first (0) or the second (1) operand, times the gradient."""

    @kernel
    def binary_backward(d, x, w, g, extents, d_layout, x_layout, w_layout, g_layout):
        error, first, second, target = d.reshape(-1), x.reshape(-1), w.reshape(-1), g.reshape(-1)
        zero, one, half = F(0), F(1), F(0.5)
        step_d, step_x, step_w, step_g = d_layout[7], x_layout[7], w_layout[7], g_layout[7]
        wide = step_d == 1 and step_g == 1 and 0 <= step_x <= 1 and 0 <= step_w <= 1 and code in (MULTIPLY, DIVIDE)
        for n in range(d.shape[0]):
            d0, g0 = n * d_layout[0] + d_layout[1], n * g_layout[0] + g_layout[1]
            x0, w0 = n * x_layout[0] + x_layout[1], n * w_layout[0] + w_layout[1]
            for a in range(extents[0]):
                for b in range(extents[1]):
                    for c in range(extents[2]):
                        for h in range(extents[3]):
                            for e in range(extents[4]):
                                i = (x0 + a * x_layout[2] + b * x_layout[3] + c * x_layout[4] + h * x_layout[5]
                                     + e * x_layout[6])
                                m = (w0 + a * w_layout[2] + b * w_layout[3] + c * w_layout[4] + h * w_layout[5]
                                     + e * w_layout[6])
                                j = (d0 + a * d_layout[2] + b * d_layout[3] + c * d_layout[4] + h * d_layout[5]
                                     + e * d_layout[6])
                                o = (g0 + a * g_layout[2] + b * g_layout[3] + c * g_layout[4] + h * g_layout[5]
                                     + e * g_layout[6])
                                if wide:
                                    for k in range(0, extents[5], LANES):
                                        left = extents[5] - k
                                        p = load(x, i + k, left) if step_x else floats(first[i])
                                        q = load(w, m + k, left) if step_w else floats(second[m])
                                        r = load(d, j + k, left)
                                        if code == MULTIPLY:
                                            r = r * p if side else r * q
                                        else:
                                            r = (floats(zero) - r) * p / (q * q) if side else r / q
                                        store(g, o + k, r, left)
                                    continue
                                for k in range(extents[5]):
                                    u, v = first[i + k * x_layout[7]], second[m + k * w_layout[7]]
                                    if code == MULTIPLY:
                                        slope = u if side else v
                                    elif code == DIVIDE:
                                        slope = -u / (v * v) if side else one / v
                                    elif code in (MAXIMUM, MINIMUM):
                                        ahead = u > v if code == MAXIMUM else u < v
                                        slope = half if u == v else (zero if ahead == bool(side) else one)
                                    elif side:
                                        slope = math.pow(u, v) * math.log(u) if u > zero else zero
                                    else:
                                        slope = v * math.pow(u, v - one) if v != zero else zero
                                    target[o + k * g_layout[7]] = error[j + k * d_layout[7]] * slope

    return binary_backward


@kernel
def matmul(x, w, y, sizes, x_layout, w_layout, y_layout, fresh):
    # y[.., i, j] += sum over k of x[.., i, k] * w[.., k, j]   sizes: three axes in front, then i, k, j
    # a layout has the strides of three axes in front, then of rows and of columns
    first, second, target = x.reshape(-1), w.reshape(-1), y.reshape(-1)
    rows, depth, columns = sizes[3], sizes[4], sizes[5]
    if fresh:
        for e in range(0, y.size, LANES):
            store(y, e, floats(F(0)), y.size - e)
    samples = y.shape[0] if y_layout[0] else x.shape[0]
    wide = w_layout[6] == 1 and y_layout[6] == 1
    for n in range(samples):
        x0, w0, y0 = n * x_layout[0] + x_layout[1], n * w_layout[0] + w_layout[1], n * y_layout[0] + y_layout[1]
        for a in range(sizes[0]):
            for b in range(sizes[1]):
                for c in range(sizes[2]):
                    for i in range(rows):
                        p = x0 + a * x_layout[2] + b * x_layout[3] + c * x_layout[4] + i * x_layout[5]
                        q = w0 + a * w_layout[2] + b * w_layout[3] + c * w_layout[4]
                        r = y0 + a * y_layout[2] + b * y_layout[3] + c * y_layout[4] + i * y_layout[5]
                        if wide:
                            for j in range(0, columns, LANES):
                                left = columns - j
                                total = load(y, r + j, left)
                                for k in range(depth):
                                    number = floats(first[p + k * x_layout[6]])
                                    total = total + number * load(w, q + k * w_layout[5] + j, left)
                                store(y, r + j, total, left)
                        else:
                            for j in range(columns):
                                number = F(0)
                                for k in range(depth):
                                    number += first[p + k * x_layout[6]] * second[q + k * w_layout[5] + j * w_layout[6]]
                                target[r + j * y_layout[6]] += number
