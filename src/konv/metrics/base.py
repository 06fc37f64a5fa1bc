"""What every metric is: running sums, updated batch by batch."""

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

import numpy as np

from konv import initializers
from konv.errors import ShapeError
from konv.losses.base import as_float, require_float32, same_rank
from konv.losses.wrapper import FORMULAS as LOSSES
from konv.registry import auto_name, snake_case
from konv.tracing import tree
from konv.variables import State, Variable

Array = np.ndarray
P = ParamSpec("P")


class Metric:
    """Base class of all metrics, with the arguments of keras.metrics.Metric.

    A subclass gives `update_state`, `result` and makes its sums with `add_variable`.

    Args:
        dtype: "float32" or None, which mean the same.
        name: what the metric is called in reports; the class name in snake case, numbered, if None.
    Raises:
        UnsupportedError: dtype is another one.

    >>> import konv
    >>> metric = konv.metrics.BinaryAccuracy()
    >>> metric.update_state([[1], [0]], [[0.9], [0.8]])
    >>> float(metric.result())
    0.5
    """

    _direction: str | None = None  # "up" or "down": which way is better, for callbacks
    _written: tuple[str, ...] = ()  # the attributes that get_config notes besides name and dtype

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        require_float32(type(self).__name__, dtype)
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.dtype = "float32"
        self._variables: list[State] = []

    def add_variable(self, shape: Sequence[int] = (), initializer: Any = "zeros", dtype: Any = None,
                     aggregation: str | None = "sum", name: str | None = None) -> State:
        """A sum that `reset_state` sets back to zero; kept in float64, so that long epochs lose nothing."""
        start = initializers.get("zeros" if initializer is None else initializer)(shape)
        variable = State(start, name or "variable", path=f"{self.name}/{name}", trainable=False, dtype="float64")
        self._variables.append(variable)
        return variable

    def add_weight(self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None,
                   name: str | None = None) -> State:
        """`add_variable` under its older name."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Any]:
        """The sums, and those of metrics that this one holds, also in lists and dicts."""
        found: dict[int, Any] = {id(variable): variable for variable in self._variables}
        for part in tree.flatten(list(self.__dict__.values())):
            held = part.variables if isinstance(part, Metric) else [part] if isinstance(part, Variable) else []
            found |= {id(variable): variable for variable in held}
        return list(found.values())

    @property
    def _dtype(self) -> str:
        return self.dtype

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take one more batch into account."""
        raise NotImplementedError

    def result(self) -> Any:
        """The metric over all batches since the last reset."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.array[...] = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`update_state`, then `result`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        return {"name": self.name, "dtype": self.dtype} | {name: getattr(self, name) for name in self._written}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Metric":
        """The metric of a dict that `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Sum(Metric):
    """The (weighted) sum of all values.

    Shape:
        values of any shape, weights of the same or one per sample -> one value.

    >>> metric = Sum(); metric.update_state([1, 3, 5, 7]); float(metric.result())
    16.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take the values of one more batch into account."""
        self.total.array += _weighted(values, sample_weight, np.sum)[0]

    def result(self) -> Any:
        """The sum over all batches since the last reset."""
        return np.float32(self.total.array)


class Mean(Metric):
    """The (weighted) mean over samples; the values of one sample are averaged first.

    Shape:
        values of any shape, weights of the same or one per sample -> one value.

    >>> metric = Mean(); metric.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0]); float(metric.result())
    2.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total, self.count = self.add_variable(name="total"), self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take the values of one more batch into account."""
        total, count = _weighted(values, sample_weight, np.mean)
        self.total.array += total
        self.count.array += count

    def result(self) -> Any:
        """The mean over all batches since the last reset."""
        count = float(self.count.array)
        return np.float32(float(self.total.array) / count if count else 0.0)


FUNCTIONS: set[Callable[..., Any]] = set()


def metric_function(function: Callable[P, Array]) -> Callable[P, Array]:
    """A decorator: notes a function of konv.metrics, which takes targets and predictions of any type as they are."""
    FUNCTIONS.add(function)
    return function


class MeanMetricWrapper(Mean):
    """The mean of a function of (y_true, y_pred) that gives one value per sample.

    Args:
        fn: one of konv.losses or konv.metrics, or one of your own, which gets arrays of float32.
        name: what the metric is called in reports; that of the function if None.
        dtype: "float32" or None, which mean the same.
        **kwargs: further arguments of the function.

    >>> import konv
    >>> metric = MeanMetricWrapper(konv.losses.mean_squared_error)
    >>> float(metric([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", None) or "mean_metric_wrapper", dtype)
        self.__dict__.update(kwargs)  # metric.threshold, metric.k and the like
        self._fn, self._options = fn, kwargs
        self._own = fn in LOSSES or fn in FUNCTIONS
        if fn in LOSSES:
            self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take the function's values of one more batch into account."""
        if not self._own:
            y_true, y_pred = same_rank(as_float(y_true), as_float(y_pred))
        super().update_state(self._fn(y_true, y_pred, **self._options), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        own = {"fn": self._fn} if type(self) is MeanMetricWrapper else {}
        return super().get_config() | own | self._options


class HigherIsBetter(MeanMetricWrapper):
    """The mean of a function that is large where predictions are good."""

    _direction = "up"


def _weighted(values: Any, weight: Any, reduce: Callable[..., Any]) -> tuple[float, float]:
    """The sum over samples of (weighted) values, each sample reduced to one value first, and the sum of weights."""
    if isinstance(values, float) and (weight is None or isinstance(weight, int)):
        return values * (1 if weight is None else weight), 1.0 if weight is None else float(weight)
    values = np.asarray(values)
    if weight is None:
        count = len(values) if values.ndim else 1
        total = np.count_nonzero(values) if values.dtype == bool else float(values.sum(dtype=np.float64))
        return total * (count / max(values.size, 1) if reduce is np.mean else 1.0), count
    values, weight = same_rank(values.astype(np.float32, copy=False), np.asarray(weight, np.float32))
    if values.ndim > weight.ndim:
        values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
    try:
        weight = np.broadcast_to(weight, values.shape)
    except ValueError:
        raise ShapeError(f"sample_weight of shape {weight.shape} does not fit values of shape {values.shape}") from None
    values = values * weight
    if values.ndim > 1:
        rest = tuple(range(1, values.ndim))
        values, weight = reduce(values, axis=rest), reduce(weight, axis=rest)
    return float(values.sum(dtype=np.float64)), float(weight.sum(dtype=np.float64))
