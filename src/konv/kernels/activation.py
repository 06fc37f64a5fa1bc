"""The activations and their derivatives, one compiled variant each; twins in reference.py.

The code of an activation is its place in konv.plan.forward.ACTIVATIONS; a, b, c are its constants. What LLVM's vectors have no
function for, and networks seldom need, is computed number by number.
"""

import math

import numpy as np
from numba.extending import register_jitable

from konv.kernels.functions import (
    erf,
    exponential,
    exponential_less_one,
    sigmoid,
    smaller,
    softplus,
    tanh,
    tanh_of_softplus,
)
from konv.kernels.jit import LANES, kernel
from konv.kernels.vectors import floats, larger, load, magnitude, root, select, store

F = np.float32
RELU, SIGMOID, TANH, SOFTPLUS, SOFTSIGN, ELU, SELU, GELU, SILU, EXPONENTIAL, HARD_SIGMOID, HARD_SILU, MISH = range(13)
LOG, LOG1P, EXPM1, SQRT, RSQRT, SQUARE, ABS, SIGN, RECIPROCAL, CLIP, POWER, SIN, COS = range(13, 26)
ONE_BY_ONE = (LOG, LOG1P, POWER, SIN, COS)
ALPHA, SCALE = F(1.6732632423543772), F(1.0507009873554805)  # of selu
ROOT, CUBE = F(math.sqrt(2 / math.pi)), F(0.044715)  # of gelu


@register_jitable
def _bell(v, c):
    """Half of (1 + tanh(...)) or (1 + erf(...)), by which gelu takes its input; c > 0: the approximation."""
    half, one = floats(F(0.5)), floats(F(1))
    if c > F(0):
        return half * (one + tanh(floats(ROOT) * (v + floats(CUBE) * v * v * v)))
    return half * (one + erf(v * floats(F(math.sqrt(0.5)))))


@register_jitable
def _clipped(v, low, high):
    return smaller(larger(v, floats(low)), floats(high))


def make_activation(code):
    if code in ONE_BY_ONE:
        return _make_one_by_one(code)

    @kernel
    def activation(x, y, x_inside, y_inside, a, b, c):
        a, b, c, zero, one, channels = F(a), F(b), F(c), floats(F(0)), floats(F(1)), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_inside[2]):
                source = ((n * x.shape[1] + x_inside[0] + h) * x.shape[2] + x_inside[1]) * channels
                target = ((n * y.shape[1] + y_inside[0] + h) * y.shape[2] + y_inside[1]) * channels
                for e in range(0, x_inside[3] * channels, LANES):
                    left = x_inside[3] * channels - e
                    v = load(x, source + e, left)
                    if code == RELU:
                        flat = floats(b) * (v - floats(c)) if b != F(0) else zero
                        r = select(v > floats(c), smaller(v, floats(a)), flat)
                    elif code == SIGMOID:
                        r = sigmoid(v)
                    elif code == TANH:
                        r = tanh(v)
                    elif code == SOFTPLUS:
                        r = softplus(v)
                    elif code == SOFTSIGN:
                        r = v / (one + magnitude(v))
                    elif code == ELU:
                        r = select(v > zero, v, floats(a) * exponential_less_one(v))
                    elif code == SELU:
                        r = floats(SCALE) * select(v > zero, v, floats(ALPHA) * exponential_less_one(v))
                    elif code == GELU:
                        r = v * _bell(v, a)
                    elif code == SILU:
                        r = v * sigmoid(v)
                    elif code == EXPONENTIAL:
                        r = exponential(v)
                    elif code == HARD_SIGMOID:
                        r = _clipped(v / floats(F(6)) + floats(F(0.5)), F(0), F(1))
                    elif code == HARD_SILU:
                        r = v * _clipped(v / floats(F(6)) + floats(F(0.5)), F(0), F(1))
                    elif code == MISH:
                        r = v * tanh_of_softplus(v)
                    elif code == EXPM1:
                        r = exponential_less_one(v)
                    elif code == SQRT:
                        r = root(v)
                    elif code == RSQRT:
                        r = one / root(v)
                    elif code == SQUARE:
                        r = v * v
                    elif code == ABS:
                        r = magnitude(v)
                    elif code == SIGN:
                        r = select(v > zero, one, select(zero > v, zero - one, v))
                    elif code == RECIPROCAL:
                        r = one / v
                    else:
                        r = _clipped(v, a, b)
                    store(y, target + e, r, left)

    return activation


