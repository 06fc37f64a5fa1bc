"""image_dataset_from_directory: the files, labels and subsets of Keras, batches, and errors that say what to do."""

import threading

import numpy as np
import pytest
from keras.src.utils import dataset_utils
from keras.src.utils.image_dataset_utils import ALLOWLIST_FORMATS, _load_image_grain

import konv
from konv.data.dataset import AHEAD
from konv.data.image_folder import image_dataset_from_directory as load
from konv.errors import FileError, KonvError, ShapeError, UnsupportedError
from konv.seeds import set_random_seed
from tests.data.conftest import write_image


def _dataset(folder, **arguments):
    return load(folder, **{"image_size": (4, 4), "verbose": False, **arguments})


def _labels(dataset):
    return np.concatenate([labels for _, labels in dataset])


@pytest.mark.parametrize("labels", ["inferred", None, list(range(20))])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("seed", [0, 7, 123456])
@pytest.mark.parametrize("subset", [None, "training", "validation"])
def test_the_files_and_labels_of_keras(folder, labels, shuffle, seed, subset):
    split = None if subset is None else 0.3
    copy = list(labels) if isinstance(labels, list) else labels  # Keras shuffles the list of the caller
    paths, numbers, names = dataset_utils.index_directory(
        str(folder), copy, ALLOWLIST_FORMATS, None, shuffle, seed, verbose=False)
    paths, numbers = dataset_utils.get_training_or_validation_split(paths, numbers, split, subset)
    dataset = _dataset(folder, labels=labels, shuffle=shuffle, seed=seed, validation_split=split, subset=subset)
    assert dataset.file_paths == paths
    assert dataset.class_names == names
    if labels is not None:
        np.testing.assert_array_equal(dataset._targets, numbers)


def test_both_subsets_at_once(folder):
    arguments = {"validation_split": 0.25, "seed": 3}
    both = _dataset(folder, subset="both", **arguments)
    apart = [_dataset(folder, subset=subset, **arguments) for subset in ("training", "validation")]
    assert [part.file_paths for part in both] == [part.file_paths for part in apart]
    assert [len(part.file_paths) for part in both] == [15, 5]
    assert not set(both[0].file_paths) & set(both[1].file_paths)
    np.testing.assert_array_equal(_labels(both[1]), _labels(both[1]))  # the validation subset keeps its order


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
@pytest.mark.parametrize("options", [{}, {"interpolation": "nearest"}, {"crop_to_aspect_ratio": True},
                                     {"pad_to_aspect_ratio": True}, {"data_format": "channels_first"}])
def test_the_pixels_of_keras(tmp_path, color_mode, options):
    for index in range(3):
        write_image(tmp_path / "a" / f"{index}.png", size=(6, 8 + index), seed=index)
    dataset = _dataset(tmp_path, shuffle=False, color_mode=color_mode, image_size=(4, 6), **options)
    (images, labels), = dataset
    channels = {"grayscale": 1, "rgb": 3, "rgba": 4}[color_mode]
    arguments = {"interpolation": "bilinear", "data_format": "channels_last", **options}
    for image, path in zip(images, dataset.file_paths, strict=True):
        expected = np.asarray(_load_image_grain(path, (4, 6), channels, **arguments))
        np.testing.assert_allclose(image, expected, atol=2e-3)
    assert images.dtype == np.float32
    assert labels.dtype == np.int32


@pytest.mark.parametrize(("label_mode", "labels", "shape", "dtype", "first"), [
    ("int", [1, 0, 1, 1], (4,), "int32", 1),
    ("int", [5, -3, 9, 9], (4,), "int32", 5),
    ("binary", [1, 0, 1, 1], (4, 1), "float32", [1]),
    ("categorical", [1, 0, 2, 1], (4, 3), "float32", [0, 1, 0]),
])
def test_label_modes(tmp_path, label_mode, labels, shape, dtype, first):
    for index in range(4):
        write_image(tmp_path / f"{index}.png")
    (_, encoded), = _dataset(tmp_path, labels=labels, label_mode=label_mode, shuffle=False)
    assert (encoded.shape, encoded.dtype.name) == (shape, dtype)
    np.testing.assert_array_equal(encoded[0], first)


