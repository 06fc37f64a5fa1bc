"""Losses: what training makes small. Classes, functions and names are those of keras.losses."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from konv.errors import KonvError, nearest
from konv.hints import module_attributes
from konv.losses.alignment import CTC, ctc
from konv.losses.base import Loss
from konv.losses.classes import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Huber,
    LossFunctionWrapper,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from konv.losses.focal import (
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    circle,
    dice,
    tversky,
)
from konv.losses.functions import (
    binary_crossentropy,
    categorical_crossentropy,
    huber,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from konv.losses.more import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    Circle,
    CosineSimilarity,
    Dice,
    Hinge,
    KLDivergence,
    LogCosh,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Poisson,
    SquaredHinge,
    Tversky,
)
from konv.losses.regression import (
    categorical_hinge,
    cosine_similarity,
    hinge,
    kl_divergence,
    log_cosh,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
    poisson,
    squared_hinge,
)
from konv.registry import Registry

CLASSES = (
    LossFunctionWrapper, MeanSquaredError, MeanAbsoluteError, Huber, BinaryCrossentropy, CategoricalCrossentropy,
    SparseCategoricalCrossentropy, MeanAbsolutePercentageError, MeanSquaredLogarithmicError, LogCosh, Poisson,
    KLDivergence, Hinge, SquaredHinge, CategoricalHinge, CosineSimilarity, BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy, Dice, Tversky, Circle, CTC,
)
FUNCTIONS: dict[str, Callable] = {
    function.__name__: function for function in (
        mean_squared_error, mean_absolute_error, huber, binary_crossentropy, categorical_crossentropy,
        sparse_categorical_crossentropy, mean_absolute_percentage_error, mean_squared_logarithmic_error, log_cosh,
        poisson, cosine_similarity, kl_divergence, hinge, squared_hinge, categorical_hinge, binary_focal_crossentropy,
        categorical_focal_crossentropy, categorical_generalized_cross_entropy, dice, tversky, circle,
        ctc,
    )
} | {
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
    near = nearest(name, [*FUNCTIONS, *_registry.classes])
    raise KonvError(f'loss="{name}" is not the name of a loss; '
                    + (f'did you mean "{near}"?' if near else f"there are: {_known()}"))


def _known() -> str:
    return ", ".join([*FUNCTIONS, *(cls.__name__ for cls in CLASSES if cls is not LossFunctionWrapper)])


def wrap(identifier: Any) -> Loss | None:
    """The loss that `compile` uses: functions are wrapped, strings give it its name."""
    found = get(identifier)
    if found is None or isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else getattr(found, "__name__", type(found).__name__)
    if inspect.isclass(found):
        raise KonvError(f"{found!r} is not a loss")
    return LossFunctionWrapper(found, name=name)


__all__ = [
    "CTC", "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle", "CosineSimilarity", "Dice", "Hinge", "Huber",
    "KLDivergence", "LogCosh", "Loss", "LossFunctionWrapper", "MeanAbsoluteError", "MeanAbsolutePercentageError",
    "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge",
    "Tversky", "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "categorical_focal_crossentropy", "categorical_generalized_cross_entropy", "categorical_hinge", "circle",
    "cosine_similarity", "ctc", "deserialize", "dice", "get", "hinge", "huber", "kl_divergence", "log_cosh",
    "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error",
    "poisson", "serialize", "sparse_categorical_crossentropy", "squared_hinge", "tversky",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
