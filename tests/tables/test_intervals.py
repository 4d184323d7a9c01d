"""Quantiles and intervals of a regression: beside scikit-learn, by hand, and over many draws."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import mean_pinball_loss

import clearprop as cp
from clearprop.tables import intervals
from clearprop.tables.intervals import Calibration, calibrated, calibrating, rows_needed, smallest
from clearprop.tables.split import split_rows
from command_line import invoke
from example_tables import CARS, PENGUINS

OLD = Path(__file__).parent / "models_of_0_1_0" / "cars.safetensors"
LEVELS = (0.1, 0.5, 0.9)


def wavy(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n))
    return pd.DataFrame({"x": x, "z": z, "y": np.sin(2 * x) + (0.3 + abs(z)) * rng.normal(size=n)})


def fitted(table: pd.DataFrame, **settings) -> cp.Model:
    return cp.Model.fit(
        table, "y", **{"hidden": [16], "compare": False, "progress": False, "epochs": 60} | settings
    )


@pytest.fixture(scope="module")
def quantiles():
    return fitted(wavy(600, 0), quantiles=LEVELS)


@pytest.fixture(scope="module")
def plain():
    return fitted(wavy(600, 0))


def parts(model: cp.Model, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The validation and the test rows of a table of which a model was made with seed 0."""
    split = split_rows(len(table), None, 0.15, 0.2, 0)
    assert model.report.rows["validation"] == len(split.validation)
    return table.iloc[split.validation], table.iloc[split.test]


class TestQuantiles:
    def test_predict_gives_the_median_and_rows_ascend(self, quantiles):
        table = wavy(300, 1)
        found = quantiles.predict_quantiles(table)
        assert quantiles.quantiles == LEVELS
        assert found.dtype == np.float64
        assert found.shape == (300, 3)
        assert (np.diff(found, axis=1) >= 0).all()
        assert np.array_equal(quantiles.predict(table), found[:, 1])
        below = (table["y"].to_numpy()[:, None] <= found).mean(axis=0)
        np.testing.assert_allclose(below, LEVELS, atol=0.08)

    def test_sorted_quantiles_cost_no_more(self):
        """Rearrangement, row by row: the pinball loss summed over the quantiles never grows."""
        rng = np.random.default_rng(0)
        y, outputs = rng.normal(size=500), rng.normal(size=(500, 3))
        cost = [
            np.array([[mean_pinball_loss([t], [v], alpha=q) for q, v in zip(LEVELS, row, strict=True)]
                      for t, row in zip(y, o, strict=True)]).sum(axis=1)
            for o in (outputs, np.sort(outputs, axis=1))
        ]  # fmt: skip
        assert (cost[1] <= cost[0] + 1e-15).all()
        assert (cost[1] < cost[0]).any()

    def test_without_hidden_layers_it_is_scikit_learns_quantile_regression(self):
        """The optimum of a linear program, which descent comes near to."""
        rng = np.random.default_rng(3)
        X = rng.normal(size=(400, 2))
        table = pd.DataFrame(X, columns=["x", "z"])
        table["y"] = X @ [1.0, -2.0] + (1 + 0.5 * X[:, 0]) * rng.standard_exponential(400)
        model = fitted(
            table, hidden=[], quantiles=LEVELS, validation=0, test=0, epochs=1500, batch_size=None,
            optimizer=cp.Adam(cp.cosine(0.05)),
        )  # fmt: skip
        X, y = model.encode(table), model.encode_target(table)
        for q, ours in zip(LEVELS, model.network.predict(X).T, strict=True):
            theirs = QuantileRegressor(quantile=q, alpha=0).fit(X, y).predict(X)
            best = mean_pinball_loss(y, theirs, alpha=q)
            assert best * (1 - 1e-6) <= mean_pinball_loss(y, ours, alpha=q) <= 1.001 * best

    def test_whole_numbers_are_predicted_as_numbers(self):
        table = wavy(200, 0).assign(y=lambda t: t["y"].round())
        assert fitted(table, epochs=1).task == "classification"
        assert fitted(table, epochs=1, quantiles=[0.5]).task == "regression"

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ([0.05, 0.95], r"0.5 is to be among them, as predict gives the median"),
            ([0.5, 0.5], "each once, in ascending order"),
            ([0.9, 0.5], "each once, in ascending order"),
            ([0.5, 1], r"quantiles\[1\] is 1; it must be a number in \(0, 1\)"),
            ([], "0.5 is to be among them"),
            ("0.5", r"quantiles\[0\] is '0.5'"),
            (0.9, "0.5 is to be among them"),
        ],
    )
    def test_what_they_cannot_be(self, given, message):
        with pytest.raises(cp.ArgumentError, match=message):
            fitted(wavy(50, 0), quantiles=given)

    def test_classes_have_none(self, plain):
        with pytest.raises(cp.ArgumentError, match="quantiles are of numbers"):
            fitted(wavy(50, 0), quantiles=[0.5], task="classification")
        with pytest.raises(cp.TargetError, match="which is no number"):
            cp.Model.fit(PENGUINS, "species", quantiles=[0.5], compare=False)
        with pytest.raises(cp.ArgumentError, match="train it with quantiles="):
            plain.predict_quantiles(wavy(5, 0))

    def test_levels_that_are_near_have_names_of_their_own(self, tmp_path):
        table, levels = wavy(200, 0), (0.5, 0.5000001, 0.9)
        model = fitted(table, quantiles=levels, epochs=1)
        assert list(model.report.quantiles["below"]) == ["0.5", "0.5000001", "0.9"]
        model.save(tmp_path / "m")
        table.to_csv(tmp_path / "t.csv", index=False)
        head = invoke("predict", tmp_path / "m", tmp_path / "t.csv", "--quantiles").stdout
        names = [f"quantile_{q}" for q in levels]
        assert head.splitlines()[0] == ",".join(["prediction", *names])

    def test_a_row_can_be_explained(self, quantiles):
        table = wavy(5, 0)
        row, y = quantiles.encode(table)[3], quantiles.encode_target(table)[3]
        assert cp.explain(quantiles.network, row, y)["L"].value > 0


