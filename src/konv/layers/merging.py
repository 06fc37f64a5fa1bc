"""Layers that bring several inputs together."""

from typing import Any, ClassVar

from konv.errors import KonvError, ShapeError, naming
from konv.ir import ops as ir
from konv.ir.array_ops import Binary
from konv.ir.array_ops import Concatenate as Joined
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer


class Merge(Layer, builtin=True):
    """What they share: a list of inputs, combined number by number; an axis of size 1 is repeated, as in NumPy."""

    many_inputs = True
    kind: ClassVar[str]
    least: ClassVar[int] = 2

    def __call__(self, inputs, training: bool = False):
        if not isinstance(inputs, (list, tuple)):
            raise KonvError(f"{self.title}: takes a list of inputs, got {inputs!r}")
        return super().__call__(inputs, training)

    def check_input(self, *shapes: Shape) -> None:
        super().check_input(*shapes)
        if len(shapes) < self.least:
            raise ShapeError(f"takes a list of at least {self.least} inputs, got {len(shapes)}")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (Binary(self.kind),) if len(shapes) > 1 else ()


class Add(Merge, builtin=True):
    """The sum of a list of inputs.

    >>> import konv
    >>> x = konv.Input((8, 8, 3))
    >>> konv.layers.Add()([x, x]).shape
    (None, 8, 8, 3)
    """

    kind, least = "add", 1

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Add(),) if len(set(shapes)) == 1 else super().ops(*shapes)


class Subtract(Merge, builtin=True):
    """The first of two inputs minus the second.

    >>> import konv
    >>> x = konv.Input((8, 8, 3))
    >>> konv.layers.Subtract()([x, x]).shape
    (None, 8, 8, 3)
    """

    kind = "subtract"

    def check_input(self, *shapes: Shape) -> None:
        super().check_input(*shapes)
        if len(shapes) != 2:
            raise ShapeError(f"takes exactly two inputs, got {len(shapes)}")


class Multiply(Merge, builtin=True):
    """The product of a list of inputs, number by number.

    >>> import konv
    >>> x, share = konv.Input((8, 8, 3)), konv.Input((1, 1, 3))
    >>> konv.layers.Multiply()([x, share]).shape
    (None, 8, 8, 3)
    """

    kind = "multiply"


class Maximum(Merge, builtin=True):
    """The largest of a list of inputs, number by number.

    >>> import konv
    >>> x = konv.Input((3,))
    >>> konv.layers.Maximum()([x, x]).shape
    (None, 3)
    """

    kind = "maximum"


class Minimum(Merge, builtin=True):
    """The smallest of a list of inputs, number by number.

    >>> import konv
    >>> x = konv.Input((3,))
    >>> konv.layers.Minimum()([x, x]).shape
    (None, 3)
    """

    kind = "minimum"


class Average(Add, builtin=True):
    """The mean of a list of inputs, number by number.

    >>> import konv
    >>> x = konv.Input((3,))
    >>> konv.layers.Average()([x, x]).shape
    (None, 3)
    """

    least = 2

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (*super().ops(*shapes), ir.Scale(1 / len(shapes)))


class Concatenate(Merge, builtin=True):
    """Inputs one after the other along an axis, which counts the batch.

    >>> import konv
    >>> konv.layers.Concatenate()([konv.Input((8, 8, 3)), konv.Input((8, 8, 2))]).shape
    (None, 8, 8, 5)
    """

    least = 1

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            if not parse.is_integer(axis):
                raise KonvError(f"axis must be an integer, got {axis!r}")
            self.axis = int(axis)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        ranks = {len(shape) for shape in shapes}
        if len(ranks) > 1:
            raise ShapeError(f"the inputs must have equally many axes, got {', '.join(map(describe, shapes))}")
        return (Joined(parse.unbatched_axis(self.axis, len(shapes[0]))),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}


def add(inputs, **kwargs) -> Any:
    """The sum of a list of inputs: `Add(**kwargs)(inputs)`.

    >>> import konv
    >>> x = konv.Input((8, 8, 3))
    >>> konv.layers.add([x, x]).shape
    (None, 8, 8, 3)
    """
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs) -> Any:
    """The first of two inputs minus the second: `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs) -> Any:
    """The product of a list of inputs: `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs) -> Any:
    """The mean of a list of inputs: `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs) -> Any:
    """The largest of a list of inputs: `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs) -> Any:
    """The smallest of a list of inputs: `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs) -> Any:
    """Inputs one after the other along an axis: `Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
