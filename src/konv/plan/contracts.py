"""The contract of every kernel: one frozen dataclass whose fields are the kernel's arguments.

Plan, bands, binding, kernels, twins and tests share a contract by the names of its fields:

* `Name` fields hold the name of a buffer, a weight (`layer/kernel`), a gradient (`gradient:layer/kernel`), a constant or a
  `$special` (konv.plan.steps); they are bound to arrays. `Flat`, `Parts` and `Matrix` say with which axes the kernel sees them.
* `int`, `float` and records of them (`Region`, `Layout`, ...) are handed to the kernel as they are: words on the command
  buffer, which are the same in every call. A plain tuple becomes an int64 array.
* `Static` and `StaticName` fields choose a compiled variant: the kernel's factory takes them.

To add a kernel:

1. Write the contract here. Order the fields as the kernel takes them.

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

from dataclasses import FrozenInstanceError, dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, dataclass_transform

Name = str  # of an array
Flat = Annotated[str, "an array, seen with one axis where it is the same in every call"]
Matrix = Annotated[str, "a constant, seen with two axes, the last being its own"]
Parts = Annotated[str, "an array, seen with two axes: parts to be summed, and the elements of one"]
Units = tuple[int, int] | Name  # the range of units to do, or ROWS; the kernel sees int64 (2,)
Flag = int | Name  # 0, 1 or FIRST
Scalar = Annotated[str, "a float, another one in each run"]
Table = tuple[int, ...]  # the kernel sees int64 (n,)
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


class PoolWindow(NamedTuple):
    """The window of a pool; the padding is that before the image."""

    height: int
    width: int
    stride_height: int
    stride_width: int
    pad_top: int
    pad_left: int


class NoiseStrides(NamedTuple):
    """From the random value of a sample, row, column and channel to that of the next one; 0 where they share one."""

    sample: int
    row: int
    column: int
    channel: int


class Extents(NamedTuple):
    """Sizes of six axes, the innermost last."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int


class StridedLayout(NamedTuple):
    """Where the elements of an operand lie in its array: from one sample to the next (0: all samples share them), the first
    one, and from one index of each of six axes to the next; 0 along an axis that is repeated, or summed over."""

    sample: int
    start: int
    a: int
    b: int
    c: int
    d: int
    e: int
    f: int


class MatmulSizes(NamedTuple):
    """Three axes in front of the matrices, and their sizes."""

    a: int
    b: int
    c: int
    rows: int
    depth: int
    columns: int


class MatrixLayout(NamedTuple):
    """Where the elements of matrices lie, as in `StridedLayout`."""

    sample: int
    start: int
    a: int
    b: int
    c: int
    row: int
    column: int


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


KINDS: dict[Any, Any] = {Flat: str, Matrix: str, Parts: str, Scalar: str, Units: (tuple, str), Flag: (int, str), Table: tuple,
                         Static: int, StaticName: str}
CONTRACTS: dict[str, type["Args"]] = {}  # by the name of the kernel


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Args:
    """The base of all contracts: frozen dataclasses whose fields are keywords.

    Their methods stand here once instead of being generated for each, which takes 25 ms when konv is imported.
    """

    kernel: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]  # the fields that the kernel takes
    statics: ClassVar[tuple[str, ...]]
    kinds: ClassVar[dict[str, Any]]
    checks: ClassVar[dict[str, Any]]  # of which types the fields are

    def __init_subclass__(cls, kernel: str) -> None:
        dataclass(init=False, repr=False, eq=False)(cls)  # for dataclasses.replace and fields
        cls.kernel, cls.kinds = kernel, dict(cls.__annotations__)
        cls.statics = tuple(name for name, kind in cls.kinds.items() if kind in (Static, StaticName))
        cls.parameters = tuple(name for name in cls.kinds if name not in cls.statics)
        cls.checks = {name: KINDS.get(kind, kind) for name, kind in cls.kinds.items()}
        CONTRACTS[kernel] = cls

    def __init__(self, **values: Any) -> None:
        if values.keys() != self.checks.keys():
            wrong = ", ".join(sorted(values.keys() ^ self.checks.keys()))
            raise TypeError(f"{type(self).__name__}: missing or unknown: {wrong}")
        for name, types in self.checks.items():
            value = values[name]
            if not isinstance(value, types) or value is True or value is False:
                raise TypeError(f"{type(self).__name__}: {name} must be {types}, got {value!r}")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.kernel, *(self.__dict__[name] for name in self.checks)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={self.__dict__[name]!r}' for name in self.checks)})"

    @property
    def values(self) -> tuple[Any, ...]:
        """What the kernel takes, in order."""
        return tuple([self.__dict__[name] for name in self.parameters])

    @property
    def variant(self) -> tuple[int | str, ...]:
        """The static fields, in order: they choose a compiled variant."""
        return tuple([self.__dict__[name] for name in self.statics])


