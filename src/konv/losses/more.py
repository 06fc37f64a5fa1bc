"""The losses as classes, second half: those of regression.py and focal.py."""

from typing import Any

from konv.errors import KonvError
from konv.losses import focal, regression
from konv.losses.classes import LossFunctionWrapper, fraction


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """100 * mean(|y_true - y_pred| / |y_true|).

    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
    25.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(regression.mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """mean((log(y_true + 1) - log(y_pred + 1))^2).

    >>> float(MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.0, 1.0]]))
    0.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(regression.mean_squared_logarithmic_error, reduction, name, dtype)


class LogCosh(LossFunctionWrapper):
    """mean(log(cosh(y_pred - y_true))).

    >>> float(LogCosh()([[0.0]], [[0.0]]))
    0.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(regression.log_cosh, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """mean(y_pred - y_true * log(y_pred)), for counts and their predicted rates.

    >>> float(Poisson()([[0.0]], [[2.0]]))
    2.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(regression.poisson, reduction, name, dtype)


class KLDivergence(LossFunctionWrapper):
    """sum(y_true * log(y_true / y_pred)), for distributions.

    >>> float(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(regression.kl_divergence, reduction, name, dtype)


class Hinge(LossFunctionWrapper):
    """mean(max(1 - y_true * y_pred, 0)), for targets -1 and 1, or 0 and 1.

    >>> float(Hinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(regression.hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """mean(max(1 - y_true * y_pred, 0)^2), for targets -1 and 1, or 0 and 1.

    >>> float(SquaredHinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.25
    """

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(regression.squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """max(largest wrong prediction - right prediction + 1, 0), for one-hot rows.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.75]]))
    0.75
    """

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(regression.categorical_hinge, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """-sum(y_true * y_pred) of vectors scaled to length one.

    >>> float(CosineSimilarity()([[0.0, 1.0]], [[0.0, 3.0]]))
    -1.0
    """

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(regression.cosine_similarity, reduction, name, dtype, axis=axis)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """BinaryCrossentropy times (1 - p of the right class)^gamma: what is already right counts less.

    >>> round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
    0.1733
    """

    def __init__(self, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1,
                 reduction="sum_over_batch_size", name="binary_focal_crossentropy", dtype=None):
        super().__init__(focal.binary_focal_crossentropy, reduction, name, dtype,
                         apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma, from_logits=from_logits,
                         label_smoothing=fraction(label_smoothing, "BinaryFocalCrossentropy"), axis=axis)


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """CategoricalCrossentropy times alpha * (1 - p)^gamma: what is already right counts less.

    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """

    def __init__(self, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1,
                 reduction="sum_over_batch_size", name="categorical_focal_crossentropy", dtype=None):
        super().__init__(focal.categorical_focal_crossentropy, reduction, name, dtype, alpha=alpha, gamma=gamma,
                         from_logits=from_logits,
                         label_smoothing=fraction(label_smoothing, "CategoricalFocalCrossentropy"), axis=axis)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """(1 - p[y]^q) / q for integer labels (N,) and predictions (N, classes): robust against wrong labels.

    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    def __init__(self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None):
        if not 0 < q < 1:
            raise KonvError(f"CategoricalGeneralizedCrossEntropy: q must be in the interval (0, 1), got {q!r}")
        super().__init__(focal.categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


class Dice(LossFunctionWrapper):
    """1 - 2 * overlap / (sum of y_true + sum of y_pred), over the whole batch or over the axes given.

    >>> round(float(Dice()([[1.0, 0.0]], [[0.5, 0.5]])), 4)
    0.5
    """

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(focal.dice, reduction, name, dtype, axis=axes(axis))


class Tversky(LossFunctionWrapper):
    """1 - overlap / (overlap + alpha * missed + beta * wrong), over the whole batch or over the axes given.

    >>> round(float(Tversky()([[1.0, 0.0]], [[0.5, 0.5]])), 4)
    0.5
    """

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(focal.tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axes(axis))


class Circle(LossFunctionWrapper):
    """Pulls embeddings (N, D) of length one together where labels (N,) are equal, and others apart.

    >>> float(Circle()([0, 0], [[1.0, 0.0], [1.0, 0.0]]))
    0.0
    """

    def __init__(self, gamma=80.0, margin=0.4, remove_diagonal=True, reduction="sum_over_batch_size", name="circle",
                 dtype=None):
        super().__init__(focal.circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)


def axes(axis: Any) -> Any:
    """None, one axis or a tuple of them; lists come from files."""
    return tuple(axis) if isinstance(axis, (list, tuple)) else axis
