"""Dates: text that is dates, and dates as numbers of meaning.

A date becomes years since 2000, and a point on the circle of the year, of the week and of the
day: December lies beside January, Sunday beside Monday. Only what varies in the data is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.words import SAMPLE, sampled

Array = NDArray[Any]

FORMATS = (
    "ISO 8601",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y, %H:%M",
    "%d.%m.%Y, %H:%M:%S",
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y, %H:%M:%S",
    "%m/%d/%Y, %I:%M:%S %p",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %I:%M %p",
    "%d/%m/%Y %I:%M:%S %p",
    "%d/%m/%Y, %H:%M:%S",
    "%d/%m/%Y, %I:%M:%S %p",
    "%m-%d-%Y",
    "%m-%d-%Y %H:%M",
    "%m-%d-%Y %H:%M:%S",
    "%d-%m-%Y",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%b %d %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %y",
    "%d.%m.%y",
    "%d.%m.%y %H:%M",
    "%m/%d/%y",
    "%m/%d/%y %H:%M",
    "%d/%m/%y",
    "%d/%m/%y %H:%M",
    "%Y-%m",
    "%b %Y",
    "%b-%Y",
    "%B %Y",
    "%m/%Y",
    "%H:%M",
    "%H:%M:%S",
    "%H:%M:%S.%f",
    "%I:%M %p",
    "%I:%M:%S %p",
    "%I:%M%p",
    "%Y-%m-%d",  # a zero before a month or a day need not be there, as ISO 8601 has it
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%y/%m/%d",
    "%y/%m/%d %H:%M",
    "%y.%m.%d",
    "%y.%m.%d %H:%M",
)
"""The formats that text is tried for, in this order: month before day where both would do."""

YEAR_FIRST = {
    "%d.%m.%y": "%y.%m.%d",
    "%d.%m.%y %H:%M": "%y.%m.%d %H:%M",
    "%m/%d/%y": "%y/%m/%d",
    "%m/%d/%y %H:%M": "%y/%m/%d %H:%M",
    "%d/%m/%y": "%y/%m/%d",
    "%d/%m/%y %H:%M": "%y/%m/%d %H:%M",
}
"""The other order of formats: 23/05/19 is 2019, or 2023. It is tried where nothing else fits."""

_WITHOUT_ZEROS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
_LIKELY_YEARS = range(1800, 2201)
"""Years of dates without zeros that nobody calls dates: 1001-1-12 may be the number of a part."""

_TWO_DIGITS = re.compile(r"[0-9]{2}([./])[0-9]{2}\1[0-9]{2}(?![0-9])")
"""How a date with the year first begins that nobody calls one: 14.4.2 may be a version."""

_CONSTANT = 3
"""So many days, the 15th and the 28th say, may be those on which something is due."""

_MANY = 25
"""So many years of a few days each are more likely the days of a month, of a few years."""

TIME = "%H:%M:%S.%f"
"""The format of times of day that need not have fractions of a second, or seconds."""

LIKELY = 0.25
"""The share of some cells that a format reads if it may read all but the few that need not be."""

YEARS = "years since 2000"
"""The part of a date that has no end."""

_LONGEST = 100
"""Characters of a date at the most: a long text would be copied for each format's refusal."""

_DAY = 86_400_000_000
"""Microseconds of a day."""
_YEAR = 365.2425 * _DAY
_EPOCH = np.datetime64("2000-01-03", "us")
"""A Monday: the week's circle begins here."""


def _years(dates: Array) -> Array:
    return (dates - np.datetime64("2000-01-01", "us")).astype(np.float64) / _YEAR


def _turn_of_year(dates: Array) -> Array:
    start = dates.astype("datetime64[Y]")
    length = (
        (start + np.timedelta64(1, "Y")).astype("datetime64[us]") - start.astype("datetime64[us]")
    ).astype(float)
    return (dates - start.astype("datetime64[us]")).astype(np.float64) / length


