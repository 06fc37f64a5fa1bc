"""The numbers that a layer keeps, as a picture: filters x channels x kernel, and a bias each."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from konv.errors import UnsupportedError
from konv.explain.facts.model_facts import CONVOLUTIONS, LayerFacts, StepFacts, layer_facts
from konv.explain.facts.statements import Equation
from konv.explain.figures.base import Figure
from konv.explain.figures.svg import Sheet, colour, text_width
from konv.explain.languages.messages import check_language, say
from konv.explain.operations import statements, times
from konv.ir.ops import ConvTranspose, Dense, DepthwiseConv
from konv.layers.base import Layer

CELL, GAP, MOST, SHOWN = 14, 14, 6, 5  # pixels; as many rows or kernels are drawn whole, of more than that so many


@dataclass(frozen=True)
class Block:
    """What one operation keeps: `rows` lines (filters, units, or the names of vectors) of `kernels` kernels each."""

    rows: int
    kernels: int
    kernel: tuple[int, ...]  # rows and columns, or steps
    bias: bool
    names: tuple[str, ...]  # of the lines, where they have one
    dense: bool
    statements: tuple[Any, ...]
    per_channel: int = 0  # lines of one channel, where each line has a channel of its own

    @property
    def planar(self) -> tuple[int, int]:
        """The kernel as rows and columns: that of a sequence is one row."""
        return (1, self.kernel[0]) if len(self.kernel) == 1 else (self.kernel[0], self.kernel[1])


@dataclass(frozen=True)
class ParametersFigure(Figure):
    """The parameters of one layer, operation by operation."""

    title: str
    blocks: tuple[Block, ...]
    lang: str = "en"

    def text(self, lang: str | None = None) -> str:
        return "\n".join(self._lines(check_language(lang or self.lang)))

    def svg(self, lang: str | None = None) -> str:
        language = check_language(lang or self.lang)
        head, *lines = self._lines(language)
        sheet = Sheet(head, ". ".join(line.strip() for line in lines))
        y = 0.0
        for block in self.blocks:
            y = _draw(sheet, block, y, language) + 26
        left, bottom = sheet.corner
        for place, line in enumerate([*(line.strip() for line in lines), say("par_square", language)]):
            sheet.text(left, bottom + 26 + 18 * place, line, 12, "quiet")
        sheet.text(left, sheet.top - 20, head, 14, bold=True)
        return sheet.render()

    def _lines(self, lang: str) -> Iterator[str]:
        yield say("par_title", lang, title=self.title)
        for block in self.blocks:
            terms = [block.kernels, *block.kernel] if not block.dense else [block.kernels]
            each = Equation(f"{times(terms)}{' + 1' if block.bias else ''}",
                            block.kernels * prod(block.kernel) + block.bias)
            if not block.names:
                yield say("par_unit" if block.dense else "par_filter", lang, equation=each)
            for statement in block.statements:
                yield say(statement.key, lang, **statement.fields)
                if statement.legend:
                    yield "  " + say(statement.legend, lang)


def parameters(layer: Layer, lang: str | None = None) -> ParametersFigure:
    """The parameters of a built layer as a picture: a line for each filter or unit, with its kernels and its bias.

    UnsupportedError for a layer without parameters.

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
    return ParametersFigure(_title(facts), blocks, check_language(lang))


def _title(facts: LayerFacts) -> str:
    return f'{facts.class_name} "{facts.name}"'


def _block(step: StepFacts) -> Block:
    told = tuple(statement for statement in statements(step) if statement.key in ("parameters", "learned", "measured"))
    shape, bias = step.weights[0].shape, getattr(step.op, "use_bias", False)
    if isinstance(step.op, Dense):
        return Block(shape[1], shape[0], (1, 1), bias, (), True, told)
    if not isinstance(step.op, CONVOLUTIONS):
        longest = max(weight.shape[-1] if weight.shape else 1 for weight in step.weights)
        return Block(len(step.weights), longest, (1, 1), False, tuple(weight.name for weight in step.weights), True, told)
    *taps, inner, outer = shape
    kernel = tuple(taps)
    if isinstance(step.op, DepthwiseConv):
        return Block(inner * outer, 1, kernel, bias, (), False, told, outer)
    rows, kernels = (inner, outer) if isinstance(step.op, ConvTranspose) else (outer, inner)
    return Block(rows, kernels, kernel, bias, (), False, told)


def _shown(count: int) -> list[int]:
    return list(range(count if count <= MOST else SHOWN))


def _draw(sheet: Sheet, block: Block, top: float, lang: str) -> float:
    """One block from `top` on; where it ends."""
    lines, columns = block.planar
    cell = CELL if max(lines, columns) <= 7 else 7 * CELL / max(lines, columns)
    height, width = lines * cell, columns * cell
    gap = 3 if block.dense else GAP
    names = [block.names[row] if block.names else say("par_unit_row" if block.dense else "fig_filter", lang, number=row)
             for row in _shown(block.rows)]
    left = max(text_width(name, 11) for name in names) + 14
    for row, name in enumerate(names):
        y = top + row * (height + 12)
        sheet.text(left - 14, y + height / 2, name, 11, "quiet", "end")
        x = left
        for kernel in _shown(block.kernels):
            style = "c0" if block.dense else colour(row // block.per_channel if block.per_channel else kernel)
            sheet.grid(x, y, lines, columns, cell, style, style, 0.3)
            x += width + gap
        if block.kernels > MOST:
            more = "… " + say("more", lang, count=block.kernels - SHOWN)
            sheet.text(x + 2, y + height / 2, more, 11, "quiet")
            x += text_width(more, 11) + 12
        if block.bias:
            sheet.text(x + 4, y + height / 2, "+", 13, "quiet", "middle")
            sheet.grid(x + 14, y + height / 2 - CELL / 2, 1, 1, CELL, "window", "window", 0.3)
            if row == 0:
                sheet.text(x + 14 + CELL / 2, y + height / 2 - CELL - 2, say("par_bias", lang), 10, "quiet", "middle")
    bottom = top + len(names) * (height + 12)
    if block.rows > len(names):
        key = "par_units" if block.dense else "fig_more_filters"
        sheet.text(left, bottom + 4, "⋮ " + say(key, lang, count=block.rows - len(names)), 11, "quiet")
        bottom += 18
    return bottom


__all__ = ["ParametersFigure", "parameters"]
