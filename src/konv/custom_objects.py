"""Classes and functions of the user's own that files may name."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from konv.errors import KonvError

_registered: dict[str, Any] = {}
_scope: ContextVar[Mapping[str, Any]] = ContextVar("custom_objects", default={})  # noqa: B039 (never written)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """A decorator: the class or function is found again when a file names it, as `package>name`.

    >>> @register_keras_serializable("mine")
    ... def half(y_true, y_pred):
    ...     return y_pred / 2
    >>> get_registered_name(half), get_registered_object("mine>half") is half
    ('mine>half', True)
    """
    def decorator(item: Any) -> Any:
        if isinstance(item, type) and not hasattr(item, "get_config"):
            raise KonvError(f"register_keras_serializable: {item.__name__} has no method get_config")
        _registered[f"{package}>{name or item.__name__}"] = item
        return item

    return decorator


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function was registered; else its own."""
    return next((name for name, item in _registered.items() if item is obj), getattr(obj, "__name__", str(obj)))


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None,
                          module_objects: Mapping[str, Any] | None = None) -> Any:
    """The class or function of that name, None if there is none."""
    return next((found[name] for found in (_scope.get(), custom_objects or {}, _registered, module_objects or {})
                 if name in found), None)


def get_custom_objects() -> dict[str, Any]:
    """The dict of registered objects; what is put into it is found too.

    >>> isinstance(get_custom_objects(), dict)
    True
    """
    return _registered


def known_objects(given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All that a file may name, by registered name and by the name of the class or function."""
    own = {key.rpartition(">")[2]: item for key, item in _registered.items()}
    return own | _registered | dict(_scope.get()) | dict(given or {})


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Within it files may name these classes and functions.

    >>> with custom_object_scope({"half": 0.5}):
    ...     get_registered_object("half")
    0.5
    """
    token = _scope.set({**_scope.get(), **custom_objects})
    try:
        yield
    finally:
        _scope.reset(token)


CustomObjectScope = custom_object_scope
