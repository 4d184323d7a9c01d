"""Dates: text that is dates, and dates as numbers of meaning.

A date becomes years since 2000, and a point on the circle of the year, of the week and of the
day: December lies beside January, Sunday beside Monday. Only what varies in the data is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
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
    "%y.%m.%d",
)
"""The formats that text is tried for, in this order: month before day where both would do."""

YEAR_FIRST = {
    "%d/%m/%y": "%y/%m/%d",
    "%m/%d/%y": "%y/%m/%d",
    "%d.%m.%y": "%y.%m.%d",
}
"""What may stand in another order: 23/05/19 is 2019, or 2023."""

YEAR_LAST = {"%y/%m/%d": "%d/%m/%y", "%y.%m.%d": "%d.%m.%y"}
"""The other order, with the day first."""

TIME = "%H:%M:%S.%f"
"""The format of times of day that need not have fractions of a second, or seconds."""

LIKELY = 0.25
"""The share of some cells that a format reads if it may read all but the few that need not be."""

YEARS = "years since 2000"
"""The part of a date that has no end."""

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
        wrong = 0
        for word, count in zip(words, counts, strict=True):
            if _parse(word, form) is None:
                wrong += count
                if wrong >= fewest:
                    break
        if wrong < fewest:
            best, fewest = form, wrong
    if best in YEAR_FIRST and _is_year_first(words, best):
        best = YEAR_FIRST[best]
    return best, fewest


def _is_year_first(words: Sequence[str], form: str) -> bool:
    """Whether what a format reads has few years and many days only with the year first."""
    last = [date for word in words if (date := _parse(word, form)) is not None]
    first = [_parse(word, YEAR_FIRST[form]) for word in words if _parse(word, form) is not None]
    if None in first:
        return False

    def different(found: Iterable[datetime | None], part: str) -> int:
        return len({getattr(date, part) for date in found})

    return different(first, "day") > different(last, "day") and (
        different(first, "year") < different(last, "year")
    )


def read_by_both(words: Iterable[str], form: str, other: str) -> str:
    """Return what the first text that two formats read is by either, or "" where there is none."""
    for word in words:
        day, instead = _parse(word, form), _parse(word, other)
        if day is not None and instead is not None:
            return f"{word!r} as {day:%Y-%m-%d}, not {instead:%Y-%m-%d}"
    return ""


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
