"""`konv summary`, `konv explain` and `konv feature-maps`: a look into a model."""

import json
from pathlib import Path

import click

from konv.cli.group import json_option, lang_option, main, model_argument
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
    from konv.explain.data import summary_data

    model = load(path)
    if as_json:
        click.echo(json.dumps(summary_data(model), ensure_ascii=False, indent=2))
    else:
        model.summary(style="classic" if classic else "keras3")


@main.command()
@model_argument
@click.option("--layer", metavar="NAME", help="Only this layer.")
@lang_option
@json_option
def explain(path: str, layer: str | None, lang: str, as_json: bool) -> None:
    """Print the arithmetic behind every number of the table.

    \b
    Example:
      konv explain out/model.keras --lang ko
    """
    from konv.explain.data import layer_data, model_data

    model = load(path)
    what = model.get_layer(layer) if layer else model
    if as_json:
        data = layer_data(what, lang) if layer else model_data(what, lang)
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        click.echo(what.explain(lang))


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
    click.echo(json.dumps({"files": files}, ensure_ascii=False, indent=2) if as_json else "\n".join(files))
