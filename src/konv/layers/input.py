"""Where data enters a model."""

from typing import Any

from konv.errors import KonvError, UnsupportedError, naming
from konv.ir import ops as ir
from konv.ir.ops import Op, Shape
from konv.layers import parse
from konv.layers.base import Layer
from konv.tracing.tensors import Tensor


class InputLayer(Layer, builtin=True):
    """Layer through which data enters a model; programs call `konv.Input`, which makes one.

    Args:
        shape: of one sample, without the batch.
        batch_size: of the batches, where it is fixed.
        dtype: type of the data; the engine computes in float32.
        batch_shape: shape with the batch, in place of shape and batch_size.
        sparse, ragged, input_tensor, optional: arguments of Keras that are not supported.
    Shape:
        output (N, *shape).
    Raises:
        KonvError: neither shape nor batch_shape is given, or both are.

    >>> import konv
    >>> konv.layers.InputLayer((28, 28, 1)).declared_shape
    (28, 28, 1)
    """

    sparse = ragged = optional = False  # which konv does not have; programs for Keras ask

    def __init__(self, shape: Any = None, batch_size: int | None = None, dtype: Any = None, sparse: bool | None = None,
                 ragged: bool | None = None, batch_shape: Any = None, input_tensor: Any = None, optional: bool = False,
                 name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name)
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        with naming(self.title):
            for argument, value in (("sparse", sparse), ("ragged", ragged), ("input_tensor", input_tensor),
                                    ("optional", optional)):
                if value is not None and value is not False:
                    raise UnsupportedError(f"{argument}={value!r} is not supported; leave it out")
            parse.refuse(kwargs, type(self))
            if (shape is None) == (batch_shape is None):
                raise KonvError(f"give shape, the shape of one sample such as (28, 28, 1), or batch_shape, with the "
                                f"batch first, and not both; got shape={shape!r}, batch_shape={batch_shape!r}")
            if batch_shape is not None and batch_size is not None:
                raise KonvError(f"batch_shape={batch_shape!r} holds the batch size; leave out batch_size={batch_size!r}")
            if batch_shape is not None:
                batch_size, *shape = batch_shape
            self.batch_size = parse.sizes(batch_size, "batch_size")[0]
            self.declared_shape = parse.sizes(shape, "shape")
            self.dtype = parse.dtype_name(dtype)
        self.built, self.input_shapes = True, (self.declared_shape,)
        self.input = self.output = Tensor(self.declared_shape or (), self, (), self.dtype)

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        return (self.batch_size, *(self.declared_shape or ()))

    def ops(self, *shapes: Shape) -> tuple[Op, ...]:
        return (ir.Input(self.declared_shape or ()),)

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "sparse": False, "ragged": False,
                "name": self.name, "optional": False}


def Input(shape: Any = None, batch_size: int | None = None, dtype: Any = None, sparse: bool | None = None,  # noqa: N802
          ragged: bool | None = None, batch_shape: Any = None, name: str | None = None, tensor: Any = None,
          optional: bool = False) -> Tensor:
    """Symbolic tensor with which a model begins.

    Args:
        shape: of one sample, without the batch, such as (28, 28, 1).
        batch_size, dtype, batch_shape, name: see InputLayer.
        sparse, ragged, tensor, optional: arguments of Keras that are not supported.
    Shape:
        a tensor (N, *shape).
    Raises:
        KonvError: neither shape nor batch_shape is given, or both are.

    >>> import konv
    >>> konv.Input((28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    if parse.is_integer(shape) and parse.is_integer(batch_size):
        sizes = ", ".join(str(size) for size in (shape, batch_size, dtype, sparse) if parse.is_integer(size))
        raise KonvError(f"Input: the shape is one argument; write Input(({sizes}))")
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)
    return layer.output
