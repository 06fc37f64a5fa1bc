"""What every optimizer does around the arithmetic of one variable: rate, clipping, decay, averages, counting."""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, ClassVar, TypedDict

import numpy as np

from konv import initializers
from konv.errors import ArgumentError, KonvError, ShapeError, meant
from konv.initializers import Constant
from konv.optimizers import schedules
from konv.optimizers.schedules import LearningRateSchedule
from konv.registry import auto_name, snake_case
from konv.variables import State, Variable

Array = np.ndarray
F = np.float32
Rate = float | Variable | LearningRateSchedule | Callable[[], float]


class Common(TypedDict, total=False):
    """The arguments of every optimizer, weight_decay aside."""

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


class Shared(Common, total=False):
    """The arguments of every optimizer."""

    weight_decay: float | None


class Optimizer:
    """Base class of all optimizers, with the arguments of keras.optimizers.Optimizer.

    A subclass of a program gives `update_step`, which changes one variable in place. The optimizers of konv are
    `builtin`: a constructor with the arguments of their own and `**shared`, the names of their `slots`, and one `rule`.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        weight_decay: each step first takes this part, times the rate, away from every weight.
        clipnorm: the length to which the gradient of each weight is cut.
        clipvalue: the value to which each element of a gradient is cut.
        global_clipnorm: the length to which all gradients together are cut; only one of the three can be given.
        use_ema: whether to keep running means of the weights, which take their place at the end of training.
        ema_momentum: how much of these means each step keeps.
        ema_overwrite_frequency: every how many steps the weights are set to them; None for the end alone.
        loss_scale_factor: the loss is multiplied by it before it is differentiated, and gradients divided.
        gradient_accumulation_steps: of how many steps the gradients are averaged before the weights change.
        name: by default that of the class.
    Raises:
        KonvError: an unknown argument, or one that is not what it should be.

    >>> import konv
    >>> optimizer, w = konv.optimizers.SGD(0.1), konv.Variable([1.0])
    >>> optimizer.apply([np.array([2.0])], [w]); w.numpy()
    array([0.8], dtype=float32)
    """

    _own: ClassVar[tuple[str, ...]] = ()  # the arguments besides the shared ones, which are attributes of these names

    def __init_subclass__(cls, builtin: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if builtin and "__init__" in vars(cls):
            cls._own = tuple(signature(cls.__init__).parameters)[1:-1]
            cls.__init__ = _taking_shared_arguments(cls.__init__)

    def __init__(self, learning_rate: Rate, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
                 ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
                 loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
                 name: str | None = None, **kwargs: Any) -> None:
        if kwargs.pop("decay", None) is not None:
            raise KonvError(f"{self._class}: decay is not an argument of Keras 3; use a learning rate schedule")
        if kwargs:
            unknown = ", ".join(f"{argument}{meant(type(self), argument)}" for argument in kwargs)
            raise KonvError(f"{self._class}: unknown argument{'s' if len(kwargs) > 1 else ''} {unknown}")
        if sum(value is not None for value in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise KonvError(f"{self._class}: only one of clipnorm={clipnorm}, clipvalue={clipvalue} and "
                            f"global_clipnorm={global_clipnorm} can be set")
        self.name = name or auto_name(snake_case(self._class))
        self.weight_decay = self._optional(weight_decay, "weight_decay")
        self.clipnorm = self._optional(clipnorm, "clipnorm")
        self.clipvalue = self._optional(clipvalue, "clipvalue")
        self.global_clipnorm = self._optional(global_clipnorm, "global_clipnorm")
        self.use_ema = bool(use_ema)
        self.ema_momentum = self._number(ema_momentum, "ema_momentum", 0, 1)
        self.ema_overwrite_frequency = self._count(ema_overwrite_frequency, "ema_overwrite_frequency", 1)
        self.loss_scale_factor = self._optional(loss_scale_factor, "loss_scale_factor")
        self.gradient_accumulation_steps = self._count(gradient_accumulation_steps, "gradient_accumulation_steps", 2)
        self.built = False
        self._iterations = State(0, "iteration", path=f"{self.name}/iteration", trainable=False, dtype="int32")
        self._learning_rate: Any = self._parse_rate(learning_rate)
        self._slot_variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._constrained: list[Variable] = []
        self._trainable_variables_indices: dict[int, int] = {}  # by id of the variable, as all that follow
        self._slots: dict[int, tuple[Array, ...]] = {}
        self._scratch: dict[int, Array] = {}
        self._model_variables_moving_average: list[Variable] = []
        self._accumulated_gradients: list[Variable] = []
        self._undecayed: tuple[frozenset[int], re.Pattern | None] = (frozenset(), None)

    # --- what a subclass says ---------------------------------------------------------------------

    slots: tuple[tuple[str, ...], ...] = ()  # names of arrays for each variable, in groups that Keras stores side by side
    starts: Mapping[str, float] = {}  # what slots hold at the beginning, where it is not zero
    decays = False  # whether `update_step` takes care of weight decay itself, by `keep`

    def rule(self, w: Array, g: Array, rate: float, t: Array, *slots: Array) -> None:
        """One step of a weight w along its gradient g, in place; t is scratch memory of the same shape."""
        raise NotImplementedError(f"{self._class} does not say how to make a step: add update_step")

    def update_step(self, gradient: Array, variable: Variable, learning_rate: float) -> None:
        """One step of one variable, in place on `variable.array`."""
        key = id(variable)
        self.rule(variable.array, gradient, learning_rate, self._scratch[key], *self._slots[key])

    # --- state ------------------------------------------------------------------------------------

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for these variables; a second call does nothing."""
        if self.built:
            return
        self._trainable_variables = list(variables)
        self._trainable_variables_indices = {id(v): index for index, v in enumerate(variables)}
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = self.add_optimizer_variables(variables, "gradient_accumulator")
        self._constrained = [v for v in variables if v.constraint is not None]
        self._slots = {id(v): () for v in variables}
        for group in self.slots:
            for v in variables:
                self._slots[id(v)] += tuple(
                    self.add_variable_from_reference(v, name, Constant(self.starts.get(name, 0.0))).array for name in group)
        buffer = np.empty(max((v.size for v in variables), default=0), np.float32)
        self._scratch = {id(v): buffer[: v.size].reshape(v.shape) for v in variables}
        self.built = True

    def add_variable(self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, aggregation: str = "none",
                     layout: Any = None, name: str | None = None) -> Variable:
        """A further array of state, for optimizers of one's own; aggregation and layout mean nothing on one machine."""
        name = name or "variable"
        slot = State(initializers.get(initializer)(shape), name, path=f"{self.name}/{name}", trainable=False,
                        dtype=dtype or "float32")
        self._slot_variables.append(slot)
        return slot

    def add_variable_from_reference(self, reference_variable: Variable, name: str | None = None,
                                    initializer: Any = "zeros") -> Variable:
        """An array of state of the shape of a weight."""
        name = f"{reference_variable.path.replace('/', '_')}_{name or 'var'}"
        return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype, name=name)

    def add_optimizer_variables(self, trainable_variables: Iterable[Variable], name: Any, initializer: Any = "zeros") -> Any:
        """A list of arrays of state, one for each weight; for several names a tuple of lists."""
        names = [name] if isinstance(name, str) else list(name)
        starts = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        if len(starts) != len(names):
            raise KonvError(f"{self._class}: {len(names)} names need as many initializers, got {len(starts)}")
        rows = [[self.add_variable_from_reference(v, *pair) for pair in zip(names, starts, strict=True)]
                for v in trainable_variables]
        columns = tuple([row[index] for row in rows] for index in range(len(names)))
        return columns[0] if isinstance(name, str) else columns

    def _get_variable_index(self, variable: Variable) -> int:
        return self._trainable_variables_indices[id(variable)]

    def assign(self, variable: Variable, value: Any) -> None:
        """variable = value, as optimizers of one's own write it."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """variable += value."""
        variable.assign(variable.array + np.asarray(value))

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """variable -= value."""
        variable.assign(variable.array - np.asarray(value))

    @property
    def variables(self) -> list[Variable]:
        """All state, in the order in which Keras stores it: iteration, learning rate, then the slots."""
        rate = [self._learning_rate] if isinstance(self._learning_rate, Variable) else []
        return [self._iterations, *rate, *self._slot_variables]

    @property
    def iterations(self) -> Variable | int:
        """How many steps were made; with gradient accumulation, how many updates."""
        if self.gradient_accumulation_steps:
            return int(self._iterations.array) // self.gradient_accumulation_steps
        return self._iterations

    @property
    def updates(self) -> int:
        """`iterations` as a number."""
        return int(self._iterations.array) // (self.gradient_accumulation_steps or 1)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Overwrite all state; nothing changes when a shape does not fit."""
        if not self.built:
            raise KonvError(f"{self._class}: set_weights needs a built optimizer; call build(variables) first")
        arrays = [np.asarray(weight) for weight in weights]
        came, wanted = [array.shape for array in arrays], [variable.shape for variable in self.variables]
        if came != wanted:
            raise ShapeError(f"{self._class}: set_weights needs arrays of the shapes {wanted}, got {came}")
        for variable, array in zip(self.variables, arrays, strict=True):
            variable.assign(array)

    def save_own_variables(self, store: Any) -> None:
        """Put the state into a mapping under "0", "1", ..."""
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the state from such a mapping; a different number of arrays is left alone, with a warning."""
        if len(store) != len(self.variables):
            warnings.warn(f'optimizer "{self.name}" has {len(self.variables)} arrays and the file {len(store)}; '
                          f"its state was not loaded", stacklevel=2)
            return
        self.set_weights([np.asarray(store[str(index)]) for index in range(len(self.variables))])

    # --- the learning rate ------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The current rate: a Variable, or a number where a schedule or a function gives it."""
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        current = self._learning_rate
        if not callable(value) and isinstance(current, LearningRateSchedule):
            raise ArgumentError(f"{self._class}: learning_rate was given as a schedule and cannot be set to a number; "
                            f"make the optimizer with a number, or set another schedule")
        if not callable(value) and isinstance(current, Variable):
            current.assign(self._number(value, "learning_rate"))
        else:
            self._learning_rate = self._parse_rate(value)

    def _parse_rate(self, value: Any) -> Any:
        if callable(value) and not isinstance(value, Variable):
            return value
        rate = self._number(value, "learning_rate")
        return State(rate, "learning_rate", path=f"{self.name}/learning_rate", trainable=False)

    def _rate(self) -> float:
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return float(rate.array)
        # a schedule counts steps, not updates, as Keras does
        return float(rate(int(self._iterations.array)) if isinstance(rate, LearningRateSchedule) else rate())

    def scale_loss(self, loss: Any) -> Any:
        """The loss as it should be differentiated: times loss_scale_factor, which `apply` takes out again."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # --- a step -----------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """`apply` for pairs of gradient and variable."""
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Change the variables in place by one step along their gradients, which are only read."""
        if not grads:
            return
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        grads, variables = self._check(grads, variables)
        if self.loss_scale_factor is not None:
            grads = [gradient / self.loss_scale_factor for gradient in grads]
        if self.gradient_accumulation_steps:
            grads = self._accumulate(grads, variables)
        if grads:
            self._backend_update_step(self._clip_gradients(grads), variables, self._rate())
        if self.use_ema:
            self._average()
        for variable in self._constrained:
            variable.array[...] = variable.constraint(variable.array)
            variable.touch()
        self._iterations.array += 1
        self._iterations.touch()

    def expect(self, variables: Sequence[Variable]) -> None:
        """Make the state for these variables, or raise if it was made for others."""
        if not self.built:
            self.build(variables)
        unknown = next((variable for variable in variables if id(variable) not in self._trainable_variables_indices), None)
        if unknown is not None:
            raise KonvError(f'{self._class}: does not know the variable "{unknown.path}"; it was built for '
                            f"{len(self._trainable_variables)} others. After layers were unfrozen or added, call "
                            f"compile() again with a new optimizer")

    def _check(self, grads: Sequence[Any], variables: Sequence[Variable]) -> tuple[list[Array], Sequence[Variable]]:
        if not self.built and not variables:
            raise KonvError(f"{self._class}: apply needs the variables at the first call; or call "
                            f"build(trainable_variables) first")
        self.expect(variables)
        if len(grads) != len(variables):
            raise KonvError(f"{self._class}: got {len(grads)} gradients for {len(variables)} variables")
        if any(gradient is None for gradient in grads):
            missing = [v.path for gradient, v in zip(grads, variables, strict=True) if gradient is None]
            if len(missing) == len(grads):
                raise KonvError(f"{self._class}: no gradients provided for any variable")
            warnings.warn(f"no gradient for {', '.join(missing)}; left as they are", stacklevel=3)
            pairs = [(gradient, v) for gradient, v in zip(grads, variables, strict=True) if gradient is not None]
            grads, variables = [gradient for gradient, _ in pairs], [v for _, v in pairs]
        arrays = [np.asarray(gradient, np.float32) for gradient in grads]
        for array, variable in zip(arrays, variables, strict=True):
            if array.shape != variable.array.shape:
                raise ShapeError(f'{self._class}: the gradient of "{variable.path}" has shape {array.shape}, '
                                 f"the variable {variable.shape}")
        return arrays, variables

    def _backend_update_step(self, grads: Sequence[Array], trainable_variables: Sequence[Variable],
                             learning_rate: float) -> None:
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            if not self.decays and (keep := self.keep(variable, learning_rate)) != 1.0:
                variable.array *= keep
            self.update_step(gradient, variable, learning_rate)
            variable.touch()

    def keep(self, variable: Variable, rate: float) -> float:
        """What weight decay leaves of a variable in one step, as a factor."""
        return 1.0 if self.weight_decay is None or not self._use_weight_decay(variable) else 1.0 - self.weight_decay * rate

    def _clip_gradients(self, grads: Sequence[Array]) -> Sequence[Array]:
        if self.clipvalue:
            return [np.clip(gradient, -self.clipvalue, self.clipvalue) for gradient in grads]
        if self.clipnorm:
            return [gradient * min(1.0, self.clipnorm / (_norm([gradient]) or 1.0)) for gradient in grads]
        if self.global_clipnorm:
            norm = _norm(grads)
            factor = min(1.0, self.global_clipnorm / norm) if norm else 1.0
            return [gradient * np.float32(factor if np.isfinite(norm) else np.nan) for gradient in grads]
        return grads

    def _accumulate(self, grads: Sequence[Array], variables: Sequence[Variable]) -> list[Array]:
        """The mean of the gradients since the last update when it is time for one, else nothing."""
        sums = [self._accumulated_gradients[self._get_variable_index(variable)].array for variable in variables]
        for total, gradient in zip(sums, grads, strict=True):
            total += gradient
        steps = self.gradient_accumulation_steps or 1
        if (int(self._iterations.array) + 1) % steps:
            return []
        means = [total / steps for total in sums]
        for total in sums:
            total[...] = 0
        return means

    # --- weight decay and averages ----------------------------------------------------------------

    def exclude_from_weight_decay(self, var_list: Iterable[Variable] | None = None,
                                  var_names: Iterable[str] | None = None) -> None:
        """Leave these variables, and those whose name contains one of these words, out of weight decay."""
        if self.built:
            raise KonvError(f"{self._class}: exclude_from_weight_decay must be called before the optimizer is built")
        pattern = re.compile("|".join(sorted(set(var_names)))) if var_names else None
        self._undecayed = frozenset(id(variable) for variable in var_list or ()), pattern

    def _use_weight_decay(self, variable: Variable) -> bool:
        ids, pattern = self._undecayed
        return id(variable) not in ids and not (pattern and pattern.search(variable.name))

    def _average(self) -> None:
        """Move the averages towards the variables, and now and then the variables onto the averages."""
        momentum = self.ema_momentum if self.updates else 0.0
        for variable, average in zip(self._trainable_variables, self._model_variables_moving_average, strict=True):
            average.array *= momentum
            average.array += np.multiply(variable.array, 1.0 - momentum, out=self._scratch[id(variable)])
        if self.ema_overwrite_frequency and (self.updates + 1) % self.ema_overwrite_frequency == 0:
            self.finalize_variable_values(self._trainable_variables)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """At the end of training: with use_ema, put the averages in place of the variables."""
        for variable in var_list if self._model_variables_moving_average else ():
            if id(variable) in self._trainable_variables_indices:
                variable.assign(self._model_variables_moving_average[self._get_variable_index(variable)].array)

    # --- configuration ----------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as Keras writes them."""
        rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": float(rate.array) if isinstance(rate, Variable) else schedules.serialize(rate),
            "weight_decay": self.weight_decay, "clipnorm": self.clipnorm, "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue, "use_ema": self.use_ema, "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency, "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        } | {name: getattr(self, name) for name in self._own if name != "learning_rate"}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> "Optimizer":
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config = config | {"learning_rate": schedules.deserialize(rate, custom_objects)}
        return cls(**config)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy has variables of its own, so what is kept by their identity gets new keys."""
        self.__dict__.update(state)
        new = dict(zip(self._trainable_variables_indices, map(id, self._trainable_variables), strict=True))
        for name in ("_trainable_variables_indices", "_slots", "_scratch"):
            setattr(self, name, {new[key]: value for key, value in getattr(self, name).items()})
        self._undecayed = frozenset(new.get(key, key) for key in self._undecayed[0]), self._undecayed[1]

    @property
    def _class(self) -> str:
        return type(self).__name__

    def _number(self, value: Any, argument: str, low: float = -np.inf, high: float = np.inf) -> float:
        """The value as a float, or an error that names the argument."""
        if isinstance(value, (Variable, np.ndarray)) and value.ndim == 0:
            value = float(np.asarray(value))
        good = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
        if not good or not low <= float(value) <= high:
            between = f" from {low:g} to {high:g}" if np.isfinite(high) else ""
            raise KonvError(f"{self._class}: {argument} must be a number{between}, got {value!r}")
        return float(value)

    def _optional(self, value: Any, argument: str) -> float | None:
        return None if value is None else self._number(value, argument)

    def _count(self, value: Any, argument: str, low: int) -> int | None:
        if not value:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
            raise KonvError(f"{self._class}: {argument} must be None or an integer of at least {low}, got {value!r}")
        return int(value)

    def __repr__(self) -> str:
        return f"<{self._class} name={self.name}>"


def _taking_shared_arguments(init: Callable[..., None]) -> Any:
    """The constructor with the arguments of every optimizer in the place of **shared, by position too, as in Keras."""
    own = list(signature(init).parameters.values())[:-1]
    known = {one.name for one in own}
    *shared, others = (one for one in signature(Optimizer.__init__).parameters.values() if one.name not in known)
    before = [one for one in own if one.kind is not Parameter.KEYWORD_ONLY]
    after = [one.replace(kind=Parameter.POSITIONAL_OR_KEYWORD) for one in own if one.kind is Parameter.KEYWORD_ONLY]
    whole = Signature([*before, *shared, *after, others])
    names = tuple(whole.parameters)[1:-1]

    @wraps(init)
    def constructor(self: Optimizer, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(names):
            raise ArgumentError(f"{type(self).__name__}: takes at most {len(names)} arguments by position, got {len(args)}")
        init(self, **dict(zip(names, args, strict=False)), **kwargs)

    constructor.__signature__ = whole  # type: ignore[attr-defined]
    return constructor


def _norm(arrays: Sequence[Array]) -> float:
    """The Euclidean length of all the arrays together."""
    return float(np.sqrt(sum(float(np.vdot(array, array)) for array in arrays)))


def approach(mean: Array, value: Array, share: float, scratch: Array) -> None:
    """mean += (value - mean) * share, in place; `scratch` may be `value` itself."""
    np.subtract(value, mean, out=scratch)
    scratch *= np.float32(share)
    mean += scratch
