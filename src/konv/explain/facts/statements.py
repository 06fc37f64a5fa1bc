"""What an explanation is made of: equations, and keys of sentences with what stands in their fields."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Equation:
    """`left` evaluates to `value`.

    >>> print(Equation("28*28*75 * (3*3*1)", 529200))
    28*28*75 * (3*3*1) = 529,200
    """

    left: str
    value: float

    def __str__(self) -> str:
        return f"{self.left} = {number(self.value)}"


@dataclass(frozen=True)
class Statement:
    """One line of an explanation: the key of a message and what stands in its fields.

    `legend` is the key of the same arithmetic in words.
    """

    key: str
    fields: dict[str, Any] = field(default_factory=dict)
    legend: str | None = None


def number(value: float) -> str:
    """1234567 -> '1,234,567', 0.8 -> '0.8'."""
    return f"{value:,}" if isinstance(value, int) else f"{value + 0.0:.6g}"  # -0.0 is no number that people write


def shown(value: float) -> str:
    """Four digits are enough to follow; no minus before zero.

    >>> shown(-0.0), shown(2 / 3)
    ('0', '0.6667')
    """
    return f"{value + 0.0:.4g}"


def equation(key: str, left: str, value: float, legend: str | None = None) -> Statement:
    """A statement that consists of an equation."""
    return Statement(key, {"equation": Equation(left, value)}, legend)
