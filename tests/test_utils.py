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
                                  "load_img", "img_to_array", "array_to_img", "save_img", "clear_session", "pad_sequences",
                                  "pack_x_y_sample_weight", "unpack_x_y_sample_weight"])
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


@pytest.mark.parametrize(("sequences", "options"), [
    ([[1, 2, 3], [4], []], {}), ([[1, 2, 3], [4]], {"maxlen": 2}), ([[1.5], [2, 3]], {"dtype": "float32", "padding": "post"}),
    ([[1, 2, 3], [4]], {"maxlen": 2, "truncating": "post", "value": 9}), ([[[1, 2]], [[3, 4], [5, 6]]], {"padding": "post"}),
    ([[1, 2]], {"maxlen": 4})])
def test_pad_sequences(sequences, options):
    ours = konv.preprocessing.sequence.pad_sequences(sequences, **options)
    np.testing.assert_array_equal(ours, keras.utils.pad_sequences(sequences, **options), strict=True)


@pytest.mark.parametrize(("sequences", "options", "words"), [
    ([[1]], {"padding": "left"}, "padding"), ([1, 2], {}, "list of lists"), ([[[1, 2]], [[1]]], {}, r"\(2,\) and \(1,\)")])
def test_pad_sequences_refuses(sequences, options, words):
    with pytest.raises(KonvError, match=f"pad_sequences.*{words}"):
        konv.utils.pad_sequences(sequences, **options)


@pytest.mark.parametrize("parts", [(1,), (1, 2), (1, 2, 3), ([1],)])
def test_parts_of_a_batch(parts):
    packed = konv.utils.pack_x_y_sample_weight(*parts)
    assert packed == keras.utils.pack_x_y_sample_weight(*parts)
    assert konv.utils.unpack_x_y_sample_weight(packed) == keras.utils.unpack_x_y_sample_weight(packed)


@pytest.mark.parametrize("shape", [(7, 9, 3), (2, 9, 7, 1), (3, 8, 5)])
def test_smart_resize(shape):
    x = np.random.default_rng(0).random(shape).astype("float32")
    options = {"data_format": "channels_first"} if shape[0] == 3 else {"interpolation": "bicubic"}
    ours, theirs = (library.preprocessing.image.smart_resize(x, (4, 6), **options) for library in (konv, keras))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("x", "size", "options", "words"), [
    (np.ones((2, 2)), (1, 1), {}, "x must be an image"), (np.ones((2, 2, 3)), (1,), {}, "size"),
    (np.ones((2, 2, 3)), (1, 1), {"data_format": "last"}, "data_format")])
def test_smart_resize_refuses(x, size, options, words):
    with pytest.raises(KonvError, match=f"smart_resize: {words}"):
        konv.preprocessing.image.smart_resize(x, size, **options)
