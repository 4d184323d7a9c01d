"""A table by columns in one JSON object, as many programs write it.

{"a": [1, 2], "b": [3, 4]}; pandas writes {"a": {"0": 1, "1": 2}, ...}, or, split,
{"columns": ["a", "b"], "index": [0, 1], "data": [[1, 3], [2, 4]]}, or, by rows,
{"0": {"a": 1, "b": 3}, "1": {"a": 2, "b": 4}}.
"""

from __future__ import annotations

import json
import re
from typing import Any

from clearprop.errors import TableFileError, shown
from clearprop.tables.memory import INNER, check_room

_NO_JSON = re.compile(r"[:\[,]\s*+(NaN|-?Infinity)\b")


def rows_of_columns(text: str, path: object, taken: int) -> str | None:
    """Return the rows of a table by columns as a list of objects in JSON.

    None is what is no such object: lines of objects, a single row, or broken.

    Parameters
    ----------
    text : str
        Begins with an object.
    path : path or str
        What messages call it.
    taken : int
        Bytes that the files before it take.

    Raises
    ------
    TableFileError
        If it is one object that is neither a row nor a table, or has no room in memory.

    Examples
    --------
    >>> rows_of_columns('{"a": [1, 2], "b": ["u", null]}', "t.json", 0)
    '[{"a": 1, "b": "u"}, {"a": 2, "b": null}]'
    """
    found = _only_object(text, path, taken)
    if found is None or not all(isinstance(value, list | dict) for value in found.values()):
        return None
    columns = _columns(found)
    lengths = {len(column) for column in columns.values()}
    inner = any(isinstance(cell, list | dict) for column in columns.values() for cell in column)
    if len(lengths) != 1 or inner:
        names = ", ".join(shown(name) for name in [*found][:3])
        raise TableFileError(
            f"{path} is one object, of {names or 'nothing'}, and neither a row nor columns of one "
            'length: give a list of rows, [{"a": 1, "b": 2}, ...], or columns, {"a": [1, ...], ...}'
        )
    rows = zip(*columns.values(), strict=True)
    return json.dumps([dict(zip(columns, row, strict=True)) for row in rows])


def what_is_no_json(text: str) -> str:
    """Return advice on NaN and infinity, which Python writes into JSON, or ""."""
    found = _NO_JSON.search(text)
    if found is None:
        return ""
    line = text.count("\n", 0, found.start(1)) + 1
    return f"; line {line} has {found[1]}, which JSON has not: write null for a missing value"


def _only_object(text: str, path: object, taken: int) -> dict[str, Any] | None:
    """Return what a text is if it is one object, on one line or on several."""
    first = text.find("\n") if text.find("\n") >= 0 else len(text)
    for end in dict.fromkeys((first, len(text))):
        commas = text.count(",", 0, end)
        check_room(path, 1, commas + 1, commas * INNER, taken)
        try:
            found = json.loads(text[:end])
        except (ValueError, RecursionError):
            continue
        return found if not text[end:].strip() else None
    return None


def _columns(found: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the columns that an object may hold, or what is none."""
    names, data = found.get("columns"), found.get("data")
    if (
        isinstance(names, list)
        and isinstance(data, list)
        and {*found} <= {"columns", "index", "data"}
        and all(isinstance(name, str) for name in names)
        and len(set(names)) == len(names)
        and all(isinstance(row, list) and len(row) == len(names) for row in data)
    ):
        return {name: [row[at] for row in data] for at, name in enumerate(names)}
    keys: Any = next(iter(found.values()), None)
    if isinstance(keys, dict) and all(
        isinstance(value, dict) and [*value] == [*keys] for value in found.values()
    ):
        if all(map(str.isdigit, found)) and not all(map(str.isdigit, keys)):  # rows by number
            return {name: [row[name] for row in found.values()] for name in keys}
        return {name: [*value.values()] for name, value in found.items()}
    if all(isinstance(value, list) for value in found.values()):
        return found
    return {}