def make_activation_backward(code):
    if code in ONE_BY_ONE:
        return _make_one_by_one_backward(code)

    @kernel
    def activation_backward(d, x, y, dx, d_inside, x_inside, y_inside, dx_inside, a, b, c):
        a, b, c, zero, one, channels = F(a), F(b), F(c), floats(F(0)), floats(F(1)), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_inside[2]):
                error = ((n * d.shape[1] + d_inside[0] + h) * d.shape[2] + d_inside[1]) * channels
                source = ((n * x.shape[1] + x_inside[0] + h) * x.shape[2] + x_inside[1]) * channels
                result = ((n * y.shape[1] + y_inside[0] + h) * y.shape[2] + y_inside[1]) * channels
                target = ((n * dx.shape[1] + dx_inside[0] + h) * dx.shape[2] + dx_inside[1]) * channels
                for e in range(0, x_inside[3] * channels, LANES):
                    left = x_inside[3] * channels - e
                    v, r = load(x, source + e, left), load(y, result + e, left)
                    if code == RELU:
                        g = select(v > floats(c), select(floats(a) > v, one, zero), floats(b))
                    elif code == SIGMOID:
                        g = r * (one - r)
                    elif code == TANH:
                        g = one - r * r
                    elif code == SOFTPLUS:
                        g = sigmoid(v)
                    elif code == SOFTSIGN:
                        g = (one - magnitude(r)) * (one - magnitude(r))
                    elif code == ELU:
                        g = select(v > zero, one, r + floats(a))
                    elif code == SELU:
                        g = select(v > zero, floats(SCALE), r + floats(SCALE * ALPHA))
                    elif code == GELU:
                        g = _bell(v, a)
                        if a > F(0):
                            inner = floats(ROOT) * (one + floats(F(3) * CUBE) * v * v)  # t = 2 g - 1, so (1 - t * t) / 2 is
                            g = g + v * inner * floats(F(2)) * g * (one - g)
                        else:
                            g = g + v * exponential(v * v * floats(F(-0.5))) * floats(F(1 / math.sqrt(2 * math.pi)))
                    elif code == SILU:
                        s = sigmoid(v)
                        g = s * (one + v * (one - s))
                    elif code == EXPONENTIAL:
                        g = r
                    elif code == HARD_SIGMOID:
                        g = select(floats(F(3)) > magnitude(v), floats(F(1 / 6)), zero)
                    elif code == HARD_SILU:
                        inner = select(floats(F(3)) > v, v / floats(F(3)) + floats(F(0.5)), one)
                        g = select(v > floats(F(-3)), inner, zero)
                    elif code == MISH:
                        t = tanh_of_softplus(v)
                        g = t + v * (one - t * t) * sigmoid(v)
                    elif code == EXPM1:
                        g = r + one
                    elif code == SQRT:
                        g = floats(F(0.5)) / r
                    elif code == RSQRT:
                        g = floats(F(-0.5)) * r / v
                    elif code == SQUARE:
                        g = floats(F(2)) * v
                    elif code == ABS:
                        g = select(v > zero, one, select(zero > v, zero - one, zero))
                    elif code == SIGN:
                        g = zero
                    elif code == RECIPROCAL:
                        g = zero - r * r
                    else:
                        g = select(v > floats(a), select(floats(b) > v, one, zero), zero)
                    store(dx, target + e, load(d, error + e, left) * g, left)

    return activation_backward


def _make_one_by_one(code):
    @kernel
    def activation_one_by_one(x, y, x_inside, y_inside, a, b, c):
        a, channels = F(a), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_inside[2]):
                source, target = x[n, x_inside[0] + h].reshape(-1), y[n, y_inside[0] + h].reshape(-1)
                i, j = x_inside[1] * channels, y_inside[1] * channels
                for e in range(x_inside[3] * channels):
                    v = source[i + e]
                    if code == LOG:
                        r = math.log(v)
                    elif code == LOG1P:
                        r = math.log1p(v)
                    elif code == POWER:
                        r = math.pow(v, a)
                    elif code == SIN:
                        r = math.sin(v)
                    else:
                        r = math.cos(v)
                    target[j + e] = r

    return activation_one_by_one


def _make_one_by_one_backward(code):
    @kernel
    def activation_one_by_one_backward(d, x, y, dx, d_inside, x_inside, y_inside, dx_inside, a, b, c):
        a, one, channels = F(a), F(1), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_inside[2]):
                error, source = d[n, d_inside[0] + h].reshape(-1), x[n, x_inside[0] + h].reshape(-1)
                target = dx[n, dx_inside[0] + h].reshape(-1)
                i, j, m = (d_inside[1] * channels, x_inside[1] * channels, dx_inside[1] * channels)
                for e in range(x_inside[3] * channels):
                    v = source[j + e]
                    if code == LOG:
                        g = one / v
                    elif code == LOG1P:
                        g = one / (one + v)
                    elif code == POWER:
                        g = a * math.pow(v, a - one) if a != F(0) else F(0)
                    elif code == SIN:
                        g = math.cos(v)
                    else:
                        g = -math.sin(v)
                    target[m + e] = error[i + e] * g

    return activation_one_by_one_backward
