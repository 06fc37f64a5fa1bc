"""Activation functions as layers of their own: any shape in, the same shape out, float32."""

import warnings
from math import prod
from typing import Any

from konv import activations
from konv.errors import KonvError, ShapeError, naming
from konv.ir import ops as ir
from konv.ir.array_ops import PRelu
from konv.ir.ops import Op, Shape, describe
from konv.layers import parse
from konv.layers.base import Layer


class Activation(Layer, builtin=True):
    """A function of konv.activations, by name or itself.

    >>> import konv
    >>> konv.layers.Activation("relu").compute_output_shape((None, 3))
    (None, 3)
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.activation = activations.get(activation)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return activations.activation_ops(self.activation)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"activation": activations.serialize(self.activation)}


class ReLU(Layer, builtin=True):
    """max(x, 0); or capped at `max_value`, with a slope below `threshold`.

    >>> import konv
    >>> konv.layers.ReLU(max_value=6.0).compute_output_shape((None, 3))
    (None, 3)
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.max_value = None if max_value is None else parse.number(max_value, "max_value", 0)
            self.negative_slope = parse.number(negative_slope, "negative_slope", 0)
            self.threshold = parse.number(threshold, "threshold", 0)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (activations.relu_op(self.max_value, self.negative_slope, self.threshold),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"max_value": self.max_value, "negative_slope": self.negative_slope,
                                       "threshold": self.threshold}


class LeakyReLU(Layer, builtin=True):
    """x above zero, negative_slope * x below.

    >>> import konv
    >>> konv.layers.LeakyReLU().negative_slope
    0.3
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("LeakyReLU: alpha is the old name of negative_slope", DeprecationWarning, stacklevel=2)
        super().__init__(**kwargs)
        with naming(self.title):
            self.negative_slope = parse.number(negative_slope, "negative_slope", 0)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (activations.relu_op(None, self.negative_slope),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"negative_slope": self.negative_slope}


class PReLU(Layer, builtin=True):
    """x above zero, alpha * x below, where alpha is learned: one for each number of a sample, or shared along axes.

    >>> import konv
    >>> layer = konv.layers.PReLU(shared_axes=[1, 2])
    >>> layer.build((None, 8, 8, 3))
    >>> layer.alpha.shape
    (1, 1, 3)
    """

    def __init__(self, alpha_initializer="Zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            parse.weight_arguments(self, alpha_initializer=alpha_initializer, alpha_regularizer=alpha_regularizer,
                                   alpha_constraint=alpha_constraint)
            given = shared_axes if isinstance(shared_axes, (list, tuple)) else [] if shared_axes is None else [shared_axes]
            if not all(parse.is_integer(axis) for axis in given):
                raise KonvError(f"shared_axes must be integers, which count the batch, got {shared_axes!r}")
            self.shared_axes = None if shared_axes is None else list(given)

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        rank = len(shapes[0])
        return (PRelu(tuple(parse.unbatched_axis(int(axis), rank) % rank for axis in self.shared_axes or ())),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | parse.weight_config(self) | {"shared_axes": self.shared_axes}


class ELU(Layer, builtin=True):
    """x above zero, alpha * (exp(x) - 1) below.

    >>> import konv
    >>> konv.layers.ELU().alpha
    1.0
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            self.alpha = parse.number(alpha, "alpha")

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Activation("elu", (float(self.alpha),)),)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"alpha": self.alpha}


class Softmax(Layer, builtin=True):
    """exp(x) / sum of exp(x) along an axis, which counts the batch, or along several.

    >>> import konv
    >>> import numpy as np
    >>> konv.layers.Softmax(axis=(1, 2))(np.zeros((1, 2, 2, 1))).ravel()
    array([0.25, 0.25, 0.25, 0.25], dtype=float32)
    """

    def __init__(self, axis=-1, **kwargs):
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
        sizes, left = tuple(shape[axis] or 0 for axis in order), rank - len(last)
        return (ir.Permute(order), ir.Reshape((*sizes[:left], prod(sizes[left:]))), ir.Softmax(-1), ir.Reshape(sizes),
                ir.Permute(tuple(order.index(axis) for axis in range(rank))))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}
