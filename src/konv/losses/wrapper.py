"""Functions of (y_true, y_pred) as losses: what konv knows of its own, and the class that holds one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec

import numpy as np

from konv import ops
from konv.errors import KonvError, UnsupportedError
from konv.losses.base import Array, Axis, Loss, Parts, Reduction, Shape, as_float, same_rank
from konv.losses.targets import class_labels, same_shape
from konv.tracing.symbolic import is_symbolic

P = ParamSpec("P")


@dataclass(frozen=True)
class LossFunction:
    """What stands behind one function of konv.losses.

    `formula(t, p, **options)`, made of konv.ops, gives one value per sample, of parsed targets and predictions or of tensors;
    the engine finds its gradient. `fused(t, p, gradient, **options)` gives the same of arrays, with a gradient written by hand:
    where that is worth it (docs/performance.md), or where the engine cannot trace the formula.
    """

    name: str
    parse: Callable[..., Array]  # of (y_true, shape of the predictions, name, **options)
    formula: Callable[..., Any] | None
    fused: Callable[..., Parts] | None
    axis: Axis  # what is reduced, where no option of that name says it
    symbolic: bool  # whether the formula is all of the function, so that it may stand in a loss of the user's

    @property
    def paired(self) -> bool:
        """Whether there is one target for each prediction; else targets are labels."""
        return self.formula is not None and self.parse is not class_labels

    def parts(self, t: Array, p: Array, options: dict[str, Any],
              traced: Callable[[Callable[..., Any], Array, Array], Parts] | None = None) -> Parts:
        """The values, and the gradient if there is something that finds it by tracing."""
        if self.paired:
            p = p.reshape(t.shape)
        with np.errstate(all="ignore"):  # as in Keras: what is not a number is nan, without a warning
            if self.fused is not None:
                return self.fused(t, p, traced is not None, **options)
            formula = self.formula
            assert formula is not None
            if traced is None:
                return Parts(np.asarray(formula(t, p, **options), np.float32))
            return traced(lambda t, p: formula(t, p, **options), t, p)

    def on_tensors(self, y_true: Any, y_pred: Any, options: dict[str, Any]) -> Any:
        """One tensor of values per sample."""
        if self.formula is None or not self.symbolic:
            there = ", ".join(known.name for known in FORMULAS.values() if known.symbolic)
            raise UnsupportedError(f"{self.name}: is not supported inside a loss of one's own; there are {there}; write it "
                                   f"with konv.ops")
        if self.paired:
            y_true, y_pred = same_rank(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
        return self.formula(y_true, y_pred, **options)


FORMULAS: dict[Any, LossFunction] = {}


def loss_function(parse: Callable[..., Array] = same_shape, fused: Callable[..., Parts] | None = None, axis: Axis = -1,
                  symbolic: bool = True, traced: bool = True) -> Callable[[Callable[P, Any]], Callable[P, Array]]:
    """A decorator: a formula made of konv.ops becomes a loss function, on arrays (of any type) and on tensors.

    With `traced=False` the function below it only has the signature and the docstring, and `fused` computes.
    """
    def decorator(formula: Callable[P, Any]) -> Callable[P, Array]:
        parameters = signature(formula)

        @wraps(formula)
        def function(y_true: Any, y_pred: Any, *args: Any, **options: Any) -> Any:
            if args:
                options = dict(list(parameters.bind(y_true, y_pred, *args, **options).arguments.items())[2:])
            if is_symbolic(y_true, y_pred):
                return known.on_tensors(y_true, y_pred, options)
            y_pred = as_float(y_pred)
            return known.parts(known.parse(y_true, y_pred.shape, known.name, **options), y_pred, options).values

        known = LossFunction(formula.__name__, parse, formula if traced else None, fused, axis, symbolic and traced)
        FORMULAS[function] = known
        return function

    return decorator


class LossFunctionWrapper(Loss):
    """A loss from a function of (y_true, y_pred) that gives one value per sample.

    Args:
        fn: one of konv.losses, or one of your own, made of konv.ops.
        reduction: what becomes of the values of all samples, see `Loss`.
        name: what the loss is called in reports; that of the function if None.
        dtype: "float32" or None, which mean the same.
        **kwargs: further arguments of the function.
    Raises:
        KonvError: fn is not a function.

    >>> import konv
    >>> loss = LossFunctionWrapper(konv.losses.huber, delta=2.0)
    >>> float(loss([[0.0]], [[1.0]]))
    0.5
    """

    def __init__(self, fn: Callable[..., Any], reduction: Reduction = "sum_over_batch_size", name: str | None = None,
                 dtype: Any = None, **kwargs: Any) -> None:
        if not callable(fn):
            raise KonvError(f"{type(self).__name__}: fn must be a function of (y_true, y_pred), got {fn!r}")
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.__dict__.update(kwargs)  # loss.from_logits and the like
        self.fn, self.options = fn, kwargs
        self.known = FORMULAS.get(fn)
        self.axis = kwargs.get("axis", self.known.axis if self.known else -1)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One value per sample."""
        if self.known is None:
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self.options)

    def parse(self, y_true: Any, shape: Shape) -> Array:
        """Targets checked and converted as the function needs them."""
        known = self.known
        return known.parse(y_true, shape, known.name, **self.options) if known else super().parse(y_true, shape)

    def parts(self, y_true: Array, y_pred: Array, gradient: bool = False) -> Parts:
        """The values of parsed targets, with the gradient with respect to y_pred if `gradient`."""
        if self.known is None:
            return super().parts(y_true, y_pred, gradient)
        return self.known.parts(y_true, y_pred, self.options, self._traced if gradient else None)

    @property
    def differentiable(self) -> bool:
        """Whether the function is one of konv.losses."""
        return self.known is not None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        own = {"fn": self.fn} if type(self) is LossFunctionWrapper else {}
        return super().get_config() | own | self.options
