"""The parameters that a layer keeps, as a picture: filters x channels x kernel, and a bias each."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from konv.errors import UnsupportedError
from konv.explain.facts.model_facts import StepFacts, layer_facts
from konv.explain.facts.statements import Equation, Statement
from konv.explain.facts.values import by_filter
from konv.explain.figures.base import Figure, drawn
from konv.explain.figures.svg import Sheet, colour, text_width
from konv.explain.languages.messages import check_language, say
from konv.explain.operations import statements, times
from konv.ir.ops import Dense
from konv.layers.base import Layer

CELL, GAP, MOST = 14, 14, 6  # pixels; as many rows or kernels are drawn


@dataclass(frozen=True)
class Block:
    """What one operation keeps: `rows` lines (filters, units, or the names of vectors) of `kernels` kernels each."""

    rows: int
    kernels: int
    kernel: tuple[int, ...]  # rows and columns, or steps; nothing where kernels are single values
    bias: bool
    statements: tuple[Statement, ...]
    names: tuple[str, ...] = ()  # of the lines, where they have one
    per_channel: int = 0  # lines of one channel, where each line has a channel of its own

    @property
    def dense(self) -> bool:
        return not self.kernel


@dataclass(frozen=True)
class ParametersFigure(Figure):
    """The parameters of one layer, operation by operation."""

    title: str
    blocks: tuple[Block, ...]
    lang: str = "en"

    def lines(self, lang: str) -> Iterator[str]:
        """How many parameters each operation has, and why."""
        yield say("par_title", lang, title=self.title)
        for block in self.blocks:
            if not block.names:
                terms = [block.kernels, *block.kernel]
                each = Equation(times(terms) + " + 1" * block.bias, prod(terms) + block.bias)
                yield say("par_unit" if block.dense else "par_filter", lang, equation=each)
            for statement in block.statements:
                yield say(statement.key, lang, **statement.fields)
                if statement.legend:
                    yield "  " + say(statement.legend, lang)

    def sheet(self, lang: str) -> Sheet:
        """The blocks from top to bottom, and their arithmetic below them."""
        head, *lines = (line.strip() for line in self.lines(lang))
        sheet = Sheet(head, ". ".join(lines))
        y = 0.0
        for block in self.blocks:
            y = _draw(sheet, block, y, lang) + 26
        sheet.notes([*lines, say("par_square", lang)])
        sheet.heading(head, above=20)
        return sheet


def parameters(layer: Layer, lang: str | None = None) -> ParametersFigure:
    """The parameters of a built layer as a picture: a line for each filter or unit, with its kernels and its bias.

    Raises:
        UnsupportedError: the layer has no parameters.

    >>> import konv
    >>> layer = konv.layers.Conv2D(2, 2, name="conv")
    >>> layer.build((None, 3, 3, 3))
    >>> print(parameters(layer))
    Conv2D "conv": its parameters
    each filter: 3*2*2 + 1 = 13
    parameters: 2 * (3*2*2 + 1) = 26
      filters * (channels*kernel height*kernel width + 1 bias)
    """
    facts = layer_facts(layer)
    blocks = tuple(_block(step) for step in facts.steps if step.weights)
    if not blocks:
        raise UnsupportedError(f"{layer.title}: has no parameters; explain() says what it does")
    return ParametersFigure(f'{facts.class_name} "{facts.name}"', blocks, check_language(lang))


def _block(step: StepFacts) -> Block:
    op: Any = step.op
    told = tuple(statement for statement in statements(step) if statement.key in ("parameters", "learned", "measured"))
    if not op.convolution and not isinstance(op, Dense):
        longest = max(weight.shape[-1] if weight.shape else 1 for weight in step.weights)
        return Block(len(step.weights), longest, (), False, told, tuple(weight.name for weight in step.weights))
    filters, kernels, *_ = by_filter(op, np.empty(step.weights[0].shape)).shape
    kernel = () if isinstance(op, Dense) else op.window.kernel
    return Block(filters, kernels, kernel, op.use_bias, told, per_channel=getattr(op, "multiplier", 0))


def _draw(sheet: Sheet, block: Block, top: float, lang: str) -> float:
    """One block from `top` on; where it ends."""
    lines, columns = (1, 1, *block.kernel)[-2:]  # the kernel of a sequence is one row
    cell = CELL if max(lines, columns) <= 7 else 7 * CELL / max(lines, columns)
    height, width = lines * cell, columns * cell
    gap = 3 if block.dense else GAP
    names = [block.names[row] if block.names else say("par_unit_row" if block.dense else "fig_filter", lang, number=row)
             for row in drawn(block.rows, MOST)]
    kernels = drawn(block.kernels, MOST)
    left = max(text_width(name, 11) for name in names) + 14
    for row, name in enumerate(names):
        y = top + row * (height + 12)
        sheet.text(left - 14, y + height / 2, name, 11, "quiet", "end")
        x = left
        for kernel in kernels:
            style = "c0" if block.dense else colour(row // block.per_channel if block.per_channel else kernel)
            sheet.grid(x, y, lines, columns, cell, style, 0.3)
            x += width + gap
        if block.kernels > len(kernels):
            more = "… " + say("more", lang, count=block.kernels - len(kernels))
            sheet.text(x + 2, y + height / 2, more, 11, "quiet")
            x += text_width(more, 11) + 12
        if block.bias:
            sheet.text(x + 4, y + height / 2, "+", 13, "quiet", "middle")
            sheet.grid(x + 14, y + height / 2 - CELL / 2, 1, 1, CELL, "window", 0.3)
            if row == 0:
                sheet.text(x + 14 + CELL / 2, y + height / 2 - CELL - 2, say("par_bias", lang), 10, "quiet", "middle")
    bottom = top + len(names) * (height + 12)
    if block.rows > len(names):
        key = "par_units" if block.dense else "fig_more_filters"
        sheet.text(left, bottom + 4, "⋮ " + say(key, lang, count=block.rows - len(names)), 11, "quiet")
        bottom += 18
    return bottom


__all__ = ["ParametersFigure", "parameters"]
