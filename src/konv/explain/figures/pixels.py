"""Arrays as pixels, and pixels as PNG inside a page."""

from base64 import b64encode
from io import BytesIO

import numpy as np

from konv.explain.figures.svg import Sheet, box


def as_bytes(picture: np.ndarray) -> np.ndarray:
    """From its least number (0) to its largest (255)."""
    return np.round((picture - picture.min()) / (float(np.ptp(picture)) or 1.0) * 255).astype("uint8")


def grey(image: np.ndarray) -> np.ndarray:
    """An image of any channels from its least number (black) to its largest (white); three channels are colours."""
    return as_bytes(image if image.shape[2] == 3 else image.mean(axis=2, keepdims=True).repeat(3, axis=2))


def heat(values: np.ndarray, strongest: float | None = None) -> np.ndarray:
    """Red where a number is above zero, blue where it is below, white at zero; full colours at `strongest`."""
    share = np.clip(values / ((strongest if strongest is not None else float(np.abs(values).max())) or 1.0), -1, 1)
    faded = np.abs(share)[..., None]
    colour = np.where(share[..., None] > 0, (200, 30, 60), (30, 90, 200))
    return np.round(255 * (1 - faded) + colour * faded).astype(np.uint8)


def place_image(sheet: Sheet, x: float, y: float, pixels: np.ndarray, scale: float) -> None:
    """An array (height, width, 3) of bytes, each pixel a square."""
    height, width, _ = pixels.shape
    sheet.reach((x, y), (x + width * scale, y + height * scale))
    sheet.add(f'<image {box(x, y, width * scale, height * scale)} '
              f'preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,{png(pixels)}"/>')
    sheet.rect(x, y, width * scale, height * scale, "line-line")


def png(pixels: np.ndarray) -> str:
    """As base64, for a page that holds its images itself."""
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels, np.uint8)).save(stream, "png")
    return b64encode(stream.getvalue()).decode()
