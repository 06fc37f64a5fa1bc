"""Random models: konv and Keras on JAX agree on outputs, training, summaries and files."""

import os
import tempfile
from pathlib import Path

import keras
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis.strategies import integers

import konv
from tests.random_models.both import check_files, check_summary, check_training, compiled, models
from tests.random_models.describe import ALL, description

pytestmark = [
    # Keras 3.15 on JAX under NumPy 2.4
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    # drawn models need not make sense
    pytest.mark.filterwarnings("ignore:.*softmax over:UserWarning"),
]

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


def test_every_kind_of_layer_is_there():
    assert set(dir(konv.layers)) >= ALL


def test_calls_of_a_layer_are_numbered_as_they_were_made(tmp_path):
    """A walk from the outputs meets the second call first."""
    steps = [["Dense", {"units": 4}, [0]], ["Dense", {"units": 4}, [1]], [0, {}, [0]], ["Minimum", {}, [3, 2]]]
    ours, theirs = models({"inputs": [[4]], "steps": steps, "outputs": [4], "sequential": False})
    check_summary(ours, theirs)
    konv.Model(ours.inputs, ours.layers[-1](ours.layers[-1].input))  # what another model does with a layer counts, too
    check_files(compiled(konv, ours), compiled(keras, theirs), tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [
    3351288,  # two normalisations in a row of what hardly varies
    54731,  # LayerNormalization of a single channel: Keras takes x * a - mean * a, which is not zero
    1091874540,  # NaN from XLA that compiles quickly
    2076,  # L1 on weights that a constraint has set to 0
])
def test_oracles_that_round_much(seed):
    drawn = description(seed)
    check_training(*models(drawn), drawn)


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
        check_files(ours, theirs, Path(folder))
