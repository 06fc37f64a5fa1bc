"""Which set of kernels runs the steps of a plan: the compiled ones, or their NumPy twins."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from konv.kernels import reference
from konv.kernels.calls import Given, Plain, Section
from konv.plan.steps import Step
from konv.plan.tiling import Machine
from konv.runtime.threads import Threads

Run = Callable[[int, Given], None]


@dataclass(frozen=True)
class KernelSet:
    """A set of kernels: `resolve(step, args)` gives the function for a step and arguments of these types.

    With `native` threads of their own call them without Python (konv.kernels.command_buffer).
    """

    machine: Machine
    resolve: Callable[[Step, tuple[Any, ...]], Callable[..., None]]
    dtype: type = np.float32
    native: bool = False

    def bind(self, sections: Sequence[Section], locals: Sequence[np.ndarray], threads: Threads) -> Run:
        """The function run(n, given) that makes these calls for n samples and the caller's arrays by name."""
        if not self.native:
            return Plain(sections, self.resolve).run
        from konv.kernels.command_buffer import CommandBuffer

        return partial(CommandBuffer(sections, locals).run, threads.lead)


def _reference(step: Step, args: tuple[Any, ...]) -> Callable[..., None]:
    kernel = getattr(reference, step.kernel)
    code = kernel.__code__
    options = code.co_varnames[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]
    return partial(kernel, **{name: getattr(step.args, name) for name in options}) if options else kernel


def reference_kernels(dtype: type = np.float32, machine: Machine = Machine()) -> KernelSet:  # noqa: B008 (frozen)
    """The NumPy twins; float64 is what finite differences need."""
    return KernelSet(machine, _reference, dtype)


@cache
def default_kernels() -> KernelSet:
    """The compiled kernels, or the reference where KONV_ENGINE=reference or Numba is missing."""
    if os.environ.get("KONV_ENGINE", "cpu") == "reference":
        return reference_kernels()
    try:
        from konv.kernels import compiled
    except ImportError:
        return reference_kernels()
    # an error of Numba's own, with its index, needs Python to be raised
    native = os.environ.get("NUMBA_BOUNDSCHECK", "0") in ("", "0")
    return KernelSet(compiled.machine(), compiled.resolve, native=native)
