"""What a file of weights may hold of HDF5: checked as a whole when opened, read array by array against the shape wanted.

Keras writes plain arrays: contiguous, unfiltered, inside the file. Everything else that HDF5 can do (links to other
files, virtual arrays, external storage, compression, object types, fill values instead of data) is refused.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from konv.errors import FileError

MAX_OBJECTS = 200_000
MAX_DEPTH = 40  # a model inside a model adds 2
KINDS = {"f": "f", "i": "iu", "u": "iu"}  # kind of the weight: kinds of array that may fill it


def read_array(dataset: Any, shape: tuple[int, ...], dtype: Any, name: str) -> np.ndarray:
    """One array as `dtype`; FileError unless it has exactly this shape and holds elements of that kind."""
    dtype = np.dtype(dtype)
    if dataset.shape != shape:
        raise FileError(f"{name} has shape {dataset.shape}, the model needs {shape}")
    if dataset.dtype.kind not in KINDS[dtype.kind]:
        raise FileError(f"{name} holds {dataset.dtype}, the model needs {dtype}")
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, as in Keras
        return np.asarray(dataset[()], dtype=dtype)


def walk(h5py: Any, file: Any) -> Iterator[tuple[str, Any]]:
    """All groups and arrays by path, each group before what is in it; every link is checked before it is followed."""
    seen = {_address(h5py, file)}
    waiting = [("", file)]
    while waiting:
        path, group = waiting.pop()
        for name in group:
            item = _checked_item(h5py, group, name, path)
            if _address(h5py, item) in seen:  # a loop, or the same object under two names
                raise FileError(f"{path}/{name} is another name of an object that was seen already")
            seen.add(_address(h5py, item))
            if len(seen) > MAX_OBJECTS:
                raise FileError(f"holds more than {MAX_OBJECTS} objects")
            inner = f"{path}/{name}" if path else name
            if isinstance(item, h5py.Group):
                if inner.count("/") >= MAX_DEPTH:
                    raise FileError(f"its groups are nested deeper than {MAX_DEPTH} levels")
                waiting.append((inner, item))
            yield inner, item


def _checked_item(h5py: Any, group: Any, name: str, path: str) -> Any:
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise FileError(f"{path}/{name} is a link to another place ({type(link).__name__}); konv follows none")
    item = group[name]
    if not isinstance(item, (h5py.Group, h5py.Dataset)):
        raise FileError(f"{path}/{name} is neither a group nor an array")
    return item


def check_array(h5py: Any, dataset: Any, name: str, size: int) -> None:
    """An error where an array of a file is not what konv reads."""
    plan = dataset.id.get_create_plist()
    layout, kind = plan.get_layout(), dataset.dtype.kind
    if layout == h5py.h5d.VIRTUAL:
        raise FileError(f"{name} is a virtual array made of other files")
    if plan.get_external_count():
        raise FileError(f"{name} is stored in another file")
    if plan.get_nfilters() or layout == h5py.h5d.CHUNKED:
        raise FileError(f"{name} is compressed or stored in chunks; Keras stores plain arrays")
    if kind not in "fiu" or dataset.dtype.itemsize > 8 or dataset.attrs.get("dtype") is not None:
        raise FileError(f"{name} holds {dataset.attrs.get('dtype', dataset.dtype)}; weights are float16, 32 or 64")
    if dataset.shape is None:
        raise FileError(f"{name} has no shape")
    claimed, stored = math.prod(dataset.shape) * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if claimed != stored or stored > size:
        raise FileError(f"{name} claims {claimed} bytes of shape {dataset.shape}, and {stored} of {size} are stored")


def _address(h5py: Any, item: Any) -> int:
    return h5py.h5o.get_info(item.id).addr
