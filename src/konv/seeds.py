"""The one source of randomness: every draw in konv comes from a seed handed out here."""

import random as python_random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from konv.errors import KonvError

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
    """A fresh 32-bit seed; the n-th one after `set_random_seed(s)` depends on s and n alone.

    >>> isinstance(next_seed(), int)
    True
    """
    return int(_state["sequence"].spawn(1)[0].generate_state(1)[0])


def generator(seed: int | None = None) -> np.random.Generator:
    """A NumPy generator for `seed`, or for the next seed of the global sequence.

    >>> generator(0).normal(size=3).shape
    (3,)
    """
    return np.random.default_rng(next_seed() if seed is None else seed)


class SeedGenerator:
    """Seeds that follow from one: what a layer of the user's draws with.

    >>> SeedGenerator(3).next().tolist()
    [3, 0]
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0):
            raise KonvError(f"SeedGenerator: seed must be a non-negative integer or None, got {seed!r}")
        self.seed, self.name = next_seed() if seed is None else int(seed), name or "seed_generator"
        self._given, self._count = seed, 0

    def next(self, ordered: bool = True) -> np.ndarray:
        """The seed and how often it was asked for before, uint32."""
        self._count += 1
        return np.array([self.seed & 0xFFFFFFFF, self._count - 1], np.uint32)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self._given}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SeedGenerator":
        return cls(**config)
