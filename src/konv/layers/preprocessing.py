"""What is done to images before the network sees them."""

from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError, UnsupportedError, naming
from konv.layers.base import Layer
from konv.spec.ops import Op, Scale, Shape, describe


class Rescaling(Layer):
    """x * scale + offset, each one number or one per channel; any shape in, the same shape out, float32.

    >>> import konv
    >>> konv.layers.Rescaling(1 / 255).compute_output_shape((None, 28, 28, 1))
    (None, 28, 28, 1)
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        with naming(self.title):
            self._scale, self._offset = _numbers(scale, "scale"), _numbers(offset, "offset")
            listed = isinstance(self._scale, tuple) or isinstance(self._offset, tuple)
            if listed and config.image_data_format() == "channels_first":
                raise UnsupportedError("a number per channel is not supported yet with channels_first; give one")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        for argument, numbers in (("scale", self._scale), ("offset", self._offset)):
            if isinstance(numbers, tuple) and len(numbers) != (shapes[0][-1] if shapes[0] else None):
                raise ShapeError(f"{argument} has {len(numbers)} numbers, which must be the size of the last axis of "
                                 f"{describe(shapes[0])}")
        return (Scale(self._scale, self._offset),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"scale": _plain(self.scale), "offset": _plain(self.offset)}


def _numbers(value: Any, argument: str) -> float | tuple[float, ...]:
    """One number, or a tuple of them."""
    try:
        numbers = np.asarray(value)
    except ValueError:  # lists of different lengths
        numbers = np.empty(0)
    if numbers.ndim > 1 or numbers.size == 0 or numbers.dtype.kind not in "fiu" or not np.isfinite(numbers).all():
        raise KonvError(f"{argument} must be a number or a sequence of numbers, one per channel, got {value!r}")
    return float(numbers.item()) if numbers.size == 1 else tuple(float(one) for one in numbers)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
