"""Layers to dicts and back, as keras.layers.serialize and deserialize do it."""

import json

import keras
import pytest

import konv
from konv.errors import KonvError


def test_serialize_and_deserialize():
    written = konv.layers.serialize(konv.layers.Conv2D(3, 3, name="c"))
    theirs = keras.layers.serialize(keras.layers.Conv2D(3, 3, name="c"))
    assert json.loads(json.dumps(written)) == json.loads(json.dumps(theirs))
    assert konv.layers.deserialize(written).get_config() == konv.layers.Conv2D(3, 3, name="c").get_config()


@pytest.mark.parametrize(("door", "given"), [("serialize", 3), ("deserialize", {}), ("deserialize", "Dense")])
def test_what_is_no_layer(door, given):
    with pytest.raises(KonvError, match="layer"):
        getattr(konv.layers, door)(given)
