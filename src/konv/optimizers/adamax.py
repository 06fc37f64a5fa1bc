"""Adam's relatives that need no kernel of their own: Adamax, Nadam, Lamb."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.initializers import Constant
from konv.optimizers.base import Array, Optimizer, approach
from konv.variables import Variable

F = np.float32


class _Moments(Optimizer):
    """What the three have in common: two betas, epsilon, and arithmetic on single numbers in float32 as in Keras."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        self.beta_1, self.beta_2 = self._number(beta_1, "beta_1", 0, 1), self._number(beta_2, "beta_2", 0, 1)
        self.epsilon = self._number(epsilon, "epsilon")

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)

    def _missing(self, beta: float) -> np.float32:
        """1 - beta^t: how much of a mean that began at zero is there after this step."""
        return F(1) - F(beta) ** F(self.updates + 1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


class Adamax(_Moments):
    """w -= rate / (1 - beta_1^t) * m / (u + epsilon), u = max(beta_2 * u, |g|): Adam with the largest gradient so far.

    >>> Adamax().get_config()["beta_2"]
    0.999
    """

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "norm"),)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        (m, u), w, t = self._slots[id(variable)], variable.array, self._scratch[id(variable)]
        approach(m, gradient, 1.0 - self.beta_1, t)
        u *= F(self.beta_2)
        np.maximum(u, np.abs(gradient, out=t), out=u)
        np.add(u, F(self.epsilon), out=t)
        np.divide(m, t, out=t)
        t *= F(learning_rate) / self._missing(self.beta_1)
        w -= t


class Nadam(_Moments):
    """Adam that looks ahead along its momentum, as Nesterov does.

    >>> Nadam().get_config()["beta_1"]
    0.9
    """

    def build(self, variables: Sequence[Variable]) -> None:
        if not self.built:
            super().build(variables)
            self._u_product = self.add_variable((), Constant(1.0))  # the product of all momenta so far

    def _momentum(self, count: int) -> np.float32:
        return F(self.beta_1) * (F(1) - F(0.5) * F(0.96) ** F(count))

    def _backend_update_step(self, grads: Sequence[Array], trainable_variables: Sequence[Variable],
                             learning_rate: float) -> None:
        self._u_product.assign(self._u_product.array * self._momentum(self.updates + 1))
        super()._backend_update_step(grads, trainable_variables, learning_rate)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        (m, v), w, t = self._slots[id(variable)], variable.array, self._scratch[id(variable)]
        now, ahead, product = self._momentum(self.updates + 1), self._momentum(self.updates + 2), F(self._u_product.array)
        approach(m, gradient, float(F(1) - F(self.beta_1)), t)  # Nadam takes 1 - beta in float32, Adam and Lamb do not
        np.multiply(gradient, gradient, out=t)
        approach(v, t, float(F(1) - F(self.beta_2)), t)
        np.multiply(m, ahead / (F(1) - product * ahead), out=t)
        t += gradient * ((F(1) - now) / (F(1) - product))
        t *= F(learning_rate)
        root = np.sqrt(v / self._missing(self.beta_2))
        root += F(self.epsilon)
        t /= root
        w -= t


class Lamb(_Moments):
    """Adam whose step for each weight is scaled to the length of that weight (You et al. 2019).

    >>> Lamb().get_config()["epsilon"]
    1e-07
    """

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        (m, v), w, t = self._slots[id(variable)], variable.array, self._scratch[id(variable)]
        approach(m, gradient, 1.0 - self.beta_1, t)
        np.multiply(gradient, gradient, out=t)
        approach(v, t, 1.0 - self.beta_2, t)
        np.divide(v, self._missing(self.beta_2), out=t)
        np.sqrt(t, out=t)
        t += F(self.epsilon)
        np.divide(m, t, out=t)
        t /= self._missing(self.beta_1)
        lengths = np.sqrt(np.vdot(w, w)), np.sqrt(np.vdot(t, t))
        t *= F(learning_rate) * (lengths[0] / lengths[1] if min(lengths) > 0 else F(1))
        w -= t
