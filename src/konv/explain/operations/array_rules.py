"""Operations that move, join, reshape and reduce arrays of any shape, and the values that no operation computes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Statement, equation
from konv.explain.operations.base import Rule, Statements, channels_first, flat_pads, kept_axes, product, sliced, times
from konv.ir import array_ops
from konv.ir import ops as ir
from konv.ir.ops import describe

if TYPE_CHECKING:
    from konv.explain.code.body import Body

# --- values that are there ----------------------------------------------------------------------------


def _say_input(step: StepFacts, op: ir.Input) -> Statements:
    yield Statement("input_layer")
    yield from product("values", step.output)


def _say_constant(step: StepFacts, op: array_ops.Constant) -> Statements:
    yield Statement("constant", {"count": prod(op.shape)})


def _write_constant(b: Body, op: array_ops.Constant) -> None:
    if op.shape:
        values = f"{b.array}({list(op.values)!r}).reshape"
        b.put(f"{values}{op.shape}", f"{values}({op.shape})")
    else:
        b.put(repr(op.values[0]), f"torch.tensor({op.values[0]!r})")


def _say_parameter(step: StepFacts, op: array_ops.Parameter) -> Statements:
    yield Statement("weight", {"name": op.name})
    yield equation("parameters", times(op.shape), step.parameters)


def _write_parameter(b: Body, op: array_ops.Parameter) -> None:
    b.put(b.weight(op.name))


# --- shapes and the order of axes ---------------------------------------------------------------------


def _say_flatten(step: StepFacts, op: ir.Flatten) -> Statements:
    yield Statement("flatten")
    if None in step.output:
        yield Statement("sizes_unknown")
    yield from product("values", step.inputs[0])


def _write_flatten(b: Body, op: ir.Flatten, x: str) -> None:
    moved = channels_first(op) and len(b.step.inputs[0]) > 1
    b.put(f"{f'np.moveaxis({x}, 1, -1)' if moved else x}.reshape(len({x}), -1)",
          f"{f'{x}.movedim(1, -1)' if moved else x}.flatten(1)",
          why=b.say("code_flatten_last") if moved or b.torch else "")


def _say_reshape(step: StepFacts, op: ir.Reshape) -> Statements:
    yield Statement("reshape", {"shape": describe(step.output)})
    yield from product("values", step.inputs[0])


def _write_reshape(b: Body, op: ir.Reshape, x: str) -> None:
    b.put(f"{x}.reshape({', '.join(map(str, [-1] * b.lead() + list(op.shape)))})")


def _say_permute(step: StepFacts, op: ir.Permute) -> Statements:
    yield Statement("permute", {"order": ", ".join(str(axis + 1) for axis in op.order)})


def _write_permute(b: Body, op: ir.Permute, x: str) -> None:
    lead = b.lead()
    order = ", ".join(map(str, [*range(lead), *(axis + lead for axis in op.order)]))
    b.put(f"{x}.transpose({order})", f"{x}.permute({order})")


# --- parts and wholes ---------------------------------------------------------------------------------


def _say_concatenate(step: StepFacts, op: array_ops.Concatenate) -> Statements:
    axis = op.axis % len(step.output)
    yield Statement("concatenate", {"axis": axis + 1})
    sizes = [shape[axis] for shape in step.inputs]
    if None not in sizes:
        yield equation("joined", " + ".join(map(str, sizes)), sum(size or 0 for size in sizes))


def _write_concatenate(b: Body, op: array_ops.Concatenate, *inputs: str) -> None:
    axis, listed = op.axis % len(b.step.output) + b.lead(), ", ".join(inputs)
    b.put(f"np.concatenate([{listed}], axis={axis})", f"torch.cat([{listed}], {axis})")


def _say_slice(step: StepFacts, op: array_ops.Slice) -> Statements:
    yield Statement("part_of")
    for size, start, result in zip(step.inputs[0], op.starts, step.output, strict=True):
        if size is not None and result is not None and size != result:
            yield equation("edge", f"{size} - {start} - {size - start - result}", result)


def _write_slice(b: Body, op: array_ops.Slice, x: str) -> None:
    parts, flipped = [], []
    for axis, (size, start, count, step) in enumerate(zip(b.step.inputs[0], op.starts, op.sizes, op.steps, strict=True),
                                                      b.lead()):
        end = start + count * step
        if b.torch:  # which has no steps backwards: the other way round from the last one on
            if step < 0:
                start, step = start + (count - 1) * step, -step
                flipped.append(axis)
            end = start + (count - 1) * step + 1
        whole = (start, count, step) == (0, size, 1)
        parts.append(":" if whole else f"{start}:{end if end >= 0 else ''}{f':{step}' if step != 1 else ''}")
    part = x + sliced(parts) if b.lead() else f"{x}[{', '.join(parts)}]"
    b.put(f"{part}.flip({flipped})" if flipped else part)


def _say_pad(step: StepFacts, op: array_ops.Pad) -> Statements:
    yield Statement("zeros_around")
    for (before, after), size, result in zip(op.widths, step.inputs[0], step.output, strict=True):
        if before + after and size is not None and result is not None:
            yield equation("edge", f"{before} + {size} + {after}", result)


def _write_pad(b: Body, op: array_ops.Pad, x: str) -> None:
    b.put(f"np.pad({x}, {((0, 0),) * b.lead() + tuple(op.widths)})", f"F.pad({x}, {flat_pads(op.widths)})")


def _say_repeat(step: StepFacts, op: array_ops.Repeat) -> Statements:
    yield Statement("repeated", {"factors": "x".join(map(str, op.factors))})
    for size, factor, result in zip(step.inputs[0], op.factors, step.output, strict=True):
        if factor > 1 and size is not None and result is not None:
            yield equation("edge", f"{size} * {factor}", result)


def _write_repeat(b: Body, op: array_ops.Repeat, x: str) -> None:
    for axis, factor in enumerate(op.factors, b.lead()):
        if factor > 1:
            b.put(f"{x}.repeat({factor}, axis={axis})", f"{x}.repeat_interleave({factor}, {axis})")
            x = b.out
    b.put(x)


def _say_reduce(step: StepFacts, op: array_ops.Reduce) -> Statements:
    axes = op.reduced(step.inputs[0])
    yield Statement(f"reduce_{op.kind}", {"axes": ", ".join(str(axis + 1) for axis in axes)})
    if axes:
        yield from product("reduced", [step.inputs[0][axis] for axis in axes])


def _write_reduce(b: Body, op: array_ops.Reduce, x: str) -> None:
    axes = tuple(axis + b.lead() for axis in op.reduced(b.step.inputs[0]))
    arguments = f"({axes}{kept_axes(b, op)})"
    torch = {"max": "amax", "min": "amin"}.get(op.kind, op.kind)
    b.put(*(f"{x}.{name}{arguments}" if axes else x for name in (op.kind, torch)))


RULES = {
    ir.Input: Rule(_say_input),
    array_ops.Constant: Rule(_say_constant, _write_constant),
    array_ops.Parameter: Rule(_say_parameter, _write_parameter),
    ir.Flatten: Rule(_say_flatten, _write_flatten),
    ir.Reshape: Rule(_say_reshape, _write_reshape),
    ir.Permute: Rule(_say_permute, _write_permute),
    array_ops.Concatenate: Rule(_say_concatenate, _write_concatenate),
    array_ops.Slice: Rule(_say_slice, _write_slice),
    array_ops.Pad: Rule(_say_pad, _write_pad),
    array_ops.Repeat: Rule(_say_repeat, _write_repeat),
    array_ops.Reduce: Rule(_say_reduce, _write_reduce),
}
