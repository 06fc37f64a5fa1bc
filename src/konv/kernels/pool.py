"""Pooling, forward and backward side by side; twins in reference.py.

Taps outside the image do not count. Row by row, one vector of channels at a time.
"""

import numpy as np

from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import floats, fma, ints, larger, load, load_ints, select, store, store_ints

F = np.float32


def make_max_pool(height, width, record, keep):
    @kernel
    def max_pool(y, coefficients, p, argmax, max_values, window, y_region, p_region, floor):
        # p = the largest of y * scale + shift in each window; max_values (N, OH, OW, C): what it was before
        # argmax (N, OH, OW, channels rounded up): which tap it was, the first of equals
        channels, row = y.shape[3], y.shape[2] * y.shape[3]
        low = floats(F(floor))
        for n in range(y.shape[0]):
            first = n * y.shape[1] * row + y_region.top * row + y_region.left * channels
            for i in range(p_region.height):
                h0 = i * window.stride_height - window.pad_top
                target = ((n * p.shape[1] + p_region.top + i) * p.shape[2] + p_region.left) * channels
                pooled_row = (n * p_region.height + i) * p_region.width
                which_row, peak_row = pooled_row * argmax.shape[3], pooled_row * channels
                for c in range(0, channels, LANES):
                    left = channels - c
                    scale, shift = load(coefficients, 2 * channels + c, left), load(coefficients, 3 * channels + c, left)
                    for j in range(p_region.width):
                        w0 = j * window.stride_width - window.pad_left
                        best, which, peak = floats(F(-np.inf)), ints(0), floats(F(0))
                        # a tap outside the image looks at the nearest pixel inside, which is in the window as well:
                        # so the loops have fixed lengths and are unrolled
                        for r in range(height):
                            h = min(max(h0 + r, 0), y_region.height - 1)
                            for s in range(width):
                                w = min(max(w0 + s, 0), y_region.width - 1)
                                pixel = load(y, first + h * row + w * channels + c, left)
                                value = fma(pixel, scale, shift)
                                better = value > best
                                best = select(better, value, best)
                                if keep:
                                    peak = select(better, pixel, peak)
                                if record:
                                    which = select(better, ints((h - h0) * width + w - w0), which)
                        store(p, target + j * channels + c, larger(best, low), left)
                        if keep:
                            store(max_values, peak_row + j * channels + c, peak, left)
                        if record:
                            store_ints(argmax, which_row + j * argmax.shape[3] + c, which)

    return max_pool


