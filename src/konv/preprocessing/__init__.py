"""Older names of tools for data, as in keras.preprocessing: those of konv.utils."""

from konv.data.image_folder import image_dataset_from_directory as image_dataset_from_directory
from konv.hints import module_attributes
from konv.preprocessing import image, sequence

__all__ = ["image", "image_dataset_from_directory", "sequence"]

__getattr__, __dir__ = module_attributes(__name__, __all__)
