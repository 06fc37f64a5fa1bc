"""Convolutions in which each channel has one filter of its own, as rows of taps; compare linear.py.

geometry: output height and width; of the operand that is read: start, distance of lines, of pixels, of rows of taps, of
taps in a row; of the weights: start, distance of rows, of taps; of the result: start, distance of lines, of pixels.
"""

from itertools import product

from konv.plan.linear import Linear
from konv.plan.steps import Buffer

REGISTERS = 24  # sums that a row of the kernel gradient may keep


def is_depthwise(sizes: Linear) -> bool:
    return sizes.groups > 1 and sizes.kernel[2] == 1 and sizes.kernel[3] == sizes.groups


def forward_geometry(sizes: Linear, x: Buffer, y: Buffer) -> tuple[int, ...]:
    """Of the convolution, and with the output gradient as `y` of its kernel gradient."""
    channels = sizes.groups
    start = x.start - sizes.padding[0] * x.row - sizes.padding[1] * channels
    lines = (sizes.strides[0] * x.row, sizes.strides[1] * channels)
    taps = (sizes.dilation[0] * x.row, sizes.dilation[1] * channels)
    return (*sizes.output[:2], start, *lines, *taps, 0, sizes.kernel[1] * channels, channels, y.start, y.row, channels)


def backward_geometries(sizes: Linear, d: Buffer, dx: Buffer) -> list[tuple[tuple[int, int], tuple[int, ...]]]:
    """(rows and columns of taps, geometry) of each phase of the stride that any window reaches."""
    channels, found = sizes.groups, []
    for rows, columns in product(sizes.phases(0), sizes.phases(1)):
        if not rows.taps or not columns.taps:
            continue
        (row, shift), (column, move) = rows.taps[0], columns.taps[0]
        row_step, shift_step = _step(rows.taps)
        column_step, move_step = _step(columns.taps)
        source = (d.start + shift * d.row + move * channels, d.row, channels, shift_step * d.row, move_step * channels)
        weights = ((row * sizes.kernel[1] + column) * channels, row_step * sizes.kernel[1] * channels, column_step * channels)
        target = (dx.start + rows.start * dx.row + columns.start * channels, sizes.strides[0] * dx.row,
                  sizes.strides[1] * channels)
        found.append(((len(rows.taps), len(columns.taps)), (rows.count, columns.count, *source, *weights, *target)))
    return found


def _step(taps: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """From one tap to the next: in the kernel, and in the output gradient. The steps of a phase are equal."""
    if len(taps) == 1:
        return 0, 0
    return taps[1][0] - taps[0][0], taps[1][1] - taps[0][1]
