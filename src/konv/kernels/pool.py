"""Pooling, forward and backward side by side; twins in reference.py.

geometry: kernel height and width, strides, padding before, then (top, left, height, width) of the input's image and of
the output's in their buffers. Taps outside the image do not count.
"""

import numpy as np

from konv.kernels.jit import kernel

F = np.float32


def make_max_pool(record):
    @kernel
    def max_pool(y, coefficients, p, chosen, geometry, floor):
        # p = the largest of y * scale + shift in each window; chosen (N, OH, OW, C): which tap, the first of equals
        kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w = (geometry[0], geometry[1], geometry[2], geometry[3],
                                                                geometry[4], geometry[5])
        top, left, height, width = geometry[6], geometry[7], geometry[8], geometry[9]
        p_top, p_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
        scale, shift, low = coefficients[2], coefficients[3], F(floor)
        for n in range(y.shape[0]):
            for i in range(out_h):
                for j in range(out_w):
                    target = p[n, p_top + i, p_left + j]
                    h0, w0 = i * stride_h - pad_h, j * stride_w - pad_w
                    fresh = True
                    for r in range(max(0, -h0), min(kernel_h, height - h0)):
                        for s in range(max(0, -w0), min(kernel_w, width - w0)):
                            pixel = y[n, top + h0 + r, left + w0 + s]
                            tap = r * kernel_w + s
                            if fresh:
                                fresh = False
                                for c in range(scale.size):
                                    target[c] = pixel[c] * scale[c] + shift[c]
                                if record:
                                    which = chosen[n, i, j]
                                    for c in range(scale.size):
                                        which[c] = tap
                            elif record:
                                which = chosen[n, i, j]
                                for c in range(scale.size):
                                    value = pixel[c] * scale[c] + shift[c]
                                    better = value > target[c]
                                    which[c] = tap if better else which[c]
                                    target[c] = value if better else target[c]
                            else:
                                for c in range(scale.size):
                                    value = pixel[c] * scale[c] + shift[c]
                                    target[c] = value if value > target[c] else target[c]
                    if low > -np.inf:
                        for c in range(scale.size):
                            target[c] = low if target[c] < low else target[c]

    return max_pool


@kernel
def norm_pool_sums(d, chosen, y, coefficients, sums, geometry):
    # sums (N, 2, C): of d, and of d * (y - mean) at the chosen pixels
    kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w = (geometry[0], geometry[1], geometry[2], geometry[3],
                                                            geometry[4], geometry[5])
    top, left, height, width = geometry[6], geometry[7], geometry[8], geometry[9]
    d_top, d_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
    mean = coefficients[0]
    for n in range(y.shape[0]):
        plain, weighted = sums[n, 0], sums[n, 1]
        for c in range(mean.size):
            plain[c] = F(0)
            weighted[c] = F(0)
        for i in range(out_h):
            for j in range(out_w):
                error, which = d[n, d_top + i, d_left + j], chosen[n, i, j]
                h0, w0 = i * stride_h - pad_h, j * stride_w - pad_w
                for c in range(mean.size):
                    plain[c] += error[c]
                for r in range(max(0, -h0), min(kernel_h, height - h0)):
                    for s in range(max(0, -w0), min(kernel_w, width - w0)):
                        pixel, tap = y[n, top + h0 + r, left + w0 + s], r * kernel_w + s
                        for c in range(mean.size):
                            weighted[c] += error[c] * (pixel[c] - mean[c]) if which[c] == tap else F(0)


