"""Formulas that kernels and their twins share.

Each activation and its derivative on NumPy arrays: f(x, a, b, c) and f'(x, y, a, b, c), where y = f(x), in the order of
konv.plan.forward.ACTIVATIONS. The matrices of Winograd's convolution.
"""

import math

import numpy as np

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
_erf = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _relu(x, largest, slope, threshold):
    return np.where(x > threshold, np.minimum(x, largest), slope * (x - threshold) if slope else 0)


def _relu_slope(x, y, largest, slope, threshold):
    return np.where(x > threshold, np.where(x < largest, 1.0, 0.0), slope)


def _gelu(x, approximate, *_):
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + _erf(x / math.sqrt(2)))


def _gelu_slope(x, y, approximate, *_):
    if approximate:
        t = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return 0.5 * (1 + _erf(x / math.sqrt(2))) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _exp_slope(y, scale):
    return y + scale


ACTIVATIONS = {
    "relu": (_relu, _relu_slope),
    "sigmoid": (lambda x, *_: _sigmoid(x), lambda x, y, *_: y * (1 - y)),
    "tanh": (lambda x, *_: np.tanh(x), lambda x, y, *_: 1 - y * y),
    "softplus": (lambda x, *_: _softplus(x), lambda x, y, *_: _sigmoid(x)),
    "softsign": (lambda x, *_: x / (1 + np.abs(x)), lambda x, y, *_: (1 - np.abs(y)) ** 2),
    "elu": (lambda x, a, *_: np.where(x > 0, x, a * np.expm1(np.minimum(x, 0))),
            lambda x, y, a, *_: np.where(x > 0, 1.0, _exp_slope(y, a))),
    "selu": (lambda x, *_: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0))),
             lambda x, y, *_: np.where(x > 0, SELU_SCALE, _exp_slope(y, SELU_SCALE * SELU_ALPHA))),
    "gelu": (_gelu, _gelu_slope),
    "silu": (lambda x, *_: x * _sigmoid(x), lambda x, y, *_: _sigmoid(x) * (1 + x * (1 - _sigmoid(x)))),
    "exponential": (lambda x, *_: np.exp(x), lambda x, y, *_: y),
    "hard_sigmoid": (lambda x, *_: np.clip(x / 6 + 0.5, 0, 1), lambda x, y, *_: np.where(np.abs(x) < 3, 1 / 6, 0.0)),
    "hard_silu": (lambda x, *_: x * np.clip(x / 6 + 0.5, 0, 1),
                  lambda x, y, *_: np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, x / 3 + 0.5))),
    "mish": (lambda x, *_: x * np.tanh(_softplus(x)),
             lambda x, y, *_: np.tanh(_softplus(x)) + x * (1 - np.tanh(_softplus(x)) ** 2) * _sigmoid(x)),
    "log": (lambda x, *_: np.log(x), lambda x, y, *_: 1 / x),
    "log1p": (lambda x, *_: np.log1p(x), lambda x, y, *_: 1 / (1 + x)),
    "expm1": (lambda x, *_: np.expm1(x), lambda x, y, *_: y + 1),
    "sqrt": (lambda x, *_: np.sqrt(x), lambda x, y, *_: 0.5 / y),
    "rsqrt": (lambda x, *_: 1 / np.sqrt(x), lambda x, y, *_: -0.5 * y / x),
    "square": (lambda x, *_: x * x, lambda x, y, *_: 2 * x),
    "abs": (lambda x, *_: np.abs(x), lambda x, y, *_: np.sign(x)),
    "sign": (lambda x, *_: np.sign(x), lambda x, y, *_: 0 * x),
    "reciprocal": (lambda x, *_: 1 / x, lambda x, y, *_: -y * y),
    "clip": (lambda x, low, high, *_: np.clip(x, low, high), lambda x, y, low, high, *_: (x > low) * (x < high) * 1.0),
    "power": (lambda x, p, *_: np.power(x, p), lambda x, y, p, *_: p * np.power(x, p - 1) if p else 0 * x),
    "sin": (lambda x, *_: np.sin(x), lambda x, y, *_: np.cos(x)),
    "cos": (lambda x, *_: np.cos(x), lambda x, y, *_: -np.sin(x)),
}

# The matrices of Winograd's minimal filtering F(2 x 2, 3 x 3), from the points 0, 1 and -1: a grid becomes M grid M'.
# The output is  O [(K kernel K') * (I input I')] O',  the gradient of the kernel  K' [(E error E') * (I input I')] K.
WINOGRAD_INPUT = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
WINOGRAD_ERROR = ((1, 0), (1, 1), (1, -1), (0, -1))
WINOGRAD_OUTPUT = tuple(zip(*WINOGRAD_ERROR, strict=True))
WINOGRAD_KERNEL = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
WINOGRAD_GRADIENT = tuple(zip(*WINOGRAD_KERNEL, strict=True))
