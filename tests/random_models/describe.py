"""Random descriptions of models; `build.py` says what a description is.

The sizes of what a layer makes come from Keras, so that a wrong size in konv is found and not followed.
"""

from math import prod
from random import Random

import keras

LARGEST = 900  # numbers per sample in any tensor: models stay small, since compiling the oracle takes longest
FUNCTIONS = ["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "softplus", "softsign", "silu", "hard_sigmoid", "hard_silu",
             "mish", "leaky_relu", "relu6", "softmax", "log_softmax", "linear"]
FORMATS = ["channels_last", "channels_first"]
MERGING = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]


def choice(draw, *values):
    return draw.choice(values)


def rarely(draw, one_in=8):
    return draw.randint(1, one_in) == one_in


def either(draw):
    return draw.random() < 0.5


class Sketch:
    """A description in the making, and the shape of each of its tensors."""

    def __init__(self, draw):
        self.draw = draw
        self.format = choice(draw, *FORMATS[:1] * 2, FORMATS[1])
        self.inputs, self.steps, self.shapes, self.outputs = [], [], [], []

    def input(self, shape):
        self.inputs.append(shape)
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1

    def fits(self, layer, arguments, *sources):
        """The shape that a layer makes, or None where it is empty or large."""
        shapes = [(None, *self.shapes[source]) for source in sources]
        shape = getattr(keras.layers, layer)(**arguments).compute_output_shape(shapes if len(shapes) > 1 else shapes[0])[1:]
        return shape if 1 <= prod(shape) <= LARGEST else None

    def step(self, layer, arguments, *sources):
        """The number of the new tensor, or None where it does not fit."""
        shape = self.fits(*((layer, arguments) if isinstance(layer, str) else self.steps[layer][:2]), *sources)
        if shape is None:
            return None
        self.steps.append([layer, arguments, list(sources)])
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1

    def finished(self, outputs):
        chain = all(sources == [place] for place, (_, _, sources) in enumerate(self.steps))
        again = any(isinstance(layer, int) for layer, _, _ in self.steps)
        alone = len(self.inputs) == 1 and outputs == [len(self.shapes) - 1] and not again
        return {"inputs": self.inputs, "steps": self.steps, "outputs": outputs,
                "sequential": chain and alone and either(self.draw)}

    def data_format(self):
        """Now and then a layer has its channels where the others of the model have not."""
        return FORMATS[(FORMATS.index(self.format) + rarely(self.draw, 10)) % 2]


def image_sizes(shape, data_format):
    """(spatial sizes, channels)."""
    return (shape[1:], shape[0]) if data_format == "channels_first" else (shape[:-1], shape[-1])


def weights_arguments(draw, arguments, names):
    """What weights can have besides values."""
    for name in names:
        if rarely(draw, 10):
            arguments[f"{name}_regularizer"] = choice(draw, "l2", "l1")
        if rarely(draw, 14):
            arguments[f"{name}_constraint"] = choice(draw, "max_norm", "unit_norm", "non_neg")
    if rarely(draw, 12):
        arguments["trainable"] = False
    return arguments


def window(draw, sizes, data_format, largest=4):
    """(arguments, sizes) of a window that fits into an image."""
    padding = choice(draw, "same", "valid")
    sizes_of_window = tuple(draw.randint(1, min(size + 1, largest) if padding == "same" else min(size, largest))
                            for size in sizes)
    return {"padding": padding, "data_format": data_format}, sizes_of_window


def strides(draw, rank, largest=3):
    value = tuple(draw.randint(1, largest) for _ in range(rank)) if rarely(draw, 3) else (draw.randint(1, 2),) * rank
    return value if len(set(value)) > 1 or rarely(draw) else value[0]


def convolution(draw, shape, data_format, rank, depthwise=False, transposed=False):
    sizes, _ = image_sizes(shape, data_format)
    arguments, kernel = window(draw, sizes, data_format)
    arguments["kernel_size"] = kernel if rank > 1 else kernel[0]
    if rank == 1 and not transposed and not depthwise and rarely(draw, 4):
        arguments["padding"] = "causal"
        arguments["data_format"] = "channels_last"
    arguments["activation"] = choice(draw, None, None, *FUNCTIONS)
    arguments["use_bias"] = not rarely(draw, 4)
    if rarely(draw, 4):
        fits = [all(1 + d * (k - 1) <= size for k, size in zip(kernel, sizes, strict=True)) for d in (2, 3)]
        if arguments["padding"] != "valid" or fits[0]:
            arguments["dilation_rate"] = choice(draw, 2, 3) if arguments["padding"] != "valid" or fits[1] else 2
    elif either(draw):
        arguments["strides"] = strides(draw, rank)
        if transposed and rarely(draw, 4):
            least = min(arguments["strides"]) if isinstance(arguments["strides"], tuple) else arguments["strides"]
            arguments["output_padding"] = draw.randint(0, least - 1)
    return arguments


