"""What `import konv` costs: nearly nothing, and no heavy library before it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
HEAVY = {"numba", "llvmlite", "h5py", "PIL", "rich", "click", "matplotlib", "starlette", "uvicorn", "scipy", "pandas"}
# Modules are counted, since seconds depend on the machine and on what else it does: benchmarks/first_call.py has those.
MODEL_MODULES = 170  # of konv, for `konv.Sequential, konv.layers.Conv2D`: the surface and the stages below it

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


@pytest.mark.parametrize("code", ["", EVERYTHING, BUILD], ids=["import", "everything", "build and compile a model"])
def test_no_heavy_library_is_imported(code):
    loaded = modules_after(f"import konv\n{code}")
    assert "konv" in loaded
    assert {name.split(".")[0] for name in loaded} & HEAVY == set()


def test_import_alone_does_not_even_need_numpy():
    loaded = modules_after("import konv")
    assert {name for name in loaded if name.split(".")[0] == "konv"} == {"konv"}
    assert "numpy" not in loaded
    assert len(loaded - modules_after("pass")) <= 40


def test_the_first_model_waits_for_little_more_than_numpy():
    """Neither files, figures nor the command line are read for a line that makes a layer."""
    loaded = modules_after("import konv; konv.Sequential, konv.layers.Conv2D")
    ours = {name for name in loaded if name.split(".")[0] == "konv"}
    assert not {name for name in ours if name.split(".")[1:2] in (["saving"], ["interop"], ["explain"], ["cli"], ["sklearn"])}
    assert len(ours) <= MODEL_MODULES
    others = {name.split(".")[0] for name in loaded - modules_after("import numpy, numpy.random")} - {"konv", "cython_runtime"}
    assert {name for name in others if not name.startswith("_")} <= sys.stdlib_module_names


def test_names_are_listed_and_wrong_ones_refused():
    listed = run("import konv; print(*dir(konv))").split()
    assert {"Sequential", "Model", "Input", "layers", "load_model", "utils", "saving"} <= set(listed)
    assert run("import konv\nfor name in dir(konv): getattr(konv, name)") == ""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run("import konv; konv.colour")
    assert "has no 'colour'" in caught.value.stderr
