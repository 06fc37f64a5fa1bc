"""Receptive fields behind operations that move, cut and join images."""

import pytest

import konv
from konv.ir.receptive_field import reaches

layers = konv.layers


def joined(x):
    return layers.Concatenate()([layers.Conv2D(2, 3, padding="same")(x), x])


@pytest.mark.parametrize(("make", "size"), [
    (lambda x: layers.Conv2D(2, 3, strides=2)(layers.ZeroPadding2D(1)(x)), 3),
    (lambda x: layers.Conv2D(2, 3)(layers.Cropping2D(2)(layers.Conv2D(2, 5)(x))), 7),
    (lambda x: layers.Conv2D(2, 3)(joined(x)), 5),
    (lambda x: layers.MaxPooling2D(2)(layers.Multiply()([layers.PReLU()(layers.Conv2D(3, 3, padding="same")(x)), x])), 4),
    (lambda x: layers.Conv2D(2, 3)(layers.Concatenate(axis=1)([x, x])), None),
    (lambda x: layers.Conv2D(2, 3)(layers.Permute((2, 1, 3))(x)), None),
])
def test_size(make, size):
    x = konv.Input((16, 16, 3))
    found = reaches(konv.Model(x, make(x)).graph())[-1]
    assert (found and found.size[0]) == size
