"""Batch normalisation, forward and backward side by side; twins in reference.py.

Row by row, and in a row one vector of channels at a time: its coefficients and sums stay in registers. `norm`, `norm_sums`
and `norm_backward` also take coefficients (N, rows, C), of each sample its own.
"""

import numpy as np

from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import floats, fma, larger, load, select, store

F = np.float32


@kernel
def moments(y, region, moments):
    # y (N, H, W, C)  moments (N, 2, C): mean and sum of squared deviations of each sample.
    # Deviations from the mean of the middle row, so that a large mean does not swallow a small variance.
    channels, row = y.shape[3], y.shape[2] * y.shape[3]
    in_row, in_all = floats(F(1) / F(region.width)), floats(F(1) / F(region.height * region.width))
    for n in range(y.shape[0]):
        first, into = (n * y.shape[1] + region.top) * row + region.left * channels, n * 2 * channels
        for c in range(0, channels, LANES):
            left, middle, pivot = channels - c, first + region.height // 2 * row + c, floats(F(0))
            for w in range(region.width):
                pivot = pivot + load(y, middle + w * channels, left)
            pivot = pivot * in_row
            plain, square = floats(F(0)), floats(F(0))
            for h in range(region.height):
                for w in range(region.width):
                    value = load(y, first + h * row + w * channels + c, left) - pivot
                    plain, square = plain + value, fma(value, value, square)
            mean = plain * in_all
            store(moments, into + c, pivot + mean, left)
            store(moments, into + channels + c, larger(square - mean * plain, floats(F(0))), left)


@kernel
def norm_update(moments, pixels, gamma, beta, moving_mean, moving_variance, coefficients, momentum, epsilon):
    # moments (N, 2, C)  coefficients (4, C): mean, 1 / deviation, scale, shift; all else (C,)
    count = moments.shape[0]
    for c in range(gamma.size):
        mean, square, between = 0.0, 0.0, 0.0
        for n in range(count):
            mean += moments[n, 0, c]
            square += moments[n, 1, c]
        mean /= count
        for n in range(count):
            between += (moments[n, 0, c] - mean) ** 2
        variance = (square + pixels * between) / (pixels * count)
        inverse = 1 / np.sqrt(variance + epsilon)
        coefficients[0, c], coefficients[1, c] = mean, inverse
        coefficients[2, c], coefficients[3, c] = gamma[c] * inverse, beta[c] - mean * gamma[c] * inverse
        moving_mean[c] = moving_mean[c] * momentum + mean * (1 - momentum)
        moving_variance[c] = moving_variance[c] * momentum + variance * (1 - momentum)


@kernel
def norm_frozen(gamma, beta, moving_mean, moving_variance, coefficients, epsilon):
    for c in range(gamma.size):
        inverse = 1 / np.sqrt(np.float64(moving_variance[c]) + epsilon)
        coefficients[0, c], coefficients[1, c] = moving_mean[c], inverse
        coefficients[2, c], coefficients[3, c] = gamma[c] * inverse, beta[c] - moving_mean[c] * gamma[c] * inverse


@kernel
def norm(y, coefficients, z, y_region, z_region, floor):
    _, height, width, channels = y.shape
    low, apart = floats(F(floor)), 4 * channels if coefficients.ndim == 3 else 0
    for n in range(y.shape[0]):
        for h in range(y_region.height):
            source = ((n * height + y_region.top + h) * width + y_region.left) * channels
            target = ((n * z.shape[1] + z_region.top + h) * z.shape[2] + z_region.left) * channels
            for c in range(0, channels, LANES):
                left, own = channels - c, n * apart + c
                scale, shift = load(coefficients, own + 2 * channels, left), load(coefficients, own + 3 * channels, left)
                for w in range(y_region.width):
                    place = w * channels + c
                    store(z, target + place, larger(fma(load(y, source + place, left), scale, shift), low), left)


