"""The obvious NumPy form of every kernel: the oracle of the fast ones, and the path on a machine without Numba.

Arrays of images are x (N, H, W, C) with their halo.
Outputs are arguments. float64 works as well as float32, which is what finite differences need.
"""

import numpy as np

from konv.kernels import numpy_math
from konv.kernels.reference_norm import (  # noqa: F401 (kernels are looked up here)
    group_coefficients,
    group_gradient,
    layer_norm,
    layer_norm_backward,
    moments,
    norm,
    norm_add,
    norm_backward,
    norm_frozen,
    norm_gradient,
    norm_gradient_frozen,
    norm_sums,
    norm_update,
    undone,
)
from konv.kernels.reference_resample import (  # noqa: F401 (kernels are looked up here)
    affine,
    affine_backward,
    brightness,
    clip_backward,
    contrast,
    draw,
    noise,
    resample,
    threefry,
    view,
)
from konv.kernels.reference_strided import (  # noqa: F401
    binary,
    binary_backward,
    matmul,
    strided_copy,
)
from konv.kernels.reference_winograd import (  # noqa: F401 (kernels are looked up here)
    pixels,
    wide,
    winograd,
    winograd_gradient,
    winograd_weight_gradient,
    winograd_weights,
)
from konv.plan.contracts import Region

# --- convolutions and dense layers ------------------------------------------------------------------


def gather(source, index, target, blocks, first):
    # source (parts, n)  index (.., length)  target (index.size,)  blocks (2,): a range of blocks of 16 rows
    # target = the elements of source at these indices, summed over its parts; -1 is a zero
    done = slice(int(blocks[0]) * 16, int(blocks[1]) * 16)
    places, written = index[done], target.reshape(index.shape)[done]
    total = np.where(places >= 0, source.sum(0)[places], 0)
    written[...] = total if first else written + total


def fold(weight, bias, coefficients, folded, shifted):
    # weight (any)  folded (n, F)  bias, shifted (F,)  coefficients (4, F): scale and shift are its last rows
    folded[...] = weight.reshape(folded.shape) * coefficients[2]
    shifted[...] = bias * coefficients[2] + coefficients[3]


def reduce_parts(parts, gradient, first):
    # parts (parts, n)  gradient (of n numbers)
    gradient[...] = parts.sum(0).reshape(gradient.shape) + (0 if first else gradient)


def product(x, w, bias, y, x_layout, y_layout, taps, height, width, inner, filters, chunk, floor, accumulate, *, flat):
    # y[pixel, f] = max(floor, bias[f] + sum over taps t, k < inner of x[pixel + t + k] * w[t, k, f])
    for group in range(w.shape[0]):
        target = pixels(y, y_layout.at(group=group), height, width, filters, flat)
        total = np.zeros(target.shape, y.dtype) + bias.reshape(w.shape[0], -1)[group, :filters]
        for t, tap in enumerate(taps.distances):
            source = pixels(x, x_layout.at(group=group, distance=tap), height, width, inner, flat)
            weights = w[group, :, t * inner:(t + 1) * inner].transpose(1, 0, 2).reshape(inner, -1)[:, :filters]
            total += source @ weights
        target[...] = np.maximum(total + (target if accumulate else 0), floor)


