"""Sequences of different lengths as one array."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.errors import KonvError, ShapeError

ENDS = ("pre", "post")


def pad_sequences(sequences: Sequence[Any], maxlen: int | None = None, dtype: Any = "int32", padding: str = "pre",
                  truncating: str = "pre", value: Any = 0.0) -> np.ndarray:
    """The sequences as rows of one array: longer ones are cut, shorter ones filled with `value`.

    Args:
        sequences: lists or arrays, whose elements may be arrays of one shape.
        maxlen: length of the rows; that of the longest sequence unless given.
        padding: "pre" fills in front, "post" behind.
        truncating: "pre" cuts in front, "post" behind.
    Shape:
        (sequences, maxlen, ...) of `dtype`.
    Raises:
        ShapeError: the elements of the sequences have several shapes.

    >>> pad_sequences([[1, 2, 3], [4]]).tolist(), pad_sequences([[1, 2, 3], [4]], 2, padding="post").tolist()
    ([[1, 2, 3], [0, 0, 4]], [[2, 3], [4, 0]])
    """
    for argument, end in (("padding", padding), ("truncating", truncating)):
        if end not in ENDS:
            raise KonvError(f'pad_sequences: {argument} must be "pre" or "post", got {end!r}')
    if not all(hasattr(sequence, "__len__") for sequence in sequences):
        raise KonvError("pad_sequences: sequences must be a list of lists or arrays")
    arrays = [np.asarray(sequence, dtype) for sequence in sequences]
    filled = [array for array in arrays if len(array)]
    shape = filled[0].shape[1:] if filled else ()
    length = max(map(len, arrays), default=0) if maxlen is None else maxlen
    padded = np.full((len(arrays), length, *shape), value, dtype)
    for row, array in zip(padded, arrays, strict=True):
        if len(array) and array.shape[1:] != shape:
            raise ShapeError(f"pad_sequences: all elements must have the same shape, got {shape} and {array.shape[1:]}")
        kept = array[-length:] if truncating == "pre" else array[:length]
        if length and len(kept):
            row[slice(-len(kept), None) if padding == "pre" else slice(len(kept))] = kept
    return padded
