"""One description built with konv and with Keras on JAX, with the same weights and data, and what must agree."""

import json
import zipfile
from contextlib import contextmanager

import jax
import keras
import numpy as np
import pytest
from keras.initializers import GlorotUniform
from keras.src.utils import naming

import konv
from konv.layers.base import reset_names
from tests.oracle import random_weights
from tests.random_models.build import build

BATCH, STEPS = 5, 3
# Compiling takes longest, and longer the more XLA improves what runs three times on five samples.
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


@contextmanager
def no_draws():
    """Keras compiles a function for the initial values of each shape; here other values replace them at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GlorotUniform, "__call__", lambda self, shape, dtype=None: np.zeros(shape, dtype))
        yield


def models(description):
    """(ours, theirs) with equal weights."""
    reset_names()
    naming.reset_uids()
    with no_draws():
        theirs = build(keras, description)
    ours = build(konv, description)
    weights = [values for number, layer in enumerate(theirs.layers) for values in random_weights(layer, 100 * number)]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    return ours, theirs


def data(model):
    """Images and targets: probabilities for a softmax, else numbers around one half."""
    draw = np.random.default_rng(1)
    x = [draw.normal(0, 1, (BATCH, *tensor.shape[1:])).astype("float32") for tensor in model.inputs]
    y = [draw.uniform(0, 1, (BATCH, *tensor.shape[1:])).astype("float32") for tensor in model.outputs]
    return (x if len(x) > 1 else x[0]), (y if len(y) > 1 else y[0])


def compiled(library, model):
    # With Keras's epsilon of 1e-7 a gradient that is zero but for rounding (a bias before a normalisation) moves its weight by
    # a whole learning rate, up or down as the rounding goes. Against 1e-3 such noise is small, and gradients are not.
    model.compile(library.optimizers.Adam(0.01, epsilon=1e-3), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def as_list(values):
    return [np.asarray(value) for value in (values if isinstance(values, (list, tuple)) else [values])]


def theirs_trained(model, x, y):
    """(outputs, loss, weights, state of Adam) before each step and at the end, by one function compiled once."""
    compiled(keras, model)
    model._symbolic_build(data_batch=(x, y))  # makes the metrics, whose variables a step takes and returns

    def run(state, x, y):
        logs, after = model.train_step(state, (x, y, None))
        return model.stateless_call(state[0], state[1], x, training=False)[0], logs["loss"], after

    run = jax.jit(run, compiler_options=QUICKLY)
    state = tuple([variable.value for variable in variables] for variables in (
        model.trainable_variables, model.non_trainable_variables, model.optimizer.variables, model.metrics_variables))
    for _ in range(STEPS + 1):
        outputs, loss, after = run(state, x, y)
        yield as_list(outputs), float(loss), as_list(state[0]) + as_list(state[1]), as_list(state[2])
        state = (*after[:3], state[3])  # train_on_batch begins with new metrics


def ours_trained(model, x, y):
    """The same of konv."""
    compiled(konv, model)
    variables = lambda: [*model.trainable_variables, *model.non_trainable_variables]  # noqa: E731
    for _ in range(STEPS + 1):
        outputs, weights = as_list(model.predict_on_batch(x)), [np.array(variable.value) for variable in variables()]
        state = [np.array(variable.value) for variable in model.optimizer.variables]
        yield outputs, float(np.ravel(model.train_on_batch(x, y))[0]), weights, state


def close(ours, theirs, what, together=False):
    """To 1e-4 of each number, and near zero to 1e-5 of the largest of the tensor: sums of fp32 in another order differ by that.

    `together`: of the largest of all tensors. The terms of some gradients cancel (of a bias before a normalisation), and what
    is left of them is rounding of terms as large as other gradients are.
    """
    assert [value.shape for value in ours] == [value.shape for value in theirs], what
    largest = [np.abs(value).max(initial=0) for value in theirs]
    for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        near = 1e-5 * (max(largest) if together else largest[place])
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=near, err_msg=f"{what} {place}")


def check_training(ours, theirs):
    """Outputs, loss and all weights, before and after each of three Adam steps, and all gradients of the first."""
    x, y = data(theirs)
    both = zip(ours_trained(ours, x, y), theirs_trained(theirs, x, y), strict=True)
    for step, (mine, others) in enumerate(both):
        for ours, theirs, what in zip(mine, others, ("output", "loss", "weight"), strict=False):
            close(as_list(ours), as_list(theirs), f"after {step} steps: {what}")
        if step == 1:  # what Adam keeps then is a tenth of each gradient and a thousandth of its square
            for start, what in ((2, "gradient"), (3, "square of gradient")):
                close(mine[3][start::2], others[3][start::2], f"after 1 step: {what}", together=True)


def summary(model):
    texts = []
    model.summary(print_fn=texts.append)
    return texts[0]


def check_summary(ours, theirs):
    assert summary(ours) == summary(theirs)


def plain(item):
    """Without the numbers of objects that Keras shares, which are addresses in memory."""
    if isinstance(item, dict):
        return {key: plain(value) for key, value in item.items() if key != "shared_object_id"}
    return [plain(value) for value in item] if isinstance(item, list) else item


def config(path):
    with zipfile.ZipFile(path) as archive:
        return plain(json.loads(archive.read("config.json")))


def check_files(ours, theirs, folder):
    """Both write the same architecture; what one writes the other reads, with the same weights and state of Adam."""
    ours.save(folder / "ours.keras")
    theirs.save(folder / "theirs.keras")
    assert config(folder / "ours.keras") == config(folder / "theirs.keras")
    x, _ = data(ours)
    read = konv.saving.load_model(folder / "theirs.keras")
    with no_draws():
        other = keras.saving.load_model(folder / "ours.keras")
    for loaded, written in ((read, theirs), (other, ours)):
        for one, two in zip(loaded.weights, written.weights, strict=True):
            np.testing.assert_array_equal(np.asarray(one.value), np.asarray(two.value))
        for one, two in zip(loaded.optimizer.variables, written.optimizer.variables, strict=True):
            np.testing.assert_array_equal(np.asarray(one.value), np.asarray(two.value))
    read.set_weights(ours.get_weights())
    for one, two in zip(as_list(read.predict_on_batch(x)), as_list(ours.predict_on_batch(x)), strict=True):
        np.testing.assert_array_equal(one, two)
