"""The same numbers under another shape."""

from math import prod
from typing import Any

from konv.errors import KonvError, ShapeError, naming
from konv.ir import ops as ir
from konv.ir.array_ops import Pad, Slice
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer


class Flatten(Layer, builtin=True):
    """All axes but the batch become one: (batch, ...) -> (batch, product); with channels_first the channels go last.

    >>> import konv
    >>> konv.layers.Flatten().compute_output_shape((None, 4, 4, 25))
    (None, 400)
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.data_format = parse.data_format(data_format)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Flatten(self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}


class Reshape(Layer, builtin=True):
    """The same numbers of a sample under another shape; one size may be -1, which is what is left.

    >>> import konv
    >>> konv.layers.Reshape((7, -1)).compute_output_shape((None, 4, 7, 2))
    (None, 7, 8)
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            sizes = tuple(target_shape) if isinstance(target_shape, (tuple, list)) else (target_shape,)
            if not all(parse.is_integer(size) and (size > 0 or size == -1) for size in sizes) or sizes.count(-1) > 1:
                raise KonvError(f"target_shape must be positive integers, one of which may be -1, got {target_shape!r}")
            self.target_shape = tuple(int(size) for size in sizes)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        if None in shapes[0]:
            raise ShapeError(f"the sizes of the input must be known, got {describe(shapes[0])}")
        count, known = prod(size or 0 for size in shapes[0]), prod(size for size in self.target_shape if size != -1)
        if count % known or (-1 not in self.target_shape and count != known):
            raise ShapeError(f"{count} numbers of an input {describe(shapes[0])} do not fit target_shape={self.target_shape}")
        return (ir.Reshape(tuple(count // known if size == -1 else size for size in self.target_shape)),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"target_shape": self.target_shape}


class Permute(Layer, builtin=True):
    """The axes of a sample in another order; they are counted from 1, since the batch is 0.

    >>> import konv
    >>> konv.layers.Permute((3, 1, 2)).compute_output_shape((None, 4, 5, 6))
    (None, 6, 4, 5)
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            if not isinstance(dims, (tuple, list)) or sorted(dims) != list(range(1, len(dims) + 1)):
                raise KonvError(f"dims must be the numbers from 1 on, each once, got {dims!r}")
            self.dims = tuple(int(axis) for axis in dims)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        if len(shapes[0]) != len(self.dims):
            raise ShapeError(f"dims={self.dims} are those of an input of {len(self.dims) + 1} axes (batch first), "
                             f"got {describe(shapes[0])}")
        return (ir.Permute(tuple(axis - 1 for axis in self.dims)),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"dims": self.dims}


class _Edges(Layer):
    """What ZeroPadding2D and Cropping2D share: (rows, columns) or ((top, bottom), (left, right)) at the edges of images."""

    input_rank = 3

    def _parse(self, given: Any, argument: str, data_format: Any) -> tuple[tuple[int, int], tuple[int, int]]:
        self.data_format = parse.data_format(data_format)
        pair = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
        sides = [tuple(side) if isinstance(side, (tuple, list)) else (side, side) for side in pair]
        whole = all(len(side) == 2 and all(parse.is_integer(size) and size >= 0 for size in side) for side in sides)
        if len(sides) != 2 or not whole:
            raise KonvError(f"{argument} must be an integer from 0 on, two of them (rows, columns) or "
                            f"((top, bottom), (left, right)), got {given!r}")
        rows, columns = (tuple(map(int, side)) for side in sides)
        return (rows[0], rows[1]), (columns[0], columns[1])

    def _placed(self, rows: Any, columns: Any, channels: Any) -> tuple:
        return (channels, rows, columns) if self.data_format == "channels_first" else (rows, columns, channels)


class ZeroPadding2D(_Edges, builtin=True):
    """Rows and columns of zeros around images.

    >>> import konv
    >>> konv.layers.ZeroPadding2D(((1, 0), (2, 2))).compute_output_shape((None, 4, 5, 6))
    (None, 5, 9, 6)
    """

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.padding = self._parse(padding, "padding", data_format)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Pad(self._placed(*self.padding, (0, 0))),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"padding": self.padding, "data_format": self.data_format}


class Cropping2D(_Edges, builtin=True):
    """Images without some rows and columns at their edges.

    >>> import konv
    >>> konv.layers.Cropping2D(((1, 0), (2, 1))).compute_output_shape((None, 4, 5, 6))
    (None, 3, 2, 6)
    """

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.cropping = self._parse(cropping, "cropping", data_format)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        if None in shapes[0]:
            raise ShapeError(f"the sizes of the input must be known, got {describe(shapes[0])}")
        sides = self._placed(*self.cropping, (0, 0))
        sizes = tuple((size or 0) - sum(side) for size, side in zip(shapes[0], sides, strict=True))
        if min(sizes) < 1:
            raise ShapeError(f"cropping={self.cropping} leaves nothing of an input {describe(shapes[0])}")
        return (Slice(tuple(before for before, _ in sides), sizes, (1, 1, 1)),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"cropping": self.cropping, "data_format": self.data_format}
