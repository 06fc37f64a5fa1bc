"""Tools around models, under the names of keras.utils."""

from konv.arrays import normalize as normalize
from konv.arrays import to_categorical as to_categorical
from konv.callbacks.progress import Progbar as Progbar
from konv.custom_objects import CustomObjectScope as CustomObjectScope
from konv.custom_objects import custom_object_scope as custom_object_scope
from konv.custom_objects import get_custom_objects as get_custom_objects
from konv.custom_objects import get_registered_name as get_registered_name
from konv.custom_objects import get_registered_object as get_registered_object
from konv.custom_objects import register_keras_serializable as register_keras_serializable
from konv.data.decode import array_to_img as array_to_img
from konv.data.decode import img_to_array as img_to_array
from konv.data.decode import load_img as load_img
from konv.data.decode import save_img as save_img
from konv.data.image_folder import image_dataset_from_directory as image_dataset_from_directory
from konv.data.pad_sequences import pad_sequences as pad_sequences
from konv.data.pydataset import PyDataset as PyDataset
from konv.data.pydataset import PyDataset as Sequence
from konv.data.unpack import pack_x_y_sample_weight as pack_x_y_sample_weight
from konv.data.unpack import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from konv.explain.figures.plot_model import plot_model as plot_model
from konv.hints import module_attributes
from konv.layers.base import clear_session as clear_session
from konv.saving import deserialize_keras_object as deserialize_keras_object
from konv.saving import serialize_keras_object as serialize_keras_object
from konv.seeds import set_random_seed as set_random_seed
from konv.tracing.tensors import is_keras_tensor as is_keras_tensor

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "image_dataset_from_directory",
    "img_to_array",
    "is_keras_tensor",
    "load_img",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
