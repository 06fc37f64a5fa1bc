"""The house: a stage imports only from stages to its left. Read from the source alone."""

import ast
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "konv"

# The order in which a model passes through the stages, DESIGN section 1. `hints`, `config`, `registry`, `arrays`,
# `random` and `variables` are what everything from the engines on shares. The doors only re-export.
DOORS = ("utils", "backend", "preprocessing", "konv")
ORDER = (
    "errors", "ir", "plan", "kernels",
    "hints", "config", "registry", "custom_objects", "arrays", "random", "variables",
    "tracing", "runtime", "activations", "ops",
    "initializers", "losses", "metrics", "optimizers", "regularizers", "constraints", "callbacks",
    "data", "datasets",
    "layers", "training", "models", "saving", "interop", "explain", "sklearn", "web", *DOORS, "cli", "__main__",
)
PLACE = {stage: place for place, stage in enumerate(ORDER)}

# Methods that a user expects on a layer or a model and whose work is done further right; they import when called.
RIGHTWARDS = {("tracing", "ops"), ("random", "ops"), ("variables", "initializers"),
              ("activations", "ops"), ("callbacks", "explain"), ("layers", "explain"),
              ("layers", "saving"),
              ("models", "saving"), ("models", "interop"), ("models", "explain")}

# Circles that are being taken apart: these import to the right when they are loaded.
CIRCLES = {("random", "tracing"), ("variables", "tracing")}

# Which libraries a stage may use, besides the standard one.
LIBRARIES = {
    "errors": set(), "ir": set(), "plan": set(), "registry": set(), "hints": set(), "config": set(), "random": {"numpy"},
    "custom_objects": set(), "tracing": {"numpy"},
    "arrays": {"numpy"}, "variables": {"numpy"}, "kernels": {"numpy", "numba", "llvmlite"},
    "runtime": {"numpy", "numba", "llvmlite"}, "callbacks": {"numpy", "rich", "tensorboardX"},
    "data": {"numpy", "PIL"},
    "saving": {"numpy", "h5py", "safetensors"}, "interop": {"numpy", "onnx"}, "sklearn": {"numpy", "sklearn"},
    "explain": {"numpy", "PIL", "rich", "matplotlib"},
    "web": {"numpy", "PIL", "starlette", "uvicorn"}, "cli": {"numpy", "click", "rich"}, "__main__": set(),
}
# These take long to import: inside the function that needs them, or in a stage or module that is imported so itself.
HEAVY = {"numba", "llvmlite", "h5py", "PIL", "rich", "click", "matplotlib", "onnx", "safetensors", "sklearn",
         "tensorboardX"}
IMPORTED_LATE = {"cli", "kernels", "sklearn", "web"}


class Import(NamedTuple):
    """One import of one module."""

    file: Path
    line: int
    target: str
    late: bool  # inside a function

    @property
    def stage(self):
        return stage_of(self.file)

    def __str__(self):
        return f"{self.file.relative_to(SOURCE.parent)}:{self.line} imports {self.target}"


def stage_of(file):
    first = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    return "konv" if first == "__init__" else first


def imports_of(file):
    """All imports of a file, also those inside functions; those for the type checker alone count as late."""
    waiting = [(node, False) for node in ast.parse(file.read_text("utf-8")).body]
    while waiting:
        node, late = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, late)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: relative imports hide the stage"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "konv" else [module]
            for name in names:
                yield Import(file, node.lineno, name, late)
        types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        inside = late or types or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        waiting.extend((child, inside) for child in ast.iter_child_nodes(node))


FILES = sorted(SOURCE.rglob("*.py"))
IMPORTS = [item for file in FILES for item in imports_of(file)]
OURS = [item for item in IMPORTS if item.target.split(".")[0] == "konv"]
OTHERS = [item for item in IMPORTS if item.target.split(".")[0] not in sys.stdlib_module_names | {"konv"}]


def target_stage(item):
    parts = item.target.split(".")
    # `import konv` and names that konv/__init__.py gives out, such as konv.Model
    return parts[1] if len(parts) > 1 and parts[1] in PLACE else "konv"


def test_every_file_stands_in_a_stage():
    assert {stage_of(file) for file in FILES} <= set(ORDER)
    assert len(FILES) > 50


def test_a_stage_imports_only_from_its_left():
    wrong = [str(item) for item in OURS if (stage := target_stage(item)) != item.stage
             and PLACE[stage] >= PLACE[item.stage] and (item.stage, stage) not in CIRCLES
             and not (item.late and (item.stage, stage) in RIGHTWARDS)]
    assert wrong == []


def test_the_exceptions_are_needed():
    """A door to the right that nothing uses any more is taken off the list."""
    used = {(item.stage, target_stage(item)) for item in OURS if item.late}
    assert used >= RIGHTWARDS


def test_only_the_command_line_goes_through_the_doors():
    wrong = [str(item) for item in OURS if target_stage(item) in DOORS and item.stage not in (*DOORS, "cli", "web")]
    assert wrong == []


def test_each_stage_uses_its_libraries():
    wrong = [str(item) for item in OTHERS if item.target.split(".")[0] not in LIBRARIES.get(item.stage, {"numpy"})]
    assert wrong == []


def test_heavy_libraries_are_imported_where_they_are_used():
    wrong = [str(item) for item in OTHERS
             if item.target.split(".")[0] in HEAVY and not item.late and item.stage not in IMPORTED_LATE]
    assert wrong == []


def test_keras_is_never_imported():
    forbidden = {"keras", "tensorflow", "torch", "jax", "pickle", "marshal", "shelve", "dill", "cloudpickle"}
    wrong = [str(item) for item in IMPORTS if item.target.split(".")[0] in forbidden]
    assert wrong == []


@pytest.mark.parametrize("name", [*DOORS[:-1], *(f"{stage}/__init__" for stage in (
    "layers", "saving", "training", "explain"))])
def test_doors_only_re_export(name):
    """A docstring, imports, __all__ and what is made of it; whatever is more has a module of its own."""
    names = ("__all__", "(__getattr__, __dir__)")
    file = SOURCE / (f"{name}/__init__.py" if (SOURCE / name).is_dir() else f"{name}.py")
    tree = ast.parse(file.read_text("utf-8"))
    rest = [type(node).__name__ for node in tree.body[1:] if not isinstance(node, (ast.ImportFrom, ast.Import))
            and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names)]
    assert ast.get_docstring(tree)
    assert rest == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_every_file_says_what_it_is_and_is_not_too_long(file):
    text = file.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins with a docstring"
    assert text.count("\n") <= 450, "files of 150 to 400 lines; divide this one"
