"""What notebooks show of layers and models: the numbers of the summary, the arithmetic, escaped, never an error."""

import re

import pytest

import konv
from konv.explain import set_language
from konv.explain.report.notebook import html
from tests.explain.models import any_size, chain, deferred, nested, residual, seed_network, two_outputs


class Own(konv.Model):
    def __init__(self):
        super().__init__()
        self.inner = konv.layers.Dense(2)

    def build(self, input_shape):
        self.inner.build(input_shape)
        self.built = True

    def call(self, x):
        return self.inner(x)


MODELS = [any_size, chain, deferred, nested, residual, seed_network, two_outputs]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_models(make, lang):
    model = make(konv)
    page = html(model, lang)
    assert page.count("<tr>") == 1 + len(model.operations)
    assert ("<svg" in page) == model.built
    texts = []
    model.summary(print_fn=texts.append)
    for line in texts[0].splitlines():
        if match := re.match(r" (?:Total|Trainable|Non-trainable) params: ([\d,]+) \((.*)\)", line):
            assert re.search(rf"{match[1]}\D* <span class=\"quiet\">\({match[2]}\)", page)
    assert model._repr_html_() == html(model, "en")


@pytest.mark.parametrize("make", [konv.Sequential, Own, lambda: konv.Sequential([konv.layers.Conv2D(2, 3)])])
def test_models_that_are_not_built(make):
    model = make()
    assert "not built yet" in model._repr_html_()
    if isinstance(model, Own):
        model.build((None, 3))
        assert "8</td>" in model._repr_html_()  # its layer's parameters


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_layers(lang):
    """Every line of explain(), with the equations marked."""
    for layer in (*seed_network(konv).layers, *residual(konv).layers, konv.Input((2,)).layer):
        page = html(layer, lang)
        words = re.sub("<style>.*</style>|<[^>]*>", "", page).replace("&#x27;", "'").replace("&quot;", '"')
        for line in layer.explain(lang).splitlines():
            assert line.strip() in words
    assert "<code>512*25 = 12,800</code>" in html(seed_network(konv).layers[-1], lang).replace("512 * 25", "512*25")


def test_a_layer_that_is_not_built():
    assert "not built yet" in konv.layers.Dense(2)._repr_html_()


def test_names_are_escaped():
    layer = konv.layers.Dense(2, name="<script>")
    model = konv.Sequential([konv.Input((3,)), layer], name="<i>")
    for page in (layer._repr_html_(), model._repr_html_(), konv.Model(model.input, model.output, name="<b>")._repr_html_()):
        assert "<script>" not in page
        assert "<i>" not in page
        assert "<b>&" in page or "<b>" not in page[page.index("<b>") + 3:]


def test_the_language_that_is_set():
    layer = konv.layers.Flatten()
    layer.build((None, 2, 2))
    set_language("KO")
    try:
        assert konv.explain.language() == "ko"
        assert "입력" in layer._repr_html_()
        assert layer.explain() == layer.explain("ko")
    finally:
        set_language("en")
    assert layer.explain() == layer.explain("en")
