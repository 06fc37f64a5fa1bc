"""The programs in examples/ start with konv and, at night, end with the figures that they end with in Keras."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(FOLDER))

import compare  # noqa: E402


@pytest.mark.parametrize("name", compare.EXAMPLES)
def test_it_starts(name):
    pytest.importorskip("mlxtend")
    figures, _ = compare.run(name, "konv", size="tiny")
    assert figures
    assert all(value >= 0 for value in figures.values())


@pytest.mark.nightly
@pytest.mark.parametrize("name", compare.EXAMPLES)
def test_it_ends_as_with_keras(name):
    """Both draw other initial weights and other dropout, so figures are equal within noise: a few per cent of all samples."""
    pytest.importorskip("mlxtend")
    (ours, _), (theirs, _) = compare.run(name, "konv"), compare.run(name, "keras")
    assert set(ours) == set(theirs)
    for figure in set(ours) & {"accuracy", "frozen", "before", "after"}:
        assert ours[figure] == pytest.approx(theirs[figure], abs=0.05 if figure in ("accuracy", "frozen") else 0.003), figure
