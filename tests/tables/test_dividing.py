"""Rows put aside by group and by time: properties over random tables, and what is refused."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clearprop as cp
from clearprop.errors import ColumnError
from clearprop.tables.preparation import prepare
from clearprop.tables.settings import TableSettings
from clearprop.tables.split import split_by_group, split_by_time

SHARES = st.sampled_from([(0.15, 0.2), (0.0, 0.3), (0.25, 0.0), (0.4, 0.4)])


def _groups(sizes, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(seed).permutation(groups)


def _parts(split):
    return split.training, split.validation, split.test


class TestGroups:
    @given(
        sizes=st.lists(st.integers(1, 40), min_size=3, max_size=60),
        shares=SHARES,
        seed=st.integers(0, 1000),
    )
    def test_every_group_is_in_one_part_and_shares_are_met_within_a_group(
        self, sizes, shares, seed
    ):
        groups = _groups(sizes, seed)
        split = split_by_group(groups, None, *shares, seed)
        parts = [set(groups[rows]) for rows in _parts(split)]
        assert sum(map(len, parts)) == len(sizes)
        assert set.union(*parts) == set(range(len(sizes)))
        assert np.array_equal(np.sort(np.concatenate(_parts(split))), np.arange(len(groups)))
        assert len(split.training)
        for share, rows in zip(shares, _parts(split)[1:], strict=True):
            assert (len(rows) > 0) == (share > 0)
            if share and len(sizes) > 6:
                assert abs(len(rows) - share * len(groups)) <= 1.5 * max(sizes) + 1

    @given(
        n_groups=st.integers(10, 80),
        n_classes=st.integers(2, 4),
        shares=SHARES,
        seed=st.integers(0, 1000),
    )
    def test_classes_keep_rows_to_learn_from_and_about_their_shares(
        self, n_groups, n_classes, shares, seed
    ):
        draw = np.random.default_rng(seed)
        groups = _groups(draw.integers(1, 20, n_groups), seed)
        labels = draw.integers(n_classes, size=len(groups))
        labels[:n_classes] = np.arange(n_classes)
        split = split_by_group(groups, labels, *shares, seed)
        assert set(labels[split.training]) == set(labels)
        if n_groups >= 40:
            largest = np.bincount(groups).max()
            for share, rows in zip(shares, _parts(split)[1:], strict=True):
                got = np.bincount(labels[rows], minlength=n_classes)
                wanted = share * np.bincount(labels)
                assert np.abs(got - wanted).max() <= 2 * largest

    def test_a_group_of_one_class_each_is_divided_by_class(self):
        groups = np.repeat(np.arange(200), 5)
        labels = groups // 100
        split = split_by_group(groups, labels, 0.15, 0.2, 0)
        assert np.bincount(labels[split.test]).tolist() == [100, 100]
        assert np.bincount(labels[split.validation]).tolist() == [75, 75]

    def test_every_group_has_all_of_a_class(self):
        groups = np.repeat(np.arange(4), 5)
        with pytest.raises(ColumnError, match="every group has all rows of a class"):
            split_by_group(groups, groups, 0.15, 0.2, 0)

    def test_the_seed_decides(self):
        groups = np.repeat(np.arange(100), 3)
        one, same, other = (split_by_group(groups, None, 0.15, 0.2, s).test for s in (1, 1, 2))
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)

    def test_a_large_group_is_learned_from(self):
        groups = np.array([0] * 90 + [1] * 3 + [2] * 3 + [3] * 4)
        for seed in range(10):
            assert 0 in groups[split_by_group(groups, None, 0.15, 0.2, seed).training]

    def test_a_million_rows(self):
        draw = np.random.default_rng(0)
        groups = draw.integers(300_000, size=1_000_000)
        split = split_by_group(groups, draw.integers(2, size=len(groups)), 0.15, 0.2, 0)
        assert len(split.test) == pytest.approx(200_000, rel=1e-3)

    def test_too_few_groups(self):
        with pytest.raises(ColumnError, match="holds 2 groups, but .* take 3: validation=0"):
            split_by_group(np.array([0, 1] * 10), None, 0.15, 0.2, 0)
        assert len(split_by_group(np.array([0, 1] * 10), None, 0.0, 0.2, 0).test) == 10


class TestTime:
    @given(
        times=st.lists(st.integers(0, 30), min_size=20, max_size=300),
        shares=SHARES,
    )
    def test_parts_follow_each_other_and_share_no_time(self, times, shares):
        times = np.array(times, dtype=float)
        different, counts = np.unique(times, return_counts=True)
        if len(different) < 3:
            return
        split = split_by_time(times, *shares)
        assert np.array_equal(np.sort(np.concatenate(_parts(split))), np.arange(len(times)))
        there = [times[rows] for rows in _parts(split) if len(rows)]
        assert len(there) == 1 + sum(share > 0 for share in shares)
        for before, after in pairwise(there):
            assert before.max() < after.min()
        if shares[1] and len(different) > 10:
            assert abs(len(split.test) - shares[1] * len(times)) <= counts.max()

    def test_exact_shares_without_ties(self):
        times = np.random.default_rng(0).permutation(100)
        split = split_by_time(times, 0.15, 0.2)
        assert sorted(times[split.test]) == list(range(80, 100))
        assert sorted(times[split.validation]) == list(range(65, 80))

    def test_too_few_times(self):
        with pytest.raises(ColumnError, match="holds 1 time, but"):
            split_by_time(np.zeros(9), 0.15, 0.2)


def _table(n=120):
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "patient": [f"p{i}" for i in draw.integers(30, size=n)],
            "when": pd.date_range("2020-01-01", periods=n).strftime("%d.%m.%Y"),
            "x": draw.normal(size=n),
            "y": draw.normal(size=n),
        }
    )


QUICK = {"compare": False, "hidden": 3, "epochs": 2, "progress": False}


class TestModel:
    def test_a_group_column_is_no_input_unless_kept(self):
        model = cp.Model.fit(_table(), "y", split_group="patient", **QUICK)
        assert "patient" not in model.columns
        assert "split_group" in model.report.dropped["patient"]
        note = next(note for note in model.report.notes if "by group 'patient'" in note)
        assert "of 30 groups" in note
        kept = cp.Model.fit(_table(), "y", split_group="patient", keep=["patient"], **QUICK)
        assert "patient" in kept.columns
        assert kept.report.rows == model.report.rows

    @pytest.mark.parametrize("as_text", [True, False])
    def test_time_is_read_as_cells_are(self, as_text, tmp_path):
        table = _table()
        source = table
        if as_text:
            source = tmp_path / "t.csv"
            table.sample(frac=1, random_state=1).to_csv(source, index=False)
        else:
            source = table.assign(when=pd.to_datetime(table["when"], format="%d.%m.%Y"))
        model = cp.Model.fit(source, "y", split_time="when", **QUICK)
        assert model.report.rows["test"] == 24
        assert "when" in model.columns
        said = "by time 'when': from 2020-03-19"
        assert any(said in note for note in model.report.notes), model.report.notes

    def test_the_last_rows_are_tested(self):
        table = _table().sample(frac=1, random_state=3).reset_index(drop=True)
        ready = prepare(table, "y", TableSettings(split_time="when"))
        when = pd.to_datetime(table["when"], format="%d.%m.%Y")
        assert set(ready.split.test) == set(when.nlargest(24).index)

    @pytest.mark.parametrize("role", ["split_group", "split_time"])
    def test_missing_values_are_named(self, role):
        column = {"split_group": "patient", "split_time": "when"}[role]
        table = _table()
        table.loc[[3, 5], column] = None
        with pytest.raises(ColumnError, match=f"{role} '{column}' is missing in 2 of 120 rows"):
            cp.Model.fit(table, "y", **{role: column}, **QUICK)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"split_group": "patint"}, "split_group names 'patint', .*did you mean 'patient'"),
            ({"split_group": "y"}, "split_group names the target"),
            ({"split_time": "patient"}, "split_time 'patient' holds text, not dates or numbers"),
            ({"split_time": "when", "split_group": "patient"}, "choose one"),
            (
                {"split_group": "patient", "test": 0, "validation": 0},
                "split_group puts no rows aside: give validation or test a share",
            ),
        ],
    )
    def test_refused(self, settings, message):
        with pytest.raises(cp.ClearpropError, match=message):
            cp.Model.fit(_table(), "y", **settings, **QUICK)

    def test_a_class_that_is_only_in_the_last_rows(self):
        table = _table()
        table["y"] = ["a", "b"] * 50 + ["c", "a"] * 10
        with pytest.raises(cp.TargetError, match="all rows of class 'c' are among the last"):
            cp.Model.fit(table, "y", split_time="when", **QUICK)

    def test_a_group_and_classes(self):
        table = _table().assign(y=["a", "b", "c"] * 40)
        model = cp.Model.fit(table, "y", split_group="patient", hidden=3, epochs=2)
        assert model.report.scores


def test_what_intervals_promise_is_said_where_rows_are_not_drawn_from_all():
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {"x": draw.normal(size=120), "g": draw.integers(0, 20, 120), "y": draw.normal(size=120)}
    )
    quick = {"hidden": 3, "epochs": 1, "compare": False, "progress": False}

    def said(target="y", **settings):
        notes = cp.Model.fit(table, target, **settings, **quick).report.notes
        return [note for note in notes if note.startswith("intervals promise")]

    for settings, words in (
        ({"split_group": "g"}, "of groups of their own; those of other groups may be held"),
        ({"split_time": "x"}, "the last before those to test on; later ones may be held"),
        ({"validation": table}, "a table of their own; others may be held"),
    ):
        (note,) = said(**settings)
        assert words in note
    assert not said()
    assert not said(split_time="x", validation=0)
    assert not said(target="g", task="classification", split_time="x")
