"""Where the time of a network goes: each layer's share, measured step by step on one thread."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Conv, Input
from konv.ir.window import Window
from konv.plan import build_plan
from konv.plan.steps import Plan, Step
from konv.runtime.cpu import Program
from konv.runtime.kernel_sets import KernelSet, default_kernels
from konv.runtime.threads import Threads
from konv.variables import Variable


@dataclass(frozen=True)
class LayerTime:
    """One layer's work on a batch. `flop` counts a multiply-add as two; `bytes` is what its steps read and write."""

    layer: str
    seconds: float
    flop: int
    bytes: int

    @property
    def gflops(self) -> float:
        return self.flop / self.seconds / 1e9 if self.seconds else 0.0


def profile(graph: Graph, weights: Mapping[str, Variable], batch: int, training: bool, rounds: int = 5) -> list[LayerTime]:
    """The time of each layer for a batch of noise, the least of several rounds, on one thread.

    Fused operations are counted for the first layer of their block. `""` stands for what belongs to no layer: the sums
    over the parts of gradients.
    """
    kernels = default_kernels()
    times: dict[str, float] = defaultdict(float)

    def timed(step: Step, args: tuple[Any, ...]) -> Callable[..., None]:
        function = kernels.resolve(step, args)

        def run(*args: Any) -> None:
            start = perf_counter()
            function(*args)
            times[step.layer] += perf_counter() - start

        return run

    plan = build_plan(graph, batch, training, kernels.machine)
    program = Program(plan, weights, KernelSet(kernels.machine, timed, kernels.dtype), Threads(1))
    random = np.random.default_rng(0)
    shapes = [tuple(size or 0 for size in graph.nodes[index].shape) for index in graph.inputs]
    x: list[np.ndarray] = [random.random((batch, *shape), dtype=np.float32) for shape in shapes]
    best: dict[str, float] = {}
    for _ in range(rounds + 1):  # the first one loads or compiles the kernels
        times.clear()
        program.forward(x, 0 if training else None)
        if training:
            program.backward([np.ones_like(output) for output in program.outputs(batch)])
        best = {layer: min(seconds, best.get(layer, seconds)) for layer, seconds in times.items()}
    moved, work = _bytes(plan), _flop(graph, training)
    return [LayerTime(layer, seconds, work.get(layer, 0) * batch, moved.get(layer, 0)) for layer, seconds in best.items()]


def peak_gflops(calls: int = 100) -> float:
    """The most that one thread of this machine reaches: a convolution of 64 channels, in GFLOP/s.

    Its windows are of 5 x 5 pixels: those of 3 x 3 take fewer multiply-adds than are counted (konv.plan.winograd_steps).
    """
    builder, kernels = GraphBuilder(), default_kernels()
    op = Conv(64, Window((5, 5), padding="same"), use_bias=False)
    graph = builder.graph(builder.add(op, (builder.add(Input((48, 48, 64)), layer="input"),), "conv"))
    weights = {"conv/kernel": Variable(np.ones((5, 5, 64, 64)), "kernel")}
    program = Program(build_plan(graph, 1, False, kernels.machine), weights, kernels, Threads(1))
    x, best = [np.ones((1, 48, 48, 64), np.float32)], float("inf")
    for _ in range(calls):  # the first one compiles
        start = perf_counter()
        program.forward(x, None)
        best = min(best, perf_counter() - start)
    return 2 * graph.macs(1) / best / 1e9


def _bytes(plan: Plan) -> dict[str, int]:
    """Bytes of the buffers that a layer's steps name, once per step."""
    moved: dict[str, int] = defaultdict(int)
    for segment in (*plan.prologue, *plan.forward, *plan.backward):
        for step in segment.steps:
            moved[step.layer] += sum(_size(plan, step, name) for name in step.names if name in plan.buffers)
    return dict(moved)


def _size(plan: Plan, step: Step, name: str) -> int:
    buffer = plan.buffers[name]
    return buffer.bytes * (plan.batch if buffer.leading == "sample" else 1)


def _flop(graph: Graph, training: bool) -> dict[str, int]:
    """Per sample. Backward costs the kernel's gradient, and the input's where anything before it is trained."""
    work: dict[str, int] = defaultdict(int)
    trained: set[int] = set()
    for index, node in enumerate(graph.nodes):
        before = any(source in trained for source in node.inputs)
        weights = node.trainable and any(weight.trainable for weight in graph.weights(index))
        if before or weights:
            trained.add(index)
        work[node.layer] += 2 * graph.macs(index) * (1 + training * (bool(weights) + before))
    return dict(work)
