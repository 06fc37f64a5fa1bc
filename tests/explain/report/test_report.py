"""The page of a report: what is in it, what is left out, that no name is read as markup."""

import json
import re
import zlib
from base64 import b64decode

import numpy as np
import pytest

import konv
from konv.errors import FileError, KonvError, ShapeError
from konv.explain import report
from konv.explain.report import numbers as limits
from konv.explain.report.history import read_history
from konv.explain.report.page import WORDS, page

layers = konv.layers


def small(name="small"):
    return konv.Sequential([
        konv.Input((8, 7, 1)), layers.Conv2D(3, 3, padding="same", activation="relu", name="first"), layers.Dropout(0.5),
        layers.MaxPooling2D(2, name="pool"), layers.Flatten(), layers.Dense(2, activation="softmax", name="answer")], name=name)


def images(*shape):
    return np.random.default_rng(0).random(shape, dtype="float32")


def data_of(html):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1])


def arrays_of(html):
    """What a browser unpacks."""
    raw = zlib.decompress(b64decode(re.search(r'id="numbers">(.*?)</script>', html, re.S)[1]))
    return [None if place is None else np.frombuffer(raw, f"<f{place['bits'] // 8}", int(np.prod(place["shape"])), place["at"])
            .reshape(place["shape"]) for place in data_of(html)["arrays"]]


