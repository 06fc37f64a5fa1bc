"""Optimizers that divide by what gradients have summed up to: Adagrad, Adadelta, Ftrl."""

from typing import Unpack

import numpy as np

from konv.errors import KonvError
from konv.optimizers.base import Array, F, Optimizer, Rate, Shared


class Adagrad(Optimizer, builtin=True):
    """w -= rate * g / sqrt(a + epsilon), a the sum of all g^2 so far.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        initial_accumulator_value: what a begins with.
        epsilon: keeps the divisor away from zero.
    Reference:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011.

    >>> Adagrad().get_config()["initial_accumulator_value"]
    0.1
    """

    slots = (("accumulator",),)

    def __init__(self, learning_rate: Rate = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7,
                 **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, **shared)
        self.initial_accumulator_value = self._number(initial_accumulator_value, "initial_accumulator_value")
        self.epsilon = self._number(epsilon, "epsilon")
        self.starts = {"accumulator": self.initial_accumulator_value}

    def rule(self, w: Array, g: Array, rate: float, t: Array, a: Array) -> None:
        a += np.multiply(g, g, out=t)
        np.sqrt(np.add(a, F(self.epsilon), out=t), out=t)
        np.divide(g, t, out=t)
        t *= F(rate)
        w -= t


class Adadelta(Optimizer, builtin=True):
    """w -= rate * d, d = g * sqrt(mean of d^2 + epsilon) / sqrt(mean of g^2 + epsilon), both running means.

    Args:
        learning_rate: a number, a schedule, or a function without arguments; 1 is that of the paper.
        rho: how much of the running means each step keeps.
        epsilon: keeps the divisor and the first steps away from zero.
    Reference:
        Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.

    >>> Adadelta().get_config()["rho"]
    0.95
    """

    slots = (("accumulated_grad", "accumulated_delta_var"),)

    def __init__(self, learning_rate: Rate = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, **shared)
        self.rho, self.epsilon = self._number(rho, "rho", 0, 1), self._number(epsilon, "epsilon")

    def rule(self, w: Array, g: Array, rate: float, t: Array, squares: Array, steps: Array) -> None:
        self._blend(squares, g, t)
        step = np.sqrt((steps + F(self.epsilon)) / np.add(squares, F(self.epsilon), out=t))
        step *= g
        self._blend(steps, step, t)
        step *= F(rate)
        w -= step

    def _blend(self, mean: Array, value: Array, scratch: Array) -> None:
        np.multiply(value, value, out=scratch)
        scratch *= F(1.0 - self.rho)
        mean *= F(self.rho)
        mean += scratch


class Ftrl(Optimizer, builtin=True):
    """Follow the regularized leader: weights from all gradients so far, held small by l1 and l2.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        learning_rate_power: how the rate falls with the sum of g^2: -0.5 as its root, 0 not at all.
        initial_accumulator_value: what the sum of g^2 begins with.
        l1_regularization_strength: weights of less effect than this are zero.
        l2_regularization_strength: pulls weights towards zero in proportion.
        l2_shrinkage_regularization_strength: the same, as a part of the gradient.
        beta: is added to the root of the sum of g^2.
    Raises:
        KonvError: a strength or the initial value below zero, or a power above it.
    Reference:
        McMahan et al., "Ad Click Prediction: a View from the Trenches", 2013, algorithm 1.

    >>> Ftrl().get_config()["learning_rate_power"]
    -0.5
    """

    slots = (("accumulator", "linear"),)

    def __init__(self, learning_rate: Rate = 0.001, learning_rate_power: float = -0.5,
                 initial_accumulator_value: float = 0.1, l1_regularization_strength: float = 0.0,
                 l2_regularization_strength: float = 0.0, l2_shrinkage_regularization_strength: float = 0.0,
                 beta: float = 0.0, **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, **shared)
        self.initial_accumulator_value = self._positive(initial_accumulator_value, "initial_accumulator_value")
        self.l1_regularization_strength = self._positive(l1_regularization_strength, "l1_regularization_strength")
        self.l2_regularization_strength = self._positive(l2_regularization_strength, "l2_regularization_strength")
        self.l2_shrinkage_regularization_strength = self._positive(
            l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength")
        if self._number(learning_rate_power, "learning_rate_power") > 0:
            raise KonvError(f"Ftrl: learning_rate_power needs to be negative or zero, got {learning_rate_power!r}")
        self.learning_rate_power, self.beta = learning_rate_power, self._number(beta, "beta")
        self.starts = {"accumulator": initial_accumulator_value}

    def _positive(self, value: float, argument: str) -> float:
        if self._number(value, argument) < 0:
            raise KonvError(f"Ftrl: {argument} needs to be positive or zero, got {value!r}")
        return value

    def rule(self, w: Array, g: Array, rate: float, t: Array, a: Array, linear: Array) -> None:
        power = -self.learning_rate_power
        before = a**power
        a += np.multiply(g, g, out=t)
        after = a**power
        linear += g
        linear += F(2 * self.l2_shrinkage_regularization_strength) * w
        linear -= (after - before) / F(rate) * w
        l1, l2 = self.l1_regularization_strength, self.l2_regularization_strength + self.beta / (2.0 * rate)
        w[...] = (np.clip(linear, -l1, l1) - linear) / (after / F(rate) + F(2 * l2))
