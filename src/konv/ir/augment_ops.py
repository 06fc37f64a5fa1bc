"""The operations that change images: their size, their place, their light."""

from dataclasses import dataclass

from konv.errors import ShapeError
from konv.ir.graph import Graph
from konv.ir.ops import Op, Shape, describe, image, spatial

Range = tuple[float, float]
# the order is that of the codes in the kernels
MAPS = ("horizontal", "vertical", "horizontal_and_vertical", "rotation", "zoom", "translation", "crop")
FILL_MODES = ("constant", "nearest", "reflect", "wrap")


@dataclass(frozen=True)
class Resize(Op):
    """Images at another size; rows and columns by themselves, each a sum of a few of the input's (konv.ir.resampling).

    `aspect` says of what: "stretch" of the whole image; "crop" of the largest window in its middle that is shaped like
    the target; "center" of the window of the target's size in its middle, or as "crop" where the image is smaller;
    "pad" of the image with borders of `fill_value` that give it the shape of the target; "start" as a crop of Keras that
    is too small to be moved about.
    """

    height: int
    width: int
    interpolation: str = "bilinear"
    antialias: bool = False
    aspect: str = "stretch"
    fill_value: float = 0.0
    data_format: str = "channels_last"

    def output_shape(self, *inputs: Shape) -> Shape:
        return image(self.height, self.width, spatial(inputs[0], self.data_format)[2], data_format=self.data_format)

    def window(self, height: int, width: int) -> tuple[int, int, int, int]:
        """(top, left, rows, columns) of what is resized; it reaches over the image where that is padded."""
        # the height, and width, that the other side asks for
        wanted = width * self.height // self.width, height * self.width // self.height
        rows, columns = max(min(height, wanted[0]), 1), max(min(width, wanted[1]), 1)
        top, left = (height - rows) // 2, (width - columns) // 2
        if self.aspect == "start":
            return top, left, min(self.height, height - top), min(self.width, width - left)
        if self.aspect == "center" and height >= self.height and width >= self.width:
            return (height - self.height) // 2, (width - self.width) // 2, self.height, self.width
        if self.aspect in ("crop", "center"):
            return top, left, rows, columns
        above, before = max(wanted[0] - height, 0) // 2, max(wanted[1] - width, 0) // 2
        if self.aspect == "stretch" or (not above and not before):
            return 0, 0, height, width
        return (-above, 0, height + 2 * above, width) if above else (0, -before, height, width + 2 * before)

    def is_identity(self, training: bool, *inputs: Shape) -> bool:
        height, width = known(inputs[0], self.data_format)
        return self.window(height, width) == (0, 0, height, width) == (0, 0, self.height, self.width)


@dataclass(frozen=True)
class Upsample(Op):
    """Images larger by whole factors (rows, columns)."""

    factors: tuple[int, int]
    interpolation: str = "nearest"
    data_format: str = "channels_last"

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = spatial(inputs[0], self.data_format)
        rows, columns = (size and size * factor for size, factor in zip((height, width), self.factors, strict=True))
        return image(rows, columns, channels, data_format=self.data_format)

    def is_identity(self, training: bool, *inputs: Shape) -> bool:
        known(inputs[0], self.data_format)
        return self.factors == (1, 1)


@dataclass(frozen=True)
class Affine(Op):
    """In training each image is seen through an affine map of its own, drawn anew in every step; nothing in inference.

    `kind` names the map and `ranges` those of its numbers: none for a flip ("horizontal", "vertical" or
    "horizontal_and_vertical", for one image in two), the turns of a "rotation", the factors of the distances of a "zoom"
    (height and width, or both together), the shares of height and width of a "translation".
    """

    modal = True
    training_only = True

    kind: str
    ranges: tuple[Range, ...] = ()
    interpolation: str = "nearest"
    fill_mode: str = "reflect"
    fill_value: float = 0.0
    seed: int | None = None
    data_format: str = "channels_last"

    def output_shape(self, *inputs: Shape) -> Shape:
        spatial(inputs[0], self.data_format)
        return inputs[0]


@dataclass(frozen=True)
class RandomCrop(Op):
    """In training a window at a place drawn anew in every step, the same for all images of a batch; in inference, and of
    images that are not larger than it, what `Resize` makes of the largest window of its shape."""

    modal = True

    height: int
    width: int
    seed: int | None = None
    data_format: str = "channels_last"

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.resize().output_shape(inputs[0])

    def simplified(self, training: bool, *inputs: Shape) -> Op:
        return self if training and self.moves(*known(inputs[0], self.data_format)) else self.resize(training)

    def moves(self, height: int, width: int) -> bool:
        """Whether there is more than one place for the window both ways."""
        return height > self.height and width > self.width

    def resize(self, training: bool = False) -> Resize:
        return Resize(self.height, self.width, aspect="start" if training else "crop", data_format=self.data_format)


@dataclass(frozen=True)
class BrightnessContrast(Op):
    """In training another "brightness", x + number, or "contrast", (x - mean) * number + mean with the mean of the channel,
    cut off at both ends of `value_range`; the number is drawn for each image anew in every step. Nothing in inference."""

    modal = True
    training_only = True

    kind: str
    range: Range
    value_range: Range = (0.0, 255.0)
    seed: int | None = None
    data_format: str = "channels_last"

    def output_shape(self, *inputs: Shape) -> Shape:
        spatial(inputs[0], self.data_format)
        return inputs[0]


@dataclass(frozen=True)
class Noise(Op):
    """In training each number plus one from a normal distribution around 0, or times one around 1; nothing in inference,
    unless it is `always` there, as what a `call` draws by konv.random.normal."""

    pointwise = True
    modal = True
    training_only = True

    deviation: float
    factor: bool = False
    seed: int | None = None
    always: bool = False

    @property
    def always_random(self) -> bool:
        return self.always


def only_augments(graph: Graph) -> bool:
    """Whether the changes that images go through here in training are all that training changes."""
    changed = [node.op for node in graph.nodes if node.op.modal]
    return bool(changed) and not any(op.pointwise for op in changed)  # as BatchNorm, Dropout and Noise are


def known(shape: Shape, data_format: str) -> tuple[int, int]:
    """Height and width of an image shape; ShapeError where one is open."""
    height, width, _ = spatial(shape, data_format)
    if height is None or width is None:
        raise ShapeError(f"height and width must be known, got {describe(shape)}")
    return height, width