@kernel
def norm_add(y, coefficients, other, z, y_region, other_region, z_region, floor):
    # the same with the other term of a sum added to it
    _, height, width, channels = y.shape
    low = floats(F(floor))
    for n in range(y.shape[0]):
        for h in range(y_region.height):
            source = ((n * height + y_region.top + h) * width + y_region.left) * channels
            second = ((n * other.shape[1] + other_region.top + h) * other.shape[2] + other_region.left) * channels
            target = ((n * z.shape[1] + z_region.top + h) * z.shape[2] + z_region.left) * channels
            for c in range(0, channels, LANES):
                left = channels - c
                scale, shift = load(coefficients, 2 * channels + c, left), load(coefficients, 3 * channels + c, left)
                for w in range(y_region.width):
                    place = w * channels + c
                    result = fma(load(y, source + place, left), scale, shift) + load(other, second + place, left)
                    store(z, target + place, larger(result, low), left)


@kernel
def norm_sums(d, y, coefficients, sums, d_region, y_region):
    # sums (N, 2, C): of d, and of d * (y - mean)
    channels = y.shape[3]
    apart = 4 * channels if coefficients.ndim == 3 else 0
    for n in range(y.shape[0]):
        into = n * 2 * channels
        for c in range(0, channels, LANES):
            left = channels - c
            mean, plain, weighted = load(coefficients, n * apart + c, left), floats(F(0)), floats(F(0))
            for h in range(y_region.height):
                error_row = ((n * d.shape[1] + d_region.top + h) * d.shape[2] + d_region.left) * channels + c
                value_row = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels + c
                for w in range(y_region.width):
                    error = load(d, error_row + w * channels, left)
                    plain = plain + error
                    weighted = fma(error, load(y, value_row + w * channels, left) - mean, weighted)
            store(sums, into + c, plain, left)
            store(sums, into + channels + c, weighted, left)


@kernel
def norm_gradient(sums, pixels, coefficients, gamma, dgamma, first_gamma, dbeta, first_beta, back):
    # back (3, C): dy = back0 * dz - back1 - (y - mean) * back2
    count = np.float64(pixels * sums.shape[0])
    for c in range(gamma.size):
        plain, weighted = 0.0, 0.0
        for n in range(sums.shape[0]):
            plain += sums[n, 0, c]
            weighted += sums[n, 1, c]
        inverse = np.float64(coefficients[1, c])
        dgamma[c] = weighted * inverse + (0.0 if first_gamma else dgamma[c])
        dbeta[c] = plain + (0.0 if first_beta else dbeta[c])
        back[0, c] = gamma[c] * inverse
        back[1, c] = gamma[c] * inverse * plain / count
        back[2, c] = gamma[c] * inverse * inverse * inverse * weighted / count


@kernel
def norm_gradient_frozen(coefficients, back):
    for c in range(back.shape[1]):
        back[0, c], back[1, c], back[2, c] = coefficients[2, c], F(0), F(0)


@kernel
def norm_backward(d, y, coefficients, back, dy, d_region, y_region, dy_region, gated, factor):
    channels, zero = y.shape[3], floats(F(0))
    times = floats(F(factor))
    apart, far = (4 * channels, 3 * channels) if coefficients.ndim == 3 else (0, 0)
    for n in range(y.shape[0]):
        for h in range(y_region.height):
            error_row = ((n * d.shape[1] + d_region.top + h) * d.shape[2] + d_region.left) * channels
            value_row = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
            target_row = ((n * dy.shape[1] + dy_region.top + h) * dy.shape[2] + dy_region.left) * channels
            for c in range(0, channels, LANES):
                left = channels - c
                near = n * far + c
                b0, b2 = load(back, near, left) * times, load(back, near + 2 * channels, left) * times
                # dy = b0 * error - b2 * value + b1
                b1 = load(coefficients, n * apart + c, left) * b2 - load(back, near + channels, left) * times
                for w in range(y_region.width):
                    place = w * channels + c
                    value = load(y, value_row + place, left)
                    result = fma(b0, load(d, error_row + place, left), b1) - b2 * value
                    store(dy, target_row + place, select(value > zero, result, zero) if gated else result, left)
