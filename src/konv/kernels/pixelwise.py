"""Kernels that treat each element, or each pixel, by itself; twins in reference.py."""

import math

import numpy as np

from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import below, counting, floats, fma, ints, larger, load, select, store, words

F = np.float32


@kernel
def clear(x):
    for e in range(0, x.size, LANES):
        store(x, e, floats(F(0)), x.size - e)


@kernel
def clear_halo(x, halo):
    top, bottom, left, right = halo
    count, height, width, channels = x.shape
    row = width * channels
    for n in range(count):
        for h in range(height):
            start = (n * height + h) * row
            outside = h < top or h >= height - bottom
            first = row if outside else left * channels
            for e in range(0, first, LANES):
                store(x, start + e, floats(F(0)), first - e)
            last = 0 if outside else right * channels
            for e in range(0, last, LANES):
                store(x, start + row - last + e, floats(F(0)), last - e)


@kernel
def copy(x, y, x_region, y_region):
    # the same numbers in the same order: runs up to the end of a row on either side
    long_x, long_y = x_region.width * x.shape[3], y_region.width * y.shape[3]
    for n in range(x.shape[0]):
        i = j = h = k = 0
        while h < x_region.height:
            source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left) * x.shape[3] + i
            target = ((n * y.shape[1] + y_region.top + k) * y.shape[2] + y_region.left) * y.shape[3] + j
            run = min(long_x - i, long_y - j)
            for e in range(0, run, LANES):
                store(y, target + e, load(x, source + e, run - e), run - e)
            i, j = i + run, j + run
            if i == long_x:
                i, h = 0, h + 1
            if j == long_y:
                j, k = 0, k + 1


@kernel
def add(a, b, y, a_region, b_region, y_region, floor):
    long, low = y_region.width * y.shape[3], floats(F(floor))
    for n in range(y.shape[0]):
        for h in range(y_region.height):
            first = ((n * a.shape[1] + a_region.top + h) * a.shape[2] + a_region.left) * a.shape[3]
            second = ((n * b.shape[1] + b_region.top + h) * b.shape[2] + b_region.left) * b.shape[3]
            target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * y.shape[3]
            for e in range(0, long, LANES):
                left = long - e
                store(y, target + e, larger(load(a, first + e, left) + load(b, second + e, left), low), left)


@kernel
def relu(x, y, x_region, y_region):
    long, zero = y_region.width * y.shape[3], floats(F(0))
    for n in range(y.shape[0]):
        for h in range(y_region.height):
            source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left) * x.shape[3]
            target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * y.shape[3]
            for e in range(0, long, LANES):
                store(y, target + e, larger(load(x, source + e, long - e), zero), long - e)


@kernel
def relu_backward(d, y, dx, d_region, y_region, dx_region):
    long, zero = y_region.width * y.shape[3], floats(F(0))
    for n in range(y.shape[0]):
        for h in range(y_region.height):
            error = ((n * d.shape[1] + d_region.top + h) * d.shape[2] + d_region.left) * d.shape[3]
            value = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * y.shape[3]
            target = ((n * dx.shape[1] + dx_region.top + h) * dx.shape[2] + dx_region.left) * dx.shape[3]
            for e in range(0, long, LANES):
                left = long - e
                passed = select(load(y, value + e, left) > zero, load(d, error + e, left), zero)
                store(dx, target + e, passed, left)


@kernel
def scale(x, y, factor, offset, x_region, y_region):
    # factor, offset (C,)
    channels = x.shape[3]
    for n in range(y.shape[0]):
        for h in range(y_region.height):
            source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left) * channels
            target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
            for c in range(0, channels, LANES):
                left = channels - c
                times, plus = load(factor, c, left), load(offset, c, left)
                for w in range(y_region.width):
                    place = w * channels + c
                    store(y, target + place, fma(load(x, source + place, left), times, plus), left)


@kernel
def gate(d, y, d_region, y_region, factor):
    # back through relu and dropout: what came out as zero passes nothing
    times, zero, channels = floats(F(factor)), floats(F(0)), d.shape[3]
    long = d_region.width * channels
    for n in range(d.shape[0]):
        for h in range(d_region.height):
            error_row = ((n * d.shape[1] + d_region.top + h) * d.shape[2] + d_region.left) * channels
            value_row = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
            for e in range(0, long, LANES):
                left = long - e
                error = load(d, error_row + e, left) * times
                store(d, error_row + e, select(load(y, value_row + e, left) > zero, error, zero), left)


@kernel
def dropout(x, y, x_region, y_region, samples, seed, layer, rate, strides):
    # counters (element, sample), key (seed, seed ^ layer); see reference.threefry
    keep, limit, zero = floats(F(1 / (1 - rate)) if rate < 1 else F(0)), ints(min(int(rate * 2**32), 2**32 - 1)), floats(F(0))
    key0, key1 = np.int64(seed[0]), np.int64(seed[1]) ^ layer
    channels = x.shape[3]
    whole = strides.column == channels and strides.channel == 1  # the numbers of a row follow each other
    run, runs = (x_region.width * channels, 1) if whole else (channels, x_region.width)
    for n in range(x.shape[0]):
        sample = ints(samples[n] * strides.sample)
        for h in range(x_region.height):
            for w in range(runs):
                source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left + w) * channels
                target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left + w) * channels
                place = h * strides.row + w * strides.column
                for e in range(0, run, LANES):
                    left = run - e
                    word = words(counting(place + e) if strides.channel else ints(place), sample, key0, key1)
                    value = load(x, source + e, left) * keep
                    store(y, target + e, select(below(word, limit), zero, value), left)


@kernel
def channel_sums(d, region, sums, first):
    # sums (1, C) of one part
    channels = d.shape[3]
    if first:
        for c in range(channels):
            sums[0, c] = F(0)
    for n in range(d.shape[0]):
        for h in range(region.height):
            row = ((n * d.shape[1] + region.top + h) * d.shape[2] + region.left) * channels
            for c in range(0, channels, LANES):
                left = channels - c
                plain = load(sums, c, left)
                for w in range(region.width):
                    plain = plain + load(d, row + w * channels + c, left)
                store(sums, c, plain, left)


@kernel
def softmax(x, y, x_region, y_region, log):
    channels = x.shape[3]
    for n in range(x.shape[0]):
        for h in range(x_region.height):
            for w in range(x_region.width):
                source, target = x[n, x_region.top + h, x_region.left + w], y[n, y_region.top + h, y_region.left + w]
                largest = source[0]
                for c in range(1, channels):
                    largest = max(largest, source[c])
                total = F(0)
                for c in range(channels):
                    target[c] = math.exp(source[c] - largest)
                    total += target[c]
                if log:
                    total = math.log(total)
                    for c in range(channels):
                        target[c] = source[c] - largest - total
                else:
                    for c in range(channels):
                        target[c] /= total


@kernel
def softmax_backward(d, y, dx, d_region, y_region, dx_region, log):
    channels = d.shape[3]
    for n in range(d.shape[0]):
        for h in range(d_region.height):
            for w in range(d_region.width):
                error, result = d[n, d_region.top + h, d_region.left + w], y[n, y_region.top + h, y_region.left + w]
                target = dx[n, dx_region.top + h, dx_region.left + w]
                total = F(0)
                for c in range(channels):
                    total += error[c] if log else error[c] * result[c]
                for c in range(channels):
                    target[c] = error[c] - math.exp(result[c]) * total if log else result[c] * (error[c] - total)
