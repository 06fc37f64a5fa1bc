"""What README.md shows is what happens."""

import re
from pathlib import Path

import numpy as np
import pytest

import konv

README = Path(__file__).parents[1] / "README.md"
KOREAN = README.with_name("README.ko.md")


def _blocks(language, path=README):
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def _without_comments(text):
    """What is the same in both languages."""
    return [re.sub(r"\s+# .*", "", line) for line in text.splitlines()]


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


def test_the_korean_readme_says_the_same():
    """Its programs, commands and pictures are those of README.md, and each links to the other."""
    for language in ("python", "pycon"):
        ours, theirs = ("\n".join(_blocks(language, path)) for path in (KOREAN, README))
        assert _without_comments(ours) == _without_comments(theirs)
    texts = [path.read_text(encoding="utf-8") for path in (KOREAN, README)]
    commands = [_without_comments("\n".join(re.findall(r"^    (?:make|konv) .*$", text, re.MULTILINE))) for text in texts]
    assert commands[0] == commands[1]
    targets = [re.findall(r"\]\(([^#)]+)\)", text) for text in texts]
    pictures = [sorted(target.replace(".ko.", ".") for target in found if target.startswith("docs/images"))
                for found in targets]
    assert pictures[0] == pictures[1]
    assert set(targets[0]) - {"README.md"} <= {*targets[1], *(target for target in targets[0] if ".ko." in target)}
    assert "README.ko.md" in targets[1]
    assert "README.md" in targets[0]
    assert all((README.parent / target).exists() for found in targets for target in found)
    assert texts[0].count("\n## ") == texts[1].count("\n## ")
    assert texts[0].count("\n| ") == texts[1].count("\n| ")


def test_the_korean_explanation_is_that_of_a_layer():
    layer = konv.layers.Conv2D(32, 3, activation="relu")
    layer.build((None, 28, 28, 1))
    block, = _blocks("text", KOREAN)
    assert block.strip() == layer.explain("ko").strip()
