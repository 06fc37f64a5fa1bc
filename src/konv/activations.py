"""Activation functions: on NumPy arrays, and as operations of a graph."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from konv.custom_objects import get_registered_name, get_registered_object
from konv.errors import KonvError, UnsupportedError, nearest
from konv.hints import module_attributes
from konv.ir.ops import Activation, Op, Softmax
from konv.ir.scalar_functions import SCALAR_FUNCTIONS
from konv.ops.activation_functions import (
    apply,
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    relu_op,
    scalar_function,
    softmax,
)
from konv.ops.composed_activations import (
    celu,
    glu,
    hard_shrink,
    hard_tanh,
    log_sigmoid,
    soft_shrink,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh_shrink,
    threshold,
)
from konv.tracing.symbolic import Composed


def linear(x: Any) -> Any:
    """x itself.

    >>> linear(3)
    3
    """
    return x


exponential = scalar_function("exponential")
hard_sigmoid = scalar_function("hard_sigmoid")
hard_silu = hard_swish = scalar_function("hard_silu")
mish = scalar_function("mish")
selu = scalar_function("selu")
sigmoid = scalar_function("sigmoid")
silu = swish = scalar_function("silu")
softplus = scalar_function("softplus")
softsign = scalar_function("softsign")
tanh = scalar_function("tanh")

# what each function becomes in a graph when it is called without further arguments
_OPS: dict[Callable[..., Any], tuple[Op, ...]] = {
    linear: (),
    relu: (relu_op(),),
    leaky_relu: (relu_op(None, 0.2),),
    relu6: (relu_op(6.0),),
    elu: (Activation("elu", (1.0,)),),
    gelu: (Activation("gelu", (0.0,)),),
    softmax: (Softmax(),),
    log_softmax: (Softmax(log=True),),
    **{scalar_function(name): (Activation(name),) for name, record in SCALAR_FUNCTIONS.items()
       if record.activation and not record.constants},
}
_COMPOSED = (celu, glu, hard_shrink, hard_tanh, log_sigmoid, soft_shrink, sparse_plus, sparse_sigmoid, sparsemax, squareplus,
             tanh_shrink, threshold)
_NAMES = {function.__name__: function for function in _OPS}
_NAMES |= {alias: function for name, function in _NAMES.items() if name in SCALAR_FUNCTIONS
           for alias in SCALAR_FUNCTIONS[name].aliases} | {function.__name__: function for function in _COMPOSED}


def get(identifier: Any) -> Callable[..., Any]:
    """A function of this module from its name; a function of a tensor, or a layer without weights, is itself; None is linear.

    >>> get("swish") is silu
    True
    """
    if identifier is None:
        return linear
    if isinstance(identifier, dict):
        identifier = identifier.get("config" if identifier.get("class_name") == "function" else "class_name")
    if isinstance(identifier, str):
        return _by_name(identifier)
    if callable(identifier) and not isinstance(identifier, (type, np.ufunc)):
        return identifier
    raise UnsupportedError(f"activation={identifier!r} is not supported; give a name or a function of konv.activations, or a "
                    f"function that is made of konv.ops")


def _by_name(name: str) -> Callable[..., Any]:
    if name in _NAMES:
        return _NAMES[name]
    own = get_registered_object(name)
    if callable(own):
        return own
    near = nearest(name, _NAMES)
    there = f"there are: {', '.join(_NAMES)}"
    raise KonvError(f'activation="{name}" is unknown; {f"did you mean {near!r}?" if near else there}')


def serialize(activation: Any) -> Any:
    """The name of a function of this module, as Keras writes it; the dict that Keras writes for one of the user's.

    >>> serialize(swish)
    'silu'
    """
    activation = get(activation)
    name = getattr(activation, "__name__", "")
    if _NAMES.get(name) is activation:
        return name
    if not isinstance(activation, FunctionType):
        return activation  # a layer, which becomes a dict where the layer around it does
    if name == "<lambda>":
        raise KonvError("an activation without a name cannot be written to a file; define it with def")
    return {"module": "builtins", "class_name": "function", "config": get_registered_name(activation),
            "registered_name": "function"}


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Callable[..., Any]:
    """The inverse of `serialize`.

    >>> deserialize("relu") is relu
    True
    """
    name, own = config.get("config") if isinstance(config, dict) else config, custom_objects or {}
    if isinstance(name, str) and name in own:
        return own[name]
    return get(config)


def activation_ops(identifier: Any) -> tuple[Op, ...]:
    """The operations that an activation becomes in a graph; none for linear.

    >>> activation_ops("relu6")
    (Activation(name='relu', constants=(6.0, 0.0, 0.0)),)
    """
    function = get(identifier)
    known = isinstance(function, FunctionType) and function in _OPS
    return _OPS[function] if known else (Composed(function),)


__all__ = [
    "activation_ops", "apply", "celu", "deserialize", "elu", "exponential", "gelu", "get", "glu", "hard_shrink",
    "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax",
    "mish", "relu", "relu6", "relu_op", "selu", "serialize", "sigmoid", "silu", "soft_shrink", "softmax", "softplus",
    "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