# --- weights ------------------------------------------------------------------------------------------------


class GatherArgs(Args, kernel="gather"):
    """Bring elements into another order, and sum their parts."""

    source: Parts
    index: Matrix  # for each element of the target its index in a part of the source, or -1 for a zero
    target: Flat
    blocks: Units  # of 16 rows of the index
    first: int  # 1: write, 0: add


class FoldArgs(Args, kernel="fold"):
    """A normalisation folded into the weights before it."""

    weight: Name
    bias: Name
    coefficients: Name
    folded: Name
    shifted: Name


class ReducePartsArgs(Args, kernel="reduce_parts"):
    """The sum of the parts of a gradient."""

    parts: Name
    gradient: Name
    first: int


# --- convolutions and dense layers ----------------------------------------------------------------------------


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


class WinogradWeightsArgs(Args, kernel="winograd_weights"):
    """Weights of 3 x 3 taps, transformed and packed for the tile."""

    weight: Name
    packed: Name
    channels: int
    filters: int
    transposed: int
    rows: Units


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


class WinogradGradientArgs(Args, kernel="winograd_gradient"):
    """The way back: the parts of such a gradient summed and transformed."""

    parts: Name
    gradient: Name
    channels: int
    filters: int
    transposed: int
    rows: Units
    first: int


# --- element by element ------------------------------------------------------------------------------------


class ClearArgs(Args, kernel="clear"):
    """x = 0."""

    x: Name


class ClearHaloArgs(Args, kernel="clear_halo"):
    """Zeros around the images."""

    x: Name
    halo: Halo


class CopyArgs(Args, kernel="copy"):
    """The same elements in the same order, whatever the two shapes."""

    x: Name
    y: Name
    x_region: Region
    y_region: Region


class AddArgs(Args, kernel="add"):
    """y = max(floor, a + b)."""

    a: Name
    b: Name
    y: Name
    a_region: Region
    b_region: Region
    y_region: Region
    floor: float


class ReluArgs(Args, kernel="relu"):
    """y = max(x, 0)."""

    x: Name
    y: Name
    x_region: Region
    y_region: Region


class ReluBackwardArgs(Args, kernel="relu_backward"):
    """dx = d where y > 0, else 0."""

    d: Name
    y: Name
    dx: Name
    d_region: Region
    y_region: Region
    dx_region: Region


class ActivationArgs(Args, kernel="activation"):
    """y = f(x), where f is a function of konv.ir.scalar_functions."""

    x: Name
    y: Name
    x_region: Region
    y_region: Region
    coefficients: Coefficients
    name: StaticName


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


class ScaleArgs(Args, kernel="scale"):
    """y = x * factor + offset, channel by channel."""

    x: Name
    y: Name
    factor: Name
    offset: Name
    x_region: Region
    y_region: Region


class GateArgs(Args, kernel="gate"):
    """d *= factor where y > 0, else 0: back through relu and dropout."""

    d: Name
    y: Name
    d_region: Region
    y_region: Region
    factor: float


