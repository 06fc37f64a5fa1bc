"""The contract of every kernel: one frozen dataclass whose fields are the kernel's arguments.

Plan, bands, binding, kernels, twins and tests share a contract by the names of its fields:

* `Name` fields hold the name of a buffer, a weight (`layer/kernel`), a gradient (`gradient:layer/kernel`), a constant or a
  `$special` (konv.plan.steps); they are bound to arrays. `Flat`, `Parts` and `Matrix` say with which axes the kernel sees them.
* `int`, `float` and records of them (`Region`, `Layout`, ...) are handed to the kernel as they are: words on the command
  buffer, which are the same in every call. A plain tuple becomes an int64 array.
* `Constant` fields choose a compiled variant: the kernel's factory takes them.

To add a kernel, or to convert one that still takes its arguments by position:

1. Write the contract here. Order the fields as the kernel takes them.

       @dataclass(frozen=True, kw_only=True)
       class MaxPoolArgs(Args, kernel="max_pool"):
           x: Name
           y: Name
           window: PoolWindow     # a NamedTuple: the kernel reads window.stride_height
           x_region: Region
           floor: float
           rows: Constant

2. The kernel of that name takes the fields but for the constants, in this order and under these names:
   `def max_pool(x, y, window, x_region, floor)` in a module of konv.kernels.compiled.MODULES. One with constants is made by
   `def make_max_pool(rows)`, its parameters being the constants. `dispatcher` refuses a kernel whose parameters differ.
3. The twin of that name in konv.kernels.reference takes the same parameters, and as keywords the constants that it needs:
   `def max_pool(x, y, window, x_region, floor, *, rows)`.
4. The plan emits `e.step(MaxPoolArgs(x=x.name, ...), domain=..., macs=...)`; `replace(args, floor=0.0)` makes another one.

What is wrong fails in the type checker, or here when the step is made.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

Name = str  # of an array
Flat = Annotated[str, "an array, seen with one axis where it is the same in every call"]
Matrix = Annotated[str, "a constant, seen with two axes, the last being its own"]
Parts = Annotated[str, "an array, seen with two axes: parts to be summed, and the elements of one"]
Units = tuple[int, int] | Name  # the range of units to do, or ROWS; the kernel sees int64 (2,)
Flag = int | Name  # 0, 1 or FIRST
Constant = Annotated[int, "chooses a compiled variant"]


class Halo(NamedTuple):
    """Zeros around an image."""

    top: int
    bottom: int
    left: int
    right: int


class Region(NamedTuple):
    """Where an image lies within its buffer."""

    top: int
    left: int
    height: int
    width: int


class Layout(NamedTuple):
    """Where the pixels of images lie in memory, in elements: the first one, and from one row, column, image (and group of
    channels) to the next."""

    start: int
    row: int
    column: int
    image: int
    group: int = 0


class Taps(NamedTuple):
    """The pixels under a window: so many rows and columns of them, in elements from one to the next."""

    rows: int
    columns: int
    row: int
    column: int


KINDS: dict[Any, Any] = {Flat: str, Matrix: str, Parts: str, Units: (tuple, str), Flag: (int, str), Constant: int}
CONTRACTS: dict[str, type["Args"]] = {}  # by the name of the kernel


class Args:
    """The base of all contracts."""

    kernel: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]  # the fields that the kernel takes
    constants: ClassVar[tuple[str, ...]]
    kinds: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, kernel: str) -> None:
        cls.kernel, cls.kinds = kernel, dict(cls.__annotations__)
        cls.constants = tuple(name for name, kind in cls.kinds.items() if kind is Constant)
        cls.parameters = tuple(name for name in cls.kinds if name not in cls.constants)
        if kernel:
            CONTRACTS[kernel] = cls

    def __post_init__(self) -> None:
        for name, kind in self.kinds.items():
            value = getattr(self, name)
            if not isinstance(value, KINDS.get(kind, kind)) or isinstance(value, bool):
                raise TypeError(f"{type(self).__name__}: {name} must be {kind}, got {value!r}")

    @property
    def values(self) -> tuple[Any, ...]:
        """What the kernel takes, in order."""
        return tuple([getattr(self, name) for name in self.parameters])

    @property
    def variant(self) -> tuple[int, ...]:
        """The constants, in order."""
        return tuple([getattr(self, name) for name in self.constants])


class Positional(Args, kernel=""):
    """The arguments of a kernel that has no contract yet."""

    def __init__(self, kernel: str, values: tuple[object, ...], variant: tuple[int, ...] = ()) -> None:
        self.__dict__.update(kernel=kernel, values_=values, variant_=variant)

    @property
    def values(self) -> tuple[Any, ...]:
        return self.__dict__["values_"]

    @property
    def variant(self) -> tuple[int, ...]:
        return self.__dict__["variant_"]


# --- weights ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class GatherArgs(Args, kernel="gather"):
    """Bring elements into another order, and sum their parts."""

    source: Parts
    index: Matrix  # for each element of the target its index in a part of the source, or -1 for a zero
    target: Flat
    blocks: Units  # of 16 rows of the index
    first: int  # 1: write, 0: add


@dataclass(frozen=True, kw_only=True)
class FoldArgs(Args, kernel="fold"):
    """A normalisation folded into the weights before it."""

    weight: Name
    bias: Name
    coefficients: Name
    folded: Name
    shifted: Name


@dataclass(frozen=True, kw_only=True)
class ReducePartsArgs(Args, kernel="reduce_parts"):
    """The sum of the parts of a gradient."""

    parts: Name
    gradient: Name
    first: int
