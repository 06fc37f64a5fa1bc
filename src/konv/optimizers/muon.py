"""Muon: steps of matrices whose singular values are all near one; everything else goes by AdamW."""

import re
from collections.abc import Sequence
from typing import Unpack

import numpy as np

from konv import ops
from konv.optimizers.base import Array, Common, F, Optimizer, Rate, approach
from konv.variables import Variable


class Muon(Optimizer, builtin=True):
    """Kernels of dense layers move along their momentum made orthogonal by Newton and Schulz; other weights go by AdamW.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        adam_beta_1, adam_beta_2, epsilon: those of Adam.
        adam_weight_decay: weight decay of the weights that go by AdamW.
        weight_decay: weight decay of the matrices.
        exclude_layers: patterns of paths; matrices that one of them is found in go by AdamW.
        exclude_embeddings: whether those with "embedding" in their path do so too.
        muon_a, muon_b, muon_c: the coefficients a x + b (x x^T) x + c (x x^T)^2 x of one iteration.
        adam_lr_ratio: the rate of AdamW is so many times learning_rate.
        momentum: how much of the last step is made again.
        ns_steps: how many iterations.
        nesterov: whether the gradient counts as one taken after the momentum.
        rms_rate: with it a step is that of a matrix of entries of this size; None leaves it as it is.
    Reference:
        Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024; Liu et al., "Muon is Scalable for LLM
        Training", 2025, for rms_rate.

    >>> Muon().get_config()["ns_steps"]
    5
    """

    def __init__(self, learning_rate: Rate = 0.001, adam_beta_1: float = 0.9, adam_beta_2: float = 0.999,
                 adam_weight_decay: float | None = 0.004, epsilon: float = 1e-7, weight_decay: float | None = 0.004, *,
                 exclude_layers: Sequence[str] | None = None, exclude_embeddings: bool = True, muon_a: float = 3.4445,
                 muon_b: float = -4.775, muon_c: float = 2.0315, adam_lr_ratio: float = 1, momentum: float = 0.95,
                 ns_steps: int = 5, nesterov: bool = True, rms_rate: float | None = 0.2, **shared: Unpack[Common]) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **shared)
        self.adam_beta_1 = self._number(adam_beta_1, "adam_beta_1", 0, 1)
        self.adam_beta_2 = self._number(adam_beta_2, "adam_beta_2", 0, 1)
        self.adam_weight_decay = self._optional(adam_weight_decay, "adam_weight_decay")
        self.epsilon, self.adam_lr_ratio = self._number(epsilon, "epsilon"), self._number(adam_lr_ratio, "adam_lr_ratio")
        self.muon_a, self.muon_b = self._number(muon_a, "muon_a"), self._number(muon_b, "muon_b")
        self.muon_c, self.momentum = self._number(muon_c, "muon_c"), self._number(momentum, "momentum", 0, 1)
        self.rms_rate = self._optional(rms_rate, "rms_rate")
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

    def rule(self, w: Array, g: Array, rate: float, t: Array, m: Array, *velocity: Array) -> None:
        if velocity:
            self._adam_rule(w, g, rate * self.adam_lr_ratio, t, m, velocity[0])
            return
        m += g + m * F(self.momentum - 1)
        step = self._orthogonal(g + F(self.momentum) * m if self.nesterov else m) * F(rate)
        if self.rms_rate is not None:
            step = step * np.sqrt(F(max(step.shape))) * F(self.rms_rate)
        w -= step

    def _adam_rule(self, w: Array, g: Array, rate: float, t: Array, m: Array, v: Array) -> None:
        one, first, second, count = map(F, (1.0, self.adam_beta_1, self.adam_beta_2, self.updates + 1))
        approach(m, g, 1.0 - self.adam_beta_1, t)
        approach(v, g * g, 1.0 - self.adam_beta_2, t)
        alpha = F(rate) * np.sqrt(one - second**count) / (one - first**count)
        w -= m * alpha / (np.sqrt(v) + F(self.epsilon))

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
