"""konv: a small CNN library with the interface of Keras, fast on the CPU, that explains its arithmetic.

Everything is imported at first use, so that `import konv` costs next to nothing.
"""

from importlib import import_module
from typing import Any

# name: the module it is in
_CLASSES = {
    "Input": "konv.layers",
    "Layer": "konv.layers",
    "Model": "konv.models",
    "Sequential": "konv.models",
    "Variable": "konv.variables",
    "load_model": "konv.saving",
}

_MODULES = (
    "activations", "backend", "callbacks", "config", "constraints", "datasets", "errors", "explain", "initializers",
    "layers", "losses", "metrics", "models", "optimizers", "random", "regularizers", "saving", "utils",
)


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        value = getattr(import_module(_CLASSES[name]), name)
    elif name in _MODULES:
        value = import_module(f"konv.{name}")
    elif name == "__version__":
        value = _version()
    else:
        raise AttributeError(f"module 'konv' has no attribute {name!r}")
    globals()[name] = value
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("konv")
    except PackageNotFoundError:  # a checkout that was not installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({*globals(), "__version__", *_CLASSES, *_MODULES})
