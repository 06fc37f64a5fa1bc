"""The command line on tiny folders of images: what is written, what is printed, exit codes, one-line errors."""

import csv
import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import konv
from konv.cli import main
from konv.cli.train import Shifted

layers = konv.layers


def run(*arguments, code=0):
    """The result of a command; when it fails, standard error must be one line without a traceback."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    if code:
        assert result.stderr.count("\n") == 1, result.stderr
        assert result.stderr.startswith("konv: ")
    return result


def write_images(folder, count=12, size=12, names=("dark", "light")):
    """Images that a network can tell apart: of each class a brightness of its own."""
    random = np.random.default_rng(0)
    for place, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(0, 60, (size, size, 3)) + 180 * place // max(1, len(names) - 1)
            Image.fromarray(pixels.astype("uint8")).save(folder / name / f"{index:02}.png")
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("data") / "photos")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, photos):
    """The folder that a short training leaves, and what it printed."""
    konv.models.reset_names()
    out = tmp_path_factory.mktemp("trained") / "out"
    result = run("train", photos, "-o", out, "--image-size", "12", "--epochs", "12", "--batch-size", "4", "--seed", "1")
    return out, result


@pytest.fixture
def model_file(tmp_path):
    """A small model as a file, without training."""
    model = konv.Sequential([konv.Input((8, 9, 1)), layers.Conv2D(3, 3, name="first"), layers.Flatten(),
                             layers.Dense(3, activation="softmax")], name="small")
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


@pytest.fixture
def image(tmp_path):
    Image.fromarray(np.arange(400, dtype="uint8").reshape(20, 20)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


# --- train --------------------------------------------------------------------------------------------


def test_train_leaves_everything(trained):
    out, _ = trained
    assert {path.name for path in out.iterdir()} == {
        "model.keras", "classes.json", "history.csv", "summary.txt", "explained.txt", "learning-curves.png",
        "confusion-matrix.png"}
    assert json.loads((out / "classes.json").read_text()) == ["dark", "light"]
    with open(out / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(12))
    assert {"accuracy", "loss", "val_accuracy", "val_loss"} <= set(rows[0])
    assert "conv2d (Conv2D)" in (out / "summary.txt").read_text(encoding="utf-8")
    assert "parameters: 75 * (1*3*3 + 1) = 750" in (out / "explained.txt").read_text(encoding="utf-8")


def test_train_tells_last_and_best_epoch(trained):
    out, result = trained
    assert "Trained on 18 images of 2 classes for 12 epochs." in result.stdout
    assert "Accuracy on 6 held-out images, which were not trained on:" in result.stdout
    assert "after the last epoch (12): " in result.stdout
    assert f"{out / 'model.keras'} holds the weights of the best epoch." in result.stdout


def test_the_model_that_is_kept_is_that_of_the_best_epoch(trained, photos):
    out, _ = trained
    held_out = konv.utils.image_dataset_from_directory(
        photos, image_size=(12, 12), color_mode="grayscale", seed=1, validation_split=0.25, subset="validation",
        verbose=False)
    model = konv.load_model(out / "model.keras")
    images, labels = (np.concatenate(part) for part in zip(*held_out, strict=True))
    accuracy = float((model.predict(images, verbose=0).argmax(-1) == labels).mean())
    with open(out / "history.csv") as file:
        best = max(float(row["val_accuracy"]) for row in csv.DictReader(file))
    assert accuracy == pytest.approx(best, abs=1e-6)


def test_train_prints_json_alone(tmp_path, photos):
    result = run("train", photos, "-o", tmp_path / "out", "--image-size", "12x10", "--epochs", 2, "--color", "rgb",
                 "--json")
    told = json.loads(result.stdout)
    assert told["classes"] == ["dark", "light"]
    assert told["last_epoch"]["epoch"] == 2
    assert told["best_epoch"]["chosen_by"] == "accuracy on the same held-out images"
    assert (told["training_images"], told["held_out_images"]) == (18, 6)
    assert konv.load_model(told["model"]).input_shape == (None, 12, 10, 3)


def test_same_seed_same_network(tmp_path, photos):
    arguments = ("train", photos, "--image-size", 12, "--epochs", 1, "--json")
    told = [json.loads(run(*arguments, "-o", tmp_path / name, "--seed", seed).stdout)
            for name, seed in (("a", 3), ("b", 3), ("c", 4))]
    first, second, other = (konv.load_model(each["model"]).get_weights() for each in told)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_train_on_all(tmp_path, photos):
    result = run("train", photos, "-o", tmp_path / "out", "--image-size", 12, "--epochs", 1, "--validation-split", 0,
                 "--lang", "ko")
    assert "nothing is known of new ones" in result.stdout
    assert "합성곱" in (tmp_path / "out" / "explained.txt").read_text(encoding="utf-8")


def test_train_without_matplotlib(tmp_path, photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("train", photos, "-o", tmp_path / "out", "--image-size", 12, "--epochs", 1)
    assert "no pictures of the training" in result.stderr
    assert "konv[plot]" in result.stderr
    assert "learning-curves.png" not in result.stdout


def test_train_names_images_that_cannot_be_read(tmp_path):
    folder = write_images(tmp_path / "photos")
    (folder / "dark" / "broken.png").write_bytes(b"not an image")
    arguments = ("train", folder, "-o", tmp_path / "out", "--image-size", 12, "--epochs", 1)
    error = run(*arguments, code=2).stderr
    assert "broken.png" in error
    assert "--skip-unreadable" in error
    assert "Sequential" not in error
    (folder / "light" / "also.png").write_bytes(b"")
    error = run(*arguments, code=2).stderr
    assert all(text in error for text in ("2 of 26 images cannot be read", "broken.png", "also.png: the file is empty"))
    (folder / "light" / "also.png").unlink()
    result = run(*arguments, "--skip-unreadable")
    assert result.stderr.count("broken.png") == 1
    assert "left out" in result.stderr


@pytest.mark.parametrize(("epochs", "told"), [
    (0, "konv: stopped\n"), (1, "model.keras holds the best epoch so far, of 1 epoch")])
def test_stopping_by_hand_keeps_the_best_epoch(tmp_path, photos, monkeypatch, epochs, told):
    fit = konv.Sequential.fit

    def stopped(model, *arguments, **settings):
        if epochs:
            fit(model, *arguments, **(settings | {"epochs": epochs}))
        raise KeyboardInterrupt

    monkeypatch.setattr(konv.Sequential, "fit", stopped)
    assert told in run("train", photos, "-o", tmp_path / "out", "--image-size", 12, code=1).stderr
    assert (tmp_path / "out" / "model.keras").exists() == bool(epochs)


@pytest.mark.filterwarnings("default")
def test_a_class_without_images_is_named(tmp_path):
    folder = write_images(tmp_path / "photos")
    (folder / "empty").mkdir()
    (folder / "loose.png").write_bytes(b"")
    (folder / "dark" / "new.webp").write_bytes(b"")
    result = run("train", folder, "-o", tmp_path / "out", "--image-size", 12, "--epochs", 1)
    assert result.stderr.startswith("konv: image_dataset_from_directory: no images in empty")
    assert "Left out: 1 file of formats that are not read (.webp)" in result.stdout
    assert "Left out: 1 image directly in the folder" in result.stdout
    assert "for 1 epoch." in result.stdout


@pytest.mark.filterwarnings("default")
def test_one_class_with_images_among_several(tmp_path):
    folder = write_images(tmp_path / "photos", names=("alone",))
    (folder / "empty").mkdir()
    assert "'alone' alone" in CliRunner().invoke(main, ["train", str(folder), "-o", str(tmp_path / "out")]).stderr


def test_nothing_to_train_on(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no images" in run("train", tmp_path / "empty", "-o", tmp_path / "out", code=1).stderr
    folder = write_images(tmp_path / "one", names=("alone",))
    assert "at least two" in run("train", folder, "-o", tmp_path / "out", code=1).stderr


@pytest.mark.parametrize(("arguments", "text"), [
    (("nowhere", "-o", "out"), "does not exist"),
    ((".",), "Missing option '-o'"),
    ((".", "-o", "out", "--image-size", "big"), "'big' is not a size such as 64"),
    ((".", "-o", "out", "--image-size", "0"), "is not a size"),
    ((".", "-o", "out", "--epochs", "0"), "0 is not in the range"),
    ((".", "-o", "out", "--validation-split", "1"), "range"),
    ((".", "-o", "out", "--color", "pink"), "'pink' is not one of"),
    ((".", "-o", "out", "--shift", "0.6"), "0.6 is not in the range"),
])
def test_usage_of_train(arguments, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert text in run("train", *arguments, code=2).stderr


def test_shifted_images_are_windows_of_the_padded_ones():
    image = np.arange(24.0).reshape(1, 6, 4, 1)
    shifted = Shifted([(np.repeat(image, 40, axis=0), np.arange(40))], 0.25, seed=5)
    assert len(shifted) == 1
    (moved, labels), = shifted
    assert labels.tolist() == list(range(40))
    wide = np.pad(image[0, ..., 0], ((2, 2), (1, 1)), mode="edge")
    windows = {wide[top : top + 6, left : left + 4].tobytes() for top in range(5) for left in range(3)}
    seen = {each[..., 0].tobytes() for each in moved}
    assert seen <= windows
    assert len(seen) > 5
    (again, _), = Shifted([(np.repeat(image, 40, axis=0), np.arange(40))], 0.25, seed=5)
    (later, _), = shifted
    np.testing.assert_array_equal(moved, again)
    assert not np.array_equal(moved, later)


# --- predict ------------------------------------------------------------------------------------------


def test_predict_after_train(trained, photos):
    out, _ = trained
    paths = [photos / "dark" / "00.png", photos / "light" / "00.png"]
    lines = run("predict", out / "model.keras", *paths).stdout.splitlines()
    assert lines[0].startswith(f"{paths[0]}: dark (")
    assert lines[1].startswith(f"{paths[1]}: light (")
    assert all(line.endswith("%)") for line in lines)


def test_predict_json_and_top(model_file, image):
    (model_file.parent / "classes.json").write_text('["하나", "둘", "셋"]', encoding="utf-8")
    answer, = json.loads(run("predict", model_file, image, "--top", 2, "--json").stdout)
    assert answer["image"] == str(image)
    assert len(answer["classes"]) == 2
    assert answer["classes"][0]["probability"] >= answer["classes"][1]["probability"]
    assert answer["classes"][0]["class"] == ["하나", "둘", "셋"][answer["classes"][0]["index"]]


def test_predict_resizes_as_training_does(model_file, image):
    model = konv.load_model(model_file)
    pixels = konv.data.decode.read_image(image, "grayscale", (8, 9))
    expected = model.predict_on_batch(pixels[None])[0]
    answer, = json.loads(run("predict", model_file, image, "--top", 3, "--json").stdout)
    told = {guess["index"]: guess["probability"] for guess in answer["classes"]}
    np.testing.assert_allclose([told[index] for index in range(3)], expected, rtol=1e-6)


def test_predict_goes_on_after_an_image_that_cannot_be_read(model_file, image):
    broken = model_file.with_name("broken.png")
    broken.write_bytes(b"")
    result = run("predict", model_file, broken, image, code=2)
    assert "broken.png: the file is empty" in result.stderr
    assert result.stdout.startswith(f"{image}: ")


def test_predict_a_folder(model_file, image):
    assert f"{image.parent}: is a folder; give the images in it" in run("predict", model_file, image.parent, code=2).stderr


def test_predict_whatever_the_numbers_are(tmp_path, image):
    """Neither zero weights of a linear output nor a softmax that is followed by Dropout depend on the values."""
    path = save_model(tmp_path / "m.keras", konv.Input((4, 4, 3)), layers.Flatten(),
                      layers.Dense(2, kernel_initializer="zeros", bias_initializer=konv.initializers.Constant(0.5)))
    assert "not probabilities" in run("predict", path, image, code=2).stderr
    path = save_model(tmp_path / "m.keras", konv.Input((4, 4, 3)), layers.Flatten(), layers.Dense(2, "softmax"),
                      layers.Dropout(0.5))
    assert run("predict", path, image).stdout


def test_predict_with_one_output(tmp_path, image):
    path = save_model(tmp_path / "m.keras", konv.Input((4, 4, 3)), layers.Flatten(), layers.Dense(1, "sigmoid"))
    answer, = json.loads(run("predict", path, image, "--top", 5, "--json").stdout)
    assert sum(guess["probability"] for guess in answer["classes"]) == pytest.approx(1)
    assert {guess["class"] for guess in answer["classes"]} == {"0", "1"}


def save_model(path, *stack):
    konv.Sequential(list(stack)).save(path)
    return path


@pytest.mark.parametrize(("stack", "text"), [
    ((konv.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3)), "not probabilities"),
    ((konv.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3, "sigmoid")), "end in a softmax over the classes"),
    ((konv.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3, "log_softmax")), "not probabilities"),
    ((konv.Input((4, 4, 1)), layers.Dense(3, "softmax")), "not probabilities"),
    ((konv.Input((4, 4, 2)), layers.Flatten(), layers.Dense(3, "softmax")), "1, 3 or 4 channels"),
    ((konv.Input((4,)), layers.Dense(3, "softmax")), "images need"),
])
def test_predict_with_a_model_of_another_kind(tmp_path, image, stack, text):
    path = save_model(tmp_path / "m.keras", *stack)
    assert text in run("predict", path, image, code=2).stderr


@pytest.mark.parametrize("content", ["{", '["a", "b"]', '{"a": 1}', "[1, 2, 3]", "[" * 100_000])
def test_predict_with_classes_that_do_not_fit(model_file, image, content):
    model_file.with_name("classes.json").write_text(content)
    assert "classes.json" in run("predict", model_file, image, code=2).stderr


# --- summary, explain, feature-maps -------------------------------------------------------------------


def test_summary(model_file):
    expected = []
    konv.load_model(model_file).summary(print_fn=expected.append)
    assert run("summary", model_file).stdout == expected[0]
    assert run("summary", model_file, "--classic").stdout.splitlines()[2] == (
        "Layer (type)                 Output Shape              Param #   ")


def test_summary_json(model_file):
    told = json.loads(run("summary", model_file, "--json").stdout)
    assert told["parameters"] == 30 + (6 * 7 * 3 + 1) * 3
    assert told["layers"][0] == {"name": "first", "class_name": "Conv2D", "output_shape": [None, 6, 7, 3],
                                 "parameters": 30, "connected_to": ["input_layer[0][0]"]}


@pytest.mark.parametrize(("lang", "line"), [
    ("en", "  width: (9 - 3 + 2*0)/1 + 1 = 7"), ("ko", "  너비: (9 - 3 + 2*0)/1 + 1 = 7")])
def test_explain(model_file, lang, line):
    assert line in run("explain", model_file, "--lang", lang).stdout.splitlines()
    told = json.loads(run("explain", model_file, "--lang", lang, "--json").stdout)
    statements = {each["key"]: each for each in told["layers"][1]["statements"]}
    assert statements["width"] == {"key": "width", "text": line.strip(), "left": "(9 - 3 + 2*0)/1 + 1", "value": 7}


def test_explain_one_layer(model_file):
    assert run("explain", model_file, "--layer", "first").stdout.startswith('Conv2D "first"\n')
    assert json.loads(run("explain", model_file, "--layer", "first", "--json").stdout)["parameters"] == 30
    assert "there are: first, " in run("explain", model_file, "--layer", "second", code=2).stderr


def test_feature_maps(model_file, image, tmp_path):
    result = run("feature-maps", model_file, image, "-o", tmp_path / "maps")
    assert result.stdout == f"{tmp_path / 'maps' / '01-first.png'}\n"
    told = json.loads(run("feature-maps", model_file, image, "-o", tmp_path / "maps", "--json").stdout)
    assert told == {"files": [str(tmp_path / "maps" / "01-first.png")]}


# --- every command --------------------------------------------------------------------------------------


def test_report(model_file, image, tmp_path):
    page = tmp_path / "report.html"
    assert run("report", model_file, image, "-o", page).stdout == f"{page}\n"
    assert '<html lang="en">' in page.read_text("utf-8")
    assert "learning curves" not in page.read_text("utf-8")
    (model_file.parent / "history.csv").write_text("epoch,loss\n0,2.0\n1,1.5\n")
    (model_file.parent / "classes.json").write_text('["one", "two", "three"]')
    told = json.loads(run("report", model_file, image, "-o", page, "--lang", "ko", "--json").stdout)
    assert told == {"file": str(page), "bytes": page.stat().st_size, "images": 1}
    text = page.read_text("utf-8")
    assert '<html lang="ko">' in text
    assert "learning curves" in text
    assert '"classes":["one","two","three"]' in text
    assert "saved as .html" in run("report", model_file, "-o", tmp_path / "report.pdf", code=2).stderr
    assert "is not a history" in run("report", model_file, "-o", page, "--history", image, code=2).stderr


@pytest.mark.parametrize("command", ["train", "predict", "summary", "explain", "feature-maps", "report"])
def test_help_has_an_example(command):
    text = run(command, "--help").stdout
    assert f"Example:\n    konv {command} " in text


def test_version_and_help():
    assert run("--version").stdout.startswith("konv ")
    assert "Example:" in run("--help").stdout
    assert CliRunner().invoke(main, []).exit_code == 2


@pytest.mark.parametrize("command", ["predict", "summary", "explain", "feature-maps", "report"])
@pytest.mark.parametrize(("content", "text"), [
    (None, "does not exist"), (b"", "model.keras"), (b"PK\x03\x04 not a model", "model.keras"),
    (b"\x89HDF\r\n\x1a\n", "model.keras")])
def test_a_model_that_is_none(tmp_path, image, command, content, text):
    path = tmp_path / "model.keras"
    if content is not None:
        path.write_bytes(content)
    more = {"predict": [image], "feature-maps": [image, "-o", tmp_path / "out"],
            "report": ["-o", tmp_path / "out.html"]}.get(command, [])
    assert text in run(command, path, *more, code=2).stderr


def test_unknown_command():
    assert "No such command 'fly'" in run("fly", code=2).stderr


def test_a_disk_that_cannot_be_written_is_a_failure(model_file, image, tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in run("feature-maps", model_file, image, "-o", tmp_path / "file" / "maps", code=1).stderr


def test_click_is_imported_by_the_command_line_alone():
    import subprocess

    code = "import konv, konv.explain, sys; assert 'click' not in sys.modules and 'rich' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
