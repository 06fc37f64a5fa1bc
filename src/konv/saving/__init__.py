"""Files: what Keras writes is read here, and what is written here Keras reads."""

from konv.custom_objects import (
    CustomObjectScope, custom_object_scope, get_custom_objects, get_registered_name, get_registered_object,
    register_keras_serializable
)
from konv.hints import module_attributes
from konv.saving.deserialization import deserialize_keras_object
from konv.saving.files import load_model, load_weights, save_model, save_weights
from konv.saving.serialization import serialize_keras_object

__all__ = [
    "CustomObjectScope", "custom_object_scope", "deserialize_keras_object", "get_custom_objects", "get_registered_name",
    "get_registered_object", "load_model", "load_weights", "register_keras_serializable", "save_model", "save_weights",
    "serialize_keras_object",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
