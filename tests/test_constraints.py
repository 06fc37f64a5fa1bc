"""Constraints beside Keras."""

import keras
import numpy as np
import pytest

from konv import constraints
from konv.errors import KonvError

CASES = [
    ("NonNeg", {}), ("UnitNorm", {}), ("UnitNorm", {"axis": (0, 1, 2)}), ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 1.0, "axis": [0, 1, 2]}), ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 1.5, "rate": 0.3, "axis": 1}), ("Constraint", {}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_projection_and_config(name, arguments):
    ours, theirs = (getattr(library, name)(**arguments) for library in (constraints, keras.constraints))
    w = np.random.default_rng(0).standard_normal((3, 3, 5, 4)).astype(np.float32)
    w[:, :, :, 0] = 0
    np.testing.assert_allclose(ours(w), np.asarray(theirs(w)), rtol=1e-5, atol=1e-7)
    assert ours(w).dtype == np.float32
    written = keras.constraints.serialize(theirs)
    assert constraints.serialize(ours) == written
    assert constraints.serialize(constraints.get(written)) == written


@pytest.mark.parametrize("name", ["max_norm", "min_max_norm", "non_neg", "unit_norm", "MaxNorm", "NonNeg"])
def test_names(name):
    assert constraints.serialize(constraints.get(name)) == keras.constraints.serialize(keras.constraints.get(name))


def test_a_function_is_a_constraint():
    assert constraints.get(abs)(-1) == 1
    assert constraints.get(None) is None


@pytest.mark.parametrize("identifier", ["max_norn", 3, {"class_name": "Cube", "config": {}}])
def test_errors(identifier):
    with pytest.raises(KonvError, match="constraint"):
        constraints.get(identifier)
