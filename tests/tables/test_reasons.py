"""Why a row is predicted so: from which row on, of what it is a sum, and how it is told."""

from __future__ import annotations

import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import clearprop as cp
from clearprop.tables.attribution import Attributions, Part, signed
from example_tables import CARS, PENGUINS
from figures import inside

ROW = PENGUINS[200:201]


def sizes(found):
    return {name: part.attribution for name, part in found.parts.items()}


class TestRows:
    @pytest.mark.parametrize(
        "give",
        [
            lambda table, path: table[200:201],
            lambda table, path: table.iloc[200],
            lambda table, path: table.iloc[200].to_dict(),
            lambda table, path: pl.from_pandas(table)[200],
            lambda table, path: pl.from_pandas(table).row(200, named=True),
            lambda table, path: pa.Table.from_pandas(table)[200:201],
            lambda table, path: {str(k): str(v) for k, v in table.iloc[200].items()},
            lambda table, path: path,
        ],
    )
    def test_however_it_is_given(self, give, model, tmp_path):
        path = tmp_path / "row.csv"
        ROW.to_csv(path, index=False)
        found, expected = model.explain(give(PENGUINS, path)), model.explain(ROW)
        assert sizes(found) == pytest.approx(sizes(expected))
        assert found.to_dict()["columns"] == expected.to_dict()["columns"]

    def test_several_are_refused(self, model):
        with pytest.raises(
            cp.ShapeError, match=r"row is a table of 5 rows; give one.*table\[3:4\]"
        ):
            model.explain(PENGUINS.head())
        with pytest.raises(cp.ShapeError, match="baseline is a table of 344 rows"):
            model.explain(ROW, baseline=PENGUINS)

    def test_columns_that_lack_are_named(self, model):
        with pytest.raises(cp.ColumnError, match="lacks the columns .*'island'"):
            model.explain({"sex": "male"})
        with pytest.raises(cp.ColumnError, match="lacks the column"):
            model.explain(PENGUINS["sex"])  # a column is no row

    def test_values_of_other_types(self, model):
        row = PENGUINS.iloc[200].to_dict()
        with pytest.raises(cp.TypeOfDataError, match="'year' holds list"):
            model.explain(row | {"year": [2007]})
        with pytest.raises(cp.ColumnError, match="two columns of the row are called 'sex'"):
            model.explain(row | {" sex": "male"})
        twice = pd.concat([PENGUINS.iloc[200], PENGUINS.iloc[201]])
        with pytest.raises(cp.ColumnError, match="two columns of the row are called"):
            model.explain(twice)
        with pytest.raises(cp.NonFiniteDataError, match="beyond float64"):
            model.explain(row | {"year": 10**5000})
        same = model.explain(row | {"year": np.float32(2008)})
        assert sizes(same) == sizes(model.explain(row | {"year": 2008}))

    def test_an_unreadable_cell_is_missing_and_said(self, model):
        row = PENGUINS.iloc[200].to_dict() | {"year": "two thousand"}
        with pytest.warns(cp.TableWarning, match="'two thousand'") as caught:
            assert model.explain(row).parts["year"].value is None
        assert caught[0].filename == __file__
        with pytest.warns(cp.TableWarning, match="'two thousand'") as caught:
            model.explain(ROW, baseline=pd.DataFrame([row]))
        assert caught[0].filename == __file__


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, 80), "D")
    table = pd.DataFrame(
        {
            "size": rng.normal(size=80),
            "kind": rng.choice(["a", "b", "c"], 80, p=[0.2, 0.5, 0.3]),
            "old": rng.random(80) < 0.7,
            "day": days,
        }
    )
    table.loc[::9, ["size", "kind"]] = None
    return table.assign(y=rng.normal(size=80))


@pytest.fixture(scope="module")
def fitted(table):
    """All rows are learned from."""
    return cp.Model.fit(table, "y", compare=False, epochs=3, validation=0, test=0, progress=False)


