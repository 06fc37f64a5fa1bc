"""Normalisation within each sample: of groups of channels, and of the last axis; forward and backward. Sums over the samples
are needed for the gradients of gamma and beta alone, so it ends no segment."""

from math import prod

from konv.ir.ops import GroupNorm, LayerNorm
from konv.plan.backward_state import Backward
from konv.plan.blocks import Block, has_relu
from konv.plan.contracts import (
    GroupCoefficientsArgs,
    GroupGradientArgs,
    LayerNormArgs,
    LayerNormBackwardArgs,
    MomentsArgs,
    NormArgs,
    NormBackwardArgs,
    NormSumsArgs,
)
from konv.plan.emitter import Emitter, gate, inside, relu_floor
from konv.plan.steps import FIRST, PER_PART, Buffer


def _gamma_beta(e: Emitter, node: int, channels: int) -> tuple[str, str]:
    """The arrays of a node's gamma and beta, ones and zeros where it has none."""
    return e.weight(node, "gamma") or e.fill((1.0,), channels), e.weight(node, "beta") or e.fill((0.0,), channels)


def group_norm(e: Emitter, block: Block, z: Buffer) -> None:
    node, y = block.nodes[0], e.value(block.inputs[0])
    op, channels = e.op(node, GroupNorm), y.shape[2]
    moments = e.buffer(f"moments{node}", (2, channels)).name
    coefficients = e.buffer(f"norm{node}", (4, channels)).name
    e.step(MomentsArgs(y=y.name, region=inside(y), moments=moments))
    gamma, beta = _gamma_beta(e, node, channels)
    e.step(GroupCoefficientsArgs(moments=moments, pixels=prod(y.inside[:2]), gamma=gamma, beta=beta,
                                 coefficients=coefficients, groups=op.groups, epsilon=op.epsilon))
    e.step(NormArgs(y=y.name, coefficients=coefficients, z=z.name, y_region=inside(y), z_region=inside(z),
                    floor=relu_floor(e, block)))


def layer_norm(e: Emitter, block: Block, y: Buffer) -> None:
    node, x = block.nodes[0], e.value(block.inputs[0])
    op = e.op(node, LayerNorm)
    moments = e.buffer(f"moments{node}", (prod(x.inside[:2]), 2)).name
    gamma, beta = _gamma_beta(e, node, x.shape[2])
    e.step(LayerNormArgs(x=x.name, gamma=gamma, beta=beta, y=y.name, moments=moments, x_region=inside(x), y_region=inside(y),
                         epsilon=op.epsilon, floor=relu_floor(e, block)))


def _gate(s: Backward, block: Block, d: Buffer) -> None:
    if has_relu(s.e.graph, block):
        gate(s.e, d, s.e.value(block.output))


def _parts(s: Backward, node: int, channels: int) -> tuple[str, str]:
    """Where the gradients of gamma and beta are summed, part by part; their sums follow at the end."""
    found: list[str] = []
    for name in ("gamma", "beta"):
        parts = s.e.buffer(f"{name}parts{node}", (channels,), PER_PART).name
        weight = s.e.weight(node, name)
        if weight is not None and s.e.graph.nodes[node].trainable:
            s.sum_later(parts, weight)
        found.append(parts)
    return found[0], found[1]


def group_norm_backward(s: Backward, block: Block, d: Buffer) -> None:
    e, node, source = s.e, block.nodes[0], block.inputs[0]
    y = e.value(source)
    op, channels = e.op(node, GroupNorm), y.shape[2]
    _gate(s, block, d)
    coefficients, gamma = f"norm{node}", _gamma_beta(e, node, channels)[0]
    sums, back = e.buffer(f"sums{node}", (2, channels)).name, e.buffer(f"back{node}", (3, channels)).name
    dgamma, dbeta = _parts(s, node, channels)
    e.step(NormSumsArgs(d=d.name, y=y.name, coefficients=coefficients, sums=sums, d_region=inside(d), y_region=inside(y)))
    e.step(GroupGradientArgs(sums=sums, pixels=prod(y.inside[:2]), coefficients=coefficients, gamma=gamma, dgamma=dgamma,
                             dbeta=dbeta, back=back, groups=op.groups, first=FIRST))
    s.contribute(source, lambda dx: e.step(NormBackwardArgs(
        d=d.name, y=y.name, coefficients=coefficients, back=back, dy=dx.name, d_region=inside(d), y_region=inside(y),
        dy_region=inside(dx), gated=0, factor=1.0)))


def layer_norm_backward(s: Backward, block: Block, d: Buffer) -> None:
    e, node, source = s.e, block.nodes[0], block.inputs[0]
    x = e.value(source)
    _gate(s, block, d)
    (gamma, _), (dgamma, dbeta) = _gamma_beta(e, node, x.shape[2]), _parts(s, node, x.shape[2])

    def emit(dx: Buffer) -> None:
        e.step(LayerNormBackwardArgs(
            d=d.name, x=x.name, gamma=gamma, moments=f"moments{node}", dx=dx.name, dgamma=dgamma, dbeta=dbeta,
            d_region=inside(d), x_region=inside(x), dx_region=inside(dx), first=FIRST))

    if source in e.needs_gradient:
        s.contribute(source, emit)
    elif e.graph.nodes[node].trainable and e.graph.weights(node):  # nobody asks for dx
        emit(e.buffer(f"unread{node}", x.inside))


FORWARD = {"groupnorm": group_norm, "layernorm": layer_norm}
BACKWARD = {"groupnorm": group_norm_backward, "layernorm": layer_norm_backward}
