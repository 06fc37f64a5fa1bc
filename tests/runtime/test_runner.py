"""Whole networks: outputs and gradients beside Keras and beside finite differences; the same bits on any threads."""

import weakref

import numpy as np
import pytest

import konv
from konv.runtime import Runner
from konv.runtime.kernel_sets import default_kernels, reference_kernels
from konv.runtime.threads import Threads
from tests import networks, oracle


def engine_names(model):
    """The engine's name of a variable of the model: the layer's, not that of the model before it as in `path`."""
    names = {id(variable): name for name, variable in model.weight_map().items()}
    return lambda variable: names[id(variable)]


def data(model, n=5):
    random = np.random.default_rng(1)
    x = random.normal(size=(n, *model.input_shape[1:])).astype(np.float32)
    return x, random.normal(size=(n, *model.output_shape[1:])).astype(np.float32)


def close(ours, theirs, label, size=0.0):
    """Within float32 rounding of the largest number, or of `size` where the exact result is zero."""
    np.testing.assert_allclose(ours, theirs, rtol=3e-4, atol=2e-5 * max(np.abs(theirs).max(), size), err_msg=label)


@pytest.mark.parametrize("kernels", ["compiled", "reference"])
@pytest.mark.parametrize("make", [  # Keras on JAX cannot run its pools channels first on the CPU; see test_channels_first
    make for make in networks.ALL if make is not networks.channels_first])
def test_like_keras(make, kernels):
    import keras

    ours, theirs = oracle.pair(make, keras, konv)
    x, dy = data(ours)
    runner = Runner(ours.graph(), ours.weight_map(), default_kernels() if kernels == "compiled" else reference_kernels())
    close(runner.infer([x])[0], theirs.predict_on_batch(x), "inference")
    output, gradients, moving = oracle.gradients(theirs, x, dy)
    close(runner.forward([x], 0)[0], output, "training")
    found = runner.backward([dy])
    names = engine_names(ours)
    trained = dict(zip((v.path for v in theirs.trainable_variables), map(names, ours.trainable_variables), strict=True))
    for path, gradient in gradients.items():
        close(found[trained[path]], gradient, path, max(np.abs(other).max() for other in gradients.values()))
    for variable, path in zip(ours.non_trainable_variables, [p for p in moving if "seed" not in p], strict=True):
        close(variable.value, moving[path], path)


def test_channels_first():
    """The same network both ways round."""
    first = networks.channels_first(konv)
    x, dy = data(first)
    layers = konv.layers
    last = konv.Sequential([
        konv.Input((12, 10, 3)), layers.Conv2D(6, 3, padding="same", activation="relu"), layers.BatchNormalization(),
        layers.MaxPooling2D(2), layers.Conv2D(5, 2, strides=2), layers.Activation("tanh"),
        layers.Flatten(data_format="channels_first"), layers.Dense(4)])
    flat = konv.Sequential([konv.Input((12, 10, 3)), *last.layers[:-2]])
    last.set_weights(first.get_weights())
    a, b = (Runner(m.graph(), m.weight_map()) for m in (first, flat))
    images = a.forward([x])[0]
    expected = b.forward([x.transpose(0, 2, 3, 1)])[0].transpose(0, 3, 1, 2).reshape(len(x), -1)
    kernel, bias = first.layers[-1].kernel.value, first.layers[-1].bias.value
    close(images, expected @ kernel + bias, "forward")
    close(a.backward([dy])["dense/kernel"], expected.T @ dy, "gradient")


@pytest.mark.parametrize("make", [*networks.ALL, networks.augmented])
def test_finite_differences(make):
    """In float64 on the reference kernels: the slope of a weighted sum of the outputs along a random direction."""
    model = make(konv)
    x, dy = data(model, 3)
    random = np.random.default_rng(2)
    for variable in model.weights:
        variable.array = variable.array.astype(np.float64)
        variable.array[...] = random.normal(0.2, 0.2, variable.shape) ** (2 if variable.name == "moving_variance" else 1)
    kernels = reference_kernels(np.float64)

    def value():
        return float((Runner(model.graph(), model.weight_map(), kernels).forward([x], 3)[0] * dy).sum())

    runner = Runner(model.graph(), model.weight_map(), kernels)
    moving = [variable.array.copy() for variable in model.non_trainable_weights]
    runner.forward([x], 3)
    gradients = {path: gradient.copy() for path, gradient in runner.backward([dy]).items()}
    name = engine_names(model)
    for variable in model.trainable_weights:
        direction, before, step = random.normal(size=variable.shape), variable.array.copy(), 1e-6
        slopes = []
        for sign in (1, -1):
            variable.array[...] = before + sign * step * direction
            for other, kept in zip(model.non_trainable_weights, moving, strict=True):
                other.array[...] = kept
            slopes.append(value())
        variable.array[...] = before
        expected, found = (slopes[0] - slopes[1]) / (2 * step), float((gradients[name(variable)] * direction).sum())
        assert found == pytest.approx(expected, rel=2e-4, abs=2e-6), variable.path


def bits(make, threads, n=37):
    konv.utils.set_random_seed(5)
    model = make(konv)
    x, dy = data(model, n)
    runner = Runner(model.graph(), model.weight_map(), threads=Threads(threads))
    outputs = [runner.infer([x])[0], runner.forward([x], 11)[0].copy()]
    return [*outputs, *(gradient.copy() for _, gradient in sorted(runner.backward([dy]).items()))]


