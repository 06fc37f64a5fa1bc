"""Sequences (batch, steps, channels) made longer or shorter, without weights."""

from typing import Any

from konv.errors import ShapeError, naming
from konv.ir import ops as ir
from konv.ir.array_ops import Pad, Repeat, Slice
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer


class ZeroPadding1D(Layer, builtin=True):
    """Steps of zeros before and after sequences.

    >>> import konv
    >>> konv.layers.ZeroPadding1D((2, 1)).compute_output_shape((None, 4, 3))
    (None, 7, 3)
    """

    input_rank = 2

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.padding = parse.several(padding, 2, "padding", least=0)
            self.data_format = parse.data_format(data_format)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        widths = (self.padding, (0, 0))
        return (Pad(widths if self.data_format == "channels_last" else widths[::-1]),)  # type: ignore[arg-type]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"padding": self.padding, "data_format": self.data_format}


class Cropping1D(Layer, builtin=True):
    """Sequences without some steps at their ends.

    >>> import konv
    >>> konv.layers.Cropping1D((2, 1)).compute_output_shape((None, 8, 3))
    (None, 5, 3)
    """

    input_rank = 2

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.cropping = parse.several(cropping, 2, "cropping", least=0)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        steps, channels = shapes[0]
        if steps is None or channels is None:
            raise ShapeError(f"the sizes of the input must be known, got {describe(shapes[0])}")
        if steps <= sum(self.cropping):
            raise ShapeError(f"cropping={self.cropping} leaves nothing of an input {describe(shapes[0])}")
        return (Slice((self.cropping[0], 0), (steps - sum(self.cropping), channels), (1, 1)),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"cropping": self.cropping}


class UpSampling1D(Layer, builtin=True):
    """Each step of a sequence `size` times.

    >>> import konv
    >>> konv.layers.UpSampling1D(2)([[[1.0], [2.0]]])[0, :, 0]
    array([1., 1., 2., 2.], dtype=float32)
    """

    input_rank = 2

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.size = parse.positive_int(size, "size")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Repeat((self.size, 1)),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": self.size}


class RepeatVector(Layer, builtin=True):
    """A vector n times: (batch, features) -> (batch, n, features).

    >>> import konv
    >>> konv.layers.RepeatVector(3).compute_output_shape((None, 5))
    (None, 3, 5)
    """

    input_rank = 1

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.n = parse.positive_int(n, "n")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        if shapes[0][0] is None:
            raise ShapeError(f"the number of features must be known, got {describe(shapes[0])}")
        return (ir.Reshape((1, shapes[0][0])), Repeat((self.n, 1)))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"n": self.n}
