"""Functions of vectors that LLVM has no instructions for, to a few units in the last place; not numbers where they are given.

Polynomials and limits: Cephes (S. Moshier), as in its single precision functions; erf: as in Eigen and XLA.
"""

import math

import numpy as np
from numba.extending import register_jitable

from konv.kernels.vectors import (
    as_floats,
    bits,
    floats,
    fma,
    from_bits,
    ints,
    larger,
    lower,
    magnitude,
    root,
    select,
    shifted,
    two_to,
)

F = np.float32
TWO_HIGH, TWO_LOW = F(0.693359375), F(-2.12194440e-4)  # log(2); small integers times the first are exact


@register_jitable
def polynomial(x, coefficients):
    total = floats(F(coefficients[0]))
    for c in coefficients[1:]:
        total = fma(total, x, floats(F(c)))
    return total


@register_jitable
def smaller(x, ceiling):
    return select(x > ceiling, ceiling, x)


@register_jitable
def clip(x, low, high):
    return smaller(larger(x, low), high)


@register_jitable
def sign(x):
    return select(x > 0, floats(F(1)), select(floats(F(0)) > x, floats(F(-1)), x))


@register_jitable
def _parts(x):
    """(s, q) with exp(x) = s + s * q, where s is a power of two."""
    x = smaller(larger(x, floats(F(-104))), floats(F(89.5)))
    n = smaller(larger(lower(fma(x, floats(F(1 / math.log(2))), floats(F(0.5)))), floats(F(-127))), floats(F(127)))
    rest = fma(n, floats(-TWO_LOW), fma(n, floats(-TWO_HIGH), x))
    q = polynomial(rest, (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1))
    return two_to(n), fma(q * rest, rest, rest)


@register_jitable
def exponential(x):
    """exp(x); 0 below -87.3, where no normal number is."""
    s, q = _parts(x)
    return fma(s, q, s)


@register_jitable
def exponential_less_one(x):
    s, q = _parts(x)
    return fma(s, q, s - floats(F(1)))


@register_jitable
def logarithm(x):
    """Of normal numbers above zero: the exponent by itself, a polynomial of what is left between sqrt(1/2) and sqrt(2)."""
    moved = bits(x) + ints(0x3F800000 - 0x3F3504F3)
    exponent = as_floats(shifted(moved, 23) - ints(127))
    x = from_bits((moved & ints(0x7FFFFF)) + ints(0x3F3504F3)) - floats(F(1))
    total = polynomial(x, (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                           -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1))
    square = x * x
    return fma(exponent, floats(F(math.log(2))), fma(total * x, square, fma(square, floats(F(-0.5)), x)))


@register_jitable
def sigmoid(x):
    """Of the negative magnitude, whose exponential is no larger than 1, and then mirrored."""
    one, zero = floats(F(1)), floats(F(0))
    small = exponential(zero - magnitude(x))
    return select(zero > x, small, one) / (one + small)


@register_jitable
def softplus(x):
    """max(x, 0) + log(1 + exp(-|x|)). log(1 + e) = 2 artanh(e / (2 + e)) loses nothing of a small e, as 1 + e would."""
    zero, two = floats(F(0)), floats(F(2))
    small = exponential(zero - magnitude(x))
    share = small / (two + small)
    series = polynomial(share * share, (1 / 17, 1 / 15, 1 / 13, 1 / 11, 1 / 9, 1 / 7, 1 / 5, 1 / 3, 1.0))
    return fma(two * share, series, larger(x, zero))


@register_jitable
def tanh(x):
    zero, two = floats(F(0)), floats(F(2))
    small = exponential_less_one(floats(F(-2)) * magnitude(x))
    size = (zero - small) / (small + two)
    return select(zero > x, zero - size, size)


@register_jitable
def tanh_of_softplus(x):
    """((1 + e)^2 - 1) / ((1 + e)^2 + 1) with e = exp(x)."""
    e = exponential(smaller(x, floats(F(30))))
    e = e * (e + floats(F(2)))
    return e / (e + floats(F(2)))


@register_jitable
def erf(x):
    """Beyond 3.744 it rounds to one."""
    zero, one, most = floats(F(0)), floats(F(1)), floats(F(3.7439211627767994))
    near = smaller(larger(x, zero - most), most)
    square = near * near
    above = polynomial(square, (2.2905065861350646e-4, 3.4082910107109506e-3, 5.0955695062380861e-2, 1.8520832239976145e-1,
                                1.128379143519084))
    below = polynomial(square, (-1.1791602954361697e-7, 2.3547966471313185e-5, 1.0179625278914885e-3, 1.4070470171167667e-2,
                                1.1098505178285362e-1, 4.9746925110067538e-1, 1.0))
    return select(x > most, one, select(zero - most > x, zero - one, near * above / below))


@register_jitable
def normal_cdf(x):
    """The probability that a standard normal value is below x."""
    return 0.5 * (1 + erf(x * F(math.sqrt(0.5))))


@register_jitable
def normal_cdf_by_tanh(x):
    return 0.5 * (1 + tanh(F(math.sqrt(2 / math.pi)) * (x + F(0.044715) * x * x * x)))


# what the expressions of konv.ir.scalar_functions are made of
VECTORS = {
    "constant": floats, "where": select, "minimum": smaller, "clip": clip, "abs": magnitude, "sign": sign, "exp": exponential,
    "expm1": exponential_less_one, "sqrt": root, "tanh": tanh, "sigmoid": sigmoid, "softplus": softplus,
    "tanh_of_softplus": tanh_of_softplus, "normal_cdf": normal_cdf, "normal_cdf_by_tanh": normal_cdf_by_tanh,
}
