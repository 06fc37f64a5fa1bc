"""Graphs: shapes inferred once, immutable, and the same for other image sizes."""

import dataclasses

import pytest

from konv.errors import ShapeError
from konv.ir.graph import Graph, GraphBuilder
from konv.ir.ops import Activation, Add, Conv, Dense, Flatten, GlobalPool, Input
from konv.ir.window import Window


def residual(shape=(8, 8, 4)):
    """x -> conv -> relu -> conv -> add(x) -> mean -> dense"""
    builder = GraphBuilder()
    x = builder.add(Input(shape), layer="x")
    first = builder.add(Conv(4, Window((3, 3), padding="same")), (x,), "first")
    relu = builder.add(Activation("relu"), (first,), "first")
    second = builder.add(Conv(4, Window((1, 1))), (relu,), "second", False)
    total = builder.add(Add(), (x, second), "add")
    mean = builder.add(GlobalPool("average"), (total,), "mean")
    return builder.graph(builder.add(Dense(3), (mean,), "dense"))


def test_what_each_node_knows():
    graph = residual()
    assert [node.shape for node in graph.nodes] == [(8, 8, 4)] * 5 + [(4,), (3,)]
    assert graph.inputs == (0,)
    assert graph.outputs == (6,)
    assert graph.input_shapes(4) == ((8, 8, 4), (8, 8, 4))
    assert graph.users == ((1, 4), (2,), (3,), (4,), (5,), (6,), ())
    assert [weight.shape for weight in graph.weights(1)] == [(3, 3, 4, 4), (4,)]
    assert [graph.macs(index) for index in range(7)] == [0, 9 * 4 * 4 * 64, 0, 4 * 4 * 64, 0, 0, 12]
    assert [node.trainable for node in graph.nodes] == [True, True, True, False, True, True, True]


@pytest.mark.parametrize("shape", [(5, 7, 4), (None, None, 4), (1, 1, 4)])
def test_other_image_sizes(shape):
    graph = residual(shape)
    assert [node.shape for node in graph.nodes] == [shape] * 5 + [(4,), (3,)]


def test_a_size_that_does_not_fit():
    with pytest.raises(ShapeError):
        residual((8, 8, 3))


def test_a_node_that_does_not_fit_is_not_added():
    builder = GraphBuilder()
    x = builder.add(Input((4, 4, 1)))
    with pytest.raises(ShapeError):
        builder.add(Conv(2, Window((5, 5))), (x,))
    assert len(builder.nodes) == 1


def test_several_inputs_and_outputs():
    builder = GraphBuilder()
    a, b = builder.add(Input((2,)), layer="a"), builder.add(Input((2,)), layer="b")
    total = builder.add(Add(), (a, b))
    graph = builder.graph(total, builder.add(Dense(5), (a,)))
    assert graph.inputs == (0, 1)
    assert [graph.nodes[index].shape for index in graph.outputs] == [(2,), (5,)]


def test_graphs_are_values():
    graph = residual()
    assert graph == residual()
    assert hash(graph) == hash(residual())
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.outputs = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.nodes[0].shape = ()


def test_a_graph_does_not_change_when_its_builder_goes_on():
    builder = GraphBuilder()
    graph = builder.graph(builder.add(Input((4, 4, 1))))
    builder.add(Flatten(), (0,))
    assert graph == Graph((graph.nodes[0],), (0,))
