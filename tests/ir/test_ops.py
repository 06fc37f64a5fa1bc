"""Shapes, weights and multiply-accumulates of the operations beside the layers of Keras and beside XLA's count."""

import jax
import keras
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from konv.errors import ShapeError
from konv.ir import ops
from konv.ir.ops import (
    Activation,
    Add,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Input,
    Op,
    Permute,
    Pool,
    Reshape,
    Scale,
    Softmax,
    describe,
)
from konv.ir.window import PADDINGS, Window

FORMATS = ("channels_last", "channels_first")
layers = keras.layers

# operation, the same layer of Keras, shape of a sample
CASES = {
    "conv": (Conv(4, Window((3, 3))), lambda: layers.Conv2D(4, 3), (9, 8, 3)),
    "conv same": (Conv(5, Window((2, 3), (2, 2), "same")), lambda: layers.Conv2D(5, (2, 3), 2, "same"), (9, 8, 3)),
    "conv dilated": (Conv(2, Window((3, 2), dilation=(2, 3))),
                     lambda: layers.Conv2D(2, (3, 2), dilation_rate=(2, 3)), (9, 8, 1)),
    "conv in groups": (Conv(6, Window((3, 3)), groups=3), lambda: layers.Conv2D(6, 3, groups=3), (5, 5, 9)),
    "conv without bias": (Conv(4, Window((1, 1)), use_bias=False),
                          lambda: layers.Conv2D(4, 1, use_bias=False), (5, 5, 2)),
    "conv channels first": (Conv(4, Window((3, 3)), data_format="channels_first"),
                            lambda: layers.Conv2D(4, 3, data_format="channels_first"), (2, 9, 8)),
    "conv of any size": (Conv(4, Window((3, 3))), lambda: layers.Conv2D(4, 3), (None, 8, 3)),
    "max pool": (Pool("max", Window((2, 2), (2, 2))), lambda: layers.MaxPooling2D(2), (7, 8, 3)),
    "max pool same": (Pool("max", Window((3, 2), (2, 1), "same")),
                      lambda: layers.MaxPooling2D((3, 2), (2, 1), "same"), (7, 8, 3)),
    "average pool": (Pool("average", Window((3, 3), (1, 1))), lambda: layers.AveragePooling2D(3, 1), (7, 8, 3)),
    "pool channels first": (Pool("max", Window((2, 2), (2, 2)), "channels_first"),
                            lambda: layers.MaxPooling2D(2, data_format="channels_first"), (3, 7, 8)),
    "global": (GlobalPool("average"), layers.GlobalAveragePooling2D, (7, 8, 3)),
    "global kept": (GlobalPool("max", True), lambda: layers.GlobalMaxPooling2D(keepdims=True), (7, 8, 3)),
    "global channels first": (GlobalPool("max", True, "channels_first"),
                              lambda: layers.GlobalMaxPooling2D("channels_first", True), (3, 7, 8)),
    "norm": (BatchNorm(), layers.BatchNormalization, (7, 8, 3)),
    "norm first axis": (BatchNorm(axis=0), lambda: layers.BatchNormalization(axis=1), (7, 8, 3)),
    "norm bare": (BatchNorm(center=False, scale=False),
                  lambda: layers.BatchNormalization(center=False, scale=False), (8,)),
    "norm centred": (BatchNorm(scale=False), lambda: layers.BatchNormalization(scale=False), (8,)),
    "dropout": (Dropout(0.5), lambda: layers.Dropout(0.5), (7, 8)),
    "flatten": (Flatten(), layers.Flatten, (7, 8, 3)),
    "flatten vector": (Flatten(), layers.Flatten, (7,)),
    "flatten any size": (Flatten(), layers.Flatten, (None, 8, 3)),
    "dense": (Dense(5), lambda: layers.Dense(5), (9,)),
    "dense on images": (Dense(5, use_bias=False), lambda: layers.Dense(5, use_bias=False), (4, 3, 9)),
    "activation": (Activation("relu"), layers.ReLU, (7, 8, 3)),
    "softmax": (Softmax(), layers.Softmax, (7, 8)),
    "rescaling": (Scale(0.5, 1.0), lambda: layers.Rescaling(0.5, 1.0), (7, 8, 3)),
    "permute": (Permute((2, 0, 1)), lambda: layers.Permute((3, 1, 2)), (7, 8, 3)),
    "reshape": (Reshape((4, 6)), lambda: layers.Reshape((4, 6)), (2, 12)),
}


def assert_like_keras(op, layer, shape):
    for name in [name for name in vars(layer) if name.endswith("_initializer")]:
        setattr(layer, name, lambda shape, dtype: np.zeros(shape, dtype))  # JAX compiles its own for each shape
    assert op.output_shape(shape) == tuple(layer.compute_output_shape((None, *shape)))[1:]
    layer.build((None, *shape))
    assert [(weight.name, weight.shape, weight.trainable) for weight in op.weights(shape)] == [
        (variable.name, variable.shape, variable.trainable) for variable in layer.weights]
    assert op.parameters(shape) == layer.count_params()


@pytest.mark.parametrize("case", CASES)
def test_shapes_and_weights(case):
    op, layer, shape = CASES[case]
    assert_like_keras(op, layer(), shape)


def test_add():
    shape = (4, 4, 2)
    assert Add().output_shape(shape, shape, shape) == layers.Add().compute_output_shape([(None, *shape)] * 3)[1:]
    with pytest.raises(ShapeError, match=r"must be equal, got \(None, 4, 4, 2\), \(None, 4, 4, 1\)"):
        Add().output_shape(shape, (4, 4, 1))


