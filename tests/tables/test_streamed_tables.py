"""Models of tables that a window does not hold: beside the same table in memory, and oracles."""

import numpy as np
import polars as pl
import pytest
from sklearn import metrics
from sklearn.preprocessing import StandardScaler

import clearprop as cp
from clearprop.errors import (
    ArgumentError,
    ColumnError,
    NonFiniteDataError,
    SampleWeightError,
    ShapeError,
    TargetError,
    TypeOfDataError,
)
from clearprop.tables.columns import read_columns
from clearprop.tables.fitted_encoding import fit_encoding
from clearprop.tables.streamed import window as window_module
from clearprop.tables.streamed.draws import TEST, TRAINING, VALIDATION, Parts
from clearprop.tables.streamed.sample import rank_error
from framed_streams import FrameSource, framed, mixed

QUICK = {"hidden": [8], "epochs": 2, "compare": False, "progress": False}
N, WINDOW = 4000, 600


def fit(frame, target="grade", window=WINDOW, size=100, stream=None, **settings):
    stream = framed(frame, window, size) if stream is None else stream
    return cp.Model.fit(stream, target, **(QUICK | settings))


def rows_of(frame, part, seed=0, validation=None, test=0.2):
    """The rows of a part, as a stream of `WINDOW` rows draws them."""
    share = min(0.15, WINDOW / len(frame)) if validation is None else validation
    return frame[np.flatnonzero(Parts(seed, share, test).of(0, len(frame)) == part)]


def with_value(frame, name, row, value):
    values = frame[name].to_list()
    values[row] = value
    return frame.with_columns(pl.Series(name, values, dtype=frame[name].dtype))


def outside_sample(frame, seed=0, part=TRAINING):
    """Return a row that the sample of a stream does not have, of a part."""
    drawn = window_module.Sample(min(window_module.MOST_SAMPLED, WINDOW), seed)
    drawn.add(frame, 0)
    parts = Parts(seed, min(0.15, WINDOW / len(frame)), 0.2).of(0, len(frame))
    sampled = set(drawn.frame()[1].tolist())
    return next(row for row in range(len(frame) - 1, 0, -1)
                if row not in sampled and parts[row] == part)  # fmt: skip


def report_of(model):
    return {**model.report.to_dict(), "training": None}


@pytest.fixture(scope="module")
def table():
    return mixed(N)


@pytest.fixture(scope="module")
def graded(table):
    return fit(table)


@pytest.fixture(scope="module")
def scored(table):
    return fit(table, "score")


class TestWindowThatHoldsAll:
    @pytest.mark.parametrize(
        ("target", "settings"),
        [
            ("grade", {}),
            ("grade", {"class_weight": "balanced", "test": 0.0}),
            ("score", {"weight": "z", "drop": ["grade"]}),
            ("score", {"split_group": "kind", "columns": {"kind": "category"}, "drop": ["grade"]}),
            ("score", {"quantiles": [0.1, 0.5, 0.9]}),
        ],
    )
    def test_is_the_fit_in_memory_to_the_last_bit(self, target, settings):
        table = mixed(500).drop_nulls("kind")
        n = len(table)
        found = fit(table, target, window=n, size=77, **settings)
        same = cp.Model.fit(table, target, **(QUICK | settings))
        np.testing.assert_array_equal(found.network.parameters, same.network.parameters)
        assert found._encoding.header() == same._encoding.header()
        for name, values in same._encoding.statistics.items():
            np.testing.assert_array_equal(found._encoding.statistics[name], values)
        assert report_of(found) == report_of(same)
        assert found.history.loss == same.history.loss
        np.testing.assert_array_equal(found.split.test, same.split.test)

    def test_baselines_too(self):
        table = mixed(300)
        found = fit(table, window=300, compare=True)
        assert report_of(found) == report_of(
            cp.Model.fit(table, "grade", **(QUICK | {"compare": True}))
        )

    def test_one_row_more_is_streamed(self):
        table = mixed(301)
        assert fit(table, window=301).split is not None
        assert fit(table, window=300).split is None


