"""Adafactor: the squares of gradients kept as row and column means alone."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from konv.optimizers.base import Array, F, Optimizer, Rate, Shared
from konv.variables import Variable


class Adafactor(Optimizer, builtin=True):
    """Steps relative to the size of each weight, divided by an estimate of g^2 from row and column means.

    Of weights with two axes or more only the means over the last two are remembered.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_2_decay: in step t the means keep 1 - t^beta_2_decay of themselves.
        epsilon_1: is added to g^2.
        epsilon_2: the least size that a weight counts with.
        clip_threshold: the root mean square beyond which a step is scaled down.
        relative_step: whether the rate falls as 1 / sqrt(t).
    Reference:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018.

    >>> Adafactor().get_config()["clip_threshold"]
    1.0
    """

    def __init__(self, learning_rate: Rate = 0.001, beta_2_decay: float = -0.8, epsilon_1: float = 1e-30,
                 epsilon_2: float = 1e-3, clip_threshold: float = 1.0, relative_step: bool = True,
                 **shared: Unpack[Shared]) -> None:
        super().__init__(learning_rate, **shared)
        self.beta_2_decay = self._number(beta_2_decay, "beta_2_decay")
        self.epsilon_1, self.epsilon_2 = self._number(epsilon_1, "epsilon_1"), self._number(epsilon_2, "epsilon_2")
        self.clip_threshold, self.relative_step = self._number(clip_threshold, "clip_threshold"), bool(relative_step)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        for v in variables:
            factored = v.ndim >= 2  # else the means are place holders, which Keras has too and writes into files
            rows, columns = (v.shape[:-1], v.shape[:-2] + v.shape[-1:]) if factored else ((), ())
            r, c = (self.add_variable(shape, "zeros", v.dtype if factored else "int32", name=v.name)
                    for shape in (rows, columns))
            self._slots[id(v)] = r.array, c.array, self.add_variable_from_reference(v, "velocity").array

    def rule(self, w: Array, g: Array, rate: float, t: Array, r: Array, c: Array, v: Array) -> None:
        count, size = F(self.updates + 1), F(rate)
        if self.relative_step and not callable(self._learning_rate):
            size = min(size, F(1) / np.sqrt(count))
        alpha = max(F(self.epsilon_2), _size(w)) * min(size, F(1) / np.sqrt(count))
        squares = g * g + F(self.epsilon_1)
        keep = F(1) - count ** F(self.beta_2_decay)
        if w.ndim < 2:
            v[...] = keep * v + (F(1) - keep) * squares
        else:
            r[...] = keep * r + (F(1) - keep) * squares.mean(axis=-1)
            c[...] = keep * c + (F(1) - keep) * squares.mean(axis=-2)
            np.multiply((r / r.mean(axis=-1, keepdims=True))[..., None], c[..., None, :], out=v)
        step = g / np.sqrt(v)
        step *= alpha / max(F(1), _size(step) / F(self.clip_threshold))
        w -= step


def _size(array: Array) -> np.float32:
    """The root of the mean of the squares."""
    return np.sqrt(np.mean(array * array, dtype=F))
