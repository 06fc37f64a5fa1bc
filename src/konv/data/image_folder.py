"""`image_dataset_from_directory`: a folder of images as a dataset, with the arguments of Keras and its results."""

import os
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from konv import config
from konv.data.dataset import ImageDataset
from konv.data.decode import CHANNELS, EXTENSIONS, read_image
from konv.data.resize import METHODS
from konv.errors import FileError, KonvError, ShapeError, plural
from konv.seeds import next_seed

NAME = "image_dataset_from_directory"
LABEL_MODES = ("int", "categorical", "binary", None)
# endings of images that Keras does not read either
OTHERS = (".avif", ".heic", ".heif", ".ico", ".jfif", ".jp2", ".jxl", ".ppm", ".svg", ".tif", ".tiff", ".webp")
SUBSETS = ("training", "validation", "both", None)


def image_dataset_from_directory(directory: str | os.PathLike[str], labels: Any = "inferred", label_mode: str | None = "int",
                                 class_names: Sequence[str] | None = None, color_mode: str = "rgb",
                                 batch_size: int | None = 32, image_size: tuple[int, int] = (256, 256),
                                 shuffle: bool = True, seed: int | None = None, validation_split: float | None = None,
                                 subset: str | None = None, interpolation: str = "bilinear",
                                 follow_links: bool = False, crop_to_aspect_ratio: bool = False,
                                 pad_to_aspect_ratio: bool = False, data_format: str | None = None,
                                 format: str = "tf", verbose: bool = True, *, on_error: str = "raise") -> Any:
    """A dataset of the JPEG, PNG, BMP and GIF files below a folder, one sub-folder per class.

    Args:
        labels: "inferred" from the sub-folders, a list of integers in the order of the files, or None.
        label_mode: "int", "categorical" (one-hot), "binary" or None for images alone.
        class_names: the sub-folders to read, in the order of their labels; all in alphanumeric order unless given.
        color_mode: "grayscale", "rgb" or "rgba".
        batch_size: images in a batch; None yields them one by one.
        image_size: (height, width) to which images are resized.
        seed: with validation_split it deals the same files to the same subset as in Keras.
        validation_split: share of the files for validation, of which `subset` is "training", "validation" or "both".
        interpolation: how images are resized, as in keras.ops.image.resize.
        crop_to_aspect_ratio, pad_to_aspect_ratio: instead of stretching the image cut it, or add black.
        format: "tf" or "grain"; the dataset is konv's own either way.
        on_error: "raise", or "skip" (not in Keras), which leaves files out that cannot be read and lists them in
            `dataset.skipped` while the files are read.
    Returns:
        an ImageDataset; for subset="both" a list of two, for training and for validation.
    Shape:
        images float32 (batch, height, width, channels) from 0 to 255; labels int32 (batch,) for "int", float32
        (batch, classes) for "categorical" and (batch, 1) for "binary".
    Raises:
        FileError: there is no image, or one cannot be read, when the dataset comes to it.

    >>> import tempfile
    >>> from konv.data.decode import save_img
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cats", "dogs"):
    ...         os.mkdir(f"{folder}/{name}")
    ...         save_img(f"{folder}/{name}/1.png", np.zeros((8, 8, 3)))
    ...     dataset = image_dataset_from_directory(folder, image_size=(4, 4), shuffle=False)
    ...     for images, labels in dataset:
    ...         print(dataset.class_names, images.shape, labels)
    Found 2 files belonging to 2 classes.
    ['cats', 'dogs'] (2, 4, 4, 3) [0 1]
    """
    _check_choice("label_mode", label_mode, LABEL_MODES)
    _check_choice("color_mode", color_mode, tuple(CHANNELS))
    _check_choice("format", format, ("tf", "grain"))
    _check_choice("on_error", on_error, ("raise", "skip"))
    _check_choice("shuffle", shuffle, (True, False))
    _check_choice("interpolation", interpolation := str(interpolation).lower(), METHODS)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise KonvError(f"{NAME}: only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True")
    _check_labels(labels, class_names)
    _check_split(validation_split, subset, shuffle, seed)
    size = _positive_pair(image_size)
    if batch_size is not None:
        _positive(batch_size, "batch_size", batch_size)
    data_format = data_format or config.image_data_format()
    _check_choice("data_format", data_format, config.DATA_FORMATS)

    if labels is None or label_mode is None:
        labels = label_mode = None
    seed = next_seed() if seed is None else seed
    paths, indices, class_names = index_directory(directory, labels, class_names, follow_links)
    if verbose:
        classes = "" if class_names is None else f" belonging to {len(class_names)} classes"
        print(f"Found {len(paths)} files{classes}.")
        for reason in left_out(directory, class_names is not None and labels == "inferred", follow_links):
            print(f"Left out: {reason}.")
    if shuffle:
        paths, indices = _shuffled(paths, indices, seed)
    targets = _encoded(indices, label_mode, class_names)

    aspect = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else None
    read = partial(_read, color_mode=color_mode, image_size=size, interpolation=interpolation, aspect=aspect,
                   channels_first=data_format == "channels_first")

    def dataset(part: str | None, shuffle: bool) -> ImageDataset:
        chosen = _split(len(paths), validation_split, part)
        if verbose and part:
            print(f"Using {len(paths[chosen])} files for {part}.")
        return ImageDataset(paths[chosen], None if targets is None else targets[chosen], read, batch_size=batch_size,
                            shuffle=shuffle, seed=seed, class_names=class_names, skip_unreadable=on_error == "skip")

    if subset == "both":
        return [dataset("training", shuffle), dataset("validation", False)]
    return dataset(subset, shuffle)