def weight_gradient(x, d, dw, x_layout, d_layout, taps, flat, height, width, inner, filters, span, bands, tiles, first, *,
                    rows, transposed):
    # dw[band, k, f] (+)= sum over the pixels of a band of lines of x[pixel + k] * d[pixel, f]; `tiles` is the range of those
    # of all bands to do
    _, groups, panels, _, lanes = dw.shape
    lines, distances = width * len(x) if flat else height, taps.distances
    across = panels // len(distances) if transposed else panels
    per_run = -(-(filters if transposed else inner) // rows) * (across if transposed else 1)
    for index in range(int(tiles[0]), int(tiles[1])):
        band, index = divmod(index, per_run * len(distances) * groups)
        group, run = index // (per_run * len(distances)), index // per_run % len(distances)
        source = pixels(x, x_layout.at(group=group, distance=distances[run]), height, width, inner, flat)
        error = pixels(d, d_layout.at(group=group), height, width, filters, flat)
        cut = slice(lines * band // bands, lines * (band + 1) // bands)
        source, error = (source[..., cut, :], error[..., cut, :]) if flat else (source[:, cut], error[:, cut])
        total = np.tensordot(source, error, ((0, 1, 2), (0, 1, 2)))  # (inner, filters)
        if transposed:
            p, k = index % per_run % across, index % per_run // across * rows
            total = wide(total.T[k:k + rows], across * lanes).reshape(-1, across, lanes)[:, p]
            target = dw[band, group, run * across + p, k:k + rows]
        else:
            k = index % per_run * rows
            total = wide(total[k:k + rows], panels * lanes).reshape(-1, panels, lanes).transpose(1, 0, 2)
            target = dw[band, group, :, run * inner + k:run * inner + min(k + rows, inner)]
        target[...] = total + (0 if first else target)


def depthwise(x, w, bias, y, x_layout, y_layout, height, width, tap_row, tap_column, w_start, w_row, w_column, floor,
              accumulate, *, rows, columns):
    # y[pixel] = max(floor, bias + sum over taps of x[pixel + tap] * w[tap]), channel by channel
    channels, weights = y.shape[3], w.reshape(-1)
    target = pixels(y, y_layout, height, width, channels)
    total = np.zeros(target.shape, y.dtype) + bias
    for r, s in np.ndindex(rows, columns):
        start = w_start + r * w_row + s * w_column
        source = pixels(x, x_layout.at(distance=r * tap_row + s * tap_column), height, width, channels)
        total += source * weights[start:start + channels]
    target[...] = np.maximum(total + (target if accumulate else 0), floor)


def depthwise_weight_gradient(x, d, dw, x_layout, d_layout, height, width, tap_row, tap_column, first, *, rows, columns):
    # dw (1, taps * C) (+)= sum over pixels of x[pixel + tap] * d[pixel]
    channels = d.shape[3]
    error, sums = pixels(d, d_layout, height, width, channels), dw.reshape(rows, columns, -1)
    for r, s in np.ndindex(rows, columns):
        source = pixels(x, x_layout.at(distance=r * tap_row + s * tap_column), height, width, channels)
        sums[r, s] = (source * error).sum((0, 1, 2)) + (0 if first else sums[r, s])


def channel_sums(d, region, sums, first):
    # sums (1, C) of one part
    sums[...] = view(d, region).sum((0, 1, 2)) + (0 if first else sums)


# --- elementwise ------------------------------------------------------------------------------------


def clear(x):
    x[...] = 0


def clear_halo(x, halo):
    top, bottom, left, right = halo
    height, width = x.shape[1:3]
    x[:, :top] = 0
    x[:, height - bottom:] = 0
    x[:, :, :left] = 0
    x[:, :, width - right:] = 0


def copy(x, y, x_region, y_region):
    # the same numbers in the same order, whatever the two shapes
    target = view(y, y_region)
    target[...] = view(x, x_region).reshape(target.shape)


def add(a, b, y, a_region, b_region, y_region, floor):
    view(y, y_region)[...] = np.maximum(view(a, a_region) + view(b, b_region), floor)


def relu(x, y, x_region, y_region):
    view(y, y_region)[...] = np.maximum(view(x, x_region), 0)


def relu_backward(d, y, dx, d_region, y_region, dx_region):
    view(dx, dx_region)[...] = np.where(view(y, y_region) > 0, view(d, d_region), 0)


def scale(x, y, factor, offset, x_region, y_region):
    # factor, offset (C,)
    view(y, y_region)[...] = view(x, x_region) * factor + offset


def gate(d, y, d_region, y_region, factor):
    # back through relu and dropout: what came out as zero passes nothing
    error = view(d, d_region)
    error[...] = np.where(view(y, y_region) > 0, error * factor, 0)


def dropout(x, y, x_region, y_region, samples, seed, layer, rate, strides):
    # y = x / (1 - rate) where the number of the element, drawn anew in every step, is at least rate
    source = view(x, x_region)
    _, height, width, channels = source.shape
    per_sample, *steps = strides
    place = sum(i * step for i, step in zip(np.ogrid[:height, :width, :channels], steps, strict=True))
    place = np.broadcast_to(place, source.shape[1:]).astype(np.uint32)[None]
    sample = (samples * per_sample).astype(np.uint32).reshape(-1, 1, 1, 1)
    words = threefry(seed[0], seed[1] ^ np.uint32(layer), place, sample)
    kept = (words >= np.uint32(min(int(rate * 2**32), 2**32 - 1))) & (rate < 1)
    view(y, y_region)[...] = np.where(kept, source * source.dtype.type(1 / (1 - rate) if rate < 1 else 0), 0)


# --- pooling ----------------------------------------------------------------------------------------


def _windows(window, image, pooled):
    """(tap number, output rows and columns whose window has the tap inside the image, input rows and columns there)."""
    for r in range(window.height):
        for s in range(window.width):
            rows = np.arange(pooled.height) * window.stride_height - window.pad_top + r
            columns = np.arange(pooled.width) * window.stride_width - window.pad_left + s
            i, j = (np.nonzero((at >= 0) & (at < size))[0] for at, size in ((rows, image.height), (columns, image.width)))
            if len(i) and len(j):
                yield r * window.width + s, np.ix_(i, j), np.ix_(rows[i], columns[j])


def max_pool(y, coefficients, p, argmax, max_values, window, y_region, p_region, floor, *, record, keep):
    # p = the largest of y * scale + shift in each window; max_values (N, OH, OW, C): what it was before
    # argmax (N, OH, OW, channels rounded up): which tap it was, the first of equals
    source = view(y, y_region)
    image = source * coefficients[2] + coefficients[3]
    best = np.full((len(y), p_region.height, p_region.width, y.shape[3]), -np.inf, y.dtype)
    which, peak = np.zeros(best.shape, np.int32), np.zeros_like(best)
    for tap, place, pixel in _windows(window, y_region, p_region):
        value, at = image[(slice(None), *pixel)], (slice(None), *place)
        better = value > best[at]
        which[at] = np.where(better, tap, which[at])
        best[at] = np.where(better, value, best[at])
        peak[at] = np.where(better, source[(slice(None), *pixel)], peak[at])
    view(p, p_region)[...] = np.maximum(best, floor)
    if record:
        argmax[..., :which.shape[3]] = which
    if keep:
        max_values[...] = peak


def max_pool_backward(d, argmax, dx, window, d_region, dx_region):
    # each window's gradient goes to the pixel that was argmax
    image, error, argmax = view(dx, dx_region), view(d, d_region), argmax[..., :dx.shape[3]]
    image[...] = 0
    for tap, place, pixel in _windows(window, dx_region, d_region):
        at = (slice(None), *place)
        image[(slice(None), *pixel)] += np.where(argmax[at] == tap, error[at], 0)


def norm_pool_backward(d, argmax, y, coefficients, back, dy, window, d_region, y_region, dy_region, gated, factor):
    image = view(y, y_region)
    dz = np.empty(image.shape, y.dtype)
    max_pool_backward(d, argmax, dz, window, d_region, Region(0, 0, y_region.height, y_region.width))
    view(dy, dy_region)[...] = undone(dz, image, coefficients, back, gated, factor)


def _window_counts(window, image, pooled):
    out = np.zeros((pooled.height, pooled.width))
    for _, place, _ in _windows(window, image, pooled):
        out[place] += 1
    return out[None, :, :, None]


def average_pool(x, y, window, x_region, y_region):
    image, result = view(x, x_region), view(y, y_region)
    total = np.zeros(result.shape, x.dtype)
    for _, place, pixel in _windows(window, x_region, y_region):
        total[(slice(None), *place)] += image[(slice(None), *pixel)]
    result[...] = total / _window_counts(window, x_region, y_region)


def average_pool_backward(d, dx, window, d_region, dx_region):
    error = view(d, d_region) / _window_counts(window, dx_region, d_region)
    result = view(dx, dx_region)
    result[...] = 0
    for _, place, pixel in _windows(window, dx_region, d_region):
        result[(slice(None), *pixel)] += error[(slice(None), *place)]


def global_pool(x, y, argmax, x_region, y_region, average):
    # argmax (N, channels rounded up): which pixel was the largest
    image = view(x, x_region)
    flat = image.reshape(len(image), -1, image.shape[3])
    argmax[:, :image.shape[3]] = 0 if average else flat.argmax(1)
    view(y, y_region)[...] = (flat.mean(1) if average else flat.max(1))[:, None, None]


def global_pool_backward(d, argmax, dx, d_region, dx_region, average):
    error, result = view(d, d_region), view(dx, dx_region)
    _, height, width, _ = result.shape
    if average:
        result[...] = error / (height * width)
        return
    pixel = np.arange(height * width).reshape(1, height, width, 1)
    result[...] = np.where(argmax[:, None, None, :dx.shape[3]] == pixel, error, 0)


# --- activations ------------------------------------------------------------------------------------


def activation(x, y, x_region, y_region, coefficients, *, name):
    view(y, y_region)[...] = numpy_math.value(name, view(x, x_region), *coefficients)


def activation_backward(d, x, y, dx, d_region, x_region, y_region, dx_region, coefficients, *, name):
    derivative = numpy_math.derivative(name, view(x, x_region), view(y, y_region), *coefficients)
    view(dx, dx_region)[...] = view(d, d_region) * derivative


def softmax(x, y, x_region, y_region, log):
    image = view(x, x_region)
    shifted = image - image.max(3, keepdims=True)
    total = np.exp(shifted).sum(3, keepdims=True)
    view(y, y_region)[...] = shifted - np.log(total) if log else np.exp(shifted) / total


def softmax_backward(d, y, dx, d_region, y_region, dx_region, log):
    error, result = view(d, d_region), view(y, y_region)
    if log:
        view(dx, dx_region)[...] = error - np.exp(result) * error.sum(3, keepdims=True)
    else:
        view(dx, dx_region)[...] = result * (error - (error * result).sum(3, keepdims=True))


# --- optimizers -------------------------------------------------------------------------------------


def adam(w, gradient, m, v, rate, first, second, epsilon, keep):
    rate, first, second, epsilon, keep = map(w.dtype.type, (rate, first, second, epsilon, keep))
    m += (gradient - m) * first
    v += (gradient * gradient - v) * second
    w[...] = w * keep - rate * m / (np.sqrt(v) + epsilon)


def descend(w, gradient, rate, keep):
    rate, keep = map(w.dtype.type, (rate, keep))
    w[...] = w * keep - rate * gradient


def momentum(w, gradient, v, rate, keep, share, nesterov):
    rate, keep, share = map(w.dtype.type, (rate, keep, share))
    v[...] = v * share - rate * gradient
    w[...] = w * keep + (share * v - rate * gradient if nesterov else v)
