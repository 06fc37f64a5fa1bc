"""What every loss is: one value per sample, their weighted reduction, and the gradient of both."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from konv.arrays import to_array
from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.losses.traced import Traced
from konv.registry import snake_case
from konv.tracing.symbolic import is_symbolic

Array = np.ndarray
Shape = tuple[int, ...]
Axis = int | tuple[int, ...] | None
Reduction = str | None

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
REDUCTIONS = (*MEANS, "sum", "none", None)


class Parts(NamedTuple):
    """Losses of single samples and, when asked for, the derivative of each with respect to its own predictions.

    `mask` says which values count in a mean. Where the loss of a sample depends on the predictions for others, or the engine
    finds the gradient, `vjp` replaces `gradient`: from the weights of all values to the derivative of their weighted sum.
    """

    values: Array
    gradient: Array | None = None
    mask: Array | None = None
    vjp: Callable[[Array], Array] | None = None


class Loss:
    """Base class of all losses, with the arguments of keras.losses.Loss.

    A subclass gives `call(y_true, y_pred)`, made of konv.ops: one value per sample, or one for all of them; konv traces it to
    find the gradient. A class that computes its gradient itself gives `parts(y_true, y_pred, gradient)` instead.

    Args:
        name: what the loss is called in reports; the class name in snake case if None.
        reduction: "sum_over_batch_size" or "mean" (the sum divided by the number of values), "mean_with_sample_weight"
            (divided by the sum of the weights), "sum", or "none" or None (no reduction).
        dtype: "float32" or None, which mean the same.
    Raises:
        KonvError: the reduction is none of these.
        UnsupportedError: dtype is another one.

    >>> import konv
    >>> float(konv.losses.MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    axis: Axis = -1  # the axis of y_pred over which `call` reduces; None for all

    def __init__(self, name: str | None = None, reduction: Reduction = "sum_over_batch_size", dtype: Any = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        if reduction not in REDUCTIONS:
            allowed = ", ".join(map(repr, REDUCTIONS))
            raise KonvError(f"{type(self).__name__}: reduction={reduction!r} must be one of {allowed}")
        require_float32(type(self).__name__, dtype)
        self.reduction = reduction
        self.dtype = "float32"

    # --- what a subclass says ---------------------------------------------------------------------

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """One value per sample."""
        return self.parts(y_true, y_pred).values

    def parse(self, y_true: Any, shape: Shape) -> Array:
        """Targets ready for `parts`, checked against the shape of the predictions; errors come from here."""
        return as_float(y_true)

    def parts(self, y_true: Array, y_pred: Array, gradient: bool = False) -> Parts:
        """`call` on parsed targets, with the gradient with respect to y_pred if `gradient`."""
        if not gradient:
            return Parts(np.asarray(self.call(y_true, y_pred), np.float32))
        return self._traced(self.call, y_true, y_pred)

    def _traced(self, function: Callable[..., Any], y_true: Array, y_pred: Array) -> Parts:
        """The values of a function made of konv.ops, and the vjp that the engine finds; traced once for arrays of one shape."""
        traces = self.__dict__.setdefault("_traces", {})
        key = y_true.shape[1:], y_pred.shape[1:]
        if key not in traces:
            traces[key] = Traced(function, f'loss "{self.name}"', *key)
        values, vjp = traces[key].values_and_vjp(y_true, y_pred)
        return Parts(values, vjp=vjp)

    def __getstate__(self) -> dict[str, Any]:
        """Without the traces, which hold locks and are found again."""
        return {name: value for name, value in self.__dict__.items() if name != "_traces"}

    @property
    def differentiable(self) -> bool:
        """Whether konv knows what the loss computes, and so the shape of its values."""
        return type(self).parts is not Loss.parts

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Loss":
        """The loss of a dict that `get_config` gave."""
        return cls(**config)

    # --- computing --------------------------------------------------------------------------------

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss: a float32 scalar, or one value per sample when the reduction is None."""
        if is_symbolic(y_true, y_pred):
            return self._on_tensors(y_true, y_pred, sample_weight)
        y_pred = as_float(y_pred)
        parts = self.parts(self.parse(y_true, y_pred.shape), y_pred)
        weight = None if sample_weight is None else as_float(sample_weight)
        if self.reduction in ("none", None):
            return parts.values if weight is None else _weighed(parts.values, weight)
        return np.float32(_reduce(parts, weight, self.reduction)[0])

    def _on_tensors(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The same inside a loss of the user's."""
        from konv import ops

        values = self.call(y_true, y_pred)
        values = values if sample_weight is None else values * sample_weight
        reduce = {"sum": ops.sum, "none": ops.convert_to_tensor, None: ops.convert_to_tensor}.get(self.reduction, ops.mean)
        return reduce(values)

    def value_and_gradient(self, y_true: Any, y_pred: Any,
                           sample_weight: Any = None) -> tuple[float, Array]:
        """The reduced loss and its gradient with respect to y_pred, weights and divisor included.

        >>> import konv
        >>> konv.losses.MeanSquaredError().value_and_gradient([[0.0, 2.0]], [[1.0, 2.0]])
        (0.5, array([[1., 0.]], dtype=float32))
        """
        y_pred = as_float(y_pred)
        weight = None if sample_weight is None else as_float(sample_weight)
        value, gradient = self.compute(self.parse(y_true, y_pred.shape), y_pred, weight, gradient=True)
        assert gradient is not None
        return value, gradient

    def compute(self, targets: Array, y_pred: Array, weight: Array | None = None,
                gradient: bool = False) -> tuple[float, Array | None]:
        """`value_and_gradient` for targets that were parsed before; what a training step calls."""
        if self.reduction in ("none", None):
            raise KonvError(f"{type(self).__name__}: reduction={self.reduction!r} gives no single number to train or "
                            f'report; use "sum_over_batch_size" or "sum"')
        parts = self.parts(targets, y_pred, gradient)
        value, factor = _reduce(parts, weight, self.reduction)
        if not gradient:
            return value, None
        if parts.vjp is not None:
            return value, parts.vjp(np.broadcast_to(np.float32(factor), parts.values.shape)).reshape(y_pred.shape)
        derivative = parts.gradient
        assert derivative is not None
        if not isinstance(factor, float):
            assert self.axis is not None  # one value for all samples has one factor
            factor = np.expand_dims(factor, self.axis)
        elif factor == 1.0:
            return value, derivative.reshape(y_pred.shape)
        return value, np.multiply(derivative, factor, out=derivative).reshape(y_pred.shape)

    def values_shape(self, shape: Shape) -> Shape:
        """The shape of what `call` gives for predictions of a shape."""
        if self.axis is None:
            return ()
        gone = {axis % len(shape) for axis in np.atleast_1d(self.axis).tolist()}
        return tuple(size for axis, size in enumerate(shape) if axis not in gone)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _weighed(values: Array, weight: Array) -> Array:
    """Values times weights, (N, 1) for weights of that shape and one per weight for a single value, as in Keras."""
    if not values.ndim:
        return values * weight
    weighed = values * fit_weight(weight, values.shape)
    return weighed[:, None] if values.ndim == 1 < weight.ndim else weighed


def _reduce(parts: Parts, weight: Array | None, reduction: str | None) -> tuple[float, float | Array]:
    """The reduced loss, and its derivative with respect to each value: one factor, or an array of the values' shape."""
    values, mask = parts.values, parts.mask
    if values.ndim == 0 and weight is not None:  # one value for the whole batch, weighed by the samples in turn
        scale, total = float(weight.sum()), float(weight.size)
        if reduction in MEANS:
            scale /= (scale if reduction == "mean_with_sample_weight" else total) or 1.0
        return float(values) * scale, scale
    if mask is not None:
        counted = mask.astype(np.float32)
        if reduction in ("mean", "sum_over_batch_size"):  # so that the mean is that of what counts
            counted *= np.float32(mask.size / max(int(mask.sum()), 1))
        weight = counted if weight is None else counted * fit_weight(weight, values.shape)
    if weight is None:
        divisor = float(values.size) if reduction in MEANS else 1.0
        return float(values.sum()) / max(divisor, 1.0), 1.0 / max(divisor, 1.0)
    total = float(weight.sum()) if reduction == "mean_with_sample_weight" else float(values.size)
    weight = fit_weight(weight, values.shape)
    scale = 1.0
    if reduction in MEANS:
        scale = 1.0 / total if total else 0.0  # as Keras: a loss without weight is zero, not a division by zero
    return float((values * weight).sum()) * scale, np.broadcast_to(weight * np.float32(scale), values.shape)


def same_rank(first: Any, second: Any) -> tuple[Any, Any]:
    """Both with as many axes, a last axis of size one added or taken away, as Keras does."""
    if first.ndim == second.ndim + 1 and first.shape[-1] == 1:
        return (first, second[:, None]) if second.ndim == 1 else (first[..., 0], second)
    if second.ndim == first.ndim + 1 and second.shape[-1] == 1:
        return (first[:, None], second) if first.ndim == 1 else (first, second[..., 0])
    return first, second


def fit_weight(weight: Array, shape: Shape) -> Array:
    """Weights in a shape that broadcasts against one value per sample (or per sample and pixel)."""
    if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    if weight.shape != shape[: weight.ndim]:
        raise ShapeError(f"sample_weight has shape {weight.shape}, but the losses to weigh have shape {shape}; "
                         f"give one number per sample, shape {shape[:1]}")
    return weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))


def as_float(value: Any) -> Array:
    """The value as a float32 array, without a copy where possible."""
    if type(value) is np.ndarray and value.dtype == np.float32:
        return value
    return to_array(value, "loss", "value").astype(np.float32, copy=False)


def require_float32(owner: str, dtype: Any) -> None:
    """Accept None, "float32" and policies of that name."""
    name = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else getattr(dtype, "name", dtype)
    if name not in (None, "float32", np.float32):
        raise UnsupportedError(f'{owner}: dtype={dtype!r} is not supported yet; konv computes in "float32"')
