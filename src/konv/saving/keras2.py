"""Models and weights of Keras 2 from HDF5 files: which array is whose."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from konv.errors import FileError, KonvError, UnsupportedError
from konv.layers.base import Layer
from konv.models import Model
from konv.saving.deserialization import Loader
from konv.saving.hdf5 import read_array
from konv.saving.keras2_config import modern_compile, modern_model
from konv.saving.keras2_h5 import LegacyFile, LegacyLayer
from konv.saving.keras3_weights import collected
from konv.saving.reader import parse_json
from konv.variables import Variable

Pairs = list[tuple[Variable, np.ndarray]]


def make_model(file: LegacyFile, loader: Loader) -> Model:
    """The model of a whole file, its weights not yet read."""
    if file.config is None:
        raise FileError("holds weights alone; make the model, then model.load_weights(path)")
    model = loader.layer(modern_model(parse_json(file.config, "model_config")))
    if not isinstance(model, Model):
        raise FileError(f"model_config holds {type(model).__name__}, not a model")
    if not model.built and file.layers:
        raise UnsupportedError("the shape of its input is not in the file; make the model, then model.load_weights(path)")
    return model


def compile_arguments(file: LegacyFile) -> dict[str, Any] | None:
    """What `compile` was given, in the manner of Keras 3; None if nothing."""
    return None if file.training is None else modern_compile(parse_json(file.training, "training_config"))


def read_weights(model: Model, file: LegacyFile, skip_mismatch: bool = False, by_name: bool = False) -> tuple[Pairs, list[str]]:
    """All weights of the model with their arrays, by the order of the layers or by their names, and what was skipped."""
    layers = [layer for layer in model.layers if layer.weights]
    found: list[tuple[Layer, LegacyLayer]]
    if by_name:
        named = {layer.name: layer for layer in layers}
        found = [(named[one.name], one) for one in file.layers if one.name in named]
    elif len(layers) != len(file.layers):
        raise FileError(f"{model.title} has {len(layers)} layers with weights, the file has {len(file.layers)}; "
                        f"by_name=True takes those of equal names")
    else:
        found = list(zip(layers, file.layers, strict=True))
    return collected((("", partial(_pairs, *pair)) for pair in found), skip_mismatch)


def _pairs(layer: Layer, one: LegacyLayer) -> Pairs:
    variables = [*layer.trainable_weights, *layer.non_trainable_weights]
    if len(variables) != len(one.arrays):
        raise FileError(f"{layer.title} has {len(variables)} weights, the file has {len(one.arrays)} for {one.name!r:.80}")
    return _zipped(variables, one.arrays, layer.title)


def _zipped(variables: Sequence[Variable], arrays: Sequence[Any], owner: str) -> Pairs:
    return [(variable, read_array(array, variable.shape, variable.dtype, f"{owner}: {array.name}"))
            for variable, array in zip(variables, arrays, strict=True)]


def read_optimizer(model: Model, file: LegacyFile) -> tuple[Pairs, list[str]]:
    """The state of the optimizer, if the file has the same; that of Keras 2 has other arrays, in another order."""
    variables = list(model.optimizer.variables) if model.optimizer is not None else []
    if not file.optimizer or not variables:
        return [], []
    try:
        if len(variables) != len(file.optimizer):
            raise FileError(f"it has {len(file.optimizer)} arrays, {type(model.optimizer).__name__} has {len(variables)}")
        return _zipped(variables, file.optimizer, f"optimizer {type(model.optimizer).__name__}"), []
    except KonvError as error:
        return [], [f"the state of the optimizer was not loaded: {error}"]
