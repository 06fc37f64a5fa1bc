"""Packing weights for the tile and summing the parts of their gradients; twins in reference.py."""

import numpy as np

from konv.kernels.jit import kernel


@kernel
def pack(weight, index, packed):
    # weight (any)  index, packed (groups, panels, K, lanes)
    source, numbers, target = weight.reshape(-1), index.reshape(-1), packed.reshape(-1)
    for i in range(target.size):
        target[i] = source[numbers[i]] if numbers[i] >= 0 else np.float32(0)


@kernel
def fold(weight, bias, coefficients, folded, shifted):
    # weight (any)  folded (n, F)  bias, shifted (F,)  coefficients (4, F): scale and shift are its last rows
    source = weight.reshape(-1)
    for i in range(folded.shape[0]):
        for f in range(folded.shape[1]):
            folded[i, f] = source[i * folded.shape[1] + f] * coefficients[2, f]
    for f in range(folded.shape[1]):
        shifted[f] = bias[f] * coefficients[2, f] + coefficients[3, f]


@kernel
def unpack(parts, index, gradient, first):
    # parts (parts, groups, panels, K, lanes)  index (gradient.size,)
    source, target = parts.reshape(parts.shape[0], -1), gradient.reshape(-1)
    for i in range(target.size):
        target[i] = source[0, index[i]] + (np.float32(0) if first else target[i])
    for part in range(1, parts.shape[0]):
        row = source[part]
        for i in range(target.size):
            target[i] += row[index[i]]


@kernel
def reduce_parts(parts, gradient, first):
    # parts (parts, n)  gradient (of n numbers)
    target = gradient.reshape(-1)
    for c in range(target.size):
        total = np.float32(0)
        for part in range(parts.shape[0]):
            total += parts[part, c]
        target[c] = total + (np.float32(0) if first else target[c])
