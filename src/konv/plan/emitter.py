"""The notebook of a plan in the making: which buffers there are, and the steps so far."""

from math import inf, prod
from typing import TypeVar

from konv.ir.graph import Graph
from konv.ir.ops import Flatten, Op, Pool, Reshape, Shape
from konv.plan.blocks import Block, has_relu
from konv.plan.contracts import Args, CopyArgs, GateArgs, GatherArgs, Name, Region
from konv.plan.conv_geometry import ConvGeometry, geometry_of
from konv.plan.steps import NO_HALO, ONCE, PARTS, PER_SAMPLE, ROW_DOMAIN, ROWS, SAMPLE_DOMAIN, Buffer, Fill, Halo, Pack, Step
from konv.plan.tiling import Machine


def image(shape: Shape) -> tuple[int, int, int]:
    """Any sample as (height, width, channels): a vector is one pixel, a sequence one row."""
    sizes = [size or 0 for size in shape]
    *leading, channels = [1, 1, *sizes] if len(sizes) < 3 else sizes
    if len(sizes) == 0:
        channels = 1
    return prod(leading[:-1]), leading[-1], channels


MANY = 1 << 14  # elements to bring into another order that are worth waking threads
CHEAP = 32  # terms of a sum that is sooner rematerialized than read from memory


OpKind = TypeVar("OpKind", bound=Op)


