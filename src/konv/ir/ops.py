"""The operations: one frozen dataclass each, with its output shape, its weights and its multiply-accumulates.

Shapes leave out the batch; a size that is not known yet is None. Every op answers three questions,
`output_shape`, `weights` and `macs`; nothing else in konv computes them.
"""

from dataclasses import dataclass
from math import inf, prod
from typing import Any, ClassVar

from konv.errors import ShapeError, UnsupportedError
from konv.ir.scalar_functions import SCALAR_FUNCTIONS, ScalarFunction
from konv.ir.window import SpreadWindow, Window

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Weight:
    """One array of an operation."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True


def spatial(shape: Shape, data_format: str, rank: int = 2) -> tuple[Any, ...]:
    """(height, width, channels) of an image shape, or (steps, channels) of a sequence, whichever way round it is stored."""
    last = data_format == "channels_last"
    if len(shape) != rank + 1:
        sizes, what = (("height", "width"), "images") if rank == 2 else (("steps",), "sequences")
        wants = ", ".join((*sizes, "channels") if last else ("channels", *sizes))
        hint = _axes_hint(shape, data_format) if rank == 2 else ""
        raise ShapeError(f"expected {what} of shape (batch, {wants}), got {describe(shape)}{hint}")
    *sizes, channels = shape if last else (*shape[1:], shape[0])
    if channels is None:
        raise ShapeError(f"the number of channels must be known, got {describe(shape)}")
    return (*sizes, channels)


def _axes_hint(shape: Shape, data_format: str) -> str:
    """Which axis an image that has too few or too many of them probably lacks."""
    last = data_format == "channels_last"
    if len(shape) == 2 and (shape[-1] if last else shape[0]) in (1, 3, 4):
        return ": a batch axis is missing; use x[None]"
    if len(shape) == 2:
        return f": the channel axis is missing; use {'x[..., None]' if last else 'x[:, None]'}"
    if len(shape) == 4:
        return ": one axis too many; input_shape= and Input(shape) leave the batch axis out"
    return ""


def slide(window: Window, shape: Shape, data_format: str) -> tuple[Any, ...]:
    """(rows, columns, channels) of what a window gives that slides over images of this shape; (steps, channels) of a
    sequence."""
    *sizes, channels = spatial(shape, data_format, window.rank)
    try:
        return (*window.output(*sizes), channels)
    except ShapeError as error:
        # one axis is too small because it is that of the channels
        swapped = data_format == "channels_last" and window.rank == 2 and sizes[0] in (1, 3) and (
            min(sizes[1] or 0, channels) >= max(window.kernel[1], 5))
        hint = '; if the first axis is that of the channels, give data_format="channels_first" or x.transpose(0, 2, 3, 1)'
        raise ShapeError(f"{error}{hint if swapped else ''}") from None


def image(*sizes: int | None, data_format: str = "channels_last") -> Shape:
    """The inverse of `spatial`: the shape of an image of these (height, width, channels), or of a sequence."""
    return sizes if data_format == "channels_last" else (sizes[-1], *sizes[:-1])


def pixels(shape: Shape, data_format: str, rank: int) -> int:
    """How many there are, or steps of a sequence; 0 where a size is not known."""
    return prod(size or 0 for size in spatial(shape, data_format, rank)[:-1])


def describe(shape: Shape) -> str:
    """The shape with its batch axis, as Keras prints it: (None, 28, 28, 1)."""
    return f"({', '.join(str(size) for size in (None, *shape))}{',' if not shape else ''})"


class Op:
    """Base of all operations; the defaults are those of an elementwise op without weights.

    Traits say by which rule of a table an operation is served:
        pointwise: each value is made of those at the very same index of its inputs.
        modal: it does something else in training than in inference.
        training_only: nothing happens in inference (where `always_random` does not say otherwise).
        windowed: each value is made of what lies under its `window`.
        spreads: its window lies over the output: each pixel of the input is spread over one.
        kernel_axes: of a convolution, what the last two axes of its kernel stand for.
    """

    pointwise: ClassVar[bool] = False
    modal: ClassVar[bool] = False
    training_only: ClassVar[bool] = False
    windowed: ClassVar[bool] = False
    spreads: ClassVar[bool] = False
    kernel_axes: ClassVar[tuple[str, ...]] = ()

    @property
    def convolution(self) -> bool:
        """Whether it sums products of a kernel and a window."""
        return bool(self.kernel_axes)

    @property
    def always_random(self) -> bool:
        """Whether it draws in inference too."""
        return False

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return ()

    def macs(self, *inputs: Shape) -> int:
        """Multiply-accumulates for one sample."""
        return 0

    def is_identity(self, training: bool, *inputs: Shape) -> bool:
        """Whether the result is the input as it is."""
        return self.training_only and not training and not self.always_random

    def simplified(self, training: bool, *inputs: Shape) -> "Op":
        """A more general operation that computes the same."""
        return self

    def parameters(self, *inputs: Shape) -> int:
        return sum(prod(weight.shape) for weight in self.weights(*inputs))


@dataclass(frozen=True)
class Input(Op):
    """What a graph begins with."""

    shape: Shape

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.shape


@dataclass(frozen=True)
class Conv(Op):
    """Cross-correlation; kernel (kh, kw, channels / groups, filters), or (steps, ...) for sequences.

    A layer of two convolutions calls their kernels by names of their own.
    """

    windowed = True
    kernel_axes = ("channels", "filters")

    filters: int
    window: Window
    groups: int = 1
    use_bias: bool = True
    data_format: str = "channels_last"
    kernel_name: str = "kernel"

    def output_shape(self, *inputs: Shape) -> Shape:
        *sizes, channels = slide(self.window, inputs[0], self.data_format)
        if channels % self.groups:
            raise ShapeError(f"the input's {channels} channels must be divisible by groups={self.groups}")
        return image(*sizes, self.filters, data_format=self.data_format)

    def kernel_shape(self, shape: Shape) -> tuple[int, ...]:
        channels = spatial(shape, self.data_format, self.window.rank)[-1]
        return (*self.window.kernel, channels // self.groups, self.filters)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        bias = (Weight("bias", (self.filters,)),) if self.use_bias else ()
        return (Weight(self.kernel_name, self.kernel_shape(inputs[0])), *bias)

    def macs(self, *inputs: Shape) -> int:
        places = pixels(self.output_shape(inputs[0]), self.data_format, self.window.rank)
        return prod(self.kernel_shape(inputs[0])) * places


@dataclass(frozen=True)
class DepthwiseConv(Op):
    """`multiplier` filters for each channel by itself; kernel (kh, kw, channels, multiplier)."""

    windowed = True
    kernel_axes = ("channels", "multiplier")

    multiplier: int
    window: Window
    use_bias: bool = True
    data_format: str = "channels_last"
    kernel_name: str = "kernel"

    def output_shape(self, *inputs: Shape) -> Shape:
        *sizes, channels = slide(self.window, inputs[0], self.data_format)
        return image(*sizes, channels * self.multiplier, data_format=self.data_format)

    def simplified(self, training: bool, *inputs: Shape) -> Op:
        """A convolution in as many groups as channels: its kernel has the same elements in the same order."""
        channels = self.kernel_shape(inputs[0])[-2]
        return Conv(channels * self.multiplier, self.window, channels, self.use_bias, self.data_format, self.kernel_name)

    def kernel_shape(self, shape: Shape) -> tuple[int, ...]:
        return (*self.window.kernel, spatial(shape, self.data_format, self.window.rank)[-1], self.multiplier)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        kernel = self.kernel_shape(inputs[0])
        bias = (Weight("bias", (kernel[-2] * kernel[-1],)),) if self.use_bias else ()
        return (Weight(self.kernel_name, kernel), *bias)

    def macs(self, *inputs: Shape) -> int:
        places = pixels(self.output_shape(inputs[0]), self.data_format, self.window.rank)
        return prod(self.kernel_shape(inputs[0])) * places


@dataclass(frozen=True)
class ConvTranspose(Op):
    """The input gradient of a convolution as an operation of its own: each pixel is spread over a window of the output.

    kernel (kh, kw, filters, channels): that of the convolution from the output back to the input.
    """

    windowed = True
    spreads = True
    kernel_axes = ("filters", "channels")

    filters: int
    window: SpreadWindow
    use_bias: bool = True
    data_format: str = "channels_last"

    def output_shape(self, *inputs: Shape) -> Shape:
        *sizes, _ = slide(self.window, inputs[0], self.data_format)
        return image(*sizes, self.filters, data_format=self.data_format)

    def kernel_shape(self, shape: Shape) -> tuple[int, ...]:
        return (*self.window.kernel, self.filters, spatial(shape, self.data_format, self.window.rank)[-1])

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        bias = (Weight("bias", (self.filters,)),) if self.use_bias else ()
        return (Weight("kernel", self.kernel_shape(inputs[0])), *bias)

    def macs(self, *inputs: Shape) -> int:
        return prod(self.kernel_shape(inputs[0])) * pixels(inputs[0], self.data_format, self.window.rank)


@dataclass(frozen=True)
class Pool(Op):
    """Maximum or mean of each window; padding never counts."""

    windowed = True

    kind: str  # "max" or "average"
    window: Window
    data_format: str = "channels_last"

    def output_shape(self, *inputs: Shape) -> Shape:
        return image(*slide(self.window, inputs[0], self.data_format), data_format=self.data_format)


@dataclass(frozen=True)
class GlobalPool(Op):
    """Maximum or mean of each whole channel."""

    kind: str
    keepdims: bool = False
    data_format: str = "channels_last"
    rank: int = 2

    def output_shape(self, *inputs: Shape) -> Shape:
        channels = spatial(inputs[0], self.data_format, self.rank)[-1]
        return image(*(1,) * self.rank, channels, data_format=self.data_format) if self.keepdims else (channels,)


@dataclass(frozen=True)
class BatchNorm(Op):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, per channel of `axis` (an index into the unbatched shape)."""

    pointwise = True
    modal = True

    axis: int = -1
    momentum: float = 0.99
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        _size(inputs[0], self.axis)
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        shape = (_size(inputs[0], self.axis),)
        moving = [Weight(name, shape, False) for name in ("moving_mean", "moving_variance")]
        return (*_gamma_beta(shape, self.scale, self.center), *moving)


