"""What a constructor of a layer says when it is called with the wrong arguments, or with the right ones in the wrong order."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from konv import activations
from konv.errors import ArgumentError, KonvError
from konv.ir.window import PADDINGS

KINDS = inspect.Parameter
# a text of one kind in the place of another argument
TEXTS = {"padding": PADDINGS, "data_format": ("channels_last", "channels_first"), "activation": tuple(activations.__all__)}


def explaining(cls: type) -> Callable[..., None]:
    """The constructor of a class with errors that name the class, what is missing, and what may have been meant."""
    method: Any = cls.__init__

    @wraps(method)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except (TypeError, KonvError) as error:
            if type(self) is not cls:  # a subclass, whose own constructor made this call
                raise
            signature = _whole(cls)
            try:
                given = signature.bind(self, *args, **kwargs).arguments
            except TypeError as wrong:
                raise ArgumentError(f"{cls.__name__}: {wrong}; write {cls.__name__}({_shown(signature)})") from None
            hint = _misplaced(cls.__name__, dict(list(given.items())[1:])) if isinstance(error, KonvError) else ""
            if not hint:
                raise
            raise type(error)(f"{error}; {hint}") from None

    if method.__code__.co_flags & inspect.CO_VARARGS:  # all others say themselves what they take
        init.__signature__ = _whole(cls)  # type: ignore[attr-defined]
    return init


def _whole(cls: type) -> inspect.Signature:
    """The signature with the arguments that *args hands on to the class before."""
    first, *others = [inspect.signature(base.__init__) for base in cls.__mro__ if "__init__" in vars(base)]
    own = list(first.parameters.values())
    if any(one.kind is KINDS.VAR_POSITIONAL for one in own) and others:
        more = [one for one in others[0].parameters.values()
                if one.kind is KINDS.POSITIONAL_OR_KEYWORD and one.name not in first.parameters]
        own = [*(one for one in own if one.kind is KINDS.POSITIONAL_OR_KEYWORD), *more,
               *(one for one in own if one.kind is KINDS.VAR_KEYWORD)]
    return first.replace(parameters=own)


def _shown(signature: inspect.Signature) -> str:
    """The first arguments, as in a call."""
    known = [one for one in list(signature.parameters.values())[1:] if one.kind is KINDS.POSITIONAL_OR_KEYWORD]
    needed = sum(one.default is KINDS.empty for one in known)
    first = [one.name if one.default is KINDS.empty else f"{one.name}={one.default!r}" for one in known[:max(needed, 4)]]
    return ", ".join([*first, *(["..."] if len(known) > len(first) else [])])


def _misplaced(name: str, given: Mapping[str, Any]) -> str:
    """What may have been meant, or nothing."""
    if isinstance(given.get("filters"), (tuple, list)) and isinstance(given.get("kernel_size"), int):
        return f"the number of filters comes first: {name}({given['kernel_size']}, {given['filters']})"
    for argument, value in given.items():
        for meant, texts in TEXTS.items():
            if isinstance(value, str) and value in texts and argument not in TEXTS and not argument.endswith("er") and (
                    argument != "name"):
                return f"{value!r} came as {argument}: write {meant}={value!r}"
    return ""
