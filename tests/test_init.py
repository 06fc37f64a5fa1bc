"""The front door: everything is there, and costs nothing until it is used."""

import os
import subprocess
import sys

import pytest

import konv


@pytest.mark.parametrize("name", ["activations", "backend", "callbacks", "config", "constraints", "datasets",
                                  "initializers", "layers", "losses", "metrics", "models", "optimizers", "random",
                                  "regularizers", "saving", "utils", "Input", "Layer", "Model", "Sequential",
                                  "Variable"])
def test_names(name):
    import keras

    assert getattr(konv, name) is not None
    assert hasattr(keras, name)
    assert name in dir(konv)


def test_ways_to_import():
    from konv.layers import Conv2D
    from konv.models import Model, Sequential, load_model

    assert konv.layers.Conv2D is Conv2D
    assert konv.models.Sequential is Sequential is konv.Sequential
    assert konv.Model is Model
    assert konv.load_model is load_model is konv.models.load_model is konv.saving.load_model


def test_unknown_names():
    with pytest.raises(AttributeError, match="konv.*Conv4D"):
        konv.Conv4D  # noqa: B018
    with pytest.raises(AttributeError, match="has no 'load'"):
        konv.models.load  # noqa: B018


def test_version():
    assert isinstance(konv.__version__, str)


PROGRAM = """
import sys, time
start = time.perf_counter()
import konv
seconds = time.perf_counter() - start
heavy = [name for name in ("numba", "llvmlite", "h5py", "PIL", "rich", "click", "matplotlib") if name in sys.modules]
konv.layers, konv.models, konv.utils, konv.losses, konv.optimizers, konv.metrics, konv.callbacks, konv.saving
later = [name for name in ("numba", "llvmlite", "h5py", "PIL", "matplotlib", "keras") if name in sys.modules]
print(seconds, heavy, later)
"""


def test_import_costs_nothing():
    line = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": os.pathsep.join(sys.path)}).stdout
    seconds, _, rest = line.partition(" ")
    assert rest.strip() == "[] []"
    assert float(seconds) < 0.15
