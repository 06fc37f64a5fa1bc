"""The one source of randomness: every draw in konv comes from a seed handed out here."""

import random as python_random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from konv.surface import surface

_state = {"sequence": np.random.SeedSequence()}


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and konv, so that the same program gives the same bits on any number of threads.

    >>> set_random_seed(0)
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"set_random_seed: seed must be a non-negative integer, got {seed!r}")
    python_random.seed(seed)
    np.random.seed(seed % 2**32)
    _state["sequence"] = np.random.SeedSequence(seed)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Draw from `seed` inside, and go on afterwards as if nothing had been; None changes nothing."""
    before = _state["sequence"]
    if seed is not None:
        _state["sequence"] = np.random.SeedSequence(seed)
    try:
        yield
    finally:
        if seed is not None:
            _state["sequence"] = before


def next_seed() -> int:
    """A fresh 32-bit seed; the n-th one after `set_random_seed(s)` depends on s and n alone."""
    return int(_state["sequence"].spawn(1)[0].generate_state(1)[0])


def generator(seed: int | None = None) -> np.random.Generator:
    """A NumPy generator for `seed`, or for the next seed of the global sequence."""
    return np.random.default_rng(next_seed() if seed is None else seed)


__all__ = [
    "generator", "next_seed", "set_random_seed",
]

__getattr__, __dir__ = surface(__name__, __all__)
