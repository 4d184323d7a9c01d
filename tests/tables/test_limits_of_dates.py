"""Dates and durations at their limits, held to Python's datetime."""

from __future__ import annotations

import datetime
import tracemalloc

import numpy as np
import pytest

import clearprop as cp
from clearprop.tables import dates, moments

DAY = np.timedelta64(1, "D")


class TestDates:
    def test_the_parts_are_those_of_pythons_datetime(self):
        rng = np.random.default_rng(2)
        seconds = rng.integers(-3_000_000_000, 3_000_000_000, 200)
        moments_there = [
            datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=int(s)) for s in seconds
        ]
        found = dates.parts(dates.PARTS, np.array([*moments_there, None], "M8[us]"))
        assert np.isnan(found[:, -1]).all()
        for moment, numbers in zip(moments_there, found.T, strict=False):
            day = datetime.timedelta(days=1)
            start, end = (
                datetime.datetime(moment.year, 1, 1),
                datetime.datetime(moment.year + 1, 1, 1),
            )
            time = moment - datetime.datetime.combine(moment.date(), datetime.time())
            turns = [
                (moment - start) / (end - start),
                (moment.weekday() + time / day) / 7,
                time / day,
            ]
            years = (moment - datetime.datetime(2000, 1, 1)) / day / 365.2425
            circles = [f(2 * np.pi * turn) for turn in turns for f in (np.sin, np.cos)]
            assert numbers == pytest.approx([years, *circles], abs=1e-9)

    @pytest.mark.parametrize(("circle", "days"), [("week", 7), ("day", 1)])
    def test_circles_close_to_the_last_bit(self, circle, days):
        """However many turns lie between: midnight is as midnight, one Monday as another."""
        begin = np.datetime64("2000-01-03", "us") + np.arange(-90_000, 90_000, 1571) * days * DAY
        names = [f"sine of the {circle}", f"cosine of the {circle}"]
        np.testing.assert_array_equal(dates.parts(names, begin).T, [[0.0, 1.0]] * len(begin))

    @pytest.mark.parametrize(
        ("texts", "parts"),
        [
            (["2024-01-05", "2024-01-05"], "years"),
            (["2024-01-01", "2024-07-01"], "years year"),
            (["2023-07-01", "2024-07-01"], "years"),
            (["2024-07-01", "2024-07-09"], "years week"),
            (["2024-07-01", "2024-08-09"], "years year week"),
            (["2024-07-01T10", "2024-07-01T11"], "day"),
            (["2024-07-01T10", "2024-07-02T10"], "years week"),
            (["2024-01-01T10", "2024-12-01T10", "NaT"], "years year"),
            (["2012-12-01", "2024-11-01"], "years year"),
        ],
    )
    def test_only_what_varies_is_kept(self, texts, parts):
        found = dates.parts_that_vary(np.array(texts, "M8[us]"))
        expected = ["years since 2000"] * ("years" in parts.split())
        for circle in ("year", "week", "day"):
            if circle in parts.split():
                expected += [f"sine of the {circle}", f"cosine of the {circle}"]
        assert list(found) == expected

    def test_what_each_format_looks_like(self):
        assert dates.example("ISO 8601") == "2024-12-31"
        assert dates.example("%d.%m.%Y, %H:%M:%S") == "31.12.2024, 23:59:58"
        assert dates.example("%d-%b-%y") == "31-Dec-24"

    def test_the_format_that_reads_the_most(self):
        words = ["31.12.2023", "01.02.2024", "never", "soon"]
        for allowed, found in ((1, (None, 2)), (2, ("%d.%m.%Y", 2)), (3, ("%d.%m.%Y", 2))):
            assert dates.find_format(words, [5, 5, 1, 1], allowed) == found
        assert dates.find_format(words, [5, 5, 2, 1], 2) == (None, 3)
        assert dates.find_format(["01/02/2024"], [9], 0) == ("%m/%d/%Y", 0)
        assert dates.find_format([], [], 0) == (None, 1)

    def test_the_format_of_many_texts(self):
        day = datetime.date(2000, 1, 1)
        words = [f"{day + datetime.timedelta(i):%d.%m.%Y}" for i in range(1500)]
        assert dates.find_format(words, [1] * 1500, 0) == ("%d.%m.%Y", 0)
        wrong = np.random.default_rng(3).permutation(1500)[:900]
        mixed = [f"w{i}" if i in set(wrong) else word for i, word in enumerate(words)]
        assert dates.find_format(mixed, [1] * 1500, 900) == ("%d.%m.%Y", 900)
        few = [word if i % 10 == 0 else f"w{i}" for i, word in enumerate(words)]
        assert dates.find_format(few, [1] * 1500, 1400) == (None, 1401)  # not a quarter of them

    def test_day_and_month(self):
        assert dates.day_first("%m/%d/%Y %H:%M") == "%d/%m/%Y %H:%M"
        assert dates.day_first("%m-%d-%Y") == "%d-%m-%Y"
        assert dates.day_first("%d/%m/%Y") == "%d/%m/%Y"
        assert dates.is_ambiguous(["01/02/2024", "x"], "%m/%d/%Y")
        assert not dates.is_ambiguous(["01/02/2024", "01/13/2024"], "%m/%d/%Y")
        assert not dates.is_ambiguous(["01.02.2024"], "%d.%m.%Y")

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("9:05", 32700),
            ("9:05:07", 32707),
            ("9:05:07.25", 32707.25),
            ("9", None),
            ("25:00", None),
        ],
    )
    def test_times_of_day(self, text, seconds):
        found = dates.parse([text, None], dates.TIME)
        assert np.isnat(found[1])
        of_day = moments.seconds_of_day(found)
        assert of_day[0] == seconds if seconds is not None else np.isnan(of_day[0])

    def test_zones_and_digits(self):
        found = dates.parse(
            ["2024-01-31T12:00+02:00", "2024-01-31 12:00 UTC", "20240131"], "ISO 8601"
        )
        assert found[0] == np.datetime64("2024-01-31T10:00")
        assert found[1] == np.datetime64("2024-01-31T12:00")
        assert np.isnat(found[2])

    @pytest.mark.parametrize("form", ["ISO 8601", "%d.%m.%Y"])
    def test_a_long_text_is_no_date_and_is_not_copied(self, form):
        text = "x" * 10_000_000
        tracemalloc.start()
        try:
            found = dates.parse([text], form)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert np.isnat(found[0])
        assert most < len(text) / 10


