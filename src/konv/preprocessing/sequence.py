"""Sequences of different lengths as one array, as in keras.preprocessing.sequence."""

from konv.data.pad_sequences import pad_sequences as pad_sequences
from konv.hints import module_attributes

__all__ = ["pad_sequences"]

__getattr__, __dir__ = module_attributes(__name__, __all__)
