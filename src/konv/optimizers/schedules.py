"""Learning rates that depend on the step, under the names of keras.optimizers.schedules."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from konv.errors import KonvError
from konv.hints import module_attributes
from konv.registry import Registry


class LearningRateSchedule:
    """Base class: called with the number of steps made so far, gives the rate of the next.

    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.5 ** step
    >>> Halving()(2)
    0.25
    """

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say its rate: add __call__(step)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to write its arguments: add get_config()")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LearningRateSchedule":
        return cls(**config)


class Schedule(LearningRateSchedule):
    """A schedule of konv: a dataclass of its arguments, and `rate`, which gives the rate of one step."""

    def rate(self, step: float) -> float:
        """The rate of the step after `step` others."""
        raise NotImplementedError

    def __call__(self, step: Any) -> Any:
        """The rate of one step, or of every step in an array, as for a curve."""
        if not getattr(step, "ndim", 0):
            return float(self.rate(float(step)))
        import numpy as np

        steps = np.asarray(step)
        return np.array([self.rate(one) for one in steps.ravel().tolist()], np.float32).reshape(steps.shape)

    def __post_init__(self) -> None:
        for argument in ("decay_steps", "first_decay_steps"):
            steps = getattr(self, argument, 1)
            if not steps > 0:
                raise KonvError(f"{type(self).__name__}: {argument} must be > 0, got {steps!r}")

    def get_config(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


@dataclass(eq=False, repr=False)
class ExponentialDecay(Schedule):
    """initial * decay_rate ^ (step / decay_steps), the exponent cut to an integer if `staircase`.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def rate(self, step: float) -> float:
        exponent = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(exponent) if self.staircase else exponent)


@dataclass(eq=False, repr=False)
class PiecewiseConstantDecay(Schedule):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], and so on.

    >>> [PiecewiseConstantDecay([5], [0.1, 0.01])(step) for step in (5, 6)]
    [0.1, 0.01]
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        if len(self.boundaries) != len(self.values) - 1:
            raise KonvError(f"PiecewiseConstantDecay: {len(self.boundaries)} boundaries need {len(self.boundaries) + 1} "
                            f"values, got {len(self.values)}")

    def rate(self, step: float) -> float:
        return self.values[sum(step > boundary for boundary in self.boundaries)]


@dataclass(eq=False, repr=False)
class CosineDecay(Schedule):
    """Half a cosine from the initial rate down to alpha times it, after an optional linear rise to `warmup_target`.

    Reference:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.

    >>> [round(CosineDecay(0.1, decay_steps=100)(step), 3) for step in (0, 50, 100)]
    [0.1, 0.05, 0.0]
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: float = 0

    def rate(self, step: float) -> float:
        start = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return start + (self.warmup_target - start) * step / self.warmup_steps
            start, step = self.warmup_target, step - self.warmup_steps
        wave = 0.5 * (1.0 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps))
        return start * ((1.0 - self.alpha) * wave + self.alpha)


@dataclass(eq=False, repr=False)
class PolynomialDecay(Schedule):
    """(initial - end) * (1 - step / decay_steps) ^ power + end; with `cycle` it begins again, ever longer.

    >>> [round(PolynomialDecay(0.1, 10, end_learning_rate=0.0)(step), 3) for step in (0, 5, 20)]
    [0.1, 0.05, 0.0]
    """

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def rate(self, step: float) -> float:
        steps, end = self.decay_steps, float(self.end_learning_rate)
        if self.cycle:
            steps *= math.ceil(step / steps) or 1
        remaining = 1.0 - min(step, steps) / steps
        return (float(self.initial_learning_rate) - end) * remaining**self.power + end


@dataclass(eq=False, repr=False)
class InverseTimeDecay(Schedule):
    """initial / (1 + decay_rate * step / decay_steps), the quotient cut to an integer if `staircase`.

    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)
    0.05
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "InverseTimeDecay"

    def rate(self, step: float) -> float:
        quotient = step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (int(quotient) if self.staircase else quotient))


@dataclass(eq=False, repr=False)
class CosineDecayRestarts(Schedule):
    """Half a cosine, again and again: each `t_mul` times as long and from `m_mul` times the height of the one before.

    Reference:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.

    >>> [round(CosineDecayRestarts(0.1, 10)(step), 3) for step in (0, 5, 10, 20)]
    [0.1, 0.05, 0.1, 0.05]
    """

    initial_learning_rate: float
    first_decay_steps: float
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def rate(self, step: float) -> float:
        restarts, length = 0, self.first_decay_steps
        while step >= length:  # adding up is exact where Keras's logarithm of the float32 step may be one period off
            step, length, restarts = step - length, length * self.t_mul, restarts + 1
        wave = 0.5 * self.m_mul**restarts * (1.0 + math.cos(math.pi * step / length))
        return self.initial_learning_rate * ((1.0 - self.alpha) * wave + self.alpha)


_registry = Registry("learning rate schedule", "keras.optimizers.schedules", (
    ExponentialDecay, PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay, CosineDecay, CosineDecayRestarts))


def serialize(learning_rate_schedule: Any) -> Any:
    """The dict that Keras writes for a schedule.

    >>> serialize(ExponentialDecay(0.1, 10, 0.5))["class_name"]
    'ExponentialDecay'
    """
    return _registry.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The inverse of `serialize`.

    >>> deserialize(serialize(ExponentialDecay(0.1, 10, 0.5)))(10)
    0.05
    """
    return _registry.deserialize(config, custom_objects)


__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
