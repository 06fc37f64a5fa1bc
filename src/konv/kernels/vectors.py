"""Vectors of float32 and int32 as values in Numba code, one register each.

LLVM vectorises a loop over channels only behind checks for overlap and with a scalar rest, which costs more than the
loop where channels are few. Kernels written with these need neither: `left` says how many lanes are in use.

    x = load(array, place, left)      store(array, place, x, left)
    a + b, a - b, a * b, fma(a, b, c), larger(a, b), select(mask, a, b), a > b

A scalar beside a vector stands for that number in every lane.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_cast, models, register_model

from konv.kernels.jit import LANES

F32, I1, I8, I32, I64 = ir.FloatType(), ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
FLOATS_IR, INTS_IR, MASK_IR, BYTES_IR = (ir.VectorType(kind, LANES) for kind in (F32, I32, I1, I8))


class Floats(types.Type):
    ir_type = FLOATS_IR

    def __init__(self):
        super().__init__("Floats")


class Ints(types.Type):
    ir_type = INTS_IR

    def __init__(self):
        super().__init__("Ints")


class Mask(types.Type):
    ir_type = MASK_IR

    def __init__(self):
        super().__init__("Mask")


FLOATS, INTS, MASK = Floats(), Ints(), Mask()


@register_model(Floats)
@register_model(Ints)
@register_model(Mask)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, kind.ir_type)


# --- words of LLVM, shared with the tile ------------------------------------------------------------


def declared(builder, name, result, arguments):
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)


def splat_ir(builder, scalar):
    """The scalar in every lane."""
    kind = ir.VectorType(scalar.type, LANES)
    undefined = ir.Constant(kind, ir.Undefined)
    one = builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(INTS_IR, [0] * LANES))


def first_ir(builder, count):
    """A mask of the first `count` lanes; none when it is negative, all when it is large."""
    numbers = ir.Constant(INTS_IR, list(range(LANES)))
    return builder.icmp_signed("<", numbers, splat_ir(builder, builder.trunc(count, I32)))


def place_ir(builder, base, offset, kind=FLOATS_IR):
    return builder.bitcast(builder.gep(base, [offset]), kind.as_pointer())


def prefetch_ir(builder, place):
    """Fetch what is there into all caches, wherever it points."""
    kinds = [F32.as_pointer(), I32, I32, I32]
    function = declared(builder, "llvm.prefetch.p0", ir.VoidType(), kinds)
    builder.call(function, [place, *(ir.Constant(I32, number) for number in (0, 3, 1))])


def fma_ir(builder, a, b, c):
    return builder.call(declared(builder, f"llvm.fma.v{LANES}f32", FLOATS_IR, [FLOATS_IR] * 3), [a, b, c])


def at_least_ir(builder, value, floor):
    """The larger of the two; what is not a number stays so."""
    return builder.select(builder.fcmp_ordered("<", value, floor), floor, value)


def masked_load_ir(builder, place, mask):
    kinds = [FLOATS_IR.as_pointer(), I32, MASK_IR, FLOATS_IR]
    function = declared(builder, f"llvm.masked.load.v{LANES}f32.p0", FLOATS_IR, kinds)
    return builder.call(function, [place, ir.Constant(I32, 4), mask, ir.Constant(FLOATS_IR, [0.0] * LANES)])


def masked_store_ir(builder, value, place, mask):
    kinds = [FLOATS_IR, FLOATS_IR.as_pointer(), I32, MASK_IR]
    function = declared(builder, f"llvm.masked.store.v{LANES}f32.p0", ir.VoidType(), kinds)
    builder.call(function, [value, place, ir.Constant(I32, 4), mask])


def data_ir(context, builder, kind, array):
    return context.make_array(kind)(context, builder, array).data


# --- functions for kernels --------------------------------------------------------------------------


@intrinsic
def address(typing, array, offset):
    """The address of array.ravel()[offset]."""

    def emit(context, builder, sig, args):
        return builder.gep(data_ir(context, builder, sig.args[0], args[0]), [args[1]])

    return types.CPointer(array.dtype)(array, types.intp), emit


@intrinsic
def load(typing, array, offset, left):
    """The numbers from array.ravel()[offset] on; lanes from `left` on are 0 and not read."""

    def emit(context, builder, sig, args):
        place = place_ir(builder, data_ir(context, builder, sig.args[0], args[0]), args[1])
        return masked_load_ir(builder, place, first_ir(builder, args[2]))

    return FLOATS(array, types.int64, types.int64), emit


@intrinsic
def store(typing, array, offset, value, left):
    """Write the first `left` lanes."""

    def emit(context, builder, sig, args):
        place = place_ir(builder, data_ir(context, builder, sig.args[0], args[0]), args[1])
        masked_store_ir(builder, args[2], place, first_ir(builder, args[3]))
        return context.get_dummy_value()

    return types.void(array, types.int64, FLOATS, types.int64), emit


@intrinsic
def fetch(typing, array, offset):
    """Begin to bring what is at array.ravel()[offset], or behind the array's end, into the caches."""

    def emit(context, builder, sig, args):
        prefetch_ir(builder, builder.gep(data_ir(context, builder, sig.args[0], args[0]), [args[1]]))
        return context.get_dummy_value()

    return types.void(array, types.int64), emit


