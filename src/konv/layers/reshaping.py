"""The same numbers under another shape."""

from typing import Any

from konv.errors import naming
from konv.layers import parse
from konv.layers.base import Layer
from konv.spec import ops as spec
from konv.spec.ops import Op, Shape


class Flatten(Layer):
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
        return (spec.Flatten(self.data_format),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}
