"""The one exit to the right: what later stages do for methods and functions of earlier ones, imported when it is asked for.

`model.save` is expected of a model, and what writes files knows models; so a model cannot import it. Whatever a stage needs of
one to its right is in this table, and `tests/test_architecture.py` allows no other way.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

EXITS: Mapping[str, str] = {
    # Python's operators on symbolic tensors and weights
    "ops": "konv.ops",
    # an initializer by name, for a Variable of one's own
    "get_initializer": "konv.initializers:get",
    # layers and models to configs and back
    "serialize_keras_object": "konv.saving.serialization:serialize_keras_object",
    "deserialize_keras_object": "konv.saving.deserialization:deserialize_keras_object",
    "Writer": "konv.saving.serialization:Writer",
    "Loader": "konv.saving.deserialization:Loader",
    "model_from_json": "konv.saving.files:model_from_json",
    "compile_from_config": "konv.saving.files:compile_from_config",
    # files
    "saving": "konv.saving",
    "save_model": "konv.saving:save_model",
    "save_weights": "konv.saving:save_weights",
    "load_weights": "konv.saving:load_weights",
    "reduced": "konv.saving.pickling:reduced",
    "export_model": "konv.interop.onnx_writer:export_model",
    # explanations
    "print_summary": "konv.explain.text.summary:print_summary",
    "explain": "konv.explain.text.formats:explain",
    "notebook_html": "konv.explain.report.notebook:html",
    "explained_error": "konv.explain.facts.doctor:explained",
    "learning_curves": "konv.explain.figures.learning_curves:learning_curves",
}


def late(name: str) -> Any:
    """What `EXITS` has under that name: a function, or a whole module.

    >>> late("get_initializer")("zeros")((2,))
    array([0., 0.], dtype=float32)
    """
    module, _, function = EXITS[name].partition(":")
    found = import_module(module)
    return getattr(found, function) if function else found