def _turn_of_week(dates: Array) -> Array:
    return (dates - _EPOCH).astype(np.float64) / (7 * _DAY) % 1


def _turn_of_day(dates: Array) -> Array:
    return (dates - _EPOCH).astype(np.float64) / _DAY % 1


_TURNS = {"year": _turn_of_year, "week": _turn_of_week, "day": _turn_of_day}
_WAVES = {"sine": np.sin, "cosine": np.cos}

PARTS = (YEARS, *(f"{wave} of the {circle}" for circle in _TURNS for wave in _WAVES))
"""The numbers a date can become."""


def parts(names: Sequence[str], dates: Array) -> Array:
    """Return some of the `PARTS` of dates, NaN for NaT: float64, shape (n_parts, n)."""
    numbers = np.full((len(names), *dates.shape), np.nan)
    present = ~np.isnat(dates)
    dates = dates[present]
    angles: dict[str, Array] = {}  # a sine and a cosine share theirs
    for row, name in zip(numbers, names, strict=True):
        if name == YEARS:
            row[present] = _years(dates)
            continue
        wave, circle = name.split(" of the ")
        if circle not in angles:
            angles[circle] = 2 * np.pi * _TURNS[circle](dates)
        row[present] = _WAVES[wave](angles[circle])
    return numbers


def parts_that_vary(dates: Array) -> tuple[str, ...]:
    """Return the names of the parts that tell these dates apart.

    The year's circle wants several months, the week's several days of a month (dates that
    are all the first of one say nothing about weekdays), the day's several times of day.
    """
    dates = dates[~np.isnat(dates)]
    months = dates.astype("datetime64[M]")
    varies = {
        "since": np.unique(dates.astype("datetime64[D]")).size > 1,
        "year": np.unique(months.astype(int) % 12).size > 1,
        "week": np.unique((dates - months).astype("timedelta64[D]")).size > 1,
        "day": np.unique(dates - dates.astype("datetime64[D]")).size > 1,
    }
    varies["since"] |= not any(varies.values())  # a column has one number at least
    return tuple(
        name for name in PARTS if any(key in name.split() for key, yes in varies.items() if yes)
    )


def example(form: str) -> str:
    """Return what a date in one of the `FORMATS` looks like."""
    moment = datetime(2024, 12, 31, 23, 59, 58)
    return "2024-12-31" if form == "ISO 8601" else moment.strftime(form)


def find_format(
    words: Sequence[str], counts: Sequence[int], allowed: int
) -> tuple[str | None, int]:
    """Return the format that reads the most texts, the first of equals, and how many it does not.

    One with a year of two digits in front is returned only where no other reads enough.

    Parameters
    ----------
    words : sequence of str
        Different texts.
    counts : sequence of int
        How often each stands there.
    allowed : int
        Texts that need not be dates. None is the format where more are none.
    """
    best, fewest = None, allowed + 1
    forms: tuple[str, ...] = FORMATS if words else ()
    if len(words) > SAMPLE:  # what reads few of some reads few of all
        some = sampled(words, counts)
        forms = tuple(form for form in FORMATS if _is_likely(some, form))
    for form in forms:
        if best is not None and is_year_first(form):
            break
        wrong = 0
        for word, count in zip(words, counts, strict=True):
            date = _parse(word, form)
            if date is None:
                wrong += count
            elif not _may_be_guessed(word, date, form):
                wrong = fewest
            if wrong >= fewest:
                break
        if wrong < fewest:
            best, fewest = form, wrong
    return best, fewest