class Emitter:
    def __init__(self, graph: Graph, blocks: list[Block], batch: int, training: bool, machine: Machine,
                 input_gradients: bool = False) -> None:
        self.graph, self.blocks, self.batch, self.training, self.machine = graph, blocks, batch, training, machine
        self.input_gradients = input_gradients
        self.samples = -(-batch // min(PARTS, batch))  # in a part
        self.buffers: dict[str, Buffer] = {}
        self.constants: dict[str, Fill | Pack] = {}
        self.prologue: list[Step] = []
        self.layer = ""  # whose steps are being emitted
        self._steps: list[Step] = []
        self.near: dict[int, Buffer] = {}  # values that a step of the segment in the making has written
        self._rematerialized = 0
        self._onto = {block.output: block.onto for block in blocks}
        self._halos = self._value_halos()
        self.needs_gradient: set[int] = self._needing_gradient() if training else set()

    # --- steps ------------------------------------------------------------------------------------

    def step(self, args: Args, domain: str = SAMPLE_DOMAIN, rows: int = 0, macs: int = 0) -> None:
        self._steps.append(Step(args, domain, rows, self.layer, macs))
        if domain != SAMPLE_DOMAIN:
            self.near.clear()

    def append(self, steps: list[Step]) -> None:
        """Steps that were made before."""
        self._steps += steps

    def prologue_step(self, args: Args) -> None:
        """A step that depends on weights alone."""
        self.prologue.append(Step(args, ONCE, layer=self.layer))

    def gather(self, source: str, index: str, target: str, shape: tuple[int, ...], first: int) -> Step:
        """The step that brings elements into another order, and sums their parts; by all threads where there are many."""
        blocks, many = -(-prod(shape[:-1]) // 16), prod(shape) >= MANY
        args = GatherArgs(source=source, index=index, target=target, blocks=ROWS if many else (0, blocks), first=first)
        return Step(args, ROW_DOMAIN if many else ONCE, rows=blocks, layer=self.layer)

    def take(self) -> list[Step]:
        """The steps since the last call."""
        steps, self._steps = self._steps, []
        self.near.clear()
        return steps

    def pack(self, weight: str, layout: Pack, name: str) -> str:
        """A copy of a weight in the order in which the tile reads it; made once per training step."""
        if name in self.buffers:
            return name
        self.constants[f"index:{name}"] = layout
        self.buffer(name, layout.shape, "whole")
        self.prologue.append(self.gather(weight, f"index:{name}", name, layout.shape, 1))
        return name

    def fill(self, values: tuple[float, ...], *shape: int) -> str:
        """The name of a constant array of this shape in which each of the values fills an equal share."""
        name = f"fill:{','.join(map(repr, values))}:{'x'.join(map(str, shape))}"
        self.constants[name] = Fill(values, shape)
        return name

    # --- buffers ----------------------------------------------------------------------------------

    def buffer(self, name: str, shape: tuple[int, ...], leading: str = PER_SAMPLE, dtype: str = "real",
               halo: Halo = NO_HALO, alias: str = "", external: bool = False) -> Buffer:
        if name not in self.buffers:
            self.buffers[name] = Buffer(name, shape, leading, dtype, halo, alias, external)
        return self.buffers[name]

    def _image(self, name: str, index: int, halo: Halo, external: bool = False) -> Buffer:
        height, width, channels = image(self.graph.nodes[index].shape)
        top, bottom, left, right = halo
        return self.buffer(name, (height + top + bottom, width + left + right, channels), halo=halo, external=external)

    def given(self, name: str, index: int) -> Buffer:
        """An array of the caller's, of the shape of a node's output."""
        return self._image(name, index, NO_HALO, external=True)

    def value(self, index: int) -> Buffer:
        """The buffer of a node's output; a flattened image without halo is the same memory."""
        node = self.graph.nodes[index]
        name = f"v{index}"
        if name not in self.buffers and isinstance(node.op, (Flatten, Reshape)):
            source = self.value(node.inputs[0])
            if source.halo == NO_HALO == self._halos[index] and index not in self.graph.outputs:
                return self.buffer(name, image(node.shape), alias=source.alias or source.name)
        onto = self._onto.get(index)
        if onto is not None and name not in self.buffers:
            source = self.value(onto)
            return self.buffer(name, source.shape, halo=source.halo, alias=source.alias or source.name)
        return self._image(name, index, self._halos[index], self._is_given(index))

    def _is_given(self, index: int) -> bool:
        """Inputs are read, and in inference outputs are written, where the caller has them, unless they need a halo."""
        input_, output = index in self.graph.inputs, self.graph.outputs.count(index) == 1
        return self._halos[index] == NO_HALO and (input_ != (output and not self.training))

    def rematerialized(self, index: int) -> Buffer | None:
        """A new buffer for a value that a later segment rematerializes, or None where it is kept in memory.

        Batch statistics end a segment, so what a convolution hands to a normalisation is read from memory again, forward
        and backward. A vector of elements takes some 20 cycles from memory, and half as many cycles to compute as the sum
        has terms. What a normalisation hands to a convolution alone costs no more to compute than to read, since what it
        is computed from is kept for its own way back.
        """
        if not self.training or not (self._is_short_sum(index) or self._is_normalised_for_a_product(index)):
            return None
        self._rematerialized += 1
        return self._image(f"again{self._rematerialized}", index, self._halos[index])

    def _is_short_sum(self, index: int) -> bool:
        block, reader = self.block_of(index), self._lone_reader(index)
        if block.kind != "linear" or reader is None or reader.kind != "norm" or reader.inputs[0] != index:
            return False
        large = self.value(index).bytes * self.batch >= self.machine.shared_cache
        return self.graph.nodes[reader.nodes[0]].trainable and self.linear(block).terms <= CHEAP and large

    def _is_normalised_for_a_product(self, index: int) -> bool:
        block, reader = self.block_of(index), self._lone_reader(index)
        plain = block.kind == "norm" and len(block.inputs) == 1 and self.part(block, Pool) is None
        return plain and reader is not None and reader.kind == "linear"

    def _lone_reader(self, index: int) -> Block | None:
        """The only block that reads a value, if nobody else wants it."""
        readers = [block for block in self.blocks if index in block.inputs]
        return readers[0] if len(readers) == 1 and index not in self.graph.outputs else None

    def block_of(self, index: int) -> Block:
        """The block that makes a value."""
        return next(block for block in self.blocks if block.output == index)

    def gradient(self, index: int) -> Buffer:
        """The buffer of the gradient of a node's output, with the halo that the input gradient of its block reads.

        What the caller gives is read in place where nothing changes it: neither relu nor another reader's share.
        """
        halo, block = self.gradient_halo(index), self.block_of(index)
        plain = block.kind == "linear" and not has_relu(self.graph, block) and not self.graph.users[index]
        asked = index in self.graph.inputs and self.input_gradients
        given = (self.graph.outputs.count(index) == 1 and plain) or asked
        return self._image(f"d{index}", index, halo, external=halo == NO_HALO and given)

    def gradient_halo(self, index: int) -> Halo:
        for block in self.blocks:
            if block.output == index and block.kind == "linear":
                sizes = self.linear(block)  # the kernel gradient of a transposed one reads windows of it
                if sizes.transposed or block.inputs[0] in self.needs_gradient:
                    return sizes.gradient_halo
        return NO_HALO

    def _value_halos(self) -> dict[int, Halo]:
        """The widest halo that any reader wants."""
        halos = dict.fromkeys(range(len(self.graph.nodes)), NO_HALO)
        for block in self.blocks:
            if block.kind == "linear":
                wanted = self.linear(block).input_halo
                source = block.inputs[0]
                halos[source] = Halo(*map(max, halos[source], wanted))
        shared = [(block.onto, block.output) for block in self.blocks if block.onto is not None]
        for before, after in shared * len(shared):  # one memory after the other in a chain of sums
            halos[before] = halos[after] = Halo(*map(max, halos[before], halos[after]))
        return halos

    @property
    def remembers_nothing(self) -> bool:
        """Whether the backward steps read inputs alone: a convolution without relu, a mean."""
        inner = [block for block in self.blocks if block.kind != "input"]
        return len(inner) == 1 and inner[0].kind in ("linear", "pool") and len(inner[0].nodes) == 1

    # --- questions about blocks -------------------------------------------------------------------

    def op(self, index: int, kind: type[OpKind]) -> OpKind:
        """The operation of a node, which is of this kind."""
        op = self.graph.nodes[index].op
        assert isinstance(op, kind)
        return op

    def part(self, block: Block, kind: type[OpKind]) -> OpKind | None:
        """The operation of this kind in a block."""
        ops = [self.graph.nodes[index].op for index in block.nodes]
        return next((op for op in ops if isinstance(op, kind)), None)

    def linear(self, block: Block) -> ConvGeometry:
        node = self.graph.nodes[block.nodes[0]]
        return geometry_of(node.op, image(self.graph.nodes[node.inputs[0]].shape), image(node.shape))

    def statistics(self, index: int) -> tuple[Name, Name]:
        """The paths of the moving mean and variance of a normalisation."""
        layer = self.graph.nodes[index].layer
        return f"{layer}/moving_mean", f"{layer}/moving_variance"

    def weight(self, index: int, name: str) -> str | None:
        """The path of a node's weight, or None where it has none of that name."""
        names = {weight.name for weight in self.graph.weights(index)}
        return f"{self.graph.nodes[index].layer}/{name}" if name in names else None

    def kernel(self, index: int) -> str:
        """The path of a linear node's kernel, which comes first of its weights."""
        return f"{self.graph.nodes[index].layer}/{self.graph.weights(index)[0].name}"

    def _needing_gradient(self) -> set[int]:
        """Nodes whose output's gradient is wanted: some weight before or at them is trained."""
        found: set[int] = set()
        for index, node in enumerate(self.graph.nodes):
            trained = node.trainable and any(weight.trainable for weight in self.graph.weights(index))
            trained = trained or (self.input_gradients and index in self.graph.inputs)
            if trained or any(source in found for source in node.inputs):
                found.add(index)
        return found


def inside(buffer: Buffer) -> Region:
    """Where the image lies in its buffer."""
    height, width, _ = buffer.inside
    return Region(buffer.halo.top, buffer.halo.left, height, width)


def copy(e: Emitter, x: Buffer, y: Buffer) -> None:
    """The step that copies images."""
    e.step(CopyArgs(x=x.name, y=y.name, x_region=inside(x), y_region=inside(y)))


def gate(e: Emitter, d: Buffer, y: Buffer, factor: float = 1.0) -> None:
    """The step that takes a gradient back through relu and dropout: what came out as zero passes nothing."""
    e.step(GateArgs(d=d.name, y=y.name, d_region=inside(d), y_region=inside(y), factor=factor))


def relu_floor(e: Emitter, block: Block) -> float:
    """What no result of the block falls below: 0 where it ends in a relu."""
    return 0.0 if has_relu(e.graph, block) else -inf
