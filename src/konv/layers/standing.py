"""What programs ask every layer of Keras, where konv has one answer; and the inputs that a layer of the user's takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from konv.errors import ShapeError
from konv.ir.ops import Shape
from konv.tracing import tree as nests


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

    def __init__(self, dtype=None, shape: Sequence[int | None] | None = None, ndim: int | None = None,
                 max_ndim: int | None = None, min_ndim: int | None = None, axes: Mapping[int, int | None] | None = None,
                 allow_last_axis_squeeze: bool = False, name: str | None = None, optional: bool = False):
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


class Standing:
    """Answers that are the same for every layer, and what its input_spec says."""

    supports_masking = False
    input_spec: Any = None
    metrics: Any = ()
    input_shapes: tuple[Shape, ...]
    built: bool

    @property
    def compute_dtype(self) -> str:
        return FLOAT32.compute_dtype

    @property
    def variable_dtype(self) -> str:
        return FLOAT32.variable_dtype

    @property
    def input_dtype(self) -> str:
        return FLOAT32.compute_dtype

    @property
    def dtype_policy(self) -> DTypePolicy:
        return FLOAT32

    def compute_mask(self, inputs, previous_mask=None) -> Any:
        """konv has no masks: what came is what goes."""
        return previous_mask

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape, batch first, for which the layer was built."""
        if not self.built or not self.input_shapes:
            return None
        shapes = [(None, *shape) for shape in self.input_shapes]
        return {"input_shape": shapes[0] if len(shapes) == 1 else shapes}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Make the weights for what get_build_config said."""
        shape = config.get("input_shape")
        if shape is not None:
            self.build(shape)  # type: ignore[attr-defined]

    def check_specs(self, shapes: Sequence[Shape]) -> None:
        """ShapeError where the inputs are not what input_spec says."""
        specs = [spec for spec in nests.flatten(self.input_spec) if isinstance(spec, InputSpec)]
        if specs and isinstance(self.input_spec, (list, tuple)) and len(specs) != len(shapes):
            raise ShapeError(f"expected {len(specs)} inputs, got {len(shapes)}")
        for spec, shape in zip(specs, shapes, strict=False):
            spec.check(shape)
