"""Image files in, arrays out, and back: the one place that touches Pillow."""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from konv import config
from konv.data.resize import fit, resize
from konv.errors import FileError, KonvError, ShapeError

if TYPE_CHECKING:
    from PIL.Image import Image

# Pillow knows dozens of formats, some of which start other programs; these are the ones that Keras reads.
FORMATS = ("JPEG", "PNG", "BMP", "GIF")
EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


ImagePath = str | bytes | os.PathLike[str] | io.BytesIO


def read_image(path: ImagePath, color_mode: str = "rgb", image_size: tuple[int, int] | None = None,
               interpolation: str = "bilinear", aspect: str | None = None) -> np.ndarray:
    """An image file as a model takes it.

    Args:
        path: of a JPEG, PNG, BMP or GIF file, of which the first frame is read.
        color_mode: "grayscale", "rgb" or "rgba".
        image_size: (height, width) to resize to; None leaves the image as it is.
        interpolation: how it is resized, as in keras.ops.image.resize.
        aspect: what a size of another aspect ratio does: None stretches, "crop" cuts, "pad" adds black.
    Shape:
        float32 (height, width, channels) from 0 to 255.
    Raises:
        FileError: names the file and the reason.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_img(f"{folder}/a.png", np.zeros((4, 6, 3)))
    ...     read_image(f"{folder}/a.png", "grayscale", (2, 2)).shape
    (2, 2, 1)
    """
    with _opened(path) as image:
        if color_mode == "grayscale" and image.format == "JPEG":
            image.draft("L", None)  # a JPEG stores brightness; TensorFlow too takes it as it is, without a way over RGB
        pixels = np.asarray(_converted(image, MODES[color_mode]))
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if image_size is None:
        return pixels.astype(np.float32)
    return resize(fit(pixels, image_size, aspect), image_size, interpolation)


