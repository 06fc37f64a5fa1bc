"""Runs the calls of a pass without Python: everything they need is written into one array of integers, the command buffer.

Compiled kernels take an array as seven and more words. The buffer holds these for each call ("words"), ready to be loaded,
and says which of them depend on samples, parts, thread or the caller's arrays ("patches": a sum of two entries of the
thread's table, each times a factor). Threads claim units of work from counters in the buffer and meet after each section.
"""

import os
import platform
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from konv.kernels.calls import (
    COUNT,
    FIRST,
    GIVEN,
    HOME,
    LOW,
    NOTHING,
    ONE,
    OWN,
    PART,
    SHARES,
    Given,
    GivenScalar,
    KernelCall,
    RowSlice,
    Section,
    TableEntry,
)
from konv.kernels.compiled import overload
from konv.kernels.jit import kernel
from konv.plan.steps import PARTS

I32, I64 = ir.IntType(32), ir.IntType(64)
WORDS = types.CPointer(types.int64)
LINE = 8  # words of a cache line: what one thread writes, others do not wait for

# The head of a command buffer: number of samples, of sections; where each kind of entry begins, how far apart those of two
# threads are
N, LENGTH, SECTIONS, UNITS, CALLS, PATCHES, TABLES, TABLE, ARGS, ARG, FAILED, HEAD = range(12)
# Words of an entry. Section: counters of units claimed and done, first unit, whether units differ, how many, block
SECTION, UNIT, CALL, PATCH = 6, 2, 5, 5

# The board where helping threads look for work: a ticket that is odd while there is some, the command buffer,
# how many threads have it in their hands, how many are awake
TICKET, BUFFER, INSIDE, AWAKE, BOARD = (LINE * slot for slot in range(5))
PATIENCE = 100  # pauses, some 40 ns each, before a thread that waits lets others have its core

