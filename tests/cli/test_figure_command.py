"""`konv figure`, and the forms of `konv explain`: of files of Keras and of ONNX."""

import json

import numpy as np
import pytest
from PIL import Image

import konv
from tests.cli.test_cli import run

layers = konv.layers


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model in two forms, and an image."""
    out = tmp_path_factory.mktemp("models")
    model = konv.Sequential([
        konv.Input((9, 9, 1)), layers.Conv2D(3, 2, strides=2, name="first"), layers.SeparableConv2D(2, 2, name="second"),
        layers.Flatten(name="flat"), layers.Dense(3, activation="softmax", name="last")], name="small")
    model.save(out / "m.keras")
    model.export(out / "m.onnx")
    Image.fromarray(np.arange(400, dtype="uint8").reshape(20, 20)).save(out / "photo.png")
    return out


@pytest.mark.parametrize("name", ["m.keras", "m.onnx"])
@pytest.mark.parametrize(("options", "told"), [
    ((), "parameters: 3 * (1*2*2 + 1) = 15"), (("--terse",), "parameters: 15"),
    (("--terse", "--format", "markdown"), "| Conv2D `first` | (None, 4, 4, 3) | 15 | 192 | 2x2 |"),
    (("--format", "latex", "--lang", "ko"), r"\item 파라미터: $3 \cdot"), (("--format", "markdown"), "### Conv2D `first`"),
    (("--code", "numpy"), "import numpy as np"), (("--code", "torch", "--layer", "first"), "stride=2)")])
def test_explain(folder, name, options, told):
    assert told in run("explain", folder / name, *options).stdout


def test_json_has_the_windows(folder):
    told = json.loads(run("explain", folder / "m.keras", "--format", "json").stdout)
    assert told["activation_bytes"] == {"training": 4 * (81 + 48 + 18 + 18 + 3), "prediction": 4 * (81 + 48)}
    window, = told["layers"][1]["windows"]
    assert window == {"kernel": [2, 2], "strides": [2, 2], "dilation": [1, 1], "padding": "valid", "pads": [[0, 0], [0, 0]],
                      "unread_at_the_end": [1, 1], "unread_in_between": [0, 0], "receptive_field": [2.0, 2.0],
                      "effective_stride": [2.0, 2.0]}
    assert told["layers"][2]["windows"][1]["receptive_field"] == [4.0, 4.0]
    assert told == json.loads(run("explain", folder / "m.keras", "--json").stdout)


@pytest.mark.parametrize(("kind", "options", "ending", "begin"), [
    ("drawing", [], "svg", b"<svg"), ("layers", [], "html", b"<!doctype"),
    ("convolution", ["--layer", "first"], "svg", b"<svg"),
    ("parameters", ["--layer", "last"], "txt", 'Dense "last"의 파라미터'.encode()),
    ("kernels", ["--layer", "first"], "png", b"\x89PNG"),
    ("window", ["--layer", "first", "--image", "photo.png", "--at", "1,2", "--filter", "2"], "txt", b'Conv2D "first"'),
    ("trace", ["--layer", "second", "--image", "photo.png", "--at", "1,2"], "svg", b"<svg"),
    ("film", ["--layer", "first", "--image", "photo.png"], "gif", b"GIF89a")])
def test_figures(folder, tmp_path, kind, options, ending, begin):
    options = [folder / option if option == "photo.png" else option for option in options]
    result = run("figure", kind, folder / "m.keras", *options, "--lang", "ko", "-o", tmp_path / f"a.{ending}")
    assert result.stdout == f"{tmp_path / f'a.{ending}'}\n"
    assert (tmp_path / f"a.{ending}").read_bytes().startswith(begin)


def test_a_window_inside_of_the_model_reads_what_the_layers_before_gave(folder, tmp_path):
    kinds = {type(layer).__name__: layer.name for layer in konv.explain.read(folder / "m.onnx").layers}
    run("figure", "window", folder / "m.onnx", "--layer", kinds["DepthwiseConv2D"], "--image", folder / "photo.png",
        "-o", tmp_path / "a.txt")
    assert "(None, 4, 4, 3)" in (tmp_path / "a.txt").read_text()


def test_padding_of_pytorch(tmp_path):
    model = konv.Sequential([konv.Input((12, 12, 1)), layers.ZeroPadding2D(1), layers.Conv2D(2, 3, 2, name="conv")])
    model.save(tmp_path / "m.keras")
    run("figure", "padding", tmp_path / "m.keras", "--layer", "conv", "-o", tmp_path / "a.txt")
    assert "they read different pixels" in (tmp_path / "a.txt").read_text()


def test_both_kernels_of_a_separable_convolution(folder, tmp_path):
    told = run("figure", "kernels", folder / "m.keras", "--layer", "second", "-o", tmp_path / "k.svg", "--json").stdout
    names = ["k-depthwise_kernel.svg", "k-pointwise_kernel.svg"]
    assert json.loads(told)["files"] == [str(tmp_path / name) for name in names]
    assert all((tmp_path / name).is_file() for name in names)


@pytest.mark.parametrize(("arguments", "message"), [
    (["convolution"], "convolution needs --layer"), (["trace", "--layer", "first"], "trace needs --image"),
    (["window", "--layer", "first", "--at", "3"], "'3' is not a place such as 12,9"),
    (["parameters", "--layer", "flat"], "has no parameters"), (["padding", "--layer", "first"], "is not padded as in PyTorch"),
    (["drawing", "-o", "a.bmp"], "a figure is saved as"),
    (["kernels", "--layer", "flat"], "have no kernels")])
def test_figures_refused(folder, tmp_path, arguments, message):
    kind, *options = arguments
    options = options if "-o" in options else [*options, "-o", tmp_path / "a.svg"]
    assert message in run("figure", kind, folder / "m.keras", *options, code=2).stderr


def test_options_that_do_not_go_together(folder):
    assert "--terse" in run("explain", folder / "m.keras", "--code", "numpy", "--terse", code=2).stderr
    assert "--terse" in run("explain", folder / "m.keras", "--json", "--terse", code=2).stderr
