"""What `import konv` costs: nearly nothing, and no heavy library before it is needed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
HEAVY = {"numba", "llvmlite", "h5py", "PIL", "rich", "click", "matplotlib", "starlette", "uvicorn", "scipy", "pandas"}
LIMIT = 0.15  # seconds, beyond what Python itself takes

BUILD = """
model = konv.Sequential([konv.Input((8, 8, 1)), konv.layers.Conv2D(4, 3), konv.layers.Flatten(), konv.layers.Dense(2)])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.get_config(), model.to_json(), model.explain()
"""
EVERYTHING = """
konv.callbacks, konv.datasets, konv.explain, konv.initializers, konv.losses, konv.metrics, konv.models
konv.optimizers, konv.random, konv.regularizers, konv.saving, konv.utils, konv.backend, konv.activations
"""


def run(code):
    """The output of a fresh Python with konv on its path."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def modules_after(code):
    return set(run(f"{code}\nprint(*sys.modules)").split())


def seconds(code, times=5):
    """The fastest of some runs: what is left when nothing else runs."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run(code)
        taken.append(time.perf_counter() - start)
    return min(taken)


@pytest.mark.parametrize("code", ["", EVERYTHING, BUILD], ids=["import", "everything", "build and compile a model"])
def test_no_heavy_library_is_imported(code):
    loaded = modules_after(f"import konv\n{code}")
    assert "konv" in loaded
    assert {name.split(".")[0] for name in loaded} & HEAVY == set()


def test_import_alone_does_not_even_need_numpy():
    assert {name for name in modules_after("import konv") if name.split(".")[0] == "konv"} == {"konv"}
    assert "numpy" not in modules_after("import konv")


def test_import_takes_little_time():
    assert seconds("import konv") - seconds("pass") < LIMIT


def test_the_surface_takes_little_more_than_numpy():
    """What the first line that builds a model waits for."""
    assert seconds("import konv; konv.Sequential, konv.layers.Conv2D", 3) - seconds("import numpy", 3) < 2 * LIMIT


def test_names_are_listed_and_wrong_ones_refused():
    listed = run("import konv; print(*dir(konv))").split()
    assert {"Sequential", "Model", "Input", "layers", "load_model", "utils", "saving"} <= set(listed)
    assert run("import konv\nfor name in dir(konv): getattr(konv, name)") == ""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run("import konv; konv.colour")
    assert "has no 'colour'" in caught.value.stderr