@intrinsic
def load_ints(typing, array, offset):
    """Whole numbers of uint8 or int32; all lanes are read."""

    def emit(context, builder, sig, args):
        kind = INTS_IR if sig.args[0].dtype == types.int32 else BYTES_IR
        value = builder.load(place_ir(builder, data_ir(context, builder, sig.args[0], args[0]), args[1], kind), align=1)
        return value if kind is INTS_IR else builder.zext(value, INTS_IR)

    return INTS(array, types.int64), emit


@intrinsic
def store_ints(typing, array, offset, value):
    """All lanes are written."""

    def emit(context, builder, sig, args):
        kind = INTS_IR if sig.args[0].dtype == types.int32 else BYTES_IR
        value = args[2] if kind is INTS_IR else builder.trunc(args[2], BYTES_IR)
        builder.store(value, place_ir(builder, data_ir(context, builder, sig.args[0], args[0]), args[1], kind), align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, INTS), emit


@intrinsic
def floats(typing, number):
    """The float32 number in every lane."""
    return FLOATS(types.float32), lambda context, builder, sig, args: splat_ir(builder, args[0])


@intrinsic
def ints(typing, number):
    """The integer, modulo 2**32, in every lane."""
    return INTS(types.int64), lambda context, builder, sig, args: splat_ir(builder, builder.trunc(args[0], I32))


@intrinsic
def counting(typing, start):
    """start, start + 1, start + 2, ..."""

    def emit(context, builder, sig, args):
        numbers = ir.Constant(INTS_IR, list(range(LANES)))
        return builder.add(splat_ir(builder, builder.trunc(args[0], I32)), numbers)

    return INTS(types.int64), emit


@intrinsic
def fma(typing, a, b, c):
    """a * b + c, rounded once."""
    return FLOATS(FLOATS, FLOATS, FLOATS), lambda context, builder, sig, args: fma_ir(builder, *args)


@intrinsic
def larger(typing, value, floor):
    """The larger of the two; a value that is not a number stays so."""
    return FLOATS(FLOATS, FLOATS), lambda context, builder, sig, args: at_least_ir(builder, *args)


@intrinsic
def select(typing, mask, yes, no):
    """Lane by lane `yes` where the mask holds, else `no`; one of them may be a scalar."""
    kind = yes if yes in (FLOATS, INTS) else no
    return kind(MASK, kind, kind), lambda context, builder, sig, args: builder.select(*args)


@intrinsic
def words(typing, place, sample, key0, key1):
    """Random bits of a place in a sample: Threefry 2x32 with 13 rounds, as reference.threefry."""

    def emit(context, builder, sig, args):
        def rotated(value, turn):
            function = declared(builder, f"llvm.fshl.v{LANES}i32", INTS_IR, [INTS_IR] * 3)
            return builder.call(function, [value, value, ir.Constant(INTS_IR, [turn] * LANES)])

        first, second = (builder.trunc(key, I32) for key in args[2:])
        third = builder.xor(builder.xor(first, second), ir.Constant(I32, 0x1BD11BDA))
        keys = [splat_ir(builder, key) for key in (first, second, third)]
        a, b = builder.add(args[0], keys[0]), builder.add(args[1], keys[1])
        for step, turn in enumerate((13, 15, 26, 6, 17, 29, 16, 24, 13, 15, 26, 6, 17)):
            a = builder.add(a, b)
            b = builder.xor(rotated(b, turn), a)
            if step % 4 == 3:
                block = step // 4 + 1
                a = builder.add(a, keys[block % 3])
                b = builder.add(b, builder.add(keys[(block + 1) % 3], ir.Constant(INTS_IR, [block] * LANES)))
        return a

    return INTS(INTS, INTS, types.int64, types.int64), emit


@intrinsic
def shifted(typing, value, places):
    """The bits of each lane moved right, zeros behind them."""

    def emit(context, builder, sig, args):
        return builder.lshr(args[0], splat_ir(builder, builder.trunc(args[1], I32)))

    return INTS(INTS, types.int64), emit


