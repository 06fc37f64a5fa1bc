"""The compiled kernels: which one runs a step, and what the machine is like."""

import os
from collections.abc import Callable
from functools import lru_cache

import numba
from llvmlite import binding

from konv.kernels import activation, elementwise, norm, packs, pool, product
from konv.plan.steps import Step
from konv.plan.tiling import Machine

# kernels of which each variant is compiled by itself
FACTORIES = {
    "product": product.make_product,
    "kernel_product": product.make_kernel_product,
    "max_pool": pool.make_max_pool,
    "activation": activation.make_activation,
    "activation_backward": activation.make_activation_backward,
}
MODULES = (elementwise, norm, packs, pool)


@lru_cache(None)
def dispatcher(name: str, variant: tuple[int, ...]):
    """The jitted function of a kernel."""
    if name in FACTORIES:
        return FACTORIES[name](*variant)
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


def resolve(step: Step, args: tuple) -> Callable:
    """The compiled function for arguments of these types, without Numba's look-up at each call."""
    function = dispatcher(step.kernel, step.variant)
    signature = tuple(numba.typeof(arg) for arg in args)
    function.compile(signature)
    return function.overloads[signature].entry_point


LANES = {"avx512": 16, "avx2": 8, "neon": 4}


@lru_cache(None)
def machine() -> Machine:
    """This machine; KONV_SIMD=avx512, avx2 or neon forces the width of its vectors."""
    wanted = os.environ.get("KONV_SIMD", "").lower()
    if wanted and wanted not in LANES:
        raise ValueError(f"KONV_SIMD must be one of {', '.join(LANES)}, got {wanted!r}")
    features = binding.get_host_cpu_features()
    if not wanted:
        arm = binding.get_process_triple().startswith(("aarch64", "arm64"))
        wanted = "neon" if arm else "avx512" if features.get("avx512f") else "avx2"
    registers = 32 if wanted in ("avx512", "neon") else 16
    return Machine(LANES[wanted], registers)
