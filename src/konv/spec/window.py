"""Sliding windows: the one place where a padding or an output size is computed.

The rules are those of TensorFlow and Keras. SAME puts the extra pixel after (bottom, right).
"""

from dataclasses import dataclass

from konv.errors import ShapeError

PADDINGS = ("valid", "same")


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
        """SAME pads just enough for ceil(size / stride) windows; VALID does not pad."""
        if self.padding == "valid":
            return 0
        return max((self.output - 1) * self.stride + self.extent - self.size, 0)

    @property
    def before(self) -> int:
        return self.total_padding // 2

    @property
    def after(self) -> int:
        return self.total_padding - self.before

    @property
    def output(self) -> int:
        """valid: floor((size - extent) / stride) + 1; same: ceil(size / stride)."""
        if self.padding == "same":
            return -(-self.size // self.stride)
        return (self.size - self.extent) // self.stride + 1

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


@dataclass(frozen=True)
class Window:
    """A window over (rows, columns)."""

    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    padding: str = "valid"
    dilation: tuple[int, int] = (1, 1)

    def axes(self, height: int, width: int) -> tuple[Axis, Axis]:
        rows, columns = (
            Axis(size, kernel, stride, dilation, self.padding)
            for size, kernel, stride, dilation in zip((height, width), self.kernel, self.strides, self.dilation, strict=True)
        )
        return rows, columns

    def output(self, height: int | None, width: int | None) -> tuple[int | None, int | None]:
        """Output (rows, columns); an unknown size stays unknown. ShapeError where no window fits."""
        sizes = []
        for index, (word, size) in enumerate((("height", height), ("width", width))):
            if size is None:
                sizes.append(None)
                continue
            axis = self.axes(size, size)[index]
            if axis.output < 1:
                dilated = f" with dilation {axis.dilation}" if axis.dilation > 1 else ""
                spans = f" (spans {axis.extent})" if axis.dilation > 1 else ""
                raise ShapeError(
                    f"the window of {axis.kernel}{dilated}{spans} is larger than the input of {word} {size}: "
                    f"output {word} would be ({size} - {axis.extent})//{axis.stride} + 1 = {axis.output}; "
                    f'use padding="same", a smaller window or a larger input'
                )
            sizes.append(axis.output)
        return sizes[0], sizes[1]
