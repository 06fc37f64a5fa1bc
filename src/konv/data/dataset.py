"""Image files as an endless supply of batches."""

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from konv.data.prefetch import prefetched
from konv.errors import FileError, KonvError, plural
from konv.hints import UnsupportedNameError

# Batches decoded in front of the one in use: enough to bridge a slow file, little enough to stay small in memory.
AHEAD = 4

# what datasets of TensorFlow can do besides, and how to do it here
INSTEAD = {
    "shuffle": "give shuffle=True to image_dataset_from_directory; every epoch has an order of its own",
    "batch": "give batch_size= to image_dataset_from_directory",
    "unbatch": "give batch_size=None to image_dataset_from_directory",
    "repeat": "fit(epochs=...) begins anew with every epoch",
    "as_numpy_iterator": "iterate over the dataset itself: its batches are NumPy arrays",
    "cardinality": "use len(dataset)",
} | dict.fromkeys(("apply", "concatenate", "element_spec", "enumerate", "filter", "flat_map", "interleave", "rebatch",
                   "reduce", "shard", "skip", "unique", "window", "with_options", "zip"),
                  "loop over the dataset, it is an iterable of NumPy arrays")


class Batches:
    """What all datasets can do: they are iterables of NumPy arrays, with the few methods of tf.data that programs call."""

    title = "a mapped dataset's "
    class_names: list[str] | None
    batch_size: int | None

    def __len__(self) -> int:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError

    def take(self, count: int) -> "Derived":
        """The first `count` batches of an epoch, for a look at the data."""
        return Derived(self, take=count)

    def map(self, map_func: Callable[..., Any], num_parallel_calls: int | None = None,
            deterministic: bool | None = None) -> "Derived":
        """What the function makes of each batch, of (images, labels) or of images; anew in each epoch, in this order.

        Layers that augment images are active in it: `dataset.map(lambda x, y: (RandomFlip()(x), y))`, the layer made once.
        The two other arguments are for TensorFlow's own threads; one layer uses all of konv's.
        """
        return Derived(self, map_func)

    def prefetch(self, buffer_size: int | None = None) -> "Batches":
        """Itself: batches are read ahead in a thread in any case."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name in INSTEAD:
            raise UnsupportedNameError(f"{self.title}{name} is not supported; {INSTEAD[name]}")
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


class ImageDataset(Batches):
    """Batches of images, or of (images, labels), decoded in a thread while the model trains on the ones before.

    Each iteration is one epoch, in a new order if it shuffles; the n-th epoch depends on the seed and n alone.

    `file_paths` are the files in the order in which they were dealt, `class_names` the names of the labels 0, 1, ...,
    and `skipped` the (file, reason) of those that could not be read, if the dataset was told to skip them: filled while
    the files are read, so complete after one epoch.
    """

    title = "ImageDataset."

    def __init__(self, file_paths: list[str], targets: np.ndarray | None, read: Callable[[str], np.ndarray], *,
                 batch_size: int | None = 32, shuffle: bool = True, seed: int = 0,
                 class_names: list[str] | None = None, skip_unreadable: bool = False) -> None:
        self.file_paths, self.class_names = file_paths, class_names
        self.batch_size, self.skipped = batch_size, []
        self._targets, self._read = targets, read
        self._shuffle, self._seed, self._epoch = shuffle, seed, 0
        self._skip_unreadable, self._unreadable = skip_unreadable, set[int]()
        self._decoded: dict[int, np.ndarray] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Batches in an epoch; with `on_error="skip"`, as far as the unreadable files are known."""
        count = len(self.file_paths) - len(self._unreadable)
        return count if self.batch_size is None else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        order = self._order()
        return prefetched(lambda stopped: self._batches(order, stopped), AHEAD)

    def cache(self) -> "ImageDataset":
        """Keep the decoded images in memory from the first epoch on; the order still changes. Returns itself."""
        self._decoded = self._decoded or {}
        return self

    def unreadable(self) -> list[tuple[str, str]]:
        """The (file, reason) of every file that cannot be read; reads them all."""
        found = []
        for path in self.file_paths:
            try:
                self._read(path)
            except FileError as error:
                found.append((path, str(error).removeprefix(f"{path}: ")))
        return found

    def __repr__(self) -> str:
        names = "" if self.class_names is None else (
            f", {plural(len(self.class_names), 'class')} ({', '.join(self.class_names)})")
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"<ImageDataset {plural(len(self.file_paths), 'file')}{names}, batch_size={self.batch_size}{skipped}>"

    def _order(self) -> np.ndarray:
        order = np.arange(len(self.file_paths))
        if self._shuffle:
            np.random.default_rng([self._seed, self._epoch]).shuffle(order)
        self._epoch += 1
        return order

    def _batches(self, order: Iterable[int], stopped: Callable[[], bool]) -> Iterator[Any]:
        samples = self._samples(order, stopped)
        if self.batch_size is None:
            yield from (self._labelled(image.copy(), index) for index, image in samples)  # the cache stays whole
            return
        while batch := list(islice(samples, self.batch_size)):
            indices, images = zip(*batch, strict=True)
            yield self._labelled(np.stack(images), list(indices))

    def _samples(self, order: Iterable[int], stopped: Callable[[], bool]) -> Iterator[tuple[int, np.ndarray]]:
        for index in order:
            if stopped():
                return
            image = self._image(int(index))
            if image is not None:
                yield int(index), image
        if len(self._unreadable) == len(self.file_paths):
            raise FileError(f"none of {plural(len(self.file_paths), 'image')} can be read; the first: "
                            + ": ".join(self.skipped[0]))

    def _image(self, index: int) -> np.ndarray | None:
        """The decoded image, or None if it is to be left out."""
        if index in self._unreadable:
            return None
        if self._decoded is not None and index in self._decoded:
            return self._decoded[index]
        try:
            image = self._read(self.file_paths[index])
        except FileError as error:
            if not self._skip_unreadable:
                raise FileError(f'{error}; remove it, or leave such files out with on_error="skip"') from None
            self._leave_out(index, str(error).removeprefix(f"{self.file_paths[index]}: "))
            return None
        if self._decoded is not None:
            self._decoded[index] = image
        return image

    def _leave_out(self, index: int, reason: str) -> None:
        with self._lock:  # two iterators may meet the same file
            if index not in self._unreadable:
                self._unreadable.add(index)
                self.skipped.append((self.file_paths[index], reason))

    def _labelled(self, images: np.ndarray, indices: Any) -> Any:
        return images if self._targets is None else (images, self._targets[indices])


class Derived(Batches):
    """What a function makes of the batches of a dataset, or the first of them."""

    def __init__(self, dataset: Batches, function: Callable[..., Any] | None = None,
                 take: int | None = None) -> None:
        if function is not None and not callable(function):
            raise KonvError(f"map: map_func must be a function of a batch, got {function!r}")
        self.dataset, self.function, self.count = dataset, function, take
        self.class_names, self.batch_size = dataset.class_names, dataset.batch_size

    def __len__(self) -> int:
        return len(self.dataset) if self.count is None else min(self.count, len(self.dataset))

    def __iter__(self) -> Iterator[Any]:
        batches = islice(iter(self.dataset), self.count)
        if self.function is None:
            yield from batches
            return
        for batch in batches:
            yield self.function(*batch) if isinstance(batch, tuple) else self.function(batch)
