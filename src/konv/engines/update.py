"""Runs the step of an optimizer on one weight, on all threads where the weight is large."""

from functools import partial
from itertools import pairwise

import numpy as np

from konv.engines.kernels import default_kernels
from konv.engines.threads import shared
from konv.plan.steps import ONCE, Step

ALONE = 1 << 15  # fewer numbers than this are not worth waking a thread
_functions: dict = {}


def update(kernel: str, arrays: tuple[np.ndarray, ...], *numbers: float) -> None:
    """Call a kernel of konv.kernels.update on the weight, its gradient and its slots (contiguous, of one size).

    >>> w, g, m, v = (np.ones(3, np.float32) for _ in range(4))
    >>> update("adam", (w, g, m, v), 0.5, 0.1, 0.001, 0.0)
    >>> w
    array([0.5, 0.5, 0.5], dtype=float32)
    """
    flat = [array.reshape(-1) for array in arrays]
    size, threads = flat[0].size, shared()
    if size < ALONE or threads.count == 1:
        _run(kernel, flat, numbers)
        return
    ends = [size * part // threads.count for part in range(threads.count + 1)]
    threads.run([partial(_run, kernel, [array[low:high] for array in flat], numbers)
                 for low, high in pairwise(ends)])


def _run(kernel: str, arrays: list[np.ndarray], numbers: tuple[float, ...]) -> None:
    function = _functions.get(kernel)
    if function is None:
        function = _functions[kernel] = default_kernels().resolve(Step(kernel, (), ONCE), (*arrays, *numbers))
    function(*arrays, *numbers)
