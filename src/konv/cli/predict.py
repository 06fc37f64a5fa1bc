"""`konv predict`: what is on these images?"""

import sys
from pathlib import Path
from typing import Any

import click

from konv.cli.group import answer, json_option, main, model_argument
from konv.cli.models import class_names, load, read_image
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
    _require_probabilities(model)
    classes = class_names(path, model)
    answers, failed = [], False
    for image in images:
        try:
            if Path(image).is_dir():
                raise FileError(f"{image}: is a folder; give the images in it, such as {Path(image) / '*'}")
            pixels = read_image(model, image)
        except FileError as error:
            click.echo(f"konv: {error}", err=True)
            failed = True
            continue
        scores = model.predict_on_batch(pixels[None])[0]
        answers.append(_answer(image, _probabilities(scores), classes, top))
    if answers or as_json:
        answer(as_json, answers, "\n".join(f"{one['image']}: " + ", ".join(
            f"{guess['class']} ({guess['probability']:.1%})" for guess in one["classes"]) for one in answers))
    if failed:
        sys.exit(2)


def _answer(image: str, probabilities: Any, classes: list[str], top: int) -> dict[str, Any]:
    order = (-probabilities).argsort(kind="stable")[:top]
    return {"image": image, "classes": [{"class": classes[index], "index": int(index),
                                         "probability": float(probabilities[index])} for index in order]}


def _require_probabilities(model: Any) -> None:
    """Raise unless the model ends in a softmax over classes or in one sigmoid; what the numbers look like proves nothing."""
    from konv.ir.ops import Activation, Dropout, Flatten, Softmax

    graph = model.graph()
    index = graph.outputs[0]
    while isinstance(graph.nodes[index].op, (Dropout, Flatten)):
        index = graph.nodes[index].inputs[0]
    op, shape = graph.nodes[index].op, graph.nodes[graph.outputs[0]].shape
    softmax = isinstance(op, Softmax) and not op.log
    sigmoid = isinstance(op, Activation) and op.name == "sigmoid" and shape == (1,)
    if len(graph.outputs) != 1 or len(shape) != 1 or not (softmax or sigmoid):
        raise KonvError(f"the outputs of the model, of shape {model.output_shape}, are not probabilities of classes: it must "
                        f"end in a softmax over the classes, or in one sigmoid; see konv explain")


def _probabilities(scores: Any) -> Any:
    """One number per class; a single output is that of the second class of two."""
    import numpy as np

    scores = np.asarray(scores, dtype="float64")
    return np.array([1 - scores[0], scores[0]]) if scores.shape == (1,) else scores
