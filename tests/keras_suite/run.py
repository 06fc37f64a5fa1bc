"""Copies Keras's test files out of the installed wheel and runs them on konv, in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from tests.keras_suite.files import FILES

ROOT = Path(__file__).parents[2]
SETTINGS = "[pytest]\naddopts = --import-mode=importlib -p no:cacheprovider\n"


def wheel() -> Path:
    """The folder of the installed Keras, which is read and never imported."""
    spec = find_spec("keras")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def run(files=FILES, *arguments: str) -> dict[str, list[str]]:
    """{test: [outcome, why]} of these files; the arguments go to pytest."""
    with tempfile.TemporaryDirectory(prefix="konv-keras-suite-") as folder:
        copies = Path(folder) / "copies"
        for file in files:
            (copies / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(wheel() / "src" / file, copies / file)
        (Path(folder) / "pytest.ini").write_text(SETTINGS)
        results = Path(folder) / "results.json"
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "KERAS_SUITE_WHEEL": str(wheel()),
            "KERAS_SUITE_COPIES": str(copies), "KERAS_SUITE_RESULTS": str(results)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors", "-p", "tests.keras_suite.plugin",
             "--rootdir", folder, "-c", str(Path(folder) / "pytest.ini"), *arguments, *(str(copies / file) for file in files)],
            cwd=folder, env=environment, capture_output=True, text=True)
        if arguments:
            print(done.stdout)
        if not results.exists():
            raise RuntimeError(f"Keras's tests did not run:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return json.loads(results.read_text())


def main(chosen: str = "", *arguments: str) -> None:
    """`run.py --write` writes docs/compatibility.md; `run.py metric_test -k name` shows what pytest says of some files."""
    if chosen == "--write":
        from tests.keras_suite import table

        judged = table.judge(run())
        (ROOT / "docs" / "compatibility.md").write_text(table.page(judged, date.today().isoformat()), "utf-8")
        print("\n".join([*table.lines(judged), *judged.wrong, *map(": ".join, judged.failed.items())]))
    else:
        run([file for file in FILES if chosen in file], "-ra", *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
