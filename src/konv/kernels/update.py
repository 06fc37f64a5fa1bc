"""Steps of optimizers in one pass over memory; twins in reference.py. All arrays (n,), changed in place."""

import numpy as np

from konv.kernels.jit import kernel

F = np.float32


@kernel
def adam(w, gradient, m, v, numbers):
    # numbers (4,): rate, 1 - beta_1, 1 - beta_2, epsilon
    step, a, b, e = F(numbers[0]), F(numbers[1]), F(numbers[2]), F(numbers[3])
    for i in range(w.size):
        g = gradient[i]
        m[i] += (g - m[i]) * a
        v[i] += (g * g - v[i]) * b
        w[i] -= step * m[i] / (np.sqrt(v[i]) + e)
