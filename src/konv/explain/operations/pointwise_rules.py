"""Elementwise operations: activations, arithmetic, comparisons, and what is random in training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Statement, equation, number
from konv.explain.operations.base import Channels, Rule, Statements, listed, rest_of_one, times, write_input
from konv.ir import array_ops, augment_ops
from konv.ir import ops as ir

if TYPE_CHECKING:
    from konv.explain.code.body import Body

# --- activations --------------------------------------------------------------------------------------


def _say_activation(step: StepFacts, op: ir.Activation) -> Statements:
    formula = op.function.explained(op.constants)
    yield Statement("activation_formula", {"name": op.name, "formula": formula}) if formula else Statement(
        "activation", {"name": op.name})


def _write_activation(b: Body, op: ir.Activation, x: str) -> None:
    b.put(op.function.in_numpy(x, op.constants), op.function.in_torch(x, op.constants))


def _say_softmax(step: StepFacts, op: ir.Softmax) -> Statements:
    yield Statement("log_softmax" if op.log else "softmax", {"size": step.inputs[0][op.axis]})


def _numpy_softmax(b: Body, op: ir.Softmax, x: str) -> None:
    axis = op.axis % len(b.step.output) + 1
    b.put(f"{x} - {x}.max({axis}, keepdims=True)", why=b.say("code_softmax"))
    total = f"np.exp({b.out}).sum({axis}, keepdims=True)"
    b.put(f"{b.out} - np.log({total})" if op.log else f"np.exp({b.out}) / {total}")


def _torch_softmax(b: Body, op: ir.Softmax, x: str) -> None:
    rank = len(b.step.output)
    axis = op.axis % rank + 1
    axis = 1 if b.channels_second and axis == rank else axis + b.channels_second
    b.put(f"F.{'log_' if op.log else ''}softmax({x}, {axis})")


def _say_prelu(step: StepFacts, op: array_ops.PRelu) -> Statements:
    yield Statement("prelu")
    yield equation("parameters", times(step.weights[0].shape), step.parameters)


def _write_prelu(b: Body, op: array_ops.PRelu, x: str) -> None:
    b.put(f"{b.library}.where({x} > 0, {x}, {b.weight('alpha')} * {x})")


# --- arithmetic ---------------------------------------------------------------------------------------


def _say_scale(step: StepFacts, op: ir.Scale) -> Statements:
    scales, offsets = (value if isinstance(value, tuple) else (value,) for value in (op.scale, op.offset))
    if isinstance(op.scale, tuple) or isinstance(op.offset, tuple):
        yield Statement("scale_channels", {"scales": listed(scales), "offsets": listed(offsets)})
        return
    scale, offset = (float(f"{values[0]:.6g}") for values in (scales, offsets))
    rest = f"{'-' if offset < 0 else '+'} {number(abs(offset))}"
    yield Statement("scale", {"formula": f"x * {number(scale)} {rest}"})
    yield equation("scale_example", f"255 * {number(scale)} {rest}", 255 * scale + offset)


def _write_scale(b: Body, op: ir.Scale, x: str) -> None:
    scale, offset = (f"{b.array}({list(value)})" if isinstance(value, tuple) else repr(value)
                     for value in (op.scale, op.offset))
    b.put(f"{x} * {scale}{f' + {offset}' if op.offset else ''}")


def _say_add(step: StepFacts, op: ir.Add) -> Statements:
    yield Statement("add", {"count": len(step.inputs)})
    if None not in step.output:
        count = len(step.inputs) - 1
        yield equation("additions", f"{count} * {times(step.output)}", count * step.values)


def _write_add(b: Body, op: ir.Add, *inputs: str) -> None:
    b.put(" + ".join(inputs))


_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "equal": "==", "not_equal": "!=",
          "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">="}


def _say_binary(step: StepFacts, op: array_ops.Binary) -> Statements:
    if op.name in array_ops.COMPARISONS:
        yield Statement("comparison", {"name": op.name})
    else:
        yield Statement(f"binary_{op.name}", {"count": len(step.inputs)})
    if len(set(step.inputs)) > 1:
        yield Statement("broadcast")


def _write_binary(b: Body, op: array_ops.Binary, *inputs: str) -> None:
    result, *others = b.aligned(inputs)
    for other in others:
        sign = _SIGNS.get(op.name)
        result = f"{result} {sign} {other}" if sign else f"{b.library}.{op.name}({result}, {other})"
    compared = op.name in array_ops.COMPARISONS
    b.put(f"({result}).astype(float)" if compared else result, f"({result}).float()" if compared else "")


def _say_mask(step: StepFacts, op: array_ops.Mask) -> Statements:
    yield Statement("mask")


def _write_mask(b: Body, op: array_ops.Mask, x: str, holds: str) -> None:
    b.put(f"np.where({holds} > 0, {x}, 0)", f"torch.where({holds} > 0, {x}, 0.0)")


# --- nothing in inference -----------------------------------------------------------------------------


def _say_detach(step: StepFacts, op: array_ops.Detach) -> Statements:
    yield Statement("detach")


def _say_dropout(step: StepFacts, op: ir.Dropout) -> Statements:
    yield Statement("dropout", {"rate": number(float(op.rate))})
    yield equation("kept", *rest_of_one(op.rate))
    if op.noise_shape is not None:
        yield Statement("noise_shape", {"shape": str(op.noise_shape)})


def _say_noise(step: StepFacts, op: augment_ops.Noise) -> Statements:
    kind = "noise_always" if op.always else "noise_factor" if op.factor else "noise"
    yield Statement(kind, {"deviation": number(float(op.deviation))})


RULES = {
    ir.Activation: Rule(_say_activation, _write_activation, channels=Channels.AS_THEY_COME),
    ir.Softmax: Rule(_say_softmax, _numpy_softmax, _torch_softmax, Channels.AS_THEY_COME),
    array_ops.PRelu: Rule(_say_prelu, _write_prelu),
    ir.Scale: Rule(_say_scale, _write_scale),
    ir.Add: Rule(_say_add, _write_add, channels=Channels.AS_THEY_COME),
    array_ops.Binary: Rule(_say_binary, _write_binary, channels=Channels.AS_THEY_COME),
    array_ops.Mask: Rule(_say_mask, _write_mask),
    array_ops.Detach: Rule(_say_detach, write_input),
    ir.Dropout: Rule(_say_dropout, write_input, channels=Channels.AS_THEY_COME),
    augment_ops.Noise: Rule(_say_noise, write_input, channels=Channels.AS_THEY_COME),
}
