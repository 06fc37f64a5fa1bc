"""The picture of a convolution: input, filters with one kernel per channel, sums, feature maps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from konv.errors import UnsupportedError
from konv.explain.facts.model_facts import LayerFacts, StepFacts, layer_facts
from konv.explain.facts.values import group_sizes
from konv.explain.figures.base import Figure, drawn
from konv.explain.figures.svg import Sheet, colour, text_width
from konv.explain.languages.messages import check_language, say
from konv.explain.operations import statements
from konv.explain.text.plain import layer_lines
from konv.ir.ops import Conv, DepthwiseConv, describe, spatial
from konv.layers.base import Layer

CELL, LONGEST = 22, 140  # pixels: of a cell, of the longer side of an image
MOST = 4  # channels or filters that are drawn


@dataclass(frozen=True)
class ConvolutionFigure(Figure):
    """A convolution as a picture, `text()` with its arithmetic beside it."""

    facts: LayerFacts
    step: StepFacts
    lang: str = "en"

    def lines(self, lang: str) -> list[str]:
        """The arithmetic of the layer."""
        return layer_lines(self.facts, lang, set())

    def sheet(self, lang: str) -> Sheet:
        """Input, one row for each filter, feature maps; what they show below them."""
        return _Drawing(self, lang).sheet


def convolution(layer: Layer, lang: str | None = None) -> ConvolutionFigure:
    """The picture of a built Conv2D or DepthwiseConv2D: its filters, the kernels in them and the maps that they make.

    Raises:
        UnsupportedError: the layer is no convolution over images of a known size.

    >>> import konv
    >>> layer = konv.layers.Conv2D(3, (2, 2), padding="same")
    >>> layer.build((None, 3, 3, 1))
    >>> figure = convolution(layer)
    >>> [name in figure.svg() for name in ("feature map 2", "feature map 3")]
    [True, False]
    """
    facts = layer_facts(layer)
    step = next((step for step in facts.steps
                 if isinstance(step.op, (Conv, DepthwiseConv)) and len(step.axes or ()) == 2), None)
    if step is None:
        raise UnsupportedError(f"{layer.title}: this picture is of convolutions over images of a known size; "
                               f"explain() says in words what this layer does")
    return ConvolutionFigure(facts, step, check_language(lang))


class _Drawing:
    """Places the parts from left to right."""

    def __init__(self, figure: ConvolutionFigure, lang: str) -> None:
        self.lang, self.step = lang, figure.step
        self.op: Any = figure.step.op
        self.rows, self.columns = figure.step.axes  # type: ignore[misc]
        self.channels, self.filters = (spatial(shape, self.op.data_format)[2] or 0
                                       for shape in (self.step.inputs[0], self.step.output))
        self.per_group, self.kernels = group_sizes(self.op, self.channels)  # filters of a group, kernels of a filter
        self.input = describe(self.step.inputs[0])
        title = f'{figure.facts.class_name} "{figure.facts.name}"'
        captions = list(self.captions())
        self.sheet = Sheet(self.say("fig_conv_title", title=title, inputs=self.input, output=describe(self.step.output)),
                           ". ".join(captions))
        self.cell = min(CELL, LONGEST / max(self.rows.size, self.columns.size))
        self.out_cell = min(CELL, LONGEST / max(self.rows.output, self.columns.output))
        self.kernel_cell = min(CELL, LONGEST / max(*self.op.window.kernel, 4))
        self.draw()
        self.sheet.notes(captions, inked=(0,))

    def say(self, key: str, **fields: Any) -> str:
        return say(key, self.lang, **fields)

    def captions(self) -> Iterator[str]:
        """What the picture shows, then the arithmetic behind its sizes."""
        yield self.say("fig_one_filter") if self.filters == 1 else self.say("fig_many_filters", filters=self.filters)
        if self.kernels > 1:
            yield self.say("fig_many_channels", channels=self.kernels)
        if self.channels > self.kernels:
            yield self.say("fig_groups", groups=self.channels // self.kernels, channels=self.kernels)
        yield self.say("fig_window")
        if self.rows.total_padding or self.columns.total_padding:
            yield self.say("fig_padding")
        for statement in statements(self.step):
            if statement.key in ("padding_sides", "height", "width", "parameters"):
                yield self.say(statement.key, **statement.fields)

    def draw(self) -> None:
        """Inputs and filters, the shorter column in the middle of the other."""
        inputs, filters = drawn(self.channels, MOST), drawn(self.filters, MOST)
        input_block = (self.rows.total_padding + self.rows.size) * self.cell + 40
        filter_height = max(self.rows.kernel * self.kernel_cell, self.rows.output * self.out_cell, 40)
        filter_block = filter_height + 46
        total = max(input_block * len(inputs), filter_block * len(filters))
        right = self.draw_inputs(inputs, input_block, (total - input_block * len(inputs)) / 2)
        top = (total - filter_block * len(filters)) / 2
        for index in filters:
            centre = top + filter_block * index + 23 + filter_height / 2
            self.sheet.line([(right + 14, total / 2), (right + 44, centre)], "quiet-line", arrow=True)
            self.draw_filter(index, right + 56, centre)
        self.more("fig_more_filters", self.filters - len(filters), right + 56, top + filter_block * len(filters) + 8)

    def more(self, key: str, count: int, x: float, y: float) -> None:
        """A word about those that are not drawn."""
        if count:
            self.sheet.text(x, y, "⋮ " + self.say(key, count=count), 12, "quiet")

    def draw_inputs(self, channels: range, block: float, top: float) -> float:
        """One image for each channel; returns where they, and the words above them, end at the right."""
        rows, columns = self.rows, self.columns
        width = (columns.total_padding + columns.size) * self.cell
        title = self.say("fig_input", shape=self.input)
        self.sheet.text(0, top - 8, title, 12, bold=True)
        for channel in channels:
            y = top + block * channel + 26
            self.sheet.text(0, y - 11, self.say("fig_channel", number=channel), 11, colour(channel))
            if rows.total_padding or columns.total_padding:
                self.sheet.rect(0, y, width, block - 40, "line-line", stroke_dasharray="3 3")
            self.sheet.grid(columns.before * self.cell, y + rows.before * self.cell, rows.size, columns.size, self.cell,
                            colour(channel), 0.14)
            self.draw_taps(0, y)
        self.more("fig_more_channels", self.channels - len(channels), 0, top + block * len(channels) + 12)
        return max(width, text_width(title, 13))  # bold letters are wider

    def draw_taps(self, x: float, y: float) -> None:
        """What the first window reads: a frame, or with dilation one for each pixel."""
        rows, columns = self.rows, self.columns
        if rows.dilation == columns.dilation == 1:
            self.sheet.rect(x, y, columns.extent * self.cell, rows.extent * self.cell, "window-line", stroke_width=2)
            return
        for row in range(rows.kernel):
            for column in range(columns.kernel):
                self.sheet.rect(x + column * columns.dilation * self.cell, y + row * rows.dilation * self.cell,
                                self.cell, self.cell, "window-line", stroke_width=2)

    def draw_filter(self, index: int, x: float, centre: float) -> None:
        """Kernels, their sum, the map."""
        height, width = self.rows.kernel * self.kernel_cell, self.columns.kernel * self.kernel_cell
        out_height = self.rows.output * self.out_cell
        first = index // self.per_group * self.kernels  # the channel that the filter begins with
        kernels = drawn(self.kernels, MOST)
        self.sheet.text(x, centre - max(height, out_height) / 2 - 12, self.say("fig_filter", number=index), 11, "quiet")
        for kernel in kernels:
            if kernel:
                self.sheet.text(x - 11, centre, "+", 14, "quiet", "middle")
            self.sheet.grid(x, centre - height / 2, self.rows.kernel, self.columns.kernel, self.kernel_cell,
                            colour(first + kernel), 0.3)
            x += width + 22
        if self.kernels > len(kernels):
            more = "+ … " + self.say("more", count=self.kernels - len(kernels))
            self.sheet.text(x - 16, centre, more, 12, "quiet")
            x += 24 + 7 * len(more)
        self.sheet.line([(x - 16, centre), (x + 84, centre)], "quiet-line", arrow=True)
        word = self.say("fig_sum_bias" if self.op.use_bias else "fig_sum")
        self.sheet.text(x + 32, centre - 10, word, 11, "quiet", "middle")
        top = centre - out_height / 2
        self.sheet.text(x + 96, top - 12, self.say("fig_map", number=index), 11, "ink")
        self.sheet.grid(x + 96, top, self.rows.output, self.columns.output, self.out_cell, "ink")
        self.sheet.rect(x + 96, top, self.out_cell, self.out_cell, "window-line", stroke_width=2)


__all__ = ["ConvolutionFigure", "convolution"]
