"""`konv predict`: what is on these images?"""

import json
import sys
from pathlib import Path
from typing import Any

import click

from konv.cli.group import json_option, main, model_argument
from konv.cli.models import load, read_image
from konv.errors import FileError, KonvError


@main.command()
@model_argument
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path())
@click.option("--top", type=click.IntRange(1), default=1, show_default=True,
              help="How many classes to name, best first.")
@json_option
def predict(path: str, images: tuple[str, ...], top: int, as_json: bool) -> None:
    """Name the class of each IMAGE and its probability.

    Images are resized to what the model takes. The names of the classes are read from classes.json beside the model;
    without it they are numbers. Images that cannot be read are named and make the exit code 2.

    \b
    Example:
      konv predict out/model.keras photo.jpg --top 3
    """
    model = load(path)
    classes = _class_names(path, model)
    answers, failed = [], False
    for image in images:
        try:
            pixels = read_image(model, image)
        except FileError as error:
            click.echo(f"konv: {error}", err=True)
            failed = True
            continue
        scores = model.predict_on_batch(pixels[None])[0]
        answers.append(_answer(image, _probabilities(scores), classes, top))
    if as_json:
        click.echo(json.dumps(answers, ensure_ascii=False, indent=2))
    else:
        for answer in answers:
            guesses = ", ".join(f"{guess['class']} ({guess['probability']:.1%})" for guess in answer["classes"])
            click.echo(f"{answer['image']}: {guesses}")
    if failed:
        sys.exit(2)


def _answer(image: str, probabilities: Any, classes: list[str], top: int) -> dict[str, Any]:
    order = (-probabilities).argsort(kind="stable")[:top]
    return {"image": image, "classes": [{"class": classes[index], "index": int(index),
                                         "probability": float(probabilities[index])} for index in order]}


def _probabilities(scores: Any) -> Any:
    """One number per class; a single output is that of the second class of two."""
    import numpy as np

    scores = np.asarray(scores, dtype="float64")
    if scores.shape == (1,):
        scores = np.array([1 - scores[0], scores[0]])
    if scores.ndim != 1 or scores.min() < -1e-6 or abs(scores.sum() - 1) > 1e-3:
        raise KonvError(f"the outputs of the model, of shape {scores.shape}, are not probabilities of classes: "
                        f"they must be positive and sum to 1, as after a softmax")
    return scores


def _class_names(path: str, model: Any) -> list[str]:
    count = max(2, model.output_shape[-1] or 0)
    file = Path(path).with_name("classes.json")
    if not file.exists():
        return [str(index) for index in range(count)]
    try:
        names = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise FileError(f"{file}: is not a JSON file") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(names) != count:
        raise FileError(f"{file}: must be a list of {count} names, one per output of the model")
    return names
