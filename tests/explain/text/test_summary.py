"""The table of `model.summary()`, to the character: Keras 3.15 is the oracle, and a file that Keras 2 printed."""

from pathlib import Path

import pytest

import konv
from konv.errors import KonvError, UnsupportedError
from tests.explain.models import MODELS, SEED_NAMES, nested, residual, seed_network

GOLDEN = Path(__file__).parents[2] / "golden"
STYLES = [{}, {"show_trainable": True}, {"expand_nested": True}, {"line_length": 120}, {"line_length": 60},
          {"positions": [0.5, 0.75, 0.9, 1.0]}, {"expand_nested": True, "show_trainable": True, "line_length": 100}]


def printed(model, **arguments):
    texts = []
    model.summary(print_fn=texts.append, **arguments)
    assert len(texts) == 1
    return texts[0]


def both(make):
    import keras

    from konv.layers.base import reset_names

    keras.backend.clear_session()
    reset_names()
    return make(konv), make(keras)


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("arguments", STYLES, ids=str)
def test_same_text_as_keras(make, arguments):
    ours, theirs = both(make)
    assert printed(ours, **arguments) == printed(theirs, **arguments)


@pytest.mark.parametrize("layer_range", [
    ["conv2d", "conv2d_1"], ["dense", "conv2d_2"], ["batch.*", "max.*"], ("flat", ".*")])
def test_layer_range(layer_range):
    ours, theirs = both(seed_network)
    assert printed(ours, layer_range=layer_range) == printed(theirs, layer_range=layer_range)


def test_after_deferred_build():
    ours, theirs = both(MODELS[5])
    ours.build((None, 6, 6, 1))
    theirs.build((None, 6, 6, 1))
    assert printed(ours, show_trainable=True) == printed(theirs, show_trainable=True)


def test_frozen_layer():
    ours, theirs = both(seed_network)
    ours.layers[0].trainable = theirs.layers[0].trainable = False
    assert printed(ours, show_trainable=True) == printed(theirs, show_trainable=True)


def test_to_standard_output(capsys):
    ours, theirs = both(residual)
    theirs.summary()
    expected = capsys.readouterr().out
    ours.summary()
    assert capsys.readouterr().out == expected


def test_classic_is_the_golden_file():
    model = seed_network(konv, names=SEED_NAMES)
    model.name = "sequential_4"
    lines = []
    model.summary(style="classic", print_fn=lines.append)
    assert "\n".join(lines) + "\n" == (GOLDEN / "seed-summary.txt").read_text()


def test_classic_to_standard_output(capsys):
    model = seed_network(konv, names=SEED_NAMES)
    model.name = "sequential_4"
    model.summary(style="classic")
    assert capsys.readouterr().out == (GOLDEN / "seed-summary.txt").read_text()


def test_classic_lists_connections():
    lines = []
    residual(konv).summary(style="classic", print_fn=lines.append)
    add = next(place for place, line in enumerate(lines) if line.startswith("add (Add)"))
    assert lines[add] == "add (Add)                       (None, 8, 8, 3)      0           first[0][0]".ljust(98)
    assert lines[add + 1].strip() == "input_layer[0][0]"
    assert "input_layer (InputLayer)        [(None, 8, 8, 3)]" in "\n".join(lines)
    assert {len(line) for line in lines[1:-4]} == {98}


@pytest.mark.parametrize(("arguments", "error", "text"), [
    ({"style": "keras1"}, KonvError, "style must be one of 'keras3', 'classic', got 'keras1'"),
    ({"style": "classic", "show_trainable": True}, UnsupportedError, 'not part of style="classic"'),
    ({"style": "classic", "expand_nested": True}, UnsupportedError, 'not part of style="classic"'),
    ({"line_length": 8}, KonvError, "too narrow"),
    ({"layer_range": ["dense"]}, KonvError, "two layer names"),
    ({"layer_range": "dense"}, KonvError, "two layer names"),
    ({"layer_range": ["a", "b"]}, KonvError, "there are: frozen, inner, flatten, dense"),
])
def test_errors(arguments, error, text):
    with pytest.raises(error, match=text):
        nested(konv).summary(**arguments)


def test_brackets_in_names_are_no_markup():
    x = konv.Input((4, 4, 1), name="[bold]")
    model = konv.Model([x], konv.layers.Add()([x, konv.layers.ReLU(name=":smile:")(x)]))
    assert "[bold][0][0]" in printed(model)
    assert ":smile: (ReLU)" in printed(model)


def test_classic_needs_a_built_model():
    with pytest.raises(KonvError, match="input shape is not known"):
        MODELS[5](konv).summary(style="classic")


@pytest.mark.parametrize("nested", [False, True])
def test_a_layer_of_two_outputs(nested):
    """Both shapes in a list, and no column of connections as long as each layer reads the one before it."""
    def make(library):
        class Two(library.layers.Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.first, self.second = library.layers.Dense(3), library.layers.Dense(2)

            def call(self, x):
                return self.first(x), self.second(x)

        x = library.Input((4,))
        whole = library.Model(x, Two()(x))
        return library.Model(x, whole(x)) if nested else whole

    ours, theirs = both(make)
    assert printed(ours) == printed(theirs)
