"""A plan as text: steps, bytes and offsets."""

from konv.plan.memory import root
from konv.plan.steps import Buffer, Plan, Segment


def show_plan(plan: Plan) -> str:
    lines = [f"plan for {plan.batch} samples: arena {plan.arena_bytes:,} bytes, per thread {plan.local_bytes:,} bytes"]
    for title, part in (("prologue", plan.prologue), ("forward", plan.forward), ("backward", plan.backward)):
        lines += [line for segment in part for line in (f"{title}: {_head(segment)}", *_steps(segment))]
    lines.append("buffers:")
    lines += [_buffer(plan, buffer) for buffer in plan.buffers.values()]
    return "\n".join(lines)


def _head(segment: Segment) -> str:
    return f"over {segment.domain}" + (f", {segment.block} at a time" if segment.domain == "samples" else "")


def _steps(segment: Segment):
    for step in segment.steps:
        names = " ".join(name for name in step.names if not name.startswith(("fill:", "index:")))
        variant = f" {'x'.join(map(str, step.variant))}" if step.variant else ""
        yield f"  {step.kernel + variant:28} {names}"


def _buffer(plan: Plan, buffer: Buffer) -> str:
    name = root(buffer.name, plan.buffers)
    where = "local" if name in plan.local else "arena"
    position = f"{where} at {plan.offsets[name]:,}" if name in plan.offsets else "unused"
    shape = "x".join(map(str, buffer.shape))
    return f"  {buffer.name:16} {buffer.dtype:6} {shape:>16} {buffer.bytes:>10,} bytes per {buffer.leading:6} {position}"
