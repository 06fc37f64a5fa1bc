"""Files of the idx format, in which MNIST and Fashion-MNIST are published."""

import gzip
import os
import zlib

import numpy as np

from konv.errors import FileError


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The array in an idx file of bytes, gzipped or not; FileError if it is truncated or something else.

    Two zero bytes, the type (8: unsigned byte), the number of axes, a big-endian 32-bit size per axis, the data.
    """
    content = _bytes_of(path)
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise FileError(f"{path}: not an idx file of unsigned bytes; it begins with {content[:4].hex() or 'nothing'}")
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise FileError(f"{path}: truncated in the header, after {len(content)} of {header} bytes")
    shape = tuple(int(size) for size in np.frombuffer(content[4:header], ">u4"))
    expected = header + int(np.prod(shape, dtype=object))  # object: sizes of 32 bits overflow any fixed type
    if len(content) != expected:
        state = "truncated" if len(content) < expected else "too long"
        raise FileError(f"{path}: {state}: an array of shape {shape} needs {expected} bytes, there are {len(content)}")
    return np.frombuffer(bytearray(content), np.uint8, offset=header).reshape(shape)  # bytearray: a writable array


def _bytes_of(path: str | os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else open(path, "rb") as file:
            return file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
