"""Adam and its relatives: steps scaled by running means of the gradient and of its size."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from konv.errors import KonvError
from konv.initializers import Constant
from konv.optimizers.base import Array, Common, F, Optimizer, Rate, Shared, approach
from konv.plan.contracts import AdamArgs
from konv.runtime.optimizer_step import update
from konv.variables import Variable


class Moments(Optimizer, builtin=True):
    """What they have in common: running means m and v of the gradient and its square, two betas and epsilon."""

    slots = (("momentum", "velocity"),)

    def __init__(self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, **shared)
        self.beta_1, self.beta_2 = self._number(beta_1, "beta_1", 0, 1), self._number(beta_2, "beta_2", 0, 1)
        self.epsilon = self._number(epsilon, "epsilon")

    def _grown(self, beta: float) -> np.float32:
        """1 - beta^t: how much of a mean that began at zero is there after this step; in float32, as in Keras."""
        return F(1) - F(beta) ** F(self.updates + 1)


class Adam(Moments, builtin=True):
    """w -= rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon), as Keras places epsilon.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: how much of m, the running mean of the gradient, each step keeps.
        beta_2: how much of v, the running mean of its square, each step keeps.
        epsilon: keeps the divisor away from zero.
        amsgrad: whether to divide by the largest v so far.
    Reference:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015; Reddi et al., "On the Convergence of Adam and
        Beyond", 2018, for amsgrad.

    >>> Adam().get_config()["epsilon"]
    1e-07
    """

    decays = True

    def __init__(self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 amsgrad: bool = False, **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **shared)
        self.amsgrad = bool(amsgrad)
        if amsgrad:
            self.slots = (("momentum", "velocity"), ("velocity_hat",))
        self._known = 0, 0.0

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        m, v, *largest = self._slots[id(variable)]
        w, alpha = variable.array, learning_rate * self._correction()
        keep = self.keep(variable, learning_rate)
        if not largest:
            update(AdamArgs, w=w, gradient=gradient, m=m, v=v, rate=alpha, first=1.0 - self.beta_1, second=1.0 - self.beta_2,
                   epsilon=self.epsilon, keep=keep)
            return
        t = self._scratch[id(variable)]
        approach(m, gradient, 1.0 - self.beta_1, t)
        approach(v, np.multiply(gradient, gradient, out=t), 1.0 - self.beta_2, t)
        np.maximum(largest[0], v, out=largest[0])
        np.sqrt(largest[0], out=t)
        t += F(self.epsilon)
        np.divide(m, t, out=t)
        t *= F(alpha)
        w *= F(keep)
        w -= t

    def _correction(self) -> float:
        """sqrt(1 - beta_2^t) / (1 - beta_1^t), computed once in a step."""
        if self._known[0] != self.updates + 1:
            self._known = self.updates + 1, float(np.sqrt(self._grown(self.beta_2)) / self._grown(self.beta_1))
        return self._known[1]


class AdamW(Adam, builtin=True):
    """Adam with weight decay on unless told otherwise: before each step w shrinks by rate * weight_decay of itself.

    Args:
        weight_decay: a number; the other arguments are those of Adam.
    Raises:
        KonvError: weight_decay is None.
    Reference:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019.

    >>> AdamW().weight_decay
    0.004
    """

    def __init__(self, learning_rate: Rate = 0.001, weight_decay: float = 0.004, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-7, amsgrad: bool = False, **shared: Unpack[Common]) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **shared)
        if self.weight_decay is None:
            raise KonvError("AdamW: weight_decay must be a number, got None; without weight decay it is Adam")


class Adamax(Moments, builtin=True):
    """w -= rate / (1 - beta_1^t) * m / (u + epsilon), u = max(beta_2 * u, |g|): Adam with the largest gradient so far.

    Args:
        learning_rate, beta_1, epsilon: as in Adam.
        beta_2: how much of u each step keeps.
    Reference:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, section 7.1.

    >>> Adamax().get_config()["beta_2"]
    0.999
    """

    slots = (("momentum", "norm"),)

    def rule(self, w: Array, g: Array, rate: float, t: Array, m: Array, u: Array) -> None:
        approach(m, g, 1.0 - self.beta_1, t)
        u *= F(self.beta_2)
        np.maximum(u, np.abs(g, out=t), out=u)
        np.add(u, F(self.epsilon), out=t)
        np.divide(m, t, out=t)
        t *= F(rate) / self._grown(self.beta_1)
        w -= t


class Nadam(Moments, builtin=True):
    """Adam that looks ahead along its momentum, as Nesterov does.

    Args:
        learning_rate, beta_1, beta_2, epsilon: as in Adam; beta_1 is reached slowly, in the first steps it is half as much.
    Reference:
        Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

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

    def rule(self, w: Array, g: Array, rate: float, t: Array, m: Array, v: Array) -> None:
        now, ahead, product = self._momentum(self.updates + 1), self._momentum(self.updates + 2), F(self._u_product.array)
        approach(m, g, float(F(1) - F(self.beta_1)), t)  # Nadam takes 1 - beta in float32, Adam and Lamb do not
        approach(v, np.multiply(g, g, out=t), float(F(1) - F(self.beta_2)), t)
        np.multiply(m, ahead / (F(1) - product * ahead), out=t)
        t += g * ((F(1) - now) / (F(1) - product))
        t *= F(rate)
        root = np.sqrt(v / self._grown(self.beta_2))
        root += F(self.epsilon)
        t /= root
        w -= t


class Lamb(Moments, builtin=True):
    """Adam whose step for each weight is scaled to the length of that weight.

    Args:
        learning_rate, beta_1, beta_2, epsilon: as in Adam.
    Reference:
        You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2019.

    >>> Lamb().get_config()["epsilon"]
    1e-07
    """

    def rule(self, w: Array, g: Array, rate: float, t: Array, m: Array, v: Array) -> None:
        approach(m, g, 1.0 - self.beta_1, t)
        approach(v, np.multiply(g, g, out=t), 1.0 - self.beta_2, t)
        np.divide(v, self._grown(self.beta_2), out=t)
        np.sqrt(t, out=t)
        t += F(self.epsilon)
        np.divide(m, t, out=t)
        t /= self._grown(self.beta_1)
        lengths = np.sqrt(np.vdot(w, w)), np.sqrt(np.vdot(t, t))
        t *= F(rate) * (lengths[0] / lengths[1] if min(lengths) > 0 else F(1))
        w -= t
