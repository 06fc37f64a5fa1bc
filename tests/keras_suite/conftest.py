"""The table of Keras's tests, once for the session; tests/conftest.py prints it at the end."""

import pytest

from tests.keras_suite import run, table


@pytest.fixture(scope="session")
def judged(report_of_keras):
    judged = table.judge(run.run())
    report_of_keras(table.lines(judged))
    return judged
