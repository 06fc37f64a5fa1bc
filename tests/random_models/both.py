"""One description built with konv and with Keras on JAX, with the same weights and data, and what must agree."""

import json
import zipfile
from contextlib import contextmanager
from functools import partial

import jax
import keras
import numpy as np
import pytest
from keras.src.initializers.random_initializers import RandomInitializer
from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights
from keras.src.utils import naming

import konv
from konv.layers.base import reset_names
from tests.oracle import random_weights
from tests.random_models.build import build
from tests.random_models.rounding import in_float64, noises, perturbed

STEPS, DRAWS = 3, 8
# Compiling takes longest, and longer the more XLA improves what runs three times on five samples.
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


@contextmanager
def no_draws():
    """Keras compiles a function for the initial values of each shape; here other values replace them at once."""
    with pytest.MonkeyPatch.context() as patch:
        for cls in [RandomInitializer, *all_under(RandomInitializer)]:
            if "__call__" in vars(cls):
                patch.setattr(cls, "__call__", lambda self, shape, dtype=None, **_: np.zeros(shape, dtype))
        yield


def all_under(cls):
    return [found for one in cls.__subclasses__() for found in (one, *all_under(one))]


def models(description):
    """(ours, theirs) with equal weights, compiled."""
    reset_names()
    naming.reset_uids()
    with no_draws():
        theirs = build(keras, description)
    ours = build(konv, description)
    weights = [values for number, layer in enumerate(theirs.layers) for values in random_weights(layer, 100 * number)]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    return compiled(konv, ours, description), compiled(keras, theirs, description)


def target(draw, kind, shape):
    """What a loss of this kind wants."""
    classes = draw.integers(0, shape[-1], shape[:-1])
    return {"numbers": lambda: draw.uniform(0, 1, shape), "far": lambda: draw.uniform(1, 2, shape),
            "signs": lambda: draw.choice([-1.0, 1.0], shape), "bits": lambda: draw.choice([0.0, 1.0], shape),
            "shares": lambda: (lambda values: values / values.sum(-1, keepdims=True))(draw.uniform(0, 1, shape)),
            "one_hot": lambda: np.eye(shape[-1])[classes], "classes": lambda: classes}[kind]().astype("float32")


def data(model, task):
    """(images, targets, weights of samples or None), as train_on_batch takes them."""
    draw, size = np.random.default_rng(1), task["batch"]
    x = [draw.normal(0, 1, (size, *tensor.shape[1:])).astype("float32") for tensor in model.inputs]
    y = [target(draw, kind, (size, *tensor.shape[1:])) for kind, tensor in zip(task["targets"], model.outputs, strict=True)]
    ones = [(size, *tensor.shape[1:-1]) for tensor in model.outputs]
    weights = [draw.uniform(0, 2, shape).astype("float32") for shape in ones] if task["sample_weight"] else None
    alone = lambda values: values if values is None or len(values) > 1 else values[0]  # noqa: E731
    return alone(x), alone(y), alone(weights)


def compiled(library, model, description):
    """`model`, compiled with objects made from configs."""
    arguments = dict(description["task"]["compile"])
    for name, made in (("loss", library.losses.get), ("metrics", library.metrics.get),
                       ("weighted_metrics", library.metrics.get), ("optimizer", partial(optimizer, library))):
        if name in arguments:
            arguments[name] = from_configs(made, arguments[name])
    model.compile(**arguments)
    model.optimizer.build(model.trainable_variables)
    return model


def from_configs(made, given):
    """`given` with each config in it turned into what it describes."""
    if isinstance(given, list):
        return [from_configs(made, item) for item in given]
    return made(given) if isinstance(given, dict) else given


def optimizer(library, given):
    class_name, config = given.values()
    rate = from_configs(library.optimizers.schedules.deserialize, config.get("learning_rate", 0.01))
    return getattr(library.optimizers, class_name)(**config | {"learning_rate": rate})


def as_list(values):
    return [np.asarray(value) for value in (values if isinstance(values, (list, tuple)) else [values])]


