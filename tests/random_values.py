"""Values of every kind that a column of a table may hold, ordinary ones and hostile ones, by seed."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import pathlib
import uuid

import numpy as np
import pandas as pd

WORDS = ["red", "green", "blue", "dark red"]
TEXTS = [
    "", " ", " red ", "None", "NA", "nan", "NaT", "inf", "-Infinity", "a\0b", "é", "e\u0301", "\u2028",
    "１２", "x" * 2000, "True", "false", "yes", "1,5", "1.234,5", "$5", "12 kg", "5%", "007", "1e400",
    "-0", "2024-02-30", "2024-12-31", "31.12.2024", "0001-01-01", "9:12", "a\nb", "=1+1", "{}", "\x1b[2J",
]  # fmt: skip
NUMERALS = ["1", "2.5", "-3e2", "4", "5.25", "1000"]
DATES = ["2024-01-31", "2023-12-24", "2022-06-15", "2021-02-28"]
FIRST, LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))


class Odd:
    """An object that lets nothing be asked of it."""

    def __repr__(self):
        raise RuntimeError("no")

    __eq__ = __hash__ = __bool__ = __str__ = __repr__


class Silent(Odd):
    """One that can be looked up, but not compared."""

    def __hash__(self):
        return 1


OBJECTS = [
    1, 2.5, "red", True, b"red", 1j, 10**400, 10**5000, -(2**70), decimal.Decimal("1.50"), decimal.Decimal("NaN"),
    decimal.Decimal("sNaN"), decimal.Decimal("-Infinity"), decimal.Decimal("1e999"),
    fractions.Fraction(1, 3), dt.date(2024, 1, 31), dt.date(1, 1, 1), FIRST, LAST, dt.datetime(2024, 1, 31, 5),
    FIRST.replace(tzinfo=EAST), LAST.replace(tzinfo=EAST), dt.datetime(2024, 1, 31, tzinfo=EAST),
    dt.time(9, 12), dt.time(9, 12, tzinfo=EAST), dt.timedelta(days=1), dt.timedelta.max, [1, 2], {"a": 1},
    {1, 2}, (1, 2), np.float32(1.5), np.int8(3), np.bool_(True), np.str_("red"), np.datetime64("2024-01-31"),
    np.datetime64("NaT", "s"), np.datetime64("2024-01-31T05", "ns"), np.datetime64(2**62, "Y"),
    np.timedelta64(5, "s"), np.timedelta64("NaT", "s"), np.timedelta64(3, "Y"),
    np.array([1, 2]), np.longdouble("1e4000"), np.complex64(1), np.void(b"ab"),
    pd.Timestamp("2024-01-31"), pd.Timestamp("2024-01-31", tz="UTC"), pd.Timedelta(days=1), pd.Period("2024-01"),
    pd.Interval(0, 1), pd.NaT, pd.NA, None, float("nan"), float("inf"), uuid.UUID(int=5),
    pathlib.PurePosixPath("a"), int, len, Odd(), Silent(), "\ud800", "a\0", frozenset(), range(3), ..., b"\xff",
]  # fmt: skip


def pick(rng, pool, n):
    """Return n values of a pool, as they are."""
    return [pool[i] for i in rng.integers(0, len(pool), n)]


def with_gaps(rng, values, gap=None, share=0.1):
    """Return values of which some are missing, in half of all cases."""
    if rng.random() < 0.5:
        return values
    return [gap if rng.random() < share else v for v in values]


def texts(rng, n):
    """Return texts: words, numerals, dates, many different ones, or hostile ones."""
    mode = rng.integers(0, 6)
    if mode == 4:
        return [f"{rng.integers(0, 1000)} {w}" for w in pick(rng, WORDS, n)]
    pool = [WORDS, NUMERALS, DATES, ["true", "False"], [], [*WORDS, *TEXTS]][mode]
    found = pick(rng, pool, n)
    return (
        [w if rng.random() > 0.03 else pick(rng, TEXTS, 1)[0] for w in found] if mode < 3 else found
    )


def floats(rng, n):
    """Return floats: ordinary ones, whole ones, or some at the ends of what there is."""
    mode = rng.integers(0, 5)
    if mode == 0:
        return rng.integers(-5, 5, n).astype(float)
    numbers = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
    if mode == 1:
        numbers[rng.random(n) < 0.1] = np.nan
    if mode == 2:
        ends = [5e-324, -0.0, 0.0, 1e-300, np.nan, *([1e149, -1e150, 1e308, np.inf, -np.inf] * (rng.random() < 0.5))]  # fmt: skip
        places = rng.random(n) < 0.1
        numbers[places] = pick(rng, ends, places.sum())
    return numbers


def ints(rng, n, low, high):
    """Return whole numbers within bounds: few different ones, many, a row number, or the ends."""
    mode = rng.integers(0, 4)
    small = [int(v) for v in rng.integers(max(low, -3), min(high, 5) + 1, n)]
    if mode == 0:
        return small
    if mode == 1:
        return [min(high, i) for i in range(n)]
    if mode == 2:
        return [low if rng.random() < 0.1 else high if rng.random() < 0.1 else v for v in small]
    return [int(v) for v in rng.integers(max(low, -1000), min(high, 1000) + 1, n)]


def moments(rng, n, first=FIRST, last=LAST):
    """Return datetimes, some of them at the ends."""
    start = dt.datetime(2020, 1, 1)
    found = [start + dt.timedelta(seconds=int(s)) for s in rng.integers(0, 10**8, n)]
    if rng.random() < 0.3:
        return [v if rng.random() > 0.1 else pick(rng, [first, last, dt.datetime(1970, 1, 1)], 1)[0] for v in found]  # fmt: skip
    return found


def objects(rng, n):
    """Return objects of one, two or many types."""
    mode = rng.integers(0, 3)
    pool = pick(rng, OBJECTS, (1, 2, 12)[mode])
    if rng.random() < 0.5:
        pool += WORDS
    return pick(rng, pool, n)