class TestEncoding:
    def test_counts_are_those_of_the_rows_to_learn_from(self, table, graded):
        learned = rows_of(table, TRAINING)
        columns = read_columns(learned)
        inputs = graded._encoding.inputs
        oracle = fit_encoding(
            inputs, {one.column: columns[one.column] for one in inputs}, (), 10**6
        )
        for one, same in zip(inputs, oracle.inputs, strict=True):
            assert (one.categories, one.rare, one.rare_words) == (
                same.categories, same.rare, same.rare_words
            )  # fmt: skip
            assert one.missing == same.missing
            if one.kind != "date":
                assert one.typical == same.typical
        rare = next(one for one in inputs if one.column == "rare")
        assert rare.rare > 20  # or this says little
        for name in ("low", "high"):
            np.testing.assert_array_equal(
                graded._encoding.statistics[name], oracle.statistics[name]
            )

    def test_mean_and_scale_are_scikit_learns(self, table, graded):
        learned = rows_of(table, TRAINING)
        for place, name in enumerate(("x", "z")):
            median = graded._encoding.statistics["median"][place]
            filled = learned[name].fill_null(median).to_numpy()[:, None]
            oracle = StandardScaler().fit(filled)
            found = graded._encoding.statistics
            assert found["mean"][place] == pytest.approx(oracle.mean_[0], rel=1e-12)
            assert found["scale"][place] == pytest.approx(oracle.scale_[0], rel=1e-12)

    def test_medians_are_within_the_error_that_is_said(self, table, graded):
        learned = rows_of(table, TRAINING)
        note = next(note for note in graded.report.notes if note.startswith("medians"))
        m = int(note.split("those of ")[1].split()[0].replace(",", ""))
        assert 300 < m < WINDOW
        assert f"{rank_error(m):.2%}" in note
        for place, name in enumerate(("x", "z")):
            values = learned[name].drop_nulls().to_numpy()
            rank = (values < graded._encoding.statistics["median"][place]).mean()
            assert abs(rank - 0.5) <= rank_error(m) + 1 / len(values)

    def test_blocks_do_not_matter(self, table, graded):
        for size in (1, 7, 999) if len(table) < 500 else (61, 999):
            other = fit(table, size=size)
            assert other._encoding.header() == graded._encoding.header()
            assert other.report.rows == graded.report.rows
            for name in ("median", "low", "high"):
                values = graded._encoding.statistics[name]
                np.testing.assert_array_equal(other._encoding.statistics[name], values)
            for name in ("mean", "scale"):
                np.testing.assert_allclose(
                    other._encoding.statistics[name], graded._encoding.statistics[name], rtol=1e-12
                )

    def test_more_categories_than_are_counted_are_said(self, table, monkeypatch):
        monkeypatch.setattr("clearprop.tables.streamed.tallies.MOST_WORDS", 40)
        found = fit(table)
        note = next(note for note in found.report.notes if note.startswith("'rare'"))
        assert "all of more than 40 values" in note
        error = int(note.split("counts may be ")[1].split()[0].replace(",", ""))
        exact = rows_of(table, TRAINING)["rare"].value_counts()
        counts = dict(exact.iter_rows())
        rare = next(one for one in found._encoding.inputs if one.column == "rare")
        assert rare.rare > 0
        for word, count in counts.items():  # whatever is more frequent than the error is there
            assert count <= error or word in {*rare.categories, *rare.rare_words}

    def test_the_window_bounds_how_many_categories_have_an_input(self):
        words = [f"w{k % 150}" for k in range(N)]
        table = mixed(N).with_columns(pl.Series("word", words))
        assert (
            len(next(o for o in fit(table)._encoding.inputs if o.column == "word").categories)
            == 150
        )
        limited = fit(table, max_categories=20)._encoding.inputs
        assert len(next(one for one in limited if one.column == "word").categories) == 19


