"""Data sets of Keras, read from files like those that Keras fetches; Keras itself reads the same ones."""

import struct
import tarfile

import keras
import numpy as np
import pytest

import konv
from konv.errors import FileError, KonvError

random = np.random.default_rng(0)
MODULES = {"mnist": "mnist", "cifar10": "cifar10", "cifar100": "cifar100", "boston_housing": "boston_housing",
           "california_housing": "california_housing"}


def pixels(*shape):
    return random.integers(0, 256, shape).astype(np.uint8)


def text(content):
    return b"T" + struct.pack("<I", len(content)) + content


def write(file, **labels):
    """A batch of CIFAR as Python 2 pickled it: labels, an array (n, 3072) of bytes, names of files."""
    listed = b"".join(text(name.encode()) + b"](" + b"".join(b"K" + bytes([label]) for label in numbers) + b"e"
                      for name, numbers in labels.items())
    x = pixels(len(next(iter(labels.values()))), 3072)
    array = (b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\n(K\x01"
             + b"".join(b"M" + struct.pack("<H", size) for size in x.shape) + b"\x86cnumpy\ndtype\nq\x0bU\x02u1K\x00K\x01"
             b"\x87Rq\x0c(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" + text(x.tobytes()) + b"tb")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x05trainq\x03" + listed + b"U\x04dataq\x06" + array
                     + b"U\x09filenamesq\x0d]q\x0eh\x03au.")
    return x


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of Keras with small files in it, from which Keras reads them without comparing checksums."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    folder = tmp_path / "datasets"
    folder.mkdir()
    np.savez(folder / "mnist.npz", x_train=pixels(6, 28, 28), y_train=pixels(6), x_test=pixels(2, 28, 28), y_test=pixels(2))
    for name in ("boston_housing", "california_housing"):
        np.savez(folder / f"{name}.npz", x=random.random((700, 8)), y=random.random(700))
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        write(folder / "cifar-10-batches-py-target" / "cifar-10-batches-py" / name, labels=[3, 9])
    for name in ("train", "test"):
        write(folder / "cifar-100-python-target" / "cifar-100-python" / name,
              fine_labels=[1, 2, 3, 4, 99], coarse_labels=[0, 1, 2, 3, 19])
    for name in MODULES.values():
        monkeypatch.setattr(f"keras.src.datasets.{name}.get_file", lambda fname, **options: str(folder / fname))
    return folder


@pytest.mark.parametrize(("name", "options"), [
    ("mnist", {}), ("cifar100", {}), ("cifar100", {"label_mode": "coarse"}), ("boston_housing", {}),
    ("boston_housing", {"test_split": 0.5, "seed": 3}), ("california_housing", {}),
    ("california_housing", {"version": "small"})])
def test_the_arrays_are_those_of_keras(home, name, options):
    ours = getattr(konv.datasets, name).load_data(**options)
    for our, their in zip(ours, getattr(keras.datasets, name).load_data(**options), strict=True):
        for array, expected in zip(our, their, strict=True):
            # Keras says uint8 of the labels of CIFAR-100 and gives int64
            np.testing.assert_array_equal(array, expected.astype(array.dtype), strict=True)
            assert array.dtype == expected.dtype or (name, array.dtype) == ("cifar100", np.uint8)


def test_cifar10(home):
    second = write(home / "cifar-10-batches-py-target" / "cifar-10-batches-py" / "data_batch_2", labels=[3, 9])
    (x_train, y_train), (x_test, y_test) = konv.datasets.cifar10.load_data()
    np.testing.assert_array_equal(x_train[2:4].transpose(0, 3, 1, 2), second.reshape(2, 3, 32, 32))
    assert (x_train.shape, y_train.tolist(), x_test.shape, y_test.dtype) == (
        (10, 32, 32, 3), [[3], [9]] * 5, (2, 32, 32, 3), np.uint8)


def test_the_archive_of_cifar_is_read_as_it_is(home):
    unpacked = konv.datasets.cifar100()
    with tarfile.open(home / "cifar-100-python.tar.gz", "w:gz") as archive:
        archive.add(home / "cifar-100-python-target" / "cifar-100-python", "cifar-100-python")
    (home / "cifar-100-python-target").rename(home / "elsewhere")
    np.testing.assert_array_equal(konv.datasets.cifar100()[0][0], unpacked[0][0])


@pytest.mark.parametrize(("pickle", "words"), [
    (b"\x80\x02}(U\x04datacos\nsystem\nU\x04harm\x85Ru.", "os system does not belong into a file of arrays"),
    (b"\x80\x02}(U\x04datacnumpy\ndtype\nU\x02O8\x85Ru.", "numpy dtype does not belong"),
    (b"\x80\x02cos\nsystem\n)\x81.", "NEWOBJ does not belong"), (b"\x80\x02}.", "data"), (b"\x80\x02(K", ""), (b"", "")])
def test_a_pickle_of_anything_else_is_refused(home, pickle, words):
    file = home / "cifar-100-python-target" / "cifar-100-python" / "train"
    file.write_bytes(pickle)
    with pytest.raises(FileError, match=f"cifar100: .*{words}"):
        konv.datasets.cifar100()


@pytest.mark.parametrize("name", MODULES)
def test_a_missing_file_says_how_to_get_it(tmp_path, monkeypatch, name):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(FileError, match=rf"{name}: there is no {tmp_path}.*konv downloads nothing.*curl -L .* https://"):
        getattr(konv.datasets, name).load_data()


def test_fashion_mnist_is_found_where_keras_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("konv.datasets.fashion_mnist.FASHION_MNIST", str(tmp_path / "nowhere"))
    (tmp_path / "datasets" / "fashion-mnist").mkdir(parents=True)
    with pytest.raises(FileError, match=r"fashion-mnist: there is neither train-images"):
        konv.datasets.fashion_mnist.load_data()


@pytest.mark.parametrize(("call", "words"), [
    (lambda: konv.datasets.cifar100("fin"), "label_mode"), (lambda: konv.datasets.boston_housing(test_split=1), "test_split"),
    (lambda: konv.datasets.california_housing("tiny"), "version")])
def test_errors(call, words):
    with pytest.raises(KonvError, match=words):
        call()
