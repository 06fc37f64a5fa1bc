"""Fusion: which neighbouring operations run as one block. The rules are a table, one a line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from konv.ir.graph import Graph
from konv.ir.ops import Activation, Add, BatchNorm, Conv, Dense, Dropout, GroupNorm, LayerNorm, Op, Pool


def is_relu(op: Op) -> bool:
    return op == Activation("relu")


def is_linear(op: Op) -> bool:
    return op.convolution or isinstance(op, Dense)


def is_max_pool(op: Op) -> bool:
    return isinstance(op, Pool) and op.kind == "max"


def is_a(*kinds: type[Op]) -> Callable[[Op], bool]:
    return lambda op: isinstance(op, kinds)


Rules = tuple[tuple[str, tuple[Callable[[Op], bool], ...]], ...]

# kind, operations in a row. Each but the first must be the only reader of the one before it.
# The longest row that fits is taken; dropout after relu needs no mask of its own: what is zero stays zero.
FUSIONS: Rules = (
    ("linear", (is_linear, is_relu, is_a(Dropout))),
    ("linear", (is_linear, is_relu)),
    ("linear", (is_linear,)),
    ("norm", (is_a(BatchNorm), is_relu, is_max_pool)),
    ("norm", (is_a(BatchNorm), is_max_pool)),
    ("norm", (is_a(BatchNorm), is_relu)),
    ("norm", (is_a(BatchNorm),)),
    ("groupnorm", (is_a(GroupNorm), is_relu)),
    ("layernorm", (is_a(LayerNorm), is_relu)),
    ("max_pool", (is_max_pool,)),
    ("add", (is_a(Add), is_relu)),
)

# s * (w * x + b) + t == (s * w) * x + (s * b + t): in inference a normalisation goes into the weights before it
FOLDS: Rules = (
    ("linear", (is_a(Conv, Dense), is_a(BatchNorm), is_relu)),
    ("linear", (is_a(Conv, Dense), is_a(BatchNorm))),
)


@dataclass(frozen=True)
class Block:
    """Operations run together: `nodes` are their indices, the last one is the value that others read."""

    kind: str
    nodes: tuple[int, ...]
    inputs: tuple[int, ...]
    onto: int | None = None  # the value that the results are added to, in its own memory

    @property
    def output(self) -> int:
        return self.nodes[-1]


def fuse(graph: Graph, training: bool) -> list[Block]:
    """The blocks of a graph in the order in which they run."""
    blocks: list[Block] = []
    taken: set[int] = set()
    for index, node in enumerate(graph.nodes):
        if index in taken:
            continue
        alone = (type(node.op).__name__.lower(), (index,))
        kind, row = next(_fitting(graph, index, FUSIONS if training else FOLDS + FUSIONS), alone)
        taken |= set(row)
        blocks.append(Block(kind, row, node.inputs))
    return normalise_and_add(graph, blocks if training else add_in_place(graph, blocks))


def normalise_and_add(graph: Graph, blocks: list[Block]) -> list[Block]:
    """A normalisation whose result is only added to something does that as well, and the relu behind it: its second input is
    the other term."""
    for add in [block for block in blocks if block.kind == "add" and len(block.inputs) == 2]:
        for branch in reversed([block for block in blocks if block.output in add.inputs]):
            other = next((index for index in add.inputs if index != branch.output), branch.output)
            lone = len(graph.users[branch.output]) == 1 and branch.output not in graph.outputs
            if branch.kind == "norm" and len(branch.nodes) == 1 and lone and other != branch.output:
                joined = Block("norm", branch.nodes + add.nodes, (*branch.inputs, other))
                blocks = [joined if block is add else block for block in blocks if block is not branch]
                break
    return blocks


def add_in_place(graph: Graph, blocks: list[Block]) -> list[Block]:
    """A convolution whose result is only added to something adds it there itself, where nobody reads that any more."""
    for add in [block for block in blocks if block.kind == "add"]:
        for branch in reversed([block for block in blocks if block.output in add.inputs]):
            onto = next((index for index in add.inputs if index != branch.output), branch.output)
            if len(add.inputs) == 2 and _can_add(graph, blocks, add, branch, onto):
                joined = replace(branch, nodes=branch.nodes + add.nodes, onto=onto)
                blocks = [joined if block is add else block for block in blocks if block is not branch]
                break
    return blocks


def _can_add(graph: Graph, blocks: list[Block], add: Block, branch: Block, onto: int) -> bool:
    """Whether the branch computes nothing but a term of the sum, and the other one is the engine's own and read no more."""
    views = ("flatten", "reshape")  # other names for the memory that they read
    source = next(block for block in blocks if block.output == onto)
    readers = [block for block in blocks if onto in block.inputs and block is not add]
    lone = len(graph.users[branch.output]) == 1 and onto != branch.output
    plain = branch.kind == "linear" and branch.onto is None and not has_relu(graph, branch)
    plain = plain and not graph.nodes[branch.nodes[0]].op.spreads  # which may have pixels that no product writes
    done = all(blocks.index(reader) < blocks.index(add) and reader.kind not in views for reader in readers)
    owned = source.kind not in ("input", *views) and not {branch.output, onto, add.output} & set(graph.outputs)
    return lone and plain and done and owned and branch not in readers


def _fitting(graph: Graph, index: int, rules: Rules) -> Iterator[tuple[str, tuple[int, ...]]]:
    for kind, tests in rules:
        row = _row(graph, index, len(tests))
        if row and all(test(graph.nodes[i].op) for test, i in zip(tests, row, strict=True)):
            yield kind, row


def _row(graph: Graph, index: int, length: int) -> tuple[int, ...] | None:
    """The chain of `length` nodes from `index` on of which each is read by the next alone."""
    row = [index]
    while len(row) < length:
        users = graph.users[row[-1]]
        if len(users) != 1 or row[-1] in graph.outputs:
            return None
        row.append(users[0])
    return tuple(row)


def has_relu(graph: Graph, block: Block) -> bool:
    return any(is_relu(graph.nodes[i].op) for i in block.nodes)
