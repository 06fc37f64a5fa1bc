"""What came out of Keras's tests, judged by the list of what is skipped, as a table."""

from collections import Counter
from fnmatch import fnmatchcase
from importlib.metadata import version
from typing import NamedTuple

from tests.keras_suite.files import FILES
from tests.keras_suite.skips import SKIPS


class Judged(NamedTuple):
    """Every test in one of three lists, and what is wrong with the list of skips."""

    passed: list[str]
    failed: dict[str, str]
    skipped: dict[str, str]  # test: reason
    wrong: list[str]


def judge(results: dict[str, list[str]]) -> Judged:
    """A test that a skip names must fail, and each skip must name one: so the list holds what is so."""
    judged, used = Judged([], {}, {}, []), set()
    for test, (outcome, why) in results.items():
        skips = [pattern for pattern in SKIPS if fnmatchcase(test, pattern)]
        used.update(skips)
        if outcome == "passed":
            judged.passed.append(test)
            judged.wrong.extend(f"{test} passes; skips.py has it as {pattern!r}" for pattern in skips)
        elif outcome == "skipped":
            judged.skipped[test] = KERAS_SAYS
        elif skips:
            judged.skipped[test] = SKIPS[skips[0]]
        else:
            judged.failed[test] = why
    judged.wrong.extend(f"no test is named {pattern!r} any more" for pattern in SKIPS if pattern not in used)
    return judged


KERAS_SAYS = "skipped by Keras itself, on all but one of its backends"


def lines(judged: Judged) -> list[str]:
    """The table in Markdown, one line a file, and the sum."""
    rows = [f"| {'file':<65} | passed | failed | skipped | reasons |", f"|{'-' * 67}|-------:|-------:|--------:|---|"]
    for file in FILES:
        counts = [sum(test.split("::")[0] == file for test in part) for part in judged[:3]]
        reasons = Counter(reason for test, reason in judged.skipped.items() if test.split("::")[0] == file)
        text = "; ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
        rows.append(f"| {file:<65} | {counts[0]:>6} | {counts[1]:>6} | {counts[2]:>7} | {text} |")
    whole = [len(part) for part in judged[:3]]
    return [*rows, f"| {'all':<65} | {whole[0]:>6} | {whole[1]:>6} | {whole[2]:>7} | |"]


def page(judged: Judged, date: str) -> str:
    """docs/compatibility.md."""
    return TEXT.format(version=version("keras"), date=date) + "\n".join(lines(judged)) + "\n"


TEXT = """# Compatibility with Keras

The wheel of Keras carries its own tests. konv runs those of what it offers, unchanged: `tests/keras_suite` copies the files out
of the installed wheel into a temporary folder, lets every import of `keras` and `keras.src` find konv, and runs them.

* Keras {version}; this table was made on {date} with `make compatibility`, and `make test` fails when it no longer holds.
* Skipped tests are named in `tests/keras_suite/skips.py` with the reason. They run too: one that passes, or a name that no
  test has, fails `make test`.
* konv words its errors itself. Where Keras's test expects an error with a certain text, the class of the error is compared,
  and the text unless konv raised the error on purpose.
* `run_layer_test` is konv's own (`tests/keras_suite/testing.py`): config there and back, build, symbolic call, call on arrays,
  shapes, types, values, numbers of weights and losses, a step of training, a file written and read. It does not compare masks,
  seed generators and mixed precision, which konv does not have, nor whether a layer without weights counts as built at once.

"""