class TestMoments:
    @pytest.mark.parametrize(
        ("unit", "count", "seconds"),
        [("s", 90, 90), ("ms", 90, 0.09), ("us", 90, 9e-5), ("ns", 90_000, 9e-5), ("m", 3, 180),
         ("D", 2, 172_800)],
    )  # fmt: skip
    def test_durations_of_every_unit(self, unit, count, seconds):
        found = moments.seconds_of(np.array([count, "NaT"], f"m8[{unit}]"))
        assert found[0] == pytest.approx(seconds, rel=1e-15)
        assert np.isnan(found[1])
        assert moments.seconds_in(np.timedelta64(count, unit)) == pytest.approx(seconds, rel=1e-15)

    def test_durations_of_python(self):
        assert (
            moments.seconds_in(datetime.timedelta(days=1, seconds=2, microseconds=3))
            == 86402.000003
        )
        assert np.isnan(moments.seconds_in(None))

    def test_a_day_begins_at_0_and_ends_before_24_hours(self):
        def of_day(*texts):
            return moments.seconds_of_day(np.array(texts, "M8[us]"))

        assert of_day("1900-01-01", "1900-01-01T23:59:59.5", "NaT")[:2].tolist() == [0.0, 86399.5]
        assert of_day("1900-01-01", "1900-01-02") is None
        assert of_day("1899-12-31T23:59:59") is None

    def test_dates_of_every_unit(self):
        for unit in ("D", "s", "ms", "us", "ns"):
            found = moments.moment_of("d", np.datetime64("2024-02-03", unit))
            assert found == np.datetime64("2024-02-03", "us")
            assert found.dtype == "M8[us]"
        assert np.isnat(moments.moment_of("d", np.datetime64("NaT", "D")))
        with pytest.raises(cp.NonFiniteDataError, match="'d' holds dates too far away"):
            moments.moment_of("d", np.datetime64(10**9, "Y"))
        zone = datetime.timezone(datetime.timedelta(hours=2))
        there = datetime.datetime(2024, 2, 3, 4, tzinfo=zone)
        assert moments.moment_of("d", there) == datetime.datetime(2024, 2, 3, 2)
        assert np.isnat(moments.moment_of("d", datetime.datetime(1, 1, 1, tzinfo=zone)))
        assert moments.moment_of("d", None) is None