@pytest.mark.parametrize("arguments", [{"labels": None}, {"label_mode": None}])
def test_without_labels(folder, arguments):
    dataset = _dataset(folder, batch_size=16, **arguments)
    assert [batch.shape for batch in dataset] == [(16, 4, 4, 3), (4, 4, 4, 3)]
    assert dataset.class_names is None


@pytest.mark.parametrize(("batch_size", "sizes"), [(8, [8, 8, 4]), (20, [20]), (64, [20]), (10, [10, 10])])
def test_batches(folder, batch_size, sizes):
    dataset = _dataset(folder, batch_size=batch_size)
    assert [len(labels) for _, labels in dataset] == sizes
    assert len(dataset) == len(sizes)


def test_single_samples(folder):
    dataset = _dataset(folder, batch_size=None)
    samples = list(dataset)
    assert len(samples) == len(dataset) == 20
    assert samples[0][0].shape == (4, 4, 3)
    assert np.ndim(samples[0][1]) == 0


def test_the_order_of_the_classes_can_be_chosen(folder):
    dataset = _dataset(folder, class_names=["c", "a"], shuffle=False)
    assert dataset.class_names == ["c", "a"]
    np.testing.assert_array_equal(np.bincount(_labels(dataset)), [8, 7])


def test_every_epoch_has_its_own_order_and_the_same_seed_the_same_orders(folder):
    datasets = [_dataset(folder, seed=5) for _ in range(2)]
    first, second = ([_labels(dataset) for _ in range(3)] for dataset in datasets)
    np.testing.assert_array_equal(first, second)
    assert any((first[0] != epoch).any() for epoch in first[1:])
    np.testing.assert_array_equal(np.sort(first[0]), np.sort(first[1]))


def test_set_random_seed_decides_where_no_seed_is_given(folder):
    def files():
        set_random_seed(11)
        return _dataset(folder).file_paths

    assert files() == files()


def test_images_and_labels_stay_together(folder):
    expected = {image.tobytes(): label for image, label in _dataset(folder, batch_size=None, shuffle=False)}
    for images, labels in _dataset(folder, batch_size=6):
        assert all(expected[image.tobytes()] == label for image, label in zip(images, labels, strict=True))


def test_cache_reads_each_file_once(folder, monkeypatch):
    dataset = _dataset(folder, seed=1)
    read, reading = [], dataset._read
    monkeypatch.setattr(dataset, "_read", lambda path: read.append(path) or reading(path))
    assert dataset.cache() is dataset
    for _ in range(3):
        assert len(_labels(dataset)) == 20
    assert sorted(read) == sorted(dataset.file_paths)


@pytest.mark.parametrize("batch_size", [None, 4])
def test_what_is_yielded_is_the_callers_own(folder, batch_size):
    dataset = _dataset(folder, shuffle=False, batch_size=batch_size).cache()
    first = [images.copy() for images, _ in dataset]
    for images, _ in dataset:
        images[...] = -1
    for images, expected in zip((images for images, _ in dataset), first, strict=True):
        np.testing.assert_array_equal(images, expected)


def test_map(folder):
    dataset, flip = _dataset(folder, batch_size=4, shuffle=False), konv.layers.RandomFlip("horizontal", seed=1)
    mapped = dataset.map(lambda x, y: (flip(x), y), num_parallel_calls=8).map(lambda x, y: (x / 255, y)).prefetch(2)
    assert (len(mapped), mapped.class_names, mapped.batch_size) == (5, ["a", "b", "c"], 4)
    for (x, y), (before, labels) in zip(mapped, dataset, strict=True):
        assert (y == labels).all()
        assert all(np.allclose(a * 255, b) or np.allclose(a * 255, b[:, ::-1]) for a, b in zip(x, before, strict=True))
    assert len(list(mapped.take(2))) == 2
    model = konv.Sequential([konv.layers.Flatten(), konv.layers.Dense(3)])
    model.compile("sgd", "mse")
    model.fit(mapped.map(lambda x, y: (x, np.eye(3)[y])), epochs=2, verbose=0)
    with pytest.raises(KonvError, match="map_func must be a function"):
        dataset.map(3)


def test_take(folder):
    dataset = _dataset(folder, batch_size=4)
    taken = dataset.take(2)
    assert len(taken) == 2
    assert [len(labels) for _, labels in taken] == [4, 4]
    assert len(dataset.take(100)) == len(list(dataset.take(100))) == 5
    assert taken.class_names == ["a", "b", "c"]


