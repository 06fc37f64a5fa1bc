"""Kernels that change the size, position, brightness and contrast of images, forward and backward; twins in
reference_resample.py.

What is random is drawn by `draw` into `drawn` (N, k), a few values for each sample. Maps are made in float64, so that the twin
finds the same ones; what they give is rounded to float32, so that a position that is halfway between two pixels but for
rounding counts as such.
"""

import math

import numpy as np
from numba.extending import register_jitable

from konv.ir.augment_ops import FILL_MODES, MAPS
from konv.kernels.jit import LANES, kernel
from konv.kernels.vector_math import logarithm
from konv.kernels.vectors import (
    as_floats,
    as_ints,
    counting,
    floats,
    fma,
    ints,
    larger,
    load,
    lower,
    nearest,
    root,
    select,
    shifted,
    store,
    store_ints,
    words,
)

F = np.float32
HORIZONTAL, VERTICAL, BOTH, ROTATION, ZOOM, TRANSLATION, CROP = map(MAPS.index, (
    "horizontal", "vertical", "horizontal_and_vertical", "rotation", "zoom", "translation", "crop"))
CONSTANT, NEAREST, REFLECT, WRAP = map(FILL_MODES.index, ("constant", "nearest", "reflect", "wrap"))


# --- sums of rows and columns -------------------------------------------------------------------------


@kernel
def resample(x, y, rows, row_weights, columns, column_weights, room, x_region, y_region, first_column,
             columns_read, plain):
    # rows (height * taps,), row_weights (height, taps + 1): the input rows of an output row, and last a constant; columns
    # the same; the way back is the same with the tables transposed  room (columns_read * C,): a row of sums
    channels, height, width = x.shape[3], y_region.height, y_region.width
    row_taps, column_taps = row_weights.shape[1] - 1, column_weights.shape[1] - 1
    row, wide = x.shape[2] * channels, columns_read * channels
    for n in range(x.shape[0]):
        first = (n * x.shape[1] + x_region.top) * row + (x_region.left + first_column) * channels
        for h in range(height):
            target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
            if plain and h and rows[h] == rows[h - 1]:
                above, long = target - y.shape[2] * channels, width * channels
                for e in range(0, long, LANES):
                    store(y, target + e, load(y, above + e, long - e), long - e)
                continue
            if plain:
                source = first + rows[h] * row - first_column * channels
                if plain == 2:
                    for e in range(0, wide, LANES):
                        store(y, target + e, load(x, source + columns[0] * channels + e, wide - e), wide - e)
                    continue
                for w in range(width):
                    place = source + columns[w] * channels
                    for c in range(0, channels, LANES):
                        store(y, target + w * channels + c, load(x, place + c, channels - c), channels - c)
                continue
            for e in range(0, wide, LANES):
                total = floats(row_weights[h, row_taps])
                for tap in range(row_taps):
                    source = first + rows[h * row_taps + tap] * row + e
                    total = fma(load(x, source, wide - e), floats(row_weights[h, tap]), total)
                store(room, e, total, wide - e)
            for w in range(width):
                for c in range(0, channels, LANES):
                    left = channels - c
                    total = floats(column_weights[w, column_taps])
                    for tap in range(column_taps):
                        place = (columns[w * column_taps + tap] - first_column) * channels + c
                        total = fma(load(room, place, left), floats(column_weights[w, tap]), total)
                    store(y, target + w * channels + c, total, left)


# --- affine maps --------------------------------------------------------------------------------------


