"""Conventions: what the cells of each column of text mean, decided once, in training.

A column is numbers or dates where all but a few of its cells are; which mark stands before
decimals, the column says itself, or the table's other columns, or the mark between its fields.
What could be read otherwise is said, with how to ask for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from clearprop.errors import ArgumentError, shown
from clearprop.tables import dates
from clearprop.tables.cells import Reading, Unreadable, read, without, without_numbers
from clearprop.tables.columns import Column, as_words
from clearprop.tables.identifiers import LOOKED_AT, as_numbers
from clearprop.tables.look import Look, look_at
from clearprop.tables.moments import seconds_of_day
from clearprop.tables.numerals import (
    COMMA,
    MARKS,
    MISSING,
    POINT,
    TIMES,
    has_leading_zero,
    is_money,
    numeral,
)
from clearprop.tables.text import cut
from clearprop.tables.units import fits, size_beside_times, size_of_number

FEW = 0.05
"""The share of a column's cells that may be unreadable."""

KINDS = ("number", "category", "boolean", "date", "text")
"""What can be said of a column."""

DAY_FIRST = "day first"

TRUTHS = ("true", "false")
"""Words, in any case, that make a column true and false; in predictions `BOOLEANS` do."""


@dataclass(frozen=True)
class Read:
    """A column of training as it is read.

    Attributes
    ----------
    column : Column
    kind : {"number", "category", "boolean", "date", "text", "other"}
        "text" where nobody has said that it is categories.
    reading : Reading
    notes : tuple of str
    unreadable : Unreadable or None
        Cells that are no numbers or dates, and missing values now.
    is_wished : bool
        Whether a user has said what it is.
    """

    column: Column
    kind: str
    reading: Reading = field(default_factory=Reading)
    notes: tuple[str, ...] = ()
    unreadable: Unreadable | None = None
    is_wished: bool = False


@dataclass(frozen=True)
class Wish:
    """What a user says of a column: "number, comma", "date, %d/%m/%Y", "category"."""

    kind: str
    decimal: str | None = None
    date_format: str | None = None


def wish(name: str, text: object) -> Wish:
    """Return what is asked for a column.

    Raises
    ------
    ArgumentError
        If it is not known.
    """
    words = [word.strip() for word in text.split(",", 1)] if isinstance(text, str) else [""]
    kind, detail = words[0], words[1] if len(words) > 1 else ""
    marks = {"": None, "point": POINT, "comma": COMMA}
    if kind == "number" and detail in marks:
        return Wish(kind, marks[detail])
    forms = ("", DAY_FIRST, *dates.FORMATS)
    if kind == "date" and detail in forms:
        return Wish(kind, date_format=detail or None)
    if kind in KINDS and not detail:
        return Wish(kind)
    raise ArgumentError(
        f"columns[{name!r}] is {shown(text)}; known are 'number', 'number, point', "
        f"'number, comma', 'date', 'date, {DAY_FIRST}', 'date, FORMAT' (such as "
        f"{dates.FORMATS[4]!r}), 'category', 'boolean' and 'text'"
    )


def decide(
    columns: Mapping[str, Column],
    *,
    typed: bool,
    decimal: str,
    missing: Collection[str],
    wishes: Mapping[str, Wish],
    few: float = FEW,
) -> dict[str, Read]:
    """Decide how each column is read.

    Parameters
    ----------
    columns : mapping of str to Column
        As the table has them.
    typed : bool
        Whether the table has types of its own: plain digits that are text then stay text.
    decimal : {".", ","}
        The mark before decimals where no column says.
    missing : collection of str
        Words for a missing value; in numbers and dates those of `numerals.MISSING` are, too.
    wishes : mapping of str to Wish
        What is asked for, by column.
    few : float
        The share of a column's cells that may be unreadable.
    """
    seen = {
        name: look_at(column, {*missing, *MISSING}, few)
        for name, column in columns.items()
        if column.kind == "text"
    }
    votes = Counter(found.mark for found in seen.values() if found.mark and not found.all_behind)
    usual = max(MARKS, key=lambda mark: (votes[mark], mark == decimal))
    found = {
        name: _decide(column, seen.get(name), usual, bool(votes), typed, missing,
                      wishes.get(name), few)
        for name, column in columns.items()
    }  # fmt: skip
    return {name: replace(one, is_wished=name in wishes) for name, one in found.items()}


