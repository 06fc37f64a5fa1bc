"""Random models: konv and Keras on JAX agree on outputs, training, summaries and files."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis.strategies import integers

import konv
from tests.random_models.both import check_files, check_steps, check_summary, check_training, data, judged, models
from tests.random_models.describe import description
from tests.random_models.kinds import ALL

pytestmark = [
    # Keras 3.15 on JAX under NumPy 2.4
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    # drawn models need not make sense
    pytest.mark.filterwarnings("ignore:.*softmax over:UserWarning"),
]

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


def test_every_kind_of_layer_is_there():
    assert set(dir(konv.layers)) >= ALL


TASK = {"targets": ["numbers"], "compile": {"loss": "mse", "optimizer": {"class_name": "Adam", "config": {}}}, "batch": 5,
        "sample_weight": False, "class_weight": None}


def described(inputs, *steps, **others):
    """A functional model of these steps, whose output is that of the last."""
    return {"inputs": inputs, "steps": [list(step) for step in steps], "outputs": [len(inputs) + len(steps) - 1],
            "sequential": False, "task": TASK} | others


PAIR = described([[3], [3]], ["Subtract", {}, [0, 1]])
INNER = described([[3]], ["Dense", {"units": 3, "name": "d"}, [0]])


@pytest.mark.parametrize("drawn", [
    described([[6, 6, 2]], ["MaxPooling2D", {}, [0]], [0, {}, [1]]),  # summaries show the shape of the last call
    described([[3, 2], [3, 2]], ["Dot", {"axes": 2, "normalize": True}, [0, 1]]),
    described([[3, 2, 4]], ["Dense", {"units": 4}, [0]], ["Softmax", {"axis": (1, -1)}, [1]], ["Dense", {"units": 1}, [2]]),
    described([[3, 2]], ["Activation", {"activation": "hard_shrink"}, [0]], ["Dot", {"axes": 2, "normalize": True}, [1, 1]],
              ["Dense", {"units": 1}, [2]]),  # of length 0
    described([[3]], ["Model", {"model": INNER}, [0]], ["Model", {"model": INNER}, [1]],
              ["Dense", {"units": 2, "name": "d"}, [2]]),  # layers of inner models may have one name
    described([[3], [3]], ["Model", {"model": PAIR}, [0, 1]], ["Dense", {"units": 2}, [2]]),  # files note a mask for each input
    *(described([[3, 2]], [f"ops.{name}", {"axis": 1}, [0]], ["Dense", {"units": 1}, [1]])
      for name in ("max", "min", "amax", "amin")),
], ids=lambda drawn: drawn["steps"][0][0])
def test_agree(drawn, tmp_path):
    ours, theirs = models(drawn)
    check_summary(ours, theirs)
    check_training(ours, theirs, drawn)
    check_files(ours, theirs, tmp_path, drawn)


def test_calls_of_a_layer_are_numbered_as_they_were_made(tmp_path):
    """A walk from the outputs meets the second call first."""
    drawn = described([[4]], ["Dense", {"units": 4}, [0]], ["Dense", {"units": 4}, [1]], [0, {}, [0]], ["Minimum", {}, [3, 2]])
    ours, theirs = models(drawn)
    check_summary(ours, theirs)
    konv.Model(ours.inputs, ours.layers[-1](ours.layers[-1].input))  # what another model does with a layer counts, too
    check_files(ours, theirs, tmp_path, drawn)


def test_the_rounding_that_is_allowed_follows_from_the_sizes_of_the_terms():
    """Only a bias before a normalisation is not determined; the same model, wrong by a part in a thousand, is found out."""
    drawn = described([[4, 4, 2]], ["Conv2D", {"filters": 2, "kernel_size": 3}, [0]], ["BatchNormalization", {}, [1]])
    _, theirs = models(drawn)
    exact, spread = judged(drawn, theirs.get_weights(), data(theirs, drawn["task"]))
    kernel, bias, gamma, *_ = [moved / np.abs(value).max() for moved, value in zip(spread[3][2], exact[3][2], strict=True)]
    assert max(kernel, gamma) < 1e-4 < bias
    with pytest.raises(AssertionError):
        check_steps([(one, two, [1.001 * value for value in three], four) for one, two, three, four in exact], exact, spread)


# Another seed is another model, not a smaller one, so there is nothing to shrink. A failure shows its description.
@settings(max_examples=300 if NIGHTLY else 40, suppress_health_check=list(HealthCheck), phases=[Phase.reuse, Phase.generate])
@given(integers(0, 2**32 - 1))
def test_agrees_with_keras(seed):
    drawn = description(seed)
    note(f"{drawn = }")
    ours, theirs = models(drawn)
    check_summary(ours, theirs)
    check_training(ours, theirs, drawn)
    with tempfile.TemporaryDirectory() as folder:
        check_files(ours, theirs, Path(folder), drawn)
