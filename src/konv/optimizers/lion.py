"""Lion: steps of one size, in the direction of the sign."""

from typing import Unpack

import numpy as np

from konv.errors import KonvError
from konv.optimizers.base import Array, F, Optimizer, Rate, Shared


class Lion(Optimizer, builtin=True):
    """w -= rate * sign(beta_1 * m + (1 - beta_1) * g), then m = beta_2 * m + (1 - beta_2) * g.

    Args:
        learning_rate: a number, a schedule, or a function without arguments; smaller than for Adam.
        beta_1: how much the momentum counts in the direction, above 0.
        beta_2: how much of the momentum each step keeps.
    Raises:
        KonvError: beta_1 is 0.
    Reference:
        Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023.

    >>> Lion().get_config()["beta_2"]
    0.99
    """

    slots = (("momentum",),)

    def __init__(self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99,
                 **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, **shared)
        self.beta_1, self.beta_2 = self._number(beta_1, "beta_1", 0, 1), self._number(beta_2, "beta_2", 0, 1)
        if not self.beta_1:
            raise KonvError(f"Lion: beta_1 must be above 0, got {beta_1!r}: without momentum it is the sign of the gradient")

    def rule(self, w: Array, g: Array, rate: float, t: Array, m: Array) -> None:
        np.multiply(m, F(self.beta_1), out=t)
        t += g * (F(1) - F(self.beta_1))
        np.sign(t, out=t)
        t *= F(rate)
        w -= t
        np.multiply(g, F(1) - F(self.beta_2), out=t)
        m *= F(self.beta_2)
        m += t
