"""Sequences of different lengths as one array, as in keras.preprocessing.sequence."""

from konv.data.sequences import pad_sequences as pad_sequences
from konv.hints import surface

__all__ = ["pad_sequences"]

__getattr__, __dir__ = surface(__name__, __all__)
