"""Models of other libraries, to be explained like one's own."""

import reprlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from konv.errors import KonvError
from konv.models import Model
from konv.saving.files import LATER, load_model


def read(source: Any, input_shape: Sequence[int | None] | None = None) -> Model:
    """A model out of a `.keras`, `.h5` or `.onnx` file, or out of a module of PyTorch, as a model of konv with its weights.

    It computes the same; images go in and come out with their channels last, as konv has them.

    Args:
        source: the path of a file, or a torch.nn.Module.
        input_shape: without the batch and as the other library has it: (3, 224, 224) for images in PyTorch, where it must be
            given; in an ONNX file it fixes sizes that are open.
    Raises:
        UnsupportedError: names the node or module that konv has no layer for.
        FileError: says what is wrong with a file.

    >>> import konv, tempfile
    >>> path = Path(tempfile.mkdtemp(), "model.keras")
    >>> konv.Sequential([konv.Input((3,)), konv.layers.Dense(2)]).save(path)
    >>> read(path).output_shape
    (None, 2)
    """
    if isinstance(source, Model):
        return source
    if isinstance(source, (str, Path)):
        if str(source).endswith(".onnx"):
            from konv.interop.onnx_reader import read_onnx

            return read_onnx(Path(source), input_shape)
        if not str(source).endswith((".keras", *LATER)):
            raise KonvError(f"read: {source}: the file name must end in .keras, .h5, .hdf5 or .onnx")
        if input_shape is not None:
            raise KonvError(f"read: {source} holds the shape of its input; leave out input_shape={input_shape!r}")
        return load_model(source, compile=False)
    if any(f"{base.__module__}.{base.__name__}" == "torch.nn.modules.module.Module" for base in type(source).__mro__):
        from konv.interop.torch_reader import read_module

        return read_module(source, input_shape)
    raise KonvError(f"read: takes the path of a .keras, .h5 or .onnx file or a torch.nn.Module, got "
                    f"{reprlib.repr(source)} of type {type(source).__name__}")


__all__ = ["read"]
