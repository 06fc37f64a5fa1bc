"""Activation functions as layers of their own: any shape in, the same shape out, float32."""

import warnings
from math import prod
from typing import Any, ClassVar

from konv import activations
from konv.errors import KonvError, ShapeError, naming
from konv.ir import ops as ir
from konv.ir.array_ops import PRelu
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer
from konv.layers.parse import Identifier


class Activation(Layer, builtin=True):
    """A function of each value, such as those of konv.activations.

    Args:
        activation: the function, or its name.
    Shape:
        input (N, ...) float32 -> output of the same shape.
    Raises:
        KonvError: no function has that name.

    >>> import konv
    >>> konv.layers.Activation("relu").compute_output_shape((None, 3))
    (None, 3)
    """

    activation: Any

    def __init__(self, activation: Identifier, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return activations.activation_ops(self.activation)


class ReLU(Layer, builtin=True):
    """Rectified linear unit: max(x, 0), or with a cap and a slope.

        y = max_value where x >= max_value, x where x >= threshold, else negative_slope * (x - threshold)

    Args:
        max_value: the largest output; None is no limit.
        negative_slope: slope below threshold.
        threshold: where the linear part begins.
    Shape:
        input (N, ...) float32 -> output of the same shape.
    Raises:
        KonvError: an argument is below 0.
    Reference:
        Nair & Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines", 2010.

    >>> import konv
    >>> konv.layers.ReLU(max_value=6.0).compute_output_shape((None, 3))
    (None, 3)
    """

    rules: ClassVar = {"max_value": lambda value, argument, layer: None if value is None else parse.number(value, argument, 0)}
    max_value: float | None
    negative_slope: float
    threshold: float

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (activations.relu_op(self.max_value, self.negative_slope, self.threshold),)


class LeakyReLU(Layer, builtin=True):
    """Leaky rectified linear unit: x above zero, negative_slope * x below.

    Args:
        negative_slope: slope below zero.
    Shape:
        input (N, ...) float32 -> output of the same shape.
    Raises:
        KonvError: negative_slope is below 0.
    Reference:
        Maas, Hannun & Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.

    >>> import konv
    >>> konv.layers.LeakyReLU().negative_slope
    0.3
    """

    negative_slope: float

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("LeakyReLU: alpha is the old name of negative_slope", DeprecationWarning, stacklevel=2)
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (activations.relu_op(None, self.negative_slope),)


class PReLU(Layer, builtin=True):
    """Rectified linear unit with a learned slope: x above zero, alpha * x below.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: those of the slopes.
        shared_axes: axes, which count the batch, along which all values share a slope; [1, 2] is one slope a channel.
    Shape:
        input (N, ...) float32 -> output of the same shape; alpha of the shape of a sample, 1 along shared_axes.
    Raises:
        ShapeError: a size of the input that must be known is not.
    Reference:
        He et al., "Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet Classification", 2015.

    >>> import konv
    >>> layer = konv.layers.PReLU(shared_axes=[1, 2])
    >>> layer.build((None, 8, 8, 3))
    >>> layer.alpha.shape
    (1, 1, 3)
    """

    def __init__(self, alpha_initializer: Identifier = "Zeros", alpha_regularizer: Identifier = None,
                 alpha_constraint: Identifier = None, shared_axes: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())
            given = shared_axes if isinstance(shared_axes, (list, tuple)) else [] if shared_axes is None else [shared_axes]
            if not all(parse.is_integer(axis) for axis in given):
                raise KonvError(f"shared_axes must be integers, which count the batch, got {shared_axes!r}")
            self.shared_axes = None if shared_axes is None else list(given)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        rank = len(shapes[0])
        return (PRelu(tuple(parse.unbatched_axis(int(axis), rank) % rank for axis in self.shared_axes or ())),)


class ELU(Layer, builtin=True):
    """Exponential linear unit: x above zero, alpha * (exp(x) - 1) below.

    Args:
        alpha: the value that is approached below zero, negated.
    Shape:
        input (N, ...) float32 -> output of the same shape.
    Raises:
        KonvError: alpha is not a number.
    Reference:
        Clevert, Unterthiner & Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2016.

    >>> import konv
    >>> konv.layers.ELU().alpha
    1.0
    """

    alpha: float

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            parse.keep(self, locals())

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Activation("elu", (float(self.alpha),)),)


class Softmax(Layer, builtin=True):
    """Values made positive with a sum of 1: exp(x) / sum of exp(x) along an axis or several.

    Args:
        axis: the axis or axes, which count the batch.
    Shape:
        input (N, ...) float32 -> output of the same shape.
    Raises:
        ShapeError: an axis does not exist, or is the batch.

    >>> import konv
    >>> import numpy as np
    >>> konv.layers.Softmax(axis=(1, 2))(np.zeros((1, 2, 2, 1))).ravel()
    array([0.25, 0.25, 0.25, 0.25], dtype=float32)
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
            if not axes or not all(map(parse.is_integer, axes)):
                raise KonvError(f"axis must be an integer or several, got {axis!r}")
            self.axis = axis

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        shape, rank = shapes[0], len(shapes[0])
        given = self.axis if isinstance(self.axis, (tuple, list)) else (self.axis,)
        axes = [parse.unbatched_axis(int(axis), rank) for axis in given]
        if len(axes) == 1:
            return (ir.Softmax(axes[0]),)
        last = sorted({axis % rank for axis in axes})
        order = (*(axis for axis in range(rank) if axis not in last), *last)
        if None in shape:
            raise ShapeError(f"along several axes the sizes of the input must be known, got {describe(shape)}")
        sizes, kept = tuple(shape[axis] or 0 for axis in order), rank - len(last)
        return (ir.Permute(order), ir.Reshape((*sizes[:kept], prod(sizes[kept:]))), ir.Softmax(-1), ir.Reshape(sizes),
                ir.Permute(tuple(order.index(axis) for axis in range(rank))))
