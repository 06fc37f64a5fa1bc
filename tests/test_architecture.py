"""The house: a stage imports only from stages to its left. Read from the source alone."""

import ast
import re
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "konv"
spec = spec_from_file_location("house", Path(__file__).parents[1] / "tools" / "house.py")
house = module_from_spec(spec)
spec.loader.exec_module(house)

# The list of stages is in docs/architecture.md, and only there. The modules that only re-export are its last braces.
LIST = re.search(r"\n\n((?:    .+\n)+)", (SOURCE.parents[1] / "docs" / "architecture.md").read_text("utf-8"))
ORDER = tuple(re.findall(r"\w+", LIST.group(1))) if LIST else ()
DOORS = ("utils", "backend", "preprocessing", "konv")
PLACE = {stage: place for place, stage in enumerate(ORDER)}

# Which libraries a stage may use, besides the standard one.
LIBRARIES = {
    "errors": set(), "ir": set(), "plan": set(), "registry": set(), "hints": set(), "late": set(), "config": set(),
    "custom_objects": set(), "traceable": set(), "tracing": {"numpy"},
    "arrays": {"numpy"}, "variables": {"numpy"}, "kernels": {"numpy", "numba", "llvmlite"},
    "runtime": {"numpy", "numba", "llvmlite"}, "callbacks": {"numpy", "rich", "tensorboardX"},
    "data": {"numpy", "PIL"},
    "saving": {"numpy", "h5py", "safetensors"}, "interop": {"numpy", "onnx"}, "sklearn": {"numpy", "sklearn"},
    "explain": {"numpy", "PIL", "rich", "matplotlib"},
    "cli": {"numpy", "click", "rich"}, "__main__": set(),
}
# These take long to import: inside the function that needs them, or in a stage or module that is imported so itself.
HEAVY = {"numba", "llvmlite", "h5py", "PIL", "rich", "click", "matplotlib", "onnx", "safetensors", "sklearn",
         "tensorboardX"}
IMPORTED_LATE = {"cli", "kernels", "sklearn"}


class Import(NamedTuple):
    """One import of one module."""

    file: Path
    line: int
    target: str
    late: bool  # inside a function
    types: bool = False  # for the type checker alone

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
    waiting = [(node, False, False) for node in ast.parse(file.read_text("utf-8")).body]
    while waiting:
        node, late, types = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, late, types)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: relative imports hide the stage"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "konv" else [module]
            for name in names:
                yield Import(file, node.lineno, name, late, types)
        types = types or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        inside = late or types or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        waiting.extend((child, inside, types) for child in ast.iter_child_nodes(node))


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
    wrong = [str(item) for item in OURS if not item.types
             and (stage := target_stage(item)) != item.stage and PLACE[stage] >= PLACE[item.stage]]
    assert wrong == []


def test_the_one_exit_to_the_right():
    """Each entry of the table in late.py leads somewhere, and something asks for it; nothing else imports by name."""
    from konv.late import EXITS, late

    text = "\n".join(file.read_text("utf-8") for file in FILES)
    assert {name for name in EXITS if f'late("{name}")' not in text} == set()
    assert all(late(name) is not None for name in EXITS)
    by_name = {file.name for file in FILES if re.search(r"import_module\((f?\"konv|[^\"f])", file.read_text("utf-8"))}
    assert by_name == {"__init__.py", "late.py", "errors.py"}  # konv's own attributes, the table, and optional libraries


def test_only_the_command_line_goes_through_the_doors():
    wrong = [str(item) for item in OURS if target_stage(item) in DOORS and item.stage not in (*DOORS, "cli")]
    assert wrong == []


def test_each_stage_uses_its_libraries():
    wrong = [str(item) for item in OTHERS if item.target.split(".")[0] not in LIBRARIES.get(item.stage, {"numpy"})]
    assert wrong == []


def test_no_circle_between_modules():
    files = house.modules(SOURCE)
    assert house.circles({name: house.imported(name, ast.parse(file.read_text("utf-8")), files)
                          for name, file in files.items()}) == []


def test_a_file_name_stands_in_one_folder():
    names = Counter(file.name for file in FILES if file.name not in house.FREE)
    assert {name for name, count in names.items() if count > 1} == set()


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
def test_every_file_says_what_it_is(file):
    text = file.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins with a docstring"


# Tests of no single module or folder. All others mirror the source: tests/ir/test_window.py is for ir/window.py.
TESTS = Path(__file__).parent
NO_MIRROR = {
    "benchmarks/test_scripts.py": "the scripts in benchmarks/",
    "examples/test_examples.py": "the scripts in examples/",
    "keras_suite/test_keras_suite.py": "Keras's own tests on konv",
    "random_models/test_random_models.py": "whole models, drawn at random, beside Keras",
    "callbacks/test_weights.py": "several callbacks that save, restore and swap weights, on models that train",
    "plan/test_residual.py": "one rewrite of a graph, through planning and running",
    "saving/test_hostile.py": "damaged files of every format",
    "saving/test_hostile_configs.py": "damaged configs and indexes, through every function that reads them",
    "training/test_threads.py": "the same bits on any number of threads, through training and runtime",
    "test_architecture.py": "the source as a whole",
    "test_docs.py": "docs/",
    "test_docstrings.py": "help() of every public name",
    "test_extending.py": "docs/extending.md",
    "test_import.py": "the time that `import konv` takes",
    "test_init.py": "konv/__init__.py",
    "test_readme.py": "README.md",
}


def is_mirror(test):
    """Whether a module or folder of the source has the path of this test file, or it tests the whole of its own folder."""
    folder, name = test.parent, test.stem.removeprefix("test_")
    return ((SOURCE / folder / f"{name}.py").is_file() or (SOURCE / folder / name).is_dir()
            or (folder.name == name and (SOURCE / folder).is_dir()))


def test_the_tests_mirror_the_source():
    without = {test.relative_to(TESTS) for test in TESTS.rglob("test_*.py") if not is_mirror(test.relative_to(TESTS))}
    assert {test.as_posix() for test in without} == set(NO_MIRROR)
