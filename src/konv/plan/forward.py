"""The forward steps of each kind of block: a table from kind to a function that emits them."""

from collections.abc import Callable
from math import inf, prod

from konv.errors import UnsupportedError
from konv.ir.ops import Activation, BatchNorm, Dropout, GlobalPool, Pool, Scale, Softmax
from konv.plan import augment, general, norms
from konv.plan.blocks import Block, has_relu, is_relu
from konv.plan.contracts import (
    ActivationArgs,
    AddArgs,
    AveragePoolArgs,
    ClearArgs,
    ClearHaloArgs,
    Coefficients,
    DropoutArgs,
    FoldArgs,
    GlobalPoolArgs,
    MaxPoolArgs,
    MomentsArgs,
    NoiseStrides,
    NormAddArgs,
    NormArgs,
    NormFrozenArgs,
    NormUpdateArgs,
    PoolWindow,
    ReluArgs,
    ScaleArgs,
    SoftmaxArgs,
)
from konv.plan.convolutions import convolve
from konv.plan.emitter import Emitter, copy, image, inside, relu_floor
from konv.plan.steps import NO_HALO, ONCE, SAMPLES, Buffer


def emit_forward(e: Emitter) -> None:
    for block in e.blocks:
        emit_block(e, block)


def emit_block(e: Emitter, block: Block) -> None:
    if block.kind not in FORWARD:
        raise UnsupportedError(f"the engine cannot run {block.kind} yet")
    e.layer = e.graph.nodes[block.nodes[0]].layer
    target = e.value(block.output)
    if target.halo != NO_HALO and block.onto is None:
        e.step(ClearHaloArgs(x=target.name, halo=target.halo))
    FORWARD[block.kind](e, block, target)
    e.near[block.output] = target


def _input(e: Emitter, block: Block, x: Buffer) -> None:
    """What needs a halo is copied, a few samples at a time, into a buffer that has one."""
    if not x.external:
        given = e.given(f"x{block.output}", block.output)
        copy(e, given, x)


def input_name(e: Emitter, index: int) -> str:
    """The buffer that stands for the caller's array."""
    return f"x{index}" if f"x{index}" in e.buffers else f"v{index}"


def _linear(e: Emitter, block: Block, y: Buffer) -> None:
    node = block.nodes[0]
    x = read(e, block.inputs[0])
    sizes = e.linear(block)
    kernel, bias = _weights(e, block, y)
    dropout = e.part(block, Dropout)
    if sizes.transposed and not sizes.is_covered:
        _bias_alone(e, block, y, bias)
    convolve(e, node, sizes, sizes.transposed, x, y, kernel, bias, relu_floor(e, block), int(block.onto is not None))
    if dropout is not None:
        dropout_step(e, block.output, dropout, y, y)


