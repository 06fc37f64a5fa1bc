"""The table of Keras's tests, once for the session, and printed at its end."""

import pytest

from tests.keras_suite import run, table

JUDGED = pytest.StashKey[table.Judged]()


@pytest.fixture(scope="session")
def judged(pytestconfig):
    pytestconfig.stash[JUDGED] = table.judge(run.run())
    return pytestconfig.stash[JUDGED]


def pytest_terminal_summary(terminalreporter, config):
    if JUDGED in config.stash:
        terminalreporter.section("Keras's own tests on konv")
        terminalreporter.write_line("\n".join(table.lines(config.stash[JUDGED])))
