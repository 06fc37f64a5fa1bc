"""Adam and its relatives: steps scaled by running means of the gradient and of its size."""

from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.optimizers.base import Array, Optimizer, approach
from konv.runtime.optimizer_step import update
from konv.variables import Variable


class Adam(Optimizer):
    """w -= rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon), as Keras places epsilon.

    m and v are running means of the gradient and its square; with amsgrad, v is the largest one so far.

    >>> Adam().get_config()["epsilon"]
    1e-07
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, weight_decay=None,
                 clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
                 ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None,
                 **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        self.beta_1, self.beta_2 = self._number(beta_1, "beta_1", 0, 1), self._number(beta_2, "beta_2", 0, 1)
        self.epsilon, self.amsgrad = self._number(epsilon, "epsilon"), bool(amsgrad)
        self._known = 0, 0.0

    decays = True

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"), ("velocity_hat",)) if self.amsgrad else (("momentum", "velocity"),)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        m, v, *largest = self._slots[id(variable)]
        w, alpha = variable.array, learning_rate * self._correction(self.updates + 1)
        keep = self.keep(variable, learning_rate)
        if not largest:
            numbers = np.array([alpha, 1.0 - self.beta_1, 1.0 - self.beta_2, self.epsilon, keep])
            update("adam", (w, gradient, m, v), numbers)
            return
        t = self._scratch[id(variable)]
        approach(m, gradient, 1.0 - self.beta_1, t)
        np.multiply(gradient, gradient, out=t)
        approach(v, t, 1.0 - self.beta_2, t)
        np.maximum(largest[0], v, out=largest[0])
        np.sqrt(largest[0], out=t)
        t += np.float32(self.epsilon)
        np.divide(m, t, out=t)
        t *= np.float32(alpha)
        w *= np.float32(keep)
        w -= t

    def _correction(self, count: int) -> float:
        """sqrt(1 - beta_2^t) / (1 - beta_1^t), in float32 as Keras has it: in the first steps it shows."""
        if self._known[0] != count:
            one, first, second, t = map(np.float32, (1.0, self.beta_1, self.beta_2, count))
            self._known = count, float(np.sqrt(one - second**t) / (one - first**t))
        return self._known[1]

    def get_config(self) -> dict[str, Any]:
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return super().get_config() | own


class AdamW(Adam):
    """Adam with weight decay on unless told otherwise: before each step w shrinks by rate * weight_decay of itself.

    >>> AdamW().weight_decay
    0.004
    """

    def __init__(self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False,
                 clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
                 ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None,
                 **kwargs):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue,
                         global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
                         gradient_accumulation_steps, name, **kwargs)
        if self.weight_decay is None:
            raise KonvError("AdamW: weight_decay must be a number, got None; without weight decay it is Adam")