def _weights(e: Emitter, block: Block, y: Buffer) -> tuple[str, str | None]:
    """The names of kernel and bias, a normalisation behind them folded in."""
    node = block.nodes[0]
    kernel, bias = e.kernel(node), e.weight(node, "bias")
    norm = next((index for index in block.nodes if isinstance(e.graph.nodes[index].op, BatchNorm)), None)
    if norm is None:
        return kernel, bias
    filters = y.shape[2]
    size = prod(e.graph.weights(node)[0].shape)
    folded = e.buffer(f"folded{node}", (size // filters, filters), "whole").name
    shifted = e.buffer(f"shifted{node}", (filters,), "whole").name
    e.prologue_step(FoldArgs(weight=kernel, bias=bias or e.fill((0.0,), filters),
                             coefficients=norm_coefficients(e, norm, y), folded=folded, shifted=shifted))
    return folded, shifted


def _bias_alone(e: Emitter, block: Block, y: Buffer, bias: str | None) -> None:
    """What remains where a transposed convolution spreads nothing; the products then write all else."""
    e.step(ClearArgs(x=y.name))
    region = inside(y)
    if bias is not None:
        e.step(ScaleArgs(x=y.name, y=y.name, factor=e.fill((1.0,), y.shape[2]), offset=bias, x_region=region, y_region=region))
    if has_relu(e.graph, block):
        e.step(ReluArgs(x=y.name, y=y.name, x_region=region, y_region=region))


def read(e: Emitter, index: int) -> Buffer:
    """The buffer of a value, which is rematerialized where that is better than to keep it: see Emitter.rematerialized."""
    buffer = e.near.get(index) or e.rematerialized(index)
    if buffer is None:
        return e.value(index)
    if index not in e.near:
        e.near[index] = buffer
        if buffer.halo != NO_HALO:
            e.step(ClearHaloArgs(x=buffer.name, halo=buffer.halo))
        block = e.block_of(index)
        REMATERIALIZE[block.kind](e, block, buffer)
    return buffer


def _norm(e: Emitter, block: Block, z: Buffer) -> None:
    y = e.value(block.inputs[0])
    norm_coefficients(e, block.nodes[0], y)
    _normalise(e, block, z)


def _normalise(e: Emitter, block: Block, z: Buffer) -> None:
    y, coefficients = read(e, block.inputs[0]), f"norm{block.nodes[0]}"
    relu = relu_floor(e, block)
    pool = e.part(block, Pool)
    if pool is not None:
        _pool_step(e, block, pool, y, coefficients, z, relu)
    elif len(block.inputs) == 2:
        other = e.value(block.inputs[1])
        e.step(NormAddArgs(y=y.name, coefficients=coefficients, other=other.name, z=z.name, y_region=inside(y),
                           other_region=inside(other), z_region=inside(z), floor=relu))
    else:
        e.step(NormArgs(y=y.name, coefficients=coefficients, z=z.name, y_region=inside(y), z_region=inside(z), floor=relu))


# how a value is made another time
REMATERIALIZE = {"linear": _linear, "norm": _normalise}


def norm_coefficients(e: Emitter, index: int, y: Buffer) -> str:
    """Rows of the buffer: mean, 1 / deviation, scale, shift, so that the result is y * scale + shift."""
    node, op, channels = e.graph.nodes[index], e.op(index, BatchNorm), y.shape[2]
    gamma = e.weight(index, "gamma") or e.fill((1.0,), channels)
    beta = e.weight(index, "beta") or e.fill((0.0,), channels)
    mean, variance = e.statistics(index)
    coefficients = e.buffer(f"norm{index}", (4, channels), "whole").name
    if not e.training or not node.trainable:
        e.prologue_step(NormFrozenArgs(gamma=gamma, beta=beta, moving_mean=mean, moving_variance=variance,
                                       coefficients=coefficients, epsilon=op.epsilon))
        return coefficients
    moments = e.buffer(f"moments{index}", (2, channels)).name
    e.step(MomentsArgs(y=y.name, region=inside(y), moments=moments))
    e.step(NormUpdateArgs(moments=moments, pixels=y.inside[0] * y.inside[1], gamma=gamma, beta=beta, moving_mean=mean,
                          moving_variance=variance, coefficients=coefficients, momentum=op.momentum, epsilon=op.epsilon),
           domain=ONCE)
    return coefficients


def _max_pool(e: Emitter, block: Block, p: Buffer) -> None:
    y = e.value(block.inputs[0])
    op = e.op(block.nodes[0], Pool)
    identity = e.fill((0.0, 1.0, 1.0, 0.0), 4, y.shape[2])  # the kernel normalises
    _pool_step(e, block, op, y, identity, p, -inf)


def _pool_step(e: Emitter, block: Block, op: Pool, y: Buffer, coefficients: str, p: Buffer, floor: float) -> None:
    window = pool_window(op, y)
    e.step(MaxPoolArgs(y=y.name, coefficients=coefficients, p=p.name, argmax=argmax(e, block), max_values=max_values(e, block),
                       window=window, y_region=inside(y), p_region=inside(p), floor=floor, height=window.height,
                       width=window.width, record=int(e.training), keep=int(e.training and block.kind == "norm")))


def argmax(e: Emitter, block: Block) -> str:
    """Which pixel of each window was the largest: row * kernel width + column."""
    height, width, channels = image(e.graph.nodes[block.output].shape)
    shape = (height, width, whole_vectors(channels)) if e.training else (1, 1, 1)  # in inference nobody asks
    pool = e.part(block, Pool)
    assert pool is not None
    window = pool.window.planar.kernel
    return e.buffer(f"argmax{block.output}", shape, dtype="uint8" if prod(window) <= 256 else "int32").name


def max_values(e: Emitter, block: Block) -> str:
    """What these pixels were before they were normalized: all that the gradients of gamma and beta need of them."""
    wanted = e.training and block.kind == "norm"
    return e.buffer(f"max_values{block.output}", image(e.graph.nodes[block.output].shape) if wanted else (1, 1, 1)).name


def whole_vectors(channels: int) -> int:
    """Channels rounded up, since integers are stored by whole vectors, of which 16 numbers are the longest."""
    return -(-channels // 16) * 16


def pool_window(op: Pool, x: Buffer) -> PoolWindow:
    """The window of a pool over these images."""
    window = op.window.planar
    rows, columns = window.axes(*x.inside[:2])
    return PoolWindow(window.kernel[0], window.kernel[1], window.strides[0], window.strides[1], rows.before, columns.before)


def _pool(e: Emitter, block: Block, y: Buffer) -> None:
    x = e.value(block.inputs[0])
    window = pool_window(e.op(block.nodes[0], Pool), x)
    e.step(AveragePoolArgs(x=x.name, y=y.name, window=window, x_region=inside(x), y_region=inside(y)))


def _global_pool(e: Emitter, block: Block, y: Buffer) -> None:
    x = e.value(block.inputs[0])
    op = e.op(block.nodes[0], GlobalPool)
    index = e.buffer(f"argmax{block.output}", (whole_vectors(y.shape[2]),), dtype="int32").name
    e.step(GlobalPoolArgs(x=x.name, y=y.name, argmax=index, x_region=inside(x), y_region=inside(y),
                          average=int(op.kind == "average")))


def _activation(e: Emitter, block: Block, y: Buffer) -> None:
    x = e.value(block.inputs[0])
    op = e.op(block.nodes[0], Activation)
    if is_relu(op):
        e.step(ReluArgs(x=x.name, y=y.name, x_region=inside(x), y_region=inside(y)))
        return
    e.step(ActivationArgs(x=x.name, y=y.name, x_region=inside(x), y_region=inside(y), name=op.name,
                          coefficients=scalar_coefficients(op)))


def scalar_coefficients(op: Activation) -> Coefficients:
    return Coefficients(*op.function.bind(op.constants))


def _softmax(e: Emitter, block: Block, y: Buffer) -> None:
    x = e.value(block.inputs[0])
    op = e.op(block.nodes[0], Softmax)
    e.step(SoftmaxArgs(x=x.name, y=y.name, x_region=inside(x), y_region=inside(y), log=int(op.log)))


def _dropout(e: Emitter, block: Block, y: Buffer) -> None:
    dropout_step(e, block.output, e.op(block.nodes[0], Dropout), e.value(block.inputs[0]), y)


def dropout_step(e: Emitter, node: int, op: Dropout, x: Buffer, y: Buffer) -> None:
    """Forward and backward alike. The masks depend on the step's seed and the node, or on the layer's own seed."""
    seed, layer = augment.draw_key(op, node)
    e.step(DropoutArgs(x=x.name, y=y.name, x_region=inside(x), y_region=inside(y), samples=SAMPLES, seed=seed, layer=layer,
                       rate=op.rate, strides=noise_strides(op, y)))


def noise_strides(op: Dropout, y: Buffer) -> NoiseStrides:
    _, width, channels = y.inside
    strides = NoiseStrides(1, width * channels, channels, 1)
    if op.noise_shape is None:
        return strides
    wanted = (op.noise_shape[0], *(1,) * (4 - len(op.noise_shape)), *op.noise_shape[1:])
    return NoiseStrides(*(0 if size == 1 else stride for size, stride in zip(wanted, strides, strict=True)))


def _scale(e: Emitter, block: Block, y: Buffer) -> None:
    x = e.value(block.inputs[0])
    factor, offset = scale_constants(e, block, y)
    e.step(ScaleArgs(x=x.name, y=y.name, factor=factor, offset=offset, x_region=inside(x), y_region=inside(y)))


def scale_constants(e: Emitter, block: Block, y: Buffer) -> tuple[str, str]:
    op = e.op(block.nodes[0], Scale)
    both = (value if isinstance(value, tuple) else (value,) for value in (op.scale, op.offset))
    scale, offset = (e.fill(tuple(map(float, values)), y.shape[2]) for values in both)
    return scale, offset


def _copy(e: Emitter, block: Block, y: Buffer) -> None:
    x = e.value(block.inputs[0])
    if not y.alias:
        copy(e, x, y)


def _add(e: Emitter, block: Block, y: Buffer) -> None:
    first, *others = (e.value(index) for index in block.inputs)
    for position, other in enumerate(others):
        left = first if position == 0 else y
        floor = relu_floor(e, block) if position == len(others) - 1 else -inf
        e.step(AddArgs(a=left.name, b=other.name, y=y.name, a_region=inside(left), b_region=inside(other), y_region=inside(y),
                       floor=floor))


FORWARD: dict[str, Callable[[Emitter, Block, Buffer], None]] = {
    "input": _input,
    "linear": _linear,
    "norm": _norm,
    "max_pool": _max_pool,
    "pool": _pool,
    "globalpool": _global_pool,
    "activation": _activation,
    "softmax": _softmax,
    "dropout": _dropout,
    "scale": _scale,
    "flatten": _copy,
    "reshape": _copy,
    "add": _add,
    **augment.FORWARD,
    **general.FORWARD,
    **norms.FORWARD,
}
