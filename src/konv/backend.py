"""What programs written for older Keras call through `keras.backend`."""

from konv.config import backend as backend
from konv.config import epsilon as epsilon
from konv.config import floatx as floatx
from konv.config import image_data_format as image_data_format
from konv.config import set_epsilon as set_epsilon
from konv.config import set_floatx as set_floatx
from konv.config import set_image_data_format as set_image_data_format
from konv.hints import module_attributes
from konv.layers.base import clear_session as clear_session
from konv.tracing.tensors import is_keras_tensor as is_keras_tensor

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_keras_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
