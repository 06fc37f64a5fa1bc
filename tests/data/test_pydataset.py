"""Data that is made batch by batch, by index: PyDataset here and in Keras, trained on in the same order."""

import keras
import numpy as np
import pytest

import konv

# Keras's own variables warn when NumPy asks them for a view
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

random = np.random.default_rng(0)
X, Y = random.random((16, 3)).astype(np.float32), random.random((16, 1)).astype(np.float32)


def dataset(library, endless=False, **options):
    """Four batches of four; notes what is asked of it."""

    class Batches(library.utils.PyDataset):
        notes: list

        @property
        def num_batches(self):
            return None if endless else 4

        def __getitem__(self, index):
            self.notes.append(index)
            return X[index % 4 * 4 :][:4], Y[index % 4 * 4 :][:4]

        def on_epoch_begin(self):
            self.notes.append("begin")

        def on_epoch_end(self):
            self.notes.append("end")

    made = Batches(**options)
    made.notes = []
    return made


def compiled(library):
    model = library.Sequential([library.Input((3,)), library.layers.Dense(1, kernel_initializer="ones")])
    model.compile(library.optimizers.SGD(0.1), "mse", weighted_metrics=["mae"])
    return model


CASES = {
    "plain": ({}, {}),
    "fewer steps": ({}, {"steps_per_epoch": 2}),
    "more steps than a pass": ({}, {"steps_per_epoch": 6}),
    "endless": ({"endless": True}, {"steps_per_epoch": 3}),
    "validation": ({}, {"validation": True}),
    "validation steps": ({}, {"validation": True, "validation_steps": 2, "validation_freq": 2}),
    "from a later epoch": ({}, {"initial_epoch": 1}),
    "steps per execution": ({}, {"steps_per_execution": 2}),
}


@pytest.mark.filterwarnings("ignore:the data ran out|Your input ran out:UserWarning")
@pytest.mark.parametrize("case", CASES)
def test_like_keras(case):
    made, options = CASES[case]
    results = []
    for library in (konv, keras):
        model, options = compiled(library), dict(CASES[case][1])
        model.steps_per_execution = options.pop("steps_per_execution", 1)
        data = dataset(library, **made)
        if options.pop("validation", False):
            options["validation_data"] = dataset(library)
        results.append((model.fit(data, epochs=3, verbose=0, shuffle=False, **options), model.get_weights(), data.notes))
    ours, theirs = results
    assert ours[0].epoch == theirs[0].epoch
    assert list(ours[0].history) == list(theirs[0].history)
    for name, values in theirs[0].history.items():
        np.testing.assert_allclose(ours[0].history[name], values, rtol=1e-5, err_msg=name)
    for a, b in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    if case == "plain":  # Keras ends an epoch once more when it lets go of the data
        assert ours[2] == ["begin", 0, 1, 2, 3, "end"] * 3


def test_workers_keep_the_order():
    """Keras with workers takes batches in an order of its own; here they come as from one."""
    alone, together = ((model := compiled(konv)).fit(dataset(konv, workers=workers, max_queue_size=2), epochs=3, verbose=0,
                                                     shuffle=False) and model.get_weights() for workers in (1, 3))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


def test_batches_are_shuffled():
    data = dataset(konv)
    konv.utils.set_random_seed(0)
    compiled(konv).fit(data, epochs=3, verbose=0)
    orders = [[note for note in data.notes[at : at + 6] if isinstance(note, int)] for at in (0, 6, 12)]
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert orders != [[0, 1, 2, 3]] * 3
    weights = konv.Sequential([konv.Input((3,)), konv.layers.Dense(1)])
    assert weights.predict(dataset(konv), verbose=0).shape == (16, 1)


def test_class_weight_and_evaluation():
    labels, model = random.integers(0, 3, 16), None
    results = []
    for library in (konv, keras):
        class Labelled(library.utils.Sequence):
            def __len__(self):
                return 2

            def __getitem__(self, index):
                return X[index * 8 :][:8], labels[index * 8 :][:8]

        model = library.Sequential([library.Input((3,)), library.layers.Dense(3, "softmax", kernel_initializer="ones")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(Labelled(), class_weight={0: 2.0, 1: 0.5}, verbose=0, shuffle=False)
        results.append((model.get_weights()[0], model.evaluate(Labelled(), verbose=0), model.predict(Labelled(), verbose=0)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_warnings():
    class Careless(konv.utils.PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return X, Y

    with pytest.warns(UserWarning, match=r"super\(\).__init__"):
        compiled(konv).fit(Careless(), verbose=0)
    with pytest.warns(UserWarning, match="in threads, not in processes"):
        compiled(konv).fit(dataset(konv, workers=2, use_multiprocessing=True), verbose=0)
    with pytest.raises(NotImplementedError, match="__len__"):
        konv.utils.PyDataset().num_batches  # noqa: B018
    with pytest.raises(NotImplementedError, match="__getitem__"):
        konv.utils.PyDataset()[0]


def test_an_error_in_a_worker_arrives():
    class Broken(konv.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            if index == 1:
                raise ZeroDivisionError("batch 1")
            return X, Y

    with pytest.raises(ZeroDivisionError, match="batch 1"):
        compiled(konv).fit(Broken(workers=2), verbose=0, shuffle=False)
