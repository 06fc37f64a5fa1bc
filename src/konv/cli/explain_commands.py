"""`konv summary`, `konv explain`, `konv figure` and `konv feature-maps`: a look into a model."""

import json
from pathlib import Path

import click

from konv.cli.group import answer, json_option, lang_option, main, model_argument
from konv.cli.models import load, read_image


@main.command()
@model_argument
@click.option("--classic", is_flag=True, help="The table as Keras 2 printed it.")
@json_option
def summary(path: str, classic: bool, as_json: bool) -> None:
    """Print the table of layers, output shapes and parameters.

    \b
    Example:
      konv summary out/model.keras --classic
    """
    from konv.explain.text.json_facts import summary_data

    model = load(path)
    if as_json:
        click.echo(json.dumps(summary_data(model), ensure_ascii=False, indent=2))
    else:
        model.summary(style="classic" if classic else "keras3")


@main.command()
@model_argument
@click.option("--layer", metavar="NAME", help="Only this layer.")
@click.option("--terse", is_flag=True, help="One line a layer.")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "latex", "json"]), default="text", show_default=True,
              help="How it is written.")
@click.option("--code", "target", type=click.Choice(["numpy", "keras", "torch"]),
              help="Print the source that computes the same instead.")
@lang_option
@json_option
def explain(path: str, layer: str | None, terse: bool, form: str, target: str | None, lang: str, as_json: bool) -> None:
    """Print the arithmetic behind every number of the table.

    MODEL is a .keras, .h5 or .onnx file.

    \b
    Example:
      konv explain out/model.keras --lang ko
      konv explain resnet.onnx --terse --format markdown
      konv explain out/model.keras --layer conv2d --code torch
    """
    from konv.explain import code
    from konv.explain.text.json_facts import layer_data, model_data

    as_json = as_json or form == "json"
    if target and (as_json or terse or form != "text"):
        raise click.UsageError("--code prints source, so --terse, --format and --json do not go with it")
    if as_json and terse:
        raise click.UsageError("JSON holds everything, so --terse does not go with it")
    model = load(path)
    what = model.get_layer(layer) if layer else model
    if target:
        click.echo(code(what, target, lang), nl=False)
    elif as_json:
        data = layer_data(what, lang) if layer else model_data(what, lang)
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        click.echo(what.explain(lang, "terse" if terse else "full", form))


@main.command("feature-maps")
@model_argument
@click.argument("image", metavar="IMAGE", type=click.Path())
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path),
              help="Folder for the pictures.")
@json_option
def feature_maps(path: str, image: str, output: Path, as_json: bool) -> None:
    """Draw what each convolution sees in an IMAGE.

    Writes one PNG per layer with all its feature maps.

    \b
    Example:
      konv feature-maps out/model.keras photo.jpg -o maps
    """
    from konv.explain import save_feature_maps

    model = load(path)
    files = [str(file) for file in save_feature_maps(model, read_image(model, image), output)]
    answer(as_json, {"files": files}, "\n".join(files))
