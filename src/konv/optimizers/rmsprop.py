"""RMSprop: steps divided by the running root mean square of the gradient."""

from typing import Any

import numpy as np

from konv.optimizers.base import Array, Optimizer
from konv.variables import Variable


class RMSprop(Optimizer):
    """w -= rate * g / sqrt(v + epsilon), v the running mean of g^2 (centered: less the squared running mean of g).

    With momentum the steps are summed: s = momentum * s + step and w -= s.

    >>> RMSprop().get_config()["rho"]
    0.9
    """

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, weight_decay=None,
                 clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
                 ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None,
                 **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        self.rho, self.momentum = self._number(rho, "rho", 0, 1), self._number(momentum, "momentum", 0, 1)
        self.epsilon, self.centered = self._number(epsilon, "epsilon"), bool(centered)

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        wanted = (("velocity", True), ("momentum", self.momentum), ("average_gradient", self.centered))
        return tuple((name,) for name, keep in wanted if keep)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        slots = self._slots[id(variable)]
        v, w, t = slots[0], variable.array, self._scratch[id(variable)]
        np.multiply(gradient, gradient, out=t)
        t *= 1.0 - self.rho
        v *= self.rho
        v += t
        if self.centered:
            mean = slots[-1]
            np.multiply(gradient, 1.0 - self.rho, out=t)
            mean *= self.rho
            mean += t
            np.multiply(mean, mean, out=t)
            np.subtract(v, t, out=t)
            t += self.epsilon
        else:
            np.add(v, self.epsilon, out=t)
        np.sqrt(t, out=t)
        np.divide(gradient, t, out=t)
        t *= learning_rate
        if self.momentum:
            total = slots[1]
            total *= self.momentum
            total += t
            w -= total
        else:
            w -= t

    def get_config(self) -> dict[str, Any]:
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return super().get_config() | own