class TestIntervals:
    @pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
    def test_absolute_errors_by_hand(self, plain, level):
        watched, _ = parts(plain, wavy(600, 0))
        errors = sorted(abs(watched["y"] - plain.predict(watched)))
        rank = int(np.ceil(level * (len(errors) + 1))) + 1
        table = wavy(40, 1)
        ends, middle = plain.predict_interval(table, level), plain.predict(table)
        np.testing.assert_allclose(ends, np.stack([middle - errors[rank - 1],
                                                   middle + errors[rank - 1]], axis=1))  # fmt: skip

    @pytest.mark.parametrize(("level", "first", "last"), [(0.8, 0, 2), (0.95, 0, 2), (0.1, 1, 1)])
    def test_quantiles_are_moved_by_hand(self, quantiles, level, first, last):
        """E_i = max(lo - y, y - hi), as Romano, Patterson and Candes write it."""
        watched, _ = parts(quantiles, wavy(600, 0))
        found = quantiles.predict_quantiles(watched)
        lo, hi, y = found[:, first], found[:, last], watched["y"].to_numpy()
        scores = np.sort(np.maximum(lo - y, y - hi))
        offset = scores[int(np.ceil(level * (len(scores) + 1)))]  # the next one, from 0
        fresh = wavy(40, 1)
        at = quantiles.predict_quantiles(fresh)
        expected = np.stack([at[:, first] - offset, at[:, last] + offset], axis=1)
        np.testing.assert_allclose(quantiles.predict_interval(fresh, level), expected, rtol=1e-9)

    def test_ends_that_pass_each_other_meet(self):
        found = Calibration(np.tile([5.0, -5.0], (30, 1)))  # far within
        ends = found.moved(np.array([[-1.0, 2.0], [-9.0, 9.0]]), (0.1, 0.9), 0.5)
        assert ends.tolist() == [[0.5, 0.5], [-4.0, 4.0]]

    @pytest.mark.parametrize("m", [19, 20, 57, 500])
    def test_coverage_of_exchangeable_rows(self, m):
        """(ceil(0.9 (m + 1)) + 1) / (m + 1) on average, for any predictor; 20,000 draws."""
        rng = np.random.default_rng(m)
        scores = rng.standard_t(3, size=(20_000, m + 1))
        held = [row[-1] <= smallest(row[:-1], 0.9) for row in scores]
        exact = (np.ceil(round(0.9 * (m + 1), 6)) + 1) / (m + 1)
        assert exact >= 0.9
        assert abs(np.mean(held) - exact) < 4 * np.sqrt(exact * (1 - exact) / 20_000) + 1e-12

    @pytest.mark.parametrize("levels", [None, (0.05, 0.5, 0.95)])
    def test_coverage_of_models(self, levels):
        """Though the same rows chose the epoch; benchmarks/INTERVALS.md has more tables."""
        held = []
        for seed in range(30):
            model = fitted(wavy(500, 100 + seed), quantiles=levels, seed=seed, test=0)
            fresh = wavy(2000, 200 + seed)
            low, high = model.predict_interval(fresh, 0.9).T
            held.append(((low <= fresh["y"]) & (fresh["y"] <= high)).mean())
        error = np.std(held, ddof=1) / np.sqrt(len(held))
        assert error < 0.01
        assert -2 * error < np.mean(held) - 0.9 < 0.013 + 2 * error  # a row of 75

    def test_quantiles_are_wider_where_the_target_spreads(self, quantiles, plain):
        table = wavy(1000, 5)
        calm, wild = abs(table["z"]) < 0.3, abs(table["z"]) > 1.5
        width = np.diff(quantiles.predict_interval(table), axis=1)[:, 0]
        assert width[wild].mean() > 1.25 * width[calm].mean()
        assert np.ptp(np.diff(plain.predict_interval(table), axis=1)) < 1e-9

    def test_how_many_rows_a_level_takes(self):
        for level in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999):
            needed = rows_needed(level)
            smallest(np.arange(needed), level)
            with pytest.raises(cp.ArgumentError, match=f"take {needed:,} validation rows or more"):
                smallest(np.arange(needed - 1), level)
        assert [rows_needed(level) for level in (0.9, 0.95, 0.99)] == [19, 39, 199]
        assert smallest(np.arange(19.0), 0.9) == 18.0

    def test_too_few_rows(self):
        model = fitted(wavy(100, 0), epochs=2)
        m = model.report.rows["validation"]
        assert m == 15
        assert model.report.intervals == {}
        with pytest.raises(
            cp.ArgumentError,
            match="0.9 take 19 .* has 15 of them, which suffice for 0.875: ask for",
        ):
            model.predict_interval(wavy(3, 0))
        model.predict_interval(wavy(3, 0), 0.875)

    def test_no_rows_and_old_files_and_classes(self, model):
        made = fitted(wavy(100, 0), epochs=2, validation=0)
        with pytest.warns(cp.TableWarning):
            old = cp.Model.load(OLD)
        for one, table in ((made, wavy(3, 0)), (old, CARS)):
            with pytest.raises(cp.ArgumentError, match="no validation rows .* train it anew"):
                one.predict_interval(table)
        with pytest.raises(cp.ArgumentError, match="is a class, .* use predict_proba"):
            model.predict_interval(PENGUINS)

    @pytest.mark.parametrize("level", [0, 1, -0.1, 90, "0.9", None, np.nan])
    def test_levels_that_are_none(self, plain, level):
        with pytest.raises(cp.ArgumentError, match="level is"):
            plain.predict_interval(wavy(3, 0), level)

    def test_of_many_rows_some_are_kept(self, plain, monkeypatch):
        monkeypatch.setattr(intervals, "MOST_ROWS", 50)
        table = wavy(500, 3)
        X, y = plain.encode(table), plain.encode_target(table)
        rows = calibrating(np.arange(500))
        kept = calibrated(plain.network, X[rows], y[rows]).errors
        every = y[:, None] - plain.network.predict(X).astype(float)
        np.testing.assert_array_equal(kept, np.sort(every[::10], axis=0))


