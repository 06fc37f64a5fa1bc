"""The optimizers once more, as formulas: on `Rounded` arrays they say where a training goes, and how exactly that is known."""

import numpy as np

from tests.optimizers.rounding import Rounded, absolute, maximum, minimum, sign, sqrt, through


def run(optimizer, start, gradients):
    """The weights, their running means (or None), and all state in the order of `optimizer.variables`.

    `optimizer` is one of konv, for its arguments; `gradients` are a list for each step.
    """
    o, rule = optimizer, RULES[type(optimizer).__name__]
    weights, states = [Rounded(w) for w in start], [{"index": index} for index in range(len(start))]
    averages, sums, shared = [Rounded(0 * w) for w in start], [Rounded(0 * w) for w in start], {"u_product": Rounded(1.0)}
    rate, every, updates = Rounded(float(o.learning_rate)), o.gradient_accumulation_steps or 1, 0
    for number, step in enumerate(gradients, 1):
        found = [Rounded(g) / (o.loss_scale_factor or 1.0) for g in step]
        if every > 1:
            sums = [total + g for total, g in zip(sums, found, strict=True)]
            found = [total / float(every) for total in sums]
        if number % every == 0:
            before(o, updates + 1, shared)
            for index, g in enumerate(clipped(o, found)):
                w, state = weights[index], states[index]
                if keep := decay(o, w):
                    w = w * (1 - keep * rate)
                weights[index] = rule(o, w, g, rate, updates + 1, Slots(state, w), shared)
            sums = [0.0 * total for total in sums]
        if o.use_ema:
            momentum = o.ema_momentum if updates else 0.0
            averages = [a * momentum + w * (1.0 - momentum) for a, w in zip(averages, weights, strict=True)]
            if o.ema_overwrite_frequency and (updates + 1) % o.ema_overwrite_frequency == 0:
                weights = list(averages)
        updates = number // every
    state = [*(averages if o.use_ema else ()), *(sums if every > 1 else ()), *ordered(o, states, shared)]
    return weights, averages if o.use_ema else None, state


class Slots:
    """The arrays that are kept for one weight; they begin with zeros."""

    def __init__(self, state, weight):
        self.__dict__.update(state=state, weight=weight)

    def __getattr__(self, name):
        return self.state.get(name, 0.0 * self.weight)

    def __setattr__(self, name, value):
        self.state[name] = value

    def start(self, name, value):
        self.state.setdefault(name, Rounded.of(value) + Rounded(0 * self.weight.value))


def ordered(o, states, shared):
    name = type(o).__name__
    if name == "Adafactor":
        zero = Rounded(0.0)
        return [state.get(key, zero) for state in states for key in ("r", "c", "v")]
    if name == "Muon":
        return [state[key] for state in states for key in ("m", "v") if key in state]
    names = {"momentum": "m", "velocity": "v", "velocity_hat": "largest", "norm": "u", "average_gradient": "mean",
             "accumulator": "a", "accumulated_grad": "squares", "accumulated_delta_var": "steps", "linear": "linear"}
    found = [state[names[key]] for group in o.slots for state in states for key in group]
    return [*found, shared["u_product"]] if name == "Nadam" else found


def decay(o, w):
    return o.adam_weight_decay if type(o).__name__ == "Muon" and by_adam(o, w) else o.weight_decay


def clipped(o, gradients):
    if o.clipvalue:
        return [minimum(maximum(g, -o.clipvalue), o.clipvalue) for g in gradients]
    if o.clipnorm:
        return [g * minimum(1.0, o.clipnorm / sqrt((g * g).sum())) for g in gradients]
    if o.global_clipnorm:
        norm = sqrt(sum(((g * g).sum() for g in gradients), Rounded(0.0)))
        return [g * minimum(1.0, o.global_clipnorm / norm) for g in gradients]
    return gradients


def grown(beta, t):
    """1 - beta^t, beta as a float32."""
    return 1.0 - Rounded(np.float32(beta)) ** t


def approach(mean, value, share):
    return mean + (value - mean) * share


def moments(o, g, s):
    s.m, s.v = approach(s.m, g, 1.0 - o.beta_1), approach(s.v, g * g, 1.0 - o.beta_2)


def sgd(o, w, g, rate, t, s, shared):
    if not o.momentum:
        return w - rate * g
    s.m = s.m * o.momentum - rate * g
    return w + s.m * o.momentum - rate * g if o.nesterov else w + s.m


def rmsprop(o, w, g, rate, t, s, shared):
    s.v = s.v * o.rho + g * g * (1.0 - o.rho)
    size = s.v
    if o.centered:
        s.mean = s.mean * o.rho + g * (1.0 - o.rho)
        size = size - s.mean * s.mean
    step = rate * g / sqrt(size + o.epsilon)
    if o.momentum:
        step = s.m = s.m * o.momentum + step
    return w - step


def adam(o, w, g, rate, t, s, shared):
    moments(o, g, s)
    largest = s.v
    if o.amsgrad:
        largest = s.largest = maximum(s.largest, s.v)
    return w - s.m * (rate * sqrt(grown(o.beta_2, t)) / grown(o.beta_1, t)) / (sqrt(largest) + o.epsilon)


def adamax(o, w, g, rate, t, s, shared):
    s.m, s.u = approach(s.m, g, 1.0 - o.beta_1), maximum(s.u * o.beta_2, absolute(g))
    return w - rate / grown(o.beta_1, t) * s.m / (s.u + o.epsilon)


