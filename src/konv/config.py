"""Settings that hold for the whole program, under the names of keras.config."""

from typing import Any

from konv.errors import KonvError, UnsupportedError
from konv.hints import module_attributes

DATA_FORMATS = ("channels_last", "channels_first")

_settings = {"image_data_format": "channels_last", "epsilon": 1e-7}


def image_data_format() -> str:
    """The order of the axes of an image where a layer does not say: "channels_last" or "channels_first".

    >>> image_data_format()
    'channels_last'
    """
    return str(_settings["image_data_format"])


def set_image_data_format(data_format: str) -> None:
    """Set the order of the axes of an image for the layers made from now on.

    >>> set_image_data_format("channels_last")
    """
    if data_format not in DATA_FORMATS:
        raise KonvError(f"set_image_data_format: expected one of {DATA_FORMATS}, got {data_format!r}")
    _settings["image_data_format"] = data_format


def floatx() -> str:
    """The type of all weights and activations.

    >>> floatx()
    'float32'
    """
    return "float32"


def set_floatx(value: str) -> None:
    """Accept "float32", the one type that konv computes in so far.

    >>> set_floatx("float32")
    """
    _require_float32("set_floatx", value)


def epsilon() -> float:
    """The small number that keeps divisors and logarithms away from zero.

    >>> epsilon()
    1e-07
    """
    return float(_settings["epsilon"])


def set_epsilon(value: float) -> None:
    """Set the small number that keeps divisors and logarithms away from zero.

    >>> set_epsilon(1e-7)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise KonvError(f"set_epsilon: expected a positive number, got {value!r}")
    _settings["epsilon"] = float(value)


def dtype_policy() -> str:
    """The name of the policy of layers that do not give dtype=.

    >>> dtype_policy()
    'float32'
    """
    return "float32"


def set_dtype_policy(policy: Any) -> None:
    """Accept "float32", the one policy that konv supports so far.

    >>> set_dtype_policy("float32")
    """
    _require_float32("set_dtype_policy", policy)


def backend() -> str:
    """The name of the library that computes.

    >>> backend()
    'konv'
    """
    return "konv"


def _require_float32(function: str, value: Any) -> None:
    if getattr(value, "name", value) != "float32":
        raise UnsupportedError(f'{function}: {value!r} is not supported yet; konv computes in "float32"')


__all__ = [
    "backend", "dtype_policy", "epsilon", "floatx", "image_data_format", "set_dtype_policy", "set_epsilon",
    "set_floatx", "set_image_data_format",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