class TestReport:
    def test_what_the_test_rows_say(self, plain, quantiles):
        for model in (plain, quantiles):
            _, tested = parts(model, wavy(600, 0))
            low, high = model.predict_interval(tested, 0.9).T
            inside = int(((low <= tested["y"]) & (tested["y"] <= high)).sum())
            chance = binomtest(inside, len(tested)).proportion_ci(0.95, "exact")
            assert model.report.intervals == pytest.approx(
                {"level": 0.9, "rows": 90, "held": inside / 120, "low": chance.low,
                 "high": chance.high, "mean_width": (high - low).mean()}
            )  # fmt: skip
            text = " ".join(repr(model.report).split())
            assert f"90% intervals hold {inside / 120:.1%} of 120 test rows" in text
            assert "calibrated by 90 validation rows" in text
            assert "90% intervals hold" in model.report._repr_html_()

    def test_crossing_is_counted_before_sorting(self, quantiles):
        _, tested = parts(quantiles, wavy(600, 0))
        raw = quantiles.network.predict(quantiles.encode(tested)).astype(float)
        crossed = (np.diff(raw, axis=1) < 0).any(axis=1).mean()
        below = (tested["y"].to_numpy()[:, None] <= quantiles.predict_quantiles(tested)).mean(0)
        assert quantiles.report.quantiles["crossed"] == crossed
        assert list(quantiles.report.quantiles["below"].values()) == pytest.approx(below)
        assert f"In {crossed:.1%} quantiles crossed" in " ".join(repr(quantiles.report).split())

    def test_crossing_that_is_there_is_counted(self):
        network = cp.Network.from_weights([[[1.0], [-1.0]]], activations="identity",
                                          loss=cp.quantile((0.5, 0.9)))  # fmt: skip
        X = np.array([[-1.0], [2.0], [3.0], [0.0]])  # the last one's are equal
        assert intervals.quantiles_held(network, network.predict(X), np.zeros(4))["crossed"] == 0.5

    def test_of_classes_nothing_is_said(self, model):
        assert model.report.intervals == model.report.quantiles == {}

    def test_as_json(self, quantiles):
        assert json.loads(json.dumps(quantiles.report.to_dict())) == quantiles.report.to_dict()


