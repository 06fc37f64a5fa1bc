"""Runs the step of an optimizer on one weight, on all threads where the weight is large."""

from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np

from konv.kernels.calls import COUNT, LOW, GivenScalar, KernelCall, RowSlice, Section
from konv.plan.contracts import Args, Scalar
from konv.plan.steps import Step
from konv.runtime.kernel_sets import Run, default_kernels
from konv.runtime.threads import Guarded, shared

ALONE = 1 << 15  # fewer elements than this are not worth sharing
_guard = Guarded()  # models that train at the same time meet here


def update(contract: type[Args], **values: Any) -> None:
    """Call a kernel of konv.kernels.update; its arrays, of one size and contiguous, are changed in place.

    >>> from konv.plan.contracts import AdamArgs
    >>> w, g, m, v = (np.ones(3, np.float32) for _ in range(4))
    >>> update(AdamArgs, w=w, gradient=g, m=m, v=v, rate=0.5, first=0.1, second=0.001, epsilon=0.0, keep=1.0)
    >>> w
    array([0.5, 0.5, 0.5], dtype=float32)
    """
    take_arrays, take_scalars, function = _prepared(contract)
    arrays = [array.reshape(-1) for array in take_arrays(values)]
    if arrays[0].size < ALONE:
        function(*arrays, *take_scalars(values))
        return
    given = dict(zip(contract.parameters, [*arrays, *map(float, take_scalars(values))], strict=True))
    with _guard.lock:
        _shared(contract)(arrays[0].size, given)


@cache
def _prepared(contract: type[Args]) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., None]]:
    """What takes the arrays and the floats out of all values, and the function for small arrays."""
    kinds = contract.kinds.items()
    arrays, scalars = ([name for name, kind in kinds if (kind is Scalar) == wanted] for wanted in (False, True))
    example = [np.empty(1, np.float32)] * len(arrays) + [0.0] * len(scalars)
    return itemgetter(*arrays), itemgetter(*scalars), default_kernels().resolve(_step(contract), tuple(example))


def _step(contract: type[Args]) -> Step:
    """Arrays and floats are called as the fields are."""
    return Step(contract(**{name: name for name in contract.parameters}))  # type: ignore[call-arg]


@cache
def _shared(contract: type[Args]) -> Run:
    """The kernel on parts of the arrays."""
    args = [GivenScalar(name) if kind is Scalar else RowSlice(np.empty(1, np.float32), LOW, COUNT, given=name)
            for name, kind in contract.kinds.items()]
    call = KernelCall(_step(contract), tuple(args))
    return default_kernels().bind([Section(((call,),), block=ALONE)], [np.zeros(1)] * shared().count, shared())
