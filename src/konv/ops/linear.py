"""Products of matrices, and what is made of them; on arrays and on tensors."""

from typing import Any

import numpy as np

from konv.errors import ShapeError, UnsupportedError
from konv.ir import array_ops as ir
from konv.ir.ops import Dense, Reshape
from konv.ops.shapes import cast
from konv.tracing.symbolic import Emit, is_symbolic, is_trained, numbers, operand, symbolic
from konv.tracing.tensors import Tensor
from konv.variables import Variable


def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices on the last two axes; axes before them broadcast.

    Shape:
        x1 (..., n, k), x2 (..., k, m) -> (..., n, m).
    Raises:
        UnsupportedError: the product would combine samples of a batch.
        ShapeError: x2 is a weight that does not fit x1.

    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]], dtype=float32)
    """
    if not is_symbolic(x1, x2):
        return np.matmul(numbers(x1, "matmul"), numbers(x2, "matmul"))
    if isinstance(x2, Variable) and x2.ndim == 2 and isinstance(x1, Tensor) and x1.batched and x1.ndim >= 2:
        return _dense(x1, x2)
    first, second = operand(x1, "matmul"), operand(x2, "matmul")
    batched = [isinstance(value, Tensor) and value.batched for value in (first, second)]
    lines = batched[0] and first.ndim == 2 and not batched[1]
    if min(first.ndim, second.ndim) < 2 or (any(batched) and not lines and not all(
            value.ndim >= (3 if whole else 2) for value, whole in zip((first, second), batched, strict=True))):
        raise UnsupportedError(f"matmul: of {first.shape} and {second.shape} would combine samples; each needs two axes "
                               f"beside the batch, or the second must be a weight")

    def lower(emit: Emit, a: Any, b: Any) -> int:
        a, b = (emit.constant(value) if isinstance(value, np.ndarray) else value for value in (a, b))
        if not lines:
            return emit(ir.Matmul(), a, b)
        row = emit(Reshape((1, *_known(emit.shape(a)))), a)  # the samples are the rows
        made = emit(ir.Matmul(), row, b)
        return emit(Reshape(_known(emit.shape(made))[1:]), made)

    return symbolic(matmul, "Matmul", [first, second], lower, args=(x1, x2))


def _known(sizes: Any) -> tuple[int, ...]:
    if None in sizes:
        raise ShapeError(f"the sizes must be known, got {sizes}")
    return tuple(sizes)


def _dense(x: Tensor, kernel: Variable) -> Tensor:
    """A product with a weight: the same as in a dense layer."""
    if kernel.owner is None:
        operand(kernel, "matmul")
    if x.sample[-1] != kernel.shape[0]:
        raise ShapeError(f"matmul: the last axis of {x.shape} must be of size {kernel.shape[0]}, the first of the weight "
                         f'"{kernel.path}" {kernel.shape}')

    def lower(emit: Emit, place: int) -> int:
        return emit.builder.add(Dense(kernel.shape[1], False), (place,), kernel.key, is_trained(kernel))

    return symbolic(matmul, "Matmul", [x], lower, args=(x, kernel))


def dot(x1: Any, x2: Any) -> Any:
    """The product of matrices, where the second has two axes.

    Shape:
        x1 (..., k), x2 (k, m) -> (..., m).

    >>> dot([[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]], dtype=float32)
    """
    return matmul(x1, x2) if is_symbolic(x1, x2) else np.dot(numbers(x1, "dot"), numbers(x2, "dot"))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """1 at the index of the class, else 0, along a new last axis.

    Args:
        axis, sparse: arguments of Keras of which only the defaults are supported.
    Shape:
        x of any shape -> (*x.shape, num_classes).
    Raises:
        UnsupportedError: axis is not -1, or sparse is true.

    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    if axis != -1 or sparse:
        raise UnsupportedError(f"one_hot: axis={axis!r}, sparse={sparse!r} is not supported; leave them out")
    classes = np.arange(num_classes, dtype=np.float32)
    if not is_symbolic(x):
        return cast(numbers(x, "one_hot")[..., None] == classes, dtype or "float32")

    def lower(emit: Emit, place: int) -> int:
        wide = emit(Reshape((*_known(emit.shape(place)), 1)), place)
        return emit.binary("equal", wide, emit.constant(classes))

    return symbolic(one_hot, "OneHot", [x], lower, {"num_classes": num_classes, "axis": axis}, "nn")
