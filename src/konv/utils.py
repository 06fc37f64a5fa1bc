"""Tools around models, under the names of keras.utils."""

from konv.arrays import normalize as normalize
from konv.arrays import to_categorical as to_categorical
from konv.callbacks.progress import Progbar as Progbar
from konv.data.decode import array_to_img as array_to_img
from konv.data.decode import img_to_array as img_to_array
from konv.data.decode import load_img as load_img
from konv.data.decode import save_img as save_img
from konv.data.images import image_dataset_from_directory as image_dataset_from_directory
from konv.data.pydataset import PyDataset as PyDataset
from konv.data.pydataset import PyDataset as Sequence
from konv.layers.base import clear_session as clear_session
from konv.random import set_random_seed as set_random_seed
from konv.surface import surface

__all__ = [
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "normalize",
    "save_img",
    "set_random_seed",
    "to_categorical",
]

__getattr__, __dir__ = surface(__name__, __all__)