class TestBaseline:
    def test_has_medians_and_most_frequent_values(self, table, fitted):
        parts = fitted.explain(table[:1]).parts
        assert parts["size"].baseline == pytest.approx(table["size"].median())
        assert parts["kind"].baseline == table["kind"].mode()[0] == "b"
        assert parts["old"].baseline == "true"
        assert parts["day"].baseline == str(table["day"].sort_values().iloc[39].date())

    def test_is_in_the_file(self, table, fitted, tmp_path):
        fitted.save(tmp_path / "m")
        again = cp.Model.load(tmp_path / "m")
        assert again.explain(table[:1]).to_dict() == fitted.explain(table[:1]).to_dict()

    def test_one_that_is_given(self, table, fitted):
        found = fitted.explain(table[:1], baseline=table.iloc[5])
        assert found.parts["kind"].baseline == table["kind"][5]
        assert found.baseline_value == pytest.approx(fitted.predict(table[5:6])[0], rel=1e-5)
        assert "which was given" in repr(found)
        assert not any(sizes(fitted.explain(table[:1], baseline=table[:1])).values())

    def test_equals_are_named_in_order(self):
        for values in (["b", "a"] * 20, ["a", "b"] * 20):
            table = pd.DataFrame({"k": values, "x": np.arange(40) ** 2, "y": np.sin(range(40))})
            made = cp.Model.fit(table, "y", compare=False, epochs=1, progress=False, test=0)
            assert made._encoding.inputs[0].typical == "a"

    def test_a_file_that_does_not_know(self, table, fitted, monkeypatch):
        from dataclasses import replace

        inputs = tuple(replace(one, typical=None) for one in fitted._encoding.inputs)
        old = cp.Model(
            fitted.network, replace(fitted._encoding, inputs=inputs), fitted._target, fitted.report
        )
        says = "does not say which value of 'kind', 'old', 'day' is the most frequent"
        with pytest.warns(cp.TableWarning, match=says) as caught:
            parts = old.explain(table[:1]).parts
        assert caught[0].filename == __file__
        assert (parts["kind"].baseline, parts["old"].baseline) == ("a", "false")
        middle = np.datetime64(table["day"].sort_values().iloc[39], "D")
        assert abs(np.datetime64(parts["day"].baseline) - middle) < np.timedelta64(9, "D")
        old.explain(table[:1], baseline=table[3:4])  # which says nothing

    def test_values_that_training_never_had(self):
        """A column that had no value has none in the baseline row either."""
        table = pd.DataFrame({"x": np.arange(30.0) ** 2, "k": ["a", "b"] * 15, "y": range(30)})
        table["y"] = np.sin(table["y"])
        split = cp.tables.split.split_rows(30, None, 0.15, 0.2, 0)
        table.loc[split.training, "k"] = None
        model = cp.Model.fit(table, "y", compare=False, epochs=1, progress=False, keep=["k"])
        part = model.explain(table.iloc[split.test[:1]]).parts["k"]
        assert part.baseline is None


class TestWhatIsAttributed:
    def test_log_odds_of_the_predicted_class(self, model):
        for row in (0, 200, 300):
            found = model.explain(PENGUINS[row : row + 1])
            p = model.predict_proba(PENGUINS[row : row + 1])[0]
            assert found.prediction == model.predict(PENGUINS[row : row + 1])[0]
            assert found.probability == p.max()
            assert found.value == pytest.approx(np.log(p.max() / (1 - p.max())), abs=1e-3)
            assert found.unit == f"log-odds of {found.prediction}"
            total = sum(sizes(found).values())
            assert total == pytest.approx(found.value - found.baseline_value, rel=1e-3)

    def test_where_the_probability_is_1(self, model):
        sure = cp.Model(model.network.copy(), model._encoding, model._target, model.report)
        sure.network.parameters[:] *= 20
        found = sure.explain(ROW)
        assert found.probability == 1
        assert 50 < found.value < np.inf
        total = sum(sizes(found).values())
        assert total == pytest.approx(found.value - found.baseline_value, rel=1e-3)

    def test_the_targets_unit(self, regression):
        found = regression.explain(CARS[3:4])
        assert found.prediction == regression.predict(CARS[3:4])[0]
        assert found.value == pytest.approx(found.prediction, rel=1e-5)
        total = sum(sizes(found).values())
        assert total == pytest.approx(found.value - found.baseline_value, rel=1e-3)
        assert found.probability is None
        assert found.unit == "Miles_per_Gallon"

    def test_columns_as_in_the_baseline_add_nothing(self, model):
        parts = model.explain(ROW).parts
        alike = [name for name, part in parts.items() if part.value == part.baseline]
        assert alike
        assert all(parts[name].attribution == 0 for name in alike)
        assert all(parts[name].attribution for name in set(parts) - set(alike))

    def test_the_largest_stand_first(self, model):
        found = [abs(size) for size in sizes(model.explain(ROW)).values()]
        assert found == sorted(found, reverse=True)

    def test_wild_and_unseen_values(self, model):
        odd = PENGUINS.iloc[200].to_dict() | {"island": "Mars", "body_mass_g": 1e12, "sex": None}
        found = model.explain(odd)
        total = sum(sizes(found).values())
        assert total == pytest.approx(found.value - found.baseline_value, rel=1e-3)
        assert found.parts["island"].value == "Mars"
        assert found.parts["sex"].value is None


