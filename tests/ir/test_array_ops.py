"""Shapes of the general operations beside NumPy's, and what is refused."""

import numpy as np
import pytest

from konv.errors import ShapeError
from konv.ir.array_ops import Binary, Concatenate, Constant, Matmul, Pad, Parameter, Reduce, Repeat, Slice

# operation, shapes of its inputs, the same on arrays without a batch axis
CASES = [
    (Binary("add"), [(4, 5), (4, 5)], np.add),
    (Binary("multiply"), [(4, 5, 3), (1, 1, 3)], np.multiply),
    (Binary("power"), [(4, 1, 3), (3,)], np.add),
    (Binary("divide"), [(), (7,)], np.add),
    (Reduce("sum", (0,)), [(4, 5, 3)], lambda x: x.sum(0)),
    (Reduce("mean", (-1, 1), True), [(4, 5, 3)], lambda x: x.mean((-1, 1), keepdims=True)),
    (Reduce("max"), [(4, 5, 3)], np.max),
    (Matmul(), [(4, 5), (5, 3)], np.matmul),
    (Matmul(), [(2, 4, 5), (1, 5, 3)], np.matmul),
    (Concatenate(), [(4, 5), (4, 2)], lambda *x: np.concatenate(x, -1)),
    (Concatenate(0), [(4, 5), (1, 5), (3, 5)], lambda *x: np.concatenate(x, 0)),
    (Slice((1, 4), (2, 3), (1, -2)), [(4, 5)], lambda x: x[1:3, 4::-2]),
    (Pad(((1, 0), (0, 2))), [(4, 5)], lambda x: np.pad(x, ((1, 0), (0, 2)))),
    (Repeat((2, 1, 3)), [(4, 5, 3)], lambda x: x.repeat(2, 0).repeat(3, 2)),
    (Constant((1.0, 2.0), (2, 1)), [], lambda: np.ones((2, 1))),
    (Parameter("w", (3, 2)), [], lambda: np.ones((3, 2))),
]


@pytest.mark.parametrize(("op", "shapes", "same"), CASES, ids=[f"{op} {shapes}" for op, shapes, _ in CASES])
def test_shapes(op, shapes, same):
    assert op.output_shape(*shapes) == np.shape(same(*(np.ones(shape) for shape in shapes)))


@pytest.mark.parametrize(("op", "shapes", "message"), [
    (Binary("add"), [(4, 5), (4, 3)], "equal or 1"),
    (Reduce("sum", (2,)), [(4, 5)], "axis 2 does not exist"),
    (Matmul(), [(4, 5), (4, 5)], "must be the last but one"),
    (Matmul(), [(4, 5), (5,)], "two axes"),
    (Concatenate(1), [(4, 5), (3, 5)], "but for axis 1"),
    (Concatenate(3), [(4, 5)], "axis 3"),
    (Slice((0,), (5,), (1,)), [(4,)], "do not lie within"),
    (Pad(((1, 1),)), [(4, 5)], "do not fit"),
    (Repeat((2,)), [(4, 5)], "do not fit"),
    (Constant((1.0,), (2,)), [], "do not fill"),
])
def test_refused(op, shapes, message):
    with pytest.raises(ShapeError, match=message):
        op.output_shape(*shapes)


def test_unknown_sizes_stay_unknown():
    assert Binary("add").output_shape((None, 3), (1, 3)) == (None, 3)
    assert Concatenate(0).output_shape((None, 3), (1, 3)) == (None, 3)
    assert Matmul().macs((4, 5), (5, 3)) == 60
