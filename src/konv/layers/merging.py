"""Layers that bring several inputs together."""

from collections.abc import Sequence
from typing import Any, ClassVar

from konv.errors import KonvError, ShapeError, naming
from konv.ir import ops as ir
from konv.ir.array_ops import Binary
from konv.ir.array_ops import Concatenate as Joined
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer

Inputs = Sequence[Any]  # tensors or arrays


class Merge(Layer, builtin=True):
    """What they share: a list of inputs, combined element by element; an axis of size 1 is repeated, as in NumPy."""

    many_inputs = True
    kind: ClassVar[str]
    least: ClassVar[int] = 2

    def __call__(self, inputs: Any, training: bool = False) -> Any:
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
    """Sum of several inputs, element by element.

    Shape:
        a list of inputs (N, ...) float32 -> output of their shape; an axis of size 1 is repeated.
    Raises:
        ShapeError: there is no input, or their shapes do not fit.

    >>> import konv
    >>> x = konv.Input((8, 8, 3))
    >>> konv.layers.Add()([x, x]).shape
    (None, 8, 8, 3)
    """

    kind, least = "add", 1

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Add(),) if len(set(shapes)) == 1 else super().ops(*shapes)


class Subtract(Merge, builtin=True):
    """The first of two inputs minus the second, element by element.

    Shape:
        a list of inputs (N, ...) float32 -> output of their shape; an axis of size 1 is repeated.
    Raises:
        ShapeError: there are not two inputs, or their shapes do not fit.

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
    """Product of several inputs, element by element.

    Shape:
        a list of inputs (N, ...) float32 -> output of their shape; an axis of size 1 is repeated.
    Raises:
        ShapeError: there are fewer than two inputs, or their shapes do not fit.

    >>> import konv
    >>> x, share = konv.Input((8, 8, 3)), konv.Input((1, 1, 3))
    >>> konv.layers.Multiply()([x, share]).shape
    (None, 8, 8, 3)
    """

    kind = "multiply"


class Maximum(Merge, builtin=True):
    """Maximum of several inputs, element by element.

    Shape:
        a list of inputs (N, ...) float32 -> output of their shape; an axis of size 1 is repeated.
    Raises:
        ShapeError: there are fewer than two inputs, or their shapes do not fit.

    >>> import konv
    >>> x = konv.Input((3,))
    >>> konv.layers.Maximum()([x, x]).shape
    (None, 3)
    """

    kind = "maximum"


class Minimum(Merge, builtin=True):
    """Minimum of several inputs, element by element.

    Shape:
        a list of inputs (N, ...) float32 -> output of their shape; an axis of size 1 is repeated.
    Raises:
        ShapeError: there are fewer than two inputs, or their shapes do not fit.

    >>> import konv
    >>> x = konv.Input((3,))
    >>> konv.layers.Minimum()([x, x]).shape
    (None, 3)
    """

    kind = "minimum"


class Average(Add, builtin=True):
    """Mean of several inputs, element by element.

    Shape:
        a list of inputs (N, ...) float32 -> output of their shape; an axis of size 1 is repeated.
    Raises:
        ShapeError: there are fewer than two inputs, or their shapes do not fit.

    >>> import konv
    >>> x = konv.Input((3,))
    >>> konv.layers.Average()([x, x]).shape
    (None, 3)
    """

    least = 2

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (*super().ops(*shapes), ir.Scale(1 / len(shapes)))


class Concatenate(Merge, builtin=True):
    """Several inputs one after the other along an axis.

    Args:
        axis: the axis, which counts the batch.
    Shape:
        a list of inputs (N, ...) float32 that differ along the axis alone -> output with the sum of their sizes there.
    Raises:
        ShapeError: they differ along another axis, or axis is the batch.

    >>> import konv
    >>> konv.layers.Concatenate()([konv.Input((8, 8, 3)), konv.Input((8, 8, 2))]).shape
    (None, 8, 8, 5)
    """

    least = 1

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
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


def add(inputs: Inputs, **kwargs: Any) -> Any:
    """Sum of several inputs, element by element: `Add(**kwargs)(inputs)`.

    Shape:
        a list of inputs (N, ...) -> output of their shape.
    Raises:
        ShapeError: their shapes do not fit.

    >>> import konv
    >>> x = konv.Input((8, 8, 3))
    >>> konv.layers.add([x, x]).shape
    (None, 8, 8, 3)
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Inputs, **kwargs: Any) -> Any:
    """The first of two inputs minus the second: `Subtract(**kwargs)(inputs)`.

    Shape:
        two inputs (N, ...) -> output of their shape.
    Raises:
        ShapeError: their shapes do not fit.

    >>> import konv
    >>> konv.layers.subtract([konv.Input((3,)), konv.Input((3,))]).shape
    (None, 3)
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Inputs, **kwargs: Any) -> Any:
    """Product of several inputs, element by element: `Multiply(**kwargs)(inputs)`.

    Shape:
        a list of inputs (N, ...) -> output of their shape.
    Raises:
        ShapeError: their shapes do not fit.

    >>> import konv
    >>> konv.layers.multiply([konv.Input((8, 8, 3)), konv.Input((1, 1, 3))]).shape
    (None, 8, 8, 3)
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Inputs, **kwargs: Any) -> Any:
    """Mean of several inputs, element by element: `Average(**kwargs)(inputs)`.

    Shape:
        a list of inputs (N, ...) -> output of their shape.
    Raises:
        ShapeError: their shapes do not fit.

    >>> import konv
    >>> konv.layers.average([konv.Input((3,)), konv.Input((3,))]).shape
    (None, 3)
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Inputs, **kwargs: Any) -> Any:
    """Maximum of several inputs, element by element: `Maximum(**kwargs)(inputs)`.

    Shape:
        a list of inputs (N, ...) -> output of their shape.
    Raises:
        ShapeError: their shapes do not fit.

    >>> import konv
    >>> konv.layers.maximum([konv.Input((3,)), konv.Input((3,))]).shape
    (None, 3)
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Inputs, **kwargs: Any) -> Any:
    """Minimum of several inputs, element by element: `Minimum(**kwargs)(inputs)`.

    Shape:
        a list of inputs (N, ...) -> output of their shape.
    Raises:
        ShapeError: their shapes do not fit.

    >>> import konv
    >>> konv.layers.minimum([konv.Input((3,)), konv.Input((3,))]).shape
    (None, 3)
    """
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Inputs, axis: int = -1, **kwargs: Any) -> Any:
    """Several inputs one after the other along an axis: `Concatenate(axis, **kwargs)(inputs)`.

    Shape:
        a list of inputs (N, ...) that differ along the axis alone -> output with the sum of their sizes there.
    Raises:
        ShapeError: they differ along another axis, or axis is the batch.

    >>> import konv
    >>> konv.layers.concatenate([konv.Input((8, 3)), konv.Input((8, 2))]).shape
    (None, 8, 5)
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
