"""Runs the step of an optimizer on one weight, on all threads where the weight is large."""

from collections.abc import Callable
from functools import cache

import numpy as np

from konv.kernels.calls import COUNT, LOW, KernelCall, RowSlice, Section
from konv.plan.contracts import CONTRACTS
from konv.plan.steps import Step
from konv.runtime.kernel_sets import Run, default_kernels
from konv.runtime.threads import Guarded, shared

ALONE = 1 << 15  # fewer elements than this are not worth sharing
_functions: dict[str, Callable[..., None]] = {}
_guard = Guarded()  # models that train at the same time meet here


def update(kernel: str, arrays: tuple[np.ndarray, ...], settings: np.ndarray) -> None:
    """Call a kernel of konv.kernels.update on the weight, its gradient and its slots (contiguous, of one size).

    >>> w, g, m, v = (np.ones(3, np.float32) for _ in range(4))
    >>> update("adam", (w, g, m, v), np.array([0.5, 0.1, 0.001, 0.0, 1.0]))
    >>> w
    array([0.5, 0.5, 0.5], dtype=float32)
    """
    flat = [array.reshape(-1) for array in arrays]
    size = flat[0].size
    if size < ALONE:
        function = _functions.get(kernel)
        if function is None:
            function = _functions[kernel] = default_kernels().resolve(_step(kernel), (*flat, settings))
        function(*flat, settings)
        return
    with _guard.lock:
        given = {str(place): array for place, array in enumerate(flat)} | {"settings": settings}
        _shared(kernel, len(flat), len(settings))(size, given)


def _step(kernel: str) -> Step:
    args = CONTRACTS[kernel]
    return Step(args(**{name: name for name in args.parameters}))


@cache
def _shared(kernel: str, count: int, settings: int) -> Run:
    """The kernel on parts of the arrays."""
    pieces = [RowSlice(np.empty(1, np.float32), LOW, COUNT, given=str(place)) for place in range(count)]
    call = KernelCall(_step(kernel), (*pieces, RowSlice(np.empty((1, settings)), given="settings")))
    return default_kernels().bind([Section(((call,),), block=ALONE)], [np.zeros(1)] * shared().count, shared())