@register_jitable
def _map(kind, drawn, n, region, height, width):
    """(rows per row, rows per column, first row, columns per row, columns per column, first column) of what a pixel shows."""
    rows, columns = np.float64(region.height - 1), np.float64(region.width - 1)
    first = np.float64(drawn[n, 0])
    if kind == ROTATION:
        turn = 2 * math.pi * first
        cosine, sine = math.cos(turn), math.sin(turn)
        y, x = rows / 2, columns / 2
        return cosine, sine, y - x * sine - y * cosine, -sine, cosine, x - x * cosine + y * sine
    second = np.float64(drawn[n, drawn.shape[1] - 1])
    if kind == ZOOM:
        return first, 0.0, rows / 2 * (1 - first), 0.0, second, columns / 2 * (1 - second)
    if kind == TRANSLATION:
        return 1.0, 0.0, -first * region.height, 0.0, 1.0, -second * region.width
    if kind == CROP:
        down = min(math.floor(first * (region.height - height + 1)), region.height - height)
        right = min(math.floor(second * (region.width - width + 1)), region.width - width)
        return 1.0, 0.0, np.float64(down), 0.0, 1.0, np.float64(right)
    down, right = first <= 0.5 and kind != HORIZONTAL, first <= 0.5 and kind != VERTICAL
    return (-1.0 if down else 1.0), 0.0, (rows if down else 0.0), 0.0, (-1.0 if right else 1.0), (columns if right else 0.0)


@register_jitable
def _found(place, size, mode):
    """The pixel that stands for one outside; -1 for none."""
    if mode == NEAREST:
        return min(max(place, 0), size - 1)
    if mode == CONSTANT:
        return place if 0 <= place < size else -1
    while place < 0 or place >= size:
        if mode == REFLECT:
            place = -1 - place if place < 0 else 2 * size - 1 - place
        else:
            place = place + size if place < 0 else place - size
    return place


@register_jitable
def _look(indices, fractions, h, width, linear, yy, yx, y0, xy, xx, x0):
    """What the pixels of row h show: row and column, or those before it and how far behind them it is."""
    down, right = floats(F(yy * h + y0)), floats(F(xy * h + x0))
    for w in range(0, width, LANES):
        place = as_floats(counting(w))
        y, x = fma(place, floats(F(yx)), down), fma(place, floats(F(xx)), right)
        i, j = (lower(y), lower(x)) if linear else (nearest(y), nearest(x))
        store_ints(indices, w, as_ints(i))
        store_ints(indices, indices.shape[1] + w, as_ints(j))
        if linear:
            store(fractions, w, y - i, width - w)
            store(fractions, fractions.shape[1] + w, x - j, width - w)


@kernel
def affine(x, y, drawn, indices, fractions, x_region, y_region, kind, linear, fill_mode, fill):
    # drawn (N, k)  indices, fractions (2, width and more): room for a row
    channels, constant = x.shape[3], floats(F(fill))
    height, width = x_region.height, x_region.width
    for n in range(x.shape[0]):
        yy, yx, y0, xy, xx, x0 = _map(kind, drawn, n, x_region, y_region.height, y_region.width)
        if kind <= BOTH or kind == CROP:
            _copy_pixels(x, y, n, x_region, y_region, yy, y0, xx, x0)
            continue
        for h in range(y_region.height):
            _look(indices, fractions, h, y_region.width, linear, yy, yx, y0, xy, xx, x0)
            target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
            for w in range(y_region.width):
                i, j = np.int64(indices[0, w]), np.int64(indices[1, w])
                i1, j1 = i + 1, j + 1
                if i < 0 or j < 0 or i1 >= height or j1 >= width:
                    i, j, i1, j1 = (_found(i, height, fill_mode), _found(j, width, fill_mode), _found(i1, height, fill_mode),
                                    _found(j1, width, fill_mode))
                top = ((n * x.shape[1] + x_region.top + i) * x.shape[2] + x_region.left) * channels
                bottom = ((n * x.shape[1] + x_region.top + i1) * x.shape[2] + x_region.left) * channels
                for c in range(0, channels, LANES):
                    left = channels - c
                    total = constant if i < 0 or j < 0 else load(x, top + j * channels + c, left)
                    if linear:
                        below, beside = floats(fractions[0, w]), floats(fractions[1, w])
                        second = constant if i < 0 or j1 < 0 else load(x, top + j1 * channels + c, left)
                        third = constant if i1 < 0 or j < 0 else load(x, bottom + j * channels + c, left)
                        fourth = constant if i1 < 0 or j1 < 0 else load(x, bottom + j1 * channels + c, left)
                        total = fma(second - total, beside, total)
                        third = fma(fourth - third, beside, third)
                        total = fma(third - total, below, total)
                    store(y, target + w * channels + c, total, left)


