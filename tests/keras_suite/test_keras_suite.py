"""Keras's own tests pass on konv, but for those that skips.py names with a reason."""

import re
from pathlib import Path

import pytest

from tests.keras_suite import run, table
from tests.keras_suite.files import FILES

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"


@pytest.mark.parametrize("file", FILES)
def test_of_keras(file, judged):
    assert {test: why for test, why in judged.failed.items() if test.split("::")[0] == file} == {}


def test_the_list_of_skips_is_true(judged):
    assert judged.wrong == []


def test_the_committed_table_is_what_ran(judged):
    """But for the date. `make compatibility` writes it anew."""
    written = PAGE.read_text("utf-8")
    date = re.search(r"made on (\S+) with", written)
    assert date
    assert written == table.page(judged, date[1])


def test_every_file_is_in_the_wheel():
    assert [file for file in FILES if not (run.wheel() / "src" / file).is_file()] == []
