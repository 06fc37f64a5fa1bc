"""One way to turn an object into the dict that Keras writes, and a name or such a dict back into an object."""

import inspect
import re
import reprlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from konv.errors import KonvError, nearest


def snake_case(name: str) -> str:
    """GlorotUniform -> glorot_uniform, L1L2 -> l1l2, MaxPooling2D -> max_pooling2d: the second spelling of a class."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


_names: Counter[str] = Counter()


def auto_name(prefix: str) -> str:
    """conv2d, conv2d_1, conv2d_2, ...: the names of layers and metrics that the user gives none."""
    count = _names[prefix]
    _names[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def reset_names() -> None:
    """Start the automatic names again at `conv2d`.

    >>> reset_names()
    """
    _names.clear()


def clear_session(free_memory: bool = True) -> None:
    """Start the automatic layer names again, as Keras does; konv keeps no other state.

    >>> import konv
    >>> konv.utils.clear_session()
    >>> konv.layers.Flatten().name
    'flatten'
    """
    reset_names()


class Registry:
    """The classes of one module of Keras, found by class name, by snake_case name or by alias."""

    def __init__(self, what: str, module: str, classes: tuple[type, ...], aliases: Mapping[str, type] | None = None) -> None:
        self.what, self.module = what, module
        self.classes = {cls.__name__: cls for cls in classes}
        self.names: dict[str, type] = {snake_case(name): cls for name, cls in self.classes.items()}
        self.names |= self.classes | dict(aliases or {})

    def get(self, identifier: Any) -> Any:
        """An object from a name, a class, a config or the object itself; None stays None."""
        if identifier is None:
            return None
        if isinstance(identifier, str):
            return self._class(identifier)()
        if isinstance(identifier, Mapping):
            return self.deserialize(identifier)
        if inspect.isclass(identifier):
            identifier = identifier()
        if not callable(identifier):
            raise KonvError(f"{identifier!r} is not {self._article} {self.what}; give a name or an instance")
        return identifier

    def serialize(self, item: Any) -> dict[str, Any] | None:
        """The dict that Keras writes for an object; None stays None."""
        if item is None:
            return None
        name = type(item).__name__
        if self.classes.get(name) is type(item):
            return _written(self.module, name, item.get_config(), None)
        if not hasattr(item, "get_config"):
            return _written("builtins", "function", getattr(item, "__name__", name), "function")
        return _written(type(item).__module__, name, item.get_config(), name)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The inverse of `serialize`; `custom_objects` maps further names to classes or functions."""
        if config is None:
            return None
        name, arguments = (config, {}) if isinstance(config, str) else (config.get("class_name"), config.get("config"))
        if name == "function":
            name, arguments = arguments, {}
        if not isinstance(name, str):
            raise KonvError(f"the config of {self._article} {self.what} needs a class_name, got {reprlib.repr(config)}")
        found = (custom_objects or {}).get(name) or self._class(name)
        if not inspect.isclass(found):
            return found
        build: Callable[..., Any] = getattr(found, "from_config", lambda given: found(**given))
        return build(dict(arguments or {}))

    def _class(self, name: str) -> type:
        if name in self.names:
            return self.names[name]
        near = nearest(name, self.names)
        hint = f'did you mean "{near}"?' if near else f"there are: {', '.join(self.classes)}"
        raise KonvError(f'"{name}" is not the name of {self._article} {self.what}; {hint}')

    @property
    def _article(self) -> str:
        return "an" if self.what[0] in "aeiou" else "a"


def _written(module: str, class_name: str, config: Any, registered_name: str | None) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered_name}