class TestTraining:
    def test_rows_are_what_the_model_makes_of_them(self, table, graded, monkeypatch):
        seen = {}

        def look(network, stream, **given):
            seen["blocks"] = list(stream.source.blocks())
            seen["some"] = list(stream.source.blocks([5, 2]))
            seen["rows"], seen["starts"] = stream.source.rows, stream.source.starts
            seen["validation"], seen["window"] = given["validation"], stream.window
            return cp.train(network, stream, **given)

        monkeypatch.setattr("clearprop.tables.streamed.streamed.train", look)
        model = fit(table)
        learned = rows_of(table, TRAINING)
        X = np.concatenate([block.X for block in seen["blocks"]])
        np.testing.assert_array_equal(X, model.encode(learned))
        y = np.concatenate([block.y for block in seen["blocks"]])
        assert [model.classes[at] for at in y] == learned["grade"].to_list()
        firsts = [block.first for block in seen["blocks"]]
        sizes = [block.rows for block in seen["blocks"]]
        assert firsts == np.cumsum([0, *sizes[:-1]]).tolist() == seen["starts"].tolist()
        assert seen["rows"] == len(learned) == model.report.rows["training"]
        for block, number in zip(seen["some"], (5, 2), strict=True):
            assert block.first == firsts[number]
            np.testing.assert_array_equal(block.X, seen["blocks"][number].X)
        np.testing.assert_array_equal(
            seen["validation"][0], model.encode(rows_of(table, VALIDATION))
        )
        assert seen["window"] == WINDOW

    def test_it_learns_as_well_as_in_memory(self):
        table = mixed(6000, seed=3)
        settings = QUICK | {"epochs": 15, "hidden": [16]}
        found = fit(table, "score", window=1500, drop=["grade"], **settings)
        same = cp.Model.fit(table, "score", **settings, drop=["grade"])
        ours, theirs = (m.report.scores["this network"]["R2"] for m in (found, same))
        assert theirs > 0.8
        assert abs(ours - theirs) < 0.03

    def test_weights_are_the_columns_by_the_classes(self, table, monkeypatch):
        blocks = []

        def look(network, stream, **given):
            blocks.extend(stream.source.blocks())
            assert len(given["validation"]) == 3
            return cp.train(network, stream, **given)

        monkeypatch.setattr("clearprop.tables.streamed.streamed.train", look)
        model = fit(table, weight="z", class_weight="balanced")
        learned = rows_of(table, TRAINING)
        weights, y = (np.concatenate([getattr(b, n) for b in blocks]) for n in ("weights", "y"))
        z = learned["z"].to_numpy()
        sums = np.bincount(y, weights, minlength=3)
        np.testing.assert_allclose(sums, sums.mean())  # balanced
        ratio = weights / z
        for label in range(3):
            np.testing.assert_allclose(ratio[y == label], ratio[y == label][0])
        assert "'z'" in " ".join(model.report.notes) or "z" in model.report.dropped

    def test_it_resumes_to_the_same_bits(self, table, tmp_path):
        whole = fit(table, epochs=4)
        fit(table, epochs=2, checkpoint=tmp_path / "run", checkpoint_every="1 epochs")
        resumed = fit(
            table, epochs=4, checkpoint=tmp_path / "run", checkpoint_every="1 epochs", resume=True
        )
        np.testing.assert_array_equal(resumed.network.parameters, whole.network.parameters)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"class_weight": "balanced"}, "the stream differs in its class_weight"),
            ({"test": 0.3}, "encoding, rows put aside"),
            ({"max_categories": 3}, "encoding"),
        ],
    )
    def test_another_model_of_the_same_rows_is_refused(self, table, tmp_path, change, said):
        kept = {"checkpoint": tmp_path / "run", "checkpoint_every": "1 epochs", "epochs": 1}
        fit(table, **kept)
        with pytest.raises(cp.CheckpointMismatchError, match=said):
            fit(table, **(kept | change), resume=True)

    def test_what_cannot_seek_is_gone_through_in_order(self, table):
        stream = framed(table, WINDOW, seeks=False)
        model = fit(table, stream=stream)
        assert model.report.rows == fit(table).report.rows
        # A sample, the encoding, each epoch, the test rows.
        assert stream.source.passes >= 2 + 2 + 1


