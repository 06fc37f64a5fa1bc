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
    """Both draw other weights and masks: one run says little, and what four say depends on how far they are apart.

    Means of four runs are compared in standard errors of their difference. Between equal programs one pair of means in a
    thousand is 6 apart (Student's t with 6 degrees of freedom). Steps are compared number by number in other tests.
    """
    pytest.importorskip("mlxtend")
    (ours, _), (theirs, _) = compare.several(name, "konv"), compare.several(name, "keras")
    assert set(ours) == set(theirs)
    for figure in ours:
        assert compare.apart(ours[figure], theirs[figure]) < 6, (figure, ours[figure], theirs[figure])


def test_means_are_compared_by_their_spread():
    assert compare.apart([1, 2, 3, 4], [1, 2, 3, 4]) == 0
    assert compare.apart([0.90, 0.91, 0.92, 0.91], [0.95, 0.96, 0.96, 0.97]) > 6 > compare.apart([0.7, 0.9], [0.8, 0.9])
