"""The contract of every kernel: one frozen dataclass whose fields are the kernel's arguments.

Plan, bands, binding, kernels, twins and tests share a contract by the names of its fields:

* `Name` fields hold the name of a buffer, a weight (`layer/kernel`), a gradient (`gradient:layer/kernel`), a constant or a
  `$special` (konv.plan.steps); they are bound to arrays. `Flat`, `Parts` and `Matrix` say with which axes the kernel sees them.
* `int`, `float` and records of them (`Region`, `Layout`, ...) are handed to the kernel as they are: words on the command
  buffer, which are the same in every call. A plain tuple becomes an int64 array.
* `Static` and `StaticName` fields choose a compiled variant: the kernel's factory takes them.

To add a kernel, or to convert one that still takes its arguments by position:

1. Write the contract here. Order the fields as the kernel takes them.

       @dataclass(frozen=True, kw_only=True)
       class MaxPoolArgs(Args, kernel="max_pool"):
           x: Name
           y: Name
           window: PoolWindow     # a NamedTuple: the kernel reads window.stride_height
           x_region: Region
           floor: float
           rows: Static

2. The kernel of that name takes the fields but for the static ones, in this order and under these names:
   `def max_pool(x, y, window, x_region, floor)` in a module of konv.kernels.compiled.MODULES. One with static fields is made by
   `def make_max_pool(rows)`, its parameters being the static fields. `dispatcher` refuses a kernel whose parameters differ.
3. The twin of that name in konv.kernels.reference takes the same parameters, and as keywords the static fields that it needs:
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
Static = Annotated[int, "each value has a compiled variant of its own"]
StaticName = Annotated[str, "the same, by name"]


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


class Coefficients(NamedTuple):
    """What a scalar function depends on besides its argument."""

    first: float = 0.0
    second: float = 0.0
    third: float = 0.0


class Layout(NamedTuple):
    """Where the pixels of images lie in memory, in elements: the first one, and from one row, column, image (and group of
    channels) to the next."""

    start: int
    row: int
    column: int
    image: int
    group: int = 0

    def at(self, row: int = 0, column: int = 0, group: int = 0, distance: int = 0) -> "Layout":
        """The same from this pixel and group on, and so many elements further."""
        return self._replace(start=self.start + row * self.row + column * self.column + group * self.group + distance)


class Taps(NamedTuple):
    """The pixels under a window: so many rows and columns of them, in elements from one to the next."""

    rows: int
    columns: int
    row: int
    column: int

    @property
    def distances(self) -> list[int]:
        """From the first one, of each."""
        return [r * self.row + s * self.column for r in range(self.rows) for s in range(self.columns)]


KINDS: dict[Any, Any] = {Flat: str, Matrix: str, Parts: str, Units: (tuple, str), Flag: (int, str), Static: int,
                         StaticName: str}
CONTRACTS: dict[str, type["Args"]] = {}  # by the name of the kernel


class Args:
    """The base of all contracts."""

    kernel: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]  # the fields that the kernel takes
    statics: ClassVar[tuple[str, ...]]
    kinds: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, kernel: str) -> None:
        cls.kernel, cls.kinds = kernel, dict(cls.__annotations__)
        cls.statics = tuple(name for name, kind in cls.kinds.items() if kind in (Static, StaticName))
        cls.parameters = tuple(name for name in cls.kinds if name not in cls.statics)
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
    def variant(self) -> tuple[int | str, ...]:
        """The static fields, in order: they choose a compiled variant."""
        return tuple([getattr(self, name) for name in self.statics])


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


# --- convolutions and dense layers ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ProductArgs(Args, kernel="product"):
    """y[pixel] = max(floor, bias + (y[pixel] if accumulate) + the sum over taps and inner of x[pixel + tap + i] * w[tap, i]).

    Flat, all pixels of all samples are one line.
    """

    x: Name
    w: Name  # as Pack says
    bias: Name
    y: Name
    x_layout: Layout
    y_layout: Layout
    taps: Taps
    height: int  # of the result
    width: int
    inner: int  # contiguous elements at a tap
    filters: int  # of a group
    chunk: int  # taps that are done before the next panel
    floor: float
    accumulate: int
    rows: Static  # of the tile
    vectors: Static
    rest: Static  # rows of the tile that finishes a line, or 0
    flat: Static


@dataclass(frozen=True, kw_only=True)
class WeightGradientArgs(Args, kernel="weight_gradient"):
    """dw[tap, i] (+)= the sum over the pixels of x[pixel + tap + i] * d[pixel], for each band of lines by itself."""

    x: Name
    d: Name
    dw: Name
    x_layout: Layout
    d_layout: Layout
    taps: Taps
    flat: int  # all pixels of all samples are one line
    height: int
    width: int
    inner: int
    filters: int
    span: int  # lines at a time, or pixels of a flat one, which stay in cache
    bands: int
    tiles: Units
    first: Flag
    rows: Static
    vectors: Static
    rest: Static
    transposed: Static  # rows of the tile are filters, lanes are rows of the weights


@dataclass(frozen=True, kw_only=True)
class DepthwiseArgs(Args, kernel="depthwise"):
    """The same channel by channel: y = max(floor, bias + (y if accumulate) + the sum over the taps of x * w)."""

    x: Name
    w: Name
    bias: Name
    y: Name
    x_layout: Layout
    y_layout: Layout
    height: int
    width: int
    tap_row: int  # from one tap to the next, in x and in w
    tap_column: int
    w_start: int
    w_row: int
    w_column: int
    floor: float
    accumulate: int
    rows: Static  # of taps
    columns: Static


@dataclass(frozen=True, kw_only=True)
class DepthwiseWeightGradientArgs(Args, kernel="depthwise_weight_gradient"):
    """dw (+)= the sum over the pixels of x * d, channel by channel."""

    x: Name
    d: Name
    dw: Name
    x_layout: Layout
    d_layout: Layout
    height: int
    width: int
    tap_row: int
    tap_column: int
    first: Flag
    rows: Static
    columns: Static
    step: Static  # rows of taps at a time, whose sums fit into the registers


@dataclass(frozen=True, kw_only=True)
class WinogradWeightsArgs(Args, kernel="winograd_weights"):
    """Weights of 3 x 3 taps, transformed and packed for the tile."""

    weight: Name
    packed: Name
    channels: int
    filters: int
    transposed: int
    rows: Units


@dataclass(frozen=True, kw_only=True)
class WinogradArgs(Args, kernel="winograd"):
    """A convolution with transformed weights: y = max(floor, bias + (y if accumulate) + x * w)."""

    x: Name
    w: Name
    bias: Name
    y: Name
    room: Name
    x_layout: Layout
    y_layout: Layout
    height: int  # of the result
    width: int
    channels: int
    filters: int
    strip: int  # grids at a time
    panels: Units
    floor: float
    accumulate: int
    rows: Static
    vectors: Static


@dataclass(frozen=True, kw_only=True)
class WinogradWeightGradientArgs(Args, kernel="winograd_weight_gradient"):
    """The gradient of transformed weights: dw (+)= the sum over grids of transformed x times transformed d."""

    x: Name
    d: Name
    dw: Name
    room: Name
    x_layout: Layout
    d_layout: Layout
    height: int
    width: int
    channels: int
    filters: int
    strip: int
    blocks: Units
    first: Flag
    rows: Static
    vectors: Static
    rest: Static
    transposed: Static
    block: Static  # channels of a block


@dataclass(frozen=True, kw_only=True)
class WinogradGradientArgs(Args, kernel="winograd_gradient"):
    """The way back: the parts of such a gradient summed and transformed."""

    parts: Name
    gradient: Name
    channels: int
    filters: int
    transposed: int
    rows: Units
    first: int
# --- element by element -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ActivationArgs(Args, kernel="activation"):
    """y = f(x), where f is a function of konv.ir.scalar_functions."""

    x: Name
    y: Name
    x_region: Region
    y_region: Region
    coefficients: Coefficients
    name: StaticName


@dataclass(frozen=True, kw_only=True)
class ActivationBackwardArgs(Args, kernel="activation_backward"):
    """dx = d * f'(x), where y = f(x)."""

    d: Name
    x: Name
    y: Name
    dx: Name
    d_region: Region
    x_region: Region
    y_region: Region
    dx_region: Region
    coefficients: Coefficients
    name: StaticName
