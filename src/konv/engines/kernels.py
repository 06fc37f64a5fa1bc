"""Which set of kernels runs the steps of a plan: the compiled ones, or their NumPy twins."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from konv.engines.calls import NativeCalls
from konv.engines.cpu import Program
from konv.engines.threads import Threads
from konv.kernels import reference
from konv.plan.steps import Plan, Step
from konv.plan.tiling import Machine
from konv.variables import Variable


@dataclass(frozen=True)
class Kernels:
    """A set of kernels: `resolve(step, args)` gives the function for a step and arguments of these types."""

    machine: Machine
    resolve: Callable[[Step, tuple], Callable]
    dtype: type = np.float32
    native: Callable[[Step, tuple], Any] | None = None  # the same for NativeCalls

    def program(self, plan: Plan, weights: Mapping[str, Variable], threads: Threads) -> Program:
        """A plan run by these kernels."""
        if self.native is None:
            return Program(plan, weights, self.resolve, threads, self.dtype)
        return Program(plan, weights, self.native, threads, self.dtype, NativeCalls)


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
    # an exception that a checked index raises is for the interpreter to show
    native = None if os.environ.get("NUMBA_BOUNDSCHECK") else compiled.compiled
    return Kernels(compiled.machine(), compiled.resolve, native=native)
