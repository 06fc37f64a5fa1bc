"""The picture of a convolution: input, filters with one kernel per channel, sums, feature maps."""

from dataclasses import dataclass
from typing import Any

from konv.errors import UnsupportedError
from konv.explain.facts.model_facts import LayerFacts, StepFacts, layer_facts
from konv.explain.figures.base import Figure
from konv.explain.figures.svg import Sheet, colour, text_width
from konv.explain.languages.messages import check_language, say
from konv.explain.operations import statements
from konv.explain.text.plain import layer_lines
from konv.ir.ops import Conv, DepthwiseConv, describe, spatial
from konv.layers.base import Layer

CELL, LONGEST = 22, 140  # pixels: of a cell, of the longer side of an image
MOST, SHOWN = 4, 3  # as many channels or filters are drawn whole; of more than that, so many and a word about the rest


@dataclass(frozen=True)
class ConvolutionFigure(Figure):
    """A convolution as a picture, `text()` with its arithmetic beside it."""

    facts: LayerFacts
    step: StepFacts
    lang: str = "en"

    def text(self, lang: str | None = None) -> str:
        return "\n".join(layer_lines(self.facts, check_language(lang or self.lang), set()))

    def svg(self, lang: str | None = None) -> str:
        return _Drawing(self, check_language(lang or self.lang)).sheet.render()


def convolution(layer: Layer, lang: str | None = None) -> ConvolutionFigure:
    """The picture of a built Conv2D or DepthwiseConv2D: its filters, the kernels in them and the maps that they make.

    >>> import konv
    >>> layer = konv.layers.Conv2D(3, (2, 2), padding="same")
    >>> layer.build((None, 3, 3, 1))
    >>> figure = convolution(layer)
    >>> [name in figure.svg() for name in ("feature map 2", "feature map 3")]
    [True, False]
    """
    facts = layer_facts(layer)
    step = next((step for step in facts.steps if isinstance(step.op, (Conv, DepthwiseConv)) and step.axes), None)
    if step is None:
        raise UnsupportedError(f"{layer.title}: this picture is of convolutions over images of a known size; "
                               f"explain() says in words what this layer does")
    return ConvolutionFigure(facts, step, check_language(lang))