def test_input():
    assert Input((None, 3)).output_shape() == (None, 3)


@st.composite
def convolutions(draw):
    """A convolution and an image on which Keras accepts it."""
    pair = st.tuples(st.integers(1, 4), st.integers(1, 4))
    strides, dilation = draw(st.one_of(st.tuples(pair, st.just((1, 1))), st.tuples(st.just((1, 1)), pair)))
    window = Window(draw(pair), strides, draw(st.sampled_from(PADDINGS)), dilation)
    groups = draw(st.integers(1, 3))
    op = Conv(groups * draw(st.integers(1, 3)), window, groups, draw(st.booleans()), draw(st.sampled_from(FORMATS)))
    height, width = draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    assume(all(axis.output >= 1 for axis in window.axes(height, width)))
    return op, ops.image(height, width, groups * draw(st.integers(1, 3)), data_format=op.data_format)


@given(convolutions())
def test_any_convolution(drawn):
    op, shape = drawn
    window = op.window
    assert_like_keras(op, layers.Conv2D(op.filters, window.kernel, window.strides, window.padding, op.data_format,
                                        window.dilation, op.groups, use_bias=op.use_bias), shape)


@given(convolutions())
def test_multiplications_of_any_convolution(drawn):
    """Every output number takes one multiplication per tap and channel of its group, padding included."""
    op, shape = drawn
    _, _, channels = ops.spatial(shape, op.data_format)
    height, width, filters = ops.spatial(op.output_shape(shape), op.data_format)
    taps = sum(1 for _ in np.ndindex(*op.window.kernel, channels // op.groups))
    assert op.macs(shape) == taps * sum(1 for _ in np.ndindex(height, width, filters))


@pytest.mark.parametrize(("op", "layer", "shape"), [
    (Conv(4, Window((3, 3))), lambda: layers.Conv2D(4, 3, use_bias=False), (9, 8, 3)),
    (Conv(3, Window((2, 3), (2, 1))), lambda: layers.Conv2D(3, (2, 3), (2, 1), use_bias=False), (9, 8, 2)),
    (Conv(6, Window((3, 3)), groups=3), lambda: layers.Conv2D(6, 3, groups=3, use_bias=False), (6, 6, 6)),
    (Conv(2, Window((3, 3), dilation=(2, 2))), lambda: layers.Conv2D(2, 3, dilation_rate=2, use_bias=False), (9, 8, 1)),
    (Dense(5), lambda: layers.Dense(5, use_bias=False), (9,)),
    (Dense(5), lambda: layers.Dense(5, use_bias=False), (4, 9)),
])
def test_multiplications_as_xla_counts_them(op, layer, shape):
    """Without padding and bias, XLA counts two operations for each multiply-accumulate."""
    layer = layer()
    layer.build((None, *shape))
    run = jax.jit(lambda x: layer.call(x)).lower(np.zeros((1, *shape), "float32")).cost_analysis()
    assert run["flops"] == 2 * op.macs(shape)


@pytest.mark.parametrize("op", [case[0] for name, case in CASES.items() if not name.startswith(("conv", "dense"))])
def test_what_does_not_multiply(op):
    assert op.macs((6, 6, 6)) == 0


@pytest.mark.parametrize(("op", "shapes", "message"), [
    (Conv(4, Window((3, 3))), ((9, 9),),
     r"expected images of shape \(batch, height, width, channels\), got \(None, 9, 9\)"),
    (Conv(4, Window((3, 3)), data_format="channels_first"), ((9,),),
     r"\(batch, channels, height, width\), got \(None, 9\)"),
    (Conv(4, Window((3, 3))), ((9, 9, None),), "number of channels must be known"),
    (Conv(4, Window((3, 3)), groups=2), ((9, 9, 3),), "3 channels must be divisible by groups=2"),
    (Conv(4, Window((3, 3))), ((2, 9, 3),), "larger than the input of height 2"),
    (Pool("max", Window((3, 3))), ((9, 2, 3),), "larger than the input of width 2"),
    (Pool("max", Window((3, 3))), ((9, 2),), "expected images"),
    (GlobalPool("max"), ((9, 9),), "expected images"),
    (BatchNorm(axis=3), ((9, 9, 3),), r"axis 3 does not exist in \(None, 9, 9, 3\)"),
    (BatchNorm(), ((9, None),), "normalised axis must be known"),
    (Dense(3), ((9, None),), "last axis must be known"),
    (Dense(3), ((),), "last axis must be known"),
    (Softmax(axis=2), ((9, 9),), "axis 2 does not exist"),
])
def test_inputs_that_do_not_fit(op, shapes, message):
    with pytest.raises(ShapeError, match=message):
        op.output_shape(*shapes)


@pytest.mark.parametrize(("shape", "text"), [
    ((28, 28, 1), "(None, 28, 28, 1)"), ((7,), "(None, 7)"), ((), "(None,)"), ((None, 3), "(None, None, 3)")])
def test_shapes_as_keras_prints_them(shape, text):
    assert describe(shape) == text == str((None, *shape))


@pytest.mark.parametrize("op", [case[0] for case in CASES.values()])
def test_an_operation_is_a_value(op):
    """Plans are looked up by their graphs: equal operations must be equal and hash alike."""
    assert isinstance(op, Op)
    assert hash(op) == hash(type(op)(**vars(op)))
    assert op == type(op)(**vars(op))
