"""Functions of single numbers, and of two arrays number by number; on arrays and on tensors."""

from collections.abc import Callable
from math import inf
from math import log as natural
from typing import Any

import numpy as np

from konv.errors import UnsupportedError
from konv.ir.array_ops import Binary, Mask
from konv.ir.ops import Activation, Scale
from konv.ir.scalar_functions import SCALAR_FUNCTIONS
from konv.kernels import numpy_math
from konv.ops import activation_functions as functions
from konv.ops.activation_functions import documented, of_float32
from konv.tracing.symbolic import Emit, aligned, is_symbolic, numbers, operand, symbolic
from konv.tracing.tensors import Tensor


def _unary(name: str, argument: float, result: str, op: str = "") -> Callable[[Any], Any]:
    """The function of keras.ops of this name; result: what the argument gives, for the docstring."""
    kind = op or name

    def function(x: Any) -> Any:
        if is_symbolic(x):
            return symbolic(function, name.capitalize(), [x], lambda emit, place: emit(Activation(kind), place))
        return np.asarray(numpy_math.value(kind, numbers(x, name)), np.float32)  # as in Keras: log(-1) is a nan

    example = f">>> {name}([{argument}])\n    array([{result}], dtype=float32)"
    return documented(function, name, SCALAR_FUNCTIONS[kind].doc.partition("\n")[0], example)


exp = _unary("exp", 0.0, "1.", "exponential")
expm1 = _unary("expm1", 0.0, "0.")
log = _unary("log", 1.0, "0.")
log1p = _unary("log1p", 0.0, "0.")
sqrt = _unary("sqrt", 4.0, "2.")
rsqrt = _unary("rsqrt", 4.0, "0.5")
square = _unary("square", 3.0, "9.")
reciprocal = _unary("reciprocal", 4.0, "0.25")
absolute = _unary("absolute", -2.0, "2.", "abs")
sign = _unary("sign", -2.0, "-1.")
sin = _unary("sin", 0.0, "0.")
cos = _unary("cos", 0.0, "1.")


def abs(x: Any) -> Any:  # noqa: A001 (the name in keras.ops)
    """The absolute value.

    Shape:
        x of any shape -> the same shape.

    >>> abs([-1.0, 2.0])
    array([1., 2.], dtype=float32)
    """
    return absolute(x)


def negative(x: Any) -> Any:
    """-x, element by element.

    Shape:
        x of any shape -> the same shape.

    >>> negative([1.0])
    array([-1.], dtype=float32)
    """
    if is_symbolic(x):
        return symbolic(negative, "Negative", [x], lambda emit, place: emit(Scale(-1.0), place))
    return -numbers(x, "negative")


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """x, but no less than x_min and no more than x_max.

    Shape:
        x of any shape; the bounds are scalars or broadcast with it -> the same shape.

    >>> clip([-1.0, 0.5, 3.0], 0, 1)
    array([0. , 0.5, 1. ], dtype=float32)
    """
    if is_symbolic(x_min, x_max):
        return minimum(maximum(x, x_min), x_max)
    if is_symbolic(x):
        bounds = float(x_min), float(x_max)
        return symbolic(clip, "Clip", [x], lambda emit, place: emit(Activation("clip", bounds), place),
                        {"x_min": x_min, "x_max": x_max})
    return np.clip(numbers(x, "clip"), np.float32(x_min), np.float32(x_max))


# --- two operands -------------------------------------------------------------------------------------

# what becomes of an operation with one number: (emit, place of the tensor, number, whether the number comes first)
_WITH_NUMBER: dict[str, Callable[[Emit, int, float, bool], int]] = {
    "add": lambda emit, x, c, first: emit(Scale(1.0, c), x),
    "subtract": lambda emit, x, c, first: emit(Scale(-1.0, c) if first else Scale(1.0, -c), x),
    "multiply": lambda emit, x, c, first: emit(Scale(c), x),
    "divide": lambda emit, x, c, first: emit(Scale(c), emit(Activation("reciprocal"), x)) if first else emit(Scale(1 / c), x),
    "maximum": lambda emit, x, c, first: emit(Activation("clip", (c, inf)), x),
    "minimum": lambda emit, x, c, first: emit(Activation("clip", (-inf, c)), x),
    "power": lambda emit, x, c, first: (
        emit(Activation("exponential"), emit(Scale(natural(c)), x)) if first else _power(emit, x, c)),
}


