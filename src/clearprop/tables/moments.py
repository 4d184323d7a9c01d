"""Moments: dates and durations of every library and unit, as NumPy has them here.

Dates are datetime64[us] without a time zone (UTC where there was one), durations are seconds.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import NonFiniteDataError

Array = NDArray[Any]

NO_DAY = datetime.date(1900, 1, 1)
"""The day of a time of day, as `datetime.strptime` has it."""

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6}
"""The units of durations that become seconds as they are."""


FARTHEST = 2**63 - 2**50
"""Microseconds from 1970, some 292,000 years: 35 years short of what datetime64[us] holds, so that
distances from the years about 2000 are held, too."""


def moments_of(name: str, series: Any) -> Array:
    """Return dates without a time zone as datetime64[us].

    Raises
    ------
    NonFiniteDataError
        If one is too far away.
    """
    import narwhals as nw

    try:
        values = np.asarray(series.to_numpy())
        if values.dtype.kind != "M":  # Python's dates, of pandas's columns that Arrow keeps
            values = np.asarray(series.cast(nw.Datetime("us")).to_numpy())
    except OverflowError:  # which end with the year 9999
        raise far_away(name) from None
    return _microseconds(name, values)


def moment_of(name: str, value: Any) -> Any:
    """Return a date or a time of a day without a time zone."""
    if isinstance(value, np.datetime64):
        return _microseconds(name, np.array([value]))[0]
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        try:
            return value.astimezone(datetime.UTC).replace(tzinfo=None)
        except OverflowError:  # beyond the years 1 to 9999
            return np.datetime64("NaT", "us")
    return value


def _microseconds(name: str, values: Array) -> Array:
    """Return datetime64 of any unit as that of microseconds; fractions of them are cut off."""
    try:
        moments = values.astype("datetime64[us]")
    except OverflowError:  # from NumPy 2.5 on; before, what comes back is another date
        raise far_away(name) from None
    is_kept = (moments.astype(values.dtype) == values) | np.isnat(values)
    is_near = np.abs(moments.astype(np.int64)) < FARTHEST  # NaT as well, being the least of all
    if np.datetime_data(values.dtype)[0] not in ("ns", "ps", "fs", "as"):
        is_near &= is_kept
    if is_near.all():
        return moments
    raise far_away(name)


def far_away(name: str) -> NonFiniteDataError:
    """Return the error for a date that, or whose distance from 2000, datetime64[us] cannot hold."""
    return NonFiniteDataError(
        f"column {name!r} holds dates too far away to be read: leave the cells empty if they stand "
        "for no date"
    )


def seconds_of(durations: Array) -> Array:
    """Return timedelta64 of any unit in seconds, NaN where missing."""
    unit = np.datetime_data(durations.dtype)[0]
    if unit not in PER_SECOND:
        durations, unit = durations.astype("timedelta64[us]"), "us"
    seconds = durations.astype(np.float64) / PER_SECOND[unit]  # in others large ones would overflow
    seconds[np.isnat(durations)] = np.nan
    return seconds


def seconds_of_day(moments: Array) -> Array | None:
    """Return times of day in seconds, NaN where missing; None if some are dates."""
    midnight = np.datetime64(NO_DAY, "us")
    of_day = (moments >= midnight) & (moments < midnight + np.timedelta64(1, "D"))
    if not (of_day | np.isnat(moments)).all():  # before a difference that may not be held
        return None
    return seconds_of(moments - midnight)


def seconds_in(value: Any) -> float:
    """Return a duration in seconds."""
    if value is None:
        return np.nan
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return float(seconds_of(np.array([value]))[0])
