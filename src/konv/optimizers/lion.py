"""Lion: steps of one size, in the direction of the sign."""

from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.optimizers.base import Array, Optimizer
from konv.variables import Variable

F = np.float32


class Lion(Optimizer):
    """w -= rate * sign(beta_1 * m + (1 - beta_1) * g), then m = beta_2 * m + (1 - beta_2) * g (Chen et al. 2023).

    >>> Lion().get_config()["beta_2"]
    0.99
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        self.beta_1, self.beta_2 = self._number(beta_1, "beta_1", 0, 1), self._number(beta_2, "beta_2", 0, 1)
        if not self.beta_1:
            raise KonvError(f"Lion: beta_1 must be above 0, got {beta_1!r}: without momentum it is the sign of the gradient")

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum",),)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        (m,), w, t = self._slots[id(variable)], variable.array, self._scratch[id(variable)]
        np.multiply(m, F(self.beta_1), out=t)
        t += gradient * (F(1) - F(self.beta_1))
        np.sign(t, out=t)
        t *= F(learning_rate)
        w -= t
        np.multiply(gradient, F(1) - F(self.beta_2), out=t)
        m *= F(self.beta_2)
        m += t

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2}
