"""docs/extending.md, followed to the letter on a copy of the source: its edits are made, and its tests pass."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text("utf-8")
BLOCK = r"\n\n```python\n(.*?)^```$"
NEW = re.compile(r"^New file `([^`]+)`:" + BLOCK, re.DOTALL | re.MULTILINE)
ADDED = re.compile(r"^In `([^`]+)`, (above|below) the line `([^`]+)`:" + BLOCK, re.DOTALL | re.MULTILINE)
CHANGED = re.compile(r"^In `([^`]+)`, the text `([^`]+)` becomes:" + BLOCK, re.DOTALL | re.MULTILINE)
ENDED = re.compile(r"^At the end of `([^`]+)`:" + BLOCK, re.DOTALL | re.MULTILINE)
# tests that run over all of a kind, and so over what the page adds
CHECKS = ["tests/kernels/test_pointwise.py", "-k", "isru"], ["tests/test_hints.py"]


def edited(text, where, line, block):
    """The text with a block above or below a line that stands in it once."""
    assert text.count(f"\n{line}\n") == 1, f"{line!r} stands {text.count(line)} times in the file"
    return text.replace(f"\n{line}\n", f"\n{block}{line}\n" if where == "above" else f"\n{line}\n{block}")


def test_the_page_is_followed_to_the_letter(tmp_path):
    for folder in ("src", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, where, line, block in ADDED.findall(PAGE):
        path = tmp_path / name
        path.write_text(edited(path.read_text("utf-8"), where, line, block), "utf-8")
    for name, block in ENDED.findall(PAGE):
        path = tmp_path / name
        path.write_text(path.read_text("utf-8").rstrip("\n") + "\n" + block, "utf-8")
    for name, text, block in CHANGED.findall(PAGE):
        path = tmp_path / name
        assert path.read_text("utf-8").count(text) == 1
        path.write_text(path.read_text("utf-8").replace(text, block.rstrip("\n")), "utf-8")
    files = [name for name, block in NEW.findall(PAGE) if [(tmp_path / name).write_text(block, "utf-8")]]
    assert PAGE.count("```python") == sum(len(kind.findall(PAGE)) for kind in (NEW, ADDED, ENDED, CHANGED))
    environment = os.environ | {"PYTHONPATH": f"{tmp_path / 'src'}{os.pathsep}{tmp_path}"}
    for arguments in (files, *CHECKS):
        run = subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], cwd=tmp_path, env=environment,
                             capture_output=True, text=True)
        assert run.returncode == 0, run.stdout[-3000:]
        assert "skipped" not in run.stdout or arguments is not files  # one of all activations' needs PyTorch
