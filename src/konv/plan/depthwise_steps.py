"""Convolutions in which each channel has one filter of its own; compare products.py."""

from itertools import product
from math import prod

from konv.plan.contracts import DepthwiseArgs, DepthwiseWeightGradientArgs, Layout, Name
from konv.plan.conv_geometry import ConvGeometry
from konv.plan.emitter import Emitter
from konv.plan.steps import FIRST, PER_PART, Buffer

REGISTERS = 24  # sums that a row of the weight gradient may keep


def emit_depthwise(e: Emitter, node: int, sizes: ConvGeometry, transposed: bool, x: Buffer, y: Buffer, weight: Name,
                   bias: Name | None, floor: float, accumulate: int) -> None:
    """The convolution, or `transposed` its input gradient: one step for each phase of the stride that any window reaches."""
    channels, arrays = sizes.groups, (x.name, weight, bias or e.fill((0.0,), sizes.groups), y.name)
    if not transposed:
        e.step(_depthwise(arrays, sizes.output[:2], sizes.kernel[:2], sizes.windows(x), y.layout,
                          (sizes.dilation[0] * x.row, sizes.dilation[1] * channels),
                          (0, sizes.kernel[1] * channels, channels), floor, accumulate), macs=e.graph.macs(node))
        return
    for rows, columns in product(sizes.phases(0), sizes.phases(1)):
        if not rows.taps or not columns.taps:
            continue
        (row, shift), (column, across) = rows.taps[0], columns.taps[0]
        source = x.layout._replace(start=x.start + shift * x.row + across * channels)
        target = Layout(y.start + rows.start * y.row + columns.start * channels, sizes.strides[0] * y.row,
                        sizes.strides[1] * channels, y.layout.image)
        weights = ((row * sizes.kernel[1] + column) * channels, rows.step[0] * sizes.kernel[1] * channels,
                   columns.step[0] * channels)
        e.step(_depthwise(arrays, (rows.count, columns.count), (len(rows.taps), len(columns.taps)), source, target,
                          (rows.step[1] * x.row, columns.step[1] * channels), weights, floor, accumulate))


def _depthwise(arrays: tuple[Name, Name, Name, Name], size: tuple[int, int], taps: tuple[int, int], source: Layout,
               target: Layout, steps: tuple[int, int], weights: tuple[int, int, int], floor: float,
               accumulate: int) -> DepthwiseArgs:
    x, w, bias, y = arrays
    return DepthwiseArgs(
        x=x, w=w, bias=bias, y=y, x_layout=source, y_layout=target, height=size[0], width=size[1], tap_row=steps[0],
        tap_column=steps[1], w_start=weights[0], w_row=weights[1], w_column=weights[2], floor=floor, accumulate=accumulate,
        rows=taps[0], columns=taps[1])


def emit_depthwise_weight_gradient(e: Emitter, node: int, sizes: ConvGeometry, x: Buffer, d: Buffer) -> Name:
    """The step of the gradient of the weights; the name of its parts."""
    (rows, columns), (height, width) = sizes.kernel[:2], sizes.output[:2]
    dw = e.buffer(f"parts{node}", (prod(sizes.kernel),), PER_PART).name
    e.step(DepthwiseWeightGradientArgs(
        x=x.name, d=d.name, dw=dw, x_layout=sizes.windows(x), d_layout=d.layout, height=height, width=width,
        tap_row=sizes.dilation[0] * x.row, tap_column=sizes.dilation[1] * sizes.groups, first=FIRST,
        rows=rows, columns=columns, step=min(rows, max(1, REGISTERS // columns))))
    return dw
