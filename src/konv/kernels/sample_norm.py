"""Normalisation within each sample, forward and backward side by side; twins in reference_norm.py.

In groups of channels: `moments` and `norm_sums` give the sums of each channel; here they become those of the groups, and
coefficients for `norm` and `norm_backward`, of each sample its own. Of the channels of each pixel: kernels of their own. What
the next pixel needs is fetched early: the sums of a pixel must be known before it is written, and meanwhile nothing else would
ask the memory for anything (three times faster where arrays are larger than the caches).
"""

import math

import numpy as np

from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import below, counting, fetch, floats, fma, ints, larger, load, select, store, total

F = np.float32


@kernel
def group_coefficients(moments, pixels, gamma, beta, coefficients, groups, epsilon):
    # moments (N, 2, C)  coefficients (N, 4, C): mean, 1 / deviation, scale, shift; gamma, beta (C,)
    size = gamma.size // groups
    for n in range(moments.shape[0]):
        for group in range(groups):
            mean, square = 0.0, 0.0
            for c in range(group * size, (group + 1) * size):
                mean += moments[n, 0, c]
            mean /= size
            for c in range(group * size, (group + 1) * size):
                square += moments[n, 1, c] + pixels * (moments[n, 0, c] - mean) ** 2
            inverse = 1 / np.sqrt(square / (pixels * size) + epsilon)
            for c in range(group * size, (group + 1) * size):
                coefficients[n, 0, c], coefficients[n, 1, c] = mean, inverse
                coefficients[n, 2, c], coefficients[n, 3, c] = gamma[c] * inverse, beta[c] - mean * gamma[c] * inverse


@kernel
def group_gradient(sums, pixels, coefficients, gamma, dgamma, dbeta, back, groups, first):
    # sums (N, 2, C)  back (N, 3, C): dy = back0 * dz - back1 - (y - mean) * back2  dgamma, dbeta (1, C) of one part
    size = gamma.size // groups
    if first:
        for c in range(gamma.size):
            dgamma[0, c], dbeta[0, c] = F(0), F(0)
    for n in range(sums.shape[0]):
        for group in range(groups):
            plain, weighted = 0.0, 0.0
            for c in range(group * size, (group + 1) * size):
                plain += gamma[c] * np.float64(sums[n, 0, c])
                weighted += gamma[c] * np.float64(sums[n, 1, c])
            for c in range(group * size, (group + 1) * size):
                inverse = np.float64(coefficients[n, 1, c])
                back[n, 0, c] = gamma[c] * inverse
                back[n, 1, c] = inverse * plain / (pixels * size)
                back[n, 2, c] = inverse * inverse * inverse * weighted / (pixels * size)
                dgamma[0, c] += F(sums[n, 1, c] * inverse)
                dbeta[0, c] += sums[n, 0, c]


@kernel
def layer_norm(x, gamma, beta, y, moments, x_region, y_region, epsilon, floor):
    # gamma, beta (of C numbers)  moments (N, H * W, 2): mean and 1 / deviation of each pixel. The mean is corrected by that of
    # the deviations from it, so that a large one does not swallow a small variance.
    channels, zero, low, lanes = x.shape[3], floats(F(0)), floats(F(floor)), counting(0)
    share = F(1) / F(channels)
    for n in range(x.shape[0]):
        for h in range(x_region.height):
            for w in range(x_region.width):
                source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left + w) * channels
                target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left + w) * channels
                plain, square = zero, zero
                for c in range(0, channels, LANES):
                    plain = plain + load(x, source + c, channels - c)
                pivot = total(plain) * share
                near, plain = floats(pivot), zero
                for c in range(0, channels, LANES):
                    value = load(x, source + c, channels - c) - near
                    value = select(below(lanes, ints(channels - c)), value, zero)
                    plain, square = plain + value, fma(value, value, square)
                rest = total(plain) * share
                variance = max(total(square) * share - rest * rest, F(0))
                mean, inverse = pivot + rest, F(1 / math.sqrt(variance + epsilon))
                moments[n, h * x_region.width + w, 0], moments[n, h * x_region.width + w, 1] = mean, inverse
                middle, times = floats(mean), floats(inverse)
                for c in range(0, channels, LANES):
                    left = channels - c
                    fetch(x, source + channels + c)
                    fetch(y, target + channels + c)
                    value = (load(x, source + c, left) - middle) * times
                    store(y, target + c, larger(fma(value, load(gamma, c, left), load(beta, c, left)), low), left)


@kernel
def layer_norm_backward(d, x, gamma, moments, dx, dgamma, dbeta, d_region, x_region, dx_region, first):
    # dgamma, dbeta (1, C) of one part; a pixel is in the cache, so they are summed as it passes
    channels, zero = x.shape[3], floats(F(0))
    share = F(1) / F(channels)
    if first:
        for c in range(channels):
            dgamma[0, c], dbeta[0, c] = F(0), F(0)
    for n in range(d.shape[0]):
        for h in range(d_region.height):
            for w in range(d_region.width):
                error = ((n * d.shape[1] + d_region.top + h) * d.shape[2] + d_region.left + w) * channels
                source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left + w) * channels
                target = ((n * dx.shape[1] + dx_region.top + h) * dx.shape[2] + dx_region.left + w) * channels
                mean = floats(moments[n, h * d_region.width + w, 0])
                times = floats(moments[n, h * d_region.width + w, 1])
                plain, weighted = zero, zero
                for c in range(0, channels, LANES):
                    left = channels - c
                    slope, value = load(d, error + c, left), (load(x, source + c, left) - mean) * times
                    store(dbeta, c, load(dbeta, c, left) + slope, left)
                    store(dgamma, c, fma(slope, value, load(dgamma, c, left)), left)
                    slope = slope * load(gamma, c, left)
                    plain, weighted = plain + slope, fma(slope, value, weighted)
                offset, turn = floats(total(plain) * share), floats(total(weighted) * share)
                for c in range(0, channels, LANES):
                    left = channels - c
                    fetch(d, error + channels + c)
                    fetch(x, source + channels + c)
                    fetch(dx, target + channels + c)
                    value = (load(x, source + c, left) - mean) * times
                    slope = fma(load(d, error + c, left), load(gamma, c, left), zero - offset)
                    store(dx, target + c, (slope - value * turn) * times, left)
