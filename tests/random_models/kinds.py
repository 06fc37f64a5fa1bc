"""What each kind of layer is drawn with: a function of (draw, shape, data_format) that gives its arguments, or None."""

from math import prod

FUNCTIONS = ["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "softplus", "softsign", "silu", "hard_sigmoid", "hard_silu",
             "mish", "leaky_relu", "relu6", "softmax", "log_softmax", "linear"]
# without sparsemax: Keras 3.15 adds up sums that the paper does not
MORE_FUNCTIONS = ["celu", "exponential", "hard_shrink", "hard_tanh", "log_sigmoid", "soft_shrink", "sparse_plus",
                  "sparse_sigmoid", "squareplus", "tanh_shrink"]
INITIALIZERS = ["he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "glorot_normal", "random_normal", "ones",
                {"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}},
                {"class_name": "TruncatedNormal", "config": {"stddev": 0.1, "seed": 3}},
                {"class_name": "Constant", "config": {"value": 0.5}}]
REGULARIZERS = ["l2", "l1", {"class_name": "L2", "config": {"l2": 0.03}},
                {"class_name": "L1L2", "config": {"l1": 0.002, "l2": 0.02}}]


def choice(draw, *values):
    return draw.choice(values)


def rarely(draw, one_in=8):
    return draw.randint(1, one_in) == one_in


def either(draw):
    return draw.random() < 0.5


def function(draw):
    return choice(draw, None, *(MORE_FUNCTIONS if rarely(draw) else FUNCTIONS))


def image_sizes(shape, data_format):
    """(spatial sizes, channels)."""
    return (shape[1:], shape[0]) if data_format == "channels_first" else (shape[:-1], shape[-1])


def constraint(draw, rank):
    """One of Keras's constraints by name, or along axes of its own choice."""
    axes = sorted(draw.sample(range(rank), draw.randint(1, rank)))
    config = {"axis": axes if len(axes) > 1 else axes[0]}
    return choice(draw, "max_norm", "unit_norm", "non_neg", "min_max_norm", {"class_name": "UnitNorm", "config": config},
                  {"class_name": "MaxNorm", "config": config | {"max_value": 0.4}},
                  {"class_name": "MinMaxNorm", "config": config | {"min_value": 0.2, "max_value": 0.5, "rate": 0.7}})


def weights_arguments(draw, arguments, names, rank=1):
    """What weights can have besides values. `rank`: the axes of the first of them; the others have one."""
    for place, name in enumerate(names):
        if rarely(draw, 10):
            arguments[f"{name}_regularizer"] = choice(draw, *REGULARIZERS)
        if rarely(draw, 14):
            arguments[f"{name}_constraint"] = constraint(draw, 1 if place else rank)
        if rarely(draw, 10):
            arguments[f"{name}_initializer"] = choice(draw, *INITIALIZERS)
    if rarely(draw, 12):
        arguments["trainable"] = False
    if rarely(draw, 20) and names:
        arguments["activity_regularizer"] = choice(draw, *REGULARIZERS)
    return arguments


def window(draw, sizes, data_format, largest=4):
    """(arguments, sizes) of a window that fits into an image, or now and then is larger."""
    padding = choice(draw, "same", "valid")
    most = [min(size + choice(draw, 1, 1, 3), largest) if padding == "same" else min(size, largest) for size in sizes]
    return {"padding": padding, "data_format": data_format}, tuple(draw.randint(1, size) for size in most)


def strides(draw, rank):
    """Equal or not; now and then larger than any window."""
    if rarely(draw, 12):
        return draw.randint(4, 5)
    value = tuple(draw.randint(1, 3) for _ in range(rank)) if rarely(draw, 3) else (draw.randint(1, 2),) * rank
    return value if len(set(value)) > 1 or rarely(draw) else value[0]


def convolution(draw, shape, data_format, rank, depthwise=False, transposed=False):
    sizes, _ = image_sizes(shape, data_format)
    arguments, kernel = window(draw, sizes, data_format)
    arguments["kernel_size"] = kernel if rank > 1 else kernel[0]
    if rank == 1 and not transposed and not depthwise and rarely(draw, 4):
        arguments["padding"] = "causal"
        arguments["data_format"] = "channels_last"
    arguments["activation"] = choice(draw, None, function(draw))
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


def weighted(draw, arguments, rank, *names):
    return weights_arguments(draw, arguments, [*names, "bias"] if arguments["use_bias"] else names, rank)


def conv(rank):
    def draw_it(draw, shape, data_format):
        arguments = convolution(draw, shape, data_format, rank)
        _, channels = image_sizes(shape, arguments["data_format"])
        divisors = [groups for groups in range(1, channels + 1) if channels % groups == 0]
        groups = choice(draw, *divisors) if rarely(draw, 3) else 1
        if groups > 1:
            arguments["groups"] = groups
        arguments["filters"] = groups * draw.randint(1, max(7 // groups, 2))
        return weighted(draw, arguments, rank + 2, "kernel")
    return draw_it


def depthwise(rank):
    def draw_it(draw, shape, data_format):
        arguments = convolution(draw, shape, data_format, rank, depthwise=True)
        return weighted(draw, arguments | {"depth_multiplier": draw.randint(1, 3)}, rank + 2, "depthwise")
    return draw_it


def separable(rank):
    def draw_it(draw, shape, data_format):
        arguments = convolution(draw, shape, data_format, rank, depthwise=True)
        arguments |= {"depth_multiplier": draw.randint(1, 2), "filters": draw.randint(1, 6)}
        return weighted(draw, weights_arguments(draw, arguments, ["depthwise"], rank + 2), rank + 2, "pointwise")
    return draw_it


def transposed(rank):
    def draw_it(draw, shape, data_format):
        arguments = convolution(draw, shape, data_format, rank, transposed=True)
        return weighted(draw, arguments | {"filters": draw.randint(1, 5)}, rank + 2, "kernel")
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


def scale_and_center(draw, arguments):
    arguments |= {"center": not rarely(draw, 4), "scale": not rarely(draw, 4)}
    return weights_arguments(draw, arguments, [name for name, there in (("gamma", arguments["scale"]),
                                                                        ("beta", arguments["center"])) if there])


def batch_norm(draw, shape, data_format):
    axis = choice(draw, *range(1, len(shape) + 1)) if rarely(draw, 4) else 1 if data_format == "channels_first" else -1
    return scale_and_center(draw, {"axis": axis, "momentum": choice(draw, 0.99, 0.9, 0.5), "epsilon": choice(draw, 1e-3, 1e-2)})


def layer_norm(draw, shape, data_format):
    axes = list(range(1, len(shape) + 1))
    return scale_and_center(draw, {"axis": choice(draw, -1, -1, axes[0], axes, axes[-2:], axes[::2], axes[:2])})


def group_norm(draw, shape, data_format):
    """The channels may be along any axis."""
    axis = choice(draw, *range(1, len(shape) + 1)) if rarely(draw, 4) else 1 if data_format == "channels_first" else len(shape)
    groups = [groups for groups in range(1, shape[axis - 1] + 1) if shape[axis - 1] % groups == 0]
    axis = axis if either(draw) else axis - len(shape) - 1
    return scale_and_center(draw, {"groups": choice(draw, -1, *groups), "axis": axis, "epsilon": choice(draw, 1e-3, 1e-2)})


def rectifier(draw, shape, data_format):
    return {"max_value": choice(draw, None, 6.0, 1.0), "negative_slope": choice(draw, 0.0, 0.1),
            "threshold": choice(draw, 0.0, 0.2)}


def prelu(draw, shape, data_format):
    axes = [axis for axis in range(1, len(shape) + 1) if either(draw)]
    arguments = {"shared_axes": axes or None, "alpha_initializer": choice(draw, "zeros", *INITIALIZERS)}
    return weights_arguments(draw, arguments, ["alpha"], len(shape)) | {"alpha_initializer": arguments["alpha_initializer"]}


def dense(draw, shape, data_format):
    arguments = {"units": draw.randint(1, 9), "activation": function(draw), "use_bias": not rarely(draw, 4)}
    return weighted(draw, arguments, 2, "kernel")


def pairs(draw, least, most):
    """Padding or cropping in each of the forms that Keras takes."""
    form = choice(draw, "one", "two", "four")
    one = lambda: draw.randint(least, most)  # noqa: E731
    return one() if form == "one" else (one(), one()) if form == "two" else ((one(), one()), (one(), one()))


def zero_padding(draw, shape, data_format):
    return {"padding": pairs(draw, 0, 2), "data_format": data_format}


def zero_padding_1d(draw, shape, data_format):
    return {"padding": choice(draw, 1, 2, (0, 2), (1, 3)), "data_format": data_format}


def cropping(draw, shape, data_format):
    sizes, _ = image_sizes(shape, data_format)
    return {"cropping": pairs(draw, 0, 1 if min(sizes) < 5 else 2), "data_format": data_format} if min(sizes) > 2 else None


def cropping_1d(draw, shape, data_format):
    return {"cropping": choice(draw, 1, (1, 0), (0, 2))} if shape[0] > 2 else None


def up_sampling(draw, shape, data_format):
    how = choice(draw, "nearest", "nearest", "bilinear", "bicubic", "lanczos3")
    return {"size": choice(draw, 2, (1, 2), (2, 3)), "interpolation": how, "data_format": data_format}


def resizing(draw, shape, data_format):
    how = {choice(draw, "crop_to_aspect_ratio", "pad_to_aspect_ratio"): True} if rarely(draw, 4) else {}
    return {"height": draw.randint(1, 12), "width": draw.randint(1, 12), "data_format": data_format,
            "interpolation": choice(draw, "bilinear", "nearest", "bicubic", "lanczos5")} | how


def center_crop(draw, shape, data_format):
    """Larger than the image is a resizing."""
    sizes, _ = image_sizes(shape, data_format)
    more = 2 if rarely(draw) else 0
    return {"height": draw.randint(1, sizes[0] + more), "width": draw.randint(1, sizes[1] + more), "data_format": data_format}


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
    axes = range(1, len(shape) + 1)
    return {"axis": draw.sample(axes, draw.randint(1, len(shape))) if rarely(draw, 4) else choice(draw, -1, *axes)}


def activation(draw, shape, data_format):
    return {"activation": function(draw) or "linear"}


def rescaling(draw, shape, data_format):
    """By numbers, or by one for each channel."""
    numbers = [draw.choice((0.5, 2.0, -1.0)) for _ in range(shape[-1])] if rarely(draw, 4) else None
    return {"scale": numbers or choice(draw, 0.5, 2.0), "offset": numbers or choice(draw, 0.0, -0.3)}


# Without GaussianNoise and GaussianDropout: XLA that compiles quickly draws infinity now and then, and zero times that is NaN.
ANY = {
    "Activation": activation, "ReLU": rectifier, "LeakyReLU": plain(negative_slope=[0.3, 0.05]), "ELU": plain(alpha=[1.0, 0.5]),
    "PReLU": prelu, "Softmax": softmax, "Rescaling": rescaling, "Dropout": plain(rate=[0.0]), "Dense": dense,
    "BatchNormalization": batch_norm, "LayerNormalization": layer_norm, "GroupNormalization": group_norm, "Reshape": reshape,
    "ActivityRegularization": plain(l1=[0.0, 0.01], l2=[0.0, 0.02]), "Identity": plain(),
}
VECTORS = {"RepeatVector": plain(n=[1, 2, 5])}
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
    "ZeroPadding1D": zero_padding_1d, "Cropping1D": cropping_1d, "UpSampling1D": plain(size=[1, 2, 3]),
    "Flatten": plain(), "GlobalAveragePooling1D": global_pooling, "GlobalMaxPooling1D": global_pooling,
}
KINDS = {1: [ANY, ANY, ANY, VECTORS], 2: [ANY, SEQUENCES, SEQUENCES], 3: [ANY, IMAGES, IMAGES, IMAGES]}
MERGING = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
SHRINKING = ["Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalMaxPooling1D",
             "Reshape"]
ALL = frozenset([*ANY, *VECTORS, *IMAGES, *SEQUENCES, *MERGING, "Concatenate", "Dot"])
