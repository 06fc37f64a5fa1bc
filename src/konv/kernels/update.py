"""Steps of optimizers in one pass over memory; twins in reference.py. All arrays (n,), changed in place."""

import numpy as np

from konv.kernels.jit import kernel

F = np.float32


@kernel
def adam(w, gradient, m, v, settings):
    # settings (5,): rate, 1 - beta_1, 1 - beta_2, epsilon, what weight decay leaves of w
    step, a, b, e, keep = F(settings[0]), F(settings[1]), F(settings[2]), F(settings[3]), F(settings[4])
    for i in range(w.size):
        g = gradient[i]
        m[i] += (g - m[i]) * a
        v[i] += (g * g - v[i]) * b
        w[i] = w[i] * keep - step * m[i] / (np.sqrt(v[i]) + e)


@kernel
def descend(w, gradient, settings):
    # settings (4,): rate, what weight decay leaves of w
    rate, keep = F(settings[0]), F(settings[1])
    for i in range(w.size):
        w[i] = w[i] * keep - rate * gradient[i]


@kernel
def momentum(w, gradient, v, settings):
    # settings (4,): rate, what weight decay leaves of w, momentum, whether to look ahead as Nesterov does
    rate, keep, share = F(settings[0]), F(settings[1]), F(settings[2])
    if settings[3] == 0:
        for i in range(w.size):
            v[i] = v[i] * share - rate * gradient[i]
            w[i] = w[i] * keep + v[i]
    else:
        for i in range(w.size):
            v[i] = v[i] * share - rate * gradient[i]
            w[i] = w[i] * keep + (v[i] * share - rate * gradient[i])
