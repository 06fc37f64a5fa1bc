"""The programs in docs/ run."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")  # Keras on JAX
@pytest.mark.parametrize("name", ["files", "training"])
def test_the_programs_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", (DOCS / f"{name}.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks
    exec("\n".join(blocks), {"__name__": name})