@dataclass(frozen=True)
class GroupNorm(Op):
    """BatchNorm's formula with mean and variance of each sample, over all its pixels and one group of channels of `axis`."""

    groups: int
    axis: int = -1
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        size = _size(inputs[0], self.axis)
        if size % self.groups:
            raise ShapeError(f"the {size} channels of {describe(inputs[0])} must be divisible by groups={self.groups}")
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return _gamma_beta((_size(inputs[0], self.axis),), self.scale, self.center)


@dataclass(frozen=True)
class LayerNorm(Op):
    """BatchNorm's formula with mean and variance over some axes of each sample; gamma and beta have the shape of these axes.

    The numbers of gamma and beta belong to the axes in the order that they have in the input.
    """

    axes: tuple[int, ...] = (-1,)
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        for axis in self.axes:
            _size(inputs[0], axis)
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return _gamma_beta(tuple(_size(inputs[0], axis) for axis in self.axes), self.scale, self.center)


def _size(shape: Shape, axis: int) -> int:
    """Of an axis that is normalised."""
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(f"axis {axis} does not exist in {describe(shape)}")
    size = shape[axis]
    if size is None:
        raise ShapeError(f"the size of the normalised axis must be known, got {describe(shape)}")
    return size


def _gamma_beta(shape: tuple[int, ...], scale: bool, center: bool) -> tuple[Weight, ...]:
    return tuple(Weight(name, shape) for name, wanted in (("gamma", scale), ("beta", center)) if wanted)


