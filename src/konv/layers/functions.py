"""A function as a layer."""

import inspect
from collections.abc import Mapping
from typing import Any

from konv.custom_objects import get_registered_name, get_registered_object
from konv.errors import KonvError, ShapeError, UnsupportedError, naming
from konv.layers import parse
from konv.layers.base import Layer


class Lambda(Layer):
    """A function of one tensor or a list of them, made of konv.ops and operators; any shape in, that of the result out.

    `arguments` are further arguments of the function. `output_shape`, without the batch, is found by itself; one that is given
    must be right. Files note the name of the function and never its program: what is to be read again needs a name (`def`),
    under which `custom_objects` or `register_keras_serializable` give it back.

    >>> import konv
    >>> konv.layers.Lambda(lambda x: x / 2 - 1)([[2.0, 6.0]])
    array([[0., 2.]], dtype=float32)
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        with naming(self.title):
            if not callable(function):
                raise KonvError(f"function must be a function of a tensor, got {function!r}")
            if mask is not None:
                raise UnsupportedError(f"mask={mask!r} is not supported; leave it out")
        self.function, self.arguments, self._output_shape = function, dict(arguments or {}), output_shape

    def call(self, inputs, mask=None, training=None) -> Any:
        if mask is not None:
            raise UnsupportedError(f"mask={mask!r} is not supported; leave it out")
        takes = inspect.signature(self.function).parameters
        given = {name: value for name, value in (("mask", mask), ("training", training)) if name in takes}
        result: Any = self.function(inputs, **self.arguments, **given)
        if isinstance(self._output_shape, (tuple, list)):
            wanted = parse.sizes(tuple(self._output_shape), "output_shape")
            if tuple(result.shape[1:]) != wanted:
                raise ShapeError(f"output_shape={self._output_shape!r}, but the function gives {result.shape}")
        return result

    def get_config(self) -> dict[str, Any]:
        name = getattr(self.function, "__name__", "<lambda>")
        if name == "<lambda>":
            raise KonvError(f"{self.title}: a function without a name cannot be written to a file; define it with def")
        function = {"module": "builtins", "class_name": "function", "config": get_registered_name(self.function),
                    "registered_name": "function"}
        shape = {} if self._output_shape is None else {"output_shape": self._output_shape}
        return self.base_config() | {"function": function, **shape, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Lambda":
        function: Any = config.get("function")
        if isinstance(function, Mapping) and function.get("class_name") == "function":
            name = function.get("config")
            function = get_registered_object(name) if isinstance(name, str) else None
            if function is None:
                raise UnsupportedError(f"the function {name!r:.80} is not known; pass custom_objects={{{name!r:.80}: ...}}")
        if not callable(function):
            raise UnsupportedError("holds a program (class '__lambda__'); konv never runs one, with safe_mode or without")
        arguments: dict[str, Any] = {**config, "function": function}
        return cls(**arguments)
