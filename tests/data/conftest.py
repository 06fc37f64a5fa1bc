"""A small folder of images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def write_image(path, size=(6, 8), seed=0, mode="RGB", **options):
    """A random image of (height, width)."""
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, *channels)).astype(np.uint8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return pixels


@pytest.fixture
def folder(tmp_path):
    """Three classes of 7, 5 and 8 images in several formats, some in sub-sub-folders."""
    for name, endings in {"a": ["png"] * 7, "b": ["jpg", "bmp", "gif", "JPEG", "png"], "c": ["jpg"] * 8}.items():
        for index, ending in enumerate(endings):
            deep = "deep/" if index % 3 == 2 else ""
            write_image(tmp_path / name / f"{deep}{index}.{ending}", seed=index + 100 * ord(name))
    (tmp_path / "a" / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden").mkdir()
    return tmp_path
