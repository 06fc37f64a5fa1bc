"""A weight: a float32 array with a name, which the engine reads and the optimizer writes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.arrays import to_array
from konv.errors import ShapeError, UnsupportedError
from konv.late import late
from konv.traceable import Operators, is_tracing

# the weight of the operation that reads a variable as the kernel of a convolution or of a matrix product: path/kernel
KERNEL = "kernel"


class Variable(Operators):
    """One weight. `value` is a read-only view; write with `assign`, so that packed copies notice.

    `path` is where it is, as Keras says it; `key` is what graphs call it.

    >>> v = Variable(np.zeros((2, 3)), name="kernel")
    >>> v.assign(np.ones((2, 3))); v.version
    1
    >>> v.numpy().sum()
    np.float32(6.0)
    """

    def __init__(self, initializer: Any, name: Any = None, *, shape: Sequence[int] | None = None, path: str = "",
                 trainable: bool = True, dtype: Any = "float32", regularizer: Any = None, constraint: Any = None) -> None:
        """`initializer` is an array, or with a `shape` the name of an initializer or a function of the shape."""
        if isinstance(name, (tuple, list)):  # Keras has the shape second
            name, shape = None, name
        if callable(initializer) or isinstance(initializer, str):
            if shape is None:
                raise ShapeError(f"Variable: initializer={initializer!r} needs a shape=")
            initializer = late("get_initializer")(initializer)(tuple(shape))
        self.array = np.array(initializer, dtype=dtype or "float32", order="C")
        self.name = name = name or "variable"
        self.path = self.key = path or name
        self.trainable, self.regularizer, self.constraint = trainable, regularizer, constraint
        self.version = 0
        self.owner: Any = None  # the layer that it belongs to

    @property
    def value(self) -> np.ndarray:
        view = self.array.view()
        view.flags.writeable = False
        return view

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def dtype(self) -> str:
        return self.array.dtype.name

    @property
    def size(self) -> int:
        return self.array.size

    def numpy(self) -> np.ndarray:
        """A copy that is the caller's own."""
        return self.array.copy()

    def assign(self, value: Any) -> None:
        """Overwrite the numbers; ShapeError if the shapes differ."""
        if is_tracing():
            raise UnsupportedError(f'weight "{self.path}": a `call` runs once, to find the operations, so what it assigns '
                                   f"would not be assigned again in each step; do that in a callback, or in build()")
        value = to_array(value, f'weight "{self.path}"', "the value")
        if value.shape != self.array.shape:
            raise ShapeError(f'weight "{self.path}": expected an array of shape {self.array.shape}, got {value.shape}')
        self.array[...] = value
        self.touch()

    def assign_add(self, value: Any) -> None:
        """Add to the numbers."""
        self.assign(value if is_tracing() else self.array + np.asarray(value))

    def assign_sub(self, value: Any) -> None:
        """Subtract from the numbers."""
        self.assign(value if is_tracing() else self.array - np.asarray(value))

    def touch(self) -> None:
        """Note that `array` was written in place."""
        self.version += 1

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if is_tracing():  # the numbers of now would become fixed
            raise UnsupportedError(f"np.asarray of {self!r}: in a `call` use the function of konv.ops, not that of NumPy")
        return np.array(self.array, dtype=dtype) if copy is not False else self.value

    def __float__(self) -> float:
        return float(self.array)

    def __int__(self) -> int:
        return int(self.array)

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"


class State(np.lib.mixins.NDArrayOperatorsMixin, Variable):
    """A Variable outside of every graph, of an optimizer or a metric: in arithmetic it is its array.

    >>> rate = State(0.5)
    >>> float(rate * 2), bool(rate == 0.5)
    (1.0, True)
    """

    __hash__ = object.__hash__  # type: ignore[assignment]  # comparing gives arrays, but each is itself alone

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        # without `out`: v += 1 gives a new array, as in Keras; what is kept is written by assign
        arrays = [item.array if isinstance(item, Variable) else item for item in inputs]
        return getattr(ufunc, method)(*arrays, **kwargs)

    def __getitem__(self, index: Any) -> Any:
        return self.value[index]


def assign_all(owner: str, variables: Sequence[Variable], arrays: Sequence[Any]) -> None:
    """Assign every array or none."""
    if len(arrays) != len(variables):
        raise ShapeError(f"{owner}: set_weights needs {len(variables)} arrays, got {len(arrays)}")
    arrays = [to_array(array, owner, "a weight") for array in arrays]
    for variable, array in zip(variables, arrays, strict=True):
        if array.shape != variable.shape:
            raise ShapeError(f'{owner}: weight "{variable.name}" has shape {variable.shape}, got {array.shape}')
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
