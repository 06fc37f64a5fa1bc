"""Steps of optimizers in one pass over memory; twins in reference.py. All arrays (n,), changed in place."""

import numpy as np

from konv.kernels.jit import kernel

F = np.float32


@kernel
def adam(w, gradient, m, v, rate, first, second, epsilon, keep):
    step, a, b, e, kept = F(rate), F(first), F(second), F(epsilon), F(keep)
    for i in range(w.size):
        g = gradient[i]
        m[i] += (g - m[i]) * a
        v[i] += (g * g - v[i]) * b
        w[i] = w[i] * kept - step * m[i] / (np.sqrt(v[i]) + e)


@kernel
def descend(w, gradient, rate, keep):
    step, kept = F(rate), F(keep)
    for i in range(w.size):
        w[i] = w[i] * kept - step * gradient[i]


@kernel
def momentum(w, gradient, v, rate, keep, share, nesterov):
    step, kept, part = F(rate), F(keep), F(share)
    if nesterov == 0:
        for i in range(w.size):
            v[i] = v[i] * part - step * gradient[i]
            w[i] = w[i] * kept + v[i]
    else:
        for i in range(w.size):
            v[i] = v[i] * part - step * gradient[i]
            w[i] = w[i] * kept + (v[i] * part - step * gradient[i])