def load_img(path: ImagePath, color_mode: str = "rgb", target_size: tuple[int, int] | None = None,
             interpolation: str = "nearest", keep_aspect_ratio: bool = False) -> "Image":
    """An image file as a Pillow image.

    Args:
        path: of a file, or an io.BytesIO.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to resize to.
        interpolation: a filter of Pillow: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: whether to cut the image to the aspect ratio of target_size before.
    Raises:
        FileError: names the file and the reason.

    >>> buffer = io.BytesIO()
    >>> save_img(buffer, np.zeros((4, 6, 3)), file_format="png")
    >>> load_img(buffer, target_size=(2, 3)).size
    (3, 2)
    """
    if color_mode not in MODES:
        raise KonvError(f'load_img: color_mode must be "grayscale", "rgb" or "rgba", got {color_mode!r}')
    with _opened(path) as image:
        deep_gray = color_mode == "grayscale" and image.mode in ("I;16", "I")  # which Keras leaves as it is
        image = (image if deep_gray else _converted(image, MODES[color_mode])).copy()  # the file is closed below
    if target_size is None:
        return image
    height, width = target_size
    if image.size == (width, height):
        return image
    return image.resize((width, height), _pillow_filter(interpolation),
                        box=_central_box(image, height, width) if keep_aspect_ratio else None)


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A Pillow image as an array of `dtype`, float32 unless given.

    Shape:
        (height, width, channels), or (channels, height, width) with data_format="channels_first".
    Raises:
        ShapeError: `img` has not two or three axes.

    >>> from PIL import Image
    >>> img_to_array(Image.new("L", (3, 2))).shape
    (2, 3, 1)
    """
    array = np.asarray(img, dtype=dtype or config.floatx())
    if array.ndim not in (2, 3):
        raise ShapeError(f"img_to_array: expected an image of rank 2 or 3, got shape {array.shape}")
    array = array.reshape(*array.shape[:2], -1)
    return array.transpose(2, 0, 1) if _channels_first(data_format, "img_to_array") else array


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> "Image":
    """An array as a Pillow image.

    Args:
        scale: whether to stretch the values to 0 to 255.
    Shape:
        x (height, width, channels) with 1, 3 or 4 channels, or channels first as data_format says.
    Raises:
        ShapeError: `x` has another number of axes or of channels.

    >>> array_to_img(np.eye(2)[..., None]).getpixel((0, 0))
    255
    """
    from PIL import Image

    x = np.asarray(x, dtype=dtype or config.floatx())
    if x.ndim != 3:
        raise ShapeError(f"array_to_img: expected an image array of rank 3, got shape {x.shape}")
    if _channels_first(data_format, "array_to_img"):
        x = x.transpose(1, 2, 0)
    if x.shape[2] not in CHANNELS.values():
        raise ShapeError(f"array_to_img: an image has 1, 3 or 4 channels, got {x.shape[2]} in shape {x.shape}")
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    deep = x.shape[2] == 1 and x.max() > 255
    x = x[:, :, 0] if x.shape[2] == 1 else x
    return Image.fromarray(x.astype("int32" if deep else "uint8"))


def save_img(path: Any, x: Any, data_format: str | None = None, file_format: str | None = None, scale: bool = True,
             **kwargs: Any) -> None:
    """Write an array as an image file.

    Args:
        path: of the file, or an open one; its ending is the format unless file_format is given.
        x: as `array_to_img` takes it, to which data_format and scale are handed on.
        kwargs: what Pillow's `Image.save` takes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_img(f"{folder}/a.png", np.ones((4, 4, 1)))
    """
    if file_format is None and isinstance(path, (str, Path)):
        file_format = Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("save_img: JPEG has no alpha channel; writing RGB", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format=file_format, **kwargs)


# --- reading with care ------------------------------------------------------------------------------


@contextmanager
def _opened(path: ImagePath) -> "Iterator[Image]":
    """Open an image file of an allowed format and size; every failure inside is a FileError that names the file."""
    from PIL import Image

    if not isinstance(path, (str, bytes, os.PathLike, io.BytesIO)):
        raise KonvError(f"the path of an image must be a string, a Path or io.BytesIO, got {type(path).__name__}")
    try:
        with Image.open(path, formats=FORMATS) as image:
            limit = Image.MAX_IMAGE_PIXELS
            if limit and image.width * image.height > limit:  # up to twice the limit Pillow itself only warns
                raise FileError(f"{image.width}x{image.height} is more than the limit of {limit} pixels")
            yield image
    except Exception as error:  # decoders raise whatever they stumble over: OSError, SyntaxError, struct.error, ...
        raise FileError(f"{_name(path)}: {_reason(error, path)}") from None


def _name(path: ImagePath) -> str:
    return "the image in memory" if isinstance(path, io.BytesIO) else os.fsdecode(path)


def _reason(error: Exception, path: ImagePath) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, FileError):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        empty = not isinstance(path, io.BytesIO) and os.path.getsize(path) == 0
        return "the file is empty" if empty else f"not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"not a readable image: {error or type(error).__name__}"


def _converted(image: "Image", mode: str) -> "Image":
    """The first frame in 8 bits per channel. `load` is called here, so that a broken file fails inside `_opened`."""
    image.load()
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        from PIL import Image

        # Pillow would clip 16 bits to 255; the upper byte is the picture.
        image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")  # the direct way warns
    return image if image.mode == mode else image.convert(mode)


def _pillow_filter(interpolation: str) -> Any:
    from PIL.Image import Resampling

    filters = {choice.name.lower(): choice for choice in Resampling}
    if interpolation not in filters:
        raise KonvError(f"load_img: interpolation={interpolation!r} is not one of {', '.join(sorted(filters))}")
    return filters[interpolation]


def _central_box(image: "Image", height: int, width: int) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the largest central part with the aspect ratio of height x width."""
    rows = min(image.height, image.width * height // width)
    columns = min(image.width, image.height * width // height)
    top, left = (image.height - rows) // 2, (image.width - columns) // 2
    return left, top, left + columns, top + rows


def _channels_first(data_format: str | None, owner: str) -> bool:
    data_format = data_format or config.image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise KonvError(f'{owner}: data_format must be "channels_last" or "channels_first", got {data_format!r}')
    return data_format == "channels_first"
