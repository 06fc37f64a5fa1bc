"""Pooling, forward and backward side by side; twins in reference.py.

geometry: kernel height and width, strides, padding before, then (top, left, height, width) of the input's image and of
the output's in their buffers. Taps outside the image do not count. Row by row, one vector of channels at a time.
"""

import numpy as np

from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import floats, fma, ints, larger, load, load_ints, select, store, store_ints

F = np.float32


def make_max_pool(kernel_h, kernel_w, record, keep):
    @kernel
    def max_pool(y, coefficients, p, chosen, peaks, geometry, floor):
        # p = the largest of y * scale + shift in each window; peaks (N, OH, OW, C): what it was before
        # chosen (N, OH, OW, channels rounded up): which tap it was, the first of equals
        stride_h, stride_w, pad_h, pad_w = geometry[2], geometry[3], geometry[4], geometry[5]
        top, left_edge, height, width = geometry[6], geometry[7], geometry[8], geometry[9]
        p_top, p_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
        channels, row = y.shape[3], y.shape[2] * y.shape[3]
        low = floats(F(floor))
        for n in range(y.shape[0]):
            first = n * y.shape[1] * row + top * row + left_edge * channels
            for i in range(out_h):
                h0 = i * stride_h - pad_h
                target = ((n * p.shape[1] + p_top + i) * p.shape[2] + p_left) * channels
                which_row, peak_row = (n * out_h + i) * out_w * chosen.shape[3], (n * out_h + i) * out_w * channels
                for c in range(0, channels, LANES):
                    left = channels - c
                    scale, shift = load(coefficients, 2 * channels + c, left), load(coefficients, 3 * channels + c, left)
                    for j in range(out_w):
                        w0 = j * stride_w - pad_w
                        best, which, peak = floats(F(-np.inf)), ints(0), floats(F(0))
                        # a tap outside the image looks at the nearest pixel inside, which is in the window as well:
                        # so the loops have fixed lengths and are unrolled
                        for r in range(kernel_h):
                            h = min(max(h0 + r, 0), height - 1)
                            for s in range(kernel_w):
                                w = min(max(w0 + s, 0), width - 1)
                                pixel = load(y, first + h * row + w * channels + c, left)
                                value = fma(pixel, scale, shift)
                                better = value > best
                                best = select(better, value, best)
                                if keep:
                                    peak = select(better, pixel, peak)
                                if record:
                                    which = select(better, ints((h - h0) * kernel_w + w - w0), which)
                        store(p, target + j * channels + c, larger(best, low), left)
                        if keep:
                            store(peaks, peak_row + j * channels + c, peak, left)
                        if record:
                            store_ints(chosen, which_row + j * chosen.shape[3] + c, which)

    return max_pool


