"""Stochastic gradient descent."""

from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.optimizers.base import Array, Optimizer
from konv.runtime.optimizer_step import update
from konv.variables import Variable


class SGD(Optimizer):
    """w -= rate * g; with momentum, v = momentum * v - rate * g and w += v (nesterov: w += momentum * v - rate * g).

    >>> SGD(0.1, momentum=0.9).get_config()["momentum"]
    0.9
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        if isinstance(momentum, bool) or not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise KonvError(f"SGD: momentum must be a number from 0 to 1, got {momentum!r}")
        self.momentum, self.nesterov = float(momentum), bool(nesterov)

    decays = True

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum",),) if self.momentum else ()

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        numbers = np.array([learning_rate, self.keep(variable, learning_rate), self.momentum, self.nesterov])
        update("momentum" if self.momentum else "descend", (variable.array, gradient, *self._slots[id(variable)]), numbers)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"momentum": self.momentum, "nesterov": self.nesterov}
