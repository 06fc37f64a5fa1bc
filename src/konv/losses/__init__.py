"""Losses: what training makes small. Classes, functions and names are those of keras.losses."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from konv.errors import KonvError, nearest
from konv.hints import module_attributes
from konv.losses.base import Loss
from konv.losses.crossentropies import (
    BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy, KLDivergence, SparseCategoricalCrossentropy, binary_crossentropy,
    binary_focal_crossentropy, categorical_crossentropy, categorical_focal_crossentropy, categorical_generalized_cross_entropy,
    kl_divergence, sparse_categorical_crossentropy
)
from konv.losses.margin_losses import (
    CategoricalHinge, Circle, Hinge, SquaredHinge, categorical_hinge, circle, hinge, squared_hinge
)
from konv.losses.overlap_losses import Dice, Tversky, dice, tversky
from konv.losses.regression_losses import (
    CosineSimilarity, Huber, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson, cosine_similarity, huber, log_cosh, mean_absolute_error,
    mean_absolute_percentage_error, mean_squared_error, mean_squared_logarithmic_error, poisson
)
from konv.losses.sequence_losses import CTC, ctc
from konv.losses.wrapper import FORMULAS, LossFunctionWrapper
from konv.registry import Registry

__all__ = [
    "CTC", "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle", "CosineSimilarity", "Dice", "Hinge", "Huber",
    "KLDivergence", "LogCosh", "Loss", "LossFunctionWrapper", "MeanAbsoluteError", "MeanAbsolutePercentageError",
    "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge", "Tversky",
    "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy", "categorical_hinge", "circle", "cosine_similarity", "ctc", "deserialize", "dice",
    "get", "hinge", "huber", "kl_divergence", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error",
    "mean_squared_error", "mean_squared_logarithmic_error", "poisson", "serialize", "sparse_categorical_crossentropy",
    "squared_hinge", "tversky",
]

CLASSES = tuple(globals()[name] for name in __all__ if name[0].isupper() and name != "Loss")
FUNCTIONS: dict[str, Callable[..., Any]] = {function.__name__: function for function in FORMULAS} | {
    "mse": mean_squared_error, "MSE": mean_squared_error,
    "mae": mean_absolute_error, "MAE": mean_absolute_error,
    "bce": binary_crossentropy, "BCE": binary_crossentropy,
    "kld": kl_divergence, "KLD": kl_divergence,
    "mape": mean_absolute_percentage_error, "MAPE": mean_absolute_percentage_error,
    "msle": mean_squared_logarithmic_error, "MSLE": mean_squared_logarithmic_error,
}

_registry = Registry("loss", "keras.losses", CLASSES)


def get(identifier: Any) -> Any:
    """A loss or loss function from its name, its config, a class, or the object itself; None stays None.

    >>> get("mse").__name__
    'mean_squared_error'
    >>> get("MeanSquaredError")
    <MeanSquaredError name=mean_squared_error>
    """
    if isinstance(identifier, str):
        return _by_name(identifier)
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    return _registry.get(identifier)


def serialize(loss: Any) -> Any:
    """The dict that Keras writes for a loss or a loss function.

    >>> serialize(MeanSquaredError())["config"]
    {'name': 'mean_squared_error', 'reduction': 'sum_over_batch_size'}
    """
    return _registry.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The inverse of `serialize`.

    >>> deserialize(serialize(mean_squared_error)).__name__
    'mean_squared_error'
    """
    function = name.get("config") if isinstance(name, Mapping) and name.get("class_name") == "function" else name
    if isinstance(function, str) and function not in (custom_objects or {}):
        return _by_name(function)
    return _registry.deserialize(name, custom_objects)


def _by_name(name: str) -> Any:
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name in _registry.classes:
        return _registry.classes[name]()
    there = [*FUNCTIONS, *(name for name in _registry.classes if name != "LossFunctionWrapper")]
    near = nearest(name, [*FUNCTIONS, *_registry.classes])
    raise KonvError(f'loss="{name}" is not the name of a loss; '
                    + (f'did you mean "{near}"?' if near else f"there are: {', '.join(there)}"))


def wrap(identifier: Any) -> Loss | None:
    """The loss that `compile` uses: functions are wrapped, strings give it its name."""
    found = get(identifier)
    if found is None or isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else getattr(found, "__name__", type(found).__name__)
    if inspect.isclass(found):
        raise KonvError(f"{found!r} is not a loss")
    return LossFunctionWrapper(found, name=name)


__getattr__, __dir__ = module_attributes(__name__, __all__)
