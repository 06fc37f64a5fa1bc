"""Lists, tuples and dicts of things, flattened and put together again; the keys of dicts in their sorted order, as in Keras."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard


def is_nest(value: Any) -> TypeGuard[Mapping[Any, Any] | Sequence[Any]]:
    """Whether there may be things inside the value."""
    return isinstance(value, (list, tuple, Mapping))


def _items(value: Mapping[Any, Any] | Sequence[Any]) -> list[Any]:
    return [value[key] for key in _keys(value)] if isinstance(value, Mapping) else list(value)


def _keys(value: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:  # keys of several kinds
        return list(value)


def flatten(value: Any) -> list[Any]:
    """All that is not a list, a tuple or a dict, from left to right.

    >>> flatten({"b": 1, "a": [2, (3, 4)]})
    [2, 3, 4, 1]
    """
    return [leaf for item in _items(value) for leaf in flatten(item)] if is_nest(value) else [value]


def transform(function: Callable[[Any], Any], value: Any) -> Any:
    """The same nest with the function's result in place of each thing.

    >>> transform(str, {"a": [1, (2, None)]})
    {'a': ['1', ('2', 'None')]}
    """
    if not is_nest(value):
        return function(value)
    if isinstance(value, Mapping):
        entries = {key: transform(function, value[key]) for key in _keys(value)}
        return {key: entries[key] for key in value}
    made = [transform(function, item) for item in value]
    kind: Any = type(value)
    return kind(*made) if hasattr(value, "_fields") else tuple(made) if kind is tuple else made


def pack(like: Any, leaves: Sequence[Any]) -> Any:
    """The nest `like` with other things in it.

    >>> pack({"b": 0, "a": [0]}, [1, 2])
    {'b': 2, 'a': [1]}
    """
    left: Iterator[Any] = iter(leaves)
    return transform(lambda _: next(left), like)


def same_structure(value: Any, other: Any) -> bool:
    """Whether both have the same keys and as many things in the same places.

    >>> same_structure({"a": [1, 2]}, {"a": (3, 4)}), same_structure({"a": 1}, {"b": 1})
    (True, False)
    """
    if not is_nest(value) or not is_nest(other):
        return is_nest(value) == is_nest(other)
    if isinstance(value, Mapping) != isinstance(other, Mapping) or len(value) != len(other):
        return False
    return (not (isinstance(value, Mapping) and isinstance(other, Mapping)) or _keys(value) == _keys(other)) and all(
        map(same_structure, _items(value), _items(other)))