@dataclass(frozen=True)
class Dropout(Op):
    """In training each number is 0 with probability `rate`, else divided by 1 - rate; nothing in inference.

    `noise_shape` (unbatched, with the batch axis first) repeats one decision along the axes where it is 1.
    """

    pointwise = True
    modal = True
    training_only = True

    rate: float
    noise_shape: tuple[int | None, ...] | None = None
    seed: int | None = None

    def is_identity(self, training: bool, *inputs: Shape) -> bool:
        return not training or self.rate == 0


@dataclass(frozen=True)
class Flatten(Op):
    """All axes of a sample as one."""

    data_format: str = "channels_last"

    def output_shape(self, *inputs: Shape) -> Shape:
        sizes = inputs[0]
        return (None if any(size is None for size in sizes) else prod(sizes),)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Dense(Op):
    """A matrix product over the last axis; kernel (inputs, units)."""

    units: int
    use_bias: bool = True

    def _inputs(self, shape: Shape) -> int:
        if not shape or shape[-1] is None:
            raise ShapeError(f"the size of the last axis must be known, got {describe(shape)}")
        return shape[-1]

    def output_shape(self, *inputs: Shape) -> Shape:
        self._inputs(inputs[0])
        return (*inputs[0][:-1], self.units)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        bias = (Weight("bias", (self.units,)),) if self.use_bias else ()
        return (Weight("kernel", (self._inputs(inputs[0]), self.units)), *bias)

    def macs(self, *inputs: Shape) -> int:
        return self._inputs(inputs[0]) * self.units * prod(size or 0 for size in inputs[0][:-1])


