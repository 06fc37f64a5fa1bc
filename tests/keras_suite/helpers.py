"""What Keras's test files take from Keras besides what they test: tensors, trees, shapes, types, random numbers.

konv computes on NumPy arrays, so these are NumPy. What konv offers itself is never taken from here.
"""

import os
from typing import Any

import numpy as np
import pytest

import konv
from konv.saving import reader
from konv.tracing.tensors import Tensor


def find(parts: list[str], name: str) -> Any:
    """The helper of that name in a module of Keras, or None."""
    if name in TREE and parts[:1] == ["tree"]:
        return TREE[name]
    if name in EVERYWHERE:
        return EVERYWHERE[name]
    if parts[:1] == ["testing"] or (not parts and name == "testing"):
        from tests.keras_suite import testing

        return testing if name in ("testing", "test_case", "test_utils") else getattr(testing, name, None)
    if parts[:1] == ["random"] or parts == ["backend", "random"]:
        return getattr(konv.random, name, None) or RANDOM.get(name)
    if parts[:2] == ["dtype_policies", "dtype_policy"]:
        return getattr(konv.config, name, None)
    if parts in (["saving", "saving_lib"], ["legacy", "saving", "legacy_h5_format"], ["saving", "object_registration"]):
        return FILES.get(name)
    if parts == ["utils", "file_utils"]:
        return getattr(os.path, name, None) or getattr(os, name, None)
    if parts == ["utils", "summary_utils"]:
        from konv.explain.text import summary

        return getattr(summary, name, None)
    if parts[:1] in (["ops"], ["backend"]):
        found = getattr(konv.ops, name, None) or ARRAYS.get(name) or (BACKEND.get(name) if parts[0] == "backend" else None)
        return found or (getattr(np, name, None) if parts in (["ops"], ["ops", "numpy"], ["backend", "numpy"]) else None)
    return None


# --- tensors ------------------------------------------------------------------------------------------


class _TensorType(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor)


class KerasTensor(metaclass=_TensorType):
    """Keras's symbolic tensor: in konv that is what `Input` gives."""

    def __new__(cls, shape: Any, dtype: str = "float32", sparse: bool = False, ragged: bool = False, name: Any = None) -> Any:
        return konv.Input(batch_shape=shape, dtype=dtype, sparse=sparse, ragged=ragged, name=name)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> np.ndarray:
    array = np.asarray(x)
    if dtype is None and not hasattr(x, "dtype"):  # Python's own numbers
        dtype = {"f": "float32", "i": "int32"}.get(array.dtype.kind)
    return array.astype(standardize_dtype(dtype)) if dtype is not None else array


def standardize_dtype(dtype: Any) -> str:
    if dtype is None:
        return "float32"
    named = {"float": "float32", float: "float32", "int": "int32", int: "int32", "string": "str"}
    return named.get(dtype) or np.dtype(getattr(dtype, "name", dtype)).name


def is_float_dtype(dtype: Any) -> bool:
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_tensor(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def cast(x: Any, dtype: Any) -> np.ndarray:
    return np.asarray(x).astype(standardize_dtype(dtype))


def shape(x: Any) -> tuple[int | None, ...]:
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> np.ndarray:
    return np.eye(num_classes, dtype=standardize_dtype(dtype))[np.asarray(x)]


def _made(make: Any) -> Any:
    def array(*args: Any, dtype: Any = None, **kwargs: Any) -> np.ndarray:
        return make(*args, **kwargs).astype(standardize_dtype(dtype))

    return array


# --- nested structures --------------------------------------------------------------------------------


def flatten(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def map_structure(function: Any, *structures: Any) -> Any:
    first = structures[0]
    if isinstance(first, dict):
        return {key: map_structure(function, *(part[key] for part in structures)) for key in first}
    if isinstance(first, (list, tuple)):
        return type(first)(map_structure(function, *parts) for parts in zip(*structures, strict=True))
    return function(*structures)


def assert_same_structure(a: Any, b: Any) -> None:
    map_structure(lambda x, y: None, a, b)


# --- random numbers -----------------------------------------------------------------------------------


def _generator(seed: Any) -> np.random.Generator:
    return konv.random.generator(seed if isinstance(seed, (int, type(None))) else None)


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> np.ndarray:
    return _generator(seed).uniform(minval, maxval, shape).astype(standardize_dtype(dtype))


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> np.ndarray:
    return _generator(seed).normal(mean, stddev, shape).astype(standardize_dtype(dtype))


# --- what is asked of the backend ---------------------------------------------------------------------


def skip_if_backend(backend: str, reason: str) -> Any:
    return pytest.mark.skipif(backend == "konv", reason=reason)


FILES: dict[str, Any] = {
    "save_weights_only": konv.saving.save_weights, "load_weights_only": konv.saving.load_weights,
    "save_model_to_hdf5": lambda model, path, overwrite=True, include_optimizer=True: konv.saving.save_model(
        model, path, overwrite, include_optimizer=include_optimizer),
    "load_model_from_hdf5": konv.saving.load_model, "GLOBAL_CUSTOM_OBJECTS": konv.saving.get_custom_objects(),
    "_CONFIG_FILENAME": reader.CONFIG, "_METADATA_FILENAME": reader.METADATA, "_VARS_FNAME_H5": reader.WEIGHTS,
}
TREE = {"flatten": flatten, "map_structure": map_structure, "assert_same_structure": assert_same_structure}
EVERYWHERE = {"KerasTensor": KerasTensor, "standardize_dtype": standardize_dtype, "is_float_dtype": is_float_dtype}
RANDOM = {"uniform": uniform, "normal": normal}
ARRAYS: dict[str, Any] = {
    "convert_to_tensor": convert_to_tensor, "convert_to_numpy": np.asarray, "cast": cast, "shape": shape,
    "ones": _made(np.ones), "zeros": _made(np.zeros), "full": _made(np.full), "array": convert_to_tensor,
    "is_tensor": is_tensor, "one_hot": one_hot,
}
BACKEND: dict[str, Any] = {
    "backend": lambda: "konv", "Variable": konv.Variable, "config": konv.config,
    "floatx": konv.config.floatx, "epsilon": konv.config.epsilon, "image_data_format": konv.config.image_data_format,
    "set_image_data_format": konv.config.set_image_data_format, "set_floatx": konv.config.set_floatx,
    "standardize_shape": tuple, "compute_output_spec": lambda function, *args, **kwargs: function(*args, **kwargs),
}
# False counts too: find() takes None alone for "not here"
FLAGS = {"SUPPORTS_SPARSE_TENSORS": False, "SUPPORTS_RAGGED_TENSORS": False, "SUPPORTS_COMPLEX_DTYPES": False}
EVERYWHERE |= FLAGS | {"Functional": konv.Model}  # konv has one class for them
