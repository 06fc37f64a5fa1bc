"""What is to say about operations on arrays of any shape, which layers of one's own and other libraries are made of."""

from collections.abc import Callable, Iterable
from math import prod
from typing import Any

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Statement, equation
from konv.ir import array_ops as general


def _constant(step: StepFacts) -> Iterable[Statement]:
    yield Statement("constant", {"count": prod(step.op.shape)})  # type: ignore[attr-defined]


def _parameter(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    yield Statement("weight", {"name": op.name})
    yield equation("parameters", "*".join(map(str, op.shape)) or "1", step.parameters)


def _reduce(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    axes = op.reduced(step.inputs[0])
    yield Statement(f"reduce_{op.kind}", {"axes": ", ".join(str(axis + 1) for axis in axes)})
    sizes = [step.inputs[0][axis] for axis in axes]
    if sizes and None not in sizes:
        yield equation("reduced", "*".join(map(str, sizes)), prod(size or 0 for size in sizes))


def _matmul(step: StepFacts) -> Iterable[Statement]:
    yield Statement("matmul")
    if step.macs is not None:
        sizes = "*".join(map(str, step.output)) or "1"
        yield equation("macs", f"{sizes} * {step.inputs[0][-1]}", step.macs, "legend_matmul_macs")


def _repeat(step: StepFacts) -> Iterable[Statement]:
    op: Any = step.op
    yield Statement("repeated", {"factors": "x".join(map(str, op.factors))})
    for size, factor, result in zip(step.inputs[0], op.factors, step.output, strict=True):
        if factor > 1 and size is not None and result is not None:
            yield equation("edge", f"{size} * {factor}", result)


WRITERS: dict[type, Callable[[StepFacts], Iterable[Statement]]] = {
    general.Constant: _constant, general.Matmul: _matmul, general.Parameter: _parameter, general.Reduce: _reduce,
    general.Repeat: _repeat}
