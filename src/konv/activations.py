"""Activation functions: on NumPy arrays, and as operations of a graph."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from konv.arrays import to_array
from konv.custom_objects import get_registered_name, get_registered_object
from konv.errors import KonvError, UnsupportedError, nearest
from konv.hints import module_attributes
from konv.ir.ops import Activation, Op, Softmax
from konv.kernels import reference
from konv.late import late
from konv.plan.forward import activation_code
from konv.tracing.symbolic import Composed, is_symbolic, operand, sample_axis, symbolic


def apply(op: Op, x: Any, function: Callable[..., Any] | None = None, **config: Any) -> Any:
    """The operation on a whole array, batch axis included, by the formula that defines it; or on a tensor of a graph.

    `function` with the options `config` is what it was called by.
    """
    if function is not None and is_symbolic(x):
        return _on_tensor(op, x, function, config)
    x = to_array(x, "activations")
    x = x if x.dtype.kind == "f" else x.astype(np.float32)
    if isinstance(op, Softmax):
        rows = np.ascontiguousarray(np.moveaxis(x, op.axis, -1))
        image, result = (array.reshape(-1, 1, 1, rows.shape[-1]) for array in (rows, np.empty_like(rows)))
        reference.softmax(image, result, (0, 0, 1, 1), (0, 0, 1, 1), op.log)
        return np.moveaxis(result.reshape(rows.shape), -1, op.axis)
    assert isinstance(op, Activation)
    (code,), constants = activation_code(op)
    formula, _ = list(reference.ACTIVATIONS.values())[code]
    return np.asarray(formula(x, *constants), x.dtype) + x.dtype.type(0)  # -0.0 becomes 0.0


def _on_tensor(op: Op, x: Any, function: Callable[..., Any], config: dict[str, Any]) -> Any:
    name = {"exponential": "Exp"}.get(function.__name__) or "".join(map(str.capitalize, function.__name__.split("_")))
    if isinstance(op, Softmax):
        x = operand(x, function.__name__)
        op = replace(op, axis=sample_axis(x, op.axis, function.__name__))  # type: ignore[arg-type]
    return symbolic(function, name, [x], lambda emit, place: emit(op, place), config,
                    "numpy" if name in ("Exp", "Tanh") else "nn")


def linear(x):
    """x itself.

    >>> linear(3)
    3
    """
    return x


def relu(x, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> np.ndarray:
    """max(x, 0); or capped at `max_value`, with a slope below `threshold`.

    >>> relu([-1.0, 2.0])
    array([0., 2.])
    """
    return apply(relu_op(max_value, negative_slope, threshold), x, relu,
                 **_given(negative_slope=negative_slope, max_value=max_value, threshold=threshold))


def leaky_relu(x, negative_slope: float = 0.2) -> np.ndarray:
    """x above zero, negative_slope * x below.

    >>> leaky_relu([-1.0, 2.0])
    array([-0.2, 2. ])
    """
    return apply(relu_op(None, negative_slope), x, leaky_relu, negative_slope=negative_slope)


def relu6(x) -> np.ndarray:
    """min(max(x, 0), 6).

    >>> relu6([-1.0, 8.0])
    array([0., 6.])
    """
    return apply(relu_op(6.0), x, relu6)


def elu(x, alpha: float = 1.0) -> np.ndarray:
    """x above zero, alpha * (exp(x) - 1) below.

    >>> elu([-1.0, 2.0]).round(3)
    array([-0.632, 2. ])
    """
    return apply(Activation("elu", (float(alpha),)), x, elu, alpha=alpha)


def gelu(x, approximate: bool = False) -> np.ndarray:
    """x times the probability that a standard normal number is below x; by way of tanh if `approximate`.

    >>> gelu([-1.0, 2.0]).round(3)
    array([-0.159, 1.954])
    """
    return apply(Activation("gelu", (float(approximate),)), x, gelu, approximate=approximate)


def softmax(x, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """exp(x) / sum of exp(x) along one axis; of an array also along several.

    >>> softmax([0.0, 0.0])
    array([0.5, 0.5])
    """
    if isinstance(axis, (tuple, list)):
        return _along(softmax, x, axis)
    return apply(Softmax(axis), x, softmax, axis=axis)


def log_softmax(x, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """The logarithm of softmax(x).

    >>> log_softmax([0.0, 0.0]).round(3)
    array([-0.693, -0.693])
    """
    if isinstance(axis, (tuple, list)):
        return _along(log_softmax, x, axis)
    return apply(Softmax(axis, log=True), x, log_softmax, axis=axis)


def _along(function: Callable[..., Any], x: Any, axes: Sequence[int]) -> np.ndarray:
    """A function along one axis along several of an array, which become one."""
    if is_symbolic(x):
        raise UnsupportedError(f"{function.__name__}: axis={axes!r}: several axes of a tensor are not supported; reshape it")
    x = to_array(x, "activations")
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    made = function(moved.reshape(*moved.shape[:x.ndim - len(axes)], -1))
    return np.moveaxis(made.reshape(moved.shape), last, axes)


def sigmoid(x) -> np.ndarray:
    """1 / (1 + exp(-x)).

    >>> sigmoid([0.0])
    array([0.5])
    """
    return apply(Activation("sigmoid"), x, sigmoid)


def tanh(x) -> np.ndarray:
    """The hyperbolic tangent.

    >>> tanh([0.0])
    array([0.])
    """
    return apply(Activation("tanh"), x, tanh)


def softplus(x) -> np.ndarray:
    """log(1 + exp(x)).

    >>> softplus([0.0]).round(3)
    array([0.693])
    """
    return apply(Activation("softplus"), x, softplus)


def softsign(x) -> np.ndarray:
    """x / (1 + |x|).

    >>> softsign([1.0])
    array([0.5])
    """
    return apply(Activation("softsign"), x, softsign)


def selu(x) -> np.ndarray:
    """1.0507 * elu(x, alpha=1.67326), with which activations keep mean 0 and variance 1 (Klambauer et al. 2017).

    >>> selu([1.0]).round(4)
    array([1.0507])
    """
    return apply(Activation("selu"), x, selu)


def silu(x) -> np.ndarray:
    """x * sigmoid(x), also called swish.

    >>> silu([1.0]).round(3)
    array([0.731])
    """
    return apply(Activation("silu"), x, silu)


def exponential(x) -> np.ndarray:
    """exp(x).

    >>> exponential([0.0])
    array([1.])
    """
    return apply(Activation("exponential"), x, exponential)


def hard_sigmoid(x) -> np.ndarray:
    """x / 6 + 0.5, kept between 0 and 1.

    >>> hard_sigmoid([0.0, 3.0])
    array([0.5, 1. ])
    """
    return apply(Activation("hard_sigmoid"), x, hard_sigmoid)


def hard_silu(x) -> np.ndarray:
    """x * hard_sigmoid(x), also called hard_swish.

    >>> hard_silu([-3.0, 3.0])
    array([0., 3.])
    """
    return apply(Activation("hard_silu"), x, hard_silu)


def mish(x) -> np.ndarray:
    """x * tanh(softplus(x)).

    >>> mish([1.0]).round(3)
    array([0.865])
    """
    return apply(Activation("mish"), x, mish)


def _given(**options: Any) -> dict[str, Any]:
    """The options that are not left at nothing."""
    return {name: value for name, value in options.items() if value}


def relu_op(max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0) -> Activation:
    """The operation of a relu with these arguments; the plain one has no constants.

    >>> relu_op(6.0)
    Activation(name='relu', constants=(6.0, 0.0, 0.0))
    """
    constants = (inf if max_value is None else float(max_value), float(negative_slope), float(threshold))
    return Activation("relu", () if constants == (inf, 0.0, 0.0) else constants)


# what each function becomes in a graph when it is called without further arguments
_SIMPLE = (sigmoid, tanh, softplus, softsign, selu, silu, exponential, hard_sigmoid, hard_silu, mish)
_OPS: dict[Callable[..., Any], tuple[Op, ...]] = {
    linear: (),
    relu: (relu_op(),),
    leaky_relu: (relu_op(None, 0.2),),
    relu6: (relu_op(6.0),),
    elu: (Activation("elu", (1.0,)),),
    gelu: (Activation("gelu", (0.0,)),),
    softmax: (Softmax(),),
    log_softmax: (Softmax(log=True),),
    **{function: (Activation(function.__name__),) for function in _SIMPLE},
}

_NAMES = {function.__name__: function for function in _OPS} | {"swish": silu, "hard_swish": hard_silu}
swish, hard_swish = silu, hard_silu

# those which konv.ops makes of others, and which it has under the same names
if TYPE_CHECKING:
    from konv.ops.activations import (
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

_COMPOSED = ("celu", "glu", "hard_shrink", "hard_tanh", "log_sigmoid", "soft_shrink", "sparse_plus", "sparse_sigmoid",
             "sparsemax", "squareplus", "tanh_shrink", "threshold")


def _composed(name: str) -> Callable[..., Any]:
    return getattr(late("ops"), name)


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
    if name in _COMPOSED:
        return _composed(name)
    if name in _NAMES:
        return _NAMES[name]
    own = get_registered_object(name)
    if callable(own):
        return own
    near = nearest(name, (*_NAMES, *_COMPOSED))
    there = f"there are: {', '.join((*_NAMES, *_COMPOSED))}"
    raise KonvError(f'activation="{name}" is unknown; {f"did you mean {near!r}?" if near else there}')


def serialize(activation: Any) -> Any:
    """The name of a function of this module, as Keras writes it; the dict that Keras writes for one of the user's.

    >>> serialize(swish)
    'silu'
    """
    activation = get(activation)
    name = getattr(activation, "__name__", "")
    if _NAMES.get(name) is activation or (name in _COMPOSED and _composed(name) is activation):
        return name
    if not isinstance(activation, FunctionType):
        return activation  # a layer, which becomes a dict where the layer around it does
    if name == "<lambda>":
        raise KonvError("an activation without a name cannot be written to a file; define it with def")
    return {"module": "builtins", "class_name": "function", "config": get_registered_name(activation),
            "registered_name": "function"}


def deserialize(config: Any, custom_objects=None) -> Callable[..., Any]:
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

_missing, __dir__ = module_attributes(__name__, __all__)


def __getattr__(name: str) -> Any:
    return _composed(name) if name in _COMPOSED else _missing(name)
