"""The same table, model and predictions, whether polars reads and writes or Python's csv module."""

from __future__ import annotations

import csv
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import clearprop as cp
from clearprop.tables import fitted_encoding, fitting
from clearprop.tables.columns import Column, read_columns
from clearprop.tables.conventions import decide
from clearprop.tables.numerals import MISSING
from clearprop.tables.plain_table import csv_of
from clearprop.tables.shares import exact_interval
from clearprop.tables.table_files import as_bytes, read_table
from clocks import set_clock
from kinds_of_columns import KINDS, column
from paths import EXAMPLES, PENGUINS

OLD = Path(__file__).with_name("models_of_0_1_0")
FILES = [PENGUINS, EXAMPLES / "new_penguins.csv", OLD / "new_a.csv", OLD / "new_b.csv"]

CELLS = ("a", "", "1", '"x"', '"a,b"', '5" pipe', '"', '""', '" q"', ' "q" ', '"a""b"', '"a\nb"', " ",
         'x"y"z', "\r", "é", "\u2028", "\v", "1,5", "1.234,5", "'", "NA", "2024-01-31", "007", "$5", "12 kg")  # fmt: skip


class _Missing:
    """Among finders of modules, what finds no polars."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "polars":
            raise ModuleNotFoundError(name)


@pytest.fixture
def both(monkeypatch):
    """Give what a function returns, or raises, with polars and without."""

    def run(function):
        found = []
        for hidden in (False, True):
            with monkeypatch.context() as patch:
                if hidden:
                    patch.delitem(sys.modules, "polars")
                    patch.setattr(sys, "meta_path", [_Missing, *sys.meta_path])
                try:
                    found.append(function())
                except cp.ClearpropError as error:
                    found.append(f"{type(error).__name__}: {error}")
        return found

    return run


def told(column: Column):
    """Return what a column holds, as Python has it."""
    held = column.texts() if column.kind == "text" else column.values
    return column.name, column.kind, [None if cell is None else str(cell) for cell in held.tolist()]


def columns_in(path):
    cells = read_table(path)
    columns = read_columns(cells.frame).values()
    return cells.separator, cells.typed, cells.notes, [told(one) for one in columns]


def decided_in(path):
    """Return how each column of a file is read, and what it holds then."""
    cells = read_table(path)
    columns = read_columns(cells.frame)
    found = decide(columns, typed=False, decimal=",", missing=MISSING, wishes={}).values()
    return [
        (*told(one.column), one.kind, one.reading, one.notes, str(one.unreadable)) for one in found
    ]


def some_text(rng: random.Random) -> str:
    """Return a small file, more often right than wrong."""
    width, mark = rng.randint(1, 3), rng.choice(",,;\t")
    lines = [mark.join("abc"[:width])]
    for _ in range(rng.randint(1, 5)):
        fields = width if rng.random() < 0.95 else rng.randint(1, 3)
        lines.append(mark.join(rng.choice(CELLS) for _ in range(fields)))
        lines += [rng.choice(["", " "])] * (rng.random() < 0.05)
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    return end.join(lines) + rng.choice(["", end, mark])


class TestColumns:
    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_of_files(self, path, both):
        first, second = both(lambda: columns_in(path))
        assert first == second

    def test_of_small_files_right_and_wrong(self, both, tmp_path):
        path, rng, right = tmp_path / "t.csv", random.Random(0), 0
        for _ in range(2000):
            text = some_text(rng)
            path.write_bytes(text.encode())
            first, second = both(lambda: columns_in(path))
            assert first == second, text
            right += not isinstance(first, str)
        assert right > 500

    def test_every_kind_of_column_is_read_alike(self, both, tmp_path):
        table = {name: column(name) for name in KINDS}
        path = tmp_path / "t.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(table)
            writer.writerows(zip(*table.values(), strict=True))
        first, second = both(lambda: decided_in(path))
        assert len(first) == len(KINDS) > 50
        for one, other in zip(first, second, strict=True):
            assert one == other

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
    def test_of_encodings(self, encoding, both, tmp_path):
        (tmp_path / "t.csv").write_bytes("größe;ort\n1,5;Zürich\n2;Bern\n".encode(encoding))
        first, second = both(lambda: columns_in(tmp_path / "t.csv"))
        assert first == second
        assert first[0] == ";"

    def test_old_macs_and_a_field_too_many_at_the_end(self, both, tmp_path):
        path = tmp_path / "t.csv"
        path.write_text("a\r1\r2\r", newline="", encoding="utf-8")
        first, second = both(lambda: columns_in(path))
        assert first == second
        assert first[3] == [("a", "text", ["1", "2"])]
        path.write_text("a,b\n1,2,", encoding="utf-8")
        first, second = both(lambda: columns_in(path))
        assert first == second
        assert "line 2 has 3 fields" in first

    def test_of_several_files(self, both, tmp_path):
        (tmp_path / "a.csv").write_text("a,b\n1,x\n", encoding="utf-8")
        (tmp_path / "b.csv").write_text("b,a\ny,\n", encoding="utf-8")
        (tmp_path / "c.csv").write_text("b,c\ny,2\n", encoding="utf-8")
        first, second = both(lambda: columns_in([tmp_path / "a.csv", tmp_path / "b.csv"]))
        assert first == second
        assert first[3] == [("a", "text", ["1", None]), ("b", "text", ["x", "y"])]
        first, second = both(lambda: columns_in([tmp_path / "a.csv", tmp_path / "c.csv"]))
        assert first == second
        assert "lacks the column 'a'" in first


def odd_table(path: Path, n: int = 400) -> Path:
    """Write a table with a column of each convention."""
    rng = random.Random(1)
    lines = ["km;preis;tag;uhr;ort;kennung;ja;leer;y"]
    for i in range(n):
        x = rng.gauss(0, 30)
        price = f"{abs(x) * 1000:,.2f} EUR".translate(str.maketrans(",.", ".,"))
        cells = (
            f"{x:.1f}".replace(".", ","), price, f"{1 + i % 28:02}.0{1 + i % 9}.2023",
            f"{i % 24}:{i % 60:02}", rng.choice(["Bern", "Zug", " Genf "]), f"{i % 7:03}",
            rng.choice(["true", "FALSE", "?"]), "", f"{x + i % 3:.2f}".replace(".", ","),
        )  # fmt: skip
        lines.append(";".join(cells))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


CASES = {
    "classes": (PENGUINS, "species", {}),
    "number": (PENGUINS, "body_mass_g", {"drop_missing_target": True}),
    "quantiles": (PENGUINS, "body_mass_g", {"drop_missing_target": True, "quantiles": [0.1, 0.5, 0.9]}),
    "groups": (PENGUINS, "sex", {"drop_missing_target": True, "split_group": "island"}),
    "time": (PENGUINS, "species", {"split_time": "year", "categorical": ["year"]}),
    "own rows": (PENGUINS, "species", {"validation": PENGUINS, "test": [PENGUINS], "weight": "year"}),
    "conventions": (None, "y", {"keep": ["kennung", "leer"]}),
}  # fmt: skip


class TestModels:
    @pytest.mark.parametrize("case", CASES)
    def test_the_same_file_and_predictions(self, case, both, tmp_path, monkeypatch):
        path, target, settings = CASES[case]
        path = odd_table(tmp_path / "odd.csv") if path is None else path
        set_clock(monkeypatch, lambda: 0.0, fitting)  # the report has the seconds
        out = tmp_path / "m.safetensors"

        def learned():
            model = cp.Model.fit(path, target, epochs=3, compare=False, progress=False, **settings)
            model.save(out)
            return out.read_bytes(), as_bytes({"prediction": model.predict(path)})

        first, second = both(learned)
        assert not isinstance(first, str), first
        assert first == second

    def test_the_same_with_baselines(self, both):
        def learned():
            model = cp.Model.fit(PENGUINS, "species", epochs=3, progress=False)
            return replace(model.report, training={})

        first, second = both(learned)
        assert first == second
        assert "gradient boosting" in first.scores

    def test_pandas_tables(self, both):
        pd = pytest.importorskip("pandas")
        table = pd.read_csv(PENGUINS)
        first, second = both(
            lambda: (
                cp.Model.fit(table, "species", epochs=3, compare=False)
                .predict_proba(table)
                .tolist()
            )
        )
        assert first == second


class TestWritten:
    @given(st.lists(st.floats(width=64) | st.floats(-1e-3, 1e-3), min_size=1))
    @example([1e-5, -1.25e-5, 9.99e-5, 1e-6, 1e16, 123456789012345678.0, -0.0, 1e-4])
    def test_numbers_as_polars_writes_them(self, numbers):
        columns = {"a": np.array(numbers), "b": np.arange(len(numbers)), "c": np.array(numbers) > 0}
        ours = csv_of(columns, ",")
        if tuple(map(int, pl.__version__.split(".")[:2])) < (1, 40):
            ours = ours.replace("e+", "e")  # polars wrote 1e16 for 1e+16 then
        assert ours == pl.DataFrame(columns).write_csv()

    @pytest.mark.parametrize("separator", [",", "\t", "|", ";"])
    @given(st.lists(st.none() | st.sampled_from(CELLS) | st.text(), min_size=1))
    def test_texts_as_polars_writes_them(self, separator, texts):
        texts = [one if one is None or one.isprintable() or one in CELLS else "x" for one in texts]
        columns = {'a,"b': texts, "": ["é"] * len(texts)}
        expected = pl.DataFrame(columns).write_csv(separator=separator)
        assert csv_of(columns, separator) == expected


class TestWithoutScikitLearn:
    @given(st.integers(1, 60), st.integers(1, 4), st.integers(0, 2**32 - 1))
    def test_mean_and_scale_are_its_bits(self, n, k, seed):
        from sklearn.preprocessing import StandardScaler

        rng = np.random.default_rng(seed)
        columns = [rng.normal(rng.normal(0, 1e3), 10.0 ** rng.integers(-9, 9), n) for _ in range(k)]
        columns[0] = np.full(n, columns[0][0]) if seed % 3 == 0 else columns[0]
        expected = StandardScaler().fit(np.stack(columns).T)
        _, mean, scale, _, _ = fitted_encoding._statistics_of("abcd", columns, None)
        assert np.array_equal(mean, expected.mean_)
        assert np.array_equal(scale, expected.scale_)

    def test_mean_and_scale_of_many_rows(self):
        from sklearn.preprocessing import StandardScaler

        columns = [np.random.default_rng(k).normal(1e6, 1e-3, 100_003) for k in range(5)]
        expected = StandardScaler().fit(np.stack(columns).T)
        _, mean, scale, _, _ = fitted_encoding._statistics_of("abcde", columns, None)
        assert np.array_equal(mean, expected.mean_)
        assert np.array_equal(scale, expected.scale_)

    @pytest.mark.parametrize("n", [1, 2, 3, 10, 68, 1000, 100_000])
    def test_the_exact_interval_of_a_share(self, n):
        from scipy.special import betaincinv

        for inside in sorted({0, 1, n // 3, n // 2, n - 1, n}):
            low = betaincinv(inside, n - inside + 1, 0.025) if inside else 0.0
            high = betaincinv(inside + 1, n - inside, 0.975) if inside < n else 1.0
            # The logarithm of the gamma function of n has n log n bits before its point.
            assert exact_interval(inside, n) == pytest.approx((low, high), rel=1e-13 * n, abs=1e-15)
