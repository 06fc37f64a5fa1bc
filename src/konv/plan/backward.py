"""The backward steps of each kind of block: a table from kind to a function that emits them.

Each function finds the gradient of its block's output in `e.gradient(block.output)` and adds its part to the
gradients of the inputs and of the weights.
"""

from collections.abc import Callable
from math import inf

from konv.ir.augment_ops import Noise
from konv.ir.ops import Activation, Dropout, GlobalPool, Pool, Softmax
from konv.plan import augment, general, norms
from konv.plan.backward_state import Backward, dropout_factor
from konv.plan.blocks import Block, has_relu, is_relu
from konv.plan.contracts import (
    ActivationBackwardArgs,
    AveragePoolBackwardArgs,
    ChannelSumsArgs,
    ClearArgs,
    GlobalPoolBackwardArgs,
    MaxPoolBackwardArgs,
    NormBackwardArgs,
    NormGradientArgs,
    NormGradientFrozenArgs,
    NormPoolBackwardArgs,
    NormSumsArgs,
    PoolWindow,
    ReluBackwardArgs,
    ScaleArgs,
    SoftmaxBackwardArgs,
)
from konv.plan.conv_geometry import ConvGeometry
from konv.plan.convolutions import convolve
from konv.plan.depthwise_steps import emit_depthwise_weight_gradient
from konv.plan.emitter import Emitter, copy, gate, inside
from konv.plan.forward import (
    argmax,
    dropout_step,
    max_values,
    pool_window,
    read,
    scalar_coefficients,
    scale_constants,
)
from konv.plan.products import emit_weight_gradient
from konv.plan.steps import FIRST, ONCE, PER_PART, WHOLE, Buffer
from konv.plan.winograd_steps import emit_winograd_weight_gradient


def emit_backward(e: Emitter) -> None:
    state = Backward(e)
    for index in dict.fromkeys(e.graph.outputs):
        d = e.gradient(index)
        if not d.external:
            given = e.given(f"g{index}", index)
            state.clear_halo(d)
            copy(e, given, d)
    for block in reversed(e.blocks):
        if block.output in e.needs_gradient and block.output in state.arrived:
            e.layer = e.graph.nodes[block.nodes[0]].layer
            BACKWARD[block.kind](state, block, e.gradient(block.output))
    e.layer = ""
    e.append(state.sums())


def gradient_name(e: Emitter, index: int) -> str:
    """The buffer that stands for the caller's gradient of an output."""
    return f"g{index}" if f"g{index}" in e.buffers else f"d{index}"


def _linear(s: Backward, block: Block, d: Buffer) -> None:
    e, node, sizes = s.e, block.nodes[0], s.e.linear(block)
    if has_relu(e.graph, block) and block.output not in s.gated:
        gate(e, d, e.value(block.output), dropout_factor(e, block))
    if e.graph.nodes[node].trainable:
        _weight_gradient(s, node, sizes, read(e, block.inputs[0]), d)
    source = block.inputs[0]
    if source not in e.needs_gradient:
        return
    dx, accumulate = e.gradient(source), int(source in s.arrived)
    if not accumulate:
        s.arrived.add(source)
        s.clear_halo(dx)
        if not (sizes.transposed or sizes.is_covered):
            e.step(ClearArgs(x=dx.name))
    convolve(e, node, sizes, not sizes.transposed, d, dx, e.kernel(node), None, -inf, accumulate)


def _weight_gradient(s: Backward, node: int, sizes: ConvGeometry, x: Buffer, d: Buffer) -> None:
    e = s.e
    kernel, bias = e.kernel(node), e.weight(node, "bias")
    if bias is not None:
        sums = e.buffer(f"biasparts{node}", (d.shape[2],), PER_PART)
        e.step(ChannelSumsArgs(d=d.name, region=inside(d), sums=sums.name, first=FIRST))
        s.sum_later(sums.name, bias)
    if sizes.is_depthwise:
        s.sum_later(emit_depthwise_weight_gradient(e, node, sizes, x, d), kernel)
        return
    if sizes.transposed:  # that of the convolution from d back to x
        x, d = d, x
    args = (e, node, sizes, x, d, kernel, s.first(kernel))
    s.later.append(emit_winograd_weight_gradient(*args) or emit_weight_gradient(*args))


