"""Models of other libraries as models of konv: what ONNX and PyTorch have in common.

There the channels of images come second, here last. A value is a tensor of konv and the order of its axes: axis i there is
axis order[i] here. Transposing costs nothing; what needs another order pays with one Permute. Padding that is not Keras's is a
layer of its own in front of a window that is "valid".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from konv import layers, ops
from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.interop.importer_windows import LARGEST_SIDE, check_pads, lowest_around, never_negative, pool_window, scale_and_offset
from konv.interop.importer_windows import share_inside as share_of
from konv.ir.window import SpreadWindow, Window
from konv.models import Model
from konv.tracing.tensors import Tensor

Pads = Sequence[tuple[int, int]]
LARGEST_SAMPLE = 1 << 28  # numbers in an input
NAMES = {"add": layers.Add, "subtract": layers.Subtract, "multiply": layers.Multiply, "maximum": layers.Maximum,
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


def second(rank: int) -> tuple[int, ...]:
    """The order of images (batch, channels, ...) whose tensor has the channels last."""
    return (0, rank - 1, *range(1, rank - 1))


@dataclass
class Importer:
    """Layers are called one after the other; `finish` makes the model of them."""

    title: str
    inputs: list[Tensor] = field(default_factory=list)
    _names: dict[str, int] = field(default_factory=dict)  # and how many more have begun so

    def name(self, wanted: str) -> str:
        """A name as layers may have it, that no layer has yet."""
        base = re.sub(r"[^\w.-]+", "_", wanted).strip("_.") or "layer"
        name, number = base, self._names.get(base, 0)
        while name in self._names:
            number += 1
            name = f"{base}_{number}"
        self._names |= {base: number, name: 0}
        return name

    def call(self, hint: str, kind: type, x: Any, *arguments: Any, weights: Sequence[Any] | None = None,
             **options: Any) -> Any:
        """A layer, called on tensors, with these weights."""
        layer = kind(*arguments, name=self.name(hint), **options)
        tensor = layer(x)
        if weights is not None:
            for array, variable in zip(weights, layer.weights, strict=True):
                if np.shape(array) != tuple(variable.shape):
                    raise ShapeError(f"{variable.name} has the shape {np.shape(array)}, it would have to be {variable.shape}")
            layer.set_weights([np.asarray(array, np.float32) for array in weights])
        return tensor

    # --- layouts ----------------------------------------------------------------------------------

    def input(self, name: str, sample: Sequence[int | None], images: bool) -> Value:
        """A place where data enters; `images` have their channels first in `sample`, and last in the model."""
        sizes = [size for size in sample if size is not None]
        if any(size < 1 or size > LARGEST_SIDE for size in sizes) or prod(sizes) > LARGEST_SAMPLE:
            raise KonvError(f"an input of shape {tuple(sample)} is not supported; sizes go from 1 to {LARGEST_SIDE:,}")
        shape = (*sample[1:], sample[0]) if images else tuple(sample)
        tensor = layers.Input(shape, name=self.name(name))
        self.inputs.append(tensor)
        rank = len(shape) + 1
        return Value(tensor, second(rank) if images else tuple(range(rank)))

    def image(self, x: Value, hint: str) -> Any:
        """The tensor with the channels last, wherever they are now."""
        return self.ordered(x, second(x.rank), hint)

    def ordered(self, x: Value, order: tuple[int, ...], hint: str) -> Any:
        """The tensor whose axes are in that order."""
        if x.order == order:
            return x.tensor
        # axis a of the result is axis i there, which is axis x.order[i] of the tensor
        dims = [x.order[order.index(axis)] for axis in range(x.rank)]
        shape = [x.tensor.shape[axis] for axis in dims]
        moved = [axis for axis in dims[1:] if x.tensor.shape[axis] != 1]
        if moved == sorted(moved) and None not in shape[1:]:  # only axes of size 1 change their places
            return self.call(f"{hint}_shape", layers.Reshape, x.tensor, tuple(shape[1:]))
        return self.call(f"{hint}_axes", layers.Permute, x.tensor, tuple(dims[1:]))

    def plain(self, x: Value, hint: str) -> Any:
        """The tensor with its axes as the other library has them."""
        return self.ordered(x, tuple(range(x.rank)), hint)

    def of_images(self, tensor: Any) -> Value:
        return Value(tensor, second(tensor.ndim))

    def as_is(self, tensor: Any) -> Value:
        return Value(tensor, tuple(range(tensor.ndim)))

    # --- windows ----------------------------------------------------------------------------------

    def padded(self, hint: str, image: Any, window: Window, pads: Pads, causal: bool = False) -> tuple[Any, str]:
        """The image with zeros around it, and the padding that is left to do: "same" where that is the same."""
        if not any(map(any, pads)):
            return image, "valid"
        sizes = image.shape[1:-1]
        for padding in ("same", *(["causal"] if causal else [])):
            wanted = Window(window.kernel, window.strides, padding, window.dilation)
            if None not in sizes and [(axis.before, axis.after) for axis in wanted.axes(*sizes)] == list(map(tuple, pads)):
                return image, padding
        return self.zeros(f"{hint}_pad", image, pads), "valid"

    def zeros(self, hint: str, image: Any, pads: Pads) -> Any:
        """Zeros around the rows and columns, or the steps."""
        check_pads(pads)
        if not any(map(any, pads)):
            return image
        if len(pads) == 2 and image.ndim == 4:
            return self.call(hint, layers.ZeroPadding2D, image, tuple(map(tuple, pads)))
        return self.call(hint, layers.ZeroPadding1D, image, tuple(pads[0]))

    def conv(self, hint: str, x: Value, kernel: np.ndarray, bias: Any, strides: Sequence[int], pads: Pads,
             dilation: Sequence[int], groups: int = 1) -> Value:
        """kernel (filters, channels / groups, ...)."""
        rank = kernel.ndim - 2
        image = self.image(x, hint)
        channels = image.shape[-1]
        filters, per_group = kernel.shape[:2]
        if rank not in (1, 2) or image.ndim != rank + 2:
            raise UnsupportedError(f"a kernel of shape {kernel.shape} over an input of {image.ndim} axes; convolutions of "
                                   f"images and of sequences are supported")
        if channels != per_group * groups:
            raise ShapeError(f"the kernel is for {per_group * groups} channels, the input has {channels}")
        window = Window(kernel.shape[2:], tuple(strides), "valid", tuple(dilation))
        image, padding = self.padded(hint, image, window, pads, causal=rank == 1)
        options: dict[str, Any] = {"strides": window.strides, "padding": padding, "dilation_rate": window.dilation,
                                   "use_bias": bias is not None}
        biases = [] if bias is None else [bias]
        if groups == channels > 1 and filters % groups == 0 and padding != "causal":
            own = kernel.reshape(channels, filters // channels, *window.kernel)
            kind = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)[rank - 1]
            return self.of_images(self.call(hint, kind, image, window.kernel, depth_multiplier=filters // channels, **options,
                                            weights=[own.transpose(*range(2, rank + 2), 0, 1), *biases]))
        kind = (layers.Conv1D, layers.Conv2D)[rank - 1]
        return self.of_images(self.call(hint, kind, image, filters, window.kernel, groups=groups, **options,
                                        weights=[kernel.transpose(*range(2, rank + 2), 1, 0), *biases]))

    def conv_transpose(self, hint: str, x: Value, kernel: np.ndarray, bias: Any, strides: Sequence[int], pads: Pads,
                       dilation: Sequence[int], extra: Sequence[int], groups: int = 1) -> Value:
        """kernel (channels, filters, ...); `pads` are cut off, `extra` comes in addition at the end."""
        rank, image = kernel.ndim - 2, self.image(x, hint)
        if groups != 1 or rank not in (1, 2) or image.ndim != rank + 2:
            raise UnsupportedError("transposed convolutions of images and of sequences in one group are supported")
        if kernel.shape[0] != image.shape[-1]:
            raise ShapeError(f"the kernel is for {kernel.shape[0]} channels, the input has {image.shape[-1]}")
        check_pads(pads)
        sizes = image.shape[1:-1]
        kind = (layers.Conv1DTranspose, layers.Conv2DTranspose)[rank - 1]
        options: dict[str, Any] = {"strides": tuple(strides), "dilation_rate": tuple(dilation), "use_bias": bias is not None}
        weights = [kernel.transpose(*range(2, rank + 2), 1, 0), *([] if bias is None else [bias])]
        extents = [d * (k - 1) + 1 for d, k in zip(dilation, kernel.shape[2:], strict=True)]
        # the ways in which Keras cuts; else nothing is cut but by a layer of its own
        for padding, more in (("valid", None), ("same", None), ("same", tuple(extra))):
            window = SpreadWindow(kernel.shape[2:], tuple(strides), padding, tuple(dilation), more)
            axes = window.axes(*sizes) if None not in sizes else ()
            alike = [(axis.before, axis.output) == (before, (axis.size - 1) * axis.stride + extent + more_ - before - after)
                     for axis, (before, after), extent, more_ in zip(axes, pads, extents, extra, strict=bool(axes))]
            if axes and all(alike) and (more is None or all(e < s for e, s in zip(more, strides, strict=True))):
                return self.of_images(self.call(hint, kind, image, kernel.shape[1], kernel.shape[2:], padding=padding,
                                                output_padding=more, weights=weights, **options))
        made = self.call(hint, kind, image, kernel.shape[1], kernel.shape[2:], output_padding=tuple(extra), weights=weights,
                         **options)
        return self.of_images(self.cropped(f"{hint}_crop", made, pads))

    def cropped(self, hint: str, image: Any, pads: Pads) -> Any:
        """Without some rows and columns, or steps, at the edges."""
        if not any(map(any, pads)):
            return image
        if image.ndim == 4:
            return self.call(hint, layers.Cropping2D, image, tuple(map(tuple, pads)))
        return self.call(hint, layers.Cropping1D, image, tuple(pads[0]))

    def max_pool(self, hint: str, x: Value, kernel: Sequence[int], strides: Sequence[int], pads: Pads,
                 ceil: bool = False) -> Value:
        image = self.image(x, hint)
        window, pads, _ = pool_window(image, kernel, strides, pads, ceil)
        padded, padding = self.padded(hint, image, window, pads)
        if padded is not image and not never_negative(image):
            padded = ops.add(padded, lowest_around(image.shape[1:-1], pads))
        kind = (layers.MaxPooling1D, layers.MaxPooling2D)[window.rank - 1]
        return self.of_images(self.call(hint, kind, padded, window.kernel, window.strides, padding))

    def average_pool(self, hint: str, x: Value, kernel: Sequence[int], strides: Sequence[int], pads: Pads,
                     ceil: bool = False, counts_padding: bool = False) -> Value:
        """The mean of each window; with `counts_padding` over all of it, zeros included."""
        image = self.image(x, hint)
        window, all_pads, own = pool_window(image, kernel, strides, pads, ceil)
        kind = (layers.AveragePooling1D, layers.AveragePooling2D)[window.rank - 1]
        if not counts_padding:
            image, padding = self.padded(hint, image, window, all_pads)
            if padding == "same" or not any(map(any, all_pads)):
                return self.of_images(self.call(hint, kind, image, window.kernel, window.strides, padding))
            counted = [(0, 0)] * window.rank
        else:
            image, counted = self.zeros(f"{hint}_pad", image, all_pads), own
        made = self.call(hint, kind, image, window.kernel, window.strides)
        share = share_of(window, all_pads, counted, image.shape[1:-1])
        if (share != 1).any():  # where a window reaches over what counts, its mean is of fewer numbers
            made = ops.multiply(made, (1 / share)[None, ..., None].astype(np.float32))
        return self.of_images(made)

    def global_pool(self, hint: str, x: Value, kind: str, keepdims: bool) -> Value:
        image = self.image(x, hint)
        rank = image.ndim - 2
        if rank not in (1, 2):
            raise UnsupportedError(f"a global pool over an input of {image.ndim} axes; images and sequences are supported")
        made = self.call(hint, getattr(layers, f"Global{kind}Pooling{rank}D"), image, keepdims=keepdims)
        return self.of_images(made) if keepdims else self.as_is(made)

    # --- normalisation ----------------------------------------------------------------------------

    def batch_norm(self, hint: str, x: Value, gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float) -> Value:
        image = self.image(x, hint)
        options = {"epsilon": epsilon, "scale": gamma is not None, "center": beta is not None}
        weights = [array for array in (gamma, beta) if array is not None] + [mean, variance]
        return self.of_images(self.call(hint, layers.BatchNormalization, image, weights=weights, **options))

    def group_norm(self, hint: str, x: Value, groups: int, gamma: Any, beta: Any, epsilon: float) -> Value:
        options = {"epsilon": epsilon, "scale": gamma is not None, "center": beta is not None}
        weights = [array for array in (gamma, beta) if array is not None]
        image = self.image(x, hint)
        return self.of_images(self.call(hint, layers.GroupNormalization, image, groups, weights=weights, **options))

    def layer_norm(self, hint: str, x: Value, count: int, gamma: Any, beta: Any, epsilon: float) -> Value:
        """Over the last `count` axes."""
        tensor = self.plain(x, hint)
        axes = list(range(tensor.ndim - count, tensor.ndim))
        options = {"epsilon": epsilon, "scale": gamma is not None, "center": beta is not None}
        weights = [np.reshape(array, [tensor.shape[axis] for axis in axes]) for array in (gamma, beta) if array is not None]
        return self.as_is(self.call(hint, layers.LayerNormalization, tensor, axes, weights=weights, **options))

    # --- number by number -------------------------------------------------------------------------

    def activation(self, hint: str, x: Value, name: str) -> Value:
        return Value(self.call(hint, layers.Activation, x.tensor, name), x.order)

    def relu(self, hint: str, x: Value, most: float | None = None, slope: float = 0.0) -> Value:
        if slope and most is None:
            return Value(self.call(hint, layers.LeakyReLU, x.tensor, slope), x.order)
        return Value(self.call(hint, layers.ReLU, x.tensor, most, slope), x.order)

    def elu(self, hint: str, x: Value, alpha: float) -> Value:
        return Value(self.call(hint, layers.ELU, x.tensor, alpha), x.order)

    def prelu(self, hint: str, x: Value, alpha: np.ndarray) -> Value:
        """One slope, or one for each channel."""
        image = self.image(x, hint)
        shape = (1,) * (image.ndim - 2) + (image.shape[-1],)
        shared = list(range(1, image.ndim - 1)) or None
        weights = [np.broadcast_to(np.reshape(alpha, (1,) * (image.ndim - 2) + (-1,)), shape)]
        return self.of_images(self.call(hint, layers.PReLU, image, shared_axes=shared, weights=weights))

    def softmax(self, hint: str, x: Value, axis: int, log: bool = False) -> Value:
        place = x.order[axis % x.rank]
        if place == 0:
            raise UnsupportedError("softmax over the batch; samples are computed one by one")
        if not log:
            return Value(self.call(hint, layers.Softmax, x.tensor, place), x.order)
        return Value(ops.log_softmax(x.tensor, place), x.order)

    def combine(self, hint: str, kind: str, values: Sequence[Value]) -> Value:
        """Number by number; axes of size 1 are repeated."""
        alike = len({value.order for value in values}) == 1
        tensors = [value.tensor if alike else self.plain(value, hint) for value in values]
        if len({tensor.ndim for tensor in tensors}) > 1:
            raise UnsupportedError(f"inputs of shapes {', '.join(str(value.shape) for value in values)}, whose numbers of axes "
                                   f"differ; give them the same number of axes")
        order = values[0].order if alike else tuple(range(tensors[0].ndim))
        if kind in NAMES:
            return Value(self.call(hint, NAMES[kind], tensors), order)
        made = tensors[0]
        for other in tensors[1:]:
            made = getattr(ops, kind)(made, other)
        return Value(made, order)

    def combine_constant(self, hint: str, kind: str, x: Value, array: np.ndarray, swapped: bool = False) -> Value:
        """The same with fixed numbers; `swapped` has them first."""
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
            return Value(self.call(hint, layers.Rescaling, x.tensor, scale, offset), x.order)
        arguments = (here.astype(np.float32), x.tensor) if swapped else (x.tensor, here.astype(np.float32))
        return Value(getattr(ops, kind)(*arguments), x.order)

    # --- matrices and shapes ----------------------------------------------------------------------

    def dense(self, hint: str, x: Value, kernel: np.ndarray, bias: Any) -> Value:
        """Over the last axis; kernel (inputs, units)."""
        tensor = self.plain(x, hint)
        if tensor.shape[-1] != kernel.shape[0]:
            raise ShapeError(f"the matrix is for {kernel.shape[0]} inputs, there are {tensor.shape[-1]}: {x.shape}")
        weights = [kernel, *([] if bias is None else [bias])]
        return self.as_is(self.call(hint, layers.Dense, tensor, kernel.shape[1], use_bias=bias is not None, weights=weights))

    def reshape(self, hint: str, x: Value, shape: Sequence[int]) -> Value:
        """The sizes of a sample, one of which may be -1."""
        tensor = self.plain(x, hint)
        sizes = tuple(int(size) for size in shape)
        if tensor.shape[1:] == sizes:
            return self.as_is(tensor)
        if sizes == (-1,) or (len(sizes) == 1 and None not in tensor.shape[1:] and prod(tensor.shape[1:]) == sizes[0]):
            return self.as_is(self.call(hint, layers.Flatten, tensor))
        return self.as_is(self.call(hint, layers.Reshape, tensor, sizes))

    def transpose(self, x: Value, axes: Sequence[int]) -> Value:
        if sorted(axes) != list(range(x.rank)) or axes[0] != 0:
            raise UnsupportedError(f"the axes in the order {tuple(axes)}; the batch must stay the first")
        return Value(x.tensor, tuple(x.order[axis] for axis in axes))

    def concatenate(self, hint: str, values: Sequence[Value], axis: int) -> Value:
        alike = len({value.order for value in values}) == 1
        tensors = [value.tensor if alike else self.plain(value, hint) for value in values]
        order = values[0].order if alike else tuple(range(tensors[0].ndim))
        place = order[axis % len(order)]
        if place == 0:
            raise UnsupportedError("samples one after the other; they are computed one by one")
        return Value(self.call(hint, layers.Concatenate, tensors, axis=place), order)

    def reduce(self, kind: str, x: Value, axes: Sequence[int] | None, keepdims: bool) -> Value:
        given = list(range(1, x.rank)) if axes is None else sorted(axis % x.rank for axis in axes)
        if 0 in given:
            raise UnsupportedError("a sum or mean over the batch; samples are computed one by one")
        if not given:
            return x
        made = getattr(ops, kind)(x.tensor, axis=tuple(x.order[axis] for axis in given), keepdims=keepdims)
        if keepdims:
            return Value(made, x.order)
        left = [place for axis, place in enumerate(x.order) if axis not in given]
        return Value(made, tuple(sorted(left).index(place) for place in left))

    def pad(self, hint: str, x: Value, widths: Pads) -> Value:
        """Zeros around, (before, after) for each axis there."""
        check_pads(widths)
        if any(widths[0]):
            raise UnsupportedError("padding of the batch")
        here = [widths[x.order.index(axis)] for axis in range(x.rank)]
        if min(min(pair) for pair in here) < 0:
            raise UnsupportedError(f"padding by {list(widths)}; negative widths are not supported")
        if x.rank == 4 and not any(here[3]):
            return Value(self.zeros(hint, x.tensor, here[1:3]), x.order)
        return Value(ops.pad(x.tensor, [tuple(pair) for pair in here]) if any(map(any, here)) else x.tensor, x.order)

    def part(self, x: Value, keys: dict[int, slice]) -> Value:
        """Slices by axis."""
        if any(axis % x.rank == 0 for axis in keys):
            raise UnsupportedError("a part of the batch; samples are computed one by one")
        here: list[Any] = [slice(None)] * x.rank
        for axis, key in keys.items():
            here[x.order[axis % x.rank]] = key
        return Value(ops.get_item(x.tensor, tuple(here)), x.order)

    def upsample(self, hint: str, x: Value, factors: Sequence[int], interpolation: str) -> Value:
        image = self.image(x, hint)
        made = self.call(hint, layers.UpSampling2D, image, tuple(factors), interpolation=interpolation)
        return self.of_images(made)

    def resize(self, hint: str, x: Value, size: Sequence[int], interpolation: str, antialias: bool = False) -> Value:
        image = self.image(x, hint)
        return self.of_images(self.call(hint, layers.Resizing, image, *size, interpolation=interpolation, antialias=antialias))

    # --- the whole --------------------------------------------------------------------------------

    def finish(self, outputs: Sequence[Value], name: str) -> Model:
        """The model; images come out with their channels last, as they go in."""
        made = [x.tensor if x.rank > 2 and x.order == second(x.rank) else self.plain(x, "output") for x in outputs]
        if any(any(one is other for other in self.inputs) for one in made):
            made = [self.call("output", layers.Identity, one) if any(one is other for other in self.inputs) else one
                    for one in made]
        used = self.inputs if len(self.inputs) > 1 else self.inputs[0]
        return Model(used, made if len(made) > 1 else made[0], name=self.name(name))
