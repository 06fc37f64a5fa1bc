"""The obvious NumPy forms of the kernels on arrays of any shape; compare strided.py and reference.py."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

JOINED = (np.add, np.maximum, np.minimum)
STARTS = (0.0, -np.inf, np.inf)
BINARY = (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.power, np.equal, np.not_equal, np.less,
          np.less_equal, np.greater, np.greater_equal)


def laid(array, samples, extents, layout):
    """The numbers of an operand, (samples, six axes)."""
    flat = array.reshape(-1)
    step, start, *strides = (int(value) for value in layout)
    last = start + sum((int(size) - 1) * stride for size, stride in zip(extents, strides, strict=True) if stride < 0)
    assert last >= 0
    return as_strided(flat[start:], (samples, *(int(size) for size in extents)),
                      [stride * flat.itemsize for stride in (step, *strides)])


def move(x, y, extents, x_layout, y_layout, factor, join, fresh, code):
    if fresh:
        y[...] = STARTS[code]
    samples = len(y) if y_layout[0] else len(x)
    source, target = (laid(array, samples, extents, layout) for array, layout in ((x, x_layout), (y, y_layout)))
    if not join:
        target[...] = source * x.dtype.type(factor)
        return
    axes = tuple(axis for axis, stride in enumerate((y_layout[0], *y_layout[2:])) if stride == 0)
    reduced = JOINED[code].reduce(source * x.dtype.type(factor), axes, keepdims=True)
    first = tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(target.ndim))
    target[first] = JOINED[code](target[first], reduced)


def binary(x, w, y, extents, x_layout, w_layout, y_layout, code):
    first, second, target = (laid(array, len(y), extents, layout)
                             for array, layout in ((x, x_layout), (w, w_layout), (y, y_layout)))
    with np.errstate(divide="ignore", invalid="ignore"):
        target[...] = BINARY[code](first, second)


def slope(u, v, code, side):
    """Of BINARY[code](u, v) with respect to u (side 0) or v (side 1)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if code == 2:
            return u if side else v
        if code == 3:
            return -u / (v * v) if side else 1 / v
        if code in (4, 5):
            ahead = u > v if code == 4 else u < v
            return np.where(u == v, 0.5, ahead != bool(side))
        return np.where(u > 0, np.power(u, v) * np.log(u), 0) if side else np.where(v != 0, v * np.power(u, v - 1), 0)


def binary_backward(d, x, w, g, extents, d_layout, x_layout, w_layout, g_layout, code, side):
    error, first, second, target = (laid(array, len(d), extents, layout) for array, layout in (
        (d, d_layout), (x, x_layout), (w, w_layout), (g, g_layout)))
    target[...] = error * slope(first, second, code, side)


def matmul(x, w, y, sizes, x_layout, w_layout, y_layout, fresh):
    if fresh:
        y[...] = 0
    samples = len(y) if y_layout[0] else len(x)
    lead, (rows, depth, columns) = [int(size) for size in sizes[:3]], (int(size) for size in sizes[3:])
    first, second, target = (laid(array, samples, (*lead, *shape, 1), (*layout[:7], 0))[..., 0] for array, shape, layout in (
        (x, (rows, depth), x_layout), (w, (depth, columns), w_layout), (y, (rows, columns), y_layout)))
    product = np.matmul(first, second)
    axes = tuple(axis for axis, stride in enumerate((y_layout[0], *y_layout[2:5])) if stride == 0)
    kept = tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(target.ndim))
    target[kept] += product.sum(axes, keepdims=True)
