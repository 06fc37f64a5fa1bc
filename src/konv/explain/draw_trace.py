"""The drawing of a trace: the image with the receptive field framed, how much each pixel counts, and the steps."""

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from konv.explain.maps import as_bytes
from konv.explain.messages import say
from konv.explain.svg import Sheet, number

if TYPE_CHECKING:
    from konv.explain.trace import TraceFigure

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
    sheet.text(SIDE + 30, 38 + height * scale + 14, say("trace_scale", lang, value=f"{largest:.4g}"), 11, "quiet")
    y = 38 + height * scale + 40
    for line in text[1:]:
        if line:
            indent = 16 if line.startswith("  ") else 0
            sheet.text(indent, y, line.strip(), 12, "quiet" if indent else "ink")
            y += 18
        else:
            y += 8
    return sheet.render()


def place_image(sheet: Sheet, x: float, y: float, pixels: np.ndarray, scale: float) -> None:
    """An array (height, width, 3) of bytes, each pixel a square."""
    height, width, _ = pixels.shape
    sheet.reach((x, y), (x + width * scale, y + height * scale))
    sheet.add(f'<image x="{number(x)}" y="{number(y)}" width="{number(width * scale)}" height="{number(height * scale)}" '
              f'preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,{png(pixels)}"/>')
    sheet.rect(x, y, width * scale, height * scale, "line-line")


def png(pixels: np.ndarray) -> str:
    """As base64, for a page that holds its images itself."""
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels, np.uint8)).save(stream, "png")
    return b64encode(stream.getvalue()).decode()


def grey(image: np.ndarray) -> np.ndarray:
    """An image of any channels from its least number (black) to its largest (white); three channels are colours."""
    return as_bytes(image if image.shape[2] == 3 else image.mean(axis=2, keepdims=True).repeat(3, axis=2))


def heat(values: np.ndarray) -> np.ndarray:
    """Red where a larger pixel makes the number larger, blue where it makes it smaller, white where it does not count."""
    share = values / (float(np.abs(values).max()) or 1.0)
    faded = np.abs(share)[..., None]
    colour = np.where(share[..., None] > 0, (200, 30, 60), (30, 90, 200))
    return np.round(255 * (1 - faded) + colour * faded).astype(np.uint8)
