"""The obvious NumPy form of the kernels in resample.py; re-exported by reference.py."""

import numpy as np

from konv.ir.augment_ops import FILL_MODES, MAPS


def view(x, region):
    """The image without its halo."""
    top, left, height, width = region
    return x[:, top:top + height, left:left + width]


def _matrix(places, weights, size):
    """(target, size): what `weights` (target, taps + 1) say, without their last column."""
    matrix = np.zeros((len(weights), size), weights.dtype)
    taps = weights.shape[1] - 1
    np.add.at(matrix, (np.repeat(np.arange(len(weights)), taps), places), weights[:, :taps].reshape(-1))
    return matrix


def resample(x, y, rows, row_weights, columns, column_weights, room, x_region, y_region, first_column,
             columns_read, plain):
    # y = the rows of x that are named, each times its weight, and a constant; then the same with columns
    image = view(x, x_region)
    sums = np.einsum("hi,niwc->nhwc", _matrix(rows, row_weights, image.shape[1]), image)
    sums += row_weights[:, -1][:, None, None]
    result = np.einsum("wj,nhjc->nhwc", _matrix(columns, column_weights, image.shape[2]), sums)
    view(y, y_region)[...] = result + column_weights[:, -1][:, None]


def affine_maps(kind, drawn, source, target):
    """(N, 2, 3): the row and the column that a pixel shows are this times (its row, its column, 1)."""
    drawn, rows, columns = drawn.astype(np.float64), source.height, source.width
    first, second, zero, one = drawn[:, 0], drawn[:, -1], np.zeros(len(drawn)), np.ones(len(drawn))
    y, x = (rows - 1) / 2, (columns - 1) / 2
    if kind == "rotation":
        turn = 2 * np.pi * first
        a, b = np.cos(turn), np.sin(turn)
        matrix = ((a, b, y - x * b - y * a), (-b, a, x - x * a + y * b))
    elif kind == "zoom":
        matrix = ((first, zero, y * (1 - first)), (zero, second, x * (1 - second)))
    elif kind == "translation":
        matrix = ((one, zero, -first * rows), (zero, one, -second * columns))
    elif kind == "crop":
        down, right = (np.minimum(np.floor(share * (size - wanted + 1)), size - wanted) for share, size, wanted in (
            (first, rows, target.height), (second, columns, target.width)))
        matrix = ((one, zero, down), (zero, one, right))
    else:
        down, right = (np.where((first <= 0.5) & (kind != other), -one, one) for other in ("horizontal", "vertical"))
        matrix = ((down, zero, (1 - down) * y), (zero, right, (1 - right) * x))
    return np.array(matrix).transpose(2, 0, 1)


def _found(place, size, mode):
    """The pixels that stand for those outside; -1 for none."""
    if mode == "constant":
        return np.where((place >= 0) & (place < size), place, -1)
    if mode == "nearest":
        return np.clip(place, 0, size - 1)
    if mode == "wrap":
        return place % size
    place = place % (2 * size)
    return np.minimum(place, 2 * size - 1 - place)


def _taps(drawn, source, target, kind, linear, fill_mode):
    """(samples, rows, columns, weights) of each pixel that a pixel shows; -1 where it shows none."""
    mode, height, width, out_h, out_w = FILL_MODES[fill_mode], source.height, source.width, target.height, target.width
    matrix = affine_maps(MAPS[kind], drawn, source, target).transpose(1, 2, 0)[..., None, None]
    first = (matrix[:, 0] * np.arange(out_h)[:, None] + matrix[:, 2]).astype(np.float32)
    places = (first + matrix[:, 1].astype(np.float32) * np.arange(out_w, dtype=np.float64)).astype(np.float32)
    whole = np.floor(places) if linear else np.trunc(places.astype(np.float64) + np.copysign(0.5, places))
    (i, j), (below, beside) = whole.astype(int), (places - whole if linear else np.zeros_like(places)).astype(drawn.dtype)
    for lower, after in ((0, 0), (0, 1), (1, 0), (1, 1)) if linear else ((0, 0),):
        weight = (below if lower else 1 - below) * (beside if after else 1 - beside)
        yield _found(i + lower, height, mode), _found(j + after, width, mode), weight[..., None]