class DropoutArgs(Args, kernel="dropout"):
    """y = x / (1 - rate) where a random value is at least the rate, else 0."""

    x: Name
    y: Name
    x_region: Region
    y_region: Region
    samples: Name
    seed: Name
    layer: int
    rate: float
    strides: NoiseStrides


class ChannelSumsArgs(Args, kernel="channel_sums"):
    """sums (+)= the sum of d over the pixels, for each channel."""

    d: Name
    region: Region
    sums: Name
    first: Flag


class SoftmaxArgs(Args, kernel="softmax"):
    """y = exp(x) / the sum of exp(x) over the channels, or its logarithm."""

    x: Name
    y: Name
    x_region: Region
    y_region: Region
    log: int


class SoftmaxBackwardArgs(Args, kernel="softmax_backward"):
    """dx, where y is the softmax or its logarithm."""

    d: Name
    y: Name
    dx: Name
    d_region: Region
    y_region: Region
    dx_region: Region
    log: int


# --- pooling -----------------------------------------------------------------------------------------------


class MaxPoolArgs(Args, kernel="max_pool"):
    """p = max(floor, the largest of y * scale + shift in each window), where scale and shift are rows 2 and 3 of
    `coefficients`.
    """

    y: Name
    coefficients: Name
    p: Name
    argmax: Name  # which tap was the largest
    max_values: Name  # what they were in y
    window: PoolWindow
    y_region: Region
    p_region: Region
    floor: float
    height: Static  # of the window
    width: Static
    record: Static  # whether `argmax` is written
    keep: Static  # whether `max_values` is written


class MaxPoolBackwardArgs(Args, kernel="max_pool_backward"):
    """The gradient of each window goes to the pixel that was the largest."""

    d: Name
    argmax: Name
    dx: Name
    window: PoolWindow
    d_region: Region
    dx_region: Region
    height: Static
    width: Static
    overlap: Static  # windows overlap or leave gaps


class NormPoolBackwardArgs(Args, kernel="norm_pool_backward"):
    """As NormBackward, where d is the gradient of the pooled image."""

    d: Name
    argmax: Name
    y: Name
    coefficients: Name
    back: Name
    dy: Name
    window: PoolWindow
    d_region: Region
    y_region: Region
    dy_region: Region
    gated: int
    factor: float
    height: Static
    width: Static
    overlap: Static


class AveragePoolArgs(Args, kernel="average_pool"):
    """The mean of each window, without the padding."""

    x: Name
    y: Name
    window: PoolWindow
    x_region: Region
    y_region: Region


class AveragePoolBackwardArgs(Args, kernel="average_pool_backward"):
    """The gradient of each window, shared among its pixels."""

    d: Name
    dx: Name
    window: PoolWindow
    d_region: Region
    dx_region: Region


class GlobalPoolArgs(Args, kernel="global_pool"):
    """The mean or the largest of all pixels, and which that was."""

    x: Name
    y: Name
    argmax: Name
    x_region: Region
    y_region: Region
    average: int


class GlobalPoolBackwardArgs(Args, kernel="global_pool_backward"):
    """The gradient shared among all pixels, or for the largest."""

    d: Name
    argmax: Name
    dx: Name
    d_region: Region
    dx_region: Region
    average: int


# --- normalization -----------------------------------------------------------------------------------------


class MomentsArgs(Args, kernel="moments"):
    """Mean and sum of squared deviations of each sample and channel."""

    y: Name
    region: Region
    moments: Name


class NormUpdateArgs(Args, kernel="norm_update"):
    """The statistics of the batch: coefficients (mean, 1 / deviation, scale, shift), and the moving statistics."""

    moments: Name
    pixels: int
    gamma: Name
    beta: Name
    moving_mean: Name
    moving_variance: Name
    coefficients: Name
    momentum: float
    epsilon: float


