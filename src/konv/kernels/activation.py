"""The activations and their derivatives, one compiled variant each; twins in reference.py.

The code of an activation is its place in konv.plan.forward.ACTIVATIONS; a, b, c are its constants.
"""

import math

import numpy as np

from konv.kernels.jit import kernel

F = np.float32
RELU, SIGMOID, TANH, SOFTPLUS, SOFTSIGN, ELU, SELU, GELU, SILU, EXPONENTIAL, HARD_SIGMOID, HARD_SILU, MISH = range(13)
LOG, LOG1P, EXPM1, SQRT, RSQRT, SQUARE, ABS, SIGN, RECIPROCAL, CLIP, POWER, SIN, COS = range(13, 26)
ALPHA, SCALE = F(1.6732632423543772), F(1.0507009873554805)  # of selu
ROOT = F(math.sqrt(2 / math.pi))


def make_activation(code):
    @kernel
    def activation(x, y, x_inside, y_inside, a, b, c):
        a, b, c, one, channels = F(a), F(b), F(c), F(1), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_inside[2]):
                source, target = x[n, x_inside[0] + h].reshape(-1), y[n, y_inside[0] + h].reshape(-1)
                i, j = x_inside[1] * channels, y_inside[1] * channels
                for e in range(x_inside[3] * channels):
                    v = source[i + e]
                    if code == RELU:
                        r = min(v, a) if v > c else (b * (v - c) if b != F(0) else F(0))
                    elif code == SIGMOID:
                        s = math.exp(-abs(v))
                        r = one / (one + s) if v >= F(0) else s / (one + s)
                    elif code == TANH:
                        r = math.tanh(v)
                    elif code == SOFTPLUS:
                        r = max(v, F(0)) + math.log1p(math.exp(-abs(v)))
                    elif code == SOFTSIGN:
                        r = v / (one + abs(v))
                    elif code == ELU:
                        r = v if v > F(0) else a * math.expm1(v)
                    elif code == SELU:
                        r = SCALE * v if v > F(0) else SCALE * ALPHA * math.expm1(v)
                    elif code == GELU:
                        if a > F(0):
                            r = F(0.5) * v * (one + math.tanh(ROOT * (v + F(0.044715) * v * v * v)))
                        else:
                            r = F(0.5) * v * (one + math.erf(v * F(math.sqrt(0.5))))
                    elif code == SILU:
                        s = math.exp(-abs(v))
                        r = v / (one + s) if v >= F(0) else v * s / (one + s)
                    elif code == EXPONENTIAL:
                        r = math.exp(v)
                    elif code == HARD_SIGMOID:
                        r = min(max(v / F(6) + F(0.5), F(0)), one)
                    elif code == HARD_SILU:
                        r = v * min(max(v / F(6) + F(0.5), F(0)), one)
                    elif code == MISH:
                        r = v * math.tanh(max(v, F(0)) + math.log1p(math.exp(-abs(v))))
                    elif code == LOG:
                        r = math.log(v)
                    elif code == LOG1P:
                        r = math.log1p(v)
                    elif code == EXPM1:
                        r = math.expm1(v)
                    elif code == SQRT:
                        r = math.sqrt(v)
                    elif code == RSQRT:
                        r = one / math.sqrt(v)
                    elif code == SQUARE:
                        r = v * v
                    elif code == ABS:
                        r = abs(v)
                    elif code == SIGN:
                        r = F(v > F(0)) - F(v < F(0))
                    elif code == RECIPROCAL:
                        r = one / v
                    elif code == CLIP:
                        r = min(max(v, a), b)
                    elif code == POWER:
                        r = math.pow(v, a)
                    elif code == SIN:
                        r = math.sin(v)
                    else:
                        r = math.cos(v)
                    target[j + e] = r

    return activation


def make_activation_backward(code):
    @kernel
    def activation_backward(d, x, y, dx, d_inside, x_inside, y_inside, dx_inside, a, b, c):
        a, b, c, one, channels = F(a), F(b), F(c), F(1), x.shape[3]
        for n in range(x.shape[0]):
            for h in range(x_inside[2]):
                error, source = d[n, d_inside[0] + h].reshape(-1), x[n, x_inside[0] + h].reshape(-1)
                result, target = y[n, y_inside[0] + h].reshape(-1), dx[n, dx_inside[0] + h].reshape(-1)
                i, j, k, m = (d_inside[1] * channels, x_inside[1] * channels, y_inside[1] * channels, dx_inside[1] * channels)
                for e in range(x_inside[3] * channels):
                    v, r = source[j + e], result[k + e]
                    if code in (SOFTPLUS, SILU, MISH):
                        s = math.exp(-abs(v))
                        sigmoid = one / (one + s) if v >= F(0) else s / (one + s)
                    if code == RELU:
                        g = (one if v < a else F(0)) if v > c else b
                    elif code == SIGMOID:
                        g = r * (one - r)
                    elif code == TANH:
                        g = one - r * r
                    elif code == SOFTPLUS:
                        g = sigmoid
                    elif code == SOFTSIGN:
                        g = (one - abs(r)) * (one - abs(r))
                    elif code == ELU:
                        g = one if v > F(0) else r + a
                    elif code == SELU:
                        g = SCALE if v > F(0) else r + SCALE * ALPHA
                    elif code == GELU:
                        if a > F(0):
                            t = math.tanh(ROOT * (v + F(0.044715) * v * v * v))
                            g = F(0.5) * (one + t) + F(0.5) * v * (one - t * t) * ROOT * (one + F(3 * 0.044715) * v * v)
                        else:
                            g = F(0.5) * (one + math.erf(v * F(math.sqrt(0.5)))) + v * math.exp(-v * v * F(0.5)) * F(
                                1 / math.sqrt(2 * math.pi))
                    elif code == SILU:
                        g = sigmoid * (one + v * (one - sigmoid))
                    elif code == EXPONENTIAL:
                        g = r
                    elif code == HARD_SIGMOID:
                        g = F(1 / 6) if abs(v) < F(3) else F(0)
                    elif code == HARD_SILU:
                        g = F(0) if v <= F(-3) else (one if v >= F(3) else v / F(3) + F(0.5))
                    elif code == MISH:
                        t = math.tanh(max(v, F(0)) + math.log1p(s))
                        g = t + v * (one - t * t) * sigmoid
                    elif code == LOG:
                        g = one / v
                    elif code == LOG1P:
                        g = one / (one + v)
                    elif code == EXPM1:
                        g = r + one
                    elif code == SQRT:
                        g = F(0.5) / r
                    elif code == RSQRT:
                        g = F(-0.5) * r / v
                    elif code == SQUARE:
                        g = F(2) * v
                    elif code == ABS:
                        g = F(v > F(0)) - F(v < F(0))
                    elif code == SIGN:
                        g = F(0)
                    elif code == RECIPROCAL:
                        g = -r * r
                    elif code == CLIP:
                        g = one if v > a and v < b else F(0)
                    elif code == POWER:
                        g = a * math.pow(v, a - one) if a != F(0) else F(0)
                    elif code == SIN:
                        g = math.cos(v)
                    else:
                        g = -math.sin(v)
                    target[m + e] = error[i + e] * g

    return activation_backward