def _decide(
    column: Column,
    look: Look | None,
    usual: str,
    is_known: bool,
    typed: bool,
    missing: Collection[str],
    wished: Wish | None,
    few: float,
) -> Read:
    """Decide how one column is read."""
    if look is None:
        return _typed(column, missing, wished)
    allowed = int(few * look.n)
    is_natural = is_known and usual == POINT
    if wished is not None:
        return _as_wished(column, look, usual, is_natural, missing, wished)
    kind, wrong = "text", allowed + 1
    decimal = look.decimal(usual)
    unit = _unit(look, decimal, few)
    is_text = look.has_codes or look.all_behind
    if look.n and not is_text and not (typed and look.is_digits):
        unread = look.n - _readable(look, decimal, unit)
        if unread < min(wrong, look.n):
            kind, wrong = "number", unread
    form: str | None = None
    words: list[str] = []
    if kind == "text":  # no number is a date, or true
        column = as_words(column)
        words, counts = _present(column, missing)
        pairs = zip(words, counts, strict=True)
        neither = sum(count for word, count in pairs if word.lower() not in TRUTHS)
        if neither < min(wrong, look.n):
            kind, missing = "boolean", {*missing, *MISSING}
        elif look.n:
            found, unread = dates.find_format(words, counts, min(allowed, look.n - 1))
            if found is not None and unread < wrong:
                kind, form = "date", found
    if kind == "text":
        notes = () if typed and look.is_digits else tuple(_nearly(column, look, decimal, unit))
        return Read(without(column, missing), "text", notes=notes)
    reading = Reading(decimal, unit) if kind == "number" else Reading(date_format=form)
    is_doubtful = kind == "number" and look.is_open and not is_natural
    return _finish(column, kind, reading, missing, look, words, is_doubtful)


def _present(column: Column, missing: Collection[str]) -> tuple[list[str], list[int]]:
    """Return the words that stand in a column and are no missing values, and how often."""
    counts = column.counts().tolist()
    found = [
        (word, count)
        for word, count in zip(column.words, counts, strict=True)
        if count and word not in missing and word not in MISSING
    ]
    return [word for word, _ in found], [count for _, count in found]


def _readable(look: Look, decimal: str, unit: str) -> int:
    """Return how many cells are numbers with this mark and unit."""
    marked = look.point if decimal == POINT else look.comma
    others = sum(count for name, count in look.units.items() if name not in ("", unit))
    return look.bare + look.both + marked - others - _lacking(look, decimal, unit)


def _lacking(look: Look, decimal: str, unit: str) -> int:
    """Return how many cells are numbers without a unit that is one itself, and not left out."""
    if unit and size_of_number(unit) is not None:
        return look.alone[decimal]
    return look.times_alone[decimal] if unit and size_beside_times(unit) is not None else 0


def _unit(look: Look, decimal: str, few: float) -> str:
    """Return the unit of a column: what few of its numbers have is none, but for money's.

    Nor is one that is a number itself, and that more than few numbers do not have.
    """
    unit, count = _most_frequent(look)
    if _lacking(look, decimal, unit) > few * look.n:
        return ""
    return unit if is_money(unit) or count > FEW * look.n else ""


def _most_frequent(look: Look) -> tuple[str, int]:
    """Return the unit that most numbers with one have, and how many."""
    named = Counter({name: count for name, count in look.units.items() if name})
    return named.most_common(1)[0] if named else ("", 0)