class NormFrozenArgs(Args, kernel="norm_frozen"):
    """Coefficients of the moving statistics."""

    gamma: Name
    beta: Name
    moving_mean: Name
    moving_variance: Name
    coefficients: Name
    epsilon: float


class NormArgs(Args, kernel="norm"):
    """z = max(floor, y * scale + shift)."""

    y: Name
    coefficients: Name
    z: Name
    y_region: Region
    z_region: Region
    floor: float


class NormAddArgs(Args, kernel="norm_add"):
    """z = max(floor, y * scale + shift + other)."""

    y: Name
    coefficients: Name
    other: Name
    z: Name
    y_region: Region
    other_region: Region
    z_region: Region
    floor: float


class NormSumsArgs(Args, kernel="norm_sums"):
    """The sums of d and of d * (y - mean), for each sample and channel."""

    d: Name
    y: Name
    coefficients: Name
    sums: Name
    d_region: Region
    y_region: Region


class NormGradientArgs(Args, kernel="norm_gradient"):
    """The gradients of gamma and beta, and the three coefficients of the way back."""

    sums: Name
    pixels: int
    coefficients: Name
    gamma: Name
    dgamma: Name
    first_gamma: int
    dbeta: Name
    first_beta: int
    back: Name


class NormGradientFrozenArgs(Args, kernel="norm_gradient_frozen"):
    """The coefficients of the way back where statistics are constants."""

    coefficients: Name
    back: Name


class NormBackwardArgs(Args, kernel="norm_backward"):
    """dy = back0 * d - back1 - (y - mean) * back2; gated, it passes where y > 0, times the factor."""

    d: Name
    y: Name
    coefficients: Name
    back: Name
    dy: Name
    d_region: Region
    y_region: Region
    dy_region: Region
    gated: int
    factor: float


class GroupCoefficientsArgs(Args, kernel="group_coefficients"):
    """Coefficients of each sample and group of channels, from the moments."""

    moments: Name
    pixels: int
    gamma: Name
    beta: Name
    coefficients: Name
    groups: int
    epsilon: float


class GroupGradientArgs(Args, kernel="group_gradient"):
    """The same as NormGradient for groups of channels, of each sample."""

    sums: Name
    pixels: int
    coefficients: Name
    gamma: Name
    dgamma: Name
    dbeta: Name
    back: Name
    groups: int
    first: Flag


class LayerNormArgs(Args, kernel="layer_norm"):
    """y = max(floor, gamma * (x - mean) / deviation + beta) of each pixel."""

    x: Name
    gamma: Name
    beta: Name
    y: Name
    moments: Name
    x_region: Region
    y_region: Region
    epsilon: float
    floor: float


class LayerNormBackwardArgs(Args, kernel="layer_norm_backward"):
    """dx, dgamma and dbeta, where `moments` are those of the forward pass."""

    d: Name
    x: Name
    gamma: Name
    moments: Name
    dx: Name
    dgamma: Name
    dbeta: Name
    d_region: Region
    x_region: Region
    dx_region: Region
    first: Flag


# --- arrays of any shape -----------------------------------------------------------------------------------


class StridedCopyArgs(Args, kernel="strided_copy"):
    """y = x * factor; joined, elements that meet become their sum, the largest or the smallest."""

    x: Flat
    y: Flat
    extents: Extents
    x_layout: StridedLayout
    y_layout: StridedLayout
    factor: float
    join: int
    fresh: Flag  # all of y begins with nothing
    reduction: StaticName  # sum, max or min


class BinaryArgs(Args, kernel="binary"):
    """y = x (operation) w, element by element."""

    x: Flat
    w: Flat
    y: Flat
    extents: Extents
    x_layout: StridedLayout
    w_layout: StridedLayout
    y_layout: StridedLayout
    name: StaticName  # of ir.array_ops.Binary


