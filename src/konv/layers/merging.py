"""Layers that bring several inputs together."""

from typing import Any

from konv.errors import KonvError
from konv.layers.base import Layer
from konv.spec import ops as spec
from konv.spec.ops import Op, Shape


class Add(Layer):
    """The sum of a list of inputs of one shape.

    >>> import konv
    >>> x = konv.Input((8, 8, 3))
    >>> konv.layers.Add()([x, x]).shape
    (None, 8, 8, 3)
    """

    many_inputs = True

    def __call__(self, inputs, training: bool = False):
        if not isinstance(inputs, (list, tuple)):
            raise KonvError(f"{self.title}: takes a list of inputs, got {inputs!r}")
        return super().__call__(inputs, training)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (spec.Add(),)


def add(inputs, **kwargs) -> Any:
    """The sum of a list of inputs of one shape: `Add(**kwargs)(inputs)`.

    >>> import konv
    >>> x = konv.Input((8, 8, 3))
    >>> konv.layers.add([x, x]).shape
    (None, 8, 8, 3)
    """
    return Add(**kwargs)(inputs)
