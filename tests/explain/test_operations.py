"""Functions of konv.ops inside of a model are explained, drawn and traced like layers."""

import numpy as np
import pytest

import konv
from konv import ops
from konv.explain.facts.model_facts import step_facts
from konv.explain.operations import RULES, statements
from konv.ir.graph import GraphBuilder, Macro
from konv.ir.ops import Input, Op, Weight


@pytest.fixture(scope="module")
def model():
    x = konv.Input((4, 5, 3), name="image")
    y = konv.layers.Conv2D(2, 3, name="conv")(ops.add(x, np.arange(3, dtype="f4")))
    y = ops.repeat(ops.sqrt(ops.mean(ops.where(y > 0, y, 0.5), axis=1)), 2, axis=1)
    return konv.Model(x, ops.matmul(y, np.ones((2, 3), "f4")))


@pytest.mark.parametrize(("lang", "told"), [
    ("en", ["sum of 2 inputs", "fixed numbers: 3", "mean along axis 1", "values that become one: 2 = 2",
            "comparison (greater)", "matrix product over the last two axes", "MACs: 6*3 * 2 = 36", "is repeated: 2x1"]),
    ("ko", ["값끼리 비교(greater)", "축 1 방향의 평균", "마지막 두 축의 행렬 곱"])])
def test_explained(model, lang, told):
    text = model.explain(lang)
    for words in told:
        assert words in text


def test_drawn_and_traced(model):
    assert "Sqrt sqrt" in konv.explain.drawing(model).svg()
    assert model.explain(style="terse").count("\n") == len(model.operations)
    figure = konv.explain.trace(model, np.ones((4, 5, 3)), "conv", at=(1, 1))
    found = model.get_layer("conv")(np.ones((1, 4, 5, 3)) + np.arange(3))
    assert figure.value == pytest.approx(float(found[0, 1, 1, 0]), abs=1e-5)


def test_every_operation_has_a_rule():
    """Those of ir itself; a Macro is never in a graph, which holds what it stands for."""
    kinds = {kind for kind in Op.__subclasses__() if kind.__module__.startswith("konv.ir.")}
    assert kinds - {Macro} == set(RULES)


def test_an_operation_without_a_rule():
    class Cube(Op):
        def weights(self, *inputs):
            return (Weight("scale", (3, 2)), Weight("bias", (2,)))

    builder = GraphBuilder()
    graph = builder.graph(builder.add(Cube(), (builder.add(Input((2,))),)))
    name, parameters = statements(step_facts(graph, 1))
    assert name.fields == {"op": "Cube"}
    assert str(parameters.fields["equation"]) == "3*2 + 2 = 8"