def test_the_numbers_are_those_of_the_engine():
    model, batch = small(), images(2, 8, 7)
    html = report(model, batch, names=["a", "b"]).html()
    data, arrays = data_of(html), arrays_of(html)
    assert [stage["layer"] for stage in data["stages"]] == ["first", "pool", "answer"]
    first, pool, answer = data["stages"]
    for stage in data["stages"]:
        part = konv.Model(model.inputs, model.get_layer(stage["layer"]).output)
        found = part.predict(batch, verbose=0).squeeze()
        np.testing.assert_allclose(arrays[stage["result"]].squeeze(), found, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(arrays[first["kernel"]], model.get_layer("first").get_weights()[0].transpose(3, 2, 0, 1))
    assert first["rows"][0] == [[0, -1], [1, 0], [2, 1]]
    assert pool["source"] == first["result"]  # what a Dropout hands on is there once
    assert answer["after"] == ["softmax"]
    assert "the same values as those of first" in html


def test_one_file_that_loads_nothing():
    html = report(small(), images(1, 8, 7)).html("ko")
    assert html.startswith('<!doctype html>\n<html lang="ko">')
    assert "default-src 'none'" in html
    outside = re.sub(r"http://www\.w3\.org/2000/svg", "", html)
    assert not re.search(r"https?://|<link rel=\"stylesheet|@import|\bsrc=\"(?!data:)", outside)
    assert html.count("<script>") == 1  # the one that the policy names; the two others are data


def test_names_are_not_read_as_markup():
    bad = "</script><img src=x onerror=alert(1)>&\u2028"
    model = small("<script>alert(1)")
    html = report(model, images(1, 8, 7), {"loss": [1.0, 0.5], "<b>": [1.0, 2.0]}, names=[bad], classes=[bad, "<i>"]).html()
    assert bad not in html
    assert "<script>alert" not in html
    assert "<b>" not in html
    assert data_of(html)["classes"] == [bad, "<i>"]


def test_everything_is_in_both_languages():
    html = report(small(), images(1, 8, 7), {"loss": [1.0, 0.5]}).html()
    assert html.count('<svg xmlns') == 2 * 3  # two drawings and the curves
    for text in ("Window by window", "윈도우를 한 칸씩", "values: 4*3*3 = 36", "값의 개수: 4*3*3 = 36", "학습 곡선"):
        assert text in html
    assert set(data_of(html)["words"]) == set(WORDS)


def test_words_of_the_script_are_there():
    from importlib import resources

    folder = resources.files("konv.explain.report")
    script = "".join((folder / name).read_text("utf-8") for name in ("numbers.js", "step.js", "layers.js"))
    said = set(re.findall(r'"((?:rep|win|fig|sheet)_\w+)"', script))
    said |= {f"rep_{mark}" for mark in ("dead", "saturated", "alike")}
    assert said <= set(WORDS)
    assert set(WORDS) - said == {"rep_image", "rep_language"}  # labels, see data-label


@pytest.mark.parametrize("model", [
    lambda: konv.Sequential([konv.Input((8,)), layers.Dense(2)]),
    lambda: konv.Sequential([konv.Input((8, 3)), layers.Conv1D(2, 3), layers.Flatten(), layers.Dense(2)]),
    lambda: konv.Sequential([konv.Input((3, 9, 8)), layers.Conv2D(2, 3, data_format="channels_first"),
                             layers.BatchNormalization(axis=1)])])
def test_other_inputs(model):
    model = model()
    shape = model.input_shapes[0]
    html = report(model, images(2, *shape)).html()
    stage, arrays = data_of(html)["stages"][-1], arrays_of(html)
    found = model.predict(images(2, *shape), verbose=0)
    found = found.transpose(0, 2, 3, 1) if found.ndim == 4 else found
    np.testing.assert_allclose(arrays[stage["result"]].squeeze(), found.squeeze(), rtol=1e-5, atol=1e-6)
    assert len(stage["rows"]) * len(stage["columns"]) == arrays[stage["result"]][0, ..., 0].size


def test_without_images():
    html = report(small()).html()
    assert "No image was given" in html
    assert data_of(html)["stages"] == []
    assert 'class="kernels' in html
    two = konv.Input((2,)), konv.Input((2,))
    assert "no layer" not in report(konv.Model(list(two), layers.Add()(list(two)))).html()


def test_what_is_too_much_is_left_out(monkeypatch):
    monkeypatch.setattr(limits, "EXACT", 300)
    monkeypatch.setattr(limits, "MOST", 1200)
    made = report(small(), images(9, 8, 7))
    assert 1 <= made.numbers.images < 9
    html = made.html()
    assert f"The page holds {made.numbers.images} of 9 images" in html
    assert "float16, since they are many" in html
    assert arrays_of(html)[data_of(html)["stages"][0]["result"]].dtype == np.float16
    monkeypatch.setattr(limits, "MOST", 150)
    html = report(small(), images(1, 8, 7)).html()
    assert "left out, since it is too large" in html
    assert "Too large for this page: first, pool, answer." in html
    assert None in data_of(html)["arrays"]


@pytest.mark.parametrize(("name", "text", "loss"), [
    ("log.csv", "epoch,loss,val_loss\n0,2.0,NA\n1,1.0,3.0\n", [2.0, 1.0]), ("log.csv", "epoch;loss\n0;2.0\n", [2.0]),
    ("log.json", '{"loss": [2, 1], "note": "x"}', [2.0, 1.0]), ("log.json", '[{"loss": 2}, {"loss": 1}]', [2.0, 1.0])])
def test_histories(tmp_path, name, text, loss):
    (tmp_path / name).write_text(text)
    found = read_history(tmp_path / name)
    assert found["loss"] == loss
    assert "epoch" not in found
    assert report(small(), history=tmp_path / name).curves.curves[0].name == "loss"


@pytest.mark.parametrize(("name", "text"), [
    ("a.json", "{"), ("a.json", "[]"), ("a.json", "3"), ("a.csv", ""), ("a.csv", "x\ny\n"),
    ("a.csv", "loss\n" + "1" * 200_000), ("a.json", '[{"loss": ' + "9" * 400 + "}]")])
def test_no_histories(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(FileError, match="is not a history"):
        read_history(tmp_path / name)
    with pytest.raises(FileError, match="cannot be read: No such file"):
        read_history(tmp_path / "none.csv")


def test_names_of_images_need_not_be_strings(tmp_path):
    page = report(small(), np.ones((1, *small().input_shape[1:])), names=[tmp_path / "<one>.png"]).html()
    assert "&lt;one&gt;.png" in page
    assert "<one>" not in page


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: report(small(), images(1, 9, 9)), ShapeError, r"must have the shape \(8, 7, 1\)"),
    (lambda: report(small(), images(2, 8, 7), names=["a"]), KonvError, "2 images, but 1 names"),
    (lambda: report(small(), classes=["a"]), KonvError, "has 2 outputs, but classes names 1"),
    (lambda: report(small()).save("report.pdf"), KonvError, r"saved as \.html"),
    (lambda: report(konv.Sequential([layers.Conv2D(2, 2)])), KonvError, "not built"),
    (lambda: report(konv.Model([a := konv.Input((2,)), b := konv.Input((2,))], layers.Add()([a, b])), images(1, 2)), ShapeError,
     "models with one input")])
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_in_a_notebook(tmp_path):
    made = report(small(), images(1, 8, 7))
    assert made._repr_html_().startswith("<iframe srcdoc=")
    assert made.save(tmp_path / "r.html").read_text("utf-8") == page(made, "en")
    assert "Conv2D" in str(made)