give_way = types.ExternalFunction("SwitchToThread" if os.name == "nt" else "sched_yield", types.int32())
PAUSE = {"x86_64": ("llvm.x86.sse2.pause", ()), "aarch64": ("llvm.aarch64.hint", (1,))}.get(
    platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64"))


# --- words of LLVM ----------------------------------------------------------------------------------


@intrinsic
def memory(typing, address):
    """The integers at an address."""
    return WORDS(types.int64), lambda context, builder, sig, args: builder.inttoptr(args[0], I64.as_pointer())


@intrinsic
def increase(typing, words, index, by):
    """Add to words[index] and return what was there, in one go."""

    def emit(context, builder, sig, args):
        return builder.atomic_rmw("add", builder.gep(args[0], [args[1]]), args[2], "seq_cst")

    return types.int64(WORDS, types.int64, types.int64), emit


@intrinsic
def look(typing, words, index):
    """words[index] as the other threads last wrote it."""

    def emit(context, builder, sig, args):
        return builder.load_atomic(builder.gep(args[0], [args[1]]), "seq_cst", 8)

    return types.int64(WORDS, types.int64), emit


@intrinsic
def pause(typing):
    """Wait for a moment, and let the other thread of this core work."""

    def emit(context, builder, sig, args):
        if PAUSE is not None:
            name, hints = PAUSE
            function = builder.module.globals.get(name) or ir.Function(
                builder.module, ir.FunctionType(ir.VoidType(), [I32] * len(hints)), name)
            builder.call(function, [ir.Constant(I32, hint) for hint in hints])
        return context.get_dummy_value()

    return types.void(), emit


@intrinsic
def invoke(typing, thunk, function, words, index):
    """Call the function with the words from words[index] on; whether it failed."""

    def emit(context, builder, sig, args):
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(I32, [pointer, I64.as_pointer()])
        status = builder.call(builder.inttoptr(args[0], kind.as_pointer()),
                              [builder.inttoptr(args[1], pointer), builder.gep(args[2], [args[3]])])
        return builder.sext(status, I64)

    return types.int64(types.int64, types.int64, WORDS, types.int64), emit


# --- the threads at work ----------------------------------------------------------------------------


@kernel
def work(buffer, thread):
    """Do what remains of a command buffer, and return when nothing remains to be waited for."""
    p = memory(buffer)
    n, table, args = p[N], p[TABLES] + thread * p[TABLE], p[ARGS] + thread * p[ARG]
    shares = min(n, PARTS)
    p[table + SHARES] = shares
    for s in range(p[LENGTH]):
        section = p[SECTIONS] + s * SECTION
        first, differ, total, block = p[section + 2], p[section + 3], p[section + 4], p[section + 5]
        if block > 0:
            total = shares
        while total > 1 or thread == 0:  # one unit alone stays with the first thread and what it has in its cache
            unit = increase(p, section, 1)
            if unit >= total:
                break
            start, stop, step = 0, n, n
            if block > 0:
                start, stop, step = n * unit // shares, n * (unit + 1) // shares, block
            entry = p[UNITS] + (first + unit * differ) * UNIT
            p[table + PART] = unit
            for low in range(start, stop, step):
                p[table + LOW], p[table + COUNT], p[table + FIRST] = low, min(step, stop - low), low == start
                for c in range(p[entry], p[entry + 1]):
                    call = p[CALLS] + c * CALL
                    for q in range(p[call + 3], p[call + 4]):
                        a = p[PATCHES] + q * PATCH
                        p[args + p[a]] = p[table + p[a + 1]] * p[a + 2] + p[table + p[a + 3]] * p[a + 4]
                    if invoke(p[call], p[call + 1], p, args + p[call + 2]) != 0:
                        p[FAILED] = c + 1
            increase(p, section + 1, 1)
        looks = 0
        while look(p, section + 1) < total:
            looks += 1
            if looks < PATIENCE:
                pause()
            else:
                give_way()


@kernel
def lead(board, buffer, alone):
    """Do a whole command buffer, with the help of whoever looks at the board."""
    p, b = memory(buffer), memory(board)
    p[FAILED] = 0
    for s in range(p[LENGTH]):
        p[p[SECTIONS] + s * SECTION] = p[p[SECTIONS] + s * SECTION + 1] = 0
    if alone:
        work(buffer, 0)
        return
    b[BUFFER] = buffer
    increase(b, TICKET, 1)
    work(buffer, 0)
    increase(b, TICKET, 1)  # from here on nobody else takes the buffer up
    looks = 0
    while look(b, INSIDE) > 0:
        looks += 1
        if looks < PATIENCE:
            pause()
        else:
            give_way()


@kernel
def serve(board, thread, patience):
    """Help with every command buffer that comes, until none has come for `patience` looks."""
    b = memory(board)
    increase(b, AWAKE, 1)
    known = looks = 0
    while looks < patience:
        ticket = look(b, TICKET)
        if ticket % 2 and ticket != known:
            increase(b, INSIDE, 1)
            if look(b, TICKET) == ticket:
                work(b[BUFFER], thread)
            increase(b, INSIDE, -1)
            known, looks = ticket, 0
        looks += 1
        pause()
    increase(b, AWAKE, -1)


@cache
def entries() -> tuple[Callable[..., None], ...]:
    """lead(board, buffer, alone) and serve(board, thread, patience), compiled."""
    integer = types.int64
    for function, signature in ((lead, (integer, integer, types.boolean)), (serve, (integer,) * 3)):
        function.compile(signature)
    return tuple(next(iter(function.overloads.values())).entry_point for function in (lead, serve))


# --- writing a command buffer ---------------------------------------------------------------------------------


class CommandBuffer:
    """Sections with all that their calls need; `locals` is the memory of each thread."""

    def __init__(self, sections: Sequence[Section], locals: Sequence[np.ndarray]):
        self.sections, self.locals = sections, locals  # keeps the arrays alive
        self.wide = any(section.most > 1 for section in sections)
        self.calls = [call for section in sections for unit in section.units for call in unit]
        given = sorted({arg.given for call in self.calls for arg in call.args
                        if isinstance(arg, (RowSlice, GivenScalar)) and arg.given})
        self._given = {name: GIVEN + slot for slot, name in enumerate(given)}
        self._args: list[int] = []
        self._patches: list[tuple[int, int, int, int, int]] = []
        calls, signatures = [], []
        for call in self.calls:
            first, start = len(self._args), len(self._patches)
            compiled = self._write(call)
            calls.append((compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name), first, start,
                          len(self._patches)))
            signatures.append(_signature(compiled))
        self._lay(list(zip(thunks(signatures), *zip(*calls, strict=True), strict=True)))

    def _write(self, call: KernelCall):
        """Append the words and patches of a call; returns what Numba knows about the kernel."""
        table = {slot: int(slot in (ONE, COUNT, SHARES)) for slot in range(GIVEN)}
        like = call.at(table, {})
        for arg, value in zip(call.args, like, strict=True):
            at = len(self._args)
            self._args += _flat(value)
            if isinstance(arg, TableEntry):
                self._patches.append((at, arg.slot, 1, NOTHING, 0))
            elif isinstance(arg, GivenScalar):
                self._patches.append((at, self._given[arg.given], 1, NOTHING, 0))
            elif isinstance(arg, RowSlice):
                self._follow(at, arg)
        return overload(call.step, like)

    def _follow(self, at: int, rows: RowSlice) -> None:
        """The patches of an array whose words begin at `at`: its data, the number of its elements, of its rows."""
        start, step = address(rows.rows), rows.rows.strides[0]
        if rows.given:
            self._patches.append((at + 4, self._given[rows.given], 1, rows.first, step))
        elif rows.memory != ONE:
            assert rows.first == NOTHING
            self._patches.append((at + 4, rows.memory, 1, ONE, start - address(self.locals[0])))
        elif rows.first != NOTHING:
            self._patches.append((at + 4, ONE, start, rows.first, step))
        if rows.count is not None:
            self._patches.append((at + 2, rows.count, step // rows.rows.itemsize, NOTHING, 0))
            self._patches.append((at + 5, rows.count, 1, NOTHING, 0))

    def _lay(self, calls: list[tuple[int, ...]]) -> None:
        """Put everything into one array, each part at the beginning of a cache line."""
        sections, units, first = [], [], 0
        for section in self.sections:
            sections.append((0, 0, len(units), int(len(section.units) > 1), section.most, section.block))
            for unit in section.units:
                units.append((first, first + len(unit)))
                first += len(unit)
        table = _lines([0, 1, *[0] * (GIVEN - LOW + len(self._given))])
        words = _lines(self._args)
        threads = len(self.locals)
        parts = [_lines(part) for part in (sections, units, calls, self._patches)] + [np.tile(table, threads),
                                                                                     np.tile(words, threads)]
        head = -(-HEAD // LINE) * LINE
        *starts, size = (head + np.cumsum([0, *(part.size for part in parts)])).tolist()
        room = np.zeros(size + LINE, np.int64)
        self.words = room[-address(room) // 8 % LINE:]
        self.words[head:size] = np.concatenate(parts)
        self.words[:HEAD] = (0, len(sections), *starts[:TABLES - SECTIONS + 1], table.size, starts[-1], words.size, 0)
        self._tables = self.words[starts[4]:starts[5]].reshape(threads, -1)
        self._tables[:, OWN] = [address(own) for own in self.locals]
        self._tables[:, HOME] = address(self.locals[0])
        self.address = address(self.words)

    def run(self, lead: Callable[[int, bool], None], n: int, given: Given) -> None:
        """Do it for n samples. `lead(buffer, wide)` calls the function of this name above."""
        self.words[N] = n
        for name, slot in self._given.items():
            if name in given:
                value = given[name]
                self._tables[:, slot] = address(value) if isinstance(value, np.ndarray) else _flat(value)[0]
        lead(self.address, self.wide)
        failed = int(self.words[FAILED])
        if failed:
            step = self.calls[failed - 1].step
            raise RuntimeError(f'the kernel {step.kernel} of layer "{step.layer}" failed; NUMBA_BOUNDSCHECK=1 shows where')


def address(array: np.ndarray) -> int:
    """Where its elements begin."""
    return array.__array_interface__["data"][0]


def _lines(integers) -> np.ndarray:
    """As integers, up to the end of a cache line."""
    flat = np.array(integers, np.int64).reshape(-1)
    return np.concatenate([flat, np.zeros(-flat.size % LINE, np.int64)])


def _flat(value: object) -> list[int]:
    """The words of an argument: seven and more of an array (no owner, no parent: nobody counts references), one of a scalar,
    those of each field of a record."""
    if isinstance(value, tuple):
        return [word for item in value for word in _flat(item)]
    if isinstance(value, np.ndarray):
        return [0, 0, value.size, value.itemsize, address(value), *value.shape, *value.strides]
    return [int(np.array(value, np.float64).view(np.int64))] if isinstance(value, float) else [int(value)]  # type: ignore[arg-type]


def _signature(compiled) -> tuple[str, ...]:
    """The flat arguments of a kernel as LLVM names them."""
    kind = cpu_target.target_context.call_conv.get_function_type(compiled.fndesc.restype, compiled.fndesc.argtypes)
    return tuple("ptr" if arg.is_pointer else str(arg) for arg in kind.args)


_thunks: dict[tuple[str, ...], int] = {}
_engines: list = []  # hold the machine code


def thunks(signatures: Sequence[tuple[str, ...]]) -> list[int]:
    """For each signature the address of a function (kernel, words) that loads its arguments and calls it."""
    new = sorted(set(signatures) - _thunks.keys())
    if new:
        text = f'target triple = "{binding.get_process_triple()}"\n' + "\n".join(
            _thunk(f"konv_thunk_{number}", signature) for number, signature in enumerate(new, len(_thunks)))
        machine = binding.Target.from_default_triple().create_target_machine(opt=1)
        engine = binding.create_mcjit_compiler(binding.parse_assembly(text), machine)
        engine.finalize_object()
        _engines.append(engine)
        _thunks.update({signature: engine.get_function_address(f"konv_thunk_{number}")
                        for number, signature in enumerate(new, len(_thunks))})
    return [_thunks[signature] for signature in signatures]


def _thunk(name: str, signature: tuple[str, ...]) -> str:
    """Numba's functions return a status: 0 for good, -2 for good and None; result and exception are written where told."""
    loads = "".join(f"  %p{i} = getelementptr i64, ptr %words, i64 {i}\n  %a{i} = load {kind}, ptr %p{i}\n"
                    for i, kind in enumerate(signature[2:]))
    args = ", ".join(["ptr %result", "ptr %error", *(f"{kind} %a{i}" for i, kind in enumerate(signature[2:]))])
    return f"""define i32 @{name}(ptr %kernel, ptr %words) {{
  %result = alloca ptr
  %error = alloca ptr
{loads}  %status = call i32 %kernel({args})
  %none = icmp eq i32 %status, -2
  %failed = select i1 %none, i32 0, i32 %status
  ret i32 %failed
}}"""
