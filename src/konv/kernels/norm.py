"""Batch normalisation, forward and backward side by side; twins in reference.py. `inside` is (top, left, height, width)."""

import numpy as np

from konv.kernels.jit import kernel

F = np.float32


@kernel
def moments(y, inside, result):
    # y (N, H, W, C)  result (N, 2, C): mean and sum of squared deviations of each sample.
    # Deviations from the first pixel, so that a large mean does not swallow a small variance.
    channels, pixels = y.shape[3], F(inside[2] * inside[3])
    for n in range(y.shape[0]):
        total, square = result[n, 0], result[n, 1]
        pivot = y[n, inside[0], inside[1]]
        for c in range(channels):
            total[c] = F(0)
            square[c] = F(0)
        for h in range(inside[2]):
            for w in range(inside[3]):
                pixel = y[n, inside[0] + h, inside[1] + w]
                for c in range(channels):
                    value = pixel[c] - pivot[c]
                    total[c] += value
                    square[c] += value * value
        for c in range(channels):
            mean = total[c] / pixels
            square[c] = max(square[c] - mean * total[c], F(0))
            total[c] = pivot[c] + mean


@kernel
def norm_update(result, pixels, gamma, beta, moving_mean, moving_variance, coefficients, momentum, epsilon):
    # result (N, 2, C)  coefficients (4, C): mean, 1 / deviation, scale, shift; all else (C,)
    count = result.shape[0]
    for c in range(gamma.size):
        mean, square, between = 0.0, 0.0, 0.0
        for n in range(count):
            mean += result[n, 0, c]
            square += result[n, 1, c]
        mean /= count
        for n in range(count):
            between += (result[n, 0, c] - mean) ** 2
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
def norm(y, coefficients, z, y_inside, z_inside, floor):
    scale, shift, low = coefficients[2], coefficients[3], F(floor)
    for n in range(y.shape[0]):
        for h in range(y_inside[2]):
            for w in range(y_inside[3]):
                source, target = y[n, y_inside[0] + h, y_inside[1] + w], z[n, z_inside[0] + h, z_inside[1] + w]
                for c in range(scale.size):
                    value = source[c] * scale[c] + shift[c]
                    target[c] = low if value < low else value


@kernel
def norm_sums(d, y, coefficients, sums, d_inside, y_inside):
    # sums (N, 2, C): of d, and of d * (y - mean)
    mean = coefficients[0]
    for n in range(y.shape[0]):
        plain, weighted = sums[n, 0], sums[n, 1]
        for c in range(mean.size):
            plain[c] = F(0)
            weighted[c] = F(0)
        for h in range(y_inside[2]):
            for w in range(y_inside[3]):
                error, value = d[n, d_inside[0] + h, d_inside[1] + w], y[n, y_inside[0] + h, y_inside[1] + w]
                for c in range(mean.size):
                    plain[c] += error[c]
                    weighted[c] += error[c] * (value[c] - mean[c])


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
def norm_backward(d, y, coefficients, back, dy, d_inside, y_inside, dy_inside, gated, factor):
    mean, b0, b1, b2, times = coefficients[0], back[0], back[1], back[2], F(factor)
    for n in range(y.shape[0]):
        for h in range(y_inside[2]):
            for w in range(y_inside[3]):
                error, value = d[n, d_inside[0] + h, d_inside[1] + w], y[n, y_inside[0] + h, y_inside[1] + w]
                target = dy[n, dy_inside[0] + h, dy_inside[1] + w]
                if gated:
                    for c in range(mean.size):
                        g = (b0[c] * error[c] - b1[c] - (value[c] - mean[c]) * b2[c]) * times
                        target[c] = g if value[c] > F(0) else F(0)
                else:
                    for c in range(mean.size):
                        target[c] = b0[c] * error[c] - b1[c] - (value[c] - mean[c]) * b2[c]
