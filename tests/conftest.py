"""Before any test: the oracle runs on JAX on the CPU and writes nothing into the home folder. At the end: Keras's own tests."""

import os
import tempfile
from collections import Counter

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
    from konv.seeds import set_random_seed

    reset_names()
    set_random_seed(0)


# The lines that tests/keras_suite leaves for the end of the report. With pytest-xdist it runs in another process than the one
# that prints, which hears of it when that process ends, and reads no other conftest.py than this.
OF_KERAS = pytest.StashKey[list[str]]()


def pytest_sessionfinish(session):
    if OF_KERAS in session.config.stash and hasattr(session.config, "workeroutput"):
        session.config.workeroutput["of_keras"] = session.config.stash[OF_KERAS]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    if "of_keras" in getattr(node, "workeroutput", {}):
        node.config.stash[OF_KERAS] = node.workeroutput["of_keras"]


def pytest_terminal_summary(terminalreporter, config):
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", ()))
    if reasons:
        terminalreporter.section("skipped")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5} {reason}")
    if OF_KERAS in config.stash:
        terminalreporter.section("Keras's own tests on konv")
        terminalreporter.write_line("\n".join(config.stash[OF_KERAS]))


@pytest.fixture(scope="session")
def report_of_keras(pytestconfig):
    """Takes the lines to print at the end."""
    return lambda lines: pytestconfig.stash.__setitem__(OF_KERAS, lines)