def most_read(words: Sequence[str], is_day_first: bool, enough: float) -> str:
    """Return the format that reads the most texts which are called dates, the first of equals.

    Parameters
    ----------
    words : sequence of str
    is_day_first : bool
        Whether the day is before the month.
    enough : float
        A year of two digits is in front where a format reads so this share of the texts, and no
        other does, or where no other reads any.
    """

    def read_by(form: str) -> int:
        found = [(word, _parse(word, form)) for word in words]
        read = [(word, date) for word, date in found if date is not None]
        if is_year_first(form) and not all(_may_be_guessed(*one, form) for one in read):
            return 0
        return len(read)

    usual = [
        form
        for form in FORMATS
        if not is_year_first(form) and not (is_day_first and form != day_first(form))
    ]
    best = max(usual, key=read_by)
    found = read_by(best)
    if is_day_first or found >= enough * len(words):
        return best
    first = max(filter(is_year_first, FORMATS), key=read_by)
    return first if read_by(first) >= (enough * len(words) if found else 1) else best


def is_year_first(form: str) -> bool:
    """Whether a format has a year of two digits in front."""
    return form.startswith("%y")


def _may_be_guessed(word: str, date: datetime, form: str) -> bool:
    """Whether what a format reads is a date, though nobody says so."""
    if is_year_first(form):
        return _TWO_DIGITS.match(word) is not None
    return form not in _WITHOUT_ZEROS or date.year in _LIKELY_YEARS


def with_year_first(words: Iterable[str], form: str) -> tuple[str, datetime, datetime] | None:
    """Return a text that is another date with the year first, and either, if all are likelier so.

    So are all texts that the format reads, of fewer years and more days, of which one is the 29th
    or later; and by the format they are on more days than something is due on: on more than
    `_CONSTANT`, or of `_MANY` years and several months, and not all the first or the last of one.
    """
    if form not in YEAR_FIRST:
        return None
    both: list[tuple[str, datetime, datetime]] = []
    for word in words:
        date = _parse(word, form)
        if date is not None:
            first = _parse(word, YEAR_FIRST[form])
            if first is None:
                return None
            both.append((word, date, first))
    lasts, firsts = [one[1] for one in both], [one[2] for one in both]
    days, months, years = (
        {getattr(date, part) for date in lasts} for part in ("day", "month", "year")
    )
    is_likelier = (
        len({date.day for date in firsts}) > len(days)
        and len({date.year for date in firsts}) < len(years)
        and (len(days) > _CONSTANT or (len(years) >= _MANY and len(months) > 1))
        and any(date.day >= 29 for date in firsts)
        and not all(1 in (date.day, (date + timedelta(days=1)).day) for date in lasts)
    )
    return next((one for one in both if one[1] != one[2]), None) if is_likelier else None


def _is_likely(words: Sequence[str], form: str) -> bool:
    """Whether a format reads enough of some texts; nearly all formats read none of a few."""
    few = words[:: SAMPLE // 50]
    return (
        any(_parse(word, form) is not None for word in few)
        and sum(_parse(word, form) is not None for word in words) >= LIKELY * SAMPLE
    )


def day_first(form: str) -> str:
    """Return a format with the day before the month, if both are numbers."""
    return form.replace("%m/%d", "%d/%m").replace("%m-%d", "%d-%m") if form[1] == "m" else form


def is_ambiguous(words: Iterable[str], form: str) -> bool:
    """Whether all texts that are dates read with day and month exchanged, too."""
    other = day_first(form)
    return other != form and all(
        _parse(word, other) is not None for word in words if _parse(word, form) is not None
    )


def parse(words: Iterable[str | None], form: str) -> Array:
    """Return the dates (datetime64[us]) of texts, NaT where one is none."""
    return np.array(
        [None if word is None else _parse(word, form) for word in words], dtype="datetime64[us]"
    )


def _parse(text: str, form: str) -> datetime | None:
    if len(text) > _LONGEST:
        return None
    if form == TIME:
        form = ("%H:%M", "%H:%M:%S", TIME)[min(text.count(":") + text.count("."), 3) - 1]
    try:
        if form == "ISO 8601":
            if text.isdigit():  # 20240131 may be any number
                return None
            date = datetime.fromisoformat(text.removesuffix(" UTC"))
        else:
            date = datetime.strptime(text, form)
        return date if date.tzinfo is None else date.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):  # OverflowError: a zone before the year 1, after 9999
        return None
