"""What help() says: every public name has a sentence, an example and annotations; where arrays go in or out, their shapes."""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

MODULES = ["activations", "backend", "callbacks", "config", "constraints", "explain", "initializers", "layers", "losses",
           "metrics", "models", "ops", "ops.image", "optimizers", "optimizers.schedules", "preprocessing.image",
           "preprocessing.sequence", "random", "regularizers", "saving", "utils"]
SHAPED = ("layers", "losses", "metrics", "ops", "ops.image")

# Names without an example, and why.
WITHOUT_EXAMPLE = {
    **dict.fromkeys(("Layer", "MonitorCallback", "RandomInitializer"), "a base class; its subclasses have one"),
    **dict.fromkeys(("ProgbarLogger", "print_summary", "save_feature_maps", "load_model", "load_weights", "save_weights"),
                    "used through fit, or a method of a model, whose example shows it"),
    **dict.fromkeys(("get_registered_name", "get_registered_object"), "needs a class that register_keras_serializable shows"),
    **dict.fromkeys(("Alike", "Code", "ConvolutionFigure", "Diagnosis", "Drawing", "FeatureMaps", "Film", "Findings", "Kernels",
                     "LayerFacts", "LearningCurves", "ModelFacts", "PaddingFigure", "ParametersFigure", "Remedy", "Report",
                     "Saturated", "TraceFigure", "WindowFigure", "explain_model", "contact_sheet"),
                    "what a function or method returns, or is, that has one"),
    "apply": "evaluates a record of the graph; for konv's own modules",
}
# Names of SHAPED without shapes, and why.
WITHOUT_SHAPE = {
    **dict.fromkeys(("get", "serialize", "deserialize"), "takes and gives a configuration, no array"),
    **dict.fromkeys(("Layer", "Loss", "LossFunctionWrapper", "Metric", "MeanMetricWrapper"), "the shapes are the subclass's"),
    "InputSpec": "describes a shape itself",
    **dict.fromkeys(("Accuracy", "BinaryAccuracy"), "compares element by element, whatever the shape"),
}


def _public() -> Iterator[Any]:
    for name in MODULES:
        module = importlib.import_module(f"konv.{name}")
        for public in module.__all__:
            value = getattr(module, public)
            if inspect.isclass(value) or inspect.isfunction(value):
                yield pytest.param(name, public, value, id=f"{name}.{public}")


@pytest.mark.parametrize(("module", "name", "value"), list(_public()))
def test_a_public_name_is_documented(module: str, name: str, value: Any) -> None:
    doc = inspect.getdoc(value) or ""
    assert doc.partition("\n\n")[0].rstrip().endswith("."), "the docstring must begin with a sentence"
    assert ">>>" in doc or value.__name__ in WITHOUT_EXAMPLE, "there must be an example"
    if module in SHAPED:
        assert "Shape:" in doc or value.__name__ in WITHOUT_SHAPE, "the shapes of arrays must be said"


@pytest.mark.parametrize(("module", "name", "value"), list(_public()))
def test_a_public_name_is_annotated(module: str, name: str, value: Any) -> None:
    if inspect.isclass(value) and value.__init__ is object.__init__:
        return
    parameters = list(inspect.signature(value.__init__ if inspect.isclass(value) else value).parameters.values())
    missing = [one.name for one in parameters if one.name != "self" and one.annotation is one.empty]
    assert not missing, f"{name} has parameters without a type: {missing}"
