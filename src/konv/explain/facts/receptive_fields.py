"""The receptive field behind each window of a model, as equations."""

from collections.abc import Iterable
from fractions import Fraction

from konv.explain.facts.statements import Statement, equation
from konv.ir.receptive_field import Reach
from konv.ir.window import SpreadWindow, Window


def reach_statements(before: Reach, after: Reach, window: Window) -> Iterable[Statement]:
    """Rows and columns that one value sees, from those before the window; the effective stride where it is not one pixel."""
    planar = window.planar
    for axis, word in enumerate(("rows", "columns")):
        taps = planar.dilation[axis] * (planar.kernel[axis] - 1) + 1
        if isinstance(window, SpreadWindow):
            taps = -(-taps // planar.strides[axis])
        left = f"{_shown(before.size[axis])} + ({taps} - 1)*{_shown(before.stride[axis])}"
        yield equation(f"reach_{word}", left, _number(after.size[axis]), "legend_reach")
    if any(stride != 1 for stride in after.stride):
        yield Statement("reach_stride", {"stride": "x".join(map(str, after.stride))})


def _shown(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"({value})"


def _number(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)