def _power(emit: Emit, x: int, exponent: float) -> int:
    return emit(Activation("square") if exponent == 2 else Activation("power", (exponent,)), x)


def _binary(name: str, class_name: str, doc: str, compute: Callable[..., Any], result: str,
            op: str = "") -> Callable[[Any, Any], Any]:
    """The function of keras.ops of this name; result: what [1.0, 3.0] and 2.0 give, for the docstring."""
    kind = op or name

    def function(x1: Any, x2: Any) -> Any:
        if not is_symbolic(x1, x2):
            with np.errstate(all="ignore"):
                result = compute(numbers(x1, name), numbers(x2, name))
            return result if result.dtype == bool else np.asarray(result, np.float32)
        values = [operand(x1, name), operand(x2, name)]
        fits = aligned(values, name)
        merged = any(isinstance(value, Tensor) and value.merged for value in values)

        def lower(emit: Emit, first: Any, second: Any) -> int:
            for place, number, before in ((second, first, True), (first, second, False)):
                if kind in _WITH_NUMBER and isinstance(number, np.ndarray) and number.ndim == 0 and (
                        kind not in ("power", "divide") or number > 0):
                    return _WITH_NUMBER[kind](emit, place, float(number), before)
            places = [fit(emit, value) for fit, value in zip(fits, (first, second), strict=True)]
            return emit(Binary(kind), *places)

        return symbolic(function, class_name, values, lower, args=(x1, x2), merged=merged)

    example = f">>> {name}([1.0, 3.0], 2.0)\n    array({result})"
    return documented(function, name, doc, example, "x1, x2 of shapes that broadcast -> their common shape.")


add = _binary("add", "Add", "x1 + x2.", np.add, "[3., 5.], dtype=float32")
subtract = _binary("subtract", "Subtract", "x1 - x2.", np.subtract, "[-1.,  1.], dtype=float32")
multiply = _binary("multiply", "Multiply", "x1 * x2.", np.multiply, "[2., 6.], dtype=float32")
divide = _binary("divide", "Divide", "x1 / x2.", np.divide, "[0.5, 1.5], dtype=float32")
true_divide = _binary("true_divide", "TrueDivide", "x1 / x2.", np.divide, "[0.5, 1.5], dtype=float32", "divide")
maximum = _binary("maximum", "Maximum", "The larger of both.", np.maximum, "[2., 3.], dtype=float32")
minimum = _binary("minimum", "Minimum", "The smaller of both.", np.minimum, "[1., 2.], dtype=float32")
power = _binary("power", "Power", "x1 to the power of x2.", np.power, "[1., 9.], dtype=float32")
equal = _binary("equal", "Equal", "1 where both are equal, else 0; of arrays True and False.", np.equal, "[False, False]")
not_equal = _binary("not_equal", "NotEqual", "1 where both differ, else 0; of arrays True and False.", np.not_equal,
                    "[ True,  True]")
greater = _binary("greater", "Greater", "1 where x1 > x2, else 0; of arrays True and False.", np.greater, "[False,  True]")
greater_equal = _binary("greater_equal", "GreaterEqual", "1 where x1 >= x2, else 0; of arrays True and False.",
                        np.greater_equal, "[False,  True]")
less = _binary("less", "Less", "1 where x1 < x2, else 0; of arrays True and False.", np.less, "[ True, False]")
less_equal = _binary("less_equal", "LessEqual", "1 where x1 <= x2, else 0; of arrays True and False.", np.less_equal,
                     "[ True, False]")


def tan(x: Any) -> Any:
    """The tangent.

    Shape:
        x of any shape -> the same shape.

    >>> tan([0.0])
    array([0.], dtype=float32)
    """
    return divide(sin(x), cos(x))


def sinh(x: Any) -> Any:
    """The hyperbolic sine.

    Shape:
        x of any shape -> the same shape.

    >>> sinh([0.0])
    array([0.], dtype=float32)
    """
    return multiply(subtract(exp(x), exp(negative(x))), 0.5)


