"""Operations under the names and arguments of keras.ops: on arrays they compute at once, on tensors they add to a graph."""

import sys

from konv.hints import module_attributes
from konv.ops import image
from konv.ops.alignment import ctc_loss
from konv.ops.array_functions import (
    all,  # noqa: A004
    allclose,
    any,  # noqa: A004
    argmin,
    argsort,
    array,
    ceil,
    cumsum,
    einsum,
    erf,
    eye,
    floor,
    floor_divide,
    isfinite,
    isinf,
    isnan,
    linspace,
    median,
    mod,
    round,  # noqa: A004
    sort,
    take_along_axis,
    top_k,
)
from konv.ops.composed_activations import (
    celu, glu, hard_shrink, hard_tanh, log_sigmoid, soft_shrink, sparse_plus, sparse_sigmoid, sparsemax, squareplus,
    tanh_shrink, threshold
)
from konv.ops.conv_and_pool import (
    average_pool, average_pool_backward, conv, conv_backward, depthwise_conv, depthwise_conv_backward, max_pool,
    max_pool_backward
)
from konv.ops.elementwise import (
    abs,  # noqa: A004
    absolute,
    add,
    clip,
    cos,
    cosh,
    divide,
    elu,
    equal,
    exp,
    expm1,
    gelu,
    greater,
    greater_equal,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    leaky_relu,
    less,
    less_equal,
    log,
    log1p,
    log_softmax,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    power,
    reciprocal,
    relu,
    relu6,
    rsqrt,
    selu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softmax,
    softplus,
    softsign,
    sqrt,
    square,
    subtract,
    swish,
    tan,
    tanh,
    true_divide,
    where,
)
from konv.ops.linear import dot, matmul, one_hot
from konv.ops.parts import broadcast_to, flip, full_like, moments, moveaxis, outer, roll, split, take, tile, unstack
from konv.ops.reductions import (
    amax,
    amin,
    argmax,
    count_nonzero,
    logsumexp,
    max,  # noqa: A004
    mean,
    min,  # noqa: A004
    norm,
    normalize,
    std,
    sum,  # noqa: A004
    var,
)
from konv.ops.shapes import (
    arange, cast, concatenate, convert_to_numpy, convert_to_tensor, expand_dims, full, get_item, ones, ones_like, pad, repeat,
    reshape, shape, size, squeeze, stack, stop_gradient, swapaxes, transpose, zeros, zeros_like
)

nn = numpy = sys.modules[__name__]  # keras.ops.nn.relu is keras.ops.relu

__all__ = [
    "abs", "absolute", "add", "all", "allclose", "amax", "amin", "any", "arange", "argmax", "argmin", "argsort", "array",
    "average_pool", "average_pool_backward", "broadcast_to", "cast", "ceil", "celu", "clip", "concatenate", "conv",
    "conv_backward", "convert_to_numpy", "convert_to_tensor", "cos", "cosh", "count_nonzero", "ctc_loss", "cumsum",
    "depthwise_conv", "depthwise_conv_backward", "divide", "dot", "einsum", "elu", "equal", "erf", "exp", "expand_dims",
    "expm1", "eye", "flip", "floor", "floor_divide", "full", "full_like", "gelu", "get_item", "glu", "greater", "greater_equal",
    "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "image", "isfinite", "isinf", "isnan", "leaky_relu",
    "less", "less_equal", "linspace", "log", "log1p", "log_sigmoid", "log_softmax", "logical_and", "logical_not", "logical_or",
    "logsumexp", "matmul", "max", "max_pool", "max_pool_backward", "maximum", "mean", "median", "min", "minimum", "mod",
    "moments", "moveaxis", "multiply", "negative", "nn", "norm", "normalize", "not_equal", "numpy", "one_hot", "ones",
    "ones_like", "outer", "pad", "power", "reciprocal", "relu", "relu6", "repeat", "reshape", "roll", "round", "rsqrt", "selu",
    "shape", "sigmoid", "sign", "silu", "sin", "sinh", "size", "soft_shrink", "softmax", "softplus", "softsign", "sort",
    "sparse_plus", "sparse_sigmoid", "sparsemax", "split", "sqrt", "square", "squareplus", "squeeze", "stack", "std",
    "stop_gradient", "subtract", "sum", "swapaxes", "swish", "take", "take_along_axis", "tan", "tanh", "tanh_shrink",
    "threshold", "tile", "top_k", "transpose", "true_divide", "unstack", "var", "where", "zeros", "zeros_like",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
