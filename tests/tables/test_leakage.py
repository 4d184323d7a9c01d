"""Columns that alone predict the target are told, and no others are."""

from __future__ import annotations

import os
import time

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

import clearprop as cp
from clearprop.tables.columns import Column, read_columns
from clearprop.tables.leakage import told
from clearprop.tables.target import detect_target
from real_tables import TABLES

N_TABLES = int(os.environ.get("CLEARPROP_TEST_TABLES", "200"))

FIT = {"epochs": 1, "hidden": [3], "compare": False}


def notes(table, target):
    columns = read_columns(table.dropna(subset=[target]))
    goal = columns.pop(target)
    columns = {name: one for name, one in columns.items() if one.kind != "other"}
    aim, _ = detect_target(goal, None)
    y = aim.labels(goal) if aim.classes else aim.numbers(goal)
    return told(columns, target, y, len(aim.classes))


def loans(n=2000, seed=0):
    """Loans: who pays back hangs on income; what was recovered, on who did not pay."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10, 1, n)
    lost = rng.random(n) < 1 / (1 + income / 5000)
    return rng, pd.DataFrame({"income": income, "age": rng.integers(18, 80, n), "lost": lost})


class TestWhatIsTold:
    def test_what_follows_from_a_class(self):
        rng, table = loans()
        fee = np.where(table["lost"], rng.uniform(5, 500, len(table)), 0.0)
        letter = np.where(table["lost"], "2024-03-01", None)
        status = np.where(table["lost"], "written off", rng.choice(["paid", "paid early"], 2000))
        table = table.assign(fee=fee, letter=letter, status=status)
        found = notes(table, "lost")
        assert [note.split()[0] for note in found] == ["'fee'", "'letter'", "'status'"]
        assert found[2] == (
            "'status' alone predicts 'lost' (100.00% of rows left out are right, "
            f"{(~table['lost']).mean():.2%} else): is it known when you predict? drop=['status'] "
            "(--drop status) leaves it out"
        )

    @pytest.mark.parametrize(
        "follows",
        [
            lambda y, rng: 2.54 * y,
            lambda y, rng: y**3,
            lambda y, rng: -np.log(y),
            lambda y, rng: y.round(1),
            lambda y, rng: y + rng.normal(0, 0.02, len(y)),
            lambda y, rng: np.where(rng.random(len(y)) < 0.003, np.nan, y),
        ],
    )
    def test_what_follows_from_a_number(self, follows):
        rng = np.random.default_rng(0)
        x = rng.normal(size=1000)
        y = 3 + np.tanh(x + rng.normal(0, 0.5, 1000))
        (note,) = notes(pd.DataFrame({"x": x, "z": follows(y, rng), "y": y}), "y")
        assert note.startswith("'z' alone predicts 'y' (R2 0.99") or "(R2 1.0000" in note

    def test_in_a_report_and_the_advice_works(self):
        _, table = loans()
        table["status"] = np.where(table["lost"], "written off", "paid")
        note = cp.Model.fit(table, "lost", **FIT).report.notes[-1]
        assert "drop=['status'] (--drop status) leaves it out" in note
        assert not cp.Model.fit(table, "lost", drop=["status"], **FIT).report.notes

    def test_codes_that_name_the_class(self):
        """Numbers without an order: neighbors say nothing, the same numbers all."""
        rng = np.random.default_rng(0)
        code = rng.integers(0, 30, 2000)
        table = pd.DataFrame(
            {"code": code * 7, "x": rng.normal(size=2000), "y": code * 17 % 31 % 2}
        )
        assert [note.split()[0] for note in notes(table, "y")] == ["'code'"]

    def test_many_are_counted(self):
        rng = np.random.default_rng(0)
        y = rng.normal(size=300)
        table = pd.DataFrame({f"c{i}": y * (i + 1) for i in range(8)} | {"y": y})
        found = notes(table, "y")
        assert len(found) == 6
        assert found[-1] == "3 more columns alone predict it"

    def test_the_only_column_is_no_surprise(self):
        y = np.random.default_rng(0).normal(size=300)
        assert not notes(pd.DataFrame({"x": 2 * y, "y": y}), "y")


class TestWhatIsNot:
    @pytest.mark.parametrize("name", TABLES)
    def test_real_tables(self, name):
        assert not notes(TABLES[name].load(), TABLES[name].target)

    @pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes"])
    def test_bundled_tables(self, name):
        """The petals of iris tell 96% of the rows rightly by their length alone."""
        assert not notes(getattr(datasets, f"load_{name}")(as_frame=True).frame, "target")

    @pytest.mark.parametrize("make", [
        lambda: datasets.make_classification(2000, 20, n_classes=3, n_informative=6, class_sep=2, random_state=0),
        lambda: datasets.make_moons(1000, noise=0.05, random_state=0),
        lambda: datasets.make_circles(1000, noise=0.02, factor=0.5, random_state=0),
        lambda: datasets.make_friedman1(1000, random_state=0),
        lambda: datasets.make_friedman2(1000, random_state=0),
        lambda: datasets.make_regression(1000, 5, n_informative=3, noise=1, random_state=0),
    ])  # fmt: skip
    def test_made_tables(self, make):
        X, y = make()
        table = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])]).assign(goal=y)
        assert not notes(table, "goal")

    def test_random_tables(self):
        """Chance predicts nothing, of a thousand columns, in tables of few rows and of more."""
        rng = np.random.default_rng(0)
        for n in rng.integers(40, 140, N_TABLES):
            kinds = [
                rng.normal(size=n),
                rng.integers(0, 5, n).astype(float),
                rng.integers(0, n, n).astype(float),
                rng.standard_cauchy(n),
                np.where(rng.random(n) < 0.3, np.nan, rng.random(n)),
            ]
            columns = {str(i): Column(str(i), "number", one) for i, one in enumerate(kinds)}
            for y, classes in (
                (rng.integers(0, 2, n), 2),
                ((rng.random(n) < 0.2).astype(int), 2),
                (rng.integers(0, 6, n), 6),
                (rng.normal(size=n), 0),
                (rng.standard_cauchy(n), 0),
            ):
                assert not told(columns, "y", y, classes)

    def test_rows_that_stand_there_twice(self):
        """What a row's copy says of it is no rule of the column."""
        rng, table = loans(400)
        table["x"] = rng.normal(size=400)
        assert not notes(pd.concat([table] * 10), "lost")
        assert not notes(pd.concat([table] * 10).assign(y=np.tile(rng.normal(size=400), 10)), "y")

    def test_one_wild_value_of_the_target(self):
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=500), rng.normal(size=500)
        x[3] = y[3] = 1e6
        x[4] = y[4] = 2e6
        x[5] = y[5] = 3e6
        assert not notes(pd.DataFrame({"x": x, "z": rng.normal(size=500), "y": y}), "y")

    def test_days_of_a_series(self):
        """From one day to the next hardly anything changes; the day is known all the same."""
        y = np.random.default_rng(0).normal(size=1000).cumsum() / 30
        table = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=1000), "y": y})
        assert not notes(table.assign(z=np.arange(1000) % 7), "y")

    def test_few_of_a_class_say_nothing(self):
        table = pd.DataFrame(
            {"x": np.arange(60.0) ** 2, "z": [0.5, 1] * 30, "y": [0] * 50 + [1] * 10}
        )
        assert not notes(table, "y")


def test_a_million_rows_are_looked_at_in_no_time():
    rng = np.random.default_rng(0)
    n = 1_000_000
    columns = {str(i): Column(str(i), "number", rng.random(n)) for i in range(10)}
    started = time.process_time()
    assert not told(columns, "y", rng.integers(0, 2, n), 2)
    assert time.process_time() - started < 3