@kernel
def norm_pool_backward(d, chosen, y, coefficients, back, dy, geometry, dy_inside, gated, factor):
    kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w = (geometry[0], geometry[1], geometry[2], geometry[3],
                                                            geometry[4], geometry[5])
    top, left, height, width = geometry[6], geometry[7], geometry[8], geometry[9]
    d_top, d_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
    mean, b0, b1, b2, times = coefficients[0], back[0], back[1], back[2], F(factor)
    for n in range(y.shape[0]):
        for h in range(height):
            # windows i with i * stride - pad <= h < i * stride - pad + kernel
            i_first = max(0, (h + pad_h - kernel_h) // stride_h + 1)
            i_last = min(out_h - 1, (h + pad_h) // stride_h)
            for w in range(width):
                j_first = max(0, (w + pad_w - kernel_w) // stride_w + 1)
                j_last = min(out_w - 1, (w + pad_w) // stride_w)
                value, target = y[n, top + h, left + w], dy[n, dy_inside[0] + h, dy_inside[1] + w]
                if i_first == i_last and j_first == j_last:  # windows that do not overlap: one pass
                    error, which = d[n, d_top + i_first, d_left + j_first], chosen[n, i_first, j_first]
                    tap = (h + pad_h - i_first * stride_h) * kernel_w + w + pad_w - j_first * stride_w
                    if gated:
                        for c in range(mean.size):
                            z = error[c] if which[c] == tap else F(0)
                            g = (b0[c] * z - b1[c] - (value[c] - mean[c]) * b2[c]) * times
                            target[c] = g if value[c] > F(0) else F(0)
                    else:
                        for c in range(mean.size):
                            z = error[c] if which[c] == tap else F(0)
                            target[c] = b0[c] * z - b1[c] - (value[c] - mean[c]) * b2[c]
                    continue
                for c in range(mean.size):
                    target[c] = F(0)
                for i in range(i_first, i_last + 1):
                    for j in range(j_first, j_last + 1):
                        error, which = d[n, d_top + i, d_left + j], chosen[n, i, j]
                        tap = (h + pad_h - i * stride_h) * kernel_w + w + pad_w - j * stride_w
                        for c in range(mean.size):
                            target[c] += error[c] if which[c] == tap else F(0)
                for c in range(mean.size):
                    g = b0[c] * target[c] - b1[c] - (value[c] - mean[c]) * b2[c]
                    target[c] = F(0) if gated and not value[c] > F(0) else g * times


@kernel
def average_pool(x, y, geometry):
    kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w = (geometry[0], geometry[1], geometry[2], geometry[3],
                                                            geometry[4], geometry[5])
    top, left, height, width = geometry[6], geometry[7], geometry[8], geometry[9]
    y_top, y_left, out_h, out_w = geometry[10], geometry[11], geometry[12], geometry[13]
    for n in range(x.shape[0]):
        for i in range(out_h):
            for j in range(out_w):
                target = y[n, y_top + i, y_left + j]
                h0, w0 = i * stride_h - pad_h, j * stride_w - pad_w
                r0, r1, s0, s1 = max(0, -h0), min(kernel_h, height - h0), max(0, -w0), min(kernel_w, width - w0)
                share = F(1) / F((r1 - r0) * (s1 - s0))
                for c in range(target.size):
                    target[c] = F(0)
                for r in range(r0, r1):
                    for s in range(s0, s1):
                        pixel = x[n, top + h0 + r, left + w0 + s]
                        for c in range(target.size):
                            target[c] += pixel[c]
                for c in range(target.size):
                    target[c] *= share


@kernel
def average_pool_backward(d, dx, geometry, dx_inside):
    kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w = (geometry[0], geometry[1], geometry[2], geometry[3],
                                                            geometry[4], geometry[5])
    height, width, d_top, d_left = geometry[8], geometry[9], geometry[10], geometry[11]
    out_h, out_w, top, left = geometry[12], geometry[13], dx_inside[0], dx_inside[1]
    for n in range(d.shape[0]):
        for h in range(height):
            row = dx[n, top + h]
            for w in range(width):
                for c in range(dx.shape[3]):
                    row[left + w, c] = F(0)
        for i in range(out_h):
            for j in range(out_w):
                error = d[n, d_top + i, d_left + j]
                h0, w0 = i * stride_h - pad_h, j * stride_w - pad_w
                r0, r1, s0, s1 = max(0, -h0), min(kernel_h, height - h0), max(0, -w0), min(kernel_w, width - w0)
                share = F(1) / F((r1 - r0) * (s1 - s0))
                for r in range(r0, r1):
                    for s in range(s0, s1):
                        target = dx[n, top + h0 + r, left + w0 + s]
                        for c in range(error.size):
                            target[c] += error[c] * share


@kernel
def global_pool(x, y, chosen, x_inside, y_inside, average):
    # chosen (N, C): which pixel was the largest
    top, left, height, width = x_inside[0], x_inside[1], x_inside[2], x_inside[3]
    share = F(1) / F(height * width)
    for n in range(x.shape[0]):
        target, which, first = y[n, y_inside[0], y_inside[1]], chosen[n], x[n, top, left]
        for c in range(target.size):
            target[c] = F(0) if average else first[c]
            which[c] = 0
        for h in range(height):
            for w in range(width):
                pixel = x[n, top + h, left + w]
                if average:
                    for c in range(target.size):
                        target[c] += pixel[c]
                else:
                    for c in range(target.size):
                        better = pixel[c] > target[c]
                        which[c] = h * width + w if better else which[c]
                        target[c] = pixel[c] if better else target[c]
        if average:
            for c in range(target.size):
                target[c] *= share


@kernel
def global_pool_backward(d, chosen, dx, d_inside, dx_inside, average):
    top, left, height, width = dx_inside[0], dx_inside[1], dx_inside[2], dx_inside[3]
    share = F(1) / F(height * width)
    for n in range(d.shape[0]):
        error, which = d[n, d_inside[0], d_inside[1]], chosen[n]
        for h in range(height):
            for w in range(width):
                target, place = dx[n, top + h, left + w], h * width + w
                for c in range(target.size):
                    target[c] = error[c] * share if average else (error[c] if which[c] == place else F(0))
