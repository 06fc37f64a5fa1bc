"""From one value of a feature map back to the image: its receptive field, how much each pixel counts, every step between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from konv.explain.facts.statements import shown
from konv.explain.facts.value_trace import ValueTrace, value_trace
from konv.explain.figures.base import Figure
from konv.explain.figures.pixels import grey, heat, place_image
from konv.explain.figures.svg import Sheet
from konv.explain.languages.messages import check_language, say
from konv.models import Model

SIDE = 260  # pixels of the longer side of an image


@dataclass(frozen=True)
class TraceFigure(ValueTrace, Figure):
    """`value` is the engine's, `recomputed` that of the chain; `weights` says how much the value changes with each pixel."""

    lang: str = "en"

    def lines(self, lang: str) -> Iterator[str]:
        """Step by step from the image to the value."""
        yield say("trace_title", lang, title=self.title, layer=self.layer, place=", ".join(map(str, self.place)))
        for step in self.steps:
            ranges = ", ".join(f"{start}" if stop - start == 1 else f"{start}..{stop - 1}" for start, stop in step.box)
            yield ""
            yield f"{step.layer} ({step.operation})"
            yield "  " + say("trace_box", lang, ranges=ranges, count=step.count, total=prod(step.shape))
            yield "  " + say("trace_values", lang, low=shown(step.values.min()), high=shown(step.values.max()))
            if step.example:
                yield "  " + say("trace_example", lang, place=", ".join(map(str, step.place)), equation=step.example)
        (top, bottom), (left, right) = self.field
        yield ""
        yield say("trace_field", lang, rows=bottom - top, columns=right - left, top=top, left=left)
        yield say("trace_value", lang, value=f"{self.value:.7g}", recomputed=f"{self.recomputed:.7g}")

    def sheet(self, lang: str) -> Sheet:
        """The image with the receptive field framed, beside it the gradient, below them the steps."""
        title, *lines = self.lines(lang)
        sheet = Sheet(title, self.text(lang))
        sheet.text(0, 0, title, 14, bold=True)
        height, width, _ = self.image.shape
        scale, total = SIDE / max(height, width), self.weights.sum(axis=2)
        (top, bottom), (left, right) = self.field
        for x, key, pixels in ((0, "trace_image", grey(self.image)), (SIDE + 30, "trace_weights", heat(total))):
            sheet.text(x, 24, say(key, lang), 12, "quiet")
            place_image(sheet, x, 38, pixels, scale)
            sheet.rect(x + left * scale, 38 + top * scale, (right - left) * scale, (bottom - top) * scale, "window-line",
                       stroke_width=2)
        largest = float(np.abs(total).max())
        scaled = say("trace_scale", lang, value=f"{largest:.4g}") if largest else say("trace_flat", lang)
        sheet.text(SIDE + 30, 38 + height * scale + 14, scaled, 11, "quiet")
        y = 38 + height * scale + 40
        for line in lines:
            if line:
                indent = 16 if line.startswith("  ") else 0
                sheet.text(indent, y, line.strip(), 12, "quiet" if indent else "ink")
            y += 18 if line else 8
        return sheet


def trace(model: Model, image: Any, layer: str, at: Sequence[int] = (0, 0), channel: int = 0,
          lang: str | None = None) -> TraceFigure:
    """Where one value of a layer's output comes from, back to the pixels of an image.

    Args:
        model: a built model whose one input is an image.
        image: one image as the model takes it; a grayscale one may leave out the channel.
        layer: name of the layer.
        at: row and column of its feature map; of a vector `channel` alone counts.
        channel: number of the feature map, or index into the vector.
        lang: "en" or "ko"; None is the language that is set.
    Raises:
        KonvError: there is no such layer, or its output does not depend on the image.
        ShapeError: the image does not fit, or `at` and `channel` lie outside the output.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((6, 6, 1)), konv.layers.Conv2D(2, 3), konv.layers.MaxPooling2D(2, name="pool")])
    >>> found = trace(model, np.ones((6, 6)), "pool", at=(1, 1))
    >>> [step.box[:2] for step in found.steps]
    [((2, 6), (2, 6)), ((2, 4), (2, 4)), ((1, 2), (1, 2))]
    """
    language = check_language(lang)
    return TraceFigure(**vars(value_trace(model, image, layer, at, channel)), lang=language)


__all__ = ["TraceFigure", "trace"]
