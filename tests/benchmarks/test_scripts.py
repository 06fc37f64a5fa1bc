"""The scripts in benchmarks/ measure what they say, at sizes that take no time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import augmentation  # noqa: E402
import contender  # noqa: E402
import layers  # noqa: E402
import networks  # noqa: E402
import roofline  # noqa: E402
import scaling  # noqa: E402
import table  # noqa: E402

import konv  # noqa: E402


@pytest.mark.parametrize(("name", "parameters"), [
    ("seed", 264_562), ("vgg", 3_248_202), ("resnet", 274_826), ("mobile", 141_194)])
def test_networks(name, parameters):
    assert networks.keras_network(konv, name).count_params() == parameters


@pytest.mark.parametrize("task", ["seed/train/2", "seed/predict/1", "conv/1-5-2-3-3-2/forward", "conv/1-5-2-3-3-2/backward"])
def test_tasks(task):
    contender.konv(*task.split("/"))()


@pytest.mark.parametrize("what", [(3, 3, 2, "same"), 0, 2])
def test_single_layers(what):
    for call in layers.konv(2, (3, 4, 6), what):
        call()
    assert "2.0    0.5" in list(layers.lines({"konv": {"a": [1.0, 2.0]}, "torch": {"a": [2.0, 1.0]}}))[1]


def test_ratios_are_of_the_best_peer():
    figures = {"konv": {"seed/train/32": 1e-3, "conv/a/forward": 1e-3, "conv/b/forward": 1e-3},
               "torch": {"seed/train/32": 4e-3, "conv/a/forward": 4e-3, "conv/b/forward": 1e-3},
               "openvino": {"seed/train/32": 3e-3}}
    lines = list(table.lines(figures, figures["konv"]))
    assert lines[1].split() == ["seed/train/32", "1.000", "4.000", "3.000", "3.00"]
    assert lines[-1] == "conv/forward: geometric mean 2.00, least 1.00"


def test_roofline(tmp_path):
    found = roofline.measure("seed", 1, training=False)
    assert {"conv2d", "conv2d_1", "conv2d_2", "dense"} <= {row["layer"] for row in found["layers"]}
    assert found["peak"] > 1
    assert found["bandwidth"] > 0.1
    roofline.plot(found, "a title", tmp_path / "roofline.svg")
    assert "conv2d_1" in "\n".join(roofline.lines(found))


def test_scaling(tmp_path):
    wanted = [("batch", 1, 1, 7, 16, 1), ("batch", 2, 2, 7, 16, 1), ("depth", 1, 1, 7, 16, 1)]
    found = scaling.measure(0.0, wanted=wanted)
    assert found[1]["macs"] == 2 * found[0]["macs"] == 2 * 7 * 7 * 9 * 16 * 16
    scaling.plot(found, tmp_path / "scaling.svg")
    assert len(list(scaling.lines(found))) == 1 + len(found)


@pytest.mark.parametrize(("script", "arguments", "names"), [
    ("memory.py", ["--one", "konv", "seed", "2"], {"before", "most", "step", "arena"}),
    ("first_call.py", ["--one", "--batch", "2"], {"numpy", "import", "surface", "build", "first", "second"}),
    ("augmentation.py", ["--one", "konv", "--batch", "2", "--size", "8"], set(augmentation.CASES)),
])
def test_one_process(script, arguments, names):
    done = subprocess.run([sys.executable, FOLDER / script, *arguments], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(FOLDER.parent / "src")})
    figures = json.loads(done.stdout)
    assert set(figures) == names
    assert all(value > 0 for value in figures.values())
