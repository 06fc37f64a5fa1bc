"""The NumPy twins of the kernels in winograd.py, and how overlapping windows are seen."""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from konv.kernels.formulas import WINOGRAD_ERROR, WINOGRAD_GRADIENT, WINOGRAD_INPUT, WINOGRAD_KERNEL, WINOGRAD_OUTPUT


def pixels(array, start, row, column, image, flat, height, width, depth):
    """Overlapping windows of `depth` contiguous numbers: (N, height, width, depth)."""
    if flat:
        height, width, count = 1, width * array.shape[0], 1
    else:
        count = array.shape[0]
    size = array.itemsize
    return as_strided(array.reshape(-1)[start:], (count, height, width, depth), (image * size, row * size, column * size, size))


def wide(array, columns):
    """The array with zeros behind the last axis, up to so many columns."""
    wide = np.zeros((*array.shape[:-1], columns), array.dtype)
    wide[..., :array.shape[-1]] = array
    return wide


def winograd(x, u, bias, y, room, geometry, panels, floor, accumulate):
    # y = max(floor, bias + the convolution of x with the transformed kernel u); nothing is left in room
    height, width, channels, filters, _, x_start, x_row, x_column, x_image, *target, _ = (int(value) for value in geometry)
    source = pixels(x, x_start, x_row, x_column, x_image, 0, height + 2, width + 2, channels)
    cells = _sandwich(WINOGRAD_INPUT, _grids(source, 4))
    kernel = u[0].transpose(1, 0, 2).reshape(4, 4, channels, -1)[..., :filters]
    result = _sandwich(WINOGRAD_OUTPUT, np.einsum("nijrsc,rscf->nijrsf", cells, kernel, optimize=True))
    result = result.transpose(0, 1, 3, 2, 4, 5).reshape(len(x), result.shape[1] * 2, -1, filters)[:, :height, :width]
    low, high = (min(int(panel) * u.shape[3], filters) for panel in panels)
    place = pixels(y, *target, 0, height, width, filters)[..., low:high]
    place[...] = np.maximum((result + bias)[..., low:high] + (place if accumulate else 0), floor)


def winograd_kernel(x, d, du, room, geometry, blocks, first, *, turned, block):
    # du (+)= the sum over grids of transformed x times transformed d
    height, width, channels, filters, _, x_start, x_row, x_column, x_image, *error, _ = (int(value) for value in geometry)
    source = pixels(x, x_start, x_row, x_column, x_image, 0, height + 2, width + 2, channels)
    cells = _sandwich(WINOGRAD_INPUT, _grids(source, 4))
    errors = _sandwich(WINOGRAD_ERROR, _grids(pixels(d, *error, 0, height, width, filters), 2))
    total = np.einsum("nijrsc,nijrsf->rscf", cells, errors, optimize=True).reshape(16, channels, filters)
    lanes = du.shape[4]
    if turned:
        place, total = du.reshape(16, -1, filters, lanes), total.swapaxes(1, 2)
        total = wide(total, place.shape[1] * lanes).reshape(16, filters, -1, lanes).transpose(0, 2, 1, 3)
    else:
        low, high = (min(int(edge) * block, channels) for edge in blocks)
        place = du.reshape(-1, 16, channels, lanes)[:, :, low:high]
        total = wide(total[:, low:high], len(place) * lanes).reshape(16, high - low, -1, lanes).transpose(2, 0, 1, 3)
    place[...] = total + (0 if first else place)


def winograd_weights(kernel, packed, sizes, transposed, rows):
    # kernel (3, 3, C, F)  packed (1, panels, 16 C, lanes), transposed (1, panels, 16 F, lanes)
    kernel = kernel.reshape(3, 3, *sizes)
    if transposed:
        kernel = kernel[::-1, ::-1].swapaxes(2, 3)
    depth, (_, panels, _, lanes) = kernel.shape[2], packed.shape
    cells = wide(_sandwich(WINOGRAD_KERNEL, kernel.reshape(3, 3, -1)).reshape(16, *kernel.shape[2:]), panels * lanes)
    low, high = _range(rows, transposed, depth)
    packed.reshape(panels, 16, depth, lanes)[:, :, low:high] = \
        cells.reshape(16, depth, panels, lanes).transpose(2, 0, 1, 3)[:, :, low:high]


def winograd_gradient(parts, gradient, sizes, turned, rows, first):
    # the way back: parts (parts, 1, panels, 16 C, lanes), or turned (parts, 1, 16 panels, F, lanes); gradient (3, 3, C, F)
    total, (channels, filters), lanes = parts.sum((0, 1)), (int(size) for size in sizes), parts.shape[4]
    if turned:
        cells = total.reshape(16, -1, filters, lanes).transpose(0, 1, 3, 2).reshape(16, -1, filters)[:, :channels]
    else:
        cells = total.reshape(-1, 16, channels, lanes).transpose(1, 2, 0, 3).reshape(16, channels, -1)[:, :, :filters]
    total = _sandwich(WINOGRAD_GRADIENT, cells.reshape(4, 4, -1)).reshape(3, 3, channels, filters)
    low, high = _range(rows, turned, filters if turned else channels)
    place = gradient.reshape(total.shape)
    place, total = (array[..., low:high] if turned else array[:, :, low:high] for array in (place, total))
    place[...] = total + (0 if first else place)


def _range(rows, turned, count):
    """Of channels; or of filters, which are counted by 16."""
    return (min(int(row) * (16 if turned else 1), count) for row in rows)


def _sandwich(matrix, grids):
    """matrix @ grid @ matrix.T, the grid's axes being those before the last."""
    matrix = np.array(matrix, grids.dtype)
    return np.einsum("ar,bs,...rsc->...abc", matrix, matrix, grids, optimize=True)


def _grids(pixels, size):
    """(N, rows, columns, size, size, C) of all grids two pixels apart; pixels beyond the edges are zero."""
    height, width = pixels.shape[1:3]
    pixels = np.pad(pixels, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)))
    windows = sliding_window_view(pixels, (size, size), (1, 2))[:, ::2, ::2]
    return windows.transpose(0, 1, 2, 4, 5, 3)