@pytest.mark.parametrize("make", [lambda k: networks.seed(k, 0.3), networks.odd_windows, networks.residual, networks.augmented])
def test_same_bits_on_any_number_of_threads(make):
    konv.backend.clear_session()
    one = bits(make, 1)
    for threads in (2, 3):
        konv.backend.clear_session()
        assert all(np.array_equal(a, b) for a, b in zip(one, bits(make, threads), strict=True))


def test_a_smaller_batch_runs_in_the_same_program():
    model = networks.seed(konv)
    x, _ = data(model, 9)
    runner = Runner(model.graph(), model.weight_map())
    whole = runner.infer([x])[0]
    program = runner.program(9, training=False)
    for n in (1, 2, 5, 9):
        np.testing.assert_allclose(runner.infer([x[:n]])[0], whole[:n], rtol=1e-5, atol=1e-6)
    assert runner.program(1, training=False) is program


def test_the_callers_arrays_are_let_go():
    model = networks.frozen(konv)
    x, dy = data(model)
    runner, watched = Runner(model.graph(), model.weight_map()), weakref.ref(x)
    runner.infer([x])
    runner.forward([x])
    runner.backward([dy])
    del x
    assert watched() is None


def test_new_weights_are_noticed():
    model = konv.Sequential([konv.Input((3,)), konv.layers.Dense(2)])
    runner, x = Runner(model.graph(), model.weight_map()), np.ones((1, 3), np.float32)
    runner.infer([x])
    model.layers[0].set_weights([np.ones((3, 2)), np.full(2, 4)])
    assert runner.infer([x])[0].tolist() == [[7, 7]]


def test_weights_that_stay_are_the_same_in_the_next_step():
    """With gradient accumulation; the memory of what was packed is used again in a step."""
    model = konv.Sequential([konv.Input((12, 12, 3)), konv.layers.Conv2D(40, 3, activation="relu"), konv.layers.Flatten(),
                             konv.layers.Dense(5)])
    x, dy = data(model)
    runner = Runner(model.graph(), model.weight_map())
    steps = [[np.array(array) for array in (*runner.forward([x], 0), *runner.backward([dy]).values())] for _ in range(2)]
    for one, other in zip(*steps, strict=True):
        np.testing.assert_array_equal(one, other)


def test_dropout_keeps_its_share_and_differs_between_steps():
    model = konv.Sequential([konv.Input((100, 10, 7)), konv.layers.Dropout(0.3)])
    runner, x = Runner(model.graph(), {}), np.ones((8, 100, 10, 7), np.float32)
    first, again, other = (runner.forward([x], seed)[0].copy() for seed in (1, 1, 2))
    assert (first == again).all()
    assert np.unique(first).tolist() == [0, np.float32(1 / 0.7)]
    assert abs((first == 0).mean() - 0.3) < 0.005
    assert abs(((first == 0) & (other == 0)).mean() - 0.09) < 0.005  # steps are independent
    assert abs(((first[0] == 0) & (first[1] == 0)).mean() - 0.09) < 0.01  # and so are samples


def test_dropout_with_its_own_seed_does_not_heed_the_others():
    def masks(seed):
        konv.utils.set_random_seed(seed)
        model = konv.Sequential([konv.Input((50,)), konv.layers.Dropout(0.5, seed=9)])
        runner, x = Runner(model.graph(), {}), np.ones((4, 50), np.float32)
        return [runner.forward([x], seed + step)[0].copy() for step in range(2)]

    first, second = masks(1), masks(2)
    assert np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])


def test_dropout_shares_its_decision_along_axes_of_one():
    model = konv.Sequential([konv.Input((5, 6, 40)), konv.layers.Dropout(0.5, noise_shape=(None, 1, 1, 40))])
    y = Runner(model.graph(), {}).forward([np.ones((8, 5, 6, 40), np.float32)], 1)[0]
    assert (y == y[:, :1, :1]).all()
    assert 0.4 < (y[:, 0, 0] == 0).mean() < 0.6


@pytest.mark.parametrize(("mean", "deviation"), [(1000.0, 1.0), (-50.0, 1e-3), (0.0, 1e4)])
def test_a_large_mean_does_not_swallow_the_variance(mean, deviation):
    x = np.random.default_rng(0).normal(mean, deviation, (16, 14, 14, 3)).astype(np.float32)
    model = konv.Sequential([konv.Input((14, 14, 3)), konv.layers.BatchNormalization(epsilon=1e-12)])
    y = Runner(model.graph(), model.weight_map()).forward([x])[0]
    exact = x.astype(np.float64)
    expected = (exact - exact.mean((0, 1, 2))) / np.sqrt(exact.var((0, 1, 2)) + 1e-12)
    assert np.abs(y - expected).max() < 20 * np.abs(mean) / deviation * 6e-8 + 1e-5


def test_not_a_number_passes_through_relu():
    model = konv.Sequential([konv.Input((4, 4, 1)), konv.layers.Conv2D(3, 3, padding="same", activation="relu")])
    x = np.zeros((1, 4, 4, 1), np.float32)
    x[0, 0, 0] = np.nan
    assert np.isnan(model.predict_on_batch(x)[0, 0, 0]).all()
