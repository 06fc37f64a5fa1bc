"""Normalisation within each sample: of groups of channels, and of the last axis; forward and backward. Sums over the samples
are needed for the gradients of gamma and beta alone, so it ends no segment."""

from math import prod

from konv.ir.ops import GroupNorm, LayerNorm
from konv.plan.blocks import Block, has_relu
from konv.plan.emitter import Emitter, inside, relu_floor
from konv.plan.steps import FIRST, PER_PART, Buffer


def _gamma_beta(e: Emitter, node: int, channels: int) -> tuple[str, str]:
    """The arrays of a node's gamma and beta, ones and zeros where it has none."""
    return e.weight(node, "gamma") or e.fill((1.0,), channels), e.weight(node, "beta") or e.fill((0.0,), channels)


def group_norm(e: Emitter, block: Block, z: Buffer) -> None:
    node, y = block.nodes[0], e.value(block.inputs[0])
    op, channels = e.graph.nodes[node].op, y.shape[2]
    assert isinstance(op, GroupNorm)
    moments = e.buffer(f"moments{node}", (2, channels)).name
    coefficients = e.buffer(f"norm{node}", (4, channels)).name
    e.step("moments", y.name, inside(y), moments)
    gamma, beta = _gamma_beta(e, node, channels)
    e.step("group_coefficients", moments, prod(y.inside[:2]), gamma, beta, coefficients, op.groups, op.epsilon)
    e.step("norm", y.name, coefficients, z.name, inside(y), inside(z), relu_floor(e, block))


def layer_norm(e: Emitter, block: Block, y: Buffer) -> None:
    node, x = block.nodes[0], e.value(block.inputs[0])
    op = e.graph.nodes[node].op
    assert isinstance(op, LayerNorm)
    moments = e.buffer(f"moments{node}", (prod(x.inside[:2]), 2)).name
    e.step("layer_norm", x.name, *_gamma_beta(e, node, x.shape[2]), y.name, moments, inside(x), inside(y), op.epsilon,
           relu_floor(e, block))


def _gate(s, block: Block, d: Buffer) -> None:
    if has_relu(s.e.graph, block):
        z = s.e.value(block.output)
        s.e.step("gate", d.name, z.name, inside(d), inside(z), 1.0)


def _parts(s, node: int, channels: int) -> tuple[str, str]:
    """Where the gradients of gamma and beta are summed, part by part; their sums follow at the end."""
    found = []
    for name in ("gamma", "beta"):
        parts = s.e.buffer(f"{name}parts{node}", (channels,), PER_PART).name
        weight = s.e.weight(node, name)
        if weight is not None and s.e.graph.nodes[node].trainable:
            s.sum_later(parts, weight)
        found.append(parts)
    return found[0], found[1]


def group_norm_backward(s, block: Block, d: Buffer) -> None:
    e, node, source = s.e, block.nodes[0], block.inputs[0]
    y = e.value(source)
    op, channels = e.graph.nodes[node].op, y.shape[2]
    assert isinstance(op, GroupNorm)
    _gate(s, block, d)
    coefficients, gamma = f"norm{node}", _gamma_beta(e, node, channels)[0]
    sums, back = e.buffer(f"sums{node}", (2, channels)).name, e.buffer(f"back{node}", (3, channels)).name
    e.step("norm_sums", d.name, y.name, coefficients, sums, inside(d), inside(y))
    e.step("group_gradient", sums, prod(y.inside[:2]), coefficients, gamma, *_parts(s, node, channels), back, op.groups, FIRST)
    s.contribute(source, lambda dx: e.step(
        "norm_backward", d.name, y.name, coefficients, back, dx.name, inside(d), inside(y), inside(dx), 0, 1.0))


def layer_norm_backward(s, block: Block, d: Buffer) -> None:
    e, node, source = s.e, block.nodes[0], block.inputs[0]
    x = e.value(source)
    _gate(s, block, d)
    gamma, parts = _gamma_beta(e, node, x.shape[2])[0], _parts(s, node, x.shape[2])

    def emit(dx: Buffer) -> None:
        e.step("layer_norm_backward", d.name, x.name, gamma, f"moments{node}", dx.name, *parts, inside(d), inside(x),
               inside(dx), FIRST)

    if source in e.needs_gradient:
        s.contribute(source, emit)
    elif e.graph.nodes[node].trainable and e.graph.weights(node):  # nobody asks for dx
        emit(e.buffer(f"unread{node}", x.inside))


FORWARD = {"groupnorm": group_norm, "layernorm": layer_norm}
BACKWARD = {"groupnorm": group_norm_backward, "layernorm": layer_norm_backward}