class TestReport:
    def test_rows_are_all_there(self, table, graded):
        rows = graded.report.rows
        for name, part in (("training", TRAINING), ("validation", VALIDATION), ("test", TEST)):
            assert rows[name] == len(rows_of(table, part))
        assert sum(rows.values()) == N
        assert graded.report.classes == dict(table["grade"].value_counts().iter_rows())
        assert graded.report.missing == {
            name: count for name, count in table.null_count().row(0, named=True).items() if count
        }

    def test_scores_are_those_of_all_test_rows(self, table, graded):
        tested = rows_of(table, TEST)
        labels = [graded.classes.index(word) for word in tested["grade"].to_list()]
        p = graded.predict_proba(tested)
        found = graded.report.scores["this network"]
        assert found["log loss"] == pytest.approx(metrics.log_loss(labels, p), rel=1e-9)
        assert found["accuracy"] == metrics.accuracy_score(labels, p.argmax(1))

    def test_of_numbers_too_with_their_intervals(self, table, scored):
        tested = rows_of(table, TEST)
        true = tested["score"].to_numpy()
        predicted = scored.predict(tested)
        found = scored.report.scores["this network"]
        assert found["R2"] == pytest.approx(metrics.r2_score(true, predicted), rel=1e-9)
        assert found["MAE"] == pytest.approx(metrics.mean_absolute_error(true, predicted))
        low, high = scored.predict_interval(tested, 0.9).T
        said = scored.report.intervals
        assert said["held"] == pytest.approx(((low <= true) & (true <= high)).mean())
        assert said["mean_width"] == pytest.approx((high - low).mean())
        assert said["low"] < said["held"] < said["high"]

    def test_intervals_whose_widths_differ(self, table):
        """Blocks count by their test rows."""
        tall = table.with_columns(pl.col("score").exp())
        model = fit(tall, "score", target_transform="log")
        low, high = model.predict_interval(rows_of(tall, TEST), 0.9).T
        assert np.ptp(high - low) > 0.1
        assert model.report.intervals["mean_width"] == pytest.approx((high - low).mean())

    def test_quantiles(self, table):
        model = fit(table, "score", quantiles=[0.25, 0.5, 0.75])
        tested = rows_of(table, TEST)
        below = (tested["score"].to_numpy()[:, None] <= model.predict_quantiles(tested)).mean(
            axis=0
        )
        assert list(model.report.quantiles["below"].values()) == pytest.approx(below.tolist())

    def test_baselines_are_of_the_sample_and_marked(self, table):
        model = fit(table, compare=True)
        scores = model.report.scores
        assert list(scores)[:2] == ["this network", "this network*"]
        assert {"most frequent class*", "logistic regression*"} < set(scores)
        drawn = window_module.Sample(WINDOW, 0)
        drawn.add(table, 0)
        frame, rows = drawn.frame()
        tested = frame[np.flatnonzero(Parts(0, 0.15, 0.2).of_rows(rows) == TEST)]
        labels = [model.classes.index(word) for word in tested["grade"].to_list()]
        accuracy = metrics.accuracy_score(labels, model.predict_proba(tested).argmax(1))
        assert scores["this network*"]["accuracy"] == accuracy
        assert f"{len(tested)} test rows alone is marked" in model.report.verdict
        repr(model.report)

    def test_it_is_saved_and_predicts_alone(self, table, graded, tmp_path):
        graded.save(tmp_path / "model.safetensors")
        same = cp.Model.load(tmp_path / "model.safetensors")
        np.testing.assert_array_equal(same.predict_proba(table), graded.predict_proba(table))

    def test_fewer_rows_to_stop_by_are_said(self, table):
        model = fit(table, window=400)
        assert model.report.rows["validation"] == pytest.approx(400, abs=100)
        assert any("to stop by, in place of 15%" in note for note in model.report.notes)


