"""Matrix products and normalizations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Equation, Statement, equation, number
from konv.explain.operations.base import Channels, Rule, Statements, behind, macs, product, rest_of_one, times
from konv.ir import array_ops
from konv.ir import ops as ir

if TYPE_CHECKING:
    from konv.explain.code.body import Body


def _say_dense(step: StepFacts, op: ir.Dense) -> Statements:
    inputs, units = step.weights[0].shape
    yield Statement("dense", {"inputs": inputs, "units": units})
    left, legend = (f"({inputs} + 1)", "") if op.use_bias else (str(inputs), "_no_bias")
    yield equation("parameters", f"{left} * {units}", step.parameters, f"legend_dense_parameters{legend}")
    rows = step.inputs[0][:-1]
    yield from macs(step, f"{times(rows)} * " * bool(rows) + f"{inputs} * {units}",
                    "legend_dense_macs_places" if rows else "legend_dense_macs")


def _numpy_dense(b: Body, op: ir.Dense, x: str, why: str = "") -> None:
    b.put(f"{x} @ {b.weight('kernel')}" + (f" + {b.weight('bias')}" if op.use_bias else ""), why=why)


def _torch_dense(b: Body, op: ir.Dense, x: str) -> None:
    _numpy_dense(b, op, x, b.say("code_dense"))


def _say_matmul(step: StepFacts, op: array_ops.Matmul) -> Statements:
    yield Statement("matmul")
    if step.macs is not None:
        yield from macs(step, f"{times(step.output)} * {step.inputs[0][-1]}", "legend_matmul_macs")


def _write_matmul(b: Body, op: array_ops.Matmul, *inputs: str) -> None:
    vector = len(b.step.inputs[0]) == 1
    if vector and b.lead(0) and b.lead(1):
        b.put(f"({inputs[0]}[:, None] @ {inputs[1]})[:, 0]")
    else:
        b.put(" @ ".join(inputs if vector else b.aligned(inputs)))


# --- normalizations -----------------------------------------------------------------------------------


def _formula(op: Any) -> str:
    scale, offset = ("gamma * " if op.scale else ""), (" + beta" if op.center else "")
    return f"{scale}(x - mean)/sqrt(variance + {op.epsilon:g}){offset}"


def _say_batch_norm(step: StepFacts, op: ir.BatchNorm) -> Statements:
    channels = step.weights[0].shape[0]
    yield Statement("batch_norm", {"formula": _formula(op)})
    yield Statement("batch_norm_statistics", {"momentum": number(float(op.momentum))})
    yield equation("kept_share", *rest_of_one(op.momentum))
    yield equation("parameters", f"{len(step.weights)} * {channels}", step.parameters, "legend_batch_norm")
    for key, trainable in (("learned", True), ("measured", False)):
        names = [weight.name for weight in step.weights if weight.trainable == trainable]
        if names:
            yield Statement(key, {"equation": Equation(f"{len(names)} * {channels}", len(names) * channels),
                                  "names": ", ".join(names)})


def _say_group_norm(step: StepFacts, op: ir.GroupNorm) -> Statements:
    channels = step.inputs[0][op.axis] or 0
    yield Statement("group_norm", {"groups": op.groups, "formula": _formula(op)})
    yield equation("group_channels", f"{channels}/{op.groups}", channels // op.groups)
    yield from _say_gamma_beta(step)


def _say_layer_norm(step: StepFacts, op: ir.LayerNorm) -> Statements:
    axes = ", ".join(str(axis % len(step.inputs[0]) + 1) for axis in op.axes)
    yield Statement("layer_norm", {"axes": axes, "formula": _formula(op)})
    yield from product("mean_values", [step.inputs[0][axis] for axis in op.axes])
    yield from _say_gamma_beta(step)


def _say_gamma_beta(step: StepFacts) -> Statements:
    if step.weights:
        yield equation("parameters", f"{len(step.weights)} * {times(step.weights[0].shape)}", step.parameters,
                       "legend_gamma_beta")


def _scaled(b: Body, op: Any, tail: str) -> tuple[str, str]:
    """What stands before and behind the normalized values; `tail` gives gamma and beta their axes."""
    return (f"{b.weight('gamma')}{tail} * " if op.scale else "", f" + {b.weight('beta')}{tail}" if op.center else "")


def _torch_gamma_beta(b: Body, op: Any) -> str:
    return ", ".join(b.weight(name) if wanted else "None" for name, wanted in (("gamma", op.scale), ("beta", op.center)))


def _torch_norm(b: Body, op: Any, x: str, function: str, arguments: str, why: str = "") -> None:
    """A function of arrays whose channels are second, of those that have them elsewhere."""
    axis = 1 if b.channels_second else op.axis % len(b.step.inputs[0]) + 1
    moved, back = (x, "") if axis == 1 else (f"{x}.movedim({axis}, 1)", f".movedim(1, {axis})")
    b.put(f"F.{function}({moved}, {arguments}, {_torch_gamma_beta(b, op)}, eps={op.epsilon:g}){back}", why=why)


def _numpy_batch_norm(b: Body, op: ir.BatchNorm, x: str) -> None:
    rank = len(b.step.inputs[0])
    tail = behind(rank - 1 - op.axis % rank)
    scale, offset = _scaled(b, op, tail)
    mean, variance = (f"{b.weight(f'moving_{what}')}{tail}" for what in ("mean", "variance"))
    b.put(f"{scale}({x} - {mean}) / np.sqrt({variance} + {op.epsilon:g}){offset}", why=b.say("code_moving"))


def _torch_batch_norm(b: Body, op: ir.BatchNorm, x: str) -> None:
    _torch_norm(b, op, x, "batch_norm", f"{b.weight('moving_mean')}, {b.weight('moving_variance')}", b.say("code_moving"))


def _numpy_group_norm(b: Body, op: ir.GroupNorm, x: str) -> None:
    shape = b.step.inputs[0]
    axis = op.axis % len(shape)
    last = axis == len(shape) - 1
    sizes, channels = (*shape[:axis], *shape[axis + 1:]), shape[axis] or 0
    moved = x if last else f"np.moveaxis({x}, {axis + 1}, -1)"
    b.line(f"groups = {moved}.reshape(len({x}), -1, {op.groups}, {channels // op.groups})")
    b.line("mean, variance = groups.mean((1, 3), keepdims=True), groups.var((1, 3), keepdims=True)")
    b.put(f"((groups - mean) / np.sqrt(variance + {op.epsilon:g})).reshape(-1, {', '.join(map(str, [*sizes, channels]))})")
    if op.scale or op.center:
        b.put(b.out + (f" * {b.weight('gamma')}" if op.scale else "") + (f" + {b.weight('beta')}" if op.center else ""))
    if not last:
        b.put(f"np.moveaxis({b.out}, -1, {axis + 1})")


def _torch_group_norm(b: Body, op: ir.GroupNorm, x: str) -> None:
    _torch_norm(b, op, x, "group_norm", str(op.groups))


def _write_layer_norm(b: Body, op: ir.LayerNorm, x: str) -> None:
    shape = b.step.inputs[0]
    axes = tuple(sorted(axis % len(shape) for axis in op.axes))
    last = axes == tuple(range(len(shape) - len(axes), len(shape)))
    if last and b.torch:
        sizes = tuple(shape[axis] for axis in axes)
        b.put(f"F.layer_norm({x}, {sizes}, {_torch_gamma_beta(b, op)}, eps={op.epsilon:g})")
        return
    reduced = f"{tuple(axis + 1 for axis in axes)}, "
    b.line(f"mean, variance = {x}.mean({reduced}{b.keepdims}), {x}.var({reduced}{'correction=0, ' * b.torch}{b.keepdims})")
    spread = ", ".join(str(size) if axis in axes else "1" for axis, size in enumerate(shape))
    scale, offset = _scaled(b, op, "" if last else f".reshape({spread})")
    b.put(f"{scale}({x} - mean) / {b.library}.sqrt(variance + {op.epsilon:g}){offset}")


RULES = {
    ir.Dense: Rule(_say_dense, _numpy_dense, _torch_dense),
    array_ops.Matmul: Rule(_say_matmul, _write_matmul),
    ir.BatchNorm: Rule(_say_batch_norm, _numpy_batch_norm, _torch_batch_norm, Channels.SECOND_IF_NORMALIZED),
    ir.GroupNorm: Rule(_say_group_norm, _numpy_group_norm, _torch_group_norm, Channels.SECOND_IF_NORMALIZED),
    ir.LayerNorm: Rule(_say_layer_norm, _write_layer_norm),
}
