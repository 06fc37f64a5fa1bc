"""How every kernel is compiled, and for which vectors."""

import os
import zlib
from functools import cache
from pathlib import Path

import numba
from llvmlite import binding
from numba import njit

from konv.ir import array_ops, augment_ops, scalar_functions
from konv.plan import contracts

# contract and reassoc let sums become vectors of fused multiply-adds; values that are not finite stay what they are
FLAGS = {"nogil": True, "cache": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}
WIDTHS = {"avx512": 16, "avx2": 8, "neon": 4}  # float32 elements in a register


def _instructions() -> str:
    """The widest vectors of this machine; KONV_SIMD forces others."""
    wanted = os.environ.get("KONV_SIMD", "").lower()
    if wanted and wanted not in WIDTHS:
        raise ValueError(f"KONV_SIMD must be one of {', '.join(WIDTHS)}, got {wanted!r}")
    if wanted:
        return wanted
    if binding.get_process_triple().startswith(("aarch64", "arm64")):
        return "neon"
    return "avx512" if binding.get_host_cpu_features().get("avx512f") else "avx2"


SIMD = _instructions()
LANES = WIDTHS[SIMD]
REGISTERS = 16 if SIMD == "avx2" else 32


@cache
def _fingerprint() -> str:
    """Numba's disk cache notices neither a change in another file, nor one of the flags, nor another width.
    With this in the name of each kernel it looks under another name."""
    # what kernels take, and what they compute
    elsewhere = [Path(module.__file__) for module in (contracts, array_ops, augment_ops, scalar_functions)]
    sources = b"".join(path.read_bytes() for path in (*sorted(Path(__file__).parent.glob("*.py")), *elsewhere))
    # sorted: the order of a set of strings is another one in each process
    flags = [(name, sorted(value) if isinstance(value, set) else value) for name, value in FLAGS.items()]
    settings = repr((flags, numba.__version__, os.environ.get("NUMBA_BOUNDSCHECK"))).encode()
    return f"{zlib.crc32(sources + settings):08x}_{SIMD}"


def kernel(function):
    """Compile without the interpreter's lock, into the disk cache.

    The plain ints and names of a variant become part of its name. Numba numbers functions of one name in the order in which a
    process compiles them, so two variants that come from the cache, where different processes left them, may have one symbol:
    and who asks for its address gets that of the one that was loaded last.
    """
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    variant = "".join(f"_{value}" for value in cells if isinstance(value, (int, str)))
    function.__qualname__ = f"{function.__name__}{variant}_{_fingerprint()}"
    return njit(**FLAGS)(function)
