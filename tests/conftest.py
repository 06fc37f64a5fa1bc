"""Before any test: the oracle runs on JAX on the CPU and writes nothing into the home folder."""

import os
import tempfile

import pytest
from hypothesis import settings

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp(prefix="konv-keras-home-"))
os.environ.setdefault("MPLBACKEND", "agg")

# The same examples every time: a test that fails in CI must fail on the desk. `make nightly` looks further.
settings.register_profile("same", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("nightly", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(autouse=True)
def _fresh_names_and_seed():
    """Layers are numbered from the start and every draw is the same, whatever ran before."""
    from konv.layers.base import reset_names
    from konv.random import set_random_seed

    reset_names()
    set_random_seed(0)