def make_norm_pool_backward(kernel_h, kernel_w, overlap):
    """As norm_backward, where d is the gradient of the pooled image."""

    @kernel
    def apart(d, chosen, y, coefficients, back, dy, geometry, dy_inside, gated, factor):
        # windows side by side: each pixel belongs to one, or to none at the far edges
        pad_h, pad_w, top, left_edge, height, width = (geometry[4], geometry[5], geometry[6], geometry[7], geometry[8],
                                                       geometry[9])
        d_top, d_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
        channels, zero, times = y.shape[3], floats(F(0)), floats(F(factor))
        y_row, dy_row = y.shape[2] * channels, dy.shape[2] * channels
        for n in range(y.shape[0]):
            y_first = n * y.shape[1] * y_row + top * y_row + left_edge * channels
            dy_first = n * dy.shape[1] * dy_row + dy_inside[0] * dy_row + dy_inside[1] * channels
            for i in range((height + pad_h + kernel_h - 1) // kernel_h):
                h0 = i * kernel_h - pad_h
                error_row = ((n * d.shape[1] + d_top + i) * d.shape[2] + d_left) * channels
                which_row = (n * out_h + i) * out_w * chosen.shape[3]
                for c in range(0, channels, LANES):
                    left = channels - c
                    b0, b2 = load(back, c, left) * times, load(back, 2 * channels + c, left) * times
                    b1 = load(coefficients, c, left) * b2 - load(back, channels + c, left) * times
                    for j in range((width + pad_w + kernel_w - 1) // kernel_w):
                        w0 = j * kernel_w - pad_w
                        error, which = zero, ints(0)
                        if i < out_h and j < out_w:
                            error = b0 * load(d, error_row + j * channels + c, left)
                            which = load_ints(chosen, which_row + j * chosen.shape[3] + c)
                        for r in range(kernel_h):
                            for s in range(kernel_w):
                                h, w = h0 + r, w0 + s
                                if h >= 0 and h < height and w >= 0 and w < width:
                                    value = load(y, y_first + h * y_row + w * channels + c, left)
                                    z = select(which == ints(r * kernel_w + s), error, zero)
                                    result = z + b1 - b2 * value
                                    if gated:
                                        result = select(value > zero, result, zero)
                                    store(dy, dy_first + h * dy_row + w * channels + c, result, left)

    @kernel
    def overlapping(d, chosen, y, coefficients, back, dy, geometry, dy_inside, gated, factor):
        stride_h, stride_w, pad_h, pad_w = geometry[2], geometry[3], geometry[4], geometry[5]
        top, left_edge, height, width = geometry[6], geometry[7], geometry[8], geometry[9]
        d_top, d_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
        channels, zero, times = y.shape[3], floats(F(0)), floats(F(factor))
        for n in range(y.shape[0]):
            for h in range(height):
                # windows i with i * stride - pad <= h < i * stride - pad + kernel
                i_first, i_last = max(0, (h + pad_h - kernel_h) // stride_h + 1), min(out_h - 1, (h + pad_h) // stride_h)
                value_row = ((n * y.shape[1] + top + h) * y.shape[2] + left_edge) * channels
                target_row = ((n * dy.shape[1] + dy_inside[0] + h) * dy.shape[2] + dy_inside[1]) * channels
                for c in range(0, channels, LANES):
                    left = channels - c
                    b0, b2 = load(back, c, left) * times, load(back, 2 * channels + c, left) * times
                    b1 = load(coefficients, c, left) * b2 - load(back, channels + c, left) * times
                    for w in range(width):
                        j_first = max(0, (w + pad_w - kernel_w) // stride_w + 1)
                        j_last = min(out_w - 1, (w + pad_w) // stride_w)
                        z = zero
                        for i in range(i_first, i_last + 1):
                            error_row = ((n * d.shape[1] + d_top + i) * d.shape[2] + d_left) * channels + c
                            which_row = (n * out_h + i) * out_w * chosen.shape[3] + c
                            tap = (h + pad_h - i * stride_h) * kernel_w + w + pad_w
                            for j in range(j_first, j_last + 1):
                                which = load_ints(chosen, which_row + j * chosen.shape[3])
                                error = load(d, error_row + j * channels, left)
                                z = z + select(which == ints(tap - j * stride_w), error, zero)
                        value = load(y, value_row + w * channels + c, left)
                        result = fma(b0, z, b1) - b2 * value
                        if gated:
                            result = select(value > zero, result, zero)
                        store(dy, target_row + w * channels + c, result, left)

    return overlapping if overlap else apart


def make_max_pool_backward(kernel_h, kernel_w, overlap):
    """Each window's gradient goes to the pixel that was chosen; where windows overlap or leave gaps, onto zeros."""

    @kernel
    def max_pool_backward(d, chosen, dx, geometry, dx_inside):
        stride_h, stride_w, pad_h, pad_w = geometry[2], geometry[3], geometry[4], geometry[5]
        height, width, d_top, d_left, out_h, out_w = (geometry[8], geometry[9], geometry[10], geometry[11], geometry[12],
                                                      geometry[13])
        channels, row, zero = dx.shape[3], dx.shape[2] * dx.shape[3], floats(F(0))
        rows = out_h if overlap else (height + pad_h + kernel_h - 1) // kernel_h
        columns = out_w if overlap else (width + pad_w + kernel_w - 1) // kernel_w
        for n in range(d.shape[0]):
            first = n * dx.shape[1] * row + dx_inside[0] * row + dx_inside[1] * channels
            if overlap:
                for h in range(height):
                    for e in range(0, width * channels, LANES):
                        store(dx, first + h * row + e, zero, width * channels - e)
            for i in range(rows):
                h0 = i * stride_h - pad_h
                error_row = ((n * d.shape[1] + d_top + i) * d.shape[2] + d_left) * channels
                which_row = (n * out_h + i) * out_w * chosen.shape[3]
                for c in range(0, channels, LANES):
                    left = channels - c
                    for j in range(columns):
                        w0 = j * stride_w - pad_w
                        error, which = zero, ints(0)
                        if i < out_h and j < out_w:
                            error = load(d, error_row + j * channels + c, left)
                            which = load_ints(chosen, which_row + j * chosen.shape[3] + c)
                        for r in range(kernel_h):
                            for s in range(kernel_w):
                                h, w = h0 + r, w0 + s
                                if h >= 0 and h < height and w >= 0 and w < width:
                                    place = first + h * row + w * channels + c
                                    here = select(which == ints(r * kernel_w + s), error, zero)
                                    store(dx, place, load(dx, place, left) + here if overlap else here, left)

    return max_pool_backward


@kernel
def average_pool(x, y, geometry):
    kernel_h, kernel_w, stride_h, stride_w = geometry[0], geometry[1], geometry[2], geometry[3]
    pad_h, pad_w, top, left_edge, height, width = geometry[4], geometry[5], geometry[6], geometry[7], geometry[8], geometry[9]
    y_top, y_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
    channels, row = x.shape[3], x.shape[2] * x.shape[3]
    for n in range(x.shape[0]):
        for i in range(out_h):
            h0 = i * stride_h - pad_h
            r0, r1 = max(0, -h0), min(kernel_h, height - h0)
            for j in range(out_w):
                w0 = j * stride_w - pad_w
                s0, s1 = max(0, -w0), min(kernel_w, width - w0)
                share = floats(F(1) / F((r1 - r0) * (s1 - s0)))
                corner = n * x.shape[1] * row + (top + h0) * row + (left_edge + w0) * channels
                target = ((n * y.shape[1] + y_top + i) * y.shape[2] + y_left + j) * channels
                for c in range(0, channels, LANES):
                    left, sums = channels - c, floats(F(0))
                    for r in range(r0, r1):
                        for s in range(s0, s1):
                            sums = sums + load(x, corner + r * row + s * channels + c, left)
                    store(y, target + c, sums * share, left)


@kernel
def average_pool_backward(d, dx, geometry, dx_inside):
    kernel_h, kernel_w, stride_h, stride_w = geometry[0], geometry[1], geometry[2], geometry[3]
    pad_h, pad_w, height, width = geometry[4], geometry[5], geometry[8], geometry[9]
    d_top, d_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
    channels, row = dx.shape[3], dx.shape[2] * dx.shape[3]
    for n in range(d.shape[0]):
        first = n * dx.shape[1] * row + dx_inside[0] * row + dx_inside[1] * channels
        for h in range(height):
            for e in range(0, width * channels, LANES):
                store(dx, first + h * row + e, floats(F(0)), width * channels - e)
        for i in range(out_h):
            h0 = i * stride_h - pad_h
            r0, r1 = max(0, -h0), min(kernel_h, height - h0)
            for j in range(out_w):
                w0 = j * stride_w - pad_w
                s0, s1 = max(0, -w0), min(kernel_w, width - w0)
                share = floats(F(1) / F((r1 - r0) * (s1 - s0)))
                source = ((n * d.shape[1] + d_top + i) * d.shape[2] + d_left + j) * channels
                for c in range(0, channels, LANES):
                    left = channels - c
                    error = load(d, source + c, left) * share
                    for r in range(r0, r1):
                        for s in range(s0, s1):
                            place = first + (h0 + r) * row + (w0 + s) * channels + c
                            store(dx, place, load(dx, place, left) + error, left)


@kernel
def global_pool(x, y, chosen, x_inside, y_inside, average):
    # chosen (N, C): which pixel was the largest
    height, width, channels = x_inside[2], x_inside[3], x.shape[3]
    row = x.shape[2] * channels
    share = floats(F(1) / F(height * width))
    for n in range(x.shape[0]):
        first = n * x.shape[1] * row + x_inside[0] * row + x_inside[1] * channels
        target = ((n * y.shape[1] + y_inside[0]) * y.shape[2] + y_inside[1]) * channels
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
            store_ints(chosen, n * chosen.shape[1] + c, which)


@kernel
def global_pool_backward(d, chosen, dx, d_inside, dx_inside, average):
    height, width, channels = dx_inside[2], dx_inside[3], dx.shape[3]
    row = dx.shape[2] * channels
    share = floats(F(1) / F(height * width))
    for n in range(d.shape[0]):
        first = n * dx.shape[1] * row + dx_inside[0] * row + dx_inside[1] * channels
        source = ((n * d.shape[1] + d_inside[0]) * d.shape[2] + d_inside[1]) * channels
        for c in range(0, channels, LANES):
            left = channels - c
            error, which = load(d, source + c, left), load_ints(chosen, n * chosen.shape[1] + c)
            for h in range(height):
                for w in range(width):
                    here = error * share if average else select(which == ints(h * width + w), error, floats(F(0)))
                    store(dx, first + h * row + w * channels + c, here, left)
