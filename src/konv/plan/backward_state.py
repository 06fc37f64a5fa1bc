"""What the functions that emit backward steps share."""

from collections.abc import Callable
from math import inf

from konv.ir.ops import Dropout
from konv.plan.blocks import Block, has_relu
from konv.plan.contracts import AddArgs, ClearHaloArgs, Name, ReducePartsArgs
from konv.plan.emitter import Emitter, inside
from konv.plan.steps import NO_HALO, ONCE, Buffer, Step


class Backward:
    """Which gradients have arrived, and what waits for the end."""

    def __init__(self, e: Emitter) -> None:
        self.e = e
        self.arrived: set[int] = set(e.graph.outputs)
        self.written: set[str] = set()  # weights that a layer used twice has met already
        self.gated: set[int] = set()  # gradients that have passed back through relu and dropout already
        self.later: list[Step] = []  # sums over parts; at the end, so that they split no segment

    def contribute(self, index: int, emit: Callable[[Buffer], None]) -> None:
        """Call emit(buffer) to fill the gradient of a value, or to fill a spare one that is then added to it."""
        if index not in self.e.needs_gradient:
            return
        gradient = self.e.gradient(index)
        if index not in self.arrived:
            self.arrived.add(index)
            self.clear_halo(gradient)
            emit(gradient)
            return
        spare = self.e.buffer(f"spare{index}", gradient.shape, halo=gradient.halo)
        emit(spare)
        region = inside(gradient)
        self.e.step(AddArgs(a=gradient.name, b=spare.name, y=gradient.name, a_region=region, b_region=region, y_region=region,
                            floor=-inf))

    def can_donate(self, index: int, d: Buffer) -> bool:
        """Whether the buffer `d`, which nobody needs any longer, can become the gradient of a value."""
        e = self.e
        asked = e.input_gradients and index in e.graph.inputs  # an array of the caller's
        free = index in e.needs_gradient and index not in self.arrived and not asked
        return free and e.gradient_halo(index) == NO_HALO == d.halo

    def donate(self, index: int, d: Buffer) -> None:
        """Let the buffer `d` become the gradient of a value."""
        self.arrived.add(index)
        self.e.buffer(f"d{index}", self.e.value(index).inside, alias=d.alias or d.name)

    def clear_halo(self, buffer: Buffer) -> None:
        """Zeros around a gradient that is about to be written."""
        if buffer.halo != NO_HALO:
            self.e.step(ClearHaloArgs(x=buffer.name, halo=buffer.halo))

    def gate(self, index: int) -> tuple[int, float]:
        """Whether whoever computes the gradient of this value shall undo its relu and dropout at once, and the factor."""
        e = self.e
        block = e.block_of(index)
        if block.kind != "linear" or len(e.graph.users[index]) != 1 or index in e.graph.outputs or not has_relu(e.graph, block):
            return 0, 1.0
        self.gated.add(index)
        return 1, dropout_factor(e, block)

    def sum_later(self, parts: Name, weight: Name) -> None:
        """The gradient of a weight is the sum of these parts, and of what is in it from before."""
        args = ReducePartsArgs(parts=parts, gradient=f"gradient:{weight}", first=self.first(weight))
        self.later.append(Step(args, ONCE, layer=self.e.layer))

    def sums(self) -> list[Step]:
        """Those that all threads share come first, so that the others run side by side; but a weight's own in their order."""
        targets = [name for step in self.later for name in step.names if name.startswith("gradient:")]
        if len(set(targets)) < len(targets):
            return self.later
        return sorted(self.later, key=lambda step: step.domain == ONCE)

    def first(self, weight: str) -> int:
        """1 for the first contribution to the gradient of a weight, 0 for those that are added to it."""
        first = weight not in self.written
        self.written.add(weight)
        return int(first)


def dropout_factor(e: Emitter, block: Block) -> float:
    """By what a dropout in this block multiplies what it keeps."""
    op = e.part(block, Dropout)
    if op is None:
        return 1.0
    return 1 / (1 - op.rate) if op.rate < 1 else 0.0
