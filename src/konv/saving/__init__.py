"""Files: what Keras writes is read here, and what is written here Keras reads."""

from konv.saving.deserialization import deserialize_keras_object
from konv.saving.files import load_model, load_weights, save_model, save_weights
from konv.saving.serialization import serialize_keras_object
from konv.surface import surface

__all__ = [
    "deserialize_keras_object", "load_model", "load_weights", "save_model", "save_weights",
    "serialize_keras_object",
]

__getattr__, __dir__ = surface(__name__, __all__)
