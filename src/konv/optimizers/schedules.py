"""Learning rates that depend on the step, under the names of keras.optimizers.schedules."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from konv.errors import KonvError
from konv.hints import module_attributes
from konv.registry import Registry


class LearningRateSchedule:
    """Base class: called with the number of steps made so far, gives the rate of the next."""

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say its rate: add __call__(step)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to write its arguments: add get_config()")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LearningRateSchedule":
        return cls(**config)


def each(rate: Callable[[Any, float], float]) -> Callable[[Any, Any], Any]:
    """The rate of one step, or of every step in an array, as for a curve."""

    @wraps(rate)
    def rates(self: Any, step: Any) -> Any:
        if not getattr(step, "ndim", 0):
            return rate(self, step)
        import numpy as np

        steps = np.asarray(step)
        return np.array([rate(self, one) for one in steps.ravel().tolist()], np.float32).reshape(steps.shape)

    return rates


class ExponentialDecay(LearningRateSchedule):
    """initial * decay_rate ^ (step / decay_steps), the exponent cut to an integer if `staircase`.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        self.initial_learning_rate, self.decay_rate, self.staircase = initial_learning_rate, decay_rate, staircase
        self.decay_steps = _positive(decay_steps, "ExponentialDecay")
        self.name = name

    @each
    def __call__(self, step: float) -> float:
        exponent = float(step) / self.decay_steps
        if self.staircase:
            exponent = math.floor(exponent)
        return float(self.initial_learning_rate * self.decay_rate**exponent)

    def get_config(self) -> dict[str, Any]:
        return {"initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
                "decay_rate": self.decay_rate, "staircase": self.staircase, "name": self.name}


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], and so on.

    >>> [PiecewiseConstantDecay([5], [0.1, 0.01])(step) for step in (5, 6)]
    [0.1, 0.01]
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise KonvError(f"PiecewiseConstantDecay: {len(boundaries)} boundaries need {len(boundaries) + 1} values, "
                            f"got {len(values)}")
        self.boundaries, self.values, self.name = boundaries, values, name

    @each
    def __call__(self, step: float) -> float:
        passed = sum(float(step) > boundary for boundary in self.boundaries)
        return float(self.values[passed])

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial rate down to alpha times it, after an optional linear rise to `warmup_target`.

    >>> [round(CosineDecay(0.1, decay_steps=100)(step), 3) for step in (0, 50, 100)]
    [0.1, 0.05, 0.0]
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay", warmup_target=None,
                 warmup_steps=0):
        self.initial_learning_rate, self.alpha, self.name = initial_learning_rate, alpha, name
        self.decay_steps = _positive(decay_steps, "CosineDecay")
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    @each
    def __call__(self, step: float) -> float:
        start, step = self.initial_learning_rate, float(step)
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return float(start + (self.warmup_target - start) * step / self.warmup_steps)
            start, step = self.warmup_target, step - self.warmup_steps
        wave = 0.5 * (1.0 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps))
        return float(start * ((1.0 - self.alpha) * wave + self.alpha))

    def get_config(self) -> dict[str, Any]:
        return {"initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
                "alpha": self.alpha, "name": self.name, "warmup_target": self.warmup_target,
                "warmup_steps": self.warmup_steps}


class PolynomialDecay(LearningRateSchedule):
    """(initial - end) * (1 - step / decay_steps) ^ power + end; with `cycle` it begins again, ever longer.

    >>> [round(PolynomialDecay(0.1, 10, end_learning_rate=0.0)(step), 3) for step in (0, 5, 20)]
    [0.1, 0.05, 0.0]
    """

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False,
                 name="PolynomialDecay"):
        self.initial_learning_rate, self.end_learning_rate = initial_learning_rate, end_learning_rate
        self.decay_steps = _positive(decay_steps, "PolynomialDecay")
        self.power, self.cycle, self.name = power, cycle, name

    @each
    def __call__(self, step: float) -> float:
        step, steps, end = float(step), self.decay_steps, float(self.end_learning_rate)
        if self.cycle:
            steps *= math.ceil(step / steps) or 1
        left = 1.0 - min(step, steps) / steps
        return (float(self.initial_learning_rate) - end) * left**self.power + end

    def get_config(self) -> dict[str, Any]:
        return {"initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
                "end_learning_rate": self.end_learning_rate, "power": self.power, "cycle": self.cycle, "name": self.name}


class InverseTimeDecay(LearningRateSchedule):
    """initial / (1 + decay_rate * step / decay_steps), the quotient cut to an integer if `staircase`.

    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)
    0.05
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        self.initial_learning_rate, self.decay_rate, self.staircase = initial_learning_rate, decay_rate, staircase
        self.decay_steps = _positive(decay_steps, "InverseTimeDecay")
        self.name = name

    @each
    def __call__(self, step: float) -> float:
        quotient = float(step) / self.decay_steps
        return float(self.initial_learning_rate / (1 + self.decay_rate * (int(quotient) if self.staircase else quotient)))

    def get_config(self) -> dict[str, Any]:
        return {"initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
                "decay_rate": self.decay_rate, "staircase": self.staircase, "name": self.name}


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine, again and again: each `t_mul` times as long and from `m_mul` times the height of the one before.

    >>> [round(CosineDecayRestarts(0.1, 10)(step), 3) for step in (0, 5, 10, 20)]
    [0.1, 0.05, 0.1, 0.05]
    """

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name="SGDRDecay"):
        self.initial_learning_rate, self.alpha, self.name = initial_learning_rate, alpha, name
        self.first_decay_steps = _positive(first_decay_steps, "CosineDecayRestarts", "first_decay_steps")
        self._t_mul, self._m_mul = t_mul, m_mul

    @each
    def __call__(self, step: float) -> float:
        restarts, at, length = 0, float(step), self.first_decay_steps
        while at >= length:  # adding up is exact where Keras's logarithm of the float32 step may be one period off
            at, length, restarts = at - length, length * self._t_mul, restarts + 1
        wave = 0.5 * self._m_mul**restarts * (1.0 + math.cos(math.pi * at / length))
        return float(self.initial_learning_rate * ((1.0 - self.alpha) * wave + self.alpha))

    def get_config(self) -> dict[str, Any]:
        return {"initial_learning_rate": self.initial_learning_rate, "first_decay_steps": self.first_decay_steps,
                "t_mul": self._t_mul, "m_mul": self._m_mul, "alpha": self.alpha, "name": self.name}


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


def _positive(steps: Any, owner: str, argument: str = "decay_steps") -> Any:
    if not steps > 0:
        raise KonvError(f"{owner}: {argument} must be > 0, got {steps!r}")
    return steps


__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