def affine(x, y, drawn, indices, fractions, x_region, y_region, kind, linear, fill_mode, fill):
    # y = x where the map of the sample says
    image, total = view(x, x_region), 0
    sample = np.arange(len(image)).reshape(-1, 1, 1)
    for i, j, weight in _taps(drawn, x_region, y_region, kind, linear, fill_mode):
        total = total + weight * np.where(((i < 0) | (j < 0))[..., None], x.dtype.type(fill), image[sample, i, j])
    view(y, y_region)[...] = total


def affine_backward(d, dx, drawn, indices, fractions, d_region, dx_region, kind, linear, fill_mode):
    dx[...] = 0
    error, result = view(d, d_region), view(dx, dx_region)
    sample = np.arange(len(error)).reshape(-1, 1, 1)
    for i, j, weight in _taps(drawn, dx_region, d_region, kind, linear, fill_mode):
        there = ((i >= 0) & (j >= 0))[..., None]
        np.add.at(result, (sample, i, j), np.where(there, error * weight, 0))


def brightness(x, y, drawn, x_region, y_region, low, high):
    view(y, y_region)[...] = np.clip(view(x, x_region) + drawn[:, :, None, None], low, high)


def contrast(x, y, drawn, means, x_region, y_region, low, high):
    # means (N, 1, 1, C)
    factor = drawn[:, :, None, None]
    view(y, y_region)[...] = np.clip((view(x, x_region) - means) * factor + means, low, high)


def clip_backward(d, y, dx, d_region, y_region, dx_region, low, high):
    # back through the ends of a range: what was cut off passes nothing
    result = view(y, y_region)
    view(dx, dx_region)[...] = np.where((result > low) & (result < high), view(d, d_region), 0)


def threefry(key0, key1, counter0, counter1):
    """Threefry 2x32 with 13 rounds (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011): its first word."""
    with np.errstate(over="ignore"):
        keys = (key0, key1, np.uint32(0x1BD11BDA) ^ key0 ^ key1)
        x0, x1 = counter0 + keys[0], counter1 + keys[1]
        for step, turn in enumerate((13, 15, 26, 6, 17, 29, 16, 24, 13, 15, 26, 6, 17)):
            x0 = x0 + x1
            x1 = ((x1 << np.uint32(turn)) | (x1 >> np.uint32(32 - turn))) ^ x0
            if step % 4 == 3:
                block = step // 4 + 1
                x0 = x0 + keys[block % 3]
                x1 = x1 + keys[(block + 1) % 3] + np.uint32(block)
    return x0


def draw(drawn, limits, samples, seed, layer, each):
    # drawn (N, k): uniform from limits[0] up to limits[1]; `each` is 0 where all samples share them
    word = threefry(seed[0], seed[1] ^ np.uint32(layer), np.arange(drawn.shape[1], dtype=np.uint32)[None],
                    (samples * each).astype(np.uint32)[:, None])
    drawn[...] = limits[0] + (word >> np.uint32(8)) * limits.dtype.type(2.0**-24) * (limits[1] - limits[0])


def noise(x, y, x_region, y_region, samples, seed, layer, deviation, factor):
    # y = x + number, or x * (1 + number); normally distributed, drawn anew in every step
    source = view(x, x_region)
    place = np.arange(source[0].size, dtype=np.uint32).reshape(1, *source.shape[1:])
    word = threefry(seed[0], seed[1] ^ np.uint32(layer), place, samples.astype(np.uint32).reshape(-1, 1, 1, 1))
    more = normal(word, x.dtype.type) * x.dtype.type(deviation)
    view(y, y_region)[...] = source * (1 + more) if factor else source + more


def normal(word, number):
    """Normally distributed numbers: the inverse of their distribution (Giles, Approximating the erfinv function, 2010) at
    an odd multiple of 2**-23 between -1 and 1."""
    share = (word >> np.uint32(9)).astype(number) * number(2.0**-22) + number(2.0**-23) - number(1)
    tail = -np.log((1 - share) * (1 + share))
    near = np.polyval(np.array([2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
                                -0.00417768164, 0.246640727, 1.50140941], number), tail - number(2.5))
    far = np.polyval(np.array([-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
                               0.00943887047, 1.00167406, 2.83297682], number), np.sqrt(tail) - number(3))
    return np.where(tail < 5, near, far) * share * number(np.sqrt(2))