@register_jitable
def _copy_pixels(x, y, n, x_region, y_region, yy, y0, xx, x0):
    """Whole pixels, none from outside: rows as they are, or from behind."""
    channels, long = x.shape[3], y_region.width * x.shape[3]
    for h in range(y_region.height):
        row = x_region.top + np.int64(yy * h + y0)
        source = ((n * x.shape[1] + row) * x.shape[2] + x_region.left + np.int64(x0)) * channels
        target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
        if xx > 0:
            for e in range(0, long, LANES):
                store(y, target + e, load(x, source + e, long - e), long - e)
            continue
        for e in range(0, long, channels):
            for c in range(0, channels, LANES):
                store(y, target + e + c, load(x, source - e + c, channels - c), channels - c)


@register_jitable
def _clear(x, n):
    size = x.shape[1] * x.shape[2] * x.shape[3]
    for e in range(0, size, LANES):
        store(x, n * size + e, floats(F(0)), size - e)


@kernel
def affine_backward(d, dx, drawn, indices, fractions, d_region, dx_region, kind, linear, fill_mode):
    channels = d.shape[3]
    height, width = dx_region.height, dx_region.width
    for n in range(d.shape[0]):
        _clear(dx, n)
        yy, yx, y0, xy, xx, x0 = _map(kind, drawn, n, dx_region, d_region.height, d_region.width)
        for h in range(d_region.height):
            _look(indices, fractions, h, d_region.width, linear, yy, yx, y0, xy, xx, x0)
            source = ((n * d.shape[1] + d_region.top + h) * d.shape[2] + d_region.left) * channels
            for w in range(d_region.width):
                i, j = np.int64(indices[0, w]), np.int64(indices[1, w])
                below, beside = (fractions[0, w], fractions[1, w]) if linear else (F(0), F(0))
                for tap in range(4 if linear else 1):
                    under, after = tap // 2, tap % 2
                    weight = (below if under else F(1) - below) * (beside if after else F(1) - beside)
                    row, column = _found(i + under, height, fill_mode), _found(j + after, width, fill_mode)
                    if row < 0 or column < 0:
                        continue
                    target = ((n * dx.shape[1] + dx_region.top + row) * dx.shape[2] + dx_region.left + column) * channels
                    for c in range(0, channels, LANES):
                        left = channels - c
                        error = load(d, source + w * channels + c, left)
                        store(dx, target + c, fma(error, floats(weight), load(dx, target + c, left)), left)


# --- brightness and contrast --------------------------------------------------------------------------------------------


@kernel
def brightness(x, y, drawn, x_region, y_region, low, high):
    # drawn (N, 1): what is added
    long, least, most = y_region.width * y.shape[3], floats(F(low)), floats(F(high))
    for n in range(y.shape[0]):
        more = floats(drawn[n, 0])
        for h in range(y_region.height):
            source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left) * x.shape[3]
            target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * y.shape[3]
            for e in range(0, long, LANES):
                value = larger(load(x, source + e, long - e) + more, least)
                store(y, target + e, select(value > most, most, value), long - e)