def as_numbers(logs):
    return {name: np.asarray(value, "f8") for name, value in logs.items()}


def theirs_step(model, x, y, weights):
    """(function of a state and the data that gives outputs, logs and the state after a step, the state)."""
    model._symbolic_build(data_batch=(x, y, weights) if weights is not None else (x, y))  # makes the metrics

    def run(state, x, y, weights):
        logs, after = model.train_step(state, (x, y, weights))
        return model.stateless_call(state[0], state[1], x, training=False)[0], logs, after

    return run, tuple([variable.value for variable in variables] for variables in (
        model.trainable_variables, model.non_trainable_variables, model.optimizer.variables, model.metrics_variables))


def taken(state, step):
    """Outputs, logs, weights and the state of the optimizer, before each step and at the end."""
    for _ in range(STEPS + 1):
        outputs, logs, after = step(state)
        yield as_list(outputs), as_numbers(logs), as_list(state[0]) + as_list(state[1]), as_list(state[2])
        state = (*after[:3], state[3])  # train_on_batch begins with new metrics


def theirs_trained(model, data, options=QUICKLY):
    run, state = theirs_step(model, *data)
    run = jax.jit(run, compiler_options=options)
    return list(taken(state, lambda state: run(state, *data)))


def ours_trained(model, x, y, weights=None, class_weight=None):
    """The same of konv."""
    variables = lambda: [*model.trainable_variables, *model.non_trainable_variables]  # noqa: E731
    for _ in range(STEPS + 1):
        outputs, values = as_list(model.predict_on_batch(x)), [np.array(variable.value) for variable in variables()]
        state = [np.array(variable.value) for variable in model.optimizer.variables]
        logs = model.train_on_batch(x, y, weights, class_weight, return_dict=True)
        yield outputs, as_numbers(logs), values, state


PARTS = ("output", "loss or metric", "weight", "state of the optimizer")


def tensors(step, part):
    """What is compared of one step: name and values."""
    found = step[part]
    return sorted(found.items()) if isinstance(found, dict) else list(enumerate(found))


def check_steps(mine, theirs, more=None):
    """To 1e-4 of each number, and near zero to 1e-5 of the largest of the tensor: sums of fp32 in another order differ by that.

    `more`: how far beyond that the numbers of a tensor may be, by step, part and tensor.
    """
    for number, (one, two) in enumerate(zip(mine, theirs, strict=True)):
        for part, what in enumerate(PARTS):
            ours, others = tensors(one, part), tensors(two, part)
            assert [name for name, _ in ours] == [name for name, _ in others], f"after {number} steps: {what}"
            assert [value.shape for _, value in ours] == [value.shape for _, value in others], f"after {number} steps: {what}"
            for place, ((name, value), (_, other)) in enumerate(zip(ours, others, strict=True)):
                near = 1e-5 * np.abs(other).max(initial=0) + (more[number][part][place] if more else 0)
                np.testing.assert_allclose(value, other, rtol=1e-4, atol=near, err_msg=f"after {number} steps: {what} {name}")


def check_training(ours, theirs, description):
    """Outputs, logs, all weights and what the optimizer keeps, before and after each of three steps.

    Some numbers are not determined to 1e-4 by arithmetic in float32: the gradient of a bias before a normalisation is zero but
    for rounding, and Adam divides it by its own size. Where konv and Keras differ, Keras in float64 says what is right, and how
    far that moves with the rounding of each operation (`rounding.py`) is how far konv may be off besides.
    """
    x, y, weights = data(theirs, description["task"])
    class_weight, start = description["task"]["class_weight"], theirs.get_weights()
    mine = list(ours_trained(ours, x, y, weights, class_weight))
    if class_weight:
        weights = np.asarray(class_weight_to_sample_weights(y, class_weight))
    others = theirs_trained(theirs, (x, y, weights))
    if not all(np.isfinite(value).all() for step in others for value in step[2]):
        others = theirs_trained(theirs, (x, y, weights), None)  # XLA that compiles quickly computes NaN now and then
    try:
        check_steps(mine, others)
    except AssertionError:
        # Keras's gradient of the length of zeros is NaN: there, and from there on, is nothing to judge by
        lost = (number for number, step in enumerate(others) if any(np.isnan(value).any() for value in step[2]))
        sound = next(lost, STEPS + 1)
        exact, spread = judged(description, start, (x, y, weights))
        check_steps(mine[:sound], exact[:sound], spread[:sound])