def _as_wished(
    column: Column, look: Look, usual: str, is_natural: bool, missing: Collection[str], wished: Wish
) -> Read:
    if wished.kind in ("category", "text"):
        return Read(without(as_words(column), missing), wished.kind)
    words: list[str] = []
    is_doubtful = False
    if wished.kind == "boolean":
        reading, missing = Reading(), {*missing, *MISSING}
    elif wished.kind == "number":
        decimal = wished.decimal or look.decimal(usual)
        is_doubtful = wished.decimal is None and look.is_open and not is_natural
        reading = Reading(decimal, _unit(look, decimal, 0.5))
    else:
        form, column = wished.date_format, as_words(column)
        words, _ = _present(column, missing)
        if form is None or form == DAY_FIRST:
            form = dates.most_read(words[:1000], form == DAY_FIRST, 1 - FEW)
        reading = Reading(date_format=form)
    return _finish(column, wished.kind, reading, missing, look, words, is_doubtful, wished)


def _finish(
    column: Column, kind: str, reading: Reading, missing: Collection[str], look: Look,
    words: Sequence[str], is_doubtful: bool = False, wished: Wish | None = None,
) -> Read:  # fmt: skip
    """Read a column, and say what to know."""
    name = column.name
    notes = []
    values, unreadable = read(column, kind, reading, missing)
    if unreadable is not None:
        notes.append(f"{unreadable}; columns={{{name!r}: 'category'}} reads all as categories")
    if is_doubtful:
        by_point, by_comma = (numeral(look.example, mark) for mark in MARKS)
        assert by_point is not None
        assert by_comma is not None
        chosen, other = by_point.value, by_comma.value
        mark, instead = "point", "comma"
        if reading.decimal == COMMA:
            chosen, other, mark, instead = other, chosen, instead, mark
        notes.append(
            f"{name!r} is read with a decimal {mark}, {look.example!r} as {chosen:.10g}; it could "
            f"be {other:.10g}: columns={{{name!r}: 'number, {instead}'}} reads it so"
        )
    if kind == "number" and reading.unit:
        without_it = look.alone[reading.decimal] - _lacking(look, reading.decimal, reading.unit)
        rest = f"; {without_it:,} of its {look.n:,} values have none" if without_it else ""
        notes.append(f"{name!r} is read as numbers in {reading.unit!r}, which is left out{rest}")
    is_lacking = kind == "number" and _lacking(look, reading.decimal, reading.unit or "") > 0
    times = look.times_of_units if is_lacking else look.times
    if kind == "number" and times:
        what = ", ".join(f"{word} for {TIMES[word]:,.0f}" for word in times)
        notes.append(f"{name!r} is read as numbers, with {what}")
    if kind == "number" and (count := look.behind[reading.decimal]):
        notes.append(
            f"{name!r}: {count:,} of {look.n:,} values with a minus behind are read as negative"
        )
    if reading.date_format is not None and dates.is_ambiguous(words, reading.date_format):
        notes.append(
            f"the dates of {name!r} are read as month/day/year; they could be day/month/year too: "
            f"columns={{{name!r}: 'date, {DAY_FIRST}'}} reads them so"
        )
    if reading.date_format is not None and (wished is None or wished.date_format is None):
        notes.extend(_of_years(name, words, reading.date_format, is_guess=wished is None))
    return Read(values, kind, reading, tuple(notes), unreadable)


def _of_years(name: str, words: Sequence[str], form: str, is_guess: bool) -> list[str]:
    """Return a note if years of two digits may stand in front, or are found there."""
    if dates.is_year_first(form):
        moments = zip(words, dates.parse(words, form), strict=True)
        word, moment = next((word, moment) for word, moment in moments if not np.isnat(moment))
        instead = f"; columns={{{name!r}: 'category'}} reads all as categories" if is_guess else ""
        return [
            f"the dates of {name!r} are read with the year first, {cut(word)!r} as "
            f"{moment.astype('datetime64[D]')}{instead}"
        ]
    doubt = dates.with_year_first(words, form)
    if doubt is None:
        return []
    word, last, first = doubt
    return [
        f"the dates of {name!r} are read with the year last, {cut(word)!r} as {last:%Y-%m-%d}; "
        f"with the year first, as {first:%Y-%m-%d}, they are of fewer years and more days: "
        f"columns={{{name!r}: 'date, {dates.YEAR_FIRST[form]}'}} reads them so"
    ]


