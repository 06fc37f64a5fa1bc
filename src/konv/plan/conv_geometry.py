"""The sizes of convolutions, of transposed ones and of dense layers, and which pixels they read."""

from dataclasses import dataclass
from math import prod
from typing import Any

from konv.plan.contracts import Halo, Layout
from konv.plan.steps import Buffer

Image = tuple[int, int, int]  # height, width, channels


@dataclass(frozen=True)
class ConvGeometry:
    """The sizes of one convolution; a dense layer is one of 1 x 1. Of a transposed one they are those of the convolution
    from its output back to its input."""

    input: Image
    output: Image
    kernel: tuple[int, int, int, int]  # rows, columns, channels per group, filters
    strides: tuple[int, ...] = (1, 1)
    dilation: tuple[int, ...] = (1, 1)
    padding: tuple[int, int] = (0, 0)  # before: top, left
    groups: int = 1
    transposed: bool = False

    @property
    def filters(self) -> int:
        """Of a group."""
        return self.kernel[3] // self.groups

    @property
    def terms(self) -> int:
        """Of the sum that each result is."""
        height, width, channels, filters = self.kernel
        return height * width * filters // prod(self.strides) if self.transposed else height * width * channels

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel has one filter of its own."""
        return self.groups > 1 and self.kernel[2] == 1 and self.kernel[3] == self.groups

    @property
    def is_covered(self) -> bool:
        """Whether every pixel of the convolution's input is written by some phase of the input gradient."""
        return all(phase.taps for axis in (0, 1) for phase in self.phases(axis))

    @property
    def input_halo(self) -> Halo:
        """The zeros that are read around what goes in."""
        return self._transposed_halo if self.transposed else self._window_halo

    @property
    def gradient_halo(self) -> Halo:
        """The zeros that are read around the gradient of what comes out."""
        return self._window_halo if self.transposed else self._transposed_halo

    @property
    def _window_halo(self) -> Halo:
        """What the windows of the convolution read around its input."""
        sides: list[int] = []
        for axis in (0, 1):
            last = (self.output[axis] - 1) * self.strides[axis] + self.dilation[axis] * (self.kernel[axis] - 1)
            sides += [self.padding[axis], max(last - self.padding[axis] - self.input[axis] + 1, 0)]
        return Halo(*sides)

    @property
    def _transposed_halo(self) -> Halo:
        """What its input gradient reads around the output gradient."""
        sides: list[int] = []
        for axis in (0, 1):
            reach = [shift for phase in self.phases(axis) for _, shift in phase.taps]
            ends = [shift + phase.count - 1 for phase in self.phases(axis) for _, shift in phase.taps]
            sides += [max(0, -min(reach)), max(0, max(ends) - self.output[axis] + 1)]
        return Halo(*sides)

    def windows(self, x: Buffer) -> Layout:
        """Where the windows of the convolution stand in its input."""
        start = x.start - self.padding[0] * x.row - self.padding[1] * x.shape[2]
        return Layout(start, self.strides[0] * x.row, self.strides[1] * x.shape[2], x.shape[0] * x.row, self.kernel[2])

    def phases(self, axis: int) -> list["Phase"]:
        """Input pixels start, start + stride, ... see the taps t at output pixel i + shift, i counting from 0."""
        size, stride, pad = self.input[axis], self.strides[axis], self.padding[axis]
        found: list[Phase] = []
        for start in range(min(stride, size)):
            taps = tuple((t, (start + pad - t * self.dilation[axis]) // stride) for t in reversed(range(self.kernel[axis]))
                         if (start + pad - t * self.dilation[axis]) % stride == 0)
            found.append(Phase(start, -(-(size - start) // stride), taps))
        return found


@dataclass(frozen=True)
class Phase:
    """Every stride-th row or column of the convolution's input, and the taps of the kernel that reach it."""

    start: int
    count: int
    taps: tuple[tuple[int, int], ...]  # index of the tap, and how far from its pixel's index the output's is

    @property
    def step(self) -> tuple[int, int]:
        """From one tap to the next, of both; the steps of a phase are equal."""
        if len(self.taps) == 1:
            return 0, 0
        return self.taps[1][0] - self.taps[0][0], self.taps[1][1] - self.taps[0][1]


def geometry_of(op: Any, source: Image, result: Image) -> ConvGeometry:
    """The sizes of a node between images of these sizes; those of a sequence have one row."""
    if not op.convolution:  # a dense layer
        return ConvGeometry(source, result, (1, 1, source[2], op.units))
    window, missing = op.window.planar, 2 - op.window.rank
    rows, columns = window.axes(*source[:2])
    height, width, *depths = (*(1,) * missing, *op.kernel_shape(source[missing:]))
    shape = (height, width, depths[0], depths[1])
    rest = (shape, window.strides, window.dilation, (rows.before, columns.before))
    if op.spreads:
        return ConvGeometry(result, source, *rest, transposed=True)
    return ConvGeometry(source, result, *rest, op.groups)
