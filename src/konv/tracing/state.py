"""What tracing keeps of one layer, and the name scopes in which layers stand."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

_layers: ContextVar[tuple[Any, ...]] = ContextVar("layers", default=())  # whose `build` or `call` runs, the innermost last
_keras_scope: ContextVar[str] = ContextVar("keras_scope", default="")  # of the layer around, as Keras says it


class TracingState:
    """What tracing keeps of one layer. A layer has it from `__new__` on, before any constructor has run.

    `path` is the name with those of the layers around it in front: how graphs find its weights. `keras_path` is the same as
    Keras says it: a Sequential is one of the layers around, and a path may come twice. Both are None until they are settled.
    """

    def __init__(self, given: Arguments | None = None) -> None:
        self.given = given  # the arguments of the constructor, of a layer with a `call` of its own
        self.ready = False  # whether the constructor of Layer has run
        self.path: str | None = None
        self.keras_path: str | None = None
        self.inner_paths: set[str] = set()  # those that are taken
        self.weights: dict[str, Any] = {}  # of the layer itself, by name
        self.sublayers: dict[Any, None] = {}
        self.called: Arguments | None = None  # the arguments that it was built with, placeholders for tensors
        self.traces: dict[Any, Any] = {}
        self.losses: list[float] = []  # what the last call on arrays added
        self.last_call: Any = None  # on symbolic tensors


def settle(layer: Any) -> None:
    """Where a layer is built for the first time says where it belongs."""
    state: TracingState = layer._tracing
    outer, scope = _layers.get(), _keras_scope.get()
    if state.keras_path is None:
        state.keras_path = f"{scope}/{layer.name}" if scope else layer.name
    if not outer or state.path is not None or outer[-1] is layer:
        return
    taken: set[str] = outer[-1]._tracing.inner_paths
    path, number = f"{outer[-1].path}/{layer.name}", 0
    while path in taken:
        number += 1
        path = f"{outer[-1].path}/{layer.name}_{number}"
    taken.add(path)
    state.path = path


def keras_path(layer: Any) -> str:
    """The path of a layer as Keras says it."""
    return layer._tracing.keras_path or layer.name


def move(layer: Any, path: str) -> None:
    """Let a layer and its weights be found by another path."""
    if path != layer.path:
        layer._tracing.path = path
        for key, variable in layer._tracing.weights.items():
            variable.key = f"{path}/{key}"


@contextmanager
def inside(layer: Any) -> Generator[None, None, None]:
    """While the `build` or `call` of a layer runs: what is built is in it."""
    token = _layers.set((*_layers.get(), layer))
    try:
        with keras_scope(layer):
            yield
    finally:
        _layers.reset(token)


@contextmanager
def keras_scope(layer: Any) -> Generator[None, None, None]:
    """What is built is in the layer, as Keras says it."""
    token = _keras_scope.set(keras_path(layer))
    try:
        yield
    finally:
        _keras_scope.reset(token)
