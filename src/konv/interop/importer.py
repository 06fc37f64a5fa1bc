"""Models of other libraries as models of konv: what ONNX and PyTorch have in common.

There the channels of images come second, here last. A value is a tensor of konv and the order of its axes: axis i there is
axis order[i] here. Transposing costs nothing; what needs another order pays with one Permute. Padding that is not Keras's is a
layer of its own in front of a window that is "valid".
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf, prod
from typing import Any

import numpy as np

from konv import layers, ops
from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.interop import padded_windows as windows
from konv.interop.padded_windows import LARGEST_SIDE, LOWEST, Pads
from konv.ir.window import SpreadWindow, Window
from konv.models import Model
from konv.tracing.tensors import Tensor

LARGEST_SAMPLE = 1 << 28  # elements of an input
MERGES = {"add": layers.Add, "subtract": layers.Subtract, "multiply": layers.Multiply, "maximum": layers.Maximum,
         "minimum": layers.Minimum}


@dataclass(frozen=True)
class Value:
    """A tensor, and where each axis of the other library is in it; the batch is axis 0 in both."""

    tensor: Any
    order: tuple[int, ...]

    @property
    def shape(self) -> tuple[Any, ...]:
        """As the other library has it; sizes that are open are None."""
        return tuple(self.tensor.shape[axis] for axis in self.order)

    @property
    def rank(self) -> int:
        return len(self.order)

    def like(self, tensor: Any) -> "Value":
        """Another tensor with its axes in this order."""
        return Value(tensor, self.order)


def second(rank: int) -> tuple[int, ...]:
    """The order of images (batch, channels, ...) whose tensor has the channels last."""
    return (0, rank - 1, *range(1, rank - 1))


class Importer:
    """Layers are called one after the other, each named after `hint`; `finish` makes the model of them."""

    hint = "layer"

    def __init__(self) -> None:
        self.inputs: list[Tensor] = []
        self._names: dict[str, int] = {}  # and how many more have begun so

    def name(self, wanted: str) -> str:
        """A name as layers may have it, that no layer has yet."""
        base = re.sub(r"[^\w.-]+", "_", wanted).strip("_.") or "layer"
        name, number = base, self._names.get(base, 0)
        while name in self._names:
            number += 1
            name = f"{base}_{number}"
        self._names |= {base: number, name: 0}
        return name

    def call(self, kind: type, x: Any, *arguments: Any, suffix: str = "", weights: Sequence[Any] | None = None,
             **options: Any) -> Any:
        """A layer, called on tensors, with these weights."""
        layer = kind(*arguments, name=self.name(self.hint + suffix), **options)
        tensor = layer(x)
        if weights is not None:
            for array, variable in zip(weights, layer.weights, strict=True):
                if np.shape(array) != tuple(variable.shape):
                    raise ShapeError(f"{variable.name} has the shape {np.shape(array)}, it would have to be {variable.shape}")
            layer.set_weights([np.asarray(array, np.float32) for array in weights])
        return tensor

    def function(self, name: str, x: Value, *arguments: Any) -> Value:
        """A function of konv.ops, element by element."""
        return x.like(getattr(ops, name)(x.tensor, *arguments))

    # --- layouts ----------------------------------------------------------------------------------

    def input(self, name: str, sample: Sequence[int | None], images: bool) -> Value:
        """An input of the model; `images` have their channels first in `sample`, and last in the model."""
        sizes = [size for size in sample if size is not None]
        if any(size < 1 or size > LARGEST_SIDE for size in sizes) or prod(sizes) > LARGEST_SAMPLE:
            raise KonvError(f"an input of shape {tuple(sample)} is not supported; sizes go from 1 to {LARGEST_SIDE:,}")
        shape = (*sample[1:], sample[0]) if images else tuple(sample)
        tensor = layers.Input(shape, name=self.name(name))
        self.inputs.append(tensor)
        rank = len(shape) + 1
        return Value(tensor, second(rank) if images else tuple(range(rank)))

    def image(self, x: Value) -> Any:
        """The tensor with the channels last, wherever they are now."""
        return self.ordered(x, second(x.rank))

    def ordered(self, x: Value, order: tuple[int, ...]) -> Any:
        """The tensor whose axes are in that order."""
        if x.order == order:
            return x.tensor
        # axis a of the result is axis i there, which is axis x.order[i] of the tensor
        dims = [x.order[order.index(axis)] for axis in range(x.rank)]
        shape = [x.tensor.shape[axis] for axis in dims]
        moved = [axis for axis in dims[1:] if x.tensor.shape[axis] != 1]
        if moved == sorted(moved) and None not in shape[1:]:  # only axes of size 1 move
            return self.call(layers.Reshape, x.tensor, tuple(shape[1:]), suffix="_shape")
        return self.call(layers.Permute, x.tensor, tuple(dims[1:]), suffix="_axes")

    def plain(self, x: Value) -> Any:
        """The tensor with its axes as the other library has them."""
        return self.ordered(x, tuple(range(x.rank)))

    def of_images(self, tensor: Any) -> Value:
        return Value(tensor, second(tensor.ndim))

    def as_is(self, tensor: Any) -> Value:
        return Value(tensor, tuple(range(tensor.ndim)))

    # --- windows ----------------------------------------------------------------------------------

    def padded(self, image: Any, window: Window, pads: Pads, causal: bool = False) -> tuple[Any, str]:
        """The image with zeros around it, and the padding that remains to be done: "same" where that is the same."""
        if not any(map(any, pads)):
            return image, "valid"
        sizes = image.shape[1:-1]
        for padding in ("same", *(["causal"] if causal else [])):
            wanted = Window(window.kernel, window.strides, padding, window.dilation)
            if None not in sizes and [(axis.before, axis.after) for axis in wanted.axes(*sizes)] == list(map(tuple, pads)):
                return image, padding
        return self.zeros(image, pads), "valid"

    def zeros(self, image: Any, pads: Pads, suffix: str = "_pad") -> Any:
        """Zeros around the rows and columns, or the steps."""
        windows.check_pads(pads)
        if not any(map(any, pads)):
            return image
        if len(pads) == 2 and image.ndim == 4:
            return self.call(layers.ZeroPadding2D, image, tuple(map(tuple, pads)), suffix=suffix)
        return self.call(layers.ZeroPadding1D, image, tuple(pads[0]), suffix=suffix)

    def conv(self, x: Value, kernel: np.ndarray, bias: np.ndarray | None, strides: Sequence[int], pads: Pads,
             dilation: Sequence[int], groups: int = 1) -> Value:
        """kernel (filters, channels / groups, ...)."""
        rank = kernel.ndim - 2
        image = self.image(x)
        channels = image.shape[-1]
        filters, per_group = kernel.shape[:2]
        if rank not in (1, 2) or image.ndim != rank + 2:
            raise UnsupportedError(f"a kernel of shape {kernel.shape} over an input of {image.ndim} axes; convolutions of "
                                   f"images and of sequences are supported")
        if channels != per_group * groups:
            raise ShapeError(f"the kernel is for {per_group * groups} channels, the input has {channels}")
        window = Window(kernel.shape[2:], tuple(strides), "valid", tuple(dilation))
        image, padding = self.padded(image, window, pads, causal=rank == 1)
        options: dict[str, Any] = {"strides": window.strides, "padding": padding, "dilation_rate": window.dilation,
                                   "use_bias": bias is not None}
        taps = range(2, rank + 2)
        if groups == channels > 1 and filters % groups == 0 and padding != "causal":
            kind, arguments = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)[rank - 1], (window.kernel,)
            options["depth_multiplier"] = filters // channels
            kernel = kernel.reshape(channels, filters // channels, *window.kernel).transpose(*taps, 0, 1)
        else:
            kind, arguments = (layers.Conv1D, layers.Conv2D)[rank - 1], (filters, window.kernel)
            options["groups"] = groups
            kernel = kernel.transpose(*taps, 1, 0)
        return self.of_images(self.call(kind, image, *arguments, **options, weights=given(kernel, bias)))

    def conv_transpose(self, x: Value, kernel: np.ndarray, bias: np.ndarray | None, strides: Sequence[int], pads: Pads,
                       dilation: Sequence[int], extra: Sequence[int], groups: int = 1) -> Value:
        """kernel (channels, filters, ...); `pads` are cut off, `extra` comes in addition at the end."""
        rank, image = kernel.ndim - 2, self.image(x)
        if groups != 1 or rank not in (1, 2) or image.ndim != rank + 2:
            raise UnsupportedError("transposed convolutions of images and of sequences in one group are supported")
        if kernel.shape[0] != image.shape[-1]:
            raise ShapeError(f"the kernel is for {kernel.shape[0]} channels, the input has {image.shape[-1]}")
        windows.check_pads(pads)
        padding, more = self._cut(image.shape[1:-1], kernel.shape[2:], strides, pads, dilation, extra)
        kind = (layers.Conv1DTranspose, layers.Conv2DTranspose)[rank - 1]
        made = self.call(kind, image, kernel.shape[1], kernel.shape[2:], strides=tuple(strides), padding=padding or "valid",
                         output_padding=more, dilation_rate=tuple(dilation), use_bias=bias is not None,
                         weights=given(kernel.transpose(*range(2, rank + 2), 1, 0), bias))
        return self.of_images(made if padding else self.cropped(made, pads))

    def _cut(self, sizes: Sequence[Any], kernel: tuple[int, ...], strides: Sequence[int], pads: Pads, dilation: Sequence[int],
             extra: Sequence[int]) -> tuple[str | None, tuple[int, ...] | None]:
        """The padding and output_padding with which Keras cuts off the same; no padding if only a layer of its own does."""
        extents = [apart * (taps - 1) + 1 for apart, taps in zip(dilation, kernel, strict=True)]
        for padding, more in (("valid", None), ("same", None), ("same", tuple(extra))):
            window = SpreadWindow(kernel, tuple(strides), padding, tuple(dilation), more)
            axes = window.axes(*sizes) if None not in sizes else ()
            alike = [(axis.before, axis.output) == (before, (axis.size - 1) * axis.stride + extent + added - before - after)
                     for axis, (before, after), extent, added in zip(axes, pads, extents, extra, strict=bool(axes))]
            if axes and all(alike) and (more is None or all(added < stride for added, stride in zip(
                    more, strides, strict=True))):
                return padding, more
        return None, tuple(extra)

    def cropped(self, image: Any, pads: Pads) -> Any:
        """Without some rows and columns, or steps, at the edges."""
        if not any(map(any, pads)):
            return image
        if image.ndim == 4:
            return self.call(layers.Cropping2D, image, tuple(map(tuple, pads)), suffix="_crop")
        return self.call(layers.Cropping1D, image, tuple(pads[0]), suffix="_crop")

    def max_pool(self, x: Value, kernel: Sequence[int], strides: Sequence[int], pads: Pads, ceil: bool = False) -> Value:
        image = self.image(x)
        window, pads, _ = windows.pool_window(image, kernel, strides, pads, ceil)
        padded, padding = self.padded(image, window, pads)
        if padded is not image and not windows.never_negative(image):
            padded = ops.add(padded, windows.lowest_around(image.shape[1:-1], pads))
        kind = (layers.MaxPooling1D, layers.MaxPooling2D)[window.rank - 1]
        return self.of_images(self.call(kind, padded, window.kernel, window.strides, padding))

    def average_pool(self, x: Value, kernel: Sequence[int], strides: Sequence[int], pads: Pads, ceil: bool = False,
                     counts_padding: bool = False) -> Value:
        """The mean of each window; with `counts_padding` over all of it, zeros included."""
        image = self.image(x)
        window, all_pads, own = windows.pool_window(image, kernel, strides, pads, ceil)
        kind = (layers.AveragePooling1D, layers.AveragePooling2D)[window.rank - 1]
        if counts_padding:
            image, counted = self.zeros(image, all_pads), own
        else:
            image, padding = self.padded(image, window, all_pads)
            if padding == "same" or not any(map(any, all_pads)):
                return self.of_images(self.call(kind, image, window.kernel, window.strides, padding))
            counted = [(0, 0)] * window.rank
        made = self.call(kind, image, window.kernel, window.strides)
        share = windows.share_inside(window, all_pads, counted, image.shape[1:-1])
        if (share != 1).any():  # where a window reaches over what counts, its mean is of fewer elements
            made = ops.multiply(made, (1 / share)[None, ..., None].astype(np.float32))
        return self.of_images(made)

    def global_pool(self, x: Value, kind: str, keepdims: bool) -> Value:
        """`kind` is "Max" or "Average"."""
        image = self.image(x)
        rank = image.ndim - 2
        if rank not in (1, 2):
            raise UnsupportedError(f"a global pool over an input of {image.ndim} axes; images and sequences are supported")
        made = self.call(getattr(layers, f"Global{kind}Pooling{rank}D"), image, keepdims=keepdims)
        return self.of_images(made) if keepdims else self.as_is(made)

    def upsample(self, x: Value, factors: Sequence[int]) -> Value:
        """Each row and column so many times."""
        return self.of_images(self.call(layers.UpSampling2D, self.image(x), tuple(factors), interpolation="nearest"))

    def resize(self, x: Value, size: Sequence[int], antialias: bool) -> Value:
        """Bilinear, with half-pixel centres."""
        return self.of_images(self.call(layers.Resizing, self.image(x), *size, interpolation="bilinear", antialias=antialias))

    # --- normalization ----------------------------------------------------------------------------

    def _normalized(self, kind: type, tensor: Any, gamma: Any, beta: Any, epsilon: float, *arguments: Any,
                    statistics: Sequence[Any] = ()) -> Any:
        return self.call(kind, tensor, *arguments, epsilon=epsilon, scale=gamma is not None, center=beta is not None,
                         weights=[*given(gamma, beta), *statistics])

    def batch_norm(self, x: Value, gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float) -> Value:
        return self.of_images(self._normalized(layers.BatchNormalization, self.image(x), gamma, beta, epsilon,
                                               statistics=(mean, variance)))

    def group_norm(self, x: Value, groups: int, gamma: Any, beta: Any, epsilon: float) -> Value:
        return self.of_images(self._normalized(layers.GroupNormalization, self.image(x), gamma, beta, epsilon, groups))

    def layer_norm(self, x: Value, count: int, gamma: Any, beta: Any, epsilon: float) -> Value:
        """Over the last `count` axes."""
        tensor = self.plain(x)
        axes = list(range(tensor.ndim - count, tensor.ndim))
        sizes = [tensor.shape[axis] for axis in axes]
        gamma, beta = (None if array is None else np.reshape(array, sizes) for array in (gamma, beta))
        return self.as_is(self._normalized(layers.LayerNormalization, tensor, gamma, beta, epsilon, axes))

    # --- element by element -----------------------------------------------------------------------

    def activation(self, x: Value, name: str) -> Value:
        return x.like(self.call(layers.Activation, x.tensor, name))

    def relu(self, x: Value, most: float | None = None, slope: float = 0.0) -> Value:
        if slope and most is None:
            return x.like(self.call(layers.LeakyReLU, x.tensor, slope))
        return x.like(self.call(layers.ReLU, x.tensor, most, slope))

    def elu(self, x: Value, alpha: float) -> Value:
        return x.like(self.call(layers.ELU, x.tensor, alpha))

    def clip(self, x: Value, least: float, most: float) -> Value:
        if least == 0:
            return self.relu(x, None if most == inf else most)
        if (least, most) == (-inf, inf):
            return x
        return self.function("clip", x, max(least, LOWEST), min(most, -LOWEST))

    def prelu(self, x: Value, alpha: np.ndarray) -> Value:
        """One slope, or one for each channel."""
        image = self.image(x)
        shape = (1,) * (image.ndim - 2) + (image.shape[-1],)
        shared = list(range(1, image.ndim - 1)) or None
        weights = [np.broadcast_to(np.reshape(alpha, (1,) * (image.ndim - 2) + (-1,)), shape)]
        return self.of_images(self.call(layers.PReLU, image, shared_axes=shared, weights=weights))

    def softmax(self, x: Value, axis: int, log: bool = False) -> Value:
        here = x.order[axis % x.rank]
        if here == 0:
            raise UnsupportedError("softmax over the batch; samples are computed one by one")
        return self.function("log_softmax", x, here) if log else x.like(self.call(layers.Softmax, x.tensor, here))

    def _alike(self, values: Sequence[Value]) -> tuple[list[Any], tuple[int, ...]]:
        """Tensors whose axes are in one order, and that order."""
        if len({value.order for value in values}) == 1:
            return [value.tensor for value in values], values[0].order
        tensors = [self.plain(value) for value in values]
        return tensors, tuple(range(tensors[0].ndim))

    def combine(self, kind: str, values: Sequence[Value]) -> Value:
        """Element by element; axes of size 1 are repeated."""
        tensors, order = self._alike(values)
        if len({tensor.ndim for tensor in tensors}) > 1:
            raise UnsupportedError(f"inputs of shapes {', '.join(str(value.shape) for value in values)}, whose numbers of axes "
                                   f"differ; give them the same number of axes")
        return Value(self.call(MERGES[kind], tensors) if kind in MERGES else reduce(getattr(ops, kind), tensors), order)

    def combine_constant(self, kind: str, x: Value, array: np.ndarray, swapped: bool = False, suffix: str = "") -> Value:
        """The same with fixed elements; `swapped` has them first."""
        if array.ndim > x.rank:
            raise UnsupportedError(f"fixed numbers of shape {array.shape} with an input of shape {x.shape}")
        whole = array.reshape((1,) * (x.rank - array.ndim) + array.shape)
        if whole.shape[0] != 1:
            raise UnsupportedError(f"fixed numbers of shape {array.shape} differ from sample to sample")
        here = whole.transpose([x.order.index(axis) for axis in range(x.rank)])
        per_channel = here.size == 1 or (here.size == here.shape[-1] == x.tensor.shape[-1])
        pair = None if not per_channel else scale_and_offset(kind, here.reshape(-1).astype(float), swapped)
        if pair is not None and all(np.isfinite(part).all() for part in pair):
            scale, offset = (part.tolist() if part.size > 1 else part.item() for part in pair)
            return x.like(self.call(layers.Rescaling, x.tensor, scale, offset, suffix=suffix))
        arguments = (here.astype(np.float32), x.tensor) if swapped else (x.tensor, here.astype(np.float32))
        return x.like(getattr(ops, kind)(*arguments))

    # --- matrices and shapes ----------------------------------------------------------------------

    def dense(self, x: Value, kernel: np.ndarray, bias: np.ndarray | None) -> Value:
        """Over the last axis; kernel (inputs, units)."""
        tensor = self.plain(x)
        if tensor.shape[-1] != kernel.shape[0]:
            raise ShapeError(f"the matrix is for {kernel.shape[0]} inputs, there are {tensor.shape[-1]}: {x.shape}")
        return self.as_is(self.call(layers.Dense, tensor, kernel.shape[1], use_bias=bias is not None,
                                    weights=given(kernel, bias)))

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """The sizes of a sample, one of which may be -1."""
        tensor = self.plain(x)
        sizes = tuple(int(size) for size in shape)
        if tensor.shape[1:] == sizes:
            return self.as_is(tensor)
        if sizes == (-1,) or (len(sizes) == 1 and None not in tensor.shape[1:] and prod(tensor.shape[1:]) == sizes[0]):
            return self.as_is(self.call(layers.Flatten, tensor))
        return self.as_is(self.call(layers.Reshape, tensor, sizes))

    def without(self, x: Value, axes: Collection[int]) -> Value:
        """The same elements without some axes of size 1, which are not the batch."""
        return self.reshape(x, [size for axis, size in enumerate(x.shape) if axis and axis not in axes])

    def expand(self, x: Value, axes: Sequence[int]) -> Value:
        """With axes of size 1, which become those of the result."""
        rank = x.rank + len(axes)
        new = {axis % rank for axis in axes}
        if 0 in new or None in x.shape[1:]:
            raise UnsupportedError(f"an axis in front of the batch, or sizes that are open: {x.shape}")
        sizes = iter(x.shape[1:])
        return self.reshape(x, [1 if axis in new else next(sizes) for axis in range(1, rank)])

    def transpose(self, x: Value, axes: Sequence[int]) -> Value:
        if sorted(axes) != list(range(x.rank)) or axes[0] != 0:
            raise UnsupportedError(f"the axes in the order {tuple(axes)}; the batch must stay the first")
        return Value(x.tensor, tuple(x.order[axis] for axis in axes))

    def concatenate(self, values: Sequence[Value], axis: int) -> Value:
        tensors, order = self._alike(values)
        here = order[axis % len(order)]
        if here == 0:
            raise UnsupportedError("samples one after the other; they are computed one by one")
        return Value(self.call(layers.Concatenate, tensors, axis=here), order)

    def reduce(self, kind: str, x: Value, axes: Sequence[int], keepdims: bool) -> Value:
        """Sums, means or extremes along axes; a mean or maximum of whole images is a global pool."""
        along = sorted(axis % x.rank for axis in axes)
        if 0 in along:
            raise UnsupportedError("a sum or mean over the batch; samples are computed one by one")
        if not along:
            return x
        if kind in ("mean", "max") and x.rank in (3, 4) and along == list(range(2, x.rank)) and x.order[1] == x.rank - 1:
            return self.global_pool(x, "Max" if kind == "max" else "Average", keepdims)
        made = getattr(ops, kind)(x.tensor, axis=tuple(x.order[axis] for axis in along), keepdims=keepdims)
        if keepdims:
            return x.like(made)
        kept = [here for axis, here in enumerate(x.order) if axis not in along]
        return Value(made, tuple(sorted(kept).index(here) for here in kept))

    def pad(self, x: Value, widths: Pads) -> Value:
        """Zeros around, (before, after) for each axis there."""
        windows.check_pads(widths)
        if any(widths[0]):
            raise UnsupportedError("padding of the batch")
        here = [widths[x.order.index(axis)] for axis in range(x.rank)]
        if min(min(pair) for pair in here) < 0:
            raise UnsupportedError(f"padding by {list(widths)}; negative widths are not supported")
        if x.rank == 4 and not any(here[3]):
            return x.like(self.zeros(x.tensor, here[1:3], suffix=""))
        return self.function("pad", x, [tuple(pair) for pair in here]) if any(map(any, here)) else x

    def part(self, x: Value, keys: dict[int, slice]) -> Value:
        """Slices by axis."""
        if any(axis % x.rank == 0 for axis in keys):
            raise UnsupportedError("a part of the batch; samples are computed one by one")
        here: list[Any] = [slice(None)] * x.rank
        for axis, key in keys.items():
            here[x.order[axis % x.rank]] = key
        return self.function("get_item", x, tuple(here))

    def split(self, x: Value, sizes: Sequence[int], axis: int) -> list[Value]:
        """Parts of these sizes along an axis."""
        ends = np.cumsum(sizes).tolist()
        return [self.part(x, {axis: slice(end - size, end)}) for size, end in zip(sizes, ends, strict=True)]

    # --- the whole --------------------------------------------------------------------------------

    def finish(self, outputs: Sequence[Value], name: str) -> Model:
        """The model; images come out with their channels last, as they go in."""
        self.hint = "output"
        made = [x.tensor if x.rank > 2 and x.order == second(x.rank) else self.plain(x) for x in outputs]
        if any(any(one is other for other in self.inputs) for one in made):
            made = [self.call(layers.Identity, one) if any(one is other for other in self.inputs) else one for one in made]
        used = self.inputs if len(self.inputs) > 1 else self.inputs[0]
        return Model(used, made if len(made) > 1 else made[0], name=self.name(name))


def given(*arrays: Any) -> list[Any]:
    """Those weights that there are."""
    return [array for array in arrays if array is not None]


def scale_and_offset(kind: str, elements: np.ndarray, swapped: bool) -> tuple[np.ndarray, np.ndarray] | None:
    """x combined with fixed elements as x * scale + offset, if it can be."""
    one, none = np.ones(1), np.zeros(1)
    if kind == "multiply":
        return elements, none
    if kind == "add":
        return one, elements
    if kind == "subtract":
        return (-one, elements) if swapped else (one, -elements)
    if kind == "divide" and not swapped and (elements != 0).all():
        return 1 / elements, none
    return None
