"""Arrays that carry their error: what exact arithmetic gives, and how far arithmetic in float32 may be from it.

This is running error analysis (Wilkinson 1963; Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.3).
Every operation passes on the errors of its operands, as its derivative says, and adds its own rounding. Where terms cancel,
the error stays as large as the terms were, so that a result near zero is given the room it needs and no other one is.
"""

import numpy as np

# An operation is off by at most so much of its result. IEEE 754 rounds by half of this. The other half is for what
# compilers make of an operation on one processor or another: a product with the reciprocal for a quotient, x * rsqrt(x) for
# a root. That two operations are fused into one (FMA), or that a sum goes in another order, only takes roundings away.
ULP = 2.0**-23
POWER = 4 * ULP  # libraries promise no more for x ** y


class Rounded:
    """`value` is exact, in float64; a float32 result lies within `error` of it."""

    def __init__(self, value, error=0.0):
        self.value = np.asarray(value, np.float64)
        self.error = np.broadcast_to(np.asarray(error, np.float64), self.value.shape)

    @staticmethod
    def of(x):
        """An operand: a constant is rounded to float32 once."""
        return x if isinstance(x, Rounded) else Rounded(x, np.abs(np.float64(x) - np.float32(x)))

    def rounded(self, by=ULP):
        """One rounding more."""
        return Rounded(self.value, self.error + by * (np.abs(self.value) + self.error))

    def __neg__(self):
        return Rounded(-self.value, self.error)

    def __add__(self, other):
        other = Rounded.of(other)
        return Rounded(self.value + other.value, self.error + other.error).rounded()

    def __sub__(self, other):
        return self + -Rounded.of(other)

    def __mul__(self, other):
        other = Rounded.of(other)
        error = np.abs(self.value) * other.error + np.abs(other.value) * self.error + self.error * other.error
        return Rounded(self.value * other.value, error).rounded()

    def __truediv__(self, other):
        other = Rounded.of(other)
        value = self.value / other.value
        divisor = np.abs(other.value) - other.error
        assert (divisor > 0).all(), "what is divided by may be zero"
        return Rounded(value, (self.error + np.abs(value) * other.error) / divisor).rounded()

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return Rounded.of(other) - self

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return Rounded.of(other) / self

    def __pow__(self, power):
        return self._monotone(lambda x: x**power).rounded(POWER)

    def _monotone(self, function):
        return between(lambda x: function(np.maximum(x, 0.0)), self)

    def sum(self, axis=None, keepdims=False):
        """In any order."""
        count = self.value.size if axis is None else self.value.shape[axis]
        error = self.error.sum(axis=axis, keepdims=keepdims)
        whole = (np.abs(self.value) + self.error).sum(axis=axis, keepdims=keepdims)
        return Rounded(self.value.sum(axis=axis, keepdims=keepdims), error + count * ULP * whole)

    def mean(self, axis=None, keepdims=False):
        count = self.value.size if axis is None else self.value.shape[axis]
        return self.sum(axis, keepdims) / float(count)

    def __getitem__(self, index):
        return Rounded(self.value[index], self.error[index])

    @property
    def T(self):
        return Rounded(self.value.T, self.error.T)

    def __matmul__(self, other):
        return (self[:, :, None] * other[None]).sum(axis=1)


def sqrt(x):
    return x._monotone(np.sqrt).rounded()


def absolute(x):
    return Rounded(np.abs(x.value), x.error)


def between(function, *operands):
    """A function that only rises, or only falls, with all its operands: without roundings of its own."""
    operands = [Rounded.of(x) for x in operands]
    value = function(*(x.value for x in operands))
    ends = [function(*(x.value + side * x.error for x in operands)) for side in (-1, 1)]
    return Rounded(value, np.maximum(*(np.abs(end - value) for end in ends)))


def maximum(x, y):
    return between(np.maximum, x, y)


def minimum(x, y):
    return between(np.minimum, x, y)


def through(stages, x):
    """Functions of a matrix one after another, with the derivative of all that follow an error instead of each by itself.

    Errors of elements are not independent of each other. What a step does to them together may keep them small where each
    alone, taken at its worst in every step, would grow beyond all bounds.
    """
    error, point = np.zeros(x.error.size), x.value
    for number in range(len(stages) + 1):
        error = error + np.abs(_derivative(stages[number:], point)) @ x.error.ravel()
        if number < len(stages):
            x = stages[number](Rounded(point))  # its own roundings alone
            point = x.value
    return Rounded(point, error.reshape(point.shape))


def _derivative(stages, point, step=1e-6):
    """Of every element of the result with respect to every element at this point, by central differences."""
    def result(values):
        x = Rounded(values.reshape(point.shape))
        for stage in stages:
            x = stage(x)
        return x.value.ravel()

    moves = step * np.eye(point.size)
    return np.stack([(result(point.ravel() + move) - result(point.ravel() - move)) / (2 * step) for move in moves], axis=-1)


def sign(x):
    """Not known where the error is larger than the number."""
    return Rounded(np.sign(x.value), np.where(np.abs(x.value) <= x.error, 2.0, 0.0))
