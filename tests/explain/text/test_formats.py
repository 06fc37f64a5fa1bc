"""The same explanations in one line a layer, in Markdown and in LaTeX; receptive fields."""

import re

import numpy as np
import pytest

import konv
from konv.errors import KonvError
from konv.explain import trace
from konv.explain.facts.statements import Equation
from konv.explain.text.formats import formula
from konv.ir.receptive_field import reaches

layers = konv.layers


def model():
    return konv.Sequential([
        konv.Input((28, 28, 1)), layers.Conv2D(75, 3, padding="same", activation="relu", name="first_*"),
        layers.MaxPooling2D(2, name="pool"), layers.Conv2D(4, 3, dilation_rate=2, name="last"), layers.Flatten(name="flat"),
        layers.Dense(10, name="dense")])


def test_terse():
    first, *_, total = model().explain(style="terse").splitlines()[1:]
    assert re.sub(" +", " ", first) == (
        'Conv2D "first_*" (None, 28, 28, 1) -> (None, 28, 28, 75) parameters: 750 MACs: 529,200 sees 3x3')
    assert total.startswith("Total  parameters: ")
    assert len(model().explain(style="terse").splitlines()) == 7


def test_markdown():
    text = model().explain(style="terse", format="markdown")
    assert "| Conv2D `first_*` | (None, 28, 28, 75) | 750 | 529,200 | 3x3 |" in text.splitlines()
    text = model().explain(format="markdown")
    assert "### Conv2D `last`" in text
    assert "- parameters: `4 * (75*3*3 + 1) = 2,704`" in text
    assert "- 파라미터: `4 * (75*3*3 + 1) = 2,704`" in model().explain("ko", format="markdown")


def test_latex():
    text = model().explain(format="latex")
    assert r"\texttt{first\_*}" in text
    assert r"\item parameters: $4 \cdot \left(75 \cdot 3 \cdot 3 + 1\right) = 2{,}704$" in text
    assert text.count(r"\begin{itemize}") == text.count(r"\end{itemize}") == 6
    assert model().explain(style="terse", format="latex").startswith(r"\begin{tabular}")


@pytest.mark.parametrize(("left", "value", "drawn"), [
    ("(28 - 3 + 2*1)/1 + 1", 28, r"\frac{28 - 3 + 2 \cdot 1}{1} + 1 = 28"),
    ("max((14 - 1)*2 + 2 - 28, 0)", 0, r"\max(\left(14 - 1\right) \cdot 2 + 2 - 28{,} 0) = 0"),
    ("1 - (2 - 3)", 2, r"1 - \left(2 - 3\right) = 2"),
    ("255 * 0.5 + 0", 127.5, r"255 \cdot 0.5 + 0 = 127.5"),
])
def test_formulas(left, value, drawn):
    assert formula(Equation(left, value)) == drawn


@pytest.mark.parametrize(("options", "message"), [
    ({"style": "short"}, "style must be one of 'full', 'terse', got 'short'"),
    ({"format": "html"}, "format must be one of 'text', 'markdown', 'latex', got 'html'")])
def test_refused(options, message):
    with pytest.raises(KonvError, match=message):
        model().explain(**options)


def test_receptive_fields_are_what_counts():
    """Far from the edges, the pixels that a number is traced back to."""
    source = konv.Input((64, 60, 1))
    x = layers.Conv2D(2, (3, 5), strides=(2, 1), padding="same", name="a")(source)
    y = layers.DepthwiseConv2D(3, dilation_rate=2, padding="same", name="b")(x)
    x = layers.Add(name="c")([x, layers.Conv2D(2, 1)(y)])
    x = layers.AveragePooling2D(3, strides=2, name="d")(x)
    net = konv.Model(source, layers.Conv2D(1, 2, name="e")(x))
    found = {node.layer: reach for node, reach in zip(net.graph().nodes, reaches(net.graph()), strict=True)}
    for name in "abcde":
        rows, columns = net.get_layer(name).output.shape[1:3]
        (top, bottom), (left, right) = trace(net, np.ones((64, 60)), name, at=(rows // 2, columns // 2)).field
        assert found[name].size == (bottom - top, right - left)
    assert found["e"].stride == (4, 2)
