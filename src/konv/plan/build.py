"""From a graph to a plan: rewrite, fuse, emit the steps forward and backward, place the buffers."""

from math import prod

from konv.errors import UnsupportedError
from konv.ir.graph import Graph
from konv.plan.backward import emit_backward, gradient_name
from konv.plan.blocks import Block, fuse
from konv.plan.contracts import ClearHaloArgs, CopyArgs
from konv.plan.emitter import Emitter
from konv.plan.forward import emit_forward, input_name
from konv.plan.memory import place_buffers
from konv.plan.rewrite import channels_last
from konv.plan.segments import segments
from konv.plan.steps import PARTS, Plan
from konv.plan.tiling import Machine

__all__ = ["Block", "build_plan"]


def build_plan(graph: Graph, batch: int, training: bool, machine: Machine = Machine(),  # noqa: B008 (frozen)
               input_gradients: bool = False) -> Plan:
    """The plan of a network for up to `batch` samples; with the gradients of its inputs where they are asked for.

    Where these are asked for of a network whose backward steps need nothing but the inputs (one convolution), it has no
    forward steps.

    >>> from konv.ir.graph import GraphBuilder
    >>> from konv.ir.ops import Dense, Input
    >>> builder = GraphBuilder()
    >>> _ = builder.add(Dense(2), (builder.add(Input((3,)), layer="x"),), "dense")
    >>> [step.kernel for segment in build_plan(builder.graph(1), 4, False).forward for step in segment.steps]
    ['product']
    """
    graph = channels_last(graph, training)
    if any(prod(size or 1 for size in node.shape) == 0 for node in graph.nodes):
        raise UnsupportedError("a layer's output is empty")
    emitter = Emitter(graph, fuse(graph, training), batch, training, machine, input_gradients)
    emit_forward(emitter)
    forward, packed = emitter.take(), len(emitter.prologue)
    backward = []
    if training:
        emit_backward(emitter)
        backward = emitter.take()
    if input_gradients and emitter.remembers_nothing:
        backward, forward = [step for step in forward if isinstance(step.args, (CopyArgs, ClearHaloArgs))] + backward, []
        del emitter.prologue[:packed]
    buffers = emitter.buffers
    outputs = tuple(emitter.value(index).name for index in graph.outputs)
    parts = (emitter.prologue, forward, backward)
    prologue, first, second = (tuple(segments(steps, buffers, batch, machine)) for steps in parts)
    inputs = tuple(input_name(emitter, index) for index in graph.inputs)
    gradients = tuple(gradient_name(emitter, index) for index in graph.outputs) if training else ()
    asked = tuple(f"d{index}" for index in graph.inputs) if input_gradients else ()
    keep = {*inputs, *outputs, *gradients, *asked}
    local, offsets, arena, scratch = place_buffers(buffers, (prologue, first, second), keep, batch, min(PARTS, batch), training)
    return Plan(batch, buffers, emitter.constants, prologue, first, second, inputs, outputs, gradients, asked,
                local, offsets, arena, scratch)
