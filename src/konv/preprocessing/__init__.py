"""Older names of tools for data, as in keras.preprocessing: those of konv.utils."""

from konv.data.images import image_dataset_from_directory as image_dataset_from_directory
from konv.hints import surface
from konv.preprocessing import image, sequence

__all__ = ["image", "image_dataset_from_directory", "sequence"]

__getattr__, __dir__ = surface(__name__, __all__)