def index_directory(directory: Any, labels: Any = "inferred", class_names: Sequence[str] | None = None,
                    follow_links: bool = False) -> tuple[list[str], np.ndarray | None, list[str] | None]:
    """All image files below `directory` in alphanumeric order, their labels, and the names of the classes."""
    if not isinstance(directory, (str, os.PathLike)):
        raise KonvError(f"{NAME}: directory must be the path of a folder, got {directory!r}")
    directory = os.fspath(directory)
    if not os.path.isdir(directory):
        what = "is not a folder" if os.path.exists(directory) else "does not exist"
        raise FileError(f"{NAME}: the folder {directory!r} {what}")
    if not isinstance(labels, str):
        paths = _images_below(directory, follow_links)
        _require_images(paths, directory, "", follow_links, False)
        return paths, *_given_labels(labels, paths, directory)
    folders = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir() and not entry.name.startswith("."))
    if class_names is not None and not set(class_names) <= set(folders):
        raise KonvError(f"{NAME}: class_names={list(class_names)} must be among the sub-folders of {directory!r}: "
                        f"{', '.join(folders) or 'it has none'}")
    names = list(class_names or folders)
    found = [_images_below(os.path.join(directory, name), follow_links) for name in names]
    paths = [path for group in found for path in group]
    _require_images(paths, directory, "; labels are inferred from one sub-folder per class"
                    + (f", of which there are {len(folders)}" if folders else ", and there is none"), follow_links, True)
    empty = [name for name, group in zip(names, found, strict=True) if not group]
    if empty:
        warnings.warn(f"{NAME}: no images in {', '.join(empty)}, below {directory!r}: the "
                      f"{'class has' if len(empty) == 1 else 'classes have'} no examples", stacklevel=3)
    return paths, np.repeat(np.arange(len(names), dtype=np.int32), [len(group) for group in found]), names


def _images_below(folder: str, follow_links: bool, endings: tuple[str, ...] = EXTENSIONS) -> list[str]:
    paths, seen = [], set()
    for root, folders, files in os.walk(folder, followlinks=follow_links):
        real = os.path.realpath(root)
        if real in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add(real)
        paths.append((root, sorted(name for name in files if name.lower().endswith(endings))))
    return [os.path.join(root, name) for root, names in sorted(paths) for name in names]


def _require_images(paths: list[str], directory: str, hint: str, follow_links: bool, inferred: bool) -> None:
    if not paths:
        hint = "".join([hint, *(f"; left out: {reason}" for reason in left_out(directory, inferred, follow_links))])
        raise FileError(f"{NAME}: no images ({', '.join(EXTENSIONS)}) found in {directory!r}{hint}")


def left_out(directory: str | os.PathLike[str], inferred: bool, follow_links: bool) -> list[str]:
    """What a user may have expected to be read, and what would do."""
    reasons = []
    others = [os.path.splitext(path)[1].lower() for path in _images_below(os.fspath(directory), follow_links, OTHERS)]
    if others:
        reasons.append(f"{plural(len(others), 'file')} of formats that are not read ({', '.join(sorted(set(others)))}); "
                       f"convert to PNG or JPEG")
    loose = [name for name in os.listdir(directory) if name.lower().endswith(EXTENSIONS)] if inferred else []
    if loose:
        reasons.append(f"{plural(len(loose), 'image')} directly in the folder; move them into sub-folders named after "
                       f"their classes, or give labels=None")
    return reasons


