"""Imports of `keras` and `keras.src.*` give konv: what Keras's test files see in place of Keras.

A module of this shape stands for each module of Keras. A name in it is looked for in `helpers` (what only tests need), then
in the module of konv that corresponds. What konv does not have is an `Absent`: test files may name it where they are read, and
using it fails.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

# besides Keras itself: libraries that some test files import at the top, whether they are installed here or not
ABSENT = ("tensorflow", "torch", "tensorflow_io", "grain")

# formulas on integers that test files compute what they expect with: Keras's own, from the file where it lies
FORMULAS = ("keras.src.backend.common.backend_utils",)


class AbsentError(Exception):
    """A test needs what konv does not have. Not a ValueError: no test can take it for the error that it expects."""


class Absent:
    """A name of Keras that konv does not have; it may be passed around and fails when used."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise AbsentError(f"konv has no {self._name}")

    def __mro_entries__(self, bases: Any) -> Any:  # a class in a test file may name it as its base
        return (Missing,)

    def __repr__(self) -> str:
        return f"<absent {self._name}>"


class Missing:
    """The base of classes in test files whose base konv does not have."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise AbsentError(f"konv has no base for {type(self).__name__}")


class Mirror(ModuleType):
    """One module of Keras."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = self._find(name)
        setattr(self, name, value)
        return value

    def _find(self, name: str) -> Any:
        whole = f"{self.__name__}.{name}"
        if self.__name__.split(".")[0] in ABSENT:
            return Absent(whole)
        parts = [part for part in self.__name__.split(".") if part not in ("keras", "src")]
        helpers = import_module("tests.keras_suite.helpers")
        found = helpers.find(parts, name)
        if found is not None:
            return found
        place = FINDER.wheel / "src" / Path(*parts, name)
        if name.islower() and (place.with_suffix(".py").exists() or place.is_dir()):
            return import_module(whole)
        for module in _counterparts(parts):
            if (value := getattr(module, name, None)) is not None:
                return value
        return Absent(".".join((*parts, name)))


def _counterparts(parts: list[str]) -> list[ModuleType]:
    """The modules of konv that may hold what the module of Keras holds: konv.layers for layers.convolutional.conv."""
    found = []
    names = [".".join(parts[:end]) for end in range(len(parts), 0, -1)] + parts[-1:] + [""]
    for name in dict.fromkeys(names):
        try:
            found.append(import_module(f"konv.{name}".rstrip(".")))
        except ImportError:
            continue
    return found


class Finder:
    """Finds every module below `keras`: test files in the folder of copies, all others as mirrors."""

    wheel: Path
    copies: Path

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        root, *rest = name.split(".")
        if root not in ("keras", *ABSENT):
            return None
        if rest and rest[-1].endswith("_test"):
            return spec_from_file_location(name, (self.copies / Path(*rest[1:])).with_suffix(".py"))
        place = self.wheel.joinpath(*rest)
        if name in FORMULAS:
            return spec_from_file_location(name, place.with_suffix(".py"))
        if root == "keras" and rest[:1] not in ([], ["src"]):  # keras.layers, as users know it
            place = self.wheel / "src" / Path(*rest)
        if root == "keras" and not place.is_dir() and not place.with_suffix(".py").exists():
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Mirror(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


FINDER = Finder()


def install(wheel: Path, copies: Path) -> None:
    """From now on `keras` is konv in this process."""
    loaded = [name for name in sys.modules if name.split(".")[0] in ("keras", *ABSENT)]
    if loaded:
        raise RuntimeError(f"konv must be the only keras that the tests see; loaded already: {loaded}")
    FINDER.wheel, FINDER.copies = wheel, copies
    sys.meta_path.insert(0, FINDER)  # type: ignore[arg-type]
