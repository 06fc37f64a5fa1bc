"""Adafactor: the squares of gradients kept as row and column means alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.optimizers.base import Array, Optimizer
from konv.variables import Variable

F = np.float32


class Adafactor(Optimizer):
    """Steps relative to the size of each weight, divided by an estimate of g^2 from row and column means.

    Of weights with two axes or more only the means over the last two are remembered (Shazeer and Stern 2018).

    >>> Adafactor().get_config()["clip_threshold"]
    1.0
    """

    def __init__(self, learning_rate=0.001, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3, clip_threshold=1.0,
                 relative_step=True, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
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

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        (r, c, v), w, count = self._slots[id(variable)], variable.array, F(self.updates + 1)
        rate = F(learning_rate)
        if self.relative_step and not callable(self._learning_rate):
            rate = min(rate, F(1) / np.sqrt(count))
        alpha = max(F(self.epsilon_2), _size(w)) * min(rate, F(1) / np.sqrt(count))
        squares = gradient * gradient + F(self.epsilon_1)
        keep = F(1) - count ** F(self.beta_2_decay)
        if w.ndim < 2:
            v[...] = keep * v + (F(1) - keep) * squares
        else:
            r[...] = keep * r + (F(1) - keep) * squares.mean(axis=-1)
            c[...] = keep * c + (F(1) - keep) * squares.mean(axis=-2)
            np.multiply((r / r.mean(axis=-1, keepdims=True))[..., None], c[..., None, :], out=v)
        step = gradient / np.sqrt(v)
        step *= alpha / max(F(1), _size(step) / F(self.clip_threshold))
        w -= step

    def get_config(self) -> dict[str, Any]:
        names = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")
        return super().get_config() | {name: getattr(self, name) for name in names}


def _size(array: Array) -> np.float32:
    """The root of the mean of the squares."""
    return np.sqrt(np.mean(array * array, dtype=F))