def _nearly(column: Column, look: Look, decimal: str, unit: str) -> list[str]:
    """Return a note if most cells of a column of text are numbers, or all but few, and no codes."""
    if look.all_behind:
        return [
            f"{column.name!r} is read as text, as nearly all its values have a minus behind; "
            f"columns={{{column.name!r}: 'number'}} reads them as negative numbers"
        ]
    if not look.has_codes and (clash := _clash(column, look, decimal, unit)):
        return [clash]
    unit = _unit(look, decimal, 0.5)  # as it is read where a user asks for numbers
    odd = look.codes or look.n - _readable(look, decimal, unit)
    if not 0 < odd < look.n / 2 or look.codes > FEW * look.n:
        return []

    def is_odd(word: str) -> bool:
        if look.codes:
            return has_leading_zero(word)
        found = numeral(word, decimal)
        return word not in MISSING and (found is None or not fits(found, unit))

    # Of the numbers alone: words that differ may be more, in fewer rows.
    words = (word for word in _present(column, ())[0] if not is_odd(word))
    how = as_numbers([*islice(words, LOOKED_AT)], column.name)
    if not how and not look.codes:
        return []

    wrong = np.array([is_odd(word) for word in column.words] + [False])
    row = int(np.flatnonzero(wrong[column.values])[0])
    are, rest = "are no numbers", ", and these as missing"
    if look.codes:
        are, rest = "begin with a zero", ""
    return [
        f"{column.name!r} is read as text, as {odd:,} of its {look.n:,} values {are}, "
        f"such as {cut(column.words[column.values[row]])!r} in row {row} (from 0); "
        f"columns={{{column.name!r}: {how or 'number'!r}}} reads it as numbers{rest}"
    ]


def _clash(column: Column, look: Look, decimal: str, taken: str) -> str:
    """Return a note if a unit that is a number makes text of what are numbers else, or ""."""
    unit, count = _most_frequent(look)
    lacking = _lacking(look, decimal, unit)
    others = look.n - _readable(look, decimal, unit) - lacking
    if taken == unit or not lacking or not others <= FEW * look.n < count:
        return ""
    with_it, without_it, instead = "", "", ""
    always = size_of_number(unit)
    size = size_beside_times(unit) if always is None else always
    for place in dict.fromkeys(column.values[column.values >= 0].tolist()):
        word = column.words[place]
        found = None if word in MISSING else numeral(word, decimal)
        if found is not None and found.unit == unit and not with_it:
            with_it = word
            instead = f", such as {found.value * size:.15g}" if size else ""
            instead += f" if {unit!r} is {size:,.0f}" if size and always is None else ""
        elif found is not None and not found.unit and not fits(found, unit):
            without_it = without_it or word
        if with_it and without_it:
            return (
                f"{column.name!r} is read as text, as it has {cut(with_it)!r} beside "
                f"{cut(without_it)!r}: write numbers without units{instead}"
            )
    return ""


def _typed(column: Column, missing: Collection[str], wished: Wish | None) -> Read:
    """Return a column that has a type of its own."""
    if wished is None or wished.kind == column.kind or column.kind == "other":
        of_day = column.kind == "date" and seconds_of_day(column.values) is not None
        reading = Reading(date_format=dates.TIME if of_day else None)
        return Read(without_numbers(column, missing), column.kind, reading)
    if wished.kind in ("category", "text"):
        return Read(without(as_words(column), missing), wished.kind)
    reading = Reading(wished.decimal or POINT)
    values, unreadable = read(column, wished.kind, reading, missing)
    notes = () if unreadable is None else (str(unreadable),)
    return Read(values, wished.kind, reading, notes, unreadable)
