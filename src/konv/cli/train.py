"""`konv train`: from a folder of images to a model and what is to be told about it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from konv.cli.group import Failure, ImageSize, json_option, lang_option, main
from konv.errors import FileError, MissingExtraError, plural


@main.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path),
              help="Folder for the model and all that is told about it.")
@click.option("--epochs", type=click.IntRange(1), default=30, show_default=True, help="Passes over the images.")
@click.option("--image-size", type=ImageSize(), default="64", show_default=True,
              help="Images are resized to this: 64, or 48x64 for height x width.")
@click.option("--batch-size", type=click.IntRange(1), default=32, show_default=True, help="Images per training step.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
              help="The same seed gives the same split and the same network.")
@click.option("--color", type=click.Choice(["grayscale", "rgb"]), default="grayscale", show_default=True,
              help="What the network sees of an image.")
@click.option("--validation-split", type=click.FloatRange(0, 1, max_open=True), default=0.25, show_default=True,
              help="Share of the images to hold out of training and test on; 0 trains on all.")
@click.option("--shift", type=click.FloatRange(0, 0.5), default=0.1, show_default=True,
              help="Training images are moved at random by up to this share of their size, so that the network learns "
                   "what does not depend on the place; 0 leaves them where they are.")
@click.option("--skip-unreadable", is_flag=True, help="Leave out images that cannot be read, and name them.")
@lang_option
@json_option
def train(directory: str, output: Path, epochs: int, image_size: tuple[int, int], batch_size: int, seed: int,
          color: str, validation_split: float, shift: float, skip_unreadable: bool, lang: str, as_json: bool) -> None:
    """Train on a folder with one sub-folder of images per class.

    Writes model.keras, classes.json, history.csv, summary.txt, explained.txt and, if matplotlib is installed,
    learning-curves.png and confusion-matrix.png. A part of the images is held out of training; the model that is
    kept is that of the epoch with the best accuracy on them.

    \b
    Example:
      konv train photos -o out --image-size 64
    """
    import konv
    from konv.utils import set_random_seed

    set_random_seed(seed)
    training, held_out = _datasets(directory, image_size, batch_size, seed, color, validation_split, skip_unreadable,
                                   verbose=not as_json)
    classes = training.class_names
    output.mkdir(parents=True, exist_ok=True)
    model = _network((*image_size, 1 if color == "grayscale" else 3), len(classes))
    rate: Any = konv.optimizers.schedules.CosineDecay(1e-3, epochs * len(training))
    model.compile(konv.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    moved = Shifted(training, shift, seed) if shift else training
    try:
        history = _fit(model, moved, held_out, epochs, output, classes, verbose=0 if as_json else 1)
    except FileError as error:
        raise _all_unreadable(training, held_out) or error from None
    except KeyboardInterrupt:
        done = len(model.history.epoch) if model.history else 0
        kept = f"; {output / 'model.keras'} holds the best epoch so far, of {plural(done, 'epoch')}" if done else ""
        raise Failure(f"stopped{kept}") from None
    result = _result(history, training, held_out, classes)
    best = konv.load_model(output / "model.keras")
    files = _describe(best, history, held_out, classes, output, lang)
    result |= {"model": str(output / "model.keras"), "files": [str(output / name) for name in files]}
    for path, reason in result["skipped"]:
        click.echo(f"konv: left out {path}: {reason}", err=True)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        _report(result, output)


def _datasets(directory: str, image_size: tuple[int, int], batch_size: int, seed: int, color: str,
              validation_split: float, skip: bool, verbose: bool) -> tuple[Any, Any]:
    """The images to train on and those held out (None if there are none), kept in memory if they fit."""
    from konv.utils import image_dataset_from_directory

    split: dict[str, Any] = {"validation_split": validation_split, "subset": "both"} if validation_split else {}
    try:
        made: Any = image_dataset_from_directory(
            directory, image_size=image_size, batch_size=batch_size, seed=seed, color_mode=color, verbose=verbose,
            on_error="skip" if skip else "raise", **split)
    except FileError as error:
        raise Failure(str(error)) from None
    training, held_out = made if validation_split else (made, None)
    found = {Path(path).relative_to(directory).parts[0] for dataset in filter(None, (training, held_out))
             for path in dataset.file_paths}
    if len(found) < 2:
        raise Failure(f"{directory}: found images of the class {min(found)!r} alone; there must be at least two "
                      f"sub-folders of images to tell apart")
    count = len(training.file_paths) + (len(held_out.file_paths) if held_out else 0)
    if count * image_size[0] * image_size[1] * (1 if color == "grayscale" else 3) * 4 < 1e9:
        training.cache()
        if held_out:
            held_out.cache()
    return training, held_out


class Shifted:
    """A dataset whose images are moved at random, the border repeated; the n-th epoch depends on seed and n alone."""

    def __init__(self, dataset: Any, share: float, seed: int) -> None:
        self.dataset, self.share, self.seed, self.epoch = dataset, share, seed, 0

    def __len__(self) -> int:
        return len(self.dataset)

    def __iter__(self) -> Iterator[Any]:
        import numpy as np

        random = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        for images, labels in self.dataset:
            count, height, width, _ = images.shape
            down, right = (round(self.share * size) for size in (height, width))
            wide = np.pad(images, ((0, 0), (down, down), (right, right), (0, 0)), mode="edge")
            corners = zip(random.integers(0, 2 * down + 1, count), random.integers(0, 2 * right + 1, count), strict=True)
            yield np.stack([image[top : top + height, left : left + width]
                            for image, (top, left) in zip(wide, corners, strict=True)]), labels


def _network(shape: tuple[int, int, int], classes: int) -> Any:
    """Three convolutions, each with normalisation and pooling, and two dense layers; takes pixels from 0 to 255.

    A folder of images has few batches: with the usual momentum of 0.99 the moving mean and variance would take ten
    epochs to reach those of the data, and predictions would be useless until then.
    """
    import konv
    from konv import layers

    blocks: list[Any] = []
    for filters, dropout in ((75, 0.0), (50, 0.2), (25, 0.0)):
        blocks.append(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        blocks += [layers.Dropout(dropout)] if dropout else []
        blocks += [layers.BatchNormalization(momentum=0.9), layers.MaxPooling2D(2, 2, padding="same")]
    head = [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dropout(0.3),
            layers.Dense(classes, activation="softmax")]
    return konv.Sequential([konv.Input(shape), layers.Rescaling(1 / 255), *blocks, *head])


def _fit(model: Any, training: Any, held_out: Any, epochs: int, output: Path, classes: list[str],
         verbose: int) -> dict[str, list[float]]:
    """Train; the model on disk is the best so far, so that an interrupted training leaves one too."""
    from konv.callbacks import CSVLogger, LambdaCallback, ModelCheckpoint

    path = str(output / "model.keras")
    if held_out:
        keep = ModelCheckpoint(path, monitor="val_accuracy", mode="max", save_best_only=True)
    else:
        keep = ModelCheckpoint(path)
    log = CSVLogger(str(output / "history.csv"))
    # with the model and not before it: a model of an earlier training keeps its own names until it is replaced
    name = LambdaCallback(on_epoch_end=lambda epoch, logs: _write_json(output / "classes.json", classes))
    try:
        history = model.fit(training, epochs=epochs, validation_data=held_out, verbose=verbose,
                            callbacks=[keep, name, log])
    finally:
        log.on_train_end()  # closes the file when an image stops the training
    return history.history


def _all_unreadable(training: Any, held_out: Any) -> FileError | None:
    """One error about all images that cannot be read, so that they need not be found one by one."""
    found = [*training.unreadable(), *(held_out.unreadable() if held_out else ())]
    if not found:
        return None
    count = len(training.file_paths) + (len(held_out.file_paths) if held_out else 0)
    listed = "; ".join(f"{path}: {reason}" for path, reason in found[:20]) + "; ..." * (len(found) > 20)
    return FileError(f"{len(found):,} of {plural(count, 'image')} cannot be read; leave them out with --skip-unreadable: "
                     f"{listed}")


def _result(history: dict[str, list[float]], training: Any, held_out: Any, classes: list[str]) -> dict[str, Any]:
    """What the training came to, as plain data."""
    skipped = [*training.skipped, *(held_out.skipped if held_out else ())]
    epochs = len(history["loss"])
    result: dict[str, Any] = {
        "classes": classes, "training_images": len(training.file_paths) - len(training.skipped),
        "held_out_images": len(held_out.file_paths) - len(held_out.skipped) if held_out else 0,
        "epochs": epochs, "training_accuracy": history["accuracy"][-1], "skipped": skipped,
    }
    if held_out:
        accuracies = history["val_accuracy"]
        best = max(range(epochs), key=accuracies.__getitem__)  # the first of equals, as ModelCheckpoint keeps
        result["last_epoch"] = {"epoch": epochs, "accuracy": accuracies[-1]}
        result["best_epoch"] = {"epoch": best + 1, "accuracy": accuracies[best],
                                "chosen_by": "accuracy on the same held-out images"}
        result["kept_epoch"] = best + 1
    else:
        result["kept_epoch"] = epochs
    return result


def _describe(model: Any, history: dict[str, list[float]], held_out: Any, classes: list[str], output: Path,
              lang: str) -> list[str]:
    """Write the summary, the explanation and, where matplotlib is installed, the pictures; return the file names."""
    import numpy as np

    from konv.explain.curves import save_confusion, save_curves

    files = ["model.keras", "classes.json", "history.csv", "summary.txt", "explained.txt"]
    model.summary(print_fn=lambda text: (output / "summary.txt").write_text(text, encoding="utf-8"))
    (output / "explained.txt").write_text(model.explain(lang) + "\n", encoding="utf-8")
    try:
        save_curves(history, output / "learning-curves.png")
        files.append("learning-curves.png")
        if held_out:
            pairs = [(labels, model.predict_on_batch(images).argmax(axis=-1)) for images, labels in held_out]
            actual, predicted = (np.concatenate(part) for part in zip(*pairs, strict=True))
            save_confusion(actual, predicted, classes, output / "confusion-matrix.png", "held-out images")
            files.append("confusion-matrix.png")
    except MissingExtraError as error:
        click.echo(f"konv: no pictures of the training: {error}", err=True)
    return files


def _report(result: dict[str, Any], output: Path) -> None:
    click.echo(f"Trained on {plural(result['training_images'], 'image')} of {plural(len(result['classes']), 'class')} "
               f"for {plural(result['epochs'], 'epoch')}.")
    if result["held_out_images"]:
        last, best = result["last_epoch"], result["best_epoch"]
        click.echo(f"Accuracy on {plural(result['held_out_images'], 'held-out image')}, which were not trained on:")
        click.echo(f"  after the last epoch ({last['epoch']}): {last['accuracy']:.1%}")
        click.echo(f"  after the best epoch ({best['epoch']}): {best['accuracy']:.1%}, a little flattering, "
                   f"since these same images chose the epoch")
        click.echo(f"{output / 'model.keras'} holds the weights of the best epoch.")
    else:
        click.echo("No images were held out, so nothing is known of new ones.")
        click.echo(f"{output / 'model.keras'} holds the weights of the last epoch.")
    click.echo("Written: " + ", ".join(result["files"]))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
