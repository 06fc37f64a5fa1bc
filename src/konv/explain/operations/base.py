"""What a rule for an operation is made of: its sentences, and its lines of NumPy and PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import TYPE_CHECKING, Any

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Statement, equation, number

if TYPE_CHECKING:
    from konv.explain.code.body import Body

Statements = Iterator[Statement]
Says = Callable[[StepFacts, Any], Iterable[Statement]]  # the facts of the operation, and the operation itself
Template = Callable[..., None]  # (body, operation, *names of its inputs): writes lines into the body


class Channels(Enum):
    """Where the channels of an operation's inputs stand in PyTorch, which wants those of images second."""

    AS_IN_KONV = "as in konv"
    SECOND = "second"  # an operation with a window
    SECOND_IF_NORMALIZED = "second if they are the axis that is normalized"
    AS_THEY_COME = "as they come"  # elementwise: second if all inputs have them there


@dataclass(frozen=True)
class Rule:
    """All that konv.explain knows of one operation.

    Args:
        says: the statements about it, in reading order.
        numpy: writes its lines of NumPy, and of PyTorch too where `torch` is None; None if there is no code for it.
        torch: writes its lines of PyTorch.
        channels: where PyTorch has the channels of its inputs.
    """

    says: Says
    numpy: Template | None = None
    torch: Template | None = None
    channels: Channels = Channels.AS_IN_KONV


# --- sentences ----------------------------------------------------------------------------------------


def times(shape: Sequence[int | None]) -> str:
    """The sizes as a product; a single value has no axes and is "1".

    >>> times((4, 4, 25)), times(())
    ('4*4*25', '1')
    """
    return "*".join(map(str, shape)) or "1"


def product(key: str, sizes: Sequence[int | None], legend: str | None = None) -> Statements:
    """How many values there are along these axes; nothing while a size is unknown."""
    if None not in sizes:
        yield equation(key, times(sizes), prod(size or 0 for size in sizes), legend)


def macs(step: StepFacts, left: str, legend: str) -> Statements:
    """The multiply-accumulates of one sample."""
    yield Statement("macs_unknown") if step.macs is None else equation("macs", left, step.macs, legend)


def listed(values: Iterable[float]) -> str:
    """Numbers in a row."""
    return ", ".join(number(float(value)) for value in values)


def rest_of_one(share: float) -> tuple[str, float]:
    """1 - share as it is printed, and its value: that of the printed number, so that the line is right as it stands."""
    shown = number(float(share))
    return f"1 - {shown}", 1 - float(shown)


# --- code ---------------------------------------------------------------------------------------------


def channels_first(op: Any) -> bool:
    """Whether the images of the operation have their channels first."""
    return op.data_format == "channels_first"


def image_axes(first: bool, rank: int) -> tuple[int, ...]:
    """The axes of rows and columns, or steps, behind that of the batch; `first` says that the channels stand before them."""
    return tuple(range(1 + first, rank + 1 + first))


def with_channels(op: Any, parts: Iterable[Any], channels: Any) -> list[Any]:
    """What belongs to rows and columns, and what belongs to the channels where the operation has them."""
    return [channels, *parts] if channels_first(op) else [*parts, channels]


def behind(count: int) -> str:
    """What gives an array of one axis so many more behind it."""
    return f"[:, {', '.join(['None'] * count)}]" if count else ""


def sliced(parts: Sequence[str]) -> str:
    """Slices of the axes behind the batch; those that take everything are left out at the end.

    >>> sliced([":", "1:3", ":"]), sliced([":"])
    ('[:, :, 1:3]', '')
    """
    kept = list(parts)
    while kept and kept[-1] == ":":
        kept.pop()
    return f"[:, {', '.join(kept)}]" if kept else ""


def flat_pads(pads: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """(before, after) of each axis as F.pad takes them: the last axis first."""
    return tuple(count for pair in reversed(pads) for count in pair)


def kept_axes(b: Body, op: Any) -> str:
    """The argument of a reduction that keeps the axes, with size 1."""
    return f", {b.keepdims}" if op.keepdims else ""


def write_input(b: Body, op: Any, x: str) -> None:
    """An operation that gives on what it reads in inference."""
    b.put(x, why=b.say("code_inference", name=type(op).__name__))
