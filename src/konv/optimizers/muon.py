"""Muon: steps of matrices whose singular values are all near one; everything else goes by AdamW."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from konv import ops
from konv.optimizers.base import Array, Optimizer, approach
from konv.variables import Variable

F = np.float32


class Muon(Optimizer):
    """Kernels of dense layers move along their momentum made orthogonal by Newton and Schulz (Jordan 2024).

    Weights with another number of axes than two go by AdamW, and so do embeddings and those whose path matches one of the
    patterns in `exclude_layers`. With `rms_rate` the step is that of a matrix of entries of this size (Liu et al. 2025).

    >>> Muon().get_config()["ns_steps"]
    5
    """

    def __init__(self, learning_rate=0.001, adam_beta_1=0.9, adam_beta_2=0.999, adam_weight_decay=0.004, epsilon=1e-7,
                 weight_decay=0.004, clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
                 ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None,
                 exclude_layers=None, exclude_embeddings=True, muon_a=3.4445, muon_b=-4.775, muon_c=2.0315, adam_lr_ratio=1,
                 momentum=0.95, ns_steps=5, nesterov=True, rms_rate=0.2, **kwargs):
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
                         ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs)
        self.adam_beta_1, self.adam_beta_2 = (self._number(value, argument, 0, 1) for value, argument in (
            (adam_beta_1, "adam_beta_1"), (adam_beta_2, "adam_beta_2")))
        self.adam_weight_decay = self._optional(adam_weight_decay, "adam_weight_decay")
        self.epsilon, self.adam_lr_ratio = self._number(epsilon, "epsilon"), self._number(adam_lr_ratio, "adam_lr_ratio")
        self.muon_a, self.muon_b, self.muon_c = (self._number(value, argument) for value, argument in (
            (muon_a, "muon_a"), (muon_b, "muon_b"), (muon_c, "muon_c")))
        self.momentum, self.rms_rate = self._number(momentum, "momentum", 0, 1), self._optional(rms_rate, "rms_rate")
        self.ns_steps, self.nesterov = self._count(ns_steps, "ns_steps", 1) or 0, bool(nesterov)
        self.exclude_layers, self.exclude_embeddings = list(exclude_layers or []), bool(exclude_embeddings)

    def _by_adam(self, variable: Variable) -> bool:
        return variable.ndim != 2 or (self.exclude_embeddings and "embedding" in variable.path.lower()) or any(
            re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        for v in variables:
            names = ("momentum", "velocity") if self._by_adam(v) else ("momentum",)
            self._slots[id(v)] = tuple(self.add_variable_from_reference(v, name).array for name in names)

    def keep(self, variable: Variable, rate: float) -> float:
        decay = self.adam_weight_decay if self._by_adam(variable) else self.weight_decay
        return 1.0 if decay is None or not self._use_weight_decay(variable) else 1.0 - decay * rate

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        m, *velocity = self._slots[id(variable)]
        if velocity:
            self._adam_step(gradient, variable, learning_rate * self.adam_lr_ratio, m, velocity[0])
            return
        m += gradient + m * F(self.momentum - 1)
        step = self._orthogonal(gradient + F(self.momentum) * m if self.nesterov else m) * F(learning_rate)
        if self.rms_rate is not None:
            step = step * np.sqrt(F(max(step.shape))) * F(self.rms_rate)
        variable.array -= step

    def _adam_step(self, gradient: Array, variable: Variable, rate: float, m: Array, v: Array) -> None:
        one, first, second, t = map(F, (1.0, self.adam_beta_1, self.adam_beta_2, self.updates + 1))
        scratch = self._scratch[id(variable)]
        approach(m, gradient, 1.0 - self.adam_beta_1, scratch)
        approach(v, gradient * gradient, 1.0 - self.adam_beta_2, scratch)
        alpha = F(rate) * np.sqrt(one - second**t) / (one - first**t)
        variable.array -= m * alpha / (np.sqrt(v) + F(self.epsilon))

    def _orthogonal(self, matrix: Array) -> Array:
        """About U V^T of the singular value decomposition U S V^T."""
        tall = matrix.shape[0] > matrix.shape[1]
        x = matrix.T if tall else matrix
        x = np.ascontiguousarray(x / (np.sqrt((x * x).sum()) + F(1e-7)))
        a, b, c = F(self.muon_a), F(self.muon_b), F(self.muon_c)
        for _ in range(self.ns_steps):
            square = np.asarray(ops.matmul(x, np.ascontiguousarray(x.T)))
            x = a * x + np.asarray(ops.matmul(b * square + c * np.asarray(ops.matmul(square, square)), x))
        return x.T if tall else x

    def get_config(self) -> dict[str, Any]:
        names = ("adam_beta_1", "adam_beta_2", "epsilon", "exclude_layers", "muon_a", "muon_b", "muon_c", "adam_lr_ratio",
                 "momentum", "ns_steps", "nesterov", "exclude_embeddings", "adam_weight_decay", "rms_rate")
        return super().get_config() | {name: getattr(self, name) for name in names}