def judged(description, weights, given):
    """(the steps of Keras in float64, how far each tensor moves with rounding)."""
    widened = lambda values: jax.tree.map(lambda value: np.asarray(value, "f8"), values)  # noqa: E731
    naming.reset_uids()
    with in_float64(), no_draws():
        model = compiled(keras, build(keras, description), description)
        model.set_weights(widened(weights))
        given = widened(given)
        run, state = theirs_step(model, *given)
        flat, together = perturbed(run, state, *given)
        flat = jax.jit(flat, compiler_options=QUICKLY)
        once = lambda noise: lambda state: together(flat(noise, *jax.tree.leaves((state, *given))))  # noqa: E731
        exact, *moved = [list(taken(state, once(noise))) for noise in noises(DRAWS)]
    spread = [[[max(np.abs(tensors(other[step], part)[place][1] - value).max(initial=0) for other in moved)
                for place, (_, value) in enumerate(tensors(exact[step], part))] for part in range(len(PARTS))]
              for step in range(len(exact))]
    return exact, spread


def summary(model, **how):
    texts = []
    model.summary(print_fn=texts.append, **how)
    return texts[0]


def check_summary(ours, theirs):
    for how in ({}, {"expand_nested": True, "show_trainable": True, "line_length": 110}):
        assert summary(ours, **how) == summary(theirs, **how)


def plain(item):
    """Without the numbers of objects that Keras shares, which are addresses, and without `delta` of Huber, which it forgets."""
    if isinstance(item, dict):
        return {key: plain(value) for key, value in item.items() if key not in ("shared_object_id", "delta")}
    return [plain(value) for value in item] if isinstance(item, list) else item


def config(path):
    with zipfile.ZipFile(path) as archive:
        return plain(json.loads(archive.read("config.json")))


def check_equal(loaded, written):
    for one, two in zip([*loaded.weights, *loaded.optimizer.variables], [*written.weights, *written.optimizer.variables],
                        strict=True):
        np.testing.assert_array_equal(np.asarray(one.value), np.asarray(two.value))


def check_files(ours, theirs, folder, description):
    """Both write the same architecture; what one writes the other reads, with the same weights and state of the optimizer."""
    ours.save(folder / "ours.keras")
    theirs.save(folder / "theirs.keras")
    assert config(folder / "ours.keras") == config(folder / "theirs.keras")
    given = data(ours, description["task"])
    read = konv.saving.load_model(folder / "theirs.keras")
    with no_draws():
        other = keras.saving.load_model(folder / "ours.keras")
    check_equal(read, theirs)
    check_equal(other, ours)
    other.save(folder / "again.keras")  # what came from konv, back
    ours.save_weights(folder / "ours.weights.h5")
    theirs.load_weights(folder / "ours.weights.h5")
    for loaded in (theirs, konv.saving.load_model(folder / "again.keras")):
        for one, two in zip(loaded.weights, ours.weights, strict=True):
            np.testing.assert_array_equal(np.asarray(one.value), np.asarray(two.value))
    again = konv.saving.load_model(folder / "again.keras")
    for one, two in zip(as_list(again.predict_on_batch(given[0])), as_list(ours.predict_on_batch(given[0])), strict=True):
        np.testing.assert_array_equal(one, two)
    # training goes on as if nothing had been written
    for one, two in zip(as_list(again.train_on_batch(*given)), as_list(ours.train_on_batch(*given)), strict=True):
        np.testing.assert_array_equal(one, two)
    check_equal(again, ours)
