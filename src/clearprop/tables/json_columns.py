"""A table by columns in one JSON object, as many programs write it.

{"a": [1, 2], "b": [3, 4]}; pandas writes {"a": {"0": 1, "1": 2}, ...}, or, split,
{"columns": ["a", "b"], "index": [0, 1], "data": [[1, 3], [2, 4]]}, or, by rows,
{"0": {"a": 1, "b": 3}, "1": {"a": 2, "b": 4}}. Of the two levels of an object of objects, the rows
are those that are counted from 0; where both are, or none is, nobody can tell.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection
from typing import Any, NoReturn

from clearprop.errors import TableFileError, shown
from clearprop.tables.memory import INNER, check_room_of

_TEXT = re.compile(r'"[^"\\\r\n]*+(?:\\.[^"\\\r\n]*+)*+"')
_NO_JSON = re.compile(
    r"(?<=[:\[,\s])(?:NaN|-?Infinity|-?\d++(?:\.\d++)?+(?:[eE][+-]?\d++)?+)(?=[\s,\]}]|\Z)"
)
_LINE_END = re.compile(r"\r\n?+|\n")
_ROWS = re.compile(r"\{|\[\s*+[{\]]")

_GIVE = 'give a list of rows, [{"a": 1, "b": 2}, ...], or columns, {"a": [1, ...], ...}'


def rows_of_columns(text: str, path: object, taken: int) -> str | None:
    """Return the rows of a table by columns as a list of objects in JSON.

    None is what is no such object: lines of objects, a single row, or broken.

    Parameters
    ----------
    text : str
        No list.
    path : path or str
        What messages call it.
    taken : int
        Bytes that the files before it take.

    Raises
    ------
    TableFileError
        If it is one object that is neither a row nor a table, whose rows cannot be told from its
        columns, or that has a key twice, or no room in memory.

    Examples
    --------
    >>> rows_of_columns('{"a": [1, 2], "b": ["u", null]}', "t.json", 0)
    '[{"a": 1, "b": "u"}, {"a": 2, "b": null}]'
    """
    found = _only_object(text, path, taken)
    if found is None or not all(isinstance(value, list | dict) for value in found.values()):
        return None
    columns = _columns(found, path)
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1 or any(map(_has_inner, columns.values())):
        raise TableFileError(
            f"{path} is one object, of {_some(found) or 'nothing'}, and neither a row nor columns "
            f"of one length: {_GIVE}"
        )
    rows = zip(*columns.values(), strict=True)
    try:
        return json.dumps([dict(zip(columns, row, strict=True)) for row in rows], allow_nan=False)
    except ValueError:  # a number such as 1e400
        return None


def key_twice(text: str) -> str | None:
    """Return a key that an object in a list of them, or in lines of them, has twice, or None."""
    twice: list[str] = []
    try:
        for part in [text] if text.startswith("[") else text.split("\n"):
            if part.strip():
                json.loads(part, object_pairs_hook=lambda pairs: twice.extend(_twice(pairs)))
    except (ValueError, RecursionError):  # what this reader does not know, the other one read
        pass
    return twice[0] if twice else None


def said_twice(key: str, path: object) -> TableFileError:
    """Return the error of an object that has a key twice."""
    return TableFileError(
        f"{path} has an object with the key {shown(key)} twice, and which value counts cannot be "
        "told: rename one"
    )


def what_is_no_row(text: str) -> str:
    """Return what is wrong with JSON that holds no objects, or ""."""
    if _ROWS.match(text):
        return ""
    return f"it begins with {shown(text[:20].partition(chr(10))[0])}: {_GIVE}"


def what_is_no_json(text: str) -> str:
    """Return advice on NaN and infinity, which Python writes into JSON, or ""."""
    blanked = _TEXT.sub(lambda found: " " * len(found[0]), text)
    if '"' in blanked:  # of a text that does not end: what else is text cannot be told
        return ""
    for found in _NO_JSON.finditer(blanked):
        value = found[0]
        is_number = value[-1].isdigit()
        if is_number and math.isfinite(float(value)):
            continue
        line = sum(1 for _ in _LINE_END.finditer(text, 0, found.start())) + 1
        if is_number:
            value = value if len(value) <= 20 else f"{value[:17]}..."
            return f"; line {line:,} has {value}, and no number is beyond 1.8e308"
        return f"; line {line:,} has {value}, which JSON has not: write null for a missing value"
    return ""


def _only_object(text: str, path: object, taken: int) -> dict[str, Any] | None:
    """Return what a text is if it is one object, on one line or on several."""
    twice: list[str] = []

    def as_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.extend(_twice(pairs))
        return dict(pairs)

    first = text.find("\n") if text.find("\n") >= 0 else len(text)
    for end in dict.fromkeys((first, len(text))):
        commas = text.count(",", 0, end)
        values = f"one object of up to {commas + 1:,} value{'s' * (commas > 0)}"
        check_room_of(values, path, commas * INNER, taken)
        try:
            found = json.loads(text[:end], parse_constant=_refuse, object_pairs_hook=as_dict)
        except (ValueError, RecursionError):
            continue
        if text[end:].strip() or not isinstance(found, dict):
            return None
        if twice:
            raise said_twice(twice[0], path)
        return found
    return None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _twice(pairs: list[tuple[str, Any]]) -> list[str]:
    """Return the first key that stands twice, if any."""
    if len({key for key, _ in pairs}) == len(pairs):
        return []
    return [key for key, times in Counter(key for key, _ in pairs).items() if times > 1][:1]


def _columns(found: dict[str, Any], path: object) -> dict[str, list[Any]]:
    """Return the columns that an object may hold, or what is none.

    Raises
    ------
    TableFileError
        If its rows cannot be told from its columns.
    """
    names, data = found.get("columns"), found.get("data")
    if (
        isinstance(names, list)
        and isinstance(data, list)
        and {*found} <= {"columns", "index", "data"}
        and all(type(name) in (str, int, float) for name in names)
        and len({*map(str, names)}) == len(names)
        and all(isinstance(row, list) and len(row) == len(names) for row in data)
    ):
        return {str(name): [row[at] for row in data] for at, name in enumerate(names)}
    keys: Any = next(iter(found.values()), None)
    if isinstance(keys, dict) and all(
        isinstance(value, dict) and [*value] == [*keys] for value in found.values()
    ):
        if any(_has_inner(value.values()) for value in found.values()):
            return {}
        outer_is_rows = _is_counted(found)
        if outer_is_rows == _is_counted(keys):
            raise TableFileError(
                f"{path} is one object of objects, and whether {_some(found)} or "
                f"{_some(keys) or 'nothing'} are its columns cannot be told: write a list of rows, "
                '[{"a": 1, "b": 2}, ...], or a row a line (pandas: orient="records")'
            )
        if outer_is_rows:
            return {name: [row[name] for row in found.values()] for name in keys}
        return {name: [*value.values()] for name, value in found.items()}
    if all(isinstance(value, list) for value in found.values()):
        return found
    return {}


def _is_counted(keys: Collection[str]) -> bool:
    """Whether keys are "0", "1", ... in order."""
    return all(key == str(place) for place, key in enumerate(keys))


def _has_inner(cells: Collection[Any]) -> bool:
    return any(isinstance(cell, list | dict) for cell in cells)


def _some(keys: Collection[str]) -> str:
    """Return the first keys, as messages show them."""
    return ", ".join(shown(key) for key in [*keys][:3]) + ", ..." * (len(keys) > 3)
