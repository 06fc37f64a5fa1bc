"""The compiled kernels: which one runs a step, and what the machine is like."""

from collections.abc import Callable
from functools import lru_cache

import numba

from konv.kernels import (
    activation,
    depthwise,
    elementwise,
    norm,
    packs,
    pool,
    product,
    resample,
    sample_norm,
    strided,
    update,
    winograd,
)
from konv.kernels.jit import LANES, REGISTERS
from konv.plan.steps import Step
from konv.plan.tiling import Machine

# kernels of which each variant is compiled by itself
FACTORIES = {
    "product": product.make_product,
    "kernel_product": product.make_kernel_product,
    "winograd": winograd.make_winograd,
    "winograd_kernel": winograd.make_winograd_kernel,
    "depthwise": depthwise.make_depthwise,
    "depthwise_kernel": depthwise.make_depthwise_kernel,
    "max_pool": pool.make_max_pool,
    "max_pool_backward": pool.make_max_pool_backward,
    "norm_pool_backward": pool.make_norm_pool_backward,
    "move": strided.make_move,
    "binary": strided.make_binary,
    "binary_backward": strided.make_binary_backward,
    "activation": activation.make_activation,
    "activation_backward": activation.make_activation_backward,
}
MODULES = (elementwise, norm, packs, pool, resample, sample_norm, strided, update, winograd)


@lru_cache(None)
def dispatcher(name: str, variant: tuple[int, ...]):
    """The jitted function of a kernel."""
    if name in FACTORIES:
        return FACTORIES[name](*variant)
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


def overload(step: Step, args: tuple):
    """What Numba keeps of the function for arguments of these types."""
    function = dispatcher(step.kernel, step.variant)
    signature = tuple(numba.typeof(arg) for arg in args)
    function.compile(signature)
    return function.overloads[signature]


def resolve(step: Step, args: tuple) -> Callable:
    """The compiled function for arguments of these types, without Numba's look-up at each call."""
    return overload(step, args).entry_point


def machine() -> Machine:
    """This machine, in the words of the plan."""
    return Machine(LANES, REGISTERS)
