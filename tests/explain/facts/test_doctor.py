"""Thirty and more broken models: why they are broken, and the first change that is offered; every change works."""

from inspect import isfunction

import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError
from konv.explain import doctor

L = konv.layers

# layers, shape of a sample, the first remedy
BROKEN = {
    "kernel larger than the image": (lambda: [L.Conv2D(8, 5), L.Flatten()], (4, 4, 1), "doc_same"),
    "kernel wider than the image": (lambda: [L.Conv2D(8, (1, 9))], (28, 8, 1), "doc_same"),
    "dilated kernel": (lambda: [L.Conv2D(8, 3, dilation_rate=4)], (8, 8, 1), "doc_same"),
    "pool larger than the image": (lambda: [L.MaxPooling2D(4)], (3, 3, 2), "doc_same"),
    "mean of too many": (lambda: [L.AveragePooling2D((5, 1))], (4, 4, 2), "doc_same"),
    "depthwise kernel": (lambda: [L.DepthwiseConv2D(5)], (4, 4, 2), "doc_same"),
    "too many pools": (lambda: [L.MaxPooling2D(2), L.MaxPooling2D(2), L.MaxPooling2D(2)], (6, 6, 1), "doc_same"),
    "convolution behind pools": (lambda: [
        L.Conv2D(8, 3), L.MaxPooling2D(2), L.Conv2D(8, 3), L.MaxPooling2D(2), L.Conv2D(8, 3), L.Flatten(), L.Dense(3)],
        (12, 12, 3), "doc_same"),
    "LeNet on small images": (lambda: [
        L.Conv2D(6, 5), L.AveragePooling2D(2), L.Conv2D(16, 5), L.AveragePooling2D(2), L.Conv2D(120, 5), L.Flatten(),
        L.Dense(84), L.Dense(10)], (28, 28, 1), "doc_same"),
    "kernel in channels first": (lambda: [L.Conv2D(8, 5, data_format="channels_first")], (3, 4, 4), "doc_same"),
    "no channel axis": (lambda: [L.Conv2D(8, 3), L.Flatten(), L.Dense(2)], (28, 28), "doc_channel_axis"),
    "no channel axis before a pool": (lambda: [L.MaxPooling2D(2), L.Conv2D(8, 3)], (28, 28), "doc_channel_axis"),
    "no channel axis in front": (lambda: [L.Conv2D(8, 3, data_format="channels_first")], (28, 28), "doc_channel_axis"),
    "batch among the axes": (lambda: [L.Conv2D(8, 3)], (None, 28, 28, 1), "doc_batch_axis"),
    "batch of 32 among the axes": (lambda: [L.Conv2D(8, 3), L.Flatten(), L.Dense(2)], (32, 28, 28, 1), "doc_batch_axis"),
    "channels first for channels last": (lambda: [L.Conv2D(8, 5), L.Conv2D(8, 3)], (3, 32, 32), "doc_channels_last"),
    "one channel first": (lambda: [L.Conv2D(8, 3), L.Flatten(), L.Dense(10)], (1, 28, 28), "doc_channels_last"),
    "pool of channels first": (lambda: [L.Conv2D(8, 1), L.MaxPooling2D(4)], (3, 32, 32), "doc_channels_last"),
    "convolution behind Flatten": (lambda: [L.Flatten(), L.Conv2D(8, 3), L.Dense(2)], (28, 28, 1), "doc_move"),
    "pool behind Flatten": (lambda: [L.Conv2D(4, 3), L.Flatten(), L.MaxPooling2D(2), L.Dense(2)], (28, 28, 1), "doc_move"),
    "two convolutions behind Flatten": (lambda: [
        L.Flatten(), L.Conv2D(8, 3), L.Conv2D(8, 3), L.Dense(2)], (28, 28, 1), "doc_move"),
    "convolution behind a global pool": (lambda: [
        L.Conv2D(4, 3), L.GlobalAveragePooling2D(), L.Conv2D(8, 3)], (28, 28, 1), "doc_move"),
    "convolution behind a dense layer": (lambda: [L.Flatten(), L.Dense(10), L.Conv2D(8, 3)], (8, 8, 1), "doc_move"),
    "convolution of vectors": (lambda: [L.Conv2D(8, 3), L.Dense(2)], (784,), "doc_dense"),
    "pool of vectors": (lambda: [L.Dense(8), L.MaxPooling2D(2)], (784,), "doc_dense"),
    "Flatten of any size": (lambda: [L.Conv2D(8, 3), L.Flatten(), L.Dense(2)], (None, None, 3), "doc_global_pool"),
    "Flatten of any width": (lambda: [L.MaxPooling2D(), L.Flatten(), L.Dense(4), L.Dense(2)], (28, None, 3), "doc_global_pool"),
    "channels of any number": (lambda: [L.Conv2D(8, 3), L.GlobalMaxPooling2D(), L.Dense(2)], (28, 28, None), "doc_fixed"),
    "vectors of any size": (lambda: [L.Dense(2)], (None,), "doc_fixed"),
    "groups that do not divide": (lambda: [L.Conv2D(9, 3), L.Conv2D(8, 3, groups=4)], (32, 32, 3), "doc_groups"),
    "groups of three colours": (lambda: [L.Conv2D(8, 3, groups=2)], (32, 32, 3), "doc_groups"),
    "norm of an axis that is not there": (lambda: [L.Flatten(), L.BatchNormalization(axis=3)], (9, 9, 1), "doc_axis"),
    "norm of channels that are not first": (lambda: [L.BatchNormalization(axis=1), L.Dense(3)], (None, 4), "doc_axis"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_first_remedy(name):
    layers, shape, first = BROKEN[name]
    found = doctor(layers(), shape)
    assert not found.healthy
    assert [remedy.key for remedy in found.remedies][:1] == [first]
    assert 1 <= len(found.remedies) <= 3
    for remedy in found.remedies:  # each of them really is built
        model = konv.Sequential([konv.Input(remedy.input_shape), *(type(x).from_config(x.get_config()) for x in remedy.layers)])
        assert model.output_shape[1:] == remedy.output_shape


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_text(lang):
    text = doctor(BROKEN["convolution behind pools"][0](), (12, 12, 3), lang).text()
    assert "(None, 5, 5, 8)" in text
    assert ("its window of 3x3 is larger than what is left of the image, 1x1" if lang == "en" else "윈도우 3x3") in text
    assert text.count("\n  1. ") == 1


def test_the_error_shows_trail_and_remedies():
    with pytest.raises(ShapeError) as caught:
        konv.Sequential([konv.Input((6, 6, 1)), L.MaxPooling2D(2), L.Conv2D(4, 5, name="c"), L.Flatten()])
    message = str(caught.value)
    assert message.startswith('Conv2D "c": the window of 5')
    assert "(None, 3, 3, 1)" in message
    assert '1. padding "same" for Conv2D "c": the output is then (None, 36)' in message


def test_a_healthy_model():
    found = doctor([konv.Input((8, 8, 1)), L.Conv2D(4, 3), L.Flatten()])
    assert found.healthy
    assert found.remedies == ()
    assert found.trail[-1][1] == (144,)
    assert "every layer fits" in str(found)


def test_layers_stay_as_they_are():
    layers = BROKEN["kernel larger than the image"][0]()
    doctor(layers, (4, 4, 1))
    assert not any(layer.built for layer in layers)


@pytest.mark.parametrize(("layers", "shape", "message"), [
    ([np.ones(3)], (3,), "expected layers"),
    (konv.Sequential([konv.Input((3,))]), (3,), "could be built"),
    (lambda: [L.Dense(3)], None, "is not known; give input_shape")])
def test_refused(layers, shape, message):
    with pytest.raises(KonvError, match=message):
        doctor(layers() if isfunction(layers) else layers, shape)
