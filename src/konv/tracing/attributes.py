"""Attribute tracking: attributes of a layer of the user's that are layers or weights, also in lists, tuples and dicts, in the
order in which they were set, as in Keras.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, SupportsIndex, cast

from konv.errors import KonvError
from konv.tracing.state import TracingState, keras_path, settle
from konv.variables import Variable

CONTAINERS: tuple[Any, ...] = (list, tuple, dict)
UNTRACKED = frozenset(("inputs", "outputs", "input", "output", "input_shapes", "history", "optimizer",
                       "compile_arguments", "declared_shape", "loss"))


class AttributeTracking:
    """Watches the attributes of layers with a `call` of their own."""

    is_composed: ClassVar[bool] = False  # whether the class has a `call` of its own
    _tracing: TracingState

    def __setattr__(self, name: str, value: Any) -> None:
        watches = type(self).is_composed and name not in UNTRACKED
        if watches and isinstance(value, (AttributeTracking, Variable, *CONTAINERS)):
            if not self._tracing.ready and any(True for _ in found_in(value)):
                raise KonvError(f"{type(self).__name__}: call super().__init__() before self.{name} = ...")
            value = watched(value, self)
            track(self, value)
        object.__setattr__(self, name, value)

    @property
    def sublayers(self) -> list[Any]:
        """The layers in this one: among its attributes, or of a functional model those of its graph."""
        return list(self._tracing.sublayers)


def track(owner: Any, value: Any) -> None:
    """Note the layers and weights in a value as the owner's."""
    for item in found_in(value):
        if isinstance(item, Variable):
            own(owner, item)
        elif item is not owner:
            owner._tracing.sublayers.setdefault(item)


def own(layer: Any, variable: Variable) -> None:
    """Take a weight among those of a layer, under its name unless that is taken, and tell it where it is."""
    weights: dict[str, Variable] = layer._tracing.weights
    if any(variable is other for other in weights.values()):
        return
    settle(layer)
    key, number = variable.name, 0
    while key in weights:
        number += 1
        key = f"{variable.name}_{number}"
    weights[key] = variable
    variable.key, variable.path, variable.owner = f"{layer.path}/{key}", f"{keras_path(layer)}/{key}", layer


def own_weights(layer: Any) -> list[Variable]:
    """The weights of a layer itself, the trainable first."""
    weights: dict[str, Variable] = layer._tracing.weights
    return sorted(weights.values(), key=lambda variable: not variable.trainable)


def found_in(value: Any, around: tuple[int, ...] = ()) -> Iterable[Any]:
    """The layers and weights in a value; a list that is in itself is looked through once."""
    if isinstance(value, (AttributeTracking, Variable)):
        yield value
    elif isinstance(value, CONTAINERS) and (identity := id(value)) not in around:
        items = cast("dict[Any, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
        for item in items:
            yield from found_in(item, (*around, identity))


def watched(value: Any, owner: AttributeTracking) -> Any:
    """Lists and dicts that tell their owner what is put into them later."""
    if type(value) is list:
        return List(owner, [watched(item, owner) for item in cast("list[Any]", value)])
    if type(value) is dict:
        return Dict(owner, {key: watched(item, owner) for key, item in cast("dict[Any, Any]", value).items()})
    return value


class List(list[Any]):
    """A list that an owner watches."""

    def __init__(self, owner: AttributeTracking, items: Iterable[Any] = ()) -> None:
        super().__init__(items)
        self._owner = owner

    def append(self, item: Any) -> None:
        track(self._owner, item)
        super().append(watched(item, self._owner))

    def insert(self, index: SupportsIndex, item: Any) -> None:
        track(self._owner, item)
        super().insert(index, watched(item, self._owner))

    def extend(self, items: Iterable[Any]) -> None:
        for item in items:
            self.append(item)

    def __iadd__(self, items: Iterable[Any]) -> "List":  # type: ignore[override]
        self.extend(items)
        return self

    def __setitem__(self, index: Any, item: Any) -> None:
        track(self._owner, item)
        super().__setitem__(index, item)


class Dict(dict[Any, Any]):
    """A dict that an owner watches."""

    def __init__(self, owner: AttributeTracking, items: dict[Any, Any]) -> None:
        super().__init__(items)
        self._owner = owner

    def __setitem__(self, key: Any, item: Any) -> None:
        track(self._owner, item)
        super().__setitem__(key, watched(item, self._owner))

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, item in dict(*args, **kwargs).items():
            self[key] = item

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]
