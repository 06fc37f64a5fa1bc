"""Parse at the door, then trust: one function per kind of argument. Errors name the argument; layers add their name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from konv import activations, config, constraints, initializers, regularizers
from konv.errors import ArgumentError, KonvError, ShapeError, UnsupportedError, meant
from konv.ir.ops import Shape
from konv.ir.window import CAUSAL as CAUSAL
from konv.ir.window import PADDINGS
from konv.seeds import SeedGenerator

Sizes = int | Sequence[int]  # per axis, or one for all of them
Identifier = str | Mapping[str, Any] | Callable[..., Any] | None  # a name, a config, an object or a function

# how the name of an argument ends: the module that reads and writes it
_MODULES: dict[str, ModuleType] = {
    "initializer": initializers, "regularizer": regularizers, "constraint": constraints, "activation": activations,
}


def is_integer(value: Any) -> bool:
    """Whether the value is an integer of Python or NumPy; True and False are not."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def positive_int(value: Any, argument: str) -> int:
    """An int above zero.

    >>> positive_int(np.int64(3), "filters")
    3
    """
    if not is_integer(value) or value < 1:
        kind = KonvError if is_integer(value) else ArgumentError
        raise kind(f"{argument} must be a positive integer, got {value!r}")
    return int(value)


def several(value: Any, count: int, argument: str, least: int = 1) -> tuple[int, ...]:
    """So many integers, (rows, columns) or (steps,), from one integer or a sequence of them.

    >>> several(3, 2, "kernel_size")
    (3, 3)
    """
    listed = isinstance(value, Iterable) and not isinstance(value, str)
    values: tuple[Any, ...] = tuple(value) if listed else (value,) * count
    if len(values) != count or not all(is_integer(size) and size >= least for size in values):
        kind = "positive" if least else "non-negative"
        more = f" or {'two' if count == 2 else count} of them" if count > 1 else ""
        raise KonvError(f"{argument} must be a {kind} integer{more}, got {value!r}")
    return tuple(int(size) for size in values)


def pair(value: Any, argument: str) -> tuple[int, int]:
    """(rows, columns) from one positive integer or two.

    >>> pair(3, "kernel_size")
    (3, 3)
    """
    rows, columns = several(value, 2, argument)
    return rows, columns


def padding(value: Any, allowed: tuple[str, ...] = PADDINGS) -> str:
    """"valid" or "same", for sequences also "causal", in any case.

    >>> padding("SAME")
    'same'
    """
    names = " or ".join(f'"{name}"' for name in allowed)
    if isinstance(value, (tuple, list)):
        raise UnsupportedError(f"padding={value!r}: explicit sizes are not supported yet; use {names}")
    if not isinstance(value, str) or value.lower() not in allowed:
        raise KonvError(f"padding must be {names}, got {value!r}")
    return value.lower()


def data_format(value: Any) -> str:
    """"channels_last" or "channels_first"; None is what `konv.config.image_data_format` says.

    >>> data_format(None)
    'channels_last'
    """
    if value is None:
        return config.image_data_format()
    if not isinstance(value, str) or value.lower() not in config.DATA_FORMATS:
        raise KonvError(f'data_format must be "channels_last" or "channels_first", got {value!r}')
    return value.lower()


def number(value: Any, argument: str, low: float = -np.inf, high: float = np.inf) -> float:
    """A number between two bounds, both allowed.

    >>> number(0.5, "rate", 0, 1)
    0.5
    """
    good = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not good or not low <= value <= high:
        bounds = f" between {low:g} and {high:g}" if high < np.inf else f" of at least {low:g}" if low > -np.inf else ""
        raise KonvError(f"{argument} must be a number{bounds}, got {value!r}")
    return value.item() if isinstance(value, np.generic) else value


def flag(value: Any, argument: str) -> bool:
    """True or False; 1 and 0 do as well.

    >>> flag(1, "use_bias")
    True
    """
    if not isinstance(value, (bool, np.bool_)) and not (is_integer(value) and value in (0, 1)):
        raise KonvError(f"{argument} must be True or False, got {value!r}")
    return bool(value)


def choice(value: Any, argument: str, choices: tuple[str, ...]) -> str:
    """One of some words.

    >>> choice("wrap", "fill_mode", ("constant", "wrap"))
    'wrap'
    """
    if not isinstance(value, str) or value not in choices:
        raise KonvError(f"{argument} must be {' or '.join(repr(one) for one in choices)}, got {value!r}")
    return value


def seed(value: Any) -> int | None:
    """A non-negative integer, or None for numbers that follow from `konv.utils.set_random_seed`.

    >>> seed(None), seed(np.int64(3))
    (None, 3)
    """
    if isinstance(value, SeedGenerator):
        return value.seed
    if value is not None and not (is_integer(value) and value >= 0):
        raise KonvError(f"seed must be a non-negative integer or None, got {value!r}")
    return None if value is None else int(value)


def unbatched_axis(axis: int, rank: int) -> int:
    """The axis of a sample of `rank` axes from an axis that counts the batch.

    >>> unbatched_axis(3, 3), unbatched_axis(-1, 3)
    (2, -1)
    """
    if axis in (0, -rank - 1):
        others = ", ".join(str(i + 1) for i in range(rank))
        raise ShapeError(f"axis={axis} is the batch axis; use one of {others} or -1")
    if not -rank <= axis <= rank:
        raise ShapeError(f"axis={axis} does not exist in an input of {rank + 1} axes (batch first)")
    return axis - 1 if axis > 0 else axis