@kernel
def contrast(x, y, drawn, means, x_region, y_region, low, high):
    # y = (x - mean) * factor + mean  drawn (N, 1)  means (N, 1, 1, C)
    channels, least, most = x.shape[3], floats(F(low)), floats(F(high))
    for n in range(y.shape[0]):
        factor, rest = floats(drawn[n, 0]), floats(F(1) - drawn[n, 0])
        for h in range(y_region.height):
            source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left) * channels
            target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
            for c in range(0, channels, LANES):
                left = channels - c
                offset = load(means, n * channels + c, left) * rest
                for w in range(y_region.width):
                    place = w * channels + c
                    value = larger(fma(load(x, source + place, left), factor, offset), least)
                    store(y, target + place, select(value > most, most, value), left)


@kernel
def clip_backward(d, y, dx, d_region, y_region, dx_region, low, high):
    # back through the ends of a range: what was cut off passes nothing
    long, least, most, zero = dx_region.width * dx.shape[3], floats(F(low)), floats(F(high)), floats(F(0))
    for n in range(dx.shape[0]):
        for h in range(dx_region.height):
            error = ((n * d.shape[1] + d_region.top + h) * d.shape[2] + d_region.left) * d.shape[3]
            value = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * y.shape[3]
            target = ((n * dx.shape[1] + dx_region.top + h) * dx.shape[2] + dx_region.left) * dx.shape[3]
            for e in range(0, long, LANES):
                left = long - e
                result = load(y, value + e, left)
                passed = select(result > least, select(most > result, load(d, error + e, left), zero), zero)
                store(dx, target + e, passed, left)


# --- chance -------------------------------------------------------------------------------------------


@kernel
def draw(drawn, limits, samples, seed, layer, each):
    # drawn (N, k): uniform from limits[0] up to limits[1], k up to the lanes of the narrowest vector; `each` is 0 where
    # all samples share them
    k = drawn.shape[1]
    low = load(limits, 0, k)
    wide = load(limits, k, k) - low
    for n in range(drawn.shape[0]):
        word = words(counting(0), ints(samples[n] * each), np.int64(seed[0]), np.int64(seed[1]) ^ layer)
        share = as_floats(shifted(word, 8)) * floats(F(2.0**-24))
        store(drawn, n * k, fma(share, wide, low), k)


@kernel
def noise(x, y, x_region, y_region, samples, seed, layer, deviation, factor):
    # y = x + number, or x * (1 + number); normally distributed, drawn anew in every step
    size, long = floats(F(deviation)), x_region.width * x.shape[3]
    key0, key1 = np.int64(seed[0]), np.int64(seed[1]) ^ layer
    for n in range(x.shape[0]):
        sample = ints(samples[n])
        for h in range(x_region.height):
            source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left) * x.shape[3]
            target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * y.shape[3]
            for e in range(0, long, LANES):
                value = load(x, source + e, long - e)
                more = _normal(words(counting(h * long + e), sample, key0, key1)) * size
                store(y, target + e, fma(value, more, value) if factor else value + more, long - e)


@register_jitable
def _normal(word):
    """Normally distributed numbers: the inverse of their distribution (Giles, Approximating the erfinv function, 2010) at
    an odd multiple of 2**-23 between -1 and 1."""
    one = floats(F(1))
    share = as_floats(shifted(word, 9)) * floats(F(2.0**-22)) + floats(F(2.0**-23)) - one
    tail = floats(F(0)) - logarithm((one - share) * (one + share))
    near, far = tail - floats(F(2.5)), root(tail) - floats(F(3))
    a, b = floats(F(2.81022636e-08)), floats(F(-0.000200214257))
    for c, e in ((3.43273939e-07, 0.000100950558), (-3.5233877e-06, 0.00134934322), (-4.39150654e-06, -0.00367342844),
                 (0.00021858087, 0.00573950773), (-0.00125372503, -0.0076224613), (-0.00417768164, 0.00943887047),
                 (0.246640727, 1.00167406), (1.50140941, 2.83297682)):
        a, b = fma(a, near, floats(F(c))), fma(b, far, floats(F(e)))
    return select(floats(F(5)) > tail, a, b) * share * floats(F(math.sqrt(2)))
