"""`konv report`: all that can be shown of a model, in one file."""

from pathlib import Path

import click

from konv.cli.group import answer, json_option, lang_option, main, model_argument
from konv.cli.models import class_names, load, read_image


@main.command()
@model_argument
@click.argument("images", metavar="[IMAGE]...", nargs=-1, type=click.Path())
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The page, an .html file.")
@click.option("--history", type=click.Path(exists=True, dir_okay=False),
              help="The training, as CSVLogger wrote it (.csv) or as .json; history.csv beside the model unless given.")
@lang_option
@json_option
def report(path: str, images: tuple[str, ...], output: Path, history: str | None, lang: str, as_json: bool) -> None:
    """Write a page about a model and what it sees in each IMAGE.

    The page shows the layers, their arithmetic, kernels and feature maps, and goes through every window with its numbers. It is
    one file that loads nothing, in English and Korean. The names of the classes are read from classes.json beside the model.

    \b
    Example:
      konv report out/model.keras photo.jpg -o report.html
    """
    from konv.explain import report as make

    model = load(path)
    beside, named = Path(path).with_name("history.csv"), Path(path).with_name("classes.json").exists()
    classes = class_names(path, model) if named and model.outputs[0].shape[-1] != 1 else None  # one sigmoid is of two classes
    made = make(model, [read_image(model, image) for image in images] or None, names=[Path(image).name for image in images],
                history=history or (beside if beside.exists() else None), classes=classes, lang=lang)
    made.save(output)
    told = {"file": str(output), "bytes": output.stat().st_size, "images": made.numbers.images}
    answer(as_json, told, str(output))
