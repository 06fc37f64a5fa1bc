"""What is done to images before the network sees them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import config
from konv.errors import KonvError, ShapeError, naming
from konv.ir.ops import Op, Scale, Shape, describe
from konv.layers.base import Layer
from konv.tracing.symbolic import Composed


class Rescaling(Layer, builtin=True):
    """x * scale + offset, with one number each or one per channel.

    Args:
        scale: factor; 1 / 255 brings the values of images into 0..1.
        offset: added afterwards.
    Shape:
        input (N, ...) -> output of the same shape, float32.
    Raises:
        ShapeError: there are not as many numbers as channels.

    >>> import konv
    >>> konv.layers.Rescaling(1 / 255).compute_output_shape((None, 28, 28, 1))
    (None, 28, 28, 1)
    """

    def __init__(self, scale: float | Sequence[float], offset: float | Sequence[float] = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        with naming(self.title):
            self._scale, self._offset = _numbers(scale, "scale"), _numbers(offset, "offset")
            self._channel_axis = -1 if config.image_data_format() == "channels_last" else -3

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        given, shape = (("scale", self._scale), ("offset", self._offset)), shapes[0]
        listed = [(argument, numbers) for argument, numbers in given if isinstance(numbers, tuple)]
        for argument, numbers in listed:
            if len(shape) < -self._channel_axis or len(numbers) != shape[self._channel_axis]:
                raise ShapeError(f"{argument} has {len(numbers)} numbers, which must be the size of the "
                                 f"{'last axis' if self._channel_axis == -1 else 'axis of the channels'} of {describe(shape)}")
        if listed and self._channel_axis != -1:
            return (Composed(self._by_channel),)
        return (Scale(self._scale, self._offset),)

    def _by_channel(self, x: Any) -> Any:
        """Images with the channels first."""
        scale, offset = (np.reshape(numbers, (-1, 1, 1)) for numbers in (self._scale, self._offset))
        return x * scale + offset

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
