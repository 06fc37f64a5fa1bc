"""The obvious NumPy forms of the kernels on arrays of any shape; compare strided.py and reference.py."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

REDUCTIONS = {"sum": (np.add, 0.0), "max": (np.maximum, -np.inf), "min": (np.minimum, np.inf)}


def laid(array, samples, extents, layout):
    """The elements of an operand, (samples, axes)."""
    flat, strides = array.reshape(-1), layout[2:2 + len(extents)]
    last = layout.start + sum((size - 1) * stride for size, stride in zip(extents, strides, strict=True) if stride < 0)
    assert last >= 0
    steps = [stride * flat.itemsize for stride in (layout.sample, *strides)]
    return as_strided(flat[layout.start:], (samples, *extents), steps)


def _summed(layout, axes):
    """The axes, samples first, of which an operand has one element; and the index that leaves one of each."""
    found = tuple(axis for axis, stride in enumerate((layout.sample, *layout[2:2 + axes])) if stride == 0)
    return found, tuple(slice(0, 1) if axis in found else slice(None) for axis in range(axes + 1))


def strided_copy(x, y, extents, x_layout, y_layout, factor, join, fresh, *, reduction):
    function, start = REDUCTIONS[reduction]
    if fresh:
        y[...] = start
    samples = len(y) if y_layout.sample else len(x)
    source, target = (laid(array, samples, extents, layout) for array, layout in ((x, x_layout), (y, y_layout)))
    if not join:
        target[...] = source * x.dtype.type(factor)
        return
    axes, first = _summed(y_layout, 6)
    target[first] = function(target[first], function.reduce(source * x.dtype.type(factor), axes, keepdims=True))


def binary(x, w, y, extents, x_layout, w_layout, y_layout, *, name):
    first, second, target = (laid(array, len(y), extents, layout)
                             for array, layout in ((x, x_layout), (w, w_layout), (y, y_layout)))
    with np.errstate(divide="ignore", invalid="ignore"):
        target[...] = getattr(np, name)(first, second)


def partial_derivative(u, v, name, side):
    """Of an operation on u and v with respect to u (side 0) or v (side 1)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "multiply":
            return u if side else v
        if name == "divide":
            return -u / (v * v) if side else 1 / v
        if name in ("maximum", "minimum"):
            ahead = u > v if name == "maximum" else u < v
            return np.where(u == v, 0.5, ahead != bool(side))
        return np.where(u > 0, np.power(u, v) * np.log(u), 0) if side else np.where(v != 0, v * np.power(u, v - 1), 0)


def binary_backward(d, x, w, g, extents, d_layout, x_layout, w_layout, g_layout, *, name, side):
    error, first, second, target = (laid(array, len(d), extents, layout) for array, layout in (
        (d, d_layout), (x, x_layout), (w, w_layout), (g, g_layout)))
    target[...] = error * partial_derivative(first, second, name, side)


def matmul(x, w, y, sizes, x_layout, w_layout, y_layout, fresh):
    if fresh:
        y[...] = 0
    samples = len(y) if y_layout.sample else len(x)
    *lead, rows, depth, columns = sizes
    first, second, target = (laid(array, samples, (*lead, *shape), layout) for array, shape, layout in (
        (x, (rows, depth), x_layout), (w, (depth, columns), w_layout), (y, (rows, columns), y_layout)))
    axes, kept = _summed(y_layout, 3)
    target[kept] += np.matmul(first, second).sum(axes, keepdims=True)