class _Drawing:
    """Places the parts from left to right: input, one row for each filter, feature maps."""

    def __init__(self, figure: ConvolutionFigure, lang: str):
        self.lang, self.step = lang, figure.step
        op: Any = figure.step.op
        self.rows, self.columns = figure.step.axes  # type: ignore[misc]
        self.height, self.width, self.channels = spatial(figure.step.inputs[0], op.data_format)
        self.out_height, self.out_width, self.filters = spatial(figure.step.output, op.data_format)
        depthwise = isinstance(op, DepthwiseConv)
        self.kernels = 1 if depthwise else figure.step.weights[0].shape[2]  # of one filter
        self.groups = self.channels if depthwise else op.groups
        self.use_bias = op.use_bias
        title = f'{figure.facts.class_name} "{figure.facts.name}"'
        captions = self.captions()
        self.sheet = Sheet(self.say("fig_conv_title", title=title, inputs=describe(figure.step.inputs[0]),
                                    output=describe(figure.step.output)), ". ".join(captions))
        self.cell = min(CELL, LONGEST / max(self.height, self.width))
        self.out_cell = min(CELL, LONGEST / max(self.out_height, self.out_width))
        self.kernel_cell = min(CELL, LONGEST / max(*op.window.kernel, 4))
        self.draw(op.window.kernel)
        self.write(captions)

    def say(self, key: str, **fields) -> str:
        return say(key, self.lang, **fields)

    def captions(self) -> list[str]:
        """What the picture shows, then the arithmetic behind its sizes."""
        lines = [self.say("fig_one_filter") if self.filters == 1 else self.say("fig_many_filters", filters=self.filters)]
        if self.kernels > 1:
            lines.append(self.say("fig_many_channels", channels=self.kernels))
        if self.groups > 1:
            lines.append(self.say("fig_groups", groups=self.groups, channels=self.kernels))
        lines.append(self.say("fig_window"))
        if any(axis.total_padding for axis in (self.rows, self.columns)):
            lines.append(self.say("fig_padding"))
        told = [statement for statement in statements(self.step)
                if statement.key in ("padding_sides", "height", "width", "parameters")]
        return lines + [self.say(statement.key, **statement.fields) for statement in told]

    # --- the parts ----------------------------------------------------------------------------------

    def draw(self, kernel: tuple[int, int]) -> None:
        padded = self.rows.total_padding + self.height, self.columns.total_padding + self.width
        input_block = padded[0] * self.cell + 40
        filter_block = max(kernel[0] * self.kernel_cell, self.out_height * self.out_cell, 40) + 46
        inputs, filters = shown(self.channels), shown(self.filters)
        total = max(input_block * len(inputs), filter_block * len(filters))
        right = self.draw_inputs(inputs, padded, input_block, (total - input_block * len(inputs)) / 2)
        top = (total - filter_block * len(filters)) / 2
        middle = total / 2
        for place, index in enumerate(filters):
            centre = top + filter_block * place + 23 + (filter_block - 46) / 2
            self.sheet.line([(right + 14, middle), (right + 44, centre)], "quiet-line", arrow=True)
            self.draw_filter(index, right + 56, centre, kernel)
        if self.filters > len(filters):
            self.sheet.text(right + 56, top + filter_block * len(filters) + 8,
                            "⋮ " + self.say("fig_more_filters", count=self.filters - len(filters)), 12, "quiet")

    def draw_inputs(self, channels: list[int], padded: tuple[int, int], block: float, top: float) -> float:
        """One image for each channel; returns where they, and the words above them, end at the right."""
        width, height = padded[1] * self.cell, padded[0] * self.cell
        title = self.say("fig_input", shape=describe(self.step.inputs[0]))
        self.sheet.text(0, top - 8, title, 12, bold=True)
        for place, channel in enumerate(channels):
            y = top + block * place + 26
            self.sheet.text(0, y - 11, self.say("fig_channel", number=channel), 11, f"{colour(channel)}")
            if padded != (self.height, self.width):
                self.sheet.rect(0, y, width, height, "line-line", stroke_dasharray="3 3")
            self.sheet.grid(self.columns.before * self.cell, y + self.rows.before * self.cell, self.height, self.width,
                            self.cell, colour(channel), colour(channel))
            self.draw_taps(0, y)
        if self.channels > len(channels):
            self.sheet.text(0, top + block * len(channels) + 12,
                            "⋮ " + self.say("fig_more_channels", count=self.channels - len(channels)), 12, "quiet")
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

    def draw_filter(self, index: int, x: float, centre: float, kernel: tuple[int, int]) -> None:
        """Kernels, their sum, the map."""
        height, width = kernel[0] * self.kernel_cell, kernel[1] * self.kernel_cell
        first = index // (self.filters // self.groups) * self.kernels  # the channel that the filter begins with
        kernels = shown(self.kernels)
        edge = centre - max(height, self.out_height * self.out_cell) / 2
        self.sheet.text(x, edge - 12, self.say("fig_filter", number=index), 11, "quiet")
        for place, kernel_index in enumerate(kernels):
            if place:
                self.sheet.text(x - 11, centre, "+", 14, "quiet", "middle")
            style = colour(first + kernel_index)
            self.sheet.grid(x, centre - height / 2, *kernel, self.kernel_cell, style, style, 0.3)
            x += width + 22
        if self.kernels > len(kernels):
            more = "+ … " + self.say("more", count=self.kernels - len(kernels))
            self.sheet.text(x - 16, centre, more, 12, "quiet")
            x += 24 + 7 * len(more)
        word = self.say("fig_sum_bias" if self.use_bias else "fig_sum")
        self.sheet.line([(x - 16, centre), (x + 84, centre)], "quiet-line", arrow=True)
        self.sheet.text(x + 32, centre - 10, word, 11, "quiet", "middle")
        self.draw_map(index, x + 96, centre)

    def draw_map(self, index: int, x: float, centre: float) -> None:
        top = centre - self.out_height * self.out_cell / 2
        self.sheet.text(x, min(top, centre) - 12, self.say("fig_map", number=index), 11, "ink")
        self.sheet.grid(x, top, self.out_height, self.out_width, self.out_cell, "ink")
        self.sheet.rect(x, top, self.out_cell, self.out_cell, "window-line", stroke_width=2)

    def write(self, captions: list[str]) -> None:
        """The captions below everything."""
        left, bottom = self.sheet.corner
        for place, caption in enumerate(captions):
            self.sheet.text(left, bottom + 26 + 18 * place, caption, 12, "ink" if place == 0 else "quiet")


def shown(count: int) -> list[int]:
    """Which of so many are drawn."""
    return list(range(count if count <= MOST else SHOWN))


__all__ = ["ConvolutionFigure", "convolution"]