def test_leaving_an_epoch_early_leaves_no_thread(folder):
    for _ in _dataset(folder, batch_size=1):
        break
    assert not [thread for thread in threading.enumerate() if thread.name == "konv-prefetch"]
    assert AHEAD < 20


def test_an_unreadable_image_is_named(folder):
    (folder / "b" / "9.png").write_bytes(b"nonsense")
    dataset = _dataset(folder)
    with pytest.raises(FileError, match=r'b/9\.png: not a JPEG, PNG, BMP or GIF image.*on_error="skip"'):
        list(dataset)
    assert not [thread for thread in threading.enumerate() if thread.name == "konv-prefetch"]


def test_unreadable_images_can_be_skipped(folder):
    (folder / "b" / "9.png").write_bytes(b"nonsense")
    (folder / "a" / "8.jpg").write_bytes(b"")
    dataset = _dataset(folder, on_error="skip", batch_size=5)
    assert len(dataset) == 5
    for _ in range(2):
        assert [len(labels) for _, labels in dataset] == [5, 5, 5, 5]  # batches are filled up
        assert len(dataset) == 4
        assert sorted(path for path, _ in dataset.skipped) == [str(folder / "a" / "8.jpg"), str(folder / "b" / "9.png")]
    assert any("the file is empty" in reason for _, reason in dataset.skipped)


def test_nothing_left_after_skipping(tmp_path):
    write_image(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "1.png").write_bytes(b"")
    with pytest.raises(FileError, match="none of 1 image can be read; the first: .*1.png: the file is empty"):
        list(_dataset(tmp_path, on_error="skip"))


@pytest.mark.parametrize(("arguments", "printed"), [
    ({}, "Found 20 files belonging to 3 classes.\n"),
    ({"labels": None}, "Found 20 files.\n"),
    ({"validation_split": 0.2, "subset": "both", "seed": 1},
     "Found 20 files belonging to 3 classes.\nUsing 16 files for training.\nUsing 4 files for validation.\n"),
    ({"verbose": False}, ""),
])
def test_prints_what_keras_prints(folder, capsys, arguments, printed):
    load(folder, **arguments)
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(("arguments", "printed"), [
    ({}, "Left out: 2 files of formats that are not read (.tiff, .webp); convert to PNG or JPEG.\nLeft out: 1 image directly "
         "in the folder; move them into sub-folders named after their classes, or give labels=None.\n"),
    ({"labels": None}, "Left out: 2 files of formats that are not read (.tiff, .webp); convert to PNG or JPEG.\n"),
])
def test_what_is_left_out_is_said(folder, capsys, arguments, printed):
    write_image(folder / "loose.png")
    for name in ("a/1.webp", "b/deep/2.TIFF"):
        (folder / name).write_bytes(b"")
    load(folder, **arguments)
    assert capsys.readouterr().out.split("\n", 1)[1] == printed


def test_images_directly_in_the_folder(tmp_path):
    write_image(tmp_path / "1.png")
    write_image(tmp_path / "2.webp")
    with pytest.raises(FileError, match=r"there is none; left out: 1 file .* \(.webp\).*; left out: 1 image directly in"):
        load(tmp_path)


def test_a_class_without_images_is_pointed_out(folder):
    (folder / "z").mkdir()
    with pytest.warns(UserWarning, match="no images in z, below .*: the class has no examples"):
        _dataset(folder)


def test_what_tensorflow_has_besides(folder):
    dataset = _dataset(folder, batch_size=7)
    assert dataset.prefetch(4).cache() is dataset
    assert repr(dataset) == "<ImageDataset 20 files, 3 classes (a, b, c), batch_size=7>"
    assert dataset.unreadable() == []
    for name, hint in {"shuffle": "shuffle=True", "batch": "batch_size=", "filter": "loop"}.items():
        with pytest.raises(UnsupportedError, match=f"ImageDataset.{name} is not supported; .*{hint}"):
            getattr(dataset, name)
    assert not hasattr(dataset, "filter")
    assert not hasattr(dataset.take(1), "filter")
    assert not hasattr(dataset, "colour")