class TestManyRows:
    def test_are_rows_alone(self, model, regression, monkeypatch):
        monkeypatch.setattr("clearprop.tables.reasons._AT_ONCE", 700)
        for made, table in ((model, PENGUINS), (regression, CARS)):
            found = made.attributions(table.head(20))
            assert found.shape == (20, len(made.columns))
            for row in (0, 6, 7, 19):
                alone = sizes(made.explain(table[row : row + 1]))
                by_name = dict(zip(made.columns, found[row], strict=True))
                assert by_name == pytest.approx(alone, rel=1e-4, abs=1e-6)

    def test_in_words(self, model):
        lines = model.why(PENGUINS[200:202], most=2)
        first = list(model.explain(ROW).parts)[:2]
        assert re.fullmatch(
            rf"{first[0]} \S+ \(\+\d\.\d\d\); {first[1]} \S+ \(\+\d\.\d\d\)", lines[0]
        )
        assert len(lines) == 2
        assert model.why(ROW, baseline=ROW) == [""]
        with pytest.raises(cp.ArgumentError, match="most is 0"):
            model.why(ROW, most=0)


def test_what_takes_a_while_is_said(model, capsys):
    model.attributions(ROW, progress=True)
    model.why(ROW, progress=True)
    model.importance(PENGUINS, repeats=1, progress=True)
    said = capsys.readouterr().err.splitlines()
    assert said == ["predictions are explained, 1 in all"] * 2 + ["columns are shuffled, 7 in all"]
    model.attributions(ROW)
    assert not capsys.readouterr().err