class TestFile:
    def test_it_holds_what_intervals_take(self, plain, quantiles, tmp_path):
        table = wavy(20, 9)
        for model in (plain, quantiles):
            model.save(tmp_path / "m")
            back = cp.Model.load(tmp_path / "m")
            assert back.quantiles == model.quantiles
            assert back.report == model.report
            for level in (0.5, 0.9):
                assert np.array_equal(
                    back.predict_interval(table, level), model.predict_interval(table, level)
                )

    def test_numbers_that_are_none_are_not_written(self, plain, tmp_path):
        broken = cp.Model(plain.network, plain._encoding, plain._target, plain.report, None,
                          Calibration(np.array([[np.nan]])))  # fmt: skip
        with pytest.raises(cp.ModelFileError, match="an error on the validation rows"):
            broken.save(tmp_path / "m")

    @pytest.mark.parametrize("q", [(0.9, 0.5, 0.1), (0.1, 0.4, 0.9)])
    def test_quantiles_in_no_order_are_refused(self, quantiles, q, tmp_path):
        broken = cp.Model(quantiles.network.astype("float32", loss=cp.quantile(q)),
                          quantiles._encoding, quantiles._target, quantiles.report)  # fmt: skip
        with pytest.raises(cp.ModelFileError, match="the quantiles"):
            broken.save(tmp_path / "m")

    def test_a_report_without_them_is_as_it_was(self, plain, tmp_path):
        bare = cp.Model(plain.network, plain._encoding, plain._target,
                        replace(plain.report, intervals={}))  # fmt: skip
        bare.save(tmp_path / "m")
        assert cp.Model.load(tmp_path / "m").report == bare.report


def test_in_the_targets_own_unit():
    """Ends are mapped as predictions are: twice the unit, twice the width."""
    table = wavy(300, 0)
    one, other = (
        fitted(t, quantiles=LEVELS, epochs=5)
        for t in (table, table.assign(y=1000 + 4 * table["y"]))
    )
    found = other.predict_interval(table)
    np.testing.assert_allclose(found, 1000 + 4 * one.predict_interval(table), rtol=1e-4)