def test_links_are_followed_on_request_and_never_in_circles(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_image(elsewhere / "x.png")
    (folder / "a" / "link").symlink_to(elsewhere)
    (folder / "a" / "circle").symlink_to(folder / "a")
    assert len(_dataset(folder).file_paths) == 20
    assert len(_dataset(folder, follow_links=True).file_paths) == 21


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({"labels": "infer"}, KonvError, "labels must be"),
    ({"labels": np.arange(3)}, ShapeError, "labels has 3 entries"),
    ({"shuffle": "no"}, KonvError, "shuffle='no' is not one of True, False"),
    ({"validation_split": "half", "subset": "both"}, KonvError, "between 0 and 1, got 'half'"),
    ({"labels": [0, 1]}, ShapeError, "labels has 2 entries, but .* has 20 images"),
    ({"labels": [0.5] * 20}, KonvError, "labels must be integers"),
    ({"labels": [0] * 20, "class_names": ["a"]}, KonvError, "class_names can be given only"),
    ({"labels": None, "class_names": ["a"]}, KonvError, "class_names can be given only"),
    ({"labels": list(range(1, 21)), "label_mode": "categorical"}, KonvError, "from 0 to 19, got labels from 1 to 20"),
    ({"class_names": ["a", "x"]}, KonvError, r"class_names=\['a', 'x'\] must be among .*: a, b, c"),
    ({"label_mode": "onehot"}, KonvError, "label_mode='onehot' is not one of 'int', 'categorical', 'binary', None"),
    ({"label_mode": "binary"}, KonvError, "exactly 2 classes, found 3"),
    ({"color_mode": "gray"}, KonvError, "color_mode='gray' is not one of 'grayscale', 'rgb', 'rgba'"),
    ({"image_size": 0}, ShapeError, "image_size=0 needs positive integers, got 0"),
    ({"image_size": (4, -1)}, ShapeError, r"image_size=\(4, -1\) needs positive integers, got -1"),
    ({"image_size": (4, 4, 3)}, ShapeError, r"must be \(height, width\)"),
    ({"image_size": (4.0, 4)}, ShapeError, "positive integers, got 4.0"),
    ({"image_size": True}, ShapeError, "positive integers, got True"),
    ({"batch_size": 0}, ShapeError, "batch_size=0 needs positive integers"),
    ({"interpolation": "cubic"}, KonvError, "interpolation='cubic' is not one of 'bilinear', 'nearest'"),
    ({"format": "torch"}, KonvError, "format='torch' is not one of 'tf', 'grain'"),
    ({"data_format": "NCHW"}, KonvError, "data_format='NCHW' is not one of"),
    ({"on_error": "ignore"}, KonvError, "on_error='ignore' is not one of 'raise', 'skip'"),
    ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, KonvError, "only one of crop_to_aspect_ratio"),
    ({"seed": -1}, KonvError, "seed must be an integer from 0"),
    ({"seed": 1.5}, KonvError, "seed must be an integer from 0"),
    ({"validation_split": 1.5, "subset": "both", "seed": 0}, KonvError, "between 0 and 1, got 1.5"),
    ({"validation_split": 0.2}, KonvError, "go together, got validation_split=0.2, subset=None"),
    ({"subset": "training"}, KonvError, "go together"),
    ({"validation_split": 0.2, "subset": "test", "seed": 0}, KonvError, "subset='test' is not one of"),
    ({"validation_split": 0.2, "subset": "training"}, KonvError, "give a seed with validation_split"),
    ({"validation_split": 0.01, "subset": "both", "seed": 0}, KonvError, "leaves 20 for training and 0 for validation"),
])
def test_wrong_arguments(folder, arguments, error, message):
    with pytest.raises(error, match=f"^image_dataset_from_directory: .*{message}"):
        _dataset(folder, **arguments)


def test_wrong_folders(tmp_path):
    with pytest.raises(FileError, match=r"the folder '.*nowhere' does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(FileError, match="found in .*; labels are inferred .*, and there is none"):
        load(tmp_path)
    (tmp_path / "a").mkdir()
    with pytest.raises(FileError, match="found in .*, of which there are 1"):
        load(tmp_path)
    with pytest.raises(FileError, match=r"no images \(.bmp, .gif, .jpeg, .jpg, .png\) found in"):
        load(tmp_path, labels=None)
    with pytest.raises(KonvError, match="directory must be the path of a folder, got None"):
        load(None)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="is not a folder"):
        load(tmp_path / "file")