def _norm(s: Backward, block: Block, d: Buffer) -> None:
    e, index = s.e, block.nodes[0]
    y = e.value(block.inputs[0])
    if has_relu(e.graph, block):
        gate(e, d, read(e, block.output))
    coefficients, back = f"norm{index}", e.buffer(f"back{index}", (3, y.shape[2]), WHOLE).name
    pool = e.part(block, Pool)
    if e.graph.nodes[index].trainable:
        sums = e.buffer(f"sums{index}", (2, y.shape[2])).name
        seen = read(e, block.inputs[0]) if pool is None else e.buffers[max_values(e, block)]
        e.step(NormSumsArgs(d=d.name, y=seen.name, coefficients=coefficients, sums=sums, d_region=inside(d),
                            y_region=inside(seen)))
        _norm_gradient(s, index, y, sums, coefficients, back)
    elif block.inputs[0] in e.needs_gradient:
        e.prologue_step(NormGradientFrozenArgs(coefficients=coefficients, back=back))
    _through_norm(s, block, d, coefficients, back, pool)
    if len(block.inputs) == 2:  # the other term of the sum
        _copy_to(s, block.inputs[1], d)


def _copy_to(s: Backward, index: int, d: Buffer) -> None:
    """Hand a gradient on as it is: its memory where nobody else needs that, or a copy."""
    if s.can_donate(index, d):
        s.donate(index, d)
    else:
        s.contribute(index, lambda dx: copy(s.e, d, dx))


def _norm_gradient(s: Backward, index: int, y: Buffer, sums: str, coefficients: str, back: str) -> None:
    """The gradients of gamma and beta, and the three coefficients of the way back."""
    e = s.e
    gamma, beta = e.weight(index, "gamma"), e.weight(index, "beta")
    channels = y.shape[2]
    targets = {name: f"gradient:{weight}" if weight else e.buffer(f"no{name}{index}", (channels,), WHOLE).name
               for weight, name in ((gamma, "gamma"), (beta, "beta"))}
    firsts = [s.first(weight) if weight else 1 for weight in (gamma, beta)]
    e.step(NormGradientArgs(
        sums=sums, pixels=y.inside[0] * y.inside[1], coefficients=coefficients, gamma=gamma or e.fill((1.0,), channels),
        dgamma=targets["gamma"], first_gamma=firsts[0], dbeta=targets["beta"], first_beta=firsts[1], back=back), domain=ONCE)


def _through_norm(s: Backward, block: Block, d: Buffer, coefficients: str, back: str,
                  pool: Pool | None) -> None:
    source = block.inputs[0]
    gated, factor = s.gate(source) if source in s.e.needs_gradient else (0, 1.0)

    def emit(dx: Buffer) -> None:
        y = read(s.e, source)
        if pool is None:
            s.e.step(NormBackwardArgs(d=d.name, y=y.name, coefficients=coefficients, back=back, dy=dx.name, d_region=inside(d),
                                      y_region=inside(y), dy_region=inside(dx), gated=gated, factor=factor))
        else:
            window = pool_window(pool, y)
            s.e.step(NormPoolBackwardArgs(
                d=d.name, argmax=argmax(s.e, block), y=y.name, coefficients=coefficients, back=back, dy=dx.name, window=window,
                d_region=inside(d), y_region=inside(y), dy_region=inside(dx), gated=gated, factor=factor, height=window.height,
                width=window.width, overlap=overlap(window)))

    s.contribute(source, emit)


def _max_pool(s: Backward, block: Block, d: Buffer) -> None:
    e, source, pool = s.e, block.inputs[0], s.e.op(block.nodes[0], Pool)
    gated, factor = s.gate(source)
    if gated:  # the largest came out, so the result says whether it passed the relu
        gate(e, d, e.value(block.output), factor)
    window = pool_window(pool, e.value(source))
    s.contribute(source, lambda dx: e.step(MaxPoolBackwardArgs(
        d=d.name, argmax=argmax(e, block), dx=dx.name, window=window, d_region=inside(d), dx_region=inside(dx),
        height=window.height, width=window.width, overlap=overlap(window))))


