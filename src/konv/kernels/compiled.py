"""The compiled kernels: which one runs a step, and what the machine is like."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numba

from konv.kernels import (
    depthwise_conv as depthwise,
)
from konv.kernels import (
    norm,
    packs,
    pixelwise,
    pointwise,
    pool,
    product,
    resample,
    sample_norm,
    strided,
    update,
    winograd,
)
from konv.kernels.jit import LANES, REGISTERS
from konv.plan.contracts import CONTRACTS
from konv.plan.steps import Step
from konv.plan.tiling import Machine

MODULES = (depthwise, norm, packs, pixelwise, pointwise, pool, product, resample, sample_norm, strided, update, winograd)


@lru_cache(None)
def dispatcher(name: str, variant: tuple[int, ...]):
    """The jitted function of a kernel, which takes what its contract says."""
    factory = next((getattr(module, f"make_{name}") for module in MODULES if hasattr(module, f"make_{name}")), None)
    if factory is None:
        function = next(getattr(module, name) for module in MODULES if hasattr(module, name))
    else:
        _check(f"make_{name}", factory, CONTRACTS[name].statics)
        function = factory(*variant)
    if name in CONTRACTS:
        _check(name, function.py_func, CONTRACTS[name].parameters)
    return function


def _check(name: str, function: Callable, wanted: tuple[str, ...]) -> None:
    found = function.__code__.co_varnames[:function.__code__.co_argcount]
    if found != wanted:
        raise TypeError(f"{name} takes {found}, but its contract says {wanted}")


def overload(step: Step, args: tuple[Any, ...]) -> Any:
    """What Numba keeps of the function for arguments of these types."""
    function = dispatcher(step.kernel, step.variant)
    signature = tuple(numba.typeof(arg) for arg in args)
    function.compile(signature)
    return function.overloads[signature]


def resolve(step: Step, args: tuple[Any, ...]) -> Callable[..., None]:
    """The compiled function for arguments of these types, without Numba's look-up at each call."""
    return overload(step, args).entry_point


def machine() -> Machine:
    """This machine, in the words of the plan."""
    return Machine(LANES, REGISTERS)