class TestWhatTheSampleDoesNotShow:
    def test_a_wild_value(self, table):
        row = outside_sample(table)
        found = fit(with_value(table, "z", row, 1e9))
        one = next(one for one in found._encoding.inputs if one.column == "z")
        assert one.within is not None
        assert one.within[1] < 1000
        note = next(note for note in found.report.notes if note.startswith("'z'"))
        assert "1 of 4,000 values is far" in note
        assert f"1000000000 in row {row} (from 0)" in note
        assert found._encoding.statistics["scale"][1] < 2
        learned = rows_of(with_value(table, "z", row, 1e9), TRAINING)["z"].to_numpy()
        clipped = np.clip(learned, *one.within)
        assert found._encoding.statistics["mean"][1] == pytest.approx(clipped.mean(), rel=1e-9)
        assert found._encoding.statistics["scale"][1] == pytest.approx(clipped.std(), rel=1e-9)
        assert found._encoding.statistics["high"][1] == 1e9

    def test_a_wild_date(self, table):
        import datetime

        row = outside_sample(table)
        found = fit(with_value(table, "day", row, datetime.datetime(9000, 1, 1)))
        note = next(note for note in found.report.notes if note.startswith("'day'"))
        assert f"9000-01-01 in row {row}" in note
        assert next(one for one in found._encoding.inputs if one.column == "day").within

    def test_a_heavy_tail_is_none(self, table):
        rng = np.random.default_rng(0)
        tailed = table.with_columns(pl.Series("z", np.exp(2.5 * rng.normal(size=N))))
        one = next(one for one in fit(tailed)._encoding.inputs if one.column == "z")
        assert one.within is None

    def test_a_class(self, table):
        row = outside_sample(table)
        model = fit(with_value(table, "grade", row, "new"))
        assert model.classes == ["high", "low", "mid", "new"]
        assert model.report.classes["new"] == 1

    def test_a_cell_that_is_no_number(self, table):
        text = table.with_columns(pl.col("x").cast(pl.String))
        row = outside_sample(table)
        stream = framed(with_value(text, "x", row, "many"), WINDOW, typed=False, separator=",")
        model = fit(None, stream=stream)
        note = next(note for note in model.report.notes if note.startswith("'x'"))
        assert note == (
            f"'x': 1 of 4,000 cells taken as missing, being no number: 'many' in row {row} (from 0)"
        )

    def test_too_many_of_them(self):
        values = [str(float(k)) for k in range(N)]
        values[-300:] = ["?!"] * 300
        table = mixed(N).with_columns(pl.Series("x", values))
        stream = framed(table, 100, typed=False, separator=",")
        with pytest.raises(TypeOfDataError, match=r"'x': 300 of 4,000 cells .* columns=\{'x'"):
            fit(None, stream=stream, unreadable=0.07)

    def test_numbers_that_are_no_classes(self, table):
        row = outside_sample(table)
        whole = table.with_columns(pl.Series("grade", np.arange(N) % 3 * 1.0))
        assert fit(whole).classes == [0, 1, 2]
        with pytest.raises(TargetError, match="has 4 different numbers .* say task="):
            fit(with_value(whole, "grade", row, 0.5))

    def test_a_column_that_counts_rows(self, table):
        counted = table.with_columns(pl.Series("place", np.arange(N)))
        model = fit(counted)
        assert model.report.dropped["place"].startswith("looks like a row number: 0 to 3999")
        assert "place" in fit(counted, keep=["place"]).report.inputs
        other = table.with_columns(pl.Series("place", np.arange(N) * 1.25 // 1 + 5))
        in_memory = cp.Model.fit(other, "grade", **QUICK)
        assert fit(other).report.dropped["place"] == in_memory.report.dropped["place"]

    def test_a_missing_target(self, table):
        row = outside_sample(table)
        holed = with_value(table, "grade", row, None)
        with pytest.raises(TargetError, match="missing in 1 of 4,000 rows: leave them out"):
            fit(holed)
        model = fit(holed, drop_missing_target=True)
        assert model.report.rows["without target"] == 1
        assert sum(model.report.rows.values()) == N

    def test_a_column_that_is_always_the_same_there(self):
        n = 3000
        values = np.zeros(n)
        table = mixed(n)
        row = outside_sample(table)
        values[row] = 1
        model = fit(table.with_columns(pl.Series("flat", values)))
        assert "judged by a sample of 600 rows" in model.report.dropped["flat"]

    def test_a_target_that_is_always_the_same_there(self):
        """It is the sample that says so: other values may be in other rows."""
        table = mixed(3000)
        rare = with_value(
            table.with_columns(grade=pl.lit("a")), "grade", outside_sample(table), "b"
        )
        with pytest.raises(
            TargetError, match=r"^by a sample of 600 rows of the stream's 3,000: .*"
        ):
            fit(rare)


class TestErrors:
    def test_infinity_is_found_with_its_place(self, table):
        row = outside_sample(table)
        where = f"table, part {row // 100} (rows {row // 100 * 100:,} to {row // 100 * 100 + 99:,}"
        with pytest.raises(NonFiniteDataError) as caught:
            fit(with_value(table, "z", row, np.inf))
        assert str(caught.value).startswith(where)
        assert f"row {row % 100} (from 0) is inf" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_weight_below_0(self, table):
        with pytest.raises(SampleWeightError, match=r"table, part .*weight 'z' is -1"):
            fit(with_value(table, "z", outside_sample(table), -1.0), weight="z")

    @pytest.mark.parametrize("name", ["split_group", "split_time"])
    def test_divided_by_a_column(self, table, name):
        with pytest.raises(
            ArgumentError, match=f"{name} takes all rows of a table at once: .*--window"
        ):
            fit(table, **{name: "day"})

    @pytest.mark.parametrize("name", ["validation", "test"])
    def test_tables_of_their_own(self, table, name):
        with pytest.raises(ArgumentError, match=f"a table for {name} takes all rows"):
            fit(table, **{name: mixed(50)})

    def test_a_table_that_can_be_read_once(self, table):
        with pytest.raises(ArgumentError, match="can be read once alone: give"):
            fit(table, stream=framed(table, WINDOW, once=True))
        small = mixed(100)
        assert fit(small, stream=framed(small, 100, once=True)).report.rows["training"] == 65

    def test_a_stream_of_arrays(self):
        stream = cp.stream(np.zeros((10, 2)), np.zeros(10))
        with pytest.raises(ArgumentError, match="the stream has arrays, not a table's columns"):
            cp.Model.fit(stream, "y")

    def test_another_target(self, table):
        stream = framed(table, WINDOW)
        stream.target = "score"
        with pytest.raises(ArgumentError, match="target is 'grade', but the stream's is 'score'"):
            fit(None, stream=stream)

    def test_no_such_target(self, table):
        with pytest.raises(ColumnError, match="did you mean 'grade'"):
            fit(table, "grad")

    def test_no_rows(self, table):
        with pytest.raises(ShapeError, match="the stream has no rows"):
            fit(table[:0])

    def test_a_block_that_lacks_a_column(self, table):
        class Lacking(FrameSource):
            def blocks(self, numbers=None):
                for block in super().blocks(numbers):
                    if block.first == 3000:
                        block = type(block)(block.first, block.where, block.frame.drop("z"))
                    yield block

        stream = framed(table, WINDOW)
        stream.source = Lacking(table, 100)
        with pytest.raises(
            ColumnError, match="table, part 30: column 'z' is missing, before it Float"
        ):
            fit(None, stream=stream)


def test_rows_are_counted_with_those_without_target():
    """What a note or an error says of a row is its number in the stream."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=N), rng.exponential(size=N).tolist()
    x[2010] = 1e9
    y[:5], y[2004] = [None] * 5, None  # of other blocks, and of the same
    frame = pl.DataFrame({"x": x, "z": rng.normal(size=N), "y": y})
    notes = fit(frame, "y", drop_missing_target=True).report.notes
    assert any("1000000000 in row 2010 (from 0)" in note for note in notes)
    y[2017] = -3.0
    bad = frame.with_columns(y=pl.Series(y))
    with pytest.raises(TargetError, match=r"rows 2,000 to 2,099, .*'y' is -3 in row 17 \(from 0\)"):
        fit(bad, "y", drop_missing_target=True, loss="poisson")


def test_medians_of_few_values_are_said_to_be_farther_off():
    rng = np.random.default_rng(0)
    z = [float(v) if v > 1.3 else None for v in rng.normal(size=N)]
    frame = pl.DataFrame({"x": rng.normal(size=N), "z": z, "y": rng.normal(size=N)})
    sample = window_module.Sample(WINDOW, 0)
    sample.add(frame, 0)
    some, rows = sample.frame()
    parts = Parts(0, 0.15, 0.2)
    learned = some.filter(pl.Series(parts.of_rows(rows) == TRAINING))
    there = len(learned) - learned["z"].null_count()
    assert 0 < there < len(learned) / 5
    note = next(one for one in fit(frame, "y").report.notes if one.startswith("medians"))
    assert f"within {rank_error(len(learned)):.2%} (of 'z', which" in note
    assert f"the fewest values, {rank_error(there):.2%})" in note
