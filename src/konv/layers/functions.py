"""Layers that are traced: a function of the user's, and Dot."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from konv import ops
from konv.custom_objects import get_registered_name, get_registered_object
from konv.errors import KonvError, ShapeError, UnsupportedError, naming
from konv.layers import parse
from konv.layers.base import Layer, base_config
from konv.tracing import tree


class Lambda(Layer, builtin=True):
    """A function of one tensor or a list of them as a layer; it is made of konv.ops and operators.

    Files note the name of the function and never its program: what is to be read again needs a name (`def`), under which
    `custom_objects` or `register_keras_serializable` give it back.

    Args:
        function: takes the input, and `training` if it has such an argument.
        output_shape: found by itself; one that is given (without the batch, or a function of the shape) must be right.
        mask: an argument of Keras that is not supported.
        arguments: further arguments of the function, by name.
    Shape:
        input (N, ...) -> output (N, ...) as the function makes it.
    Raises:
        ShapeError: output_shape is not the shape of the result.
        KonvError: function is not callable, or has no name when it is written to a file.

    >>> import konv
    >>> konv.layers.Lambda(lambda x: x / 2 - 1)([[2.0, 6.0]])
    array([[0., 2.]], dtype=float32)
    """

    def __init__(self, function: Callable[..., Any], output_shape: Any = None, mask: Any = None,
                 arguments: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with naming(self.title):
            if not callable(function):
                raise KonvError(f"function must be a function of a tensor, got {function!r}")
            if mask is not None:
                raise UnsupportedError(f"mask={mask!r} is not supported; leave it out")
            if not (output_shape is None or callable(output_shape) or isinstance(output_shape, (tuple, list))):
                raise KonvError(f"output_shape must be a tuple such as (28, 28, 1), without the batch, or a function of the "
                                f"shape of the input, got {output_shape!r}")
        self.function, self.arguments, self._output_shape = function, dict(arguments or {}), output_shape

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        if any(one is not None for one in tree.flatten(mask)):  # files of Keras note one None for each input
            raise UnsupportedError(f"mask={mask!r} is not supported; leave it out")
        takes = inspect.signature(self.function).parameters
        given = {name: value for name, value in (("mask", mask), ("training", training)) if name in takes}
        result: Any = self.function(inputs, **self.arguments, **given)
        shape: Any = self._output_shape
        if shape is not None:
            if isinstance(shape, (tuple, list)):
                wanted = parse.sizes(tuple(shape), "output_shape")
            else:
                wanted = tuple(shape(tree.transform(lambda x: tuple(x.shape), inputs)))[1:]
            if tuple(result.shape[1:]) != wanted:
                raise ShapeError(f"output_shape={self._output_shape!r}, but the function gives {result.shape}")
        return result

    def get_config(self) -> dict[str, Any]:
        name = getattr(self.function, "__name__", "<lambda>")
        if name == "<lambda>":
            raise KonvError(f"{self.title}: a function without a name cannot be written to a file; define it with def")
        if getattr(ops, name, None) is self.function and name in ops.__all__:
            function = {"module": "keras.ops", "class_name": "function", "config": name, "registered_name": name}
        else:
            function = {"module": "builtins", "class_name": "function", "config": get_registered_name(self.function),
                        "registered_name": "function"}
        shape = {} if self._output_shape is None else {"output_shape": self._output_shape}
        return base_config(self) | {"function": function, **shape, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Lambda":
        function: Any = config.get("function")
        if isinstance(function, Mapping) and function.get("class_name") == "function":
            name = function.get("config")
            known = {own: getattr(ops, own) for own in ops.__all__}
            function = get_registered_object(name, module_objects=known) if isinstance(name, str) else None
            if function is None:
                raise UnsupportedError(f"the function {name!r:.80} is not known; pass custom_objects={{{name!r:.80}: ...}}")
        if not callable(function):
            raise UnsupportedError("holds a program (class '__lambda__'); konv never runs one, with safe_mode or without")
        arguments: dict[str, Any] = {**config, "function": function}
        return cls(**arguments)


class Dot(Layer, builtin=True):
    """Sums of products of two inputs along an axis of each; the other axes stand one after the other.

    Args:
        axes: the axis of each input, or one for both; they count the batch.
        normalize: divide by the lengths along these axes first, which makes the sums cosines.
    Shape:
        inputs (N, ..., K, ...) and (N, ..., K, ...) -> output (N, the other axes of the first, those of the second).
    Raises:
        ShapeError: the axes do not exist, are the batch, or are of different sizes.

    >>> import konv
    >>> x, y = konv.Input((3, 5)), konv.Input((10, 3))
    >>> konv.layers.Dot(axes=(1, 2))([x, y]).shape
    (None, 5, 10)
    """

    many_inputs = True

    def __init__(self, axes: int | tuple[int, int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = tuple(axes) if isinstance(axes, (list, tuple)) else (axes, axes)
        if len(pair) != 2 or not all(parse.is_integer(axis) for axis in pair):
            raise KonvError(f"{self.title}: axes must be an integer or two of them, got {axes!r}")
        self.axes, self.normalize = axes, bool(normalize)
        self._pair = pair

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise KonvError(f"takes a list of two inputs, got {inputs!r:.80}")
        shapes = " and ".join(str(x.shape) for x in inputs)
        axes = [axis + x.ndim if axis < 0 else axis for axis, x in zip(self._pair, inputs, strict=True)]
        if not all(0 < axis < x.ndim for axis, x in zip(axes, inputs, strict=True)):
            raise ShapeError(f"axes={self.axes!r} do not exist in {shapes}, or are the batch")
        sizes = [x.shape[axis] for axis, x in zip(axes, inputs, strict=True)]
        if sizes[0] != sizes[1]:
            raise ShapeError(f"the axes {self.axes!r} of {shapes} must be of one size, got {sizes[0]} and {sizes[1]}")
        x, y = (ops.normalize(x, axis) if self.normalize else x for axis, x in zip(axes, inputs, strict=True))
        x, y = _rows(x, axes[0]), ops.swapaxes(_rows(y, axes[1]), 1, 2)
        kept = [size for axis, x in zip(axes, inputs, strict=True) for size in (*x.shape[1:axis], *x.shape[axis + 1:])]
        return ops.reshape(ops.matmul(x, y), (-1, *(kept or (1,))))


def _rows(x: Any, axis: int) -> Any:
    """(batch, all other axes as one, the axis)."""
    order = [*(other for other in range(x.ndim) if other != axis), axis]
    return ops.reshape(ops.transpose(x, order), (-1, prod(x.shape[other] for other in order[1:-1]), x.shape[axis]))


def dot(inputs: Sequence[Any], axes: int | tuple[int, int] = -1, **kwargs: Any) -> Any:
    """Sums of products of two inputs along an axis of each: `Dot(axes, **kwargs)(inputs)`.

    Shape:
        inputs (N, ..., K, ...) and (N, ..., K, ...) -> output (N, the other axes of the first, those of the second).
    Raises:
        ShapeError: the axes do not exist, are the batch, or are of different sizes.

    >>> import konv
    >>> konv.layers.dot([konv.Input((3, 5)), konv.Input((10, 3))], axes=(1, 2)).shape
    (None, 5, 10)
    """
    return Dot(axes=axes, **kwargs)(inputs)
