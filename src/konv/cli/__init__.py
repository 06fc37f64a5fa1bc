"""The command line: `konv train`, `predict`, `summary`, `explain`, `figure`, `feature-maps`, `report` and `bench`.

Thin: it parses, calls and prints. Exit codes: 0 done, 1 failed (nothing to train on, a disk that is full), 2 bad usage
or bad input, with one line on standard error.
"""

from konv.cli import bench, explain_commands, figure_command, predict, report, train  # noqa: F401  each adds its commands
from konv.cli.group import main

__all__ = ["main"]
