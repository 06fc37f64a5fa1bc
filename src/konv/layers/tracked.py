"""Attributes of a layer of the user's that are layers or weights, also in lists, tuples and dicts, in the order in which they
were set, as in Keras.
"""

from collections.abc import Iterable
from typing import Any

from konv.errors import KonvError
from konv.variables import Variable


class Tracked:
    """Watches the attributes of layers with a `call` of their own."""

    is_composed = False

    def __setattr__(self, name: str, value: Any) -> None:
        if type(self).is_composed and isinstance(value, (Tracked, Variable, list, tuple, dict)) and name not in UNTRACKED:
            if "variables_by_name" not in self.__dict__ and any(True for _ in found_in(value)):
                raise KonvError(f"{type(self).__name__}: call super().__init__() before self.{name} = ...")
            value = watched(value, self)
            self.track(value)
        object.__setattr__(self, name, value)

    @property
    def sublayers(self) -> list[Any]:
        """The layers among the attributes."""
        return list(self.__dict__.get("_sublayers", ()))

    def track(self, value: Any) -> None:
        """Note the layers and weights in a value."""
        for item in found_in(value):
            if isinstance(item, Variable):
                self._own(item)
            elif item is not self:
                self.__dict__.setdefault("_sublayers", {}).setdefault(item)

    def _own(self, variable: Variable) -> None:
        raise NotImplementedError


UNTRACKED = frozenset(("inputs", "outputs", "input", "output", "input_shapes", "variables_by_name", "history", "optimizer",
                       "compile_arguments", "declared_shape", "loss"))


def found_in(value: Any, around: tuple[int, ...] = ()) -> Iterable[Any]:
    """The layers and weights in a value; a list that is in itself is looked through once."""
    if isinstance(value, (Tracked, Variable)):
        yield value
    elif isinstance(value, (dict, list, tuple)) and id(value) not in around:
        for item in value.values() if isinstance(value, dict) else value:
            yield from found_in(item, (*around, id(value)))


def watched(value: Any, owner: Tracked) -> Any:
    """Lists and dicts that tell their owner what is put into them later."""
    if type(value) is list:
        return List(owner, [watched(item, owner) for item in value])
    if type(value) is dict:
        return Dict(owner, {key: watched(item, owner) for key, item in value.items()})
    return value


class List(list):
    """A list that an owner watches."""

    def __init__(self, owner: Tracked, items: Iterable[Any] = ()):
        super().__init__(items)
        self._owner = owner

    def append(self, item) -> None:
        self._owner.track(item)
        super().append(watched(item, self._owner))

    def insert(self, index, item) -> None:
        self._owner.track(item)
        super().insert(index, watched(item, self._owner))

    def extend(self, items) -> None:
        for item in items:
            self.append(item)

    def __iadd__(self, items):  # type: ignore[override]
        self.extend(items)
        return self

    def __setitem__(self, index, item) -> None:
        self._owner.track(item)
        super().__setitem__(index, item)


class Dict(dict):
    """A dict that an owner watches."""

    def __init__(self, owner: Tracked, items: dict[Any, Any]):
        super().__init__(items)
        self._owner = owner

    def __setitem__(self, key, item) -> None:
        self._owner.track(item)
        super().__setitem__(key, watched(item, self._owner))

    def update(self, *args, **kwargs) -> None:
        for key, item in dict(*args, **kwargs).items():
            self[key] = item

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]
