"""Reading and writing image files, beside Keras and Pillow."""

import io
import struct
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.utils.image_dataset_utils import _load_image_grain
from PIL import Image

from konv.data import decode
from konv.errors import FileError, KonvError, ShapeError


def _bytes(mode="RGB", kind="png", size=(6, 8)):
    channels = {"L": (), "RGB": (3,), "RGBA": (4,), "LA": (2,)}[mode]
    pixels = np.random.default_rng(0).integers(0, 256, (*size, *channels)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels, mode if mode == "LA" else None).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(6, 8), (4, 4), (9, 3)])
@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
@pytest.mark.parametrize(("mode", "kind"), [
    ("RGB", "png"), ("L", "png"), ("RGBA", "png"), ("LA", "png"), ("RGB", "jpeg"), ("L", "jpeg"), ("RGB", "bmp"),
    ("L", "gif"), ("RGB", "gif")])
def test_reads_what_keras_reads(mode, kind, color_mode, size):
    data = _bytes(mode, kind)
    channels = decode.CHANNELS[color_mode]
    expected = np.asarray(_load_image_grain(io.BytesIO(data), size, channels, "bilinear", "channels_last"))
    image = decode.read_image(io.BytesIO(data), color_mode, size)
    assert image.dtype == np.float32
    assert image.shape == expected.shape
    if kind == "jpeg" and mode == "RGB" and color_mode == "grayscale":
        # Brightness is taken from the file, as TensorFlow does; Keras on grain goes over RGB, where noise is clipped.
        assert np.abs(image - expected).mean() < 8
    else:
        np.testing.assert_allclose(image, expected, atol=2e-3)


def test_brightness_of_a_smooth_jpeg_is_that_of_pillow(tmp_path):
    ramp = np.linspace(40, 200, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / "a.jpg", quality=95)
    with Image.open(tmp_path / "a.jpg") as image:
        expected = np.asarray(image.convert("L"))
    np.testing.assert_allclose(decode.read_image(tmp_path / "a.jpg", "grayscale")[..., 0], expected, atol=1.5)


@pytest.mark.parametrize("target_size", [None, (3, 5), (12, 4), (6, 8)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"])
@pytest.mark.parametrize("keep_aspect_ratio", [False, True])
def test_load_img_like_keras(target_size, interpolation, keep_aspect_ratio):
    arguments = {"target_size": target_size, "interpolation": interpolation, "keep_aspect_ratio": keep_aspect_ratio}
    data = _bytes()
    ours, theirs = (load(io.BytesIO(data), **arguments) for load in (decode.load_img, keras.utils.load_img))
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_load_img_modes_like_keras(mode, color_mode):
    data = _bytes(mode)
    ours, theirs = (load(io.BytesIO(data), color_mode) for load in (decode.load_img, keras.utils.load_img))
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first", None])
@pytest.mark.parametrize("scale", [True, False])
def test_arrays_and_images_like_keras(channels, data_format, scale):
    shape = (channels, 4, 6) if data_format == "channels_first" else (4, 6, channels)
    x = np.random.default_rng(1).uniform(0, 250, shape)
    ours, theirs = (to_img(x, data_format, scale) for to_img in (decode.array_to_img, keras.utils.array_to_img))
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    back, expected = (f(ours, data_format) for f in (decode.img_to_array, keras.utils.img_to_array))
    np.testing.assert_array_equal(back, expected)
    assert back.dtype == np.float32


@pytest.mark.parametrize(("name", "file_format", "kind"), [
    ("a.png", None, "PNG"), ("a.jpg", None, "JPEG"), ("a.x", "bmp", "BMP")])
def test_save_img_chooses_the_format(tmp_path, name, file_format, kind):
    decode.save_img(tmp_path / name, np.ones((4, 4, 3)), file_format=file_format)
    with Image.open(tmp_path / name) as image:
        assert image.format == kind


def test_save_img_warns_about_a_lost_alpha_channel(tmp_path):
    with pytest.warns(UserWarning, match="JPEG has no alpha channel"):
        decode.save_img(tmp_path / "a.jpg", np.ones((4, 4, 4)))


def test_palette_with_transparency_does_not_warn(tmp_path):
    image = Image.fromarray(np.zeros((4, 4, 3), np.uint8)).convert("P")
    image.save(tmp_path / "a.png", transparency=b"\0" * 4)
    assert decode.read_image(tmp_path / "a.png").shape == (4, 4, 3)


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb"])
def test_sixteen_bits_keep_their_upper_byte(tmp_path, color_mode):
    Image.fromarray(np.full((2, 2), 0x8012, np.uint16)).save(tmp_path / "a.png")
    assert (decode.read_image(tmp_path / "a.png", color_mode) == 0x80).all()


def _broken():
    png, jpeg = _bytes(), _bytes(kind="jpeg", size=(40, 40))
    return {
        "empty": (b"", "the file is empty"),
        "text": (b"hello, I am a picture", "not a JPEG, PNG, BMP or GIF image"),
        "png-head": (png[:20], "png-head.png: .+"),
        "png-half": (png[: len(png) // 2], "truncated|not a readable"),
        "png-bad-sum": (png[:20] + bytes([png[20] ^ 1]) + png[21:], "png-bad-sum.png: .+"),
        "jpeg-half": (jpeg[: len(jpeg) // 2], "truncated"),
        "tiff": (_as("tiff"), "not a JPEG, PNG, BMP or GIF image"),
        "html": (b"<html><body>404</body></html>", "not a JPEG"),
        "zeros": (b"\0" * 500, "not a JPEG"),
        "bomb": (_png_that_claims(60_000, 60_000), "limit|bomb"),
        "large": (_png_that_claims(10_000, 10_000), "10000x10000 is more than the limit"),
    }


def _as(kind):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, kind)
    return buffer.getvalue()


def _png_that_claims(width, height):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"\0" * 100)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("case", list(_broken()))
@pytest.mark.parametrize("read", [decode.read_image, decode.load_img])
def test_broken_files_are_named_with_a_reason(tmp_path, case, read):
    content, reason = _broken()[case]
    path = tmp_path / f"{case}.png"
    path.write_bytes(content)
    with pytest.raises(FileError, match=reason) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(("path", "reason"), [("nowhere.png", "nowhere.png: No such file"), (".", "Is a directory")])
def test_missing_files(path, reason):
    with pytest.raises(FileError, match=reason):
        decode.read_image(Path(path))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: decode.load_img(3), KonvError, "must be a string, a Path or io.BytesIO, got int"),
    (lambda: decode.load_img("a.png", "gray"), KonvError, "color_mode must be"),
    (lambda: decode.load_img(io.BytesIO(_bytes()), target_size=(2, 2), interpolation="x"), KonvError, "not one of b"),
    (lambda: decode.array_to_img(np.ones((2, 2))), ShapeError, r"rank 3, got shape \(2, 2\)"),
    (lambda: decode.array_to_img(np.ones((2, 2, 2))), ShapeError, "1, 3 or 4 channels, got 2"),
    (lambda: decode.array_to_img(np.ones((2, 2, 1)), "NHWC"), KonvError, "data_format must be"),
    (lambda: decode.img_to_array(np.ones(3)), ShapeError, "rank 2 or 3"),
])
def test_wrong_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
