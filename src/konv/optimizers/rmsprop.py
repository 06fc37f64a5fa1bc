"""RMSprop: steps divided by the running root mean square of the gradient."""

from typing import Unpack

import numpy as np

from konv.optimizers.base import Array, Optimizer, Rate, Shared


class RMSprop(Optimizer, builtin=True):
    """w -= rate * g / sqrt(v + epsilon), v the running mean of g^2 (centered: less the squared running mean of g).

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        rho: how much of the running means each step keeps.
        momentum: with it the steps are summed: s = momentum * s + step and w -= s.
        epsilon: keeps the divisor away from zero.
        centered: whether to divide by the deviation of the gradient instead of its size.
    Reference:
        Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012; Graves, "Generating Sequences With Recurrent
        Neural Networks", 2013, for the centered form.

    >>> RMSprop().get_config()["rho"]
    0.9
    """

    def __init__(self, learning_rate: Rate = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7,
                 centered: bool = False, **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, **shared)
        self.rho, self.momentum = self._number(rho, "rho", 0, 1), self._number(momentum, "momentum", 0, 1)
        self.epsilon, self.centered = self._number(epsilon, "epsilon"), bool(centered)
        wanted = (("velocity", True), ("momentum", self.momentum), ("average_gradient", self.centered))
        self.slots = tuple((name,) for name, keep in wanted if keep)

    def rule(self, w: Array, g: Array, rate: float, t: Array, v: Array, *slots: Array) -> None:
        np.multiply(g, g, out=t)
        t *= 1.0 - self.rho
        v *= self.rho
        v += t
        if self.centered:
            mean = slots[-1]
            np.multiply(g, 1.0 - self.rho, out=t)
            mean *= self.rho
            mean += t
            np.multiply(mean, mean, out=t)
            np.subtract(v, t, out=t)
            t += self.epsilon
        else:
            np.add(v, self.epsilon, out=t)
        np.sqrt(t, out=t)
        np.divide(g, t, out=t)
        t *= rate
        step = t
        if self.momentum:
            step = slots[0]
            step *= self.momentum
            step += t
        w -= step
