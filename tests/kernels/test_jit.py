"""Compiled kernels are found again."""

import os
import subprocess
import sys

import pytest


def fingerprint(**environment):
    program = "from konv.kernels.jit import _fingerprint; print(_fingerprint())"
    path = os.pathsep.join(entry or "." for entry in sys.path)
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path, **environment},
                          capture_output=True, text=True, check=True)
    return done.stdout


def test_the_same_in_every_process():
    """A set of strings has another order in each."""
    assert len({fingerprint(PYTHONHASHSEED=str(seed)) for seed in (1, 2, 3)}) == 1


@pytest.mark.parametrize("environment", [{"KONV_SIMD": "neon"}, {"NUMBA_BOUNDSCHECK": "1"}])
def test_another_for_other_code(environment):
    assert fingerprint(PYTHONHASHSEED="1", **environment) != fingerprint(PYTHONHASHSEED="1", KONV_SIMD="", NUMBA_BOUNDSCHECK="")


def test_variants_have_names_of_their_own():
    from konv.kernels.compiled import dispatcher

    variants = [("product", (6, 4, 0, 0)), ("product", (6, 4, 2, 0)), ("product", (6, 2, 0, 0)), ("winograd", (6, 4)),
                ("max_pool", (2, 2, 0, 0)), ("max_pool", (2, 2, 1, 0)), ("max_pool", (2, 3, 1, 0))]
    assert len({dispatcher(*variant).py_func.__qualname__ for variant in variants}) == len(variants)
