"""How every kernel is compiled. Numba's cache does not notice a change of these flags: empty it after one."""

from numba import njit

# contract and reassoc let sums become vectors of fused multiply-adds; numbers that are not finite stay what they are
FLAGS = {"nogil": True, "cache": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}


def kernel(function):
    """Compile without the interpreter's lock, into the disk cache."""
    return njit(**FLAGS)(function)
