"""Plans: what is fused, where the buffers lie, which tiles are chosen."""

from itertools import combinations

import pytest

import konv
from konv.ir.graph import GraphBuilder
from konv.ir.ops import Activation, Dense, Dropout, Input, Permute
from konv.plan import Machine, build_plan
from konv.plan.blocks import fuse
from konv.plan.rewrite import channels_last
from konv.plan.steps import root
from konv.plan.tiling import Tile, choose_tile, fits, panels, product_cycles, split_run
from tests import networks


def lives(plan):
    """For each buffer that owns memory: all (segment, step) that touch it."""
    touched = {}
    order = [segment for part in (plan.prologue, plan.forward, plan.backward) for segment in part]
    for s, segment in enumerate(order):
        for i, step in enumerate(segment.steps):
            for name in step.names:
                if name in plan.buffers and not plan.buffers[root(name, plan.buffers)].external:
                    touched.setdefault(root(name, plan.buffers), []).append((s, i))
    return touched


def size(plan, name, segment_block=1):
    buffer = plan.buffers[name]
    count = {"sample": plan.batch, "part": min(16, plan.batch)}.get(buffer.leading, 1)  # of the room to work in one a thread
    return buffer.bytes * (segment_block if name in plan.local and buffer.leading == "sample" else count)


@pytest.mark.parametrize("make", [*networks.ALL, networks.dropped])
@pytest.mark.parametrize("training", [False, True])
def test_buffers_alive_together_lie_apart(make, training):
    plan = build_plan(make(konv).graph(), 20, training)
    order = [segment for part in (plan.prologue, plan.forward, plan.backward) for segment in part]
    touched = lives(plan)
    for a, b in combinations(touched, 2):
        if (a in plan.local) != (b in plan.local):
            continue
        first, second = ({use[0] for use in touched[name]} for name in (a, b))
        if a in plan.local:
            if first != second:  # in different segments: nothing of either is kept
                continue
            block = order[next(iter(first))].block
            together = max(min(touched[a]), min(touched[b])) <= min(max(touched[a]), max(touched[b]))
        else:
            block = 1
            kept = {root(name, plan.buffers) for name in (*plan.inputs, *plan.outputs, *plan.output_gradients)}
            together = bool({a, b} & kept) or max(min(first), min(second)) <= min(max(first), max(second))
        if together:
            ends = [(plan.offsets[name], plan.offsets[name] + size(plan, name, block)) for name in (a, b)]
            assert ends[0][1] <= ends[1][0] or ends[1][1] <= ends[0][0], (a, b)
    assert all(plan.offsets[name] + size(plan, name) <= plan.arena_bytes for name in touched if name not in plan.local)


@pytest.mark.parametrize(("make", "kinds"), [
    (networks.seed, ["input", "linear", "norm", "linear", "norm", "linear", "norm", "flatten", "linear", "linear", "softmax"]),
    (networks.frozen, ["input", "linear", "linear", "norm", "flatten", "linear"]),
    (networks.residual, ["input", "linear", "linear", "norm", "linear", "add", "max_pool", "globalpool", "linear"])])
def test_fusion(make, kinds):
    assert [block.kind for block in fuse(channels_last(make(konv).graph(), True), True)] == kinds


def test_inference_folds_normalisation_into_the_weights_before_it():
    kinds = [block.kind for block in fuse(channels_last(networks.residual(konv).graph(), False), False)]
    assert "norm" not in kinds
    assert kinds.count("linear") == 4


def test_what_can_be_made_again_is_not_kept():
    """Of a long chain of convolution, normalisation and relu the convolutions' outputs alone stay for the backward pass."""
    layers = konv.layers
    unit = (layers.Conv2D, (16, 5), {"padding": "same"}), (layers.BatchNormalization, (), {}), (layers.ReLU, (), {})
    chain = [kind(*args, **more) for _ in range(8) for kind, args, more in unit]
    plan = build_plan(konv.Sequential([konv.Input((16, 16, 16)), *chain]).graph(), 64, True)
    image = 16 * 16 * 16 * 64 * 4
    assert 8 < plan.arena_bytes / image < 14  # each kept twice, and gradients, would be 18


def test_a_value_read_twice_is_not_fused_away():
    b = GraphBuilder()
    dense = b.add(Dense(3), (b.add(Input((2,)), layer="x"),), "d")
    graph = b.graph(b.add(Activation("relu"), (dense,), "r"), dense)
    assert [block.kind for block in fuse(graph, True)] == ["input", "linear", "activation"]


@pytest.mark.parametrize(("training", "kinds"), [(True, ["Input", "Dropout", "Permute"]), (False, ["Input"])])
def test_reorderings_cancel(training, kinds):
    """There and back again costs nothing; elementwise operations let a debt pass."""
    b = GraphBuilder()
    x = b.add(Permute((2, 0, 1)), (b.add(Input((4, 5, 6)), layer="x"),), "p")
    x = b.add(Dropout(0.5), (x,), "d")
    back = (2, 0, 1) if training else (1, 2, 0)
    graph = channels_last(b.graph(b.add(Permute(back), (x,), "q")), training)
    assert [type(node.op).__name__ for node in graph.nodes] == kinds


@pytest.mark.parametrize("machine", [Machine(16, 32), Machine(8, 16), Machine(4, 32)])
@pytest.mark.parametrize("width", [1, 2, 3, 5, 7, 14, 28, 113])
@pytest.mark.parametrize("filters", [1, 10, 16, 25, 50, 75, 512])
@pytest.mark.parametrize("depth", [9, 675, 2304])
def test_tiles(machine, width, filters, depth):
    """The tile fits into the registers, covers the channels, and no other is estimated to be faster."""
    tile = choose_tile(width, filters, depth, machine)
    assert fits(tile.rows, tile.vectors, machine.registers)
    assert tile.rest == width % tile.rows
    assert panels(filters, tile, machine) * tile.vectors * machine.lanes >= filters
    others = [Tile(r, v) for r in range(1, width + 1) for v in range(1, 40) if fits(r, v, machine.registers)]
    costs = [product_cycles(width, filters, depth, other, machine) for other in others]
    assert product_cycles(width, filters, depth, tile, machine) <= min(costs) + 1e-3


@pytest.mark.parametrize(("run", "piece"), [(27, 27), (1024, 1024), (1536, 768), (25088, 896), (2053, 2053)])
def test_split_run(run, piece):
    assert split_run(run) == piece


def test_text():
    text = str(build_plan(networks.seed(konv).graph(), 128, True))
    assert text.startswith("plan for 128 samples: arena ")
    assert "max_pool 2x2x1" in text
    assert "arena at 0" in text
    assert "local at 0" in text
