"""What the house looks like from outside: sizes, ways and habits of the source, as one table.

    python tools/house.py [SOURCE]        # SOURCE: the folder of the package, src/konv by default

Everything is read from the source (`ast`, `tokenize`) but the way of a call, which is one run of the interpreter that notes in
which files functions of konv are called.
"""

import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

OPERATIONS = ("konv.ir", "konv.spec")  # where operations are, and where they were
FREE = {"__init__.py", "base.py"}  # names that may stand in several folders
BLANK = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}

WAY = """
import sys, threading
files = set()
def note(frame, event, arg):
    name = frame.f_code.co_filename
    if event == "call" and frame.f_code.co_name != "<module>" and name.startswith({source!r}):
        files.add(name)
import numpy as np
import konv
from konv import layers, losses, optimizers
threading.setprofile(note)
sys.setprofile(note)
if {training}:
    model = konv.Sequential([konv.Input((8, 8, 3)), layers.Conv2D(4, 3)])
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((2, 8, 8, 3), "float32"), np.ones((2, 6, 6, 4), "float32"))
else:
    layers.Conv2D(4, 3)(np.ones((2, 8, 8, 3), "float32"))
sys.setprofile(None)
print(*sorted(files), sep="\\n")
"""


def code_lines(text: str) -> int:
    """Lines without blanks, comments and docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in BLANK:
            lines.update(range(token.start[0], token.end[0] + 1))
    blank = {number for number, line in enumerate(text.split("\n"), 1) if not line.strip()}
    return len(lines - blank - docstring_lines(ast.parse(text)))


def docstring_lines(tree: ast.Module) -> set[int]:
    """The lines of all docstrings."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            found.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return found


def modules(source: Path) -> dict[str, Path]:
    """The files of the package by the name under which they are imported."""
    names = {".".join(("konv", *file.relative_to(source).with_suffix("").parts)): file for file in source.rglob("*.py")}
    return {name.removesuffix(".__init__"): file for name, file in names.items()}


def imported(name: str, tree: ast.Module, known: dict[str, Path]) -> set[str]:
    """The modules of the package that a module imports, anywhere in it but for the type checker alone."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & known.keys()) or {node.module}
        waiting.extend(ast.iter_child_nodes(node))
    return (found & known.keys()) - {name}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected parts of more than one module (Tarjan's algorithm), the largest first."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in number:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            part = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return sorted(found, key=len, reverse=True)


def operations(trees: dict[str, ast.Module]) -> set[str]:
    """The classes of konv.ir that are operations."""
    bases = {node.name: {ast.unparse(base) for base in node.bases} for name, tree in trees.items()
             if name.startswith(OPERATIONS) for node in tree.body if isinstance(node, ast.ClassDef)}
    found = {"Op"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return found


def tests_of_type(name: str, tree: ast.Module, classes: set[str]) -> int:
    """How many `isinstance` ask whether something is one of these classes of konv.ir."""
    known, modules = set(classes) if name.startswith(OPERATIONS) else set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OPERATIONS):
            known |= {alias.asname or alias.name for alias in node.names if alias.name in classes}
            modules |= {alias.asname or alias.name for alias in node.names}

    def asks(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):
            return isinstance(node.value, ast.Name) and node.value.id in modules and node.attr in classes
        return isinstance(node, ast.Name) and node.id in known

    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"]
    return sum(any(map(asks, ast.walk(call.args[1]))) for call in calls)


def parameters(tree: ast.Module) -> Iterator[ast.arg]:
    """All parameters of functions but self and cls."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            yield from (one for one in every if one is not None and one.arg not in ("self", "cls"))


def public_docstrings(trees: dict[str, ast.Module], stage: str) -> list[str]:
    """The docstrings of the classes and functions that a stage offers, but for its base class and what is about files."""
    offered = next(ast.literal_eval(node.value) for node in trees[f"konv.{stage}"].body
                   if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    names = set(offered) - {"Layer", "InputSpec", "serialize", "deserialize"}
    return [ast.get_docstring(node) or "" for name, tree in trees.items() if name.startswith(f"konv.{stage}.")
            for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name in names]


def way(source: Path, training: bool) -> list[Path]:
    """The files in which functions are called from Conv2D(...) to the kernel."""
    code = WAY.format(source=str(source), training=training)
    environment = {"PYTHONPATH": str(source.parent), "PATH": "/usr/bin:/bin"}
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    return [Path(line) for line in run.stdout.split("\n") if line]


def model_facts(source: Path) -> str:
    """Bases and methods of Model."""
    code = ("import konv; M = konv.Model; own = [n for n in dir(M) if not hasattr(object, n)]; "
            "methods = [n for n in own if callable(getattr(M, n)) or isinstance(getattr(M, n), property)]; "
            "print(len(M.__mro__) - 2, len(methods), "
            "*[c.__name__ for c in M.__mro__[1:-1]])")
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                         env={"PYTHONPATH": str(source.parent)})
    bases, methods, *names = run.stdout.split()
    return f"{bases} ({', '.join(names)}), {methods}"


def table(source: Path) -> dict[str, str]:
    """Each figure by what it says."""
    files = modules(source)
    texts = {name: file.read_text("utf-8") for name, file in files.items()}
    trees = {name: ast.parse(text) for name, text in texts.items()}
    inference, training = way(source, False), way(source, True)
    lines = {file: file.read_text("utf-8").count("\n") for file in {*inference, *training}}
    found = circles({name: imported(name, tree, files) for name, tree in trees.items()})
    ops = operations(trees)
    documented = public_docstrings(trees, "layers")
    given = [one for name, tree in trees.items() if not name.startswith("konv.kernels") for one in parameters(tree)]
    repeated = [name for name, count in Counter(file.name for file in files.values()).items() if count > 1 and name not in FREE]

    steps = f"({sum(lines[file] for file in inference):,} / {sum(lines[file] for file in training):,} lines)"

    def living(word: str) -> int:
        return sum(word in text for text in texts.values())

    return {
        "code lines (no blanks, comments, docstrings), files": f"{sum(map(code_lines, texts.values())):,} in {len(files)}",
        "files from Conv2D(...) to the tile: inference / training step": f"{len(inference)} / {len(training)} {steps}",
        "bases of Model, methods and properties": model_facts(source),
        "import circles": f"{len(found)} (of {', '.join(str(len(part)) for part in found)} files)" if found else "0",
        "files where mish / ConvTranspose lives": f"{living('mish')} / {living('ConvTranspose')}",
        "isinstance tests on operations": str(sum(tests_of_type(name, tree, ops) for name, tree in trees.items())),
        "public definitions in layers/ with shapes / errors / source":
            " / ".join(str(sum(word in text for text in documented)) for word in ("Shape:", "Raises:", "Reference:"))
            + f" of {len(documented)}",
        "unannotated parameters outside kernels": f"{sum(one.annotation is None for one in given) / len(given):.0%}"
            f" ({sum(one.annotation is None for one in given):,} of {len(given):,})",
        "file names that stand in several folders": f"{len(repeated)} ({', '.join(sorted(repeated))})" if repeated else "0",
    }


if __name__ == "__main__":
    where = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "src" / "konv").resolve()
    for what, figure in table(where).items():
        print(f"{what:62} {figure}")
