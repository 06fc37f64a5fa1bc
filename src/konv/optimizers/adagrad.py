"""Optimizers that divide by what gradients have summed up to: Adagrad, Adadelta, Ftrl."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from konv.errors import KonvError
from konv.optimizers.base import Array, Optimizer
from konv.variables import Variable

F = np.float32


class Adagrad(Optimizer):
    """w -= rate * g / sqrt(a + epsilon), a the sum of all g^2 so far.

    >>> Adagrad().get_config()["initial_accumulator_value"]
    0.1
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        self.initial_accumulator_value = self._number(initial_accumulator_value, "initial_accumulator_value")
        self.epsilon = self._number(epsilon, "epsilon")

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator",),)

    @property
    def starts(self) -> Mapping[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        (a,), w, t = self._slots[id(variable)], variable.array, self._scratch[id(variable)]
        a += np.multiply(gradient, gradient, out=t)
        np.sqrt(np.add(a, F(self.epsilon), out=t), out=t)
        np.divide(gradient, t, out=t)
        t *= F(learning_rate)
        w -= t

    def get_config(self) -> dict[str, Any]:
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return super().get_config() | own


class Adadelta(Optimizer):
    """w -= rate * d, d = g * sqrt(mean of d^2 + epsilon) / sqrt(mean of g^2 + epsilon), both running means.

    >>> Adadelta().get_config()["rho"]
    0.95
    """

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        self.rho, self.epsilon = self._number(rho, "rho", 0, 1), self._number(epsilon, "epsilon")

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulated_grad", "accumulated_delta_var"),)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        (squares, steps), w, t = self._slots[id(variable)], variable.array, self._scratch[id(variable)]
        self._blend(squares, gradient, t)
        step = np.sqrt((steps + F(self.epsilon)) / np.add(squares, F(self.epsilon), out=t))
        step *= gradient
        self._blend(steps, step, t)
        step *= F(learning_rate)
        w -= step

    def _blend(self, mean: Array, value: Array, scratch: Array) -> None:
        np.multiply(value, value, out=scratch)
        scratch *= F(1.0 - self.rho)
        mean *= F(self.rho)
        mean += scratch

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rho": self.rho, "epsilon": self.epsilon}


class Ftrl(Optimizer):
    """Follow the regularized leader: weights from all gradients so far, held small by l1 and l2 (McMahan et al. 2013).

    >>> Ftrl().get_config()["learning_rate_power"]
    -0.5
    """

    def __init__(self, learning_rate=0.001, learning_rate_power=-0.5, initial_accumulator_value=0.1,
                 l1_regularization_strength=0.0, l2_regularization_strength=0.0, l2_shrinkage_regularization_strength=0.0,
                 beta=0.0, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        own = {"initial_accumulator_value": initial_accumulator_value,
               "l1_regularization_strength": l1_regularization_strength,
               "l2_regularization_strength": l2_regularization_strength,
               "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength}
        for argument, value in own.items():
            if self._number(value, argument) < 0:
                raise KonvError(f"Ftrl: {argument} needs to be positive or zero, got {value!r}")
        if self._number(learning_rate_power, "learning_rate_power") > 0:
            raise KonvError(f"Ftrl: learning_rate_power needs to be negative or zero, got {learning_rate_power!r}")
        self.learning_rate_power, self.initial_accumulator_value = learning_rate_power, initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = self._number(beta, "beta")

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator", "linear"),)

    @property
    def starts(self) -> Mapping[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        (a, linear), w, power, rate = self._slots[id(variable)], variable.array, -self.learning_rate_power, F(learning_rate)
        before = a**power
        a += np.multiply(gradient, gradient, out=self._scratch[id(variable)])
        after = a**power
        linear += gradient
        linear += F(2 * self.l2_shrinkage_regularization_strength) * w
        linear -= (after - before) / rate * w
        l1, l2 = self.l1_regularization_strength, self.l2_regularization_strength + self.beta / (2.0 * learning_rate)
        w[...] = (np.clip(linear, -l1, l1) - linear) / (after / rate + F(2 * l2))

    def get_config(self) -> dict[str, Any]:
        names = ("learning_rate_power", "initial_accumulator_value", "l1_regularization_strength",
                 "l2_regularization_strength", "l2_shrinkage_regularization_strength", "beta")
        return super().get_config() | {name: getattr(self, name) for name in names}
