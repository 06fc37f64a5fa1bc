"""Random models: konv and Keras on JAX agree on outputs, training, summaries and files."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis.strategies import integers

import konv
from tests.random_models.both import check_files, check_summary, check_training, models
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


# Another seed is another model, not a smaller one, so there is nothing to shrink. A failure shows its description.
@settings(max_examples=300 if NIGHTLY else 40, suppress_health_check=list(HealthCheck), phases=[Phase.reuse, Phase.generate])
@given(integers(0, 2**32 - 1))
def test_agrees_with_keras(seed):
    drawn = description(seed)
    note(f"{drawn = }")
    # Keras numbers the calls of a layer as they were made, konv as a walk from the outputs meets them. Either is consistent,
    # and files open on both sides, but summaries and files of a layer called twice may name another number.
    once = all(isinstance(layer, str) for layer, _, _ in drawn["steps"])
    ours, theirs = models(drawn)
    if once:
        check_summary(ours, theirs)
    check_training(ours, theirs)
    with tempfile.TemporaryDirectory() as folder:
        check_files(ours, theirs, Path(folder), same_text=once)
