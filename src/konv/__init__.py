"""konv: a small CNN library with the interface of Keras, fast on the CPU, that explains its arithmetic.

Everything is imported at first use, so that `import konv` costs next to nothing.
"""

import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for editors; at run time `__getattr__` imports each at its first use
    from konv import activations as activations
    from konv import backend as backend
    from konv import callbacks as callbacks
    from konv import config as config
    from konv import constraints as constraints
    from konv import datasets as datasets
    from konv import errors as errors
    from konv import explain as explain
    from konv import initializers as initializers
    from konv import layers as layers
    from konv import losses as losses
    from konv import metrics as metrics
    from konv import models as models
    from konv import ops as ops
    from konv import optimizers as optimizers
    from konv import preprocessing as preprocessing
    from konv import random as random
    from konv import regularizers as regularizers
    from konv import saving as saving
    from konv import utils as utils
    from konv.initializers import Initializer as Initializer
    from konv.layers import Input as Input
    from konv.layers import InputSpec as InputSpec
    from konv.layers import Layer as Layer
    from konv.losses import Loss as Loss
    from konv.metrics import Metric as Metric
    from konv.models import Model as Model
    from konv.models import Sequential as Sequential
    from konv.optimizers import Optimizer as Optimizer
    from konv.regularizers import Regularizer as Regularizer
    from konv.saving import load_model as load_model
    from konv.sklearn import KonvClassifier as KonvClassifier
    from konv.sklearn import KonvRegressor as KonvRegressor
    from konv.variables import Variable as Variable

# name: the module it is in
_CLASSES = {
    "Initializer": "konv.initializers",
    "Input": "konv.layers",
    "InputSpec": "konv.layers",
    "KonvClassifier": "konv.sklearn",
    "KonvRegressor": "konv.sklearn",
    "Layer": "konv.layers",
    "Loss": "konv.losses",
    "Metric": "konv.metrics",
    "Model": "konv.models",
    "Optimizer": "konv.optimizers",
    "Regularizer": "konv.regularizers",
    "Sequential": "konv.models",
    "Variable": "konv.variables",
    "load_model": "konv.saving",
}

_MODULES = (
    "activations", "backend", "callbacks", "config", "constraints", "datasets", "errors", "explain", "initializers",
    "layers", "losses", "metrics", "models", "ops", "optimizers", "preprocessing", "random", "regularizers", "saving", "utils",
)


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        value = getattr(import_module(_CLASSES[name]), name)
    elif name in _MODULES:
        value = import_module(f"konv.{name}")
    elif name == "__version__":
        value = _version()
    else:
        raise _absence(name)
    globals()[name] = value
    return value


def _absence(name: str) -> Exception:
    from konv.hints import absence, importing

    return absence("konv", name, [*_CLASSES, *_MODULES], importing(sys._getframe(2)))


class _Given:
    """Loads what is a module in Keras and an attribute in konv: konv.datasets.mnist."""

    def __init__(self, given: Any):
        self.create_module = lambda spec: given

    def exec_module(self, module: Any) -> None:
        pass


class _Absent:
    """The last to be asked for `import konv.applications`: says what there is instead, where Python would say nothing."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, missing = name.rpartition(".")
        if package.partition(".")[0] != "konv" or not missing.isidentifier() or missing.startswith("_"):
            return None
        if package == "konv.datasets" and missing in dir(sys.modules[package]):
            return ModuleSpec(name, _Given(getattr(sys.modules[package], missing)))  # type: ignore[arg-type]
        there = os.path.join(os.path.dirname(__file__), *name.split(".")[1:])
        # pytest asks every finder, whether the one before has found the module or not
        if not os.path.exists(there) and not os.path.exists(f"{there}.py"):
            from konv.hints import KERAS, absence

            if package == "konv" or missing in KERAS.get(package, ()):
                names = [*_MODULES] if package == "konv" else dir(sys.modules[package])
                raise absence(package, missing, names, imported=True)
        return None


sys.meta_path.append(_Absent)  # type: ignore[arg-type]


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("konv")
    except PackageNotFoundError:  # a checkout that was not installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({"__version__", *_CLASSES, *_MODULES})
