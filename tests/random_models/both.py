"""One description built with konv and with Keras on JAX, with the same weights and data, and what must agree."""

import json
import zipfile
from contextlib import contextmanager

import jax
import keras
import numpy as np
import pytest
from keras.initializers import GlorotUniform
from keras.src.backend.common import dtypes
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
    model.compile(library.optimizers.Adam(0.01, epsilon=1e-3, name="adam"), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def as_list(values):
    return [np.asarray(value) for value in (values if isinstance(values, (list, tuple)) else [values])]


def theirs_trained(model, x, y, options=QUICKLY):
    """(outputs, loss, weights, state of Adam) before each step and at the end, by one function compiled once."""
    compiled(keras, model)
    model._symbolic_build(data_batch=(x, y))  # makes the metrics, whose variables a step takes and returns

    def run(state, x, y):
        logs, after = model.train_step(state, (x, y, None))
        return model.stateless_call(state[0], state[1], x, training=False)[0], logs["loss"], after

    run = jax.jit(run, compiler_options=options)
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


def close(ours, theirs, what, together=False, more=None):
    """To 1e-4 of each number, and near zero to 1e-5 of the largest of the tensor: sums of fp32 in another order differ by that.

    `together`: of the largest of all tensors. The terms of some gradients cancel (of a bias before a normalisation), and what
    is left of them is rounding of terms as large as other gradients are. `more` may be added, for each tensor.
    """
    assert [value.shape for value in ours] == [value.shape for value in theirs], what
    largest = [np.abs(value).max(initial=0) for value in theirs]
    for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        near = 1e-5 * (max(largest) if together else largest[place]) + (more[place] if more else 0)
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=near, err_msg=f"{what} {place}")


def check_training(ours, theirs, description):
    """Outputs, loss and all weights, before and after each of three Adam steps, and all gradients of the first.

    Some models turn the rounding of float32 into more than that: normalisations of what hardly varies, in a row. Where both
    differ, Keras in float64 says what is right, and konv may be no further from it, beside the tolerance, than twice as far as
    Keras in float32.
    """
    x, y = data(theirs)
    start = theirs.get_weights()
    mine, others = list(ours_trained(ours, x, y)), list(theirs_trained(theirs, x, y))
    if not all(np.isfinite(value).all() for step in others for value in step[2]):
        others = list(theirs_trained(theirs, x, y, None))  # XLA that compiles quickly computes NaN now and then
    try:
        check_steps(mine, others)
    except AssertionError:
        check_steps(mine, in_float64(description, start, x, y), others)


def check_steps(mine, theirs, others=None):
    """How far `others` are from `theirs` widens the tolerance by twice as much."""
    def compare(step, what, part, **how):
        tensors = [as_list(values[step][part[0]])[part[1]] for values in (mine, theirs, *([others] if others else []))]
        more = [2 * np.abs(one - two).max(initial=0) for one, two in zip(*tensors[1:], strict=True)] if others else None
        close(*tensors[:2], f"after {step} steps: {what}", more=more, **how)

    for step in range(len(mine)):
        for place, what in enumerate(("output", "loss", "weight")):
            compare(step, what, (place, slice(None)))
        if step == 1:  # what Adam keeps then is a tenth of each gradient and a thousandth of its square
            for start, what in ((2, "gradient"), (3, "square of gradient")):
                compare(step, what, (3, slice(start, None, 2)), together=True)


def in_float64(description, weights, x, y):
    """What `theirs_trained` gives in float64. On JAX, Keras takes means and normalises in float32 even then, if one lets it."""
    narrow, policy = dtypes.result_type, keras.config.dtype_policy()
    wide = lambda *types: "float64" if "float64" in map(str, types) else narrow(*types)  # noqa: E731
    widened = lambda values: [widened(value) for value in values] if isinstance(values, list) else values.astype("f8")  # noqa: E731
    with jax.enable_x64(True), pytest.MonkeyPatch.context() as patch, no_draws():
        for module in (keras.src.backend, dtypes):
            patch.setattr(module, "result_type", wide)
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        try:
            model = build(keras, description)
            model.set_weights(widened(weights))
            return list(theirs_trained(model, widened(x), widened(y)))
        finally:
            keras.config.set_floatx("float32")
            keras.config.set_dtype_policy(policy)


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
