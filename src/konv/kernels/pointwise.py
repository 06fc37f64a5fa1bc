"""The functions of konv.ir.scalar_functions and their gradients, one compiled variant each; the twins are in reference.py.

What LLVM's vectors have no function for, and networks seldom need, is computed element by element.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from konv.ir.scalar_functions import SCALAR_FUNCTIONS
from konv.kernels.jit import LANES, kernel
from konv.kernels.numpy_math import function_of
from konv.kernels.vector_math import VECTORS
from konv.kernels.vectors import FLOATS, load, store

F = np.float32


@register_jitable
def _power(x, exponent):
    return math.pow(x, F(exponent))


SCALARS = {"constant": F, "log": math.log, "log1p": math.log1p, "power": _power, "sin": math.sin, "cos": math.cos}


def value_of(name, x, a, b, c):
    """The scalar function of this name, in kernels."""


def derivative_of(name, x, y, a, b, c):
    """Its derivative at x, where the result is y."""


def _compiled(name, part, x):
    return register_jitable(function_of(name.literal_value, part, VECTORS if x == FLOATS else SCALARS))


@overload(value_of, prefer_literal=True)
def _value(name, x, a, b, c):
    if isinstance(name, types.Literal):
        function = _compiled(name, "value", x)
        return lambda name, x, a, b, c: function(x, x, a, b, c)
    return None


@overload(derivative_of, prefer_literal=True)
def _derivative(name, x, y, a, b, c):
    if isinstance(name, types.Literal):
        function = _compiled(name, "derivative", x)
        return lambda name, x, y, a, b, c: function(x, y, a, b, c)
    return None


def make_activation(name):
    if not SCALAR_FUNCTIONS[name].vectors:
        return _make_one_by_one(name)

    @kernel
    def activation(x, y, x_region, y_region, coefficients):
        a, b, c, channels = F(coefficients.first), F(coefficients.second), F(coefficients.third), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_region.height):
                source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left) * channels
                target = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
                for e in range(0, x_region.width * channels, LANES):
                    left = x_region.width * channels - e
                    store(y, target + e, value_of(name, load(x, source + e, left), a, b, c), left)

    return activation


def make_activation_backward(name):
    if not SCALAR_FUNCTIONS[name].vectors:
        return _make_one_by_one_backward(name)

    @kernel
    def activation_backward(d, x, y, dx, d_region, x_region, y_region, dx_region, coefficients):
        a, b, c, channels = F(coefficients.first), F(coefficients.second), F(coefficients.third), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_region.height):
                error = ((n * d.shape[1] + d_region.top + h) * d.shape[2] + d_region.left) * channels
                source = ((n * x.shape[1] + x_region.top + h) * x.shape[2] + x_region.left) * channels
                result = ((n * y.shape[1] + y_region.top + h) * y.shape[2] + y_region.left) * channels
                target = ((n * dx.shape[1] + dx_region.top + h) * dx.shape[2] + dx_region.left) * channels
                for e in range(0, x_region.width * channels, LANES):
                    left = x_region.width * channels - e
                    g = derivative_of(name, load(x, source + e, left), load(y, result + e, left), a, b, c)
                    store(dx, target + e, load(d, error + e, left) * g, left)

    return activation_backward


def _make_one_by_one(name):
    @kernel
    def activation_one_by_one(x, y, x_region, y_region, coefficients):
        a, b, c, channels = F(coefficients.first), F(coefficients.second), F(coefficients.third), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_region.height):
                source, target = x[n, x_region.top + h].reshape(-1), y[n, y_region.top + h].reshape(-1)
                i, j = x_region.left * channels, y_region.left * channels
                for e in range(x_region.width * channels):
                    target[j + e] = value_of(name, source[i + e], a, b, c)

    return activation_one_by_one


def _make_one_by_one_backward(name):
    @kernel
    def activation_one_by_one_backward(d, x, y, dx, d_region, x_region, y_region, dx_region, coefficients):
        a, b, c, channels = F(coefficients.first), F(coefficients.second), F(coefficients.third), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_region.height):
                error, source = d[n, d_region.top + h].reshape(-1), x[n, x_region.top + h].reshape(-1)
                result, target = y[n, y_region.top + h].reshape(-1), dx[n, dx_region.top + h].reshape(-1)
                i, j = d_region.left * channels, x_region.left * channels
                k, m = y_region.left * channels, dx_region.left * channels
                for e in range(x_region.width * channels):
                    target[m + e] = error[i + e] * F(derivative_of(name, source[j + e], result[k + e], a, b, c))

    return activation_one_by_one_backward
