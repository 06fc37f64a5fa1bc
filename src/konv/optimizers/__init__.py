"""Optimizers: how a gradient becomes a step. Classes and names are those of keras.optimizers."""

from collections.abc import Mapping
from typing import Any

from konv.errors import KonvError, UnsupportedError, nearest
from konv.hints import module_attributes
from konv.optimizers import schedules
from konv.optimizers.adafactor import Adafactor
from konv.optimizers.adagrad import Adadelta, Adagrad, Ftrl
from konv.optimizers.adam import Adam, Adamax, AdamW, Lamb, Nadam
from konv.optimizers.base import Optimizer
from konv.optimizers.lion import Lion
from konv.optimizers.muon import Muon
from konv.optimizers.rmsprop import RMSprop
from konv.optimizers.sgd import SGD
from konv.registry import Registry

_CLASSES = {cls.__name__.lower(): cls for cls in (
    SGD, RMSprop, Adam, AdamW, Adadelta, Adafactor, Adagrad, Adamax, Ftrl, Lamb, Lion, Muon, Nadam)}
# what Keras has besides
LATER = frozenset({"lossscaleoptimizer", "multioptimizer", "schedulefreeadamw"})
_registry = Registry("optimizer", "keras.optimizers", tuple(_CLASSES.values()))


def get(identifier: Any) -> Any:
    """An optimizer from its name in any case, its config, or the object itself; None stays None.

    >>> type(get("adam")).__name__
    'Adam'
    """
    if isinstance(identifier, (str, Mapping)):
        return deserialize({"class_name": identifier, "config": {}} if isinstance(identifier, str) else identifier)
    if identifier is not None and not isinstance(identifier, Optimizer):
        raise KonvError(f'optimizer={identifier!r} is not an optimizer; give a name such as "adam", or an instance '
                        f"such as konv.optimizers.Adam(1e-3)")
    return identifier


def serialize(optimizer: Optimizer) -> Any:
    """The dict that Keras writes for an optimizer.

    >>> serialize(SGD())["class_name"]
    'SGD'
    """
    return _registry.serialize(optimizer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The inverse of `serialize`.

    >>> deserialize(serialize(SGD(0.5, momentum=0.9))).momentum
    0.9
    """
    name = str(config.get("class_name")).removeprefix("Custom>")
    if custom_objects and name in custom_objects:
        return custom_objects[name].from_config(dict(config.get("config") or {}))
    cls = _CLASSES.get(name.lower())
    if cls is not None:
        return cls.from_config(dict(config.get("config") or {}), custom_objects)
    known = ", ".join(cls.__name__ for cls in _CLASSES.values())
    if name.lower() in LATER:
        raise UnsupportedError(f'the optimizer "{name}" is not supported yet; there are: {known}')
    near = nearest(name, _CLASSES)
    raise KonvError(f'optimizer="{name}" is not the name of an optimizer; '
                    + (f'did you mean "{near}"?' if near else f"there are: {known}"))


__all__ = [
    "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Muon", "Nadam", "Optimizer",
    "RMSprop", "deserialize", "get", "schedules", "serialize",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
