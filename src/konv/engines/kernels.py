"""Which set of kernels runs the steps of a plan: the compiled ones, or their NumPy twins."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from konv.kernels import reference
from konv.plan.steps import Step
from konv.plan.tiling import Machine


@dataclass(frozen=True)
class Kernels:
    """A set of kernels: `resolve(step, args)` gives the function for a step and arguments of these types."""

    machine: Machine
    resolve: Callable[[Step, tuple], Callable]
    dtype: type = np.float32


def _reference(step: Step, args: tuple) -> Callable:
    kernel = getattr(reference, step.kernel)
    options = reference.VARIANTS[step.kernel](step.variant) if step.kernel in reference.VARIANTS else {}
    return partial(kernel, **options) if options else kernel


def reference_kernels(dtype: type = np.float32, machine: Machine = Machine()) -> Kernels:  # noqa: B008 (frozen)
    """The NumPy twins; float64 is what finite differences need."""
    return Kernels(machine, _reference, dtype)


@cache
def default_kernels() -> Kernels:
    """The compiled kernels, or the reference where KONV_ENGINE=reference or Numba is missing."""
    if os.environ.get("KONV_ENGINE", "cpu") == "reference":
        return reference_kernels()
    try:
        from konv.kernels import compiled
    except ImportError:
        return reference_kernels()
    return Kernels(compiled.machine(), compiled.resolve)
