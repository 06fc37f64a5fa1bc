"""The functions of one value that are applied to each element: activations, logarithms, roots and the like.

One record each holds all that konv knows of a function: what it computes and its derivative, the formula that explanations
print, the code that is written for other libraries, and its name in files. Adding one here gives it a kernel, a NumPy twin,
a gradient, an explanation, code and ONNX files.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# (templates are lambdas of constants, which are few and of many kinds)

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, pi, sqrt
from typing import Any

Constants = tuple[tuple[str, float | None], ...]


@dataclass(frozen=True)
class ScalarFunction:
    """A function of one value x.

    Args:
        doc: the docstring of the function in konv.activations or konv.ops.
        value: the result, an expression of Python. It may use `x`, the constants by their names, and the words that
            konv.kernels.numpy_math and konv.kernels.vector_math define for arrays and for vectors of the processor;
            assignments of intermediate values stand before it, each with a semicolon.
        derivative: the derivative, such an expression of `x`, the result `y` and the constants.
        formula: the text that explanations print, of elementary functions; nothing where there is none.
        numpy, torch: code; the name of a function, or an expression with {x} and the constants {0}, {1}, {2}.
        torch_module: the class of torch.nn that is this function without arguments.
        onnx: the operator of the same meaning, or how to write it: (graph, x, *constants) -> name of the output.
        constants: names and defaults of what else the function depends on; None has no default.
        aliases: other names in Keras.
        activation: whether Keras has it as an activation; otherwise it is a function of keras.ops alone.
        saturated: at or below the first and at or above the second value the function is flat.
        vectors: whether all words of the expressions have a form on vectors; otherwise each element is computed by itself.

    `formula`, `numpy` and `torch` may be functions as well, which return the text: of the constants, or of x and these.
    """

    doc: str
    value: str
    derivative: str
    numpy: str | Callable[..., str]
    torch: str | Callable[..., str]
    onnx: str | Callable[..., str]
    formula: str | Callable[..., str] = ""
    constants: Constants = ()
    aliases: tuple[str, ...] = ()
    activation: bool = False
    torch_module: str = ""
    saturated: tuple[float, float] | None = None
    vectors: bool = True

    def bind(self, constants: tuple[float, ...]) -> tuple[float, ...]:
        """All constants; those that are not given have their defaults."""
        rest = tuple(value for _, value in self.constants[len(constants):] if value is not None)
        return (*map(float, constants), *rest)

    def explained(self, constants: tuple[float, ...]) -> str:
        """The formula with these constants."""
        return self.formula if isinstance(self.formula, str) else self.formula(*constants)

    def in_numpy(self, x: str, constants: tuple[float, ...]) -> str:
        """Code for NumPy of a variable x."""
        return _code(self.numpy, x, constants)

    def in_torch(self, x: str, constants: tuple[float, ...]) -> str:
        """Code for PyTorch of a variable x."""
        return _code(self.torch, x, constants)

    def to_onnx(self, graph: Any, x: str, constants: tuple[float, ...]) -> str:
        """Append it to an ONNX graph; the name of the result."""
        return graph.add(self.onnx, x) if isinstance(self.onnx, str) else self.onnx(graph, x, *constants)


def _code(template: str | Callable[..., str], x: str, constants: tuple[float, ...]) -> str:
    if not isinstance(template, str):
        return template(x, *constants)
    return template.format(*constants, x=x) if "{" in template else f"{template}({x})"


def _number(value: float) -> str:
    return f"{value + 0.0:.6g}"


# --- relu in each notation: most activations need one line, this one has three constants ------------------


def _relu_formula(most: float = inf, slope: float = 0.0, threshold: float = 0.0) -> str:
    kept = f"x*(x > {_number(threshold)})" if threshold else "max(x, 0)"
    capped = kept if most == inf else f"min({kept}, {_number(most)})"
    below = f"min(x - {_number(threshold)}, 0)" if threshold else "min(x, 0)"
    return f"{capped} + {_number(slope)}*{below}" if slope else capped


def _relu_numpy(x: str, most: float = inf, slope: float = 0.0, threshold: float = 0.0) -> str:
    if (slope, threshold) == (0.0, 0.0):
        return f"np.maximum({x}, 0)" if most == inf else f"np.clip({x}, 0, {most:g})"
    above = x if most == inf else f"np.minimum({x}, {most!r})"
    below = f"{slope!r} * {f'({x} - {threshold!r})' if threshold else x}" if slope else "0"
    return f"np.where({x} > {threshold:g}, {above}, {below})"


def _relu_torch(x: str, most: float = inf, slope: float = 0.0, threshold: float = 0.0) -> str:
    if (slope, threshold) == (0.0, 0.0):
        return f"F.relu({x})" if most == inf else f"{x}.clamp(0, {most!r})"
    if (most, threshold) == (inf, 0.0):
        return f"F.leaky_relu({x}, {slope!r})"
    above = x if most == inf else f"{x}.clamp(max={most!r})"
    return f"torch.where({x} > {threshold:g}, {above}, {slope!r} * ({x} - {threshold!r}))"


def _relu_onnx(g: Any, x: str, most: float = inf, slope: float = 0.0, threshold: float = 0.0) -> str:
    if (slope, threshold) == (0.0, 0.0):
        return g.add("Relu", x) if most == inf else g.add("Clip", x, g.number(0.0), g.number(most))
    if (most, threshold) == (inf, 0.0):
        return g.add("LeakyRelu", x, alpha=slope)
    above = x if most == inf else g.add("Min", x, g.number(most))
    below = g.add("Mul", g.add("Sub", x, g.number(threshold)), g.number(slope))
    return g.add("Where", g.add("Greater", x, g.number(threshold)), above, below)


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805

SCALAR_FUNCTIONS: dict[str, ScalarFunction] = {
    "relu": ScalarFunction(
        "max(x, 0); or capped at `max_value`, with a slope below `threshold`.",
        value="where(x > threshold, minimum(x, max_value), "
              "negative_slope * (x - threshold) if negative_slope != 0 else constant(0))",
        derivative="where(x > threshold, where(max_value > x, constant(1), constant(0)), constant(negative_slope))",
        constants=(("max_value", inf), ("negative_slope", 0.0), ("threshold", 0.0)), activation=True,
        formula=_relu_formula, numpy=_relu_numpy, torch=_relu_torch, onnx=_relu_onnx),
    "sigmoid": ScalarFunction(
        """1 / (1 + exp(-x)).

    >>> sigmoid([0.0])
    array([0.5])
    """,
        value="sigmoid(x)", derivative="y * (1 - y)", formula="1/(1 + exp(-x))", activation=True, saturated=(0.01, 0.99),
        numpy="1 / (1 + np.exp(-{x}))", torch="torch.sigmoid", torch_module="Sigmoid", onnx="Sigmoid"),
    "tanh": ScalarFunction(
        """The hyperbolic tangent.

    >>> tanh([0.0])
    array([0.])
    """,
        value="tanh(x)", derivative="1 - y * y", formula="(exp(x) - exp(-x))/(exp(x) + exp(-x))", activation=True,
        saturated=(-0.99, 0.99), numpy="np.tanh", torch="torch.tanh", torch_module="Tanh", onnx="Tanh"),
    "softplus": ScalarFunction(
        """log(1 + exp(x)).

    >>> softplus([0.0]).round(3)
    array([0.693])
    """,
        value="softplus(x)", derivative="sigmoid(x)", formula="log(1 + exp(x))", activation=True,
        numpy="np.logaddexp(0, {x})", torch="F.softplus", onnx="Softplus"),
    "softsign": ScalarFunction(
        """x / (1 + |x|).

    >>> softsign([1.0])
    array([0.5])
    """,
        value="x / (1 + abs(x))", derivative="(1 - abs(y)) * (1 - abs(y))", formula="x/(1 + abs(x))", activation=True,
        saturated=(-0.95, 0.95), numpy="{x} / (1 + np.abs({x}))", torch="F.softsign", torch_module="Softsign", onnx="Softsign"),
    "elu": ScalarFunction(
        "x above zero, alpha * (exp(x) - 1) below.",
        value="where(x > 0, x, alpha * expm1(x))", derivative="where(x > 0, constant(1), y + alpha)",
        constants=(("alpha", 1.0),), activation=True,
        formula=lambda alpha=1.0: f"max(x, 0) + {_number(alpha)}*(exp(min(x, 0)) - 1)",
        numpy=lambda x, a=1.0: f"np.where({x} > 0, {x}, {a!r} * np.expm1(np.minimum({x}, 0)))",
        torch=lambda x, a=1.0: f"F.elu({x}, {a!r})", onnx=lambda g, x, alpha: g.add("Elu", x, alpha=alpha)),
    "selu": ScalarFunction(
        """1.0507 * elu(x, alpha=1.67326), with which activations keep mean 0 and variance 1 (Klambauer et al. 2017).

    >>> selu([1.0]).round(4)
    array([1.0507])
    """,
        value=f"{SELU_SCALE} * where(x > 0, x, {SELU_ALPHA} * expm1(x))",
        derivative=f"where(x > 0, constant({SELU_SCALE}), y + {SELU_SCALE * SELU_ALPHA})",
        formula="1.0507*(max(x, 0) + 1.67326*(exp(min(x, 0)) - 1))", activation=True,
        numpy=f"{SELU_SCALE} * np.where({{x}} > 0, {{x}}, {SELU_ALPHA} * np.expm1(np.minimum({{x}}, 0)))",
        torch="F.selu", torch_module="SELU", onnx=lambda g, x: g.add("Selu", x, alpha=SELU_ALPHA, gamma=SELU_SCALE)),
    "gelu": ScalarFunction(
        "x times the probability that a standard normal number is below x; by way of tanh if `approximate`.",
        value="x * normal_cdf_by_tanh(x) if approximate > 0 else x * normal_cdf(x)",
        derivative="p = normal_cdf_by_tanh(x) if approximate > 0 else normal_cdf(x); "
                   f"p + x * ({sqrt(2 / pi)} * (1 + {3 * 0.044715} * x * x)) * 2 * p * (1 - p) if approximate > 0 else "
                   f"p + x * exp(x * x * -0.5) * {1 / sqrt(2 * pi)}",
        constants=(("approximate", 0.0),), activation=True,
        formula=lambda approximate=0.0: "x*(1 + {})/2".format(
            "tanh(0.797885*(x + 0.044715*x**3))" if approximate else "erf(x/sqrt(2))"),
        numpy=lambda x, approximate=0.0: "0.5 * {} * (1 + {})".format(x, (
            f"np.tanh(np.sqrt(2 / np.pi) * ({x} + 0.044715 * {x}**3))" if approximate else
            f"np.vectorize(erf)({x} / np.sqrt(2))")),
        torch=lambda x, approximate=0.0: f"F.gelu({x}{', approximate=' + repr('tanh') if approximate else ''})",
        onnx=lambda g, x, approximate=0.0: g.add("Gelu", x, approximate="tanh" if approximate else "none")),
    "silu": ScalarFunction(
        """x * sigmoid(x), also called swish.

    >>> silu([1.0]).round(3)
    array([0.731])
    """,
        value="x * sigmoid(x)", derivative="s = sigmoid(x); s * (1 + x * (1 - s))", formula="x/(1 + exp(-x))", activation=True,
        aliases=("swish",), numpy="{x} / (1 + np.exp(-{x}))", torch="F.silu", torch_module="SiLU",
        onnx=lambda g, x: g.add("Mul", x, g.add("Sigmoid", x))),
    "exponential": ScalarFunction(
        """exp(x).

    >>> exponential([0.0])
    array([1.])
    """,
        value="exp(x)", derivative="y", formula="exp(x)", activation=True, numpy="np.exp", torch="torch.exp", onnx="Exp"),
    "hard_sigmoid": ScalarFunction(
        """x / 6 + 0.5, kept between 0 and 1.

    >>> hard_sigmoid([0.0, 3.0])
    array([0.5, 1. ])
    """,
        value="clip(x / 6 + 0.5, 0, 1)", derivative="where(3 > abs(x), constant(1 / 6), constant(0))",
        formula="min(max(x/6 + 0.5, 0), 1)", activation=True, saturated=(0.0, 1.0), numpy="np.clip({x} / 6 + 0.5, 0, 1)",
        torch="F.hardsigmoid", torch_module="Hardsigmoid", onnx=lambda g, x: g.add("HardSigmoid", x, alpha=1 / 6, beta=0.5)),
    "hard_silu": ScalarFunction(
        """x * hard_sigmoid(x), also called hard_swish.

    >>> hard_silu([-3.0, 3.0])
    array([0., 3.])
    """,
        value="x * clip(x / 6 + 0.5, 0, 1)",
        derivative="where(x > -3, where(3 > x, x / 3 + 0.5, constant(1)), constant(0))",
        formula="x*min(max(x/6 + 0.5, 0), 1)", activation=True, aliases=("hard_swish",),
        numpy="{x} * np.clip({x} / 6 + 0.5, 0, 1)", torch="F.hardswish", torch_module="Hardswish", onnx="HardSwish"),
    "mish": ScalarFunction(
        """x * tanh(softplus(x)).

    >>> mish([1.0]).round(3)
    array([0.865])
    """,
        value="x * tanh_of_softplus(x)", derivative="t = tanh_of_softplus(x); t + x * (1 - t * t) * sigmoid(x)",
        formula="x*tanh(log(1 + exp(x)))", activation=True, numpy="{x} * np.tanh(np.logaddexp(0, {x}))", torch="F.mish",
        torch_module="Mish", onnx="Mish"),
    "log": ScalarFunction("The natural logarithm.", "log(x)", "1 / x", "np.log", "torch.log", "Log", vectors=False),
    "log1p": ScalarFunction("log(1 + x).", "log1p(x)", "1 / (1 + x)", "np.log1p", "torch.log1p",
                            lambda g, x: g.add("Log", g.add("Add", x, g.number(1.0))), vectors=False),
    "expm1": ScalarFunction("exp(x) - 1.", "expm1(x)", "y + 1", "np.expm1", "torch.expm1",
                            lambda g, x: g.add("Sub", g.add("Exp", x), g.number(1.0))),
    "sqrt": ScalarFunction("The square root.", "sqrt(x)", "0.5 / y", "np.sqrt", "torch.sqrt", "Sqrt"),
    "rsqrt": ScalarFunction("1 / sqrt(x).", "1 / sqrt(x)", "-0.5 * y / x", "1 / np.sqrt({x})", "torch.rsqrt",
                            lambda g, x: g.add("Reciprocal", g.add("Sqrt", x))),
    "square": ScalarFunction("x * x.", "x * x", "2 * x", "np.square", "torch.square", lambda g, x: g.add("Mul", x, x)),
    "abs": ScalarFunction("x without its sign.", "abs(x)", "sign(x)", "np.abs", "torch.abs", "Abs"),
    "sign": ScalarFunction("-1, 0 or 1.", "sign(x)", "constant(0)", "np.sign", "torch.sign", "Sign"),
    "reciprocal": ScalarFunction("1 / x.", "1 / x", "0 - y * y", "1 / {x}", "torch.reciprocal", "Reciprocal"),
    "clip": ScalarFunction("x, but no less than x_min and no more than x_max.", "clip(x, x_min, x_max)",
                           "where(x > x_min, where(x_max > x, constant(1), constant(0)), constant(0))",
                           "np.clip({x}, {0!r}, {1!r})", "{x}.clamp({0!r}, {1!r})",
                           lambda g, x, low, high: g.add("Clip", x, g.number(low), g.number(high)),
                           constants=(("x_min", None), ("x_max", None))),
    "power": ScalarFunction("x to the power of a fixed exponent.", "power(x, exponent)",
                            "exponent * power(x, exponent - 1) if exponent != 0 else constant(0)",
                            "np.power({x}, {0!r})", "{x} ** {0!r}", lambda g, x, exponent: g.add("Pow", x, g.number(exponent)),
                            constants=(("exponent", None),), vectors=False),
    "sin": ScalarFunction("The sine.", "sin(x)", "cos(x)", "np.sin", "torch.sin", "Sin", vectors=False),
    "cos": ScalarFunction("The cosine.", "cos(x)", "-sin(x)", "np.cos", "torch.cos", "Cos", vectors=False),
}