def overlap(window: PoolWindow) -> int:
    """Whether windows overlap or leave gaps."""
    return int((window.height, window.width) != (window.stride_height, window.stride_width))


def _pool(s: Backward, block: Block, d: Buffer) -> None:
    window = pool_window(s.e.op(block.nodes[0], Pool), s.e.value(block.inputs[0]))
    s.contribute(block.inputs[0], lambda dx: s.e.step(AveragePoolBackwardArgs(
        d=d.name, dx=dx.name, window=window, d_region=inside(d), dx_region=inside(dx))))


def _global_pool(s: Backward, block: Block, d: Buffer) -> None:
    op = s.e.op(block.nodes[0], GlobalPool)
    s.contribute(block.inputs[0], lambda dx: s.e.step(GlobalPoolBackwardArgs(
        d=d.name, argmax=f"argmax{block.output}", dx=dx.name, d_region=inside(d), dx_region=inside(dx),
        average=int(op.kind == "average"))))


def _activation(s: Backward, block: Block, d: Buffer) -> None:
    e = s.e
    x, y, op = e.value(block.inputs[0]), e.value(block.output), e.graph.nodes[block.nodes[0]].op
    if is_relu(op):
        s.contribute(block.inputs[0], lambda dx: e.step(ReluBackwardArgs(
            d=d.name, y=y.name, dx=dx.name, d_region=inside(d), y_region=inside(y), dx_region=inside(dx))))
        return
    assert isinstance(op, Activation)
    s.contribute(block.inputs[0], lambda dx: e.step(ActivationBackwardArgs(
        d=d.name, x=x.name, y=y.name, dx=dx.name, d_region=inside(d), x_region=inside(x), y_region=inside(y),
        dx_region=inside(dx), coefficients=scalar_coefficients(op), name=op.name)))


def _softmax(s: Backward, block: Block, d: Buffer) -> None:
    y, op = s.e.value(block.output), s.e.op(block.nodes[0], Softmax)
    s.contribute(block.inputs[0], lambda dx: s.e.step(SoftmaxBackwardArgs(
        d=d.name, y=y.name, dx=dx.name, d_region=inside(d), y_region=inside(y), dx_region=inside(dx), log=int(op.log))))


def _dropout(s: Backward, block: Block, d: Buffer) -> None:
    op = s.e.op(block.nodes[0], Dropout)
    s.contribute(block.inputs[0], lambda dx: dropout_step(s.e, block.output, op, d, dx))


def _noise(s: Backward, block: Block, d: Buffer) -> None:
    op = s.e.op(block.output, Noise)
    if op.factor:
        s.contribute(block.inputs[0], lambda dx: augment.noise_step(s.e, block.output, d, dx))
    else:
        _copy_to(s, block.inputs[0], d)


def _scale(s: Backward, block: Block, d: Buffer) -> None:
    scale, _ = scale_constants(s.e, block, d)
    zeros = s.e.fill((0.0,), d.shape[2])
    s.contribute(block.inputs[0], lambda dx: s.e.step(ScaleArgs(
        x=d.name, y=dx.name, factor=scale, offset=zeros, x_region=inside(d), y_region=inside(dx))))


def _copy(s: Backward, block: Block, d: Buffer) -> None:
    _copy_to(s, block.inputs[0], d)


def _add(s: Backward, block: Block, d: Buffer) -> None:
    e = s.e
    if has_relu(e.graph, block):
        gate(e, d, e.value(block.output))
    donee = next((index for index in block.inputs if block.inputs.count(index) == 1 and s.can_donate(index, d)), None)
    for source in block.inputs:
        if source != donee:
            s.contribute(source, lambda dx: copy(e, d, dx))
    if donee is not None:
        s.donate(donee, d)


def _nothing(s: Backward, block: Block, d: Buffer) -> None:
    """Nobody reads the gradient of an input but the caller."""


BACKWARD: dict[str, Callable[[Backward, Block, Buffer], None]] = {
    "input": _nothing,
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
    "noise": _noise,
    **augment.BACKWARD,
    **general.BACKWARD,
    **norms.BACKWARD,
}
