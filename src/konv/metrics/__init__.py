"""Metrics: what is watched during training. Classes, functions and names are those of keras.metrics."""

from collections.abc import Mapping
from typing import Any

from konv.errors import KonvError
from konv.hints import module_attributes
from konv.losses import (
    binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy, categorical_focal_crossentropy, categorical_hinge,
    hinge, huber, kl_divergence, log_cosh, mean_absolute_error, mean_absolute_percentage_error, mean_squared_error,
    mean_squared_logarithmic_error, poisson, sparse_categorical_crossentropy, squared_hinge
)
from konv.metrics.accuracy_metrics import (
    Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy, binary_accuracy, categorical_accuracy, sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy, top_k_categorical_accuracy
)
from konv.metrics.auc import AUC
from konv.metrics.base import Mean, MeanMetricWrapper, Metric, Sum
from konv.metrics.confusion_metrics import (
    FalseNegatives, FalsePositives, Precision, PrecisionAtRecall, Recall, RecallAtPrecision, SensitivityAtSpecificity,
    SpecificityAtSensitivity, TrueNegatives, TruePositives
)
from konv.metrics.correlation_metrics import (
    ConcordanceCorrelation, CosineSimilarity, PearsonCorrelation, R2Score, concordance_correlation, pearson_correlation
)
from konv.metrics.f_score_metrics import F1Score, FBetaScore
from konv.metrics.iou_metrics import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from konv.metrics.loss_metrics import (
    BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge, Hinge, KLDivergence, LogCoshError, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson, RootMeanSquaredError,
    SparseCategoricalCrossentropy, SquaredHinge
)
from konv.registry import Registry

__all__ = [
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "CategoricalAccuracy", "CategoricalCrossentropy",
    "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "F1Score", "FBetaScore", "FalseNegatives",
    "FalsePositives", "Hinge", "IoU", "KLDivergence", "LogCoshError", "Mean", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanIoU", "MeanMetricWrapper", "MeanSquaredError", "MeanSquaredLogarithmicError", "Metric",
    "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation", "Poisson", "Precision", "PrecisionAtRecall", "R2Score", "Recall",
    "RecallAtPrecision", "RootMeanSquaredError", "SensitivityAtSpecificity", "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy", "SpecificityAtSensitivity", "SquaredHinge", "Sum",
    "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives", "binary_accuracy", "binary_crossentropy",
    "binary_focal_crossentropy", "categorical_accuracy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_hinge", "concordance_correlation", "deserialize", "get", "hinge", "huber", "kl_divergence", "log_cosh",
    "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error",
    "pearson_correlation", "poisson", "serialize", "sparse_categorical_accuracy", "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy", "squared_hinge", "top_k_categorical_accuracy",
]

_ALIASES = {
    "bce": BinaryCrossentropy, "BCE": BinaryCrossentropy, "mse": MeanSquaredError, "MSE": MeanSquaredError,
    "mae": MeanAbsoluteError, "MAE": MeanAbsoluteError, "mape": MeanAbsolutePercentageError,
    "MAPE": MeanAbsolutePercentageError, "msle": MeanSquaredLogarithmicError, "MSLE": MeanSquaredLogarithmicError,
}
_CLASSES = tuple(globals()[name] for name in __all__ if name[0].isupper() and name != "Metric")
_FUNCTIONS = {name: globals()[name] for name in __all__
              if name[0].islower() and name not in ("deserialize", "get", "serialize")}

_registry = Registry("metric", "keras.metrics", _CLASSES, _ALIASES)


def get(identifier: Any) -> Any:
    """A metric or a function from its name, its config, a class, or the object itself; None stays None.

    >>> get("mse")
    <MeanSquaredError name=mean_squared_error>
    """
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


__getattr__, __dir__ = module_attributes(__name__, __all__)
