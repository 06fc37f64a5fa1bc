"""What a layer of the user's says of its inputs, and the one dtype policy."""


from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from konv.errors import ShapeError
from konv.ir.ops import Shape
from konv.tracing import tree


@dataclass(frozen=True)
class DTypePolicy:
    """float32, in which konv keeps and computes everything."""

    name: str = "float32"
    compute_dtype: str = "float32"
    variable_dtype: str = "float32"


FLOAT32 = DTypePolicy()


class InputSpec:
    """What a layer of the user's takes: its sizes, batch first, the number of axes, or the sizes of some axes.

    >>> InputSpec(ndim=4).ndim
    4
    """

    def __init__(self, dtype: Any = None, shape: Sequence[int | None] | None = None, ndim: int | None = None,
                 max_ndim: int | None = None, min_ndim: int | None = None, axes: Mapping[int, int | None] | None = None,
                 allow_last_axis_squeeze: bool = False, name: str | None = None,
                 optional: bool = False) -> None:
        self.dtype, self.shape, self.name, self.optional = dtype, None if shape is None else tuple(shape), name, optional
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim, self.axes = max_ndim, min_ndim, dict(axes or {})
        self.allow_last_axis_squeeze = allow_last_axis_squeeze

    def check(self, sample: Shape) -> None:
        """ShapeError where a sample of this shape does not fit."""
        shape = (None, *sample)
        for wanted, fits, words in ((self.ndim, len(shape) == self.ndim, ""),
                                    (self.min_ndim, len(shape) >= (self.min_ndim or 0), "at least "),
                                    (self.max_ndim, len(shape) <= (self.max_ndim or len(shape)), "at most ")):
            if wanted is not None and not fits:
                raise ShapeError(f"expected an input of {words}{wanted} axes (batch first), got {shape}")
        sizes = dict(enumerate(self.shape)) if self.shape is not None else self.axes
        for axis, size in sizes.items():
            if not -len(shape) <= axis < len(shape) or (None not in (size, shape[axis]) and size != shape[axis]):
                raise ShapeError(f"expected an input of size {size} along axis {axis}, got {shape}")


def check_specs(input_spec: Any, shapes: Sequence[Shape]) -> None:
    """ShapeError where the inputs are not what an input_spec says."""
    specs = [spec for spec in tree.flatten(input_spec) if isinstance(spec, InputSpec)]
    if specs and isinstance(input_spec, (list, tuple)) and len(specs) != len(shapes):
        raise ShapeError(f"expected {len(specs)} inputs, got {len(shapes)}")
    for spec, shape in zip(specs, shapes, strict=False):
        spec.check(shape)