def cosh(x: Any) -> Any:
    """The hyperbolic cosine.

    Shape:
        x of any shape -> the same shape.

    >>> cosh([0.0])
    array([1.], dtype=float32)
    """
    return multiply(add(exp(x), exp(negative(x))), 0.5)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition holds (is not 0), else x2; without both the indices, along each axis, where it holds.

    Shape:
        condition, x1, x2 of shapes that broadcast -> their common shape; without x1 and x2 one (count,) int32 for each axis.
    Raises:
        UnsupportedError: a tensor is given without both x1 and x2.

    >>> where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.], dtype=float32)
    """
    if x1 is None or x2 is None:
        if x1 is not x2 or is_symbolic(condition):
            raise UnsupportedError("where: of tensors needs both x1= and x2=")
        return [places.astype(np.int32) for places in np.where(np.asarray(condition))]
    if not is_symbolic(condition, x1, x2):
        return np.where(np.asarray(condition).astype(bool), numbers(x1, "where"), numbers(x2, "where")).astype(np.float32)
    values = [operand(value, "where") for value in (condition, x1, x2)]
    fits = aligned(values, "where")
    single = [isinstance(value, Tensor) and value.batched for value in values]

    def lower(emit: Emit, *given: Any) -> int:
        holds, first, second = (fit(emit, value) for fit, value in zip(fits, given, strict=True))
        fails = emit.binary("subtract", emit.constant(1.0), holds)
        return emit.binary("add", _kept(emit, first, holds, single[0] and single[1]),
                           _kept(emit, second, fails, single[0] and single[2]))

    return symbolic(where, "Where", [condition, x1, x2], lower, args=(condition, x1, x2))


def _kept(emit: Emit, x: int, holds: int, single: bool) -> int:
    """x where the condition is above 0, else 0: also where x is not a number, which a product would hand on."""
    if not single:  # fixed numbers, and weights
        return emit.binary("multiply", holds, x)
    if emit.shape(x) != emit.shape(holds):
        zeros = emit.binary("add", emit.binary("less", x, x), emit.binary("less", holds, holds))
        x, holds = emit.binary("add", x, zeros), emit.binary("add", holds, zeros)
    return emit(Mask(), x, holds)


def logical_and(x1: Any, x2: Any) -> Any:
    """1 where neither is 0, else 0; of arrays True and False.

    Shape:
        x1, x2 of shapes that broadcast -> their common shape.

    >>> logical_and([True, True], [True, False])
    array([ True, False])
    """
    if not is_symbolic(x1, x2):
        return np.logical_and(numbers(x1, "logical_and"), numbers(x2, "logical_and"))
    return multiply(not_equal(x1, 0.0), not_equal(x2, 0.0))


def logical_or(x1: Any, x2: Any) -> Any:
    """1 where at least one is not 0, else 0; of arrays True and False.

    Shape:
        x1, x2 of shapes that broadcast -> their common shape.

    >>> logical_or([True, False], [False, False])
    array([ True, False])
    """
    if not is_symbolic(x1, x2):
        return np.logical_or(numbers(x1, "logical_or"), numbers(x2, "logical_or"))
    return maximum(not_equal(x1, 0.0), not_equal(x2, 0.0))


def logical_not(x: Any) -> Any:
    """1 where x is 0, else 0; of arrays True and False.

    Shape:
        x of any shape -> the same shape.

    >>> logical_not([True, False])
    array([False,  True])
    """
    return np.logical_not(numbers(x, "logical_not")) if not is_symbolic(x) else equal(x, 0.0)


# --- activations --------------------------------------------------------------------------------------


elu = of_float32(functions.elu)
hard_sigmoid = of_float32(functions.scalar_function("hard_sigmoid"))
hard_silu = hard_swish = of_float32(functions.scalar_function("hard_silu"))
leaky_relu = of_float32(functions.leaky_relu)
log_softmax = of_float32(functions.log_softmax)
relu = of_float32(functions.relu)
relu6 = of_float32(functions.relu6)
selu = of_float32(functions.scalar_function("selu"))
sigmoid = of_float32(functions.scalar_function("sigmoid"))
silu = swish = of_float32(functions.scalar_function("silu"))
softmax = of_float32(functions.softmax)
softplus = of_float32(functions.scalar_function("softplus"))
softsign = of_float32(functions.scalar_function("softsign"))
tanh = of_float32(functions.scalar_function("tanh"))


def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the probability that a standard normal value is below x.

    Args:
        approximate: whether to compute it by way of tanh.
    Shape:
        x of any shape -> the same shape.
    Reference:
        Hendrycks & Gimpel, "Gaussian error linear units", 2016.

    >>> gelu([-1.0, 2.0]).round(3)
    array([-0.159,  1.955], dtype=float32)
    """
    return of_float32(functions.gelu)(x, approximate)