def keep(layer: Any, arguments: Mapping[str, Any]) -> None:
    """Parse the arguments of a constructor, its `locals()`, and keep each on the layer under its name.

    How an argument is read follows from its name: RULES has most, `layer.rules` those of one layer alone, and what ends in
    _initializer, _regularizer, _constraint or is an activation becomes the object that its module gives. Arguments without
    a rule are left to the constructor.
    """
    rules = RULES | layer.rules
    for argument, value in arguments.items():
        module = _MODULES.get(argument.rpartition("_")[2])
        if argument in rules:
            setattr(layer, argument, rules[argument](value, argument, layer))
        elif module is not None and argument != "activity_regularizer":  # which the base class has parsed
            try:
                setattr(layer, argument, module.get(value))
            except KonvError as error:
                prefix = "" if argument == "activation" else f"{argument}: "
                raise type(error)(f"{prefix}{error}") from None


def written(argument: str, value: Any) -> Any:
    """The value of an argument as a config has it: what stands for an object is serialized."""
    module = _MODULES.get(argument.rpartition("_")[2])
    return value if module is None else module.serialize(value)


def sizes(value: Any, argument: str) -> Shape:
    """The shape of one sample: a tuple of positive integers or None; one integer is a tuple of it.

    >>> sizes([28, None, 1], "input_shape")
    (28, None, 1)
    """
    listed: tuple[Any, ...] = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    for size in listed:
        if size is not None and not (is_integer(size) and size > 0):
            raise ShapeError(f"{argument}={value!r}: sizes must be positive integers or None, got {size!r}")
    return tuple(None if size is None else int(size) for size in listed)


def _whole(value: Any, argument: str, layer: Any) -> int:
    return positive_int(value, argument)


def _flag(value: Any, argument: str, layer: Any) -> bool:
    return flag(value, argument)


def _window(value: Any, argument: str, layer: Any) -> tuple[int, ...]:
    return several(value, layer.rank, argument)


Rule = Callable[[Any, str, Any], Any]
RULES: dict[str, Rule] = {
    **dict.fromkeys(("filters", "units", "groups", "depth_multiplier", "height", "width", "n"), _whole),
    **dict.fromkeys(("kernel_size", "strides", "dilation_rate", "pool_size"), _window),
    **dict.fromkeys(("use_bias", "center", "scale", "keepdims", "antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio"),
                    _flag),
    "padding": lambda value, argument, layer: padding(value, layer.paddings),
    "data_format": lambda value, argument, layer: data_format(value),
    "seed": lambda value, argument, layer: seed(value),
    "rate": lambda value, argument, layer: number(value, argument, 0, 1),
    "epsilon": lambda value, argument, layer: float(number(value, argument, 0)),
    **dict.fromkeys(("fill_value", "alpha"), lambda value, argument, layer: number(value, argument)),
    **dict.fromkeys(("negative_slope", "threshold"), lambda value, argument, layer: number(value, argument, 0)),
}


SHAPES = ("input_shape", "batch_input_shape", "input_dim")


def declared_shape(kwargs: dict[str, Any]) -> Shape | None:
    """Take the ways to say the input shape out of the keyword arguments: the first layer may carry it."""
    shape, size = kwargs.pop("input_shape", None), kwargs.pop("input_dim", None)
    whole = kwargs.pop("batch_input_shape", None)
    if size is not None:
        return sizes(size, "input_dim")
    if whole is not None:
        shape = tuple(whole)[1:]
    return None if shape is None else sizes(shape, "input_shape")


# arguments of Keras that change nothing when they are None, and are not supported otherwise: what to use instead
_NOT_YET = {
    "bounding_box_format": "leave it out; boxes are not moved along",
    "lora_rank": "leave it out",
    "lora_alpha": "leave it out",
    "quantization_config": "leave it out",
}


def refuse(arguments: dict[str, Any], owner: type) -> None:
    """Raise for whatever is left over of the arguments of a class; no argument is ignored."""
    for argument, value in arguments.items():
        if argument not in _NOT_YET:
            raise KonvError(f"unknown argument {argument}={value!r}{meant(owner, argument, *SHAPES)}")
        if value is not None:
            raise UnsupportedError(f"{argument}={value!r} is not supported yet; {_NOT_YET[argument]}")


def policy_name(dtype: Any) -> str | None:
    """The name of a dtype or policy, or of what a policy becomes in a config."""
    if isinstance(dtype, dict):
        return dtype.get("config", {}).get("name")
    if dtype is None or isinstance(dtype, str):
        return dtype or "float32"
    return getattr(dtype, "name", getattr(dtype, "__name__", None))


def dtype_name(dtype: Any) -> str:
    """The name of the dtype of an input; the numbers become float32 in the engine."""
    try:
        return np.dtype(dtype or "float32").name
    except TypeError:
        raise KonvError(f"dtype={dtype!r} is not a type of numbers; use one such as 'float32' or 'uint8'") from None
