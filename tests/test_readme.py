"""What README.md shows is what happens."""

import re
from pathlib import Path

import numpy as np
import pytest

import konv

README = Path(__file__).parents[1] / "README.md"


def _blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_programs_run(tmp_path, monkeypatch):
    pytest.importorskip("mlxtend")
    for name in ("cats", "dogs"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(5):
            konv.utils.save_img(tmp_path / "photos" / name / f"{index}.png", np.random.uniform(0, 1, (30, 40, 3)))
    monkeypatch.chdir(tmp_path)
    program = "\n".join(_blocks("python"))
    exec(re.sub(r"epochs=\d+", "epochs=1", program), {"__name__": "readme"})
    assert (tmp_path / "digits.keras").is_file()


def test_the_explanation_is_that_of_a_layer():
    layer = konv.layers.Conv2D(32, 3, activation="relu")
    layer.build((None, 28, 28, 1))
    block, = _blocks("text")
    assert block.strip() == layer.explain().strip()
