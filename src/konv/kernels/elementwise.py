"""Kernels that treat each number, or each pixel, by itself; twins in reference.py. `inside` is (top, left, height, width)."""

import math

import numpy as np

from konv.kernels.jit import kernel

F = np.float32
U = np.uint32


@kernel
def clear(x):
    flat = x.reshape(-1)
    for i in range(flat.size):
        flat[i] = F(0)


@kernel
def clear_halo(x, halo):
    top, bottom, left, right = halo[0], halo[1], halo[2], halo[3]
    count, height, width, channels = x.shape
    for n in range(count):
        for h in range(height):
            outside = h < top or h >= height - bottom
            row = x[n, h].reshape(-1)
            for i in range(width * channels if outside else left * channels):
                row[i] = F(0)
            if not outside:
                for i in range((width - right) * channels, width * channels):
                    row[i] = F(0)


@kernel
def copy(x, y, x_inside, y_inside):
    # the same numbers in the same order: runs up to the end of a row on either side
    channels_x, channels_y = x.shape[3], y.shape[3]
    long_x, long_y = x_inside[3] * channels_x, y_inside[3] * channels_y
    for n in range(x.shape[0]):
        i = j = h = k = 0
        while h < x_inside[2]:
            source = x[n, x_inside[0] + h].reshape(-1)
            target = y[n, y_inside[0] + k].reshape(-1)
            run = min(long_x - i, long_y - j)
            first, second = x_inside[1] * channels_x + i, y_inside[1] * channels_y + j
            for e in range(run):
                target[second + e] = source[first + e]
            i, j = i + run, j + run
            if i == long_x:
                i, h = 0, h + 1
            if j == long_y:
                j, k = 0, k + 1


@kernel
def permute(x, y, x_inside, y_inside, order):
    # output axis i is input axis order[i]
    extent = (x_inside[2], x_inside[3], np.int64(x.shape[3]))
    steps = (np.int64(x.shape[2] * x.shape[3]), np.int64(x.shape[3]), np.int64(1))
    start = x_inside[0] * steps[0] + x_inside[1] * steps[1]
    s0, s1, s2 = steps[order[0]], steps[order[1]], steps[order[2]]
    for n in range(x.shape[0]):
        source = x[n].reshape(-1)
        for i in range(extent[order[0]]):
            for j in range(extent[order[1]]):
                place = start + i * s0 + j * s1
                row = y[n, y_inside[0] + i, y_inside[1] + j]
                for k in range(extent[order[2]]):
                    row[k] = source[place + k * s2]


@kernel
def add(a, b, y, a_inside, b_inside, y_inside):
    channels = y.shape[3]
    for n in range(y.shape[0]):
        for h in range(y_inside[2]):
            first, second = a[n, a_inside[0] + h].reshape(-1), b[n, b_inside[0] + h].reshape(-1)
            row = y[n, y_inside[0] + h].reshape(-1)
            i, j, k = a_inside[1] * channels, b_inside[1] * channels, y_inside[1] * channels
            for e in range(y_inside[3] * channels):
                row[k + e] = first[i + e] + second[j + e]


@kernel
def scale(x, y, factor, offset, x_inside, y_inside):
    # factor, offset (C,)
    for n in range(y.shape[0]):
        for h in range(y_inside[2]):
            for w in range(y_inside[3]):
                source, target = x[n, x_inside[0] + h, x_inside[1] + w], y[n, y_inside[0] + h, y_inside[1] + w]
                for c in range(factor.size):
                    target[c] = source[c] * factor[c] + offset[c]


@kernel
def gate(d, y, d_inside, y_inside, factor):
    # back through relu and dropout: what came out as zero passes nothing
    times, channels = F(factor), d.shape[3]
    for n in range(d.shape[0]):
        for h in range(d_inside[2]):
            error, value = d[n, d_inside[0] + h].reshape(-1), y[n, y_inside[0] + h].reshape(-1)
            i, j = d_inside[1] * channels, y_inside[1] * channels
            for e in range(d_inside[3] * channels):
                error[i + e] = error[i + e] * times if value[j + e] > F(0) else F(0)


@kernel
def dropout(x, y, x_inside, y_inside, samples, seed, layer, rate):
    # Threefry 2x32 with 13 rounds, counters (element, sample), key (seed, seed ^ layer); see reference.threefry
    keep, limit, channels = F(1 / (1 - rate)), U(min(int(rate * 2**32), 2**32 - 1)), x.shape[3]
    k0, k1 = seed[0], seed[1] ^ U(layer)
    k2 = U(0x1BD11BDA) ^ k0 ^ k1
    long = x_inside[3] * channels
    for n in range(x.shape[0]):
        sample = U(samples[n]) + k1
        for h in range(x_inside[2]):
            source, target = x[n, x_inside[0] + h].reshape(-1), y[n, y_inside[0] + h].reshape(-1)
            i, j = x_inside[1] * channels, y_inside[1] * channels
            base = U(h * long) + k0
            for e in range(long):
                a, b = base + U(e), sample
                a += b
                b = ((b << U(13)) | (b >> U(19))) ^ a
                a += b
                b = ((b << U(15)) | (b >> U(17))) ^ a
                a += b
                b = ((b << U(26)) | (b >> U(6))) ^ a
                a += b
                b = ((b << U(6)) | (b >> U(26))) ^ a
                a, b = a + k1, b + k2 + U(1)
                a += b
                b = ((b << U(17)) | (b >> U(15))) ^ a
                a += b
                b = ((b << U(29)) | (b >> U(3))) ^ a
                a += b
                b = ((b << U(16)) | (b >> U(16))) ^ a
                a += b
                b = ((b << U(24)) | (b >> U(8))) ^ a
                a, b = a + k2, b + k0 + U(2)
                a += b
                b = ((b << U(13)) | (b >> U(19))) ^ a
                a += b
                b = ((b << U(15)) | (b >> U(17))) ^ a
                a += b
                b = ((b << U(26)) | (b >> U(6))) ^ a
                a += b
                b = ((b << U(6)) | (b >> U(26))) ^ a
                a, b = a + k0, b + k1 + U(3)
                a += b
                target[j + e] = source[i + e] * keep if a >= limit else F(0)


@kernel
def channel_sums(d, inside, sums, first):
    # sums (1, C)
    total = sums[0]
    if first:
        for c in range(total.size):
            total[c] = F(0)
    for n in range(d.shape[0]):
        for h in range(inside[2]):
            for w in range(inside[3]):
                error = d[n, inside[0] + h, inside[1] + w]
                for c in range(total.size):
                    total[c] += error[c]


@kernel
def softmax(x, y, x_inside, y_inside, log):
    channels = x.shape[3]
    for n in range(x.shape[0]):
        for h in range(x_inside[2]):
            for w in range(x_inside[3]):
                source, target = x[n, x_inside[0] + h, x_inside[1] + w], y[n, y_inside[0] + h, y_inside[1] + w]
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
def softmax_backward(d, y, dx, d_inside, y_inside, dx_inside, log):
    channels = d.shape[3]
    for n in range(d.shape[0]):
        for h in range(d_inside[2]):
            for w in range(d_inside[3]):
                error, result = d[n, d_inside[0] + h, d_inside[1] + w], y[n, y_inside[0] + h, y_inside[1] + w]
                target = dx[n, dx_inside[0] + h, dx_inside[1] + w]
                total = F(0)
                for c in range(channels):
                    total += error[c] if log else error[c] * result[c]
                for c in range(channels):
                    target[c] = error[c] - math.exp(result[c]) * total if log else result[c] * (error[c] - total)
