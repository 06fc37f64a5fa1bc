"""The plugin of the pytest that runs Keras's test files: konv for keras, a limit of time, what came out as JSON."""

import json
import os
import re
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.keras_suite import imports

SECONDS = 60  # for one test
RESULTS: dict[str, list[str]] = {}


def pytest_configure(config):
    imports.install(Path(os.environ["KERAS_SUITE_WHEEL"]), Path(os.environ["KERAS_SUITE_COPIES"]))
    from tests.keras_suite import helpers, testing

    conftest = ModuleType("conftest")
    conftest.skip_if_backend = helpers.skip_if_backend
    sys.modules["conftest"] = conftest
    pytest.raises = lambda expected, match=None: testing.raises(expected, match)


def pytest_runtest_setup(item):
    def stop(*_):
        raise TimeoutError(f"took more than {SECONDS} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)


def pytest_runtest_teardown(item):
    signal.alarm(0)


def pytest_collectreport(report):
    if report.failed:
        RESULTS[_name(report.nodeid)] = ["failed", _last_line(report)]


def pytest_runtest_logreport(report):
    name = _name(report.nodeid)
    if report.failed:
        RESULTS[name] = ["failed", _last_line(report)]
    elif report.skipped:
        RESULTS[name] = ["skipped", str(report.longrepr[2]).removeprefix("Skipped: ")]
    elif report.when == "call":
        RESULTS.setdefault(name, ["passed", ""])


def pytest_sessionfinish(session):
    Path(os.environ["KERAS_SUITE_RESULTS"]).write_text(json.dumps(RESULTS))


def _name(nodeid: str) -> str:
    """layers/pooling/max_pooling_test.py::MaxPoolingTest::test_one, wherever the copies are."""
    return re.sub(r"^.*?copies/", "", nodeid)


def _last_line(report) -> str:
    lines = [line for line in str(report.longrepr).splitlines() if line.startswith("E  ")]
    return " ".join((lines or str(report.longrepr).splitlines())[0].removeprefix("E").split())[:300]
