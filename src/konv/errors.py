"""The errors that a user meets: each names who complains, about which argument, what came and what would do."""

import difflib
import inspect
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class KonvError(ValueError):
    """Base of all errors raised on purpose; a ValueError, as in Keras."""


class ShapeError(KonvError):
    """A size, a rank or a channel count that does not fit."""


class UnsupportedError(KonvError, NotImplementedError):
    """A valid Keras argument, class or model that konv does not support yet."""


class ArgumentError(KonvError, TypeError):
    """An argument that a method does not take; a TypeError, as Python raises it."""


class ReservedNameError(KonvError, AttributeError):
    """An attribute that konv keeps for itself; an AttributeError, as Python raises it."""


class StoppedError(KonvError, RuntimeError):
    """Training that was asked to raise when it goes wrong, and went wrong; a RuntimeError, as in Keras."""


class FileError(KonvError):
    """A file that is truncated, foreign, dangerous or not an image."""


class MissingExtraError(KonvError, ImportError):
    """An optional library that is not installed; the message names the extra that brings it."""


@contextmanager
def naming(owner: str) -> Iterator[None]:
    """Put the name of the layer before any KonvError raised inside: `Conv2D "conv2d_1": ...`.

    One about a file names the file already, and the layer or model has nothing to do with it.
    """
    try:
        yield
    except FileError:
        raise
    except KonvError as error:
        text = str(error)
        if text.startswith(f"{owner}: "):
            raise
        raise type(error)(f"{owner}: {text}") from None


def warn(message: str) -> None:
    """A UserWarning at the line of the user's program that called konv, however deep inside the reason was found."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("konv."):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def import_extra(module: str, extra: str) -> Any:
    """Import an optional library, or say which extra installs it."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError:
        library = module.partition(".")[0]
        raise MissingExtraError(f"{library} is not installed; install it with: pip install 'konv[{extra}]'") from None


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that was probably meant; upper and lower case do not count.

    >>> nearest("Conv2d", ["Conv2D", "Dense"])
    'Conv2D'
    """
    spelled: dict[str, str] = {}
    for known in names:
        spelled.setdefault(known.lower(), known)
    near = difflib.get_close_matches(name.lower(), spelled, n=1)
    return spelled[near[0]] if near else None


# arguments that were called otherwise in older versions of Keras
RENAMED = {"lr": "learning_rate", "nb_filter": "filters", "border_mode": "padding", "subsample": "strides",
           "init": "kernel_initializer", "dim_ordering": "data_format"}


def meant(owner: type, argument: str, *more: str) -> str:
    """`; did you mean "activation"?` for an argument that a class does not have, or nothing.

    >>> meant(KonvError, "activatoin")
    ''
    """
    known = [name for cls in owner.__mro__ if inspect.isfunction(cls.__init__)
             for name in inspect.signature(cls.__init__).parameters]
    known += more
    near = RENAMED.get(argument) if RENAMED.get(argument) in known else nearest(argument, known)
    return f'; did you mean "{near}"?' if near else ""


def plural(count: int, noun: str) -> str:
    """The number and the noun in its form.

    >>> plural(1, "class"), plural(1200, "class"), plural(2, "file")
    ('1 class', '1,200 classes', '2 files')
    """
    return f"{count:,} {noun}{'' if count == 1 else 'es' if noun.endswith('s') else 's'}"
