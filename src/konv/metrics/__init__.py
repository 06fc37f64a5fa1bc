"""Metrics: what is watched during training. Classes, functions and names are those of keras.metrics."""

from collections.abc import Mapping
from typing import Any

from konv.errors import KonvError, UnsupportedError
from konv.losses.functions import (
    binary_crossentropy,
    categorical_crossentropy,
    huber,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from konv.metrics.base import Mean, MeanMetricWrapper, Metric, Sum
from konv.metrics.classes import (
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from konv.metrics.functions import (
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from konv.registry import Registry, snake_case
from konv.surface import surface

_CLASSES = (
    Mean, Sum, MeanMetricWrapper, Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy,
    TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy, MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError,
    BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy,
)
_ALIASES = {
    "bce": BinaryCrossentropy, "BCE": BinaryCrossentropy, "mse": MeanSquaredError, "MSE": MeanSquaredError,
    "mae": MeanAbsoluteError, "MAE": MeanAbsoluteError,
}
_FUNCTIONS = {
    function.__name__: function
    for function in (binary_accuracy, categorical_accuracy, sparse_categorical_accuracy, top_k_categorical_accuracy,
                     sparse_top_k_categorical_accuracy, mean_squared_error, mean_absolute_error, huber,
                     binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy)
}
# what Keras has besides
_LATER = (
    "AUC", "BinaryIoU", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "F1Score", "FBetaScore",
    "FalseNegatives", "FalsePositives", "Hinge", "IoU", "KLDivergence", "LogCoshError", "MeanAbsolutePercentageError",
    "MeanIoU", "MeanSquaredLogarithmicError", "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation", "Poisson",
    "Precision", "PrecisionAtRecall", "R2Score", "Recall", "RecallAtPrecision", "SensitivityAtSpecificity",
    "SpecificityAtSensitivity", "SquaredHinge", "TrueNegatives", "TruePositives",
)
LATER = frozenset([*_LATER, *map(snake_case, _LATER), "mape", "MAPE", "msle", "MSLE"])

_registry = Registry("metric", "keras.metrics", _CLASSES, _ALIASES)


def get(identifier: Any) -> Any:
    """A metric or a function from its name, its config, a class, or the object itself; None stays None.

    >>> get("mse")
    <MeanSquaredError name=mean_squared_error>
    """
    if isinstance(identifier, str):
        _refuse_later(identifier)
    return deserialize(identifier) if isinstance(identifier, Mapping) else _registry.get(identifier)


def serialize(metric: Any) -> Any:
    """The dict that Keras writes for a metric or a function.

    >>> serialize(BinaryAccuracy())["config"]
    {'name': 'binary_accuracy', 'dtype': 'float32', 'threshold': 0.5}
    """
    return _registry.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The inverse of `serialize`.

    >>> deserialize(serialize(BinaryAccuracy(threshold=0.3))).threshold
    0.3
    """
    name = config.get("class_name") if isinstance(config, Mapping) else config
    if name == "function" and config["config"] in _FUNCTIONS:
        return _FUNCTIONS[config["config"]]
    _refuse_later(name)
    return _registry.deserialize(config, custom_objects)


def wrap(identifier: Any) -> Metric:
    """The metric that `compile` uses: functions are wrapped, and a string gives it its name."""
    found = get(identifier)
    if not isinstance(found, Metric):
        if not callable(found):
            raise KonvError(f"{identifier!r} is not a metric; give a name, a Metric or a function of (y_true, y_pred)")
        found = MeanMetricWrapper(found)
    if isinstance(identifier, str):
        found.name = identifier
    return found


def _refuse_later(name: Any) -> None:
    if name in LATER:
        raise UnsupportedError(f'the metric "{name}" is not supported yet; there are: '
                               f"{', '.join(_registry.classes)}")


__all__ = [
    "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy", "CategoricalCrossentropy", "Mean",
    "MeanAbsoluteError", "MeanMetricWrapper", "MeanSquaredError", "Metric", "RootMeanSquaredError",
    "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy", "Sum",
    "TopKCategoricalAccuracy", "binary_accuracy", "binary_crossentropy", "categorical_accuracy",
    "categorical_crossentropy", "deserialize", "get", "huber", "mean_absolute_error", "mean_squared_error", "serialize",
    "sparse_categorical_accuracy", "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

__getattr__, __dir__ = surface(__name__, __all__)
