"""The NumPy twins of the kernels in winograd.py, and how overlapping windows are seen."""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from konv.kernels.winograd_matrices import WINOGRAD_ERROR, WINOGRAD_GRADIENT, WINOGRAD_INPUT, WINOGRAD_KERNEL, WINOGRAD_OUTPUT


def pixels(array, layout, height, width, depth, flat=0):
    """Overlapping windows of `depth` contiguous elements: (N, height, width, depth)."""
    if flat:
        height, width, count = 1, width * array.shape[0], 1
    else:
        count = array.shape[0]
    strides = [step * array.itemsize for step in (layout.image, layout.row, layout.column, 1)]
    return as_strided(array.reshape(-1)[layout.start:], (count, height, width, depth), strides)


def wide(array, columns):
    """The array with zeros behind the last axis, up to so many columns."""
    wide = np.zeros((*array.shape[:-1], columns), array.dtype)
    wide[..., :array.shape[-1]] = array
    return wide


def winograd(x, w, bias, y, room, x_layout, y_layout, height, width, channels, filters, strip, panels, floor, accumulate):
    # y = max(floor, bias + the convolution of x with the transformed weights w); nothing is left in room
    cells = _sandwich(WINOGRAD_INPUT, _grids(pixels(x, x_layout, height + 2, width + 2, channels), 4))
    weights = w[0].transpose(1, 0, 2).reshape(4, 4, channels, -1)[..., :filters]
    result = _sandwich(WINOGRAD_OUTPUT, np.einsum("nijrsc,rscf->nijrsf", cells, weights, optimize=True))
    result = result.transpose(0, 1, 3, 2, 4, 5).reshape(len(x), result.shape[1] * 2, -1, filters)[:, :height, :width]
    low, high = (min(int(panel) * w.shape[3], filters) for panel in panels)
    target = pixels(y, y_layout, height, width, filters)[..., low:high]
    target[...] = np.maximum((result + bias)[..., low:high] + (target if accumulate else 0), floor)


def winograd_weight_gradient(x, d, dw, room, x_layout, d_layout, height, width, channels, filters, strip, blocks, first, *,
                             transposed, block):
    # dw (+)= the sum over grids of transformed x times transformed d
    cells = _sandwich(WINOGRAD_INPUT, _grids(pixels(x, x_layout, height + 2, width + 2, channels), 4))
    errors = _sandwich(WINOGRAD_ERROR, _grids(pixels(d, d_layout, height, width, filters), 2))
    total = np.einsum("nijrsc,nijrsf->rscf", cells, errors, optimize=True).reshape(16, channels, filters)
    lanes = dw.shape[4]
    if transposed:
        target, total = dw.reshape(16, -1, filters, lanes), total.swapaxes(1, 2)
        total = wide(total, target.shape[1] * lanes).reshape(16, filters, -1, lanes).transpose(0, 2, 1, 3)
    else:
        low, high = (min(int(edge) * block, channels) for edge in blocks)
        target = dw.reshape(-1, 16, channels, lanes)[:, :, low:high]
        total = wide(total[:, low:high], len(target) * lanes).reshape(16, high - low, -1, lanes).transpose(2, 0, 1, 3)
    target[...] = total + (0 if first else target)


def winograd_weights(weight, packed, channels, filters, transposed, rows):
    # weight (3, 3, C, F)  packed (1, panels, 16 C, lanes), transposed (1, panels, 16 F, lanes)
    weight = weight.reshape(3, 3, channels, filters)
    if transposed:
        weight = weight[::-1, ::-1].swapaxes(2, 3)
    depth, (_, panels, _, lanes) = weight.shape[2], packed.shape
    cells = wide(_sandwich(WINOGRAD_KERNEL, weight.reshape(3, 3, -1)).reshape(16, *weight.shape[2:]), panels * lanes)
    low, high = _range(rows, transposed, depth)
    packed.reshape(panels, 16, depth, lanes)[:, :, low:high] = \
        cells.reshape(16, depth, panels, lanes).transpose(2, 0, 1, 3)[:, :, low:high]


def winograd_gradient(parts, gradient, channels, filters, transposed, rows, first):
    # the way back: parts (parts, 1, panels, 16 C, lanes), or transposed (parts, 1, 16 panels, F, lanes); gradient (3, 3, C, F)
    total, lanes = parts.sum((0, 1)), parts.shape[4]
    if transposed:
        cells = total.reshape(16, -1, filters, lanes).transpose(0, 1, 3, 2).reshape(16, -1, filters)[:, :channels]
    else:
        cells = total.reshape(-1, 16, channels, lanes).transpose(1, 2, 0, 3).reshape(16, channels, -1)[:, :, :filters]
    total = _sandwich(WINOGRAD_GRADIENT, cells.reshape(4, 4, -1)).reshape(3, 3, channels, filters)
    low, high = _range(rows, transposed, filters if transposed else channels)
    target = gradient.reshape(total.shape)
    target, total = (array[..., low:high] if transposed else array[:, :, low:high] for array in (target, total))
    target[...] = total + (0 if first else target)


def _range(rows, transposed, count):
    """Of channels; or of filters, which are counted by 16."""
    return (min(int(row) * (16 if transposed else 1), count) for row in rows)


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
