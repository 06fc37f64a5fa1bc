"""Calling compiled kernels without the interpreter: a pass through a network is one call for each thread.

A kernel's machine code takes its arguments one by one, an array as pointer, sizes and strides. They are laid out as 64-bit
words once; a small function for each combination of argument types, a thunk, loads them and calls. `work` walks through
the list of calls: threads claim units of a segment from a counter, and wait for each other by another one.
"""

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from konv.kernels.jit import kernel

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
BYTES = I8.as_pointer()
VALUE, NOTHING = 0, -2  # what a kernel says that has run to its end
SPINS = 2000  # looks at a counter before another program gets the core

_engines: list[Any] = []  # the machine code of the thunks lives as long as these
_thunks: dict[str, int] = {}


def addresses(results: Iterable[Any]) -> list[tuple[int, int]]:
    """For each compiled kernel (what Numba keeps of it) the addresses of the thunk for its types, and of itself."""
    kinds = []
    for result in results:
        context, described = result.target_context, result.fndesc
        kinds.append(context.call_conv.get_function_type(described.restype, described.argtypes))
    names = [str(kind) for kind in kinds]
    missing = {name: kind for name, kind in zip(names, kinds, strict=True) if name not in _thunks}
    if missing:
        _compile(missing)
    return [(_thunks[name], result.library.get_pointer_to_function(result.fndesc.llvm_func_name))
            for name, result in zip(names, results, strict=True)]


def _compile(kinds: Mapping[str, ir.FunctionType]) -> None:
    """int thunk(kernel, words) for each kind of kernel: call it with the arguments in the words, and hand on what it says."""
    module = ir.Module()
    functions = {name: _thunk(module, f"konv_thunk_{len(_thunks) + i}", kind) for i, (name, kind) in enumerate(kinds.items())}
    target = binding.Target.from_default_triple().create_target_machine(opt=1)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(str(module)), target)
    engine.finalize_object()
    _engines.append(engine)
    _thunks.update((name, engine.get_function_address(function.name)) for name, function in functions.items())


def _thunk(module: ir.Module, name: str, kind: ir.FunctionType) -> ir.Function:
    function = ir.Function(module, ir.FunctionType(I32, [BYTES, I64.as_pointer()]), name)
    builder = ir.IRBuilder(function.append_basic_block())
    pointer, words = function.args
    result, failure = (builder.alloca(argument.pointee) for argument in kind.args[:2])
    arguments = []
    for position, wanted in enumerate(kind.args[2:]):
        place = builder.gep(words, [I64(position)])
        if isinstance(wanted, ir.PointerType):
            arguments.append(builder.inttoptr(builder.load(place), wanted))
        else:
            arguments.append(builder.load(builder.bitcast(place, wanted.as_pointer())))  # the low bytes come first
    builder.ret(builder.call(builder.bitcast(pointer, kind.as_pointer()), [result, failure, *arguments]))
    return function


def words(arg: Any) -> list[int]:
    """An argument as its machine code takes it."""
    if isinstance(arg, np.ndarray):
        return [0, 0, arg.size, arg.itemsize, arg.ctypes.data, *arg.shape, *arg.strides]
    return [int.from_bytes(np.asarray(arg).tobytes().ljust(8, b"\0"), "little", signed=True)]


DATA = 4  # the word of an array that says where it is


@intrinsic
def take(typing, array, index):
    """array[index], which is one more afterwards: no two threads get the same number."""

    def emit(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [args[1]]), I64(1), "seq_cst")

    return types.int64(array, types.intp), emit


@intrinsic
def look(typing, array, index):
    """array[index], as the other threads have left it."""

    def emit(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.load_atomic(builder.gep(data, [args[1]]), "acquire", 8)

    return types.int64(array, types.intp), emit


@intrinsic
def call(typing, function, first, second):
    """int function(first, second), all of them addresses."""

    def emit(context, builder, signature, args):
        kind = ir.FunctionType(I32, [BYTES, BYTES])
        function, *addresses = (builder.inttoptr(arg, kind.as_pointer() if i == 0 else BYTES) for i, arg in enumerate(args))
        return builder.sext(builder.call(function, addresses), I64)

    return types.int64(*[types.int64] * 3), emit


@kernel
def work(units, calls, records, claimed, done, failed, give_way):
    # units (S + 1,): the first unit of each segment  calls (U + 1,): the first call of each unit
    # records (C, 3): thunk, kernel, words  claimed, done (S,): units begun and ended  failed (1,): 1 + a call that went wrong
    # give_way: the address of a function that lets another program have the core, or 0
    for s in range(claimed.size):
        first, total = units[s], units[s + 1] - units[s]
        while True:
            unit = take(claimed, s)
            if unit >= total:
                break
            for c in range(calls[first + unit], calls[first + unit + 1]):
                said = call(records[c, 0], records[c, 1], records[c, 2])
                if said != VALUE and said != NOTHING:
                    failed[0] = c + 1
            take(done, s)
        spins = 0
        while look(done, s) < total:
            spins += 1
            if spins > SPINS and give_way != 0:
                call(give_way, 0, 0)
                spins = 0


def give_way() -> int:
    """The address of the system's function to let another program have the core; 0 where there is none by that name."""
    system = ctypes.CDLL(None) if hasattr(ctypes, "CDLL") else None
    function = getattr(system, "sched_yield", None)
    return ctypes.cast(function, ctypes.c_void_p).value or 0 if function else 0


def compiled_work(args: Sequence[Any]):
    """`work` for arguments of these types, without Numba's look-up at each call."""
    signature = tuple(numba.typeof(arg) for arg in args)
    work.compile(signature)
    return work.overloads[signature].entry_point
