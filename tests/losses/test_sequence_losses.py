"""CTC beside Keras on JAX: values, gradients, lengths, a training step, errors."""

import itertools

import jax
import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError, ShapeError

# of NumPy, about JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

random = np.random.default_rng(0)


def case(samples, steps, classes, length, scale=3):
    labels = random.integers(1, classes, (samples, length))
    labels[0, 2:] = 0  # shorter than the others
    labels[-1, : length // 2] = labels[-1, :1]  # said again and again
    return labels, (random.standard_normal((samples, steps, classes)) * scale).astype(np.float32)


LABELS, LOGITS = case(6, 20, 12, 8)
CASES = [(LABELS, LOGITS), case(5, 12, 3, 4, 30), case(3, 4, 5, 6)]


@pytest.mark.parametrize(("y", "p"), CASES)
def test_value_and_gradient(y, p):
    """Of the last case some targets are longer than the steps: their loss is about 1e5 for each label too many."""
    value, gradient = konv.losses.CTC().value_and_gradient(y, p)
    wanted, slope = jax.value_and_grad(lambda p: keras.losses.CTC()(y, p))(p)
    np.testing.assert_allclose(value, wanted, rtol=2e-6)
    atol = 1e-2 if value > 1e4 else 1e-5  # 1e5 in float32 leaves Keras two digits
    np.testing.assert_allclose(gradient, slope, atol=atol)


def test_all_paths_by_hand():
    p = random.standard_normal((1, 4, 3))
    chances = np.exp(p[0]) / np.exp(p[0]).sum(-1, keepdims=True)
    total = sum(np.prod(chances[range(4), path]) for path in itertools.product(range(3), repeat=4)
                if [label for label, _ in itertools.groupby(path) if label] == [2, 2])
    np.testing.assert_allclose(konv.losses.ctc([[2, 2]], p), -np.log(total), rtol=1e-6)


def test_no_labels_are_blanks_alone():
    np.testing.assert_allclose(konv.losses.ctc(np.zeros((6, 0)), LOGITS), konv.losses.ctc(np.zeros((6, 1)), LOGITS))


def test_weights():
    weights = random.random(6).astype(np.float32)
    value, gradient = konv.losses.CTC("sum").value_and_gradient(LABELS, LOGITS, weights)
    np.testing.assert_allclose(value, weights @ konv.losses.ctc(LABELS, LOGITS), rtol=1e-6)
    alone = konv.losses.CTC("sum").value_and_gradient(LABELS[2:3], LOGITS[2:3])[1]
    np.testing.assert_allclose(gradient[2], weights[2] * alone[0], rtol=1e-5)


@pytest.mark.parametrize("blank", [0, 11])
def test_lengths(blank):
    arguments = LABELS, LOGITS, [0, 1, 8, 3, 5, 2], [1, 20, 20, 11, 7, 4]
    ours, theirs = (np.asarray(library.ops.ctc_loss(*arguments, mask_index=blank)) for library in (konv, keras))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_three_steps_of_training():
    x, weights = random.standard_normal((6, 4, 8, 2)).astype(np.float32), None
    y = random.integers(1, 5, (6, 3))
    histories = []
    for library in (keras, konv):
        layers = library.layers
        model = library.Sequential([library.Input((4, 8, 2)), layers.Conv2D(3, 3, padding="same"), layers.Permute((2, 1, 3)),
                                    layers.Reshape((8, 12)), layers.Dense(5)])
        weights = weights or [array * 3 for array in model.get_weights()]
        model.set_weights(weights)
        model.compile(library.optimizers.SGD(0.01), loss="ctc" if library is konv else library.losses.CTC())
        histories.append(model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*histories, rtol=2e-5)


def test_names():
    written = keras.losses.serialize(keras.losses.CTC())
    assert konv.losses.serialize(konv.losses.CTC()) == written
    assert type(konv.losses.deserialize(written)) is type(konv.losses.get("CTC")) is konv.losses.CTC
    assert konv.losses.get("ctc") is konv.losses.ctc


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: konv.losses.CTC()(LABELS, LOGITS[:, :, 0]), ShapeError, r"ctc: .*\(N, steps, classes\), got \(6, 20\)"),
    (lambda: konv.losses.CTC()(LABELS[:, 0], LOGITS), ShapeError, r"ctc: y has shape \(6,\)"),
    (lambda: konv.losses.CTC()(LABELS + 5, LOGITS), KonvError, r"ctc: label 1\d at y.* 0 to 11.*the blank"),
    (lambda: konv.losses.CTC()(LABELS - 1, LOGITS), KonvError, r"ctc: label -1 at y\[0, 2\]"),
    (lambda: konv.losses.CTC()(LABELS + 0.5, LOGITS), KonvError, r"ctc: label 1?\d\.5 at y\[0, 0\]"),
    (lambda: konv.ops.ctc_loss(LABELS, LOGITS, [9] * 6, [20] * 6), ShapeError, "target_length must be 6 numbers from 0 to 8"),
    (lambda: konv.ops.ctc_loss(LABELS, LOGITS[0], [1], [20]), ShapeError, r"ctc_loss: output .*got shape \(20, 12\)"),
])
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