def nadam_momentum(o, t):
    return o.beta_1 * (1.0 - 0.5 * Rounded(np.float32(0.96)) ** t)


def before(o, t, shared):
    """What is done once in a step, not for each weight."""
    if type(o).__name__ == "Nadam":
        shared["u_product"] = shared["u_product"] * nadam_momentum(o, t)


def nadam(o, w, g, rate, t, s, shared):
    one, now, ahead, product = np.float32(1), nadam_momentum(o, t), nadam_momentum(o, t + 1), shared["u_product"]
    # the shares are differences of two float32
    s.m, s.v = approach(s.m, g, one - np.float32(o.beta_1)), approach(s.v, g * g, one - np.float32(o.beta_2))
    m = s.m * (ahead / (1.0 - product * ahead)) + g * ((1.0 - now) / (1.0 - product))
    return w - m * rate / (sqrt(s.v / grown(o.beta_2, t)) + o.epsilon)


def lamb(o, w, g, rate, t, s, shared):
    moments(o, g, s)
    step = s.m / (sqrt(s.v / grown(o.beta_2, t)) + o.epsilon) / grown(o.beta_1, t)
    return w - step * rate * (sqrt((w * w).sum()) / sqrt((step * step).sum()))


def adagrad(o, w, g, rate, t, s, shared):
    s.start("a", o.initial_accumulator_value)
    s.a = s.a + g * g
    return w - rate * g / sqrt(s.a + o.epsilon)


def adadelta(o, w, g, rate, t, s, shared):
    s.squares = s.squares * o.rho + g * g * (1.0 - o.rho)
    step = sqrt((s.steps + o.epsilon) / (s.squares + o.epsilon)) * g
    s.steps = s.steps * o.rho + step * step * (1.0 - o.rho)
    return w - step * rate


def ftrl(o, w, g, rate, t, s, shared):
    s.start("a", o.initial_accumulator_value)
    before, s.a = s.a**-o.learning_rate_power, s.a + g * g
    after = s.a**-o.learning_rate_power
    s.linear = s.linear + g + w * (2 * o.l2_shrinkage_regularization_strength) - (after - before) / rate * w
    l1, l2 = o.l1_regularization_strength, o.l2_regularization_strength + o.beta / (2 * rate.value)
    return (minimum(maximum(s.linear, -l1), l1) - s.linear) / (after / rate + 2 * l2)


def lion(o, w, g, rate, t, s, shared):
    step = sign(s.m * o.beta_1 + g * (1.0 - Rounded(np.float32(o.beta_1))))
    s.m = s.m * o.beta_2 + g * (1.0 - Rounded(np.float32(o.beta_2)))
    return w - step * rate


def size(x):
    return sqrt((x * x).mean())


def adafactor(o, w, g, rate, t, s, shared):
    slowest = 1.0 / sqrt(Rounded(t))
    rate = minimum(minimum(rate, slowest) if o.relative_step else rate, slowest)
    alpha = maximum(o.epsilon_2, size(w)) * rate
    squares, keep = g * g + o.epsilon_1, grown(t, o.beta_2_decay)
    if w.value.ndim < 2:
        s.v = s.v * keep + squares * (1.0 - keep)
    else:
        s.state.setdefault("r", Rounded(0 * w.value[..., 0]))
        s.state.setdefault("c", Rounded(0 * w.value[..., 0, :]))
        s.r = s.r * keep + squares.mean(axis=-1) * (1.0 - keep)
        s.c = s.c * keep + squares.mean(axis=-2) * (1.0 - keep)
        s.v = (s.r / s.r.mean(axis=-1, keepdims=True))[..., None] * s.c[..., None, :]
    step = g / sqrt(s.v)
    return w - step * (alpha / maximum(1.0, size(step) / o.clip_threshold))


def by_adam(o, w):
    return w.value.ndim != 2 or "." in o.exclude_layers


def newton_schulz(o, x):
    square = x @ x.T
    return x * o.muon_a + (square * o.muon_b + square @ square * o.muon_c) @ x


def muon(o, w, g, rate, t, s, shared):
    if by_adam(o, w):
        s.m, s.v = approach(s.m, g, 1.0 - o.adam_beta_1), approach(s.v, g * g, 1.0 - o.adam_beta_2)
        alpha = rate * o.adam_lr_ratio * sqrt(grown(o.adam_beta_2, t)) / grown(o.adam_beta_1, t)
        return w - s.m * alpha / (sqrt(s.v) + o.epsilon)
    s.m = s.m + (g + s.m * (o.momentum - 1))
    x = g + s.m * o.momentum if o.nesterov else s.m
    tall = x.value.shape[0] > x.value.shape[1]
    x = x.T if tall else x
    x = through([lambda x: x / (sqrt((x * x).sum()) + 1e-7), *[lambda x: newton_schulz(o, x)] * o.ns_steps], x)
    step = (x.T if tall else x) * rate
    return w - (step if o.rms_rate is None else step * sqrt(Rounded(max(x.value.shape))) * o.rms_rate)


RULES = {"SGD": sgd, "RMSprop": rmsprop, "Adam": adam, "AdamW": adam, "Adamax": adamax, "Nadam": nadam, "Lamb": lamb,
         "Adagrad": adagrad, "Adadelta": adadelta, "Ftrl": ftrl, "Lion": lion, "Adafactor": adafactor, "Muon": muon}