def make_norm_pool_backward(height, width, overlap):
    """As norm_backward, where d is the gradient of the pooled image."""

    @kernel
    def apart(d, argmax, y, coefficients, back, dy, window, d_region, y_region, dy_region, gated, factor):
        # windows side by side: each pixel belongs to one, or to none at the far edges
        channels, zero, times = y.shape[3], floats(F(0)), floats(F(factor))
        y_row, dy_row = y.shape[2] * channels, dy.shape[2] * channels
        for n in range(y.shape[0]):
            y_first = n * y.shape[1] * y_row + y_region.top * y_row + y_region.left * channels
            dy_first = n * dy.shape[1] * dy_row + dy_region.top * dy_row + dy_region.left * channels
            for i in range((y_region.height + window.pad_top + height - 1) // height):
                h0 = i * height - window.pad_top
                error_row = ((n * d.shape[1] + d_region.top + i) * d.shape[2] + d_region.left) * channels
                which_row = (n * d_region.height + i) * d_region.width * argmax.shape[3]
                for c in range(0, channels, LANES):
                    left = channels - c
                    b0, b2 = load(back, c, left) * times, load(back, 2 * channels + c, left) * times
                    b1 = load(coefficients, c, left) * b2 - load(back, channels + c, left) * times
                    for j in range((y_region.width + window.pad_left + width - 1) // width):
                        w0 = j * width - window.pad_left
                        error, which = zero, ints(0)
                        if i < d_region.height and j < d_region.width:
                            error = b0 * load(d, error_row + j * channels + c, left)
                            which = load_ints(argmax, which_row + j * argmax.shape[3] + c)
                        for r in range(height):
                            for s in range(width):
                                h, w = h0 + r, w0 + s
                                if h >= 0 and h < y_region.height and w >= 0 and w < y_region.width:
                                    value = load(y, y_first + h * y_row + w * channels + c, left)
                                    z = select(which == ints(r * width + s), error, zero)
                                    result = z + b1 - b2 * value
                                    if gated:
                                        result = select(value > zero, result, zero)
                                    store(dy, dy_first + h * dy_row + w * channels + c, result, left)

    @kernel
    def overlapping(d, argmax, y, coefficients, back, dy, window, d_region, y_region, dy_region, gated, factor):
        channels, zero, times = y.shape[3], floats(F(0)), floats(F(factor))
        for n in range(y.shape[0]):
            for h in range(y_region.height):
                # windows i with i * stride - pad <= h < i * stride - pad + kernel
                i_first = max(0, (h + window.pad_top - height) // window.stride_height + 1)
                i_last = min(d_region.height - 1, (h + window.pad_top) // window.stride_height)
                value_row = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
                target_row = ((n * dy.shape[1] + dy_region.top + h) * dy.shape[2] + dy_region.left) * channels
                for c in range(0, channels, LANES):
                    left = channels - c
                    b0, b2 = load(back, c, left) * times, load(back, 2 * channels + c, left) * times
                    b1 = load(coefficients, c, left) * b2 - load(back, channels + c, left) * times
                    for w in range(y_region.width):
                        j_first = max(0, (w + window.pad_left - width) // window.stride_width + 1)
                        j_last = min(d_region.width - 1, (w + window.pad_left) // window.stride_width)
                        z = zero
                        for i in range(i_first, i_last + 1):
                            error_row = ((n * d.shape[1] + d_region.top + i) * d.shape[2] + d_region.left) * channels + c
                            which_row = (n * d_region.height + i) * d_region.width * argmax.shape[3] + c
                            tap = (h + window.pad_top - i * window.stride_height) * width + w + window.pad_left
                            for j in range(j_first, j_last + 1):
                                which = load_ints(argmax, which_row + j * argmax.shape[3])
                                error = load(d, error_row + j * channels, left)
                                z = z + select(which == ints(tap - j * window.stride_width), error, zero)
                        value = load(y, value_row + w * channels + c, left)
                        result = fma(b0, z, b1) - b2 * value
                        if gated:
                            result = select(value > zero, result, zero)
                        store(dy, target_row + w * channels + c, result, left)

    return overlapping if overlap else apart


def make_max_pool_backward(height, width, overlap):
    """Each window's gradient goes to the pixel that was the largest; where windows overlap or leave gaps, onto zeros."""

    @kernel
    def max_pool_backward(d, argmax, dx, window, d_region, dx_region):
        channels, row, zero = dx.shape[3], dx.shape[2] * dx.shape[3], floats(F(0))
        rows = d_region.height if overlap else (dx_region.height + window.pad_top + height - 1) // height
        columns = d_region.width if overlap else (dx_region.width + window.pad_left + width - 1) // width
        for n in range(d.shape[0]):
            first = n * dx.shape[1] * row + dx_region.top * row + dx_region.left * channels
            if overlap:
                for h in range(dx_region.height):
                    for e in range(0, dx_region.width * channels, LANES):
                        store(dx, first + h * row + e, zero, dx_region.width * channels - e)
            for i in range(rows):
                h0 = i * window.stride_height - window.pad_top
                error_row = ((n * d.shape[1] + d_region.top + i) * d.shape[2] + d_region.left) * channels
                which_row = (n * d_region.height + i) * d_region.width * argmax.shape[3]
                for c in range(0, channels, LANES):
                    left = channels - c
                    for j in range(columns):
                        w0 = j * window.stride_width - window.pad_left
                        error, which = zero, ints(0)
                        if i < d_region.height and j < d_region.width:
                            error = load(d, error_row + j * channels + c, left)
                            which = load_ints(argmax, which_row + j * argmax.shape[3] + c)
                        for r in range(height):
                            for s in range(width):
                                h, w = h0 + r, w0 + s
                                if h >= 0 and h < dx_region.height and w >= 0 and w < dx_region.width:
                                    place = first + h * row + w * channels + c
                                    here = select(which == ints(r * width + s), error, zero)
                                    store(dx, place, load(dx, place, left) + here if overlap else here, left)

    return max_pool_backward


@kernel
def average_pool(x, y, window, x_region, y_region):
    channels, row = x.shape[3], x.shape[2] * x.shape[3]
    for n in range(x.shape[0]):
        for i in range(y_region.height):
            h0 = i * window.stride_height - window.pad_top
            r0, r1 = max(0, -h0), min(window.height, x_region.height - h0)
            for j in range(y_region.width):
                w0 = j * window.stride_width - window.pad_left
                s0, s1 = max(0, -w0), min(window.width, x_region.width - w0)
                share = floats(F(1) / F((r1 - r0) * (s1 - s0)))
                corner = n * x.shape[1] * row + (x_region.top + h0) * row + (x_region.left + w0) * channels
                target = ((n * y.shape[1] + y_region.top + i) * y.shape[2] + y_region.left + j) * channels
                for c in range(0, channels, LANES):
                    left, sums = channels - c, floats(F(0))
                    for r in range(r0, r1):
                        for s in range(s0, s1):
                            sums = sums + load(x, corner + r * row + s * channels + c, left)
                    store(y, target + c, sums * share, left)


@kernel
def average_pool_backward(d, dx, window, d_region, dx_region):
    channels, row = dx.shape[3], dx.shape[2] * dx.shape[3]
    for n in range(d.shape[0]):
        first = n * dx.shape[1] * row + dx_region.top * row + dx_region.left * channels
        for h in range(dx_region.height):
            for e in range(0, dx_region.width * channels, LANES):
                store(dx, first + h * row + e, floats(F(0)), dx_region.width * channels - e)
        for i in range(d_region.height):
            h0 = i * window.stride_height - window.pad_top
            r0, r1 = max(0, -h0), min(window.height, dx_region.height - h0)
            for j in range(d_region.width):
                w0 = j * window.stride_width - window.pad_left
                s0, s1 = max(0, -w0), min(window.width, dx_region.width - w0)
                share = floats(F(1) / F((r1 - r0) * (s1 - s0)))
                source = ((n * d.shape[1] + d_region.top + i) * d.shape[2] + d_region.left + j) * channels
                for c in range(0, channels, LANES):
                    left = channels - c
                    error = load(d, source + c, left) * share
                    for r in range(r0, r1):
                        for s in range(s0, s1):
                            place = first + (h0 + r) * row + (w0 + s) * channels + c
                            store(dx, place, load(dx, place, left) + error, left)


@kernel
def global_pool(x, y, argmax, x_region, y_region, average):
    # argmax (N, C): which pixel was the largest
    height, width, channels = x_region.height, x_region.width, x.shape[3]
    row = x.shape[2] * channels
    share = floats(F(1) / F(height * width))
    for n in range(x.shape[0]):
        first = n * x.shape[1] * row + x_region.top * row + x_region.left * channels
        target = ((n * y.shape[1] + y_region.top) * y.shape[2] + y_region.left) * channels
        for c in range(0, channels, LANES):
            left, which = channels - c, ints(0)
            best = floats(F(0)) if average else load(x, first + c, left)
            for h in range(height):
                for w in range(width):
                    value = load(x, first + h * row + w * channels + c, left)
                    if average:
                        best = best + value
                    else:
                        better = value > best
                        which = select(better, ints(h * width + w), which)
                        best = select(better, value, best)
            store(y, target + c, best * share if average else best, left)
            store_ints(argmax, n * argmax.shape[1] + c, which)


@kernel
def global_pool_backward(d, argmax, dx, d_region, dx_region, average):
    height, width, channels = dx_region.height, dx_region.width, dx.shape[3]
    row = dx.shape[2] * channels
    share = floats(F(1) / F(height * width))
    for n in range(d.shape[0]):
        first = n * dx.shape[1] * row + dx_region.top * row + dx_region.left * channels
        source = ((n * d.shape[1] + d_region.top) * d.shape[2] + d_region.left) * channels
        for c in range(0, channels, LANES):
            left = channels - c
            error, which = load(d, source + c, left), load_ints(argmax, n * argmax.shape[1] + c)
            for h in range(height):
                for w in range(width):
                    here = error * share if average else select(which == ints(h * width + w), error, floats(F(0)))
                    store(dx, first + h * row + w * channels + c, here, left)