def conv(rank):
    def draw_it(draw, shape, data_format):
        arguments = convolution(draw, shape, data_format, rank)
        _, channels = image_sizes(shape, arguments["data_format"])
        divisors = [groups for groups in range(1, channels + 1) if channels % groups == 0]
        groups = choice(draw, *divisors) if rarely(draw, 3) else 1
        if groups > 1:
            arguments["groups"] = groups
        arguments["filters"] = groups * draw.randint(1, max(7 // groups, 2))
        return weights_arguments(draw, arguments, ["kernel", "bias"] if arguments["use_bias"] else ["kernel"])
    return draw_it


def depthwise(rank):
    def draw_it(draw, shape, data_format):
        arguments = convolution(draw, shape, data_format, rank, depthwise=True)
        return weights_arguments(draw, arguments | {"depth_multiplier": draw.randint(1, 3)}, ["depthwise"])
    return draw_it


def separable(rank):
    def draw_it(draw, shape, data_format):
        arguments = convolution(draw, shape, data_format, rank, depthwise=True)
        arguments |= {"depth_multiplier": draw.randint(1, 2), "filters": draw.randint(1, 6)}
        return weights_arguments(draw, arguments, ["depthwise", "pointwise"])
    return draw_it


def transposed(rank):
    def draw_it(draw, shape, data_format):
        arguments = convolution(draw, shape, data_format, rank, transposed=True)
        return weights_arguments(draw, arguments | {"filters": draw.randint(1, 5)}, ["kernel"])
    return draw_it


def pooling(rank):
    def draw_it(draw, shape, data_format):
        sizes, _ = image_sizes(shape, data_format)
        arguments, pool = window(draw, sizes, data_format, 3)
        arguments["pool_size"] = pool if len(set(pool)) > 1 and rank > 1 else min(pool)
        if either(draw):
            arguments["strides"] = strides(draw, rank)
        return arguments
    return draw_it


def global_pooling(draw, shape, data_format):
    return {"data_format": data_format, "keepdims": rarely(draw, 4)}


def batch_norm(draw, shape, data_format):
    axis = choice(draw, *range(1, len(shape) + 1)) if rarely(draw, 4) else 1 if data_format == "channels_first" else -1
    arguments = {"axis": axis, "momentum": choice(draw, 0.99, 0.9, 0.5), "epsilon": choice(draw, 1e-3, 1e-2)}
    names = [name for name, flag in (("gamma", "scale"), ("beta", "center"))
             if not arguments.update({flag: not rarely(draw, 4)}) and arguments[flag]]
    return weights_arguments(draw, arguments, names)


def layer_norm(draw, shape, data_format):
    axes = list(range(1, len(shape) + 1))
    axis = choice(draw, -1, -1, axes[0], axes, axes[-2:])
    return weights_arguments(draw, {"axis": axis, "center": not rarely(draw, 4), "scale": not rarely(draw, 4)}, [])


def group_norm(draw, shape, data_format):
    axis = 1 if data_format == "channels_first" else -1
    channels = image_sizes(shape, data_format)[1]
    groups = choice(draw, -1, *(groups for groups in range(1, channels + 1) if channels % groups == 0))
    return weights_arguments(draw, {"groups": groups, "axis": axis, "center": not rarely(draw, 4)}, [])


def rectifier(draw, shape, data_format):
    return {"max_value": choice(draw, None, 6.0, 1.0), "negative_slope": choice(draw, 0.0, 0.1),
            "threshold": choice(draw, 0.0, 0.2)}


def prelu(draw, shape, data_format):
    axes = [axis for axis in range(1, len(shape) + 1) if either(draw)]
    return {"shared_axes": axes or None, "alpha_initializer": "glorot_uniform" if len(shape) == 3 and not axes else "ones"}


def dense(draw, shape, data_format):
    arguments = {"units": draw.randint(1, 9), "activation": choice(draw, None, *FUNCTIONS),
                 "use_bias": not rarely(draw, 4)}
    return weights_arguments(draw, arguments, ["kernel", "bias"] if arguments["use_bias"] else ["kernel"])


def pairs(draw, least, most):
    """Padding or cropping in each of the forms that Keras takes."""
    form = choice(draw, "one", "two", "four")
    one = lambda: draw.randint(least, most)  # noqa: E731
    return one() if form == "one" else (one(), one()) if form == "two" else ((one(), one()), (one(), one()))


def zero_padding(draw, shape, data_format):
    return {"padding": pairs(draw, 0, 2), "data_format": data_format}


def cropping(draw, shape, data_format):
    sizes, _ = image_sizes(shape, data_format)
    if min(sizes) < 3:
        return None
    return {"cropping": pairs(draw, 0, 1 if min(sizes) < 5 else 2), "data_format": data_format}


def up_sampling(draw, shape, data_format):
    size = choice(draw, 2, (1, 2), (2, 3))
    return {"size": size, "interpolation": choice(draw, "nearest", "nearest", "bilinear"), "data_format": data_format}


def resizing(draw, shape, data_format):
    return {"height": draw.randint(1, 12), "width": draw.randint(1, 12), "data_format": data_format,
            "interpolation": choice(draw, "bilinear", "nearest")}


def center_crop(draw, shape, data_format):
    sizes, _ = image_sizes(shape, data_format)
    return {"height": draw.randint(1, sizes[0]), "width": draw.randint(1, sizes[1]), "data_format": data_format}


def permute(draw, shape, data_format):
    return {"dims": draw.sample(range(1, len(shape) + 1), len(shape))}


def reshape(draw, shape, data_format):
    """One axis is taken apart, two are joined, or all are; one size may be left to be found."""
    total, target = prod(shape), []
    for _ in range(draw.randint(0, 2)):
        target.append(choice(draw, *(size for size in range(1, 13) if total % size == 0)))
        total //= target[-1]
    target = draw.sample([*target, total], len(target) + 1)
    if rarely(draw, 3):
        target[draw.randint(0, len(target) - 1)] = -1
    return {"target_shape": target}


def plain(**choices):
    return lambda draw, shape, data_format: {name: choice(draw, *values) for name, values in choices.items()}


def softmax(draw, shape, data_format):
    return {"axis": choice(draw, -1, *range(1, len(shape) + 1))}


# Without GaussianNoise and GaussianDropout: XLA that compiles quickly draws infinity now and then, and zero times that is NaN.
ANY = {
    "Activation": plain(activation=FUNCTIONS), "ReLU": rectifier, "LeakyReLU": plain(negative_slope=[0.3, 0.05]),
    "ELU": plain(alpha=[1.0, 0.5]), "PReLU": prelu, "Softmax": softmax,
    "Rescaling": plain(scale=[0.5, 2.0], offset=[0.0, -0.3]), "Dropout": plain(rate=[0.0]),
    "Dense": dense, "BatchNormalization": batch_norm, "LayerNormalization": layer_norm, "Reshape": reshape,
}
IMAGES = {
    "Conv2D": conv(2), "DepthwiseConv2D": depthwise(2), "SeparableConv2D": separable(2), "Conv2DTranspose": transposed(2),
    "MaxPooling2D": pooling(2), "AveragePooling2D": pooling(2), "GroupNormalization": group_norm,
    "ZeroPadding2D": zero_padding, "Cropping2D": cropping, "UpSampling2D": up_sampling, "Resizing": resizing,
    "CenterCrop": center_crop, "SpatialDropout2D": plain(rate=[0.0]), "Permute": permute,
    "Flatten": lambda draw, shape, data_format: {"data_format": data_format},
    "GlobalAveragePooling2D": global_pooling, "GlobalMaxPooling2D": global_pooling,
}
SEQUENCES = {
    "Conv1D": conv(1), "DepthwiseConv1D": depthwise(1), "SeparableConv1D": separable(1), "Conv1DTranspose": transposed(1),
    "MaxPooling1D": pooling(1), "AveragePooling1D": pooling(1), "SpatialDropout1D": plain(rate=[0.0]), "Permute": permute,
    "Flatten": plain(), "GlobalAveragePooling1D": global_pooling, "GlobalMaxPooling1D": global_pooling,
}
KINDS = {1: [ANY], 2: [ANY, SEQUENCES, SEQUENCES], 3: [ANY, IMAGES, IMAGES, IMAGES]}
SHRINKING = ("Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalMaxPooling1D",
             "Reshape")


def grown(sketch, source):
    """One more layer on a tensor; the same tensor if what was drawn does not fit."""
    draw, shape = sketch.draw, sketch.shapes[source]
    if len(shape) > 3:
        return sketch.step("Flatten", {}, source)
    table = choice(draw, *KINDS[len(shape)])
    kind = choice(draw, *table)
    if kind in SHRINKING and not rarely(draw, 3):
        kind = {3: "Conv2D", 2: "Conv1D", 1: "Dense"}[len(shape)]
        table = IMAGES if kind == "Conv2D" else SEQUENCES if kind == "Conv1D" else ANY
    arguments = table[kind](draw, shape, sketch.data_format())
    made = None if arguments is None else sketch.step(kind, arguments, source)
    return source if made is None else made


def joined(sketch, source):
    """Two branches that come together: of one shape, or side by side."""
    draw, shape = sketch.draw, sketch.shapes[source]
    if len(shape) == 3 and rarely(draw, 2):
        return side_by_side(sketch, source)
    left = kept(sketch, source)
    right = kept(sketch, left) if rarely(draw, 2) else left
    other = source if either(draw) else kept(sketch, source)
    sources = [right, other] if either(draw) else [other, right]
    kind = choice(draw, "Add", *MERGING)
    if kind != "Subtract" and rarely(draw, 4):
        sources.append(left)
    return sketch.step(kind, {}, *sources)


def side_by_side(sketch, source):
    draw = sketch.draw
    axis = 1 if sketch.format == "channels_first" else 3
    branches = [source] if rarely(draw, 3) else []
    for _ in range(2):
        arguments = {"filters": draw.randint(1, 4), "kernel_size": draw.randint(1, 3), "padding": "same",
                     "activation": choice(draw, None, *FUNCTIONS), "data_format": sketch.format}
        branches.append(sketch.step("Conv2D", arguments, source))
    if None in branches:
        return source
    made = sketch.step("Concatenate", {"axis": choice(draw, axis, axis - 4)}, *branches)
    return source if made is None else made


def kept(sketch, source):
    """A layer that keeps the shape."""
    draw, shape = sketch.draw, sketch.shapes[source]
    channels = image_sizes(shape, sketch.format)[1]
    function = choice(draw, None, *FUNCTIONS)
    earlier = [place for place, (layer, _, sources) in enumerate(sketch.steps) if isinstance(layer, str)
               and len(sources) == 1 and sketch.shapes[sources[0]] == shape == sketch.shapes[len(sketch.inputs) + place]]
    if earlier and rarely(draw, 4):
        return sketch.step(choice(draw, *earlier), {}, source)
    if len(shape) == 1:
        return sketch.step("Dense", {"units": channels, "activation": function}, source)
    if len(shape) == 2:
        return sketch.step("Dense", {"units": shape[-1], "activation": function}, source)
    if rarely(draw, 3):
        return sketch.step("BatchNormalization", batch_norm(draw, shape, sketch.format), source)
    return sketch.step("Conv2D", {"filters": channels, "kernel_size": draw.randint(1, 3), "padding": "same",
                                  "activation": function, "data_format": sketch.format}, source)


def description(seed):
    """A model of any kinds of layers. The numbers are not drawn by hypothesis, which repeats itself and prefers small ones."""
    draw = Random(seed)
    sketch = Sketch(draw)
    sizes = [draw.randint(3, 12), draw.randint(3, 12)]
    channels = draw.randint(1, 5)
    if rarely(draw, 6):
        here = sketch.input([sizes[0] * 2, channels])
    else:
        here = sketch.input([channels, *sizes] if sketch.format == "channels_first" else [*sizes, channels])
    tensors = [here]
    for _ in range(draw.randint(2, 7)):
        here = joined(sketch, here) if rarely(draw, 4) else grown(sketch, here)
        tensors.append(here)
    if rarely(draw, 8):
        place = len(sketch.inputs)
        here = second_input(sketch, here)
        tensors = [tensor + (tensor >= place) for tensor in tensors]
    if len(sketch.shapes[here]) > 1 and not rarely(draw, 4):
        here = sketch.step("Flatten", {}, here)
    last = {"units": draw.randint(1, 6), "activation": choice(draw, None, "softmax", "sigmoid")}
    made = sketch.step("Dense", last, here)
    outputs = [sketch.step("Dense", last, sketch.step("Flatten", {}, here)) if made is None else made]
    branch = choice(draw, *tensors)
    if rarely(draw, 4) and branch != outputs[0]:
        second = branch if branch >= len(sketch.inputs) and either(draw) else sketch.step(
            "Dense", {"units": 2, "activation": choice(draw, None, *FUNCTIONS)}, branch)
        place = draw.randint(0, 1)
        if second is not None:
            outputs.insert(place, second)
    return sketch.finished(outputs)


def second_input(sketch, here):
    """A second input of the shape of a tensor, added to it. Tensors are numbered inputs first, so all numbers move."""
    place, shape = len(sketch.inputs), sketch.shapes[here]
    moved = lambda source: source + (source >= place)  # noqa: E731
    for step in sketch.steps:
        step[2] = [moved(source) for source in step[2]]
    sketch.inputs.append(list(shape))
    sketch.shapes.insert(place, shape)
    return sketch.step("Add", {}, moved(here), place)


ALL = frozenset([*ANY, *IMAGES, *SEQUENCES, *MERGING, "Concatenate"])
