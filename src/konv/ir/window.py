"""Sliding windows: the one place where a padding or an output size is computed.

The rules are those of TensorFlow and Keras. SAME puts the extra pixel after (bottom, right).
"""

from dataclasses import dataclass, replace

from konv.errors import ShapeError

PADDINGS = ("valid", "same")
CAUSAL = "causal"  # of sequences: all padding comes before, so that no result sees what follows it
WORDS = {1: ("length",), 2: ("height", "width")}  # what the sizes of an image, or a sequence, are called


@dataclass(frozen=True)
class Axis:
    """A window of `kernel` taps, `dilation` apart, that slides in steps of `stride` over one axis of `size` pixels."""

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: str = "valid"

    @property
    def extent(self) -> int:
        """Pixels from the first tap to the last: dilation * (kernel - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def total_padding(self) -> int:
        """SAME pads just enough for ceil(size / stride) windows; VALID does not pad; CAUSAL pads a window but its last tap."""
        if self.padding == "valid":
            return 0
        if self.padding == CAUSAL:
            return self.extent - 1
        return max((self.output - 1) * self.stride + self.extent - self.size, 0)

    @property
    def before(self) -> int:
        return self.total_padding if self.padding == CAUSAL else self.total_padding // 2

    @property
    def after(self) -> int:
        return self.total_padding - self.before

    @property
    def output(self) -> int:
        """valid: floor((size - extent) / stride) + 1; same and causal: ceil(size / stride)."""
        if self.padding == "valid":
            return (self.size - self.extent) // self.stride + 1
        return -(-self.size // self.stride)

    def complaint(self, word: str) -> str:
        """Why there is no output."""
        dilated = f" with dilation {self.dilation}" if self.dilation > 1 else ""
        spans = f" (spans {self.extent})" if self.dilation > 1 else ""
        return (f"the window of {self.kernel}{dilated}{spans} is larger than the input of {word} {self.size}: "
                f"output {word} would be ({self.size} - {self.extent})//{self.stride} + 1 = {self.output}; "
                f'use padding="same", a smaller window or a larger input')

    @property
    def unread(self) -> int:
        """Input pixels at the end that no window reaches."""
        reached = (self.output - 1) * self.stride + self.extent - self.before
        return max(self.size - reached, 0)

    @property
    def skipped(self) -> int:
        """Input pixels between windows or between taps that no window reads: a stride or a dilation jumps over them."""
        starts = (window * self.stride - self.before for window in range(self.output))
        read = {start + tap * self.dilation for start in starts for tap in range(self.kernel)}
        return self.size - self.unread - sum(0 <= pixel < self.size for pixel in read)

    def positions(self, place: int) -> tuple[tuple[int, int], ...]:
        """For each tap of the window at `place` the tap and where it lies; below 0 and from `size` on is padding.

        >>> Axis(5, 3, padding="same").positions(0)
        ((0, -1), (1, 0), (2, 1))
        """
        return tuple((tap, place * self.stride - self.before + tap * self.dilation) for tap in range(self.kernel))

    def reads(self, place: int) -> tuple[tuple[int, int | None], ...]:
        """For each tap of the window at `place` the tap and the pixel under it; None is padding.

        >>> Axis(5, 3, padding="same").reads(0)
        ((0, None), (1, 0), (2, 1))
        """
        return tuple((tap, pixel if 0 <= pixel < self.size else None) for tap, pixel in self.positions(place))


@dataclass(frozen=True)
class EvenAxis(Axis):
    """As many pixels on both sides, as `padding=` of PyTorch and the pads of ONNX have them; what is left over is not read.

    >>> EvenAxis(6, 3, 2, both=1).output, EvenAxis(6, 3, 2, both=1).reads(0)
    (3, ((0, None), (1, 0), (2, 1)))
    """

    both: int = 0

    @property
    def total_padding(self) -> int:
        return 2 * self.both

    @property
    def before(self) -> int:
        return self.both

    @property
    def output(self) -> int:
        """floor((size + 2 * both - extent) / stride) + 1."""
        return (self.size + 2 * self.both - self.extent) // self.stride + 1


@dataclass(frozen=True)
class SpreadAxis(Axis):
    """The opposite: each of `size` pixels is spread over `kernel` taps, and the next one `stride` pixels further on.

    It is the input gradient of the window that slides over `output` pixels and gives `size`. `extra` are pixels added at
    the end; None are as many as Keras takes.
    """

    extra: int | None = None

    @property
    def total_padding(self) -> int:
        """Of (size - 1) * stride + extent pixels in all those that are cut off; fewer than none are added at the end."""
        return (self.size - 1) * self.stride + self.extent - self.output

    @property
    def before(self) -> int:
        """SAME cuts on both sides alike, the odd one at the end; VALID cuts nothing."""
        return max(self.total_padding // 2, 0) if self.padding == "same" else 0

    @property
    def output(self) -> int:
        """valid: (size - 1) * stride + max(extent, stride); same: size * stride.

        With `extra`: (size - 1) * stride + extent + extra, and (size - 1) * stride + extent % 2 + extra.
        """
        if self.extra is None:
            return (self.size - 1) * self.stride + max(self.extent, self.stride) if self.padding == "valid" else (
                self.size * self.stride)
        return (self.size - 1) * self.stride + (self.extent if self.padding == "valid" else self.extent % 2) + self.extra

    def positions(self, place: int) -> tuple[tuple[int, int], ...]:
        """The taps through which a pixel reaches `place`, each with that pixel.

        >>> SpreadAxis(3, 3, 2, padding="same").reads(2)
        ((0, 1), (2, 0))
        """
        distances = ((tap, place + self.before - tap * self.dilation) for tap in range(self.kernel))
        return tuple((tap, distance // self.stride) for tap, distance in distances
                     if distance % self.stride == 0 and 0 <= distance // self.stride < self.size)

    def complaint(self, word: str) -> str:
        return (f"output {word} would be ({self.size} - 1)*{self.stride} + {self.extent % 2} + {self.extra} = {self.output}; "
                f"use a larger output_padding, None, or a larger input")


@dataclass(frozen=True)
class Window:
    """A window over (rows, columns), or over the steps of a sequence."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...] = (1, 1)
    padding: str = "valid"
    dilation: tuple[int, ...] = (1, 1)

    @property
    def rank(self) -> int:
        return len(self.kernel)

    @property
    def planar(self) -> "Window":
        """The same window where a sequence is an image of one row."""
        if self.rank == 2:
            return self
        return replace(self, kernel=(1, *self.kernel), strides=(1, *self.strides), dilation=(1, *self.dilation))

    def axes(self, *sizes: int) -> tuple[Axis, ...]:
        return tuple(Axis(size, kernel, stride, dilation, self.padding) for size, kernel, stride, dilation in zip(
            sizes, self.kernel, self.strides, self.dilation, strict=True))

    def output(self, *sizes: int | None) -> tuple[int | None, ...]:
        """Output (rows, columns); an unknown size stays unknown. ShapeError where no window fits."""
        found: list[int | None] = []
        for index, (word, size) in enumerate(zip(WORDS[self.rank], sizes, strict=True)):
            axis = None if size is None else self.axes(*[size] * self.rank)[index]
            if axis is not None and axis.output < 1:
                raise ShapeError(axis.complaint(word))
            found.append(None if axis is None else axis.output)
        return tuple(found)


@dataclass(frozen=True)
class SpreadWindow(Window):
    """The opposite of a window: pixels are spread; see SpreadAxis. `extra` is the output_padding of Keras."""

    extra: tuple[int, ...] | None = None

    @property
    def planar(self) -> "SpreadWindow":
        wide = super().planar
        assert isinstance(wide, SpreadWindow)
        one_row = wide is not self and self.extra is not None
        return replace(wide, extra=(0, *(self.extra or ()))) if one_row else wide

    def axes(self, *sizes: int) -> tuple[Axis, ...]:
        extra = self.extra or (None,) * self.rank
        return tuple(SpreadAxis(*values[:-1], self.padding, values[-1]) for values in zip(
            sizes, self.kernel, self.strides, self.dilation, extra, strict=True))
