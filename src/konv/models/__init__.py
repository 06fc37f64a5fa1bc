"""Models: layers wired together, as one graph that the engine runs."""

from collections.abc import Mapping
from typing import Any

from konv.hints import absence
from konv.late import late
from konv.layers.input import InputLayer
from konv.models.cloning import clone_model
from konv.models.model import Model
from konv.models.sequential import Sequential
from konv.registry import reset_names


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A new, untrained model from what `to_json` gave.

    >>> import konv
    >>> text = konv.Sequential([konv.Input((3,)), konv.layers.Dense(2)]).to_json()
    >>> model_from_json(text).output_shape
    (None, 2)
    """
    return late("model_from_json")(json_string, custom_objects)


def __getattr__(name: str) -> Any:
    """konv.models.load_model and save_model, which stand further right."""
    if name in ("load_model", "save_model"):
        return getattr(late("saving"), name)
    raise absence(__name__, name, __dir__())


def __dir__() -> list[str]:
    return sorted([*__all__, "load_model", "save_model"])


__all__ = ["InputLayer", "Model", "Sequential", "clone_model", "model_from_json", "reset_names"]
