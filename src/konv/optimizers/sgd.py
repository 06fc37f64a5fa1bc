"""Stochastic gradient descent."""

from typing import Unpack

from konv.optimizers.base import Array, Optimizer, Rate, Shared
from konv.plan.contracts import DescendArgs, MomentumArgs
from konv.runtime.optimizer_step import update
from konv.variables import Variable


class SGD(Optimizer, builtin=True):
    """w -= rate * g; with momentum, v = momentum * v - rate * g and w += v (nesterov: w += momentum * v - rate * g).

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        momentum: how much of the last step is made again, from 0 to 1.
        nesterov: whether the gradient counts as one taken after that.
    Reference:
        Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    >>> SGD(0.1, momentum=0.9).get_config()["momentum"]
    0.9
    """

    decays = True

    def __init__(self, learning_rate: Rate = 0.01, momentum: float = 0.0, nesterov: bool = False,
                 **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, **shared)
        self.momentum, self.nesterov = self._number(momentum, "momentum", 0, 1), bool(nesterov)
        self.slots = (("momentum",),) if self.momentum else ()

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        shared = {"w": variable.array, "gradient": gradient, "rate": learning_rate, "keep": self.keep(variable, learning_rate)}
        if not self.momentum:
            update(DescendArgs, **shared)
            return
        update(MomentumArgs, **shared, v=self._slots[id(variable)][0], share=self.momentum, nesterov=self.nesterov)
