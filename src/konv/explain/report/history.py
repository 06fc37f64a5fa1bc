"""A history from a file: what CSVLogger wrote, or JSON."""

import csv
import json
from collections.abc import Mapping
from math import nan
from pathlib import Path
from typing import Any

from konv.errors import FileError


def read_history(path: str | Path) -> dict[str, list[float]]:
    """By name the values of every epoch, nan where there is none. FileError if the file holds no history.

    .json is `history.history`, or a list with one object for each epoch; anything else is read as a table whose first line
    names the columns, separated by commas, semicolons or tabs.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text) if file.suffix.lower() == ".json" else _table(text)
    except OSError as error:
        raise FileError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError, csv.Error):
        raise FileError(f"{file}: is not a history: expected JSON, or a table as CSVLogger writes it") from None
    columns = _columns(found) if isinstance(found, list) else found
    if isinstance(columns, Mapping):
        columns = {name: [_number(value) for value in values] for name, values in columns.items()
                   if name != "epoch" and isinstance(values, list) and values}
    if not columns or not isinstance(columns, dict):
        raise FileError(f"{file}: is not a history: it must have numbers by name, such as loss, one for each epoch")
    return columns


def _table(text: str) -> list[Any]:
    separator = max(",;\t", key=text.partition("\n")[0].count)
    return list(csv.DictReader(text.splitlines(), delimiter=separator))


def _columns(rows: list[Any]) -> dict[str, list[Any]]:
    """One object for each epoch -> one list for each name; columns without a single number are left out."""
    dicts = [row for row in rows if isinstance(row, Mapping)]
    columns = {name: [row.get(name) for row in dicts] for name in dict.fromkeys(name for row in dicts for name in row) if name}
    return {name: values for name, values in columns.items() if any(_number(value) == _number(value) for value in values)}


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return nan  # CSVLogger writes NA


__all__ = ["read_history"]