class BinaryBackwardArgs(Args, kernel="binary_backward"):
    """g = d * the derivative of the operation with respect to its first (0) or second (1) operand."""

    d: Flat
    x: Flat
    w: Flat
    g: Flat
    extents: Extents
    d_layout: StridedLayout
    x_layout: StridedLayout
    w_layout: StridedLayout
    g_layout: StridedLayout
    name: StaticName
    side: Static


class MatmulArgs(Args, kernel="matmul"):
    """y[.., i, j] += the sum over k of x[.., i, k] * w[.., k, j]."""

    x: Flat
    w: Flat
    y: Flat
    sizes: MatmulSizes
    x_layout: MatrixLayout
    w_layout: MatrixLayout
    y_layout: MatrixLayout
    fresh: Flag


# --- images at another size or place, in another light -----------------------------------------------------


class ResampleArgs(Args, kernel="resample"):
    """Each row of y is a weighted sum of rows of x, and each column of that of its columns."""

    x: Name
    y: Name
    rows: Table  # (height * taps,): which rows
    row_weights: Name  # (height, taps + 1): their weights, and a constant
    columns: Table
    column_weights: Name
    room: Name
    x_region: Region
    y_region: Region
    first_column: int  # of those that are read
    columns_read: int
    plain: int  # 1: each pixel is one of the input; 2: and those of a row follow each other


class DrawArgs(Args, kernel="draw"):
    """Random values of each sample, uniform between limits[0] and limits[1]."""

    drawn: Name
    limits: Name
    samples: Name
    seed: Name
    layer: int
    each: int  # 0 where all samples share them


class AffineArgs(Args, kernel="affine"):
    """y[pixel] = x[an affine map of the pixel, which the random values of the sample decide]."""

    x: Name
    y: Name
    drawn: Name
    indices: Name
    fractions: Name
    x_region: Region
    y_region: Region
    kind: int
    linear: int
    fill_mode: int
    fill: float


class AffineBackwardArgs(Args, kernel="affine_backward"):
    """Each gradient goes where the affine map read."""

    d: Name
    dx: Name
    drawn: Name
    indices: Name
    fractions: Name
    d_region: Region
    dx_region: Region
    kind: int
    linear: int
    fill_mode: int


class BrightnessArgs(Args, kernel="brightness"):
    """y = x + the random value of the sample, within a range."""

    x: Name
    y: Name
    drawn: Name
    x_region: Region
    y_region: Region
    low: float
    high: float


class ContrastArgs(Args, kernel="contrast"):
    """y = (x - mean) * the random value of the sample + mean, within a range."""

    x: Name
    y: Name
    drawn: Name
    means: Name
    x_region: Region
    y_region: Region
    low: float
    high: float


class ClipBackwardArgs(Args, kernel="clip_backward"):
    """dx = d where y is between the ends of the range, else 0."""

    d: Name
    y: Name
    dx: Name
    d_region: Region
    y_region: Region
    dx_region: Region
    low: float
    high: float


class NoiseArgs(Args, kernel="noise"):
    """y = x + a normally distributed value, or x * (1 + that)."""

    x: Name
    y: Name
    x_region: Region
    y_region: Region
    samples: Name
    seed: Name
    layer: int
    deviation: float
    factor: int


# --- steps of optimizers ------------------------------------------------------------------------------------


class AdamArgs(Args, kernel="adam"):
    """One step of Adam."""

    w: Name
    gradient: Name
    m: Name
    v: Name
    rate: Scalar
    first: Scalar  # 1 - beta_1
    second: Scalar  # 1 - beta_2
    epsilon: Scalar
    keep: Scalar  # the factor that weight decay leaves of w


class DescendArgs(Args, kernel="descend"):
    """One step of gradient descent."""

    w: Name
    gradient: Name
    rate: Scalar
    keep: Scalar


class MomentumArgs(Args, kernel="momentum"):
    """The same with momentum."""

    w: Name
    gradient: Name
    v: Name
    rate: Scalar
    keep: Scalar
    share: Scalar  # of v that is kept
    nesterov: Scalar  # 1: look ahead
