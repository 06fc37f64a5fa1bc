"""What a `call` draws anew in each step: the functions of konv.random on tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from konv.errors import KonvError, ShapeError, UnsupportedError
from konv.ir.augment_ops import Noise
from konv.ir.ops import Dropout
from konv.ops.elementwise import add, less
from konv.ops.reductions import sum as total
from konv.ops.shapes import reshape
from konv.seeds import SeedGenerator
from konv.tracing.symbolic import Emit, symbolic
from konv.tracing.tensors import Tensor, batch


def normal(shape: Sequence[int | None], mean: float = 0.0, stddev: float = 1.0, seed: Any = None) -> Tensor:
    """Values around `mean` for each sample, in training and in inference; the shape begins with the batch."""
    key = _seed("normal", seed)

    def lower(emit: Emit, node: int) -> int:
        return emit(Noise(float(stddev), False, key, True), node)

    return symbolic(normal, "RandomNormal", [add(_zeros(shape), float(mean))], lower)


def dropout(inputs: Tensor, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """As the layer Dropout; what is not in training has to do without."""
    key = _seed("dropout", seed)
    if not isinstance(rate, (int, float)) or not 0 <= rate < 1:
        raise KonvError(f"random.dropout: rate must be a number from 0 up to 1, got {rate!r}")

    def lower(emit: Emit, node: int) -> int:
        if not emit.builder.training:
            raise UnsupportedError("random.dropout: is for training; write `if training:` before it, with an argument "
                                   "`training` of call")
        return emit(Dropout(float(rate), None if noise_shape is None else (None, *noise_shape[1:]), key), node)

    return symbolic(dropout, "Dropout", [inputs], lower)


def _zeros(shape: Sequence[int | None]) -> Tensor:
    """Zeros for each sample, of a shape that begins with the batch."""
    x, sizes = batch(), tuple(shape)
    if not sizes or sizes[0] not in (None, x.shape[0]) or None in sizes[1:]:
        raise ShapeError(f"random.normal: shape={sizes} must begin with the batch, konv.ops.shape(x)[0], and say "
                         f"the other sizes")
    zero = less(x, x)  # 0, whatever the values are
    if sizes[1:] == x.sample:
        return zero
    single = reshape(total(zero, tuple(range(1, zero.ndim))), (-1, *(1 for _ in sizes[1:])))
    return add(single, np.zeros((1, *sizes[1:]), np.float32)) if len(sizes) > 1 else single  # type: ignore[arg-type]


def _seed(function: str, seed: Any) -> int | None:
    """What the engine draws with, together with the number of the step; None follows from set_random_seed."""
    if seed is None:
        return None
    if not isinstance(seed, SeedGenerator):
        raise UnsupportedError(f"random.{function}: seed={seed!r} would give the same numbers in every step; give a "
                               f"konv.random.SeedGenerator({seed!r}), kept as an attribute of the layer, or leave it out")
    first, count = seed.next().tolist()
    return (first + 0x9E3779B1 * count) & 0xFFFFFFFF