class TestPages:
    def many(self, n=40):
        parts = {f"column {k}": Part(float(k), None, (n - k) / 10 * (-1) ** k) for k in range(n)}
        total = sum(part.attribution for part in parts.values())
        return Attributions("y", 3.5, None, 1 + total, 1.0, parts, "somewhere", 8)

    def test_says_both_values_and_the_sum(self, model):
        page = repr(model.explain(ROW))
        assert "'species' is predicted as Gentoo (probability 0.9" in page
        assert re.search(r"bill_depth_mm +13.3 +17.\d +\+\d", page)
        assert re.search(r"all together +\+\d+\.\d\d$", page)
        assert max(map(len, page.splitlines())) <= 80
        assert "bill_depth_mm" in model.explain(ROW)._repr_html_()

    def test_others_are_told_together(self):
        found = self.many()
        page = repr(found)
        assert "column 23 " in page
        assert "column 24 " not in page
        rest = sum(part.attribution for part in list(found.parts.values())[24:])
        assert re.search(rf"16 other columns +{re.escape(f'{rest:+.2f}')}", page)
        assert "other columns" not in repr(self.many(25))

    def test_numbers_of_every_size(self):
        for scale, said in ((1e-6, "+0.00000400"), (1e6, "+4,000,000"), (0.0, " 0")):
            parts = {"a": Part(1.0, 2.0, 4 * scale)}
            page = repr(Attributions("y", 1.0, None, 4 * scale, 0.0, parts, "b", 8))
            assert said in page
        assert signed(-0.0, 2) == "0"

    def test_json(self, model):
        found = model.explain(ROW)
        read = json.loads(json.dumps(found.to_dict()))
        assert read["columns"]["bill_depth_mm"]["value"] == 13.3
        assert read["unit"] == "log-odds of Gentoo"

    @pytest.mark.parametrize("style", ["default", "dark_background"])
    def test_pictures_are_whole(self, style, model, regression):
        with plt.style.context(style):
            for figure in (
                model.explain(ROW).plot(), regression.explain(CARS[3:4]).plot(), self.many().plot()
            ):  # fmt: skip
                inside(figure)

    def test_long_and_odd_names_are_whole_in_pictures(self):
        long = "how much did you pay, all in all, for fruit ($) and for vegetables ($) last week"
        parts = {long: Part("x" * 70, None, 1.0), "a $\\frac$ b\x07": Part(1.0, 2.0, -0.25)}
        figure = Attributions("$y$", "$", 0.7, 0.75, 0.0, parts, "b", 8).plot()
        inside(figure)
        labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert labels[0].replace("\n", " ").startswith(long)
        assert labels[0].count("x") >= 70
        assert "$\\frac$" in labels[1]
        assert not any(label.get_parse_math() for label in figure.axes[0].get_yticklabels())
        long = "Adelie Penguin (Pygoscelis adeliae)"
        inside(
            Attributions(
                "Species", long, 0.7, 11.04, 3.95, {"x": parts[next(iter(parts))]}, "b", 8
            ).plot()
        )


class TestOfNumbersLearnedOtherwise:
    @pytest.fixture
    def table(self):
        rng = np.random.default_rng(0)
        x, z = rng.normal(size=(2, 300))
        return pd.DataFrame({"x": x, "z": z, "y": np.exp(3 + x + 0.1 * rng.normal(size=300))})

    def test_a_logarithm_is_what_columns_add_to(self, table):
        model = cp.Model.fit(table, "y", target_transform="log", hidden=[8], epochs=20,
                             compare=False, progress=False)  # fmt: skip
        why = model.explain(table.iloc[[5]])
        assert why.prediction == pytest.approx(model.predict(table.iloc[[5]])[0])
        assert why.value == pytest.approx(np.log(why.prediction), rel=1e-6)
        assert why.unit == why.to_dict()["unit"] == "log(y)"
        assert " Its log is " in " ".join(f" {why!r}".split("\n"))
        total = sum(part.attribution for part in why.parts.values())
        assert total == pytest.approx(why.value - why.baseline_value, rel=2e-3)
        largest, first = next(iter(why.parts.items()))
        line = f"{largest} {first.value:.6g} (log {first.attribution:+.3f})"
        assert model.why(table.iloc[[5]], most=1) == [line]

    def test_a_rate_is_explained_in_its_own_unit(self, table):
        table["y"] = np.random.default_rng(1).poisson(table["y"] / 5)
        model = cp.Model.fit(table, "y", loss="poisson", task="regression", hidden=[8], epochs=20,
                             compare=False, progress=False)  # fmt: skip
        for row in range(0, 300, 30):
            why = model.explain(table.iloc[[row]])
            assert why.value == pytest.approx(why.prediction, rel=1e-5)
            total = sum(part.attribution for part in why.parts.values())
            assert total == pytest.approx(why.value - why.baseline_value, rel=2e-3)
            assert why.unit == "y"

    def test_the_median_of_quantiles_is_explained(self, table):
        model = cp.Model.fit(table, "y", quantiles=[0.1, 0.5, 0.9], hidden=[8], epochs=3,
                             compare=False, progress=False)  # fmt: skip
        model.network["b2"][:] = model.network["b2"][::-1].copy()  # so that many cross
        crossed = np.diff(model.network.predict(model.encode(table)), axis=1) < 0
        assert crossed.any()
        for row in (0, 5, int(np.flatnonzero(crossed.any(axis=1))[0])):
            why = model.explain(table.iloc[[row]])
            assert why.value == pytest.approx(why.prediction, rel=1e-5)
