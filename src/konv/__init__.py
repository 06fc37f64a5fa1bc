"""konv: a small CNN library with the interface of Keras, fast on the CPU, that explains its arithmetic.

Everything is imported at first use, so that `import konv` costs next to nothing.
"""

from importlib import import_module
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
        from konv.hints import absence

        raise absence("konv", name, [*_CLASSES, *_MODULES])
    globals()[name] = value
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("konv")
    except PackageNotFoundError:  # a checkout that was not installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({"__version__", *_CLASSES, *_MODULES})