@intrinsic
def as_floats(typing, value):
    """Signed integers as numbers."""
    return FLOATS(INTS), lambda context, builder, sig, args: builder.sitofp(args[0], FLOATS_IR)


@intrinsic
def as_ints(typing, value):
    """Whole numbers as signed integers."""
    return INTS(FLOATS), lambda context, builder, sig, args: builder.fptosi(args[0], INTS_IR)


def _function(name, text):
    def function(typing, value):
        def emit(context, builder, sig, args):
            return builder.call(declared(builder, f"llvm.{name}.v{LANES}f32", FLOATS_IR, [FLOATS_IR]), args)

        return FLOATS(FLOATS), emit

    function.__doc__ = text
    return intrinsic(function)


root = _function("sqrt", "The square root.")
lower = _function("floor", "The next whole number that is not larger.")
nearest = _function("round", "The nearest whole number, halves away from zero.")
magnitude = _function("fabs", "The number without its sign.")


@intrinsic
def two_to(typing, power):
    """Two to the power of a whole number from -126 to 128; 0 of -127, infinity of 128."""

    def emit(context, builder, sig, args):
        # the last bits of 2**23 + n are n: here the exponent, which begins at -127, and moved to where exponents are
        whole = builder.fadd(args[0], splat_ir(builder, ir.Constant(F32, float(2**23 + 127))))
        moved = builder.shl(builder.bitcast(whole, INTS_IR), splat_ir(builder, ir.Constant(I32, 23)))
        return builder.bitcast(moved, FLOATS_IR)

    return FLOATS(FLOATS), emit


@intrinsic
def bits(typing, value):
    """The bits of a number."""
    return INTS(FLOATS), lambda context, builder, sig, args: builder.bitcast(args[0], INTS_IR)


@intrinsic
def from_bits(typing, value):
    """The number with these bits."""
    return FLOATS(INTS), lambda context, builder, sig, args: builder.bitcast(args[0], FLOATS_IR)


@intrinsic
def total(typing, value):
    """The sum of all lanes, halves first."""

    def emit(context, builder, sig, args):
        value, half = args[0], LANES // 2
        while half:
            turned = ir.Constant(INTS_IR, [(lane + half) % LANES for lane in range(LANES)])
            value, half = builder.fadd(value, builder.shuffle_vector(value, value, turned)), half // 2
        return builder.extract_element(value, ir.Constant(I32, 0))

    return types.float32(FLOATS), emit


@intrinsic
def below(typing, a, b):
    """a < b as unsigned integers."""
    return MASK(INTS, INTS), lambda context, builder, sig, args: builder.icmp_unsigned("<", *args)


_OPERATORS = {
    (operator.add, FLOATS): (FLOATS, lambda b, x, y: b.fadd(x, y)),
    (operator.sub, FLOATS): (FLOATS, lambda b, x, y: b.fsub(x, y)),
    (operator.mul, FLOATS): (FLOATS, lambda b, x, y: b.fmul(x, y)),
    (operator.truediv, FLOATS): (FLOATS, lambda b, x, y: b.fdiv(x, y)),
    (operator.gt, FLOATS): (MASK, lambda b, x, y: b.fcmp_ordered(">", x, y)),
    (operator.add, INTS): (INTS, lambda b, x, y: b.add(x, y)),
    (operator.sub, INTS): (INTS, lambda b, x, y: b.sub(x, y)),
    (operator.and_, INTS): (INTS, lambda b, x, y: b.and_(x, y)),
    (operator.xor, INTS): (INTS, lambda b, x, y: b.xor(x, y)),
    (operator.eq, INTS): (MASK, lambda b, x, y: b.icmp_signed("==", x, y)),
}


def _becomes(scalar, kind):
    """Whether a scalar beside a vector of this kind stands for a vector with it in every lane."""
    return kind == FLOATS and isinstance(scalar, (types.Integer, types.Float))


@lower_cast(types.Integer, Floats)
@lower_cast(types.Float, Floats)
def _splat(context, builder, from_type, to_type, scalar):
    return splat_ir(builder, context.cast(builder, scalar, from_type, types.float32))


def _register(function):
    @infer_global(function)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            kind = next((kind for kind in args if (function, kind) in _OPERATORS), None)
            if len(args) != 2 or kind is None or not all(arg == kind or _becomes(arg, kind) for arg in args):
                return None
            return signature(_OPERATORS[function, kind][0], kind, kind)


for _function in {key[0] for key in _OPERATORS}:
    _register(_function)

for (_function, _kind), (_, _emit) in _OPERATORS.items():
    lower_builtin(_function, type(_kind), type(_kind))(
        lambda context, builder, sig, args, emit=_emit: emit(builder, *args))