def _given_labels(labels: Any, paths: list[str], directory: str) -> tuple[np.ndarray | None, list[str] | None]:
    if labels is None:
        return None, None
    if len(labels) != len(paths):
        raise ShapeError(f"{NAME}: labels has {len(labels)} entries, but {directory!r} has {len(paths)} images")
    indices = np.asarray(labels)
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise KonvError(f"{NAME}: labels must be integers, one per image, got {labels[0]!r}, ...")
    return indices.astype(np.int32), [str(number) for number in np.unique(indices)]


def _shuffled(paths: list[str], indices: np.ndarray | None, seed: int) -> tuple[list[str], np.ndarray | None]:
    """The order that Keras draws, so that a split made there is the same split here."""
    order = np.arange(len(paths))
    np.random.RandomState(seed).shuffle(order)
    return [paths[index] for index in order], None if indices is None else indices[order]


def _split(count: int, validation_split: float | None, subset: str | None) -> slice:
    if subset is None or not validation_split:
        return slice(None)
    held_out = int(validation_split * count)
    if not 0 < held_out < count:
        raise KonvError(f"{NAME}: validation_split={validation_split} of {count} images leaves {count - held_out} for "
                        f"training and {held_out} for validation; both need at least one")
    return slice(count - held_out) if subset == "training" else slice(count - held_out, None)


def _encoded(indices: np.ndarray | None, label_mode: str | None, class_names: list[str] | None) -> np.ndarray | None:
    if indices is None or class_names is None:
        return None
    if label_mode == "int":
        return indices
    if label_mode == "binary" and len(class_names) != 2:
        raise KonvError(f'{NAME}: label_mode="binary" needs exactly 2 classes, found {len(class_names)}: {class_names}')
    if indices.min() < 0 or indices.max() >= len(class_names):
        raise KonvError(f'{NAME}: label_mode="{label_mode}" needs labels from 0 to {len(class_names) - 1}, '
                        f"got labels from {indices.min()} to {indices.max()}")
    if label_mode == "binary":
        return indices[:, None].astype(np.float32)
    return np.eye(len(class_names), dtype=np.float32)[indices]


def _read(path: str, channels_first: bool, **how: Any) -> np.ndarray:
    image = read_image(path, **how)
    return np.ascontiguousarray(image.transpose(2, 0, 1)) if channels_first else image


# --- arguments --------------------------------------------------------------------------------------


def _check_choice(argument: str, value: Any, choices: tuple[Any, ...]) -> None:
    if value not in choices:
        raise KonvError(f"{NAME}: {argument}={value!r} is not one of {', '.join(repr(choice) for choice in choices)}")


def _check_labels(labels: Any, class_names: Any) -> None:
    if labels is None or isinstance(labels, (list, tuple, np.ndarray)):
        if class_names:
            raise KonvError(f'{NAME}: class_names can be given only with labels="inferred"')
    elif not isinstance(labels, str) or labels != "inferred":
        raise KonvError(f'{NAME}: labels must be "inferred", None or a list of integers, got {labels!r}')


def _check_split(validation_split: Any, subset: Any, shuffle: bool, seed: Any) -> None:
    _check_choice("subset", subset, SUBSETS)
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if seed is not None and not (whole and 0 <= seed < 2**32):
        raise KonvError(f"{NAME}: seed must be an integer from 0 to {2**32 - 1}, got {seed!r}")
    number = isinstance(validation_split, (float, int, np.number)) and not isinstance(validation_split, bool)
    if validation_split is not None and not (number and 0 < validation_split < 1):
        raise KonvError(f"{NAME}: validation_split must be between 0 and 1, got {validation_split!r}")
    if (validation_split is None) != (subset is None):
        raise KonvError(f"{NAME}: validation_split and subset go together, got {validation_split=}, {subset=}")
    if validation_split is not None and shuffle and seed is None:
        raise KonvError(f"{NAME}: give a seed with validation_split, or shuffle=False; without one the training and "
                        f"the validation subset would be drawn apart and overlap")


def _positive_pair(image_size: Any) -> tuple[int, int]:
    sizes = image_size if isinstance(image_size, (list, tuple)) else (image_size, image_size)
    if len(sizes) != 2:
        raise ShapeError(f"{NAME}: image_size={image_size!r} must be (height, width)")
    height, width = (_positive(size, "image_size", image_size) for size in sizes)
    return height, width


def _positive(number: Any, argument: str, given: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
        raise ShapeError(f"{NAME}: {argument}={given!r} needs positive integers, got {number!r}")
    return int(number)
