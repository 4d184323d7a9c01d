"""The whole table, as it is read: its columns, what each is, and what the settings say of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from clearprop.checks.settings import listed
from clearprop.errors import ArgumentError, TargetError, nearest, shown
from clearprop.tables.columns import Column, read_columns
from clearprop.tables.conventions import Read, decide, wish
from clearprop.tables.numerals import MISSING, POINT
from clearprop.tables.other_marks import usual_mark
from clearprop.tables.settings import TableSettings
from clearprop.tables.sources import check_unread, is_source
from clearprop.tables.table_files import Cells, read_table
from clearprop.tables.target import find_target
from clearprop.tables.text import shortened

Columns = dict[str, Column]


@dataclass(frozen=True)
class WholeTable:
    """A table's columns and how they are read.

    Attributes
    ----------
    target : str
        The name of its column.
    raw : dict of str to Column
        The columns as the table has them.
    whole : dict of str to Read
        As they are read.
    words : collection of str
        What stands for a missing value, beside empty cells.
    named : dict of str to collection of str
        The columns to "drop", to "keep", and those that are "categorical".
    roles : dict of str to str
        The columns of "split_group", "split_time" and "weight", if they are asked for.
    said : tuple of str
        What to know of how the files were read.
    index : list of str
        The names of a data frame's index.
    """

    target: str
    raw: Columns
    whole: dict[str, Read]
    words: Collection[str]
    named: dict[str, Collection[str]]
    roles: dict[str, str]
    said: tuple[str, ...]
    index: list[str]

    @property
    def of_index(self) -> list[str]:
        """What is to be said of the index, if it has a name."""
        if not self.index:
            return []
        return [f"the index {shortened(self.index)} is no column: table.reset_index() makes it one"]


def read_whole(table: object, target: str, settings: TableSettings) -> WholeTable:
    """Return a table as it is read; see `Model.fit` for the settings and the errors.

    Parameters
    ----------
    table : pandas, polars or pyarrow table, path, list of paths, or Cells
        The last is a table of files that somebody has read.
    target : str
    settings : TableSettings
    """
    typed, decimal = True, POINT
    said: tuple[str, ...] = ()
    if is_source(table):
        table = read_table(table, encoding=settings.encoding, sheet=settings.sheet)
    else:
        check_unread(settings.encoding, settings.sheet)
    if isinstance(table, Cells):
        cells = table
        decimal = usual_mark(cells.separator)
        table, typed, said = cells.frame, cells.typed, cells.notes
    target = _name("target", target)
    raw = read_columns(table)
    find_target(raw, target)
    words = _missing_words(settings.missing_words, typed)
    wishes = {name: wish(name, one) for name, one in _named(settings.columns, raw).items()}
    whole = decide(raw, typed=typed, decimal=decimal, missing=words, wishes=wishes,
                   few=settings.unreadable)  # fmt: skip
    unread = whole[target].unreadable
    if unread is not None and not settings.drop_missing_target:
        raise TargetError(
            f"target {unread}; mend them, leave them out with drop_missing_target "
            f"(--drop-missing-target), or say columns={{{target!r}: 'category'}}"
        )
    named, roles = _roles(settings, raw, target)
    index = [name for name in getattr(getattr(table, "index", None), "names", ()) if name]
    return WholeTable(target, raw, whole, words, named, roles, said, index)


def _roles(
    settings: TableSettings, raw: Columns, target: str
) -> tuple[dict[str, Collection[str]], dict[str, str]]:
    """Return what is to be dropped and used, and the columns that are more than inputs."""
    asked = {name: getattr(settings, name) for name in ("drop", "keep", "categorical")}
    named = {name: _check_names(name, value, raw, target) for name, value in asked.items()}
    twice = set(named["drop"]) & {*named["keep"], *named["categorical"]}
    if twice:
        raise ArgumentError(f"column {min(twice)!r} is to be dropped, and to be used: choose one")
    roles = {}
    for role in ("split_group", "split_time", "weight"):
        value = getattr(settings, role)
        if value is not None:
            roles[role] = next(iter(_check_names(role, [value], raw, target)))
    used = {*named["keep"], *named["categorical"]}
    if roles.get("weight") in used:
        raise ArgumentError(
            f"column {roles['weight']!r} is the rows' weight, and to be used: choose one"
        )
    no_inputs = {roles[role] for role in ("split_group", "weight") if role in roles}
    named["drop"] = [*named["drop"], *(no_inputs - used)]
    return named, roles


def _missing_words(words: Collection[str] | None, typed: bool) -> Collection[str]:
    """Return the words for a missing value: those asked for, or none in a table with types."""
    if words is None:
        return () if typed else MISSING
    words = [words] if isinstance(words, str) else listed(words)
    for word in words:
        if not isinstance(word, str):
            raise ArgumentError(f"missing_words holds {shown(word)}; a word is a text")
    return [word.strip() for word in words]


def _named(columns: Mapping[str, str] | None, raw: Columns) -> dict[str, str]:
    """Return what is said of columns that are there."""
    columns = {} if columns is None else columns
    if not isinstance(columns, Mapping):
        raise ArgumentError(
            f"columns is {shown(columns)}; give a mapping, such as {{'km': 'number, comma'}}"
        )
    named = {_name("columns", name): text for name, text in columns.items()}
    for name in named:
        if name not in raw:
            near = nearest(name, raw)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise ArgumentError(f"columns names {shown(name)}, which the table does not have{hint}")
    return named


def _name(argument: str, name: object) -> str:
    """Return a column's name as text: a table may call its columns by numbers."""
    try:
        return str(name).strip()
    except Exception:  # an object may do anything
        raise ArgumentError(f"{argument} is {shown(name)}; give names of columns") from None


def _check_names(
    argument: str, names: Collection[str] | None, columns: Columns, target: str
) -> Collection[str]:
    names = [] if names is None else [_name(argument, name) for name in listed(names)]
    for name in names:
        if name == target:
            raise ArgumentError(f"{argument} names the target, {target!r}")
        if name not in columns:
            near = nearest(name, columns)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise ArgumentError(
                f"{argument} names {shown(name)}, which the table does not have{hint}"
            )
    return names