@dataclass(frozen=True)
class Activation(Op):
    """A function of one value applied to each element, by its name in konv.ir.scalar_functions; `constants` are those in it."""

    pointwise = True

    name: str
    constants: tuple[float, ...] = ()

    def is_identity(self, training: bool, *inputs: Shape) -> bool:
        return self.name == "linear"

    @property
    def saturated(self) -> tuple[float, float] | None:
        """At or below the first and at or above the second value the function is flat, though not zero; None if it is not."""
        capped = self.name == "relu" and self.constants and self.constants[0] < inf
        return (-inf, self.constants[0]) if capped else self.function.saturated

    @property
    def function(self) -> ScalarFunction:
        """All that konv knows of it."""
        if self.name not in SCALAR_FUNCTIONS:
            raise UnsupportedError(f"activation {self.name!r} is not supported yet")
        return SCALAR_FUNCTIONS[self.name]


@dataclass(frozen=True)
class Softmax(Op):
    """exp(x) / sum of exp(x) over one axis (an index into the unbatched shape); its logarithm when `log`."""

    axis: int = -1
    log: bool = False

    def output_shape(self, *inputs: Shape) -> Shape:
        if not -len(inputs[0]) <= self.axis < len(inputs[0]):
            raise ShapeError(f"axis {self.axis} does not exist in {describe(inputs[0])}")
        return inputs[0]


@dataclass(frozen=True)
class Scale(Op):
    """x * scale + offset, one number each or one per channel."""

    pointwise = True

    scale: float | tuple[float, ...]
    offset: float | tuple[float, ...] = 0.0


@dataclass(frozen=True)
class Permute(Op):
    """Reorder the axes of a sample: output axis i is input axis order[i]. Also what channels_first becomes."""

    order: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        return tuple(inputs[0][axis] for axis in self.order)


@dataclass(frozen=True)
class Reshape(Op):
    """The same numbers under another shape."""

    shape: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.shape


@dataclass(frozen=True)
class Add(Op):
    """The sum of several inputs, element by element."""

    pointwise = True

    def output_shape(self, *inputs: Shape) -> Shape:
        for other in inputs[1:]:
            if other != inputs[0]:
                raise ShapeError(f"the shapes of the inputs must be equal, got {', '.join(map(describe, inputs))}")
        return inputs[0]
