"""The tools of konv.utils that are no images' (those are tested under data/)."""

import keras
import numpy as np
import pytest

import konv
from konv.errors import KonvError


@pytest.mark.parametrize(("x", "classes"), [([0, 2, 1], None), ([[0], [3]], 5), ([[0, 1], [1, 1]], None), (2, 4),
                                            (np.array([1.0, 0.0]), 2), ([], 3)])
def test_to_categorical(x, classes):
    ours, theirs = konv.utils.to_categorical(x, classes), keras.utils.to_categorical(x, classes)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype


@pytest.mark.parametrize(("x", "classes", "fragments"), [
    ([0, 3], 3, ["0 to 2", "got 3"]), ([-1, 0], None, ["got -1"]), (["cat"], None, ["numbers"]), ([], None, ["empty"])])
def test_to_categorical_refuses(x, classes, fragments):
    with pytest.raises(KonvError, match="to_categorical") as error:
        konv.utils.to_categorical(x, classes)
    assert all(fragment in str(error.value) for fragment in fragments)


@pytest.mark.parametrize(("order", "axis"), [(2, -1), (1, -1), (2, 1), (3, 1)])
def test_normalize(order, axis):
    x = np.random.default_rng(0).standard_normal((4, 5))
    x[1] = 0
    np.testing.assert_allclose(konv.utils.normalize(x, axis, order), keras.utils.normalize(x, axis, order))


def test_normalize_along_the_first_axis():
    np.testing.assert_allclose(np.linalg.norm(konv.utils.normalize(np.ones((4, 5)), 0), axis=0), np.ones(5))


@pytest.mark.parametrize("name", ["to_categorical", "normalize", "set_random_seed", "image_dataset_from_directory",
                                  "load_img", "img_to_array", "array_to_img", "save_img", "clear_session"])
def test_the_names_are_those_of_keras(name):
    import inspect

    ours, theirs = (inspect.signature(getattr(library.utils, name)).parameters for library in (konv, keras))
    extra = set(ours) - set(theirs)
    assert [p for p in ours if p not in extra] == list(theirs)
    assert all(ours[p].default is not inspect.Parameter.empty for p in extra)


def test_clear_session_starts_the_names_again():
    first = konv.layers.Dense(1).name
    assert konv.layers.Dense(1).name != first
    konv.backend.clear_session()
    assert konv.layers.Dense(1).name == first


@pytest.mark.parametrize("seed", [-1, 1.5, True, "7"])
def test_seeds_are_integers(seed):
    with pytest.raises(ValueError, match=f"set_random_seed.*{seed!r}"):
        konv.utils.set_random_seed(seed)
