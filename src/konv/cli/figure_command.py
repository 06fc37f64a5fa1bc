"""`konv figure`: one picture of a model, written to a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from konv.cli.group import answer, json_option, lang_option, main, model_argument
from konv.cli.models import load, read_image


class Pixel(click.ParamType):
    """12,9 for row 12, column 9."""

    name = "row,column"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        parts = str(value).split(",")
        if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
            self.fail(f"{value!r} is not a place such as 12,9: row, column", param, ctx)
        return int(parts[0]), int(parts[1])


@dataclass(frozen=True)
class Asked:
    """What a figure is to show."""

    model: Any
    layer: Any
    image: Any
    at: tuple[int, int]
    filter: int
    lang: str


# what each kind needs, and how it is made: (konv.explain, what is asked) -> a figure
KINDS: dict[str, tuple[tuple[str, ...], Callable[[Any, Asked], Any]]] = {
    "convolution": (("--layer",), lambda e, a: e.convolution(a.layer, lang=a.lang)),
    "drawing": ((), lambda e, a: e.drawing(a.model, lang=a.lang)),
    "film": (("--layer", "--image"), lambda e, a: e.film(a.layer, _input_of(a), filter=a.filter, lang=a.lang)),
    "kernels": (("--layer",), lambda e, a: e.kernels(a.model, [a.layer.name], a.lang)),
    "layers": ((), lambda e, a: e.drawing(a.model, view="layers", lang=a.lang)),
    "padding": (("--layer",), lambda e, a: _padding(e, a.model, a.layer, a.lang)),
    "parameters": (("--layer",), lambda e, a: e.parameters(a.layer, lang=a.lang)),
    "trace": (("--layer", "--image"), lambda e, a: e.trace(
        a.model, a.image, a.layer.name, at=a.at, channel=a.filter, lang=a.lang)),
    "window": (("--layer", "--image"), lambda e, a: e.window(
        a.layer, _input_of(a), at=a.at, filter=a.filter, lang=a.lang)),
}


@main.command()
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@model_argument
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="File: .svg, .html or .txt, a film also .gif, kernels also .png.")
@click.option("--layer", metavar="NAME", help="Of this layer.")
@click.option("--image", metavar="IMAGE", type=click.Path(), help="With the numbers of this image.")
@click.option("--at", type=Pixel(), default="0,0", show_default=True, help="Row and column of a number.")
@click.option("--filter", "number", type=click.IntRange(min=0), default=0, show_default=True, help="Filter, or channel.")
@lang_option
@json_option
def figure(kind: str, path: str, output: Path, layer: str | None, image: str | None, at: tuple[int, int], number: int,
           lang: str, as_json: bool) -> None:
    """Write a picture of a MODEL.

    drawing and layers show the whole model; convolution, parameters and kernels one --layer; window, trace and film one of
    its numbers, or all, for an --image. padding shows what a layer of a model of PyTorch reads, beside "same" of Keras.

    \b
    Example:
      konv figure drawing out/model.keras -o model.svg
      konv figure convolution out/model.keras --layer conv2d -o filters.svg --lang ko
      konv figure trace out/model.keras --layer conv2d_1 --image photo.jpg --at 5,6 --filter 7 -o trace.svg
    """
    from konv import explain

    needs, make = KINDS[kind]
    for option, given in (("--layer", layer), ("--image", image)):
        if option in needs and given is None:
            raise click.UsageError(f"{kind} needs {option}")
    model = load(path)
    made = make(explain, Asked(model, model.get_layer(layer) if layer else None, read_image(model, image) if image else None,
                               at, number, lang))
    several = made if isinstance(made, list) else [made]  # the kernels of a separable convolution are two sheets
    files = [output if len(several) == 1 else output.with_stem(f"{output.stem}-{one.name.rpartition('/')[2]}")
             for one in several]
    for one, file in zip(several, files, strict=True):
        one.save(file)
    names = [str(file) for file in files]
    answer(as_json, {"files": names}, "\n".join(names))


def _input_of(asked: Asked) -> Any:
    """What the layer reads when the model sees the image."""
    import konv
    from konv.errors import KonvError

    model, layer, image = asked.model, asked.layer, asked.image
    sources = [tensor.inputs for tensor in model._order if tensor.layer is layer]
    if not sources or len(sources[0]) != 1:
        raise KonvError(f"{layer.title}: has not one input in {model.title}, so there is no picture of it")
    source = sources[0][0]
    if source in model.inputs:
        return image
    return konv.Model(model.inputs[0], source).predict(image[None] if image.ndim == 3 else image, verbose=0)


def _padding(explain: Any, model: Any, layer: Any, lang: str) -> Any:
    """The picture of a layer that is padded as in PyTorch."""
    from konv.errors import KonvError

    found = explain.padded_layers(model, lang)
    if layer.name not in found:
        there = f"; those that are: {', '.join(found)}" if found else ""
        raise KonvError(f"{layer.title}: is not padded as in PyTorch, by a ZeroPadding2D before it{there}")
    return found[layer.name]
