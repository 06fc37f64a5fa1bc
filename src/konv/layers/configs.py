"""Layers to dicts and back: doors to the stage that writes files."""

from collections.abc import Mapping
from typing import Any

from konv.errors import KonvError
from konv.late import late
from konv.layers.base import Layer


def serialize(layer: Layer) -> dict[str, Any]:
    """The dict that Keras writes for a layer.

    >>> import konv
    >>> serialize(konv.layers.Flatten())["class_name"]
    'Flatten'
    """
    if not isinstance(layer, Layer):
        raise KonvError(f"serialize: takes a layer, got {layer!r:.200}")
    return late("serialize_keras_object")(layer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """The layer of a dict that `serialize` gave; `custom_objects` maps further names to classes.

    >>> import konv
    >>> deserialize(serialize(konv.layers.Dense(3))).units
    3
    """
    made = late("deserialize_keras_object")(config, custom_objects)
    if not isinstance(made, Layer):
        raise KonvError(f"deserialize: takes the config of a layer, got that of {made!r:.200}")
    return made
