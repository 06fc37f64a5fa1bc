"""The state of every optimizer goes through files to Keras and back: the next step is the same on either side."""

import keras
import numpy as np
import pytest

import konv

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

CASES = {  # between them: every optimizer, every schedule, every option that keeps a state or follows from the step
    "SGD": lambda o: o.SGD(o.schedules.ExponentialDecay(0.1, 2, 0.5), momentum=0.9, nesterov=True),
    "averaged": lambda o: o.SGD(0.1, use_ema=True, ema_momentum=0.7),
    "accumulated": lambda o: o.SGD(0.1, momentum=0.5, gradient_accumulation_steps=2),
    "RMSprop": lambda o: o.RMSprop(0.1, momentum=0.5, centered=True, weight_decay=0.05),
    "Adam": lambda o: o.Adam(0.1, amsgrad=True, global_clipnorm=0.5, use_ema=True, ema_overwrite_frequency=3),
    "AdamW": lambda o: o.AdamW(o.schedules.CosineDecay(0.01, 8, warmup_target=0.1, warmup_steps=3), weight_decay=0.1),
    "Adadelta": lambda o: o.Adadelta(o.schedules.InverseTimeDecay(0.1, 2, 0.5, staircase=True)),
    "Adafactor": lambda o: o.Adafactor(o.schedules.PolynomialDecay(0.1, 5, power=2.0), clip_threshold=0.5),
    "Adagrad": lambda o: o.Adagrad(0.1, clipnorm=0.05),
    "Adamax": lambda o: o.Adamax(o.schedules.PiecewiseConstantDecay([1, 3], [0.1, 0.05, 0.01])),
    "Ftrl": lambda o: o.Ftrl(0.1, l1_regularization_strength=0.01, l2_shrinkage_regularization_strength=0.1),
    "Lamb": lambda o: o.Lamb(0.1), "Lion": lambda o: o.Lion(0.1, clipvalue=0.02),
    "Nadam": lambda o: o.Nadam(o.schedules.CosineDecayRestarts(0.1, 2)),
}

X = np.random.default_rng(0).normal(size=(4, 4, 3)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(4, 4, 2)).astype(np.float32)


def model_of(lib, case):
    model = lib.Sequential([lib.Input((3,)), lib.layers.Dense(2)])
    model.set_weights([np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2), np.array([0.5, -0.5], np.float32)])
    model.compile(CASES[case](lib.optimizers), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def step(model, number):
    """One step of training. Keras gets the gradients, which are easily found, since its own would take a compilation each."""
    x, y = X[number], Y[number]
    if isinstance(model, konv.Model):
        model.train_on_batch(x, y)
        return
    kernel, bias = model.get_weights()
    error = (x @ kernel + bias - y) * np.float32(2 / y.size)
    model.optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in (x.T @ error, error.sum(axis=0))],
                          model.trainable_variables)


def close(one, other, exactly=False):
    for first, second in (("weights", lambda model: model.weights), ("state", lambda model: model.optimizer.variables)):
        mine, theirs = ([np.asarray(variable.numpy()) for variable in second(model)] for model in (one, other))
        assert [array.shape for array in mine] == [array.shape for array in theirs]
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=0 if exactly else 1e-5, atol=0 if exactly else 1e-6, err_msg=first)


@pytest.mark.parametrize("here", [True, False], ids=["goes on here", "goes on there"])
@pytest.mark.parametrize("case", CASES)
def test_the_next_steps_are_the_same(case, here, tmp_path):
    first, load = (keras, konv.models.load_model) if here else (konv, keras.models.load_model)
    model = model_of(first, case)
    for number in range(2):
        step(model, number)
    model.save(tmp_path / "m.keras")
    other = load(tmp_path / "m.keras")
    assert int(other.optimizer.iterations) == int(model.optimizer.iterations) > 0
    close(other, model, exactly=True)
    for number in range(2, 4):
        step(model, number)
        step(other, number)
        close(other, model)
