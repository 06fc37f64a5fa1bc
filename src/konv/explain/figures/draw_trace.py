"""The drawing of a trace: the image with the receptive field framed, how much each pixel counts, and the steps."""

from typing import TYPE_CHECKING

import numpy as np

from konv.explain.figures.pixels import grey, heat, place_image
from konv.explain.figures.svg import Sheet
from konv.explain.languages.messages import say

if TYPE_CHECKING:
    from konv.explain.figures.trace_figure import TraceFigure

SIDE = 260  # pixels of the longer side of an image


def draw_trace(figure: "TraceFigure", lang: str) -> str:
    """The figure as SVG; the two images are PNG inside it."""
    text = figure.text(lang).splitlines()
    sheet = Sheet(text[0], figure.text(lang))
    sheet.text(0, 0, text[0], 14, bold=True)
    height, width, _ = figure.image.shape
    scale = SIDE / max(height, width)
    total = figure.weights.sum(axis=2)
    for x, key, pixels in ((0, "trace_image", grey(figure.image)), (SIDE + 30, "trace_weights", heat(total))):
        sheet.text(x, 24, say(key, lang), 12, "quiet")
        place_image(sheet, x, 38, pixels, scale)
        (top, bottom), (left, right) = figure.field
        sheet.rect(x + left * scale, 38 + top * scale, (right - left) * scale, (bottom - top) * scale, "window-line",
                   stroke_width=2)
    largest = float(np.abs(total).max())
    told = say("trace_scale", lang, value=f"{largest:.4g}") if largest else say("trace_flat", lang)
    sheet.text(SIDE + 30, 38 + height * scale + 14, told, 11, "quiet")
    y = 38 + height * scale + 40
    for line in text[1:]:
        if line:
            indent = 16 if line.startswith("  ") else 0
            sheet.text(indent, y, line.strip(), 12, "quiet" if indent else "ink")
            y += 18
        else:
            y += 8
    return sheet.render()
