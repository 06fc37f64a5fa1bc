"""Pickles and deep copies of models: the bytes of a .keras file, read by the one guarded reader."""

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from konv.models import Model
from konv.saving.files import load_model, save_model
from konv.saving.serialization import KERAS_MODULES
from konv.tracing import tree


def reduced(model: Model) -> tuple[Any, ...]:
    """What `__reduce__` returns: how to make the model again."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that an unbuilt model has no weights is nothing to be warned of here
        path = Path(folder, "model.keras")
        save_model(model, path)
        return _restored, (path.read_bytes(), _own(model))


def _restored(data: bytes, custom: Mapping[str, Any]) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        path.write_bytes(data)
        return load_model(path, custom_objects=custom)


def _own(model: Model) -> dict[str, Any]:
    """The caller's own classes and functions, which pickle finds by itself."""
    found: dict[str, Any] = {}
    waiting = [model]
    while waiting:
        layer = waiting.pop()
        if type(layer) not in KERAS_MODULES:
            found[type(layer).__name__] = type(layer)
        waiting += layer.layers if isinstance(layer, Model) else []
    for item in tree.flatten(getattr(model, "compile_arguments", None) or {}):
        kind = type(item)
        if hasattr(item, "__name__"):
            found[item.__name__] = item
        elif not kind.__module__.startswith(("konv.", "builtins")):
            found[kind.__name__] = kind
    return found
